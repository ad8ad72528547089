/* k_session.c - see k_session.h.
 *
 * A key has few open sessions at a time, mostly one, so they are a short sorted array that
 * is searched from its end. */
#include "runtime/kernel/k_session.h"

#include "runtime/kernel/k_event.h"
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_store.h"

enum { SESSION_FULL = 64 };

typedef struct session_row {
    struct session_row *next;
    int64_t time;
    uint64_t arrival;
    uint32_t klen;
    uint8_t part, saved; /* saved: it is in saved state (k_store_session.c) */
    uint8_t told;        /* it was in a session that was shown (k_session_kept.c) */
} session_row; /* the encoded row, then its order key; of a part its session_span */

/* What a part stands for. */
typedef struct session_span {
    int64_t last, count;
} session_span;

struct flow_session {
    int64_t first, last; /* times of its rows */
    int64_t count;       /* rows that came in */
    int64_t held;        /* rows that it holds: after a compaction they are fewer */
    session_row *head, *tail;
    struct flow_shown *shown; /* k_session_kept.c: what was shown of it, or null */
    int64_t changed;          /* and rows have come since: KEPT_CHANGED, KEPT_REVISED */
};

typedef struct session_list {
    flow_session *at;
    uint32_t count, room;
} session_list;

FLOW_INLINE session_list *sessions_of(const flow_table *t, int64_t entry) {
    uint64_t *words = flow_k_table_words(t, entry);
    return (session_list *)(words + FLOW_TIMER_WORDS + 2);
}

FLOW_INLINE const uint8_t *row_of(const session_row *r) {
    return (const uint8_t *)(r + 1);
}

static int64_t row_bytes(const session_row *r) {
    return (int64_t)sizeof *r + flow_k_row_size(row_of(r)) + r->klen;
}

/* A row that is in saved state leaves. */
static FLOW_COLD void session_row_gone(flow_ctx *ctx, flow_table *t, int64_t entry,
                                       const session_row *r) {
    if (!t->track) return;
    int64_t len;
    uint8_t *key = k_store_key(ctx, t, entry, FLOW_STORE_SESSIONS, 16, &len);
    uint8_t *end = flow_k_key_i64(key + len, r->time);
    end = flow_k_key_i64(end, (int64_t)r->arrival);
    k_track_gone(ctx, t, key, end - key, FLOW_GONE_ROW);
    flow_k_reset(ctx, key);
}

/* ---- rows in ---------------------------------------------------------------------- */

static session_row *new_row(flow_ctx *ctx, flow_heap *heap, const uint8_t *row, int64_t size,
                            const uint8_t *key, int64_t klen) {
    session_row *r = flow_k_heap_alloc(ctx, heap, (int64_t)sizeof *r + size + klen);
    *r = (session_row){.klen = (uint32_t)klen};
    __builtin_memcpy((uint8_t *)(r + 1), row, (size_t)size);
    if (klen) __builtin_memcpy((uint8_t *)(r + 1) + size, key, (size_t)klen);
    return r;
}

static uint8_t *row_span(session_row *r) {
    return (uint8_t *)(r + 1) + flow_k_row_size(row_of(r));
}

static void free_rows(flow_ctx *ctx, flow_table *t, int64_t entry, flow_session *s) {
    for (session_row *r = s->head; r;) {
        session_row *next = r->next;
        if (FLOW_UNLIKELY(r->saved)) session_row_gone(ctx, t, entry, r);
        flow_k_heap_free(ctx, &t->heap, r, row_bytes(r));
        r = next;
    }
    s->head = s->tail = 0;
}

static void insert_at(flow_ctx *ctx, flow_heap *heap, session_list *l, uint32_t i) {
    if (l->count == l->room) {
        int64_t size = (int64_t)sizeof *l->at, room = l->room ? (int64_t)l->room * 2 : 1;
        l->at = l->room ? flow_k_heap_resize(ctx, heap, l->at, (int64_t)l->room * size,
                                             room * size)
                        : flow_k_heap_alloc(ctx, heap, size);
        l->room = (uint32_t)room;
    }
    __builtin_memmove(&l->at[i + 1], &l->at[i], (l->count - i) * sizeof *l->at);
    l->count++;
}

static void remove_at(session_list *l, uint32_t i) {
    l->count--;
    __builtin_memmove(&l->at[i], &l->at[i + 1], (l->count - i) * sizeof *l->at);
}

static void shown_join(flow_session *to, const flow_session *from);

/* Is `b` less than a gap behind `a`? */
FLOW_INLINE int touches(int64_t a, int64_t b, int64_t gap) {
    return b < flow_k_time_add(a, gap);
}

/* The session that the time joins or makes, grown to hold it. */
static flow_session *session_at(flow_ctx *ctx, flow_heap *heap, session_list *l, int64_t time,
                                int64_t gap) {
    uint32_t i = l->count; /* of the first session behind the time */
    while (i && l->at[i - 1].first > time) i--;
    int left = i && touches(l->at[i - 1].last, time, gap);
    int right = i < l->count && touches(time, l->at[i].first, gap);
    if (!left && !right) {
        insert_at(ctx, heap, l, i);
        l->at[i] = (flow_session){.first = time, .last = time};
        return &l->at[i];
    }
    if (!left) {
        l->at[i].first = time;
        return &l->at[i];
    }
    flow_session *s = &l->at[i - 1];
    if (time > s->last) s->last = time;
    if (!right) return s;
    flow_session *b = &l->at[i];
    if (b->last > s->last) s->last = b->last;
    s->count += b->count;
    s->held += b->held;
    s->tail->next = b->head;
    s->tail = b->tail;
    if (FLOW_UNLIKELY(b->shown != 0)) shown_join(s, b);
    remove_at(l, i);
    return s;
}

/* The moment at which a session closes. */
FLOW_INLINE int64_t moment_of(const flow_session *s, int64_t gap) {
    return flow_k_time_add(s->last, gap - 1);
}

/* The row joins the sessions of an entry. */
static flow_session *session_add(flow_ctx *ctx, flow_table *t, int64_t entry, int64_t time,
                                 int64_t gap, const uint8_t *row, const uint8_t *key,
                                 int64_t klen) {
    session_row *r = new_row(ctx, &t->heap, row, flow_k_row_size(row), key, klen);
    r->time = time;
    r->arrival = timers_of(ctx, t)->arrivals++;
    session_list *l = sessions_of(t, entry);
    flow_session *s = session_at(ctx, &t->heap, l, time, gap);
    if (s->tail) s->tail->next = r;
    else s->head = r;
    s->tail = r;
    s->count++;
    s->held++;
    return s;
}

flow_session *flow_k_session_put(flow_ctx *ctx, flow_table *t, int64_t time, int64_t gap,
                                 const uint8_t *row, const uint8_t *key, int64_t klen) {
    int64_t entry = flow_k_table_last(t);
    flow_session *s = session_add(ctx, t, entry, time, gap, row, key, klen);
    flow_k_timer_set(ctx, t, entry, 0, moment_of(&sessions_of(t, entry)->at[0], gap));
    return s;
}

/* ---- sessions out ----------------------------------------------------------------- */

int32_t flow_k_session_next(flow_ctx *ctx, flow_table *t, int64_t limit, int64_t gap,
                            uint64_t *out) {
    uint64_t next[3];
    if (flow_k_timer_next(ctx, t, limit, next) == FLOW_TIMER_NONE) return 0;
    const flow_session *s = &sessions_of(t, (int64_t)next[0])->at[0];
    out[0] = (uint64_t)(uintptr_t)s;
    out[1] = next[0];
    out[2] = (uint64_t)s->first;
    out[3] = (uint64_t)flow_k_time_add(s->last, gap);
    return 1;
}

void flow_k_session_drop(flow_ctx *ctx, flow_table *t, int64_t entry, int64_t gap) {
    session_list *l = sessions_of(t, entry);
    free_rows(ctx, t, entry, &l->at[0]);
    remove_at(l, 0);
    if (l->count) {
        flow_k_timer_set(ctx, t, entry, 0, moment_of(&l->at[0], gap));
        return;
    }
    flow_k_heap_free(ctx, &t->heap, l->at, (int64_t)l->room * (int64_t)sizeof *l->at);
    flow_k_table_remove(ctx, t, entry);
}

int64_t flow_k_session_count(const flow_session *s) {
    return s->count;
}

static int is_behind(const session_row *a, const session_row *b, int32_t by_time) {
    if (by_time && a->time != b->time) return a->time > b->time;
    return a->arrival > b->arrival;
}

/* Rows mostly stand in order already: a merge sort that looks first. */
static void sort_rows(const session_row **at, const session_row **spare, int64_t n,
                      int32_t by_time) {
    if (n < 2) return;
    int64_t half = n / 2;
    sort_rows(at, spare, half, by_time);
    sort_rows(at + half, spare, n - half, by_time);
    if (!is_behind(at[half - 1], at[half], by_time)) return;
    __builtin_memcpy(spare, at, (size_t)half * sizeof *at);
    int64_t a = 0, b = half, to = 0;
    while (a < half)
        at[to++] = b < n && is_behind(spare[a], at[b], by_time) ? at[b++] : spare[a++];
}

int64_t flow_k_session_rows(flow_ctx *ctx, const flow_session *s, int32_t by_time,
                            uint64_t *list) {
    int64_t n = s->held, i = 0;
    const session_row **at = flow_k_alloc(ctx, n * 8 + 8);
    const session_row **spare = flow_k_alloc(ctx, n * 4 + 8);
    for (const session_row *r = s->head; r; r = r->next) at[i++] = r;
    sort_rows(at, spare, n, by_time);
    *list = (uint64_t)(uintptr_t)at;
    return n;
}

FLOW_INLINE const session_row *nth(const uint64_t *list, int64_t i) {
    return (const session_row *)(uintptr_t)list[i];
}

const uint8_t *flow_k_session_row(const uint64_t *list, int64_t i) {
    return row_of(nth(list, i));
}

const uint8_t *flow_k_session_key(const uint64_t *list, int64_t i) {
    const uint8_t *row = row_of(nth(list, i));
    return row + flow_k_row_size(row);
}

int64_t flow_k_session_key_len(const uint64_t *list, int64_t i) {
    return nth(list, i)->klen;
}

int32_t flow_k_session_is_part(const uint64_t *list, int64_t i) {
    return (int32_t)nth(list, i)->part;
}

/* ---- compaction ------------------------------------------------------------------- */

int32_t flow_k_session_full(const flow_session *s, int64_t gap, int64_t mark) {
    return FLOW_UNLIKELY(s->held >= SESSION_FULL) && flow_k_time_add(s->last, gap) > mark;
}

void flow_k_session_compact(flow_ctx *ctx, flow_table *t, flow_session *s,
                            const uint8_t *row) {
    session_span span = {s->last, s->count};
    session_row *r = new_row(ctx, &t->heap, row, flow_k_row_size(row), (const uint8_t *)&span,
                             sizeof span);
    r->part = 1;
    r->time = s->first;
    r->arrival = s->head->arrival;
    free_rows(ctx, t, flow_k_table_last(t), s);
    s->head = s->tail = r;
    s->held = 1;
}

FLOW_COLD void flow_k_rows_late(flow_ctx *ctx, int64_t step, int64_t n, int32_t aside) {
    for (int64_t i = 0; i < n; i++) flow_k_row_late(ctx, step, aside);
}
