/* emit_listagg.c - aggregates over lists: the kernel's steps in a loop.
 *
 * The functions are those of `aggregate` (runtime/kernel/k_agg.def); with a null heap
 * they keep what they need in the task arena.  Elements that are none are not counted.
 * Two lists (arg_min, arg_max) must be of one length. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/emit/emit_aggk.h"
#include "compiler/emit/emit_call.h"
#include "compiler/emit/emit_loop.h"
#include "compiler/emit/ir.h"
#include "compiler/emit/kernel_mod.h"
#include "compiler/types/builtins.h"

enum { MAX_LISTS = 2 };

typedef struct over {
    aggk_t k;
    val_t lists[MAX_LISTS];
    size_t n;
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
    if (o->n == 2) { /* arg_min(v, k): the key first, then v */
        emit_aggk_push(e, &o->k, xs[1], args, &n);
        args[n++] = val_spill(e, xs[0]);
    } else {
        emit_aggk_push(e, &o->k, xs[0], args, &n);
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

val_t emit_list_aggregate(emit_t *e, ast_call_t *n, int agg) {
    over_t o = {.n = n->args.n};
    flow_assert(o.n >= 1 && o.n <= MAX_LISTS);
    for (size_t i = 0; i < o.n; i++)
        o.lists[i] = emit_expr(e, AST(arg, n->args.at[i])->value);
    type_t *value = type_strip(o.lists[0].type->elem);
    o.k = emit_aggk(e, agg_at(agg)->id, type_strip(o.lists[o.n - 1].type->elem));
    /* In the arena: a text in the result may point into the state. */
    LLVMValueRef bytes = ir_i64(e, 8 * (int64_t)o.k.words);
    o.state = K_CALL(e, alloc, "state", e->fn->ctx, bytes);
    o.code = emit_type_code(e, value);
    for (int i = 0; i < o.k.words; i++) ir_store(e, ir_i64(e, 0), ir_word(e, o.state, i));
    step_all(e, &o);
    type_t *t = result_type(e, o.k.result, value);
    LLVMValueRef out = ir_words(e, t->words, "result");
    LLVMValueRef args[] = {e->fn->ctx, ir_null(e), o.state, out, o.code};
    emit_fail_status(e, k_call(e, (kfn_id)o.k.res, args, 5, "status"));
    val_t v = val_load(e, t, out, "");
    if (t->kind == TY_INT && n->node.type->kind == TY_DURATION) v.type = n->node.type;
    return val_coerce(e, v, n->node.type);
}
