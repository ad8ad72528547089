/* k_timer.c - timers and waiting rows: two binary heaps in the heap of a table. */
#include "runtime/kernel/k_timer.h"

#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_store.h"
#include "runtime/kernel/k_tidy.h"

/* In order of (time, order).  Timers: entry and timer; rows: arrival. */
typedef struct timer_item {
    int64_t time;
    uint64_t order;
    uint64_t row; /* its address; bit 0: it is in saved state (k_store_timer.c) */
} timer_item;

typedef struct timer_heap {
    timer_item *items;
    int64_t count, room;
} timer_heap;

struct flow_timers {
    timer_heap timers, rows;
    uint64_t arrivals;
    int64_t fresh; /* rows that saved state has not */
    int64_t purged; /* timers that the last purge left */
};

#define TIMER_KINDS 16 /* bits of an order below the entry's number */

FLOW_INLINE int item_before(const timer_item *a, const timer_item *b) {
    return a->time != b->time ? a->time < b->time : a->order < b->order;
}

static void heap_down(timer_heap *h, int64_t i, timer_item x) {
    for (;;) {
        int64_t child = 2 * i + 1;
        if (child >= h->count) break;
        if (child + 1 < h->count && item_before(&h->items[child + 1], &h->items[child]))
            child++;
        if (!item_before(&h->items[child], &x)) break;
        h->items[i] = h->items[child];
        i = child;
    }
    h->items[i] = x;
}

static void heap_push(flow_ctx *ctx, flow_heap *heap, timer_heap *h, timer_item x) {
    if (h->count == h->room) {
        int64_t size = (int64_t)sizeof x, room = h->room ? h->room * 2 : 16;
        h->items = h->room
                       ? flow_k_heap_resize(ctx, heap, h->items, h->room * size, room * size)
                       : flow_k_heap_alloc(ctx, heap, room * size);
        h->room = room;
    }
    int64_t i = h->count++;
    while (i && item_before(&x, &h->items[(i - 1) / 2])) {
        h->items[i] = h->items[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    h->items[i] = x;
}

static void heap_pop(timer_heap *h) {
    timer_item last = h->items[--h->count];
    if (h->count) heap_down(h, 0, last);
}

static flow_timers *timers_of(flow_ctx *ctx, flow_table *t) {
    if (FLOW_LIKELY(t->waits != 0)) return t->waits;
    t->waits = flow_k_heap_alloc(ctx, &t->heap, (int64_t)sizeof(flow_timers));
    __builtin_memset(t->waits, 0, sizeof(flow_timers));
    return t->waits;
}

/* ---- timers ---------------------------------------------------------------------- */

/* Moments in words: none is 0. */
FLOW_INLINE uint64_t word_of(int64_t moment) {
    return (uint64_t)moment ^ (uint64_t)INT64_MIN;
}

FLOW_INLINE uint64_t *timer_words(const flow_table *t, int64_t entry, int64_t k) {
    return flow_k_table_words(t, entry) + FLOW_TIMER_WORDS + 2 * k;
}

void flow_k_timer_set(flow_ctx *ctx, flow_table *t, int64_t entry, int64_t k, int64_t due) {
    uint64_t *w = timer_words(t, entry, k);
    k_track_note(ctx, t, entry);
    w[0] = word_of(due);
    if (w[1] && w[1] <= w[0]) return;
    w[1] = w[0];
    timer_item x = {due, (uint64_t)entry << TIMER_KINDS | (uint64_t)k, 0};
    heap_push(ctx, &t->heap, &timers_of(ctx, t)->timers, x);
}

void flow_k_timer_stop(flow_ctx *ctx, flow_table *t, int64_t entry, int64_t k) {
    k_track_note(ctx, t, entry);
    timer_words(t, entry, k)[0] = 0;
}

/* Brings what is really next to the top of the heap. */
static int timer_settle(flow_table *t, timer_heap *h) {
    while (h->count) {
        timer_item *top = h->items;
        int64_t entry = (int64_t)(top->order >> TIMER_KINDS);
        int64_t k = (int64_t)(top->order & ((1u << TIMER_KINDS) - 1));
        int alive = entry < flow_k_table_end(t) && flow_k_table_live(t, entry);
        uint64_t *w = alive ? timer_words(t, entry, k) : 0;
        if (!alive || w[1] != word_of(top->time)) {
            heap_pop(h);
        } else if (!w[0]) {
            w[1] = 0;
            heap_pop(h);
        } else if (w[0] > w[1]) {
            w[1] = w[0];
            timer_item later = *top;
            later.time = (int64_t)word_of((int64_t)w[0]);
            heap_down(h, 0, later);
        } else {
            return 1;
        }
    }
    return 0;
}

/* ---- rows ------------------------------------------------------------------------ */

void flow_k_timer_wait(flow_ctx *ctx, flow_table *t, int64_t time, const uint8_t *row) {
    flow_timers *all = timers_of(ctx, t);
    int64_t size = flow_k_row_size(row);
    uint8_t *copy = flow_k_heap_alloc(ctx, &t->heap, size);
    __builtin_memcpy(copy, row, (size_t)size);
    timer_item x = {time, all->arrivals++, (uint64_t)(uintptr_t)copy};
    all->fresh++;
    heap_push(ctx, &t->heap, &all->rows, x);
}

/* What orders the rows, in saved state too. */
static uint8_t *waiting_key(const timer_item *x, uint8_t *key) {
    *key = FLOW_STORE_WAITING;
    return flow_k_key_i64(flow_k_key_i64(key + 1, x->time), (int64_t)x->order);
}

static FLOW_COLD void waiting_gone(flow_ctx *ctx, flow_table *t, const timer_item *x) {
    uint8_t key[24];
    if (t->track) k_track_gone(ctx, t, key, waiting_key(x, key) - key, FLOW_GONE_ROW);
}

FLOW_INLINE uint8_t *waiting_row(const timer_item *x) {
    return (uint8_t *)(uintptr_t)(x->row & ~(uint64_t)1);
}

static const uint8_t *take_row(flow_ctx *ctx, flow_table *t, flow_timers *all) {
    timer_heap *h = &all->rows;
    if (!(h->items[0].row & 1)) all->fresh--;
    else waiting_gone(ctx, t, &h->items[0]);
    uint8_t *row = waiting_row(&h->items[0]);
    int64_t size = flow_k_row_size(row);
    uint8_t *out = flow_k_alloc(ctx, size);
    __builtin_memcpy(out, row, (size_t)size);
    flow_k_heap_free(ctx, &t->heap, row, size);
    heap_pop(h);
    return out;
}

int32_t flow_k_timer_next(flow_ctx *ctx, flow_table *t, int64_t limit, uint64_t *out) {
    flow_timers *all = t->waits;
    if (!all) return FLOW_TIMER_NONE;
    int timer = timer_settle(t, &all->timers);
    const timer_item *first = all->timers.items, *row = all->rows.items;
    if (all->rows.count && row->time < limit && (!timer || row->time <= first->time)) {
        out[0] = (uint64_t)(uintptr_t)take_row(ctx, t, all);
        return FLOW_TIMER_ROW;
    }
    if (!timer || first->time >= limit) return FLOW_TIMER_NONE;
    out[0] = first->order >> TIMER_KINDS;
    out[1] = first->order & ((1u << TIMER_KINDS) - 1);
    out[2] = (uint64_t)first->time;
    uint64_t *w = timer_words(t, (int64_t)out[0], (int64_t)out[1]);
    k_track_note(ctx, t, (int64_t)out[0]);
    w[0] = w[1] = 0;
    heap_pop(&all->timers);
    return FLOW_TIMER_FIRED;
}

int64_t flow_k_timer_first(flow_ctx *ctx, flow_table *t) {
    (void)ctx;
    flow_timers *all = t->waits;
    if (!all) return INT64_MAX;
    int64_t first = timer_settle(t, &all->timers) ? all->timers.items[0].time : INT64_MAX;
    if (all->rows.count && all->rows.items[0].time < first) first = all->rows.items[0].time;
    return first;
}

/* ---- giving memory back ---------------------------------------------------------- */

#define TIMER_LEAST 128

/* Keeps the timers that may still count. */
static void timers_purge(flow_table *t, timer_heap *h) {
    int64_t n = 0;
    for (int64_t i = 0; i < h->count; i++) {
        int64_t entry = (int64_t)(h->items[i].order >> TIMER_KINDS);
        int64_t k = (int64_t)(h->items[i].order & ((1u << TIMER_KINDS) - 1));
        if (entry >= flow_k_table_end(t) || !flow_k_table_live(t, entry)) continue;
        if (timer_words(t, entry, k)[1] != word_of(h->items[i].time)) continue;
        h->items[n++] = h->items[i];
    }
    h->count = n;
    for (int64_t i = n / 2; i-- > 0;) heap_down(h, i, h->items[i]);
}

/* empty: of a table in which nothing lives, so that its heap may go as a whole. */
static void timers_fit(flow_ctx *ctx, flow_heap *heap, timer_heap *h, int empty) {
    if (h->count > h->room / 4 || (h->room < TIMER_LEAST && (h->count || !empty))) return;
    if (!h->room) return;
    int64_t size = (int64_t)sizeof *h->items;
    if (!h->count) {
        flow_k_heap_free(ctx, heap, h->items, h->room * size);
        *h = (timer_heap){0};
        return;
    }
    int64_t room = h->room;
    while (h->count <= room / 4) room /= 2;
    h->items = flow_k_heap_resize(ctx, heap, h->items, h->room * size, room * size);
    h->room = room;
}

void k_timers_tidy(flow_ctx *ctx, flow_table *t) {
    flow_timers *all = t->waits;
    if (all->timers.count > TIMER_LEAST && all->timers.count > 2 * all->purged &&
        all->timers.count > 4 * flow_k_table_count(t)) {
        timers_purge(t, &all->timers);
        all->purged = all->timers.count;
    }
    int empty = !flow_k_table_count(t);
    if (empty) timers_purge(t, &all->timers);
    timers_fit(ctx, &t->heap, &all->timers, empty);
    timers_fit(ctx, &t->heap, &all->rows, empty);
    if (!empty || all->timers.room || all->rows.room) return;
    flow_k_heap_free(ctx, &t->heap, all, (int64_t)sizeof *all);
    t->waits = 0;
}

void k_timers_renumber(flow_table *t, const flow_ranks *ranks) {
    timer_heap *h = &((flow_timers *)t->waits)->timers;
    timers_purge(t, h);
    for (int64_t i = 0; i < h->count; i++) {
        uint64_t order = h->items[i].order, k = order & ((1u << TIMER_KINDS) - 1);
        uint32_t to = flow_rank(ranks, (uint32_t)(order >> TIMER_KINDS));
        h->items[i].order = (uint64_t)to << TIMER_KINDS | k; /* in the same order */
    }
}

/* ---- state while a handler runs -------------------------------------------------- */

static void hold(flow_ctx *ctx, uint64_t *text) {
    if (!text[1]) return;
    uint8_t *copy = flow_k_alloc(ctx, (int64_t)text[1]);
    __builtin_memcpy(copy, (const void *)(uintptr_t)text[0], (size_t)text[1]);
    text[0] = (uint64_t)(uintptr_t)copy;
}

void flow_k_hold_text(flow_ctx *ctx, const uint64_t *cell, uint64_t *text) {
    flow_k_cell_get(cell, text);
    hold(ctx, text);
}

void flow_k_timer_key(flow_ctx *ctx, const flow_table *t, int64_t entry, uint64_t *text) {
    flow_k_table_key_text(t, entry, text);
    hold(ctx, text);
}

void flow_k_hold_blob(flow_ctx *ctx, const uint64_t *blob, uint64_t *words,
                      const uint8_t *tc) {
    if (!blob[0]) {
        __builtin_memset(words, 0, 8 * (size_t)flow_k_type_words(tc));
        return;
    }
    int64_t size = flow_k_row_size((const uint8_t *)(uintptr_t)blob[0]);
    uint8_t *copy = flow_k_alloc(ctx, size);
    __builtin_memcpy(copy, (const void *)(uintptr_t)blob[0], (size_t)size);
    flow_k_row_read(ctx, copy, 8, words, tc);
}
