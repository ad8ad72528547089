/* val_coerce.h - the conversions that need no word in the program, and constants. */
#ifndef FLOW_EMIT_VAL_COERCE_H
#define FLOW_EMIT_VAL_COERCE_H

#include "compiler/emit/val.h"

struct cval;

/* The value of `to` that v stands for (T to T?, none to T?, record field order, decimals
 * of more digits, [] to its place, narrowing T? to T and a union to one variant). */
val_t val_coerce(struct emit *e, val_t v, type_t *to);
/* A folded value, as a constant of the object. */
val_t val_const(struct emit *e, type_t *t, const struct cval *c);
/* n elements as words, all of them LLVM constants: the address of a constant. */
LLVMValueRef val_const_words(struct emit *e, LLVMValueRef *words, unsigned n);
/* The elements of a list; of a map, its entries { key, value }. */
type_t *val_entry_type(struct emit *e, type_t *t);

#endif
