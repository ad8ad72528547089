/* stages.c - from flows to stages.
 *
 * Each source begins a stage, and the walk follows the flows that read it.  Steps that
 * need no state become operators of the stage at hand; a step with state cuts: the stage
 * sends what the step needs to an exchange, and a stage behind it begins with the step as
 * its root.  A step that several stages reach (behind a `union`) has one exchange and one
 * stage behind it; steps without state are built anew in each stage that reaches them.
 *
 * A table's rows leave its root once for each mode that a sink behind it asks for; the walk
 * behind a table looks only for sinks of that mode.  Steps with state over a table are roots
 * of their own: what it changes into is a further mode.  Only `sort` over a table is fed by
 * all its rows, complete or final, as its sinks are. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/plan/build.h"
#include "compiler/plan/joins.h"
#include "compiler/syntax/ast.h"

static void place_from(builder_t *b, tflow_t *f, size_t i, place_t at);

/* ---- making parts of the plan ---- */

static int add_step(builder_t *b, span_t at, const char *name) {
    for (size_t i = 0; i < b->plan->steps.n; i++) {
        pstep_t *s = &b->plan->steps.at[i];
        if (s->at.start == at.start && s->at.file == at.file && !strcmp(s->name, name))
            return s->id;
    }
    pstep_t s = {.id = (int)b->plan->steps.n, .at = at, .name = name};
    vec_push(b->a, &b->plan->steps, s);
    return s.id;
}

int plan_step_id(builder_t *b, tstep_t *s) {
    return add_step(b, s->at, op_at(s->op)->spelling);
}

static pstage_t *add_stage(builder_t *b, proot_kind root, tstep_t *step) {
    pstage_t *s = ARENA_NEW(b->a, pstage_t);
    *s = (pstage_t){.id = (int)b->plan->stages.n, .root = root, .step = step,
                    .error_port = -1, .mark = -1, .clock_mark = -1};
    vec_push(b->a, &b->plan->stages, s);
    return s;
}

static pexchange_t *add_exchange(builder_t *b, tstep_t *step, int one_part) {
    pexchange_t *x = ARENA_NEW(b->a, pexchange_t);
    *x = (pexchange_t){.id = (int)b->plan->exchanges.n, .step = step, .one_part = one_part,
                       .consumer = -1};
    vec_push(b->a, &b->plan->exchanges, x);
    return x;
}

static pport_t *stage_port(builder_t *b, pstage_t *s, pexchange_t *x, psink_t *sink) {
    for (size_t i = 0; i < s->ports.n; i++) {
        pport_t *p = s->ports.at[i];
        if (p->exchange == x && p->sink == sink) return p;
    }
    pport_t *p = ARENA_NEW(b->a, pport_t);
    *p = (pport_t){.id = (int)s->ports.n, .exchange = x, .sink = sink};
    vec_push(b->a, &s->ports, p);
    if (sink) sink->nports++;
    return p;
}

static pop_t *add_op(builder_t *b, place_t *at, pop_kind kind, tstep_t *s) {
    pop_t *op = ARENA_NEW(b->a, pop_t);
    *op = (pop_t){.kind = kind, .step = s, .step_id = plan_step_id(b, s), .row_in = s->row_in,
                  .row_out = s->row_out, .error_port = -1, .clock = -1, .mark = -1};
    vec_push(b->a, at->next, op);
    if (at->branch) vec_push(b->a, &at->branch->arm, at->arm);
    return op;
}

/* ---- row errors ---- */

/* The exchange behind an `errors into`, and the stage that reads it. */
static pexchange_t *errors_exchange(builder_t *b, tstep_t *s) {
    for (size_t i = 0; i < b->keyed.n; i++)
        if (b->keyed.at[i].step == s) return b->keyed.at[i].exchange;
    pexchange_t *x = add_exchange(b, s, 1);
    pstage_t *stage = add_stage(b, ROOT_errors, s);
    tflow_t *flow = s->u.errors.flow;
    stage->step_id = plan_step_id(b, s);
    stage->exchange = x;
    x->row = flow->row_in;
    x->consumer = stage->id;
    keyed_t k = {.step = s, .mode = MODE_append, .exchange = x, .stage = stage};
    vec_push(b->a, &b->keyed, k);
    pout_t *out = ARENA_NEW(b->a, pout_t);
    out->mode = MODE_append;
    vec_push(b->a, &stage->outs, out);
    if (flow->live)
        place_from(b, flow, 0, (place_t){.stage = stage, .next = &out->next});
    return x;
}

/* The port of the stage for errors of step i of the flow; -1: on_error decides. */
static int error_port(builder_t *b, pstage_t *stage, tflow_t *f, size_t i) {
    for (; i < f->steps.n; i++)
        if (f->steps.at[i]->op == OP_errors)
            return stage_port(b, stage, errors_exchange(b, f->steps.at[i]), NULL)->id;
    return -1;
}

/* ---- keyed steps ---- */

static proot_kind root_of(op_id op) {
    switch (op) {
    case OP_aggregate: return ROOT_aggregate;
    case OP_distinct: return ROOT_distinct;
    case OP_top: return ROOT_top;
    case OP_sort: return ROOT_sort;
    case OP_limit: return ROOT_limit;
    case OP_remember: return ROOT_remember;
    case OP_latest: return ROOT_latest;
    case OP_changes: return ROOT_changes;
    case OP_close: return ROOT_close;
    case OP_repartition: return ROOT_repartition;
    default: flow_unreachable("no root");
    }
}

static int agg_is_exact(const agg_call_t *g) {
    static const char *const kinds[] = {
#define AGG(id, spelling, sig, kind, inv, empty, built, doc, example, result) #kind,
#include "lang/aggregates.def"
#undef AGG
    };
    return !strcmp(kinds[g->agg], "EXACT");
}

/* Can the step's states be made by workers and merged?  Only what merges in any order,
 * and has a partial form of fixed columns: see emit_agg.c, which asks the same. */
int plan_can_merge(const tstep_t *s) {
    if (plan_by_rows(s)) return 0; /* in order of arrival */
    static const char *const names[] = {
#define AGG(id, spelling, sig, kind, inv, empty, built, doc, example, result) #id,
#include "lang/aggregates.def"
#undef AGG
    };
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        const agg_call_t *g = s->u.aggregate.aggs[i];
        if (!agg_is_exact(g) || !strcmp(names[g->agg], "count_distinct") ||
            !strcmp(names[g->agg], "collect_set"))
            return 0;
    }
    return 1;
}

static titem_t *step_keys(tstep_t *s, size_t *n) {
    switch (s->op) {
    case OP_aggregate: *n = s->u.aggregate.nkeys; return s->u.aggregate.keys;
    case OP_distinct: *n = s->u.distinct.nkeys; return s->u.distinct.keys;
    case OP_top: *n = s->u.top.nkeys; return s->u.top.keys;
    case OP_remember: *n = s->u.remember->nkeys; return s->u.remember->keys;
    case OP_latest: *n = s->u.latest.nkeys; return s->u.latest.keys;
    case OP_repartition: *n = s->u.repartition.nkeys; return s->u.repartition.keys;
    default: *n = 0; return NULL;
    }
}

/* Is the key of the step that of the table it takes, in the form of an order key? */
static int by_table_key(const tstep_t *s) {
    return s->op == OP_changes || s->op == OP_close;
}

static const char *key_text(builder_t *b, tstep_t *s) {
    size_t n;
    titem_t *keys = step_keys(s, &n);
    if (s->op == OP_distinct && n == 0) return "the whole row";
    buf_t out;
    buf_init(&out, b->a);
    for (size_t i = 0; i < n; i++) buf_printf(&out, "%s%s", i ? ", " : "", keys[i].name);
    for (size_t i = 0; by_table_key(s) && i < s->in.nkeys; i++)
        buf_printf(&out, "%s%s", i ? ", " : "", s->in.keys[i].name ? s->in.keys[i].name : "…");
    return buf_text(&out);
}

static int is_int_key(type_t *t) {
    return t->kind == TY_INT || t->kind == TY_TIMESTAMP || t->kind == TY_DURATION;
}

static pstate_t *add_state(builder_t *b, tstep_t *s, int one_part) {
    pstate_t *st = ARENA_NEW(b->a, pstate_t);
    size_t n;
    titem_t *keys = step_keys(s, &n);
    *st = (pstate_t){.id = (int)b->plan->states.n, .step = s, .step_id = plan_step_id(b, s),
                     .int_key = n == 1 && is_int_key(keys[0].type), .one_part = one_part};
    if (n == 0) st->int_key = !by_table_key(s); /* one entry, of key 0 */
    if (s->op == OP_distinct && n == 0) /* the whole row is the key */
        st->int_key = s->row_in->nfields == 1 && is_int_key(s->row_in->fields[0].type);
    vec_push(b->a, &b->plan->states, st);
    return st;
}

static void add_out(builder_t *b, pstage_t *stage, tflow_t *f, size_t i, sink_mode mode) {
    if (!plan_leads(b, f, i, mode)) return;
    pout_t *out = ARENA_NEW(b->a, pout_t);
    out->mode = mode;
    vec_push(b->a, &stage->outs, out);
    place_from(b, f, i, (place_t){.stage = stage, .next = &out->next, .mode = mode});
}

/* Rows that are late for their session leave its root as they entered their `window`. */
static void place_lates(builder_t *b, pstage_t *stage) {
    const twindow_t *w = stage->step->in.window;
    stage->nlates = w->nbrought ? w->nbrought : 1;
    stage->lates = ARENA_ARRAY(b->a, plate_t, stage->nlates);
    for (size_t i = 0; i < stage->nlates; i++) {
        plate_t *l = &stage->lates[i];
        l->window = w->nbrought ? w->brought[i] : w;
        l->window_id = plan_step_id(b, l->window->step);
    }
    for (size_t i = 0; i < stage->nlates; i++) {
        plate_t *l = &stage->lates[i];
        if (!l->window->late || !plan_leads(b, l->window->late, 0, MODE_append)) continue;
        stage->exchange->entered = 1;
        place_from(b, l->window->late, 0, (place_t){.stage = stage, .next = &l->late});
    }
}

/* The exchange and stage of a keyed step; made when it is first reached. */
static keyed_t keyed_stage(builder_t *b, tstep_t *s, sink_mode mode) {
    for (size_t i = 0; i < b->keyed.n; i++)
        if (b->keyed.at[i].step == s && b->keyed.at[i].mode == mode) return b->keyed.at[i];
    size_t nkeys;
    step_keys(s, &nkeys);
    int one_part = nkeys == 0 && !by_table_key(s) && s->op != OP_repartition &&
                   (s->op != OP_distinct || plan_sessions(s));
    pexchange_t *x = add_exchange(b, s, one_part);
    x->signs = plan_takes_changes(s);
    x->key_text = key_text(b, s);
    pstage_t *stage = add_stage(b, root_of(s->op), s);
    stage->exchange = x;
    stage->step_id = plan_step_id(b, s);
    stage->state = add_state(b, s, one_part);
    stage->mark = plan_root_mark(b, s);
    if (plan_revised(s) && s->in.window->early) stage->clock_mark = plan_mark_processing(b);
    x->timed = plan_needs_time(s);
    stage->partial = s->op == OP_aggregate && !s->in.is_table &&
                     plan_rule(b, RULE_preagg) && plan_can_merge(s);
    if (plan_sessions(s)) {
        stage->partial = 0;
        stage->sessions = add_state(b, s, one_part);
        if (one_part) stage->sessions->int_key = 1;
    }
    stage->state->partial = stage->partial || stage->sessions;
    stage->slice = plan_slice(b, s);
    if (stage->slice)
        plan_trace(b, RULE_slices, "`aggregate` at %s: its windows are put together from slices",
                   plan_at(b, s->at));
    x->consumer = stage->id;
    keyed_t k = {.step = s, .mode = mode, .exchange = x, .stage = stage};
    vec_push(b->a, &b->keyed, k);
    size_t i = (size_t)s->index;
    stage->error_port = error_port(b, stage, s->flow, i + 1);
    if (stage->sessions) place_lates(b, stage);
    int makes_table = s->out.is_table && (!s->in.is_table || plan_takes_changes(s));
    for (int m = MODE_update; makes_table && m <= MODE_changes; m++)
        add_out(b, stage, s->flow, i + 1, (sink_mode)m);
    if (!makes_table)
        add_out(b, stage, s->flow, i + 1, s->out.is_table ? mode : MODE_append);
    return k;
}

static void place_keyed(builder_t *b, tstep_t *s, place_t at) {
    keyed_t k = keyed_stage(b, s, at.mode);
    pop_t *op = add_op(b, &at, k.stage->partial ? POP_partial : POP_send, s);
    op->port = stage_port(b, at.stage, k.exchange, NULL);
    op->state = k.stage->state;
    op->error_port = error_port(b, at.stage, s->flow, (size_t)s->index + 1);
    if (k.stage->partial) {
        vec_push(b->a, &at.stage->partials, k.stage->state);
        plan_trace(b, RULE_preagg, "`aggregate` at %s: workers count before the exchange",
                   plan_at(b, s->at));
    }
}

/* ---- joins ---- */

static pstate_t *join_state(builder_t *b, pstage_t *stage, int int_key, int words) {
    pstate_t *st = ARENA_NEW(b->a, pstate_t);
    *st = (pstate_t){.id = (int)b->plan->states.n, .step = stage->step,
                     .step_id = stage->step_id, .int_key = int_key, .words = words,
                     .one_part = stage->exchange->one_part};
    vec_push(b->a, &b->plan->states, st);
    return st;
}

static pexchange_t *join_exchange(builder_t *b, pstage_t *stage, const tprops_t *side) {
    tstep_t *s = stage->step;
    int one_part = !s->u.join.nkeys && s->u.join.form != JOINS_windows;
    pexchange_t *x = add_exchange(b, s, one_part);
    x->key_text = plan_join_key_text(b, s);
    int versions = s->u.join.form == JOINS_as_of;
    x->timed = versions || (side->timed && (s->out.timed || s->u.join.form == JOINS_within));
    x->signs = side->is_table && !versions;
    x->consumer = stage->id;
    return x;
}

/* What waits for a moment: rows within a bound, windows of time. */
static void join_waits(builder_t *b, pstage_t *stage) {
    tstep_t *s = stage->step;
    const twindow_t *w = s->in.window;
    tjoin_form form = s->u.join.form;
    if (form == JOINS_windows ? s->in.windowed == WINDOW_batch
        : form == JOINS_within ? s->u.join.forever : form != JOINS_as_of)
        return;
    int clock = s->u.join.form == JOINS_windows ? w->processing : !s->in.timed;
    stage->mark = clock ? plan_mark_processing(b) : plan_mark(b, &s->out);
    stage->waits = 1;
}

/* The exchanges and the stage of a join; made when a side is first reached. */
static keyed_t join_stage(builder_t *b, tstep_t *s, sink_mode mode) {
    for (size_t i = 0; i < b->keyed.n; i++)
        if (b->keyed.at[i].step == s) return b->keyed.at[i];
    pstage_t *stage = add_stage(b, ROOT_join, s);
    stage->step_id = plan_step_id(b, s);
    stage->exchange = join_exchange(b, stage, &s->u.join.right->out);
    int lookup = plan_looks_up(b, s);
    if (!lookup) stage->exchange2 = join_exchange(b, stage, &s->in);
    stage->state = join_state(b, stage, plan_join_int_key(s), 6); /* FLOW_JOIN_WORDS */
    join_waits(b, stage);
    keyed_t k = {.step = s, .mode = mode, .exchange = stage->exchange, .stage = stage};
    vec_push(b->a, &b->keyed, k);
    if (lookup) return k; /* its rows are made where the left ones are */
    size_t i = (size_t)s->index;
    stage->error_port = error_port(b, stage, s->flow, i + 1);
    for (int m = MODE_update; s->out.is_table && m <= MODE_changes; m++)
        add_out(b, stage, s->flow, i + 1, (sink_mode)m);
    if (!s->out.is_table) add_out(b, stage, s->flow, i + 1, MODE_append);
    return k;
}

/* A side's rows go to the join: right 1, left 0. */
static void place_join(builder_t *b, tstep_t *s, int right, place_t at) {
    pstage_t *stage = join_stage(b, s, at.mode).stage;
    pop_t *op = add_op(b, &at, POP_send, s);
    const tstep_t *versions = plan_join_versions(s);
    if (right) op->row_in = op->row_out = versions ? versions->row_in : s->u.join.right->row;
    else op->row_out = s->row_in;
    op->input = right;
    op->port = stage_port(b, at.stage, right ? stage->exchange : stage->exchange2, NULL);
    op->error_port = error_port(b, at.stage, s->flow, (size_t)s->index + 1);
}

/* The rows of the left side go on behind the join in the stage in which they are. */
static place_t place_lookup(builder_t *b, tstep_t *s, place_t at) {
    pop_t *op = add_op(b, &at, POP_lookup, s);
    op->lookup = join_stage(b, s, at.mode).stage;
    op->error_port = error_port(b, at.stage, s->flow, (size_t)s->index + 1);
    vec_push(b->a, &op->lookup->lookups, op);
    plan_trace(b, RULE_lookup, "`join` at %s: rows look for those of the table where they are",
               plan_at(b, s->at));
    return (place_t){.stage = at.stage, .next = &op->next, .mode = at.mode};
}

/* ---- steps without state ---- */

static void place_sink(builder_t *b, tstep_t *s, place_t at) {
    psink_t *sink = NULL;
    for (size_t i = 0; i < b->plan->sinks.n; i++)
        if (b->plan->sinks.at[i]->step == s) sink = b->plan->sinks.at[i];
    flow_assert(sink);
    pop_t *op = add_op(b, &at, POP_sink, s);
    op->port = stage_port(b, at.stage, NULL, sink);
    op->error_port = error_port(b, at.stage, s->flow, (size_t)s->index + 1);
}

static void place_branch(builder_t *b, tstep_t *s, place_t at) {
    pop_t *op = add_op(b, &at, POP_branch, s);
    op->error_port = error_port(b, at.stage, s->flow, (size_t)s->index + 1);
    for (size_t k = 0; k < s->u.branch.n; k++) {
        tflow_t *arm = s->u.branch.arms[k].flow;
        if (!plan_leads(b, arm, 0, at.mode)) continue;
        place_from(b, arm, 0,
                   (place_t){.stage = at.stage, .next = &op->next, .branch = op,
                             .arm = (int)k, .mode = at.mode});
    }
}

static int pop_of(op_id op) {
    switch (op) {
    case OP_where: return POP_where;
    case OP_select: return POP_select;
    case OP_let: return POP_let;
    case OP_drop: return POP_drop;
    case OP_each: return POP_each;
    case OP_event_time: return POP_event_time;
    case OP_window: return POP_window;
    default: return -1;
    }
}

/* A `sort` over a table, or over a stream, is a root; so are the other steps with state. */
static int is_keyed(op_id op) {
    return op == OP_aggregate || op == OP_distinct || op == OP_top || op == OP_sort ||
           op == OP_limit || op == OP_remember || op == OP_latest || op == OP_changes ||
           op == OP_close || op == OP_repartition;
}

/* The live flows in order of the text: rows of one cause leave in that order, so the main
 * input of a union comes before its operands. */
static tflow_t **flows_as_written(builder_t *b, size_t *n) {
    VEC(tflow_t *) *flows = (void *)&b->plan->program->flows;
    tflow_t **out = ARENA_ARRAY(b->a, tflow_t *, flows->n + 1);
    *n = 0;
    for (size_t k = 0; k < flows->n; k++) {
        tflow_t *f = flows->at[k];
        if (!f->live) continue;
        size_t i = (*n)++;
        for (; i > 0; i--) {
            const tflow_t *before = out[i - 1];
            if (before->at.file < f->at.file ||
                (before->at.file == f->at.file && before->at.start <= f->at.start))
                break;
            out[i] = out[i - 1];
        }
        out[i] = f;
    }
    return out;
}

/* What reads the flow as a whole: other flows, and unions. */
static void place_readers(builder_t *b, tflow_t *f, place_t at) {
    size_t n;
    tflow_t **flows = flows_as_written(b, &n);
    for (size_t k = 0; k < n; k++) {
        tflow_t *g = flows[k];
        if (g->origin == ORIGIN_flow && g->from == f) place_from(b, g, 0, at);
        for (size_t j = 0; j < g->steps.n; j++) {
            tstep_t *s = g->steps.at[j];
            if (plan_joins_right(s, f) && (f->out.is_table ? at.mode == MODE_changes
                                                           : plan_leads(b, g, j, at.mode)))
                place_join(b, s, 1, at);
            for (size_t u = 0; s->op == OP_union && u < s->u.unite.n; u++) {
                if (s->u.unite.inputs[u] != f || !plan_leads(b, g, j, at.mode)) continue;
                pop_t *op = add_op(b, &at, POP_union, s);
                op->row_in = f->row;
                op->input = (int)u + 1;
                place_from(b, g, j + 1,
                           (place_t){.stage = at.stage, .next = &op->next, .mode = at.mode});
            }
        }
    }
}

/* What `event_time` and `window` need of time; then the place where rows go on. */
static place_t place_time(builder_t *b, pop_t *op, tstep_t *s, place_t at) {
    if (s->op == OP_event_time) {
        op->clock = plan_clock(b, s, op->step_id, at.stage->source);
        op->mark = plan_mark(b, &s->out);
    } else {
        const twindow_t *w = s->u.window.spec;
        if (w->kind == WINDOW_batch) b->plan->every_batch = 1;
        else if (!w->by_rows && !w->processing) op->mark = plan_mark(b, &s->in);
        op->slice = plan_slice_behind(b, s);
    }
    tflow_t *late = plan_late_flow(s);
    if (!late) return at;
    place_t out = {.stage = at.stage, .next = &op->next, .branch = op, .arm = 1,
                   .mode = at.mode};
    place_from(b, late, 0, out);
    out.arm = 0;
    return out;
}

/* Where sessions or windows of rows follow a window, its column goes. */
static place_t drop_window(builder_t *b, pop_t *window, tstep_t *s, place_t at) {
    tstep_t *drop = ARENA_NEW(b->a, tstep_t);
    *drop = (tstep_t){.op = OP_drop, .node = s->node, .at = s->at, .used = s->used,
                      .index = s->index, .flow = s->flow, .row_in = s->row_in,
                      .row_out = s->row_out, .in = s->in, .out = s->out};
    int *from = ARENA_ARRAY(b->a, int, s->row_out->nfields + 1);
    for (uint32_t i = 0; i < s->row_out->nfields; i++)
        from[i] = (int)i + ((int)i >= s->in.window_column);
    drop->u.drop.from = from;
    drop->u.drop.n = s->row_out->nfields;
    window->row_out = s->row_in;
    pop_t *op = add_op(b, &at, POP_drop, drop);
    return (place_t){.stage = at.stage, .next = &op->next, .mode = at.mode};
}

/* What enters a `latest … keep` goes to the joins that look for its versions. */
static void place_versions(builder_t *b, tflow_t *f, tstep_t *latest, place_t at) {
    size_t n;
    tflow_t **flows = flows_as_written(b, &n);
    for (size_t k = 0; k < n; k++)
        for (size_t j = 0; j < flows[k]->steps.n; j++)
            if (plan_takes_versions(flows[k]->steps.at[j], f, latest))
                place_join(b, flows[k]->steps.at[j], 1, at);
}

/* Builds step i of the flow, and all behind it, at a place. */
static void place_from(builder_t *b, tflow_t *f, size_t i, place_t at) {
    if (!plan_leads(b, f, i, at.mode)) return;
    for (; i < f->steps.n; i++) {
        tstep_t *s = f->steps.at[i];
        if (s->op == OP_errors) continue; /* found by error_port */
        if (s->op == OP_to || s->op == OP_print) {
            place_sink(b, s, at);
            return;
        }
        if (s->op == OP_branch) {
            place_branch(b, s, at);
            return;
        }
        if (s->op == OP_join && plan_looks_up(b, s)) {
            at = place_lookup(b, s, at);
            if (!plan_leads(b, f, i + 1, at.mode)) return;
            continue;
        }
        if (s->op == OP_join) {
            place_join(b, s, 0, at);
            return;
        }
        if (s->op == OP_repartition && s->in.is_table) continue; /* its root holds it */
        if (plan_reads_versions(b, f, s)) place_versions(b, f, s, at);
        if (is_keyed(s->op)) {
            if (!s->out.is_table || s->in.is_table || plan_leads_any(b, f, i + 1))
                place_keyed(b, s, at);
            return;
        }
        int kind = s->op == OP_union ? POP_union : pop_of(s->op);
        flow_assert(kind >= 0);
        pop_t *op = add_op(b, &at, (pop_kind)kind, s);
        op->error_port = error_port(b, at.stage, f, i + 1);
        at = (place_t){.stage = at.stage, .next = &op->next, .mode = at.mode};
        if (s->op == OP_event_time || s->op == OP_window) at = place_time(b, op, s, at);
        if (s->op == OP_window && s->u.window.column < 0 && s->in.window_column >= 0)
            at = drop_window(b, op, s, at);
        if (!plan_leads(b, f, i + 1, at.mode)) return; /* only late rows are wanted */
    }
    place_readers(b, f, at);
}

/* ---- sources and sinks ---- */

static void add_sink(builder_t *b, tstep_t *s) {
    psink_t *k = ARENA_NEW(b->a, psink_t);
    *k = (psink_t){.id = (int)b->plan->sinks.n, .step = s, .conn = s->u.sink,
                   .step_id = plan_step_id(b, s), .row = s->row_in,
                   .mode = s->in.is_table ? s->u.sink->mode : MODE_append};
    vec_push(b->a, &b->plan->sinks, k);
}

static void add_sinks(builder_t *b) {
    for (size_t i = 0; i < b->plan->program->flows.n; i++) {
        tflow_t *f = b->plan->program->flows.at[i];
        for (size_t j = 0; f->live && j < f->steps.n; j++) {
            tstep_t *s = f->steps.at[j];
            if (s->op == OP_to || s->op == OP_print) add_sink(b, s);
        }
    }
}

static const char *source_label(builder_t *b, tflow_t *f) {
    return arena_printf(b->a, "from %s", source_row(f->source->row)->name);
}

static void add_source(builder_t *b, tflow_t *f) {
    psource_t *src = ARENA_NEW(b->a, psource_t);
    span_t at = f->source->node ? f->source->node->span : f->at;
    *src = (psource_t){.id = (int)b->plan->sources.n, .flow = f, .conn = f->source,
                       .step = add_step(b, at, source_label(b, f))};
    vec_push(b->a, &b->plan->sources, src);
    pstage_t *stage = add_stage(b, ROOT_source, NULL);
    stage->source = src;
    stage->step_id = src->step;
    stage->error_port = error_port(b, stage, f, 0);
    pout_t *out = ARENA_NEW(b->a, pout_t);
    vec_push(b->a, &stage->outs, out);
    place_from(b, f, 0, (place_t){.stage = stage, .next = &out->next});
}

void build_stages(builder_t *b) {
    add_sinks(b);
    for (size_t i = 0; i < b->plan->program->flows.n; i++) {
        tflow_t *f = b->plan->program->flows.at[i];
        if (f->live && f->origin == ORIGIN_source) add_source(b, f);
    }
    plan_sort_stages(b);
}
