/* watermark.c - see watermark.h. */
#include "runtime/state/watermark.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/kernel/k_event.h"

#define BEFORE FLOW_BEFORE_TIME
#define AFTER FLOW_AFTER_TIME

typedef struct clock_state {
    int64_t max;   /* M; BEFORE: no row yet */
    int64_t fresh; /* the greatest of this batch */
    int64_t last;  /* T of its last rows, or of the first batch; BEFORE: no batch yet */
    bool ended;
} clock_state;

struct rt_watermarks {
    const rt_program *program;
    clock_state *clocks;
    int64_t *times;   /* [time]: W */
    int64_t *reached; /* [time]: W if no clock had ended */
    flow_mark *marks;
};

rt_watermarks *rt_watermarks_new(const rt_program *program) {
    rt_watermarks *w = rt_alloc(sizeof *w);
    w->program = program;
    w->clocks = rt_alloc((size_t)program->nclocks * sizeof *w->clocks);
    w->times = rt_alloc((size_t)program->ntimes * sizeof *w->times);
    w->reached = rt_alloc((size_t)program->ntimes * sizeof *w->reached);
    w->marks = rt_alloc((size_t)program->nmarks * sizeof *w->marks);
    for (int64_t i = 0; i < program->nclocks; i++)
        w->clocks[i] = (clock_state){.max = BEFORE, .fresh = BEFORE, .last = BEFORE};
    for (int64_t i = 0; i < program->ntimes; i++) w->times[i] = w->reached[i] = BEFORE;
    for (int64_t i = 0; i < program->nmarks; i++) 
        w->marks[i] = (flow_mark){BEFORE, BEFORE, BEFORE};
    return w;
}

void rt_watermarks_free(rt_watermarks *w) {
    if (!w) return;
    free(w->clocks);
    free(w->times);
    free(w->reached);
    free(w->marks);
    free(w);
}

const flow_mark *rt_watermarks_marks(const rt_watermarks *w) {
    return w->marks;
}

void rt_watermarks_seen(rt_watermarks *w, int64_t clock, int64_t time) {
    if (time > w->clocks[clock].fresh) w->clocks[clock].fresh = time;
}

void rt_watermarks_ended(rt_watermarks *w, int64_t source) {
    for (int64_t i = 0; i < w->program->nclocks; i++)
        if (w->program->clocks[i].source == source) w->clocks[i].ended = true;
}

/* ---- one time ---- */

/* What the clocks of a time say when it is T. */
typedef struct reading {
    int64_t least;    /* of those that speak: M - delay; AFTER if none does */
    int64_t greatest; /* of all: M - delay; BEFORE if none had a row */
    int64_t silent;   /* the moment the last became idle */
    bool speaks;      /* one is neither idle nor ended */
    bool ended;       /* all have ended */
} reading;

static int64_t level_of(const clock_state *c, const rt_time_decl *decl) {
    return c->max == BEFORE ? BEFORE : flow_k_time_add(c->max, -decl->delay);
}

static int64_t idle_from(const clock_state *c, const rt_time_decl *decl) {
    return decl->idle < 0 ? AFTER : flow_k_time_add(c->last, decl->idle);
}

static reading read_clocks(const rt_watermarks *w, int64_t time, int64_t now) {
    const rt_time_decl *decl = &w->program->times[time];
    reading r = {.least = AFTER, .greatest = BEFORE, .silent = BEFORE, .ended = true};
    for (int64_t i = 0; i < w->program->nclocks; i++) {
        const clock_state *c = &w->clocks[i];
        if (w->program->clocks[i].time != time) continue;
        int64_t at = level_of(c, decl);
        r.greatest = RT_MAX(r.greatest, at);
        if (c->ended) continue;
        r.ended = false;
        int64_t idle_at = idle_from(c, decl);
        if (idle_at <= now) {
            r.silent = RT_MAX(r.silent, idle_at);
        } else {
            r.speaks = true;
            r.least = RT_MIN(r.least, at);
        }
    }
    return r;
}

/* W of a time when it is T. */
static int64_t level(const rt_watermarks *w, int64_t time, int64_t now) {
    reading r = read_clocks(w, time, now);
    int64_t at = w->times[time];
    if (r.ended) return AFTER;
    if (r.speaks) return RT_MAX(at, r.least);
    if (r.greatest == BEFORE) return at;
    return RT_MAX(at, flow_k_time_add(r.greatest, now - r.silent));
}

/* ---- marks ---- */

static int64_t mark_level(const rt_watermarks *w, int64_t mark, int64_t now,
                          const int64_t *times) {
    const rt_mark_decl *m = &w->program->marks[mark];
    if (m->processing) return now;
    int64_t least = AFTER;
    for (int64_t i = 0; i < m->ntimes; i++) least = RT_MIN(least, times[m->times[i]]);
    return least;
}

static void take_fresh(rt_watermarks *w, int64_t now) {
    for (int64_t i = 0; i < w->program->nclocks; i++) {
        clock_state *c = &w->clocks[i];
        if (c->fresh != BEFORE || c->last == BEFORE) c->last = now;
        c->max = RT_MAX(c->max, c->fresh);
        c->fresh = BEFORE;
    }
}

void rt_watermarks_advance(rt_watermarks *w, int64_t now, bool final) {
    take_fresh(w, now);
    for (int64_t i = 0; i < w->program->ntimes; i++) {
        int64_t at = level(w, i, now);
        if (at == AFTER || final) at = read_clocks(w, i, now).greatest;
        w->reached[i] = RT_MAX(w->reached[i], at);
        w->times[i] = final ? AFTER : level(w, i, now);
    }
    for (int64_t i = 0; i < w->program->nmarks; i++) {
        w->marks[i].next = final ? AFTER : mark_level(w, i, now, w->times);
        w->marks[i].reached = mark_level(w, i, now, w->reached);
    }
}

void rt_watermarks_commit(rt_watermarks *w) {
    for (int64_t i = 0; i < w->program->nmarks; i++) w->marks[i].now = w->marks[i].next;
}

/* ---- silence ---- */

/* The first T at which a time without rows reaches the moment: it moves where a clock
 * becomes idle, and with the clock once all are. */
static int64_t time_when(const rt_watermarks *w, int64_t time, int64_t moment) {
    if (w->times[time] >= moment) return BEFORE;
    int64_t idle = w->program->times[time].idle, best = AFTER, last = BEFORE;
    if (idle < 0) return AFTER;
    for (int64_t i = 0; i < w->program->nclocks; i++) {
        const clock_state *c = &w->clocks[i];
        if (w->program->clocks[i].time != time || c->ended || c->last == BEFORE) continue;
        int64_t at = flow_k_time_add(c->last, idle);
        last = RT_MAX(last, at);
        if (at < best && level(w, time, at) >= moment) best = at;
    }
    if (best != AFTER || last == BEFORE) return best;
    int64_t from = level(w, time, last);
    if (from == BEFORE) return AFTER;
    return flow_k_time_add(last, moment - from);
}

int64_t rt_watermarks_when(const rt_watermarks *w, int64_t mark, int64_t moment) {
    const rt_mark_decl *m = &w->program->marks[mark];
    if (m->processing) return moment;
    int64_t when = BEFORE;
    for (int64_t i = 0; i < m->ntimes; i++)
        when = RT_MAX(when, time_when(w, m->times[i], moment));
    return when;
}

/* ---- for whoever looks ---- */

int64_t rt_watermarks_time(const rt_watermarks *w, int64_t time) { return w->times[time]; }

rt_clock_look rt_watermarks_clock(const rt_watermarks *w, int64_t clock, int64_t now) {
    const clock_state *c = &w->clocks[clock];
    int64_t time = w->program->clocks[clock].time;
    const rt_time_decl *decl = &w->program->times[time];
    rt_clock_look look = {.at = level_of(c, decl)};
    bool begun = c->last != BEFORE;
    look.idle = c->ended || (begun && idle_from(c, decl) <= now);
    look.holds = !look.idle && (!begun || look.at == read_clocks(w, time, now).least);
    return look;
}

/* ---- for a checkpoint ---- */

/* What a mark is of, by the names of its times: numbers change with the program. */
static void mark_name(const rt_program *p, const rt_mark_decl *mark, rt_wire *name) {
    rt_wire_clear(name);
    if (mark->processing) rt_wire_raw(name, "processing", 10);
    for (int64_t i = 0; i < mark->ntimes; i++) {
        const char *id = p->times[mark->times[i]].id;
        if (i) rt_wire_raw(name, ",", 1);
        rt_wire_raw(name, id, (int64_t)strlen(id));
    }
}

static bool is_text(const uint8_t *p, int64_t n, const char *text) {
    return (int64_t)strlen(text) == n && (!n || !memcmp(p, text, (size_t)n));
}

void rt_watermarks_save(const rt_watermarks *w, rt_wire *out) {
    const rt_program *p = w->program;
    rt_wire name = {0};
    rt_wire_i64(out, p->ntimes);
    for (int64_t i = 0; i < p->ntimes; i++) {
        rt_wire_text(out, p->times[i].id);
        rt_wire_i64(out, w->times[i]);
        rt_wire_i64(out, w->reached[i]);
    }
    rt_wire_i64(out, p->nmarks);
    for (int64_t i = 0; i < p->nmarks; i++) {
        mark_name(p, &p->marks[i], &name);
        rt_wire_bytes(out, name.p, name.n);
        rt_wire_i64(out, w->marks[i].now);
    }
    rt_wire_i64(out, p->nclocks);
    for (int64_t i = 0; i < p->nclocks; i++) {
        const clock_state *c = &w->clocks[i];
        rt_wire_text(out, p->times[p->clocks[i].time].id);
        rt_wire_text(out, p->sources[p->clocks[i].source].id);
        rt_wire_i64(out, c->max);
        rt_wire_i64(out, c->last);
        rt_wire_u8(out, c->ended);
    }
    rt_wire_free(&name);
}

static void load_time(rt_watermarks *w, rt_unwire *r) {
    int64_t len;
    const uint8_t *id = rt_unwire_bytes(r, &len);
    int64_t at = rt_unwire_i64(r), reached = rt_unwire_i64(r);
    for (int64_t i = 0; i < w->program->ntimes && !r->bad; i++)
        if (is_text(id, len, w->program->times[i].id)) w->times[i] = at, w->reached[i] = reached;
}

static void load_mark(rt_watermarks *w, rt_unwire *r) {
    rt_wire name = {0};
    int64_t len;
    const uint8_t *id = rt_unwire_bytes(r, &len);
    int64_t at = rt_unwire_i64(r);
    for (int64_t i = 0; i < w->program->nmarks && !r->bad; i++) {
        mark_name(w->program, &w->program->marks[i], &name);
        if (name.n == len && (!len || !memcmp(name.p, id, (size_t)len)))
            w->marks[i].now = w->marks[i].next = w->marks[i].reached = at;
    }
    rt_wire_free(&name);
}

static void load_clock(rt_watermarks *w, rt_unwire *r) {
    const rt_program *p = w->program;
    clock_state c = {.fresh = BEFORE};
    int64_t time_len, source_len;
    const uint8_t *time = rt_unwire_bytes(r, &time_len);
    const uint8_t *source = rt_unwire_bytes(r, &source_len);
    c.max = rt_unwire_i64(r);
    c.last = rt_unwire_i64(r);
    c.ended = rt_unwire_u8(r) != 0;
    for (int64_t i = 0; i < p->nclocks && !r->bad; i++)
        if (is_text(time, time_len, p->times[p->clocks[i].time].id) &&
            is_text(source, source_len, p->sources[p->clocks[i].source].id))
            w->clocks[i] = c;
}

bool rt_watermarks_load(rt_watermarks *w, rt_unwire *r) {
    int64_t n = rt_unwire_count(r, 24);
    for (int64_t i = 0; i < n; i++) load_time(w, r);
    n = rt_unwire_count(r, 16);
    for (int64_t i = 0; i < n; i++) load_mark(w, r);
    n = rt_unwire_count(r, 33);
    for (int64_t i = 0; i < n; i++) load_clock(w, r);
    return !r->bad;
}
