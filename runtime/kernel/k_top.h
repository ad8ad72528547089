/* k_top.h - the first n rows by a sort key, per group.
 *
 * The state is four words in a table's entry, all zero at first: the address of a list
 * of candidates in the heap, its room and count, and the key that a row must be below to
 * matter.  Up to 2n candidates gather, then they are sorted and cut to n, so a push costs
 * O(log n) amortised at any n.  Rows are fed in row order: of equal keys the earlier
 * counts as less.  With ties, all that are equal to the n-th stay. */
#ifndef FLOW_KERNEL_K_TOP_H
#define FLOW_KERNEL_K_TOP_H

#include "runtime/kernel/k_heap.h"
#include "runtime/kernel/k_table.h"

#define FLOW_TOP_WORDS 4

/* Keeps the row (any bytes, 8-aligned when read back) if its key is among the first n. */
FLOW_FAR void flow_k_top_push(flow_ctx *ctx, flow_heap *heap, uint64_t *state, int64_t n,
                              int32_t ties, const uint8_t *key, int64_t klen,
                              const uint8_t *row, int64_t rlen);
/* 1 if a row of this key would be dropped: asked before the row is encoded. */
int32_t flow_k_top_rejects(const uint64_t *state, int32_t ties, const uint8_t *key,
                           int64_t klen);
/* Sorts and cuts; returns how many rows there are. */
FLOW_FAR int64_t flow_k_top_finish(flow_ctx *ctx, flow_heap *heap, uint64_t *state,
                                   int64_t n, int32_t ties);
/* The i-th row after flow_k_top_finish, and its rank (1 ...; equal keys share one). */
const uint8_t *flow_k_top_row(const uint64_t *state, int64_t i);
FLOW_FAR int64_t flow_k_top_rank(const uint64_t *state, int64_t i);
/* What was shown of an entry at each place, two words, all zero at first.  top_changed
 * notes the value at place i and says 1 if another stood there (or none); top_forget drops
 * what stands from place n on. */
#define FLOW_TOP_SHOWN_WORDS 2
FLOW_FAR int32_t flow_k_top_changed(flow_ctx *ctx, flow_heap *heap, uint64_t *shown, int64_t i,
                                    const uint64_t *words, const uint8_t *tc);
/* The same question without the note; the value at place i, 0 if there is none; how many
 * places there are; all of them forgotten, and their memory. */
FLOW_FAR int32_t flow_k_top_differs(flow_ctx *ctx, const uint64_t *shown, int64_t i,
                                    const uint64_t *words, const uint8_t *tc);
FLOW_FAR int32_t flow_k_top_shown(flow_ctx *ctx, const uint64_t *shown, int64_t i,
                                  uint64_t *words, const uint8_t *tc);
int64_t flow_k_top_places(const uint64_t *shown);
/* Rows that have left by `close` (compiler/emit/emit_forget.c) keep their places, so that no
 * other moves up, and are shown at none.  top_leave says so of the i-th row; top_left asks
 * it of a row; top_hide: nothing is shown at place i any more.
 * A key of the table is that of the entry and the place: top_place is the latter; top_waits
 * says whether `t`, a table by such keys, has another of the first n places of that entry. */
FLOW_FAR void flow_k_top_leave(flow_ctx *ctx, flow_heap *heap, uint64_t *state, uint64_t *shown,
                               int64_t i);
int32_t flow_k_top_left(const uint8_t *row);
FLOW_FAR void flow_k_top_hide(flow_ctx *ctx, flow_heap *heap, uint64_t *shown, int64_t i);
int64_t flow_k_top_place(const uint8_t *key, int64_t klen);
FLOW_FAR int32_t flow_k_top_waits(flow_ctx *ctx, flow_table *t, const uint8_t *key, int64_t klen,
                                  int64_t n);
FLOW_FAR void flow_k_top_unshow(flow_ctx *ctx, flow_heap *heap, uint64_t *shown);
FLOW_FAR void flow_k_top_forget(flow_ctx *ctx, flow_heap *heap, uint64_t *shown, int64_t n);
FLOW_FAR void flow_k_top_drop(flow_ctx *ctx, flow_heap *heap, uint64_t *state);

#endif
