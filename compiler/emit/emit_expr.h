/* emit_expr.h - typed expressions to IR. */
#ifndef FLOW_EMIT_EMIT_EXPR_H
#define FLOW_EMIT_EMIT_EXPR_H

#include "compiler/emit/emit.h"

/* The value of a typed expression, of the node's type.  Row errors go to e->fail. */
val_t emit_expr(emit_t *e, struct node *n);
/* The same where a value of `to` is asked. */
val_t emit_expr_as(emit_t *e, struct node *n, type_t *to);
/* A bool expression as i1. */
LLVMValueRef emit_cond(emit_t *e, struct node *n);

/* Comparisons of the language on two values of one type: i1. */
LLVMValueRef emit_equal(emit_t *e, val_t a, val_t b);
LLVMValueRef emit_less(emit_t *e, val_t a, val_t b);
/* Less than, equal, greater: i32 below, equal to, above 0.  none is last. */
LLVMValueRef emit_compare(emit_t *e, val_t a, val_t b);

#endif
