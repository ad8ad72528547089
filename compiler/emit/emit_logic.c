/* emit_logic.c - `and`, `or`, `??`, comparisons, `in`, `is`.
 *
 * `and or ??` evaluate their right side only where it is needed, so it stands in a block
 * of its own; simplifycfg makes a select of what is cheap and cannot fail. */
#include "compiler/base/check.h"
#include "compiler/emit/emit_arith.h"
#include "compiler/emit/emit_decimal.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/emit_loop.h"
#include "compiler/emit/emit_order.h"
#include "compiler/emit/ir.h"
#include "compiler/types/def.h"

/* `a and b`: b is evaluated where a is true; `a or b`: where a is false. */
static val_t emit_lazy(emit_t *e, ast_binary_t *n) {
    int is_and = n->op == BINARY_AND;
    LLVMValueRef left = emit_cond(e, n->left);
    LLVMBasicBlockRef more = ir_block(e, is_and ? "and" : "or");
    join_t j = val_join(e, n->node.type, is_and ? "and.end" : "or.end");
    ir_phi_add(j.phi[0], ir_bit(e, !is_and), ir_here(e));
    if (is_and) ir_if(e, left, more, j.block);
    else ir_if(e, left, j.block, more);
    ir_at(e, more);
    val_join_add(e, &j, val_int(e, n->node.type, emit_cond(e, n->right)));
    return val_join_end(e, &j);
}

static val_t emit_coalesce(emit_t *e, ast_binary_t *n) {
    val_t left = emit_expr(e, n->left);
    if (left.type->kind == TY_NONE) return emit_expr_as(e, n->right, n->node.type);
    LLVMBasicBlockRef some = ir_block(e, "some"), none = ir_block(e, "none");
    join_t j = val_join(e, n->node.type, "known");
    ir_if(e, val_has(e, left), some, none);
    ir_at(e, some);
    val_join_add(e, &j, val_unwrap(e, left));
    ir_at(e, none);
    val_join_add(e, &j, emit_expr_as(e, n->right, n->node.type));
    return val_join_end(e, &j);
}

/* The type in which two operands are compared: T? where one of them is, the fields of
 * a record in one order. */
static type_t *common_type(emit_t *e, val_t a, val_t b) {
    type_t *t = type_join(e->types, a.type, b.type);
    flow_assert(t);
    return t;
}

static LLVMValueRef equal_values(emit_t *e, val_t a, val_t b) {
    type_t *t = common_type(e, a, b);
    return emit_equal(e, val_coerce(e, a, t), val_coerce(e, b, t));
}

static LLVMValueRef less_values(emit_t *e, val_t a, val_t b) {
    type_t *t = common_type(e, a, b);
    return emit_less(e, val_coerce(e, a, t), val_coerce(e, b, t));
}

static LLVMValueRef compare_values(emit_t *e, int op, val_t a, val_t b) {
    if (type_strip(a.type)->kind == TY_DECIMAL && type_strip(b.type)->kind == TY_DECIMAL)
        return emit_decimal_compare(e, op, a, b);
    switch (op) {
    case BINARY_EQ: return equal_values(e, a, b);
    case BINARY_NE: return ir_not(e, equal_values(e, a, b), "ne");
    case BINARY_LT: return less_values(e, a, b);
    case BINARY_GT: return less_values(e, b, a);
    case BINARY_LE: return ir_not(e, less_values(e, b, a), "le");
    case BINARY_GE: return ir_not(e, less_values(e, a, b), "ge");
    default: flow_unreachable("no comparison");
    }
}

/* ---- in ---- */

/* lo <= x and x <= hi; both ends are evaluated. */
static LLVMValueRef in_range(emit_t *e, val_t x, ast_range_t *r) {
    val_t lo = emit_expr_as(e, r->lo, x.type), hi = emit_expr_as(e, r->hi, x.type);
    LLVMValueRef from = ir_not(e, emit_less(e, x, lo), "");
    LLVMValueRef to = r->half_open ? emit_less(e, x, hi) : ir_not(e, emit_less(e, hi, x), "");
    return ir_and(e, from, to, "in");
}

/* One of a few written values: no list is made. */
static LLVMValueRef in_written(emit_t *e, val_t x, ast_list_t *list) {
    LLVMValueRef any = ir_bit(e, 0);
    for (size_t i = 0; i < list->elements.n; i++) {
        val_t y = emit_expr(e, list->elements.at[i]);
        any = ir_or(e, any, equal_values(e, x, y), "in");
    }
    return any;
}

static LLVMValueRef in_value(emit_t *e, val_t x, node_t *right) {
    enum { FEW = 16 };
    if (right->kind == AST_range) return in_range(e, x, AST(range, right));
    if (right->kind == AST_list && AST(list, right)->elements.n <= FEW)
        return in_written(e, x, AST(list, right));
    val_t all = emit_expr(e, right);
    type_t *elem = all.type->kind == TY_MAP ? all.type->key : all.type->elem;
    return emit_any_equal(e, all, elem, x);
}

/* ---- is ---- */

/* Is the value this variant?  What is narrowed already carries no tag, but its type. */
LLVMValueRef emit_is_variant(emit_t *e, val_t v, const def_t *variant) {
    flow_assert(variant && variant->kind == DEF_VARIANT);
    if (v.type->kind == TY_RECORD) return ir_bit(e, (int)v.type->tag == variant->index);
    return ir_eq(e, val_tag(e, v), ir_i64(e, variant->index), variant->name);
}

val_t emit_is(emit_t *e, ast_is_t *n) {
    val_t v = emit_expr_whole(e, n->value);
    LLVMValueRef yes;
    if (!n->variant) {
        yes = ir_not(e, val_has(e, v), "none");
    } else {
        LLVMValueRef same = emit_is_variant(e, val_unwrap(e, v), n->node.def);
        yes = ir_and(e, val_has(e, v), same, "is");
    }
    return val_int(e, n->node.type, n->negated ? ir_not(e, yes, "not") : yes);
}

/* ---- the dispatcher of binary operators ---- */

val_t emit_binary(emit_t *e, ast_binary_t *n) {
    switch ((binary_op)n->op) {
    case BINARY_AND: case BINARY_OR: return emit_lazy(e, n);
    case BINARY_COALESCE: return emit_coalesce(e, n);
    case BINARY_IN: case BINARY_NOT_IN: {
        LLVMValueRef in = in_value(e, emit_expr(e, n->left), n->right);
        return val_int(e, n->node.type, n->op == BINARY_IN ? in : ir_not(e, in, "not"));
    }
    case BINARY_EQ: case BINARY_NE: case BINARY_LT: case BINARY_LE: case BINARY_GT:
    case BINARY_GE: {
        val_t a = emit_expr(e, n->left), b = emit_expr(e, n->right);
        return val_int(e, n->node.type, compare_values(e, n->op, a, b));
    }
    case BINARY_ADD: case BINARY_SUB: case BINARY_MUL: case BINARY_DIV: case BINARY_MOD: {
        val_t a = emit_expr(e, n->left), b = emit_expr(e, n->right);
        return emit_arith(e, n->op, a, b, n->node.type);
    }
    case BINARY_OP_COUNT: break;
    }
    flow_unreachable("no operator");
}
