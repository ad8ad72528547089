/* emit_listagg.c - aggregates over lists: the kernel's steps in a loop.
 *
 * The functions are those of `aggregate` (runtime/kernel/k_agg.def); with a null heap
 * they keep what they need in the task arena.  Elements that are none are not counted.
 * Two lists (arg_min, arg_max) must be of one length.  fold and reduce have their lambda's
 * body inside the loop. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/emit/emit_aggk.h"
#include "compiler/emit/emit_call.h"
#include "compiler/emit/emit_loop.h"
#include "compiler/emit/ir.h"
#include "compiler/emit/kernel_mod.h"
#include "compiler/types/builtins.h"

enum { MAX_LISTS = 2, MAX_CONSTS = 4 };

typedef struct over {
    aggk_t k;
    val_t lists[MAX_LISTS];
    size_t n;
    const nodes_t *args; /* behind the lists: constants */
    LLVMValueRef state, code;
} over_t;

/* Element i of a list; leads to `next` where it is none. */
static val_t element(emit_t *e, val_t list, loop_t *l) {
    type_t *elem = list.type->elem;
    val_t x = val_load(e, elem, emit_element_at(e, list.leaf[0], elem, l->i), "");
    if (elem->kind != TY_OPTION) return x;
    LLVMBasicBlockRef some = ir_block(e, "some");
    ir_if(e, val_has(e, x), some, l->next);
    ir_at(e, some);
    return val_unwrap(e, x);
}

static void step(emit_t *e, over_t *o, val_t *xs) {
    LLVMValueRef args[12] = {e->fn->ctx, ir_null(e), o->state};
    unsigned n = 3;
    if (!strncmp(o->k.id, "arg_", 4)) { /* (v, k): the key first, then v */
        emit_aggk_push(e, &o->k, xs[1], args, &n);
        args[n++] = val_spill(e, xs[0]);
    } else {
        for (size_t i = 0; i < o->n; i++) emit_aggk_push(e, &o->k, xs[i], args, &n);
        for (size_t i = o->n; i < o->args->n; i++)
            emit_aggk_push_const(emit_expr(e, AST(arg, o->args->at[i])->value), args, &n);
    }
    args[n++] = o->code;
    k_call(e, (kfn_id)o->k.step, args, n, "");
}

static void step_all(emit_t *e, over_t *o) {
    LLVMValueRef length = o->lists[0].leaf[1];
    if (o->n == 2)
        emit_fail_if(e, ir_ne(e, length, o->lists[1].leaf[1], "lengths"), ROW_argument);
    loop_t l = ir_loop(e, length, o->k.id);
    val_t xs[MAX_LISTS];
    for (size_t i = 0; i < o->n; i++) xs[i] = element(e, o->lists[i], &l);
    step(e, o, xs);
    ir_loop_end(e, &l);
}

/* The type that result() writes: `?T`, `?f`, `T`, `[T`, a scalar. */
static type_t *result_type(emit_t *e, const char *code, type_t *value) {
    switch (*code) {
    case '?': return type_option(e->types, result_type(e, code + 1, value));
    case '[': return type_list(e->types, result_type(e, code + 1, value));
    default: return emit_aggk_type(e, *code, value);
    }
}

/* ---- fold and reduce ---- */

val_t emit_apply2(emit_t *e, ast_lambda_t *f, val_t so_far, val_t x, type_t *t) {
    size_t mark = env_mark(e);
    ast_lambda_param_t *a = AST(lambda_param, f->params.at[0]);
    ast_lambda_param_t *b = AST(lambda_param, f->params.at[1]);
    flow_assert(f->params.n == 2 && a->node.def && b->node.def);
    env_bind(e, a->node.def, val_named(e, so_far, a->name));
    env_bind(e, b->node.def, val_named(e, x, b->name));
    val_t v = emit_expr_as(e, f->body, t);
    env_reset(e, mark);
    return v;
}

static val_t emit_fold(emit_t *e, ast_call_t *n) {
    type_t *t = n->node.type;
    var_t so_far = var_new(e, t, "so_far");
    var_set(e, so_far, emit_expr_as(e, AST(arg, n->args.at[0])->value, t));
    val_t list = emit_expr(e, AST(arg, n->args.at[1])->value);
    ast_lambda_t *f = AST(lambda, AST(arg, n->args.at[2])->value);
    loop_t l = ir_loop(e, list.leaf[1], "fold");
    val_t x = element(e, list, &l);
    var_set(e, so_far, emit_apply2(e, f, var_get(e, so_far), x, t));
    ir_loop_end(e, &l);
    return var_get(e, so_far);
}

/* Begins with the first value: none over nothing. */
static val_t emit_reduce(emit_t *e, ast_call_t *n) {
    type_t *t = n->node.type;
    flow_assert(t->kind == TY_OPTION);
    val_t list = emit_expr(e, AST(arg, n->args.at[0])->value);
    ast_lambda_t *f = AST(lambda, AST(arg, n->args.at[1])->value);
    var_t so_far = var_new(e, t, "so_far");
    var_set(e, so_far, val_none(e, t));
    loop_t l = ir_loop(e, list.leaf[1], "reduce");
    val_t x = element(e, list, &l), before = var_get(e, so_far);
    LLVMBasicBlockRef more = ir_block(e, "more"), first = ir_block(e, "first");
    join_t j = val_join(e, t, "reduced");
    ir_if(e, val_has(e, before), more, first);
    ir_at(e, more);
    val_join_add(e, &j, val_some(e, emit_apply2(e, f, val_unwrap(e, before), x, t->elem)));
    ir_at(e, first);
    val_join_add(e, &j, val_some(e, x));
    var_set(e, so_far, val_join_end(e, &j));
    ir_loop_end(e, &l);
    return var_get(e, so_far);
}

static void check_constants(emit_t *e, int agg, const nodes_t *args, size_t lists) {
    val_t consts[MAX_CONSTS];
    size_t n = 0;
    for (size_t i = lists; i < args->n; i++)
        consts[n++] = emit_expr(e, AST(arg, args->at[i])->value);
    emit_agg_check(e, agg, consts);
}

val_t emit_list_aggregate(emit_t *e, ast_call_t *n, int agg) {
    if (agg == AGG_fold) return emit_fold(e, n);
    if (agg == AGG_reduce) return emit_reduce(e, n);
    over_t o = {.n = agg_lists(agg), .args = &n->args};
    flow_assert(o.n <= n->args.n);
    for (size_t i = 0; i < o.n; i++)
        o.lists[i] = emit_expr(e, AST(arg, n->args.at[i])->value);
    type_t *value = type_strip(o.lists[0].type->elem);
    o.k = emit_aggk(e, agg_at(agg)->id, type_strip(o.lists[o.n - 1].type->elem));
    check_constants(e, agg, &n->args, o.n);
    /* In the arena: a text in the result may point into the state. */
    LLVMValueRef bytes = ir_i64(e, 8 * (int64_t)o.k.words);
    o.state = K_CALL(e, alloc, "state", e->fn->ctx, bytes);
    o.code = emit_type_code(e, value);
    for (int i = 0; i < o.k.words; i++) ir_store(e, ir_i64(e, 0), ir_word(e, o.state, i));
    step_all(e, &o);
    type_t *t = *o.k.result == 'R' ? n->node.type : result_type(e, o.k.result, value);
    LLVMValueRef out = ir_words(e, t->words, "result");
    LLVMValueRef args[] = {e->fn->ctx, ir_null(e), o.state, out, o.code};
    emit_fail_status(e, k_call(e, (kfn_id)o.k.res, args, 5, "status"));
    val_t v = val_load(e, t, out, "");
    if (t->kind == TY_INT && n->node.type->kind == TY_DURATION) v.type = n->node.type;
    return val_coerce(e, v, n->node.type);
}
