/* k_table.c - the hash table.
 *
 * Measured against groups of eight index slots compared as vectors and against entries
 * that lie in the slots themselves (word count, 5,000 and 100,000 different words): a
 * plain walk over 32-bit slots at a load of at most 5/8 wins over the groups everywhere
 * and loses to inline slots by half a nanosecond only where all fits the first cache;
 * beyond that the dense entries win, and cost half the memory.
 *
 * A slot holds the entry's number + 1 in its low bits, as many as the index has, and the
 * hash in the rest, so a probe reads an entry of another key once in thousands of times.
 * Keys are hashed again when the index grows.  Removing closes the gap in the index
 * (backward shift), so there are no tombstones.
 *
 * Whenever an index of integer keys is made, and all of them are within as many numbers as
 * it has slots, each gets the slot of its number (`direct`): no hash, no other key in the
 * way, nothing to compare.  A key that comes later and is too far away ends that: then the
 * keys are hashed until the index grows.  So nobody can make keys collide. */
#include "runtime/kernel/k_table.h"
#include "runtime/kernel/k_cell.h"
#include "runtime/kernel/k_cold.h"
#include "runtime/kernel/k_hash.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_pane.h"
#include "runtime/kernel/k_track.h"

#define TABLE_FIRST_BITS 8
#define TABLE_PAD        64 /* readable behind the entries */
#define TABLE_KEPT       (16 * 1024) /* entries that a clear keeps however few were used */
#define TABLE_AHEAD      32 /* rows whose entries are fetched at once */
#define TABLE_SPARSE_BITS 15 /* an index of 128 KiB */
/* A limit grows if a row more than one in so many met a known key; of fewer than one in so many
 * a table that may not grow is of no use. */
#define TABLE_AGAIN      8
#define TABLE_USEFUL     3
#define TABLE_PASSING    15 /* so many times as many rows pass a useless table, then it is tried again */

FLOW_INLINE uint64_t *table_entry(const flow_table *t, uint32_t entry) {
    return (uint64_t *)(t->entries + (int64_t)entry * t->stride);
}

FLOW_INLINE uint64_t table_hash_entry(const flow_table *t, uint64_t seed,
                                      uint32_t entry) {
    const uint64_t *e = table_entry(t, entry);
    if (t->kind == FLOW_TABLE_I64) return table_hash_i64(seed, (int64_t)e[0]);
    int64_t len = (uint32_t)e[0];
    if (len > TABLE_INLINE) return flow_k_hash_bytes(seed, (const uint8_t *)e[1], len);
    table_cell c = {e[0], e[1]};
    return table_hash_cell(seed, c);
}

/* The slot of a key in a direct index, which is beyond `mask` if it can have none. */
FLOW_INLINE uint64_t table_place(const flow_table *t, int64_t key) {
    return (uint64_t)key - (uint64_t)t->lowest;
}

/* Where the search for an entry begins. */
FLOW_INLINE uint32_t table_home(const flow_table *t, uint64_t seed, uint32_t entry) {
    if (t->direct) return (uint32_t)table_place(t, (int64_t)table_entry(t, entry)[0]);
    return (uint32_t)(table_hash_entry(t, seed, entry) >> t->shift);
}

/* ---- memory ---------------------------------------------------------------------- */

void flow_k_table_init(flow_table *t, int64_t kind, int64_t words) {
    __builtin_memset(t, 0, sizeof *t);
    t->kind = (uint32_t)kind;
    t->words = (uint32_t)words;
    t->stride = (kind == FLOW_TABLE_I64 ? 8 : 16) + 8 * words;
    t->shift = 63;
}

static void bits_release(flow_ctx *ctx, flow_bits *b) {
    if (b->words) flow_rt_mem_free(ctx, b->words, b->room * 8);
    b->words = 0;
    b->room = 0;
}

/* Sets a bit; tells whether it was set. */
static int bits_set(flow_ctx *ctx, flow_bits *b, uint32_t i) {
    int64_t word = i >> 6;
    if (FLOW_UNLIKELY(word >= b->room)) {
        int64_t room = b->room ? b->room * 2 : 128;
        while (room <= word)
            room *= 2;
        b->words = b->words ? flow_rt_mem_resize(ctx, b->words, b->room * 8, room * 8)
                            : flow_rt_mem_alloc(ctx, room * 8);
        b->room = room;
    }
    uint64_t bit = (uint64_t)1 << (i & 63), was = b->words[word];
    b->words[word] = was | bit;
    return (was & bit) != 0;
}

FLOW_INLINE int bits_get(const flow_bits *b, uint32_t i) {
    return (int64_t)(i >> 6) < b->room && (b->words[i >> 6] >> (i & 63) & 1);
}

void k_table_give_back(flow_ctx *ctx, flow_table *t) {
    flow_table was = *t;
    if (t->index) flow_rt_mem_free(ctx, t->index, ((int64_t)t->mask + 1) * 4);
    if (t->entries) flow_rt_mem_free(ctx, t->entries, t->entry_bytes);
    if (t->dirty) flow_rt_mem_free(ctx, t->dirty, t->dirty_room * 4);
    bits_release(ctx, &t->dirty_bits);
    bits_release(ctx, &t->removed_bits);
    flow_k_heap_release(ctx, &t->heap);
    flow_k_table_init(t, t->kind, t->words);
    t->limit = was.limit;
    t->most = was.most;
    t->passing = was.passing;
    t->first_bits = was.first_bits;
    t->panes = was.panes;
    t->track = was.track;
}

void flow_k_table_release(flow_ctx *ctx, flow_table *t) {
    if (t->track) k_track_off(ctx, t);
    if (t->panes) k_panes_release(ctx, t);
    t->first_bits = 0;
    k_table_give_back(ctx, t);
}

static void table_put(flow_table *t, uint64_t hash, uint32_t entry) {
    uint32_t at = (uint32_t)(hash >> t->shift);
    while (t->index[at])
        at = (at + 1) & t->mask;
    t->index[at] = ((uint32_t)hash & ~t->mask) | (entry + 1);
}

/* The slot of a living entry. */
static uint32_t table_slot(const flow_table *t, uint64_t seed, uint32_t entry) {
    uint32_t at = table_home(t, seed, entry);
    while ((t->index[at] & t->mask) != entry + 1)
        at = (at + 1) & t->mask;
    return at;
}

/* How many entries an index of 2^bits slots leads to.  Half as many in a partial table that
 * is small enough for the near caches: a key that is not in its first slot costs a branch
 * that nobody could predict, and of these tables there are few, so memory does not count.
 * A direct index has no such keys. */
FLOW_INLINE int64_t table_index_room(const flow_table *t, int64_t bits) {
    int sparse = t->limit && !t->direct && bits <= TABLE_SPARSE_BITS;
    return ((int64_t)(sparse ? 5 : 10) << bits) / 16;
}

static void table_set_room(flow_table *t) {
    int64_t by_index = table_index_room(t, 64 - t->shift);
    t->room = (uint32_t)(by_index < t->entry_room ? by_index : t->entry_room);
}

FLOW_INLINE int table_is_live(const flow_table *t, uint32_t entry) {
    return !t->removed || !bits_get(&t->removed_bits, entry);
}

/* All living entries get a slot.  Slots are anywhere in memory: those of the next few entries
 * are fetched before the first of them is looked at. */
static void table_put_all(flow_ctx *ctx, flow_table *t) {
    uint64_t hashes[TABLE_AHEAD];
    uint32_t entries[TABLE_AHEAD];
    for (uint32_t i = 0; i < t->end;) {
        uint32_t n = 0;
        for (; n < TABLE_AHEAD && i < t->end; i++) {
            if (!table_is_live(t, i)) continue;
            entries[n] = i;
            hashes[n] = table_hash_entry(t, ctx->seed, i);
            __builtin_prefetch(t->index + (hashes[n++] >> t->shift), 0, 2);
        }
        for (uint32_t k = 0; k < n; k++) table_put(t, hashes[k], entries[k]);
    }
}

/* Can each key have the slot of its number?  Room that is left goes to both sides. */
static int table_is_dense(flow_table *t) {
    int64_t least = INT64_MAX, most = INT64_MIN;
    if (t->kind != FLOW_TABLE_I64) return 0;
    for (uint32_t i = 0; i < t->end; i++) {
        if (!table_is_live(t, i)) continue;
        int64_t key = (int64_t)table_entry(t, i)[0];
        if (key < least) least = key;
        if (key > most) most = key;
    }
    uint64_t range = (uint64_t)most - (uint64_t)least;
    if (least > most || range > t->mask) return 0;
    t->lowest = (int64_t)((uint64_t)least - (t->mask - range) / 2);
    return 1;
}

static void table_put_direct(flow_table *t) {
    for (uint32_t i = 0; i < t->end; i++)
        if (table_is_live(t, i))
            t->index[table_place(t, (int64_t)table_entry(t, i)[0])] = i + 1;
}

/* The old index goes first, so that the two are never counted at once; an allocation
 * that does not come back leaves a table without one. */
static void table_make_index(flow_ctx *ctx, flow_table *t, int bits) {
    if (t->index) flow_rt_mem_free(ctx, t->index, ((int64_t)t->mask + 1) * 4);
    t->index = 0;
    t->shift = (uint32_t)(64 - bits);
    if (bits > 32) __builtin_trap(); /* the entries alone would be 60 GB */
    t->mask = (uint32_t)(((uint64_t)1 << bits) - 1);
    t->index = flow_rt_mem_alloc(ctx, ((int64_t)t->mask + 1) * 4);
    t->direct = (uint32_t)table_is_dense(t);
    if (t->direct) table_put_direct(t);
    else table_put_all(ctx, t);
}

/* An index for so many entries. */
static void table_fit_index(flow_ctx *ctx, flow_table *t, int64_t entries) {
    int bits = t->first_bits ? (int)t->first_bits : TABLE_FIRST_BITS;
    while (table_index_room(t, bits) < entries) bits++;
    table_make_index(ctx, t, bits);
    table_set_room(t);
}

static void table_grow_index(flow_ctx *ctx, flow_table *t) {
    int first = t->first_bits ? (int)t->first_bits : TABLE_FIRST_BITS;
    table_make_index(ctx, t, t->index ? 64 - (int)t->shift + 1 : first);
}

/* Memory for so many entries, and as many more as that memory really has. */
static void table_resize_entries(flow_ctx *ctx, flow_table *t, int64_t room) {
    int64_t bytes = flow_rt_mem_size(room * t->stride + TABLE_PAD);
    if (t->entries)
        t->entries = flow_rt_mem_resize(ctx, t->entries, t->entry_bytes, bytes);
    else
        t->entries = flow_rt_mem_alloc(ctx, bytes);
    t->entry_bytes = bytes;
    t->entry_room = (bytes - TABLE_PAD) / t->stride;
}

/* A quarter more at least.  A partial table is one of few and bounded, and grows while all
 * workers run, which a moved mapping holds up: it doubles. */
static void table_grow_entries(flow_ctx *ctx, flow_table *t) {
    int64_t old = t->entry_room, room = t->limit ? 2 * old + 8 : old / 4 * 5 + 8;
    table_resize_entries(ctx, t, t->first_bits && !old ? 2 : room);
}

void k_table_grow(flow_ctx *ctx, flow_table *t) {
    if (t->end >= t->entry_room) table_grow_entries(ctx, t);
    if (!t->index || t->end >= table_index_room(t, 64 - t->shift)) table_grow_index(ctx, t);
    table_set_room(t);
}

void k_table_like(flow_ctx *ctx, flow_table *t, const flow_table *like) {
    if (t->index || t->entries || !like->index) return;
    table_resize_entries(ctx, t, (like->entry_bytes - TABLE_PAD) / like->stride);
    table_make_index(ctx, t, 64 - (int)like->shift);
    t->direct = like->direct;
    t->lowest = like->lowest;
    table_set_room(t);
}

/* An entry of zeros, which has no slot. */
static uint64_t *table_add(flow_ctx *ctx, flow_table *t) {
    uint32_t entry = t->end;
    if (t->unused) {
        entry = t->unused - 1;
        t->unused = (uint32_t)table_entry(t, entry)[0];
        t->removed--;
        t->removed_bits.words[entry >> 6] &= ~((uint64_t)1 << (entry & 63));
    } else {
        if (entry >= t->room) k_table_grow(ctx, t);
        t->end++;
    }
    t->last = entry;
    t->fresh = 1;
    k_track_note(ctx, t, entry);
    uint64_t *e = table_entry(t, entry);
    __builtin_memset(e, 0, (size_t)t->stride);
    return e;
}

/* The same with the slot of its hash. */
static FLOW_CALLED uint64_t *table_insert(flow_ctx *ctx, flow_table *t, uint64_t hash) {
    uint64_t *e = table_add(ctx, t);
    table_put(t, hash, t->last);
    return e;
}

/* A key that is too far from the others for a slot of its own: from now on all are hashed.
 * It may be that of an entry that has no slot yet, and gets one here. */
static FLOW_COLD void table_scatter(flow_ctx *ctx, flow_table *t) {
    t->direct = 0;
    table_set_room(t);
    __builtin_memset(t->index, 0, ((size_t)t->mask + 1) * 4);
    table_put_all(ctx, t);
}

static FLOW_CALLED uint64_t *table_new_i64(flow_ctx *ctx, flow_table *t, int64_t key) {
    uint64_t *e = table_add(ctx, t);
    e[0] = (uint64_t)key;
    if (!t->direct) table_put(t, table_hash_i64(ctx->seed, key), t->last);
    else if (FLOW_LIKELY(table_place(t, key) <= t->mask))
        t->index[table_place(t, key)] = t->last + 1;
    else table_scatter(ctx, t);
    return e + 1;
}

/* ---- entries --------------------------------------------------------------------- */

int64_t flow_k_table_count(const flow_table *t) {
    return (int64_t)t->end - t->removed;
}
int64_t flow_k_table_end(const flow_table *t) {
    return t->end;
}

int32_t flow_k_table_live(const flow_table *t, int64_t entry) {
    return table_is_live(t, (uint32_t)entry);
}

uint64_t *flow_k_table_words(const flow_table *t, int64_t entry) {
    return table_entry(t, (uint32_t)entry) + (t->kind == FLOW_TABLE_I64 ? 1 : 2);
}

int64_t flow_k_table_key_i64(const flow_table *t, int64_t entry) {
    return (int64_t)table_entry(t, (uint32_t)entry)[0];
}

void flow_k_table_key_text(const flow_table *t, int64_t entry, uint64_t *text) {
    flow_k_cell_get(table_entry(t, (uint32_t)entry), text);
}

/* Moves the slots behind a freed one that would otherwise be cut off from their place. */
static void table_close_gap(flow_ctx *ctx, flow_table *t, uint32_t gap) {
    uint32_t mask = t->mask, at = gap;
    t->index[gap] = 0;
    if (t->direct) return;
    for (;;) {
        at = (at + 1) & mask;
        uint32_t slot = t->index[at];
        if (!slot) return;
        uint32_t home = table_home(t, ctx->seed, (slot & mask) - 1);
        if (((at - home) & mask) < ((at - gap) & mask)) continue;
        t->index[gap] = slot;
        t->index[at] = 0;
        gap = at;
    }
}

void flow_k_table_remove(flow_ctx *ctx, flow_table *t, int64_t entry) {
    uint32_t n = (uint32_t)entry;
    uint64_t *e = table_entry(t, n);
    if (FLOW_UNLIKELY(t->track != 0)) k_track_remove(ctx, t, entry);
    table_close_gap(ctx, t, table_slot(t, ctx->seed, n));
    if (t->kind == FLOW_TABLE_TEXT) flow_k_cell_drop(ctx, &t->heap, e);
    bits_set(ctx, &t->removed_bits, n);
    e[0] = t->unused;
    t->unused = n + 1;
    t->removed++;
}

/* A nearly empty index is emptied slot by slot: small batches clear often. */
void flow_k_table_clear(flow_ctx *ctx, flow_table *t) {
    if (t->track) k_track_clear(ctx, t);
    if (FLOW_UNLIKELY(t->entry_bytes >= TABLE_KEPT && (int64_t)t->end * 8 < t->entry_room)) {
        k_table_give_back(ctx, t);
        return;
    }
    if (t->index) {
        if (t->end < t->mask / 16 && !t->removed) {
            for (uint32_t i = 0; i < t->end; i++)
                t->index[table_slot(t, ctx->seed, i)] = 0;
        } else {
            __builtin_memset(t->index, 0, ((size_t)t->mask + 1) * 4);
        }
    }
    flow_k_table_clean(t);
    if (t->removed_bits.words)
        __builtin_memset(t->removed_bits.words, 0, (size_t)t->removed_bits.room * 8);
    t->end = t->removed = t->unused = t->fresh = t->last = 0;
    t->fed = 0;
    t->waits = 0;
    if (t->heap.bytes >= TABLE_KEPT && t->heap.used < t->heap.bytes / 8)
        flow_k_heap_release(ctx, &t->heap);
    else if (t->heap.chunks)
        flow_k_heap_clear(ctx, &t->heap);
}

/* ---- what changed ---------------------------------------------------------------- */

void flow_k_table_touch_entry(flow_ctx *ctx, flow_table *t, int64_t entry) {
    k_track_note(ctx, t, entry);
    if (bits_set(ctx, &t->dirty_bits, (uint32_t)entry)) return;
    if (FLOW_UNLIKELY(t->dirty_count == t->dirty_room)) {
        int64_t room = t->dirty_room ? t->dirty_room * 2 : 256;
        t->dirty = t->dirty
                       ? flow_rt_mem_resize(ctx, t->dirty, t->dirty_room * 4, room * 4)
                       : flow_rt_mem_alloc(ctx, room * 4);
        t->dirty_room = room;
    }
    t->dirty[t->dirty_count++] = (uint32_t)entry;
}

void flow_k_table_touch(flow_ctx *ctx, flow_table *t) {
    flow_k_table_touch_entry(ctx, t, t->last);
}

void flow_k_table_note_touched(flow_ctx *ctx, flow_table *t) {
    for (int64_t i = 0; t->track && i < t->dirty_count; i++)
        k_track_mark(ctx, t, t->dirty[i]);
}

int64_t flow_k_table_touched(const flow_table *t) {
    return t->dirty_count;
}

void flow_k_table_clean(flow_table *t) {
    for (int64_t i = 0; i < t->dirty_count; i++)
        t->dirty_bits.words[t->dirty[i] >> 6] = 0;
    t->dirty_count = 0;
}

void flow_k_table_note(flow_ctx *ctx, flow_table *t, int64_t entry) {
    k_track_note(ctx, t, entry);
}

/* ---- size ------------------------------------------------------------------------ */

flow_heap *flow_k_table_heap(flow_table *t) {
    return &t->heap;
}

int64_t flow_k_table_bytes(const flow_table *t) {
    int64_t n = t->heap.bytes + t->dirty_room * 4;
    n += (t->dirty_bits.room + t->removed_bits.room) * 8;
    if (t->index) n += ((int64_t)t->mask + 1) * 4;
    if (t->panes) n += k_panes_bytes(t);
    return n + t->entry_bytes + k_track_bytes(t);
}

int32_t flow_k_table_full(flow_table *t) {
    if (!t->limit) return 0;
    int64_t panes = t->panes ? k_panes_used(t) : 0;
    if ((int64_t)t->end * t->stride + t->heap.used + panes < t->limit) return 0;
    int64_t again = t->fed - t->end;
    if (t->limit < t->most && again >= t->fed / TABLE_AGAIN) {
        t->limit = 2 * t->limit < t->most ? 2 * t->limit : t->most;
        return 0;
    }
    if (again < t->fed / (t->limit < t->most ? TABLE_AGAIN : TABLE_USEFUL))
        t->passing = TABLE_PASSING * t->fed;
    return 1;
}
