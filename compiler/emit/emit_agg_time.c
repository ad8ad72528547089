/* emit_agg_time.c - see emit_agg_time.h.
 *
 * first and last are the value of the least and the greatest time; arg_min and arg_max go
 * by (key, time); collect and concat keep a bag (runtime/kernel/k_bag.h) in order of (time,
 * number of the row). */
#include "compiler/emit/emit_agg_time.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/types/builtins.h"

enum { BAG_WORDS = 2 };

static int is_list(const agg_call_t *c) {
    return c->agg == AGG_collect || c->agg == AGG_concat;
}

aggk_t emit_timed_aggk(emit_t *e, const agg_call_t *c) {
    type_t *time = type_basic(e->types, TY_INT), *bytes = type_basic(e->types, TY_BYTES);
    switch (c->agg) {
    case AGG_first: return emit_aggk(e, "arg_min", time);
    case AGG_last: return emit_aggk(e, "arg_last", time);
    case AGG_arg_min: return emit_aggk(e, "arg_min", bytes);
    case AGG_arg_max: return emit_aggk(e, "arg_max", bytes);
    case AGG_collect:
        return (aggk_t){.id = "collect", .words = BAG_WORDS, .layout = "B", .partial = "", .result = "[T"};
    case AGG_concat:
        return (aggk_t){.id = "concat", .words = BAG_WORDS, .layout = "B", .partial = "", .result = "s"};
    default: flow_unreachable("an aggregate that does not go by time");
    }
}

/* Texts that are to be joined stand as they are, other values encoded. */
static void step_list(gen_t *g, const agg_call_t *c, LLVMValueRef heap, LLVMValueRef state,
                      val_t x) {
    emit_t *e = g->e;
    LLVMValueRef one = ir_i64(e, 1), eight = ir_i64(e, 8);
    LLVMValueRef key = ir_words(e, 2, "time.key"), also = ir_word(e, key, 1);
    K_CALL(e, key_i64, "", key, g->time);
    K_CALL(e, key_i64, "", also, K_CALL(e, bag_count, "number", state));
    if (c->agg == AGG_concat)
        K_CALL(e, bag_put, "", e->fn->ctx, heap, state, one, key, eight, also, eight, x.leaf[0],
               x.leaf[1]);
    else
        K_CALL(e, bag_put_value, "", e->fn->ctx, heap, state, one, key, eight, also, eight,
               val_spill(e, x), emit_type_code(e, x.type));
}

void emit_timed_step(gen_t *g, const agg_call_t *c, LLVMValueRef heap, LLVMValueRef state,
                     val_t args, type_t *value) {
    emit_t *e = g->e;
    flow_assert(g->time);
    val_t x = val_field(e, args, 0);
    if (is_list(c)) {
        step_list(g, c, heap, state, x);
        return;
    }
    aggk_t k = emit_timed_aggk(e, c);
    LLVMValueRef a[12] = {e->fn->ctx, heap, state};
    unsigned n = 3;
    if (c->agg == AGG_first || c->agg == AGG_last) {
        a[n++] = g->time;
    } else {
        val_t parts[2] = {val_field(e, args, 1),
                          val_int(e, type_basic(e->types, TY_INT), g->time)};
        int desc[2] = {0, c->agg == AGG_arg_max}; /* of equal keys the earlier row counts */
        gkey_t key = emit_sort_key(g, parts, desc, 2);
        a[n++] = key.ptr;
        a[n++] = key.len;
    }
    a[n++] = val_spill(e, x);
    a[n++] = emit_type_code(e, value);
    k_call(e, (kfn_id)k.step, a, n, "");
}

LLVMValueRef emit_timed_result(gen_t *g, const agg_call_t *c, LLVMValueRef heap,
                               LLVMValueRef state, LLVMValueRef out, type_t *value) {
    emit_t *e = g->e;
    LLVMValueRef all = ir_i64(e, INT64_MAX);
    if (c->agg == AGG_collect)
        return K_CALL(e, bag_values, "status", e->fn->ctx, state, ir_i32(e, 0), all, out,
                      emit_type_code(e, value));
    if (c->agg == AGG_concat) {
        val_t sep = emit_expr(e, c->args[1]);
        return K_CALL(e, bag_concat, "status", e->fn->ctx, state, sep.leaf[0], sep.leaf[1], all,
                      out);
    }
    aggk_t k = emit_timed_aggk(e, c);
    LLVMValueRef a[] = {e->fn->ctx, heap, state, out, emit_type_code(e, value)};
    return k_call(e, (kfn_id)k.res, a, 5, "status");
}
