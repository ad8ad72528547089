/* stage.h - a batch through the stages, from its units to what the sinks get.
 *
 * Source stages run first, in the order of the program text, then the stages behind
 * exchanges in topological order.  A stage behind an exchange that only sources feed may
 * take in rows while its sources still run: when a wave of source tasks has written as
 * much as memory and caches like to hold, its rows are consumed and freed.  Partitions
 * take rows in task order either way, so waves never show. */
#ifndef FLOW_RUNTIME_EXEC_STAGE_H
#define FLOW_RUNTIME_EXEC_STAGE_H

#include "runtime/exec/job.h"

/* Which exchanges are direct; once, at start.  Refuses partitions whose buffers alone
 * would take the memory. */
rt_status rt_stages_open(rt_job *job);
void rt_stages_close(rt_job *job);

/* Runs the batch whose inputs, number and time the job holds; job->collects then has its
 * output.  Logs why it failed. */
rt_status rt_stages_run(rt_job *job);

/* The first batch time at which something is due though no rows come: a window, a timer, a
 * bound.  INT64_MAX if nothing waits, or waits for rows only.  Between batches. */
int64_t rt_stages_when(const rt_job *job);

/* Drops what a batch left: exchanges and collects. */
void rt_stages_clear(rt_job *job);

#endif
