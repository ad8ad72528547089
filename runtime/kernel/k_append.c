/* k_append.c - see k_append.h. */
#include "runtime/kernel/k_append.h"

#include "runtime/kernel/k_heap.h"

void k_append_room(flow_ctx *ctx, flow_table *t, int64_t entries) {
    if (entries > t->entry_room) table_resize_entries(ctx, t, entries);
}

static uint64_t *table_append(flow_ctx *ctx, flow_table *t) {
    if (t->end >= t->entry_room) table_grow_entries(ctx, t);
    uint64_t *e = table_entry(t, t->end++);
    __builtin_memset(e, 0, (size_t)t->stride);
    return e;
}

uint64_t *k_append_i64(flow_ctx *ctx, flow_table *t, int64_t key) {
    if (t->end && (int64_t)table_entry(t, t->end - 1)[0] == key) return 0;
    uint64_t *e = table_append(ctx, t);
    e[0] = (uint64_t)key;
    return e + 1;
}

uint64_t *k_append_text(flow_ctx *ctx, flow_table *t, const uint8_t *ptr, int64_t len) {
    uint64_t text[2];
    if (t->end) {
        flow_k_table_key_text(t, t->end - 1, text);
        if ((int64_t)text[1] == len && !__builtin_memcmp((const void *)text[0], ptr, (size_t)len))
            return 0;
    }
    uint64_t *e = table_append(ctx, t);
    flow_k_cell_set(ctx, &t->heap, e, ptr, len);
    return e + 2;
}

void k_append_end(flow_ctx *ctx, flow_table *t) {
    if (!t->index && t->end) table_fit_index(ctx, t, t->end);
}
