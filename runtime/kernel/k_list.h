/* k_list.h - lists: the builtin functions on them, and lists that grow.
 *
 * A list crosses as the address of its elements and their number, an element as the
 * address of its words. */
#ifndef FLOW_KERNEL_K_LIST_H
#define FLOW_KERNEL_K_LIST_H

#include "runtime/kernel/k_value.h"

/* A list in the making, in the arena. */
typedef struct flow_run_list {
    uint64_t *words;
    int64_t n, room, size; /* elements, room for elements, words of one */
} flow_run_list;

/* Room for one more element. */
uint64_t *k_list_add(flow_ctx *ctx, flow_run_list *l);

FLOW_INLINE int32_t k_list_out(uint64_t *out, const uint64_t *words, int64_t n) {
    out[0] = (uint64_t)(uintptr_t)words;
    out[1] = (uint64_t)n;
    return 0;
}

#define FLOW_RANGE_MAX 1000000

int32_t flow_k_fn_append(flow_ctx *ctx, uint64_t *out, const uint64_t *xs, int64_t n,
                         const uint64_t *x, const uint8_t *tc);
int32_t flow_k_fn_contains_list(const uint64_t *xs, int64_t n, const uint64_t *x,
                                const uint8_t *tc);
int32_t flow_k_fn_flatten(flow_ctx *ctx, uint64_t *out, const uint64_t *xs, int64_t n,
                          const uint8_t *tc);
int32_t flow_k_fn_reverse_list(flow_ctx *ctx, uint64_t *out, const uint64_t *xs,
                               int64_t n, const uint8_t *tc);
int32_t flow_k_fn_sort(flow_ctx *ctx, uint64_t *out, const uint64_t *xs, int64_t n,
                       const uint8_t *tc);
int32_t flow_k_fn_unique(flow_ctx *ctx, uint64_t *out, const uint64_t *xs, int64_t n,
                         const uint8_t *tc);
int32_t flow_k_fn_zip(flow_ctx *ctx, uint64_t *out, const uint64_t *a, int64_t an,
                      const uint64_t *b, int64_t bn, const uint8_t *ta,
                      const uint8_t *tb);
int32_t flow_k_fn_range(flow_ctx *ctx, uint64_t *out, int64_t first, int64_t last);

/* Vectors: lists of floats.  FLOW_E_argument where lengths differ. */
int32_t flow_k_fn_add(flow_ctx *ctx, uint64_t *out, const uint64_t *a, int64_t an,
                      const uint64_t *b, int64_t bn);
int32_t flow_k_fn_scale(flow_ctx *ctx, uint64_t *out, const uint64_t *a, int64_t n,
                        double k);
int32_t flow_k_fn_dot(flow_ctx *ctx, uint64_t *out, const uint64_t *a, int64_t an,
                      const uint64_t *b, int64_t bn);
int32_t flow_k_fn_distance(flow_ctx *ctx, uint64_t *out, const uint64_t *a, int64_t an,
                           const uint64_t *b, int64_t bn);
double flow_k_fn_norm(const uint64_t *a, int64_t n);

#endif
