/* event_metrics.c - see event_metrics.h.  A moment that has not come yet, and one that never
 * will, has no sample. */
#include "runtime/exec/event_metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/rt_arena.h"
#include "runtime/exec/metric_text.h"
#include "runtime/kernel/k_event.h"
#include "runtime/state/watermark.h"

typedef struct stage_numbers {
    int64_t mark, due;
} stage_numbers;

struct rt_event_numbers {
    const rt_program *program;
    int64_t now;
    int64_t *times;        /* [time]: its watermark */
    rt_clock_look *clocks; /* [clock] */
    stage_numbers *stages; /* [stage] */
};

rt_event_numbers *rt_event_numbers_new(const rt_program *p) {
    rt_event_numbers *n = rt_alloc(sizeof *n);
    n->program = p;
    n->times = rt_alloc((size_t)(p->ntimes + 1) * sizeof *n->times);
    n->clocks = rt_alloc((size_t)(p->nclocks + 1) * sizeof *n->clocks);
    n->stages = rt_alloc((size_t)(p->nstages + 1) * sizeof *n->stages);
    for (int64_t i = 0; i < p->ntimes; i++) n->times[i] = FLOW_BEFORE_TIME;
    for (int64_t i = 0; i < p->nclocks; i++) n->clocks[i].at = FLOW_BEFORE_TIME;
    for (int64_t i = 0; i < p->nstages; i++)
        n->stages[i] = (stage_numbers){FLOW_BEFORE_TIME, FLOW_AFTER_TIME};
    return n;
}

void rt_event_numbers_free(rt_event_numbers *n) {
    free(n->times);
    free(n->clocks);
    free(n->stages);
    free(n);
}

void rt_event_numbers_copy(rt_event_numbers *n, const rt_job *job) {
    const rt_program *p = n->program;
    n->now = job->now;
    for (int64_t i = 0; i < p->ntimes; i++) n->times[i] = rt_watermarks_time(job->watermarks, i);
    for (int64_t i = 0; i < p->nclocks; i++)
        n->clocks[i] = rt_watermarks_clock(job->watermarks, i, job->now);
    for (int64_t i = 0; i < p->nstages; i++) {
        int64_t mark = p->stages[i].mark;
        if (mark < 0 || p->marks[mark].processing) continue;
        n->stages[i].mark = rt_watermarks_marks(job->watermarks)[mark].now;
        n->stages[i].due = job->runs[i].due ? job->runs[i].soonest.mark : FLOW_AFTER_TIME;
    }
}

static void tell_moment(rt_wire *w, const char *name, rt_label a, rt_label b, int64_t at) {
    if (at == FLOW_BEFORE_TIME || at == FLOW_AFTER_TIME) return;
    rt_metric_sample(w, name, a, b, (double)at / 1e6);
}

static rt_label step_of(const rt_event_numbers *n, int64_t time) {
    const rt_program *p = n->program;
    return (rt_label){"step", p->steps[p->times[time].step].at};
}

static void tell_times(const rt_event_numbers *n, rt_wire *w) {
    rt_label none = {0};
    rt_metric_head(w, "watermark_seconds", "gauge", "how far event time has come");
    for (int64_t i = 0; i < n->program->ntimes; i++)
        tell_moment(w, "watermark_seconds", step_of(n, i), none, n->times[i]);
    rt_metric_head(w, "watermark_lag_seconds", "gauge", "from it to the time of the last batch");
    for (int64_t i = 0; i < n->program->ntimes; i++) {
        int64_t at = n->times[i];
        if (at == FLOW_BEFORE_TIME || at == FLOW_AFTER_TIME) continue;
        rt_metric_sample(w, "watermark_lag_seconds", step_of(n, i), none,
                         ((double)n->now - (double)at) / 1e6);
    }
}

static void tell_clocks(const rt_event_numbers *n, const char *const *sources, rt_wire *w) {
    const rt_program *p = n->program;
    rt_metric_head(w, "clock_seconds", "gauge",
                   "how far the rows of a source let event time come; none: no row yet");
    for (int64_t i = 0; i < p->nclocks; i++)
        tell_moment(w, "clock_seconds", step_of(n, p->clocks[i].time),
                    (rt_label){"source", sources[p->clocks[i].source]}, n->clocks[i].at);
    rt_metric_head(w, "clock_idle", "gauge",
                   "1: a source is not waited for, it is silent or has ended");
    for (int64_t i = 0; i < p->nclocks; i++)
        rt_metric_sample(w, "clock_idle", step_of(n, p->clocks[i].time),
                         (rt_label){"source", sources[p->clocks[i].source]}, n->clocks[i].idle);
    rt_metric_head(w, "watermark_waits_for", "gauge",
                   "1: event time comes no further before the rows of this source do");
    for (int64_t i = 0; i < p->nclocks; i++)
        rt_metric_sample(w, "watermark_waits_for", step_of(n, p->clocks[i].time),
                         (rt_label){"source", sources[p->clocks[i].source]}, n->clocks[i].holds);
}

static void tell_stages(const rt_event_numbers *n, bool due, rt_wire *w) {
    const rt_program *p = n->program;
    const char *name = due ? "stage_due_seconds" : "stage_watermark_seconds";
    rt_metric_head(w, name, "gauge",
                   due ? "the watermark at which a stage closes what it holds next; none: nothing"
                       : "the watermark of a stage, as --explain numbers them");
    for (int64_t i = 0; i < p->nstages; i++) {
        char number[24];
        snprintf(number, sizeof number, "%" PRId64, i);
        tell_moment(w, name, (rt_label){"stage", number}, (rt_label){"name", p->stages[i].name},
                    due ? n->stages[i].due : n->stages[i].mark);
    }
}

void rt_event_numbers_tell(const rt_event_numbers *n, const char *const *sources, rt_wire *w) {
    if (!n->program->ntimes) return;
    tell_times(n, w);
    tell_clocks(n, sources, w);
    tell_stages(n, false, w);
    tell_stages(n, true, w);
}
