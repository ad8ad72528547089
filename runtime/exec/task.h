/* task.h - one stage on one unit, or on one partition, in one batch. */
#ifndef FLOW_RUNTIME_EXEC_TASK_H
#define FLOW_RUNTIME_EXEC_TASK_H

#include "runtime/exec/job.h"

/* A task's body: returns what the generated function returned. */
typedef int32_t rt_body(flow_rt_worker *w, void *arg);

/* Runs `body` as task `order` of `stage` on `w` with output `out` (null: none): sets the
 * context, catches rt_task_stop, notes failures in w->failure, empties the arena. */
void rt_task_run(flow_rt_worker *w, int64_t stage, int64_t order, rt_out *out,
                 rt_body *body, void *arg);

/* Calls `body` with rt_task_stop caught, outside of any stage; logs what failed.  What
 * `body` has taken from the arena stays. */
rt_status rt_task_call(flow_rt_worker *w, rt_body *body, void *arg);

/* What each task's context has in common in a batch. */
void rt_task_batch(rt_job *job);

/* The failure of the lowest task among the workers, cleared; logged if there is one. */
rt_status rt_task_failed(rt_job *job);

/* Reads a unit and calls `block` or `range`. */
rt_status rt_task_read(flow_rt_worker *w, rt_source *s, const rt_unit *unit);

#endif
