/* k_case.c - case mapping: ASCII by vectors, the rest through a table of ranges.
 *
 * A mapped text may be longer than the original, by half at most (a code point of two
 * bytes may become one of three; none of one byte becomes longer). */
#include "runtime/kernel/k_case.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_utf8.h"
#include "runtime/kernel/k_vec.h"

typedef struct case_range {
    uint32_t first, last, step;
    int32_t delta;
} case_range;

static const case_range case_lower[] = {
#define LOWER(first, last, step, delta) {first, last, step, delta},
#define UPPER(first, last, step, delta)
#include "runtime/kernel/k_case.def"
#undef LOWER
#undef UPPER
};

static const case_range case_upper[] = {
#define LOWER(first, last, step, delta)
#define UPPER(first, last, step, delta) {first, last, step, delta},
#include "runtime/kernel/k_case.def"
#undef LOWER
#undef UPPER
};

#define CASE_COUNT(table) (sizeof(table) / sizeof((table)[0]))

static uint32_t case_map(const case_range *table, size_t n, uint32_t c) {
    size_t low = 0;
    while (low < n) { /* the first range that does not end before c */
        size_t middle = (low + n) / 2;
        if (table[middle].last < c) {
            low = middle + 1;
        } else {
            n = middle;
        }
    }
    const case_range *r = table + low;
    if (c < r->first || c > r->last || (c - r->first) % r->step) return c;
    return c + (uint32_t)r->delta;
}

FLOW_FAR uint32_t k_case_lower(uint32_t c) {
    if (c > 0x1E943) return c;
    return case_map(case_lower, CASE_COUNT(case_lower) - 1, c);
}

FLOW_FAR uint32_t k_case_upper(uint32_t c) {
    if (c > 0x1E943) return c;
    return case_map(case_upper, CASE_COUNT(case_upper) - 1, c);
}

/* Flips the bit that distinguishes cases in the ASCII letters from `first` on.  Stops
 * before a block with other bytes; returns how many bytes were done. */
static int64_t case_ascii(uint8_t *to, const uint8_t *p, int64_t len, uint8_t first) {
    int64_t i = 0;
    for (; i < len; i += FLOW_LANES) {
        flow_v64 v = k_vec_some(p + i, p + len);
        if (k_vec_high(v) & k_vec_live(p + i, p + len)) return i;
        v ^= (flow_v64)((v - first) <= 25) & 0x20;
        __builtin_memcpy(to + i, &v, sizeof v);
    }
    return len;
}

static int32_t case_text(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len,
                         int upper) {
    uint8_t *text = flow_k_alloc(ctx, len + len / 2 + 2 * FLOW_LANES);
    int64_t done = case_ascii(text, p, len, upper ? 'a' : 'A');
    uint8_t *o = text + done;
    for (const uint8_t *end = p + len, *q = p + done; q < end;) {
        int64_t n;
        uint32_t c = k_utf8_get(q, &n);
        o += k_utf8_put(o, upper ? k_case_upper(c) : k_case_lower(c));
        q += n;
    }
    out[0] = (uint64_t)(uintptr_t)text;
    out[1] = (uint64_t)(o - text);
    return 0;
}

FLOW_FAR int32_t flow_k_fn_lower(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                 int64_t len) {
    return case_text(ctx, out, p, len, 0);
}

FLOW_FAR int32_t flow_k_fn_upper(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                 int64_t len) {
    return case_text(ctx, out, p, len, 1);
}
