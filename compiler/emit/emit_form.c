/* emit_form.c - see emit_form.h.  The types here are those that the code which keeps the
 * values encodes them by. */
#include "compiler/emit/emit_form.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_agg.h"
#include "compiler/emit/emit_fold.h"
#include "compiler/emit/emit_handler.h"
#include "compiler/emit/emit_join.h"
#include "compiler/emit/emit_keyed.h"
#include "compiler/emit/emit_retract.h"
#include "compiler/emit/emit_session.h"
#include "compiler/emit/emit_table.h"
#include "compiler/plan/joins.h"
#include "compiler/types/builtins.h"
#include "runtime/kernel/k_form.h"

static void put_any(buf_t *b) {
    buf_char(b, 'y');
}

/* ---- keys -------------------------------------------------------------------------- */

typedef struct parts {
    type_t **types;
    size_t n;
} parts_t;

static parts_t parts_of_items(gen_t *g, const titem_t *items, size_t n) {
    parts_t p = {.types = ARENA_ARRAY(g->e->arena, type_t *, n + 1), .n = n};
    for (size_t i = 0; i < n; i++) p.types[i] = items[i].type;
    return p;
}

/* In windows a join's entries are keyed by (end, start), and read that back. */
static parts_t parts_of_join(gen_t *g, const tstep_t *s) {
    emit_t *e = g->e;
    size_t n = s->u.join.nkeys;
    parts_t p = {.types = ARENA_ARRAY(e->arena, type_t *, n + 3)};
    int marked = plan_join_marks_none(s);
    if (s->u.join.form != JOINS_windows) return p;
    p.types[p.n++] = type_basic(e->types, TY_TIMESTAMP);
    p.types[p.n++] = type_basic(e->types, TY_TIMESTAMP);
    for (size_t i = 0; i < n; i++) {
        const tpair_t *k = &s->u.join.keys[i];
        p.types[p.n++] = marked && k->optional ? type_option(e->types, k->type) : k->type;
    }
    if (marked) p.types[p.n++] = type_basic(e->types, TY_INT);
    return p;
}

/* The parts of a key that is read back; none: it is not. */
static parts_t key_parts(gen_t *g) {
    const tstep_t *s = g->stage->step;
    switch (g->stage->root) {
    case ROOT_aggregate: return parts_of_items(g, s->u.aggregate.keys, s->u.aggregate.nkeys);
    case ROOT_distinct: return parts_of_items(g, s->u.distinct.keys, s->u.distinct.nkeys);
    case ROOT_top: return parts_of_items(g, s->u.top.keys, s->u.top.nkeys);
    case ROOT_remember: return parts_of_items(g, s->u.remember->keys, s->u.remember->nkeys);
    case ROOT_latest: return parts_of_items(g, s->u.latest.keys, s->u.latest.nkeys);
    case ROOT_join: return parts_of_join(g, s);
    default: return (parts_t){0};
    }
}

/* As emit_key makes it and emit_key_parts reads it. */
static void put_key(gen_t *g, buf_t *b, int int_key) {
    parts_t p = key_parts(g);
    int text = p.n == 1 && (p.types[0]->kind == TY_STRING || p.types[0]->kind == TY_BYTES);
    if (int_key || !p.n || text) {
        put_any(b);
        return;
    }
    /* The key of a record is that of its fields, and a count is one byte. */
    enum { MOST = 255 };
    int many = p.n > MOST;
    flow_assert(p.n <= (size_t)MOST * MOST);
    buf_char(b, 'K');
    buf_char(b, (char)(many ? (p.n + MOST - 1) / MOST : p.n));
    for (size_t i = 0; i < p.n; i++) {
        size_t left = p.n - i;
        if (many && i % MOST == 0) {
            buf_char(b, '{');
            buf_char(b, (char)(left < MOST ? left : MOST));
        }
        if (many) buf_char(b, 0); /* the name */
        type_shape(b, p.types[i]);
    }
}

/* The key in the table of the step that made a row: an int, in 8 bytes, or anything. */
static void put_made_key(buf_t *b, const pstage_t *maker) {
    buf_str(b, maker->state->int_key ? "K\1i" : "y");
}

/* `close` reaches back by the key of what it forgets (emit_forget.c). */
static void put_close_key(gen_t *g, buf_t *b) {
    const pstage_t *maker = emit_maker(g->plan, g->stage);
    const pstage_t *join = emit_closed_join(g->plan, g->stage);
    if (join) { /* of both sides */
        buf_str(b, "K\2?");
        put_made_key(b, join);
        buf_char(b, '?');
        put_made_key(b, join);
    } else if (maker && maker->root == ROOT_top) { /* and the place */
        buf_str(b, "K\2");
        put_made_key(b, maker);
        buf_char(b, 'i');
    } else if (maker) {
        put_made_key(b, maker);
    } else {
        put_any(b);
    }
}

/* ---- rows as they cross ---------------------------------------------------------------- */

static void put_row_head(buf_t *b, int64_t words, uint32_t values) {
    flow_assert(words < 256 && values < 65536);
    buf_char(b, 'R');
    buf_char(b, (char)words);
    buf_char(b, (char)(values & 255));
    buf_char(b, (char)(values >> 8));
}

/* A value as flow_k_row_write keeps it... */
static void put_kept(buf_t *b, const type_t *t) {
    put_row_head(b, 1, 1);
    type_shape(b, t);
}

/* ...or none. */
static void put_value(buf_t *b, const type_t *t) {
    buf_char(b, '?');
    put_kept(b, t);
}

/* A record that crossed; `key`: its first field is the key. */
static void put_crossed(gen_t *g, buf_t *b, const pexchange_t *x, const type_t *record, int key) {
    put_row_head(b, emit_hidden_words(x), record->nfields + (x->entered != 0));
    for (uint32_t i = 0; i < record->nfields; i++) {
        const type_t *t = record->fields[i].type;
        if (!i && key && t->kind == TY_BYTES) put_key(g, b, 0);
        else type_shape(b, t);
    }
    if (x->entered) type_shape(b, emit_entered_type(g, x));
}

static void put_crossed_here(gen_t *g, buf_t *b) {
    pstage_t *st = g->stage;
    if (st->root == ROOT_aggregate) {
        put_crossed(g, b, st->exchange, emit_agg_exchange_row(g, st), 1);
        return;
    }
    shape_t h = emit_keyed_shape(g, st);
    put_crossed(g, b, st->exchange, h.record, h.key == 0);
}

static void put_sides(gen_t *g, buf_t *b) {
    for (int right = 0; right < 2; right++) {
        if (!(right ? g->stage->exchange : g->stage->exchange2)) {
            put_any(b); /* looked up: none of that side is kept */
            continue;
        }
        jside_t h = emit_join_side(g, g->stage, right);
        put_crossed(g, b, h.x, h.record, 0); /* the key is read from the entry */
    }
}

/* ---- aggregates ------------------------------------------------------------------------ */

/* min and max of what is neither a word nor text keep its key (runtime/kernel/k_agg.def). */
static int keeps_key(const agg_call_t *c, aggk_t k) {
    return (c->agg == AGG_min || c->agg == AGG_max) && *k.cls == 'g';
}

static void put_value_key(buf_t *b, const type_t *t) {
    buf_str(b, "K\1");
    type_shape(b, t);
}

/* What a letter of the kernel's layout keeps. */
static void put_letter(gen_t *g, buf_t *b, const agg_call_t *c, aggk_t k, char letter) {
    const type_t *t = emit_agg_value(g->e, c);
    switch (letter) {
    case 'c':
        if (keeps_key(c, k)) {
            buf_char(b, '?');
            put_value_key(b, t);
        } else put_any(b);
        return;
    case 'T':
        if (c->agg == AGG_collect_set) put_value_key(b, t);
        else put_any(b);
        return;
    case 'l':
        if (c->agg == AGG_collect) {
            buf_char(b, 'L');
            type_shape(b, t);
        } else put_any(b);
        return;
    case 'k': put_value_key(b, t); return;
    case 'b': put_value(b, t); return;
    default: return;
    }
}

/* Over a table: keys and rows of the bag. */
static void put_bag(gen_t *g, buf_t *b, const agg_call_t *c) {
    const type_t *t = emit_agg_value(g->e, c);
    if (emit_bag_in_key(c)) {
        put_value_key(b, t);
        put_any(b);
    } else {
        put_any(b);
        put_kept(b, t);
    }
}

static void put_aggregate(gen_t *g, buf_t *b, const agg_call_t *c) {
    emit_t *e = g->e;
    aggk_t k = emit_agg_kernel(e, c);
    if (emit_in_bag(c)) put_bag(g, b, c);
    else if (emit_is_fold(c)) put_value(b, emit_fold_type(e, c));
    else if (*k.layout == 'B') { /* by time: joined texts stand as they are */
        put_any(b);
        if (c->agg == AGG_concat) put_any(b);
        else put_value(b, emit_agg_value(e, c));
    } else
        for (const char *p = k.layout; *p; p++) put_letter(g, b, c, k, *p);
}

/* A row of partial states, as sessions keep it. */
static void put_part(gen_t *g, buf_t *b, const type_t *record) {
    emit_t *e = g->e;
    pstage_t *st = g->stage;
    const tstep_t *s = st->step;
    put_row_head(b, 1 + (st->exchange->timed != 0), record->nfields);
    if (record->fields[0].type->kind == TY_BYTES) put_key(g, b, 0);
    else type_shape(b, record->fields[0].type);
    uint32_t at = emit_agg_first_column(s);
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        const agg_call_t *c = s->u.aggregate.aggs[i];
        aggk_t k = emit_agg_kernel(e, c);
        for (const char *p = k.partial; *p; p++) {
            if (*p == '?' || *p == '[') continue;
            const type_t *t = record->fields[at++].type;
            if (keeps_key(c, k)) {
                buf_char(b, '?');
                put_value_key(b, emit_agg_value(e, c));
            } else {
                type_shape(b, t);
            }
        }
    }
    flow_assert(at == record->nfields);
}

/* ---- states, in the order of their layouts (emit_layout.c) ---------------------------------- */

static void put_aggregate_state(gen_t *g, buf_t *b) {
    const pstage_t *st = g->stage;
    const tstep_t *s = st->step;
    int by_rows = plan_by_rows(s);
    if (by_rows && s->in.window->kind == WINDOW_sliding) {
        put_crossed_here(g, b);
        return;
    }
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) put_aggregate(g, b, s->u.aggregate.aggs[i]);
    if (!by_rows && emit_agg_remembers(st)) put_value(b, emit_agg_items_type(g));
}

static void put_top_state(gen_t *g, buf_t *b) {
    if (plan_by_rows(g->stage->step)) {
        put_crossed_here(g, b);
        return;
    }
    if (g->stage->exchange->signs) {
        put_any(b);
        put_value(b, emit_keyed_shape(g, g->stage).row);
    } else {
        put_crossed_here(g, b);
    }
    if (emit_shows_changes(g->stage)) put_value(b, emit_top_seen_type(g));
}

static void put_own_state(gen_t *g, buf_t *b) {
    const tremember_t *r = g->stage->step->u.remember;
    if (r->by) put_crossed_here(g, b);
    const char *layout = emit_own_layout(g->e, r);
    for (size_t i = 0; *layout; layout++) {
        if (*layout != 'c' && *layout != 'b') continue;
        while (emit_is_flat(r->state[i]->type)) i++; /* these stand as words */
        if (*layout == 'c') put_any(b);
        else put_value(b, r->state[i]->type);
        i++;
    }
}

/* Where a row is always there, its reader does not ask. */
static void put_table_row(gen_t *g, buf_t *b, int may_miss) {
    if (may_miss) put_value(b, emit_table_row_type(g));
    else put_kept(b, emit_table_row_type(g));
}

void emit_state_forms(gen_t *g, buf_t *b) {
    const pstage_t *st = g->stage;
    if (st->root == ROOT_close) put_close_key(g, b);
    else put_key(g, b, st->state->int_key);
    switch (st->root) {
    case ROOT_aggregate: put_aggregate_state(g, b); return;
    case ROOT_top:
    case ROOT_sort: put_top_state(g, b); return;
    case ROOT_distinct:
        if (plan_by_rows(st->step)) put_crossed_here(g, b);
        return;
    case ROOT_latest:
        put_any(b);
        put_table_row(g, b, st->refresh >= 0);
        return;
    case ROOT_close: put_table_row(g, b, emit_close_has_late(g)); return;
    case ROOT_remember: put_own_state(g, b); return;
    case ROOT_join: put_sides(g, b); return;
    case ROOT_limit:
    case ROOT_changes:
    case ROOT_repartition:
    case ROOT_errors:
    case ROOT_source: return;
    }
}

void emit_session_forms(gen_t *g, buf_t *b) {
    put_key(g, b, g->stage->sessions->int_key);
    put_crossed_here(g, b);
    const type_t *part = emit_session_part(g);
    if (part) put_part(g, b, part);
    else put_crossed_here(g, b); /* nothing is merged */
    if (g->stage->root == ROOT_aggregate) put_value(b, emit_agg_items_type(g));
    else put_any(b);
}

int emit_forms_count(const buf_t *forms) {
    const uint8_t *p = (const uint8_t *)buf_text(forms), *end = p + forms->n;
    int n = 0;
    for (; p < end; n++) p = k_form_skip(p);
    flow_assert(p == end);
    return n;
}
