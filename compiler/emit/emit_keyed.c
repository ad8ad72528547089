/* emit_keyed.c - distinct, top, sort and limit: before and behind their exchange.
 *
 * What crosses is a record of what the step needs - the key of distinct and top, the sort
 * key of top and sort - and of the columns that somebody reads behind it.
 *   distinct  the first row of a key goes on at once; the table holds the keys
 *   limit     one partition; a counter
 *   top       per key the candidates of k_top.h
 *   sort      top without a bound, in one partition */
#include "compiler/emit/emit_stage.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/emit_time.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/def.h"

typedef struct shape {
    int key, order;   /* fields of the record, or -1 */
    int window;       /* of a paned root: its field */
    uint32_t columns; /* the first column's field */
    int *carried;     /* places in row_in, -1 closes */
    type_t *record;
} shape_t;

/* The window crosses as a field of its own. */
static int is_pane_column(const tstep_t *s, uint32_t column) {
    return plan_paned(s) && (int)column == s->in.window_column;
}

/* Which columns of the step's row cross, by place; -1 closes the list. */
static int *carried_columns(gen_t *g, pstage_t *stage) {
    const type_t *row = stage->step->row_in;
    int *out = ARENA_ARRAY(g->e->arena, int, row->nfields + 1);
    uint32_t n = 0;
    for (uint32_t i = 0; i < row->nfields; i++)
        if (stage->live[i] && !is_pane_column(stage->step, i)) out[n++] = (int)i;
    out[n] = -1;
    return out;
}

static shape_t shape_of(gen_t *g, pstage_t *stage) {
    emit_t *e = g->e;
    tstep_t *s = stage->step;
    shape_t h = {.key = -1, .order = -1, .window = -1, .carried = carried_columns(g, stage)};
    field_t *fields = ARENA_ARRAY(e->arena, field_t, s->row_in->nfields + 4);
    uint32_t n = 0;
    if (s->op == OP_distinct || s->op == OP_top || s->op == OP_remember) {
        h.key = (int)n;
        fields[n++] = (field_t){
            .name = "key",
            .type = type_basic(e->types, stage->state->int_key ? TY_INT : TY_BYTES)};
    }
    if (s->op == OP_sort || s->op == OP_top) {
        h.order = (int)n;
        fields[n++] = (field_t){.name = "order", .type = type_basic(e->types, TY_BYTES)};
    }
    if (plan_paned(s)) {
        h.window = (int)n;
        fields[n++] = emit_window_field(g);
    }
    h.columns = n;
    for (int *c = h.carried; *c >= 0; c++)
        fields[n++] = (field_t){.name = arena_printf(e->arena, "c%d", *c),
                                .type = s->row_in->fields[*c].type};
    h.record = type_record(e->types, NULL, fields, n);
    return h;
}

static titem_t *keys_of(tstep_t *s, size_t *n) {
    switch (s->op) {
    case OP_distinct: *n = s->u.distinct.nkeys; return s->u.distinct.keys;
    case OP_top: *n = s->u.top.nkeys; return s->u.top.keys;
    case OP_remember: *n = s->u.remember->nkeys; return s->u.remember->keys;
    default: *n = 0; return NULL;
    }
}

static torder_t *orders_of(tstep_t *s, size_t *n) {
    *n = s->op == OP_sort ? s->u.sort.n : s->op == OP_top ? s->u.top.n : 0;
    return s->op == OP_sort ? s->u.sort.by : s->op == OP_top ? s->u.top.by : NULL;
}

static gkey_t step_key(gen_t *g, tstep_t *s, const val_t *cols, int int_key) {
    emit_t *e = g->e;
    size_t n;
    titem_t *keys = keys_of(s, &n);
    if (s->op == OP_distinct && !n) return emit_key(g, cols, s->row_in->nfields, int_key);
    val_t *parts = ARENA_ARRAY(e->arena, val_t, n + 1);
    for (size_t i = 0; i < n; i++) parts[i] = emit_expr_as(e, keys[i].expr, keys[i].type);
    return emit_key(g, parts, n, int_key);
}

static val_t order_value(gen_t *g, tstep_t *s) {
    emit_t *e = g->e;
    size_t n;
    torder_t *by = orders_of(s, &n);
    val_t *parts = ARENA_ARRAY(e->arena, val_t, n + 1);
    int *desc = ARENA_ARRAY(e->arena, int, n + 1);
    for (size_t i = 0; i < n; i++) {
        parts[i] = emit_expr(e, by[i].expr);
        desc[i] = by[i].desc;
    }
    gkey_t k = emit_sort_key(g, parts, desc, n);
    return val_text(e, type_basic(e->types, TY_BYTES), k.ptr, k.len);
}

void emit_keyed_send(gen_t *g, pop_t *op, val_t *cols) {
    emit_t *e = g->e;
    tstep_t *s = op->step;
    pstage_t *stage = g->plan->stages.at[op->port->exchange->consumer];
    shape_t h = shape_of(g, stage);
    LLVMBasicBlockRef next = ir_block(e, "sent");
    val_t *fields = ARENA_ARRAY(e->arena, val_t, h.record->nfields + 1);
    gkey_t key = {.is_int = 1};
    fail_t fail;
    emit_guard_open(g, &fail, "key.error");
    if (h.key >= 0) {
        key = step_key(g, s, cols, stage->state->int_key);
        fields[h.key] = emit_key_value(g, key);
    }
    if (h.order >= 0) fields[h.order] = order_value(g, s);
    if (h.window >= 0) fields[h.window] = cols[s->in.window_column];
    emit_guard_close(g, &fail, op->step_id, op->error_port, cols, op->row_in, next);
    for (uint32_t i = 0; h.carried[i] >= 0; i++)
        fields[h.columns + i] = val_coerce(e, cols[h.carried[i]],
                                           h.record->fields[h.columns + i].type);
    emit_send_row(g, op->port, emit_part_of(g, op->port->exchange, key),
                  val_record(e, h.record, fields));
    ir_br(e, next);
    ir_at(e, next);
}

/* ---- behind the exchange ---- */

enum { TOP_WORDS = 4, SHOWN_WORDS = 2 }; /* runtime/kernel/k_top.h */

int emit_keyed_words(const pstage_t *stage) {
    if (plan_by_rows(stage->step)) return 4; /* FLOW_RING_WORDS */
    if (stage->root != ROOT_top && stage->root != ROOT_sort) return 1;
    return TOP_WORDS + (emit_has_mode(stage, MODE_update) ? SHOWN_WORDS : 0);
}

/* The columns of the step's row_out, from a record that crossed; what did not cross has
 * no leaves. */
static val_t *columns_of(gen_t *g, const shape_t *h, val_t record) {
    tstep_t *s = g->stage->step;
    const type_t *row = s->op == OP_remember ? s->row_in : s->row_out;
    val_t *out = ARENA_ARRAY(g->e->arena, val_t, row->nfields + 1);
    for (uint32_t i = 0; i < row->nfields; i++) out[i] = (val_t){.type = row->fields[i].type};
    for (uint32_t i = 0; h->carried[i] >= 0; i++)
        out[h->carried[i]] = val_field(g->e, record, h->columns + i);
    if (h->window >= 0) out[s->in.window_column] = val_field(g->e, record, (uint32_t)h->window);
    int w = s->out.window_column;
    if (plan_by_rows(s) || (plan_sessions(s) && g->win_start))
        out[w] = emit_window_value(g, s->row_out->fields[w].type);
    return out;
}

val_t *emit_keyed_columns(gen_t *g, LLVMValueRef at, gkey_t *key) {
    shape_t h = shape_of(g, g->stage);
    val_t record = emit_read_row(g, g->stage->exchange, at, h.record);
    *key = emit_key_of(val_field(g->e, record, (uint32_t)h.key));
    return columns_of(g, &h, record);
}

/* Key columns that the step adds with `per name = ...`. */
static void add_keys(gen_t *g, gkey_t key, val_t *out) {
    tstep_t *s = g->stage->step;
    size_t n;
    titem_t *keys = keys_of(s, &n);
    int *added = s->op == OP_distinct ? s->u.distinct.added : s->u.top.added;
    int any = 0;
    for (size_t i = 0; i < n; i++) any |= added[i] >= 0;
    if (!any) return;
    type_t **types = ARENA_ARRAY(g->e->arena, type_t *, n + 1);
    val_t *parts = ARENA_ARRAY(g->e->arena, val_t, n + 1);
    for (size_t i = 0; i < n; i++) types[i] = keys[i].type;
    emit_key_parts(g, key, types, parts, n);
    for (size_t i = 0; i < n; i++)
        if (added[i] >= 0) out[added[i]] = parts[i];
}

static sink_mode at_once_mode(gen_t *g) {
    return g->stage->outs.n ? g->stage->outs.at[0]->mode : MODE_append;
}

static void distinct_row(gen_t *g, const shape_t *h, LLVMValueRef table, val_t record) {
    emit_t *e = g->e;
    gkey_t key = emit_key_of(val_field(e, record, (uint32_t)h->key));
    emit_probe(g, table, key);
    LLVMValueRef fresh = ir_bit_of(e, K_CALL(e, table_fresh, "fresh", table), "fresh");
    LLVMBasicBlockRef first = ir_block(e, "distinct.first"), next = ir_block(e, "distinct.next");
    ir_if(e, fresh, first, next);
    ir_at(e, first);
    val_t *out = columns_of(g, h, record);
    add_keys(g, key, out);
    if (g->win_start && plan_sessions(g->stage->step)) /* a session closes */
        emit_window_order(g, key, NULL);
    emit_outs(g, at_once_mode(g), out, g->stage->step->row_out);
    ir_br(e, next);
    ir_at(e, next);
}

static void limit_row(gen_t *g, const shape_t *h, LLVMValueRef table, val_t record) {
    emit_t *e = g->e;
    tstep_t *s = g->stage->step;
    LLVMValueRef words = K_CALL(e, table_i64, "counter", e->fn->ctx, table, ir_i64(e, 0));
    LLVMValueRef seen = ir_load(e, e->i64, words, "seen");
    LLVMValueRef most = emit_constant(g, s->u.limit.count, s->u.limit.count_value, 1);
    LLVMBasicBlockRef keep = ir_block(e, "limit.keep"), next = ir_block(e, "limit.next");
    ir_if(e, ir_lt(e, seen, most, ""), keep, next);
    ir_at(e, keep);
    LLVMValueRef now = ir_add(e, seen, ir_i64(e, 1), "seen");
    ir_store(e, now, words);
    emit_outs(g, at_once_mode(g), columns_of(g, h, record), s->row_out);
    if (s->in.windowed == WINDOW_NONE) {
        LLVMBasicBlockRef full = ir_block(e, "limit.full");
        ir_if_rare(e, ir_eq(e, now, most, ""), full, next);
        ir_at(e, full);
        emit_sinks_full(g);
    }
    ir_br(e, next);
    ir_at(e, next);
}

/* How many rows a key keeps; sort keeps all. */
static LLVMValueRef top_count(gen_t *g) {
    tstep_t *s = g->stage->step;
    if (s->op == OP_sort) return ir_i64(g->e, INT64_MAX / 4);
    return emit_constant(g, s->u.top.count, s->u.top.count_value, 1);
}

static LLVMValueRef ties(gen_t *g) {
    tstep_t *s = g->stage->step;
    return ir_i32(g->e, s->op == OP_top && s->u.top.ties);
}

static void top_row(gen_t *g, const shape_t *h, LLVMValueRef table, LLVMValueRef at,
                    val_t record) {
    emit_t *e = g->e;
    gkey_t key = {.is_int = 1, .i64 = ir_i64(e, 0)};
    if (h->key >= 0) key = emit_key_of(val_field(e, record, (uint32_t)h->key));
    LLVMValueRef words = emit_probe(g, table, key);
    K_CALL(e, table_touch, "", e->fn->ctx, table);
    val_t order = val_field(e, record, (uint32_t)h->order);
    K_CALL(e, top_push, "", e->fn->ctx, K_CALL(e, table_heap, "heap", table), words,
           top_count(g), ties(g), order.leaf[0], order.leaf[1], at,
           K_CALL(e, row_size, "row.size", at));
}

/* The order key of the i-th row of an entry. */
static void rank_order(gen_t *g, gkey_t key, LLVMValueRef i) {
    emit_t *e = g->e;
    if (g->in_place) return;
    if (g->win_start && !plan_by_rows(g->stage->step)) {
        emit_window_order(g, key, i);
        return;
    }
    LLVMValueRef step = ir_i64(e, g->stage->step_id), len = ir_words(e, 1, "order.len");
    LLVMValueRef kp = key.ptr, kl = key.len;
    if (key.is_int) {
        LLVMValueRef buf = ir_words(e, 1, "key");
        K_CALL(e, key_i64, "", buf, key.i64);
        kp = buf;
        kl = ir_i64(e, 8);
    }
    g->order = ORDER_bytes;
    g->key = K_CALL(e, order_rank, "order", e->fn->ctx, step, kp, kl, i, len);
    g->key_len = ir_load(e, e->i64, len, "order.len");
}

/* Goes on at `next` unless another row was shown at this place, or none. */
static void skip_shown(gen_t *g, LLVMValueRef heap, LLVMValueRef words, LLVMValueRef i,
                       const val_t *out, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    const type_t *row = g->stage->step->row_out;
    field_t *fields = ARENA_ARRAY(e->arena, field_t, row->nfields + 1);
    val_t *vals = ARENA_ARRAY(e->arena, val_t, row->nfields + 1);
    uint32_t n = 0;
    for (uint32_t c = 0; c < row->nfields; c++) {
        if (!out[c].leaf) continue;
        fields[n] = row->fields[c];
        vals[n++] = out[c];
    }
    val_t seen = val_record(e, type_record(e->types, NULL, fields, n), vals);
    LLVMValueRef changed =
        K_CALL(e, top_changed, "changed", e->fn->ctx, heap, ir_word(e, words, TOP_WORDS), i,
               val_spill(e, seen), emit_type_code(e, seen.type));
    LLVMBasicBlockRef show = ir_block(e, "row.changed");
    ir_if(e, ir_bit_of(e, changed, "changed"), show, next);
    ir_at(e, show);
}

/* The rows of one entry of top, in order; in mode update those that changed. */
static void give_rows(gen_t *g, const shape_t *h, LLVMValueRef heap, LLVMValueRef words,
                      sink_mode mode) {
    emit_t *e = g->e;
    tstep_t *s = g->stage->step;
    LLVMValueRef time = g->time, n =
        K_CALL(e, top_finish, "rows", e->fn->ctx, heap, words, top_count(g), ties(g));
    int update = mode == MODE_update;
    loop_t l = ir_loop(e, n, "row");
    LLVMBasicBlockRef next = ir_block(e, "row.next");
    LLVMValueRef mark = K_CALL(e, mark, "mark", e->fn->ctx);
    LLVMValueRef row = K_CALL(e, top_row, "row", words, l.i);
    val_t record = emit_read_row(g, g->stage->exchange, row, h->record);
    val_t *out = columns_of(g, h, record);
    gkey_t key = {.ptr = ir_null(e), .len = ir_i64(e, 0)};
    if (h->key >= 0) {
        key = emit_key_of(val_field(e, record, (uint32_t)h->key));
        add_keys(g, key, out);
    }
    if (s->op == OP_top && s->u.top.rank_column >= 0) {
        /* Equal rows share a rank with ties; else it is the place. */
        LLVMValueRef rank = s->u.top.ties ? K_CALL(e, top_rank, "rank", words, l.i)
                                          : ir_add(e, l.i, ir_i64(e, 1), "rank");
        out[s->u.top.rank_column] = val_int(e, type_basic(e->types, TY_INT), rank);
    }
    if (update) skip_shown(g, heap, words, l.i, out, next);
    g->time = time;
    rank_order(g, key, l.i);
    emit_outs(g, mode, out, s->row_out);
    ir_br(e, next);
    ir_at(e, next);
    K_CALL(e, reset, "", e->fn->ctx, mark);
    ir_loop_end(e, &l);
    if (update)
        K_CALL(e, top_forget, "", e->fn->ctx, heap, ir_word(e, words, TOP_WORDS), n);
}

/* ---- windows of rows: the rows of a key are kept, and looked at when one fires ---- */

/* The latest time of the rows; null where they have none. */
static LLVMValueRef latest_of(gen_t *g, const shape_t *h, LLVMValueRef ring, LLVMValueRef n) {
    emit_t *e = g->e;
    if (!g->stage->exchange->timed) return NULL;
    LLVMValueRef latest = ir_words(e, 1, "latest");
    ir_store(e, ir_i64(e, INT64_MIN), latest);
    loop_t l = ir_loop(e, n, "time");
    emit_read_row(g, g->stage->exchange, K_CALL(e, ring_row, "row", ring, l.i), h->record);
    ir_store(e, emit_later(g, g->time, ir_load(e, e->i64, latest, "")), latest);
    ir_loop_end(e, &l);
    return ir_load(e, e->i64, latest, "latest");
}

static void give_first(gen_t *g, const shape_t *h, LLVMValueRef ring) {
    emit_t *e = g->e;
    LLVMValueRef time = g->time, zero = ir_i64(e, 0);
    val_t record = emit_read_row(g, g->stage->exchange, K_CALL(e, ring_row, "row", ring, zero),
                                 h->record);
    val_t *out = columns_of(g, h, record);
    gkey_t key = emit_key_of(val_field(e, record, (uint32_t)h->key));
    add_keys(g, key, out);
    g->time = time;
    rank_order(g, key, zero);
    emit_outs(g, MODE_append, out, g->stage->step->row_out);
}

static void give_window(gen_t *g, const shape_t *h, LLVMValueRef ring) {
    emit_t *e = g->e;
    LLVMValueRef none = ir_null(e);
    g->win_start = K_CALL(e, ring_index, "number", ring, emit_rows_every(g));
    g->win_end = K_CALL(e, ring_count, "rows", ring);
    g->time = latest_of(g, h, ring, g->win_end);
    if (g->stage->root == ROOT_distinct) {
        give_first(g, h, ring);
    } else {
        LLVMValueRef words = ir_words(e, TOP_WORDS, "candidates"), time = g->time;
        for (int i = 0; i < TOP_WORDS; i++)
            ir_store(e, ir_i64(e, 0), ir_word(e, words, i));
        loop_t l = ir_loop(e, g->win_end, "row");
        LLVMValueRef row = K_CALL(e, ring_row, "row", ring, l.i);
        val_t record = emit_read_row(g, g->stage->exchange, row, h->record);
        val_t order = val_field(e, record, (uint32_t)h->order);
        K_CALL(e, top_push, "", e->fn->ctx, none, words, top_count(g), ties(g), order.leaf[0],
               order.leaf[1], row, K_CALL(e, row_size, "row.size", row));
        ir_loop_end(e, &l);
        g->time = time;
        give_rows(g, h, none, words, MODE_append);
    }
    g->win_start = g->win_end = NULL;
}

static void rows_row_in(gen_t *g, const shape_t *h, LLVMValueRef table, LLVMValueRef at,
                        val_t record) {
    emit_t *e = g->e;
    LLVMBasicBlockRef fire = ir_block(e, "window.fires"), next = ir_block(e, "window.next");
    LLVMValueRef ring =
        emit_probe(g, table, emit_key_of(val_field(e, record, (uint32_t)h->key)));
    LLVMValueRef heap = K_CALL(e, table_heap, "heap", table);
    LLVMValueRef fires = K_CALL(e, ring_push, "fires", e->fn->ctx, heap, ring,
                                emit_rows_size(g), emit_rows_every(g), at);
    ir_if_rare(e, ir_bit_of(e, fires, "fires"), fire, next);
    ir_at(e, fire);
    g->in_place = 1;
    give_window(g, h, ring);
    g->in_place = 0;
    if (g->stage->step->in.window->kind != WINDOW_sliding)
        K_CALL(e, ring_empty, "", e->fn->ctx, heap, ring);
    ir_br(e, next);
    ir_at(e, next);
}

/* Tumbling windows that are not full give what they have, at the end of the input. */
static void rows_close(gen_t *g, LLVMValueRef table) {
    emit_t *e = g->e;
    if (g->stage->step->in.window->kind == WINDOW_sliding) return;
    shape_t h = shape_of(g, g->stage);
    LLVMBasicBlockRef end = ir_block(e, "at.end"), done = ir_block(e, "given");
    ir_if(e, ir_bit_of(e, K_CALL(e, ctx_final, "final", e->fn->ctx), "final"), end, done);
    ir_at(e, end);
    loop_t l = ir_loop(e, K_CALL(e, table_end, "entries", table), "entry");
    LLVMValueRef ring = K_CALL(e, table_words, "entry", table, l.i);
    LLVMBasicBlockRef open = ir_block(e, "window.open"), next = ir_block(e, "entry.next");
    LLVMValueRef in = K_CALL(e, ring_count, "rows", ring);
    ir_if(e, ir_eq(e, in, ir_i64(e, 0), "empty"), next, open);
    ir_at(e, open);
    give_window(g, &h, ring);
    ir_br(e, next);
    ir_at(e, next);
    ir_loop_end(e, &l);
    ir_br(e, done);
    ir_at(e, done);
}

void emit_keyed_row_in(gen_t *g, LLVMValueRef at) {
    emit_t *e = g->e;
    emit_keyed_row_into(
        g, K_CALL(e, state, "table", e->fn->ctx, ir_i64(e, g->stage->state->id)), at);
}

void emit_keyed_row_into(gen_t *g, LLVMValueRef table, LLVMValueRef at) {
    pstage_t *st = g->stage;
    shape_t h = shape_of(g, st);
    val_t record = emit_read_row(g, st->exchange, at, h.record);
    if (h.window >= 0) table = emit_pane(g, table, val_field(g->e, record, (uint32_t)h.window));
    if (plan_by_rows(st->step)) {
        rows_row_in(g, &h, table, at, record);
        return;
    }
    switch (st->root) {
    case ROOT_distinct: distinct_row(g, &h, table, record); break;
    case ROOT_limit: limit_row(g, &h, table, record); break;
    case ROOT_top:
    case ROOT_sort: top_row(g, &h, table, at, record); break;
    case ROOT_source:
    case ROOT_join:
    case ROOT_aggregate:
    case ROOT_remember:
    case ROOT_errors: flow_unreachable("not a keyed root");
    }
}

static void give_all(gen_t *g, const shape_t *h, LLVMValueRef table, sink_mode mode,
                     LLVMValueRef cond) {
    emit_t *e = g->e;
    LLVMBasicBlockRef give = ir_block(e, "give"), done = ir_block(e, "given");
    ir_if(e, cond, give, done);
    ir_at(e, give);
    LLVMValueRef order = NULL, n;
    if (mode == MODE_complete) emit_sinks_given(g);
    if (mode == MODE_update) {
        /* Over a table all entries are made anew: one that got nothing has lost its rows. */
        LLVMValueRef dirty = ir_i32(e, !g->stage->step->in.is_table);
        LLVMValueRef count = ir_words(e, 1, "touched");
        order = K_CALL(e, table_sorted, "order", e->fn->ctx, table, dirty, count);
        n = ir_load(e, e->i64, count, "touched");
    } else {
        n = K_CALL(e, table_end, "entries", table);
    }
    loop_t l = ir_loop(e, n, "entry");
    LLVMValueRef i = order ? K_CALL(e, table_nth, "entry", order, l.i) : l.i;
    give_rows(g, h, K_CALL(e, table_heap, "heap", table),
              K_CALL(e, table_words, "entry", table, i), mode);
    ir_loop_end(e, &l);
    ir_br(e, done);
    ir_at(e, done);
}

/* What came in is dropped; with sinks that are shown changes, the entries keep what they
 * have shown. */
static void drop_rows(gen_t *g, LLVMValueRef table) {
    emit_t *e = g->e;
    if (!emit_has_mode(g->stage, MODE_update)) {
        K_CALL(e, table_clear, "", e->fn->ctx, table);
        return;
    }
    LLVMValueRef heap = K_CALL(e, table_heap, "heap", table);
    loop_t l = ir_loop(e, K_CALL(e, table_end, "entries", table), "drop");
    K_CALL(e, top_drop, "", e->fn->ctx, heap, K_CALL(e, table_words, "entry", table, l.i));
    ir_loop_end(e, &l);
}

static void close_rows(gen_t *g, LLVMValueRef table) {
    emit_t *e = g->e;
    tstep_t *s = g->stage->step;
    shape_t h = shape_of(g, g->stage);
    LLVMValueRef fed = ir_bit_of(e, K_CALL(e, ctx_fed, "fed", e->fn->ctx), "fed");
    LLVMValueRef final = ir_bit_of(e, K_CALL(e, ctx_final, "final", e->fn->ctx), "final");
    /* Fed by a window or by all rows of a table: nothing is kept for the next batch. */
    int passing = s->in.is_table || s->in.windowed != WINDOW_NONE;
    for (int m = MODE_append; m <= MODE_final; m++) {
        if (!emit_has_mode(g->stage, (sink_mode)m)) continue;
        LLVMValueRef cond = passing || m == MODE_update ? ir_bit(e, 1)
                            : m == MODE_final           ? final
                                                        : fed;
        give_all(g, &h, table, (sink_mode)m, cond);
    }
    K_CALL(e, table_clean, "", table);
    if (passing) drop_rows(g, table);
}

/* The rows of one window. */
static void give_pane(gen_t *g, LLVMValueRef table, void *shape) {
    for (size_t i = 0; i < g->stage->outs.n; i++)
        give_all(g, shape, table, g->stage->outs.at[i]->mode, ir_bit(g->e, 1));
}

void emit_keyed_give(gen_t *g, LLVMValueRef table) {
    shape_t h = shape_of(g, g->stage);
    if (g->stage->root == ROOT_top) give_pane(g, table, &h);
}

void emit_keyed_close(gen_t *g) {
    emit_t *e = g->e;
    LLVMValueRef table = K_CALL(e, state, "table", e->fn->ctx, ir_i64(e, g->stage->state->id));
    if (plan_by_rows(g->stage->step)) {
        rows_close(g, table);
        return;
    }
    if (plan_paned(g->stage->step)) {
        shape_t h = shape_of(g, g->stage);
        int at_close = g->stage->root == ROOT_top || g->stage->root == ROOT_sort;
        emit_panes_close(g, table, at_close ? give_pane : NULL, &h);
        return;
    }
    if (g->stage->root == ROOT_top || g->stage->root == ROOT_sort) {
        close_rows(g, table);
    } else if (g->stage->step->in.windowed != WINDOW_NONE) {
        K_CALL(e, table_clear, "", e->fn->ctx, table);
    }
}
