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
 * RT_OP_PUT; its bytes hold until the next call. */
bool rt_rows_next(rt_rows *r, rt_op *op, rt_status *status, rt_trouble *trouble);
void rt_rows_free(rt_rows *r);

/* Is a snapshot due?  From the live files of a COMMIT, oldest first. */
bool rt_snap_due(const rt_state_ref *refs, int64_t n);

/* ---- in the background -------------------------------------------------------------- */

typedef struct rt_compactor rt_compactor;

/* What a finished merge made. */
typedef struct rt_snap {
    rt_state_ref ref;
    int64_t replaces; /* so many of the files it was asked to merge, from the oldest */
} rt_snap;

/* `dir`: the checkpoint's `state`. */
rt_compactor *rt_compactor_new(const char *dir);
/* Starts merging these live files, oldest first, in a thread of low priority; `inlined[i]`
 * are the bytes of a file that stands in a COMMIT, else null.  All is copied.  False if one
 * is under way, or no thread can be had: then nothing happens. */
bool rt_compactor_start(rt_compactor *c, const rt_state_ref *refs, int64_t n,
                        const rt_wire *inlined, const rt_state_head *head,
                        const rt_state_id *ids, int64_t nids);
/* Never waits.  True once for each merge that has ended well: the snapshot is written,
 * synced (with its folder), and has been read back.  One that failed has been said at level
 * warn; the next is tried when it is due. */
bool rt_compactor_done(rt_compactor *c, rt_snap *snap);
bool rt_compactor_busy(const rt_compactor *c);
/* Waits for a merge under way to be given up; its file is removed. */
void rt_compactor_free(rt_compactor *c);

#endif
