/* emit_remember.c - `remember` behind its exchange.
 *
 * Without `by` a row runs `on row` as it comes, and timers fire in close.  With it rows wait
 * in the table, and close takes rows and timers out in one order of time.
 *
 * The end of all time comes in two steps: first as far as the watermark would have come
 * without it, then all the rest, where timers set no alarm.  So it does not show whether
 * the last rows came in a batch of their own. */
#include "compiler/emit/emit_handler.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/types/def.h"

int emit_remember_words(gen_t *g, const pstage_t *stage) {
    return emit_own(g->e, stage->step->u.remember).words;
}

/* With `by` rows wait in the table. */
const char *emit_remember_layout(gen_t *g, const pstage_t *stage) {
    const tremember_t *r = stage->step->u.remember;
    return arena_printf(g->e->arena, "%s%s", r->by ? "@q" : "", emit_own_layout(g->e, r));
}

static LLVMValueRef table_of(gen_t *g) {
    return K_CALL(g->e, state, "table", g->e->fn->ctx, ir_i64(g->e, g->stage->state->id));
}

static val_t *key_parts(gen_t *g, gkey_t key) {
    const tremember_t *r = g->stage->step->u.remember;
    type_t **types = ARENA_ARRAY(g->e->arena, type_t *, r->nkeys + 1);
    val_t *parts = ARENA_ARRAY(g->e->arena, val_t, r->nkeys + 1);
    for (size_t i = 0; i < r->nkeys; i++) types[i] = r->keys[i].type;
    emit_key_parts(g, key, types, parts, r->nkeys);
    return parts;
}

/* ---- rows ---- */

/* The row that `on row` sees: the columns, and the keys with names of their own. */
static val_t *seen_row(gen_t *g, const val_t *cols, gkey_t key) {
    emit_t *e = g->e;
    const tremember_t *r = g->stage->step->u.remember;
    uint32_t n = g->stage->step->row_in->nfields;
    val_t *out = ARENA_ARRAY(e->arena, val_t, r->seen->nfields + 1);
    for (uint32_t i = 0; i < n; i++) out[i] = cols[i];
    int any = 0;
    for (size_t i = 0; i < r->nkeys; i++) any |= r->added[i] >= 0;
    if (!any) return out;
    val_t *parts = key_parts(g, key);
    for (size_t i = 0; i < r->nkeys; i++)
        if (r->added[i] >= 0) out[r->added[i]] = parts[i];
    return out;
}

static const thandler_t *row_handler(const tremember_t *r) {
    for (size_t i = 0; i < r->nhandlers; i++)
        if (AST(handler, r->handlers[i].node)->kind == HANDLER_ROW) return &r->handlers[i];
    return NULL;
}

/* A row, as it crossed, runs `on row`. */
static void run_row(gen_t *g, LLVMValueRef table, val_t *cols, gkey_t key,
                    LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    const tremember_t *r = g->stage->step->u.remember;
    handling_t h = {.r = r, .own = emit_own(e, r), .handler = row_handler(r), .table = table};
    h.words = emit_probe(g, table, key);
    h.entry = K_CALL(e, table_last, "entry", table);
    h.known = ir_bit_of(e, ir_load(e, e->i64, h.words, "known"), "known");
    h.timed = g->time != NULL;
    h.time = g->time ? g->time : K_CALL(e, ctx_now, "now", e->fn->ctx);
    h.see = seen_row(g, cols, key);
    h.see_type = r->seen;
    h.cols = cols;
    h.cols_type = g->stage->step->row_in;
    emit_handler(g, &h, next);
}

/* A row waits for its turn, unless it is late. */
static void wait_row(gen_t *g, LLVMValueRef table, LLVMValueRef at) {
    emit_t *e = g->e;
    LLVMBasicBlockRef late = ir_block(e, "row.late"), wait = ir_block(e, "row.wait"),
                      next = ir_block(e, "row.waits");
    LLVMValueRef now = K_CALL(e, mark_now, "watermark", e->fn->ctx,
                              ir_i64(e, g->stage->mark));
    ir_if_rare(e, ir_lt(e, g->time, now, "late"), late, wait);
    ir_at(e, late);
    K_CALL(e, row_late, "", e->fn->ctx, ir_i64(e, g->stage->step_id), ir_i32(e, 0));
    ir_br(e, next);
    ir_at(e, wait);
    K_CALL(e, timer_wait, "", e->fn->ctx, table, g->time, at);
    ir_br(e, next);
    ir_at(e, next);
}

void emit_remember_row_in(gen_t *g, LLVMValueRef at) {
    emit_t *e = g->e;
    LLVMValueRef table = table_of(g);
    gkey_t key;
    val_t *cols = emit_keyed_columns(g, at, &key);
    if (g->stage->step->u.remember->by) {
        wait_row(g, table, at);
        return;
    }
    LLVMBasicBlockRef next = ir_block(e, "remember.next");
    run_row(g, table, cols, key, next);
    ir_at(e, next);
}

/* ---- close ---- */

static void order_by_moment(gen_t *g, LLVMValueRef moment, gkey_t key) {
    emit_t *e = g->e;
    LLVMValueRef ptr = key.ptr, klen = key.len, len = ir_words(e, 1, "order.len");
    if (key.is_int) {
        ptr = ir_words(e, 2, "key");
        klen = ir_i64(e, 8);
        K_CALL(e, key_i64, "", ptr, key.i64);
    }
    g->order = ORDER_bytes;
    g->key = K_CALL(e, order_moment, "order", e->fn->ctx, moment,
                    ir_i64(e, g->stage->step_id), ir_i64(e, 0), ptr, klen, len);
    g->key_len = ir_load(e, e->i64, len, "order.len");
}

static void take_row(gen_t *g, LLVMValueRef table, LLVMValueRef out,
                     LLVMBasicBlockRef next) {
    gkey_t key;
    val_t *cols = emit_keyed_columns(g, ir_load(g->e, g->e->ptr, out, "row"), &key);
    order_by_moment(g, g->time, key);
    run_row(g, table, cols, key, next);
}

/* What a round of close works on. */
typedef struct round {
    LLVMValueRef table, out, ending; /* ending: a word */
    LLVMBasicBlockRef head;
} round_t;

static void fire(gen_t *g, const round_t *c, handling_t *h, gkey_t key) {
    emit_t *e = g->e;
    h->words = K_CALL(e, table_words, "words", c->table, h->entry);
    g->time = h->timed ? h->time : NULL;
    order_by_moment(g, h->time, key);
    emit_handler(g, h, c->head);
}

static void take_timer(gen_t *g, const round_t *c) {
    emit_t *e = g->e;
    const tremember_t *r = g->stage->step->u.remember;
    handling_t h = {.r = r, .own = emit_own(e, r), .table = c->table};
    h.timed = g->stage->exchange->timed;
    h.entry = ir_load(e, e->i64, c->out, "entry");
    h.time = ir_load(e, e->i64, ir_word(e, c->out, 2), "due");
    h.ending = ir_bit_of(e, ir_load(e, e->i64, c->ending, "ending"), "ending");
    gkey_t key = {.is_int = g->stage->state->int_key};
    if (key.is_int) {
        key.i64 = K_CALL(e, table_key_i64, "key", c->table, h.entry);
    } else {
        LLVMValueRef text = ir_words(e, 2, "key");
        K_CALL(e, timer_key, "", e->fn->ctx, c->table, h.entry, text);
        key.ptr = ir_load(e, e->ptr, text, "key");
        key.len = ir_load(e, e->i64, ir_word(e, text, 1), "key.len");
    }
    h.see = h.cols = key_parts(g, key);
    h.see_type = h.cols_type = r->key_row;
    LLVMValueRef k = ir_load(e, e->i64, ir_word(e, c->out, 1), "timer");
    LLVMBasicBlockRef none = ir_block(e, "timer.none");
    LLVMValueRef which = LLVMBuildSwitch(e->b, k, none, (unsigned)h.own.ntimers);
    for (size_t i = 0; i < r->nhandlers; i++) {
        if (h.own.timer[i] < 0) continue;
        LLVMBasicBlockRef on = ir_block(e, "timer");
        LLVMAddCase(which, ir_i64(e, h.own.timer[i]), on);
        ir_at(e, on);
        h.handler = &r->handlers[i];
        fire(g, c, &h, key);
    }
    ir_at(e, none);
    ir_br(e, c->head);
}

/* Nothing is left before the limit: the last step of the end, or the end of close. */
static void go_on(gen_t *g, const round_t *c, LLVMValueRef limit, LLVMValueRef last,
                  LLVMBasicBlockRef done) {
    emit_t *e = g->e;
    LLVMBasicBlockRef all = ir_block(e, "end.of.time");
    LLVMValueRef ended = ir_bit_of(e, ir_load(e, e->i64, c->ending, "ending"), "ending");
    ir_if(e, ir_and(e, last, ir_not(e, ended, ""), ""), all, done);
    ir_at(e, all);
    ir_store(e, ir_i64(e, 1), c->ending);
    ir_store(e, ir_i64(e, INT64_MAX), limit);
    ir_br(e, c->head);
}

void emit_timers_due(gen_t *g, LLVMValueRef table) {
    emit_t *e = g->e;
    LLVMBasicBlockRef some = ir_block(e, "waits"), none = ir_block(e, "closed");
    LLVMValueRef first = K_CALL(e, timer_first, "first", e->fn->ctx, table);
    ir_if(e, ir_eq(e, first, ir_i64(e, INT64_MAX), ""), none, some);
    ir_at(e, some);
    K_CALL(e, stage_due, "", e->fn->ctx, ir_add(e, first, ir_i64(e, 1), "due"));
    ir_br(e, none);
    ir_at(e, none);
}

void emit_remember_close(gen_t *g) {
    emit_t *e = g->e;
    const tremember_t *r = g->stage->step->u.remember;
    own_t own = emit_own(e, r);
    if (!own.ntimers && !r->by) return;
    round_t c = {.table = table_of(g), .out = ir_words(e, 3, "next"),
                 .ending = ir_words(e, 1, "ending"), .head = ir_block(e, "next")};
    LLVMBasicBlockRef row = ir_block(e, "next.row"), timer = ir_block(e, "next.timer"),
                      none = ir_block(e, "next.none"), done = ir_block(e, "done");
    LLVMValueRef mark = ir_i64(e, g->stage->mark), limit = ir_words(e, 1, "limit");
    LLVMValueRef last = ir_eq(e, K_CALL(e, mark_next, "next", e->fn->ctx, mark),
                              ir_i64(e, INT64_MAX), "last");
    ir_store(e, K_CALL(e, mark_reached, "reached", e->fn->ctx, mark), limit);
    ir_store(e, ir_i64(e, 0), c.ending);
    LLVMValueRef arena = K_CALL(e, mark, "mark", e->fn->ctx);
    ir_br(e, c.head);
    ir_at(e, c.head);
    K_CALL(e, reset, "", e->fn->ctx, arena);
    LLVMValueRef found = K_CALL(e, timer_next, "found", e->fn->ctx, c.table,
                                ir_load(e, e->i64, limit, "limit"), c.out);
    LLVMValueRef which = LLVMBuildSwitch(e->b, found, none, 2);
    LLVMAddCase(which, ir_i32(e, 1), row); /* FLOW_TIMER_ROW */
    LLVMAddCase(which, ir_i32(e, 2), timer);
    ir_at(e, row);
    if (r->by) take_row(g, c.table, c.out, c.head);
    else ir_br(e, c.head);
    ir_at(e, timer);
    take_timer(g, &c);
    ir_at(e, none);
    go_on(g, &c, limit, last, done);
    ir_at(e, done);
    emit_timers_due(g, c.table);
}
