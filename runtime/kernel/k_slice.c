/* k_slice.c - see k_slice.h.
 *
 * A row that is late for some windows falls into a slice that has been put together
 * already; then everything is made anew with the next window. */
#include "runtime/kernel/k_slice.h"

#include "runtime/kernel/k_cold.h"
#include "runtime/kernel/k_event.h"

#define SLICE_LARGE (16 * 1024) /* bytes of entries that are given back when not needed */
#define SLICE_SHARE 8 /* the tables in front have at most so many times the slices' entries */

/* ---- where windows are ---- */

/* The end of the first window that ends behind the moment. */
static int64_t grid_end(const flow_grid *g, int64_t moment) {
    int64_t offset = g->grow ? g->offset % g->every : (g->offset % g->every + g->size % g->every);
    return flow_k_time_add(flow_k_window_start(moment, g->every, offset), g->every);
}

static int64_t grid_start(const flow_grid *g, int64_t end) {
    if (g->grow) return flow_k_window_start(end - 1, g->size, g->offset);
    return flow_k_time_add(end, -g->size);
}

int64_t flow_k_slice_length(int64_t size, int64_t every) {
    while (every) {
        int64_t rest = size % every;
        size = every;
        every = rest;
    }
    return size;
}

/* ---- what is put together ---- */

/* The last table in front goes; if it is small its memory waits for the next one there. */
static void slices_pop(flow_ctx *ctx, flow_slices *s) {
    flow_table *t = &s->front[--s->n];
    if (t->entry_bytes < SLICE_LARGE) flow_k_table_clear(ctx, t);
    else flow_k_table_release(ctx, t);
}

static void slices_forget(flow_ctx *ctx, flow_slices *s) {
    while (s->n) slices_pop(ctx, s);
    flow_k_table_clear(ctx, &s->back);
    s->built = 0;
}

void k_slices_release(flow_ctx *ctx, flow_slices *s) {
    while (s->made) flow_k_table_release(ctx, &s->front[--s->made]);
    flow_k_table_release(ctx, &s->back);
    flow_k_table_release(ctx, &s->out);
    if (s->room) {
        flow_rt_mem_free(ctx, s->front, s->room * (int64_t)sizeof *s->front);
        flow_rt_mem_free(ctx, s->starts, s->room * 8);
    }
    flow_rt_mem_free(ctx, s, sizeof *s);
}

int64_t k_slices_bytes(const flow_slices *s) {
    int64_t bytes = flow_k_table_bytes(&s->back) + flow_k_table_bytes(&s->out);
    for (int64_t i = 0; i < s->made; i++) bytes += flow_k_table_bytes(&s->front[i]);
    return bytes + (int64_t)sizeof *s + s->room * (int64_t)(sizeof *s->front + 8);
}

static flow_slices *slices_of(flow_ctx *ctx, flow_table *t) {
    if (t->panes->slices) return t->panes->slices;
    flow_slices *s = flow_rt_mem_alloc(ctx, sizeof *s);
    flow_k_table_init(&s->back, t->kind, t->words);
    flow_k_table_init(&s->out, t->kind, t->words);
    return t->panes->slices = s;
}

FLOW_HOT flow_table *flow_k_slice(flow_ctx *ctx, flow_table *t, int64_t start, int64_t end) {
    flow_table *pane = flow_k_pane(ctx, t, start, end);
    flow_slices *s = t->panes->slices;
    if (s && start < s->back_to) s->built = 0;
    return pane;
}

static flow_table *slices_push(flow_ctx *ctx, flow_slices *s, const flow_table *like,
                               int64_t start) {
    if (s->n == s->room) {
        int64_t room = s->room ? 2 * s->room : 8, old = s->room;
        int64_t size = (int64_t)sizeof *s->front;
        s->front = old ? flow_rt_mem_resize(ctx, s->front, old * size, room * size)
                       : flow_rt_mem_alloc(ctx, room * size);
        s->starts = old ? flow_rt_mem_resize(ctx, s->starts, old * 8, room * 8)
                        : flow_rt_mem_alloc(ctx, room * 8);
        s->room = room;
    }
    if (s->n == s->made) flow_k_table_init(&s->front[s->made++], like->kind, like->words);
    s->starts[s->n] = start;
    return &s->front[s->n++];
}

/* The panes from the first that starts at or behind `start` on. */
static int64_t slice_place(const flow_panes *p, int64_t start) {
    int64_t lo = p->first, hi = p->end;
    while (lo < hi) {
        int64_t mid = lo + (hi - lo) / 2;
        if (p->at[mid]->start < start) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

/* Every how many slices a table in front: of few keys each, or of the same keys each. */
static int64_t slice_step(const flow_slices *s, const flow_panes *p, int64_t lo, int64_t hi) {
    int64_t entries = 1, keys = s->keys;
    for (int64_t i = lo; i < hi; i++) {
        int64_t n = flow_k_table_count(&p->at[i]->table);
        entries += n;
        if (n > keys) keys = n;
    }
    int64_t step = (int64_t)((double)(hi - lo) * (double)keys / ((double)entries * SLICE_SHARE));
    return step < 1 ? 1 : step;
}

/* All slices of a window go to the front: from the newest to the oldest, each table what
 * the one before it has and some slices more. */
static int32_t slices_turn(flow_ctx *ctx, flow_slices *s, flow_panes *p, int64_t lo, int64_t hi,
                           flow_slice_fold *fold) {
    slices_forget(ctx, s);
    int64_t step = slice_step(s, p, lo, hi), left = hi - lo, upto = hi;
    while (left > 0) {
        int64_t from = left > step ? upto - step : lo;
        flow_table *to = slices_push(ctx, s, &s->back, p->at[from]->start);
        flow_table *older = s->n > 1 ? &s->front[s->n - 2] : 0;
        if (older) k_table_like(ctx, to, older);
        int32_t status = older ? fold(ctx, to, older) : 0;
        for (int64_t i = upto - 1; i >= from && !status; i--)
            status = fold(ctx, to, &p->at[i]->table);
        if (status) return status;
        left -= upto - from;
        upto = from;
    }
    return 0;
}

/* The window of the slices lo .. hi - 1, not empty. */
static flow_table *slices_join(flow_ctx *ctx, flow_slices *s, flow_panes *p, int64_t lo,
                               int64_t hi, int64_t end, flow_slice_fold *fold) {
    int64_t start = p->at[lo]->start;
    if (!s->built || start >= s->mid || end < s->back_to) {
        if (slices_turn(ctx, s, p, lo, hi, fold)) return 0;
        s->mid = s->back_to = end;
        s->built = 1;
    }
    for (int64_t i = slice_place(p, s->back_to); i < hi; i++)
        if (fold(ctx, &s->back, &p->at[i]->table)) return 0;
    s->back_to = end;
    while (s->n && s->starts[s->n - 1] < start) slices_pop(ctx, s);
    int64_t whole = s->n ? s->starts[s->n - 1] : s->mid;
    flow_table *front = s->n ? &s->front[s->n - 1] : 0;
    if (front && whole == start && !s->back.end) return front;
    flow_k_table_clear(ctx, &s->out);
    if (front && fold(ctx, &s->out, front)) return 0;
    for (int64_t i = lo; i < hi && p->at[i]->start < whole; i++)
        if (fold(ctx, &s->out, &p->at[i]->table)) return 0;
    return fold(ctx, &s->out, &s->back) ? 0 : &s->out;
}

flow_table *flow_k_slice_window(flow_ctx *ctx, flow_table *t, const flow_grid *grid,
                                int64_t after, int64_t limit, flow_slice_fold *fold,
                                int64_t *window) {
    flow_panes *p = t->panes;
    if (!p) return 0;
    flow_slices *s = slices_of(ctx, t);
    int64_t end = grid_end(grid, after), lo = slice_place(p, grid_start(grid, end));
    if (lo == p->end) return 0;
    if (p->at[lo]->start >= end) end = grid_end(grid, p->at[lo]->start); /* over a gap */
    if (end > limit) return 0;
    flow_table *out = slices_join(ctx, s, p, lo, slice_place(p, end), end, fold);
    if (!out) return 0;
    s->keys = flow_k_table_count(out);
    window[0] = grid_start(grid, end);
    window[1] = end;
    return out;
}

void flow_k_slice_done(flow_ctx *ctx, flow_table *t, const flow_grid *grid, int64_t after) {
    flow_panes *p = t->panes;
    if (!p) return;
    if (after == INT64_MAX) {
        flow_k_pane_clear(ctx, t);
    } else {
        int64_t start = grid_start(grid, grid_end(grid, after));
        while (p->first < p->end && p->at[p->first]->start < start) flow_k_pane_drop(ctx, t);
    }
    if (p->first == p->end) {
        if (p->slices) slices_forget(ctx, p->slices);
        return;
    }
    int64_t from = p->at[p->first]->start;
    flow_k_stage_due(ctx, grid_end(grid, from < after ? after : from));
}
