/* state_test.c - see state_test.h. */
#include "runtime/exec/state_test.h"

#ifdef FLOW_FAULTS

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/exec/task.h"
#include "runtime/kernel/k_pane.h"
#include "runtime/state/saved.h"

/* What the test knows from batch to batch; one program runs at a time. */
static struct {
    bool compare;
    int64_t reload;
    rt_saved *rows; /* [state * partitions + partition]: PUTs */
    int64_t n;
} test;

static int64_t parts_of(const rt_job *job, int64_t state) {
    return job->program->states[state].one_part ? 1 : rt_states_partitions(job->states);
}

static rt_status complain(const rt_job *job, int64_t state, int64_t part, const char *what,
                          const rt_saved_op *op) {
    const rt_state_decl *decl = &job->program->states[state];
    char *row = op ? rt_state_row_print(decl, op->key, op->klen, op->value, op->vlen) : NULL;
    rt_status status = (rt_status)rt_fail(
        RT_run, "state test, batch %" PRId64 ": %s at %s, partition %" PRId64 ": %s%s%s",
        job->batch, decl->name, job->program->steps[decl->step].at, part, what,
        row ? ": " : "", row ? row : "");
    free(row);
    return status;
}

/* ---- a delta on rows ------------------------------------------------------------------- */

static int compare_keys(const rt_saved_op *a, const rt_saved_op *b) {
    int64_t n = RT_MIN(a->klen, b->klen);
    int c = n ? memcmp(a->key, b->key, (size_t)n) : 0;
    return c ? c : (a->klen > b->klen) - (a->klen < b->klen);
}

static bool begins(const rt_saved_op *row, const rt_saved_op *prefix) {
    return row->klen >= prefix->klen && !memcmp(row->key, prefix->key, (size_t)prefix->klen);
}

/* Where there are none there is no address to add to. */
static const uint8_t *end_of(const rt_saved *s) { return s->p ? s->p + s->len : NULL; }

/* The old rows with the ops applied; false: the ops are not in order. */
static bool apply(const rt_saved *rows, const rt_saved *ops, rt_saved *out) {
    const uint8_t *p = rows->p, *end = end_of(rows), *q = ops->p, *qend = end_of(ops);
    rt_saved_op row, op, before = {0};
    bool has = rt_saved_next(&p, end, &row), any = false;
    while (rt_saved_next(&q, qend, &op)) {
        int c = any ? compare_keys(&before, &op) : -1;
        if (c > 0 || (!c && before.kind >= op.kind)) return false;
        before = op;
        any = true;
        for (; has && compare_keys(&row, &op) < 0; has = rt_saved_next(&p, end, &row))
            rt_saved_put(out, RT_SAVED_PUT, row.key, row.klen, row.value, row.vlen);
        if (op.kind == RT_SAVED_DROP)
            while (has && begins(&row, &op)) has = rt_saved_next(&p, end, &row);
        else if (has && !compare_keys(&row, &op)) has = rt_saved_next(&p, end, &row);
        if (op.kind == RT_SAVED_PUT)
            rt_saved_put(out, RT_SAVED_PUT, op.key, op.klen, op.value, op.vlen);
    }
    for (; has; has = rt_saved_next(&p, end, &row))
        rt_saved_put(out, RT_SAVED_PUT, row.key, row.klen, row.value, row.vlen);
    return q == qend;
}

static rt_status differ(const rt_job *job, int64_t state, int64_t part, const rt_saved *got,
                        const rt_saved *want) {
    const uint8_t *p = got->p, *q = want->p;
    rt_saved_op a, b;
    for (;;) {
        bool x = rt_saved_next(&p, end_of(got), &a);
        bool y = rt_saved_next(&q, end_of(want), &b);
        int c = x && y ? compare_keys(&a, &b) : x ? -1 : 1;
        if (!x && !y) return complain(job, state, part, "no difference in rows", NULL);
        if (c < 0) return complain(job, state, part, "a row is gone that no change says", &a);
        if (c > 0) return complain(job, state, part, "a row is there that no change says", &b);
        if (a.vlen != b.vlen || memcmp(a.value, b.value, (size_t)a.vlen)) {
            complain(job, state, part, "a row is another than the changes say, which is", &a);
            return complain(job, state, part, "and should be", &b);
        }
    }
}

/* ---- one state and partition -------------------------------------------------------------- */

typedef struct subject {
    rt_job *job;
    int64_t state, part;
    bool reload;
    rt_status status;
} subject;

static rt_status compare_one(flow_rt_worker *w, const subject *s) {
    const rt_job *job = s->job;
    rt_saved *rows = &test.rows[s->state * rt_states_partitions(job->states) + s->part];
    rt_saved delta = {0}, next = {0}, all = {0};
    rt_states_save(job->states, &w->ctx, s->state, s->part, false, &delta);
    rt_states_save(job->states, &w->ctx, s->state, s->part, true, &all);
    rt_status status = RT_ok;
    if (!apply(rows, &delta, &next))
        status = complain(job, s->state, s->part, "its changes are not in order", NULL);
    else if (next.len != all.len || (all.len && memcmp(next.p, all.p, (size_t)all.len)))
        status = differ(job, s->state, s->part, &next, &all);
    rt_saved_free(rows);
    *rows = all;
    rt_saved_free(&delta);
    rt_saved_free(&next);
    return status;
}

/* Rows come back in the order of their keys, as a state file gives them. */
static rt_status reload_one(flow_rt_worker *w, const subject *s) {
    rt_states *states = s->job->states;
    rt_saved all = {0}, again = {0};
    rt_saved_op op;
    char why[256];
    rt_status status = RT_ok;
    rt_states_save(states, &w->ctx, s->state, s->part, true, &all);
    rt_states_drop(states, &w->ctx, s->state, s->part);
    rt_states_room(states, &w->ctx, s->state, s->part, all.ops);
    const uint8_t *p = all.p, *end = end_of(&all);
    while (status == RT_ok && rt_saved_next(&p, end, &op))
        if (!rt_states_load(states, &w->ctx, s->state, s->part, op.key, op.klen, op.value,
                            op.vlen, why, sizeof why))
            status = complain(s->job, s->state, s->part, why, &op);
    rt_states_loaded(states, &w->ctx, s->state, s->part);
    rt_states_save(states, &w->ctx, s->state, s->part, true, &again);
    if (status == RT_ok && (all.len != again.len ||
                            (all.len && memcmp(all.p, again.p, (size_t)all.len)))) {
        complain(s->job, s->state, s->part, "loaded, it is another", NULL);
        status = differ(s->job, s->state, s->part, &again, &all);
    }
    rt_saved_free(&all);
    rt_saved_free(&again);
    return status;
}

/* What is not saved must be empty. */
static rt_status check_empty(const subject *s) {
    const flow_table *t = rt_states_table(s->job->states, s->state, s->part);
    if (!flow_k_table_count(t) && !flow_k_pane_count(t) && !t->waits) return RT_ok;
    return complain(s->job, s->state, s->part, "it holds rows and is not saved", NULL);
}

static int32_t one_body(flow_rt_worker *w, void *arg) {
    subject *s = arg;
    if (!rt_states_kept(s->job->states, s->state)) s->status = check_empty(s);
    else if (s->reload) s->status = reload_one(w, s);
    else s->status = compare_one(w, s);
    return s->status != RT_ok;
}

static rt_status each(rt_job *job, bool reload) {
    flow_rt_worker *w = &job->workers[0];
    for (int64_t i = 0; i < job->program->nstates; i++)
        for (int64_t p = 0; p < parts_of(job, i); p++) {
            subject s = {.job = job, .state = i, .part = p, .reload = reload};
            rt_task_run(w, 0, 0, NULL, one_body, &s);
            if (s.status != RT_ok) return s.status;
            RT_TRY(rt_task_failed(job));
        }
    return RT_ok;
}

/* ---- the batches ---------------------------------------------------------------------------- */

static int32_t track_body(flow_rt_worker *w, void *arg) {
    rt_states_track(((rt_job *)arg)->states, &w->ctx, true);
    return 0;
}

rt_status rt_state_test_begin(rt_job *job) {
    const char *reload = getenv("FLOW_TEST_RELOAD");
    test.compare = getenv("FLOW_TEST_STATE") != NULL;
    test.reload = reload ? strtoll(reload, NULL, 10) : 0;
    if (!test.compare || !job->program->nstages) return RT_ok;
    test.n = job->program->nstates * rt_states_partitions(job->states);
    test.rows = rt_alloc((size_t)(test.n + 1) * sizeof *test.rows);
    rt_task_run(&job->workers[0], 0, 0, NULL, track_body, job);
    return rt_task_failed(job);
}

bool rt_state_test_saves(const rt_job *job) {
    return test.compare || (test.reload && job->batch % test.reload == 0);
}

rt_status rt_state_test_batch(rt_job *job) {
    if (!rt_state_test_saves(job)) return RT_ok;
    if (test.compare) RT_TRY(each(job, false));
    if (test.reload && job->batch % test.reload == 0) RT_TRY(each(job, true));
    return RT_ok;
}

void rt_state_test_end(rt_job *job) {
    (void)job;
    for (int64_t i = 0; i < test.n; i++) rt_saved_free(&test.rows[i]);
    free(test.rows);
    test.rows = NULL;
    test.n = 0;
}

#endif
