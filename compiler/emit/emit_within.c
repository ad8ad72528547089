/* emit_within.c - which rows `distinct` lets pass, and where `repartition` sends rows. */
#include "compiler/base/check.h"
#include "compiler/emit/emit_stage.h"
#include "compiler/emit/emit_time.h"

LLVMValueRef emit_bucket(gen_t *g, tstep_t *s, const gkey_t *key) {
    emit_t *e = g->e;
    LLVMValueRef n = emit_constant(g, s->u.repartition.count, s->u.repartition.count_value, 1);
    LLVMValueRef all = K_CALL(e, ctx_nparts, "nparts", e->fn->ctx);
    n = ir_select(e, ir_lt(e, n, all, ""), n, all, "buckets");
    if (!key) return K_CALL(e, deal, "bucket", e->fn->ctx, n);
    LLVMValueRef hash = key->is_int ? K_CALL(e, part_i64, "hash", key->i64)
                                    : K_CALL(e, part_bytes, "hash", key->ptr, key->len);
    return K_CALL(e, part, "bucket", hash, n);
}

static LLVMValueRef bound_of(gen_t *g) {
    const tstep_t *s = g->stage->step;
    return emit_constant(g, s->u.distinct.within, s->u.distinct.within_value, 0);
}

LLVMValueRef emit_passes(gen_t *g, LLVMValueRef table, gkey_t key, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    if (!g->stage->step->u.distinct.within) {
        emit_probe(g, table, key);
        return ir_bit_of(e, K_CALL(e, table_fresh, "fresh", table), "fresh");
    }
    LLVMValueRef time = g->time;
    if (time) {
        LLVMBasicBlockRef late = ir_block(e, "row.late"), good = ir_block(e, "in.time");
        LLVMValueRef now =
            K_CALL(e, mark_now, "watermark", e->fn->ctx, ir_i64(e, g->stage->mark));
        ir_if_rare(e, ir_lt(e, time, now, "late"), late, good);
        ir_at(e, late);
        K_CALL(e, row_late, "", e->fn->ctx, ir_i64(e, g->stage->step_id), ir_i32(e, 0));
        ir_br(e, next);
        ir_at(e, good);
    } else {
        time = K_CALL(e, ctx_now, "now", e->fn->ctx);
    }
    emit_probe(g, table, key);
    return ir_bit_of(e, K_CALL(e, within_put, "passes", e->fn->ctx, table, time, bound_of(g)),
                     "passes");
}

/* What no row can be within the bound of any more is forgotten. */
void emit_within_close(gen_t *g, LLVMValueRef table) {
    emit_t *e = g->e;
    LLVMValueRef w = K_CALL(e, mark_next, "mark", e->fn->ctx, ir_i64(e, g->stage->mark));
    K_CALL(e, within_expire, "", e->fn->ctx, table, w, bound_of(g));
    emit_timers_due(g, table);
}
