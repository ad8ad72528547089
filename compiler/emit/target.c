/* target.c - LLVM's x86 back end for one CPU.
 *
 * `native` asks LLVM for the name and the features of this machine; the levels are
 * LLVM's own CPU names.  The back end is started by the first target_new only, so that
 * `flowc check` never pays for it. */
#include "compiler/emit/target.h"

#include <string.h>

#include <llvm-c/Core.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>

#include "compiler/base/buf.h"
#include "compiler/base/check.h"

struct target {
    LLVMTargetMachineRef machine;
    const char *cpu, *features, *needs;
    int level;
    target_simd vectors;
};

enum { NO_LEVEL = SIMD_VBMI2 + 1 };

static const char triple[] = "x86_64-pc-linux-gnu";

/* Features that code generation may use, from x86-64-v2 up: LLVM's name, and the name
 * in /proc/cpuinfo, which the check at start prints. */
static const struct {
    const char *llvm, *cpuinfo;
    int level; /* the level that includes it; NO_LEVEL: none does */
} known[] = {
    {"sse3", "pni", SIMD_V3},          {"ssse3", "ssse3", SIMD_V3},
    {"sse4.1", "sse4_1", SIMD_V3},     {"sse4.2", "sse4_2", SIMD_V3},
    {"popcnt", "popcnt", SIMD_V3},     {"cx16", "cx16", SIMD_V3},
    {"avx", "avx", SIMD_V3},           {"avx2", "avx2", SIMD_V3},
    {"bmi", "bmi1", SIMD_V3},          {"bmi2", "bmi2", SIMD_V3},
    {"fma", "fma", SIMD_V3},           {"f16c", "f16c", SIMD_V3},
    {"lzcnt", "abm", SIMD_V3},         {"movbe", "movbe", SIMD_V3},
    {"avx512f", "avx512f", SIMD_V4},   {"avx512bw", "avx512bw", SIMD_V4},
    {"avx512cd", "avx512cd", SIMD_V4}, {"avx512dq", "avx512dq", SIMD_V4},
    {"avx512vl", "avx512vl", SIMD_V4}, {"aes", "aes", NO_LEVEL},
    {"pclmul", "pclmulqdq", NO_LEVEL},
    {"vaes", "vaes", NO_LEVEL},
    {"vpclmulqdq", "vpclmulqdq", NO_LEVEL},
    {"gfni", "gfni", NO_LEVEL},
    {"adx", "adx", NO_LEVEL},
    {"sha", "sha_ni", NO_LEVEL},
    {"avx512ifma", "avx512ifma", NO_LEVEL},
    {"avx512vbmi", "avx512vbmi", NO_LEVEL},
    {"avx512vbmi2", "avx512_vbmi2", SIMD_VBMI2},
    {"avx512vnni", "avx512_vnni", NO_LEVEL},
    {"avx512bitalg", "avx512_bitalg", NO_LEVEL},
    {"avx512vpopcntdq", "avx512_vpopcntdq", NO_LEVEL},
    {"avx512bf16", "avx512_bf16", NO_LEVEL},
    {"avx512fp16", "avx512_fp16", NO_LEVEL},
    {"avxvnni", "avx_vnni", NO_LEVEL},
};

enum { KNOWN = sizeof known / sizeof known[0] };

/* Does LLVM's list "+a,-b,..." turn the feature on? */
static int has_feature(const char *list, const char *name) {
    size_t n = strlen(name);
    for (const char *p = list; (p = strstr(p, name)); p += n)
        if (p > list && p[-1] == '+' && (p[n] == ',' || !p[n])) return 1;
    return 0;
}

static target_simd native_level(const char *features) {
    int level = SIMD_VBMI2;
    for (int i = 0; i < KNOWN; i++)
        if (level >= known[i].level && !has_feature(features, known[i].llvm))
            level = known[i].level - 1;
    return (target_simd)level;
}

static const char *list_needs(arena_t *a, const target_t *t, int native) {
    buf_t b;
    buf_init(&b, a);
    for (int i = 0; i < KNOWN; i++) {
        int on = native ? has_feature(t->features, known[i].llvm)
                        : known[i].level <= (int)t->vectors;
        if (!on) continue;
        if (b.n) buf_char(&b, ',');
        buf_str(&b, known[i].cpuinfo);
    }
    return buf_text(&b);
}

static void start_back_end(void) {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();
}

/* False if there is no CPU of that name. */
static int choose_cpu(arena_t *a, target_t *t, const char *cpu) {
    static const char *const levels[] = {"x86-64", "x86-64-v3", "x86-64-v4"};
    if (strcmp(cpu, "native")) {
        for (int i = 0; i < 3; i++) {
            if (strcmp(cpu, levels[i])) continue;
            t->cpu = levels[i];
            t->features = "";
            t->vectors = (target_simd)i;
            return 1;
        }
        return 0;
    }
    char *name = LLVMGetHostCPUName(), *features = LLVMGetHostCPUFeatures();
    t->cpu = arena_strdup(a, name);
    t->features = arena_strdup(a, features);
    t->vectors = native_level(t->features);
    LLVMDisposeMessage(name);
    LLVMDisposeMessage(features);
    return 1;
}

const char *target_host(arena_t *a) {
    char *name = LLVMGetHostCPUName(), *features = LLVMGetHostCPUFeatures();
    const char *text = arena_printf(a, "%s %s", name, features);
    LLVMDisposeMessage(name);
    LLVMDisposeMessage(features);
    return text;
}

LLVMTargetMachineRef target_machine_new(const target_t *t) {
    LLVMTargetRef target;
    char *message = NULL;
    if (LLVMGetTargetFromTriple(triple, &target, &message)) flow_unreachable(message);
    return LLVMCreateTargetMachine(target, triple, t->cpu, t->features,
                                   t->level ? LLVMCodeGenLevelDefault : LLVMCodeGenLevelNone,
                                   LLVMRelocPIC, LLVMCodeModelDefault);
}

target_t *target_new(arena_t *a, const char *cpu, int level, const char **why) {
    flow_assert(level == 0 || level == 2);
    target_t *t = ARENA_NEW(a, target_t);
    start_back_end();
    if (!choose_cpu(a, t, cpu)) {
        *why = arena_printf(a, "unknown CPU `%s`: native, x86-64, x86-64-v3 or x86-64-v4", cpu);
        return NULL;
    }
    t->needs = list_needs(a, t, !strcmp(cpu, "native"));
    t->level = level;
    t->machine = target_machine_new(t);
    return t;
}

void target_free(target_t *t) {
    if (t && t->machine) LLVMDisposeTargetMachine(t->machine);
    if (t) t->machine = NULL;
}

LLVMTargetMachineRef target_machine(const target_t *t) {
    return t->machine;
}

const char *target_cpu(const target_t *t) {
    return t->cpu;
}

const char *target_features(const target_t *t) {
    return t->features;
}

target_simd target_vectors(const target_t *t) {
    return t->vectors;
}

const char *target_needs(const target_t *t) {
    return t->needs;
}
