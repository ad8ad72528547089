/* merge.c - see merge.h.
 *
 * A heap over one cursor a run.  A cursor compares the first 8 bytes of its key as a
 * number and goes to memory only when they are equal. */
#include "runtime/exec/merge.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/kernel/k_sort.h"

typedef struct cursor {
    uint64_t prefix;
    const uint8_t *frame, *end; /* the entry it is at; end of the run */
    const flow_item *item;      /* a run that was sorted: its next item */
    int64_t left;               /* items after this one */
    int64_t run;
} cursor;

typedef struct merge {
    cursor *heap;
    int64_t n;
    flow_item **sorted; /* to be freed */
    int64_t nsorted;
} merge;

static uint64_t prefix_of(const uint8_t *frame) {
    uint8_t bytes[8] = {0};
    uint32_t n = flow_frame_klen(frame);
    memcpy(bytes, flow_frame_key(frame), RT_MIN(n, 8));
    uint64_t v;
    memcpy(&v, bytes, 8);
    return __builtin_bswap64(v);
}

static int compare(uint64_t pa, const uint8_t *a, uint64_t pb, const uint8_t *b) {
    if (pa != pb) return pa < pb ? -1 : 1;
    uint32_t na = flow_frame_klen(a), nb = flow_frame_klen(b);
    int order = memcmp(flow_frame_key(a), flow_frame_key(b), RT_MIN(na, nb));
    return order ? order : na < nb ? -1 : na > nb;
}

static bool before(const cursor *a, const cursor *b) {
    int order = compare(a->prefix, a->frame, b->prefix, b->frame);
    return order ? order < 0 : a->run < b->run;
}

static void sift(merge *m, int64_t i) {
    cursor moving = m->heap[i];
    for (;;) {
        int64_t child = 2 * i + 1;
        if (child >= m->n) break;
        if (child + 1 < m->n && before(&m->heap[child + 1], &m->heap[child])) child++;
        if (!before(&m->heap[child], &moving)) break;
        m->heap[i] = m->heap[child];
        i = child;
    }
    m->heap[i] = moving;
}

/* Counts the entries; says whether they are in order. */
static int64_t look(const uint8_t *p, const uint8_t *end, bool *sorted) {
    int64_t n = 0;
    const uint8_t *last = NULL;
    uint64_t last_prefix = 0;
    *sorted = true;
    for (; p < end; p = flow_frame_next(p), n++) {
        uint64_t prefix = prefix_of(p);
        if (last && compare(last_prefix, last, prefix, p) > 0) *sorted = false;
        last = p;
        last_prefix = prefix;
    }
    rt_assert(p == end);
    return n;
}

/* Items of a run that is out of order, sorted. */
static flow_item *sort_run(merge *m, const rt_run *run, int64_t n) {
    flow_item *items = rt_alloc((size_t)n * sizeof *items);
    flow_item *spare = rt_alloc((size_t)n * sizeof *spare);
    flow_k_sort_items(run->p, run->p + run->len, items);
    flow_k_sort(items, spare, n);
    free(spare);
    m->sorted[m->nsorted++] = items;
    return items;
}

static void merge_begin(merge *m, const rt_runs *runs) {
    *m = (merge){0};
    m->heap = rt_alloc((size_t)runs->n * sizeof *m->heap);
    m->sorted = rt_alloc((size_t)runs->n * sizeof *m->sorted);
    for (int64_t i = 0; i < runs->n; i++) {
        const rt_run *run = &runs->items[i];
        bool sorted;
        int64_t n = look(run->p, run->p + run->len, &sorted);
        if (!n) continue;
        cursor *c = &m->heap[m->n++];
        *c = (cursor){.frame = run->p, .end = run->p + run->len, .run = i};
        if (!sorted) {
            c->item = sort_run(m, run, n);
            c->left = n - 1;
            c->frame = c->item->frame;
        }
        c->prefix = prefix_of(c->frame);
    }
    for (int64_t i = m->n / 2 - 1; i >= 0; i--) sift(m, i);
}

/* The next entry, or null. */
static const uint8_t *merge_next(merge *m) {
    if (!m->n) return NULL;
    cursor *c = &m->heap[0];
    const uint8_t *frame = c->frame;
    bool more;
    if (c->item) {
        more = c->left-- > 0;
        if (more) c->frame = (++c->item)->frame;
    } else {
        c->frame = flow_frame_next(c->frame);
        more = c->frame < c->end;
    }
    if (more)
        c->prefix = prefix_of(c->frame);
    else
        *c = m->heap[--m->n];
    if (m->n) sift(m, 0);
    return frame;
}

static void merge_end(merge *m) {
    for (int64_t i = 0; i < m->nsorted; i++) free(m->sorted[i]);
    free(m->sorted);
    free(m->heap);
}

/* ---- to a stage ---------------------------------------------------------------------- */

int32_t rt_merge_rows(flow_rt_worker *w, const rt_runs *runs, flow_block_fn *rows) {
    rt_mem *mem = w->job->mem;
    int64_t need = 0;
    for (int64_t i = 0; i < runs->n; i++) need += runs->items[i].len;
    if (!need) return 0;
    int64_t size = need + RT_SLACK;
    uint8_t *base = rt_mem_get(mem, RT_OWNER_EXCHANGE, &size), *to = base;
    if (!base) rt_task_stop(w, RT_memory, NULL);
    merge m;
    merge_begin(&m, runs);
    for (const uint8_t *frame; (frame = merge_next(&m));) {
        int64_t n = flow_frame_next(frame) - frame;
        memcpy(to, frame, (size_t)n);
        to += n;
    }
    merge_end(&m);
    rt_assert(to == base + need);
    int32_t result = rows(&w->ctx, base, to);
    rt_mem_put(mem, RT_OWNER_EXCHANGE, base, size);
    return result;
}

/* ---- to a sink ------------------------------------------------------------------------ */

/* Output of a merge: buffers of at least this, each a piece. */
#define PIECE (INT64_C(1) << 20)

typedef struct piece_buf {
    struct piece_buf *next;
    int64_t size;
} piece_buf;

enum { PIECE_HEAD = 64 };

static void add_piece(rt_group *g, int64_t *room, rt_piece piece) {
    if (g->npieces == *room) {
        *room = *room ? 2 * *room : 16;
        g->pieces = rt_realloc(g->pieces, (size_t)*room * sizeof *g->pieces);
    }
    g->pieces[g->npieces++] = piece;
    g->bytes += piece.len;
}

static rt_group *add_group(rt_output *out, const char *path) {
    out->groups =
        rt_realloc(out->groups, (size_t)(out->ngroups + 1) * sizeof *out->groups);
    rt_group *g = &out->groups[out->ngroups++];
    *g = (rt_group){.path = path};
    return g;
}

/* Appends bytes to the group's last piece, which is in a buffer of ours. */
static bool put(rt_job *job, rt_output *out, rt_group *g, int64_t *room, const uint8_t *p,
                int64_t len) {
    piece_buf *b = out->bufs;
    rt_piece *last = g->npieces ? &g->pieces[g->npieces - 1] : NULL;
    uint8_t *at = b ? (uint8_t *)b + PIECE_HEAD + out->used : NULL;
    bool fits = b && PIECE_HEAD + out->used + len <= b->size;
    if (!fits) {
        int64_t size = RT_MAX(PIECE, len + PIECE_HEAD);
        b = rt_mem_get(job->mem, RT_OWNER_EXCHANGE, &size);
        if (!b) return false;
        *b = (piece_buf){out->bufs, size};
        out->bufs = b;
        out->used = 0;
        at = (uint8_t *)b + PIECE_HEAD;
    }
    memcpy(at, p, (size_t)len);
    out->used += len;
    if (fits && last && last->p + last->len == at) {
        last->len += len;
        g->bytes += len;
    } else {
        add_piece(g, room, (rt_piece){at, len});
    }
    return true;
}

static void add_line(rt_output *out, int64_t *room, rt_piece line) {
    if (out->nlines == *room) {
        *room = *room ? 2 * *room : 64;
        out->lines = rt_realloc(out->lines, (size_t)*room * sizeof *out->lines);
    }
    out->lines[out->nlines++] = line;
}

/* The path of a partition: the key, as text. */
static char *path_of(const uint8_t *frame) {
    uint32_t n = flow_frame_klen(frame);
    char *path = rt_alloc((size_t)n + 1);
    memcpy(path, flow_frame_key(frame), n);
    return path;
}

static bool same_path(const rt_group *g, const uint8_t *frame) {
    uint32_t n = flow_frame_klen(frame);
    return strlen(g->path) == n && !memcmp(g->path, flow_frame_key(frame), n);
}

static bool merge_out(rt_job *job, const rt_sink *s, const rt_runs *runs, rt_output *out) {
    merge m;
    merge_begin(&m, runs);
    rt_group *g = s->decl->partition || s->ops->lines ? NULL : add_group(out, NULL);
    int64_t room = 0;
    bool good = true;
    for (const uint8_t *frame; good && (frame = merge_next(&m));) {
        if (s->ops->lines) {
            if (out->nlines == s->lines_wanted) break;
            rt_piece line = {flow_frame_payload(frame), flow_frame_plen(frame)};
            add_line(out, &room, line);
            continue;
        }
        if (s->decl->partition && !(g && same_path(g, frame))) {
            g = add_group(out, path_of(frame));
            room = 0;
        }
        good = put(job, out, g, &room, flow_frame_payload(frame), flow_frame_plen(frame));
    }
    merge_end(&m);
    return good;
}

/* What needs no merging: lines in the order of tasks.  Bytes without frames are cut at
 * line ends. */
static void plain_lines(const rt_runs *runs, const rt_sink *s, rt_output *out) {
    int64_t room = 0;
    for (int64_t i = 0; i < runs->n; i++) {
        const uint8_t *p = runs->items[i].p, *end = p + runs->items[i].len;
        while (p < end && s->decl->framed && out->nlines < s->lines_wanted) {
            add_line(out, &room, (rt_piece){flow_frame_payload(p), flow_frame_plen(p)});
            p = flow_frame_next(p);
        }
        while (p < end && out->nlines < s->lines_wanted) {
            const uint8_t *nl = memchr(p, '\n', (size_t)(end - p)), *to = nl ? nl + 1 : end;
            add_line(out, &room, (rt_piece){p, to - p});
            p = to;
        }
    }
}

rt_status rt_output_make(rt_job *job, int64_t sink, rt_output *out) {
    const rt_sink *s = &job->sinks[sink];
    const rt_exchange *e = &job->collects[sink];
    const rt_runs *runs = &e->parts[0];
    *out = (rt_output){.batch = job->batch, .now = job->now, .rows = e->rows};
    if (s->decl->merged || (s->decl->framed && !s->ops->lines)) {
        if (merge_out(job, s, runs, out)) return RT_ok;
        return (rt_status)rt_fail(RT_memory,
                                  "no memory to put the rows of %s in order: a larger "
                                  "`--memory` or a smaller `--batch_size` helps",
                                  s->decl->name);
    }
    if (s->decl->framed || s->ops->lines) {
        plain_lines(runs, s, out);
        return RT_ok;
    }
    rt_group *g = add_group(out, NULL);
    int64_t room = 0;
    for (int64_t i = 0; i < runs->n; i++)
        add_piece(g, &room, (rt_piece){runs->items[i].p, runs->items[i].len});
    return RT_ok;
}

void rt_output_free(rt_job *job, rt_output *out) {
    for (int64_t i = 0; i < out->ngroups; i++) {
        free((char *)out->groups[i].path);
        free(out->groups[i].pieces);
    }
    free(out->groups);
    free(out->lines);
    while (out->bufs) {
        piece_buf *b = out->bufs;
        out->bufs = b->next;
        rt_mem_put(job->mem, RT_OWNER_EXCHANGE, b, b->size);
    }
    *out = (rt_output){0};
}
