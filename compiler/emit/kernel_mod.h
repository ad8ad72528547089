/* kernel_mod.h - the kernel's bitcode, of which a program takes the functions that it calls.
 *
 * Callees are rows of runtime/kernel/kernel.def; their LLVM types come from the bitcode,
 * so no C layout and no signature is repeated here. */
#ifndef FLOW_EMIT_KERNEL_MOD_H
#define FLOW_EMIT_KERNEL_MOD_H

#include "compiler/emit/emit.h"

typedef enum kfn_id {
#define KFN(name, result, args, doc) KFN_##name,
#include "runtime/kernel/kernel.def"
#undef KFN
    KFN_COUNT
} kfn_id;

/* The embedded bitcode as a module of the context, whose bodies are not read yet; aborts if it is
 * damaged. */
LLVMModuleRef kernel_parse(LLVMContextRef llvm);
/* An empty module for what is generated, and the kernel beside it, each for the target: with the best
 * that it runs among the variants name_v4, name_v3 and name_base of a function. */
void kernel_begin(emit_t *e);
/* Gives the module what it refers to of the kernel; everything but `main` is internal then. */
void kernel_join(emit_t *e);
/* The target's attributes for one function; emit_fn_open gives them to generated ones. */
void kernel_function_target(LLVMValueRef fn, const struct target *target);

/* "word_hash" of flow_k_word_hash; -1 when no row has that name. */
int kfn_by_name(const char *name);
const char *kfn_name(kfn_id id);
LLVMValueRef kfn(emit_t *e, kfn_id id);
/* Declares the function of that name; aborts where the kernel has none. */
LLVMValueRef kernel_function(emit_t *e, const char *name);

/* A call with the result of the C function (void gives null). */
LLVMValueRef k_call(emit_t *e, kfn_id id, LLVMValueRef *args, unsigned n, const char *name);
#define K_CALL(e, id, name, ...)                                                         \
    k_call((e), KFN_##id, (LLVMValueRef[]){__VA_ARGS__},                                 \
           sizeof((LLVMValueRef[]){__VA_ARGS__}) / sizeof(LLVMValueRef), (name))

#endif
