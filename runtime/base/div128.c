/* div128.c - 128-bit division, as compiled code calls it.
 *
 * Compilers turn `/` and `%` of __int128 into calls of these names, which otherwise live
 * in libgcc: with our own a program links without a compiler installed.  A divisor of 64
 * bits takes two of the machine's 128-by-64 divisions; a longer one leaves a quotient of
 * at most 64 bits, found bit by bit. */
#include "runtime/base/div128.h"

#include <stdint.h>

static uint64_t high(u128 v) { return (uint64_t)(v >> 64); }

/* (hi:lo) / d with hi < d. */
static uint64_t divide_step(uint64_t hi, uint64_t lo, uint64_t d, uint64_t *rest) {
    uint64_t q;
    __asm__("divq %4" : "=a"(q), "=d"(*rest) : "a"(lo), "d"(hi), "r"(d) : "cc");
    return q;
}

/* The divisor has more than 64 bits. */
static u128 divide_long(u128 n, u128 d, u128 *rest) {
    uint64_t q = 0;
    if (n >= d) {
        int shift = __builtin_clzll(high(d)) - __builtin_clzll(high(n));
        d <<= shift;
        for (; shift >= 0; shift--, d >>= 1) {
            q <<= 1;
            if (n < d) continue;
            n -= d;
            q |= 1;
        }
    }
    *rest = n;
    return q;
}

u128 __udivmodti4(u128 n, u128 d, u128 *rest) {
    u128 left;
    if (high(d)) {
        u128 q = divide_long(n, d, &left);
        if (rest) *rest = left;
        return q;
    }
    uint64_t r, by = (uint64_t)d;
    uint64_t upper = high(n) / by; /* a zero divisor traps, as the machine's would */
    uint64_t lower = divide_step(high(n) % by, (uint64_t)n, by, &r);
    if (rest) *rest = r;
    return (u128)upper << 64 | lower;
}

u128 __udivti3(u128 n, u128 d) {
    return __udivmodti4(n, d, 0);
}

u128 __umodti3(u128 n, u128 d) {
    u128 rest;
    __udivmodti4(n, d, &rest);
    return rest;
}

static u128 magnitude(i128 v) {
    return v < 0 ? -(u128)v : (u128)v;
}

i128 __divmodti4(i128 n, i128 d, i128 *rest) {
    u128 r, q = __udivmodti4(magnitude(n), magnitude(d), &r);
    if (rest) *rest = (i128)(n < 0 ? -r : r);
    return (i128)((n < 0) != (d < 0) ? -q : q);
}

i128 __divti3(i128 n, i128 d) {
    return __divmodti4(n, d, 0);
}

i128 __modti3(i128 n, i128 d) {
    i128 rest;
    __divmodti4(n, d, &rest);
    return rest;
}
