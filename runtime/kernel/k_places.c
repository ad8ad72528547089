/* k_places.c - see k_places.h. */
#include "runtime/kernel/k_places.h"

/* Eight at a time, so that how many there are is a branch that is guessed. */
__attribute__((noinline)) uint32_t *k_places_base(uint32_t *to, uint64_t mask, uint32_t from) {
    int64_t n = __builtin_popcountll(mask);
    for (int64_t i = 0; i < n; i += 8)
        for (int k = 0; k < 8; k++) {
            to[i + k] = from + (uint32_t)__builtin_ctzll(mask | (uint64_t)1 << 63);
            mask &= mask - 1;
        }
    return to + n;
}

typedef char places_v64 __attribute__((vector_size(64)));
typedef uint8_t places_v16 __attribute__((vector_size(16)));
typedef uint32_t places_v32 __attribute__((vector_size(64)));

__attribute__((noinline, target("avx512f,avx512bw,avx512vbmi2,popcnt"))) uint32_t *
k_places_vbmi2(uint32_t *to, uint64_t mask, uint32_t from) {
    static const places_v64 numbers = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
        44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    int64_t n = __builtin_popcountll(mask);
    union {
        places_v64 all;
        places_v16 some[4];
    } packed = {__builtin_ia32_compressqi512_mask(numbers, (places_v64){0}, mask)};
    for (int64_t i = 0; i < n; i += 16) {
        places_v32 v = __builtin_convertvector(packed.some[i / 16], places_v32) + from;
        __builtin_memcpy(to + i, &v, sizeof v);
    }
    return to + n;
}
