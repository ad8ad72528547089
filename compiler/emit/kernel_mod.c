/* kernel_mod.c - the embedded bitcode, made ready for the target.
 *
 * Bitcode is parsed eagerly: lazily loaded functions crash the verifier, and the C API
 * cannot materialise them.  clang's attributes for its baseline CPU are replaced on
 * every function, or what is not inlined would stay SSE2.
 *
 * Variants: a kernel function that needs instructions of its own exists as name_base and as
 * name_v3, name_v4 or name_vbmi2; C code calls name_base, which is `noinline` so that clang
 * leaves the call.  Here its uses are given to the best variant the target runs, which then
 * may be inlined, and the others go.
 *
 * Everything becomes internal: passes may specialise and drop it, and it does not meet
 * the archive's copy when the program is linked. */
#include "compiler/emit/kernel_mod.h"

#include <string.h>

#include <llvm-c/BitReader.h>

#include "compiler/base/check.h"
#include "compiler/emit/target.h"

extern const char flow_kernel_bitcode[], flow_kernel_bitcode_end[];

static const char *const names[] = {
#define KFN(name, result, args, doc) #name,
#include "runtime/kernel/kernel.def"
#undef KFN
    NULL, /* the table may be empty */
};

LLVMModuleRef kernel_parse(LLVMContextRef llvm) {
    LLVMMemoryBufferRef text = LLVMCreateMemoryBufferWithMemoryRange(
        flow_kernel_bitcode, (size_t)(flow_kernel_bitcode_end - flow_kernel_bitcode), "kernel",
        0);
    LLVMModuleRef module = NULL;
    if (LLVMParseBitcodeInContext2(llvm, text, &module))
        flow_unreachable("the embedded kernel is damaged");
    LLVMDisposeMemoryBuffer(text);
    return module;
}

/* ---- variants ---- */

static int ends_with(const char *s, size_t n, const char *end) {
    size_t m = strlen(end);
    return n >= m && !memcmp(s + n - m, end, m);
}

static LLVMValueRef sibling(LLVMModuleRef m, const char *base, size_t stem, const char *suffix) {
    char name[128];
    size_t n = strlen(suffix);
    flow_assert(stem + n < sizeof name);
    memcpy(name, base, stem);
    memcpy(name + stem, suffix, n + 1);
    return LLVMGetNamedFunction(m, name);
}

static const char *const variants[] = {"_base", "_v3", "_v4", "_vbmi2"}; /* [target_simd] */

static void choose_variant(LLVMModuleRef m, LLVMValueRef base, size_t stem, target_simd simd) {
    size_t n;
    const char *name = LLVMGetValueName2(base, &n);
    LLVMValueRef best = base, all[] = {base, NULL, NULL, NULL};
    for (int i = SIMD_V3; i <= SIMD_VBMI2; i++) {
        all[i] = sibling(m, name, stem, variants[i]);
        if (all[i] && (int)simd >= i) best = all[i];
    }
    unsigned noinline_kind = LLVMGetEnumAttributeKindForName("noinline", 8);
    LLVMRemoveEnumAttributeAtIndex(best, LLVMAttributeFunctionIndex, noinline_kind);
    for (int i = 0; i <= SIMD_VBMI2; i++) {
        if (!all[i] || all[i] == best) continue;
        LLVMReplaceAllUsesWith(all[i], best);
        LLVMDeleteFunction(all[i]);
    }
}

/* The first name_base that has siblings to choose from, or null. */
static LLVMValueRef next_base(LLVMModuleRef m, size_t *stem) {
    for (LLVMValueRef f = LLVMGetFirstFunction(m); f; f = LLVMGetNextFunction(f)) {
        size_t n;
        const char *name = LLVMGetValueName2(f, &n);
        if (LLVMIsDeclaration(f) || !ends_with(name, n, "_base")) continue;
        *stem = n - 5;
        for (int i = SIMD_V3; i <= SIMD_VBMI2; i++)
            if (sibling(m, name, *stem, variants[i])) return f;
    }
    return NULL;
}

static void choose_variants(LLVMModuleRef m, target_simd simd) {
    size_t stem;
    for (LLVMValueRef f; (f = next_base(m, &stem));) choose_variant(m, f, stem, simd);
}

/* ---- cold and far functions ---- */

/* FLOW_COLD and FLOW_FAR of k_value.h. */
static int is_cold(LLVMValueRef fn) {
    static const char far_mark[] = "zero-call-used-regs";
    unsigned kind = LLVMGetEnumAttributeKindForName("cold", 4);
    return !LLVMIsDeclaration(fn) &&
           (LLVMGetEnumAttributeAtIndex(fn, LLVMAttributeFunctionIndex, kind) ||
            LLVMGetStringAttributeAtIndex(fn, LLVMAttributeFunctionIndex, far_mark,
                                          sizeof far_mark - 1));
}

/* Puts a declaration in the place of a function. */
static void drop_body(LLVMModuleRef m, LLVMValueRef fn) {
    size_t n;
    const char *text = LLVMGetValueName2(fn, &n);
    char name[128];
    flow_assert(n < sizeof name);
    memcpy(name, text, n);
    LLVMValueRef bare = LLVMAddFunction(m, "", LLVMGlobalGetValueType(fn));
    LLVMSetVisibility(bare, LLVMHiddenVisibility);
    LLVMReplaceAllUsesWith(fn, bare);
    LLVMDeleteFunction(fn);
    LLVMSetValueName2(bare, name, n);
}

/* Functions marked FLOW_COLD or FLOW_FAR are the archive's: nothing is gained by compiling them anew
 * into each program.  They have external linkage and keep no state, so either copy does. */
static void drop_cold(LLVMModuleRef m) {
    for (LLVMValueRef f = LLVMGetFirstFunction(m), next; f; f = next) {
        next = LLVMGetNextFunction(f);
        if (is_cold(f) && LLVMGetLinkage(f) == LLVMExternalLinkage) drop_body(m, f);
    }
}

/* ---- the target's attributes ---- */

static void set_attribute(LLVMValueRef fn, const char *key, const char *value) {
    LLVMContextRef llvm = LLVMGetModuleContext(LLVMGetGlobalParent(fn));
    unsigned n = (unsigned)strlen(key);
    LLVMRemoveStringAttributeAtIndex(fn, LLVMAttributeFunctionIndex, key, n);
    if (!value) return;
    LLVMAddAttributeAtIndex(
        fn, LLVMAttributeFunctionIndex,
        LLVMCreateStringAttribute(llvm, key, n, value, (unsigned)strlen(value)));
}

void kernel_function_target(LLVMValueRef fn, const struct target *target) {
    const char *features = target_features(target);
    set_attribute(fn, "target-cpu", target_cpu(target));
    set_attribute(fn, "tune-cpu", NULL);
    set_attribute(fn, "target-features", *features ? features : NULL);
    set_attribute(fn, "min-legal-vector-width", NULL);
    if (target_vectors(target) >= SIMD_V4) set_attribute(fn, "prefer-vector-width", "512");
}

void kernel_retarget(LLVMModuleRef module, const struct target *target) {
    LLVMTargetMachineRef machine = target_machine(target);
    char *triple = LLVMGetTargetMachineTriple(machine);
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(machine);
    LLVMSetTarget(module, triple);
    LLVMSetModuleDataLayout(module, layout);
    LLVMDisposeTargetData(layout);
    LLVMDisposeMessage(triple);
    choose_variants(module, target_vectors(target));
    drop_cold(module);
    for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f)) {
        if (LLVMGetIntrinsicID(f)) continue;
        kernel_function_target(f, target);
        if (!LLVMIsDeclaration(f)) LLVMSetLinkage(f, LLVMInternalLinkage);
    }
    for (LLVMValueRef g = LLVMGetFirstGlobal(module); g; g = LLVMGetNextGlobal(g))
        if (LLVMGetInitializer(g) && LLVMGetLinkage(g) == LLVMExternalLinkage)
            LLVMSetLinkage(g, LLVMInternalLinkage);
}

/* ---- callees ---- */

int kfn_by_name(const char *name) {
    for (int i = 0; i < KFN_COUNT; i++)
        if (!strcmp(names[i], name)) return i;
    return -1;
}

const char *kfn_name(kfn_id id) {
    flow_assert(id < KFN_COUNT);
    return names[id];
}

LLVMValueRef kfn(emit_t *e, kfn_id id) {
    if (e->kernel[id]) return e->kernel[id];
    const char *name = arena_printf(e->arena, "flow_k_%s", kfn_name(id));
    LLVMValueRef fn = LLVMGetNamedFunction(e->module, name);
    if (!fn)
        flow_unreachable(arena_printf(e->arena, "the kernel has no %s", name));
    return e->kernel[id] = fn;
}

LLVMValueRef k_call(emit_t *e, kfn_id id, LLVMValueRef *args, unsigned n, const char *name) {
    LLVMValueRef fn = kfn(e, id);
    LLVMTypeRef type = LLVMGlobalGetValueType(fn);
    if (LLVMCountParamTypes(type) != n)
        flow_unreachable(arena_printf(e->arena, "flow_k_%s takes %u arguments, not %u",
                                      kfn_name(id), LLVMCountParamTypes(type), n));
    int is_void = LLVMGetReturnType(type) == e->void_;
    LLVMValueRef out = LLVMBuildCall2(e->b, type, fn, args, n, is_void ? "" : name);
    return is_void ? NULL : out;
}
