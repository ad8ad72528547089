/* output.h - what a sink gets of a batch, made while the sink takes it.
 *
 * Rows of tasks follow each other, or are merged by their keys, as the sink's port says;
 * nothing is put together in memory that is not being written. */
#ifndef FLOW_RUNTIME_EXEC_OUTPUT_H
#define FLOW_RUNTIME_EXEC_OUTPUT_H

#include "runtime/exec/job.h"

/* Begins with what was collected for the sink, which must stay. */
void rt_output_open(rt_job *job, int64_t sink, const rt_exchange *rows, rt_output *out);
void rt_output_close(rt_output *out);
/* With a checkpoint: has all of it been given?  And the sum of what has been since it was
 * opened or rewound. */
bool rt_output_over(const rt_output *out, uint32_t *crc);

/* Puts the frames that a task has written in order, so that merging them reads memory
 * from front to back.  Without memory for that they stay: merging sorts then. */
void rt_out_sort(rt_job *job, const rt_stage_decl *stage, rt_out *out);

/* Moves what a task has written to the spill file, where memory is short and the rows are
 * not about to be consumed.  RT_ok, or what stopped it. */
rt_status rt_out_spill(rt_job *job, const rt_stage_decl *stage, rt_out *out);

#endif
