/* call_parts.h - what call.c and agg.c share; nobody else includes it. */
#ifndef FLOW_TYPES_CALL_PARTS_H
#define FLOW_TYPES_CALL_PARTS_H

#include "compiler/types/expr_parts.h"

enum { MAX_PARAMS = 6 };

typedef enum call_fit {
    CALL_NO,
    CALL_MISSING, /* but for a T? where T is asked */
    CALL_YES
} call_fit;

/* Sorts the arguments into the parameters of the signature: at[i] is that of parameter
 * i, or null where its default holds.  0: they do not match in number or name. */
int call_arrange(const sig_t *sig, const nodes_t *args, node_t **at);
/* Does the argument wait for the parameter's type? */
int call_is_deferred(check_t *c, const scope_t *s, const node_t *e);
/* Checks the arguments that do not wait, from the given one on. */
void call_infer_args(check_t *c, scope_t *s, const nodes_t *args, size_t from);
/* Do the arranged arguments fit?  Binds variables; failed: the argument that did not. */
int call_try(check_t *c, const scope_t *s, const sig_t *sig, node_t *const *at, sig_env_t *env,
             int *failed);
/* Checks the arguments that wait, then the lambdas; 0 after a diagnostic. */
int call_finish(check_t *c, scope_t *s, const char *name, const sig_t *sig, sig_env_t *env,
                node_t **at);
/* The call's arguments become those of the signature, defaults put in. */
void call_normalise(check_t *c, const sig_t *sig, node_t **at, ast_call_t *e);
type_t *call_say_argument(check_t *c, const char *fn, const sig_t *sig, const sig_env_t *env,
                          int i, const node_t *arg);
/* Binds P, the decimal that the constant arguments `p` and `s`, or `digits`, name; 0 after
 * a diagnostic. */
int call_decimal(check_t *c, const ast_call_t *call, const sig_t *sig, sig_env_t *env);
/* What the signature cannot say: 0 after a diagnostic.  The arguments are normalised. */
int call_check_row(check_t *c, const ast_call_t *call, int row, const sig_t *sig);
/* Does the call mean a row of builtins.def (from `row` on, or -1) that shares the
 * aggregate's name, as max(a, b) does? */
int agg_other_row(check_t *c, const ast_call_t *call, int row);

#endif
