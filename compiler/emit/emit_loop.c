/* emit_loop.c - lists element by element.
 *
 * A lambda stands only as an argument, so its body is emitted inside the loop and sees
 * what the call sees.  Loops that can end early leave by a branch out of the body;
 * values carried round are variables, which sroa turns into phis. */
#include "compiler/emit/emit_loop.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_order.h"
#include "compiler/emit/ir.h"
#include "compiler/emit/kernel_mod.h"
#include "compiler/types/def.h"

LLVMValueRef emit_elements(emit_t *e, const type_t *elem, LLVMValueRef n) {
    LLVMValueRef size = ir_i64(e, 8 * (int64_t)elem->words);
    return K_CALL(e, alloc, "elements", e->fn->ctx, LLVMBuildNUWMul(e->b, n, size, "bytes"));
}

LLVMValueRef emit_element_at(emit_t *e, LLVMValueRef list, const type_t *elem,
                             LLVMValueRef i) {
    LLVMValueRef word = LLVMBuildNUWMul(e->b, i, ir_i64(e, elem->words), "");
    return ir_word_at(e, list, word, "at");
}

LLVMValueRef emit_any_equal(emit_t *e, val_t all, type_t *elem, val_t x) {
    type_t *entry = val_entry_type(e, all.type);
    type_t *t = x.type->kind == TY_OPTION && elem->kind != TY_OPTION ? x.type : elem;
    x = val_coerce(e, x, t);
    LLVMBasicBlockRef found = ir_block(e, "found"), end = ir_block(e, "in.end");
    loop_t l = ir_loop(e, all.leaf[1], "in");
    val_t y = val_load(e, elem, emit_element_at(e, all.leaf[0], entry, l.i), "");
    ir_if(e, emit_equal(e, val_coerce(e, y, t), x), found, l.next);
    ir_loop_end(e, &l);
    LLVMBasicBlockRef without = ir_here(e);
    ir_br(e, end);
    ir_at(e, found);
    ir_br(e, end);
    ir_at(e, end);
    LLVMValueRef in = ir_phi(e, e->i1, "in");
    ir_phi_add(in, ir_bit(e, 0), without);
    ir_phi_add(in, ir_bit(e, 1), found);
    return in;
}

val_t emit_field_of_all(emit_t *e, val_t list, const char *name, type_t *t) {
    type_t *elem = list.type->elem;
    int field = type_field(elem, name);
    flow_assert(field >= 0);
    LLVMValueRef out = emit_elements(e, t->elem, list.leaf[1]);
    loop_t l = ir_loop(e, list.leaf[1], name);
    LLVMValueRef from = emit_element_at(e, list.leaf[0], elem, l.i);
    val_t x = val_load(e, elem->fields[field].type,
                       ir_word(e, from, type_field_word(elem, (uint32_t)field)), name);
    val_store(e, val_coerce(e, x, t->elem), emit_element_at(e, out, t->elem, l.i));
    ir_loop_end(e, &l);
    return val_text(e, t, out, list.leaf[1]);
}

/* ---- lambdas ---- */

static val_t load_element(emit_t *e, val_t list, loop_t *l) {
    type_t *elem = list.type->elem;
    return val_load(e, elem, emit_element_at(e, list.leaf[0], elem, l->i), "");
}

/* The lambda's body with its one parameter bound. */
static val_t apply(emit_t *e, ast_lambda_t *f, val_t x) {
    size_t mark = env_mark(e);
    ast_lambda_param_t *param = AST(lambda_param, f->params.at[0]);
    flow_assert(f->params.n == 1 && param->node.def);
    env_bind(e, param->node.def, val_named(e, x, param->name));
    val_t v = emit_expr(e, f->body);
    env_reset(e, mark);
    return v;
}

val_t emit_map(emit_t *e, val_t list, ast_lambda_t *f, type_t *t) {
    LLVMValueRef out = emit_elements(e, t->elem, list.leaf[1]);
    loop_t l = ir_loop(e, list.leaf[1], "map");
    val_t y = apply(e, f, load_element(e, list, &l));
    val_store(e, val_coerce(e, y, t->elem), emit_element_at(e, out, t->elem, l.i));
    ir_loop_end(e, &l);
    return val_text(e, t, out, list.leaf[1]);
}

val_t emit_filter(emit_t *e, val_t list, ast_lambda_t *f, type_t *t) {
    type_t *elem = list.type->elem;
    LLVMValueRef out = emit_elements(e, elem, list.leaf[1]);
    LLVMValueRef kept = ir_slot(e, e->i64, "kept");
    ir_store(e, ir_i64(e, 0), kept);
    loop_t l = ir_loop(e, list.leaf[1], "filter");
    LLVMBasicBlockRef keep = ir_block(e, "keep");
    val_t x = load_element(e, list, &l);
    ir_if(e, apply(e, f, x).leaf[0], keep, l.next);
    ir_at(e, keep);
    LLVMValueRef n = ir_load(e, e->i64, kept, "n");
    val_store(e, x, emit_element_at(e, out, elem, n));
    ir_store(e, ir_add(e, n, ir_i64(e, 1), ""), kept);
    ir_loop_end(e, &l);
    return val_text(e, t, out, ir_load(e, e->i64, kept, "kept"));
}

val_t emit_find(emit_t *e, val_t list, ast_lambda_t *f, type_t *t) {
    join_t j = val_join(e, t, "find.end");
    loop_t l = ir_loop(e, list.leaf[1], "find");
    LLVMBasicBlockRef found = ir_block(e, "found");
    val_t x = load_element(e, list, &l);
    ir_if(e, apply(e, f, x).leaf[0], found, l.next);
    ir_at(e, found);
    val_join_add(e, &j, x);
    ir_loop_end(e, &l);
    val_join_add(e, &j, val_none(e, t));
    return val_join_end(e, &j);
}

val_t emit_any_all(emit_t *e, val_t list, ast_lambda_t *f, int all) {
    type_t *t = type_basic(e->types, TY_BOOL);
    join_t j = val_join(e, t, all ? "all.end" : "any.end");
    loop_t l = ir_loop(e, list.leaf[1], all ? "all" : "any");
    LLVMBasicBlockRef decided = ir_block(e, "decided");
    LLVMValueRef holds = apply(e, f, load_element(e, list, &l)).leaf[0];
    if (all) ir_if(e, holds, l.next, decided);
    else ir_if(e, holds, decided, l.next);
    ir_at(e, decided);
    val_join_add(e, &j, val_int(e, t, ir_bit(e, !all)));
    ir_loop_end(e, &l);
    val_join_add(e, &j, val_int(e, t, ir_bit(e, all)));
    return val_join_end(e, &j);
}
