/* digits.h - numbers as text, without libc, for the SIMD rivals.
 *
 * Reading: up to eight digits are loaded as one word and shifted, so that noughts stand
 * before them; eight such words become numbers at once by three steps that join neighbours
 * (digits, pairs, fours).  Writing: four digits at a time from a table. */
#ifndef FLOW_BENCH_DIGITS_H
#define FLOW_BENCH_DIGITS_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* Whether n bytes at p are a number that digits_word can take. */
static inline int digits_fit(const char *p, uint32_t n) { return n - 1 < 8 && *p != '-'; }

/* 1 to 8 digits; reads 8 bytes. */
static inline uint64_t digits_word(const char *p, uint32_t n) {
    uint64_t word;
    memcpy(&word, p, 8);
    return (word ^ UINT64_C(0x3030303030303030)) << (64 - 8 * n);
}

/* n words to numbers, in place; up to 7 behind them are written, too. */
static inline void digits_values(uint64_t *words, size_t n) {
#if defined __AVX512BW__
    const __m512i pairs = _mm512_set1_epi16(0x010A), fours = _mm512_set1_epi32(0x00010064);
    for (size_t i = 0; i < n; i += 8) {
        __m512i v = _mm512_maddubs_epi16(_mm512_loadu_si512(words + i), pairs);
        v = _mm512_madd_epi16(v, fours);
        __m512i high = _mm512_mul_epu32(v, _mm512_set1_epi64(10000));
        _mm512_storeu_si512(words + i, _mm512_add_epi64(high, _mm512_srli_epi64(v, 32)));
    }
#elif defined __AVX2__
    const __m256i pairs = _mm256_set1_epi16(0x010A), fours = _mm256_set1_epi32(0x00010064);
    for (size_t i = 0; i < n; i += 4) {
        __m256i *at = (__m256i *)(words + i);
        __m256i v = _mm256_maddubs_epi16(_mm256_loadu_si256(at), pairs);
        v = _mm256_madd_epi16(v, fours);
        __m256i high = _mm256_mul_epu32(v, _mm256_set1_epi64x(10000));
        _mm256_storeu_si256(at, _mm256_add_epi64(high, _mm256_srli_epi64(v, 32)));
    }
#else
    for (size_t i = 0; i < n; i++) {
        uint64_t v = words[i];
        v = (v * 10 + (v >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
        v = (v * 100 + (v >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
        words[i] = (v & 0xFFFF) * 10000 + (v >> 32);
    }
#endif
}

/* Any number, a digit at a time. */
static inline int64_t digits_any(const char *p, const char *end) {
    int minus = p < end && *p == '-';
    uint64_t v = 0;
    for (p += minus; p < end; p++) v = 10 * v + (uint64_t)(*p - '0');
    return (int64_t)(minus ? 0 - v : v);
}

/* ---- writing ------------------------------------------------------------------------------ */

typedef struct printer {
    size_t n;
    char fours[10000][4];
    char text[1 << 16];
} printer;

enum { LONGEST_PRINT = 256 };

static void printer_start(printer *out) {
    for (int i = 0; i < 10000; i++)
        for (int k = 3, v = i; k >= 0; k--, v /= 10) out->fours[i][k] = (char)('0' + v % 10);
}

static void printer_flush(printer *out) {
    for (size_t at = 0; at < out->n;) {
        ssize_t put = write(1, out->text + at, out->n - at);
        if (put < 0) _exit(1);
        at += (size_t)put;
    }
    out->n = 0;
}

/* Room for LONGEST_PRINT bytes; what is written there ends with printer_to. */
static inline char *printer_at(printer *out) {
    if (out->n + LONGEST_PRINT > sizeof out->text) printer_flush(out);
    return out->text + out->n;
}

static inline void printer_to(printer *out, const char *end) {
    out->n = (size_t)(end - out->text);
}

/* Below 10000, without noughts before it. */
static inline char *put_head(const printer *out, char *p, uint64_t v) {
    int noughts = (v < 1000) + (v < 100) + (v < 10);
    uint32_t four;
    memcpy(&four, out->fours[v], 4);
    four >>= 8 * noughts;
    memcpy(p, &four, 4);
    return p + 4 - noughts;
}

static inline char *put_fours(const printer *out, char *p, uint64_t v) {
    return (char *)memcpy(p, out->fours[v], 4) + 4;
}

/* A number and the byte behind it. */
static inline char *put_int(const printer *out, char *p, int64_t number, char behind) {
    uint64_t v = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    *p = '-';
    p += number < 0;
    uint64_t fours[5];
    int n = 0;
    for (; v >= 10000; v /= 10000) fours[n++] = v % 10000;
    p = put_head(out, p, v);
    while (n) p = put_fours(out, p, fours[--n]);
    *p++ = behind;
    return p;
}

#endif
