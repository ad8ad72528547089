/* k_ring.c - see k_ring.h.  Row number i of the key stands at place i modulo the room. */
#include "runtime/kernel/k_ring.h"

#include "runtime/kernel/k_row.h"

typedef struct ring_state {
    uint8_t **at;
    int64_t room, seen, count;
} ring_state;

FLOW_INLINE uint8_t **ring_place(const ring_state *s, int64_t number) {
    return &s->at[number & (s->room - 1)];
}

static void ring_drop_first(flow_ctx *ctx, flow_heap *heap, ring_state *s) {
    uint8_t *row = *ring_place(s, s->seen - s->count);
    flow_k_heap_free(ctx, heap, row, flow_k_row_size(row));
    s->count--;
}

static void ring_grow(flow_ctx *ctx, flow_heap *heap, ring_state *s) {
    ring_state old = *s;
    s->room = old.room ? 2 * old.room : 4;
    s->at = flow_k_heap_alloc(ctx, heap, s->room * (int64_t)sizeof *s->at);
    for (int64_t i = s->seen - s->count; i < s->seen; i++)
        *ring_place(s, i) = *ring_place(&old, i);
    if (old.room) flow_k_heap_free(ctx, heap, old.at, old.room * (int64_t)sizeof *s->at);
}

int32_t flow_k_ring_push(flow_ctx *ctx, flow_heap *heap, uint64_t *ring, int64_t size,
                         int64_t every, const uint8_t *row) {
    ring_state *s = (ring_state *)ring;
    int64_t bytes = flow_k_row_size(row);
    if (s->count == size) ring_drop_first(ctx, heap, s);
    if (s->count == s->room) ring_grow(ctx, heap, s);
    uint8_t *copy = flow_k_heap_alloc(ctx, heap, bytes);
    __builtin_memcpy(copy, row, (size_t)bytes);
    *ring_place(s, s->seen) = copy;
    s->seen++;
    s->count++;
    return s->seen % every == 0;
}

int64_t flow_k_ring_count(const uint64_t *ring) {
    return ((const ring_state *)ring)->count;
}

const uint8_t *flow_k_ring_row(const uint64_t *ring, int64_t i) {
    const ring_state *s = (const ring_state *)ring;
    return *ring_place(s, s->seen - s->count + i);
}

int64_t flow_k_ring_index(const uint64_t *ring, int64_t every) {
    return (((const ring_state *)ring)->seen - 1) / every;
}

void flow_k_ring_empty(flow_ctx *ctx, flow_heap *heap, uint64_t *ring) {
    ring_state *s = (ring_state *)ring;
    while (s->count) ring_drop_first(ctx, heap, s);
}
