/* ir.c - the wrappers of ir.h; each is one call of the C API and its usual arguments. */
#include "compiler/emit/ir.h"

#include <string.h>

#include "compiler/base/check.h"

/* ---- constants ---- */

LLVMValueRef ir_i64(emit_t *e, int64_t v) {
    return LLVMConstInt(e->i64, (unsigned long long)v, 1);
}

LLVMValueRef ir_i32(emit_t *e, int32_t v) {
    return LLVMConstInt(e->i32, (unsigned long long)v, 1);
}

LLVMValueRef ir_bit(emit_t *e, int v) {
    return LLVMConstInt(e->i1, v != 0, 0);
}

LLVMValueRef ir_f64(emit_t *e, double v) {
    return LLVMConstReal(e->f64, v);
}

LLVMValueRef ir_null(emit_t *e) {
    return LLVMConstPointerNull(e->ptr);
}

/* ---- blocks ---- */

LLVMBasicBlockRef ir_block(emit_t *e, const char *name) {
    return LLVMAppendBasicBlockInContext(e->llvm, e->fn->fn, name);
}

void ir_at(emit_t *e, LLVMBasicBlockRef block) {
    LLVMPositionBuilderAtEnd(e->b, block);
}

LLVMBasicBlockRef ir_here(emit_t *e) {
    return LLVMGetInsertBlock(e->b);
}

int ir_ended(emit_t *e) {
    return LLVMGetBasicBlockTerminator(ir_here(e)) != NULL;
}

void ir_br(emit_t *e, LLVMBasicBlockRef to) {
    flow_assert(!ir_ended(e));
    LLVMBuildBr(e->b, to);
}

void ir_if(emit_t *e, LLVMValueRef cond, LLVMBasicBlockRef then, LLVMBasicBlockRef other) {
    flow_assert(!ir_ended(e) && LLVMTypeOf(cond) == e->i1);
    LLVMBuildCondBr(e->b, cond, then, other);
}

void ir_if_rare(emit_t *e, LLVMValueRef cond, LLVMBasicBlockRef then,
                LLVMBasicBlockRef other) {
    enum { RARE = 1, USUAL = 1 << 20 };
    flow_assert(!ir_ended(e) && LLVMTypeOf(cond) == e->i1);
    LLVMValueRef branch = LLVMBuildCondBr(e->b, cond, then, other);
    LLVMMetadataRef weights[] = {
        LLVMMDStringInContext2(e->llvm, "branch_weights", 14),
        LLVMValueAsMetadata(ir_i32(e, RARE)),
        LLVMValueAsMetadata(ir_i32(e, USUAL)),
    };
    LLVMSetMetadata(branch, LLVMGetMDKindIDInContext(e->llvm, "prof", 4),
                    LLVMMetadataAsValue(e->llvm, LLVMMDNodeInContext2(e->llvm, weights, 3)));
}

void ir_ret(emit_t *e, LLVMValueRef v) {
    if (v) LLVMBuildRet(e->b, v);
    else LLVMBuildRetVoid(e->b);
}

LLVMValueRef ir_phi(emit_t *e, LLVMTypeRef t, const char *name) {
    return LLVMBuildPhi(e->b, t, name);
}

void ir_phi_add(LLVMValueRef phi, LLVMValueRef v, LLVMBasicBlockRef from) {
    LLVMAddIncoming(phi, &v, &from, 1);
}

/* ---- loops ---- */

loop_t ir_loop(emit_t *e, LLVMValueRef n, const char *name) {
    loop_t l = {0};
    LLVMBasicBlockRef before = ir_here(e);
    l.head = ir_block(e, arena_printf(e->arena, "%s.head", name));
    l.body = ir_block(e, arena_printf(e->arena, "%s.body", name));
    l.next = ir_block(e, arena_printf(e->arena, "%s.next", name));
    l.done = ir_block(e, arena_printf(e->arena, "%s.done", name));
    ir_br(e, l.head);
    ir_at(e, l.head);
    l.i = ir_phi(e, e->i64, arena_printf(e->arena, "%s.i", name));
    ir_phi_add(l.i, ir_i64(e, 0), before);
    ir_if(e, ir_lt(e, l.i, n, ""), l.body, l.done);
    ir_at(e, l.body);
    return l;
}

void ir_loop_end(emit_t *e, loop_t *l) {
    if (!ir_ended(e)) ir_br(e, l->next);
    ir_at(e, l->next);
    LLVMValueRef up = LLVMBuildNSWAdd(e->b, l->i, ir_i64(e, 1), "");
    ir_phi_add(l->i, up, l->next);
    ir_br(e, l->head);
    ir_at(e, l->done);
}

/* ---- memory ---- */

LLVMValueRef ir_load(emit_t *e, LLVMTypeRef t, LLVMValueRef p, const char *name) {
    return LLVMBuildLoad2(e->b, t, p, name);
}

void ir_store(emit_t *e, LLVMValueRef v, LLVMValueRef p) {
    LLVMBuildStore(e->b, v, p);
}

LLVMValueRef ir_word(emit_t *e, LLVMValueRef p, int64_t index) {
    if (!index) return p;
    LLVMValueRef at = ir_i64(e, index);
    return LLVMBuildInBoundsGEP2(e->b, e->i64, p, &at, 1, "");
}

LLVMValueRef ir_word_at(emit_t *e, LLVMValueRef p, LLVMValueRef index, const char *name) {
    return LLVMBuildInBoundsGEP2(e->b, e->i64, p, &index, 1, name);
}

LLVMValueRef ir_byte_at(emit_t *e, LLVMValueRef p, LLVMValueRef offset, const char *name) {
    return LLVMBuildInBoundsGEP2(e->b, e->i8, p, &offset, 1, name);
}

/* Allocas stand in the entry block, so that loops do not grow the stack and sroa sees
 * them; they have no line. */
LLVMValueRef ir_slot(emit_t *e, LLVMTypeRef t, const char *name) {
    LLVMBasicBlockRef here = ir_here(e);
    ir_at(e, e->fn->entry);
    LLVMMetadataRef line = LLVMGetCurrentDebugLocation2(e->b);
    LLVMSetCurrentDebugLocation2(e->b, NULL);
    LLVMValueRef p = LLVMBuildAlloca(e->b, t, name);
    LLVMSetAlignment(p, 8);
    LLVMSetCurrentDebugLocation2(e->b, line);
    ir_at(e, here);
    return p;
}

LLVMValueRef ir_memo(emit_t *e, const char *name) {
    LLVMValueRef p = ir_slot(e, e->i64, name);
    LLVMBasicBlockRef here = ir_here(e);
    ir_at(e, e->fn->entry);
    ir_store(e, ir_i64(e, 0), p);
    ir_at(e, here);
    return p;
}

LLVMValueRef ir_words(emit_t *e, uint32_t n, const char *name) {
    return ir_slot(e, LLVMArrayType2(e->i64, n ? n : 1), name);
}

void ir_copy(emit_t *e, LLVMValueRef to, LLVMValueRef from, LLVMValueRef bytes) {
    LLVMBuildMemCpy(e->b, to, 1, from, 1, bytes);
}

void ir_invariant(emit_t *e, LLVMValueRef load) {
    unsigned kind = LLVMGetMDKindIDInContext(e->llvm, "invariant.load", 14);
    LLVMMetadataRef empty = LLVMMDNodeInContext2(e->llvm, NULL, 0);
    LLVMSetMetadata(load, kind, LLVMMetadataAsValue(e->llvm, empty));
}

/* ---- arithmetic and comparison ---- */

LLVMValueRef ir_op(emit_t *e, LLVMOpcode op, LLVMValueRef a, LLVMValueRef b,
                   const char *name) {
    return LLVMBuildBinOp(e->b, op, a, b, name);
}

LLVMValueRef ir_cmp(emit_t *e, LLVMIntPredicate p, LLVMValueRef a, LLVMValueRef b,
                    const char *name) {
    return LLVMBuildICmp(e->b, p, a, b, name);
}

LLVMValueRef ir_fcmp(emit_t *e, LLVMRealPredicate p, LLVMValueRef a, LLVMValueRef b,
                     const char *name) {
    return LLVMBuildFCmp(e->b, p, a, b, name);
}

LLVMValueRef ir_add(emit_t *e, LLVMValueRef a, LLVMValueRef b, const char *name) {
    return LLVMBuildAdd(e->b, a, b, name);
}

LLVMValueRef ir_sub(emit_t *e, LLVMValueRef a, LLVMValueRef b, const char *name) {
    return LLVMBuildSub(e->b, a, b, name);
}

LLVMValueRef ir_mul(emit_t *e, LLVMValueRef a, LLVMValueRef b, const char *name) {
    return LLVMBuildMul(e->b, a, b, name);
}

LLVMValueRef ir_and(emit_t *e, LLVMValueRef a, LLVMValueRef b, const char *name) {
    return LLVMBuildAnd(e->b, a, b, name);
}

LLVMValueRef ir_or(emit_t *e, LLVMValueRef a, LLVMValueRef b, const char *name) {
    return LLVMBuildOr(e->b, a, b, name);
}

LLVMValueRef ir_not(emit_t *e, LLVMValueRef a, const char *name) {
    return LLVMBuildNot(e->b, a, name);
}

LLVMValueRef ir_eq(emit_t *e, LLVMValueRef a, LLVMValueRef b, const char *name) {
    return ir_cmp(e, LLVMIntEQ, a, b, name);
}

LLVMValueRef ir_ne(emit_t *e, LLVMValueRef a, LLVMValueRef b, const char *name) {
    return ir_cmp(e, LLVMIntNE, a, b, name);
}

LLVMValueRef ir_lt(emit_t *e, LLVMValueRef a, LLVMValueRef b, const char *name) {
    return ir_cmp(e, LLVMIntSLT, a, b, name);
}

LLVMValueRef ir_select(emit_t *e, LLVMValueRef c, LLVMValueRef a, LLVMValueRef b,
                       const char *name) {
    return LLVMBuildSelect(e->b, c, a, b, name);
}

LLVMValueRef ir_cast(emit_t *e, LLVMOpcode op, LLVMValueRef v, LLVMTypeRef to,
                     const char *name) {
    return LLVMBuildCast(e->b, op, v, to, name);
}

LLVMValueRef ir_bit_of(emit_t *e, LLVMValueRef i, const char *name) {
    return ir_ne(e, i, LLVMConstNull(LLVMTypeOf(i)), name);
}

LLVMValueRef ir_i32_of(emit_t *e, LLVMValueRef bit, const char *name) {
    flow_assert(LLVMTypeOf(bit) == e->i1);
    return LLVMBuildZExt(e->b, bit, e->i32, name);
}

LLVMValueRef ir_i64_of(emit_t *e, LLVMValueRef v, const char *name) {
    LLVMTypeRef t = LLVMTypeOf(v);
    if (t == e->i1) return LLVMBuildZExt(e->b, v, e->i64, name);
    flow_assert(t == e->i32);
    return LLVMBuildSExt(e->b, v, e->i64, name);
}

/* ---- calls ---- */

LLVMValueRef ir_call(emit_t *e, LLVMValueRef fn, LLVMValueRef *args, unsigned n,
                     const char *name) {
    LLVMTypeRef type = LLVMGlobalGetValueType(fn);
    flow_assert(LLVMCountParamTypes(type) == n);
    int is_void = LLVMGetReturnType(type) == e->void_;
    return LLVMBuildCall2(e->b, type, fn, args, n, is_void ? "" : name);
}

LLVMValueRef ir_intrinsic(emit_t *e, const char *id, LLVMTypeRef over, LLVMValueRef *args,
                          unsigned n, const char *name) {
    unsigned number = LLVMLookupIntrinsicID(id, strlen(id));
    flow_assert(number);
    LLVMValueRef fn = LLVMGetIntrinsicDeclaration(e->module, number, &over, over ? 1 : 0);
    LLVMTypeRef type = LLVMIntrinsicGetType(e->llvm, number, &over, over ? 1 : 0);
    return LLVMBuildCall2(e->b, type, fn, args, n, name);
}

LLVMValueRef ir_extract(emit_t *e, LLVMValueRef pair, unsigned i, const char *name) {
    return LLVMBuildExtractValue(e->b, pair, i, name);
}
