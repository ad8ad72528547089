/* emit_binary.c - `format = binary`: rows of one length, a word for each field.
 *
 * A word of such a row is the word of its value, so nothing is decoded and nothing copied:
 * columns are loaded from where the row stands in the block, by a loop whose stride is the
 * row's length, and a column that nobody reads is never looked at.  What row is at hand is
 * told to the context only when an error is reported (emit_report), so the loop has no
 * store of its own.
 *
 * Where rows first meet a `where` that cannot fail (and no bool is read, which may be wrong), they
 * are sifted: some dozens are asked, and the numbers of those that stay are written down without
 * a branch; a second loop takes these.  A branch that nobody can predict would cost as much as
 * all the rest, and what is behind it could not begin while that of the row before waits for
 * memory (Boncz, Zukowski and Nes, "MonetDB/X100: Hyper-Pipelining Query Execution", 2005:
 * selection vectors).
 *
 * Rows stand at multiples of 8: blocks of streams begin there, and those of files keep the places
 * that their bytes have in pages. */
#include "compiler/emit/emit_stage.h"
#include "compiler/emit/emit_time.h"

#include "compiler/plan/build.h"

enum {
    SIFTED = 32, /* rows at once */
    AHEAD = 8192 /* bytes: so far, that rows are there when they are asked */
};

static int is_read_bool(const psource_t *src, uint32_t i) {
    return src->live[src->conn->whole ? 0 : i] && src->conn->record->fields[i].type->kind == TY_BOOL;
}

static int reads_bools(const gen_t *g) {
    const psource_t *src = g->stage->source;
    for (uint32_t i = 0; i < src->conn->record->nfields; i++)
        if (is_read_bool(src, i)) return 1;
    return 0;
}

/* i1: a bool that is read is neither 0 nor 1; null: no bool is read. */
static LLVMValueRef bad_bools(gen_t *g, LLVMValueRef row) {
    emit_t *e = g->e;
    const psource_t *src = g->stage->source;
    const type_t *record = src->conn->record;
    LLVMValueRef any = NULL;
    for (uint32_t i = 0; i < record->nfields; i++) {
        if (!is_read_bool(src, i)) continue;
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

/* The `where` that sifts rows: the first operator, or behind an `event_time` that says no more
 * than what time it is; null: none does. */
static const pop_t *sifting_op(const gen_t *g) {
    const pstage_t *s = g->stage;
    if (s->outs.n != 1 || s->outs.at[0]->mode != MODE_append) return NULL;
    if (g->options && g->options->off[RULE_fuse]) return NULL;
    const pops_t *next = &s->outs.at[0]->next;
    const pop_t *op = next->n == 1 ? next->at[0] : NULL;
    if (op && op->kind == POP_event_time && !op->step->u.event_time.late &&
        plan_cannot_fail(op->step->u.event_time.time))
        op = op->next.n == 1 ? op->next.at[0] : NULL;
    return op && op->kind == POP_where && plan_cannot_fail(op->step->u.where.pred) ? op : NULL;
}

/* A row to the operators, the address at `g->record`. */
static void give_row(gen_t *g) {
    g->order = ORDER_place;
    emit_outs(g, MODE_append, emit_source_columns(g, g->record), g->stage->source->flow->row_in);
}

static LLVMValueRef row_at(gen_t *g, LLVMValueRef p, LLVMValueRef i) {
    return ir_byte_at(g->e, p, ir_mul(g->e, i, g->record_len, ""), "row");
}

/* i64 (ctx, row, kept, number of the row, count): asks so many rows and writes the numbers of
 * those that stay; how many they are.  A function of its own: in the midst of what is done with
 * those that stay it would have no registers. */
static LLVMValueRef sift_fn(gen_t *g, LLVMTypeRef *type) {
    emit_t *e = g->e;
    LLVMTypeRef args[] = {e->ptr, e->ptr, e->ptr, e->i64, e->i64};
    fn_t f;
    *type = LLVMFunctionType(e->i64, args, 5, 0);
    emit_fn_open(e, &f, arena_printf(e->arena, "flowgen_stage%d_sift", g->stage->id), *type,
                 g->plan->steps.at[g->stage->step_id].at);
    LLVMAddAttributeAtIndex(f.fn, LLVMAttributeFunctionIndex,
                            LLVMCreateEnumAttribute(e->llvm, LLVMGetEnumAttributeKindForName(
                                                                 "noinline", 8), 0));
    LLVMValueRef p = emit_arg(e, 1, "rows"), from = emit_arg(e, 3, "from");
    g->sift = (sift_t){.phase = SIFT_ask, .kept = emit_arg(e, 2, "kept"),
                       .n = ir_slot(e, e->i64, "kept.n")};
    ir_store(e, ir_i64(e, 0), g->sift.n);
    emit_see_times(g);
    loop_t ask = ir_loop(e, emit_arg(e, 4, "count"), "ask");
    g->sift.row = ir_add(e, from, ask.i, "row");
    g->record = row_at(g, p, ask.i);
    LLVMValueRef ahead = ir_i64(e, AHEAD); /* perhaps behind the block */
    K_CALL(e, fetch, "", LLVMBuildGEP2(e->b, e->i8, g->record, &ahead, 1, "ahead"));
    give_row(g);
    ir_loop_end(e, &ask);
    emit_times_seen(g);
    ir_ret(e, ir_load(e, e->i64, g->sift.n, "kept.n"));
    emit_fn_close(e);
    return f.fn;
}

static void sifted_rows(gen_t *g, LLVMValueRef p, LLVMValueRef rows, LLVMValueRef mark) {
    emit_t *e = g->e;
    LLVMTypeRef type;
    LLVMValueRef sift = sift_fn(g, &type), kept = ir_words(e, SIFTED, "kept");
    LLVMValueRef size = ir_i64(e, SIFTED), one = ir_i64(e, 1);
    LLVMValueRef up = ir_add(e, rows, ir_sub(e, size, one, ""), "");
    loop_t some = ir_loop(e, ir_op(e, LLVMSDiv, up, size, "pieces"), "piece");
    LLVMValueRef from = ir_mul(e, some.i, size, "from"), left = ir_sub(e, rows, from, "left");
    K_CALL(e, reset, "", e->fn->ctx, mark); /* what is asked of some rows takes little */
    LLVMValueRef args[] = {e->fn->ctx, row_at(g, p, from), kept, from,
                           ir_select(e, ir_lt(e, left, size, ""), left, size, "count")};
    loop_t take = ir_loop(e, LLVMBuildCall2(e->b, type, sift, args, 5, "kept.n"), "take");
    K_CALL(e, reset, "", e->fn->ctx, mark);
    g->record = row_at(g, p, ir_load(e, e->i64, ir_word_at(e, kept, take.i, ""), "row"));
    g->sift.phase = SIFT_take;
    give_row(g);
    ir_loop_end(e, &take);
    ir_loop_end(e, &some);
}

void emit_binary_rows(gen_t *g, LLVMValueRef p) {
    emit_t *e = g->e;
    g->record_len = ir_i64(e, 8 * (int64_t)g->stage->source->conn->record->words);
    LLVMValueRef rows = LLVMBuildExactSDiv(e->b, g->bytes, g->record_len, "rows");
    LLVMValueRef mark = K_CALL(e, mark, "mark", e->fn->ctx);
    if (sifting_op(g) && !reads_bools(g)) {
        sifted_rows(g, p, rows, mark);
    } else {
        emit_see_times(g);
        loop_t l = ir_loop(e, rows, "row");
        K_CALL(e, reset, "", e->fn->ctx, mark);
        g->record = row_at(g, p, l.i);
        LLVMValueRef bad = bad_bools(g, g->record);
        if (bad) report_bad(g, bad, l.next);
        give_row(g);
        ir_loop_end(e, &l);
        emit_times_seen(g);
    }
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
