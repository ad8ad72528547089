/* k_stage.c - see k_stage.h. */
#include "runtime/kernel/k_stage.h"

#include "runtime/kernel/k_cell.h"
#include "runtime/kernel/k_row.h"

#define STAGE_AHEAD_BITS 12 /* an index from 16 KiB: with its entries beyond the first cache */
#define STAGE_BIG_BITS   15 /* an index from 128 KiB: with its entries beyond the second cache */

/* The slot that the search for a key of this hash begins at, or of this number. */
FLOW_INLINE uint64_t table_begin(const flow_table *t, uint64_t hash, int64_t key) {
    if (!t->direct) return hash >> t->shift;
    uint64_t place = table_place(t, key);
    return place <= t->mask ? place : 0;
}

FLOW_INLINE void table_prefetch(const flow_table *t, uint64_t at) {
    if (t->index) __builtin_prefetch(t->index + at, 0, 2);
}

int32_t flow_k_table_big(const flow_table *t) {
    return t->shift <= 64 - STAGE_BIG_BITS;
}

FLOW_HOT void flow_k_stage_text(flow_ctx *ctx, const flow_table *t, uint64_t *slot,
                                const uint8_t *ptr, int64_t len) {
    table_cell c = table_short(ptr, len);
    slot[0] = c.lo;
    slot[1] = c.hi;
    slot[2] = table_hash_cell(ctx->seed, c);
    table_prefetch(t, slot[2] >> t->shift);
}

FLOW_HOT void flow_k_stage_i64(flow_ctx *ctx, const flow_table *t, uint64_t *slot,
                               int64_t key) {
    slot[0] = (uint64_t)key;
    slot[2] = table_hash_i64(ctx->seed, key);
    table_prefetch(t, table_begin(t, slot[2], key));
}

/* The entry that a probe will look at first; the index is there. */
FLOW_INLINE void table_prefetch_entry(const flow_table *t, uint64_t hash, int64_t key) {
    uint32_t at = (uint32_t)table_begin(t, hash, key), mask = t->mask;
    uint32_t want = (uint32_t)hash & ~mask, slot = t->index[at];
    while (!t->direct && slot && ((slot ^ want) > mask || !(slot & mask)))
        slot = t->index[++at & mask];
    if (!slot) return;
    const uint8_t *entry = t->entries + (int64_t)((slot & mask) - 1) * t->stride;
    __builtin_prefetch(entry, 0, 2);
    __builtin_prefetch(entry + t->stride - 8, 0, 2);
}

FLOW_HOT void flow_k_stage_fetch(const flow_table *t, const uint64_t *slot) {
    if (FLOW_LIKELY(t->index != 0)) table_prefetch_entry(t, slot[2], (int64_t)slot[0]);
}

void flow_k_stage_fed(flow_table *t, int64_t rows) { t->fed += rows; }

int32_t flow_k_stage_passes(flow_table *t, int64_t rows) {
    if (FLOW_LIKELY(t->passing <= 0)) return 0;
    t->passing -= rows;
    return 1;
}

void flow_k_stage_key_text(const uint64_t *slot, uint64_t *text) { flow_k_cell_get(slot, text); }

FLOW_HOT uint64_t *flow_k_stage_text_entry(flow_ctx *ctx, flow_table *t,
                                           const uint64_t *slot) {
    table_cell c = {slot[0], slot[1]};
    uint64_t *words = table_find_short(t, slot[2], c);
    if (FLOW_LIKELY(words != 0)) return table_changes(ctx, t, words);
    return table_new_short(ctx, t, slot[2], c.lo, c.hi);
}

FLOW_HOT uint64_t *flow_k_stage_i64_entry(flow_ctx *ctx, flow_table *t,
                                          const uint64_t *slot) {
    return flow_k_table_i64(ctx, t, (int64_t)slot[0]);
}

FLOW_CALLED const uint8_t *flow_k_table_ahead(flow_ctx *ctx, const flow_table *t,
                                              const uint8_t *row, const uint8_t *end,
                                              int64_t key) {
    uint64_t hashes[TABLE_AHEAD];
    int64_t keys[TABLE_AHEAD];
    int n = 0;
    if (t->shift > 64 - STAGE_AHEAD_BITS) return end;
    for (; n < TABLE_AHEAD && row < end; n++, row = flow_k_row_next(row)) {
        const uint64_t *words = (const uint64_t *)(row + key);
        keys[n] = (int64_t)words[0];
        hashes[n] = t->kind == FLOW_TABLE_I64
                        ? table_hash_i64(ctx->seed, keys[n])
                        : table_hash_text(ctx->seed, row + words[0], (int64_t)words[1]);
        table_prefetch(t, table_begin(t, hashes[n], keys[n]));
    }
    for (int i = 0; i < n; i++) table_prefetch_entry(t, hashes[i], keys[i]);
    return row;
}
