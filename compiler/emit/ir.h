/* ir.h - short names for the LLVM C API, on the builder of an emit_t.
 *
 * Names are those of the program where there is one; "" is allowed.  Integers cross
 * the kernel's boundary only as i32 and i64. */
#ifndef FLOW_EMIT_IR_H
#define FLOW_EMIT_IR_H

#include "compiler/emit/emit.h"

/* ---- constants ---- */
LLVMValueRef ir_i64(emit_t *e, int64_t v);
LLVMValueRef ir_i32(emit_t *e, int32_t v);
LLVMValueRef ir_bit(emit_t *e, int v);
LLVMValueRef ir_f64(emit_t *e, double v);
LLVMValueRef ir_null(emit_t *e);

/* ---- blocks ---- */
LLVMBasicBlockRef ir_block(emit_t *e, const char *name);
void ir_at(emit_t *e, LLVMBasicBlockRef block); /* at its end */
LLVMBasicBlockRef ir_here(emit_t *e);
int ir_ended(emit_t *e); /* has the current block a terminator? */
void ir_br(emit_t *e, LLVMBasicBlockRef to);
void ir_if(emit_t *e, LLVMValueRef cond, LLVMBasicBlockRef then, LLVMBasicBlockRef other);
/* cond is almost never true. */
void ir_if_rare(emit_t *e, LLVMValueRef cond, LLVMBasicBlockRef then,
                LLVMBasicBlockRef other);
void ir_ret(emit_t *e, LLVMValueRef v); /* null: void */
LLVMValueRef ir_phi(emit_t *e, LLVMTypeRef t, const char *name);
void ir_phi_add(LLVMValueRef phi, LLVMValueRef v, LLVMBasicBlockRef from);

/* for (i = 0; i < n; i++): open, emit the body, close.  `next` is where `continue` goes. */
typedef struct loop {
    LLVMValueRef i;
    LLVMBasicBlockRef head, body, next, done;
} loop_t;
loop_t ir_loop(emit_t *e, LLVMValueRef n, const char *name);
void ir_loop_end(emit_t *e, loop_t *l); /* branches back; the builder stands in done */

/* ---- memory ---- */
LLVMValueRef ir_load(emit_t *e, LLVMTypeRef t, LLVMValueRef p, const char *name);
void ir_store(emit_t *e, LLVMValueRef v, LLVMValueRef p);
LLVMValueRef ir_word(emit_t *e, LLVMValueRef p, int64_t index);            /* p + 8·index */
LLVMValueRef ir_word_at(emit_t *e, LLVMValueRef p, LLVMValueRef index, const char *name);
LLVMValueRef ir_byte_at(emit_t *e, LLVMValueRef p, LLVMValueRef offset, const char *name);
LLVMValueRef ir_slot(emit_t *e, LLVMTypeRef t, const char *name);          /* alloca in entry */
LLVMValueRef ir_words(emit_t *e, uint32_t n, const char *name);            /* alloca of n words */
/* A word that is 0 when the function begins: for what is remembered from row to row. */
LLVMValueRef ir_memo(emit_t *e, const char *name);
void ir_copy(emit_t *e, LLVMValueRef to, LLVMValueRef from, LLVMValueRef bytes);
void ir_invariant(emit_t *e, LLVMValueRef load); /* what it reads never changes */

/* ---- arithmetic and comparison ---- */
LLVMValueRef ir_op(emit_t *e, LLVMOpcode op, LLVMValueRef a, LLVMValueRef b, const char *name);
LLVMValueRef ir_cmp(emit_t *e, LLVMIntPredicate p, LLVMValueRef a, LLVMValueRef b,
                    const char *name);
LLVMValueRef ir_fcmp(emit_t *e, LLVMRealPredicate p, LLVMValueRef a, LLVMValueRef b,
                     const char *name);
LLVMValueRef ir_add(emit_t *e, LLVMValueRef a, LLVMValueRef b, const char *name);
LLVMValueRef ir_sub(emit_t *e, LLVMValueRef a, LLVMValueRef b, const char *name);
LLVMValueRef ir_mul(emit_t *e, LLVMValueRef a, LLVMValueRef b, const char *name);
LLVMValueRef ir_and(emit_t *e, LLVMValueRef a, LLVMValueRef b, const char *name);
LLVMValueRef ir_or(emit_t *e, LLVMValueRef a, LLVMValueRef b, const char *name);
LLVMValueRef ir_not(emit_t *e, LLVMValueRef a, const char *name);
LLVMValueRef ir_eq(emit_t *e, LLVMValueRef a, LLVMValueRef b, const char *name);
LLVMValueRef ir_ne(emit_t *e, LLVMValueRef a, LLVMValueRef b, const char *name);
LLVMValueRef ir_lt(emit_t *e, LLVMValueRef a, LLVMValueRef b, const char *name); /* signed */
LLVMValueRef ir_select(emit_t *e, LLVMValueRef c, LLVMValueRef a, LLVMValueRef b,
                       const char *name);
LLVMValueRef ir_cast(emit_t *e, LLVMOpcode op, LLVMValueRef v, LLVMTypeRef to,
                     const char *name);
LLVMValueRef ir_bit_of(emit_t *e, LLVMValueRef i, const char *name);   /* i32 or i64 != 0 */
LLVMValueRef ir_i32_of(emit_t *e, LLVMValueRef bit, const char *name); /* i1 to 0 or 1 */
LLVMValueRef ir_i64_of(emit_t *e, LLVMValueRef v, const char *name);   /* i1 or i32 */

/* ---- calls ---- */
LLVMValueRef ir_call(emit_t *e, LLVMValueRef fn, LLVMValueRef *args, unsigned n,
                     const char *name);
/* An intrinsic with one overloaded type: ir_intrinsic(e, "llvm.sadd.with.overflow", ...). */
LLVMValueRef ir_intrinsic(emit_t *e, const char *id, LLVMTypeRef over, LLVMValueRef *args,
                          unsigned n, const char *name);
/* Part i of what such an intrinsic returns: {result, i1 overflow}. */
LLVMValueRef ir_extract(emit_t *e, LLVMValueRef pair, unsigned i, const char *name);

#endif
