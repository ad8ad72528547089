/* k_heap.c - size classes, chunks, free lists; cells and blobs on top.
 *
 * Freed pieces are never merged.  When most of a heap is dead, the chunks of which nothing
 * lives are given back: what came together goes together, so few are left.  Moving what
 * lives out of the others would have to find every address in state. */
#include "runtime/kernel/k_heap.h"
#include "runtime/kernel/k_cold.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_sort.h"

#define HEAP_PAD   64           /* readable behind the last piece of a chunk */
#define HEAP_SMALL 16384        /* the largest class */
#define HEAP_FIRST 1024         /* the first chunk */
#define HEAP_CHUNK (64 * 1024) /* chunks double up to this */
#define HEAP_CUT   2048         /* a free piece of this size may be cut */
#define HEAP_LISTS (FLOW_HEAP_CLASSES * (int64_t)sizeof(void *))

/* At the head of a chunk, and of a piece that is memory of its own. */
typedef struct heap_chunk {
    struct heap_chunk *next, *prev;
    int64_t bytes;
    int64_t large;
} heap_chunk;

/* Classes 0-7 are 8 to 64 bytes, then four per doubling. */
FLOW_INLINE int heap_class(int64_t bytes) {
    if (bytes <= 64) return bytes <= 8 ? 0 : (int)((bytes - 1) >> 3);
    uint64_t b = (uint64_t)bytes - 1;
    int e = 63 - __builtin_clzll(b);
    return 8 + (e - 6) * 4 + (int)((b >> (e - 2)) & 3);
}

FLOW_INLINE int64_t heap_class_bytes(int c) {
    if (c < 8) return (c + 1) * 8;
    return (int64_t)(5 + (c & 3)) << ((c >> 2) + 2);
}

int64_t flow_k_heap_room(int64_t bytes) {
    if (bytes > HEAP_SMALL) return (bytes + 63) & ~(int64_t)63;
    return heap_class_bytes(heap_class(bytes));
}

static heap_chunk *heap_link(flow_ctx *ctx, flow_heap *heap, int64_t bytes, int large) {
    heap_chunk *c = flow_rt_mem_alloc(ctx, bytes);
    heap_chunk *first = heap->chunks;
    c->next = first;
    c->prev = 0;
    c->bytes = bytes;
    c->large = large;
    if (first) first->prev = c;
    heap->chunks = c;
    heap->bytes += bytes;
    return c;
}

static void heap_unlink(flow_ctx *ctx, flow_heap *heap, heap_chunk *c) {
    if (c->next) c->next->prev = c->prev;
    if (c->prev)
        c->prev->next = c->next;
    else
        heap->chunks = c->next;
    heap->bytes -= c->bytes;
    flow_rt_mem_free(ctx, c, c->bytes);
}

static __attribute__((noinline)) void heap_lists(flow_ctx *ctx, flow_heap *heap) {
    heap->free = flow_rt_mem_alloc(ctx, HEAP_LISTS);
    heap->bytes += HEAP_LISTS;
}

static void heap_give(flow_ctx *ctx, flow_heap *heap, void *piece, int c) {
    if (FLOW_UNLIKELY(!heap->free)) heap_lists(ctx, heap);
    *(void **)piece = heap->free[c];
    heap->free[c] = piece;
}

/* What is left of the newest chunk becomes free pieces. */
static void heap_retire(flow_ctx *ctx, flow_heap *heap) {
    while (heap->end - heap->p >= 8) {
        int64_t left = heap->end - heap->p;
        int c = left >= HEAP_SMALL ? FLOW_HEAP_CLASSES - 1 : heap_class(left);
        if (heap_class_bytes(c) > left) c--;
        heap_give(ctx, heap, heap->p, c);
        heap->p += heap_class_bytes(c);
    }
}

/* Small pieces are cut from a free large one, if there is one: what lists and queues that
 * grew have left behind serves nobody else. */
static void *heap_cut(flow_ctx *ctx, flow_heap *heap, int64_t room) {
    if (!heap->free) return 0;
    for (int c = FLOW_HEAP_CLASSES - 1; heap_class_bytes(c) >= HEAP_CUT + 2 * room; c--) {
        uint8_t *piece = heap->free[c];
        if (!piece) continue;
        heap->free[c] = *(void **)piece;
        heap_retire(ctx, heap);
        heap->p = piece + room;
        heap->end = piece + heap_class_bytes(c);
        return piece;
    }
    return 0;
}

void *k_heap_more(flow_ctx *ctx, flow_heap *heap, int64_t room) {
    if (room > HEAP_SMALL) {
        int64_t bytes = (int64_t)sizeof(heap_chunk) + room + HEAP_PAD;
        return heap_link(ctx, heap, bytes, 1) + 1;
    }
    void *piece = heap_cut(ctx, heap, room);
    if (piece) return piece;
    heap_retire(ctx, heap);
    int64_t held = heap->bytes - (heap->free ? HEAP_LISTS : 0);
    int64_t bytes = held < HEAP_FIRST ? HEAP_FIRST : held;
    if (bytes > HEAP_CHUNK) bytes = HEAP_CHUNK;
    while (bytes < room + HEAP_PAD + (int64_t)sizeof(heap_chunk))
        bytes *= 2;
    heap_chunk *c = heap_link(ctx, heap, bytes, 0);
    heap->p = (uint8_t *)(c + 1);
    heap->end = (uint8_t *)c + bytes - HEAP_PAD;
    piece = heap->p;
    heap->p += room;
    return piece;
}

void *flow_k_heap_alloc(flow_ctx *ctx, flow_heap *heap, int64_t bytes) {
    if (!heap) return flow_k_alloc(ctx, flow_k_heap_room(bytes));
    int64_t room = flow_k_heap_room(bytes);
    heap->used += room;
    if (FLOW_LIKELY(room <= HEAP_SMALL)) {
        int c = heap_class(bytes);
        void *piece = heap->free ? heap->free[c] : 0;
        if (piece) {
            heap->free[c] = *(void **)piece;
            return piece;
        }
        piece = heap->p;
        if (FLOW_LIKELY(heap->end - heap->p >= room)) {
            heap->p += room;
            return piece;
        }
    }
    return k_heap_more(ctx, heap, room);
}

void flow_k_heap_free(flow_ctx *ctx, flow_heap *heap, void *ptr, int64_t bytes) {
    if (!heap) return;
    int64_t room = flow_k_heap_room(bytes);
    if (heap->used > heap->peak) heap->peak = heap->used;
    heap->used -= room;
    heap->freed += room;
    if (room > HEAP_SMALL)
        heap_unlink(ctx, heap, (heap_chunk *)ptr - 1);
    else
        heap_give(ctx, heap, ptr, heap_class(bytes));
}

void *flow_k_heap_resize(flow_ctx *ctx, flow_heap *heap, void *ptr, int64_t old,
                         int64_t bytes) {
    if (flow_k_heap_room(old) == flow_k_heap_room(bytes)) return ptr;
    void *to = flow_k_heap_alloc(ctx, heap, bytes);
    __builtin_memcpy(to, ptr, (size_t)(old < bytes ? old : bytes));
    flow_k_heap_free(ctx, heap, ptr, old);
    return to;
}

void flow_k_heap_release(flow_ctx *ctx, flow_heap *heap) {
    heap_chunk *c = heap->chunks;
    while (c) {
        heap_chunk *next = c->next;
        flow_rt_mem_free(ctx, c, c->bytes);
        c = next;
    }
    if (heap->free) flow_rt_mem_free(ctx, heap->free, HEAP_LISTS);
    __builtin_memset(heap, 0, sizeof *heap);
}

/* Keeps the largest of the chunks that pieces are cut from. */
void flow_k_heap_clear(flow_ctx *ctx, flow_heap *heap) {
    heap_chunk *keep = 0;
    void **lists = heap->free;
    for (heap_chunk *c = heap->chunks; c; c = c->next)
        if (!c->large && (!keep || c->bytes > keep->bytes)) keep = c;
    for (heap_chunk *c = heap->chunks, *next; c; c = next) {
        next = c->next;
        if (c != keep) flow_rt_mem_free(ctx, c, c->bytes);
    }
    __builtin_memset(heap, 0, sizeof *heap);
    if (lists) __builtin_memset(lists, 0, HEAP_LISTS);
    heap->free = lists;
    heap->bytes = lists ? HEAP_LISTS : 0;
    if (!keep) return;
    keep->next = keep->prev = 0;
    heap->chunks = keep;
    heap->bytes += keep->bytes;
    heap->p = (uint8_t *)(keep + 1);
    heap->end = (uint8_t *)keep + keep->bytes - HEAP_PAD;
}

/* ---- giving chunks back ---------------------------------------------------------- */

#define HEAP_TRIM  (32 * 1024) /* what is less is not looked at, */
#define HEAP_LEAST (4 * 1024)  /* nor is this much given back when nothing lives */

typedef struct heap_spans {
    const flow_item *at; /* chunks in order of their addresses */
    int64_t *free;       /* bytes of each that nothing lives in */
    int64_t n;
} heap_spans;

/* The chunk of a piece. */
static int64_t heap_span(const heap_spans *s, const void *piece) {
    int64_t low = 0, high = s->n;
    while (high - low > 1) {
        int64_t mid = (low + high) / 2;
        if (s->at[mid].prefix <= (uint64_t)(uintptr_t)piece) low = mid;
        else high = mid;
    }
    return low;
}

FLOW_INLINE heap_chunk *heap_span_chunk(const heap_spans *s, int64_t i) {
    return (heap_chunk *)(uintptr_t)s->at[i].prefix;
}

FLOW_INLINE int heap_span_dead(const heap_spans *s, int64_t i) {
    int64_t room = heap_span_chunk(s, i)->bytes - HEAP_PAD - (int64_t)sizeof(heap_chunk);
    return s->free[i] == room;
}

static heap_spans heap_spans_of(flow_ctx *ctx, const flow_heap *heap) {
    int64_t n = 0;
    for (const heap_chunk *c = heap->chunks; c; c = c->next) n += !c->large;
    flow_item *at = flow_k_alloc(ctx, 2 * n * (int64_t)sizeof *at);
    int64_t *free = flow_k_alloc(ctx, n * 8);
    __builtin_memset(free, 0, (size_t)n * 8);
    int64_t i = 0;
    for (const heap_chunk *c = heap->chunks; c; c = c->next)
        if (!c->large) at[i++] = (flow_item){(uint64_t)(uintptr_t)c, 0};
    flow_k_sort_prefixes(at, at + n, n);
    return (heap_spans){at, free, n};
}

/* Takes the pieces of dead chunks out of a free list. */
static void heap_sift(const heap_spans *s, void **list) {
    while (*list) {
        if (heap_span_dead(s, heap_span(s, *list))) *list = *(void **)*list;
        else list = *list;
    }
}

static void heap_trim(flow_ctx *ctx, flow_heap *heap) {
    if (!heap->free) heap_lists(ctx, heap);
    heap_spans s = heap_spans_of(ctx, heap);
    int64_t dead = 0, rest = heap->end - heap->p;
    if (rest) s.free[heap_span(&s, heap->p)] += rest;
    for (int c = 0; c < FLOW_HEAP_CLASSES; c++)
        for (void *piece = heap->free[c]; piece; piece = *(void **)piece)
            s.free[heap_span(&s, piece)] += heap_class_bytes(c);
    for (int64_t i = 0; i < s.n; i++) dead += heap_span_dead(&s, i);
    if (!dead) return;
    if (!rest || heap_span_dead(&s, heap_span(&s, heap->p))) heap->p = heap->end = 0;
    for (int c = 0; c < FLOW_HEAP_CLASSES; c++) heap_sift(&s, &heap->free[c]);
    for (int64_t i = 0; i < s.n; i++)
        if (heap_span_dead(&s, i)) heap_unlink(ctx, heap, heap_span_chunk(&s, i));
}

/* What a batch needs it will need again: a heap that is full in each batch and nearly empty
 * behind it keeps its memory.  After a batch that needed more that is forgotten by a quarter
 * each time, and at once when next to nothing lives. */
static int heap_wanted(flow_heap *heap) {
    int64_t peak = heap->used > heap->peak ? heap->used : heap->peak;
    int64_t kept = heap->kept / 4 * 3;
    heap->kept = peak > kept ? peak : kept;
    heap->peak = heap->used;
    return heap->kept > heap->bytes / 2 && heap->used > heap->bytes / 256;
}

/* A look visits what is free: it is paid by what was freed since the last one, or what lives
 * has halved. */
static void heap_look(flow_ctx *ctx, flow_heap *heap) {
    if (heap->freed < heap->bytes / 2 && heap->used > heap->tried / 2) return;
    void *mark = flow_k_mark(ctx);
    heap_trim(ctx, heap);
    flow_k_reset(ctx, mark);
    heap->freed = 0;
    heap->tried = heap->used;
}

int32_t flow_k_heap_trim(flow_ctx *ctx, flow_heap *heap) {
    if (!heap->used && heap->bytes >= HEAP_LEAST) {
        flow_k_heap_release(ctx, heap);
        return 0;
    }
    if (heap->bytes < HEAP_TRIM || heap_wanted(heap) || heap->used > heap->bytes / 2) return 0;
    heap_look(ctx, heap);
    return heap->bytes >= HEAP_TRIM && heap->kept < heap->bytes / 4;
}

/* ---- cells ----------------------------------------------------------------------- */

#define CELL_INLINE 12

FLOW_INLINE int64_t cell_len(const uint64_t *cell) {
    return (uint32_t)cell[0];
}

void flow_k_cell_get(const uint64_t *cell, uint64_t *text) {
    int64_t len = cell_len(cell);
    text[0] = len <= CELL_INLINE ? (uint64_t)((const uint8_t *)cell + 4) : cell[1];
    text[1] = (uint64_t)len;
}

void flow_k_cell_drop(flow_ctx *ctx, flow_heap *heap, uint64_t *cell) {
    int64_t len = cell_len(cell);
    if (len > CELL_INLINE) flow_k_heap_free(ctx, heap, (void *)cell[1], len);
    cell[0] = cell[1] = 0;
}

void flow_k_cell_set(flow_ctx *ctx, flow_heap *heap, uint64_t *cell, const uint8_t *ptr,
                     int64_t len) {
    int64_t old = cell_len(cell);
    uint64_t to[2] = {(uint32_t)len, 0};
    if (len > CELL_INLINE) {
        uint8_t *piece = (uint8_t *)cell[1];
        if (old <= CELL_INLINE || flow_k_heap_room(old) != flow_k_heap_room(len)) {
            flow_k_cell_drop(ctx, heap, cell);
            piece = flow_k_heap_alloc(ctx, heap, len);
        }
        __builtin_memcpy(piece, ptr, (size_t)len);
        __builtin_memcpy((uint8_t *)to + 4, ptr, 4);
        to[1] = (uint64_t)piece;
    } else {
        if (len) __builtin_memcpy((uint8_t *)to + 4, ptr, (size_t)len);
        if (old > CELL_INLINE) flow_k_cell_drop(ctx, heap, cell);
    }
    cell[0] = to[0];
    cell[1] = to[1];
}

/* ---- blobs ----------------------------------------------------------------------- */

int32_t flow_k_blob_set(flow_ctx *ctx, flow_heap *heap, uint64_t *blob,
                        const uint64_t *words, const uint8_t *tc) {
    int64_t size = flow_k_row_measure(8, words, tc);
    if (size > FLOW_ROW_MAX) return FLOW_E_limit;
    int64_t room = flow_k_heap_room(size), old = (int64_t)blob[1];
    uint8_t *row = (uint8_t *)blob[0];
    if (room > old || room < old / 4) {
        uint8_t *fresh = flow_k_heap_alloc(ctx, heap, room);
        if (row) flow_k_heap_free(ctx, heap, row, old);
        row = fresh;
        blob[0] = (uint64_t)row;
        blob[1] = (uint64_t)room;
    }
    /* Writing a row may touch what stands behind it, so it is not done in the heap. */
    uint8_t *draft = flow_k_alloc(ctx, size + FLOW_SLACK);
    flow_k_row_write(draft, 8, words, tc);
    __builtin_memcpy(row, draft, (size_t)size);
    flow_k_reset(ctx, draft);
    return 0;
}

void flow_k_blob_get(flow_ctx *ctx, const uint64_t *blob, uint64_t *words,
                     const uint8_t *tc) {
    flow_k_row_read(ctx, (const uint8_t *)blob[0], 8, words, tc);
}

int32_t flow_k_blob_differs(flow_ctx *ctx, const uint64_t *blob, const uint64_t *words,
                            const uint8_t *tc) {
    int64_t size = flow_k_row_measure(8, words, tc);
    if (size > FLOW_ROW_MAX || !blob[0] ||
        flow_k_row_size((const uint8_t *)blob[0]) != size)
        return 1;
    uint8_t *draft = flow_k_alloc(ctx, size + FLOW_SLACK);
    flow_k_row_write(draft, 8, words, tc);
    int same = !__builtin_memcmp((const uint8_t *)blob[0], draft, (size_t)size);
    flow_k_reset(ctx, draft);
    return !same;
}

int32_t flow_k_blob_change(flow_ctx *ctx, flow_heap *heap, uint64_t *blob,
                           const uint64_t *words, const uint8_t *tc) {
    if (!flow_k_blob_differs(ctx, blob, words, tc)) return 0;
    flow_k_blob_set(ctx, heap, blob, words, tc);
    return 1;
}

int32_t flow_k_blob_same(const uint64_t *a, const uint64_t *b) {
    const uint8_t *x = (const uint8_t *)a[0], *y = (const uint8_t *)b[0];
    if (!x || !y) return x == y;
    int64_t size = flow_k_row_size(x);
    return size == flow_k_row_size(y) && !__builtin_memcmp(x, y, (size_t)size);
}

void flow_k_blob_drop(flow_ctx *ctx, flow_heap *heap, uint64_t *blob) {
    if (blob[0]) flow_k_heap_free(ctx, heap, (void *)blob[0], (int64_t)blob[1]);
    blob[0] = blob[1] = 0;
}
