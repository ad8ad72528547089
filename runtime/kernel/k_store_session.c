/* k_store_session.c - the rows of sessions, saved and loaded.
 *
 *   key of the entry, time, arrival -> part, encoded row, order key or session_span
 *   key of the entry, start, INT64_MIN, end -> what was shown (k_session_kept.c): over, count,
 *                                              upto, encoded row or nothing
 *
 * The entry itself says when its first session is due; that gives the gap, where it does not
 * stand there.  Sessions are derived: what lies less than a gap apart is one, whatever order
 * it came in.  So is the next arrival: behind all that are there.  A session has not changed
 * since it was shown if that has its window, and as many rows. */
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_session_kept.h"
#include "runtime/kernel/k_store.h"

/* ---- out --------------------------------------------------------------------------- */

static void session_put_row(flow_ctx *ctx, flow_table *t, int64_t entry, session_row *r,
                            flow_bytes *out) {
    int64_t len, size = flow_k_row_size(row_of(r)) + r->klen;
    uint8_t *key = k_store_key(ctx, t, entry, FLOW_STORE_SESSIONS, 16, &len);
    flow_k_key_i64(flow_k_key_i64(key + len, r->time), (int64_t)r->arrival);
    uint8_t *value = k_store_put(ctx, out, key, len + 16, 1 + size);
    *value = (uint8_t)r->part;
    __builtin_memcpy(value + 1, row_of(r), (size_t)size);
    r->saved = 1;
    flow_k_reset(ctx, key);
}

static void session_put_shown(flow_ctx *ctx, flow_table *t, int64_t entry, flow_shown *r,
                              int32_t full, flow_bytes *out) {
    for (; r; r = r->next) {
        if (!full && r->saved && !r->stale) continue;
        const uint8_t *row = (const uint8_t *)(uintptr_t)r->blob[0];
        int64_t len, size = row ? flow_k_row_size(row) : 0;
        uint8_t *key = shown_key(ctx, t, entry, r, &len);
        uint8_t *value = k_store_put(ctx, out, key, len, 17 + size);
        *value = r->over;
        __builtin_memcpy(value + 1, &r->count, 8);
        __builtin_memcpy(value + 9, &r->upto, 8);
        if (size) __builtin_memcpy(value + 17, row, (size_t)size);
        r->saved = 1;
        r->stale = 0;
        flow_k_reset(ctx, key);
    }
}

void k_store_save_sessions(flow_ctx *ctx, flow_table *t, int32_t full, flow_bytes *out) {
    k_store_walk walk = k_store_open(ctx, t, full);
    for (int64_t entry; (entry = k_store_next(&walk)) >= 0;) {
        const session_list *l = sessions_of(t, entry);
        if (is_kept(t)) session_put_shown(ctx, t, entry, *kept_over(t, entry), full, out);
        for (uint32_t i = 0; i < l->count; i++) {
            for (session_row *r = l->at[i].head; r; r = r->next)
                if (full || !r->saved) session_put_row(ctx, t, entry, r, out);
            session_put_shown(ctx, t, entry, l->at[i].shown, full, out);
        }
    }
}

/* ---- in ---------------------------------------------------------------------------- */

/* Behind the last row, whatever lies between. */
static void session_append(flow_ctx *ctx, flow_table *t, session_list *l, session_row *r) {
    if (!l->count) {
        insert_at(ctx, &t->heap, l, 0);
        l->at[0] = (flow_session){0};
    }
    flow_session *s = &l->at[0];
    if (s->tail) s->tail->next = r;
    else s->head = r;
    s->tail = r;
}

/* All of an entry stand in one chain until its sessions are there. */
static int32_t session_load_shown(flow_ctx *ctx, flow_table *t, const flow_layout *of,
                                  int64_t entry, int64_t start, flow_saved_in *key,
                                  flow_saved_in *value) {
    int64_t end = k_store_key_i64(key);
    const uint8_t *over = k_saved_take(value, 1);
    int64_t count = (int64_t)k_saved_u64(value), upto = (int64_t)k_saved_u64(value);
    if (key->bad || key->p != key->end || value->bad || *over > 1 || start > end || upto < 0)
        return 0;
    const uint8_t *row = 0;
    if (value->p != value->end && !(row = k_store_row(ctx, value, of->rows[2]))) return 0;
    flow_shown *r = shown_new(ctx, t, start, end);
    r->count = count;
    r->upto = upto;
    r->saved = 1;
    r->over = *over;
    if (row) {
        int64_t size = value->end - row, room = flow_k_heap_room(size);
        uint8_t *copy = flow_k_heap_alloc(ctx, &t->heap, room);
        __builtin_memcpy(copy, row, (size_t)size);
        r->blob[0] = (uint64_t)(uintptr_t)copy;
        r->blob[1] = (uint64_t)room;
    }
    r->next = *kept_over(t, entry);
    *kept_over(t, entry) = r;
    flow_timers *all = timers_of(ctx, t);
    if ((uint64_t)upto > all->arrivals) all->arrivals = (uint64_t)upto;
    return 1;
}

int32_t k_store_load_sessions(flow_ctx *ctx, flow_table *t, const flow_layout *of,
                              flow_saved_in *key, flow_saved_in *value) {
    int64_t entry = k_store_entry(ctx, t, of, key), time = k_store_key_i64(key);
    int64_t arrival = k_store_key_i64(key), left = value->end - value->p - 1;
    if (entry >= 0 && !key->bad && arrival == INT64_MIN && is_kept(t))
        return session_load_shown(ctx, t, of, entry, time, key, value);
    const uint8_t *part = k_saved_take(value, 1);
    uint32_t head[2] = {0, 1};
    if (left >= 8) __builtin_memcpy(head, value->p, 8);
    if (entry < 0 || key->bad || key->p != key->end || !part || *part > 1 || head[0] < 8 ||
        head[0] > left || head[0] % 8 || head[1])
        return 0;
    const uint8_t *row = k_saved_formed(ctx, value, head[0], of->rows[*part]);
    int64_t klen = left - (int64_t)head[0];
    if (!row) return 0;
    if (*part && klen != (int64_t)sizeof(session_span)) return 0;
    session_list *l = sessions_of(t, entry);
    if (l->count && l->at[0].tail->time > time) return 0;
    session_row *r = new_row(ctx, &t->heap, row, head[0], row + head[0], klen);
    r->time = time;
    r->arrival = (uint64_t)arrival;
    r->part = *part;
    r->saved = 1;
    session_append(ctx, t, l, r);
    flow_timers *all = timers_of(ctx, t);
    if (r->arrival >= all->arrivals) all->arrivals = r->arrival + 1;
    return 1;
}

/* ---- sessions ---------------------------------------------------------------------- */

static session_span session_span_of(session_row *r) {
    session_span span = {r->time, 1};
    if (r->part) __builtin_memcpy(&span, row_span(r), sizeof span);
    return span;
}

/* The first session has all rows up to the moment it is due, and that is its last time and
 * a gap without its end. */
static int64_t session_gap(session_row *r, int64_t due) {
    int64_t last = INT64_MIN;
    for (; r && r->time <= due; r = r->next) {
        int64_t upto = session_span_of(r).last;
        if (upto > last) last = upto;
    }
    int64_t gap;
    if (__builtin_sub_overflow(due, last, &gap) || gap < 0) return 1;
    return gap == INT64_MAX ? gap : gap + 1;
}

/* Rows in the order of time, cut where a gap lies between. */
static void session_divide(flow_ctx *ctx, flow_table *t, int64_t entry) {
    session_list *l = sessions_of(t, entry);
    if (!l->count) return;
    const uint64_t *due = flow_k_table_words(t, entry) + FLOW_TIMER_WORDS;
    session_row *r = l->at[0].head;
    int64_t gap = is_kept(t) ? (int64_t)*kept_words(t, entry)
                             : session_gap(r, (int64_t)word_of((int64_t)due[0]));
    if (gap < 1) gap = 1;
    l->count = 0;
    for (session_row *next; r; r = next) {
        next = r->next;
        r->next = 0;
        session_span span = session_span_of(r);
        uint32_t i = l->count;
        if (!i || !touches(l->at[i - 1].last, r->time, gap)) {
            insert_at(ctx, &t->heap, l, i);
            l->at[i++] = (flow_session){.first = r->time, .last = span.last};
        }
        flow_session *s = &l->at[i - 1];
        if (s->tail) s->tail->next = r;
        else s->head = r;
        s->tail = r;
        if (span.last > s->last) s->last = span.last;
        s->count += span.count;
        s->held++;
    }
}

/* What was shown goes to the sessions that it was shown of.  Rows that came before are told. */
static void session_divide_shown(flow_table *t, int64_t entry) {
    const session_list *l = sessions_of(t, entry);
    flow_shown *r = *kept_over(t, entry), **over = kept_over(t, entry);
    *over = 0;
    for (uint32_t i = 0; i < l->count; i++) l->at[i].changed = 1;
    for (flow_shown *next; r; r = next) {
        uint32_t i = 0;
        next = r->next;
        while (i < l->count && (r->over || r->start < l->at[i].first || r->start > l->at[i].last))
            i++;
        if (i == l->count) {
            r->next = 0;
            *over = r; /* the chain stays in its order */
            over = &r->next;
            continue;
        }
        flow_session *s = &l->at[i];
        r->next = s->shown;
        s->shown = r;
        int64_t end = flow_k_time_add(s->last, (int64_t)*kept_words(t, entry));
        if (r->start == s->first && r->end == end && r->count == s->count) s->changed = 0;
        for (session_row *row = s->head; row; row = row->next)
            if (row->time >= r->start && row->time < r->end && (int64_t)row->arrival < r->upto)
                row->told = 1;
    }
}

/* A key without rows has no sessions: it goes. */
void k_store_end_sessions(flow_ctx *ctx, flow_table *t) {
    K_STORE_ALL(t, entry) {
        if (sessions_of(t, entry)->count) session_divide(ctx, t, entry);
        if (is_kept(t)) session_divide_shown(t, entry);
        if (!sessions_of(t, entry)->count && (!is_kept(t) || !*kept_over(t, entry)))
            flow_k_table_remove(ctx, t, entry);
    }
}
