/* k_pane.c - see k_pane.h.  Most rows fall into the newest windows, so the array is searched
 * from its end. */
#include "runtime/kernel/k_pane.h"

#include "runtime/kernel/k_cold.h"
#include "runtime/kernel/k_event.h"
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_slice.h"
#include "runtime/kernel/k_track.h"

#define PANE_SPARES     4  /* how many closed panes keep their memory, if it is much, */
#define PANE_SMALL      64 /* and if it is little: a batch of files may open and close many */
#define PANE_LARGE      (16 * 1024) /* bytes of entries that are given back when not needed */
#define PANE_FIRST_BITS 3 /* many windows hold a few keys only */

static int pane_before(const flow_pane *p, int64_t start, int64_t end) {
    return p->end != end ? p->end < end : p->start < start;
}

/* The place of the first pane that is not before the window. */
static int64_t pane_place(const flow_panes *s, int64_t start, int64_t end) {
    int64_t lo = s->first, hi = s->end;
    if (hi > lo && pane_before(s->at[hi - 1], start, end)) return hi;
    while (lo < hi) {
        int64_t mid = lo + (hi - lo) / 2;
        if (pane_before(s->at[mid], start, end)) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

static flow_pane *pane_look(const flow_panes *s, int64_t start, int64_t end) {
    int64_t i = pane_place(s, start, end);
    if (i == s->end || s->at[i]->start != start || s->at[i]->end != end) return 0;
    return s->at[i];
}

static flow_panes *panes_make(flow_ctx *ctx, flow_table *t) {
    return t->panes = flow_rt_mem_alloc(ctx, sizeof *t->panes);
}

/* Room for one more at the end: what was dropped in front goes first. */
static void panes_room(flow_ctx *ctx, flow_panes *s) {
    if (s->end < s->room) return;
    int64_t size = (int64_t)sizeof *s->at;
    if (!s->room) {
        s->at = flow_rt_mem_alloc(ctx, 8 * size);
        s->room = 8;
        return;
    }
    if (s->first >= s->room / 2) {
        __builtin_memmove(s->at, s->at + s->first, (size_t)((s->end - s->first) * size));
        s->end -= s->first;
        s->first = 0;
        return;
    }
    s->at = flow_rt_mem_resize(ctx, s->at, s->room * size, 2 * s->room * size);
    s->room *= 2;
}

/* Windows are often like those before them: room for as many keys, if they are not many. */
static void pane_fit(flow_ctx *ctx, flow_table *t, const flow_table *newest) {
    if (newest->entry_bytes < PANE_LARGE && newest->end * 4 >= newest->entry_room)
        k_table_like(ctx, t, newest);
}

static int pane_is_large(const flow_pane *p) {
    return p->table.entry_bytes >= PANE_LARGE || p->table.heap.bytes >= PANE_LARGE;
}

static flow_pane *pane_new(flow_ctx *ctx, flow_table *t, flow_panes *s) {
    flow_pane *p = s->spare;
    if (p) {
        s->spare = p->spare;
        s->spares--;
        s->large -= pane_is_large(p);
        p->spare = 0;
    } else {
        p = flow_rt_mem_alloc(ctx, sizeof *p);
        flow_k_table_init(&p->table, t->kind, t->words);
        p->table.first_bits = PANE_FIRST_BITS;
    }
    if (t->track) k_track_on(ctx, &p->table);
    return p;
}

static FLOW_FAR flow_table *pane_other(flow_ctx *ctx, flow_table *t, int64_t start,
                                       int64_t end) {
    flow_panes *s = t->panes ? t->panes : panes_make(ctx, t);
    flow_pane *p = pane_look(s, start, end);
    if (!p) {
        const flow_pane *newest = s->end > s->first ? s->at[s->end - 1] : 0;
        panes_room(ctx, s);
        p = pane_new(ctx, t, s);
        p->start = start;
        p->end = end;
        int64_t i = pane_place(s, start, end);
        __builtin_memmove(s->at + i + 1, s->at + i, (size_t)(s->end - i) * sizeof *s->at);
        s->at[i] = p;
        s->end++;
        if (newest) pane_fit(ctx, &p->table, &newest->table);
    }
    s->last = p;
    return &p->table;
}

FLOW_HOT flow_table *flow_k_pane(flow_ctx *ctx, flow_table *t, int64_t start, int64_t end) {
    flow_panes *s = t->panes;
    if (FLOW_LIKELY(s && s->last && s->last->end == end && s->last->start == start))
        return &s->last->table;
    return pane_other(ctx, t, start, end);
}

flow_table *flow_k_pane_find(const flow_table *t, int64_t start, int64_t end) {
    flow_pane *p = t->panes ? pane_look(t->panes, start, end) : 0;
    return p ? &p->table : 0;
}

flow_pane *flow_k_pane_due(const flow_table *t, int64_t moment) {
    const flow_panes *s = t->panes;
    if (!s || s->first == s->end || s->at[s->first]->end > moment) return 0;
    return s->at[s->first];
}

int64_t flow_k_pane_count(const flow_table *t) {
    return t->panes ? t->panes->end - t->panes->first : 0;
}

flow_pane *flow_k_pane_at(const flow_table *t, int64_t i) {
    return t->panes->at[t->panes->first + i];
}

flow_table *flow_k_pane_table(flow_pane *pane) {
    return &pane->table;
}

int64_t flow_k_pane_start(const flow_pane *pane) {
    return pane->start;
}

int64_t flow_k_pane_end(const flow_pane *pane) {
    return pane->end;
}

static void pane_free(flow_ctx *ctx, flow_pane *p) {
    flow_k_table_release(ctx, &p->table);
    flow_rt_mem_free(ctx, p, sizeof *p);
}

static FLOW_COLD void pane_gone(flow_ctx *ctx, flow_table *t, const flow_pane *p) {
    uint8_t key[16];
    flow_k_key_i64(flow_k_key_i64(key, p->end), p->start);
    k_track_gone(ctx, t, key, sizeof key, FLOW_GONE_ALL);
}

/* Windows have become small: spares that are much larger than was needed lose their memory. */
static void spares_fit(flow_ctx *ctx, flow_panes *s, int64_t entries, int64_t used) {
    for (flow_pane *p = s->large ? s->spare : 0; p; p = p->spare) {
        flow_table *t = &p->table;
        if ((t->entry_bytes < PANE_LARGE || entries * 8 >= t->entry_room) &&
            (t->heap.bytes < PANE_LARGE || used * 8 >= t->heap.bytes))
            continue;
        k_table_give_back(ctx, t);
        s->large--;
    }
}

void k_panes_tidy(flow_ctx *ctx, flow_table *t) {
    flow_panes *s = t->panes;
    if (s->first < s->end) return;
    spares_fit(ctx, s, 0, 0);
    if (s->slices) k_slices_release(ctx, s->slices);
    s->slices = 0;
}

void flow_k_pane_drop(flow_ctx *ctx, flow_table *t) {
    flow_panes *s = t->panes;
    flow_pane *p = s->at[s->first++];
    if (FLOW_UNLIKELY(t->track != 0)) pane_gone(ctx, t, p);
    if (s->first == s->end) s->first = s->end = 0;
    if (s->last == p) s->last = 0;
    spares_fit(ctx, s, p->table.end, p->table.heap.used);
    flow_k_table_clear(ctx, &p->table);
    int large = pane_is_large(p);
    if (large ? s->large == PANE_SPARES : s->spares - s->large == PANE_SMALL) {
        pane_free(ctx, p);
        return;
    }
    if (p->table.track) k_track_forget(ctx, &p->table);
    p->spare = s->spare;
    s->spare = p;
    s->spares++;
    s->large += large;
}

void flow_k_pane_clear(flow_ctx *ctx, flow_table *t) {
    while (flow_k_pane_count(t)) flow_k_pane_drop(ctx, t);
}

void flow_k_pane_wait(flow_ctx *ctx, const flow_table *t) {
    const flow_panes *s = t->panes;
    if (!s || s->first == s->end) return;
    flow_k_stage_due(ctx, s->at[s->first]->end);
}

void flow_k_pane_wait_revised(flow_ctx *ctx, const flow_table *t, int64_t w, int64_t lateness) {
    const flow_panes *s = t->panes;
    if (!s || s->first == s->end) return;
    flow_k_stage_due(ctx, flow_k_time_add(s->at[s->first]->end, lateness));
    for (int64_t i = s->first; i < s->end; i++) {
        if (s->at[i]->end <= w) continue;
        flow_k_stage_due(ctx, s->at[i]->end);
        return;
    }
}

void k_panes_release(flow_ctx *ctx, flow_table *t) {
    flow_panes *s = t->panes;
    if (s->slices) k_slices_release(ctx, s->slices);
    for (int64_t i = s->first; i < s->end; i++) pane_free(ctx, s->at[i]);
    for (flow_pane *p = s->spare, *next; p; p = next) {
        next = p->spare;
        pane_free(ctx, p);
    }
    if (s->at) flow_rt_mem_free(ctx, s->at, s->room * (int64_t)sizeof *s->at);
    flow_rt_mem_free(ctx, s, sizeof *s);
    t->panes = 0;
}

int64_t k_panes_bytes(const flow_table *t) {
    const flow_panes *s = t->panes;
    int64_t bytes = (int64_t)sizeof *s + s->room * (int64_t)sizeof *s->at;
    if (s->slices) bytes += k_slices_bytes(s->slices);
    for (int64_t i = s->first; i < s->end; i++)
        bytes += (int64_t)sizeof(flow_pane) + flow_k_table_bytes(&s->at[i]->table);
    for (const flow_pane *p = s->spare; p; p = p->spare)
        bytes += (int64_t)sizeof(flow_pane) + flow_k_table_bytes(&p->table);
    return bytes;
}

int64_t k_panes_used(const flow_table *t) {
    int64_t bytes = 0;
    for (int64_t i = t->panes->first; i < t->panes->end; i++) {
        const flow_table *p = &t->panes->at[i]->table;
        bytes += (int64_t)sizeof(flow_pane) + p->end * p->stride + p->heap.used;
    }
    return bytes;
}

int64_t k_panes_keys(const flow_table *t) {
    int64_t n = 0;
    for (int64_t i = t->panes->first; i < t->panes->end; i++)
        n += flow_k_table_count(&t->panes->at[i]->table);
    return n;
}

FLOW_HOT int64_t flow_k_here(int64_t v) {
    __asm__ volatile("" : "+r"(v));
    return v;
}

int64_t flow_k_window_start(int64_t t, int64_t every, int64_t offset) {
    int64_t at = t % every, from = offset % every, start;
    if (at < 0) at += every;
    if (from < 0) from += every;
    int64_t past = at < from ? at - from + every : at - from;
    return __builtin_sub_overflow(t, past, &start) ? INT64_MIN : start;
}
