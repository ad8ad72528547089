/* target.h - the machine to compile for: --cpu and what follows from it. */
#ifndef FLOW_EMIT_TARGET_H
#define FLOW_EMIT_TARGET_H

#include "compiler/base/arena.h"

struct LLVMOpaqueTargetMachine;

typedef struct target target_t;

/* The levels of x86-64; and the fourth with VBMI2, which only `native` has. */
typedef enum target_simd { SIMD_BASE, SIMD_V3, SIMD_V4, SIMD_VBMI2 } target_simd;

/* cpu: "native", "x86-64", "x86-64-v3" or "x86-64-v4"; level 0 or 2.  Null for another
 * name, with the reason in *why.  The first call starts LLVM's x86 back end. */
target_t *target_new(arena_t *a, const char *cpu, int level, const char **why);
/* This machine's CPU and features as one text; starts nothing. */
const char *target_host(arena_t *a);
void target_free(target_t *t);
struct LLVMOpaqueTargetMachine *target_machine(const target_t *t);
/* Another one of the same, for another thread; the caller's. */
struct LLVMOpaqueTargetMachine *target_machine_new(const target_t *t);
const char *target_cpu(const target_t *t);      /* LLVM's name */
const char *target_features(const target_t *t); /* LLVM's list, may be empty */
target_simd target_vectors(const target_t *t);
/* What the program needs, for the check at start: a comma-separated list of features
 * ("avx2,bmi2,..."), empty for x86-64. */
const char *target_needs(const target_t *t);

#endif
