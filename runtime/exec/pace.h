/* pace.h - how many rows a source may give: `max_rate`, `initial_rate`, `backpressure`.
 *
 * Rows are a bucket that fills with the time of batches, at the source's rate, up to what one
 * interval brings.  The rate is the least of `max_rate` and, for live sources while batches run
 * late, what an estimator allows: the PID controller that Spark Streaming's back-pressure uses,
 * with its constants.  Without it batches would still stay within `memory`, as a full queue
 * stops the stream; but they would take longer and longer than their interval.
 *
 * What a batch costs without any row (a commit, above all) cannot be saved by taking fewer
 * rows: where that alone is longer than the interval, the controller would go down to its
 * least rate and stay there.  So it is measured, and batches are taken to be late when they
 * take longer than twice that, and longer than the interval. */
#ifndef FLOW_RUNTIME_EXEC_PACE_H
#define FLOW_RUNTIME_EXEC_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* The estimator, of one source. */
typedef struct rt_pid {
    bool begun, known;  /* it has seen a batch; it has given a rate */
    int64_t time;       /* of the last batch it has seen */
    double rate, error; /* of that batch */
} rt_pid;

/* What a batch was like; times in microseconds. */
typedef struct rt_pid_batch {
    int64_t time;       /* when it ended */
    int64_t rows;
    int64_t processing; /* how long it took */
    int64_t waiting;    /* how late it began */
    int64_t interval;
} rt_pid_batch;

/* Goes on with a batch.  True: p->rate is what the next should bring, in rows a second. */
bool rt_pid_next(rt_pid *p, const rt_pid_batch *b);

/* What batches cost without any row: least squares over rows and times of the last ones, the
 * older the less they weigh. */
typedef struct rt_fixed_cost {
    double weight, rows, time, rows2, both; /* sums */
    double cost;                            /* us */
} rt_fixed_cost;

/* The bucket and the estimator of one source. */
typedef struct rt_pace {
    double most, initial; /* rows a second, 0: no limit */
    int64_t interval;     /* us: the bucket holds what it brings */
    rt_fixed_cost fixed;
    bool follows;         /* by the estimator */
    bool late;            /* batches run late: its rate counts */
    rt_pid pid;
    double rows;          /* in the bucket */
    int64_t filled;       /* when that was so; -1: never */
} rt_pace;

#define RT_PACE_ANY INT64_MAX

/* Rows a second now, 0: no limit. */
double rt_pace_rate(const rt_pace *p);
/* Rows that may be taken at `now`; RT_PACE_ANY without a limit. */
int64_t rt_pace_rows(rt_pace *p, int64_t now);
/* Is that as much as ever? */
bool rt_pace_is_full(const rt_pace *p);
/* When there will be a row; `now` if there is one. */
int64_t rt_pace_next(const rt_pace *p, int64_t now);
void rt_pace_took(rt_pace *p, int64_t rows);
/* `limited`: the batch would have taken more rows. */
void rt_pace_done(rt_pace *p, const rt_pid_batch *b, bool limited);

#endif
