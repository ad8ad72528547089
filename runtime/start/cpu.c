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
    unsigned leaf, reg, bit; /* reg: 0 eax, 1 ebx, 2 ecx, 3 edx */
    unsigned saved;          /* bits of xcr0 that must be set */
} feature;

enum { YMM = 6, ZMM = 0xe6 };

static const feature features_known[] = {
    {"sse3", 1, 2, 0, 0},        {"pni", 1, 2, 0, 0},
    {"pclmulqdq", 1, 2, 1, 0},   {"ssse3", 1, 2, 9, 0},
    {"fma", 1, 2, 12, YMM},      {"cx16", 1, 2, 13, 0},
    {"sse4_1", 1, 2, 19, 0},     {"sse4_2", 1, 2, 20, 0},
    {"movbe", 1, 2, 22, 0},      {"popcnt", 1, 2, 23, 0},
    {"aes", 1, 2, 25, 0},        {"avx", 1, 2, 28, YMM},
    {"f16c", 1, 2, 29, YMM},     {"bmi1", 7, 1, 3, 0},
    {"avx2", 7, 1, 5, YMM},      {"bmi2", 7, 1, 8, 0},
    {"avx512f", 7, 1, 16, ZMM},  {"avx512dq", 7, 1, 17, ZMM},
    {"avx512cd", 7, 1, 28, ZMM}, {"avx512bw", 7, 1, 30, ZMM},
    {"avx512vl", 7, 1, 31, ZMM}, {"abm", 0x80000001, 2, 5, 0},
    {"lzcnt", 0x80000001, 2, 5, 0},
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
    if (!__get_cpuid_count(f->leaf, 0, &r[0], &r[1], &r[2], &r[3])) return false;
    if (!(r[f->reg] >> f->bit & 1)) return false;
    return (saved_state() & f->saved) == f->saved;
}

/* Looks for the word in the first line `flags` of /proc/cpuinfo. */
static bool cpuinfo_has(const char *name, size_t len) {
    FILE *file = fopen("/proc/cpuinfo", "re");
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    while (file && getline(&line, &room, file) > 0) {
        if (strncmp(line, "flags", 5)) continue;
        for (char *p = strchr(line, ':'); p && !found; p = strchr(p, ' ')) {
            p += strspn(p, ": ");
            size_t n = strcspn(p, " \n");
            found = n == len && !memcmp(p, name, len);
        }
        break;
    }
    free(line);
    if (file) fclose(file);
    return found;
}

static bool has(const char *name, size_t len) {
    for (size_t i = 0; i < sizeof features_known / sizeof *features_known; i++) {
        const feature *f = &features_known[i];
        if (strlen(f->name) == len && !memcmp(f->name, name, len)) return known_has(f);
    }
    return cpuinfo_has(name, len);
}

bool rt_cpu_has(const char *features, char *missing, size_t room) {
    size_t n = 0;
    *missing = 0;
    for (const char *p = features; *p;) {
        size_t len = strcspn(p, ",");
        if (len && !has(p, len) && n < room)
            n += (size_t)snprintf(missing + n, room - n, "%s%.*s", n ? ", " : "", (int)len,
                                  p);
        p += len + (p[len] == ',');
    }
    return n == 0;
}

const char *rt_cpu_level(void) {
    char missing[256];
    const char *v3 = "avx,avx2,bmi1,bmi2,f16c,fma,abm,movbe";
    const char *v4 = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl";
    if (!rt_cpu_has(v3, missing, sizeof missing)) return "x86-64";
    return rt_cpu_has(v4, missing, sizeof missing) ? "x86-64-v4" : "x86-64-v3";
}
