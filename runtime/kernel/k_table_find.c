/* k_table_find.c - tables: from a key to its entry.
 *
 * Integers and short texts are compared where they stand in the entry; of a longer text the
 * entry has the length, the first bytes and the address of a copy. */
#include "runtime/kernel/k_cell.h"
#include "runtime/kernel/k_hash.h"
#include "runtime/kernel/k_table.h"
#include "runtime/kernel/k_track.h"

/* A slot d is a candidate when it differs from `want` in the number only.  An empty slot
 * can be one too (when the hash has zeros there), so the number is looked at. */
#define TABLE_PROBE(t, hash, same, found)                                                \
    do {                                                                                 \
        uint32_t at_ = (uint32_t)((hash) >> (t)->shift);                                 \
        uint32_t mask_ = (t)->mask, want_ = (uint32_t)(hash) & ~mask_;                   \
        for (;;) {                                                                       \
            uint32_t slot_ = (t)->index[at_];                                            \
            if ((slot_ ^ want_) <= mask_ && FLOW_LIKELY(slot_ & mask_)) {                \
                uint32_t entry = (slot_ & mask_) - 1;                                    \
                uint64_t *e = table_entry((t), entry);                                   \
                if (FLOW_LIKELY(same)) {                                                 \
                    found;                                                               \
                }                                                                        \
            }                                                                            \
            if (!slot_) break;                                                           \
            at_ = (at_ + 1) & mask_;                                                     \
        }                                                                                \
    } while (0)

FLOW_INLINE uint64_t *table_found(flow_table *t, uint32_t entry, uint64_t *words) {
    t->last = entry;
    t->fresh = 0;
    return words;
}

#define TABLE_NONE UINT32_MAX

/* The entry of a key, or none. */
FLOW_INLINE uint32_t table_seek_i64(const flow_table *t, uint64_t seed, int64_t key) {
    if (FLOW_UNLIKELY(!t->index)) return TABLE_NONE;
    if (t->direct) {
        uint64_t place = table_place(t, key);
        uint32_t slot = place <= t->mask ? t->index[place] : 0;
        return slot - 1;
    }
    uint64_t hash = table_hash_i64(seed, key);
    TABLE_PROBE(t, hash, (int64_t)e[0] == key, return entry);
    return TABLE_NONE;
}

FLOW_INLINE uint32_t table_seek_short(const flow_table *t, uint64_t hash, table_cell c) {
    if (FLOW_UNLIKELY(!t->index)) return TABLE_NONE;
    TABLE_PROBE(t, hash, e[0] == c.lo && e[1] == c.hi, return entry);
    return TABLE_NONE;
}

static uint32_t table_seek_long(const flow_table *t, uint64_t hash, const uint8_t *ptr,
                                int64_t len) {
    uint64_t head = table_long(ptr, len);
    if (!t->index) return TABLE_NONE;
    TABLE_PROBE(t, hash,
                e[0] == head &&
                    !__builtin_memcmp((const uint8_t *)e[1], ptr, (size_t)len),
                return entry);
    return TABLE_NONE;
}

FLOW_INLINE uint64_t *table_find_i64(flow_table *t, uint64_t seed, int64_t key) {
    uint32_t entry = table_seek_i64(t, seed, key);
    return FLOW_LIKELY(entry != TABLE_NONE) ? table_found(t, entry, table_entry(t, entry) + 1) : 0;
}

FLOW_INLINE uint64_t *table_find_short(flow_table *t, uint64_t hash, table_cell c) {
    uint32_t entry = table_seek_short(t, hash, c);
    return FLOW_LIKELY(entry != TABLE_NONE) ? table_found(t, entry, table_entry(t, entry) + 2) : 0;
}

static uint64_t *table_find_long(flow_table *t, uint64_t hash, const uint8_t *ptr,
                                 int64_t len) {
    uint32_t entry = table_seek_long(t, hash, ptr, len);
    return entry != TABLE_NONE ? table_found(t, entry, table_entry(t, entry) + 2) : 0;
}

static uint64_t *table_new_short(flow_ctx *ctx, flow_table *t, uint64_t hash, uint64_t lo,
                                 uint64_t hi) {
    uint64_t *e = table_insert(ctx, t, hash);
    e[0] = lo;
    e[1] = hi;
    return e + 2;
}

/* A probe that may change what it has found. */
FLOW_INLINE uint64_t *table_changes(flow_ctx *ctx, flow_table *t, uint64_t *words) {
    k_track_note(ctx, t, t->last);
    return words;
}

static FLOW_CALLED uint64_t *table_new_long(flow_ctx *ctx, flow_table *t, uint64_t hash,
                                            const uint8_t *ptr, int64_t len) {
    uint64_t *e = table_insert(ctx, t, hash);
    uint8_t *copy = flow_k_heap_alloc(ctx, &t->heap, len);
    __builtin_memcpy(copy, ptr, (size_t)len);
    e[0] = table_long(ptr, len);
    e[1] = (uint64_t)copy;
    return e + 2;
}

static FLOW_CALLED uint64_t *table_text_long(flow_ctx *ctx, flow_table *t, const uint8_t *ptr,
                                             int64_t len) {
    uint64_t hash = flow_k_hash_bytes(ctx->seed, ptr, len);
    uint64_t *words = table_find_long(t, hash, ptr, len);
    return words ? table_changes(ctx, t, words) : table_new_long(ctx, t, hash, ptr, len);
}

FLOW_HOT uint64_t *flow_k_table_i64(flow_ctx *ctx, flow_table *t, int64_t key) {
    uint64_t *words = table_find_i64(t, ctx->seed, key);
    if (FLOW_LIKELY(words != 0)) return table_changes(ctx, t, words);
    return table_new_i64(ctx, t, key);
}

FLOW_HOT uint64_t *flow_k_table_text(flow_ctx *ctx, flow_table *t, const uint8_t *ptr,
                                     int64_t len) {
    if (FLOW_UNLIKELY(len > TABLE_INLINE)) return table_text_long(ctx, t, ptr, len);
    table_cell c = table_short(ptr, len);
    uint64_t hash = table_hash_cell(ctx->seed, c);
    uint64_t *words = table_find_short(t, hash, c);
    if (FLOW_LIKELY(words != 0)) return table_changes(ctx, t, words);
    return table_new_short(ctx, t, hash, c.lo, c.hi);
}

FLOW_HOT uint64_t *flow_k_table_wide(flow_ctx *ctx, flow_table *t, const uint8_t *ptr,
                                     int64_t len) {
    uint64_t hash = flow_k_hash_wide(ctx->seed, ptr, len), head = table_long(ptr, len);
    if (FLOW_LIKELY(t->index != 0))
        TABLE_PROBE(t, hash,
                    e[0] == head && table_same_wide((const uint8_t *)e[1], ptr, len),
                    return table_changes(ctx, t, table_found(t, entry, e + 2)));
    return table_new_long(ctx, t, hash, ptr, len);
}

uint64_t *flow_k_table_find_i64(flow_ctx *ctx, flow_table *t, int64_t key) {
    return table_find_i64(t, ctx->seed, key);
}

uint64_t *flow_k_table_find_text(flow_ctx *ctx, flow_table *t, const uint8_t *ptr,
                                 int64_t len) {
    if (FLOW_UNLIKELY(len > TABLE_INLINE))
        return table_find_long(t, flow_k_hash_bytes(ctx->seed, ptr, len), ptr, len);
    table_cell c = table_short(ptr, len);
    return table_find_short(t, table_hash_cell(ctx->seed, c), c);
}

const uint64_t *flow_k_table_look_i64(const flow_ctx *ctx, const flow_table *t, int64_t key) {
    uint32_t entry = table_seek_i64(t, ctx->seed, key);
    return entry != TABLE_NONE ? table_entry(t, entry) + 1 : 0;
}

const uint64_t *flow_k_table_look_text(const flow_ctx *ctx, const flow_table *t,
                                       const uint8_t *ptr, int64_t len) {
    uint32_t entry;
    if (FLOW_UNLIKELY(len > TABLE_INLINE)) {
        entry = table_seek_long(t, flow_k_hash_bytes(ctx->seed, ptr, len), ptr, len);
    } else {
        table_cell c = table_short(ptr, len);
        entry = table_seek_short(t, table_hash_cell(ctx->seed, c), c);
    }
    return entry != TABLE_NONE ? table_entry(t, entry) + 2 : 0;
}

int32_t flow_k_table_fresh(const flow_table *t) {
    return (int32_t)t->fresh;
}
int64_t flow_k_table_last(const flow_table *t) {
    return t->last;
}
