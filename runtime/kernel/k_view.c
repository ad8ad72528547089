/* k_view.c - see k_view.h. */
#include "runtime/kernel/k_view.h"

#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_stage.h"

#define VIEW_BYTES 128 /* of rows, for each entry that is looked at before the first */
#define VIEW_APART 4   /* numbers for each key */

enum { VIEW_lowest, VIEW_slots, VIEW_index, VIEW_words };

/* The entry before the first is where an empty slot would lead. */
FLOW_HOT void flow_k_table_view(const flow_table *t, uint64_t *view) {
    int known = t->direct && t->index && !t->track && !flow_k_table_big(t);
    view[VIEW_lowest] = (uint64_t)t->lowest;
    view[VIEW_slots] = known ? (uint64_t)t->mask + 1 : 0;
    view[VIEW_index] = (uint64_t)(uintptr_t)t->index;
    view[VIEW_words] = (uint64_t)(uintptr_t)t->entries + 8 - (uint64_t)t->stride;
}

FLOW_HOT uint64_t *flow_k_table_seen(const uint64_t *view, int64_t stride, int64_t key) {
    uint64_t place = (uint64_t)key - view[VIEW_lowest];
    if (FLOW_UNLIKELY(place >= view[VIEW_slots])) return 0;
    uint32_t slot = ((const uint32_t *)(uintptr_t)view[VIEW_index])[place];
    if (FLOW_UNLIKELY(!slot)) return 0;
    return (uint64_t *)(uintptr_t)(view[VIEW_words] + (uint64_t)slot * (uint64_t)stride);
}

/* ---- of a state ---- */

typedef struct view_keys {
    int64_t count, least, most;
} view_keys;

static view_keys view_keys_of(const flow_table *t, int64_t nparts, int64_t limit) {
    view_keys k = {0, INT64_MAX, INT64_MIN};
    for (int64_t p = 0; p < nparts; p++) k.count += flow_k_table_count(&t[p]);
    for (int64_t p = 0; p < nparts && k.count <= limit; p++)
        for (int64_t i = 0; i < flow_k_table_end(&t[p]); i++) {
            if (!flow_k_table_live(&t[p], i)) continue;
            int64_t key = flow_k_table_key_i64(&t[p], i);
            if (key < k.least) k.least = key;
            if (key > k.most) k.most = key;
        }
    return k;
}

void flow_k_state_view(flow_ctx *ctx, int64_t id, int64_t bytes, uint64_t *view) {
    const flow_table *t = flow_k_state_at(ctx, id, 0);
    int64_t limit = bytes / VIEW_BYTES;
    view_keys k = view_keys_of(t, ctx->nparts, limit);
    view[VIEW_lowest] = (uint64_t)k.least;
    view[VIEW_slots] = 0;
    uint64_t span = (uint64_t)k.most - (uint64_t)k.least;
    if (!k.count || k.count > limit || span >= (uint64_t)(VIEW_APART * k.count)) return;
    const uint64_t **at = flow_k_alloc(ctx, ((int64_t)span + 1) * (int64_t)sizeof *at);
    __builtin_memset(at, 0, (size_t)(span + 1) * sizeof *at);
    for (int64_t p = 0; p < ctx->nparts; p++)
        for (int64_t i = 0; i < flow_k_table_end(&t[p]); i++)
            if (flow_k_table_live(&t[p], i))
                at[(uint64_t)flow_k_table_key_i64(&t[p], i) - (uint64_t)k.least] =
                    flow_k_table_words(&t[p], i);
    view[VIEW_slots] = span + 1;
    view[VIEW_index] = (uint64_t)(uintptr_t)at;
}

FLOW_HOT const uint64_t *flow_k_state_seen(const uint64_t *view, int64_t key) {
    uint64_t place = (uint64_t)key - view[VIEW_lowest];
    const uint64_t *const *at = (const uint64_t *const *)(uintptr_t)view[VIEW_index];
    return place < view[VIEW_slots] ? at[place] : 0;
}
