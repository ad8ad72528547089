/* publish.c - see publish.h. */
#include "runtime/exec/publish.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/base/sampler.h"
#include "runtime/base/seed.h"
#include "runtime/base/wake.h"
#include "runtime/exec/checkpoint.h"
#include "runtime/exec/ckpt_commit.h"
#include "runtime/exec/output.h"
#include "runtime/exec/run_record.h"
#include "runtime/state/spill.h"

#define RETRY_WAIT_MAX (INT64_C(30) * 1000000)

struct rt_publisher {
    rt_job *job;
    rt_exchange *outgoing; /* [sink]: the batch that goes out; whoever is at work owns it */
    bool *given;           /* [sink]: sink_given of that batch */
    int64_t batch, now;    /* of that batch */
    int64_t rows;          /* of it, once it is out */
    rt_status status;      /* of it */
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t begin, done;
    bool busy, end;        /* under lock */
#ifdef FLOW_FAULTS
    rt_strand *strand;     /* of the batch that goes out, where a seed decides */
#endif
};

/* ---- putting out ------------------------------------------------------------------------ */

/* Waits before try k; up to a quarter is taken off, so that programs that failed together
 * do not come back together. */
static void retry_wait(const rt_settings *set, int64_t k) {
    int64_t wait = set->retry_wait << RT_MIN(k, 20);
    wait = RT_MIN(wait, RETRY_WAIT_MAX);
    wait -= wait / 4 * (rt_clock_mono() % 1000) / 1000;
    rt_clock_sleep(wait);
}

rt_status rt_publish_again(const rt_settings *set, const char *what, int64_t batch, int64_t k,
                           rt_status status) {
    if (status != RT_again && status != RT_again_io) return status;
    if (k == set->retries)
        return (rt_status)rt_fail(status == RT_again ? RT_given_up : RT_io,
                                  "%s: given up after %" PRId64 " retries", what, k);
    rt_log(RT_WARN, "%s: batch %" PRId64 " is tried again (%" PRId64 " of %" PRId64 ")", what,
           batch, k + 1, set->retries);
    retry_wait(set, k);
    return RT_ok;
}

typedef rt_status sink_step(rt_sink *s, rt_output *out);

static rt_status with_retries(rt_job *job, rt_sink *s, sink_step *step, rt_output *out) {
    for (int64_t k = 0;; k++) {
        out->rewind(out);
        rt_status status = step(s, out);
        if (status == RT_ok) return RT_ok;
        RT_TRY(rt_publish_again(job->settings, s->decl->name, out->batch, k, status));
        job->tally.retries++;
    }
}

static rt_status each_sink(rt_publisher *p, rt_output *outs, bool publish) {
    for (int64_t i = 0; i < p->job->program->nsinks; i++) {
        rt_sink *s = &p->job->sinks[i];
        sink_step *step = publish ? s->ops->publish : s->ops->prepare;
        RT_YIELD();
        RT_TRY(with_retries(p->job, s, step, &outs[i]));
    }
    return RT_ok;
}

static void put_out(rt_publisher *p) {
    int64_t n = p->job->program->nsinks;
    rt_output *outs = rt_alloc((size_t)n * sizeof *outs);
    for (int64_t i = 0; i < n; i++) {
        rt_output_open(p->job, i, &p->outgoing[i], &outs[i]);
        outs[i].batch = p->batch;
        outs[i].now = p->now;
        outs[i].given = p->given[i];
    }
    if (p->job->ckpt) {
        p->status = rt_ckpt_commit(p->job->ckpt, outs);
    } else {
        p->status = each_sink(p, outs, false);
        if (p->status == RT_ok) p->status = each_sink(p, outs, true);
    }
    if (p->status == RT_ok) p->status = rt_run_record_out(p->job, outs);
    p->rows = 0;
    for (int64_t i = 0; i < n; i++) {
        if (p->status == RT_ok) p->rows += outs[i].rows;
        if (p->status == RT_ok)
            atomic_fetch_add_explicit(&p->job->sinks[i].rows, outs[i].rows, memory_order_relaxed);
        rt_output_close(&outs[i]);
        rt_exchange_clear(&p->outgoing[i], p->job->mem);
    }
    free(outs);
}

/* ---- beside the next batch --------------------------------------------------------------- */

#ifdef FLOW_FAULTS
static void publisher_strand(void *arg) { put_out(arg); }

static bool strand_busy(const rt_publisher *p) { return p->strand && !rt_strand_done(p->strand); }

static void strand_wait(rt_publisher *p) {
    if (p->strand) rt_strand_join(p->strand);
    p->strand = NULL;
}

/* Where a seed decides: is this batch put out beside the next one? */
static bool strand_begin(rt_publisher *p, bool *seeded) {
    *seeded = rt_seed_on();
    if (!*seeded || p->job->final || rt_seed_pick(2)) return false;
    p->strand = rt_strand_start(publisher_strand, p);
    return true;
}
#else
static bool strand_busy(const rt_publisher *p) { return (void)p, false; }
static void strand_wait(rt_publisher *p) { (void)p; }
static bool strand_begin(rt_publisher *p, bool *seeded) { return (void)p, *seeded = false; }
#endif

static void *publisher_main(void *arg) {
    rt_publisher *p = arg;
    rt_sampler_thread();
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->busy && !p->end) pthread_cond_wait(&p->begin, &p->lock);
        if (!p->busy) break;
        pthread_mutex_unlock(&p->lock);
        put_out(p);
        pthread_mutex_lock(&p->lock);
        p->busy = false;
        pthread_cond_signal(&p->done);
        if (p->status != RT_ok) rt_wake(p->job->env.wake);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

rt_publisher *rt_publisher_new(rt_job *job) {
    rt_publisher *p = rt_alloc(sizeof *p);
    p->job = job;
    p->outgoing = rt_alloc((size_t)job->program->nsinks * sizeof *p->outgoing);
    p->given = rt_alloc((size_t)job->program->nsinks * sizeof *p->given);
    for (int64_t i = 0; i < job->program->nsinks; i++) rt_exchange_open(&p->outgoing[i], 1);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->begin, NULL);
    pthread_cond_init(&p->done, NULL);
    return p;
}

void rt_publisher_free(rt_publisher *p) {
    if (!p) return;
    rt_publish_wait(p);
    pthread_mutex_lock(&p->lock);
    p->end = true;
    pthread_cond_signal(&p->begin);
    pthread_mutex_unlock(&p->lock);
    if (p->started) pthread_join(p->thread, NULL);
    for (int64_t i = 0; i < p->job->program->nsinks; i++)
        rt_exchange_close(&p->outgoing[i], p->job->mem);
    pthread_cond_destroy(&p->begin);
    pthread_cond_destroy(&p->done);
    pthread_mutex_destroy(&p->lock);
    free(p->outgoing);
    free(p->given);
    free(p);
}

rt_status rt_publish_look(rt_publisher *p) {
    pthread_mutex_lock(&p->lock);
    rt_status status = p->busy || strand_busy(p) ? RT_ok : p->status;
    pthread_mutex_unlock(&p->lock);
    return status;
}

rt_status rt_publish_wait(rt_publisher *p) {
    strand_wait(p);
    pthread_mutex_lock(&p->lock);
    while (p->busy) pthread_cond_wait(&p->done, &p->lock);
    pthread_mutex_unlock(&p->lock);
    p->job->rows_out += p->rows;
    p->rows = 0;
    return p->status;
}

/* Is it worth a thread, and is there memory for the rows of two batches? */
static bool beside(rt_publisher *p) {
    rt_job *job = p->job;
    int64_t held = 0;
    if (job->nworkers == 1 || job->alone || job->final || job->env.eager) return false;
    for (int64_t i = 0; i < job->program->nsinks; i++) held += p->outgoing[i].held;
    if (!held || held > rt_mem_transient_share(job->mem) / 4 || rt_spill_used(job->spill))
        return false;
    if (!p->started) p->started = rt_os_thread(&p->thread, publisher_main, p) == 0;
    return p->started;
}

rt_status rt_publish(rt_publisher *p) {
    rt_job *job = p->job;
    RT_TRY(rt_publish_wait(p));
    for (int64_t i = 0; i < job->program->nsinks; i++) {
        rt_exchange taken = job->collects[i];
        job->collects[i] = p->outgoing[i];
        p->outgoing[i] = taken;
        p->given[i] = atomic_exchange_explicit(&job->sink_given[i], 0, memory_order_relaxed);
    }
    p->batch = job->batch;
    p->now = job->now;
    if (job->ckpt) rt_checkpoint_hand_over(job->ckpt);
    rt_run_record_hand_over(job);
    bool seeded;
    if (strand_begin(p, &seeded)) return RT_ok;
    if (seeded || !beside(p)) {
        put_out(p);
        return rt_publish_wait(p);
    }
    pthread_mutex_lock(&p->lock);
    p->busy = true;
    pthread_cond_signal(&p->begin);
    pthread_mutex_unlock(&p->lock);
    return RT_ok;
}
