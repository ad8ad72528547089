/* const_cold.c - the cold runtime's functions for the folder.
 *
 * The kernel asks them for memory and tells them of failed rows.  In flowc a value may
 * outgrow the folder's scratch arena; more comes from the compile's arena.  Nothing of
 * state and output is folded. */
#include "compiler/types/const_cold.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/const_parts.h"
#include "runtime/kernel/k_cold.h"

int const_cold_linked(void) { return 1; }

static folder_t *folder_of(flow_ctx *ctx) {
    return (folder_t *)((char *)ctx - offsetof(folder_t, ctx));
}

void *flow_rt_arena_more(flow_ctx *ctx, int64_t bytes) {
    enum { LEAST = 1 << 20 };
    int64_t size = bytes > LEAST ? bytes : LEAST;
    uint8_t *chunk = arena_alloc(folder_of(ctx)->c->arena, (size_t)size + 64);
    ctx->arena.start = chunk;
    ctx->arena.end = chunk + size;
    ctx->arena.p = chunk + ((bytes + 7) & ~(int64_t)7);
    return chunk;
}

void *flow_rt_mem_alloc(flow_ctx *ctx, int64_t bytes) {
    return arena_alloc(folder_of(ctx)->c->arena, (size_t)bytes + 64);
}

void flow_rt_mem_free(flow_ctx *ctx, void *ptr, int64_t bytes) {
    (void)ctx, (void)ptr, (void)bytes; /* the compile's arena goes as a whole */
}

void *flow_rt_mem_resize(flow_ctx *ctx, void *ptr, int64_t old, int64_t bytes) {
    void *to = flow_rt_mem_alloc(ctx, bytes);
    memcpy(to, ptr, (size_t)(old < bytes ? old : bytes));
    return to;
}

int64_t flow_rt_mem_size(int64_t bytes) { return bytes; }

void flow_rt_buf_grow(flow_ctx *ctx, flow_buf *buf, int64_t bytes) {
    (void)ctx, (void)buf, (void)bytes;
    flow_unreachable("output while folding");
}

int32_t flow_rt_row_error(flow_ctx *ctx, int64_t step, int64_t port, int32_t code,
                          const flow_text *raw, const flow_text *order) {
    (void)ctx, (void)step, (void)port, (void)code, (void)raw, (void)order;
    flow_unreachable("a row while folding");
}

void flow_rt_sink_given(flow_ctx *ctx, int64_t sink) {
    (void)ctx, (void)sink;
    flow_unreachable("a sink while folding");
}

void flow_rt_sink_full(flow_ctx *ctx, int64_t sink) {
    (void)ctx, (void)sink;
    flow_unreachable("a sink while folding");
}

void flow_rt_row_late(flow_ctx *ctx, int64_t step, int32_t aside) {
    (void)ctx, (void)step, (void)aside;
    flow_unreachable("a late row while folding");
}

void flow_rt_set_option(flow_ctx *ctx, int64_t kind, int64_t id, const uint8_t *name,
                        int64_t name_len, int64_t letter, const uint64_t *words) {
    (void)ctx, (void)kind, (void)id, (void)name, (void)name_len, (void)letter, (void)words;
    flow_unreachable("an option while folding");
}
