/* k_regex_look.c - literals and classes of bytes by vectors.
 *
 * A literal is looked for by its two rarest bytes (flowc chose them): places where both
 * stand at the right distance are compared in full.  With masks the same loop finds a
 * literal in any case.  A class is at most four comparisons with ranges; one that does
 * not come to that is looked for byte by byte. */
#include "runtime/kernel/k_regex_look.h"
#include "runtime/kernel/k_vec.h"

/* The bytes from p on, of those before the text's end, that are `value` under the mask.
 */
FLOW_INLINE uint64_t re_byte_at(re_text t, const uint8_t *p, uint8_t value,
                                uint8_t mask) {
    if (p >= t.end) return 0;
    flow_v64 v = k_vec_some(p, t.end);
    return k_vec_mask((flow_sv64)((v & mask) == value)) & k_vec_live(p, t.end);
}

static int re_literal_here(const uint8_t *p, const uint8_t *value, const uint8_t *mask,
                           int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if ((p[i] & mask[i]) != value[i]) return 0;
    return 1;
}

const uint8_t *k_re_literal(const flow_re *re, re_text t, const uint8_t *p) {
    const flow_re_literal *l = &re->literal;
    const uint8_t *value = (const uint8_t *)re + l->at, *mask = value + l->len;
    const uint8_t *limit = t.end - l->len; /* the last place it can stand */
    int64_t rare = l->rare, rarer = l->rarer;
    for (; p <= limit; p += FLOW_LANES) {
        uint64_t m = re_byte_at(t, p + rare, value[rare], mask[rare]);
        if (rarer > rare) m &= re_byte_at(t, p + rarer, value[rarer], mask[rarer]);
        if (limit - p < FLOW_LANES - 1) m &= k_low_bits(limit - p + 1);
        for (; m; m &= m - 1) {
            const uint8_t *q = p + __builtin_ctzll(m);
            if (l->len <= 2 || re_literal_here(q, value, mask, l->len)) return q;
        }
    }
    return NULL;
}

FLOW_INLINE flow_sv64 re_test(const flow_re_run *r, flow_v64 v, int i) {
    return (flow_sv64)(((v | r->fold[i]) - r->low[i]) <= r->span[i]);
}

/* All four tests, without a branch: on SSE2 a choice between masks of a bit per lane is
 * taken apart bit by bit. */
FLOW_INLINE uint64_t re_run_mask(const flow_re_run *r, flow_v64 v, uint64_t flip) {
    flow_sv64 m =
        re_test(r, v, 0) | re_test(r, v, 1) | re_test(r, v, 2) | re_test(r, v, 3);
    return k_vec_mask(m) ^ flip;
}

FLOW_INLINE uint64_t re_run_at(const flow_re_run *r, re_text t, const uint8_t *p,
                               uint64_t flip) {
    return re_run_mask(r, k_vec_some(p, t.end), flip) & k_vec_live(p, t.end);
}

uint64_t k_re_class_mask(const flow_re *re, re_text t, const uint8_t *p) {
    int64_t n = t.end - p;
    if (re->run.tests)
        return re_run_at(&re->run, t, p, re->run.invert ? ~(uint64_t)0 : 0);
    uint64_t m = 0;
    for (int64_t i = 0; i < (n < FLOW_LANES ? n : FLOW_LANES); i++)
        m |= (uint64_t)re_in_bits(re->run.bits, p[i]) << i;
    return m;
}

const uint8_t *k_re_class(const flow_re *re, re_text t, const uint8_t *p, int want) {
    const flow_re_run *r = &re->run;
    /* A short way is the common one. */
    for (int i = 0; i < 4; i++, p++)
        if (p == t.end || re_in_bits(r->bits, *p) == want) return p;
    if (!r->tests) {
        while (p < t.end && re_in_bits(r->bits, *p) != want)
            p++;
        return p;
    }
    uint64_t flip = r->invert == (want != 0) ? ~(uint64_t)0 : 0;
    for (; p < t.end; p += FLOW_LANES) {
        uint64_t m = re_run_at(r, t, p, flip);
        if (m) return p + __builtin_ctzll(m);
    }
    return t.end;
}
