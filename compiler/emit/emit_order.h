/* emit_order.h - equality and order of values already computed. */
#ifndef FLOW_EMIT_EMIT_ORDER_H
#define FLOW_EMIT_EMIT_ORDER_H

#include "compiler/emit/emit.h"

/* Equality of the language; b is coerced to the type of a. */
LLVMValueRef emit_equal(emit_t *e, val_t a, val_t b);
/* The order of the language, none last: i1, and i32 -1, 0, 1. */
LLVMValueRef emit_less(emit_t *e, val_t a, val_t b);
LLVMValueRef emit_compare(emit_t *e, val_t a, val_t b);

#endif
