/* schema.c - what each state is called and what its rows mean, for checkpoints, and what
 * sources and `event_time` steps are called: so that a program that has been changed finds
 * the state that is still its own, and no other.
 *
 * The id is the flow's name and the step's word: "totals/aggregate".  Pipelines without a
 * name are all "pipeline"; where several states have the same id and the same schema they
 * are numbered in the order of the text ("#2").
 *
 * The schema says what a changed program must agree on: names and types of keys, what is
 * aggregated by type (and by name where another order could not be told), the rows that
 * are kept, windows and bounds.  Expressions are not part of it, so that one may be
 * mended; nor are names and places of the columns that come out. */
#include "compiler/plan/build.h"
#include "compiler/plan/plan_text.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/syntax/ast.h"
#include "compiler/syntax/literal.h"
#include "compiler/types/builtins.h"
#include "compiler/types/const.h"
#include "compiler/types/def.h"
#include "compiler/types/tables.h"

typedef VEC(const char *) names_t;

typedef struct schema {
    builder_t *b;
    buf_t out;
    names_t *params; /* that are read */
} schema_t;

/* ---- types ---- */

/* Declared types by what they are made of; a declaration that contains itself would not
 * end, so below the fourth level their names do. */
static void put_type(buf_t *b, const type_t *t, int depth) {
    switch (t->kind) {
    case TY_OPTION:
        put_type(b, t->elem, depth);
        buf_char(b, '?');
        break;
    case TY_LIST:
        buf_char(b, '[');
        put_type(b, t->elem, depth);
        buf_char(b, ']');
        break;
    case TY_MAP:
        buf_char(b, '<');
        put_type(b, t->key, depth);
        buf_str(b, ": ");
        put_type(b, t->elem, depth);
        buf_char(b, '>');
        break;
    case TY_RECORD:
    case TY_UNION:
        if (t->kind == TY_UNION || depth > 4) buf_str(b, t->name ? t->name : "");
        if (depth > 4) break;
        buf_str(b, t->kind == TY_UNION ? "(" : "{ ");
        for (uint32_t i = 0; i < t->nfields; i++) {
            buf_printf(b, "%s%s: ", i ? ", " : "", t->fields[i].name);
            put_type(b, t->fields[i].type, depth + 1);
        }
        buf_str(b, t->kind == TY_UNION ? ")" : " }");
        break;
    default: type_print(b, t);
    }
}

static void part(schema_t *s, const char *word) {
    buf_printf(&s->out, "%s%s", s->out.n ? "; " : "", word);
}

/* The columns of a row that are carried (live: or null for all). */
static void put_row(schema_t *s, const char *word, const type_t *row, const unsigned char *live) {
    int n = 0;
    part(s, word);
    buf_str(&s->out, " {");
    for (uint32_t i = 0; i < row->nfields; i++) {
        if (live && !live[i]) continue;
        buf_printf(&s->out, "%s%s: ", n++ ? ", " : " ", row->fields[i].name);
        put_type(&s->out, row->fields[i].type, 0);
    }
    buf_str(&s->out, n ? " }" : "}");
}

/* ---- constants ---- */

static void note_params(node_t **at, void *env) {
    schema_t *s = env;
    node_t *n = *at;
    if (n->kind == AST_name && n->def && n->def->kind == DEF_PARAM) {
        for (size_t i = 0; i < s->params->n; i++)
            if (s->params->at[i] == n->def->name) return;
        vec_push(s->b->a, s->params, n->def->name);
    }
    ast_walk(n, note_params, env);
}

static void put_source(schema_t *s, node_t *n) {
    plan_span_text(&s->out, s->b->sources, n->span);
    note_params(&n, s);
}

/* A bound: its value where it is known, else its text; then the runtime adds what the
 * params in it are. */
static void put_bound(schema_t *s, const char *word, node_t *n, const struct cval *value) {
    if (!n) return;
    buf_printf(&s->out, "%s%s", *word ? " " : "", word);
    buf_char(&s->out, ' ');
    if (value && value->type->kind == TY_DURATION)
        duration_put(&s->out, (int64_t)value->w[0]);
    else if (value && value->type->kind == TY_INT)
        buf_printf(&s->out, "%lld", (long long)value->w[0]);
    else
        put_source(s, n);
}

static void put_window(schema_t *s, const pstage_t *stage) {
    const tstep_t *step = stage->step;
    const twindow_t *w = step->in.window;
    if (!w || step->in.windowed == WINDOW_NONE) return;
    part(s, "window ");
    buf_str(&s->out, window_at(w->kind)->spelling);
    put_bound(s, "", w->size, w->size_value);
    put_bound(s, "every", w->every, w->every_value);
    put_bound(s, "offset", w->offset, w->offset_value);
    put_bound(s, "early", w->early, w->early_value);
    put_bound(s, "lateness", w->lateness, w->lateness_value);
    if (w->by_rows) buf_str(&s->out, " rows");
    if (w->processing) buf_str(&s->out, " on processing_time");
    if (!stage->slice) return;
    buf_str(&s->out, " in slices");
    if (stage->slice == PLAN_SLICE_LATER) return;
    buf_str(&s->out, " of ");
    duration_put(&s->out, stage->slice);
}

/* ---- steps ---- */

static void put_keys(schema_t *s, const titem_t *keys, size_t n) {
    if (!n) return;
    part(s, "by ");
    for (size_t i = 0; i < n; i++) {
        if (i) buf_str(&s->out, ", ");
        if (keys[i].name) buf_str(&s->out, keys[i].name);
        else plan_span_text(&s->out, s->b->sources, keys[i].expr->span);
        buf_str(&s->out, ": ");
        put_type(&s->out, keys[i].type, 0);
    }
}

static void put_table_keys(schema_t *s, const tprops_t *p) {
    for (size_t i = 0; i < p->nkeys; i++) {
        buf_printf(&s->out, "%s%s: ", i ? ", " : s->out.n ? "; by " : "by ",
                   p->keys[i].name ? p->keys[i].name : "...");
        put_type(&s->out, p->keys[i].type, 0);
    }
}

static void put_orders(schema_t *s, const char *word, const torder_t *by, size_t n) {
    if (!n) return;
    part(s, word);
    for (size_t i = 0; i < n; i++) {
        buf_str(&s->out, i ? ", " : " ");
        plan_span_text(&s->out, s->b->sources, by[i].expr->span);
        buf_str(&s->out, ": ");
        put_type(&s->out, by[i].expr->type, 0);
        if (by[i].desc) buf_str(&s->out, " desc");
    }
}

/* Where rows are kept, and not what they come to, whether one may not count is part of them. */
static void put_agg(schema_t *s, const tstep_t *step, const agg_call_t *a) {
    buf_printf(&s->out, "%s(", agg_at(a->agg)->spelling);
    for (uint32_t i = 0, n = 0; i < a->nargs; i++) {
        if (!a->args[i]) continue;
        if (n++) buf_str(&s->out, ", ");
        if (a->kinds[i] == AGG_ARG_row) put_type(&s->out, a->arg_types[i], 0);
        else put_source(s, a->args[i]);
    }
    buf_str(&s->out, a->by_time ? ") by time" : ")");
    if (a->when && (plan_sessions(step) || plan_by_rows(step))) buf_str(&s->out, " when");
    if (a->retracts) buf_str(&s->out, " over changes");
    buf_str(&s->out, ": ");
    put_type(&s->out, a->result, 0);
}

typedef struct search {
    const node_t *node;
    int found;
} search_t;

static void look_for(node_t **at, void *env) {
    search_t *s = env;
    if (*at == s->node) s->found = 1;
    else ast_walk(*at, look_for, env);
}

/* The column that the aggregate's value goes into. */
static const char *item_of(const tstep_t *step, const agg_call_t *a) {
    for (size_t i = 0; i < step->u.aggregate.nitems; i++) {
        search_t search = {a->call, 0};
        node_t *n = step->u.aggregate.items[i].expr;
        look_for(&n, &search);
        if (search.found && step->u.aggregate.items[i].name)
            return step->u.aggregate.items[i].name;
    }
    return "";
}

/* Each with its column where another of the step looks the same: they could change places
 * without a trace. */
static void put_aggregates(schema_t *s, const tstep_t *step) {
    size_t n = step->u.aggregate.naggs;
    const char **texts = ARENA_ARRAY(s->b->a, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        schema_t one = {.b = s->b, .params = s->params};
        buf_init(&one.out, s->b->a);
        put_agg(&one, step, step->u.aggregate.aggs[i]);
        texts[i] = buf_text(&one.out);
    }
    for (size_t i = 0; i < n; i++) {
        int twin = 0;
        for (size_t k = 0; k < n; k++) twin |= k != i && !strcmp(texts[i], texts[k]);
        buf_str(&s->out, i ? ", " : s->out.n ? "; " : "");
        if (twin) buf_printf(&s->out, "%s = ", item_of(step, step->u.aggregate.aggs[i]));
        buf_str(&s->out, texts[i]);
    }
}

static void put_join(schema_t *s, const pstage_t *stage) {
    static const char *const forms[] = {"streams", "windows", "a table", "a table as of",
                                        "tables"};
    const tstep_t *step = stage->step;
    const type_t *right = step->u.join.there;
    part(s, ast_join_kind_text(step->u.join.kind));
    buf_printf(&s->out, " join of %s on ", forms[step->u.join.form]);
    for (size_t i = 0; i < step->u.join.nkeys; i++) {
        const tpair_t *k = &step->u.join.keys[i];
        if (i) buf_str(&s->out, ", ");
        plan_span_text(&s->out, s->b->sources, k->left->span);
        buf_str(&s->out, " == ");
        plan_span_text(&s->out, s->b->sources, k->right->span);
        buf_str(&s->out, ": ");
        put_type(&s->out, k->type, 0);
    }
    if (step->u.join.forever) buf_str(&s->out, " for ever");
    put_bound(s, "from", step->u.join.lo, step->u.join.lo_value);
    put_bound(s, "to", step->u.join.hi, step->u.join.hi_value);
    put_row(s, "left", step->row_in, stage->live);
    if (right) put_row(s, "right", right, stage->live2);
}

static void put_remember(schema_t *s, const pstage_t *stage) {
    const tremember_t *r = stage->step->u.remember;
    put_keys(s, r->keys, r->nkeys);
    part(s, "state {");
    for (size_t i = 0; i < r->nstate; i++) {
        buf_printf(&s->out, "%s%s: ", i ? ", " : " ", r->state[i]->name);
        put_type(&s->out, r->state[i]->type, 0);
    }
    buf_str(&s->out, r->nstate ? " }" : "}");
    if (r->by) put_row(s, "by time, rows that wait", stage->step->row_in, stage->live);
}

/* What rows that are kept as they crossed have beside their columns: their time (in sessions
 * all have), and how they entered the windows that they may have to leave again. */
static void put_crossed(schema_t *s, const pstage_t *stage) {
    const tstep_t *step = stage->step;
    const pexchange_t *x = stage->exchange, *x2 = stage->exchange2;
    int join = stage->root == ROOT_join;
    if (join && x2 && x2->timed) part(s, "left with times");
    if (join && x && x->timed) part(s, "right with times");
    if (plan_by_rows(step) && x->timed) part(s, "rows with times");
    if (!stage->sessions || !x->entered) return;
    for (size_t i = 0; i < stage->nlates; i++) {
        const plate_t *late = &stage->lates[i];
        put_row(s, late->late.n ? "late into" : "late", late->window->step->row_in, NULL);
    }
}

static void put_step(schema_t *s, const pstage_t *stage) {
    const tstep_t *step = stage->step;
    switch (stage->root) {
    case ROOT_aggregate:
        put_keys(s, step->u.aggregate.keys, step->u.aggregate.nkeys);
        put_aggregates(s, step);
        break;
    case ROOT_distinct:
        put_keys(s, step->u.distinct.keys, step->u.distinct.nkeys);
        if (!step->u.distinct.nkeys) put_row(s, "rows", step->row_in, NULL);
        if (stage->sessions || plan_by_rows(step)) put_row(s, "kept", step->row_in, stage->live);
        if (step->u.distinct.within) part(s, "within");
        put_bound(s, "", step->u.distinct.within, step->u.distinct.within_value);
        break;
    case ROOT_top:
        put_keys(s, step->u.top.keys, step->u.top.nkeys);
        put_orders(s, "ordered by", step->u.top.by, step->u.top.n);
        if (!stage->exchange->signs) part(s, step->u.top.ties ? "best with ties" : "best");
        if (!stage->exchange->signs) put_bound(s, "", step->u.top.count, step->u.top.count_value);
        put_row(s, "rows", step->row_in, stage->live);
        break;
    case ROOT_sort:
        put_orders(s, "ordered by", step->u.sort.by, step->u.sort.n);
        put_row(s, "rows", step->row_in, stage->live);
        break;
    case ROOT_latest:
        put_keys(s, step->u.latest.keys, step->u.latest.nkeys);
        put_orders(s, "newest by", step->u.latest.by, step->u.latest.n);
        put_row(s, "rows", step->row_in, stage->live);
        break;
    case ROOT_close:
    case ROOT_changes:
        put_table_keys(s, &step->in);
        put_row(s, "rows", step->row_in, stage->live);
        break;
    case ROOT_remember: put_remember(s, stage); break;
    case ROOT_join: put_join(s, stage); break;
    case ROOT_limit: part(s, "rows counted"); break;
    case ROOT_repartition:
    case ROOT_errors:
    case ROOT_source: break;
    }
    put_window(s, stage);
    put_crossed(s, stage);
    if (stage->exchange && stage->exchange->signs && stage->root != ROOT_join)
        part(s, "over a table");
}

/* Where somebody is told what has changed, `aggregate` and `top` remember what they gave:
 * values of the columns that come out, by place. */
static void put_given(schema_t *s, const pstage_t *stage) {
    const tstep_t *step = stage->step;
    int remembers = stage->sessions && plan_revised(step); /* whoever is told */
    if (stage->root != ROOT_aggregate && stage->root != ROOT_top) return;
    for (size_t i = 0; i < stage->outs.n; i++) {
        sink_mode mode = stage->outs.at[i]->mode;
        remembers |= mode == MODE_update || mode == MODE_changes;
    }
    if (!remembers) return;
    size_t first = stage->root == ROOT_aggregate ? step->u.aggregate.nkeys : 0;
    part(s, "gave");
    for (size_t i = first; i < step->row_out->nfields; i++) {
        buf_str(&s->out, i > first ? ", " : " ");
        put_type(&s->out, step->row_out->fields[i].type, 0);
    }
}

/* ---- all states ---- */

static const char *flow_name(const tstep_t *step) {
    return step->flow && step->flow->name ? step->flow->name : "pipeline";
}

static const char *numbered(builder_t *b, const char *id, int n) {
    return n > 1 ? arena_printf(b->a, "%s#%d", id, n) : id;
}

static void name_state(builder_t *b, const pstage_t *stage, pstate_t *st, const char *suffix) {
    names_t params = {0};
    schema_t s = {.b = b, .params = &params};
    const char *id = arena_printf(b->a, "%s/%s%s", flow_name(stage->step),
                                  op_at(stage->step->op)->spelling, suffix);
    int same = 1;
    buf_init(&s.out, b->a);
    put_step(&s, stage);
    put_given(&s, stage);
    if (*suffix) part(&s, suffix + 1);
    st->schema = buf_text(&s.out);
    st->params = "";
    for (size_t i = 0; i < params.n; i++)
        st->params = arena_printf(b->a, "%s%s%s", st->params, i ? "," : "", params.at[i]);
    for (size_t i = 0; i < b->plan->states.n; i++) {
        const pstate_t *o = b->plan->states.at[i];
        if (o == st || !o->sid) continue;
        size_t n = strlen(id);
        if (!strncmp(o->sid, id, n) && (!o->sid[n] || o->sid[n] == '#') &&
            !strcmp(o->schema, st->schema))
            same++;
    }
    st->sid = numbered(b, id, same);
}

/* A position is called by the flow's name; without one what is read is part of it. */
static void name_source(builder_t *b, size_t index) {
    psource_t *s = b->plan->sources.at[index];
    const char *flow = s->flow->name;
    int same = 1;
    buf_t schema;
    buf_init(&schema, b->a);
    buf_printf(&schema, "from %s", source_row((source_id)s->conn->row)->name);
    if (!flow && s->conn->pos) {
        buf_char(&schema, '(');
        plan_span_text(&schema, b->sources, s->conn->pos->span);
        buf_char(&schema, ')');
    }
    s->schema = buf_text(&schema);
    for (size_t i = 0; i < index; i++) {
        const psource_t *o = b->plan->sources.at[i];
        same += o->flow->name == flow && (flow || !strcmp(o->schema, s->schema));
    }
    s->sid = numbered(b, arena_printf(b->a, "%s/from", flow ? flow : "pipeline"), same);
}

static void name_time(builder_t *b, size_t index) {
    ptime_t *t = &b->plan->times.at[index];
    const char *flow = t->step->flow->name;
    int same = 1;
    for (size_t i = 0; i < index; i++) same += b->plan->times.at[i].step->flow->name == flow;
    t->sid = numbered(b, arena_printf(b->a, "%s/event_time", flow ? flow : "pipeline"), same);
}

void plan_schemas(builder_t *b) {
    for (size_t i = 0; i < b->plan->sources.n; i++) name_source(b, i);
    for (size_t i = 0; i < b->plan->times.n; i++) name_time(b, i);
    for (size_t i = 0; i < b->plan->states.n; i++) {
        pstate_t *st = b->plan->states.at[i];
        for (size_t k = 0; k < b->plan->stages.n; k++) {
            const pstage_t *stage = b->plan->stages.at[k];
            if (stage->state == st) name_state(b, stage, st, "");
            else if (stage->sessions == st) name_state(b, stage, st, ".sessions");
        }
        flow_assert(st->sid);
    }
}
