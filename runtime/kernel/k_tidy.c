/* k_tidy.c - see k_tidy.h.
 *
 * Renumbering was chosen over reusing low numbers first, which gives memory back only when
 * the keys of high numbers happen to go, and over saving and loading the whole table,
 * which needs its memory twice while the budget may be short. */
#include "runtime/kernel/k_tidy.h"

#include "runtime/kernel/k_cold.h"
#include "runtime/kernel/k_join.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_pane.h"
#include "runtime/kernel/k_timer.h"
#include "runtime/kernel/k_track.h"

#define TIDY_LEAST (8 * 1024) /* bytes of entries that are not worth the work */

FLOW_INLINE int tidy_wanted(const flow_table *t) {
    return t->removed && t->removed >= t->end - t->end / 4 &&
           t->removed * t->stride >= TIDY_LEAST && !t->dirty_count;
}

static uint32_t tidy_bits_word(const flow_table *t, int64_t word) {
    uint64_t gone = word < t->removed_bits.room ? t->removed_bits.words[word] : 0;
    return (uint32_t)(64 - __builtin_popcountll(gone));
}

/* The bits reach as far as the last removed entry; they are made to reach to the end. */
static flow_ranks tidy_ranks(flow_ctx *ctx, const flow_table *t) {
    int64_t words = ((int64_t)t->end + 63) / 64, known = t->removed_bits.room;
    uint64_t *removed = flow_k_alloc(ctx, words * 8);
    uint32_t *before = flow_k_alloc(ctx, words * 4);
    int64_t n = known < words ? known : words;
    __builtin_memcpy(removed, t->removed_bits.words, (size_t)n * 8);
    __builtin_memset(removed + n, 0, (size_t)(words - n) * 8);
    uint32_t sum = 0;
    for (int64_t i = 0; i < words; i++) {
        before[i] = sum;
        sum += tidy_bits_word(t, i);
    }
    return (flow_ranks){removed, before};
}

/* Nothing but the form is left of the table's entries; its heap, what waits and the limit
 * stay. */
static void tidy_forget(flow_ctx *ctx, flow_table *t) {
    flow_rt_mem_free(ctx, t->index, ((int64_t)t->mask + 1) * 4);
    flow_rt_mem_free(ctx, t->removed_bits.words, t->removed_bits.room * 8);
    if (t->dirty) flow_rt_mem_free(ctx, t->dirty, t->dirty_room * 4);
    if (t->dirty_bits.words) flow_rt_mem_free(ctx, t->dirty_bits.words, t->dirty_bits.room * 8);
    t->index = 0;
    t->shift = 63;
    t->mask = t->room = 0;
    t->removed_bits = t->dirty_bits = (flow_bits){0, 0};
    t->dirty = 0;
    t->dirty_room = 0;
    t->end = t->removed = t->unused = t->last = t->fresh = 0;
}

/* Entries have moved together: the memory behind them goes, and the index is made. */
static void tidy_fit(flow_ctx *ctx, flow_table *t) {
    if (!t->end) {
        flow_rt_mem_free(ctx, t->entries, t->entry_bytes);
        t->entries = 0;
        t->entry_bytes = t->entry_room = 0;
        return;
    }
    int64_t room = (int64_t)t->end / 4 * 5 + 8;
    if (flow_rt_mem_size(room * t->stride + TABLE_PAD) < t->entry_bytes)
        table_resize_entries(ctx, t, room);
    table_fit_index(ctx, t, room);
}

static void tidy_compact(flow_ctx *ctx, flow_table *t) {
    uint32_t end = t->end, live = t->end - t->removed, to = 0;
    if (live) {
        flow_ranks ranks = tidy_ranks(ctx, t);
        if (t->joins) k_join_renumber(t, &ranks);
        else if (t->waits) k_timers_renumber(t, &ranks);
        if (t->track) k_track_renumber(t, &ranks);
    } else if (t->track) {
        k_track_renumber(t, 0);
    }
    for (uint32_t i = 0; i < end && to < live; i++) {
        if (!flow_k_table_live(t, i)) continue;
        if (to != i)
            __builtin_memcpy(t->entries + to * t->stride, t->entries + i * t->stride,
                             (size_t)t->stride);
        to++;
    }
    tidy_forget(ctx, t);
    t->end = live;
    tidy_fit(ctx, t);
}

/* Is it worth to look?  What a batch has filled the next may fill again, so only every
 * fourth time; but at once when next to nothing lives, for nobody may come back. */
static int tidy_now(flow_table *t) {
    return !(++t->visits & 3) || flow_k_table_count(t) <= (int64_t)t->end / 256;
}

void flow_k_table_tidy(flow_ctx *ctx, flow_table *t) {
    if (t->panes) k_panes_tidy(ctx, t);
    if ((t->waits || t->removed) && tidy_now(t)) {
        if (t->waits && t->joins) k_join_queue_tidy(ctx, t);
        else if (t->waits) k_timers_tidy(ctx, t);
        if (FLOW_UNLIKELY(tidy_wanted(t))) {
            void *mark = flow_k_mark(ctx);
            tidy_compact(ctx, t);
            flow_k_reset(ctx, mark);
        }
    }
    if (flow_k_heap_trim(ctx, &t->heap) && t->joins) k_join_pack(ctx, t);
}
