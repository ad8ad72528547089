/* emit_decimal.c - arithmetic and conversions of decimals, by the kernel.
 *
 * Only signs are written here, on i128.  Everything that must look at digits is a call:
 * the kernel's functions are small where the scales are equal, and inline. */
#include "compiler/emit/emit_decimal.h"

#include "compiler/base/check.h"
#include "compiler/emit/ir.h"
#include "compiler/emit/kernel_mod.h"
#include "compiler/types/builtins.h"

static LLVMValueRef scale_of(emit_t *e, val_t v) { return ir_i64(e, type_strip(v.type)->s); }

/* The value of out's words after a call that may fail. */
static val_t checked(emit_t *e, type_t *t, LLVMValueRef out, LLVMValueRef status) {
    emit_fail_status(e, status);
    return val_load(e, t, out, "decimal");
}

val_t emit_decimal_arith(emit_t *e, int op, val_t a, val_t b, type_t *result) {
    LLVMValueRef out = ir_words(e, 2, "decimal"), x = val_spill(e, a), y = val_spill(e, b);
    LLVMValueRef s = scale_of(e, a), r = scale_of(e, b), status = NULL;
    switch (op) {
    case BINARY_ADD: status = K_CALL(e, dec_add, "add", out, x, s, y, r); break;
    case BINARY_SUB: status = K_CALL(e, dec_sub, "sub", out, x, s, y, r); break;
    case BINARY_MUL: status = K_CALL(e, dec_mul, "mul", out, x, y); break;
    case BINARY_DIV: status = K_CALL(e, dec_div, "div", out, x, s, y, r); break;
    case BINARY_MOD: status = K_CALL(e, dec_rem, "rem", out, x, s, y, r); break;
    default: flow_unreachable("no arithmetic");
    }
    return checked(e, result, out, status);
}

/* ---- signs ---- */

static LLVMValueRef wide_of(emit_t *e, val_t v) {
    LLVMValueRef low = ir_cast(e, LLVMZExt, v.leaf[0], e->i128, "");
    LLVMValueRef high = ir_cast(e, LLVMZExt, v.leaf[1], e->i128, "");
    LLVMValueRef by = LLVMConstInt(e->i128, 64, 0);
    return ir_or(e, ir_op(e, LLVMShl, high, by, ""), low, "wide");
}

static val_t of_wide(emit_t *e, type_t *t, LLVMValueRef wide) {
    val_t v = val_new(e, t);
    LLVMValueRef by = LLVMConstInt(e->i128, 64, 0);
    v.leaf[0] = ir_cast(e, LLVMTrunc, wide, e->i64, "");
    v.leaf[1] = ir_cast(e, LLVMTrunc, ir_op(e, LLVMLShr, wide, by, ""), e->i64, "");
    return v;
}

/* 38 digits stay far below 2^127: no sign overflows. */
val_t emit_decimal_negate(emit_t *e, val_t v) {
    return of_wide(e, v.type, LLVMBuildNeg(e->b, wide_of(e, v), "neg"));
}

static val_t absolute(emit_t *e, val_t v) {
    LLVMValueRef wide = wide_of(e, v), zero = LLVMConstInt(e->i128, 0, 0);
    LLVMValueRef below = ir_cmp(e, LLVMIntSLT, wide, zero, "below");
    LLVMValueRef neg = LLVMBuildNeg(e->b, wide, "neg");
    return of_wide(e, v.type, ir_select(e, below, neg, wide, "abs"));
}

/* ---- comparison ---- */

static LLVMValueRef order_holds(emit_t *e, int op, LLVMValueRef order) {
    LLVMValueRef zero = ir_i32(e, 0);
    switch (op) {
    case BINARY_EQ: return ir_cmp(e, LLVMIntEQ, order, zero, "eq");
    case BINARY_NE: return ir_cmp(e, LLVMIntNE, order, zero, "ne");
    case BINARY_LT: return ir_cmp(e, LLVMIntSLT, order, zero, "lt");
    case BINARY_LE: return ir_cmp(e, LLVMIntSLE, order, zero, "le");
    case BINARY_GT: return ir_cmp(e, LLVMIntSGT, order, zero, "gt");
    case BINARY_GE: return ir_cmp(e, LLVMIntSGE, order, zero, "ge");
    default: flow_unreachable("no comparison");
    }
}

LLVMValueRef emit_decimal_compare(emit_t *e, int op, val_t a, val_t b) {
    val_t x = val_unwrap(e, a), y = val_unwrap(e, b);
    LLVMValueRef order = K_CALL(e, dec_compare, "cmp", val_spill(e, x), scale_of(e, a),
                                val_spill(e, y), scale_of(e, b));
    if (a.type->kind != TY_OPTION && b.type->kind != TY_OPTION)
        return order_holds(e, op, order);
    /* only == and != take a T?: none equals none alone, whose words are zeros */
    LLVMValueRef same = ir_eq(e, val_has(e, a), val_has(e, b), "");
    LLVMValueRef equal = ir_and(e, same, order_holds(e, BINARY_EQ, order), "eq");
    flow_assert(op == BINARY_EQ || op == BINARY_NE);
    return op == BINARY_EQ ? equal : ir_not(e, equal, "ne");
}

/* ---- functions ---- */

static val_t of_int(emit_t *e, val_t x, type_t *t) {
    val_t v = val_new(e, t);
    v.leaf[0] = x.leaf[0];
    v.leaf[1] = ir_op(e, LLVMAShr, x.leaf[0], ir_i64(e, 63), "sign");
    return v;
}

val_t emit_decimal_fn(emit_t *e, int fn, val_t x, type_t *result) {
    const type_t *to = type_strip(result);
    LLVMValueRef p = ir_i64(e, to->p), s = ir_i64(e, to->s);
    if (fn == FN_abs_decimal) return absolute(e, x);
    if (fn == FN_decimal) return of_int(e, x, result);
    if (fn == FN_float_decimal)
        return val_int(e, result, K_CALL(e, dec_to_float, "float", val_spill(e, x),
                                         scale_of(e, x)));
    LLVMValueRef out = ir_words(e, result->words, "decimal");
    switch (fn) {
    case FN_decimal_of_int:
        return checked(e, result, out, K_CALL(e, dec_of_int, "", out, x.leaf[0], p, s));
    case FN_decimal_of_float:
        return checked(e, result, out, K_CALL(e, dec_of_float, "", out, x.leaf[0], p, s));
    case FN_decimal_of_decimal: case FN_round_decimal:
        return checked(e, result, out, K_CALL(e, dec_rescale, "", out, val_spill(e, x),
                                              scale_of(e, x), p, s));
    case FN_int_decimal:
        return checked(e, result, out, K_CALL(e, dec_to_int, "", out, val_spill(e, x),
                                              scale_of(e, x)));
    case FN_to_decimal:
        K_CALL(e, dec_parse, "", out, x.leaf[0], x.leaf[1], p, s);
        return val_load(e, result, out, "decimal");
    default: flow_unreachable("no function on decimals");
    }
}
