/* publish.h - a batch's way out: prepare all sinks, COMMIT, publish all sinks.
 *
 * The rows of a batch are taken from the job and put out while the next batch runs, on a
 * thread of its own; batches go out one after the other, in order.  With one worker, for
 * small batches, and where memory is short it is done at once, by the coordinator.
 *
 * With a checkpoint the way is that of ckpt_commit.h; without one COMMIT is the moment
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

/* After try k (from 0) of what returned `status`: waits where that may pass, and returns
 * RT_ok for another try; else what it ends with. */
rt_status rt_publish_again(const rt_settings *set, const char *what, int64_t batch, int64_t k,
                           rt_status status);

#endif
