/* k_exact.h - exact integers of a few thousand bits, for the results of sums.
 *
 * Digits of 32 bits, of which only the window lo..hi-1 is kept: sums of doubles lie
 * somewhere in 4300 bits but use a few digits of them.  The unit is the caller's; sums of
 * floats count units of 2^FLOW_EXACT_UNIT, so that products of two doubles are whole.
 * Nothing here is fast, and nothing runs per row. */
#ifndef FLOW_KERNEL_K_EXACT_H
#define FLOW_KERNEL_K_EXACT_H

#include "runtime/kernel/k_value.h"

#define FLOW_EXACT_DIGITS 280
/* The unit of sums: half of it, 1088, is a multiple of 32 and below the least double. */
#define FLOW_EXACT_UNIT (-2176)

typedef struct k_exact {
    int32_t negative;
    int32_t lo, hi; /* both 0: zero; else the digits lo and hi - 1 are not 0 */
    uint32_t d[FLOW_EXACT_DIGITS];
} k_exact;

/* From a sum of limbs, n of them, each a signed number of weight 2^(32 * (from + i)). */
FLOW_FAR void k_exact_limbs(k_exact *a, int64_t *limbs, int32_t n, int32_t from);
FLOW_FAR void k_exact_i128(k_exact *a, __int128 v);

/* out may be none of the operands. */
FLOW_FAR void k_exact_mul(k_exact *out, const k_exact *a, const k_exact *b);
FLOW_FAR void k_exact_sub(k_exact *out, const k_exact *a, const k_exact *b);
FLOW_FAR void k_exact_scale(k_exact *a, uint64_t factor);

/* a * 2^exp / divisor, rounded to the nearest double, ties to even; divisor is not 0. */
FLOW_FAR double k_exact_round(const k_exact *a, int64_t exp, unsigned __int128 divisor);
/* The leading 128 bits: a is about m * 2^result, m's top bit set.  a is not zero. */
FLOW_FAR int64_t k_exact_top(const k_exact *a, unsigned __int128 *m);

#endif
