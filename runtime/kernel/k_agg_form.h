/* k_agg_form.h - the form of the functions of k_agg.def, for the files that define them.
 *
 * A function that ignores some of its arguments is normal: all of a kind have one
 * signature, and what is not used is gone once it is inlined. */
#ifndef FLOW_KERNEL_K_AGG_FORM_H
#define FLOW_KERNEL_K_AGG_FORM_H

#include "runtime/kernel/k_agg.h"

#define AGG_HEAD   flow_ctx *ctx, flow_heap *heap, uint64_t *state
#define AGG_UNUSED (void)ctx, (void)heap, (void)tc
/* step's own arguments stand between state and tc */
#define AGG_STEP(name, ...)                                                              \
    void flow_k_agg_##name##_step(AGG_HEAD, __VA_ARGS__, const uint8_t *tc)
#define AGG_BACK(name, ...)                                                              \
    void flow_k_agg_##name##_back(AGG_HEAD, __VA_ARGS__, const uint8_t *tc)
#define AGG_PARTIAL(name)                                                                \
    void flow_k_agg_##name##_partial(flow_ctx *ctx, flow_heap *heap,                     \
                                     const uint64_t *state, uint64_t *columns,           \
                                     const uint8_t *tc)
#define AGG_MERGE(name)                                                                  \
    void flow_k_agg_##name##_merge(AGG_HEAD, const uint64_t *columns, const uint8_t *tc)
#define AGG_RESULT(name)                                                                 \
    int32_t flow_k_agg_##name##_result(flow_ctx *ctx, flow_heap *heap,                   \
                                       const uint64_t *state, uint64_t *out,             \
                                       const uint8_t *tc)
#define AGG_DROP(name) void flow_k_agg_##name##_drop(AGG_HEAD, const uint8_t *tc)
/* The drop of a state that owns nothing. */
#define AGG_PLAIN(name)                                                                  \
    AGG_DROP(name) {                                                                     \
        (void)state, AGG_UNUSED;                                                         \
    }

FLOW_INLINE uint64_t agg_bits(double x) {
    uint64_t bits;
    __builtin_memcpy(&bits, &x, 8);
    return bits;
}

FLOW_INLINE double agg_float(uint64_t bits) {
    double x;
    __builtin_memcpy(&x, &bits, 8);
    return x;
}

#endif
