/* cold_stand_in.h - what the kernel asks of the runtime, as little as will do: for the
 * micro benchmarks, which compile the kernel into themselves. */
#ifndef FLOW_BENCH_COLD_STAND_IN_H
#define FLOW_BENCH_COLD_STAND_IN_H

#include "runtime/kernel/kernel.c"

#include <stdlib.h>
#include <string.h>

void flow_rt_buf_grow(flow_ctx *ctx, flow_buf *buf, int64_t bytes) {
    int64_t used = buf->p - buf->base, size = (buf->end - buf->base) * 2;
    (void)ctx;
    if (size < used + bytes) size = used + bytes + 4096;
    buf->base = realloc(buf->base, (size_t)size + 64);
    buf->p = buf->base + used;
    buf->end = buf->base + size;
}
void *flow_rt_arena_more(flow_ctx *ctx, int64_t bytes) {
    int64_t size = bytes + (64 << 20);
    ctx->arena.start = malloc((size_t)size + 64);
    ctx->arena.p = ctx->arena.start + bytes;
    ctx->arena.end = ctx->arena.start + size;
    return ctx->arena.start;
}
void *flow_rt_mem_alloc(flow_ctx *ctx, int64_t bytes) {
    (void)ctx;
    return calloc(1, (size_t)bytes);
}
void flow_rt_mem_free(flow_ctx *ctx, void *ptr, int64_t bytes) {
    (void)ctx;
    (void)bytes;
    free(ptr);
}
void *flow_rt_mem_resize(flow_ctx *ctx, void *ptr, int64_t old, int64_t bytes) {
    (void)ctx;
    uint8_t *p = realloc(ptr, (size_t)bytes);
    if (bytes > old) memset(p + old, 0, (size_t)(bytes - old));
    return p;
}
int64_t flow_rt_mem_size(int64_t bytes) { return bytes; }
int32_t flow_rt_row_error(flow_ctx *c, int64_t s, int64_t p, int32_t e, const flow_text *r,
                          const flow_text *n) {
    (void)c, (void)s, (void)p, (void)e, (void)r, (void)n;
    return 0;
}
void flow_rt_sink_given(flow_ctx *ctx, int64_t sink) {
    (void)ctx, (void)sink;
}
void flow_rt_sink_full(flow_ctx *ctx, int64_t sink) {
    (void)ctx, (void)sink;
}
void flow_rt_row_late(flow_ctx *ctx, int64_t step, int32_t aside) {
    (void)ctx, (void)step, (void)aside;
}
void flow_rt_set_option(flow_ctx *ctx, int64_t kind, int64_t id, const uint8_t *name,
                        int64_t name_len, int64_t letter, const uint64_t *words) {
    (void)ctx, (void)kind, (void)id, (void)name, (void)name_len, (void)letter, (void)words;
}

#endif
