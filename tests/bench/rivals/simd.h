/* simd.h - 64 bytes of text as masks: what the SIMD rivals look at instead of bytes.
 *
 * Bit i of a mask speaks of byte i.  Three forms, chosen when the rival is compiled
 * (-march=native): AVX-512 has 64 bytes in a register and gives masks itself; AVX2 and plain
 * SSE2 put one together from parts. */
#ifndef FLOW_BENCH_SIMD_H
#define FLOW_BENCH_SIMD_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

enum { CHUNK = 64 };

#if defined __AVX512BW__ && defined __AVX512VL__

typedef __m512i chunk;

static inline chunk chunk_at(const void *p) { return _mm512_loadu_si512(p); }

static inline chunk chunk_of(char byte) { return _mm512_set1_epi8(byte); }

static inline uint64_t chunk_equal(chunk a, chunk b) { return _mm512_cmpeq_epi8_mask(a, b); }

/* Bytes are without a sign. */
static inline uint64_t chunk_at_most(chunk a, chunk b) { return _mm512_cmple_epu8_mask(a, b); }

static inline chunk chunk_minus(chunk a, chunk b) { return _mm512_sub_epi8(a, b); }

static inline chunk chunk_or(chunk a, chunk b) { return _mm512_or_si512(a, b); }

#else

#ifdef __AVX2__
typedef __m256i lane;
#define LANE_LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define LANE_FILL(byte) _mm256_set1_epi8(byte)
#define LANE_MASK(x) ((uint32_t)_mm256_movemask_epi8(x))
#define LANE(op) _mm256_##op
#define LANE_OR _mm256_or_si256
#else
typedef __m128i lane;
#define LANE_LOAD(p) _mm_loadu_si128((const __m128i *)(p))
#define LANE_FILL(byte) _mm_set1_epi8(byte)
#define LANE_MASK(x) ((uint32_t)_mm_movemask_epi8(x))
#define LANE(op) _mm_##op
#define LANE_OR _mm_or_si128
#endif

enum { WIDE = sizeof(lane), LANES = CHUNK / WIDE };

typedef struct chunk {
    lane lanes[LANES];
} chunk;

#define EACH_LANE for (int i = 0; i < LANES; i++)

static inline chunk chunk_at(const void *p) {
    chunk c;
    EACH_LANE c.lanes[i] = LANE_LOAD((const char *)p + i * WIDE);
    return c;
}

static inline chunk chunk_of(char byte) {
    chunk c;
    EACH_LANE c.lanes[i] = LANE_FILL(byte);
    return c;
}

static inline uint64_t chunk_equal(chunk a, chunk b) {
    uint64_t mask = 0;
    EACH_LANE mask |= (uint64_t)LANE_MASK(LANE(cmpeq_epi8)(a.lanes[i], b.lanes[i])) << (i * WIDE);
    return mask;
}

/* Bytes are without a sign: a is at most b if it is the lesser of both. */
static inline uint64_t chunk_at_most(chunk a, chunk b) {
    chunk least;
    EACH_LANE least.lanes[i] = LANE(min_epu8)(a.lanes[i], b.lanes[i]);
    return chunk_equal(least, a);
}

static inline chunk chunk_minus(chunk a, chunk b) {
    EACH_LANE a.lanes[i] = LANE(sub_epi8)(a.lanes[i], b.lanes[i]);
    return a;
}

static inline chunk chunk_or(chunk a, chunk b) {
    EACH_LANE a.lanes[i] = LANE_OR(a.lanes[i], b.lanes[i]);
    return a;
}

#endif

static inline uint64_t chunk_is(chunk c, char byte) { return chunk_equal(c, chunk_of(byte)); }

/* Bytes from `first` to `last`. */
static inline uint64_t chunk_in(chunk c, char first, char last) {
    return chunk_at_most(chunk_minus(c, chunk_of(first)), chunk_of((char)(last - first)));
}

/* Bytes of the chunk at p that are before the end. */
static inline uint64_t chunk_within(const char *p, const char *end) {
    return end - p < CHUNK ? ((uint64_t)1 << (end - p)) - 1 : ~(uint64_t)0;
}

static inline int first_bit(uint64_t mask) { return __builtin_ctzll(mask); }

/* Appends the places of all bits, `base` added, and gives the end.  What lies up to 64
 * numbers behind `out` is written over: that costs less than a branch for each. */
static inline uint32_t *put_places(uint32_t *out, uint64_t mask, uint32_t base) {
    int n = __builtin_popcountll(mask);
#ifdef __AVX512VBMI2__
    static const uint8_t numbers[CHUNK] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
        44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    __m512i all = _mm512_maskz_compress_epi8(mask, _mm512_loadu_si512(numbers));
    __m512i from = _mm512_set1_epi32((int)base);
#define PUT(part)                                                                             \
    _mm512_storeu_si512(                                                                      \
        out + 16 * (part),                                                                    \
        _mm512_add_epi32(from, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(all, part))))
    PUT(0);
    PUT(1);
    if (__builtin_expect(n > 32, 0)) {
        PUT(2);
        PUT(3);
    }
#undef PUT
#else
    for (int i = 0; i < n; i += 8)
        for (int k = i; k < i + 8; k++) {
            out[k] = base + (uint32_t)first_bit(mask | (uint64_t)1 << 63);
            mask &= mask - 1;
        }
#endif
    return out + n;
}

#endif
