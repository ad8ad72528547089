/* ckpt_load.c - see ckpt_load.h.
 *
 * Files are checked while they are read: nothing is read twice.  What was loaded before
 * the damage showed is thrown away. */
#include "runtime/exec/ckpt_load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/ckpt/state_merge.h"
#include "runtime/exec/ckpt_meta.h"
#include "runtime/exec/sched.h"
#include "runtime/exec/task.h"

typedef struct loading {
    rt_checkpoint *c;
    rt_state_file **files;
    int64_t n;
    rt_rows **rows;       /* [task]: freed at the end, whatever became of the task */
    pthread_mutex_t lock;
    rt_status status;     /* under lock: the first failure */
    rt_trouble trouble;
} loading;

/* ---- files ------------------------------------------------------------------------------- */

static rt_status open_files(loading *a, const rt_kept *kept) {
    for (; a->n < kept->n; a->n++) {
        const rt_state_ref *ref = &kept->refs[a->n];
        const rt_wire *in = &kept->inlined[a->n];
        char what[128];
        snprintf(what, sizeof what, "the state in COMMIT %" PRId64 " of the journal", ref->batch);
        if (!*ref->name && !in->n) {
            snprintf(a->trouble.text, sizeof a->trouble.text, "%s is not there", what);
            return RT_refused;
        }
        RT_TRY(*ref->name ? rt_state_file_open(a->c->state_dir, ref, &a->files[a->n], &a->trouble)
                          : rt_state_file_of(in->p, in->n, ref, what, &a->files[a->n],
                                             &a->trouble));
        rt_state_head head = rt_state_file_head(a->files[a->n]);
        if (!memcmp(head.job, a->c->ident.job, sizeof head.job)) continue;
        snprintf(a->trouble.text, sizeof a->trouble.text, "%s belongs to another checkpoint",
                 rt_state_file_what(a->files[a->n]));
        a->n++;
        return RT_refused;
    }
    return RT_ok;
}

/* What another program has saved is kept, or refused. */
static rt_status check_states(const loading *a) {
    int64_t n;
    const rt_state_id *ids = rt_state_file_ids(a->files[a->n - 1], &n);
    rt_print was = rt_print_of_ids(ids, n);
    rt_status status = rt_print_accept(&was, &a->c->print, a->c->dir);
    rt_print_free(&was);
    return status;
}

/* ---- rows -------------------------------------------------------------------------------- */

static void note(loading *a, rt_status status, const rt_trouble *trouble) {
    pthread_mutex_lock(&a->lock);
    if (a->status == RT_ok) {
        a->status = status;
        a->trouble = *trouble;
    }
    pthread_mutex_unlock(&a->lock);
    rt_pool_halt(a->c->job->pool);
}

static int32_t load_body(flow_rt_worker *w, void *arg) {
    loading *a = arg;
    rt_job *job = a->c->job;
    int64_t state, part;
    if (!rt_ckpt_slot(a->c, w->order, &state, &part)) return 0;
    rt_saved_op op;
    rt_status status = RT_ok;
    rt_trouble trouble = {""};
    const rt_state_id *id = &a->c->print.ids[w->order / job->settings->partitions];
    rt_rows *rows = a->rows[w->order] = rt_rows_new(a->files, a->n, id->name, id->schema, part);
    rt_states_room(job->states, &w->ctx, state, part, rt_rows_about(rows));
    while (status == RT_ok && rt_rows_next(rows, &op, &status, &trouble)) {
        char why[256] = "";
        if (rt_states_load(job->states, &w->ctx, state, part, op.key, op.klen, op.value, op.vlen,
                           why, sizeof why))
            continue;
        snprintf(trouble.text, sizeof trouble.text, "a row of %s makes no sense: %s", id->name,
                 why);
        status = RT_refused;
    }
    if (status == RT_ok) rt_states_loaded(job->states, &w->ctx, state, part);
    else note(a, status, &trouble);
    return 0;
}

static void load_task(flow_rt_worker *w, void *arg, int64_t task) {
    rt_task_run(w, 0, task, NULL, load_body, arg);
}

static int32_t drop_body(flow_rt_worker *w, void *arg) {
    loading *a = arg;
    rt_job *job = a->c->job;
    int64_t state, part;
    for (int64_t k = 0; k < rt_ckpt_slots(a->c); k++)
        if (rt_ckpt_slot(a->c, k, &state, &part))
            rt_states_drop(job->states, &w->ctx, state, part);
    return 0;
}

static rt_status load_rows(loading *a) {
    rt_job *job = a->c->job;
    int64_t n = rt_ckpt_slots(a->c);
    if (!n) return RT_ok;
    a->rows = rt_alloc((size_t)n * sizeof *a->rows);
    rt_pool_run(job->pool, load_task, a, 0, n, false);
    rt_status status = rt_task_failed(job);
    for (int64_t i = 0; i < n; i++)
        if (a->rows[i]) rt_rows_free(a->rows[i]);
    free(a->rows);
    if (status != RT_ok || a->status == RT_ok) return status;
    rt_task_run(&job->workers[0], 0, 0, NULL, drop_body, a);
    return a->status;
}

static rt_status load(loading *a, const rt_kept *kept) {
    int64_t len;
    RT_TRY(open_files(a, kept));
    RT_TRY(check_states(a));
    RT_TRY(load_rows(a));
    const uint8_t *meta = rt_state_file_meta(a->files[a->n - 1], &len);
    return rt_ckpt_meta_load(a->c->job, meta, len);
}

rt_status rt_ckpt_load(rt_checkpoint *c, const rt_kept *kept, rt_trouble *trouble) {
    loading a = {.c = c};
    a.files = rt_alloc((size_t)(kept->n + 1) * sizeof *a.files);
    pthread_mutex_init(&a.lock, NULL);
    rt_status status = load(&a, kept);
    *trouble = a.trouble;
    for (int64_t i = 0; i < a.n; i++) rt_state_file_close(a.files[i]);
    pthread_mutex_destroy(&a.lock);
    free(a.files);
    return status;
}
