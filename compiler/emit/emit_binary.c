/* emit_binary.c - `format = binary`: rows of one length, a word for each field.
 *
 * A word of such a row is the word of its value, so nothing is decoded and nothing copied:
 * columns are loaded from where the row stands in the block, by a loop whose stride is the
 * row's length, and a column that nobody reads is never looked at.  What row is at hand is
 * told to the context only when an error is reported (emit_report), so the loop has no
 * store of its own.  Rows stand at multiples of 8: blocks of streams begin there, and those of
 * files keep the places that their bytes have in pages. */
#include "compiler/emit/emit_stage.h"

/* i1: a bool that is read is neither 0 nor 1; null: no bool is read. */
static LLVMValueRef bad_bools(gen_t *g, LLVMValueRef row) {
    emit_t *e = g->e;
    const psource_t *src = g->stage->source;
    const type_t *record = src->conn->record;
    LLVMValueRef any = NULL;
    for (uint32_t i = 0; i < record->nfields; i++) {
        int live = src->live[src->conn->whole ? 0 : i];
        if (!live || record->fields[i].type->kind != TY_BOOL) continue;
        LLVMValueRef word = ir_load(e, e->i64, ir_word(e, row, i), "bool");
        any = any ? ir_or(e, any, word, "bools") : word;
    }
    return any ? ir_cmp(e, LLVMIntUGT, any, ir_i64(e, 1), "bad") : NULL;
}

static void report_bad(gen_t *g, LLVMValueRef bad, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    LLVMBasicBlockRef refuse = ir_block(e, "row.bad"), good = ir_block(e, "row.good");
    ir_if_rare(e, bad, refuse, good);
    ir_at(e, refuse);
    LLVMValueRef code = K_CALL(e, binary_bad, "code", e->fn->ctx);
    emit_report(g, g->stage->step_id, g->stage->error_port, code, NULL, NULL);
    ir_br(e, next);
    ir_at(e, good);
}

void emit_binary_rows(gen_t *g, LLVMValueRef p) {
    emit_t *e = g->e;
    const psource_t *src = g->stage->source;
    g->record_len = ir_i64(e, 8 * (int64_t)src->conn->record->words);
    LLVMValueRef rows = LLVMBuildExactSDiv(e->b, g->bytes, g->record_len, "rows");
    LLVMValueRef mark = K_CALL(e, mark, "mark", e->fn->ctx);
    loop_t l = ir_loop(e, rows, "row");
    K_CALL(e, reset, "", e->fn->ctx, mark);
    g->record = ir_byte_at(e, p, ir_mul(e, l.i, g->record_len, ""), "row");
    LLVMValueRef bad = bad_bools(g, g->record);
    if (bad) report_bad(g, bad, l.next);
    g->order = ORDER_place;
    emit_outs(g, MODE_append, emit_source_columns(g, g->record), src->flow->row_in);
    ir_loop_end(e, &l);
    g->record = NULL;
}

void emit_binary_write(gen_t *g, const tconnector_t *c, LLVMValueRef buf, const val_t *cols,
                       const type_t *row) {
    emit_t *e = g->e;
    LLVMValueRef words = ir_words(e, row->words, "row");
    int64_t n = 0;
    for (uint32_t i = 0; i < row->nfields; i++)
        if (emit_is_written(c, i)) val_store(e, cols[i], ir_word(e, words, n++));
    K_CALL(e, write_bytes, "", e->fn->ctx, buf, words, ir_i64(e, 8 * n));
}
