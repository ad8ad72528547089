/* k_row.h - encoded rows: how values cross exchanges and lie in state.
 *
 *   u32 size of the whole row, a multiple of 8 · u32 mark · [u64 place] · the words ·
 *   what the addresses among the words point to, in the order of the words
 *
 * The mark is zero; 1 where rows of two forms cross one exchange, for the second.
 *
 * An address becomes the offset from the start of the row, 0 for empty text and lists.
 * Text stands packed, without alignment or end mark; elements of lists stand at
 * multiples of 8, words first, what they point to behind them.  Rows begin at multiples
 * of 8.  `head` is 8, or 16 with a place.  The bytes are a function of the value: the
 * gaps are zero.
 *
 * Generated code writes flat rows itself: words at head, text through flow_k_row_text.
 * For a list or a nested value in a row it calls flow_k_row_extent and flow_k_row_put
 * leaf by leaf, in the order of the words; the result is that of flow_k_row_write. */
#ifndef FLOW_KERNEL_K_ROW_H
#define FLOW_KERNEL_K_ROW_H

#include "runtime/kernel/k_value.h"

/* Longest row; longer ones are the row error `limit`. */
#define FLOW_ROW_MAX ((int64_t)0x7ffffff0)

/* `at` is the offset at which the part behind the words goes on.  Returns where it
 * stands after the value's own. */
FLOW_FAR int64_t flow_k_row_extent(int64_t at, const uint64_t *words, const uint8_t *tc);
/* Writes the value's words at `to` (in the row) and what they point to at row + at. */
FLOW_FAR int64_t flow_k_row_put(uint8_t *row, int64_t at, uint64_t *to,
                                const uint64_t *words, const uint8_t *tc);
/* The same for one text leaf; behind the row FLOW_SLACK bytes may be overwritten. */
int64_t flow_k_row_text(uint8_t *row, int64_t at, uint64_t *to, const uint8_t *ptr,
                        int64_t len);
/* Reads the value whose words stand at `from` in the row.  Text and flat lists point
 * into the row; other lists are made anew in the task arena.  The row is not changed. */
FLOW_FAR void flow_k_row_get(flow_ctx *ctx, const uint8_t *row, uint64_t *words,
                             const uint64_t *from, const uint8_t *tc);

/* The header; size is rounded up to 8 and returned, the gap is zeroed. */
int64_t flow_k_row_close(uint8_t *row, int64_t at);
int64_t flow_k_row_size(const uint8_t *row);
const uint8_t *flow_k_row_next(const uint8_t *row);
int64_t flow_k_row_place(const uint8_t *row);
/* Sets the mark of a row that is closed; is it set? */
void flow_k_row_mark(uint8_t *row);
int32_t flow_k_row_marked(const uint8_t *row);

/* Whole values by type code. */
FLOW_FAR int64_t flow_k_row_measure(int64_t head, const uint64_t *words,
                                    const uint8_t *tc);
FLOW_FAR void flow_k_row_write(uint8_t *row, int64_t head, const uint64_t *words,
                               const uint8_t *tc);
FLOW_FAR void flow_k_row_read(flow_ctx *ctx, const uint8_t *row, int64_t head,
                              uint64_t *words, const uint8_t *tc);
/* Appends the value as a row to the buffer, with ctx->place if `ordered`.  Status. */
FLOW_FAR int32_t flow_k_row_send(flow_ctx *ctx, flow_buf *buf, int32_t ordered,
                                 const uint64_t *words, const uint8_t *tc);

#endif
