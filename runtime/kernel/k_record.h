/* k_record.h - what the decoders share: finding a record's end, saying which record they
 * are at, and what is wrong with it.  clang only (k_vec.h). */
#ifndef FLOW_KERNEL_K_RECORD_H
#define FLOW_KERNEL_K_RECORD_H

#include "runtime/kernel/k_vec.h"

/* What stands behind a block's end and may be loaded (data/program.h). */
#define FLOW_BLOCK_PAD 64

FLOW_INLINE void k_record_set(flow_ctx *ctx, const uint8_t *p, int64_t len) {
    ctx->record = p;
    ctx->record_len = len;
}

/* Notes why the record is refused; returns minus the code. */
FLOW_INLINE int32_t k_record_bad(flow_ctx *ctx, int32_t code, int64_t at,
                                 const char *why) {
    ctx->why = why;
    ctx->why_at = at;
    ctx->why_field = -1;
    return -code;
}

/* The first `\n` in [p, end), or end; *high is non-zero if a byte before it may be beyond
 * ASCII.  64 bytes behind end are loaded perhaps. */
FLOW_INLINE const uint8_t *k_record_line(const uint8_t *p, const uint8_t *end,
                                         uint64_t *high) {
    uint64_t seen = 0;
    for (const uint8_t *q = p;;) {
        flow_v64 v = k_vec_load(q);
        uint64_t nl = k_vec_eq(v, '\n'), hi = k_vec_high(v);
        if (nl) {
            int64_t n = __builtin_ctzll(nl);
            *high = seen | (hi & k_low_bits(n));
            return end - q < n ? end : q + n;
        }
        seen |= hi;
        q += FLOW_LANES;
        if (q >= end) break;
    }
    *high = seen;
    return end;
}

#endif
