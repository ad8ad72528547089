/* val.h - a Flow value in generated code: its language type and its leaves.
 *
 * A value of n(T) words has n(T) leaves, in the order of the words:
 *     int, timestamp, duration, size, decimal's two halves, text length, list count: i64
 *     float: double · text, list and map address: ptr · bool and the flag of T?: i1
 *     tagged record: tag i64, then payload words as i64 (converted when a variant is read)
 * The leaves of `none` are zeros and flag 0, as in memory (runtime/kernel/k_value.h). */
#ifndef FLOW_EMIT_VAL_H
#define FLOW_EMIT_VAL_H

#include <llvm-c/Core.h>

#include "compiler/types/type.h"

struct emit;

typedef struct val {
    type_t *type;
    LLVMValueRef *leaf; /* type->words of them */
} val_t;

typedef enum leaf_kind { LEAF_I64, LEAF_F64, LEAF_PTR, LEAF_BIT } leaf_kind;

/* The kind of leaf i of a value of type t. */
leaf_kind leaf_of(const type_t *t, uint32_t i);
LLVMTypeRef leaf_type(struct emit *e, leaf_kind kind);

/* A value with room for its leaves, all null. */
val_t val_new(struct emit *e, type_t *t);
/* All words zero: 0, "", none, [], the first variant. */
val_t val_zero(struct emit *e, type_t *t);
val_t val_int(struct emit *e, type_t *t, LLVMValueRef i64); /* one leaf of any kind */
val_t val_text(struct emit *e, type_t *t, LLVMValueRef ptr, LLVMValueRef len);
val_t val_text_const(struct emit *e, const char *s, size_t n);

/* Memory: words at p, 8-aligned. */
val_t val_load(struct emit *e, type_t *t, LLVMValueRef p, const char *name);
void val_store(struct emit *e, val_t v, LLVMValueRef p);
/* The address of the value's words on the stack of the current function. */
LLVMValueRef val_spill(struct emit *e, val_t v);
/* Each leaf as an i64 word, and back. */
LLVMValueRef val_word(struct emit *e, val_t v, uint32_t i);
val_t val_from_words(struct emit *e, type_t *t, LLVMValueRef *words);
/* The value with its leaves named from the program: x, x.len, x.none, x.field. */
val_t val_named(struct emit *e, val_t v, const char *name);

/* Parts. */
val_t val_field(struct emit *e, val_t record, uint32_t i);
val_t val_record(struct emit *e, type_t *t, const val_t *fields); /* one per field */
LLVMValueRef val_has(struct emit *e, val_t optional);             /* i1: not none */
val_t val_unwrap(struct emit *e, val_t optional);                 /* unchecked */
val_t val_some(struct emit *e, val_t v);                          /* T to T? */
val_t val_none(struct emit *e, type_t *optional);
LLVMValueRef val_tag(struct emit *e, val_t tagged);
val_t val_payload(struct emit *e, val_t tagged, uint32_t variant); /* unchecked */
val_t val_variant(struct emit *e, type_t *tagged, uint32_t variant, val_t payload);

/* cond ? a : b, both of one type and both computed. */
val_t val_select(struct emit *e, LLVMValueRef cond, val_t a, val_t b);

/* Where branches meet: open, add one value per incoming branch (the builder's block at
 * that moment; it is ended with a branch to the join), then take the merged value. */
typedef struct join {
    type_t *type;
    LLVMBasicBlockRef block;
    LLVMValueRef *phi; /* per leaf */
} join_t;
join_t val_join(struct emit *e, type_t *t, const char *name);
void val_join_add(struct emit *e, join_t *j, val_t v); /* coerces to j->type */
val_t val_join_end(struct emit *e, join_t *j);         /* the builder stands after it */

/* A variable: one alloca per leaf (optimised away); for loops with carried values. */
typedef struct var {
    type_t *type;
    LLVMValueRef *slot;
} var_t;
var_t var_new(struct emit *e, type_t *t, const char *name);
void var_set(struct emit *e, var_t v, val_t x);
val_t var_get(struct emit *e, var_t v);

/* Appends v to the arguments of a kernel call in the form of the boundary (text: ptr,
 * i64; bool: i32; T?: leaves then i32 flag; record, tagged, decimal: address). */
void val_push_arg(struct emit *e, val_t v, LLVMValueRef *args, unsigned *n);

#endif
