/* k_ring.c - see k_ring.h.  Row number i of the key stands at place i modulo the room. */
#include "runtime/kernel/k_ring.h"

#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_store.h"

typedef struct ring_state {
    uint8_t **at;
    int64_t room, seen, count;
} ring_state;

FLOW_INLINE uint8_t **ring_place(const ring_state *s, int64_t number) {
    return &s->at[number & (s->room - 1)];
}

/* The second u32 of a kept row, zero in one that crosses: it is in saved state. */
FLOW_INLINE uint32_t *ring_saved(uint8_t *row) {
    return (uint32_t *)(void *)row + 1;
}

static FLOW_COLD void ring_gone(flow_ctx *ctx, flow_table *t, int64_t number) {
    if (!t->track) return;
    int64_t len;
    uint8_t *key = k_store_key(ctx, t, flow_k_table_last(t), FLOW_STORE_RING, 8, &len);
    flow_k_key_i64(key + len, number);
    k_track_gone(ctx, t, key, len + 8, FLOW_GONE_ROW);
    flow_k_reset(ctx, key);
}

static void ring_drop_first(flow_ctx *ctx, flow_table *t, ring_state *s) {
    int64_t number = s->seen - s->count;
    uint8_t *row = *ring_place(s, number);
    if (FLOW_UNLIKELY(*ring_saved(row) != 0)) ring_gone(ctx, t, number);
    flow_k_heap_free(ctx, &t->heap, row, flow_k_row_size(row));
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

int32_t flow_k_ring_push(flow_ctx *ctx, flow_table *t, uint64_t *ring, int64_t size,
                         int64_t every, const uint8_t *row) {
    ring_state *s = (ring_state *)ring;
    int64_t bytes = flow_k_row_size(row);
    if (s->count == size) ring_drop_first(ctx, t, s);
    if (s->count == s->room) ring_grow(ctx, &t->heap, s);
    uint8_t *copy = flow_k_heap_alloc(ctx, &t->heap, bytes);
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

void flow_k_ring_empty(flow_ctx *ctx, flow_table *t, uint64_t *ring) {
    ring_state *s = (ring_state *)ring;
    while (s->count) ring_drop_first(ctx, t, s);
}
