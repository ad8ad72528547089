/* emit_agg_rows.c - `aggregate` over windows of rows.
 *
 * A tumbling one steps the state of its key with each row: behind the words of the
 * aggregates are how many rows are in, the number of the window and the latest time.  A
 * sliding one keeps its rows, and computes its aggregates from them when it fires. */
#include "compiler/emit/emit_agg.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_fold.h"
#include "compiler/emit/emit_time.h"

enum {
    RING_WORDS = 4, /* runtime/kernel/k_ring.h */
    ROWS_TAIL = 3   /* behind the states of a tumbling window of rows */
};

int emit_agg_rows_words(const pstage_t *stage, int states) {
    return stage->step->in.window->kind == WINDOW_sliding ? RING_WORDS : states + ROWS_TAIL;
}

static void zero_words(gen_t *g, LLVMValueRef words, int n) {
    for (int i = 0; i < n; i++) ir_store(g->e, ir_i64(g->e, 0), ir_word(g->e, words, i));
}

/* What the states own goes, and they are as at first. */
void emit_agg_drop(gen_t *g, LLVMValueRef heap, LLVMValueRef words) {
    emit_t *e = g->e;
    const tstep_t *s = g->stage->step;
    int64_t at = 0;
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        const agg_call_t *c = s->u.aggregate.aggs[i];
        aggk_t k = emit_agg_kernel(e, c);
        LLVMValueRef state = ir_word(e, words, at);
        at += k.words;
        if (emit_is_fold(c)) {
            K_CALL(e, blob_drop, "", e->fn->ctx, heap, state);
        } else if (!k.cls) {
            K_CALL(e, bag_drop, "", e->fn->ctx, heap, state);
        } else {
            int drop = kfn_by_name(arena_printf(e->arena, "agg_%s_%s_drop", k.id, k.cls));
            k_call(e, (kfn_id)drop,
                   (LLVMValueRef[]){e->fn->ctx, heap, state,
                                    emit_type_code(e, emit_agg_value(e, c))},
                   4, "");
        }
    }
    zero_words(g, words, (int)at);
}

/* The row of a window that is full, or open at the end. */
static void give_rows_window(gen_t *g, gkey_t key, LLVMValueRef heap, LLVMValueRef words,
                             LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    LLVMValueRef tail = ir_word(e, words, emit_agg_state_words(g, g->stage->step));
    g->win_end = ir_load(e, e->i64, tail, "rows");
    g->win_start = ir_load(e, e->i64, ir_word(e, tail, 1), "number");
    if (g->stage->exchange->timed) g->time = ir_load(e, e->i64, ir_word(e, tail, 2), "latest");
    emit_agg_give_row(g, key, heap, words, MODE_append, next);
    g->win_start = g->win_end = NULL;
}

static void tumbling_row_in(gen_t *g, LLVMValueRef heap, LLVMValueRef words, val_t row,
                            LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    LLVMValueRef tail = ir_word(e, words, emit_agg_state_words(g, g->stage->step));
    LLVMValueRef latest = ir_word(e, tail, 2), number = ir_word(e, tail, 1);
    emit_agg_feed(g, heap, words, row, next);
    LLVMValueRef in = ir_load(e, e->i64, tail, "rows");
    LLVMValueRef now = ir_add(e, in, ir_i64(e, 1), "rows");
    ir_store(e, now, tail);
    if (g->time) {
        LLVMValueRef later = emit_later(g, g->time, ir_load(e, e->i64, latest, "latest"));
        LLVMValueRef first = ir_eq(e, in, ir_i64(e, 0), "first");
        ir_store(e, ir_select(e, first, g->time, later, "latest"), latest);
    }
    LLVMBasicBlockRef full = ir_block(e, "window.full"), fired = ir_block(e, "window.fired");
    ir_if_rare(e, ir_eq(e, now, emit_rows_size(g), "full"), full, next);
    ir_at(e, full);
    g->in_place = 1;
    give_rows_window(g, emit_key_of(val_field(e, row, 0)), heap, words, fired);
    g->in_place = 0;
    ir_br(e, fired);
    ir_at(e, fired);
    emit_agg_drop(g, heap, words);
    ir_store(e, ir_i64(e, 0), tail);
    ir_store(e, ir_add(e, ir_load(e, e->i64, number, "number"), ir_i64(e, 1), ""), number);
}

static void sliding_row_in(gen_t *g, LLVMValueRef table, LLVMValueRef ring, LLVMValueRef at,
                           val_t row, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    int timed = g->stage->exchange->timed, n = emit_agg_state_words(g, g->stage->step);
    LLVMBasicBlockRef fire = ir_block(e, "window.fires");
    LLVMValueRef fires = K_CALL(e, ring_push, "fires", e->fn->ctx, table, ring,
                                emit_rows_size(g), emit_rows_every(g), at);
    ir_if_rare(e, ir_bit_of(e, fires, "fires"), fire, next);
    ir_at(e, fire);
    LLVMValueRef words = ir_words(e, (uint32_t)n + 1, "states"), none = ir_null(e);
    LLVMValueRef latest = ir_words(e, 1, "latest");
    zero_words(g, words, n);
    if (timed) ir_store(e, g->time, latest);
    g->win_start = K_CALL(e, ring_index, "number", ring, emit_rows_every(g));
    g->win_end = K_CALL(e, ring_count, "rows", ring);
    loop_t l = ir_loop(e, g->win_end, "row");
    val_t one = emit_read_row(g, g->stage->exchange, K_CALL(e, ring_row, "row", ring, l.i),
                              emit_agg_exchange_row(g, g->stage));
    emit_agg_feed(g, none, words, one, next);
    if (timed)
        ir_store(e, emit_later(g, g->time, ir_load(e, e->i64, latest, "")), latest);
    ir_loop_end(e, &l);
    if (timed) g->time = ir_load(e, e->i64, latest, "latest");
    g->in_place = 1;
    emit_agg_give_row(g, emit_key_of(val_field(e, row, 0)), none, words, MODE_append, next);
    g->in_place = 0;
    g->win_start = g->win_end = NULL;
}

void emit_agg_rows_in(gen_t *g, LLVMValueRef table, LLVMValueRef words, LLVMValueRef at,
                      val_t row, LLVMBasicBlockRef next) {
    if (g->stage->step->in.window->kind == WINDOW_sliding)
        sliding_row_in(g, table, words, at, row, next);
    else
        tumbling_row_in(g, K_CALL(g->e, table_heap, "heap", table), words, row, next);
}

/* At the end of the input tumbling windows that are not full give what they have. */
void emit_agg_rows_close(gen_t *g, LLVMValueRef table) {
    emit_t *e = g->e;
    if (g->stage->step->in.window->kind == WINDOW_sliding) return;
    LLVMBasicBlockRef end = ir_block(e, "at.end"), done = ir_block(e, "given");
    ir_if(e, ir_bit_of(e, K_CALL(e, ctx_final, "final", e->fn->ctx), "final"), end, done);
    ir_at(e, end);
    int n = emit_agg_state_words(g, g->stage->step);
    LLVMValueRef heap = K_CALL(e, table_heap, "heap", table);
    LLVMValueRef mark = K_CALL(e, mark, "mark", e->fn->ctx);
    loop_t l = ir_loop(e, K_CALL(e, table_end, "entries", table), "entry");
    LLVMValueRef words = K_CALL(e, table_words, "entry", table, l.i);
    LLVMBasicBlockRef open = ir_block(e, "window.open"), next = ir_block(e, "entry.next");
    LLVMValueRef in = ir_load(e, e->i64, ir_word(e, words, n), "rows");
    ir_if(e, ir_eq(e, in, ir_i64(e, 0), "empty"), next, open);
    ir_at(e, open);
    give_rows_window(g, emit_agg_entry_key(g, table, l.i, g->stage->state->int_key), heap, words, next);
    ir_br(e, next);
    ir_at(e, next);
    K_CALL(e, reset, "", e->fn->ctx, mark);
    ir_loop_end(e, &l);
    ir_br(e, done);
    ir_at(e, done);
}
