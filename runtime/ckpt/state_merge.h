/* state_merge.h - what a snapshot and the deltas after it hold together: for loading, and
 * for the snapshot that takes their place.
 *
 * Files are given oldest first.  A state is known by name and schema.  A file that does not
 * list it ended it: what older files say of it is void, so a state that was dropped and
 * added again begins empty.
 *
 * Merging is file to file with bounded memory (a buffer for each file; an op is whole in
 * memory), beside the running batches: it never looks at the tables. */
#ifndef FLOW_RUNTIME_CKPT_STATE_MERGE_H
#define FLOW_RUNTIME_CKPT_STATE_MERGE_H

#include "runtime/ckpt/state_file.h"

/* The rows of one (state, partition), in key order. */
typedef struct rt_rows rt_rows;

rt_rows *rt_rows_new(rt_state_file *const *files, int64_t nfiles, const char *name,
                     uint64_t schema, int64_t partition);
/* False at the end, and when something was wrong: then *status is not RT_ok.  op->kind is
 * RT_SAVED_PUT; its bytes hold until the next call. */
bool rt_rows_next(rt_rows *r, rt_saved_op *op, rt_status *status, rt_trouble *trouble);
/* About how many rows there are: the ops of the largest section. */
int64_t rt_rows_about(const rt_rows *r);
void rt_rows_free(rt_rows *r);

/* All of them as one: the sections of a snapshot.  `w` has been opened with these ids;
 * `stop`, if given, is asked now and then whether to give up (RT_again). */
rt_status rt_merge_files(rt_state_file *const *files, int64_t nfiles, const rt_state_id *ids,
                         int64_t nids, rt_state_writer *w, bool (*stop)(void *),
                         void *stop_arg, rt_trouble *trouble);

#endif
