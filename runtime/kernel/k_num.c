/* k_num.c - ints to text and back, and the parts of a number in text.
 *
 * Eight digits are read at once: a multiplication joins neighbours, so three of them make
 * a number of eight bytes; the other way round when they are written (P. Khuong, "How to print
 * integers really fast", 2017).  Some digits out of many are written in pairs from a table. */
#include "runtime/kernel/k_num.h"

static const char num_pairs[201] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

/* Adds the digits at p to *v (modulo 2^64); returns where they end. */
FLOW_INLINE const uint8_t *num_digits(const uint8_t *p, const uint8_t *end, uint64_t *v) {
    while (end - p >= 8 && k_num_are8(k_num_load8(p))) {
        *v = *v * 100000000 + k_num_of8(k_num_load8(p));
        p += 8;
    }
    while (p < end && k_num_digit(*p))
        *v = *v * 10 + (*p++ - '0');
    return p;
}

/* More than 19 digits were read: takes the first 19 significant ones instead. */
static __attribute__((noinline)) void num_cut(flow_number *n) {
    const uint8_t *p = n->first;
    int64_t taken = 0, left = 0;
    uint64_t v = 0;
    while (p < n->last && (*p == '0' || *p == '.'))
        p++;
    for (; p < n->last; p++) {
        if (*p == '.') continue;
        if (taken == 19) {
            left++;
            n->more |= *p != '0';
            continue;
        }
        v = v * 10 + (*p - '0');
        taken++;
    }
    n->digits = v;
    n->exponent = n->exponent_all + left;
}

/* The exponent after an `e` at p; null if there is none. */
static const uint8_t *num_exponent(const uint8_t *p, const uint8_t *end,
                                   int64_t *exponent) {
    int negative = p < end && *p == '-';
    p += p < end && (*p == '-' || *p == '+');
    if (p >= end || !k_num_digit(*p)) return NULL;
    int64_t v = 0;
    for (; p < end && k_num_digit(*p); p++)
        if (v < 1000000) v = v * 10 + (*p - '0');
    *exponent += negative ? -v : v;
    return p;
}

FLOW_FAR const uint8_t *k_num_scan(const uint8_t *p, const uint8_t *end, int json,
                                   flow_number *n) {
    uint64_t v = 0;
    n->negative = p < end && *p == '-';
    p += n->negative || (!json && p < end && *p == '+');
    const uint8_t *first = p;
    p = num_digits(p, end, &v);
    int64_t whole = p - first, part = 0;
    if (json && (!whole || (whole > 1 && *first == '0'))) return NULL;
    n->integral = 1;
    n->exponent_all = 0;
    n->more = 0;
    if (p < end && *p == '.') {
        const uint8_t *point = ++p;
        p = num_digits(p, end, &v);
        part = p - point;
        if (json && !part) return NULL;
        n->exponent_all = -part;
        n->integral = 0;
    }
    if (!(whole + part)) return NULL;
    n->first = first;
    n->last = p;
    if (p < end && (*p | 32) == 'e') {
        n->integral = 0;
        p = num_exponent(p + 1, end, &n->exponent_all);
        if (!p) return NULL;
    }
    n->digits = v;
    n->exponent = n->exponent_all;
    if (FLOW_UNLIKELY(whole + part > 19)) num_cut(n);
    return p;
}

FLOW_INLINE int32_t num_signed(uint64_t v, int negative, int64_t *out) {
    if (FLOW_UNLIKELY(v > (uint64_t)INT64_MAX + (uint64_t)negative))
        return FLOW_NUM_RANGE;
    *out = (int64_t)(negative ? -v : v);
    return FLOW_NUM_OK;
}

FLOW_FAR int32_t k_num_to_int(const flow_number *n, int64_t *out) {
    if (n->more || n->exponent) return FLOW_NUM_RANGE;
    return num_signed(n->digits, n->negative, out);
}

FLOW_FAR int32_t flow_k_num_int(const uint8_t *p, const uint8_t *end, int64_t *out) {
    int negative = p < end && *p == '-';
    p += negative || (p < end && *p == '+');
    if (FLOW_UNLIKELY(p >= end)) return FLOW_NUM_BAD;
    const uint8_t *first = p;
    uint64_t v = 0;
    p = num_digits(p, end, &v);
    if (FLOW_UNLIKELY(p != end)) return FLOW_NUM_BAD;
    if (FLOW_UNLIKELY(end - first > 19)) {
        while (first < end && *first == '0')
            first++;
        if (end - first > 19) return FLOW_NUM_RANGE;
    }
    return num_signed(v, negative, out);
}

FLOW_FAR void k_put_digits(uint8_t *p, uint64_t v, int64_t n) {
    for (; n >= 2; n -= 2) {
        __builtin_memcpy(p + n - 2, num_pairs + v % 100 * 2, 2);
        v /= 100;
    }
    if (n) p[0] = (uint8_t)('0' + v % 10);
}

/* Eight digits of v, below 10^8, the first in the lowest byte: the halves of the number side by
 * side, then the halves of each, by multiplications with the inverse. */
FLOW_INLINE uint64_t num_eight(uint64_t v) {
    uint64_t x = v / 10000 | v % 10000 << 32;
    uint64_t q = (x * 10486 >> 20) & 0x0000007F0000007Fu;
    x = q | (x - 100 * q) << 16;
    q = (x * 103 >> 10) & 0x000F000F000F000Fu;
    return q | (x - 10 * q) << 8;
}

FLOW_INLINE void num_put_eight(uint8_t *p, uint64_t v) {
    uint64_t text = num_eight(v) | K_NOUGHTS;
    __builtin_memcpy(p, &text, 8);
}

/* The same without zeros in front; the length. */
FLOW_INLINE int64_t num_put_first(uint8_t *p, uint64_t v) {
    uint64_t digits = num_eight(v), zeros = (uint64_t)__builtin_ctzll(digits | 1ull << 56) & ~7ull;
    uint64_t text = (digits | K_NOUGHTS) >> zeros;
    __builtin_memcpy(p, &text, 8);
    return 8 - (int64_t)(zeros / 8);
}

int64_t k_num_put(uint8_t *p, uint64_t v) {
    const uint64_t eight = 100000000;
    if (FLOW_LIKELY(v < eight)) return num_put_first(p, v);
    if (FLOW_LIKELY(v < eight * eight)) {
        int64_t n = num_put_first(p, v / eight);
        num_put_eight(p + n, v % eight);
        return n + 8;
    }
    int64_t n = num_put_first(p, v / (eight * eight));
    num_put_eight(p + n, v / eight % eight);
    num_put_eight(p + n + 8, v % eight);
    return n + 16;
}

FLOW_FAR int64_t flow_k_put_uint(uint8_t *p, uint64_t v) {
    uint8_t text[K_NUM_ROOM];
    int64_t n = k_num_put(text, v);
    __builtin_memcpy(p, text, (size_t)n);
    return n;
}

FLOW_FAR int64_t flow_k_put_int(uint8_t *p, int64_t v) {
    if (v >= 0) return flow_k_put_uint(p, (uint64_t)v);
    *p = '-';
    return 1 + flow_k_put_uint(p + 1, -(uint64_t)v);
}
