/* optimise.c - own pass lists.
 *
 * Release does what pays for loops over rows with inlined kernel code: inline, scalars
 * out of memory, common expressions, invariants out of loops, vectors; it takes a
 * quarter of the time of LLVM's default<O2> for the same code.  Debug only inlines what
 * must be and cleans up.  Kernel bodies were optimised when the kernel was compiled. */
#include "compiler/emit/optimise.h"

#include <string.h>

#include <llvm-c/Analysis.h>
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

static void run_passes(LLVMModuleRef module, LLVMTargetMachineRef machine, const char *passes) {
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    LLVMErrorRef error = LLVMRunPasses(module, passes, machine, options);
    LLVMDisposePassBuilderOptions(options);
    if (!error) return;
    char *text = LLVMGetErrorMessage(error);
    flow_unreachable(text);
}

void optimise_prune(emit_t *e) {
    run_passes(e->module, target_machine(e->target), "globaldce");
}

void optimise_drop(LLVMModuleRef part, LLVMTargetMachineRef machine) {
    run_passes(part, machine, "elim-avail-extern");
}

/* The inliner refuses callers and callees that differ in it: every function has it. */
static void mark_all(LLVMModuleRef module, const char *attribute) {
    unsigned kind = LLVMGetEnumAttributeKindForName(attribute, strlen(attribute));
    flow_assert(kind);
    LLVMAttributeRef mark = LLVMCreateEnumAttribute(LLVMGetModuleContext(module), kind, 0);
    for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f))
        if (!LLVMIsDeclaration(f)) LLVMAddAttributeAtIndex(f, LLVMAttributeFunctionIndex, mark);
}

void optimise_part(LLVMModuleRef part, LLVMTargetMachineRef machine, int level,
                   const char *sanitize) {
    flow_assert(level == 0 || level == 2);
    int address = sanitize && !strcmp(sanitize, "address");
    if (sanitize) mark_all(part, address ? "sanitize_address" : "sanitize_thread");
    run_passes(part, machine, level ? release_passes : debug_passes);
    optimise_drop(part, machine);
    if (sanitize) run_passes(part, machine, address ? "asan" : "tsan-module,function(tsan)");
    char *wrong = NULL;
    if (LLVMVerifyModule(part, LLVMReturnStatusAction, &wrong)) flow_unreachable(wrong);
    LLVMDisposeMessage(wrong);
}

void optimise(emit_t *e, int level, const char *sanitize) {
    optimise_part(e->module, target_machine(e->target), level, sanitize);
}
