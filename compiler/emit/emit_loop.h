/* emit_loop.h - loops over the elements of lists and maps. */
#ifndef FLOW_EMIT_EMIT_LOOP_H
#define FLOW_EMIT_EMIT_LOOP_H

#include "compiler/emit/emit_expr.h"

/* Room for n elements in the task arena. */
LLVMValueRef emit_elements(emit_t *e, const type_t *elem, LLVMValueRef n);
/* The address of element i. */
LLVMValueRef emit_element_at(emit_t *e, LLVMValueRef list, const type_t *elem, LLVMValueRef i);

/* Is an element of the list, or a key of the map, equal to x?  i1. */
LLVMValueRef emit_any_equal(emit_t *e, val_t all, type_t *elem, val_t x);
/* xs.f: the list of that field. */
val_t emit_field_of_all(emit_t *e, val_t list, const char *name, type_t *t);
/* optional?.inner as a `to` (a T?): none where optional is. */
val_t emit_if_has(emit_t *e, val_t optional, val_t inner, type_t *to);

/* map, filter, find, any, all with the lambda's body inside the loop. */
val_t emit_map(emit_t *e, val_t list, ast_lambda_t *f, type_t *t);
val_t emit_filter(emit_t *e, val_t list, ast_lambda_t *f, type_t *t);
val_t emit_find(emit_t *e, val_t list, ast_lambda_t *f, type_t *t);
val_t emit_any_all(emit_t *e, val_t list, ast_lambda_t *f, int all);

#endif
