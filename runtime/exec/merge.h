/* merge.h - framed entries of many tasks, merged by their keys.
 *
 * Tasks put what they have written in order and say so; a run of which that is not known
 * is first looked through, and sorted if it is out of order.  Equal keys keep the order of
 * the runs, and within a run that of the entries. */
#ifndef FLOW_RUNTIME_EXEC_MERGE_H
#define FLOW_RUNTIME_EXEC_MERGE_H

#include "runtime/exec/exchange.h"
#include "runtime/exec/job.h"

typedef struct rt_merge rt_merge;

/* Runs in the spill file are sorted already.  Null without memory. */
rt_merge *rt_merge_new(rt_job *job, const rt_runs *runs);
void rt_merge_free(rt_merge *m);
/* The next entry, valid until the next call; null at the end, or when *status says why. */
const uint8_t *rt_merge_next(rt_merge *m, rt_status *status);

/* Merges a partition's runs and hands the frames to `rows`. */
int32_t rt_merge_rows(flow_rt_worker *w, const rt_runs *runs, flow_block_fn *rows);

/* Are the frames in order? */
bool rt_is_sorted(const uint8_t *p, int64_t len);

/* Writes the frames of [p, p + len) in order of their keys through `put`, which returns
 * what stops it. */
typedef rt_status rt_put_fn(void *arg, const uint8_t *p, int64_t len);
rt_status rt_sorted_put(rt_mem *mem, const uint8_t *p, int64_t len, rt_put_fn *put,
                        void *arg);

#endif
