/* k_bag.h - an ordered multiset of rows, per group: what aggregates and top over a table
 * keep, so that a row can be taken out again.
 *
 * The state is two words, all zero at first: the root of a treap in the heap, and how many
 * different elements are in the bag.  An element is a key of two parts - the first is what
 * the step orders by, the second tells equals apart - and a row of any bytes.  Elements
 * are in the order of their keys; those of equal keys and rows are one, counted.  A count
 * may pass below zero while the rows of a batch come in, old and new in any order; such an
 * element is not seen.  Priorities come from the seeded hash, so no input makes the tree
 * deep, and nothing that is shown depends on them. */
#ifndef FLOW_KERNEL_K_BAG_H
#define FLOW_KERNEL_K_BAG_H

#include "runtime/kernel/k_heap.h"

#define FLOW_BAG_WORDS 2

/* Puts an element in (by > 0) or takes it out (by < 0), so many times. */
FLOW_FAR void flow_k_bag_put(flow_ctx *ctx, flow_heap *heap, uint64_t *bag, int64_t by,
                             const uint8_t *key, int64_t klen, const uint8_t *also,
                             int64_t alen, const uint8_t *row, int64_t rlen);
/* The same with a value as the row, which is encoded; null: without a row. */
FLOW_FAR void flow_k_bag_put_value(flow_ctx *ctx, flow_heap *heap, uint64_t *bag, int64_t by,
                                   const uint8_t *key, int64_t klen, const uint8_t *also,
                                   int64_t alen, const uint64_t *words, const uint8_t *tc);
FLOW_FAR void flow_k_bag_drop(flow_ctx *ctx, flow_heap *heap, uint64_t *bag);
/* How many different elements there are. */
int64_t flow_k_bag_count(const uint64_t *bag);

/* The first n elements in order, an array in the task arena, good until the bag changes;
 * with ties also those whose first part is that of the n-th.  Returns how many. */
FLOW_FAR int64_t flow_k_bag_list(flow_ctx *ctx, const uint64_t *bag, int64_t n, int32_t ties,
                                 uint64_t *list);
/* Of element i of such an array: its row, and its rank (1 ...; equal first parts share
 * one). */
const uint8_t *flow_k_bag_row(const uint64_t *list, int64_t i);
FLOW_FAR int64_t flow_k_bag_rank(const uint64_t *list, int64_t i);

/* Results of aggregates.  A value is read from the key (in_key) or from the row; tc is its
 * type code.  pick: the first or the last, as T?.  values: all, as [T]; status `limit` if
 * there are more than that.  concat: the rows as text, a separator between them. */
FLOW_FAR void flow_k_bag_pick(flow_ctx *ctx, const uint64_t *bag, int32_t last,
                              int32_t in_key, uint64_t *out, const uint8_t *tc);
FLOW_FAR int32_t flow_k_bag_values(flow_ctx *ctx, const uint64_t *bag, int32_t in_key,
                                   int64_t limit, uint64_t *out, const uint8_t *tc);
FLOW_FAR int32_t flow_k_bag_concat(flow_ctx *ctx, const uint64_t *bag, const uint8_t *sep,
                                   int64_t sep_len, int64_t limit, uint64_t *out);

#endif
