/* job.c - making and ending a run.  Opened in the order of the struct, closed in reverse;
 * rt_job_close takes a job that was opened in part. */
#include "runtime/exec/job.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/exec/checkpoint.h"
#include "runtime/exec/ckpt_recover.h"
#include "runtime/exec/pace.h"
#include "runtime/exec/profile.h"
#include "runtime/exec/run_record.h"
#include "runtime/exec/sched.h"
#include "runtime/exec/stage.h"
#include "runtime/exec/stop.h"
#include "runtime/state/keyed.h"
#include "runtime/state/spill.h"
#include "runtime/state/watermark.h"

/* A worker's partial tables are flushed beyond this: about what a core's share of the
 * last cache holds; or beyond the other, where rows often meet a key that is there. */
#define PARTIAL_BYTES (INT64_C(16) << 20)
#define PARTIAL_MOST  (INT64_C(64) << 20)

int64_t rt_job_parts(const rt_job *job, int64_t exchange) {
    return job->program->exchanges[exchange].one_part ? 1 : job->settings->partitions;
}

static uint64_t table_seed(void) {
    uint64_t seed = 0;
    /* Hostile keys cannot aim at what they cannot know; no output depends on it. */
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed)
        seed = (uint64_t)(uintptr_t)&seed * UINT64_C(0x9e3779b97f4a7c15);
    return seed;
}

static void open_env(rt_job *job, struct rt_loop *loop, const rt_stop *stop) {
    const rt_settings *set = job->settings;
    rt_env *env = &job->env;
    env->mem = job->mem;
    env->settings = set;
    env->program = job->program;
    env->loop = loop;
    env->wake = stop->wake;
    env->eager = set->batch == 0;
    env->batch_bytes = RT_MAX(RT_MIN(set->batch_size, rt_mem_limit(job->mem) / 8), 1);
    /* Where blocks are cut never shows, so they may shrink to what memory allows. */
    int64_t share = rt_mem_limit(job->mem) / (32 * set->parallelism);
    env->block_bytes = RT_MIN(RT_MIN(set->block_size, RT_RECORD_MAX), env->batch_bytes);
    env->block_bytes = RT_MIN(env->block_bytes, RT_MAX(share, INT64_C(64) << 10));
}

/* Tables are read whole; generated rows hold to `max_rate` by themselves, as their times go
 * by it. */
static void open_pace(rt_job *job, const rt_source *s) {
    const rt_settings *set = job->settings;
    rt_pace *p = &job->paces[s->id];
    *p = (rt_pace){.filled = -1, .interval = set->batch ? set->batch : set->block};
    if (s->decl->table || s->refreshes) return;
    if (set->max_rate > 0 && !s->ops->ranges) p->most = (double)set->max_rate;
    p->follows = set->backpressure && set->batch && s->ops->live;
    if (set->initial_rate > 0) p->initial = (double)set->initial_rate;
}

static rt_status open_sources(rt_job *job) {
    const rt_program *p = job->program;
    job->sources = rt_alloc((size_t)p->nsources * sizeof *job->sources);
    job->inputs = rt_alloc((size_t)p->nsources * sizeof *job->inputs);
    job->paced = rt_alloc((size_t)p->nsources * sizeof *job->paced);
    job->limited = rt_alloc((size_t)p->nsources * sizeof *job->limited);
    job->paces = rt_alloc((size_t)p->nsources * sizeof *job->paces);
    job->headers = rt_alloc((size_t)p->nsources * sizeof *job->headers);
    job->headed = rt_alloc((size_t)p->nsources * sizeof(uint8_t *));
    job->nheaders = rt_alloc((size_t)p->nsources * sizeof *job->nheaders);
    for (int64_t i = 0; i < p->nsources; i++) {
        rt_source *s = &job->sources[i];
        *s = (rt_source){.decl = &p->sources[i], .env = &job->env, .id = i, .total = -1};
        s->ops = rt_source_find(s->decl->connector);
        if (!s->ops)
            return (rt_status)rt_fail(RT_usage, "this runtime has no source `%s`",
                                      s->decl->connector);
        if (job->ckpt && !s->ops->plan)
            return (rt_status)rt_fail(RT_usage, "the source %s (%s) is not built yet for a "
                                                "checkpoint", s->decl->name, s->ops->name);
        s->resumes = job->ckpt && rt_recover_resumes(job->ckpt);
        RT_TRY(s->ops->open(s));
        open_pace(job, s);
    }
    return RT_ok;
}

static rt_status open_sinks(rt_job *job) {
    const rt_program *p = job->program;
    job->sinks = rt_alloc((size_t)p->nsinks * sizeof *job->sinks);
    job->collects = rt_alloc((size_t)p->nsinks * sizeof *job->collects);
    job->sink_full = rt_alloc((size_t)p->nsinks * sizeof *job->sink_full);
    job->sink_given = rt_alloc((size_t)p->nsinks * sizeof *job->sink_given);
    for (int64_t i = 0; i < p->nsinks; i++) {
        rt_sink *s = &job->sinks[i];
        *s = (rt_sink){.decl = &p->sinks[i], .env = &job->env, .id = i};
        rt_exchange_open(&job->collects[i], 1);
        s->ops = rt_sink_find(job->settings->replay ? "discard" : s->decl->connector);
        if (!s->ops)
            return (rt_status)rt_fail(RT_usage, "this runtime has no sink `%s`",
                                      s->decl->connector);
        RT_TRY(s->ops->open(s));
    }
    return RT_ok;
}

static void open_workers(rt_job *job) {
    job->nworkers = job->settings->parallelism;
    job->workers = rt_alloc((size_t)job->nworkers * sizeof *job->workers);
    job->states =
        rt_states_new(job->program, job->settings->partitions, job->nworkers);
    int64_t share = rt_mem_limit(job->mem) / (16 * job->nworkers);
    rt_states_partial_limit(job->states, PARTIAL_BYTES, RT_MIN(PARTIAL_MOST, share));
    job->watermarks = rt_watermarks_new(job->program);
    uint64_t seed = job->ckpt ? job->ckpt->ident.seed : table_seed();
    for (int64_t i = 0; i < job->nworkers; i++) {
        flow_rt_worker *w = &job->workers[i];
        w->job = job;
        w->index = i;
        w->reader.mem = job->mem;
        w->ctx.worker = w;
        w->ctx.seed = seed;
        w->ctx.collect_limit = job->settings->collect_limit;
        w->ctx.nparts = job->settings->partitions;
        w->ctx.seen = rt_alloc((size_t)job->program->nclocks * sizeof *w->ctx.seen);
        w->ctx.marks = rt_watermarks_marks(job->watermarks);
        w->ctx.state = rt_states_tables(job->states);
        w->ctx.partial = rt_states_partial(job->states, i);
    }
    job->pool = rt_pool_new(job->workers, job->nworkers);
}

rt_status rt_job_open(rt_job *job, rt_program *program, const rt_settings *settings,
                      struct rt_loop *loop, rt_stop *stop) {
    *job = (rt_job){.program = program, .settings = settings, .batch = -1};
    job->mem = rt_mem_new(settings->memory, settings->parallelism);
    if (!job->mem) return (rt_status)rt_fail(RT_memory, "no memory to start");
    open_env(job, loop, stop);
    RT_TRY(rt_checkpoint_open(job));
    RT_TRY(rt_run_record_open(job));
    RT_TRY(rt_profile_open(job));
    job->sums = job->ckpt || job->record || settings->replay;
    open_workers(job);
    job->spill = rt_spill_new();
    job->exchanges = rt_alloc((size_t)program->nexchanges * sizeof *job->exchanges);
    for (int64_t i = 0; i < program->nexchanges; i++)
        rt_exchange_open(&job->exchanges[i], rt_job_parts(job, i));
    RT_TRY(rt_stages_open(job));
    /* Sinks first: output that is refused is known before any input is touched. */
    RT_TRY(open_sinks(job));
    RT_TRY(open_sources(job));
    return job->ckpt ? rt_recover(job->ckpt) : RT_ok;
}

static rt_status finish_sinks(rt_job *job, bool failed) {
    rt_status result = RT_ok;
    for (int64_t i = 0; job->sinks && i < job->program->nsinks; i++) {
        rt_sink *s = &job->sinks[i];
        if (!s->ops || !s->impl) continue;
        rt_status status = s->ops->finish(s, failed);
        if (result == RT_ok) result = status;
    }
    return result;
}

static void close_connectors(rt_job *job) {
    const rt_program *p = job->program;
    for (int64_t i = 0; job->sources && i < p->nsources; i++) {
        if (job->sources[i].ops) job->sources[i].ops->close(&job->sources[i]);
        rt_input_free(&job->inputs[i]);
        free(job->headers[i]);
        free(job->headed[i]);
    }
    for (int64_t i = 0; job->sinks && i < p->nsinks; i++) {
        if (job->sinks[i].ops) job->sinks[i].ops->close(&job->sinks[i]);
        rt_exchange_close(&job->collects[i], job->mem);
    }
}

rt_status rt_job_close(rt_job *job, bool failed) {
    rt_status result = finish_sinks(job, failed);
    rt_pool_free(job->pool);
    close_connectors(job);
    rt_stages_close(job);
    for (int64_t i = 0; job->exchanges && i < job->program->nexchanges; i++)
        rt_exchange_close(&job->exchanges[i], job->mem);
    rt_spill_free(job->spill);
    if (job->states) rt_states_free(job->states, &job->workers[0].ctx);
    for (int64_t i = 0; job->workers && i < job->nworkers; i++) {
        flow_rt_worker *w = &job->workers[i];
        rt_arena_task_free(w);
        rt_reader_free(&w->reader);
        free(w->failure.text);
        free(w->misses.items);
        free(w->ctx.seen);
    }
    rt_watermarks_free(job->watermarks);
    rt_run_record_close(job);
    rt_checkpoint_close(job);
    rt_status profiled = rt_profile_close(job); /* all threads have ended */
    if (result == RT_ok) result = profiled;
    free(job->workers);
    free(job->exchanges);
    free(job->sources);
    free(job->inputs);
    free(job->paces);
    free(job->paced);
    free(job->limited);
    free(job->headers);
    free(job->headed);
    free(job->nheaders);
    free(job->sinks);
    free(job->collects);
    free(job->sink_full);
    free(job->sink_given);
    free(job->misses.items);
    rt_mem_free(job->mem, !failed);
    memset(job, 0, sizeof *job);
    return result;
}
