/* lookups.c - joins whose left rows look for those of a table where they are kept.
 *
 * The rows of the table are in the partitions of the join's stage, by key, in one memory.  If
 * that stage has taken in what the batch changes before the left rows are read, any worker
 * can look there: the left rows need not cross an exchange, and what follows the join is part
 * of the loop over the source.  So it must be known that no left row leads to the table:
 *
 *   - left rows come from sources, by steps without state (or by joins of this kind);
 *   - the table is one `latest` of rows that come from sources so;
 *   - these sources stand before those of the left rows in the text: then stages can be in
 *     that order, and the order of sources among each other is what it was.  Or all that
 *     their rows lead to is that `latest`, without a join before it: then nobody sees in
 *     which order the sources are read. */
#include <limits.h>

#include "compiler/base/check.h"
#include "compiler/plan/build.h"
#include "compiler/plan/joins.h"
#include "compiler/syntax/ast.h"

/* Places of sources in the text, and whether their rows go elsewhere, or meet others. */
typedef struct places {
    int least, most, shared;
} places_t;

static int comes_from(builder_t *b, const tflow_t *f, size_t upto, int table, places_t *p);

/* Does the step keep nothing, so that rows stay in their stage? */
static int keeps_nothing(builder_t *b, const tstep_t *s, places_t *p) {
    const twindow_t *w;
    switch (s->op) {
    case OP_where:
    case OP_select:
    case OP_let:
    case OP_drop:
    case OP_each:
    case OP_event_time:
    case OP_errors: return 1;
    case OP_window:
        w = s->u.window.spec;
        return w->kind != WINDOW_session && !w->by_rows;
    case OP_union:
        p->shared = 1;
        for (size_t i = 0; i < s->u.unite.n; i++)
            if (!comes_from(b, s->u.unite.inputs[i], s->u.unite.inputs[i]->steps.n, 0, p)) return 0;
        return 1;
    case OP_join:
        p->shared = 1;
        return plan_looks_up(b, s);
    default: return 0;
    }
}

/* Do the rows of the flow before step `upto` come from sources by such steps, and (`table`) one
 * `latest`? */
static int comes_from(builder_t *b, const tflow_t *f, size_t upto, int table, places_t *p) {
    for (size_t i = 0; i < upto; i++) {
        const tstep_t *s = f->steps.at[i];
        p->shared |= plan_late_flow(s) || s->op == OP_errors;
        int holds = table && s->op == OP_latest && !s->u.latest.keep;
        table &= !holds;
        if (!holds && !keeps_nothing(b, s, p)) return 0;
    }
    p->shared |= f->origin == ORIGIN_port ||
                 (f->origin == ORIGIN_flow && !table && f->from->readers > 1);
    switch (f->origin) {
    case ORIGIN_flow: return comes_from(b, f->from, f->from->steps.n, table, p);
    case ORIGIN_port:
        return f->from->steps.at[f->port_step]->op == OP_branch &&
               comes_from(b, f->from, (size_t)f->port_step, table, p);
    case ORIGIN_source: break;
    }
    if (f->index < p->least) p->least = f->index;
    if (f->index > p->most) p->most = f->index;
    return !table;
}

static int judge(builder_t *b, const tstep_t *join) {
    places_t left = {INT_MAX, -1, 0}, right = {INT_MAX, -1, 0};
    const tflow_t *there = join->u.join.right;
    if (!plan_rule(b, RULE_lookup) || join->u.join.form != JOINS_table) return 0;
    return comes_from(b, join->flow, (size_t)join->index, 0, &left) &&
           comes_from(b, there, there->steps.n, 1, &right) &&
           (right.most < left.least || !right.shared);
}

/* Each join is judged once: one behind others asks about all of them. */
int plan_looks_up(builder_t *b, const tstep_t *join) {
    for (size_t i = 0; i < b->judged.n; i++)
        if (b->judged.at[i].join == join) return b->judged.at[i].looks_up;
    judged_t one = {join, judge(b, join)};
    vec_push(b->a, &b->judged, one);
    return one.looks_up;
}
