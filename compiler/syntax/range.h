/* range.h - where `a..b` may stand: right of `in`, and after `within`. */
#ifndef FLOW_SYNTAX_RANGE_H
#define FLOW_SYNTAX_RANGE_H

#include "compiler/diag/diag.h"
#include "compiler/syntax/ast.h"

/* Reports every range that stands elsewhere. */
void range_check(diags_t *d, ast_program_t *program);

#endif
