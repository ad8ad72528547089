/* emit_builtin.c - functions of the language, by the lowering of builtins.def.
 *
 * CALL and CALLS are calls of flow_k_fn_<id>; the row's signature says which arguments
 * cross as addresses (those that hold a type variable) and which type codes follow.
 * INLINE and LOOP functions are written out here. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/emit/emit_arith.h"
#include "compiler/emit/emit_call.h"
#include "compiler/emit/emit_decimal.h"
#include "compiler/emit/emit_loop.h"
#include "compiler/emit/ir.h"
#include "compiler/emit/kernel_mod.h"
#include "compiler/types/builtins.h"
#include "compiler/types/sig.h"

enum { MAX_ARGS = 24 };

typedef struct args {
    LLVMValueRef at[MAX_ARGS];
    unsigned n;
} args_t;

static void push(args_t *a, LLVMValueRef v) {
    flow_assert(a->n < MAX_ARGS);
    a->at[a->n++] = v;
}

static LLVMValueRef function_of(emit_t *e, int fn) {
    return kernel_function(e, arena_printf(e->arena, "flow_k_fn_%s", fn_at(fn)->id));
}

/* The call of a kernel function; what it takes is counted, so a wrong table is found. */
static LLVMValueRef call(emit_t *e, int fn, args_t *a) {
    LLVMValueRef f = function_of(e, fn);
    unsigned wants = LLVMCountParamTypes(LLVMGlobalGetValueType(f));
    if (wants != a->n)
        flow_unreachable(arena_printf(e->arena, "flow_k_fn_%s takes %u arguments, not %u",
                                      fn_at(fn)->id, wants, a->n));
    return ir_call(e, f, a->at, a->n, fn_at(fn)->spelling);
}

/* The value that a CALL returned. */
static val_t scalar(emit_t *e, type_t *t, LLVMValueRef result) {
    flow_assert(t->words == 1);
    if (leaf_of(t, 0) == LEAF_BIT) result = ir_bit_of(e, result, "");
    return val_int(e, t, result);
}

/* ---- arguments by signature ---- */

/* Does the parameter's type hold a type variable, a record or a decimal outside a list or
 * map?  Then the value crosses as the address of its words. */
static int crosses_as_address(const sigtype_t *s) {
    switch (s->kind) {
    case SIG_VAR: case SIG_RECORD: return 1;
    case SIG_OPTION: return crosses_as_address(s->a);
    case SIG_TYPE:
        return s->type->kind == TY_RECORD || s->type->kind == TY_UNION ||
               s->type->kind == TY_DECIMAL;
    case SIG_LIST: case SIG_MAP: case SIG_FN: return 0;
    }
    flow_unreachable("a kind of signature type");
}

/* The type that a signature's type stands for: variables from `env`. */
static type_t *instance(emit_t *e, const sig_env_t *env, const sigtype_t *s, type_t *actual) {
    type_t *t = sig_instance(e->types, env, s);
    return t ? t : actual;
}

static void push_arg(emit_t *e, args_t *a, node_t *value, const sigparam_t *p,
                     const sig_env_t *env) {
    if (value->type->kind == TY_REGEX) {
        push(a, emit_regex_table(e, value));
        return;
    }
    val_t v = emit_expr_as(e, value, instance(e, env, p->type, value->type));
    if (crosses_as_address(p->type)) push(a, val_spill(e, v));
    else val_push_arg(e, v, a->at, &a->n);
    flow_assert(a->n < MAX_ARGS);
}

/* What the variables of the signature stand for in this call. */
static sig_env_t bind_variables(emit_t *e, ast_call_t *n, const sig_t *sig) {
    sig_env_t env = {0};
    for (uint32_t i = 0; i < sig->n; i++) {
        type_t *actual = AST(arg, n->args.at[i])->value->type;
        if (sig->params[i].names_type) env.of[sig->params[i].type->var - 'A'] = actual;
        else if (sig->params[i].type->kind != SIG_FN)
            sig_match(e->types, &env, sig->params[i].type, actual);
    }
    return env;
}

static val_t call_kernel(emit_t *e, ast_call_t *n, int fn) {
    const fn_row_t *row = fn_at(fn);
    const char *why;
    const sig_t *sig = sig_read(e->arena, e->names, e->types, row->signature, &why);
    flow_assert(sig && n->args.n == sig->n);
    sig_env_t env = bind_variables(e, n, sig);
    type_t *t = n->node.type;
    args_t a = {0};
    LLVMValueRef out = NULL;
    if (row->lowering == LOWER_CALLS) {
        out = ir_words(e, t->words, row->spelling);
        push(&a, e->fn->ctx);
        push(&a, out);
    }
    for (uint32_t i = 0; i < sig->n; i++)
        if (!sig->params[i].names_type)
            push_arg(e, &a, AST(arg, n->args.at[i])->value, &sig->params[i], &env);
    for (uint32_t i = 0; i < sig->nvars; i++) {
        type_t *of = env.of[sig->vars[i] - 'A'];
        flow_assert(of);
        push(&a, emit_type_code(e, of));
    }
    LLVMValueRef result = call(e, fn, &a);
    if (row->lowering == LOWER_CALL) return scalar(e, t, result);
    emit_fail_status(e, result);
    return val_load(e, t, out, row->spelling);
}

/* ---- inline ---- */

static val_t arg_value(emit_t *e, ast_call_t *n, size_t i) {
    flow_assert(i < n->args.n);
    return emit_expr(e, AST(arg, n->args.at[i])->value);
}

static val_t arg_as(emit_t *e, ast_call_t *n, size_t i, type_t *t) {
    return emit_expr_as(e, AST(arg, n->args.at[i])->value, t);
}

/* min(a, b), max(a, b): of equal values the first. */
static val_t lesser(emit_t *e, ast_call_t *n, int greater) {
    type_t *t = n->node.type;
    val_t a = arg_as(e, n, 0, t), b = arg_as(e, n, 1, t);
    LLVMValueRef second = greater ? emit_less(e, a, b) : emit_less(e, b, a);
    return val_select(e, second, b, a);
}

static val_t clamp(emit_t *e, ast_call_t *n) {
    type_t *t = n->node.type;
    val_t x = arg_as(e, n, 0, t), low = arg_as(e, n, 1, t), high = arg_as(e, n, 2, t);
    x = val_select(e, emit_less(e, x, low), low, x);
    return val_select(e, emit_less(e, high, x), high, x);
}

static val_t inline_fn(emit_t *e, ast_call_t *n, fn_id fn) {
    type_t *t = n->node.type;
    switch ((int)fn) {
    case FN_byte_length: case FN_byte_length_bytes: case FN_length_list: case FN_length_map:
        return val_int(e, t, arg_value(e, n, 0).leaf[1]);
    case FN_bytes: return (val_t){t, arg_value(e, n, 0).leaf};
    case FN_clamp: return clamp(e, n);
    case FN_float:
        return val_int(e, t, ir_cast(e, LLVMSIToFP, arg_value(e, n, 0).leaf[0], e->f64, "float"));
    case FN_max_of: return lesser(e, n, 1);
    case FN_min_of: return lesser(e, n, 0);
    case FN_now: return val_int(e, t, K_CALL(e, ctx_now, "now", e->fn->ctx));
    default: return emit_decimal_fn(e, fn, arg_value(e, n, 0), t);
    }
}

static val_t loop_fn(emit_t *e, ast_call_t *n, fn_id fn) {
    ast_lambda_t *f = AST(lambda, AST(arg, n->args.at[1])->value);
    val_t list = arg_value(e, n, 0);
    switch ((int)fn) {
    case FN_all_fn: return emit_any_all(e, list, f, 1);
    case FN_any_fn: return emit_any_all(e, list, f, 0);
    case FN_filter: return emit_filter(e, list, f, n->node.type);
    case FN_find: return emit_find(e, list, f, n->node.type);
    case FN_map: return emit_map(e, list, f, n->node.type);
    default: break;
    }
    flow_unreachable(arena_printf(e->arena, "`%s` is no loop", fn_at(fn)->id));
}

val_t emit_builtin(emit_t *e, ast_call_t *n, int fn) {
    if (fn == FN_string && AST(arg, n->args.at[0])->value->type->kind == TY_STRING)
        return arg_value(e, n, 0);
    switch (fn_at(fn)->lowering) {
    case LOWER_CALL: case LOWER_CALLS: return call_kernel(e, n, fn);
    case LOWER_INLINE: return inline_fn(e, n, (fn_id)fn);
    case LOWER_LOOP: return loop_fn(e, n, (fn_id)fn);
    }
    flow_unreachable("a lowering");
}

/* ---- functions that syntax calls ---- */

val_t emit_string_of(emit_t *e, val_t v) {
    type_t *t = type_basic(e->types, TY_STRING);
    LLVMValueRef out = ir_words(e, 2, "string");
    args_t a = {{e->fn->ctx, out, val_spill(e, v), emit_type_code(e, v.type)}, 4};
    emit_fail_status(e, call(e, FN_string, &a));
    return val_load(e, t, out, "");
}

val_t emit_map_get(emit_t *e, val_t map, val_t key, type_t *t) {
    LLVMValueRef out = ir_words(e, t->words, "get");
    args_t a = {{e->fn->ctx, out, map.leaf[0], map.leaf[1], val_spill(e, key),
                 emit_type_code(e, map.type->key), emit_type_code(e, map.type->elem)}, 7};
    emit_fail_status(e, call(e, FN_get, &a));
    return val_load(e, t, out, "");
}
