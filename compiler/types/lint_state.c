/* lint_state.c - state that grows for ever (E29): what a step keeps for every key of an input
 * that never ends, and about how much. */
#include "compiler/base/check.h"
#include "compiler/types/builtins.h"
#include "compiler/types/const.h"
#include "compiler/types/join_keys.h"
#include "compiler/types/step_check.h"

/* Keys without end: not those of a few values. */
static int grows(const titem_t *keys, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const type_t *t = type_strip(keys[i].type);
        if (t->kind != TY_BOOL && !type_is_enum(t)) return 1;
    }
    return 0;
}

/* ---- about how much ---- */

/* Words of an aggregate's state, beside the values that some keep. */
static uint32_t agg_words(const agg_call_t *a) {
    const type_t *t = a->nargs && a->args[0] ? type_strip(a->args[0]->type) : NULL;
    uint32_t wide = t && (t->kind == TY_FLOAT || t->kind == TY_DECIMAL) ? 3 : 1;
    switch (a->agg) {
    case AGG_count: return 1;
    case AGG_sum: return wide;
    case AGG_min:
    case AGG_max: /* whether there is a value is known, or a word */
        if (!t || t->words > 1) return 3;
        return 1 + (a->result->kind == TY_OPTION);
    case AGG_avg: return wide + 1;
    case AGG_variance:
    case AGG_stddev: return 7;
    case AGG_covar: return 10;
    case AGG_corr: return 16;
    default: return 2;
    }
}

/* The bytes of an entry: its key (text of up to 12 bytes lies in it), its place in the index,
 * the words of state. */
static uint32_t entry_bytes(const tstep_t *s, const titem_t *keys, size_t n) {
    uint32_t words = 1, row = s->row_in->words + 1;
    const type_t *k = n == 1 ? keys[0].type : NULL;
    words += k && k->words == 1 ? 1 : 2;
    if (s->op == OP_latest) words += 6 + row;
    for (size_t i = 0; s->op == OP_remember && i < s->u.remember->nstate; i++)
        words += s->u.remember->state[i]->type->words;
    if (s->op == OP_top) {
        uint64_t most = s->u.top.count_value ? s->u.top.count_value->w[0] : 1;
        words += 4 + (uint32_t)(most < 1000 ? most : 1000) * (row + 5);
    }
    for (size_t i = 0; s->op == OP_aggregate && i < s->u.aggregate.naggs; i++)
        words += agg_words(s->u.aggregate.aggs[i]);
    return 8 * words;
}

/* ---- `close at` ends it ---- */

static int looks_at_one_row(op_id op) {
    return op == OP_where || op == OP_select || op == OP_let || op == OP_drop;
}

/* Is there a step before place i that makes a table of a stream, one row a key, for nobody
 * but what stands at i? */
static int is_made_for(const tflow_t *f, size_t i) {
    for (;;) {
        while (i-- > 0) {
            const tstep_t *s = f->steps.at[i];
            if (s->op == OP_aggregate || s->op == OP_latest)
                return !s->in.is_table && !s->in.window;
            if (!looks_at_one_row(s->op)) return 0;
        }
        if (f->origin != ORIGIN_flow || f->from->readers != 1) return 0;
        f = f->from;
        i = f->steps.n;
    }
}

/* When a row of the join has left, do both sides forget theirs? */
static int join_forgets(const tstep_t *s) {
    const tflow_t *right = s->u.join.right;
    return join_is_by_keys(s) && is_made_for(s->flow, (size_t)s->index) && right->readers == 1 &&
           is_made_for(right, right->steps.n);
}

/* ... and does each row of that side leave, be it alone? */
static int join_gives_all(const tstep_t *s, int right) {
    int kind = s->u.join.kind;
    return kind == JOIN_FULL || kind == (right ? JOIN_RIGHT : JOIN_LEFT);
}

/* The live step that reads the flow as the other side of a join of tables, or null. */
static const tstep_t *joined_by(const program_t *p, const tflow_t *f) {
    for (size_t i = 0; i < p->flows.n; i++) {
        const tflow_t *g = p->flows.at[i];
        for (size_t k = 0; g->live && k < g->steps.n; k++) {
            const tstep_t *s = g->steps.at[k];
            if (s->op == OP_join && s->u.join.form == JOINS_tables && s->u.join.right == f)
                return s;
        }
    }
    return NULL;
}

/* Do steps from place i of the flow lead to a `close`?  held becomes the first of them behind
 * which a row may never leave. */
static int leads_to_close(const program_t *p, const tflow_t *f, size_t i, const tstep_t **held) {
    for (; i < f->steps.n; i++) {
        const tstep_t *s = f->steps.at[i];
        int join = s->op == OP_join && s->u.join.form == JOINS_tables;
        if (s->op == OP_close) return 1;
        if (!join && !looks_at_one_row(s->op)) return 0;
        int holds = join ? !join_forgets(s) || !join_gives_all(s, 0) : s->op == OP_where;
        if (holds && !*held) *held = s;
    }
    if (f->readers != 1) return 0;
    for (size_t k = 0; k < p->flows.n; k++) {
        const tflow_t *g = p->flows.at[k];
        if (g->origin == ORIGIN_flow && g->from == f && g->live)
            return leads_to_close(p, g, 0, held);
    }
    const tstep_t *join = joined_by(p, f);
    if (!join) return 0;
    if (!*held && (!join_forgets(join) || !join_gives_all(join, 1))) *held = join;
    return leads_to_close(p, join->flow, (size_t)join->index + 1, held);
}

/* Why the step at `held` keeps rows for ever, and a way out. */
static void explain_held(check_t *c, diag_t *d, const tstep_t *held, span_t at) {
    const char *where = diag_where(c->diags, held->at, at);
    if (held->op == OP_where) {
        diag_note(d, "what `where` at %s keeps from `close at` never leaves", where);
        diag_help(d, "put that `where` behind `close at`, or silence this with `set unbounded "
                     "= true`");
    } else if (join_forgets(held)) {
        diag_note(d, "a row that finds no other in `join` at %s never leaves", where);
        diag_help(d, "a `full join` gives such rows, too; or silence this with `set unbounded "
                     "= true`");
    } else {
        diag_note(d, "a row that has left in one pair of `join` at %s may yet be in another", where);
        diag_help(d, "join by the whole keys of both sides, where each has one row a key, or "
                     "silence this\nwith `set unbounded = true`");
    }
}

/* The rows of a `file` that is read anew replace those of the `latest` behind it. */
static int is_refreshed(const tstep_t *s) {
    const tflow_t *f = s->flow;
    while (f->origin == ORIGIN_flow) f = f->from;
    return s->op == OP_latest && f->origin == ORIGIN_source && f->source->row == SOURCE_file;
}

/* A key goes when its row, or all its rows of `top`, have left. */
static int is_closed(const program_t *p, const tstep_t *s, const tstep_t **held) {
    int makes = s->op == OP_aggregate || s->op == OP_latest || s->op == OP_top;
    if (makes && leads_to_close(p, s->flow, (size_t)s->index + 1, held)) return !*held;
    *held = NULL;
    return 0;
}

/* ---- the lint ---- */

static const titem_t *keys_of(const tstep_t *s, size_t *n) {
    switch (s->op) {
    case OP_aggregate: *n = s->u.aggregate.nkeys; return s->u.aggregate.keys;
    case OP_top: *n = s->u.top.nkeys; return s->u.top.keys;
    case OP_latest: *n = s->u.latest.nkeys; return s->u.latest.keys;
    case OP_remember: *n = s->u.remember->nkeys; return s->u.remember->keys;
    case OP_distinct: *n = s->u.distinct.nkeys; return s->u.distinct.keys;
    default: *n = 0; return NULL;
    }
}

static int remember_forgets(const tremember_t *r) {
    for (size_t i = 0; i < r->nhandlers; i++) {
        const ast_handler_t *h = AST(handler, r->handlers[i].node);
        for (size_t k = 0; k < h->stmts.n; k++)
            if (h->stmts.at[k]->kind == AST_stmt_forget) return 1;
    }
    return 0;
}

static void warn_unbounded(sema_t *m, const tstep_t *s) {
    check_t *c = m->c;
    if (s->in.bounded || s->in.windowed != WINDOW_NONE || s->in.limited || s->in.is_table)
        return;
    if (s->op == OP_distinct && s->u.distinct.within) return;
    if (s->op == OP_remember && remember_forgets(s->u.remember)) return;
    size_t n;
    const tstep_t *held = NULL;
    const titem_t *keys = keys_of(s, &n);
    int rows = s->op == OP_distinct && !n; /* of each different row */
    if ((!rows && !grows(keys, n)) || is_closed(m->p, s, &held) || is_refreshed(s)) return;
    buf_t names;
    buf_init(&names, c->arena);
    for (size_t i = 0; i < n; i++)
        buf_printf(&names, "%s%s", i ? ", " : "",
                   keys[i].name ? keys[i].name : diag_source(c->diags, keys[i].expr->span));
    if (rows) buf_str(&names, "row");
    diag_t *d = diag_add(c->diags, DIAG_unbounded_state, s->at, buf_text(&names));
    diag_note(d, "about %u bytes for each, and longer texts", entry_bytes(s, keys, n));
    if (held)
        explain_held(c, d, held, s->at);
    else if (s->op == OP_remember)
        diag_help(d, "drop what is old: `on idle 1d { forget }`, or silence this with "
                     "`set unbounded = true`");
    else
        diag_help(d, "add a window, or `close at`, or silence this with `set unbounded = true`");
}

void lint_state(sema_t *m) {
    for (size_t i = 0; i < m->p->settings.n; i++) {
        const tsetting_t *s = &m->p->settings.at[i];
        if (s->id == SETTING_unbounded && (!s->value || s->value->w[0])) return;
    }
    for (size_t i = 0; i < m->p->flows.n; i++) {
        const tflow_t *f = m->p->flows.at[i];
        for (size_t k = 0; f->live && k < f->steps.n; k++) warn_unbounded(m, f->steps.at[k]);
    }
}
