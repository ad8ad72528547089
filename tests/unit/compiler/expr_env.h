/* expr_env.h - for the tests of types/: checks one expression among declarations.
 *
 * The declarations may hold `type Row = { ... }`: its fields are then the columns, and
 * `const sample = Row(...)` the row that values are taken from. */
#ifndef FLOW_TESTS_EXPR_ENV_H
#define FLOW_TESTS_EXPR_ENV_H

#include "compiler/types/const.h"
#include "compiler/types/expr.h"

typedef struct expr_env {
    arena_t *arena;
    intern_t *names;
    sources_t *sources;
    diags_t *diags;
    check_t *c;
    scope_t *scope;   /* where the expression is checked */
    type_t *row;      /* of Row, or null */
    node_t *expr;     /* as parsed */
} expr_env_t;

/* Parses and enters; the expression is not checked yet. */
void expr_env_open(expr_env_t *env, const char *decls, const char *expr);
void expr_env_close(expr_env_t *env);
/* All diagnostics as printed, without colours; the arena's. */
const char *expr_env_messages(expr_env_t *env);

/* The type of an expression, or its messages.  Malloc'd. */
char *expr_type_of(const char *decls, const char *expr);
/* string(x) of its value, "none", or "error: " and the reason. */
char *expr_value_of(const char *decls, const char *expr);

#endif
