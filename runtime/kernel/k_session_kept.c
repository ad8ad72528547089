/* k_session_kept.c - see k_session_kept.h.
 *
 * What was shown is a short chain at its session.  A session is computed anew from its rows
 * each time it is shown: where aggregates merge these are few (k_session.h, compaction), and
 * states that stay would have to be merged, and saved, for all aggregates. */
#include "runtime/kernel/k_session_kept.h"

#include "runtime/kernel/k_event.h"
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_store.h"

/* A row of the table: the blob is what the step has computed, or none where it failed. */
struct flow_shown {
    flow_shown *next;
    int64_t start, end;
    uint64_t blob[2];
    int64_t count, upto;  /* rows that were in it; arrivals are below it */
    uint8_t saved, stale; /* it is in saved state, but not as it is now */
    uint8_t over;         /* its session is forgotten */
};

/* How a session has changed since it was shown: with the next look at it, or at once, for what
 * was shown of it had closed before the batch. */
enum { KEPT_CHANGED = 1, KEPT_REVISED = 2 };

FLOW_INLINE int is_kept(const flow_table *t) {
    return t->words > FLOW_SESSION_WORDS;
}

FLOW_INLINE uint64_t *kept_words(const flow_table *t, int64_t entry) {
    return flow_k_table_words(t, entry) + FLOW_SESSION_WORDS;
}

/* What was shown of sessions that are forgotten. */
FLOW_INLINE flow_shown **kept_over(const flow_table *t, int64_t entry) {
    return (flow_shown **)(kept_words(t, entry) + 1);
}

/* ---- what was shown ---------------------------------------------------------------- */

static uint8_t *shown_key(flow_ctx *ctx, const flow_table *t, int64_t entry,
                          const flow_shown *r, int64_t *len) {
    uint8_t *key = k_store_key(ctx, t, entry, FLOW_STORE_SESSIONS, 24, len);
    uint8_t *end = flow_k_key_i64(key + *len, r->start);
    end = flow_k_key_i64(end, INT64_MIN); /* no arrival of a row */
    *len = flow_k_key_i64(end, r->end) - key;
    return key;
}

static void shown_free(flow_ctx *ctx, flow_table *t, int64_t entry, flow_shown *r) {
    if (FLOW_UNLIKELY(r->saved) && t->track) {
        int64_t len;
        uint8_t *key = shown_key(ctx, t, entry, r, &len);
        k_track_gone(ctx, t, key, len, FLOW_GONE_ROW);
        flow_k_reset(ctx, key);
    }
    flow_k_blob_drop(ctx, &t->heap, r->blob);
    flow_k_heap_free(ctx, &t->heap, r, (int64_t)sizeof *r);
}

static flow_shown *shown_new(flow_ctx *ctx, flow_table *t, int64_t start, int64_t end) {
    flow_shown *r = flow_k_heap_alloc(ctx, &t->heap, (int64_t)sizeof *r);
    *r = (flow_shown){.start = start, .end = end};
    return r;
}

/* Two sessions have become one: so has what was shown of them. */
static void shown_join(flow_session *to, const flow_session *from) {
    flow_shown **at = &to->shown;
    while (*at) at = &(*at)->next;
    *at = from->shown;
}

FLOW_INLINE int shown_is(const flow_shown *r, const flow_visit *v) {
    return r->start == v->start && r->end == v->end;
}

/* ---- rows in ----------------------------------------------------------------------- */

/* When somebody must look at the entry again; it has a session. */
static int64_t kept_due(const session_list *l, int64_t gap, int64_t lateness) {
    int64_t due = flow_k_time_add(moment_of(&l->at[0], gap), lateness);
    for (uint32_t i = 0; i < l->count; i++) {
        if (!l->at[i].changed) continue;
        int64_t end = moment_of(&l->at[i], gap);
        return end < due ? end : due;
    }
    return due;
}

flow_session *flow_k_kept_put(flow_ctx *ctx, flow_table *t, int64_t time, int64_t gap,
                              const uint8_t *row, const uint8_t *key, int64_t klen,
                              int64_t now, int32_t touch) {
    int64_t entry = flow_k_table_last(t);
    flow_session *s = session_add(ctx, t, entry, time, gap, row, key, klen);
    const uint64_t *timer = flow_k_table_words(t, entry) + FLOW_TIMER_WORDS;
    s->changed = KEPT_CHANGED;
    for (const flow_shown *r = s->shown; r; r = r->next)
        if (r->end <= now) s->changed = KEPT_REVISED;
    *kept_words(t, entry) = (uint64_t)gap;
    if (touch) flow_k_table_touch_entry(ctx, t, entry);
    /* Of many sessions the others are not looked at: what was due is due no later. */
    int64_t due = s->changed == KEPT_REVISED ? now - 1 : moment_of(s, gap);
    int only = sessions_of(t, entry)->count == 1;
    if (!only && timer[0] && timer[0] < word_of(due)) due = (int64_t)word_of((int64_t)timer[0]);
    flow_k_timer_set(ctx, t, entry, 0, due);
    return s;
}

/* ---- visits ------------------------------------------------------------------------ */

void flow_k_kept_open(flow_visit *v, int64_t gap, int64_t lateness, int64_t now, int64_t next,
                      int32_t early, int32_t whole) {
    *v = (flow_visit){.entry = -1, .gap = gap, .lateness = lateness, .now = now, .next = next,
                      .early = early, .whole = whole};
}

/* Its rows go, and what was shown of it stays only where the whole table is asked for. */
static void kept_forget(flow_ctx *ctx, flow_table *t, const flow_visit *v, uint32_t i) {
    session_list *l = sessions_of(t, v->entry);
    flow_session *s = &l->at[i];
    k_track_note(ctx, t, v->entry);
    for (flow_shown *r = s->shown, *next; r; r = next) {
        next = r->next;
        if (!v->whole || !r->blob[0]) {
            shown_free(ctx, t, v->entry, r);
            continue;
        }
        r->over = 1;
        r->stale = 1;
        r->next = *kept_over(t, v->entry);
        *kept_over(t, v->entry) = r;
    }
    free_rows(ctx, t, v->entry, s);
    remove_at(l, i);
}

/* The first session from the visit's place on that somebody must be told of. */
static int32_t kept_look(flow_ctx *ctx, flow_table *t, flow_visit *v) {
    const session_list *l = sessions_of(t, v->entry);
    while (v->index < l->count) {
        flow_session *s = &l->at[v->index];
        int64_t moment = moment_of(s, v->gap);
        v->session = s;
        v->start = s->first;
        v->end = flow_k_time_add(s->last, v->gap);
        if (s->changed && flow_k_time_add(v->end, v->lateness) <= v->now) return FLOW_KEPT_LATE;
        int shown = v->early || moment < v->next || s->changed == KEPT_REVISED;
        if (s->changed && shown) return FLOW_KEPT_SHOW;
        if (flow_k_time_add(moment, v->lateness) < v->next)
            kept_forget(ctx, t, v, (uint32_t)v->index);
        else v->index++;
    }
    return FLOW_KEPT_NONE;
}

/* The entry has been looked at: it waits, or goes. */
static void kept_leave(flow_ctx *ctx, flow_table *t, flow_visit *v) {
    session_list *l = sessions_of(t, v->entry);
    if (l->count) {
        flow_k_timer_set(ctx, t, v->entry, 0, kept_due(l, v->gap, v->lateness));
    } else {
        int64_t size = (int64_t)sizeof *l->at;
        if (l->room) flow_k_heap_free(ctx, &t->heap, l->at, (int64_t)l->room * size);
        *l = (session_list){0};
        if (*kept_over(t, v->entry)) flow_k_timer_stop(ctx, t, v->entry, 0);
        else flow_k_table_remove(ctx, t, v->entry);
    }
    v->entry = -1;
}

static int kept_enter(flow_ctx *ctx, flow_table *t, flow_visit *v) {
    uint64_t due[3];
    v->index = 0;
    if (flow_k_timer_next(ctx, t, v->next, due) != FLOW_TIMER_NONE) {
        v->entry = (int64_t)due[0];
        return 1;
    }
    while (v->early && v->touched < flow_k_table_touched(t)) {
        uint32_t entry = t->dirty[v->touched++];
        if (!flow_k_table_live(t, entry)) continue;
        v->entry = entry;
        return 1;
    }
    if (!v->early) return 0;
    flow_k_table_note_touched(ctx, t);
    flow_k_table_clean(t);
    return 0;
}

int32_t flow_k_kept_next(flow_ctx *ctx, flow_table *t, flow_visit *v) {
    for (;;) {
        if (v->entry >= 0) {
            int32_t found = kept_look(ctx, t, v);
            if (found) return found;
            kept_leave(ctx, t, v);
        }
        if (!kept_enter(ctx, t, v)) return FLOW_KEPT_NONE;
    }
}

void flow_k_kept_drop(flow_ctx *ctx, flow_table *t, flow_visit *v) {
    session_list *l = sessions_of(t, v->entry);
    free_rows(ctx, t, v->entry, &l->at[v->index]);
    remove_at(l, (uint32_t)v->index);
}

int64_t flow_k_kept_olds(flow_ctx *ctx, const flow_visit *v, uint64_t *list) {
    int64_t n = 0, i = 0;
    for (const flow_shown *r = v->session->shown; r; r = r->next) n++;
    const flow_shown **at = flow_k_alloc(ctx, n * 8 + 8);
    for (const flow_shown *r = v->session->shown; r; r = r->next)
        if (!shown_is(r, v) && r->blob[0]) at[i++] = r;
    *list = (uint64_t)(uintptr_t)at;
    return i;
}

uint64_t *flow_k_kept_show(flow_ctx *ctx, flow_table *t, flow_visit *v) {
    flow_session *s = v->session;
    flow_shown *same = 0;
    k_track_note(ctx, t, v->entry);
    for (flow_shown *r = s->shown, *next; r; r = next) {
        next = r->next;
        if (shown_is(r, v)) same = r;
        else shown_free(ctx, t, v->entry, r);
    }
    if (!same) same = shown_new(ctx, t, v->start, v->end);
    same->next = 0;
    same->stale = 1;
    same->count = s->count;
    same->upto = (int64_t)timers_of(ctx, t)->arrivals;
    s->shown = same;
    s->changed = 0;
    for (session_row *r = s->head; r; r = r->next) r->told = 1;
    return same->blob;
}

int32_t flow_k_session_told(const uint64_t *list, int64_t i) {
    return (int32_t)nth(list, i)->told;
}

/* ---- the whole table --------------------------------------------------------------- */

FLOW_INLINE const flow_shown *nth_shown(const uint64_t *list, int64_t i) {
    return (const flow_shown *)(uintptr_t)list[i];
}

static int shown_before(const flow_shown *a, const flow_shown *b) {
    return a->start != b->start ? a->start < b->start : a->end < b->end;
}

/* Mostly in order already: those that are over came one behind the other. */
static void shown_put(const flow_shown **at, int64_t n, const flow_shown *r) {
    while (n && shown_before(r, at[n - 1])) {
        at[n] = at[n - 1];
        n--;
    }
    at[n] = r;
}

int64_t flow_k_kept_all(flow_ctx *ctx, flow_table *t, int64_t entry, uint64_t *list) {
    const session_list *l = sessions_of(t, entry);
    int64_t room = 0, n = 0, over = 0;
    for (const flow_shown *r = *kept_over(t, entry); r; r = r->next) over++;
    for (uint32_t i = 0; i < l->count; i++)
        for (const flow_shown *r = l->at[i].shown; r; r = r->next) room++;
    const flow_shown **at = flow_k_alloc(ctx, (over + room) * 8 + 8);
    n = over; /* the last one that was forgotten is the first of the chain */
    for (const flow_shown *r = *kept_over(t, entry); r; r = r->next) at[--n] = r;
    for (int64_t i = 1; i < over; i++) shown_put(at, i, at[i]);
    n = over;
    for (uint32_t i = 0; i < l->count; i++)
        for (const flow_shown *r = l->at[i].shown; r; r = r->next)
            if (r->blob[0]) shown_put(at, n++, r);
    *list = (uint64_t)(uintptr_t)at;
    return n;
}

const uint64_t *flow_k_shown_row(const uint64_t *list, int64_t i) {
    return nth_shown(list, i)->blob;
}

int64_t flow_k_shown_start(const uint64_t *list, int64_t i) {
    return nth_shown(list, i)->start;
}

int64_t flow_k_shown_end(const uint64_t *list, int64_t i) {
    return nth_shown(list, i)->end;
}
