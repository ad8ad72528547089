/* const_check.c - which expressions are constant.
 *
 * An expression is not constant if it, or a function or constant that it uses, reads a
 * column or the clock.  What a declaration reads is found once and kept in its def, so a
 * chain of functions that call each other twice is not walked twice as often per link. */
#include "compiler/base/check.h"
#include "compiler/types/builtins.h"
#include "compiler/types/expr_parts.h"

enum { READS_KNOWN = 1, READS_PARAM = 2, READS_CLOCK = 4, READS_ROW = 8 };

typedef struct search {
    unsigned reads;
    const node_t *at; /* the first node that is not constant, */
    const node_t *clock; /* and the first that reads the clock */
} search_t;

static void look(node_t **child, void *env);

/* The expression that a declaration gives its name to, or null. */
static node_t *body_of(const def_t *d) {
    if (!d->node) return NULL;
    if (d->kind == DEF_FN) return AST(decl_fn, d->node)->body;
    if (d->kind == DEF_CONST && d->node->kind == AST_decl_const)
        return AST(decl_const, d->node)->value;
    /* a parameter of a step of one's own stands for its argument */
    return d->kind == DEF_FN_PARAM && d->node->kind != AST_param ? d->node : NULL;
}

static unsigned reads_of_body(def_t *d) {
    if (d->reads & READS_KNOWN) return d->reads;
    d->reads |= READS_KNOWN;
    node_t *body = body_of(d);
    search_t s = {0};
    if (body) look(&body, &s);
    d->reads |= (uint8_t)s.reads;
    return d->reads;
}

static unsigned reads_of(const node_t *e) {
    def_t *d = e->def;
    switch (d->kind) {
    case DEF_COLUMN: case DEF_STATE: return READS_ROW;
    case DEF_AGGREGATE: case DEF_EXTERN_FN: case DEF_MODEL: return READS_ROW;
    case DEF_PARAM: return READS_PARAM;
    case DEF_BUILTIN: return d->index == FN_now ? READS_CLOCK : 0;
    case DEF_CONST: case DEF_FN: case DEF_FN_PARAM: return reads_of_body(d);
    case DEF_LET: case DEF_LAMBDA_PARAM: case DEF_CASE_BIND: case DEF_AGG_LIST:
    case DEF_VARIANT: case DEF_TYPE: case DEF_STEP: case DEF_FLOW: case DEF_MODULE:
        return 0; /* what lets, lambdas and cases bind is as constant as the whole */
    }
    flow_unreachable("kind of definition");
}

static void look(node_t **child, void *env) {
    search_t *s = env;
    node_t *e = *child;
    if (e->def && (e->kind == AST_name || e->kind == AST_call)) {
        unsigned reads = reads_of(e);
        s->reads |= reads & ~(unsigned)READS_KNOWN;
        if (!s->at && reads & (READS_ROW | READS_CLOCK)) s->at = e;
        if (!s->clock && reads & READS_CLOCK) s->clock = e;
    }
    ast_walk(e, look, s);
}

int const_check(check_t *c, node_t *e, const char *what) {
    search_t s = {0};
    look(&e, &s);
    if (!s.at) return 1;
    diag_t *m = diag_add(c->diags, DIAG_not_constant, s.at->span, what);
    if (s.at->def->kind == DEF_COLUMN)
        diag_label(m, "a column");
    else if (s.at->kind == AST_call && s.reads & READS_CLOCK)
        diag_label(m, "differs from batch to batch");
    diag_note(m, "literals, consts, params and what is made of them are constant");
    return 0;
}

int const_has_param(const node_t *e) {
    search_t s = {0};
    node_t *n = (node_t *)(uintptr_t)e; /* the walk changes nothing */
    look(&n, &s);
    return (s.reads & READS_PARAM) != 0;
}

const node_t *const_clock(const node_t *e) {
    search_t s = {0};
    node_t *n = (node_t *)(uintptr_t)e; /* the walk changes nothing */
    if (n) look(&n, &s);
    return s.clock;
}
