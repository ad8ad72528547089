/* sched.h - phases: a number of tasks done by all workers, and a barrier.
 *
 * The coordinator is worker 0 and works too, so parallelism 1 is one computing thread.
 * Workers take the next task from a shared counter, so tasks are begun in order and those
 * that were done are always the first ones.  Threads are started by the first phase that
 * has work for them and sleep between phases. */
#ifndef FLOW_RUNTIME_EXEC_SCHED_H
#define FLOW_RUNTIME_EXEC_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/exec/job.h"

typedef void rt_task_fn(flow_rt_worker *w, void *arg, int64_t task);

typedef struct rt_pool rt_pool;

rt_pool *rt_pool_new(flow_rt_worker *workers, int64_t n);
/* Ends and joins the threads. */
void rt_pool_free(rt_pool *pool);

/* Runs tasks from .. to - 1 and returns the first that was not begun: `to`, or less if
 * rt_pool_halt was called.  `alone`: on the coordinator only. */
int64_t rt_pool_run(rt_pool *pool, rt_task_fn *fn, void *arg, int64_t from, int64_t to,
                    bool alone);

/* The same where neighbours had better go to one worker: it takes up to so many in a row, and ends
 * these even if the phase is halted, unless one of them fails. */
int64_t rt_pool_run_rows(rt_pool *pool, rt_task_fn *fn, void *arg, int64_t from, int64_t to,
                         int64_t in_a_row, bool alone);

/* From within a task: begin no more of this phase. */
void rt_pool_halt(rt_pool *pool);

#endif
