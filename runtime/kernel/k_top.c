/* k_top.c - the first n rows by a sort key.
 *
 * words: address of the list (flow_item each) · room and count · frame of the n-th key,
 * or 0 while fewer than n are known.  A candidate is a frame (k_sort.h) in the heap whose
 * row begins at a multiple of 8.  The list is in order of arrival behind a sorted head,
 * and sorting is stable, so equal keys keep their order. */
#include "runtime/kernel/k_top.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_sort.h"

typedef struct top_state {
    flow_item *list;
    uint32_t count, room;
    const uint8_t *bound; /* frame of the n-th candidate */
} top_state;

_Static_assert(sizeof(top_state) <= FLOW_TOP_WORDS * 8, "the state's words");

FLOW_INLINE int64_t top_row_at(int64_t klen) {
    return (8 + klen + 7) & ~(int64_t)7;
}

static int64_t top_bytes(const uint8_t *frame) {
    return top_row_at(flow_frame_klen(frame)) + flow_frame_plen(frame);
}

static int32_t top_compare(const uint8_t *key, int64_t klen, const uint8_t *frame) {
    int64_t n = flow_frame_klen(frame);
    int c = __builtin_memcmp(key, flow_frame_key(frame), (size_t)(klen < n ? klen : n));
    return c ? c : (klen > n) - (klen < n);
}

int32_t flow_k_top_rejects(const uint64_t *state, int32_t ties, const uint8_t *key,
                           int64_t klen) {
    const top_state *s = (const top_state *)state;
    if (!s->bound) return 0;
    int32_t c = top_compare(key, klen, s->bound);
    return ties ? c > 0 : c >= 0;
}

/* Sorts the candidates and drops those behind the n-th (ties: behind its equals). */
static void top_cut(flow_ctx *ctx, flow_heap *heap, top_state *s, int64_t n,
                    int32_t ties) {
    void *mark = flow_k_mark(ctx);
    int64_t count = s->count, keep = count;
    flow_item *spare = flow_k_alloc(ctx, count * (int64_t)sizeof *spare);
    flow_k_sort(s->list, spare, count);
    flow_k_reset(ctx, mark);
    if (n <= count) {
        keep = n;
        s->bound = s->list[n - 1].frame;
        while (ties && keep < count &&
               !flow_k_sort_compare(&s->list[keep], &s->list[n - 1]))
            keep++;
    }
    for (int64_t i = keep; i < count; i++)
        flow_k_heap_free(ctx, heap, (void *)s->list[i].frame,
                         top_bytes(s->list[i].frame));
    s->count = (uint32_t)keep;
}

/* Room for one more: by dropping what no longer matters, if that gives much. */
static void top_grow(flow_ctx *ctx, flow_heap *heap, top_state *s, int64_t n,
                     int32_t ties) {
    if (s->count >= n) top_cut(ctx, heap, s, n, ties);
    if (s->room && s->count <= s->room / 4 * 3) return;
    int64_t old = (int64_t)s->room * (int64_t)sizeof *s->list;
    int64_t room = s->room ? (int64_t)s->room * 2 : 8;
    int64_t bytes = room * (int64_t)sizeof *s->list;
    s->list = old ? flow_k_heap_resize(ctx, heap, s->list, old, bytes)
                  : flow_k_heap_alloc(ctx, heap, bytes);
    s->room = (uint32_t)room;
}

void flow_k_top_push(flow_ctx *ctx, flow_heap *heap, uint64_t *state, int64_t n,
                     int32_t ties, const uint8_t *key, int64_t klen, const uint8_t *row,
                     int64_t rlen) {
    top_state *s = (top_state *)state;
    if (n <= 0 || flow_k_top_rejects(state, ties, key, klen)) return;
    if (s->count == s->room) {
        top_grow(ctx, heap, s, n, ties);
        if (flow_k_top_rejects(state, ties, key, klen)) return;
    }
    uint8_t *frame = flow_k_heap_alloc(ctx, heap, top_row_at(klen) + rlen);
    uint32_t lens[2] = {(uint32_t)klen, (uint32_t)rlen};
    __builtin_memcpy(frame, lens, 8);
    if (klen) __builtin_memcpy(frame + 8, key, (size_t)klen);
    if (rlen) __builtin_memcpy(frame + top_row_at(klen), row, (size_t)rlen);
    flow_item *it = &s->list[s->count++];
    it->frame = frame;
    it->prefix = 0;
    for (int64_t i = 0; i < 8; i++)
        it->prefix = it->prefix << 8 | (i < klen ? key[i] : 0);
}

int64_t flow_k_top_finish(flow_ctx *ctx, flow_heap *heap, uint64_t *state, int64_t n,
                          int32_t ties) {
    top_state *s = (top_state *)state;
    if (s->count) top_cut(ctx, heap, s, n, ties);
    return s->count;
}

const uint8_t *flow_k_top_row(const uint64_t *state, int64_t i) {
    const uint8_t *frame = ((const top_state *)state)->list[i].frame;
    return frame + top_row_at(flow_frame_klen(frame));
}

/* The place of the first of its equals; they stand together. */
int64_t flow_k_top_rank(const uint64_t *state, int64_t i) {
    const top_state *s = (const top_state *)state;
    int64_t low = 0, high = i;
    while (low < high) {
        int64_t mid = (low + high) / 2;
        if (flow_k_sort_compare(&s->list[mid], &s->list[i]) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low + 1;
}

void flow_k_top_drop(flow_ctx *ctx, flow_heap *heap, uint64_t *state) {
    top_state *s = (top_state *)state;
    for (int64_t i = 0; i < s->count; i++)
        flow_k_heap_free(ctx, heap, (void *)s->list[i].frame,
                         top_bytes(s->list[i].frame));
    if (s->room)
        flow_k_heap_free(ctx, heap, s->list, (int64_t)s->room * (int64_t)sizeof *s->list);
    __builtin_memset(s, 0, sizeof *s);
}

/* A blob for each place. */
typedef struct top_shown {
    uint64_t *blobs;
    uint32_t count, room;
} top_shown;

_Static_assert(sizeof(top_shown) <= FLOW_TOP_SHOWN_WORDS * 8, "the words of what was shown");

static void shown_room(flow_ctx *ctx, flow_heap *heap, top_shown *s, int64_t count) {
    int64_t old = (int64_t)s->room * 16, room = s->room ? (int64_t)s->room * 2 : 4;
    while (room < count) room *= 2;
    s->blobs = old ? flow_k_heap_resize(ctx, heap, s->blobs, old, room * 16)
                   : flow_k_heap_alloc(ctx, heap, room * 16);
    __builtin_memset((uint8_t *)s->blobs + old, 0, (size_t)(room * 16 - old));
    s->room = (uint32_t)room;
}

int32_t flow_k_top_changed(flow_ctx *ctx, flow_heap *heap, uint64_t *shown, int64_t i,
                           const uint64_t *words, const uint8_t *tc) {
    top_shown *s = (top_shown *)shown;
    if (i >= s->room) shown_room(ctx, heap, s, i + 1);
    if (i >= s->count) s->count = (uint32_t)i + 1;
    return flow_k_blob_change(ctx, heap, s->blobs + 2 * i, words, tc);
}

void flow_k_top_forget(flow_ctx *ctx, flow_heap *heap, uint64_t *shown, int64_t n) {
    top_shown *s = (top_shown *)shown;
    for (int64_t i = n; i < s->count; i++) flow_k_blob_drop(ctx, heap, s->blobs + 2 * i);
    if (n < s->count) s->count = (uint32_t)n;
}

int64_t flow_k_top_places(const uint64_t *shown) {
    return ((const top_shown *)shown)->count;
}

int32_t flow_k_top_differs(flow_ctx *ctx, const uint64_t *shown, int64_t i,
                           const uint64_t *words, const uint8_t *tc) {
    const top_shown *s = (const top_shown *)shown;
    return i >= s->count || flow_k_blob_differs(ctx, s->blobs + 2 * i, words, tc);
}

int32_t flow_k_top_shown(flow_ctx *ctx, const uint64_t *shown, int64_t i, uint64_t *words,
                         const uint8_t *tc) {
    const top_shown *s = (const top_shown *)shown;
    if (i >= s->count || !s->blobs[2 * i]) return 0;
    flow_k_blob_get(ctx, s->blobs + 2 * i, words, tc);
    return 1;
}

/* ---- rows that have left ---- */

#define TOP_LEFT_AT 4 /* the word of a row's head that is zero elsewhere (k_row.h) */

int32_t flow_k_top_left(const uint8_t *row) {
    return row[TOP_LEFT_AT];
}

void flow_k_top_hide(flow_ctx *ctx, flow_heap *heap, uint64_t *shown, int64_t i) {
    top_shown *s = (top_shown *)shown;
    if (i < s->count) flow_k_blob_drop(ctx, heap, s->blobs + 2 * i);
}

void flow_k_top_leave(flow_ctx *ctx, flow_heap *heap, uint64_t *state, uint64_t *shown,
                      int64_t i) {
    flow_k_top_hide(ctx, heap, shown, i);
    if (i < ((const top_state *)state)->count)
        ((uint8_t *)flow_k_top_row(state, i))[TOP_LEFT_AT] = 1;
}

int64_t flow_k_top_place(const uint8_t *key, int64_t klen) {
    uint64_t v;
    __builtin_memcpy(&v, key + klen - 8, 8);
    return (int64_t)__builtin_bswap64(v);
}

/* Rows of one moment leave in order of their places: the next is the one to ask for. */
int32_t flow_k_top_waits(flow_ctx *ctx, flow_table *t, const uint8_t *key, int64_t klen,
                         int64_t n) {
    int64_t place = flow_k_top_place(key, klen);
    int32_t found = 0;
    void *mark = flow_k_mark(ctx);
    uint8_t *copy = flow_k_alloc(ctx, klen + FLOW_SLACK);
    flow_k_copy(copy, key, klen);
    for (int64_t i = 1; i < n && !found; i++) {
        uint64_t v = __builtin_bswap64((uint64_t)((place + i) % n));
        __builtin_memcpy(copy + klen - 8, &v, 8);
        found = flow_k_table_find_text(ctx, t, copy, klen) != 0;
    }
    flow_k_reset(ctx, mark);
    return found;
}

void flow_k_top_unshow(flow_ctx *ctx, flow_heap *heap, uint64_t *shown) {
    top_shown *s = (top_shown *)shown;
    flow_k_top_forget(ctx, heap, shown, 0);
    if (s->room) flow_k_heap_free(ctx, heap, s->blobs, (int64_t)s->room * 16);
    s->blobs = NULL;
    s->room = 0;
}
