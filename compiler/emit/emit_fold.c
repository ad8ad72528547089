/* emit_fold.c - see emit_fold.h.
 *
 * The lambda's body is emitted where a row enters its key's entry.  The state is kept as
 * an encoded row of { value }, so that it may hold text and lists. */
#include "compiler/emit/emit_fold.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_call.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/builtins.h"

int emit_is_fold(const agg_call_t *c) {
    return c->agg == AGG_fold || c->agg == AGG_reduce;
}

/* Where the function stands among the arguments; the value of a row is before it. */
static uint32_t fn_arg(const agg_call_t *c) {
    for (uint32_t i = 0; i < c->nargs; i++)
        if (c->kinds[i] == AGG_ARG_fn) return i;
    flow_unreachable("a fold without a function");
}

type_t *emit_fold_type(emit_t *e, const agg_call_t *c) {
    type_t *t = c->agg == AGG_fold ? c->result : type_strip(c->args[0]->type);
    field_t value = {.name = "value", .type = t};
    return type_record(e->types, NULL, &value, 1);
}

static LLVMValueRef is_kept(gen_t *g, LLVMValueRef state) {
    emit_t *e = g->e;
    return ir_ne(e, ir_load(e, e->i64, state, "kept"), ir_i64(e, 0), "is.kept");
}

static val_t kept(gen_t *g, const agg_call_t *c, LLVMValueRef state) {
    emit_t *e = g->e;
    type_t *t = emit_fold_type(e, c);
    LLVMValueRef words = ir_words(e, t->words + 1, "so_far");
    K_CALL(e, blob_get, "", e->fn->ctx, state, words, emit_type_code(e, t));
    return val_field(e, val_load(e, t, words, "so_far"), 0);
}

/* The state with one value more, as { value }. */
static val_t next_of(gen_t *g, const agg_call_t *c, LLVMValueRef state, val_t x) {
    emit_t *e = g->e;
    type_t *t = emit_fold_type(e, c), *value = t->fields[0].type;
    ast_lambda_t *f = AST(lambda, c->args[fn_arg(c)]);
    LLVMBasicBlockRef more = ir_block(e, "fold.more"), first = ir_block(e, "fold.first");
    join_t j = val_join(e, value, "folded");
    ir_if(e, is_kept(g, state), more, first);
    ir_at(e, more);
    val_join_add(e, &j, emit_apply2(e, f, kept(g, c, state), x, value));
    ir_at(e, first);
    if (c->agg == AGG_fold) {
        val_t init = emit_expr_as(e, c->args[0], value);
        val_join_add(e, &j, emit_apply2(e, f, init, x, value));
    } else {
        val_join_add(e, &j, val_coerce(e, x, value));
    }
    val_t v = val_join_end(e, &j);
    return val_record(e, t, &v);
}

val_t emit_fold_next(gen_t *g, const agg_call_t *c, LLVMValueRef state, val_t args) {
    emit_t *e = g->e;
    if (args.type->kind != TY_OPTION)
        return val_some(e, next_of(g, c, state, val_field(e, args, 0)));
    type_t *t = type_option(e->types, emit_fold_type(e, c));
    LLVMBasicBlockRef some = ir_block(e, "fold.row"), none = ir_block(e, "fold.not");
    join_t j = val_join(e, t, "next");
    ir_if(e, val_has(e, args), some, none);
    ir_at(e, none);
    val_join_add(e, &j, val_none(e, t));
    ir_at(e, some);
    val_t x = val_field(e, val_unwrap(e, args), 0);
    val_join_add(e, &j, val_some(e, next_of(g, c, state, x)));
    return val_join_end(e, &j);
}

void emit_fold_keep(gen_t *g, LLVMValueRef heap, LLVMValueRef state, val_t next) {
    emit_t *e = g->e;
    LLVMBasicBlockRef keep = ir_block(e, "fold.keep"), done = ir_block(e, "fold.kept");
    ir_if(e, val_has(e, next), keep, done);
    ir_at(e, keep);
    val_t v = val_unwrap(e, next);
    emit_fail_status(e, K_CALL(e, blob_set, "status", e->fn->ctx, heap, state,
                               val_spill(e, v), emit_type_code(e, v.type)));
    ir_br(e, done);
    ir_at(e, done);
}

val_t emit_fold_result(gen_t *g, const agg_call_t *c, LLVMValueRef state) {
    emit_t *e = g->e;
    LLVMBasicBlockRef some = ir_block(e, "fold.some"), none = ir_block(e, "fold.none");
    join_t j = val_join(e, c->result, "fold.result");
    ir_if(e, is_kept(g, state), some, none);
    ir_at(e, some);
    val_join_add(e, &j, val_coerce(e, kept(g, c, state), c->result));
    ir_at(e, none);
    if (c->agg == AGG_fold)
        val_join_add(e, &j, emit_expr_as(e, c->args[0], c->result));
    else if (c->result->kind == TY_OPTION)
        val_join_add(e, &j, val_none(e, c->result));
    else /* a group has a row */
        val_join_add(e, &j, val_coerce(e, kept(g, c, state), c->result));
    return val_join_end(e, &j);
}
