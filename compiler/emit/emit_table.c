/* emit_table.c - see emit_table.h.
 *
 * What crosses the exchange of the roots here is a record of the key, of what the step
 * orders by, and of the columns that somebody reads behind it.
 *   latest   the newest row of each key, and until the batch closes the one before
 *   changes  for each key of the table the old row and the new one, dropped at the close:
 *            both may have passed the steps before, or one of them
 *   close    the row of each key, and a timer for the moment at which it leaves
 * Rows of an exchange with signs come in any order: what they do to an entry commutes. */
#include "compiler/emit/emit_table.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/def.h"

/* ---- for all roots of tables ---- */

int emit_shows_changes(const pstage_t *stage) {
    return emit_has_mode(stage, MODE_update) || emit_has_mode(stage, MODE_changes);
}

enum { ORDER_HEAD = 3 }; /* bytes before the key: runtime/kernel/k_order.h */

gkey_t emit_table_key(gen_t *g) {
    emit_t *e = g->e;
    flow_assert(g->order == ORDER_bytes);
    LLVMValueRef head = ir_i64(e, ORDER_HEAD);
    return (gkey_t){.ptr = ir_byte_at(e, g->key, head, "table.key"),
                    .len = ir_sub(e, g->key_len, head, "table.key.len")};
}

void emit_stands_at_key(gen_t *g, gkey_t key, LLVMValueRef i) {
    emit_t *e = g->e;
    LLVMValueRef step = ir_i64(e, g->stage->step_id), len = ir_words(e, 1, "order.len");
    if (key.is_int) {
        LLVMValueRef bytes = ir_words(e, 2, "key");
        K_CALL(e, key_i64, "", bytes, key.i64);
        key = (gkey_t){.ptr = bytes, .len = ir_i64(e, 8)};
    }
    g->order = ORDER_bytes;
    g->key = i ? K_CALL(e, order_rank, "order", e->fn->ctx, step, key.ptr, key.len, i, len)
               : K_CALL(e, order_key, "order", e->fn->ctx, step, key.ptr, key.len, len);
    g->key_len = ir_load(e, e->i64, len, "order.len");
}

change_t emit_change_open(gen_t *g, LLVMValueRef had, LLVMValueRef old, LLVMValueRef has,
                          LLVMValueRef new) {
    emit_t *e = g->e;
    LLVMValueRef from = ir_i64_of(e, ir_not(e, had, "no.old"), "from");
    LLVMValueRef to = ir_add(e, ir_i64_of(e, has, ""), ir_i64(e, 1), "to");
    change_t c = {.loop = ir_loop(e, ir_sub(e, to, from, "rows"), "change")};
    g->sign = ir_add(e, c.loop.i, from, "sign");
    c.words = ir_select(e, ir_bit_of(e, g->sign, "is.new"), new, old, "row");
    return c;
}

void emit_change_close(gen_t *g, change_t *c) {
    ir_loop_end(g->e, &c->loop);
    g->sign = NULL;
}

/* ---- what crosses the exchange ---- */

typedef struct shape {
    int order;        /* field of the record, or -1; field 0 is the key */
    uint32_t columns; /* the first column's field */
    int *carried;     /* places in row_in, -1 closes */
    type_t *record;   /* key, order, columns */
    type_t *row;      /* the columns alone: what state keeps */
} shape_t;

/* The type of what orders the rows of a key; null: they have no order but that of arrival. */
static type_t *order_type(gen_t *g, const tstep_t *s) {
    if (s->op == OP_close) return type_basic(g->e->types, TY_TIMESTAMP);
    int ordered = s->op == OP_latest && (s->u.latest.n || s->in.timed);
    return ordered ? type_basic(g->e->types, TY_BYTES) : NULL;
}

static shape_t shape_of(gen_t *g, const pstage_t *stage) {
    emit_t *e = g->e;
    const tstep_t *s = stage->step;
    const type_t *in = s->row_in;
    shape_t h = {.order = -1, .carried = ARENA_ARRAY(e->arena, int, in->nfields + 1)};
    field_t *fields = ARENA_ARRAY(e->arena, field_t, in->nfields + 2);
    uint32_t n = 0, k = 0;
    type_t *key = type_basic(e->types, stage->state->int_key ? TY_INT : TY_BYTES);
    fields[n++] = (field_t){.name = "key", .type = key};
    if (order_type(g, s)) {
        h.order = (int)n;
        fields[n++] = (field_t){.name = "order", .type = order_type(g, s)};
    }
    h.columns = n;
    for (uint32_t i = 0; i < in->nfields; i++) {
        if (!stage->live[i]) continue;
        h.carried[k++] = (int)i;
        fields[n++] = (field_t){.name = arena_printf(e->arena, "c%u", i),
                                .type = in->fields[i].type};
    }
    h.carried[k] = -1;
    h.record = type_record(e->types, NULL, fields, n);
    h.row = type_record(e->types, NULL, fields + h.columns, k);
    return h;
}

static gkey_t latest_key(gen_t *g, const pstage_t *stage) {
    emit_t *e = g->e;
    const tstep_t *s = stage->step;
    size_t n = s->u.latest.nkeys;
    val_t *parts = ARENA_ARRAY(e->arena, val_t, n + 1);
    for (size_t i = 0; i < n; i++)
        parts[i] = emit_expr_as(e, s->u.latest.keys[i].expr, s->u.latest.keys[i].type);
    return emit_key(g, parts, n, stage->state->int_key);
}

/* The greatest is the latest. */
static val_t latest_order(gen_t *g, const tstep_t *s, type_t *t) {
    emit_t *e = g->e;
    size_t n = s->u.latest.n;
    val_t *parts = ARENA_ARRAY(e->arena, val_t, n + 1);
    int *desc = ARENA_ARRAY(e->arena, int, n + 1);
    for (size_t i = 0; i < n; i++) {
        parts[i] = emit_expr(e, s->u.latest.by[i].expr);
        desc[i] = s->u.latest.by[i].desc;
    }
    if (!n) {
        flow_assert(g->time);
        parts[n++] = val_int(e, type_basic(e->types, TY_INT), g->time);
    }
    gkey_t k = emit_sort_key(g, parts, desc, n);
    return val_text(e, t, k.ptr, k.len);
}

void emit_table_send(gen_t *g, pop_t *op, val_t *cols) {
    emit_t *e = g->e;
    tstep_t *s = op->step;
    const pstage_t *stage = g->plan->stages.at[op->port->exchange->consumer];
    shape_t h = shape_of(g, stage);
    LLVMBasicBlockRef next = ir_block(e, "sent");
    val_t *fields = ARENA_ARRAY(e->arena, val_t, h.record->nfields + 1);
    fail_t fail;
    emit_guard_open(g, &fail, "key.error");
    gkey_t key = s->op == OP_latest ? latest_key(g, stage) : emit_table_key(g);
    fields[0] = emit_key_value(g, key);
    if (s->op == OP_latest && h.order >= 0)
        fields[h.order] = latest_order(g, s, h.record->fields[h.order].type);
    if (s->op == OP_close) fields[h.order] = emit_expr(e, s->u.close.at);
    emit_guard_close(g, &fail, op->step_id, op->error_port, cols, op->row_in, next);
    for (uint32_t i = 0; h.carried[i] >= 0; i++)
        fields[h.columns + i] = val_coerce(e, cols[h.carried[i]],
                                           h.record->fields[h.columns + i].type);
    /* Rows of a table stay in the partition of the root that holds it: `close` reaches back.
     * Not those of most joins, where a key may come from another partition than before. */
    int stays = s->op != OP_latest &&
                (g->stage->root != ROOT_join || emit_closed_join(g->plan, stage));
    LLVMValueRef part = stays ? K_CALL(e, ctx_partition, "part", e->fn->ctx)
                              : emit_part_of(g, op->port->exchange, key);
    emit_send_row(g, op->port, part, val_record(e, h.record, fields));
    ir_br(e, next);
    ir_at(e, next);
}

/* ---- state ---- */

/* Words of an entry. */
enum {
    LATEST_ORDER = 0, LATEST_NEW = 2, LATEST_OLD = 4, LATEST_WORDS = 6, /* k_latest.h */
    CHANGES_OLD = 0, CHANGES_NEW = 2, CHANGES_WORDS = 4,
    CLOSE_ROW = 4, CLOSE_SEEN = 6, CLOSE_WORDS = 7 /* behind the timer: k_timer.h */
};

int emit_table_words(const pstage_t *stage) {
    switch (stage->root) {
    case ROOT_latest: return LATEST_WORDS;
    case ROOT_changes: return CHANGES_WORDS;
    case ROOT_close: return CLOSE_WORDS;
    default: flow_unreachable("a root of emit_table.c");
    }
}

type_t *emit_table_row_type(gen_t *g) {
    return shape_of(g, g->stage).row;
}

/* The columns of a record that crossed, as the value that state keeps. */
static val_t row_of(gen_t *g, const shape_t *h, val_t record) {
    emit_t *e = g->e;
    val_t *cols = ARENA_ARRAY(e->arena, val_t, h->row->nfields + 1);
    for (uint32_t i = 0; i < h->row->nfields; i++)
        cols[i] = val_field(e, record, h->columns + i);
    return val_record(e, h->row, cols);
}

/* The row of a blob. */
static val_t blob_row(gen_t *g, const shape_t *h, LLVMValueRef blob) {
    emit_t *e = g->e;
    LLVMValueRef words = ir_words(e, h->row->words + 1, "row");
    K_CALL(e, blob_get, "", e->fn->ctx, blob, words, emit_type_code(e, h->row));
    return val_load(e, h->row, words, "row");
}

static LLVMValueRef has_blob(gen_t *g, LLVMValueRef blob) {
    emit_t *e = g->e;
    return ir_ne(e, ir_load(e, e->ptr, blob, ""), ir_null(e), "some");
}

static LLVMValueRef same_blobs(gen_t *g, LLVMValueRef a, LLVMValueRef b) {
    emit_t *e = g->e;
    return ir_bit_of(e, K_CALL(e, blob_same, "same", a, b), "same");
}

static void set_blob(gen_t *g, LLVMValueRef table, LLVMValueRef blob, val_t row) {
    emit_t *e = g->e;
    K_CALL(e, blob_set, "", e->fn->ctx, K_CALL(e, table_heap, "heap", table), blob,
           val_spill(e, row), emit_type_code(e, row.type));
}

static LLVMValueRef state_table(gen_t *g) {
    emit_t *e = g->e;
    return K_CALL(e, state, "table", e->fn->ctx, ir_i64(e, g->stage->state->id));
}

/* Columns of the step's row_out: those that crossed, from place `first` on. */
static val_t *columns_of(gen_t *g, const shape_t *h, val_t row, uint32_t first) {
    const type_t *out_row = g->stage->step->row_out;
    val_t *out = ARENA_ARRAY(g->e->arena, val_t, out_row->nfields + 1);
    for (uint32_t i = 0; i < out_row->nfields; i++)
        out[i] = (val_t){.type = out_row->fields[i].type};
    for (uint32_t i = 0; h->carried[i] >= 0; i++)
        out[first + (uint32_t)h->carried[i]] = val_field(g->e, row, i);
    return out;
}

/* The entries that the batch has touched, in order of their keys. */
typedef struct touched {
    loop_t loop;
    LLVMValueRef mark, words, entry;
    gkey_t key;
    LLVMBasicBlockRef next;
} touched_t;

static touched_t touched_open(gen_t *g, LLVMValueRef table, int all) {
    emit_t *e = g->e;
    LLVMValueRef count = ir_words(e, 1, "touched");
    LLVMValueRef order = K_CALL(e, table_sorted, "order", e->fn->ctx, table,
                                ir_i32(e, !all), count);
    touched_t t = {.mark = K_CALL(e, mark, "mark", e->fn->ctx)};
    t.loop = ir_loop(e, ir_load(e, e->i64, count, "touched"), "entry");
    t.next = ir_block(e, "entry.next");
    LLVMValueRef i = K_CALL(e, table_nth, "entry", order, t.loop.i);
    t.entry = i;
    t.words = K_CALL(e, table_words, "words", table, i);
    if (g->stage->state->int_key) {
        t.key = (gkey_t){.is_int = 1, .i64 = K_CALL(e, table_key_i64, "key", table, i)};
    } else {
        LLVMValueRef text = ir_words(e, 2, "key");
        K_CALL(e, table_key_text, "", table, i, text);
        t.key = (gkey_t){.ptr = ir_load(e, e->ptr, text, "key"),
                         .len = ir_load(e, e->i64, ir_word(e, text, 1), "key.len")};
    }
    return t;
}

static void touched_close(gen_t *g, touched_t *t) {
    emit_t *e = g->e;
    ir_br(e, t->next);
    ir_at(e, t->next);
    K_CALL(e, reset, "", e->fn->ctx, t->mark);
    ir_loop_end(e, &t->loop);
}

/* ---- latest ---- */

static void latest_row(gen_t *g, const shape_t *h, LLVMValueRef table, val_t record) {
    emit_t *e = g->e;
    LLVMValueRef words = emit_probe(g, table, emit_key_of(val_field(e, record, 0)));
    val_t row = row_of(g, h, record);
    val_t order = h->order < 0 ? val_zero(e, type_basic(e->types, TY_BYTES))
                               : val_field(e, record, (uint32_t)h->order);
    K_CALL(e, latest_put, "", e->fn->ctx, table, words, order.leaf[0], order.leaf[1],
           val_spill(e, row), emit_type_code(e, row.type));
}

/* The step's row, of the blob; with the keys that `per name = ...` adds. */
static val_t *latest_columns(gen_t *g, const shape_t *h, LLVMValueRef blob, gkey_t key) {
    emit_t *e = g->e;
    const tstep_t *s = g->stage->step;
    val_t *out = columns_of(g, h, blob_row(g, h, blob), 0);
    size_t n = s->u.latest.nkeys;
    type_t **types = ARENA_ARRAY(e->arena, type_t *, n + 1);
    val_t *parts = ARENA_ARRAY(e->arena, val_t, n + 1);
    int any = 0;
    for (size_t i = 0; i < n; i++) any |= s->u.latest.added[i] >= 0;
    if (!any) return out;
    for (size_t i = 0; i < n; i++) types[i] = s->u.latest.keys[i].type;
    emit_key_parts(g, key, types, parts, n);
    for (size_t i = 0; i < n; i++)
        if (s->u.latest.added[i] >= 0) out[s->u.latest.added[i]] = parts[i];
    return out;
}

/* A new look at the file may have taken the row away. */
static LLVMValueRef has_new(gen_t *g, LLVMValueRef blob) {
    return g->stage->refresh < 0 ? ir_bit(g->e, 1) : has_blob(g, blob);
}

static void latest_update(gen_t *g, const shape_t *h, LLVMValueRef new, LLVMValueRef has,
                          gkey_t key) {
    emit_t *e = g->e;
    if (!emit_has_mode(g->stage, MODE_update)) return;
    LLVMBasicBlockRef show = ir_block(e, "update"), done = ir_block(e, "updated");
    ir_if(e, has, show, done);
    ir_at(e, show);
    emit_outs(g, MODE_update, latest_columns(g, h, new, key), g->stage->step->row_out);
    ir_br(e, done);
    ir_at(e, done);
}

/* Forgets the row before, and an entry that has none. */
static void latest_forget(gen_t *g, LLVMValueRef table, const touched_t *t, LLVMValueRef has) {
    emit_t *e = g->e;
    K_CALL(e, blob_drop, "", e->fn->ctx, K_CALL(e, table_heap, "heap", table),
           ir_word(e, t->words, LATEST_OLD));
    if (g->stage->refresh < 0) return;
    LLVMBasicBlockRef gone = ir_block(e, "entry.gone");
    ir_if(e, has, t->next, gone);
    ir_at(e, gone);
    K_CALL(e, latest_remove, "", e->fn->ctx, table, t->entry);
}

/* What the batch has changed, to whom it concerns; the rows before it are forgotten. */
static void latest_changed(gen_t *g, const shape_t *h, LLVMValueRef table) {
    emit_t *e = g->e;
    const type_t *row = g->stage->step->row_out;
    touched_t t = touched_open(g, table, 0);
    LLVMValueRef old = ir_word(e, t.words, LATEST_OLD), new = ir_word(e, t.words, LATEST_NEW);
    LLVMBasicBlockRef show = ir_block(e, "entry.changed"), done = ir_block(e, "entry.done");
    LLVMValueRef had = has_blob(g, old), has = has_new(g, new);
    ir_if(e, ir_and(e, had, same_blobs(g, old, new), ""), done, show);
    ir_at(e, show);
    emit_stands_at_key(g, t.key, NULL);
    if (emit_has_mode(g->stage, MODE_changes)) {
        change_t c = emit_change_open(g, had, old, has, new);
        emit_outs(g, MODE_changes, latest_columns(g, h, c.words, t.key), row);
        emit_change_close(g, &c);
    }
    latest_update(g, h, new, has, t.key);
    ir_br(e, done);
    ir_at(e, done);
    latest_forget(g, table, &t, has);
    touched_close(g, &t);
}

static void latest_all(gen_t *g, const shape_t *h, LLVMValueRef table, sink_mode mode,
                       LLVMValueRef cond) {
    emit_t *e = g->e;
    if (!emit_has_mode(g->stage, mode)) return;
    LLVMBasicBlockRef give = ir_block(e, "give"), given = ir_block(e, "given");
    ir_if(e, cond, give, given);
    ir_at(e, give);
    if (mode == MODE_complete) emit_sinks_given(g);
    touched_t t = touched_open(g, table, 1);
    emit_stands_at_key(g, t.key, NULL);
    emit_outs(g, mode, latest_columns(g, h, ir_word(e, t.words, LATEST_NEW), t.key),
              g->stage->step->row_out);
    touched_close(g, &t);
    ir_br(e, given);
    ir_at(e, given);
}

static void latest_close(gen_t *g, const shape_t *h, LLVMValueRef table) {
    emit_t *e = g->e;
    if (g->stage->refresh >= 0) K_CALL(e, latest_refresh, "", e->fn->ctx, table);
    latest_changed(g, h, table);
    K_CALL(e, table_clean, "", table);
    LLVMValueRef fed = ir_bit_of(e, K_CALL(e, ctx_fed, "fed", e->fn->ctx), "fed");
    LLVMValueRef final = ir_bit_of(e, K_CALL(e, ctx_final, "final", e->fn->ctx), "final");
    latest_all(g, h, table, MODE_complete, fed);
    latest_all(g, h, table, MODE_final, final);
}

/* ---- changes ---- */

static LLVMValueRef is_new(gen_t *g) {
    return ir_bit_of(g->e, g->sign, "is.new");
}

static void changes_row(gen_t *g, const shape_t *h, LLVMValueRef table, val_t record) {
    emit_t *e = g->e;
    LLVMValueRef words = emit_probe(g, table, emit_key_of(val_field(e, record, 0)));
    LLVMValueRef to = ir_select(e, is_new(g), ir_word(e, words, CHANGES_NEW),
                                ir_word(e, words, CHANGES_OLD), "side");
    set_blob(g, table, to, row_of(g, h, record));
}

enum { CHANGE_INSERT, CHANGE_UPDATE, CHANGE_DELETE }; /* variants of Change */

static void changes_close(gen_t *g, const shape_t *h, LLVMValueRef table) {
    emit_t *e = g->e;
    const type_t *row = g->stage->step->row_out;
    touched_t t = touched_open(g, table, 1);
    LLVMValueRef old = ir_word(e, t.words, CHANGES_OLD), new = ir_word(e, t.words, CHANGES_NEW);
    LLVMBasicBlockRef show = ir_block(e, "entry.changed");
    LLVMValueRef had = has_blob(g, old), has = has_blob(g, new);
    ir_if(e, same_blobs(g, old, new), t.next, show);
    ir_at(e, show);
    LLVMValueRef kept = ir_select(e, had, ir_i64(e, CHANGE_UPDATE), ir_i64(e, CHANGE_INSERT), "");
    LLVMValueRef what = ir_select(e, has, kept, ir_i64(e, CHANGE_DELETE), "change");
    emit_stands_at_key(g, t.key, NULL);
    val_t *out = columns_of(g, h, blob_row(g, h, ir_select(e, has, new, old, "row")), 1);
    out[0] = val_int(e, row->fields[0].type, what);
    g->time = g->sign = NULL;
    emit_outs(g, MODE_append, out, row);
    touched_close(g, &t);
    K_CALL(e, table_clear, "", e->fn->ctx, table);
}

/* ---- close ---- */

enum { TIMER_FIRED = 2 }; /* runtime/kernel/k_timer.h */

/* The entry of a new row, which waits for its moment. */
static LLVMValueRef wait_for(gen_t *g, LLVMValueRef table, gkey_t key, LLVMValueRef moment) {
    emit_t *e = g->e;
    LLVMValueRef batch = ir_add(e, K_CALL(e, ctx_batch, "batch", e->fn->ctx), ir_i64(e, 1), "");
    LLVMValueRef words = emit_probe(g, table, key);
    ir_store(e, batch, ir_word(e, words, CLOSE_SEEN));
    K_CALL(e, timer_set, "", e->fn->ctx, table, K_CALL(e, table_last, "entry", table),
           ir_i64(e, 0), moment);
    return words;
}

/* Does the step that made the table forget what has left? */
static int is_forgotten(gen_t *g) {
    return emit_maker(g->plan, g->stage) || emit_closed_join(g->plan, g->stage);
}

/* By event time: the watermark has passed its moment when it comes.  Where the step that
 * made it forgets what has left, the row does so too, as if it left now: an entry without
 * a row. */
static void drop_late(gen_t *g, LLVMValueRef table, gkey_t key, LLVMValueRef moment,
                      LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    if (!g->stage->step->out.timed) return;
    LLVMBasicBlockRef late = ir_block(e, "late"), in_time = ir_block(e, "in.time");
    LLVMValueRef now = K_CALL(e, mark_now, "now", e->fn->ctx, ir_i64(e, g->stage->mark));
    ir_if_rare(e, ir_lt(e, moment, now, "late"), late, in_time);
    ir_at(e, late);
    K_CALL(e, row_late, "", e->fn->ctx, ir_i64(e, g->stage->step_id), ir_i32(e, 0));
    if (is_forgotten(g))
        K_CALL(e, blob_drop, "", e->fn->ctx, K_CALL(e, table_heap, "heap", table),
               ir_word(e, wait_for(g, table, key, moment), CLOSE_ROW));
    ir_br(e, next);
    ir_at(e, in_time);
}

static void forget_closed(gen_t *g, LLVMValueRef table, LLVMValueRef words, LLVMValueRef entry) {
    emit_t *e = g->e;
    K_CALL(e, timer_stop, "", e->fn->ctx, table, entry, ir_i64(e, 0));
    K_CALL(e, blob_drop, "", e->fn->ctx, K_CALL(e, table_heap, "heap", table),
           ir_word(e, words, CLOSE_ROW));
    K_CALL(e, table_remove, "", e->fn->ctx, table, entry);
}

/* A new row waits instead of the old one.  It says in which batch it came: the old row may
 * come behind it, and must not take it away. */
static void close_row(gen_t *g, const shape_t *h, LLVMValueRef table, val_t record) {
    emit_t *e = g->e;
    gkey_t key = emit_key_of(val_field(e, record, 0));
    LLVMValueRef moment = val_field(e, record, (uint32_t)h->order).leaf[0];
    LLVMBasicBlockRef new = ir_block(e, "row.new"), old = ir_block(e, "row.old"),
                      there = ir_block(e, "row.waits"), gone = ir_block(e, "row.gone"),
                      next = ir_block(e, "row.next");
    ir_if(e, is_new(g), new, old);
    ir_at(e, new);
    drop_late(g, table, key, moment, next);
    set_blob(g, table, ir_word(e, wait_for(g, table, key, moment), CLOSE_ROW),
             row_of(g, h, record));
    ir_br(e, next);
    ir_at(e, old);
    LLVMValueRef words = K_CALL(e, table_find_text, "found", e->fn->ctx, table, key.ptr, key.len);
    ir_if(e, ir_ne(e, words, ir_null(e), "found"), there, next);
    ir_at(e, there);
    LLVMValueRef batch = ir_add(e, K_CALL(e, ctx_batch, "batch", e->fn->ctx), ir_i64(e, 1), "");
    LLVMValueRef seen = ir_load(e, e->i64, ir_word(e, words, CLOSE_SEEN), "seen");
    ir_if(e, ir_eq(e, seen, batch, "replaced"), next, gone);
    ir_at(e, gone);
    forget_closed(g, table, words, K_CALL(e, table_last, "entry", table));
    ir_br(e, next);
    ir_at(e, next);
}

int emit_close_has_late(gen_t *g) {
    return g->stage->step->out.timed && is_forgotten(g);
}

/* From here on rows stand at a moment. */
static void stands_at_moment(gen_t *g, LLVMValueRef moment, gkey_t key) {
    emit_t *e = g->e;
    LLVMValueRef len = ir_words(e, 1, "order.len");
    g->order = ORDER_bytes;
    g->key = K_CALL(e, order_moment, "order", e->fn->ctx, moment, ir_i64(e, g->stage->step_id),
                    ir_i64(e, 0), key.ptr, key.len, len);
    g->key_len = ir_load(e, e->i64, len, "order.len");
}

/* A row leaves; one that was late has none. */
static void give_closed(gen_t *g, const shape_t *h, LLVMValueRef blob, LLVMValueRef moment,
                        gkey_t key) {
    emit_t *e = g->e;
    LLVMBasicBlockRef give = ir_block(e, "row.leaves"), done = ir_block(e, "row.left");
    ir_if(e, emit_close_has_late(g) ? has_blob(g, blob) : ir_bit(e, 1), give, done);
    ir_at(e, give);
    stands_at_moment(g, moment, key);
    g->sign = NULL;
    g->time = g->stage->step->out.timed ? moment : NULL;
    emit_outs(g, MODE_append, columns_of(g, h, blob_row(g, h, blob), 0), g->stage->step->row_out);
    ir_br(e, done);
    ir_at(e, done);
}

/* The rows whose moment has passed leave and are forgotten. */
static void close_close(gen_t *g, const shape_t *h, LLVMValueRef table) {
    emit_t *e = g->e;
    LLVMBasicBlockRef head = ir_block(e, "next"), row = ir_block(e, "next.row"),
                      done = ir_block(e, "done");
    LLVMValueRef out = ir_words(e, 3, "next"), text = ir_words(e, 2, "key");
    LLVMValueRef limit = K_CALL(e, mark_next, "limit", e->fn->ctx, ir_i64(e, g->stage->mark));
    LLVMValueRef arena = K_CALL(e, mark, "mark", e->fn->ctx);
    ir_br(e, head);
    ir_at(e, head);
    K_CALL(e, reset, "", e->fn->ctx, arena);
    LLVMValueRef found = K_CALL(e, timer_next, "found", e->fn->ctx, table, limit, out);
    ir_if(e, ir_eq(e, found, ir_i32(e, TIMER_FIRED), "fired"), row, done);
    ir_at(e, row);
    LLVMValueRef entry = ir_load(e, e->i64, out, "entry");
    LLVMValueRef moment = ir_load(e, e->i64, ir_word(e, out, 2), "moment");
    LLVMValueRef words = K_CALL(e, table_words, "words", table, entry);
    K_CALL(e, timer_key, "", e->fn->ctx, table, entry, text);
    gkey_t key = {.ptr = ir_load(e, e->ptr, text, "key"),
                  .len = ir_load(e, e->i64, ir_word(e, text, 1), "key.len")};
    give_closed(g, h, ir_word(e, words, CLOSE_ROW), moment, key);
    forget_closed(g, table, K_CALL(e, table_words, "words", table, entry), entry);
    emit_forget_made(g, table, key);
    ir_br(e, head);
    ir_at(e, done);
    emit_timers_due(g, table);
}

/* ---- the functions of the stage ---- */

void emit_table_row_in(gen_t *g, LLVMValueRef at) {
    pstage_t *st = g->stage;
    shape_t h = shape_of(g, st);
    val_t record = emit_read_row(g, st->exchange, at, h.record);
    LLVMValueRef table = state_table(g);
    switch (st->root) {
    case ROOT_latest: latest_row(g, &h, table, record); break;
    case ROOT_changes: changes_row(g, &h, table, record); break;
    case ROOT_close: close_row(g, &h, table, record); break;
    default: flow_unreachable("a root of emit_table.c");
    }
}

void emit_table_close(gen_t *g) {
    shape_t h = shape_of(g, g->stage);
    LLVMValueRef table = state_table(g);
    switch (g->stage->root) {
    case ROOT_latest: latest_close(g, &h, table); break;
    case ROOT_changes: changes_close(g, &h, table); break;
    case ROOT_close: close_close(g, &h, table); break;
    default: flow_unreachable("a root of emit_table.c");
    }
}
