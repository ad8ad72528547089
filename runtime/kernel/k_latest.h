/* k_latest.h - the newest row of a key, and the one before the batch.
 *
 * The state is six words in a table's entry, all zero at first: a cell with the bytes that
 * order rows, a blob of the newest row, a blob of the row that was the newest when the
 * batch began.  The second is there only while the batch runs, and only if a row has
 * replaced it; the entry is touched then.
 *
 * In a batch that brings all rows anew (ctx->refreshed) the first row of a key replaces the
 * one there was, whatever their order, and keys without a row lose theirs. */
#ifndef FLOW_KERNEL_K_LATEST_H
#define FLOW_KERNEL_K_LATEST_H

#include "runtime/kernel/k_table.h"

#define FLOW_LATEST_WORDS 6

/* A row of the key that was probed last: it becomes the newest unless its order is less.
 * Of equals the later counts. */
FLOW_FAR void flow_k_latest_put(flow_ctx *ctx, flow_table *t, uint64_t *state,
                                const uint8_t *order, int64_t len, const uint64_t *words,
                                const uint8_t *tc);
/* At the end of a batch that brings all rows anew: what it has not touched is touched, and
 * has no newest row. */
FLOW_FAR void flow_k_latest_refresh(flow_ctx *ctx, flow_table *t);
/* Removes an entry without a newest row. */
FLOW_FAR void flow_k_latest_remove(flow_ctx *ctx, flow_table *t, int64_t entry);

#endif
