/* k_num.h - numbers in text: finding their parts, and ints both ways. */
#ifndef FLOW_KERNEL_K_NUM_H
#define FLOW_KERNEL_K_NUM_H

#include "runtime/kernel/k_value.h"

#define FLOW_INT_TEXT 20 /* longest text of an int */

/* What a text held. */
enum { FLOW_NUM_OK, FLOW_NUM_BAD, FLOW_NUM_RANGE };

/* A number as it is written. */
typedef struct flow_number {
    uint64_t digits;      /* the first 19 significant digits */
    int64_t exponent;     /* value = digits * 10^exponent, unless `more` */
    int64_t exponent_all; /* the same with all digits, for who reads them again */
    const uint8_t *first; /* all digits, with a point perhaps: first..last */
    const uint8_t *last;
    int32_t negative;
    int32_t more;     /* digits other than 0 were left out */
    int32_t integral; /* written without point and exponent */
} flow_number;

/* Reads the number that begins at p and returns where it ends, null if none does.
 * `json`: by the grammar of JSON; else a `+`, leading zeros and a bare point at either
 * end of the digits are accepted. */
const uint8_t *k_num_scan(const uint8_t *p, const uint8_t *end, int json, flow_number *n);

/* The whole of [p, end): digits with an optional sign. */
int32_t flow_k_num_int(const uint8_t *p, const uint8_t *end, int64_t *out);

/* The value of an integral number. */
int32_t k_num_to_int(const flow_number *n, int64_t *out);

/* Writes at p, where there is room for K_NUM_ROOM bytes, and returns the length. */
#define K_NUM_ROOM 24
int64_t k_num_put(uint8_t *p, uint64_t v);
/* The same without a byte behind the text. */
int64_t flow_k_put_int(uint8_t *p, int64_t v);
int64_t flow_k_put_uint(uint8_t *p, uint64_t v);
/* The lowest `n` decimal digits of v, with zeros in front. */
void k_put_digits(uint8_t *p, uint64_t v, int64_t n);

#define K_NOUGHTS 0x3030303030303030u

/* Eight bytes at once, the first in the lowest byte: are they digits, what number do they
 * stand for, how many digits do they begin with? */
FLOW_INLINE int k_num_are8(uint64_t v) {
    return !(((v & 0xF0F0F0F0F0F0F0F0u) |
              ((v + 0x0606060606060606u) & 0xF0F0F0F0F0F0F0F0u) >> 4) ^
             0x3333333333333333u);
}

FLOW_INLINE uint64_t k_num_of8(uint64_t v) {
    v = (v & 0x0F0F0F0F0F0F0F0Fu) * 2561 >> 8;
    v = (v & 0x00FF00FF00FF00FFu) * 6553601 >> 16;
    return (v & 0x0000FFFF0000FFFFu) * 42949672960001u >> 32;
}

FLOW_INLINE int64_t k_num_run8(uint64_t v) {
    uint64_t x = v ^ K_NOUGHTS; /* a carry only spoils bytes behind the first */
    x = ((x + 0x7676767676767676u) | x) & 0x8080808080808080u;
    return x ? __builtin_ctzll(x) / 8 : 8;
}

/* The first n (1 to 8) of eight bytes, with zeros (digits) in front. */
FLOW_INLINE uint64_t k_num_first8(uint64_t v, int64_t n) {
    return v << (64 - 8 * n) | K_NOUGHTS >> 4 >> (8 * n - 4);
}

FLOW_INLINE uint64_t k_num_load8(const uint8_t *p) {
    uint64_t v;
    __builtin_memcpy(&v, p, 8);
    return v;
}

/* The whole of [p, end) if it is 1 to 16 digits with a `-` in front perhaps: 1.  Else 0,
 * and flow_k_num_int knows better.  8 bytes behind end are loaded perhaps; no branch
 * depends on how many digits there are below 9, which nobody could predict. */
FLOW_INLINE int k_num_int_short(const uint8_t *p, const uint8_t *end, int64_t *out) {
    int negative = *p == '-';
    p += negative;
    int64_t n = end - p;
    if (FLOW_UNLIKELY((uint64_t)(n - 1) > 15)) return 0;
    uint64_t first = k_num_load8(p), v = 0;
    if (n > 8) {
        first = k_num_first8(first, n - 8);
        if (!k_num_are8(first)) return 0;
        v = k_num_of8(first) * 100000000;
        first = k_num_load8(end - 8);
        n = 8;
    }
    first = k_num_first8(first, n);
    if (FLOW_UNLIKELY(!k_num_are8(first))) return 0;
    v += k_num_of8(first);
    *out = (int64_t)(negative ? -v : v);
    return 1;
}

FLOW_INLINE int k_num_digit(uint8_t c) {
    return (uint8_t)(c - '0') <= 9;
}

#endif
