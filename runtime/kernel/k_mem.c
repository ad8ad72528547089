/* k_mem.c - the task arena and the buffers of ports; the reasons stand in k_mem.h. */
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_cold.h"
#include "runtime/kernel/k_table.h"

/* Under AddressSanitizer (FLOW_EXACT) the arena is as strict as malloc: what was not
 * asked for is poisoned, as is a gap behind each piece and all that a reset has freed. */
#ifdef FLOW_EXACT
void __asan_poison_memory_region(const volatile void *p, size_t n);
void __asan_unpoison_memory_region(const volatile void *p, size_t n);
#define GAP 16
#else
#define GAP 0
#endif

/* Of [p, end) only the first n bytes may be touched. */
static void only(uint8_t *p, int64_t n, const uint8_t *end) {
#ifdef FLOW_EXACT
    __asan_poison_memory_region(p, (size_t)(end - p));
    __asan_unpoison_memory_region(p, (size_t)n);
#else
    (void)p, (void)n, (void)end;
#endif
}

void *flow_k_alloc(flow_ctx *ctx, int64_t bytes) {
    int64_t n = ((bytes + 7) & ~(int64_t)7) + GAP;
    uint8_t *p = ctx->arena.p;
    if (FLOW_UNLIKELY(ctx->arena.end - p <= n)) {
        p = flow_rt_arena_more(ctx, n);
        only(p, bytes, ctx->arena.end);
        return p;
    }
    ctx->arena.p = p + n;
    only(p, bytes, p + n);
    return p;
}

void *flow_k_mark(flow_ctx *ctx) {
    return ctx->arena.p;
}

/* Chunks are separate pieces of memory: a mark outside the newest one is older than it,
 * so all of the newest is free. */
void flow_k_reset(flow_ctx *ctx, void *mark) {
    uint8_t *to = ctx->arena.p;
    if (FLOW_LIKELY(to == mark)) return; /* nothing was taken: so it is with most rows */
    uintptr_t start = (uintptr_t)ctx->arena.start, end = (uintptr_t)ctx->arena.end;
    ctx->arena.p = (uintptr_t)mark - start <= end - start ? mark : ctx->arena.start;
    if (ctx->arena.p < to) only(ctx->arena.p, 0, to);
}

uint8_t *flow_k_reserve(flow_ctx *ctx, flow_buf *buf, int64_t bytes) {
    if (FLOW_UNLIKELY(buf->end - buf->p < bytes + FLOW_SLACK))
        flow_rt_buf_grow(ctx, buf, bytes + FLOW_SLACK);
    return buf->p;
}

void flow_k_commit(flow_buf *buf, int64_t bytes) {
    buf->p += bytes;
    buf->rows++;
}

void flow_k_copy(uint8_t *dst, const uint8_t *src, int64_t n) {
    if (n <= 0) return; /* the address of empty text may be null */
#ifdef FLOW_EXACT
    __builtin_memcpy(dst, src, (size_t)n);
    return;
#endif
    __builtin_memcpy(dst, src, 16);
    if (FLOW_LIKELY(n <= 16)) return;
    __builtin_memcpy(dst + 16, src + 16, 16);
    if (n > 32) __builtin_memcpy(dst + 32, src + 32, (size_t)(n - 32));
}

flow_buf *flow_k_port(flow_ctx *ctx, int64_t port, int64_t part) {
    return ctx->ports[port] + part;
}

flow_table *flow_k_state(flow_ctx *ctx, int64_t id) {
    return ctx->state[id] + ctx->partition;
}

FLOW_HOT void flow_k_fetch(const void *p) { __builtin_prefetch(p, 0, 2); }

flow_table *flow_k_state_at(flow_ctx *ctx, int64_t id, int64_t part) {
    return ctx->state[id] + part;
}

flow_table *flow_k_partial(flow_ctx *ctx, int64_t id) {
    return ctx->partial + id;
}

int64_t flow_k_ctx_partition(const flow_ctx *ctx) {
    return ctx->partition;
}
int64_t flow_k_ctx_nparts(const flow_ctx *ctx) {
    return ctx->nparts;
}
int64_t flow_k_ctx_now(const flow_ctx *ctx) {
    return ctx->now;
}
int64_t flow_k_ctx_batch(const flow_ctx *ctx) {
    return ctx->batch;
}
int32_t flow_k_ctx_final(const flow_ctx *ctx) {
    return ctx->final != 0;
}
int64_t flow_k_ctx_place(const flow_ctx *ctx) {
    return ctx->place;
}
void flow_k_ctx_set_place(flow_ctx *ctx, int64_t place) {
    ctx->place = place;
}

void flow_k_ctx_set_record(flow_ctx *ctx, const uint8_t *ptr, int64_t len) {
    ctx->record = ptr;
    ctx->record_len = len;
}
