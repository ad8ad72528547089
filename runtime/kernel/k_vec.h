/* k_vec.h - 64 bytes at a time, on every target.
 *
 * A vector of 64 bytes is compared as a whole and the result becomes a mask with a bit
 * per byte, the first byte lowest.  One bitcode serves all targets: the back end cuts the
 * vector to 512, 256 or 128 bits (four pmovmskb at worst).  Nothing here needs an
 * instruction of its own, so there are no variants; table lookups by shuffle would, and
 * comparing with ranges is as fast for the classes that occur.
 *
 * Everything is inlined: a 512-bit vector must not cross a call.  clang only. */
#ifndef FLOW_KERNEL_K_VEC_H
#define FLOW_KERNEL_K_VEC_H

#include "runtime/kernel/k_value.h"

/* The ABI of vector arguments does not matter where nothing is called. */
#pragma clang diagnostic ignored "-Wpsabi"

#define FLOW_LANES 64

typedef uint8_t flow_v64 __attribute__((vector_size(64)));
typedef int8_t flow_sv64 __attribute__((vector_size(64)));
typedef _Bool flow_bits64 __attribute__((ext_vector_type(64)));

FLOW_INLINE flow_v64 k_vec_load(const uint8_t *p) {
    flow_v64 v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}

/* Bit i is set where lane i of a comparison's result is. */
FLOW_INLINE uint64_t k_vec_mask(flow_sv64 lanes) {
    flow_bits64 b = __builtin_convertvector(lanes, flow_bits64);
    uint64_t m;
    __builtin_memcpy(&m, &b, sizeof m);
    return m;
}

FLOW_INLINE uint64_t k_vec_eq(flow_v64 v, uint8_t c) {
    return k_vec_mask((flow_sv64)(v == c));
}

/* Bytes in lo..lo+span. */
FLOW_INLINE uint64_t k_vec_in(flow_v64 v, uint8_t lo, uint8_t span) {
    return k_vec_mask((flow_sv64)((v - lo) <= span));
}

FLOW_INLINE uint64_t k_vec_high(flow_v64 v) {
    return k_vec_mask((flow_sv64)(v >= 0x80));
}

/* The n lowest bits, n in 0..63. */
FLOW_INLINE uint64_t k_low_bits(int64_t n) {
    return ((uint64_t)1 << n) - 1;
}

/* The up to 63 bytes of p[0..n) in a vector whose other lanes are `fill`. */
FLOW_INLINE flow_v64 k_vec_part(const uint8_t *p, int64_t n, uint8_t fill) {
    uint8_t bytes[64];
    __builtin_memset(bytes, fill, sizeof bytes);
    __builtin_memcpy(bytes, p, (size_t)n);
    return k_vec_load(bytes);
}

/* 64 bytes from p, of which [p, end) count and the others are anything.  Loads them as a
 * whole unless that could reach into another page.  (Memory that kernel functions are
 * given is padded by 64 bytes as a rule, but the compiler folds constants with texts of
 * its own.)  Under AddressSanitizer short texts are copied always. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FLOW_LOAD_CROSSES(p) 1
#endif
#endif
#ifndef FLOW_LOAD_CROSSES
#define FLOW_LOAD_CROSSES(p) (((uintptr_t)(p) & 4095) > 4096 - FLOW_LANES)
#endif

FLOW_INLINE flow_v64 k_vec_some(const uint8_t *p, const uint8_t *end) {
    if (FLOW_UNLIKELY(end - p < FLOW_LANES && FLOW_LOAD_CROSSES(p)))
        return k_vec_part(p, end - p, 0);
    return k_vec_load(p);
}

/* Bit i is set if p + i < end. */
FLOW_INLINE uint64_t k_vec_live(const uint8_t *p, const uint8_t *end) {
    return end - p < FLOW_LANES ? k_low_bits(end - p) : ~(uint64_t)0;
}

#endif
