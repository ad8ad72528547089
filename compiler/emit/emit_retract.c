/* emit_retract.c - see emit_retract.h.
 *
 * Aggregates with an inverse take a value out of their state (runtime/kernel/
 * k_agg_back.def).  The others keep a bag of the values of each key, in the order that
 * their result is read in: that of the values for min, max and sets, else that of the keys
 * of the table, behind what arg_min and arg_max order by.  Sketches and joined text are
 * computed anew from the bag when the row leaves.
 *
 * The old and new rows of a batch come in any order; sums and bags do not mind. */
#include "compiler/emit/emit_retract.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/emit_table.h"
#include "compiler/types/builtins.h"

typedef enum keep {
    KEEP_state,  /* no bag */
    KEEP_values, /* by value: min, max, sets */
    KEEP_first,  /* by k, then key of the table: arg_min, arg_max */
    KEEP_order,  /* by key of the table */
    KEEP_fed     /* the same, and the rows are fed to a state to get the result */
} keep_t;

static keep_t keep_of(const agg_call_t *c) {
    if (!c->retracts) return KEEP_state;
    switch (c->agg) {
    case AGG_min:
    case AGG_max:
    case AGG_count_distinct:
    case AGG_collect_set: return KEEP_values;
    case AGG_arg_min:
    case AGG_arg_max: return KEEP_first;
    case AGG_first:
    case AGG_last:
    case AGG_collect: return KEEP_order;
    case AGG_concat:
    case AGG_quantile:
    case AGG_median:
    case AGG_top_k: return KEEP_fed;
    default: return KEEP_state;
    }
}

int emit_in_bag(const agg_call_t *c) {
    return keep_of(c) != KEEP_state;
}

/* ---- a row ---- */

static void put(gen_t *g, const agg_call_t *c, LLVMValueRef heap, LLVMValueRef bag, val_t args,
                LLVMValueRef by, gkey_t table_key) {
    emit_t *e = g->e;
    keep_t keep = keep_of(c);
    gkey_t key = {.ptr = ir_null(e), .len = ir_i64(e, 0)}, also = table_key;
    LLVMValueRef row = ir_null(e), code = ir_null(e);
    if (keep == KEEP_values) {
        val_t x = val_field(e, args, 0);
        key = emit_sort_key(g, &x, NULL, 1);
        also = (gkey_t){.ptr = ir_null(e), .len = ir_i64(e, 0)};
    } else {
        val_t value = keep == KEEP_first ? val_field(e, args, 0) : args;
        val_t k = keep == KEEP_first ? val_field(e, args, 1) : args;
        if (keep == KEEP_first) key = emit_sort_key(g, &k, NULL, 1);
        /* The greatest first; not as in `by … desc`, where none stays last. */
        if (c->agg == AGG_arg_max)
            K_CALL(e, key_invert, "", key.ptr, ir_byte_at(e, key.ptr, key.len, "key.end"));
        row = val_spill(e, value);
        code = emit_type_code(e, value.type);
    }
    K_CALL(e, bag_put_value, "", e->fn->ctx, heap, bag, by, key.ptr, key.len, also.ptr, also.len,
           row, code);
}

int emit_bag_in_key(const agg_call_t *c) {
    return keep_of(c) == KEEP_values;
}

/* Steps the state, or takes the step back. */
static void step_or_back(gen_t *g, const agg_call_t *c, LLVMValueRef heap, LLVMValueRef state,
                         val_t args) {
    emit_t *e = g->e;
    aggk_t k = emit_agg_kernel(e, c);
    int back = kfn_by_name(arena_printf(e->arena, "agg_%s_%s_back", k.id, k.cls));
    flow_assert(back >= 0);
    LLVMBasicBlockRef new = ir_block(e, "agg.in"), old = ir_block(e, "agg.out"),
                      next = ir_block(e, "agg.next");
    ir_if(e, ir_bit_of(e, g->sign, "is.new"), new, old);
    ir_at(e, new);
    emit_agg_call(g, c, k, k.step, heap, state, args);
    ir_br(e, next);
    ir_at(e, old);
    emit_agg_call(g, c, k, back, heap, state, args);
    ir_br(e, next);
    ir_at(e, next);
}

void emit_retract_row(gen_t *g, LLVMValueRef heap, LLVMValueRef words, int64_t count,
                      const val_t *args, gkey_t table_key) {
    emit_t *e = g->e;
    const tstep_t *s = g->stage->step;
    /* The sign is 1 or 0: by 1 or -1. */
    LLVMValueRef by = ir_sub(e, ir_mul(e, g->sign, ir_i64(e, 2), ""), ir_i64(e, 1), "by");
    LLVMValueRef rows = ir_word(e, words, count);
    ir_store(e, ir_add(e, ir_load(e, e->i64, rows, "rows"), by, "rows"), rows);
    int64_t at = 0;
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        const agg_call_t *c = s->u.aggregate.aggs[i];
        LLVMValueRef state = ir_word(e, words, at);
        at += emit_agg_kernel(e, c).words;
        int optional = args[i].type->kind == TY_OPTION;
        LLVMBasicBlockRef some = ir_block(e, "agg.some"), next = ir_block(e, "agg.done");
        if (optional) ir_if(e, val_has(e, args[i]), some, next);
        else ir_br(e, some);
        ir_at(e, some);
        val_t row = optional ? val_unwrap(e, args[i]) : args[i];
        if (emit_in_bag(c)) put(g, c, heap, state, row, by, table_key);
        else step_or_back(g, c, heap, state, row);
        ir_br(e, next);
        ir_at(e, next);
    }
}

/* ---- results ---- */

static val_t as_result(gen_t *g, const agg_call_t *c, val_t v) {
    type_t *want = c->result;
    if (v.type->kind == TY_OPTION && want->kind != TY_OPTION) v = val_unwrap(g->e, v);
    return (val_t){.type = want, .leaf = v.leaf};
}

static val_t pick(gen_t *g, const agg_call_t *c, LLVMValueRef bag) {
    emit_t *e = g->e;
    type_t *t = emit_agg_value(e, c);
    int last = c->agg == AGG_max || c->agg == AGG_last;
    LLVMValueRef out = ir_words(e, t->words + 1, "result");
    K_CALL(e, bag_pick, "", e->fn->ctx, bag, ir_i32(e, last),
           ir_i32(e, keep_of(c) == KEEP_values), out, emit_type_code(e, t));
    return as_result(g, c, val_load(e, type_option(e->types, t), out, "result"));
}

static LLVMValueRef limit_of(gen_t *g) {
    return K_CALL(g->e, ctx_collect_limit, "limit", g->e->fn->ctx);
}

static val_t values(gen_t *g, const agg_call_t *c, LLVMValueRef bag) {
    emit_t *e = g->e;
    type_t *t = emit_agg_value(e, c);
    LLVMValueRef out = ir_words(e, 2, "result");
    emit_fail_status(e, K_CALL(e, bag_values, "status", e->fn->ctx, bag,
                               ir_i32(e, keep_of(c) == KEEP_values), limit_of(g), out,
                               emit_type_code(e, t)));
    return as_result(g, c, val_load(e, type_list(e->types, t), out, "result"));
}

/* A state of its own in the task arena, which all rows enter in order. */
static val_t fed(gen_t *g, const agg_call_t *c, LLVMValueRef bag) {
    emit_t *e = g->e;
    type_t *value = emit_agg_value(e, c), *t[2];
    aggk_t k = emit_aggk(e, agg_at(c->agg)->id, value);
    type_t *row = type_record(e->types, NULL, &(field_t){.name = "x", .type = value}, 1);
    LLVMValueRef heap = ir_null(e);
    if (c->agg == AGG_concat) {
        LLVMValueRef n = K_CALL(e, bag_count, "count", bag);
        emit_fail_if(e, ir_lt(e, limit_of(g), n, "full"), ROW_limit);
    }
    LLVMValueRef state =
        K_CALL(e, alloc, "state", e->fn->ctx, ir_i64(e, 8 * (int64_t)k.words));
    for (int i = 0; i < k.words; i++) ir_store(e, ir_i64(e, 0), ir_word(e, state, i));
    LLVMValueRef list = ir_words(e, 1, "list");
    LLVMValueRef n = K_CALL(e, bag_list, "rows", e->fn->ctx, bag, ir_i64(e, INT64_MAX),
                            ir_i32(e, 0), list);
    loop_t l = ir_loop(e, n, "row");
    LLVMValueRef at = K_CALL(e, bag_row, "row", ir_load(e, e->ptr, list, "list"), l.i);
    LLVMValueRef words = ir_words(e, row->words + 1, "row");
    K_CALL(e, row_read, "", e->fn->ctx, at, ir_i64(e, 8), words, emit_type_code(e, row));
    emit_agg_call(g, c, k, k.step, heap, state, val_load(e, row, words, "row"));
    ir_loop_end(e, &l);
    if (*k.result == 'R') t[0] = c->result;
    else emit_agg_types(e, k.result, value, t);
    LLVMValueRef out = ir_words(e, t[0]->words + 1, "result");
    emit_fail_status(e, k_call(e, (kfn_id)k.res,
                               (LLVMValueRef[]){e->fn->ctx, heap, state, out,
                                                emit_type_code(e, value)},
                               5, "status"));
    return as_result(g, c, val_load(e, t[0], out, k.id));
}

val_t emit_bag_result(gen_t *g, const agg_call_t *c, LLVMValueRef bag) {
    emit_t *e = g->e;
    if (keep_of(c) == KEEP_fed) return fed(g, c, bag);
    switch (c->agg) {
    case AGG_count_distinct: return val_int(e, c->result, K_CALL(e, bag_count, "count", bag));
    case AGG_collect:
    case AGG_collect_set: return values(g, c, bag);
    default: return pick(g, c, bag);
    }
}
