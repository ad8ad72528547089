/* emit_decimal.h - decimals: 128-bit integers with a scale in their type. */
#ifndef FLOW_EMIT_EMIT_DECIMAL_H
#define FLOW_EMIT_EMIT_DECIMAL_H

#include "compiler/emit/emit.h"
#include "compiler/syntax/ast.h"

/* + - * / % (a BINARY_* of ast.h), exactly as the kernel's flow_k_dec_*. */
val_t emit_decimal_arith(emit_t *e, int op, val_t a, val_t b, type_t *result);
val_t emit_decimal_negate(emit_t *e, val_t v);
/* Compares decimals, or T? of them, of any two scales by a BINARY_*: i1. */
LLVMValueRef emit_decimal_compare(emit_t *e, int op, val_t a, val_t b);
/* A call of one of the functions on decimals in builtins.def; its first argument is x. */
val_t emit_decimal_fn(emit_t *e, int fn, val_t x, type_t *result);

#endif
