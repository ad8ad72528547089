/* emit_expr.c - the dispatcher, literals and names.
 *
 * A value has the type of its node: what the checker knows beyond the type of a name
 * (`x is not none`, `e is Bid`) is taken by val_coerce at the end. */
#include "compiler/emit/emit_expr.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_arith.h"
#include "compiler/emit/ir.h"
#include "compiler/types/const.h"
#include "compiler/types/def.h"

/* ---- literals ---- */

static val_t decimal_const(emit_t *e, type_t *t, __int128 digits, int scale) {
    for (; scale < t->s; scale++) digits *= 10;
    val_t v = val_new(e, t);
    v.leaf[0] = LLVMConstInt(e->i64, (uint64_t)digits, 0);
    v.leaf[1] = LLVMConstInt(e->i64, (uint64_t)(digits >> 64), 0);
    return v;
}

/* An int literal may stand where a float or a decimal is asked.  2^63 is written only
 * right after `-`; negation of the least int then gives it back. */
static val_t emit_int(emit_t *e, ast_int_t *n) {
    type_t *t = n->node.type;
    __int128 value = n->huge ? (__int128)1 << 63 : n->value;
    if (t->kind == TY_FLOAT) return val_int(e, t, ir_f64(e, (double)value));
    if (t->kind == TY_DECIMAL) return decimal_const(e, t, value, 0);
    return val_int(e, t, ir_i64(e, n->value));
}

static val_t emit_unary(emit_t *e, ast_unary_t *n) {
    if (n->op == UNARY_NOT)
        return val_int(e, n->node.type, ir_not(e, emit_cond(e, n->operand), "not"));
    type_t *t = n->node.type;
    if (n->operand->kind == AST_int && AST(int, n->operand)->huge && t->words == 1 &&
        t->kind != TY_FLOAT)
        return val_int(e, t, ir_i64(e, INT64_MIN));
    return emit_negate(e, emit_expr(e, n->operand));
}

static val_t emit_text(emit_t *e, ast_string_t *n) {
    return val_text_const(e, n->value, n->value_n);
}

/* ---- names ---- */

static val_t emit_name(emit_t *e, node_t *n) {
    return env_value(e, n->def);
}

/* ---- the dispatcher ---- */

static val_t value_of(emit_t *e, node_t *n) {
    type_t *t = n->type;
    switch (n->kind) {
    case AST_int: return emit_int(e, AST(int, n));
    case AST_float: return val_int(e, t, ir_f64(e, AST(float, n)->value));
    case AST_decimal:
        return decimal_const(e, t, AST(decimal, n)->value, (int)AST(decimal, n)->scale);
    case AST_string: return emit_text(e, AST(string, n));
    case AST_bool: return val_int(e, t, ir_bit(e, AST(bool, n)->value));
    case AST_none: return val_zero(e, type_basic(e->types, TY_NONE));
    case AST_duration: return val_int(e, t, ir_i64(e, AST(duration, n)->value));
    case AST_size: return val_int(e, t, ir_i64(e, AST(size, n)->value));
    case AST_timestamp: return val_int(e, t, ir_i64(e, AST(timestamp, n)->value));
    case AST_regex: return val_zero(e, t); /* its tables are the callee's argument */
    case AST_name: return emit_name(e, n);
    case AST_unary: return emit_unary(e, AST(unary, n));
    case AST_binary: return emit_binary(e, AST(binary, n));
    case AST_is: return emit_is(e, AST(is, n));
    case AST_if: return emit_if(e, AST(if, n));
    case AST_case: return emit_case(e, AST(case, n));
    case AST_let: return emit_let(e, AST(let, n));
    case AST_list: return emit_list(e, AST(list, n));
    case AST_record: return emit_record(e, AST(record, n));
    case AST_make: return emit_make(e, AST(make, n));
    case AST_member: return emit_member(e, AST(member, n));
    case AST_index: return emit_index(e, AST(index, n));
    case AST_fstring: return emit_fstring(e, AST(fstring, n));
    case AST_call: return emit_call(e, AST(call, n));
    default: break; /* declarations, types, steps, parts, ranges, lambdas */
    }
    flow_unreachable(arena_printf(e->arena, "no value: %s", ast_kind_name(n->kind)));
}

/* Only checked trees come here; a fault in that is told with its place. */
static void require_checked(emit_t *e, const node_t *n) {
    int named = n->kind != AST_name || n->def;
    if (n->type && n->type->kind != TY_POISON && named) return;
    int line, column;
    const source_t *s = source_at(e->sources, n->span.file);
    source_position(s, n->span.start, &line, &column);
    flow_unreachable(arena_printf(e->arena, "%s:%d:%d: %s was not checked", s->path, line,
                                  column, ast_kind_name(n->kind)));
}

val_t emit_expr_whole(emit_t *e, node_t *n) {
    require_checked(e, n);
    span_t before = emit_at(e, n->span);
    val_t v = value_of(e, n);
    emit_at(e, before);
    return v;
}

val_t emit_expr(emit_t *e, node_t *n) {
    return emit_expr_as(e, n, n->type);
}

val_t emit_expr_as(emit_t *e, node_t *n, type_t *to) {
    val_t v = emit_expr_whole(e, n);
    if (v.type == to) return v;
    span_t before = emit_at(e, n->span);
    /* First what the node is known to be, then what is asked. */
    v = val_coerce(e, val_coerce(e, v, n->type), to);
    emit_at(e, before);
    return v;
}

LLVMValueRef emit_cond(emit_t *e, node_t *n) {
    val_t v = emit_expr(e, n);
    flow_assert(v.type->kind == TY_BOOL);
    return v.leaf[0];
}
