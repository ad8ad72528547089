/* k_order.h - order keys: where a row stands among the rows of its batch.
 *
 *   00 place                a row that leaves at once: its place, 8 bytes, high first
 *   01 moment step start key [rank]   a row made by a window or a timer: its moment and the
 *                           start of its window (0: none) as flow_k_key_i64, the number of
 *                           the step, 2 bytes, high first
 *   02 step key [rank]      a row of a set made when the batch closed: the step, the key's
 *                           bytes (of an int: as flow_k_key_i64), then its rank among the
 *                           rows of that key
 *
 * Where a row of these gives several that go through another exchange, a number of 8 bytes
 * follows for each time.  memcmp order is row order.  Keys are made in the task arena but for the first kind. */
#ifndef FLOW_KERNEL_K_ORDER_H
#define FLOW_KERNEL_K_ORDER_H

#include "runtime/kernel/k_value.h"

#define FLOW_ORDER_PLACE 9

/* Writes the next place of the task, FLOW_ORDER_PLACE bytes. */
void flow_k_order_place(flow_ctx *ctx, uint8_t *to);
/* Rows in turn to n buckets, by their place. */
int64_t flow_k_deal(flow_ctx *ctx, int64_t n);
uint8_t *flow_k_order_int(flow_ctx *ctx, int64_t step, int64_t key, int64_t *len);
uint8_t *flow_k_order_key(flow_ctx *ctx, int64_t step, const uint8_t *key, int64_t klen,
                          int64_t *len);
/* One of the rows that a row with this key gives: the key, then a number that goes up. */
uint8_t *flow_k_order_next(flow_ctx *ctx, const uint8_t *key, int64_t klen, int64_t *len);
uint8_t *flow_k_order_rank(flow_ctx *ctx, int64_t step, const uint8_t *key, int64_t klen,
                           int64_t rank, int64_t *len);
/* 02 step key start end: of a table whose key has a window. */
uint8_t *flow_k_order_window(flow_ctx *ctx, int64_t step, const uint8_t *key, int64_t klen,
                             int64_t start, int64_t end, int64_t *len);
/* The same with a rank behind the window. */
uint8_t *flow_k_order_window_rank(flow_ctx *ctx, int64_t step, const uint8_t *key, int64_t klen,
                                  int64_t start, int64_t end, int64_t rank, int64_t *len);
uint8_t *flow_k_order_moment(flow_ctx *ctx, int64_t moment, int64_t step, int64_t start,
                             const uint8_t *key, int64_t klen, int64_t *len);
uint8_t *flow_k_order_moment_rank(flow_ctx *ctx, int64_t moment, int64_t step, int64_t start,
                                  const uint8_t *key, int64_t klen, int64_t rank,
                                  int64_t *len);

/* ---- reports to the cold runtime ---- */
/* A row failed; `words` and `tc` are the step's input row, null for a malformed record;
 * `order` is the row's order key, null where it has a place.  Returns 0 to go on, else
 * what the stage function returns. */
int32_t flow_k_row_fail(flow_ctx *ctx, int64_t step, int64_t port, int32_t code,
                        const uint64_t *words, const uint8_t *tc, const uint8_t *order,
                        int64_t order_len);
void flow_k_sink_full(flow_ctx *ctx, int64_t sink);
void flow_k_sink_given(flow_ctx *ctx, int64_t sink);
/* flow_rt_set_option of runtime/data/program.h. */
void flow_k_set_option(flow_ctx *ctx, int64_t kind, int64_t id, const uint8_t *name,
                       int64_t name_len, int64_t letter, const uint64_t *words);
/* `rate` and `generate`: the number of the row at hand, and when row i is due: t0 is the
 * moment of row 0 in microseconds, rate the rows per second. */
void flow_k_ctx_set_index(flow_ctx *ctx, int64_t index);
int64_t flow_k_rate_at(int64_t index, int64_t t0, int64_t rate);
/* Did the stage get rows in this batch, in any partition?  The setting collect_limit. */
int32_t flow_k_ctx_fed(const flow_ctx *ctx);
int64_t flow_k_ctx_collect_limit(const flow_ctx *ctx);
/* The payload of a frame as an encoded row at an aligned address; then its key. */
const uint8_t *flow_k_frame_row(flow_ctx *ctx, const uint8_t *frame);
const uint8_t *flow_k_frame_key(const uint8_t *frame);
int64_t flow_k_frame_key_len(const uint8_t *frame);
const uint8_t *flow_k_frame_next(const uint8_t *frame);

#endif
