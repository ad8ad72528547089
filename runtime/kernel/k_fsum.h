/* k_fsum.h - sums of floats that are exact.
 *
 * The state is three words: two doubles whose exact sum is the sum so far as long as
 * error-free additions succeed (Shewchuk 1997), and the address of a wide fixed-point
 * number in the heap that takes what they cannot hold (after Neal 2015), with counts of
 * NaN and of both infinities.  All zero is the empty sum.  The result is the correctly
 * rounded value of the exact sum, so it does not depend on order, cuts or merges, and
 * what was added can be taken out. */
#ifndef FLOW_KERNEL_K_FSUM_H
#define FLOW_KERNEL_K_FSUM_H

#include "runtime/kernel/k_exact.h"
#include "runtime/kernel/k_heap.h"

#define FLOW_FSUM_WORDS 3

void flow_k_fsum_add(flow_ctx *ctx, flow_heap *heap, uint64_t *state, double x);
void flow_k_fsum_sub(flow_ctx *ctx, flow_heap *heap, uint64_t *state, double x);
/* Adds x * y, exactly too. */
void flow_k_fsum_add_product(flow_ctx *ctx, flow_heap *heap, uint64_t *state, double x,
                             double y);
/* The sum; NaN over NaN or infinities of both signs; 0.0 (never -0.0) when it is zero. */
double flow_k_fsum_result(const uint64_t *state);
/* The sum by n > 0, rounded once. */
double flow_k_fsum_mean(const uint64_t *state, int64_t n);
/* The finite part as an exact number in units of 2^FLOW_EXACT_UNIT; 1 if NaN or
 * infinities are in the sum: then its result is the one above. */
FLOW_FAR int k_fsum_exact(const uint64_t *state, k_exact *out);

/* As columns: two floats, and bytes that are empty unless the wide part is in use.
 * The bytes lie in the task arena. */
void flow_k_fsum_partial(flow_ctx *ctx, const uint64_t *state, uint64_t *columns);
void flow_k_fsum_merge(flow_ctx *ctx, flow_heap *heap, uint64_t *state,
                       const uint64_t *columns);
void flow_k_fsum_drop(flow_ctx *ctx, flow_heap *heap, uint64_t *state);

/* Their slow paths. */
FLOW_FAR void k_fsum_slow(flow_ctx *ctx, flow_heap *heap, uint64_t *state, double x,
                          int64_t by);
FLOW_FAR void k_fsum_product_slow(flow_ctx *ctx, flow_heap *heap, uint64_t *state,
                                  double x, double y);
FLOW_FAR double k_fsum_result_wide(const uint64_t *state, int64_t n);
FLOW_FAR void k_fsum_partial_wide(flow_ctx *ctx, const uint64_t *state,
                                  uint64_t *columns);
FLOW_FAR void k_fsum_merge_wide(flow_ctx *ctx, flow_heap *heap, uint64_t *state,
                                const uint64_t *columns);

#endif
