/* const_check.c - which expressions are constant. */
#include "compiler/base/check.h"
#include "compiler/types/builtins.h"
#include "compiler/types/expr_parts.h"

typedef struct search {
    const node_t *found; /* the first node that is not constant, or reads a param */
    int param;           /* looking for params, not for what is not constant */
    int depth;
} search_t;

static void look(node_t **child, void *env);

/* The expression behind a name that is constant by declaration. */
static node_t *behind(const def_t *d) {
    if (!d->node) return NULL;
    if (d->kind == DEF_CONST && d->node->kind == AST_decl_const)
        return AST(decl_const, d->node)->value;
    return d->kind == DEF_FN_PARAM && d->node->kind != AST_param ? d->node : NULL;
}

static int is_constant_name(const def_t *d) {
    switch (d->kind) {
    case DEF_CONST: case DEF_PARAM: case DEF_LET: case DEF_LAMBDA_PARAM: case DEF_CASE_BIND:
    case DEF_FN_PARAM:
        return 1; /* what lets, lambdas and cases bind is as constant as the whole */
    case DEF_COLUMN: case DEF_STATE: case DEF_FN: case DEF_EXTERN_FN: case DEF_BUILTIN:
    case DEF_AGGREGATE: case DEF_AGG_LIST: case DEF_VARIANT: case DEF_TYPE: case DEF_STEP:
    case DEF_FLOW: case DEF_MODEL: case DEF_MODULE:
        return 0;
    }
    flow_unreachable("kind of definition");
}

static void look_at_def(search_t *s, node_t *e) {
    const def_t *d = e->def;
    if (e->kind == AST_name && !s->param && !is_constant_name(d)) s->found = e;
    if (e->kind == AST_name && s->param && d->kind == DEF_PARAM) s->found = e;
    node_t *more = NULL;
    if (e->kind == AST_name && s->param) more = behind(d);
    if (e->kind == AST_call) {
        int changes = (d->kind == DEF_BUILTIN && d->index == FN_now) || d->kind == DEF_AGGREGATE ||
                      d->kind == DEF_EXTERN_FN;
        if (changes) s->found = e;
        if (d->kind == DEF_FN && d->node) more = AST(decl_fn, d->node)->body;
    }
    /* functions do not call themselves, so this ends; a chain of them is as deep as written */
    if (more && !s->found) look(&more, s);
}

static void look(node_t **child, void *env) {
    search_t *s = env;
    if (s->found) return;
    if ((*child)->def) look_at_def(s, *child);
    if (!s->found) ast_walk(*child, look, s);
}

int const_check(check_t *c, node_t *e, const char *what) {
    search_t s = {0};
    look(&e, &s);
    if (!s.found) return 1;
    int inside = s.found->span.file == e->span.file && s.found->span.start >= e->span.start &&
                 s.found->span.end <= e->span.end;
    diag_t *m = diag_add(c->diags, DIAG_not_constant, inside ? s.found->span : e->span, what);
    if (s.found->kind == AST_name && s.found->def->kind == DEF_COLUMN)
        diag_label(m, "a column");
    diag_note(m, "literals, consts, params and what is made of them are constant");
    return 0;
}

int const_has_param(const node_t *e) {
    search_t s = {.param = 1};
    node_t *n = (node_t *)(uintptr_t)e; /* the walk changes nothing */
    look(&n, &s);
    return s.found != NULL;
}
