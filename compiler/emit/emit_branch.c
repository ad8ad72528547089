/* emit_branch.c - `if`, `case` and `let`: what chooses and what names. */
#include "compiler/base/check.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/emit_order.h"
#include "compiler/emit/ir.h"
#include "compiler/types/def.h"

val_t emit_if(emit_t *e, ast_if_t *n) {
    LLVMValueRef cond = emit_cond(e, n->cond);
    LLVMBasicBlockRef yes = ir_block(e, "then"), no = ir_block(e, "else");
    join_t j = val_join(e, n->node.type, "if.end");
    ir_if(e, cond, yes, no);
    ir_at(e, yes);
    val_join_add(e, &j, emit_expr(e, n->yes));
    ir_at(e, no);
    val_join_add(e, &j, emit_expr(e, n->no));
    return val_join_end(e, &j);
}

/* ---- case ---- */

/* Does the subject match the pattern?  i1. */
static LLVMValueRef matches(emit_t *e, val_t subject, node_t *pat) {
    if (pat->kind == AST_none) return ir_not(e, val_has(e, subject), "none");
    val_t inner = val_unwrap(e, subject);
    LLVMValueRef same;
    if (pat->kind == AST_pat_variant)
        same = emit_is_variant(e, inner, pat->def);
    else
        same = emit_equal(e, inner, emit_expr_as(e, pat, inner.type));
    return ir_and(e, val_has(e, subject), same, "case");
}

/* `Bid b => ...`: b is the payload, in this arm. */
static void bind_payload(emit_t *e, val_t subject, ast_case_arm_t *arm) {
    if (!arm->node.def) return;
    node_t *pat = arm->pats.at[0];
    flow_assert(arm->pats.n == 1 && arm->node.def->kind == DEF_CASE_BIND);
    val_t payload = val_unwrap(e, subject);
    if (payload.type->kind == TY_UNION)
        payload = val_payload(e, payload, (uint32_t)pat->def->index);
    env_bind(e, arm->node.def, val_named(e, payload, AST(pat_variant, pat)->bind));
}

val_t emit_case(emit_t *e, ast_case_t *n) {
    val_t subject = emit_expr_whole(e, n->subject);
    join_t j = val_join(e, n->node.type, "case.end");
    for (size_t i = 0; i < n->arms.n; i++) {
        ast_case_arm_t *arm = AST(case_arm, n->arms.at[i]);
        LLVMBasicBlockRef body = ir_block(e, "arm"), next = ir_block(e, "next");
        span_t before = emit_at(e, arm->node.span);
        LLVMValueRef any = ir_bit(e, arm->pats.n == 0); /* none: `else` */
        for (size_t k = 0; k < arm->pats.n; k++)
            any = ir_or(e, any, matches(e, subject, arm->pats.at[k]), "case");
        ir_if(e, any, body, next);
        ir_at(e, body);
        size_t mark = env_mark(e);
        bind_payload(e, subject, arm);
        val_join_add(e, &j, emit_expr(e, arm->value));
        env_reset(e, mark);
        emit_at(e, before);
        ir_at(e, next);
    }
    /* The arms cover every value: the checker has seen to that. */
    LLVMBuildUnreachable(e->b);
    return val_join_end(e, &j);
}

/* ---- let ---- */

val_t emit_let(emit_t *e, ast_let_t *n) {
    size_t mark = env_mark(e);
    for (size_t i = 0; i < n->binds.n; i++) {
        ast_bind_t *b = AST(bind, n->binds.at[i]);
        val_t v = val_named(e, emit_expr(e, b->value), b->name);
        env_bind(e, b->node.def, v);
    }
    val_t v = emit_expr(e, n->body);
    env_reset(e, mark);
    return v;
}
