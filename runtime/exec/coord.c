/* coord.c - see coord.h.
 *
 * A batch is closed by the first of: its interval is over, a source holds as much as a
 * batch takes or the rest of its input, all input has ended.  A cut by size is followed by the next batch at once,
 * so files run back to back.  Its time is a multiple of the interval, or the clock after
 * a cut by size and in eager mode, and always greater than the last one's. */
#include "runtime/exec/coord.h"

#include "runtime/base/clock.h"
#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/base/rt_check.h"
#include "runtime/base/wake.h"
#include "runtime/exec/checkpoint.h"
#include "runtime/exec/ckpt_commit.h"
#include "runtime/exec/ckpt_recover.h"
#include "runtime/exec/input.h"
#include "runtime/exec/metrics.h"
#include "runtime/exec/pace.h"
#include "runtime/exec/publish.h"
#include "runtime/exec/report.h"
#include "runtime/exec/run_record.h"
#include "runtime/exec/stage.h"
#include "runtime/exec/state_test.h"
#include "runtime/io/loop.h"
#include "runtime/state/keyed.h"

typedef struct coord {
    rt_job *job;
    rt_stop *stop;
    rt_report *report;
    rt_publisher *publisher;
    int64_t started;   /* mono */
    int64_t last_input; /* mono: when a batch last had rows */
    int64_t deadline;  /* wall: end of the interval; 0 in eager mode */
    int64_t batches;
    bool rested; /* since the last input */
} coord;

/* Without input for so long a program keeps only what it remembers. */
#define REST INT64_C(1000000) /* us */

/* Why the next batch begins, or does not. */
typedef enum why { WHY_WAIT, WHY_INTERVAL, WHY_FULL, WHY_END, WHY_DRAIN } why;

static void sleep_for(coord *c, int64_t us) {
    if (c->job->env.loop && c->job->env.eager)
        rt_loop_run(c->job->env.loop, us);
    else
        rt_wake_wait(c->stop->wake, us);
}

/* ---- one batch ------------------------------------------------------------------------ */

static int64_t batch_time(const coord *c, why reason) {
    int64_t t = rt_clock_wall();
#ifdef FLOW_FAULTS
    if (rt_script_on()) return t; /* a test may give twice at one moment */
#endif
    if (reason == WHY_INTERVAL && c->deadline) t = c->deadline;
    return RT_MAX(t, c->job->now + 1);
}

static void count_input(coord *c) {
    rt_job *job = c->job;
    int64_t units = 0, bytes = 0, rows = 0;
    for (int64_t i = 0; i < job->program->nsources; i++) {
        units += job->inputs[i].nunits;
        bytes += job->inputs[i].bytes;
        rows += job->inputs[i].rows;
    }
    job->bytes_in += bytes;
    job->rows_in += rows;
    job->alone = units <= 1 && bytes <= RT_SMALL_BATCH && rows <= RT_GENERATED_TASK;
    if (!units) return;
    c->last_input = rt_clock_mono();
    c->rested = false;
}

static bool all_sinks_full(const rt_job *job) {
    for (int64_t i = 0; i < job->program->nsinks; i++)
        if (!atomic_load_explicit(&job->sink_full[i], memory_order_relaxed)) return false;
    return job->program->nsinks > 0;
}

/* The units of the batch: what waits, or what a plan of the last run says. */
static rt_status take_input(coord *c, why reason) {
    rt_job *job = c->job;
    bool drain = reason == WHY_DRAIN;
    if (job->ckpt && job->ckpt->forced.n) return rt_recover_follow(job->ckpt);
    /* What the sources hold is then ours. */
    if (drain && job->env.loop) rt_loop_stop(job->env.loop);
    RT_TRY(rt_input_take(job, drain));
    job->final = rt_input_waiting(job, job->now).ended;
    /* With a checkpoint what is open waits there for the next start. */
    if (drain && (!job->ckpt || all_sinks_full(job))) job->final = true;
    return RT_ok;
}

static rt_status run_stages(coord *c) {
    rt_job *job = c->job;
#ifdef FLOW_FAULTS
    if (!job->ckpt) {
        job->saving = rt_state_test_saves(job);
        RT_TRY(rt_stages_run(job));
        return rt_state_test_batch(job);
    }
#endif
    RT_TRY(rt_stages_run(job));
    return rt_checkpoint_collect(job);
}

static rt_status run_batch(coord *c, why reason) {
    rt_job *job = c->job;
    int64_t began = rt_clock_mono(), wall = rt_clock_wall();
    rt_pid_batch pace = {.interval = job->settings->batch};
    if (reason == WHY_INTERVAL && c->deadline) pace.waiting = RT_MAX(wall - c->deadline, 0);
    job->now = batch_time(c, reason);
    job->batch++;
    c->batches++;
    rt_run_record_begin(job);
    RT_TRY(take_input(c, reason));
    count_input(c);
    RT_TRY(rt_input_ready(job));
    RT_TRY(rt_checkpoint_plan(job, reason == WHY_DRAIN));
    RT_TRY(run_stages(c));
    rt_run_record_ran(job);
    rt_metrics_input(job->metrics, job);
    /* Nothing of the output points into the input. */
    rt_input_done(job);
    RT_TRY(rt_publish(c->publisher));
    rt_stages_clear(job);
    rt_mem_relax(job->mem);
    rt_report_batch(c->report, job);
    pace.time = rt_clock_mono();
    pace.processing = pace.time - began;
    if (pace.interval) rt_input_paced(job, pace);
    rt_metrics_batch(job->metrics, job, pace.processing);
    return RT_ok;
}

/* ---- when ----------------------------------------------------------------------------- */

/* Nothing waits: has it been so for an interval, or for a block's time? */
static bool is_idle(const coord *c) {
    if (!c->job->env.eager) return rt_clock_wall() >= c->deadline;
    return rt_clock_mono() - c->last_input >= c->job->settings->block;
}

static bool should_drain(const coord *c, const rt_waiting *w) {
    const rt_settings *set = c->job->settings;
    int64_t now = rt_clock_mono();
    if (atomic_load_explicit(&c->stop->signal, memory_order_acquire)) return true;
    if (all_sinks_full(c->job)) return true;
    if (set->timeout >= 0 && !w->any && now - c->last_input >= set->timeout) return true;
    switch (set->until) {
    case RT_UNTIL_END: return false;
    case RT_UNTIL_IDLE: return !w->any && is_idle(c);
    case RT_UNTIL_TIME: return now - c->started >= set->until_count;
    case RT_UNTIL_BATCHES: return c->batches >= set->until_count;
    }
    rt_assert(!"until");
    return false;
}

/* Moves the deadline behind `now`; what passed unused is skipped without a number. */
static void next_deadline(coord *c, int64_t now) {
    int64_t step = c->job->settings->batch;
    if (step && c->deadline <= now) c->deadline = (now / step + 1) * step;
}

static why decide(coord *c, int64_t now) {
    rt_waiting w = rt_input_waiting(c->job, now);
    if (w.ended) return WHY_END;
    if (should_drain(c, &w)) return WHY_DRAIN;
    if (w.full) return WHY_FULL;
    if (c->job->env.eager)
        return w.ready || rt_stages_when(c->job) <= now ? WHY_FULL : WHY_WAIT;
    if (now < c->deadline) return WHY_WAIT;
    if (w.any || c->job->program->every_batch || rt_stages_when(c->job) <= c->deadline)
        return WHY_INTERVAL;
    next_deadline(c, now);
    return WHY_WAIT;
}

/* Until something may have changed. */
static void wait_for_input(coord *c, int64_t now) {
    const rt_settings *set = c->job->settings;
    int64_t wait = -1, mono = rt_clock_mono();
#define AT_MOST(us)                                                                      \
    do {                                                                                 \
        int64_t us_ = RT_MAX(us, 0);                                                     \
        if (wait < 0 || us_ < wait) wait = us_;                                          \
    } while (0)
    if (!c->job->env.eager) AT_MOST(c->deadline - now);
    rt_waiting w = rt_input_waiting(c->job, now);
    if (c->job->env.eager && w.next >= 0) AT_MOST(w.next - now);
    if (c->job->env.eager && rt_stages_when(c->job) != INT64_MAX)
        AT_MOST(rt_stages_when(c->job) - now);
    if (set->timeout >= 0) AT_MOST(c->last_input + set->timeout - mono);
    if (!c->rested) AT_MOST(c->last_input + REST - mono);
    if (set->until == RT_UNTIL_IDLE && c->job->env.eager)
        AT_MOST(c->last_input + set->block - mono);
    if (set->until == RT_UNTIL_TIME) AT_MOST(c->started + set->until_count - mono);
#undef AT_MOST
    sleep_for(c, wait);
}

#ifdef FLOW_FAULTS
/* The batches of a test: the script says what they hold and what time it is. */
static rt_status run_script(coord *c) {
    rt_status status = RT_ok;
    c->job->now = -1;
    while (status == RT_ok && rt_script_next()) status = run_batch(c, WHY_FULL);
    return status;
}
#endif

static void rest(coord *c) {
    if (c->rested || rt_clock_mono() - c->last_input < REST) return;
    rt_states_rest(c->job->states, &c->job->workers[0].ctx);
    rt_mem_rest(c->job->mem);
    c->rested = true;
}

static rt_status run_batches(coord *c) {
    rt_status status = RT_ok;
    next_deadline(c, rt_clock_wall());
    while (status == RT_ok) {
        int64_t now = rt_clock_wall();
        why reason = decide(c, now);
        if (reason == WHY_WAIT) {
            rest(c);
            wait_for_input(c, now);
            status = rt_publish_look(c->publisher);
            continue;
        }
        status = run_batch(c, reason);
        next_deadline(c, now);
        if (c->job->final || reason == WHY_DRAIN) break;
    }
    return status;
}

rt_status rt_coord_run(rt_job *job, rt_stop *stop) {
    coord c = {.job = job, .stop = stop, .started = rt_clock_mono()};
    if (job->ckpt && job->ckpt->over) return RT_ok;
    if (job->settings->replay) return rt_run_replay(job);
    c.last_input = c.started;
    c.report = rt_report_begin(job);
    c.publisher = rt_publisher_new(job);
#ifdef FLOW_FAULTS
    rt_status status = rt_state_test_begin(job);
    if (status == RT_ok) status = rt_script_on() ? run_script(&c) : run_batches(&c);
    rt_state_test_end(job);
#else
    rt_status status = run_batches(&c);
#endif
    rt_status out = rt_publish_wait(c.publisher);
    if (status == RT_ok) status = out;
    if (status == RT_ok && job->ckpt) status = rt_ckpt_settle(job->ckpt);
    rt_publisher_free(c.publisher);
    rt_report_end(c.report, job, status);
    return status;
}
