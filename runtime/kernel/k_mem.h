/* k_mem.h - the task arena, the buffers of ports, and what the context leads to.
 *
 * The fast paths are a compare and an add and inline into generated code; running out
 * of room is a cold call. */
#ifndef FLOW_KERNEL_K_MEM_H
#define FLOW_KERNEL_K_MEM_H

#include "runtime/kernel/k_value.h"

/* How far flow_k_copy writes beyond what it was asked, at most; what flow_k_reserve
 * leaves free behind the room it gives. */
#define FLOW_SLACK 64

/* Memory of the task arena, 8-byte aligned, not zeroed.  bytes >= 0. */
void *flow_k_alloc(flow_ctx *ctx, int64_t bytes);
/* Where the arena stands, and back to there: all that was taken since is dead. */
void *flow_k_mark(flow_ctx *ctx);
void flow_k_reset(flow_ctx *ctx, void *mark);

/* Room for `bytes` more in the buffer, and FLOW_SLACK behind them: the address where
 * they go.  The buffer counts them only after flow_k_commit, which also counts a row. */
uint8_t *flow_k_reserve(flow_ctx *ctx, flow_buf *buf, int64_t bytes);
void flow_k_commit(flow_buf *buf, int64_t bytes);

/* Copies n bytes; both sides must have FLOW_SLACK bytes of mapped memory behind them,
 * and what stands behind dst may be overwritten. */
void flow_k_copy(uint8_t *dst, const uint8_t *src, int64_t n);

/* The task's buffer of an output port for a partition (a sink port has one: 0). */
flow_buf *flow_k_port(flow_ctx *ctx, int64_t port, int64_t part);
/* The table of a state for ctx->partition, and this worker's partial table of it. */
struct flow_table *flow_k_state(flow_ctx *ctx, int64_t id);
struct flow_table *flow_k_state_at(flow_ctx *ctx, int64_t id, int64_t part);
struct flow_table *flow_k_partial(flow_ctx *ctx, int64_t id);

/* Fields of the context. */
int64_t flow_k_ctx_partition(const flow_ctx *ctx);
int64_t flow_k_ctx_nparts(const flow_ctx *ctx);
int64_t flow_k_ctx_now(const flow_ctx *ctx);
int64_t flow_k_ctx_batch(const flow_ctx *ctx);
int32_t flow_k_ctx_final(const flow_ctx *ctx);
int64_t flow_k_ctx_place(const flow_ctx *ctx);
void flow_k_ctx_set_place(flow_ctx *ctx, int64_t place);
/* The record being decoded, for row errors. */
void flow_k_ctx_set_record(flow_ctx *ctx, const uint8_t *ptr, int64_t len);

/* Asks for the line of the cache that this byte is in, wherever it points. */
void flow_k_fetch(const void *p);

#endif
