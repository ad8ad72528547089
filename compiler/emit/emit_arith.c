/* emit_arith.c - checked integers, IEEE floats, times.
 *
 * Every operation is defined for every input: ints by llvm.*.with.overflow and tests
 * before a division, floats by IEEE alone.  Nothing relies on undefined behaviour of
 * LLVM's own instructions: sdiv and srem never see 0 or (least int, -1). */
#include "compiler/emit/emit_arith.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_decimal.h"
#include "compiler/emit/ir.h"
#include "compiler/syntax/ast.h"

LLVMValueRef emit_checked(emit_t *e, const char *op, LLVMValueRef a, LLVMValueRef b) {
    LLVMValueRef args[] = {a, b};
    const char *id = arena_printf(e->arena, "llvm.s%s.with.overflow", op);
    LLVMValueRef both = ir_intrinsic(e, id, e->i64, args, 2, "");
    emit_fail_if(e, ir_extract(e, both, 1, "over"), ROW_overflow);
    return ir_extract(e, both, 0, op);
}

static void fail_if_zero(emit_t *e, LLVMValueRef divisor) {
    emit_fail_if(e, ir_eq(e, divisor, ir_i64(e, 0), "zero"), ROW_div_zero);
}

/* The one quotient that does not fit: the least int by -1. */
static void fail_if_least_by_minus_one(emit_t *e, LLVMValueRef a, LLVMValueRef b) {
    LLVMValueRef least = ir_eq(e, a, ir_i64(e, INT64_MIN), "");
    LLVMValueRef minus = ir_eq(e, b, ir_i64(e, -1), "");
    emit_fail_if(e, ir_and(e, least, minus, "over"), ROW_overflow);
}

static LLVMValueRef divide(emit_t *e, LLVMValueRef a, LLVMValueRef b) {
    fail_if_zero(e, b);
    fail_if_least_by_minus_one(e, a, b);
    return ir_op(e, LLVMSDiv, a, b, "div");
}

/* The remainder by -1 is 0, for the least int too: as by 1. */
static LLVMValueRef remainder_of(emit_t *e, LLVMValueRef a, LLVMValueRef b) {
    fail_if_zero(e, b);
    LLVMValueRef minus = ir_eq(e, b, ir_i64(e, -1), "");
    LLVMValueRef by = LLVMBuildSelect(e->b, minus, ir_i64(e, 1), b, "");
    return ir_op(e, LLVMSRem, a, by, "rem");
}

static LLVMValueRef arith_int(emit_t *e, int op, LLVMValueRef a, LLVMValueRef b) {
    switch (op) {
    case BINARY_ADD: return emit_checked(e, "add", a, b);
    case BINARY_SUB: return emit_checked(e, "sub", a, b);
    case BINARY_MUL: return emit_checked(e, "mul", a, b);
    case BINARY_DIV: return divide(e, a, b);
    case BINARY_MOD: return remainder_of(e, a, b);
    default: flow_unreachable("no arithmetic");
    }
}

/* frem is C's fmod, which is exact. */
static LLVMValueRef arith_float(emit_t *e, int op, LLVMValueRef a, LLVMValueRef b) {
    switch (op) {
    case BINARY_ADD: return ir_op(e, LLVMFAdd, a, b, "add");
    case BINARY_SUB: return ir_op(e, LLVMFSub, a, b, "sub");
    case BINARY_MUL: return ir_op(e, LLVMFMul, a, b, "mul");
    case BINARY_DIV: return ir_op(e, LLVMFDiv, a, b, "div");
    case BINARY_MOD: return ir_op(e, LLVMFRem, a, b, "rem");
    default: flow_unreachable("no arithmetic");
    }
}

val_t emit_arith(emit_t *e, int op, val_t a, val_t b, type_t *result) {
    if (a.type->kind == TY_DECIMAL) return emit_decimal_arith(e, op, a, b, result);
    LLVMValueRef x = a.leaf[0], y = b.leaf[0];
    flow_assert(a.type->words == 1 && b.type->words == 1);
    if (a.type->kind == TY_FLOAT) return val_int(e, result, arith_float(e, op, x, y));
    /* Times and durations are ints of microseconds, with the same rules. */
    return val_int(e, result, arith_int(e, op, x, y));
}

val_t emit_negate(emit_t *e, val_t v) {
    if (v.type->kind == TY_DECIMAL) return emit_decimal_negate(e, v);
    if (v.type->kind == TY_FLOAT)
        return val_int(e, v.type, LLVMBuildFNeg(e->b, v.leaf[0], "neg"));
    return val_int(e, v.type, emit_checked(e, "sub", ir_i64(e, 0), v.leaf[0]));
}
