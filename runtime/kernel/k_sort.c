/* k_sort.c - sorting by key bytes: radix on the first bytes, merging where few are left.
 *
 * An item carries 8 bytes of its key, those from `depth` on.  Large ranges are split by
 * the first byte of them in which the range differs at all, so common prefixes cost one
 * pass; small ranges are merge-sorted.  Where all 8 bytes agree, keys that end there come
 * first, by length, and the others load the next 8; of a small range those behind all that its
 * keys have in common.  All steps are stable.
 *
 * Keys come in three forms, told apart by a constant argument: frames, cells, and keys
 * that are their prefix. */
#include "runtime/kernel/k_sort.h"
#include "runtime/kernel/k_heap.h"
#include "runtime/kernel/k_mem.h"

#define SORT_SMALL 96
#define SORT_FEW   6 /* fewer are compared as they are */

typedef enum sort_form { SORT_FRAME, SORT_CELL, SORT_PREFIX } sort_form;

FLOW_INLINE const uint8_t *sort_key(const flow_item *it, sort_form form, int64_t *len) {
    if (form == SORT_FRAME) {
        *len = flow_frame_klen(it->frame);
        return flow_frame_key(it->frame);
    }
    if (form == SORT_CELL) {
        uint64_t text[2];
        flow_k_cell_get((const uint64_t *)it->frame, text);
        *len = (int64_t)text[1];
        return (const uint8_t *)text[0];
    }
    *len = 8;
    return 0;
}

FLOW_INLINE uint64_t sort_load(const uint8_t *p) {
    uint64_t v;
    __builtin_memcpy(&v, p, 8);
    return v;
}

/* The 8 bytes of a key from `depth` on, zeros behind its end. */
FLOW_INLINE uint64_t sort_prefix(const uint8_t *key, int64_t len, int64_t depth) {
    int64_t left = len - depth;
    if (left <= 0) return 0;
    uint64_t v = __builtin_bswap64(sort_load(key + depth));
    return left >= 8 ? v : v & ~(uint64_t)0 << (64 - 8 * left);
}

/* Items whose keys agree before `depth`. */
FLOW_INLINE int32_t sort_compare(const flow_item *a, const flow_item *b, int64_t depth,
                                 sort_form form) {
    if (a->prefix != b->prefix) return a->prefix < b->prefix ? -1 : 1;
    if (form == SORT_PREFIX) return 0;
    int64_t an, bn;
    const uint8_t *ak = sort_key(a, form, &an), *bk = sort_key(b, form, &bn);
    int64_t n = (an < bn ? an : bn) - (depth + 8);
    if (n > 0) {
        int c = __builtin_memcmp(ak + depth + 8, bk + depth + 8, (size_t)n);
        if (c) return c < 0 ? -1 : 1;
    }
    return (an > bn) - (an < bn);
}

int32_t flow_k_sort_compare(const flow_item *a, const flow_item *b) {
    return sort_compare(a, b, 0, SORT_FRAME);
}

/* ---- small ranges
 * ----------------------------------------------------------------------- */

FLOW_INLINE void sort_insertion(flow_item *a, int64_t n, int64_t depth, sort_form form) {
    for (int64_t i = 1; i < n; i++) {
        flow_item it = a[i];
        int64_t k = i;
        for (; k > 0 && sort_compare(&a[k - 1], &it, depth, form) > 0; k--)
            a[k] = a[k - 1];
        a[k] = it;
    }
}

FLOW_INLINE void sort_merge(const flow_item *a, int64_t an, const flow_item *b,
                            int64_t bn, flow_item *to, int64_t depth, sort_form form) {
    const flow_item *ae = a + an, *be = b + bn;
    while (a < ae && b < be)
        *to++ = sort_compare(a, b, depth, form) <= 0 ? *a++ : *b++;
    while (a < ae)
        *to++ = *a++;
    while (b < be)
        *to++ = *b++;
}

FLOW_INLINE void sort_small(flow_item *a, flow_item *spare, int64_t n, int64_t depth,
                            sort_form form) {
    const int64_t run = 12;
    for (int64_t i = 0; i < n; i += run)
        sort_insertion(a + i, n - i < run ? n - i : run, depth, form);
    flow_item *from = a, *to = spare;
    for (int64_t w = run; w < n; w *= 2) {
        for (int64_t i = 0; i < n; i += 2 * w) {
            int64_t left = n - i < w ? n - i : w;
            int64_t right = n - i - left < w ? n - i - left : w;
            sort_merge(from + i, left, from + i + left, right, to + i, depth, form);
        }
        flow_item *t = from;
        from = to;
        to = t;
    }
    if (from != a) __builtin_memcpy(a, from, (size_t)n * sizeof *a);
}

/* ---- large ranges
 * ----------------------------------------------------------------------- */

/* Bits in which prefixes differ. */
FLOW_INLINE uint64_t sort_differ(const flow_item *a, int64_t n) {
    uint64_t d = 0, first = a[0].prefix;
    for (int64_t i = 1; i < n; i++)
        d |= a[i].prefix ^ first;
    return d;
}

/* All prefixes agree: moves the keys that end within them to the front, by length, and
 * loads the next 8 bytes of the others.  Returns how many ended. */
FLOW_INLINE int64_t sort_deepen(flow_item *a, flow_item *spare, int64_t n, int64_t depth,
                                sort_form form) {
    int64_t ended = 0, len;
    for (int64_t left = 0; left <= 8; left++)
        for (int64_t i = 0; i < n; i++) {
            sort_key(&a[i], form, &len);
            if (len - depth == left) spare[ended++] = a[i];
        }
    int64_t to = ended;
    for (int64_t i = 0; i < n; i++) {
        const uint8_t *key = sort_key(&a[i], form, &len);
        if (len - depth <= 8) continue;
        spare[to] = a[i];
        spare[to++].prefix = sort_prefix(key, len, depth + 8);
    }
    __builtin_memcpy(a, spare, (size_t)n * sizeof *a);
    return ended;
}

/* Whether one of the keys goes on behind the prefix or their lengths differ. */
FLOW_INLINE int sort_open(const flow_item *a, int64_t n, int64_t depth, sort_form form) {
    int64_t first, len;
    sort_key(&a[0], form, &first);
    if (first - depth > 8) return 1;
    for (int64_t i = 1; i < n; i++) {
        sort_key(&a[i], form, &len);
        if (len != first) return 1;
    }
    return 0;
}

/* How many bytes all keys have in common, of which `depth` are known. */
FLOW_INLINE int64_t sort_common(const flow_item *a, int64_t n, int64_t depth, sort_form form) {
    int64_t common, len;
    const uint8_t *first = sort_key(&a[0], form, &common);
    for (int64_t i = 1; i < n; i++) {
        const uint8_t *key = sort_key(&a[i], form, &len);
        if (len < common) common = len;
        for (int64_t at = depth; at < common; at += 8) {
            uint64_t bits = sort_load(first + at) ^ sort_load(key + at);
            if (!bits) continue;
            at += __builtin_ctzll(bits) / 8;
            if (at < common) common = at;
        }
    }
    return common;
}

/* A small range, which may go as it is; where its prefixes agree it is sorted by others, of which
 * the first (depth 0) are to stay. */
FLOW_INLINE void sort_few(flow_item *a, flow_item *spare, int64_t n, int64_t depth,
                          sort_form form) {
    if (form == SORT_PREFIX || n < SORT_FEW || sort_differ(a, n)) {
        sort_small(a, spare, n, depth, form);
        return;
    }
    uint64_t prefix = a[0].prefix;
    int64_t common = sort_common(a, n, depth, form), len;
    for (int64_t i = 0; i < n; i++) {
        const uint8_t *key = sort_key(&a[i], form, &len);
        a[i].prefix = sort_prefix(key, len, common);
    }
    sort_small(a, spare, n, common, form);
    if (depth) return;
    for (int64_t i = 0; i < n; i++)
        a[i].prefix = prefix;
}

/* Scatters by one byte; start[b] is where the items of byte b begin, start[256] = n. */
static void sort_scatter(flow_item *a, flow_item *spare, int64_t n, int shift,
                         int64_t *start) {
    int64_t at[256] = {0}, sum = 0;
    for (int64_t i = 0; i < n; i++)
        at[a[i].prefix >> shift & 255]++;
    for (int b = 0; b < 256; b++) {
        int64_t c = at[b];
        start[b] = at[b] = sum;
        sum += c;
    }
    start[256] = n;
    for (int64_t i = 0; i < n; i++)
        spare[at[a[i].prefix >> shift & 255]++] = a[i];
    __builtin_memcpy(a, spare, (size_t)n * sizeof *a);
}

static void sort_frames(flow_item *a, flow_item *spare, int64_t n, int64_t depth);
static void sort_cells(flow_item *a, flow_item *spare, int64_t n, int64_t depth);
static void sort_prefixes(flow_item *a, flow_item *spare, int64_t n, int64_t depth);

FLOW_INLINE void sort_again(flow_item *a, flow_item *spare, int64_t n, int64_t depth,
                            sort_form form) {
    if (n < 2) return;
    if (form == SORT_FRAME)
        sort_frames(a, spare, n, depth);
    else if (form == SORT_CELL)
        sort_cells(a, spare, n, depth);
    else
        sort_prefixes(a, spare, n, depth);
}

/* Recursions: one per byte of a prefix at most, and one behind the first prefix, after
 * which the items get it back; what is deeper in long keys goes by the loop. */
FLOW_INLINE void sort_range(flow_item *a, flow_item *spare, int64_t n, int64_t depth,
                            sort_form form) {
    for (;;) {
        if (n <= SORT_SMALL) {
            if (n > 1) sort_few(a, spare, n, depth, form);
            return;
        }
        uint64_t differ = sort_differ(a, n);
        if (differ) {
            int64_t start[257];
            int shift = (63 - __builtin_clzll(differ)) & ~7;
            sort_scatter(a, spare, n, shift, start);
            for (int b = 0; b < 256; b++)
                sort_again(a + start[b], spare, start[b + 1] - start[b], depth, form);
            return;
        }
        if (form == SORT_PREFIX || !sort_open(a, n, depth, form)) return;
        uint64_t prefix = a[0].prefix;
        int64_t ended = sort_deepen(a, spare, n, depth, form);
        if (!depth) {
            sort_again(a + ended, spare, n - ended, 8, form);
            for (int64_t i = ended; i < n; i++)
                a[i].prefix = prefix;
            return;
        }
        a += ended;
        n -= ended;
        depth += 8;
    }
}

static void sort_frames(flow_item *a, flow_item *spare, int64_t n, int64_t depth) {
    sort_range(a, spare, n, depth, SORT_FRAME);
}

static void sort_cells(flow_item *a, flow_item *spare, int64_t n, int64_t depth) {
    sort_range(a, spare, n, depth, SORT_CELL);
}

static void sort_prefixes(flow_item *a, flow_item *spare, int64_t n, int64_t depth) {
    sort_range(a, spare, n, depth, SORT_PREFIX);
}

void flow_k_sort(flow_item *items, flow_item *spare, int64_t n) {
    sort_frames(items, spare, n, 0);
}

void flow_k_sort_cells(flow_item *items, flow_item *spare, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        int64_t len;
        const uint8_t *key = sort_key(&items[i], SORT_CELL, &len);
        items[i].prefix = sort_prefix(key, len, 0);
    }
    sort_cells(items, spare, n, 0);
}

void flow_k_sort_prefixes(flow_item *items, flow_item *spare, int64_t n) {
    sort_prefixes(items, spare, n, 0);
}

/* ---- frames
 * ------------------------------------------------------------------------------- */

void flow_k_sort_items(const uint8_t *p, const uint8_t *end, flow_item *items) {
    for (; p < end; p = flow_frame_next(p), items++) {
        items->frame = p;
        items->prefix = sort_prefix(flow_frame_key(p), flow_frame_klen(p), 0);
    }
}

int64_t flow_k_frame_open(flow_ctx *ctx, flow_buf *buf, const uint8_t *key,
                          int64_t klen) {
    uint8_t *p = flow_k_reserve(ctx, buf, 8 + klen);
    uint32_t n = (uint32_t)klen;
    __builtin_memcpy(p, &n, 4);
    flow_k_copy(p + 8, key, klen);
    buf->p = p + 8 + klen;
    return p - buf->base;
}

void flow_k_frame_close(flow_buf *buf, int64_t frame) {
    uint8_t *p = buf->base + frame;
    uint32_t n = (uint32_t)(buf->p - flow_frame_payload(p));
    __builtin_memcpy(p + 4, &n, 4);
    buf->rows++;
}

void flow_k_frame(flow_ctx *ctx, flow_buf *buf, const uint8_t *key, int64_t klen,
                  const uint8_t *payload, int64_t plen) {
    int64_t frame = flow_k_frame_open(ctx, buf, key, klen);
    uint8_t *p = flow_k_reserve(ctx, buf, plen);
    flow_k_copy(p, payload, plen);
    buf->p = p + plen;
    flow_k_frame_close(buf, frame);
}

/* ---- merging sorted runs
 * -------------------------------------------------------------------- */

static int merge_before(const flow_merge *m, int32_t a, int32_t b) {
    int32_t c = flow_k_sort_compare(m->runs[a].p, m->runs[b].p);
    return c ? c < 0 : a < b;
}

static void merge_sink(flow_merge *m, int32_t i) {
    int32_t run = m->heap[i];
    for (;;) {
        int32_t child = 2 * i + 1;
        if (child >= m->n) break;
        if (child + 1 < m->n && merge_before(m, m->heap[child + 1], m->heap[child]))
            child++;
        if (!merge_before(m, m->heap[child], run)) break;
        m->heap[i] = m->heap[child];
        i = child;
    }
    m->heap[i] = run;
}

void flow_k_merge_begin(flow_merge *m, flow_run *runs, int32_t *heap, int32_t n) {
    m->runs = runs;
    m->heap = heap;
    m->n = 0;
    for (int32_t i = 0; i < n; i++)
        if (runs[i].p < runs[i].end) heap[m->n++] = i;
    for (int32_t i = m->n / 2 - 1; i >= 0; i--)
        merge_sink(m, i);
}

const uint8_t *flow_k_merge_next(flow_merge *m) {
    if (!m->n) return 0;
    flow_run *r = &m->runs[m->heap[0]];
    const uint8_t *frame = r->p++->frame;
    if (r->p == r->end) m->heap[0] = m->heap[--m->n];
    if (m->n > 1) merge_sink(m, 0);
    return frame;
}
