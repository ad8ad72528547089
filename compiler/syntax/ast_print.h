/* ast_print.h - the tree as stable text, for `flowc emit --ast` and golden tests.
 *
 *     stream_or_step_kind name=x flag ...
 *       field: child
 *
 * One node a line, children indented by two; names, texts and numbers on the node's line,
 * false flags, absent names and empty lists left out.  No positions, no addresses. */
#ifndef FLOW_SYNTAX_AST_PRINT_H
#define FLOW_SYNTAX_AST_PRINT_H

#include "compiler/syntax/ast.h"

void ast_print(buf_t *b, const node_t *n);

#endif
