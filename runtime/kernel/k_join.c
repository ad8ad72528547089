/* k_join.c - lists of rows by time or key, and the queue of what waits.
 *
 * Rows of a stream leave the head of their list, oldest first, so a list is a window of an
 * array that moves on: `first` is cut off when the array is full.  Rows of a table are put
 * behind those that are in order, and sorted when somebody looks at them.  The queue is a binary
 * heap: rows come nearly in order of time, so they rarely rise. */
#include "runtime/kernel/k_join.h"
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_order.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_store.h"
#include "runtime/kernel/k_tidy.h"

/* Behind it stands the encoded row.  Its second u32, which is zero in a row that crosses, is
 * the row's rank among those of its list with the same time or key, once it is saved. */
typedef struct join_head {
    int64_t time;    /* streams; of a table's row the length of its key */
    uint32_t entry;
    uint8_t side, marked;
    uint8_t there;   /* JOIN_WAS, JOIN_IS */
    uint8_t saved;
} join_head;

enum { JOIN_WAS = 1, JOIN_IS = 2 };
/* Of a row, in saved state: not there, there as it is, there as it was. */
enum { JOIN_UNSAVED, JOIN_SAVED, JOIN_CHANGED };

typedef struct join_list {
    join_head **rows;
    uint32_t first, end, room;
    uint32_t tail; /* of a table: rows at the end that are not in order yet */
} join_list;

typedef struct join_item {
    int64_t moment;
    uint64_t tie;
    uint64_t what; /* address of a row, or number of an entry */
} join_item;

typedef struct join_queue {
    join_item *items;
    int64_t count, room;
    uint64_t arrivals : 63;
    uint64_t entries : 1; /* what waits are numbers of entries */
    int64_t delay[2]; /* from a row's time to its moment, by side: always the same */
} join_queue;

_Static_assert(sizeof(join_head) == FLOW_JOIN_HEAD, "the head of a row");
_Static_assert(2 * sizeof(join_list) == FLOW_JOIN_WORDS * 8, "the words of an entry");

FLOW_INLINE join_list *join_side(const uint64_t *words, int32_t side) {
    return (join_list *)(uintptr_t)words + side;
}

FLOW_INLINE join_head *join_at(const uint8_t *row) {
    return (join_head *)(uintptr_t)row;
}

/* Where the rank of a saved row stands. */
FLOW_INLINE uint32_t join_rank(const join_head *row) {
    return ((const uint32_t *)(row + 1))[1];
}

/* The first row of the list whose time is not below (not after: above) `time`. */
FLOW_INLINE int64_t join_bound(const join_list *l, int64_t time, int after) {
    int64_t low = l->first, high = l->end;
    while (low < high) {
        int64_t mid = (low + high) / 2;
        int64_t t = l->rows[mid]->time;
        if (t < time || (after && t == time))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void flow_k_join_range(const uint64_t *words, int32_t side, int64_t low, int64_t high,
                       int64_t *range) {
    range[0] = range[1] = 0;
    if (!words) return;
    const join_list *l = join_side(words, side);
    range[0] = join_bound(l, low, 0);
    range[1] = join_bound(l, high, 1);
    if (range[1] < range[0]) range[1] = range[0];
}

static void join_in_order(join_list *l);

void flow_k_join_all(const uint64_t *words, int32_t side, int64_t *range) {
    range[0] = range[1] = 0;
    if (!words) return;
    join_list *l = join_side(words, side);
    if (l->tail) join_in_order(l);
    range[0] = l->first;
    range[1] = l->end;
}

uint8_t *flow_k_join_row(const uint64_t *words, int32_t side, int64_t i) {
    return (uint8_t *)join_side(words, side)->rows[i];
}

const uint8_t *flow_k_join_encoded(const uint8_t *row) {
    return row + FLOW_JOIN_HEAD;
}

int64_t flow_k_join_time(const uint8_t *row) {
    return join_at(row)->time;
}

int32_t flow_k_join_side(const uint8_t *row) {
    return join_at(row)->side;
}

int64_t flow_k_join_entry(const uint8_t *row) {
    return join_at(row)->entry;
}

void flow_k_join_mark(uint8_t *row) {
    join_head *h = join_at(row);
    if (h->saved && !h->marked) h->saved = JOIN_CHANGED;
    h->marked = 1;
}

int32_t flow_k_join_marked(const uint8_t *row) {
    return join_at(row)->marked;
}

/* ---- lists ---- */

enum { JOIN_LIST_LEAST = 64, JOIN_QUEUE_LEAST = 128 };

static int64_t join_list_bytes(int64_t room) {
    return room * (int64_t)sizeof(join_head *);
}

/* Room for one more at the end. */
static void join_list_room(flow_ctx *ctx, flow_heap *heap, join_list *l) {
    if (l->end < l->room) return;
    uint32_t n = l->end - l->first;
    if (l->first && n <= l->room / 4 * 3) {
        __builtin_memmove(l->rows, l->rows + l->first, (size_t)join_list_bytes(n));
        l->first = 0;
        l->end = n;
        return;
    }
    uint32_t room = l->room ? l->room * 2 : 1;
    l->rows = l->room ? flow_k_heap_resize(ctx, heap, l->rows, join_list_bytes(l->room),
                                           join_list_bytes(room))
                      : flow_k_heap_alloc(ctx, heap, join_list_bytes(room));
    l->room = room;
}

static void join_list_drop(flow_ctx *ctx, flow_heap *heap, join_list *l) {
    if (l->room) flow_k_heap_free(ctx, heap, l->rows, join_list_bytes(l->room));
    __builtin_memset(l, 0, sizeof *l);
}

/* Drops the entry of these lists if it has no rows any more. */
static int join_entry_over(flow_ctx *ctx, flow_table *t, join_list *l, int64_t entry) {
    if (l[0].first < l[0].end || l[1].first < l[1].end) return 0;
    join_list_drop(ctx, &t->heap, &l[0]);
    join_list_drop(ctx, &t->heap, &l[1]);
    flow_k_table_remove(ctx, t, entry);
    return 1;
}

/* Few are left of many: a smaller array. */
static void join_list_fit(flow_ctx *ctx, flow_heap *heap, join_list *l) {
    uint32_t n = l->end - l->first, room = l->room;
    if (room < JOIN_LIST_LEAST || n > room / 8) return;
    if (!n) {
        join_list_drop(ctx, heap, l);
        return;
    }
    while (n <= room / 4) room /= 2;
    __builtin_memmove(l->rows, l->rows + l->first, (size_t)join_list_bytes(n));
    l->rows = flow_k_heap_resize(ctx, heap, l->rows, join_list_bytes(l->room),
                                 join_list_bytes(room));
    l->room = room;
    l->first = 0;
    l->end = n;
}

static void join_insert(flow_ctx *ctx, flow_heap *heap, join_list *l, int64_t at,
                        join_head *row) {
    at -= l->first;
    join_list_room(ctx, heap, l);
    at += l->first;
    if (at < l->end)
        __builtin_memmove(l->rows + at + 1, l->rows + at, (size_t)join_list_bytes(l->end - at));
    l->rows[at] = row;
    l->end++;
}

static join_head *join_copy(flow_ctx *ctx, flow_heap *heap, const uint8_t *encoded,
                            int64_t size, const uint8_t *key, int64_t klen) {
    join_head *row = flow_k_heap_alloc(ctx, heap, FLOW_JOIN_HEAD + size + klen);
    __builtin_memset(row, 0, sizeof *row);
    __builtin_memcpy(row + 1, encoded, (size_t)size);
    if (klen) __builtin_memcpy((uint8_t *)(row + 1) + size, key, (size_t)klen);
    return row;
}

/* What orders a row in saved state, behind the key of its entry: side, time or key, rank.
 * Returns one past it. */
static uint8_t *join_rank_key(uint8_t *p, const join_head *row, int keyed) {
    *p++ = row->side;
    if (keyed)
        p = flow_k_key_text(p, flow_k_join_key((const uint8_t *)row), row->time);
    else
        p = flow_k_key_i64(p, row->time);
    uint32_t rank = __builtin_bswap32(join_rank(row));
    __builtin_memcpy(p, &rank, 4);
    return p + 4;
}

FLOW_INLINE int64_t join_rank_room(const join_head *row, int keyed) {
    return 1 + (keyed ? 2 * row->time + 2 : 8) + 4;
}

static FLOW_COLD void join_gone(flow_ctx *ctx, flow_table *t, const join_head *row,
                                int keyed) {
    if (!t->track) return;
    int64_t len;
    int32_t letter = keyed ? FLOW_STORE_TABLES : FLOW_STORE_JOIN;
    uint8_t *key = k_store_key(ctx, t, row->entry, letter, join_rank_room(row, keyed), &len);
    uint8_t *end = join_rank_key(key + len, row, keyed);
    k_track_gone(ctx, t, key, end - key, FLOW_GONE_ROW);
    flow_k_reset(ctx, key);
}

/* Frees a row; keyed: of a table, so that its key stands behind it. */
static void join_release(flow_ctx *ctx, flow_table *t, join_head *row, int keyed) {
    if (FLOW_UNLIKELY(row->saved)) join_gone(ctx, t, row, keyed);
    int64_t bytes = FLOW_JOIN_HEAD + flow_k_row_size((const uint8_t *)(row + 1));
    flow_k_heap_free(ctx, &t->heap, row, keyed ? bytes + row->time : bytes);
}

/* ---- the queue ---- */

FLOW_INLINE int join_before(const join_item *a, const join_item *b) {
    return a->moment != b->moment ? a->moment < b->moment : a->tie < b->tie;
}

static void join_enqueue(flow_ctx *ctx, flow_heap *heap, join_queue *q, join_item item) {
    int64_t size = (int64_t)sizeof item;
    if (q->count == q->room) {
        int64_t room = q->room ? q->room * 2 : 4;
        q->items = q->room ? flow_k_heap_resize(ctx, heap, q->items, q->room * size, room * size)
                           : flow_k_heap_alloc(ctx, heap, room * size);
        q->room = room;
    }
    int64_t i = q->count++;
    for (; i > 0 && join_before(&item, &q->items[(i - 1) / 2]); i = (i - 1) / 2)
        q->items[i] = q->items[(i - 1) / 2];
    q->items[i] = item;
}

static join_item join_dequeue(join_queue *q) {
    join_item top = q->items[0], last = q->items[--q->count];
    int64_t i = 0;
    for (int64_t k; (k = 2 * i + 1) < q->count; i = k) {
        if (k + 1 < q->count && join_before(&q->items[k + 1], &q->items[k])) k++;
        if (!join_before(&q->items[k], &last)) break;
        q->items[i] = q->items[k];
    }
    if (q->count) q->items[i] = last;
    return top;
}

static join_queue *join_queue_of(flow_ctx *ctx, flow_table *t) {
    if (FLOW_LIKELY(t->waits != 0)) return t->waits;
    t->joins = 1;
    t->waits = flow_k_heap_alloc(ctx, &t->heap, (int64_t)sizeof(join_queue));
    __builtin_memset(t->waits, 0, sizeof(join_queue));
    return t->waits;
}

int64_t flow_k_join_next(const flow_table *t) {
    const join_queue *q = t->waits;
    return q && q->count ? q->items[0].moment : INT64_MAX;
}

/* Takes out what waits for a moment below `mark`, or tells that there is nothing. */
FLOW_INLINE int join_ready(const flow_table *t, int64_t mark) {
    return flow_k_join_next(t) < mark;
}

/* ---- streams ---- */

uint8_t *flow_k_join_push(flow_ctx *ctx, flow_table *t, uint64_t *words, int32_t side,
                          int64_t time, const uint8_t *encoded) {
    join_list *l = join_side(words, side);
    join_head *row = join_copy(ctx, &t->heap, encoded, flow_k_row_size(encoded), 0, 0);
    row->time = time;
    row->entry = (uint32_t)flow_k_table_last(t);
    row->side = (uint8_t)side;
    t->joins = 1;
    int64_t at = l->end;
    if (at > l->first && l->rows[at - 1]->time > time) at = join_bound(l, time, 1);
    join_insert(ctx, &t->heap, l, at, row);
    return (uint8_t *)row;
}

void flow_k_join_wait(flow_ctx *ctx, flow_table *t, int64_t moment, uint8_t *row) {
    join_queue *q = join_queue_of(ctx, t);
    const join_head *h = join_at(row);
    uint64_t tie = (uint64_t)h->side << 63 | q->arrivals++;
    q->delay[h->side] = moment - h->time;
    join_enqueue(ctx, &t->heap, q, (join_item){moment, tie, (uint64_t)(uintptr_t)row});
}

uint8_t *flow_k_join_pop(flow_table *t, int64_t mark) {
    if (!join_ready(t, mark)) return 0;
    return (uint8_t *)(uintptr_t)join_dequeue(t->waits).what;
}

/* A row's moment grows with its time, so it stands near the head of its list. */
void flow_k_join_cut(flow_table *t, uint8_t *at) {
    join_head *row = join_at(at);
    join_list *l = join_side(flow_k_table_words(t, row->entry), row->side);
    uint32_t i = l->first;
    while (l->rows[i] != row) i++;
    for (; i > l->first; i--) l->rows[i] = l->rows[i - 1];
    l->first++;
}

uint8_t *flow_k_join_due(flow_table *t, int64_t mark) {
    uint8_t *row = flow_k_join_pop(t, mark);
    if (row) flow_k_join_cut(t, row);
    return row;
}

uint8_t *flow_k_join_version(const uint64_t *words, int64_t time, int64_t since) {
    if (!words) return 0;
    const join_list *l = join_side(words, FLOW_JOIN_RIGHT);
    int64_t i = join_bound(l, time, 1);
    if (i == l->first || (i < l->end && l->rows[i]->time < since)) return 0;
    return (uint8_t *)l->rows[i - 1];
}

void flow_k_join_forget(flow_ctx *ctx, flow_table *t, uint8_t *at) {
    join_head *row = join_at(at);
    join_list *l = join_side(flow_k_table_words(t, row->entry), row->side);
    while (l->rows[l->first] != row) join_release(ctx, t, l->rows[l->first++], 0);
    join_list_fit(ctx, &t->heap, l);
}

void flow_k_join_free(flow_ctx *ctx, flow_table *t, uint8_t *row) {
    join_head *h = join_at(row);
    int64_t entry = h->entry, side = h->side;
    join_list *l = join_side(flow_k_table_words(t, entry), 0);
    join_release(ctx, t, h, 0);
    if (!join_entry_over(ctx, t, l, entry)) join_list_fit(ctx, &t->heap, &l[side]);
}

void flow_k_join_wait_entry(flow_ctx *ctx, flow_table *t, int64_t moment, int64_t tie) {
    uint64_t order = (uint64_t)tie ^ UINT64_C(1) << 63;
    join_enqueue(ctx, &t->heap, join_queue_of(ctx, t),
                 (join_item){moment, order, (uint64_t)flow_k_table_last(t)});
    ((join_queue *)t->waits)->entries = 1;
}

int64_t flow_k_join_due_entry(flow_table *t, int64_t mark) {
    return join_ready(t, mark) ? (int64_t)join_dequeue(t->waits).what : -1;
}

void flow_k_join_drop(flow_ctx *ctx, flow_table *t, int64_t entry) {
    join_list *l = join_side(flow_k_table_words(t, entry), 0);
    int saved = 0;
    for (int side = 0; side < 2; side++) {
        for (uint32_t i = l[side].first; i < l[side].end; i++) {
            saved |= l[side].rows[i]->saved;
            l[side].rows[i]->saved = JOIN_UNSAVED;
            join_release(ctx, t, l[side].rows[i], 0);
        }
        join_list_drop(ctx, &t->heap, &l[side]);
    }
    if (saved) k_store_gone(ctx, t, FLOW_STORE_WINDOWS, entry);
    flow_k_table_remove(ctx, t, entry);
}

/* ---- giving memory back ---- */

/* Nothing lives but the queue itself, which keeps its delays. */
static void join_queue_alone(flow_ctx *ctx, flow_table *t, join_queue was) {
    flow_k_heap_release(ctx, &t->heap);
    t->waits = 0;
    *join_queue_of(ctx, t) = was;
}

void k_join_queue_tidy(flow_ctx *ctx, flow_table *t) {
    join_queue *q = t->waits;
    int64_t size = (int64_t)sizeof *q->items, room = q->room;
    int empty = !q->count && !flow_k_table_count(t);
    if (!empty && (room < JOIN_QUEUE_LEAST || q->count > room / 4)) return;
    if (!q->count) {
        if (room) flow_k_heap_free(ctx, &t->heap, q->items, room * size);
        q->room = 0;
        if (empty && t->heap.bytes >= 4096) join_queue_alone(ctx, t, *q);
        return;
    }
    while (q->count <= room / 4) room /= 2;
    q->items = flow_k_heap_resize(ctx, &t->heap, q->items, q->room * size, room * size);
    q->room = room;
}

void k_join_renumber(flow_table *t, const flow_ranks *ranks) {
    for (int64_t entry = 0; entry < flow_k_table_end(t); entry++) {
        if (!flow_k_table_live(t, entry)) continue;
        uint32_t to = flow_rank(ranks, (uint32_t)entry);
        join_list *l = join_side(flow_k_table_words(t, entry), 0);
        for (int side = 0; side < 2; side++)
            for (uint32_t i = l[side].first; i < l[side].end; i++) l[side].rows[i]->entry = to;
    }
    join_queue *q = t->waits;
    for (int64_t i = 0; q && q->entries && i < q->count; i++)
        q->items[i].what = flow_rank(ranks, (uint32_t)q->items[i].what);
}
