/* emit_staging.c - see emit_staging.h.  Draining is a function of its own, called when the
 * slots are full and at the end of the block.
 *
 * Where hardly a key comes again before the table is full, the table only costs: a probe that
 * misses the cache, and all entries read again when they leave.  Rows then pass it by
 * (k_stage.h): key and arguments cross the exchange among the parts, with a mark. */
#include "compiler/emit/emit_staging.h"

enum { SLOTS = 64, KEY_WORDS = 3, SHORT_TEXT = 12 }; /* runtime/kernel/k_stage.h */

LLVMValueRef emit_stage_wanted(gen_t *g, LLVMValueRef table, gkey_t key) {
    emit_t *e = g->e;
    LLVMValueRef big = ir_bit_of(e, K_CALL(e, table_big, "big", table), "big");
    if (key.is_int) return big;
    LLVMValueRef is_short =
        ir_cmp(e, LLVMIntSLE, key.len, ir_i64(e, SHORT_TEXT), "short");
    return ir_and(e, big, is_short, "aside");
}

static int64_t slot_words(const pop_t *op, const val_t *args) {
    int64_t n = KEY_WORDS;
    for (size_t i = 0; i < op->step->u.aggregate.naggs; i++) n += args[i].type->words;
    return n;
}

static LLVMValueRef slot_at(gen_t *g, const staged_t *s, LLVMValueRef slots, LLVMValueRef i) {
    return ir_word_at(g->e, slots, ir_mul(g->e, i, ir_i64(g->e, s->words), ""), "slot");
}

/* The arguments of a row that was put aside. */
static val_t *load_args(gen_t *g, const pop_t *op, LLVMValueRef slot, const val_t *args) {
    emit_t *e = g->e;
    size_t naggs = op->step->u.aggregate.naggs;
    val_t *again = ARENA_ARRAY(e->arena, val_t, naggs + 1);
    int64_t w = KEY_WORDS;
    for (size_t i = 0; i < naggs; i++) {
        again[i] = val_load(e, args[i].type, ir_word(e, slot, w), "arg");
        w += args[i].type->words;
    }
    return again;
}

static gkey_t load_key(gen_t *g, const staged_t *s, LLVMValueRef slot) {
    emit_t *e = g->e;
    if (s->int_key) return (gkey_t){.is_int = 1, .i64 = ir_load(e, e->i64, slot, "key")};
    LLVMValueRef text = ir_words(e, 2, "key");
    K_CALL(e, stage_key_text, "", slot, text);
    return (gkey_t){.ptr = ir_load(e, e->ptr, text, "key"),
                    .len = ir_load(e, e->i64, ir_word(e, text, 1), "key.len")};
}

/* Rows that pass the table by. */
static void pass_rows(gen_t *g, pop_t *op, const staged_t *s, const val_t *args,
                      LLVMValueRef slots, LLVMValueRef n) {
    loop_t l = ir_loop(g->e, n, "pass");
    LLVMValueRef slot = slot_at(g, s, slots, l.i);
    emit_agg_send_alone(g, op->state, load_key(g, s, slot), load_args(g, op, slot, args));
    ir_loop_end(g->e, &l);
}

/* Rows into the worker's table: all entries are fetched, then each is probed and stepped. */
static void enter_rows(gen_t *g, pop_t *op, const staged_t *s, const val_t *args,
                       LLVMValueRef table, LLVMValueRef slots, LLVMValueRef n) {
    emit_t *e = g->e;
    loop_t fetch = ir_loop(e, n, "fetch");
    K_CALL(e, stage_fetch, "", table, slot_at(g, s, slots, fetch.i));
    ir_loop_end(e, &fetch);
    loop_t l = ir_loop(e, n, "step");
    LLVMValueRef slot = slot_at(g, s, slots, l.i);
    LLVMValueRef words = s->int_key
                             ? K_CALL(e, stage_i64_entry, "entry", e->fn->ctx, table, slot)
                             : K_CALL(e, stage_text_entry, "entry", e->fn->ctx, table, slot);
    emit_agg_step_all(g, op->step, table, words, load_args(g, op, slot, args));
    ir_loop_end(e, &l);
    K_CALL(e, stage_fed, "", table, n);
}

/* i32 drain(ctx, slots, count) */
static LLVMValueRef drain_function(gen_t *g, pop_t *op, const staged_t *s, const val_t *args) {
    emit_t *e = g->e;
    fn_t f;
    const char *name = arena_printf(e->arena, "flowgen_stage%d_drain%d", g->stage->id, op->step_id);
    emit_fn_open(e, &f, name, emit_fn_type(e, 2), op->step->at);
    LLVMValueRef fn = f.fn, slots = emit_arg(e, 1, "slots"), count = emit_arg(e, 2, "count");
    LLVMValueRef n = ir_load(e, e->i64, count, "n");
    LLVMValueRef table = K_CALL(e, partial, "partial", e->fn->ctx, ir_i64(e, op->state->id));
    LLVMBasicBlockRef pass = ir_block(e, "pass"), enter = ir_block(e, "enter"),
                      done = ir_block(e, "drained");
    ir_if(e, ir_bit_of(e, K_CALL(e, stage_passes, "passes", table, n), "passes"), pass, enter);
    ir_at(e, pass);
    pass_rows(g, op, s, args, slots, n);
    ir_br(e, done);
    ir_at(e, enter);
    enter_rows(g, op, s, args, table, slots, n);
    ir_br(e, done);
    ir_at(e, done);
    ir_store(e, ir_i64(e, 0), count);
    ir_ret(e, ir_i32(e, 0));
    emit_fn_close(e);
    return fn;
}

static void drain(gen_t *g, const staged_t *s) {
    emit_t *e = g->e;
    ir_call(e, s->drain, (LLVMValueRef[]){e->fn->ctx, s->slots, s->count}, 3, "drained");
}

void emit_stage_put(gen_t *g, pop_t *op, LLVMValueRef table, gkey_t key, const val_t *args) {
    emit_t *e = g->e;
    staged_t s = {.words = slot_words(op, args), .int_key = key.is_int};
    s.slots = ir_words(e, (uint32_t)(SLOTS * s.words), "slots");
    s.count = ir_memo(e, "staged");
    s.drain = drain_function(g, op, &s, args);
    vec_push(e->arena, &g->staged, s);

    LLVMValueRef n = ir_load(e, e->i64, s.count, "n"), slot = slot_at(g, &s, s.slots, n);
    if (key.is_int) K_CALL(e, stage_i64, "", e->fn->ctx, table, slot, key.i64);
    else K_CALL(e, stage_text, "", e->fn->ctx, table, slot, key.ptr, key.len);
    int64_t w = KEY_WORDS;
    for (size_t i = 0; i < op->step->u.aggregate.naggs; i++) {
        val_store(e, args[i], ir_word(e, slot, w));
        w += args[i].type->words;
    }
    LLVMValueRef more = ir_add(e, n, ir_i64(e, 1), "n");
    ir_store(e, more, s.count);
    LLVMBasicBlockRef full = ir_block(e, "slots.full"), done = ir_block(e, "aside");
    ir_if(e, ir_eq(e, more, ir_i64(e, SLOTS), ""), full, done);
    ir_at(e, full);
    drain(g, &s);
    ir_br(e, done);
    ir_at(e, done);
}

void emit_stage_drain_all(gen_t *g) {
    for (size_t i = 0; i < g->staged.n; i++) drain(g, &g->staged.at[i]);
    g->staged.n = 0;
}
