/* k_track.c - see k_track.h.  Marks are a bit and a number each, so that what is saved
 * costs as much as what changed, not as much as the table. */
#include "runtime/kernel/k_track.h"

#include "runtime/kernel/k_cold.h"
#include "runtime/kernel/k_pane.h"
#include "runtime/kernel/k_store.h"
#include "runtime/kernel/k_tidy.h"

#define TRACK_FIRST 256 /* marks */

/* A mark fits the bits: they grow with the entries. */
static void track_bits(flow_ctx *ctx, flow_bits *b, int64_t word) {
    int64_t room = b->room ? b->room : 32;
    while (room <= word) room *= 2;
    if (room == b->room) return;
    b->words = b->words ? flow_rt_mem_resize(ctx, b->words, b->room * 8, room * 8)
                        : flow_rt_mem_alloc(ctx, room * 8);
    b->room = room;
}

void k_track_mark(flow_ctx *ctx, flow_table *t, int64_t entry) {
    flow_track *k = t->track;
    int64_t word = entry >> 6;
    uint64_t bit = (uint64_t)1 << (entry & 63);
    if (word < k->marks.room && k->marks.words[word] & bit) return;
    track_bits(ctx, &k->marks, word);
    k->marks.words[word] |= bit;
    if (k->count == k->room) {
        int64_t room = k->room ? 2 * k->room : TRACK_FIRST;
        k->list = k->list ? flow_rt_mem_resize(ctx, k->list, k->room * 4, room * 4)
                          : flow_rt_mem_alloc(ctx, room * 4);
        k->room = room;
    }
    k->list[k->count++] = (uint32_t)entry;
}

/* ---- what is gone ------------------------------------------------------------------ */

void k_track_gone(flow_ctx *ctx, flow_table *t, const uint8_t *key, int64_t klen,
                  int32_t how) {
    flow_track *k = t->track;
    int64_t need = k->gone_bytes + 8 + klen;
    if (need > k->gone_room) {
        int64_t room = k->gone_room ? 2 * k->gone_room : 1024;
        while (room < need) room *= 2;
        k->gone = k->gone ? flow_rt_mem_resize(ctx, k->gone, k->gone_room, room)
                          : flow_rt_mem_alloc(ctx, room);
        k->gone_room = room;
    }
    uint32_t head[2] = {(uint32_t)klen, (uint32_t)how};
    __builtin_memcpy(k->gone + k->gone_bytes, head, 8);
    if (klen) __builtin_memcpy(k->gone + k->gone_bytes + 8, key, (size_t)klen);
    k->gone_bytes = need;
    k->gone_count++;
}

void k_track_remove(flow_ctx *ctx, flow_table *t, int64_t entry) {
    uint64_t text[2];
    uint8_t bytes[8];
    if (t->track->bare) return;
    if (t->track->store) k_store_gone(ctx, t, t->track->store, entry);
    if (t->kind == FLOW_TABLE_I64) {
        uint64_t key = (uint64_t)flow_k_table_key_i64(t, entry) ^ (uint64_t)1 << 63;
        key = __builtin_bswap64(key);
        __builtin_memcpy(bytes, &key, 8);
        k_track_gone(ctx, t, bytes, 8, 0);
        return;
    }
    flow_k_table_key_text(t, entry, text);
    k_track_gone(ctx, t, (const uint8_t *)text[0], (int64_t)text[1], 0);
}

/* ---- all of it --------------------------------------------------------------------- */

static void track_unmark(flow_track *k) {
    for (int64_t i = 0; i < k->count; i++) k->marks.words[k->list[i] >> 6] = 0;
    k->count = k->gone_bytes = k->gone_count = 0;
    k->cleared = 0;
}

/* Much memory is not kept for a next time that may never come. */
static void track_trim(flow_ctx *ctx, flow_track *k) {
    if (k->room > 4096) {
        flow_rt_mem_free(ctx, k->list, k->room * 4);
        k->list = 0;
        k->room = 0;
    }
    if (k->gone_room > 65536) {
        flow_rt_mem_free(ctx, k->gone, k->gone_room);
        k->gone = 0;
        k->gone_room = 0;
    }
}

void k_track_clear(flow_ctx *ctx, flow_table *t) {
    (void)ctx;
    track_unmark(t->track);
    t->track->cleared = 1;
}

static void track_each_pane(flow_ctx *ctx, flow_table *t,
                            void (*f)(flow_ctx *ctx, flow_table *t)) {
    if (!t->panes) return;
    for (int64_t i = t->panes->first; i < t->panes->end; i++) f(ctx, &t->panes->at[i]->table);
}

void k_track_forget(flow_ctx *ctx, flow_table *t) {
    if (t->track) {
        track_unmark(t->track);
        track_trim(ctx, t->track);
    }
    track_each_pane(ctx, t, k_track_forget);
}

void k_track_on(flow_ctx *ctx, flow_table *t) {
    if (!t->track) t->track = flow_rt_mem_alloc(ctx, sizeof *t->track);
    track_each_pane(ctx, t, k_track_on);
}

void k_track_off(flow_ctx *ctx, flow_table *t) {
    flow_track *k = t->track;
    track_each_pane(ctx, t, k_track_off);
    if (!k) return;
    if (k->marks.words) flow_rt_mem_free(ctx, k->marks.words, k->marks.room * 8);
    if (k->list) flow_rt_mem_free(ctx, k->list, k->room * 4);
    if (k->gone) flow_rt_mem_free(ctx, k->gone, k->gone_room);
    flow_rt_mem_free(ctx, k, sizeof *k);
    t->track = 0;
}

void k_track_renumber(flow_table *t, const flow_ranks *ranks) {
    flow_track *k = t->track;
    int64_t n = 0;
    for (int64_t i = 0; i < k->count; i++) k->marks.words[k->list[i] >> 6] = 0;
    for (int64_t i = 0; i < k->count; i++) {
        if (!flow_k_table_live(t, k->list[i])) continue;
        uint32_t to = flow_rank(ranks, k->list[i]);
        k->marks.words[to >> 6] |= (uint64_t)1 << (to & 63);
        k->list[n++] = to; /* it is at most the old one */
    }
    k->count = n;
}

int64_t k_track_bytes(const flow_table *t) {
    const flow_track *k = t->track;
    if (!k) return 0;
    return (int64_t)sizeof *k + k->marks.room * 8 + k->room * 4 + k->gone_room;
}
