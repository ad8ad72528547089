/* range.c - the one rule of place that would make the grammar much longer: a second set of
 * expressions without ranges. */
#include "compiler/syntax/range.h"

/* The child of n that may be a range, or null. */
static node_t *place_of_range(node_t *n) {
    switch ((int)n->kind) {
    case AST_binary: {
        ast_binary_t *b = AST(binary, n);
        return b->op == BINARY_IN || b->op == BINARY_NOT_IN ? b->right : NULL;
    }
    case AST_step_join: return AST(step_join, n)->within;
    case AST_step_match: return AST(step_match, n)->within;
    case AST_step_distinct: return AST(step_distinct, n)->within;
    default: return NULL;
    }
}

typedef struct walk {
    diags_t *diags;
    node_t *allowed;
} walk_t;

static void visit(node_t **child, void *env) {
    walk_t *outer = env;
    node_t *n = *child;
    if (n->kind == AST_range && n != outer->allowed) {
        diag_t *m = diag_add(outer->diags, DIAG_range_place, n->span);
        diag_help(m, "a list of ints is `range(a, b)`");
    }
    walk_t inner = {outer->diags, place_of_range(n)};
    ast_walk(n, visit, &inner);
}

void range_check(diags_t *d, ast_program_t *program) {
    walk_t walk = {d, NULL};
    ast_walk(&program->node, visit, &walk);
}
