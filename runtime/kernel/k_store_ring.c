/* k_store_ring.c - the rows of windows of rows, saved and loaded.
 *
 *   key of the entry, number of the row -> encoded row
 *
 * The entry itself says how many rows came, and how many of them, the last, are in. */
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_ring.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_store.h"

static void ring_put_row(flow_ctx *ctx, flow_table *t, int64_t entry, int64_t number,
                         uint8_t *row, flow_bytes *out) {
    int64_t len, size = flow_k_row_size(row);
    uint8_t *key = k_store_key(ctx, t, entry, FLOW_STORE_RING, 8, &len);
    flow_k_key_i64(key + len, number);
    uint8_t *value = k_store_put(ctx, out, key, len + 8, size);
    __builtin_memcpy(value, row, (size_t)size);
    __builtin_memset(value + 4, 0, 4);
    *ring_saved(row) = 1;
    flow_k_reset(ctx, key);
}

void k_store_save_ring(flow_ctx *ctx, flow_table *t, int32_t full, flow_bytes *out) {
    k_store_walk walk = k_store_open(ctx, t, full);
    for (int64_t entry; (entry = k_store_next(&walk)) >= 0;) {
        const ring_state *s = (const ring_state *)flow_k_table_words(t, entry);
        for (int64_t i = s->seen - s->count; i < s->seen; i++) {
            uint8_t *row = *ring_place(s, i);
            if (full || !*ring_saved(row)) ring_put_row(ctx, t, entry, i, row, out);
        }
    }
}

/* The first row finds a ring as it was before these rows came: then they come one by one. */
int32_t k_store_load_ring(flow_ctx *ctx, flow_table *t, const flow_layout *l,
                          flow_saved_in *key, flow_saved_in *value) {
    int64_t entry = k_store_entry(ctx, t, l, key), number = k_store_key_i64(key);
    const uint8_t *row = k_store_row(ctx, value, l->rows[0]);
    if (entry < 0 || !row || key->bad || key->p != key->end) return 0;
    ring_state *s = (ring_state *)flow_k_table_words(t, entry);
    if (!s->room) {
        if (s->count < 1 || s->count > s->seen) return 0;
        s->seen -= s->count;
        s->count = 0;
    }
    if (number != s->seen || s->seen == INT64_MAX) return 0;
    if (s->count == s->room) ring_grow(ctx, &t->heap, s);
    int64_t bytes = value->p - row;
    uint8_t *copy = flow_k_heap_alloc(ctx, &t->heap, bytes);
    __builtin_memcpy(copy, row, (size_t)bytes);
    *ring_saved(copy) = 1;
    *ring_place(s, s->seen++) = copy;
    s->count++;
    return 1;
}

/* An entry that says more than there is would lead to rows that are not there. */
void k_store_end_ring(flow_ctx *ctx, flow_table *t) {
    (void)ctx;
    K_STORE_ALL(t, entry) {
        ring_state *s = (ring_state *)flow_k_table_words(t, entry);
        if (!s->room) s->count = 0;
    }
}
