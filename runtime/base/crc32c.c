/* crc32c.c - see crc32c.h.  Eight bytes a step: by the instruction of SSE 4.2, or by eight
 * tables (Kounavis and Berry, "A systematic approach to building high performance
 * software-based CRC generators", 2005), which are made at the first use. */
#include "runtime/base/crc32c.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define POLYNOMIAL 0x82f63b78u /* reflected */

static uint32_t tables[8][256];
static pthread_once_t tables_made = PTHREAD_ONCE_INIT;

static void make_tables(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int k = 0; k < 8; k++) crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
        tables[0][i] = crc;
    }
    for (int t = 1; t < 8; t++)
        for (uint32_t i = 0; i < 256; i++)
            tables[t][i] = tables[t - 1][i] >> 8 ^ tables[0][tables[t - 1][i] & 255];
}

uint32_t rt_crc32c_portable(uint32_t crc, const void *bytes, int64_t n) {
    pthread_once(&tables_made, make_tables);
    const uint8_t *p = bytes;
    crc = ~crc;
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t v;
        memcpy(&v, p, 8);
        v ^= crc;
        crc = 0;
        for (int t = 0; t < 8; t++) crc ^= tables[7 - t][v >> (8 * t) & 255];
    }
    for (; n > 0; p++, n--) crc = crc >> 8 ^ tables[0][(crc ^ *p) & 255];
    return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t with_instruction(uint32_t crc,
                                                                   const void *bytes,
                                                                   int64_t n) {
    const uint8_t *p = bytes;
    uint64_t wide = (uint32_t)~crc;
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t v;
        memcpy(&v, p, 8);
        wide = __builtin_ia32_crc32di(wide, v);
    }
    crc = (uint32_t)wide;
    for (; n > 0; p++, n--) crc = __builtin_ia32_crc32qi(crc, *p);
    return ~crc;
}

/* Asked once: 1 no, 2 yes.  __builtin_cpu_supports needs a library that programs are not
 * linked with. */
static bool has_instruction(void) {
    static _Atomic int known;
    int answer = atomic_load_explicit(&known, memory_order_relaxed);
    if (!answer) {
        unsigned a, b, c = 0, d;
        answer = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_2) ? 2 : 1;
        atomic_store_explicit(&known, answer, memory_order_relaxed);
    }
    return answer == 2;
}

uint32_t rt_crc32c(uint32_t crc, const void *p, int64_t n) {
    return has_instruction() ? with_instruction(crc, p, n) : rt_crc32c_portable(crc, p, n);
}
#else
uint32_t rt_crc32c(uint32_t crc, const void *p, int64_t n) {
    return rt_crc32c_portable(crc, p, n);
}
#endif
