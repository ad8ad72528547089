/* k_ring.h - the last n rows of a key: what windows of rows keep.
 *
 * The state is four words, all zero at first: the address of the places, how many there
 * are (a power of two), how many rows came in all, how many are in.  Rows are encoded
 * (k_row.h) and copied to the heap.  A window fires with every `every`-th row that came.
 *
 * Saved are how many came, and each row under its number (k_store_ring.c). */
#ifndef FLOW_KERNEL_K_RING_H
#define FLOW_KERNEL_K_RING_H

#include "runtime/kernel/k_table.h"

#define FLOW_RING_WORDS 4

/* Takes a row into the ring of the entry that was probed last; the oldest goes if there are `size` already.  1: a window fires. */
FLOW_FAR int32_t flow_k_ring_push(flow_ctx *ctx, flow_table *t, uint64_t *ring,
                                  int64_t size, int64_t every, const uint8_t *row);
/* How many rows are in; the i-th of them, the oldest first. */
int64_t flow_k_ring_count(const uint64_t *ring);
const uint8_t *flow_k_ring_row(const uint64_t *ring, int64_t i);
/* The number of the window that the newest row belongs to. */
int64_t flow_k_ring_index(const uint64_t *ring, int64_t every);
/* All rows leave; how many came stays. */
FLOW_FAR void flow_k_ring_empty(flow_ctx *ctx, flow_table *t, uint64_t *ring);

#endif
