/* table_clock.c - no clock where rows of a table must be taken out again.
 *
 * What stands over a table gets the old row of a key as well as the new one, and computes
 * from it what it did when that row was new.  `now()` would give something else by then. */
#include "compiler/base/check.h"
#include "compiler/types/step_check.h"

typedef struct look {
    sema_t *m;
    const tstep_t *over; /* the step that takes rows out again */
    VEC(const node_t *) said;
} look_t;

static void look_at(look_t *l, const node_t *e) {
    const node_t *clock = const_clock(e);
    if (!clock) return;
    for (size_t i = 0; i < l->said.n; i++)
        if (l->said.at[i] == clock) return;
    check_t *c = l->m->c;
    vec_push(c->arena, &l->said, clock);
    diag_t *d = diag_add(c->diags, DIAG_table_clock, clock->span);
    diag_note(d, "`%s` at %s takes rows of a table out again, as they came",
              op_at(l->over->op)->spelling, diag_where(c->diags, l->over->at, clock->span));
    diag_help(d, "read the clock before the step that makes the table, or behind `changes`");
}

static void look_at_items(look_t *l, const titem_t *items, size_t n) {
    for (size_t i = 0; i < n; i++) look_at(l, items[i].expr);
}

static void look_at_orders(look_t *l, const torder_t *by, size_t n) {
    for (size_t i = 0; i < n; i++) look_at(l, by[i].expr);
}

static void own_expressions(look_t *l, const tstep_t *s) {
    switch (s->op) {
    case OP_where: look_at(l, s->u.where.pred); break;
    case OP_select: look_at_items(l, s->u.select.items, s->u.select.n); break;
    case OP_let: look_at_items(l, s->u.let.items, s->u.let.n); break;
    case OP_close: look_at(l, s->u.close.at); break;
    case OP_top:
        look_at_items(l, s->u.top.keys, s->u.top.nkeys);
        look_at_orders(l, s->u.top.by, s->u.top.n);
        break;
    case OP_aggregate:
        look_at_items(l, s->u.aggregate.keys, s->u.aggregate.nkeys);
        for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
            const agg_call_t *a = s->u.aggregate.aggs[i];
            for (size_t k = 0; k < a->nargs; k++) look_at(l, a->args[k]);
            look_at(l, a->when);
        }
        break;
    default: break;
    }
}

/* Steps before place i of the flow that look at one row, back to the one that made it. */
static void look_back(look_t *l, const tflow_t *f, size_t i) {
    while (i-- > 0) {
        const tstep_t *s = f->steps.at[i];
        int plain = s->op == OP_where || s->op == OP_select || s->op == OP_let ||
                    s->op == OP_drop || s->op == OP_errors || s->op == OP_repartition;
        if (!plain) return;
        own_expressions(l, s);
    }
    if (f->origin == ORIGIN_flow) look_back(l, f->from, f->from->steps.n);
}

static int takes_out(const tstep_t *s) {
    return s->in.is_table && (s->op == OP_aggregate || s->op == OP_top || s->op == OP_changes ||
                              s->op == OP_close || s->op == OP_join);
}

void check_table_clocks(sema_t *m) {
    look_t l = {.m = m};
    for (size_t i = 0; i < m->p->flows.n; i++) {
        const tflow_t *f = m->p->flows.at[i];
        for (size_t k = 0; f->live && k < f->steps.n; k++) {
            const tstep_t *s = l.over = f->steps.at[k];
            const tflow_t *right = s->op == OP_join ? s->u.join.right : NULL;
            if (takes_out(s)) {
                own_expressions(&l, s);
                look_back(&l, f, k);
            }
            if (right && right->out.is_table) look_back(&l, right, right->steps.n);
        }
    }
}
