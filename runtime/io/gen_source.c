/* gen_source.c - rows made from their numbers: `rate`, `generate` and `nexmark`.
 *
 * Row i of a source with a rate is due at t0 + i / rate, where t0 is the moment of the
 * first look at it; without a rate all rows are due at once and a batch takes as many as the
 * setting allows.  A unit is a range of numbers cut at fixed multiples.  The rate of `nexmark`
 * is that of its event time: only `max_rate` holds it to the clock. */
#include <inttypes.h>
#include <stdlib.h>

#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/io/gen_source.h"
#include "runtime/io/place.h"
#include "runtime/io/sources.h"
#include "runtime/kernel/k_nexmark.h"

typedef struct generator {
    int64_t rows; /* how many in all, -1: no end */
    int64_t rate; /* a second, 0: at once */
    int64_t own;  /* the same, as this start has it */
    int64_t next; /* the first row that has not been planned */
    int64_t t0;   /* -1: nothing planned yet */
    flow_nexmark *nexmark; /* null but for `nexmark` */
} generator;

int64_t rt_generator_t0(const rt_source *s) {
    const generator *g = s->impl;
    return g->nexmark ? (int64_t)(intptr_t)g->nexmark : RT_MAX(g->t0, 0);
}

int64_t rt_generator_rate(const rt_source *s) {
    return ((const generator *)s->impl)->rate;
}

static rt_status open_with(rt_source *s, const char *rate) {
    generator *g = s->impl = rt_alloc(sizeof *g);
    g->rows = rt_option_word(s->decl->options, "rows", -1);
    g->rate = rate ? rt_option_word(s->decl->options, rate, 0) : 0;
    g->t0 = -1;
    g->nexmark = NULL;
    if (g->rows < -1 || g->rate < 0)
        return (rt_status)rt_fail(RT_usage, "%s: rows and rate cannot be negative",
                                  s->decl->name);
    int64_t most = s->env->settings->max_rate;
    if (most > 0 && (g->rate == 0 || g->rate > most)) g->rate = most;
    g->own = g->rate;
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

static rt_status nexmark_open(rt_source *s) {
    const rt_option *o = s->decl->options;
    flow_nexmark n = {.seed = (uint64_t)rt_option_word(o, "seed", 0),
                      .rate = rt_option_word(o, "rate", 10000),
                      .rows = rt_option_word(o, "rows", -1),
                      .group = rt_option_word(o, "disorder", 0)};
    if (n.rate < 1 || n.group < 0 || n.group > 1000000 || (n.group && n.group % 953 == 0))
        return (rt_status)rt_fail(RT_usage,
                                  "%s: the rate must be at least 1, disorder 0 to 1000000 "
                                  "and no multiple of 953",
                                  s->decl->name);
    RT_TRY(open_with(s, NULL));
    generator *g = s->impl;
    g->nexmark = rt_alloc(sizeof *g->nexmark);
    *g->nexmark = n;
    flow_k_nexmark_open(g->nexmark, rt_alloc((size_t)flow_k_nexmark_bytes()));
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

/* Where the program gives another rate than the run before, it holds from the next row on:
 * that row is due when it was. */
static void settle(generator *g) {
    if (g->rate == g->own) return;
    if (g->rate && g->own && g->t0 >= 0) {
        __int128 due = g->t0 + (__int128)g->next * 1000000 / g->rate;
        __int128 t0 = due - (__int128)g->next * 1000000 / g->own;
        g->t0 = (int64_t)RT_MAX(t0, 0);
    }
    g->rate = g->own;
}

static int64_t gen_waiting(rt_source *s, int64_t now) {
    generator *g = s->impl;
    if (s->ended) return 0;
    settle(g);
    if (g->t0 < 0) g->t0 = now;
    int64_t n = due(g, now);
    bool rest = n > 0 && g->rows >= 0 && g->next + n >= g->rows;
    return rest || n >= s->env->settings->cut_rows ? -1 : n;
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
    settle(g);
    int64_t n = RT_MIN(due(g, now), limit - in->rows), left = rt_source_rows_left(s, in);
    in->limited = n > left;
    n = RT_MIN(n, left);
    in->records += RT_MAX(n, 0);
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

/* ---- with a checkpoint ---- */

static void gen_save(rt_source *s, rt_wire *w) {
    const generator *g = s->impl;
    rt_wire_i64(w, g->next);
    rt_wire_i64(w, g->t0);
    rt_wire_i64(w, g->rate);
}

/* The moment of row 0 is kept: what became due while nothing ran comes at once. */
static rt_status read_place(rt_source *s, rt_unwire *r) {
    generator *g = s->impl;
    int64_t next = rt_unwire_i64(r), t0 = rt_unwire_i64(r), rate = rt_unwire_i64(r);
    if (!rt_unwire_done(r) || next < 0 || t0 < -1 || rate < 0) return rt_place_bad(s);
    g->next = next;
    g->t0 = t0;
    g->rate = rate;
    s->ended = g->rows >= 0 && g->next >= g->rows;
    return RT_ok;
}

static rt_status gen_load(rt_source *s, rt_unwire *r) { return read_place(s, r); }

static rt_status gen_plan(rt_source *s, int64_t batch, const rt_input *in, rt_wire *w) {
    (void)batch;
    rt_units_write(w, in, RT_GENERATED_TASK, 0, NULL);
    gen_save(s, w);
    return RT_ok;
}

/* Of a batch that is run again, the rate is that of its first run.  Its rows are the next, up to
 * the place that it names. */
static rt_status gen_replan(rt_source *s, int64_t batch, rt_unwire *r, rt_input *in) {
    generator *g = s->impl;
    rt_units_item item;
    int64_t at = g->next;
    (void)batch;
    for (int64_t n = rt_units_count(r); n > 0; n--) {
        if (!rt_units_read(r, &item) || item.block || item.object || item.from != at ||
            !rt_units_cut(in, &item, 0))
            return rt_place_bad(s);
        at = item.to;
        in->rows += item.to - item.from;
    }
    RT_TRY(read_place(s, r));
    return g->next == at ? RT_ok : rt_place_bad(s);
}

static bool gen_plan_text(const rt_source *s, int64_t batch, rt_unwire *r, rt_wire *out) {
    (void)s, (void)batch;
    if (!rt_units_text(r, "rows", NULL, 0, out)) return false;
    int64_t next = rt_unwire_i64(r), t0 = rt_unwire_i64(r), rate = rt_unwire_i64(r);
    rt_wire_print(out, ", next %" PRId64 " of t0 %" PRId64 " rate %" PRId64, next, t0, rate);
    return rt_unwire_done(r);
}

static void gen_close(rt_source *s) {
    generator *g = s->impl;
    if (g && g->nexmark) {
        free(g->nexmark->memory);
        free(g->nexmark);
    }
    free(g);
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
    .replays = true,
    .save = gen_save,
    .load = gen_load,
    .plan = gen_plan,
    .replan = gen_replan,
    .plan_text = gen_plan_text,
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
    .replays = true,
    .save = gen_save,
    .load = gen_load,
    .plan = gen_plan,
    .replan = gen_replan,
    .plan_text = gen_plan_text,
};

const rt_source_ops rt_nexmark_source = {
    .name = "nexmark",
    .ranges = true,
    .open = nexmark_open,
    .waiting = gen_waiting,
    .next = gen_next,
    .take = gen_take,
    .object = gen_object,
    .close = gen_close,
    .replays = true,
    .save = gen_save,
    .load = gen_load,
    .plan = gen_plan,
    .replan = gen_replan,
    .plan_text = gen_plan_text,
};
