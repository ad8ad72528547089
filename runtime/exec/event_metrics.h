/* event_metrics.h - how far event time has come, and what it waits for: the part of the
 * metrics that says why a window does not close.
 *
 * A stage closes windows up to its watermark; the watermark of an `event_time` step goes no
 * further than the slowest of its sources that are not idle. */
#ifndef FLOW_RUNTIME_EXEC_EVENT_METRICS_H
#define FLOW_RUNTIME_EXEC_EVENT_METRICS_H

#include "runtime/base/wire.h"
#include "runtime/exec/job.h"

typedef struct rt_event_numbers rt_event_numbers;

rt_event_numbers *rt_event_numbers_new(const rt_program *program);
void rt_event_numbers_free(rt_event_numbers *n);
/* After a batch. */
void rt_event_numbers_copy(rt_event_numbers *n, const rt_job *job);
/* `sources`: their labels. */
void rt_event_numbers_tell(const rt_event_numbers *n, const char *const *sources, rt_wire *w);

#endif
