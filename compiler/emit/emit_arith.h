/* emit_arith.h - arithmetic on values already computed. */
#ifndef FLOW_EMIT_EMIT_ARITH_H
#define FLOW_EMIT_EMIT_ARITH_H

#include "compiler/emit/emit.h"

/* + - * / % (a BINARY_* of ast.h) of a and b, with a result of the type; row errors for
 * overflow and division by zero. */
val_t emit_arith(emit_t *e, int op, val_t a, val_t b, type_t *result);
val_t emit_negate(emit_t *e, val_t v);

/* a + b, a - b, a * b of i64 with the row error `overflow`. */
LLVMValueRef emit_checked(emit_t *e, const char *op, LLVMValueRef a, LLVMValueRef b);

#endif
