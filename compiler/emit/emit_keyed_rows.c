/* emit_keyed_rows.c - distinct and top over windows of rows: the rows of a key are kept, and
 * looked at when one fires. */
#include "compiler/emit/emit_keyed.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_time.h"

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
    val_t *out = emit_columns_of(g, h, record);
    gkey_t key = emit_key_of(val_field(e, record, (uint32_t)h->key));
    emit_add_keys(g, key, out);
    g->time = time;
    emit_rank_order(g, key, zero);
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
        for (int k = 0; k < TOP_WORDS; k++)
            ir_store(e, ir_i64(e, 0), ir_word(e, words, k));
        loop_t l = ir_loop(e, g->win_end, "row");
        LLVMValueRef row = K_CALL(e, ring_row, "row", ring, l.i);
        val_t record = emit_read_row(g, g->stage->exchange, row, h->record);
        emit_top_push(g, h, none, words, row, record);
        ir_loop_end(e, &l);
        g->time = time;
        emit_top_give(g, h, none, words);
    }
    g->win_start = g->win_end = NULL;
}

void emit_keyed_rows_in(gen_t *g, const shape_t *h, LLVMValueRef table, LLVMValueRef at,
                        val_t record) {
    emit_t *e = g->e;
    LLVMBasicBlockRef fire = ir_block(e, "window.fires"), next = ir_block(e, "window.next");
    LLVMValueRef ring =
        emit_probe(g, table, emit_key_of(val_field(e, record, (uint32_t)h->key)));
    LLVMValueRef fires = K_CALL(e, ring_push, "fires", e->fn->ctx, table, ring,
                                emit_rows_size(g), emit_rows_every(g), at);
    ir_if_rare(e, ir_bit_of(e, fires, "fires"), fire, next);
    ir_at(e, fire);
    g->in_place = 1;
    give_window(g, h, ring);
    g->in_place = 0;
    if (g->stage->step->in.window->kind != WINDOW_sliding)
        K_CALL(e, ring_empty, "", e->fn->ctx, table, ring);
    ir_br(e, next);
    ir_at(e, next);
}

void emit_keyed_rows_close(gen_t *g, LLVMValueRef table) {
    emit_t *e = g->e;
    if (g->stage->step->in.window->kind == WINDOW_sliding) return;
    shape_t h = emit_keyed_shape(g, g->stage);
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
