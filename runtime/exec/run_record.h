/* run_record.h - what a run did, batch by batch, and doing it again.
 *
 * `--trace FILE` writes a line for each batch: the plan (which input, at what time), how
 * much it was, how long its steps took, and of each sink the rows and their checksum:
 *
 *     flow-trace 1 hash=9f02 partitions=64 program=words
 *     batch=0 time=1718000000000000 final=0 rows=0 bytes=4096 take=35 run=210 out=480
 *         sinks=12:1f0c33aa,0:00000000 plan=0200...        (all of it on one line)
 *
 * Times of steps are in microseconds; `out` may run beside the next batch.  plan=- stands
 * for input that cannot be read again.
 *
 * `--replay FILE` takes these plans in place of what waits, touches no sink, and compares
 * the sums: the first that differs ends it.  State begins empty, so a trace can be
 * replayed that begins with batch 0. */
#ifndef FLOW_RUNTIME_EXEC_RUN_RECORD_H
#define FLOW_RUNTIME_EXEC_RUN_RECORD_H

#include "runtime/base/wire.h"
#include "runtime/exec/job.h"

typedef struct rt_run_record rt_run_record;

/* job->record; nothing without `--trace`, and then nor do the others. */
rt_status rt_run_record_open(rt_job *job);
void rt_run_record_close(rt_job *job);

/* In the order of a batch: it begins; its input is taken (`input`: as PLAN has it, null
 * where there is no checkpoint); its stages have run; who publishes takes it; it is out. */
void rt_run_record_begin(rt_job *job);
rt_status rt_run_record_plan(rt_job *job, const rt_wire *input);
void rt_run_record_ran(rt_job *job);
void rt_run_record_hand_over(rt_job *job);
rt_status rt_run_record_out(rt_job *job, rt_output *outs);

/* All of `--replay`. */
rt_status rt_run_replay(rt_job *job);

#endif
