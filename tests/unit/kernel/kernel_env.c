/* kernel_env.c - the cold runtime's functions for tests: malloc, and no budget. */
#include "tests/unit/kernel/kernel_env.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/kernel/k_cold.h"

#define PAD 64

/* Every allocation of a context, in one list. */
typedef struct env_chunk {
    struct env_chunk *next;
    int64_t bytes;
    uint8_t data[] __attribute__((aligned(16)));
} env_chunk;

/* The context comes first, so that a flow_ctx * is an env *. */
typedef struct env {
    flow_ctx ctx;
    env_chunk *chunks;
    int64_t arena_bytes; /* of the last arena chunk */
    struct env_bufs {
        flow_buf buf;
        struct env_bufs *next;
    } *bufs;
} env;

static int64_t state_bytes;

static uint8_t *env_chunk_new(env *e, int64_t bytes) {
    env_chunk *c = malloc(sizeof *c + (size_t)bytes + PAD);
    assert(c);
    c->bytes = bytes;
    c->next = e->chunks;
    e->chunks = c;
    memset(c->data + bytes, 0xA5, PAD);
    return c->data;
}

flow_ctx *env_open(void) {
    env *e = calloc(1, sizeof *e);
    assert(e);
    e->ctx.nparts = 64;
    e->ctx.seed = 0x5EED;
    return &e->ctx;
}

void env_close(flow_ctx *ctx) {
    env *e = (env *)ctx;
    while (e->chunks) {
        env_chunk *c = e->chunks;
        e->chunks = c->next;
        free(c);
    }
    while (e->bufs) {
        struct env_bufs *b = e->bufs;
        e->bufs = b->next;
        free(b->buf.base);
        free(b);
    }
    free(e);
    assert(state_bytes == 0);
}

int64_t env_state_bytes(void) { return state_bytes; }

uint8_t *env_block(flow_ctx *ctx, const void *bytes, int64_t len) {
    uint8_t *p = env_chunk_new((env *)ctx, len);
    if (len) memcpy(p, bytes, (size_t)len);
    return p;
}

flow_buf *env_buf(flow_ctx *ctx) {
    struct env_bufs *b = calloc(1, sizeof *b);
    assert(b);
    b->next = ((env *)ctx)->bufs;
    ((env *)ctx)->bufs = b;
    return &b->buf;
}

void flow_rt_buf_grow(flow_ctx *ctx, flow_buf *buf, int64_t bytes) {
    (void)ctx;
    size_t used = (size_t)(buf->p - buf->base), size = (size_t)(buf->end - buf->base);
    size_t want = used + (size_t)bytes;
    if (size < 256) size = 256;
    while (size < want) size *= 2;
    uint8_t *base = realloc(buf->base, size + PAD);
    assert(base);
    buf->base = base;
    buf->p = base + used;
    buf->end = base + size;
}

void *flow_rt_arena_more(flow_ctx *ctx, int64_t bytes) {
    env *e = (env *)ctx;
    int64_t size = e->arena_bytes ? 2 * e->arena_bytes : 4096;
    while (size < bytes) size *= 2;
    e->arena_bytes = size;
    ctx->arena.start = env_chunk_new(e, size);
    ctx->arena.end = ctx->arena.start + size;
    ctx->arena.p = ctx->arena.start + ((bytes + 7) & ~(int64_t)7);
    return ctx->arena.start;
}

void *flow_rt_mem_alloc(flow_ctx *ctx, int64_t bytes) {
    (void)ctx;
    state_bytes += bytes;
    void *p = calloc(1, (size_t)bytes + PAD);
    assert(p);
    return p;
}

void flow_rt_mem_free(flow_ctx *ctx, void *ptr, int64_t bytes) {
    (void)ctx;
    if (!ptr) return;
    state_bytes -= bytes;
    free(ptr);
}

void *flow_rt_mem_resize(flow_ctx *ctx, void *ptr, int64_t old, int64_t bytes) {
    uint8_t *to = flow_rt_mem_alloc(ctx, bytes);
    memcpy(to, ptr, (size_t)(old < bytes ? old : bytes));
    flow_rt_mem_free(ctx, ptr, old);
    return to;
}

int64_t flow_rt_mem_size(int64_t bytes) { return bytes; }

int32_t flow_rt_row_error(flow_ctx *ctx, int64_t step, int64_t port, int32_t code,
                          const flow_text *raw, const flow_text *order) {
    (void)ctx;
    (void)step;
    (void)port;
    (void)code;
    (void)raw;
    (void)order;
    return 0;
}

void flow_rt_sink_given(flow_ctx *ctx, int64_t sink) {
    (void)ctx;
    (void)sink;
}

void flow_rt_sink_full(flow_ctx *ctx, int64_t sink) {
    (void)ctx;
    (void)sink;
}

void flow_rt_row_late(flow_ctx *ctx, int64_t step, int32_t aside) {
    (void)ctx, (void)step, (void)aside;
}

void flow_rt_set_option(flow_ctx *ctx, int64_t kind, int64_t id, const uint8_t *name,
                        int64_t name_len, int64_t letter, const uint64_t *words) {
    (void)ctx;
    (void)kind;
    (void)id;
    (void)name;
    (void)name_len;
    (void)letter;
    (void)words;
}
