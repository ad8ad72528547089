/* emit_expr.h - typed expressions to IR. */
#ifndef FLOW_EMIT_EMIT_EXPR_H
#define FLOW_EMIT_EMIT_EXPR_H

#include "compiler/emit/emit.h"
#include "compiler/emit/emit_order.h"
#include "compiler/syntax/ast.h"

/* The value of a typed expression, of the node's type.  Row errors go to e->fail. */
val_t emit_expr(emit_t *e, struct node *n);
/* The same where a value of `to` is asked. */
val_t emit_expr_as(emit_t *e, struct node *n, type_t *to);
/* A bool expression as i1. */
LLVMValueRef emit_cond(emit_t *e, struct node *n);
/* The value before narrowing: of a name its whole union or T?, though more is known. */
val_t emit_expr_whole(emit_t *e, struct node *n);
/* Is the tagged record this variant?  i1. */
LLVMValueRef emit_is_variant(emit_t *e, val_t v, const struct def *variant);

/* One function per kind of expression. */
val_t emit_binary(emit_t *e, ast_binary_t *n);     /* emit_logic.c */
val_t emit_is(emit_t *e, ast_is_t *n);
val_t emit_if(emit_t *e, ast_if_t *n);             /* emit_branch.c */
val_t emit_case(emit_t *e, ast_case_t *n);
val_t emit_let(emit_t *e, ast_let_t *n);
val_t emit_list(emit_t *e, ast_list_t *n);         /* emit_data.c */
val_t emit_record(emit_t *e, ast_record_t *n);
val_t emit_make(emit_t *e, ast_make_t *n);
val_t emit_member(emit_t *e, ast_member_t *n);
val_t emit_index(emit_t *e, ast_index_t *n);
val_t emit_fstring(emit_t *e, ast_fstring_t *n);   /* emit_text.c */
val_t emit_call(emit_t *e, ast_call_t *n);         /* emit_call.c */

#endif
