/* input.h - what a batch reads: units of every source, taken at one moment. */
#ifndef FLOW_RUNTIME_EXEC_INPUT_H
#define FLOW_RUNTIME_EXEC_INPUT_H

#include "runtime/exec/job.h"
#include "runtime/exec/pace.h"

/* How much waits at `now`. */
typedef struct rt_waiting {
    bool any;   /* at least a row */
    bool ready; /* a row that may be taken now: exec/pace.h */
    bool full;  /* as much as a batch takes of some source, or the rest of it */
    bool ended; /* nothing can follow */
    int64_t next; /* the moment at which a source by the clock has its next row, or -1 */
} rt_waiting;

rt_waiting rt_input_waiting(rt_job *job, int64_t now);

/* Takes the batch's units into job->inputs; job->now is its time.  `drain`: live sources
 * give what they hold.  After it rt_input_waiting says whether anything can follow. */
rt_status rt_input_take(rt_job *job, bool drain);

/* After the batch: what its sources may give from now on follows from how long it took. */
void rt_input_paced(rt_job *job, rt_pid_batch batch);

/* Before the stages run: header maps of new files, quotes before each unit. */
rt_status rt_input_ready(rt_job *job);

/* The batch is published: its input may go. */
void rt_input_done(rt_job *job);

#endif
