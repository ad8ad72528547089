/* merge.h - framed entries of many tasks, merged by their keys.
 *
 * Within a task entries mostly come sorted (a table gives its keys in order, a source its
 * rows), so a run is first looked through; only one that is out of order is sorted.
 * Equal keys keep the order of the runs, and within a run that of the entries. */
#ifndef FLOW_RUNTIME_EXEC_MERGE_H
#define FLOW_RUNTIME_EXEC_MERGE_H

#include "runtime/exec/exchange.h"
#include "runtime/exec/job.h"
#include "runtime/io/connector.h"

/* Merges a partition's runs and hands the frames to `rows`. */
int32_t rt_merge_rows(flow_rt_worker *w, const rt_runs *runs, flow_block_fn *rows);

/* What a sink gets of a batch, in order; valid until rt_output_free, before which the
 * collect must stay.  RT_memory where merging found no room. */
rt_status rt_output_make(rt_job *job, int64_t sink, rt_output *out);
void rt_output_free(rt_job *job, rt_output *out);

#endif
