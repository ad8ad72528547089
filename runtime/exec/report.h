/* report.h - what a run tells: progress on a terminal, a line for each batch under
 * --log debug, what was dropped, and a summary under --log info.
 *
 * Progress is one line of standard error that is written over, where that is a terminal,
 * the input is bounded and the log leaves it alone; in a pipe there is silence. */
#ifndef FLOW_RUNTIME_EXEC_REPORT_H
#define FLOW_RUNTIME_EXEC_REPORT_H

#include "runtime/exec/job.h"

typedef struct rt_report rt_report;

rt_report *rt_report_begin(const rt_job *job);
void rt_report_batch(rt_report *report, const rt_job *job);
/* Frees it. */
void rt_report_end(rt_report *report, const rt_job *job, rt_status status);

#endif
