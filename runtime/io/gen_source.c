/* gen_source.c - rows made from their numbers: `rate` and `generate`.
 *
 * Row i of a source with a rate is due at t0 + i / rate, where t0 is the moment of the
 * first look at it; without a rate all rows are due at once and a batch takes as many as the
 * setting allows.  A unit is a range of numbers cut at fixed multiples. */
#include <stdlib.h>

#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/io/gen_source.h"
#include "runtime/io/sources.h"

typedef struct generator {
    int64_t rows; /* how many in all, -1: no end */
    int64_t rate; /* a second, 0: at once */
    int64_t next; /* the first row that has not been planned */
    int64_t t0;   /* -1: nothing planned yet */
} generator;

int64_t rt_generator_t0(const rt_source *s) {
    return RT_MAX(((const generator *)s->impl)->t0, 0);
}

int64_t rt_generator_rate(const rt_source *s) {
    return ((const generator *)s->impl)->rate;
}

static rt_status open_with(rt_source *s, const char *rate) {
    generator *g = s->impl = rt_alloc(sizeof *g);
    g->rows = rt_option_word(s->decl->options, "rows", -1);
    g->rate = rt_option_word(s->decl->options, rate, 0);
    g->t0 = -1;
    if (g->rows < -1 || g->rate < 0)
        return (rt_status)rt_fail(RT_usage, "%s: rows and rate cannot be negative",
                                  s->decl->name);
    int64_t most = s->env->settings->max_rate;
    if (most > 0 && (g->rate == 0 || g->rate > most)) g->rate = most;
    s->total = g->rows;
    s->ended = g->rows == 0;
    return RT_ok;
}

static rt_status generate_open(rt_source *s) { return open_with(s, "rate"); }

static rt_status rate_open(rt_source *s) {
    RT_TRY(open_with(s, "arg"));
    if (((generator *)s->impl)->rate == 0)
        return (rt_status)rt_fail(RT_usage, "%s: the rate must be at least 1",
                                  s->decl->name);
    return RT_ok;
}

/* Rows that are due at `now`, from g->next. */
static int64_t due(const generator *g, int64_t now) {
    int64_t n = INT64_MAX - g->next;
    if (g->rate) {
        int64_t t = g->t0 < 0 ? 0 : RT_MAX(now - g->t0, 0);
        int64_t rows = t / 1000000 * g->rate +
                       (int64_t)((__int128)(t % 1000000) * g->rate / 1000000);
        n = rows - g->next;
    }
    return g->rows < 0 ? n : RT_MIN(n, g->rows - g->next);
}

static int64_t gen_waiting(rt_source *s, int64_t now) {
    generator *g = s->impl;
    if (s->ended) return 0;
    if (g->t0 < 0) g->t0 = now;
    int64_t n = due(g, now);
    return n >= s->env->settings->cut_rows ? -1 : n;
}

/* The first moment at which due() counts one row more. */
static int64_t gen_next(rt_source *s, int64_t now) {
    generator *g = s->impl;
    if (s->ended) return -1;
    if (!g->rate || g->t0 < 0) return now;
    __int128 t = ((__int128)(g->next + 1) * 1000000 + g->rate - 1) / g->rate;
    return g->t0 + (int64_t)t;
}

static rt_status gen_take(rt_source *s, int64_t limit, int64_t now, bool drain,
                          rt_input *in) {
    generator *g = s->impl;
    (void)drain;
    int64_t n = RT_MIN(due(g, now), limit - in->rows);
    int64_t to = g->next + RT_MAX(n, 0);
    in->rows += to - g->next;
    while (g->next < to) {
        int64_t end = RT_MIN(to, (g->next / RT_GENERATED_TASK + 1) * RT_GENERATED_TASK);
        rt_input_add(in, (rt_unit){.from = g->next, .to = end});
        g->next = end;
    }
    s->ended = g->rows >= 0 && g->next >= g->rows;
    return RT_ok;
}

static const char *gen_object(rt_source *s, int64_t object) {
    (void)object;
    return s->decl->name;
}

static void gen_close(rt_source *s) {
    free(s->impl);
    s->impl = NULL;
}

const rt_source_ops rt_generate_source = {
    .name = "generate",
    .ranges = true,
    .open = generate_open,
    .waiting = gen_waiting,
    .next = gen_next,
    .take = gen_take,
    .object = gen_object,
    .close = gen_close,
};

const rt_source_ops rt_rate_source = {
    .name = "rate",
    .ranges = true,
    .live = true,
    .open = rate_open,
    .waiting = gen_waiting,
    .next = gen_next,
    .take = gen_take,
    .object = gen_object,
    .close = gen_close,
};
