/* kernel_mod.c - the embedded bitcode, made ready for the target.
 *
 * The bitcode is read lazily, as a module of its own: of its functions only types, names and
 * attributes are there at first.  What is generated declares those that it calls; joined to it
 * at the end, the kernel gives their bodies, and those of what they call: reading all of them
 * would be half of a debug build.  The C API cannot read a body itself, but the linker does, of
 * functions that are linkonce and referred to; until then the module must not be looked into (the
 * verifier would crash).  clang's attributes for its baseline CPU are replaced on every function,
 * or what is not inlined would stay SSE2.
 *
 * Variants: a kernel function that needs instructions of its own exists as name_base and as
 * name_v3, name_v4 or name_vbmi2; C code calls name_base, which is `noinline` so that clang
 * leaves the call.  Here its uses are given to the best variant the target runs, which then
 * may be inlined.
 *
 * Everything becomes internal: passes may specialise and drop it, and it does not meet
 * the archive's copy when the program is linked. */
#include "compiler/emit/kernel_mod.h"

#include <string.h>

#include <llvm-c/BitReader.h>
#include <llvm-c/Linker.h>

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
    if (LLVMGetBitcodeModuleInContext2(llvm, text, &module))
        flow_unreachable("the embedded kernel is damaged");
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

/* Uses of name_base are uses of the best of its variants from here on, in bodies that are not read
 * yet, too. */
static void choose_variant(LLVMModuleRef m, LLVMValueRef base, size_t stem, target_simd simd) {
    size_t n;
    const char *name = LLVMGetValueName2(base, &n);
    LLVMValueRef best = base;
    for (int i = SIMD_V3; i <= (int)simd; i++) {
        LLVMValueRef better = sibling(m, name, stem, variants[i]);
        if (better) best = better;
    }
    unsigned noinline_kind = LLVMGetEnumAttributeKindForName("noinline", 8);
    LLVMRemoveEnumAttributeAtIndex(best, LLVMAttributeFunctionIndex, noinline_kind);
    if (best != base) LLVMReplaceAllUsesWith(base, best);
}

static int has_siblings(LLVMModuleRef m, const char *name, size_t stem) {
    for (int i = SIMD_V3; i <= SIMD_VBMI2; i++)
        if (sibling(m, name, stem, variants[i])) return 1;
    return 0;
}

static void choose_variants(LLVMModuleRef m, target_simd simd) {
    for (LLVMValueRef f = LLVMGetFirstFunction(m); f; f = LLVMGetNextFunction(f)) {
        size_t n;
        const char *name = LLVMGetValueName2(f, &n);
        if (LLVMIsDeclaration(f) || !ends_with(name, n, variants[0])) continue;
        size_t stem = n - strlen(variants[0]);
        if (has_siblings(m, name, stem)) choose_variant(m, f, stem, simd);
    }
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

/* Puts a declaration in the place of a function, to whose body nothing refers any more. */
static void drop_body(LLVMModuleRef m, LLVMValueRef fn) {
    size_t n;
    const char *text = LLVMGetValueName2(fn, &n);
    char name[128];
    flow_assert(n < sizeof name);
    memcpy(name, text, n);
    LLVMValueRef bare = LLVMAddFunction(m, "", LLVMGlobalGetValueType(fn));
    LLVMSetVisibility(bare, LLVMHiddenVisibility);
    LLVMReplaceAllUsesWith(fn, bare);
    LLVMSetLinkage(fn, LLVMInternalLinkage);
    LLVMSetValueName2(fn, "", 0);
    LLVMSetValueName2(bare, name, n);
}

/* Functions marked FLOW_COLD or FLOW_FAR are the archive's: nothing is gained by compiling them anew
 * into each program.  They have external linkage and keep no state, so either copy does.  All
 * others are there for whoever refers to them. */
static void choose_bodies(LLVMModuleRef m) {
    for (LLVMValueRef f = LLVMGetFirstFunction(m), next; f; f = next) {
        next = LLVMGetNextFunction(f);
        if (LLVMIsDeclaration(f) || LLVMGetLinkage(f) != LLVMExternalLinkage) continue;
        if (is_cold(f)) drop_body(m, f);
        else LLVMSetLinkage(f, LLVMLinkOnceODRLinkage);
    }
    for (LLVMValueRef g = LLVMGetFirstGlobal(m); g; g = LLVMGetNextGlobal(g))
        if (LLVMGetInitializer(g) && LLVMGetLinkage(g) == LLVMExternalLinkage)
            LLVMSetLinkage(g, LLVMInternalLinkage);
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

static void set_target(LLVMModuleRef module, const struct target *target) {
    LLVMTargetMachineRef machine = target_machine(target);
    char *triple = LLVMGetTargetMachineTriple(machine);
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(machine);
    LLVMSetTarget(module, triple);
    LLVMSetModuleDataLayout(module, layout);
    LLVMDisposeTargetData(layout);
    LLVMDisposeMessage(triple);
}

void kernel_begin(emit_t *e) {
    e->module = LLVMModuleCreateWithNameInContext("kernel", e->llvm);
    e->kernel_module = kernel_parse(e->llvm);
    e->kernel = ARENA_ARRAY(e->arena, LLVMValueRef, KFN_COUNT + 1);
    set_target(e->module, e->target);
    set_target(e->kernel_module, e->target);
    choose_variants(e->kernel_module, target_vectors(e->target));
    choose_bodies(e->kernel_module);
}

void kernel_join(emit_t *e) {
    LLVMModuleRef kernel = e->kernel_module;
    e->kernel_module = NULL;
    if (LLVMLinkModules2(e->module, kernel)) flow_unreachable("the kernel does not fit");
    for (LLVMValueRef f = LLVMGetFirstFunction(e->module); f; f = LLVMGetNextFunction(f)) {
        if (LLVMGetIntrinsicID(f)) continue;
        kernel_function_target(f, e->target);
        if (LLVMGetLinkage(f) == LLVMLinkOnceODRLinkage) LLVMSetLinkage(f, LLVMInternalLinkage);
    }
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

LLVMValueRef kernel_function(emit_t *e, const char *name) {
    LLVMValueRef declared = LLVMGetNamedFunction(e->module, name);
    if (declared) return declared;
    LLVMValueRef fn = LLVMGetNamedFunction(e->kernel_module, name);
    if (!fn) flow_unreachable(arena_printf(e->arena, "the kernel has no %s", name));
    declared = LLVMAddFunction(e->module, name, LLVMGlobalGetValueType(fn));
    LLVMSetVisibility(declared, LLVMGetVisibility(fn));
    return declared;
}

LLVMValueRef kfn(emit_t *e, kfn_id id) {
    if (!e->kernel[id])
        e->kernel[id] = kernel_function(e, arena_printf(e->arena, "flow_k_%s", kfn_name(id)));
    return e->kernel[id];
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
