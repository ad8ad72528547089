/* k_agg.h - aggregates: step, merge and result over words of a table's entry.
 *
 * k_agg.def lists them and says how they are called; the prototypes are made from it,
 * but for step, whose arguments differ.  Sums of ints keep one word: the value shifted
 * by one, or the address of 128 bits with the lowest bit set. */
#ifndef FLOW_KERNEL_K_AGG_H
#define FLOW_KERNEL_K_AGG_H

#include "runtime/kernel/k_fsum.h"
#include "runtime/kernel/k_heap.h"

/* State words of any row of k_agg.def, at most. */
#define FLOW_AGG_WORDS 16

#define FLOW_AGG_EXACT(id, class)                                                        \
    void flow_k_agg_##id##_##class##_partial(flow_ctx *ctx, flow_heap *heap,             \
                                             const uint64_t *state, uint64_t *columns,   \
                                             const uint8_t *tc);                         \
    void flow_k_agg_##id##_##class##_merge(flow_ctx *ctx, flow_heap *heap,               \
                                           uint64_t *state, const uint64_t *columns,     \
                                           const uint8_t *tc);
#define FLOW_AGG_ORDERED(id, class)
#define AGGK(id, class, words, layout, how, partial, result, args, what)                 \
    FLOW_AGG_##how(id, class) int32_t flow_k_agg_##id##_##class##_result(                \
        flow_ctx *ctx, flow_heap *heap, const uint64_t *state, uint64_t *out,            \
        const uint8_t *tc);                                                              \
    void flow_k_agg_##id##_##class##_drop(flow_ctx *ctx, flow_heap *heap,                \
                                          uint64_t *state, const uint8_t *tc);
#include "runtime/kernel/k_agg.def"
#undef AGGK

#define FLOW_AGG_STEP(id, class, ...)                                                    \
    void flow_k_agg_##id##_##class##_step(flow_ctx *ctx, flow_heap *heap,                \
                                          uint64_t *state, __VA_ARGS__);
FLOW_AGG_STEP(count, n, const uint8_t *tc)
FLOW_AGG_STEP(count_if, b, int32_t c, const uint8_t *tc)
FLOW_AGG_STEP(any, b, int32_t c, const uint8_t *tc)
FLOW_AGG_STEP(all, b, int32_t c, const uint8_t *tc)
FLOW_AGG_STEP(sum, i, int64_t x, const uint8_t *tc)
FLOW_AGG_STEP(sum, f, double x, const uint8_t *tc)
FLOW_AGG_STEP(sum, d, const uint64_t *x, const uint8_t *tc)
FLOW_AGG_STEP(avg, i, int64_t x, const uint8_t *tc)
FLOW_AGG_STEP(avg, f, double x, const uint8_t *tc)
FLOW_AGG_STEP(avg, d, const uint64_t *x, const uint8_t *tc)
FLOW_AGG_STEP(min, i, int64_t x, const uint8_t *tc)
FLOW_AGG_STEP(min, f, double x, const uint8_t *tc)
FLOW_AGG_STEP(min, d, const uint64_t *x, const uint8_t *tc)
FLOW_AGG_STEP(min, s, const uint8_t *ptr, int64_t len, const uint8_t *tc)
FLOW_AGG_STEP(min, g, const uint64_t *x, const uint8_t *tc)
FLOW_AGG_STEP(max, i, int64_t x, const uint8_t *tc)
FLOW_AGG_STEP(max, f, double x, const uint8_t *tc)
FLOW_AGG_STEP(max, d, const uint64_t *x, const uint8_t *tc)
FLOW_AGG_STEP(max, s, const uint8_t *ptr, int64_t len, const uint8_t *tc)
FLOW_AGG_STEP(max, g, const uint64_t *x, const uint8_t *tc)
FLOW_AGG_STEP(least, i, int64_t x, const uint8_t *tc)
FLOW_AGG_STEP(least, f, double x, const uint8_t *tc)
FLOW_AGG_STEP(greatest, i, int64_t x, const uint8_t *tc)
FLOW_AGG_STEP(greatest, f, double x, const uint8_t *tc)
FLOW_AGG_STEP(first, w, int64_t x, const uint8_t *tc)
FLOW_AGG_STEP(first, s, const uint8_t *ptr, int64_t len, const uint8_t *tc)
FLOW_AGG_STEP(first, g, const uint64_t *x, const uint8_t *tc)
FLOW_AGG_STEP(last, w, int64_t x, const uint8_t *tc)
FLOW_AGG_STEP(last, s, const uint8_t *ptr, int64_t len, const uint8_t *tc)
FLOW_AGG_STEP(last, g, const uint64_t *x, const uint8_t *tc)
FLOW_AGG_STEP(arg_min, i, int64_t k, const uint64_t *v, const uint8_t *tc)
FLOW_AGG_STEP(arg_min, s, const uint8_t *k, int64_t klen, const uint64_t *v,
              const uint8_t *tc)
FLOW_AGG_STEP(arg_last, i, int64_t k, const uint64_t *v, const uint8_t *tc)
FLOW_AGG_STEP(arg_max, i, int64_t k, const uint64_t *v, const uint8_t *tc)
FLOW_AGG_STEP(arg_max, s, const uint8_t *k, int64_t klen, const uint64_t *v,
              const uint8_t *tc)
FLOW_AGG_STEP(count_distinct, w, int64_t x, const uint8_t *tc)
FLOW_AGG_STEP(count_distinct, s, const uint8_t *ptr, int64_t len, const uint8_t *tc)
FLOW_AGG_STEP(count_distinct, g, const uint64_t *x, const uint8_t *tc)
FLOW_AGG_STEP(collect_set, g, const uint64_t *x, const uint8_t *tc)
FLOW_AGG_STEP(collect, g, const uint64_t *x, const uint8_t *tc)
FLOW_AGG_STEP(concat, s, const uint8_t *ptr, int64_t len, const uint8_t *sep,
              int64_t sep_len, const uint8_t *tc)
FLOW_AGG_STEP(variance, i, int64_t x, const uint8_t *tc)
FLOW_AGG_STEP(variance, f, double x, const uint8_t *tc)
FLOW_AGG_STEP(stddev, i, int64_t x, const uint8_t *tc)
FLOW_AGG_STEP(stddev, f, double x, const uint8_t *tc)
FLOW_AGG_STEP(covar, f, double x, double y, const uint8_t *tc)
FLOW_AGG_STEP(corr, f, double x, double y, const uint8_t *tc)
FLOW_AGG_STEP(approx_distinct, g, const uint64_t *x, const uint8_t *tc)
FLOW_AGG_STEP(quantile, f, double x, double q, const uint8_t *tc)
FLOW_AGG_STEP(median, f, double x, const uint8_t *tc)
FLOW_AGG_STEP(top_k, g, const uint64_t *x, int64_t k, const uint8_t *tc)
FLOW_AGG_STEP(histogram, i, int64_t x, int64_t lo, int64_t hi, int64_t bins,
              const uint8_t *tc)
FLOW_AGG_STEP(histogram, f, double x, double lo, double hi, int64_t bins,
              const uint8_t *tc)

/* k_agg_back.def: the same arguments, taken out again. */
#define FLOW_AGG_BACK(id, class, ...)                                                    \
    void flow_k_agg_##id##_##class##_back(flow_ctx *ctx, flow_heap *heap,                \
                                          uint64_t *state, __VA_ARGS__);
FLOW_AGG_BACK(count, n, const uint8_t *tc)
FLOW_AGG_BACK(count_if, b, int32_t c, const uint8_t *tc)
FLOW_AGG_BACK(any, b, int32_t c, const uint8_t *tc)
FLOW_AGG_BACK(all, b, int32_t c, const uint8_t *tc)
FLOW_AGG_BACK(sum, i, int64_t x, const uint8_t *tc)
FLOW_AGG_BACK(sum, f, double x, const uint8_t *tc)
FLOW_AGG_BACK(sum, d, const uint64_t *x, const uint8_t *tc)
FLOW_AGG_BACK(avg, i, int64_t x, const uint8_t *tc)
FLOW_AGG_BACK(avg, f, double x, const uint8_t *tc)
FLOW_AGG_BACK(avg, d, const uint64_t *x, const uint8_t *tc)
FLOW_AGG_BACK(variance, i, int64_t x, const uint8_t *tc)
FLOW_AGG_BACK(variance, f, double x, const uint8_t *tc)
FLOW_AGG_BACK(stddev, i, int64_t x, const uint8_t *tc)
FLOW_AGG_BACK(stddev, f, double x, const uint8_t *tc)
FLOW_AGG_BACK(covar, f, double x, double y, const uint8_t *tc)
FLOW_AGG_BACK(corr, f, double x, double y, const uint8_t *tc)
FLOW_AGG_BACK(histogram, i, int64_t x, int64_t lo, int64_t hi, int64_t bins,
              const uint8_t *tc)
FLOW_AGG_BACK(histogram, f, double x, double lo, double hi, int64_t bins,
              const uint8_t *tc)

/* The state of collect, collect_set or concat: 0, or FLOW_E_limit when it holds `limit`
 * values already (concat: has so many texts). */
int32_t flow_k_agg_room(const uint64_t *state, int64_t limit);

#endif
