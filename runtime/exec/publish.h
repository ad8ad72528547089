/* publish.h - a batch's way out: prepare all sinks, COMMIT, publish all sinks.
 *
 * The rows of a batch are taken from the job and put out while the next batch runs, on a
 * thread of its own; batches go out one after the other, in order.  With one worker, for
 * small batches, and where memory is short it is done at once, by the coordinator.
 *
 * COMMIT is where the checkpoint's record will be written; without one it is the moment
 * between the two loops over the sinks. */
#ifndef FLOW_RUNTIME_EXEC_PUBLISH_H
#define FLOW_RUNTIME_EXEC_PUBLISH_H

#include "runtime/exec/job.h"

typedef struct rt_publisher rt_publisher;

rt_publisher *rt_publisher_new(rt_job *job);
/* Waits for the batch that is going out. */
void rt_publisher_free(rt_publisher *p);

/* Takes job->collects, which are empty after it.  Returns what became of the batch
 * before, and of this one if it was put out at once. */
rt_status rt_publish(rt_publisher *p);
/* Without waiting: what became of the batch that went out last, RT_ok while it does.  A
 * failure wakes the coordinator. */
rt_status rt_publish_look(rt_publisher *p);
/* Waits until everything is out; returns what became of it. */
rt_status rt_publish_wait(rt_publisher *p);

#endif
