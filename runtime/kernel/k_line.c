/* k_line.c - the lines of a block, 64 bytes at a time.
 *
 * One load finds the line end and says whether a byte is beyond ASCII; only lines with
 * such bytes are validated.  A load begins at each line rather than on a grid: it costs a
 * little on very short lines and saves the state that a grid would carry. */
#include "runtime/kernel/k_line.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_record.h"
#include "runtime/kernel/k_utf8.h"
#include "runtime/kernel/k_vec.h"

_Static_assert(sizeof(flow_lines) <= FLOW_ITER_WORDS * 8, "iterator memory");

void flow_k_line_open(flow_ctx *ctx, void *it, const uint8_t *p, const uint8_t *end,
                      int32_t replace) {
    (void)ctx;
    flow_lines *l = it;
    l->p = p;
    l->end = end;
    l->replace = replace;
}

FLOW_FAR int32_t k_line_special(flow_ctx *ctx, const flow_lines *l, uint64_t *out) {
    const uint8_t *p = ctx->record;
    int64_t len = ctx->record_len;
    if (flow_k_utf8_valid(p, len)) return 1;
    if (!l->replace) {
        int64_t at = flow_k_utf8_error(p, len);
        return k_record_bad(ctx, FLOW_E_utf8, at, "not UTF-8");
    }
    flow_text t = flow_k_utf8_replace(ctx, p, len);
    out[0] = (uint64_t)(uintptr_t)t.ptr;
    out[1] = (uint64_t)t.len;
    return 1;
}

int32_t flow_k_line_next(flow_ctx *ctx, void *it, uint64_t *out) {
    flow_lines *l = it;
    const uint8_t *p = l->p, *end = l->end;
    if (FLOW_UNLIKELY(p >= end)) return 0;
    uint64_t high;
    const uint8_t *stop = k_record_line(p, end, &high);
    l->p = stop + 1;
    int64_t len = stop - p;
    len -= len > 0 && stop < end && stop[-1] == '\r';
    k_record_set(ctx, p, len);
    out[0] = (uint64_t)(uintptr_t)p;
    out[1] = (uint64_t)len;
    if (FLOW_LIKELY(!high)) return 1;
    return k_line_special(ctx, l, out);
}

const uint8_t *flow_k_line_end(const uint8_t *p, const uint8_t *end) {
    uint64_t high;
    const uint8_t *stop = k_record_line(p, end, &high);
    return stop < end ? stop + 1 : NULL;
}
