/* pace.c - see pace.h. */
#include "runtime/exec/pace.h"

#include "runtime/base/rt_check.h"

/* Spark Streaming's (spark.streaming.backpressure.pid.*): weights of the error, of its sum, of
 * its change; the least rate. */
#define PROPORTIONAL 1.0
#define INTEGRAL 0.2
#define DERIVATIVE 0.0
#define LEAST_RATE 100.0
/* Of a batch's weight in the fixed cost: how much is left of it when the next one ends. */
#define KEPT 0.97
/* What the numbers of rows must spread by before a line is laid through them: a tenth of their
 * mean.  Times of batches that are more alike differ by noise, and so would the line. */
#define LEAST_SPREAD 0.1
/* Where the fixed cost was taken too high nearly nothing of a batch's time would be its rows',
 * and the rate without bound: its rows take at least this part. */
#define LEAST_PART 0.1
/* A batch may take so many times its fixed cost before it is late: then half of the time is
 * spent on rows, and to go from there to all of it would only double what is done. */
#define COSTS_SPAN 2

bool rt_pid_next(rt_pid *p, const rt_pid_batch *b) {
    if (b->time <= p->time || b->rows <= 0 || b->processing <= 0) return false;
    double since = (double)(b->time - p->time) / 1e6;
    double processed = (double)b->rows / (double)b->processing * 1e6;
    /* How much faster rows came than they could go. */
    double error = p->rate - processed;
    /* What waits already, as rows a second of an interval. */
    double history = (double)b->waiting * processed / (double)b->interval;
    double change = (error - p->error) / since;
    double rate = p->rate - PROPORTIONAL * error - INTEGRAL * history - DERIVATIVE * change;
    bool begun = p->begun;
    p->begun = true;
    p->time = b->time;
    p->error = begun ? error : 0;
    p->rate = begun ? RT_MAX(rate, LEAST_RATE) : processed;
    p->known |= begun;
    return begun;
}

double rt_pace_rate(const rt_pace *p) {
    double rate = p->most;
    double follow = 0;
    if (p->follows && p->pid.begun && p->late) follow = p->pid.rate;
    if (p->follows && !p->pid.begun) follow = p->initial;
    if (follow > 0 && (rate == 0 || follow < rate)) rate = follow;
    return rate;
}

/* The time that batches are meant to take. */
static int64_t span(const rt_pace *p) {
    return RT_MAX(p->interval, (int64_t)(COSTS_SPAN * p->fixed.cost));
}

static double room(const rt_pace *p) {
    double rows = rt_pace_rate(p) * (double)(p->late ? span(p) : p->interval) / 1e6;
    return RT_MAX(rows, 1);
}

int64_t rt_pace_rows(rt_pace *p, int64_t now) {
    double rate = rt_pace_rate(p);
    if (rate == 0) {
        p->filled = now;
        p->rows = 0;
        return RT_PACE_ANY;
    }
    if (p->filled < 0) p->rows = room(p);
    else if (now > p->filled) p->rows += rate * (double)(now - p->filled) / 1e6;
    p->rows = RT_MIN(p->rows, room(p));
    p->filled = RT_MAX(p->filled, now);
    /* A whole interval brings a whole number, however the clock is cut. */
    return (int64_t)(p->rows + 1e-6);
}

bool rt_pace_is_full(const rt_pace *p) {
    return rt_pace_rate(p) == 0 || p->rows + 1e-6 >= room(p);
}

int64_t rt_pace_next(const rt_pace *p, int64_t now) {
    double rate = rt_pace_rate(p), missing = 1 - p->rows;
    if (rate == 0 || missing <= 1e-6) return now;
    return RT_MAX(now, p->filled + (int64_t)(missing * 1e6 / rate) + 1);
}

void rt_pace_took(rt_pace *p, int64_t rows) {
    p->rows = RT_MAX(p->rows - (double)rows, 0);
}

static void learn_cost(rt_fixed_cost *f, double rows, double time) {
    f->weight = KEPT * f->weight + 1;
    f->rows = KEPT * f->rows + rows;
    f->time = KEPT * f->time + time;
    f->rows2 = KEPT * f->rows2 + rows * rows;
    f->both = KEPT * f->both + rows * time;
    double mean = f->rows / f->weight, mean_time = f->time / f->weight;
    double spread = f->rows2 / f->weight - mean * mean;
    if (spread <= LEAST_SPREAD * LEAST_SPREAD * mean * mean) return;
    double slope = (f->both / f->weight - mean * mean_time) / spread;
    double cost = mean_time - RT_MAX(slope, 0) * mean;
    f->cost = RT_MAX(cost, 0);
}

/* The batch as the estimator is to see it, which knows no fixed cost: its rows take the part
 * of the span that they would take of what the fixed cost leaves. */
static rt_pid_batch without_cost(const rt_pace *p, const rt_pid_batch *b) {
    rt_pid_batch meant = *b;
    double all = (double)RT_MAX(b->interval, span(p)), cost = p->fixed.cost;
    double took = ((double)b->processing - cost) * all / (all - cost);
    meant.interval = (int64_t)all;
    meant.processing = (int64_t)RT_MAX(took, LEAST_PART * (double)b->processing);
    return meant;
}

void rt_pace_done(rt_pace *p, const rt_pid_batch *b, bool limited) {
    if (!p->follows) return;
    learn_cost(&p->fixed, (double)b->rows, (double)b->processing);
    rt_pid_batch meant = without_cost(p, b);
    rt_pid_next(&p->pid, &meant);
    if (b->processing > meant.interval) p->late = true;
    else if (!limited && b->waiting <= meant.interval / 10) p->late = false;
}
