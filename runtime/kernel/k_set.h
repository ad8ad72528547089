/* k_set.h - small sets inside the state of one group: count_distinct, collect_set.
 *
 * Two words, all zero at first: the address of the slots in the heap; count, a flag for
 * the value that marks an empty slot (0, or empty text), and the number of slots.  Much
 * smaller than a table and without entry numbers; the order of slots is never shown. */
#ifndef FLOW_KERNEL_K_SET_H
#define FLOW_KERNEL_K_SET_H

#include "runtime/kernel/k_heap.h"

#define FLOW_SET_COUNT (((uint64_t)1 << 40) - 1) /* of the second word */

/* Add a value; 1 if it is new.  A set holds either integers or texts. */
FLOW_FAR int32_t k_set_add_i64(flow_ctx *ctx, flow_heap *heap, uint64_t *set, int64_t v);
FLOW_FAR int32_t k_set_add_text(flow_ctx *ctx, flow_heap *heap, uint64_t *set,
                                const uint8_t *ptr, int64_t len);
int64_t k_set_count(const uint64_t *set);

/* As bytes in the task arena (8 each; 4 of length and the text), and added from them. */
FLOW_FAR void k_set_bytes(flow_ctx *ctx, const uint64_t *set, int texts, uint64_t *bytes);
FLOW_FAR void k_set_merge(flow_ctx *ctx, flow_heap *heap, uint64_t *set, int texts,
                          const uint64_t *bytes);
/* The texts in their order: k_set_count addresses of cells in the task arena. */
FLOW_FAR const uint64_t **k_set_sorted(flow_ctx *ctx, const uint64_t *set);
FLOW_FAR void k_set_drop(flow_ctx *ctx, flow_heap *heap, uint64_t *set, int texts);

#endif
