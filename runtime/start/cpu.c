/* cpu.c - see cpu.h.
 *
 * cpuid says what the chip has and xgetbv what the system saves; /proc/cpuinfo shows the
 * two together but takes milliseconds on large machines, so it is read only for names
 * that are not in the table. */
#include "runtime/start/cpu.h"

#include <cpuid.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct feature {
    const char *name;
    unsigned leaf, sub, reg, bit; /* reg: 0 eax, 1 ebx, 2 ecx, 3 edx */
    unsigned saved;               /* bits of xcr0 that must be set */
} feature;

enum { YMM = 6, ZMM = 0xe6 };

static const feature features_known[] = {
    {"sse3", 1, 0, 2, 0, 0}, {"pni", 1, 0, 2, 0, 0}, {"pclmulqdq", 1, 0, 2, 1, 0},
    {"ssse3", 1, 0, 2, 9, 0}, {"fma", 1, 0, 2, 12, YMM}, {"cx16", 1, 0, 2, 13, 0},
    {"sse4_1", 1, 0, 2, 19, 0}, {"sse4_2", 1, 0, 2, 20, 0}, {"movbe", 1, 0, 2, 22, 0},
    {"popcnt", 1, 0, 2, 23, 0}, {"aes", 1, 0, 2, 25, 0}, {"avx", 1, 0, 2, 28, YMM},
    {"f16c", 1, 0, 2, 29, YMM}, {"bmi1", 7, 0, 1, 3, 0}, {"avx2", 7, 0, 1, 5, YMM},
    {"bmi2", 7, 0, 1, 8, 0}, {"avx512f", 7, 0, 1, 16, ZMM},
    {"avx512dq", 7, 0, 1, 17, ZMM}, {"adx", 7, 0, 1, 19, 0},
    {"avx512ifma", 7, 0, 1, 21, ZMM}, {"avx512cd", 7, 0, 1, 28, ZMM},
    {"sha_ni", 7, 0, 1, 29, 0}, {"avx512bw", 7, 0, 1, 30, ZMM},
    {"avx512vl", 7, 0, 1, 31, ZMM}, {"avx512vbmi", 7, 0, 2, 1, ZMM},
    {"avx512_vbmi2", 7, 0, 2, 6, ZMM}, {"gfni", 7, 0, 2, 8, 0},
    {"vaes", 7, 0, 2, 9, YMM}, {"vpclmulqdq", 7, 0, 2, 10, YMM},
    {"avx512_vnni", 7, 0, 2, 11, ZMM}, {"avx512_bitalg", 7, 0, 2, 12, ZMM},
    {"avx512_vpopcntdq", 7, 0, 2, 14, ZMM}, {"avx512_bf16", 7, 1, 0, 5, ZMM},
    {"avx_vnni", 7, 1, 0, 4, YMM}, {"abm", 0x80000001, 0, 2, 5, 0},
    {"lzcnt", 0x80000001, 0, 2, 5, 0},
};

static uint64_t saved_state(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 27))) return 0;
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static bool known_has(const feature *f) {
    unsigned r[4];
    if (!__get_cpuid_count(f->leaf, f->sub, &r[0], &r[1], &r[2], &r[3])) return false;
    if (!(r[f->reg] >> f->bit & 1)) return false;
    return (saved_state() & f->saved) == f->saved;
}

/* The first line `flags` of /proc/cpuinfo; free it. */
static char *read_flags(void) {
    FILE *file = fopen("/proc/cpuinfo", "re");
    char *line = NULL;
    size_t room = 0;
    while (file && getline(&line, &room, file) > 0)
        if (!strncmp(line, "flags", 5)) break;
    if (file) fclose(file);
    return line;
}

static bool flags_have(const char *flags, const char *name, size_t len) {
    for (const char *p = flags; p && *p;) {
        p += strspn(p, ": \t\n");
        size_t n = strcspn(p, ": \t\n");
        if (n == len && !memcmp(p, name, len)) return true;
        p += n;
    }
    return false;
}

/* `flags` is read when it is first needed. */
static bool has(const char *name, size_t len, char **flags) {
    for (size_t i = 0; i < sizeof features_known / sizeof *features_known; i++) {
        const feature *f = &features_known[i];
        if (strlen(f->name) == len && !memcmp(f->name, name, len)) return known_has(f);
    }
    if (!*flags) *flags = read_flags();
    return flags_have(*flags, name, len);
}

bool rt_cpu_has(const char *features, char *missing, size_t room) {
    size_t n = 0;
    char *flags = NULL;
    *missing = 0;
    for (const char *p = features; *p;) {
        size_t len = strcspn(p, ",");
        if (len && !has(p, len, &flags) && n < room)
            n += (size_t)snprintf(missing + n, room - n, "%s%.*s", n ? ", " : "", (int)len,
                                  p);
        p += len + (p[len] == ',');
    }
    free(flags);
    return n == 0;
}

const char *rt_cpu_level(void) {
    char missing[256];
    const char *v3 = "avx,avx2,bmi1,bmi2,f16c,fma,abm,movbe";
    const char *v4 = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl";
    if (!rt_cpu_has(v3, missing, sizeof missing)) return "x86-64";
    return rt_cpu_has(v4, missing, sizeof missing) ? "x86-64-v4" : "x86-64-v3";
}
