/* times.c - times, clocks and marks: who waits for which watermark. */
#include "compiler/plan/build.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/const.h"
#include "compiler/types/def.h"

static int time_of(builder_t *b, const tstep_t *event_time, int step_id) {
    for (size_t i = 0; i < b->plan->times.n; i++)
        if (b->plan->times.at[i].step == event_time) return (int)i;
    ptime_t t = {.id = (int)b->plan->times.n, .step = (tstep_t *)event_time,
                 .step_id = step_id};
    vec_push(b->a, &b->plan->times, t);
    return t.id;
}

int plan_clock(builder_t *b, const tstep_t *event_time, int step_id, const psource_t *source) {
    int time = time_of(b, event_time, step_id);
    for (size_t i = 0; i < b->plan->clocks.n; i++) {
        const pclock_t *c = &b->plan->clocks.at[i];
        if (c->time == time && c->source == source->id) return c->id;
    }
    pclock_t c = {(int)b->plan->clocks.n, time, source->id};
    vec_push(b->a, &b->plan->clocks, c);
    return c.id;
}

static int same_times(const pmark_t *a, const pmark_t *m) {
    if (a->processing != m->processing || a->times.n != m->times.n) return 0;
    for (size_t i = 0; i < a->times.n; i++)
        if (a->times.at[i] != m->times.at[i]) return 0;
    return 1;
}

static int add_mark(builder_t *b, pmark_t m) {
    for (size_t i = 0; i < b->plan->marks.n; i++)
        if (same_times(&b->plan->marks.at[i], &m)) return (int)i;
    m.id = (int)b->plan->marks.n;
    vec_push(b->a, &b->plan->marks, m);
    return m.id;
}

int plan_mark(builder_t *b, const tprops_t *p) {
    pmark_t m = {0};
    for (size_t i = 0; i < p->ntimes; i++) {
        int id = time_of(b, p->times[i], plan_step_id(b, p->times[i]));
        size_t k = 0;
        vec_push(b->a, &m.times, id);
        for (k = m.times.n - 1; k > 0 && m.times.at[k - 1] > id; k--)
            m.times.at[k] = m.times.at[k - 1];
        m.times.at[k] = id;
    }
    return add_mark(b, m);
}

int plan_mark_processing(builder_t *b) {
    return add_mark(b, (pmark_t){.processing = 1});
}

int plan_paned(const tstep_t *s) {
    const twindow_t *w = s->in.window;
    if (!w || w->by_rows || w->kind == WINDOW_batch || s->op == OP_repartition) return 0;
    return w->kind != WINDOW_session || s->in.window_column >= 0;
}

int plan_sessions(const tstep_t *s) {
    const twindow_t *w = s->in.window;
    return w && w->kind == WINDOW_session && s->in.window_column < 0;
}

int plan_late_leaves(const pstage_t *s) {
    for (size_t i = 0; i < s->nlates; i++)
        if (s->lates[i].late.n) return 1;
    return 0;
}

int plan_says_window(const pstage_t *s) {
    return s->nlates > 1 && plan_late_leaves(s);
}

int plan_revised(const tstep_t *s) {
    if (s->op != OP_aggregate && (s->op != OP_top || !plan_paned(s))) return 0;
    return (plan_paned(s) || plan_sessions(s)) &&
           (s->in.window->early || s->in.window->lateness);
}

int plan_shows_all(const pstage_t *stage) {
    for (size_t i = 0; i < stage->outs.n; i++) {
        sink_mode mode = stage->outs.at[i]->mode;
        if (mode == MODE_complete || mode == MODE_final) return 1;
    }
    return 0;
}

int plan_by_rows(const tstep_t *s) {
    return s->in.window && s->in.window->by_rows && s->in.window_column < 0;
}

int plan_root_mark(builder_t *b, const tstep_t *s) {
    const twindow_t *w = s->in.window;
    if (s->op == OP_remember)
        return s->in.timed ? plan_mark(b, &s->in) : plan_mark_processing(b);
    if (s->op == OP_distinct && s->u.distinct.within)
        return s->in.timed ? plan_mark(b, &s->in) : plan_mark_processing(b);
    if (s->op == OP_repartition) return -1;
    if (s->op == OP_close) /* a table has no times, but the watermark of its streams */
        return s->in.ntimes ? plan_mark(b, &s->in) : plan_mark_processing(b);
    if (!w || w->kind == WINDOW_batch || w->by_rows) return -1;
    return w->processing ? plan_mark_processing(b) : plan_mark(b, &s->in);
}

int plan_needs_time(const tstep_t *s) {
    if (!s->in.timed) return 0;
    const twindow_t *w = s->in.window;
    switch (s->op) {
    case OP_distinct:
    case OP_limit:
    case OP_repartition:
    case OP_remember: return 1;
    case OP_aggregate:
        for (size_t i = 0; i < s->u.aggregate.naggs; i++)
            if (s->u.aggregate.aggs[i]->by_time) return 1;
        return w && (w->by_rows || plan_sessions(s));
    case OP_top: return w && (w->by_rows || plan_sessions(s));
    default: return 0;
    }
}

/* ---- slices ---- */

typedef struct column {
    int index, read;
} column_t;

static void look_for(node_t **at, void *env) {
    column_t *c = env;
    node_t *n = *at;
    if (n->kind == AST_name && n->def && n->def->kind == DEF_COLUMN && n->def->index == c->index)
        c->read = 1;
    ast_walk(n, look_for, env);
}

static int reads_column(node_t *expr, int column) {
    column_t c = {column, 0};
    look_for(&expr, &c);
    return c.read;
}

/* Does the step do the same to a row whichever of its windows it stands for? */
static int ignores_window(const tstep_t *s) {
    int column = s->in.window_column;
    if (s->op == OP_errors) return 1;
    if (s->op == OP_where) return !reads_column(s->u.where.pred, column);
    if (s->op != OP_let) return 0;
    for (size_t i = 0; i < s->u.let.n; i++)
        if (s->u.let.column[i] == column || reads_column(s->u.let.items[i].expr, column)) return 0;
    return 1;
}

static int64_t slice_length(const twindow_t *w) {
    if (!w->size_value || !w->every_value) return PLAN_SLICE_LATER;
    int64_t a = (int64_t)w->size_value->w[0], b = (int64_t)w->every_value->w[0];
    if (w->kind == WINDOW_cumulate) return b < a ? b : 0;
    int64_t size = a;
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a < size ? a : 0;
}

int64_t plan_slice(const builder_t *b, const tstep_t *s) {
    const twindow_t *w = s->in.window;
    if (s->op != OP_aggregate || !plan_paned(s) || w->early || w->lateness) return 0;
    if (w->kind != WINDOW_sliding && w->kind != WINDOW_cumulate) return 0;
    if (!plan_rule(b, RULE_slices) || !plan_rule(b, RULE_preagg) || !plan_can_merge(s)) return 0;
    for (size_t i = 0; i < s->u.aggregate.nkeys; i++)
        if (reads_column(s->u.aggregate.keys[i].expr, s->in.window_column)) return 0;
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        const agg_call_t *c = s->u.aggregate.aggs[i];
        if (c->when && reads_column(c->when, s->in.window_column)) return 0;
        for (size_t k = 0; k < c->nargs; k++)
            if (c->args[k] && reads_column(c->args[k], s->in.window_column)) return 0;
    }
    for (int i = s->index - 1; i >= 0; i--) {
        const tstep_t *before = s->flow->steps.at[i];
        if (before->op == OP_window) return before->u.window.spec == w ? slice_length(w) : 0;
        if (!ignores_window(before)) return 0;
    }
    return 0;
}

int64_t plan_slice_behind(const builder_t *b, const tstep_t *window) {
    const tflow_t *f = window->flow;
    for (size_t i = (size_t)window->index + 1; i < f->steps.n; i++) {
        const tstep_t *s = f->steps.at[i];
        if (s->op == OP_aggregate)
            return s->in.window == window->u.window.spec ? plan_slice(b, s) : 0;
        if (!ignores_window(s)) return 0;
    }
    return 0;
}
