/* compact.h - snapshots made from files, beside the running batches.
 *
 * A thread of low priority merges the live files of a COMMIT, oldest first, into a new
 * snapshot; the tables are not looked at, and nobody waits.  The snapshot counts when a
 * COMMIT names it in the place of the files it was made from, with later deltas still
 * listed behind it.
 *
 * When one is due: the deltas since the last snapshot are more than half of it and more
 * than 1 MiB, or more than 64.  Then what is written is at most three times what changed,
 * and a start reads at most one and a half times the state.  Beside that the time rule: the
 * last snapshot is `compact_every` old and the deltas make up a tenth of it. */
#ifndef FLOW_RUNTIME_CKPT_COMPACT_H
#define FLOW_RUNTIME_CKPT_COMPACT_H

#include "runtime/ckpt/state_file.h"

/* From the live files of a COMMIT, oldest first; `age`: time since the last snapshot was
 * named, or since the start, in microseconds. */
bool rt_snap_due(const rt_state_ref *refs, int64_t n, int64_t age, int64_t compact_every);

typedef struct rt_compactor rt_compactor;

/* What has become of a merge. */
typedef enum rt_compacted {
    RT_COMPACT_NONE,    /* none has ended since the last question */
    RT_COMPACT_MADE,
    RT_COMPACT_FAILED,  /* said at level warn, its file is gone; tried again when due */
    RT_COMPACT_DAMAGED, /* the same; a live file is damaged: state must be saved in full */
    RT_COMPACT_UNSYNCED /* a sync failed: the process must stop (RT_io) */
} rt_compacted;

typedef struct rt_snap {
    rt_state_ref ref;
    int64_t replaces; /* so many of the files it was asked to merge: all of them */
    int64_t read;     /* bytes of these */
} rt_snap;

/* `dir`: the checkpoint's `state`. */
rt_compactor *rt_compactor_new(const char *dir);
/* Starts merging these live files into a snapshot with this head (its batch is that of the
 * newest file).  `inlined[i]` are the bytes of a file that stands in a COMMIT.  All is
 * copied.  The meta of the snapshot is that of the newest file.  False if a merge is under
 * way, or no thread can be had: then nothing happens. */
bool rt_compactor_start(rt_compactor *c, const rt_state_ref *refs, int64_t n,
                        const rt_wire *inlined, const rt_state_head *head,
                        const rt_state_id *ids, int64_t nids);
/* Never waits.  Tells of each merge once.  One that is MADE is written, synced with its
 * folder, and has been read back. */
rt_compacted rt_compactor_done(rt_compactor *c, rt_snap *snap);
bool rt_compactor_busy(const rt_compactor *c);
/* Waits until a merge under way is over: for tests, and for a drain that wants a snapshot. */
void rt_compactor_wait(rt_compactor *c);
/* A merge under way is given up; its file is removed. */
void rt_compactor_free(rt_compactor *c);

#endif
