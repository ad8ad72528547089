/* optimise.c - own pass lists.
 *
 * Release does what pays for loops over rows with inlined kernel code: inline, scalars
 * out of memory, common expressions, invariants out of loops, vectors; it takes a
 * quarter of the time of LLVM's default<O2> for the same code.  Debug only inlines what
 * must be and cleans up.  Kernel bodies were optimised when the kernel was compiled. */
#include "compiler/emit/optimise.h"

#include <string.h>

#include <llvm-c/Error.h>
#include <llvm-c/Transforms/PassBuilder.h>

#include "compiler/base/check.h"
#include "compiler/emit/target.h"

/* Left alone, instcombine aborts when one round of it was not enough. */
#define COMBINE "instcombine<no-verify-fixpoint>"

static const char release_passes[] =
    "globaldce,cgscc(inline),function(sroa,early-cse<memssa>," COMBINE ",simplifycfg,"
    "loop-mssa(licm),gvn,loop-vectorize," COMBINE ",simplifycfg),globaldce";
static const char debug_passes[] =
    "globaldce,always-inline,function(sroa,early-cse," COMBINE ",simplifycfg),globaldce";

static void run_passes(emit_t *e, const char *passes) {
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    LLVMErrorRef error =
        LLVMRunPasses(e->module, passes, target_machine(e->target), options);
    LLVMDisposePassBuilderOptions(options);
    if (!error) return;
    char *text = LLVMGetErrorMessage(error);
    flow_unreachable(text);
}

void optimise_prune(emit_t *e) {
    run_passes(e, "globaldce");
}

/* The inliner refuses callers and callees that differ in it: every function has it. */
static void mark_all(emit_t *e, const char *attribute) {
    unsigned kind = LLVMGetEnumAttributeKindForName(attribute, strlen(attribute));
    flow_assert(kind);
    LLVMAttributeRef mark = LLVMCreateEnumAttribute(e->llvm, kind, 0);
    for (LLVMValueRef f = LLVMGetFirstFunction(e->module); f; f = LLVMGetNextFunction(f))
        if (!LLVMIsDeclaration(f)) LLVMAddAttributeAtIndex(f, LLVMAttributeFunctionIndex, mark);
}

void optimise(emit_t *e, int level, const char *sanitize) {
    flow_assert(level == 0 || level == 2);
    int address = sanitize && !strcmp(sanitize, "address");
    if (sanitize) mark_all(e, address ? "sanitize_address" : "sanitize_thread");
    run_passes(e, level ? release_passes : debug_passes);
    if (sanitize) run_passes(e, address ? "asan" : "tsan-module,function(tsan)");
    const char *wrong = emit_verify(e);
    if (wrong) flow_unreachable(wrong);
}
