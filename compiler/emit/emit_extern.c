/* emit_extern.c - calls of functions in C (runtime/include/flow/extern.h).
 *
 * The address of each stands in a variable of the module, which setup has filled in before
 * anything runs.  Text that comes back is copied at once: it may lie in a buffer of the
 * function's. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/emit/emit_call.h"
#include "compiler/emit/ir.h"
#include "compiler/emit/kernel_mod.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/def.h"

enum { MOST_ARGS = 32 }; /* types/decl.c */

static int is_text(const type_t *t) {
    return t->kind == TY_STRING || t->kind == TY_BYTES;
}

static LLVMValueRef slot_of(emit_t *e, def_t *fn) {
    for (size_t i = 0; i < e->externs.n; i++)
        if (e->externs.at[i].def == fn) return e->externs.at[i].fn;
    LLVMValueRef g = LLVMAddGlobal(e->module, e->ptr,
                                   arena_printf(e->arena, "flowgen_extern_%s", fn->name));
    LLVMSetLinkage(g, LLVMInternalLinkage);
    LLVMSetInitializer(g, LLVMConstNull(e->ptr));
    LLVMSetExternallyInitialized(g, 1);
    vec_push(e->arena, &e->externs, ((emitted_fn_t){fn, g}));
    return g;
}

/* One argument as C takes it; returns how many it became.  Of a T? the value comes first,
 * then whether there is one. */
static unsigned put_argument(emit_t *e, val_t v, LLVMValueRef *args, LLVMTypeRef *types) {
    if (v.type->kind == TY_OPTION) {
        unsigned n = put_argument(e, val_unwrap(e, v), args, types);
        args[n] = LLVMBuildZExt(e->b, val_has(e, v), e->i32, "known"), types[n] = e->i32;
        return n + 1;
    }
    if (is_text(v.type)) {
        args[0] = v.leaf[0], types[0] = e->ptr;
        args[1] = v.leaf[1], types[1] = e->i64;
        return 2;
    }
    int bit = v.type->kind == TY_BOOL;
    args[0] = bit ? LLVMBuildZExt(e->b, v.leaf[0], e->i32, "flag") : v.leaf[0];
    types[0] = bit ? e->i32 : v.type->kind == TY_FLOAT ? e->f64 : e->i64;
    return 1;
}

/* Bytes of a result without `?`: where that of one with it says whether it is there. */
static int64_t bytes_of(const type_t *t) {
    return is_text(t) ? 16 : t->kind == TY_BOOL ? 4 : 8;
}

static val_t result(emit_t *e, type_t *t, LLVMValueRef out) {
    if (t->kind == TY_OPTION) {
        LLVMValueRef at = LLVMBuildGEP2(e->b, e->i8, out,
                                        (LLVMValueRef[]){ir_i64(e, bytes_of(t->elem))}, 1, "");
        LLVMValueRef known = LLVMBuildICmp(e->b, LLVMIntNE, ir_load(e, e->i32, at, "known"),
                                           ir_i32(e, 0), "is.known");
        if (is_text(t->elem)) { /* what is not there is not looked at */
            LLVMValueRef len = ir_load(e, e->i64, ir_word(e, out, 1), "length");
            ir_store(e, ir_select(e, known, len, ir_i64(e, 0), ""), ir_word(e, out, 1));
        }
        val_t some = val_some(e, result(e, t->elem, out));
        return val_select(e, known, some, val_none(e, t));
    }
    if (t->kind == TY_BOOL) {
        LLVMValueRef flag = ir_load(e, e->i32, out, "flag");
        return val_int(e, t, LLVMBuildICmp(e->b, LLVMIntNE, flag, ir_i32(e, 0), "bool"));
    }
    if (!is_text(t)) return val_load(e, t, out, "result");
    LLVMValueRef copy = ir_words(e, 2, "text");
    emit_fail_status(e, K_CALL(e, extern_text, "status", e->fn->ctx, copy, out,
                               ir_i32(e, t->kind == TY_STRING)));
    return val_load(e, t, copy, "text");
}

val_t emit_extern_fn(emit_t *e, ast_call_t *n, def_t *fn) {
    LLVMValueRef args[1 + 3 * MOST_ARGS], out = ir_words(e, 3, fn->name);
    LLVMTypeRef types[1 + 3 * MOST_ARGS];
    unsigned count = 1;
    flow_assert(n->args.n <= MOST_ARGS);
    for (size_t i = 0; i < n->args.n; i++) {
        val_t v = emit_expr_as(e, AST(arg, n->args.at[i])->value, fn->params[i]->def->type);
        count += put_argument(e, v, args + count, types + count);
    }
    args[0] = out, types[0] = e->ptr;
    for (int i = 0; i < 3; i++) LLVMBuildStore(e->b, ir_i64(e, 0), ir_word(e, out, i));
    LLVMValueRef at = ir_load(e, e->ptr, slot_of(e, fn), fn->name);
    LLVMTypeRef type = LLVMFunctionType(e->i32, types, count, 0);
    LLVMValueRef status = LLVMBuildCall2(e->b, type, at, args, count, "status");
    emit_fail_if(e, LLVMBuildICmp(e->b, LLVMIntNE, status, ir_i32(e, 0), "failed"), ROW_native);
    return result(e, fn->type, out);
}

void emit_extern_setup(emit_t *e) {
    LLVMTypeRef type = LLVMFunctionType(
        e->i32, (LLVMTypeRef[]){e->ptr, e->ptr, e->i64, e->ptr, e->i64}, 5, 0);
    for (size_t i = 0; i < e->externs.n; i++) {
        const def_t *fn = e->externs.at[i].def;
        const ast_decl_extern_t *d = AST(decl_extern, fn->node);
        LLVMValueRef open = LLVMGetNamedFunction(e->module, "flow_rt_extern");
        if (!open) open = LLVMAddFunction(e->module, "flow_rt_extern", type);
        LLVMValueRef args[] = {e->externs.at[i].fn,
                               emit_bytes(e, d->library, d->library_n, "library"),
                               ir_i64(e, (int64_t)d->library_n),
                               emit_bytes(e, fn->name, strlen(fn->name), "function"),
                               ir_i64(e, (int64_t)strlen(fn->name))};
        LLVMValueRef status = ir_call(e, open, args, 5, "status");
        LLVMBasicBlockRef bad = ir_block(e, "extern.failed"), good = ir_block(e, "extern.open");
        ir_if_rare(e, LLVMBuildICmp(e->b, LLVMIntNE, status, ir_i32(e, 0), ""), bad, good);
        ir_at(e, bad);
        ir_ret(e, status);
        ir_at(e, good);
    }
}
