/* merge.c - see merge.h.
 *
 * A tree of losers over one cursor a run, with offset-value codes (Conner, "Offset-value
 * coding", 1977; Do and Graefe, "Robust and efficient sorting with offset-value coding", 2023):
 * of each entry it is known where its key first differs from that of the last winner, and what
 * stands there. So each row plays one match a level, and a match compares two numbers; only
 * where they are equal it looks at the keys, behind what they have in common, and the loser
 * gets a new code. A key is read once, beside the one before it in its run.
 *
 * A run in the spill file is read through a window; the window moves only when the next entry
 * is asked for, so the one that was given stays where it is until then. */
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

/* A key is words of KEY_BYTES bytes each. A code: in the high half how many words are not shared
 * with the last winner's key, counted down from the greatest number; in the low half the first
 * of these. The lower code has the lower key. */
typedef unsigned __int128 key_code;

enum { KEY_BYTES = 7 };

#define OVER (~(key_code)0) /* the end of the run has been reached */

typedef struct cursor {
    const uint8_t *frame, *end; /* the entry it is at; end of the run, or of the window */
    flow_item *items;           /* a run that was sorted: its items, */
    int64_t nitems, item;       /* how many, and which it is at */
    int64_t items_size;
    uint8_t *window;            /* a run in the spill file; RT_SLACK behind it */
    int64_t window_size, at, left; /* the file behind the window */
    uint8_t *before;            /* the entry that has left the window: its lengths and key */
    int64_t before_room;
} cursor;

struct rt_merge {
    rt_job *job;
    cursor *cursors;   /* one a run, in the order of the runs */
    key_code *codes;   /* of each cursor's key */
    int32_t *tree;     /* [0] the winner, [1 .. n-1] who lost there */
    int64_t n;
    bool given;        /* the winner's entry has been given: move on */
};

/* Eight bytes as they stand in memory; those behind a key can be read: they are its payload or
 * the slack of the buffer. */
static uint64_t load(const uint8_t *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

/* Word i of a key: its bytes, high first, and how many there are. */
static uint64_t word_of(const uint8_t *frame, int64_t i) {
    int64_t left = (int64_t)flow_frame_klen(frame) - i * KEY_BYTES;
    uint64_t bytes = __builtin_bswap64(load(flow_frame_key(frame) + i * KEY_BYTES));
    if (left >= KEY_BYTES) return (bytes & ~(uint64_t)0xFF) | KEY_BYTES;
    return left > 0 ? (bytes & ~(uint64_t)0 << (64 - 8 * left)) | (uint64_t)left : 0;
}

static key_code code_at(const uint8_t *frame, int64_t word) {
    return (key_code)~(uint64_t)word << 64 | word_of(frame, word);
}

/* Where two keys that agree in `from` bytes first differ: in the byte, or there one ends. -1: they
 * are equal. */
static int64_t differ_at(const uint8_t *a, const uint8_t *b, int64_t from) {
    int64_t na = flow_frame_klen(a), nb = flow_frame_klen(b), n = RT_MIN(na, nb);
    a = flow_frame_key(a), b = flow_frame_key(b);
    for (; from < n; from += 8) {
        uint64_t bits = load(a + from) ^ load(b + from);
        if (!bits) continue;
        from += __builtin_ctzll(bits) / 8;
        break;
    }
    return from < n ? from : na == nb ? -1 : n;
}

/* The code of a key beside one that it first differs from there. */
static key_code code_of(const uint8_t *frame, int64_t at) {
    if (at < 0) at = (int64_t)flow_frame_klen(frame) + KEY_BYTES; /* behind its last word */
    return code_at(frame, at / KEY_BYTES);
}

/* A match of two whose codes are equal: does a win? The loser's code becomes that beside the
 * winner. */
static bool wins_tie(rt_merge *m, int32_t a, int32_t b) {
    key_code code = m->codes[a];
    if (code == OVER) return a < b;
    int64_t word = (int64_t)~(uint64_t)(code >> 64);
    const uint8_t *p = m->cursors[a].frame, *q = m->cursors[b].frame;
    /* Of what both share with the last winner nothing need be read again. */
    int64_t known = RT_MIN(word * KEY_BYTES, (int64_t)flow_frame_klen(p));
    int64_t at = differ_at(p, q, known);
    key_code one = code_of(p, at), other = code_of(q, at);
    bool first = one != other ? one < other : a < b;
    m->codes[first ? b : a] = first ? other : one;
    return first;
}

static bool wins(rt_merge *m, int32_t a, int32_t b) {
    if (m->codes[a] != m->codes[b]) return m->codes[a] < m->codes[b];
    return wins_tie(m, a, b);
}

/* Plays the matches on the way from a leaf to the top again.  Who wins one nobody can predict, so
 * it is chosen without a branch. */
static void replay(rt_merge *m, int32_t run) {
    int32_t winner = run;
    key_code code = m->codes[run];
    for (int64_t node = (m->n + run) / 2; node >= 1; node /= 2) {
        int32_t other = m->tree[node];
        key_code others = m->codes[other];
        bool first = others < code;
        if (FLOW_UNLIKELY(others == code)) {
            first = wins_tie(m, other, winner);
            others = code = m->codes[first ? other : winner];
        }
        int32_t turn = (winner ^ other) & -(int32_t)first;
        m->tree[node] = other ^ turn;
        winner ^= turn;
        code ^= (code ^ others) & -(key_code)first;
    }
    m->tree[0] = winner;
}

static void build_tree(rt_merge *m) {
    int32_t *won = rt_alloc((size_t)(2 * m->n) * sizeof *won);
    for (int64_t i = 0; i < m->n; i++) won[m->n + i] = (int32_t)i;
    for (int64_t node = m->n - 1; node >= 1; node--) {
        int32_t a = won[2 * node], b = won[2 * node + 1];
        bool first = wins(m, a, b);
        won[node] = first ? a : b;
        m->tree[node] = first ? b : a;
    }
    if (m->n) m->tree[0] = won[1];
    free(won);
}

/* ---- sorting a run ------------------------------------------------------------------- */

bool rt_is_sorted(const uint8_t *p, int64_t len) {
    const uint8_t *end = p + len, *last = NULL;
    for (; p < end; last = p, p = flow_frame_next(p)) {
        int64_t at = last ? differ_at(last, p, 0) : -1;
        if (at >= 0 && code_of(last, at) > code_of(p, at)) return false;
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
    if (rt_is_sorted(p, len)) return put(arg, p, len);
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
    if (need > c->window_size - RT_SLACK) {
        int64_t size = RT_MAX(need, WINDOW) + RT_SLACK;
        uint8_t *p = c->window ? rt_mem_grow(mem, RT_OWNER_EXCHANGE, c->window,
                                             c->window_size, have, &size)
                               : rt_mem_get(mem, RT_OWNER_EXCHANGE, &size);
        if (!p) return RT_memory;
        c->window = p;
        c->window_size = size;
    }
    int64_t more = RT_MIN(c->window_size - RT_SLACK - have, c->left);
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
    if (run->sorted || rt_is_sorted(run->p, run->len)) return RT_ok;
    int64_t n = count_frames(run->p, c->end);
    c->items = sorted_items(m->job->mem, run->p, run->len, n, &c->items_size);
    if (!c->items) return RT_memory;
    c->nitems = n;
    c->frame = c->items[0].frame;
    return RT_ok;
}

static void close_cursor(rt_merge *m, cursor *c) {
    if (c->items) rt_mem_put(m->job->mem, RT_OWNER_EXCHANGE, c->items, c->items_size);
    if (c->window) rt_mem_put(m->job->mem, RT_OWNER_EXCHANGE, c->window, c->window_size);
    c->items = NULL;
    c->window = NULL;
    free(c->before);
    c->before = NULL;
}

/* A copy of the entry's lengths and key, for when the window has moved. */
static const uint8_t *keep_key(cursor *c) {
    int64_t n = flow_frame_payload(c->frame) - c->frame;
    if (n + RT_SLACK > c->before_room) {
        c->before_room = 2 * n + RT_SLACK;
        c->before = rt_realloc(c->before, (size_t)c->before_room);
    }
    memcpy(c->before, c->frame, (size_t)n);
    return c->before;
}

/* To the next entry, or the end of the run; the one it is at has won. */
static rt_status advance(rt_merge *m, int32_t run) {
    cursor *c = &m->cursors[run];
    const uint8_t *before = c->window ? keep_key(c) : c->frame;
    bool over;
    if (c->items) {
        over = ++c->item >= c->nitems;
        if (!over) c->frame = c->items[c->item].frame;
    } else {
        c->frame = flow_frame_next(c->frame);
        over = c->frame >= c->end && c->left == 0;
        if (!over && c->window) RT_TRY(load_frame(m, c));
        /* More runs than the processor follows by itself. */
        __builtin_prefetch(c->frame + 256);
    }
    if (over) close_cursor(m, c);
    m->codes[run] = over ? OVER : code_of(c->frame, differ_at(before, c->frame, 0));
    return RT_ok;
}

rt_merge *rt_merge_new(rt_job *job, const rt_runs *runs) {
    rt_merge *m = rt_alloc(sizeof *m);
    size_t n = (size_t)runs->n;
    m->job = job;
    m->cursors = rt_alloc(n * sizeof *m->cursors);
    m->codes = rt_alloc(n * sizeof *m->codes);
    m->tree = rt_alloc(n * sizeof *m->tree);
    for (int64_t i = 0; i < runs->n; i++) {
        if (!runs->items[i].len) continue;
        if (open_cursor(m, &m->cursors[m->n++], &runs->items[i]) == RT_ok) continue;
        rt_merge_free(m);
        return NULL;
    }
    for (int64_t i = 0; i < m->n; i++) m->codes[i] = code_at(m->cursors[i].frame, 0);
    build_tree(m);
    return m;
}

void rt_merge_free(rt_merge *m) {
    if (!m) return;
    for (int64_t i = 0; i < m->n; i++) close_cursor(m, &m->cursors[i]);
    free(m->cursors);
    free(m->codes);
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
    m->given = m->codes[m->tree[0]] != OVER;
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
