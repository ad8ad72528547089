/* leads.c - what leads where: is there a sink behind a place in a flow, and which?
 *
 * A table's rows leave its root once for each mode that a sink behind it asks for, so the
 * walk that builds stages asks this at every turn. */
#include "compiler/plan/build.h"
#include "compiler/plan/joins.h"

tflow_t *plan_late_flow(const tstep_t *s) {
    if (s->op == OP_event_time) return s->u.event_time.late;
    if (s->op != OP_window || s->u.window.spec->kind == WINDOW_session) return NULL;
    return s->u.window.spec->late;
}

int plan_enters_late(const tstep_t *s) {
    const twindow_t *w = s->u.window.spec;
    return w->kind == WINDOW_session && w->late && w->late->live;
}

static int leads_step(builder_t *b, tstep_t *s, sink_mode mode) {
    if (s->op == OP_to || s->op == OP_print)
        return s->in.is_table ? s->u.sink->mode == mode : mode == MODE_append;
    if (s->op == OP_branch) {
        for (size_t k = 0; k < s->u.branch.n; k++)
            if (plan_leads(b, s->u.branch.arms[k].flow, 0, mode)) return 1;
        return 0;
    }
    /* Late rows have a way of their own; without a sink there the next step decides. */
    tflow_t *late = plan_late_flow(s);
    if (late && plan_leads(b, late, 0, mode)) return 1;
    return -1;
}

int plan_takes_changes(const tstep_t *s) {
    if (!s->in.is_table) return 0;
    return s->op == OP_aggregate || s->op == OP_top || s->op == OP_changes || s->op == OP_close ||
           s->op == OP_join;
}

int plan_joins_right(const tstep_t *s, const tflow_t *f) {
    return s->op == OP_join && s->u.join.right == f && !plan_join_versions(s);
}

int plan_takes_versions(const tstep_t *join, const tflow_t *f, const tstep_t *latest) {
    return join->op == OP_join && join->u.join.right == f && plan_join_versions(join) == latest;
}

int plan_reads_versions(builder_t *b, const tflow_t *f, const tstep_t *latest) {
    if (latest->op != OP_latest || !latest->u.latest.keep) return 0;
    VEC(tflow_t *) *flows = (void *)&b->plan->program->flows;
    for (size_t k = 0; k < flows->n; k++)
        for (size_t j = 0; flows->at[k]->live && j < flows->at[k]->steps.n; j++)
            if (plan_takes_versions(flows->at[k]->steps.at[j], f, latest)) return 1;
    return 0;
}

int plan_leads_any(builder_t *b, tflow_t *f, size_t i) {
    for (int m = MODE_update; m <= MODE_changes; m++)
        if (plan_leads(b, f, i, (sink_mode)m)) return 1;
    return 0;
}

int plan_leads(builder_t *b, tflow_t *f, size_t i, sink_mode mode) {
    for (; i < f->steps.n; i++) {
        tstep_t *s = f->steps.at[i];
        if (plan_takes_changes(s)) return mode == MODE_changes; /* the flow lives */
        if (plan_reads_versions(b, f, s)) return 1;
        if (!s->in.is_table && s->out.is_table && s->op != OP_to && s->op != OP_print)
            return plan_leads_any(b, f, i + 1);
        int found = leads_step(b, s, mode);
        if (found >= 0) return found;
    }
    VEC(tflow_t *) *flows = (void *)&b->plan->program->flows;
    for (size_t k = 0; k < flows->n; k++) {
        tflow_t *g = flows->at[k];
        if (!g->live) continue;
        if (g->origin == ORIGIN_flow && g->from == f && plan_leads(b, g, 0, mode)) return 1;
        for (size_t j = 0; j < g->steps.n; j++) {
            tstep_t *s = g->steps.at[j];
            if (plan_joins_right(s, f) && (f->out.is_table ? mode == MODE_changes
                                                           : plan_leads(b, g, j, mode)))
                return 1;
            if (s->op != OP_union) continue;
            for (size_t u = 0; u < s->u.unite.n; u++)
                if (s->u.unite.inputs[u] == f && plan_leads(b, g, j, mode)) return 1;
        }
    }
    return 0;
}
