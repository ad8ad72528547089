/* test_kernel_mod.c - the table of kernel functions against the bitcode, and what
 * retargeting leaves. */
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>
#include <llvm-c/Analysis.h>
#include <llvm-c/Core.h>

#include "compiler/emit/emit.h"
#include "compiler/emit/kernel_mod.h"
#include "compiler/emit/optimise.h"
#include "compiler/emit/target.h"
#include "compiler/types/builtins.h"

typedef struct row {
    const char *name, *result, *args;
} row_t;

static const row_t rows[] = {
#define KFN(name, result, args, doc) {"flow_k_" #name, #result, #args},
#include "runtime/kernel/kernel.def"
#undef KFN
};

static emit_t *new_emit(arena_t *a, const char *cpu, target_t **target) {
    const char *why;
    *target = target_new(a, cpu, 0, &why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(*target);
    return emit_new(a, intern_new(a), types_new(a), sources_new(a), NULL, *target);
}

static const char *type_word(LLVMTypeRef t) {
    switch (LLVMGetTypeKind(t)) {
    case LLVMPointerTypeKind: return "PTR";
    case LLVMDoubleTypeKind: return "F64";
    case LLVMVoidTypeKind: return "VOID";
    case LLVMIntegerTypeKind:
        return LLVMGetIntTypeWidth(t) == 32 ? "I32" : LLVMGetIntTypeWidth(t) == 64 ? "I64" : "?";
    default: return "?";
    }
}

/* "(PTR, I64)" of a function type; "()" for none. */
static const char *args_text(arena_t *a, LLVMTypeRef type) {
    buf_t b;
    buf_init(&b, a);
    LLVMTypeRef params[32];
    unsigned n = LLVMCountParamTypes(type);
    if (n > 32) return "too many";
    LLVMGetParamTypes(type, params);
    buf_char(&b, '(');
    for (unsigned i = 0; i < n; i++)
        buf_printf(&b, "%s%s", i ? ", " : "", type_word(params[i]));
    buf_char(&b, ')');
    return buf_text(&b);
}

/* Each row exists in the bitcode with that signature. */
static void test_rows(void) {
    arena_t *a = arena_new("test");
    LLVMContextRef llvm = LLVMContextCreate();
    LLVMModuleRef kernel = kernel_parse(llvm);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        LLVMValueRef fn = LLVMGetNamedFunction(kernel, rows[i].name);
        if (!fn || LLVMIsDeclaration(fn)) {
            printf("kernel.def: %s has no body\n", rows[i].name);
            CU_FAIL("a row without a function");
            continue;
        }
        LLVMTypeRef type = LLVMGlobalGetValueType(fn);
        const char *args = args_text(a, type), *result = type_word(LLVMGetReturnType(type));
        if (strcmp(args, rows[i].args) || strcmp(result, rows[i].result)) {
            printf("kernel.def: %s is %s %s\n", rows[i].name, result, args);
            CU_FAIL("a row with another signature");
        }
    }
    LLVMDisposeModule(kernel);
    LLVMContextDispose(llvm);
    arena_free(a);
}

/* What builtins.def lowers to calls is there. */
static void test_builtins(void) {
    LLVMContextRef llvm = LLVMContextCreate();
    LLVMModuleRef kernel = kernel_parse(llvm);
    for (int i = 0; i < FN_COUNT; i++) {
        const fn_row_t *f = fn_at(i);
        if (f->lowering != LOWER_CALL && f->lowering != LOWER_CALLS) continue;
        char name[128];
        snprintf(name, sizeof name, "flow_k_fn_%s", f->id);
        LLVMValueRef fn = LLVMGetNamedFunction(kernel, name);
        CU_ASSERT_FATAL(fn && !LLVMIsDeclaration(fn));
        LLVMTypeRef result = LLVMGetReturnType(LLVMGlobalGetValueType(fn));
        if (f->lowering == LOWER_CALLS) CU_ASSERT_STRING_EQUAL(type_word(result), "I32");
    }
    LLVMDisposeModule(kernel);
    LLVMContextDispose(llvm);
}

/* The table's size is a decision: raise the bound knowingly. */
static void test_count(void) {
    CU_ASSERT(sizeof rows / sizeof *rows < 600);
    CU_ASSERT(kfn_by_name("alloc") >= 0);
    CU_ASSERT(kfn_by_name("no_such") < 0);
}

/* All of the kernel joined to a program: every function has the target's CPU and is internal. */
static void test_targets(void) {
    static const char *const cpus[] = {"x86-64", "x86-64-v3", "x86-64-v4", "native"};
    for (int i = 0; i < 4; i++) {
        arena_t *a = arena_new("test");
        target_t *target;
        emit_t *e = new_emit(a, cpus[i], &target);
        for (int id = 0; id < KFN_COUNT; id++) kfn(e, (kfn_id)id);
        emit_finish(e);
        int bodies = 0;
        for (LLVMValueRef f = LLVMGetFirstFunction(e->module); f; f = LLVMGetNextFunction(f)) {
            if (LLVMGetIntrinsicID(f) || LLVMIsDeclaration(f)) continue;
            LLVMAttributeRef cpu = LLVMGetStringAttributeAtIndex(
                f, LLVMAttributeFunctionIndex, "target-cpu", 10);
            unsigned n;
            CU_ASSERT_PTR_NOT_NULL_FATAL(cpu);
            CU_ASSERT_STRING_EQUAL(LLVMGetStringAttributeValue(cpu, &n), target_cpu(target));
            CU_ASSERT(LLVMGetLinkage(f) == LLVMInternalLinkage ||
                      LLVMGetLinkage(f) == LLVMPrivateLinkage);
            bodies++;
        }
        CU_ASSERT(bodies > KFN_COUNT / 2); /* the others are the archive's */
        CU_ASSERT_PTR_NULL(emit_verify(e));
        emit_free(e);
        target_free(target);
        arena_free(a);
    }
}

static void test_unknown_cpu(void) {
    arena_t *a = arena_new("test");
    const char *why = NULL;
    CU_ASSERT_PTR_NULL(target_new(a, "x86-64-v9", 2, &why));
    CU_ASSERT_PTR_NOT_NULL_FATAL(why);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "x86-64-v9"));
    arena_free(a);
}

/* With nothing generated, nothing of the kernel stays. */
static void test_prune(void) {
    arena_t *a = arena_new("test");
    target_t *target;
    emit_t *e = new_emit(a, "x86-64-v3", &target);
    optimise_prune(e);
    int bodies = 0;
    for (LLVMValueRef f = LLVMGetFirstFunction(e->module); f; f = LLVMGetNextFunction(f))
        bodies += !LLVMIsDeclaration(f);
    CU_ASSERT_EQUAL(bodies, 0);
    emit_free(e);
    target_free(target);
    arena_free(a);
}

void suite_kernel_mod(void);
void suite_kernel_mod(void) {
    CU_pSuite s = CU_add_suite("kernel_mod", NULL, NULL);
    CU_add_test(s, "rows of kernel.def", test_rows);
    CU_add_test(s, "rows of builtins.def", test_builtins);
    CU_add_test(s, "count", test_count);
    CU_add_test(s, "targets", test_targets);
    CU_add_test(s, "unknown cpu", test_unknown_cpu);
    CU_add_test(s, "prune", test_prune);
}
