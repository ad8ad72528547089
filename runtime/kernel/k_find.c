/* k_find.c - a text in a text, by the masks of its first and last byte.
 *
 * Places where both stand at the right distance are compared in full.  For texts that
 * repeat one byte that is quadratic in the needle, which is a constant of the program or
 * short; a two-way search would be slower on all that occurs. */
#include "runtime/kernel/k_find.h"

const uint8_t *k_find(const uint8_t *p, const uint8_t *end, const uint8_t *text,
                      int64_t n) {
    if (end - p < n) return NULL;   /* an empty text may have no address */
    const uint8_t *limit = end - n; /* the last place it can stand */
    for (; p <= limit; p += FLOW_LANES) {
        flow_v64 first = k_vec_some(p, end);
        uint64_t m = k_vec_eq(first, text[0]);
        if (n > 1) m &= k_vec_eq(k_vec_some(p + n - 1, end), text[n - 1]);
        if (limit - p < FLOW_LANES - 1) m &= k_low_bits(limit - p + 1);
        for (; m; m &= m - 1) {
            const uint8_t *q = p + __builtin_ctzll(m);
            if (n <= 2 || !__builtin_memcmp(q + 1, text + 1, (size_t)(n - 2))) return q;
        }
    }
    return NULL;
}
