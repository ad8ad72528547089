/* k_join_view.c - what a loop of rows that look for others may remember: where the rows of each key
 * stand, by key. */
#include "runtime/kernel/k_join.h"
#include "runtime/kernel/k_mem.h"

#define SEEN_BYTES 128 /* of rows that look, for each entry that is looked at before the first */
#define SEEN_APART 4   /* numbers for each key */

enum { SEEN_lowest, SEEN_slots, SEEN_index };

/* Of one key: where its rows stand, and how many.  One that stands alone stands here. */
typedef struct seen_rows {
    uint64_t rows[2];
    const uint8_t *one;
} seen_rows;

typedef struct seen_keys {
    int64_t count, least, most;
} seen_keys;

static seen_keys seen_keys_of(const flow_table *t, int64_t nparts, int64_t limit) {
    seen_keys k = {0, INT64_MAX, INT64_MIN};
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

static void seen_put(seen_rows *to, const uint64_t *words, int32_t side) {
    flow_k_join_rows(words, side, to->rows);
    if (to->rows[1] != 1) return;
    to->one = flow_k_join_nth(to->rows, 0);
    to->rows[0] = (uint64_t)(uintptr_t)&to->one;
}

void flow_k_join_view(flow_ctx *ctx, int64_t id, int32_t side, int64_t bytes, uint64_t *view) {
    const flow_table *t = flow_k_state_at(ctx, id, 0);
    int64_t limit = bytes / SEEN_BYTES;
    seen_keys k = seen_keys_of(t, ctx->nparts, limit);
    view[SEEN_lowest] = (uint64_t)k.least;
    view[SEEN_slots] = 0;
    uint64_t span = (uint64_t)k.most - (uint64_t)k.least;
    if (!k.count || k.count > limit || span >= (uint64_t)(SEEN_APART * k.count)) return;
    seen_rows *at = flow_k_alloc(ctx, ((int64_t)span + 1) * (int64_t)sizeof *at);
    __builtin_memset(at, 0, (size_t)(span + 1) * sizeof *at);
    for (int64_t p = 0; p < ctx->nparts; p++)
        for (int64_t i = 0; i < flow_k_table_end(&t[p]); i++)
            if (flow_k_table_live(&t[p], i))
                seen_put(&at[(uint64_t)flow_k_table_key_i64(&t[p], i) - (uint64_t)k.least],
                         flow_k_table_words(&t[p], i), side);
    view[SEEN_slots] = span + 1;
    view[SEEN_index] = (uint64_t)(uintptr_t)at;
}

FLOW_HOT int32_t flow_k_join_viewed(const uint64_t *view) { return view[SEEN_slots] != 0; }

FLOW_HOT void flow_k_join_seen(const uint64_t *view, int64_t key, uint64_t *rows) {
    uint64_t place = (uint64_t)key - view[SEEN_lowest];
    rows[0] = rows[1] = 0;
    if (FLOW_UNLIKELY(place >= view[SEEN_slots])) return;
    const seen_rows *at = (const seen_rows *)(uintptr_t)view[SEEN_index] + place;
    rows[0] = at->rows[0];
    rows[1] = at->rows[1];
}
