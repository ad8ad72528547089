/* k_cold.h - the cold runtime's functions that the kernel may call.
 *
 * They are rare by construction: memory, growth, failure.  Implemented in
 * runtime/exec; unit tests of the kernel bring their own. */
#ifndef FLOW_KERNEL_K_COLD_H
#define FLOW_KERNEL_K_COLD_H

#include "runtime/kernel/k_value.h"

/* Makes room for `bytes` more bytes in `buf`; contents and order are kept.
 * Stops the batch (does not return) when the memory budget is exhausted. */
void flow_rt_buf_grow(flow_ctx *ctx, flow_buf *buf, int64_t bytes);

/* A new chunk for the task arena with at least `bytes` free: sets start, p and end of
 * ctx->arena (p == start, 16-byte aligned), then takes `bytes` from it and returns them.
 * Each chunk of a task is at least twice as long as the one before: going back to a mark
 * in an older chunk keeps only the newest one in use.  Does not return when the budget
 * is exhausted. */
void *flow_rt_arena_more(flow_ctx *ctx, int64_t bytes);

/* Memory of state (tables, heaps): counted against the budget under the step that
 * owns it.  flow_rt_mem_free takes the size it was asked with.  Zeroed.  Does not
 * return when state alone outgrows the budget. */
void *flow_rt_mem_alloc(flow_ctx *ctx, int64_t bytes);
void flow_rt_mem_free(flow_ctx *ctx, void *ptr, int64_t bytes);
/* Moves such memory to another size: the first min(old, bytes) bytes are kept, what is
 * added is zero.  Large pieces should move by their pages, not by copying. */
void *flow_rt_mem_resize(flow_ctx *ctx, void *ptr, int64_t old, int64_t bytes);
/* How much a piece of such memory really has: the most that may be asked for instead of
 * `bytes` at the same cost. */
int64_t flow_rt_mem_size(int64_t bytes);

/* ---- called by generated code, through the kernel ------------------------------- */

/* Reports that the current row failed, from the cold block of a step.  `port` is the
 * port of this stage that `errors into` reads, -1 if none (then on_error decides).
 * `raw` is empty, without an address, for a malformed record (its bytes are ctx->record,
 * record_len), else the step's input row as JSON.  `order` is the row's order key: where
 * the port is framed the error stands there; without an address it takes the task's next
 * place.  In a source stage ctx->record and record_len name the
 * record, and the runtime finds source and offset; in stages behind an exchange
 * ctx->record is null.  Returns 0: go on with the next row; else: return it at once. */
int32_t flow_rt_row_error(flow_ctx *ctx, int64_t step, int64_t port, int32_t code,
                          const flow_text *raw, const flow_text *order);

/* Says that sink `sink` stands behind a `limit` that is full: when all sinks do, the
 * input counts as ended. */
void flow_rt_sink_full(flow_ctx *ctx, int64_t sink);

/* Counts a row that came too late for a step; aside: it went to `late into`. */
void flow_rt_row_late(flow_ctx *ctx, int64_t step, int32_t aside);

/* Says that sink `sink`, which shows whole tables, is given its table in this batch, be
 * there rows in it or not. */
void flow_rt_sink_given(flow_ctx *ctx, int64_t sink);

/* Documented in runtime/data/program.h. */
void flow_rt_set_option(flow_ctx *ctx, int64_t kind, int64_t id, const uint8_t *name,
                        int64_t name_len, int64_t letter, const uint64_t *words);

#endif
