/* ckpt_save.c - see ckpt_save.h. */
#include "runtime/exec/ckpt_save.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/fault.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/exec/publish.h"
#include "runtime/exec/sched.h"
#include "runtime/exec/task.h"

/* Copies beyond this are not made, nor beyond a quarter of what is transient. */
#define COPY_BYTES (INT64_C(256) << 20)

/* ---- out of the tables -------------------------------------------------------------------- */

typedef struct collecting {
    rt_checkpoint *c;
    rt_going *g;
} collecting;

static int32_t collect_body(flow_rt_worker *w, void *arg) {
    collecting *a = arg;
    int64_t state, part;
    if (!rt_ckpt_slot(a->c, w->order, &state, &part)) return 0;
    rt_states_save(a->c->job->states, &w->ctx, state, part, a->g->full, &a->g->saved[w->order]);
    return 0;
}

static void collect_task(flow_rt_worker *w, void *arg, int64_t task) {
    rt_task_run(w, 0, task, NULL, collect_body, arg);
}

static rt_status collect(rt_checkpoint *c, int64_t from, int64_t to, int64_t *bytes) {
    collecting a = {c, &c->going};
    rt_pool_run(c->job->pool, collect_task, &a, from, to, c->job->alone);
    for (int64_t i = from; i < to; i++) *bytes += c->going.saved[i].len;
    return rt_task_failed(c->job);
}

/* ---- into a file -------------------------------------------------------------------------- */

static rt_status open_writer(rt_checkpoint *c, const rt_going *g, bool in_file,
                             rt_state_writer **w) {
    rt_state_head head = {.kind = g->full || !c->print.nstates ? RT_STATE_SNAP : RT_STATE_DELTA,
                          .epoch = c->env.epoch,
                          .batch = g->batch};
    memcpy(head.job, c->ident.job, sizeof head.job);
    return rt_state_writer_open(in_file ? c->state_dir : NULL, &head, c->print.ids, c->print.n,
                                w);
}

static rt_status write_slots(const rt_checkpoint *c, const rt_going *g, int64_t from, int64_t to,
                             rt_state_writer *w) {
    int64_t parts = c->job->settings->partitions;
    for (int64_t i = from; g->saved && i < to; i++) {
        const rt_saved *s = &g->saved[i];
        if (s->ops) {
            rt_state_writer_section(w, i / parts, i % parts);
            RT_TRY(rt_state_writer_ops(w, s->p, s->len, s->ops));
        }
        if (i == rt_ckpt_slots(c) / 2) RT_CRASH(C4_half, g->batch);
    }
    return RT_ok;
}

static rt_status end_file(const rt_going *g, rt_state_writer *w, rt_state_ref *ref) {
    RT_TRY(rt_state_writer_end(w, g->meta.p, g->meta.n, ref));
    RT_CRASH(C4, g->batch);
    return RT_MUTANT(nosync_state) ? RT_ok : rt_state_writer_sync(w);
}

/* ---- too much to copy ---------------------------------------------------------------------- */

static void drop_slots(rt_going *g, int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) rt_saved_free(&g->saved[i]);
}

/* What has been taken goes to the file; then the others, some at a time. */
static rt_status stream(rt_checkpoint *c, int64_t taken, rt_state_writer *w) {
    rt_going *g = &c->going;
    int64_t n = rt_ckpt_slots(c), bytes = 0;
    RT_TRY(write_slots(c, g, 0, taken, w));
    drop_slots(g, 0, taken);
    while (taken < n) {
        int64_t to = RT_MIN(n, taken + 2 * c->job->nworkers);
        RT_TRY(collect(c, taken, to, &bytes));
        RT_TRY(write_slots(c, g, taken, to, w));
        drop_slots(g, taken, to);
        taken = to;
    }
    return end_file(g, w, &g->ref);
}

/* The marks of what was taken are gone, so another try writes the whole state. */
static rt_status stream_all(rt_checkpoint *c, int64_t taken) {
    rt_going *g = &c->going;
    for (int64_t k = 0;; k++) {
        rt_state_writer *w;
        rt_status status = open_writer(c, g, true, &w);
        if (status == RT_ok) {
            status = stream(c, taken, w);
            rt_state_writer_close(w);
        }
        g->written = status == RT_ok;
        if (g->written) return RT_ok;
        RT_TRY(rt_publish_again(c->job->settings, "state", g->batch, k, status));
        atomic_fetch_add(&c->env.epoch, 1);
        drop_slots(g, 0, rt_ckpt_slots(c));
        g->full = true;
        taken = 0;
    }
}

rt_status rt_ckpt_take(rt_checkpoint *c) {
    rt_going *g = &c->going;
    int64_t n = rt_ckpt_slots(c), bytes = 0;
    int64_t most = RT_MIN(RT_SIZE(COPY_BYTES), rt_mem_transient_share(c->job->mem) / 4);
    if (!n) return RT_ok;
    g->saved = rt_alloc((size_t)n * sizeof *g->saved);
    for (int64_t at = 0; at < n;) {
        int64_t to = RT_MIN(n, at + RT_MAX(n / 8, 2 * c->job->nworkers));
        RT_TRY(collect(c, at, to, &bytes));
        at = to;
        if (bytes > most) return stream_all(c, at);
    }
    return RT_ok;
}

/* ---- who publishes -------------------------------------------------------------------------- */

static int64_t state_bytes(const rt_checkpoint *c) {
    int64_t n = 0;
    for (int64_t i = 0; c->out.saved && i < rt_ckpt_slots(c); i++) n += c->out.saved[i].len;
    return n + c->out.meta.n;
}

rt_status rt_ckpt_write(rt_checkpoint *c, rt_wire *inlined, rt_state_ref *ref) {
    const rt_going *g = &c->out;
    rt_state_writer *w;
    /* The head, the footer and the ids take some room of their own. */
    bool in_file = state_bytes(c) > RT_SIZE(RT_STATE_INLINE / 2);
    RT_TRY(open_writer(c, g, in_file, &w));
    rt_status status = write_slots(c, g, 0, rt_ckpt_slots(c), w);
    if (status == RT_ok && in_file) {
        status = end_file(g, w, ref);
    } else if (status == RT_ok) {
        int64_t n;
        status = rt_state_writer_end(w, g->meta.p, g->meta.n, ref);
        const uint8_t *p = rt_state_writer_bytes(w, &n);
        rt_wire_clear(inlined);
        rt_wire_raw(inlined, p, n);
    }
    rt_state_writer_close(w);
    return status;
}
