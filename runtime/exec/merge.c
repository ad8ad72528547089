/* merge.c - see merge.h.
 *
 * A tree of losers over one cursor a run: each row plays one match a level.  A match
 * compares 8 bytes of the keys as numbers, behind what all keys have in common, and goes
 * to memory only when they are equal.  A run in the spill file is read
 * through a window; the window moves only when the next entry is asked for, so the one
 * that was given stays where it is until then. */
#include "runtime/exec/merge.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/kernel/k_sort.h"
#include "runtime/state/spill.h"

/* First length of the window on a run in the spill file. */
#define WINDOW (INT64_C(64) << 10)
/* Frames go to a stage in portions of about this. */
#define PORTION (INT64_C(1) << 20)

typedef struct cursor {
    const uint8_t *frame, *end; /* the entry it is at; end of the run, or of the window */
    const uint8_t *last;        /* the last entry, null if it is not known */
    flow_item *items;           /* a run that was sorted: its items, */
    int64_t nitems, item;       /* how many, and which it is at */
    int64_t items_size;
    uint8_t *window;            /* a run in the spill file */
    int64_t window_size, at, left; /* the file behind the window */
} cursor;

struct rt_merge {
    rt_job *job;
    cursor *cursors;   /* one a run, in the order of the runs */
    uint64_t *prefix;  /* of each cursor's key */
    bool *over;        /* each run's end has been reached */
    int32_t *tree;     /* [0] the winner, [1 .. n-1] who lost there */
    int64_t n;
    uint32_t common;   /* bytes with which all keys begin */
    bool given;        /* the winner's entry has been given: move on */
};

/* 8 bytes of the key from `skip`, high first, zeros behind its end. */
static uint64_t prefix_of(const uint8_t *frame, uint32_t skip) {
    uint8_t bytes[8] = {0};
    uint32_t n = flow_frame_klen(frame);
    if (n > skip) memcpy(bytes, flow_frame_key(frame) + skip, RT_MIN(n - skip, 8));
    uint64_t v;
    memcpy(&v, bytes, 8);
    return __builtin_bswap64(v);
}

static int compare_keys(const uint8_t *a, const uint8_t *b) {
    uint32_t na = flow_frame_klen(a), nb = flow_frame_klen(b);
    int order = memcmp(flow_frame_key(a), flow_frame_key(b), RT_MIN(na, nb));
    return order ? order : na < nb ? -1 : na > nb;
}

static bool before(const rt_merge *m, int32_t a, int32_t b) {
    if (m->over[a] || m->over[b]) return !m->over[a];
    if (m->prefix[a] != m->prefix[b]) return m->prefix[a] < m->prefix[b];
    int order = compare_keys(m->cursors[a].frame, m->cursors[b].frame);
    return order ? order < 0 : a < b;
}

/* Plays the matches on the way from a leaf to the top again. */
static void replay(rt_merge *m, int32_t run) {
    int32_t winner = run;
    for (int64_t node = (m->n + run) / 2; node >= 1; node /= 2) {
        if (!before(m, m->tree[node], winner)) continue;
        int32_t loser = winner;
        winner = m->tree[node];
        m->tree[node] = loser;
    }
    m->tree[0] = winner;
}

static void build_tree(rt_merge *m) {
    int32_t *won = rt_alloc((size_t)(2 * m->n) * sizeof *won);
    for (int64_t i = 0; i < m->n; i++) won[m->n + i] = (int32_t)i;
    for (int64_t node = m->n - 1; node >= 1; node--) {
        int32_t a = won[2 * node], b = won[2 * node + 1];
        bool first = before(m, a, b);
        won[node] = first ? a : b;
        m->tree[node] = first ? b : a;
    }
    if (m->n) m->tree[0] = won[1];
    free(won);
}

/* ---- sorting a run ------------------------------------------------------------------- */

bool rt_is_sorted(const uint8_t *p, int64_t len, const uint8_t **last) {
    const uint8_t *end = p + len;
    uint64_t last_prefix = 0;
    *last = NULL;
    for (; p < end; p = flow_frame_next(p)) {
        uint64_t prefix = prefix_of(p, 0);
        if (*last && (prefix < last_prefix ||
                      (prefix == last_prefix && compare_keys(*last, p) > 0)))
            return false;
        *last = p;
        last_prefix = prefix;
    }
    rt_assert(p == end);
    return true;
}

static int64_t count_frames(const uint8_t *p, const uint8_t *end) {
    int64_t n = 0;
    for (; p < end; p = flow_frame_next(p)) n++;
    return n;
}

/* The items of n frames, sorted; the second half of the memory is spare. */
static flow_item *sorted_items(rt_mem *mem, const uint8_t *p, int64_t len, int64_t n,
                               int64_t *size) {
    *size = 2 * n * (int64_t)sizeof(flow_item);
    flow_item *items = rt_mem_get(mem, RT_OWNER_EXCHANGE, size);
    if (!items) return NULL;
    flow_k_sort_items(p, p + len, items);
    flow_k_sort(items, items + n, n);
    return items;
}

rt_status rt_sorted_put(rt_mem *mem, const uint8_t *p, int64_t len, rt_put_fn *put,
                        void *arg) {
    const uint8_t *last;
    if (rt_is_sorted(p, len, &last)) return put(arg, p, len);
    int64_t n = count_frames(p, p + len), size;
    flow_item *items = sorted_items(mem, p, len, n, &size);
    if (!items) return RT_memory;
    rt_status status = RT_ok;
    for (int64_t i = 0; i < n && status == RT_ok; i++) {
        const uint8_t *frame = items[i].frame;
        status = put(arg, frame, flow_frame_next(frame) - frame);
    }
    rt_mem_put(mem, RT_OWNER_EXCHANGE, items, size);
    return status;
}

/* ---- runs in the spill file ------------------------------------------------------------ */

/* Makes the window hold at least `need` bytes from the cursor's place. */
static rt_status slide(rt_merge *m, cursor *c, int64_t need) {
    int64_t have = c->frame ? c->end - c->frame : 0;
    if (have >= need) return RT_ok;
    rt_mem *mem = m->job->mem;
    if (c->frame && have) memmove(c->window, c->frame, (size_t)have);
    if (need > c->window_size) {
        int64_t size = RT_MAX(need, WINDOW);
        uint8_t *p = c->window ? rt_mem_grow(mem, RT_OWNER_EXCHANGE, c->window,
                                             c->window_size, have, &size)
                               : rt_mem_get(mem, RT_OWNER_EXCHANGE, &size);
        if (!p) return RT_memory;
        c->window = p;
        c->window_size = size;
    }
    int64_t more = RT_MIN(c->window_size - have, c->left);
    RT_TRY(rt_spill_read(m->job->spill, c->at, c->window + have, more));
    c->at += more;
    c->left -= more;
    c->frame = c->window;
    c->end = c->window + have + more;
    rt_assert(c->end - c->frame >= need);
    return RT_ok;
}

/* The whole frame at the cursor's place into the window. */
static rt_status load_frame(rt_merge *m, cursor *c) {
    RT_TRY(slide(m, c, 8));
    return slide(m, c, flow_frame_next(c->frame) - c->frame);
}

/* ---- cursors --------------------------------------------------------------------------- */

static rt_status open_cursor(rt_merge *m, cursor *c, const rt_run *run) {
    if (!run->p) {
        c->at = run->at;
        c->left = run->len;
        return load_frame(m, c);
    }
    c->frame = run->p;
    c->end = run->p + run->len;
    if (run->last) c->last = run->p + run->last - 1;
    if (run->last || rt_is_sorted(run->p, run->len, &c->last)) return RT_ok;
    int64_t n = count_frames(run->p, c->end);
    c->items = sorted_items(m->job->mem, run->p, run->len, n, &c->items_size);
    if (!c->items) return RT_memory;
    c->nitems = n;
    c->frame = c->items[0].frame;
    c->last = c->items[n - 1].frame;
    return RT_ok;
}

static void close_cursor(rt_merge *m, cursor *c) {
    if (c->items) rt_mem_put(m->job->mem, RT_OWNER_EXCHANGE, c->items, c->items_size);
    if (c->window) rt_mem_put(m->job->mem, RT_OWNER_EXCHANGE, c->window, c->window_size);
    c->items = NULL;
    c->window = NULL;
}

/* To the next entry, or the end of the run. */
static rt_status advance(rt_merge *m, int32_t run) {
    cursor *c = &m->cursors[run];
    if (c->items) {
        m->over[run] = ++c->item >= c->nitems;
        if (!m->over[run]) c->frame = c->items[c->item].frame;
    } else {
        c->frame = flow_frame_next(c->frame);
        m->over[run] = c->frame >= c->end && c->left == 0;
        if (!m->over[run] && c->window) RT_TRY(load_frame(m, c));
        /* More runs than the processor follows by itself. */
        __builtin_prefetch(c->frame + 256);
    }
    if (m->over[run])
        close_cursor(m, c);
    else
        m->prefix[run] = prefix_of(c->frame, m->common);
    return RT_ok;
}

/* How many bytes the first and last keys of all runs, and so all keys, begin with. */
static uint32_t common_bytes(const rt_merge *m) {
    if (!m->n) return 0;
    const uint8_t *first = m->cursors[0].frame;
    uint32_t common = flow_frame_klen(first);
    for (int64_t i = 0; i < m->n; i++) {
        const uint8_t *ends[] = {m->cursors[i].frame, m->cursors[i].last};
        for (int k = 0; k < 2; k++) {
            if (!ends[k]) return 0;
            uint32_t n = 0, most = RT_MIN(common, flow_frame_klen(ends[k]));
            while (n < most && flow_frame_key(first)[n] == flow_frame_key(ends[k])[n]) n++;
            common = n;
        }
    }
    return common;
}

rt_merge *rt_merge_new(rt_job *job, const rt_runs *runs) {
    rt_merge *m = rt_alloc(sizeof *m);
    size_t n = (size_t)runs->n;
    m->job = job;
    m->cursors = rt_alloc(n * sizeof *m->cursors);
    m->prefix = rt_alloc(n * sizeof *m->prefix);
    m->over = rt_alloc(n * sizeof *m->over);
    m->tree = rt_alloc(n * sizeof *m->tree);
    for (int64_t i = 0; i < runs->n; i++) {
        if (!runs->items[i].len) continue;
        if (open_cursor(m, &m->cursors[m->n++], &runs->items[i]) == RT_ok) continue;
        rt_merge_free(m);
        return NULL;
    }
    m->common = common_bytes(m);
    for (int64_t i = 0; i < m->n; i++)
        m->prefix[i] = prefix_of(m->cursors[i].frame, m->common);
    build_tree(m);
    return m;
}

void rt_merge_free(rt_merge *m) {
    if (!m) return;
    for (int64_t i = 0; i < m->n; i++) close_cursor(m, &m->cursors[i]);
    free(m->cursors);
    free(m->prefix);
    free(m->over);
    free(m->tree);
    free(m);
}

const uint8_t *rt_merge_next(rt_merge *m, rt_status *status) {
    *status = RT_ok;
    if (!m->n) return NULL;
    if (m->given) {
        *status = advance(m, m->tree[0]);
        if (*status != RT_ok) return NULL;
        replay(m, m->tree[0]);
    }
    m->given = !m->over[m->tree[0]];
    return m->given ? m->cursors[m->tree[0]].frame : NULL;
}

/* ---- to a stage ------------------------------------------------------------------------ */

typedef struct portion {
    uint8_t *base;
    int64_t size, len;
} portion;

static int32_t give(flow_rt_worker *w, portion *b, flow_block_fn *rows) {
    int32_t result = b->len ? rows(&w->ctx, b->base, b->base + b->len) : 0;
    b->len = 0;
    return result;
}

/* Adds a frame, handing over what there is before it gets too long. */
static int32_t add_frame(flow_rt_worker *w, portion *b, const uint8_t *frame,
                         flow_block_fn *rows) {
    rt_mem *mem = w->job->mem;
    int64_t n = flow_frame_next(frame) - frame;
    if (b->len + n > b->size - RT_SLACK) {
        int32_t result = give(w, b, rows);
        if (result) return result;
    }
    if (n > b->size - RT_SLACK) {
        rt_mem_put(mem, RT_OWNER_EXCHANGE, b->base, b->size);
        b->size = RT_MAX(n + RT_SLACK, PORTION);
        b->base = rt_mem_get(mem, RT_OWNER_EXCHANGE, &b->size);
        if (!b->base) rt_task_short(w, false);
    }
    memcpy(b->base + b->len, frame, (size_t)n);
    b->len += n;
    return 0;
}

int32_t rt_merge_rows(flow_rt_worker *w, const rt_runs *runs, flow_block_fn *rows) {
    rt_merge *m = rt_merge_new(w->job, runs);
    if (!m) rt_task_short(w, false);
    portion b = {0};
    rt_status status;
    int32_t result = 0;
    for (const uint8_t *frame; !result && (frame = rt_merge_next(m, &status));)
        result = add_frame(w, &b, frame, rows);
    if (!result && status == RT_ok) result = give(w, &b, rows);
    rt_merge_free(m);
    rt_mem_put(w->job->mem, RT_OWNER_EXCHANGE, b.base, b.size);
    if (status != RT_ok) rt_task_stop(w, status, NULL);
    return result;
}
