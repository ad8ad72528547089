/* metrics.h - what a running program tells about itself over HTTP: the setting `metrics`.
 *
 * `/metrics` is text as Prometheus reads it, `/` a plain page for people.  The coordinator
 * copies numbers after each batch; the server's thread (io/http_status.h) writes the text from
 * the copy, so that whoever looks costs the program a lock for the length of a copy. */
#ifndef FLOW_RUNTIME_EXEC_METRICS_H
#define FLOW_RUNTIME_EXEC_METRICS_H

#include "runtime/exec/job.h"

typedef struct rt_metrics rt_metrics;

/* Null in *out without the setting. */
rt_status rt_metrics_open(rt_job *job, rt_metrics **out);
void rt_metrics_close(rt_metrics *m);

/* Before the batch's input goes, and after the batch, which took so many microseconds. */
void rt_metrics_input(rt_metrics *m, const rt_job *job);
void rt_metrics_batch(rt_metrics *m, const rt_job *job, int64_t took);

#endif
