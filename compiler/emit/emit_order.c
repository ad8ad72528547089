/* emit_order.c - equality and order of values.
 *
 * Scalars, optionals, records and enums are compared here; what has elements (lists,
 * maps, variants with payload) by the kernel, with a type code.
 * Floats: NaN equals itself and stands above all, -0.0 equals 0.0. */
#include "compiler/emit/emit_order.h"

#include "compiler/base/check.h"
#include "compiler/emit/ir.h"
#include "compiler/emit/kernel_mod.h"

/* ---- floats ---- */

static LLVMValueRef is_nan(emit_t *e, LLVMValueRef x) {
    return ir_fcmp(e, LLVMRealUNO, x, x, "nan");
}

static LLVMValueRef equal_float(emit_t *e, LLVMValueRef a, LLVMValueRef b) {
    LLVMValueRef both_nan = ir_and(e, is_nan(e, a), is_nan(e, b), "");
    return ir_or(e, ir_fcmp(e, LLVMRealOEQ, a, b, ""), both_nan, "eq");
}

static LLVMValueRef less_float(emit_t *e, LLVMValueRef a, LLVMValueRef b) {
    LLVMValueRef ordered = ir_fcmp(e, LLVMRealORD, a, a, "");
    LLVMValueRef only_b = ir_and(e, ordered, is_nan(e, b), "");
    return ir_or(e, ir_fcmp(e, LLVMRealOLT, a, b, ""), only_b, "lt");
}

/* ---- by the kernel ---- */

static LLVMValueRef generic(emit_t *e, kfn_id id, val_t a, val_t b) {
    LLVMValueRef args[] = {val_spill(e, a), val_spill(e, b), emit_type_code(e, a.type)};
    return k_call(e, id, args, 3, "cmp");
}

static LLVMValueRef of_text(emit_t *e, kfn_id id, val_t a, val_t b) {
    LLVMValueRef args[] = {a.leaf[0], a.leaf[1], b.leaf[0], b.leaf[1]};
    return k_call(e, id, args, 4, "cmp");
}

/* ---- equality ---- */

static LLVMValueRef equal_parts(emit_t *e, val_t a, val_t b) {
    LLVMValueRef all = ir_bit(e, 1);
    for (uint32_t i = 0; i < a.type->nfields; i++)
        all = ir_and(e, all, emit_equal(e, val_field(e, a, i), val_field(e, b, i)), "eq");
    return all;
}

LLVMValueRef emit_equal(emit_t *e, val_t a, val_t b) {
    b = val_coerce(e, b, a.type);
    switch (a.type->kind) {
    case TY_INT: case TY_TIMESTAMP: case TY_DURATION: case TY_SIZE: case TY_BOOL:
        return ir_eq(e, a.leaf[0], b.leaf[0], "eq");
    case TY_FLOAT: return equal_float(e, a.leaf[0], b.leaf[0]);
    case TY_STRING: case TY_BYTES:
        return ir_bit_of(e, of_text(e, KFN_equal_text, a, b), "eq");
    case TY_DECIMAL:
        return ir_and(e, ir_eq(e, a.leaf[0], b.leaf[0], ""), ir_eq(e, a.leaf[1], b.leaf[1], ""),
                      "eq");
    case TY_OPTION: {
        /* The words of none are zeros, so the values may be compared in any case. */
        LLVMValueRef same = ir_eq(e, val_has(e, a), val_has(e, b), "");
        return ir_and(e, same, emit_equal(e, val_unwrap(e, a), val_unwrap(e, b)), "eq");
    }
    case TY_RECORD: return equal_parts(e, a, b);
    case TY_UNION:
        if (a.type->words == 1) return ir_eq(e, a.leaf[0], b.leaf[0], "eq");
        return ir_bit_of(e, generic(e, KFN_equal, a, b), "eq");
    case TY_LIST: case TY_MAP: return ir_bit_of(e, generic(e, KFN_equal, a, b), "eq");
    case TY_NONE: return ir_bit(e, 1);
    case TY_POISON: case TY_REGEX: break;
    }
    flow_unreachable("no equality");
}

/* ---- order ---- */

/* -1, 0, 1 from "less" and "greater". */
static LLVMValueRef three_way(emit_t *e, LLVMValueRef less, LLVMValueRef greater) {
    LLVMValueRef up = ir_i32_of(e, greater, ""), down = ir_i32_of(e, less, "");
    return ir_sub(e, up, down, "cmp");
}

static LLVMValueRef compare_int(emit_t *e, LLVMValueRef a, LLVMValueRef b, int is_signed) {
    LLVMIntPredicate less = is_signed ? LLVMIntSLT : LLVMIntULT;
    return three_way(e, ir_cmp(e, less, a, b, ""), ir_cmp(e, less, b, a, ""));
}

/* a if it is not 0, else b: the next column decides. */
static LLVMValueRef then_compare(emit_t *e, LLVMValueRef a, LLVMValueRef b) {
    return ir_select(e, ir_bit_of(e, a, ""), a, b, "cmp");
}

static LLVMValueRef compare_parts(emit_t *e, val_t a, val_t b) {
    LLVMValueRef all = ir_i32(e, 0);
    for (uint32_t i = a.type->nfields; i-- > 0;)
        all = then_compare(e, emit_compare(e, val_field(e, a, i), val_field(e, b, i)), all);
    return all;
}

LLVMValueRef emit_compare(emit_t *e, val_t a, val_t b) {
    b = val_coerce(e, b, a.type);
    switch (a.type->kind) {
    case TY_INT: case TY_TIMESTAMP: case TY_DURATION: case TY_SIZE:
        return compare_int(e, a.leaf[0], b.leaf[0], 1);
    case TY_BOOL: return compare_int(e, a.leaf[0], b.leaf[0], 0);
    case TY_FLOAT:
        return three_way(e, less_float(e, a.leaf[0], b.leaf[0]),
                         less_float(e, b.leaf[0], a.leaf[0]));
    case TY_STRING: case TY_BYTES: return of_text(e, KFN_compare_text, a, b);
    case TY_OPTION: {
        /* none is last: a value (1) comes before none (0). */
        LLVMValueRef flags = compare_int(e, val_has(e, b), val_has(e, a), 0);
        return then_compare(e, flags, emit_compare(e, val_unwrap(e, a), val_unwrap(e, b)));
    }
    case TY_RECORD: return compare_parts(e, a, b);
    case TY_UNION:
        if (a.type->words == 1) return compare_int(e, a.leaf[0], b.leaf[0], 1);
        return generic(e, KFN_compare, a, b);
    case TY_LIST: case TY_MAP: case TY_DECIMAL: return generic(e, KFN_compare, a, b);
    case TY_NONE: return ir_i32(e, 0);
    case TY_POISON: case TY_REGEX: break;
    }
    flow_unreachable("no order");
}

LLVMValueRef emit_less(emit_t *e, val_t a, val_t b) {
    b = val_coerce(e, b, a.type);
    switch (a.type->kind) {
    case TY_INT: case TY_TIMESTAMP: case TY_DURATION: case TY_SIZE:
        return ir_lt(e, a.leaf[0], b.leaf[0], "lt");
    case TY_BOOL: return ir_cmp(e, LLVMIntULT, a.leaf[0], b.leaf[0], "lt");
    case TY_FLOAT: return less_float(e, a.leaf[0], b.leaf[0]);
    case TY_STRING: case TY_BYTES: case TY_OPTION: case TY_RECORD: case TY_UNION: case TY_LIST:
    case TY_MAP: case TY_DECIMAL: case TY_NONE: case TY_POISON: case TY_REGEX:
        return ir_lt(e, emit_compare(e, a, b), ir_i32(e, 0), "lt");
    }
    flow_unreachable("no order");
}
