/* ast_check.h - the legal shape of the tree, checked between stages.
 *
 * Beyond what ast.def says (a ONE is there, an enum is in range, names are not empty) it
 * holds which group or kinds stand in which field.  The stage that broke the tree is
 * named, not the one that trips over it. */
#ifndef FLOW_SYNTAX_AST_CHECK_H
#define FLOW_SYNTAX_AST_CHECK_H

#include "compiler/syntax/ast.h"

/* Null if the tree is sound, else what is wrong, in the arena.  Poison may stand
 * anywhere. */
const char *ast_check(arena_t *a, const node_t *n);

#endif
