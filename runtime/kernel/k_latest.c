/* k_latest.c - see k_latest.h. */
#include "runtime/kernel/k_latest.h"
#include "runtime/kernel/k_compare.h"

typedef struct latest_state {
    uint64_t order[2], now[2], before[2];
} latest_state;

_Static_assert(sizeof(latest_state) == FLOW_LATEST_WORDS * 8, "the state's words");

void flow_k_latest_put(flow_ctx *ctx, flow_table *t, uint64_t *state, const uint8_t *order,
                       int64_t len, const uint64_t *words, const uint8_t *tc) {
    latest_state *s = (latest_state *)state;
    int64_t touched = flow_k_table_touched(t);
    if (ctx->refreshed) flow_k_table_touch(ctx, t);
    if (s->now[0] && flow_k_table_touched(t) == touched) {
        uint64_t old[2];
        flow_k_cell_get(s->order, old);
        if (flow_k_compare_text(order, len, (const uint8_t *)old[0], (int64_t)old[1]) < 0)
            return;
    }
    if (!ctx->refreshed) flow_k_table_touch(ctx, t);
    if (flow_k_table_touched(t) != touched) { /* the first of the batch */
        __builtin_memcpy(s->before, s->now, sizeof s->before);
        s->now[0] = s->now[1] = 0;
    }
    flow_k_cell_set(ctx, &t->heap, s->order, order, len);
    flow_k_blob_set(ctx, &t->heap, s->now, words, tc);
}

void flow_k_latest_refresh(flow_ctx *ctx, flow_table *t) {
    for (int64_t i = 0, end = flow_k_table_end(t); i < end && ctx->refreshed; i++) {
        int64_t touched = flow_k_table_touched(t);
        if (!flow_k_table_live(t, i)) continue;
        flow_k_table_touch_entry(ctx, t, i);
        if (flow_k_table_touched(t) == touched) continue; /* it has a row of this batch */
        latest_state *s = (latest_state *)flow_k_table_words(t, i);
        __builtin_memcpy(s->before, s->now, sizeof s->before);
        s->now[0] = s->now[1] = 0;
    }
}

void flow_k_latest_remove(flow_ctx *ctx, flow_table *t, int64_t entry) {
    latest_state *s = (latest_state *)flow_k_table_words(t, entry);
    flow_k_cell_drop(ctx, &t->heap, s->order);
    flow_k_blob_drop(ctx, &t->heap, s->before);
    flow_k_table_remove(ctx, t, entry);
}
