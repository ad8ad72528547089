/* ckpt_commit.h - a batch becomes final, then visible: steps S2 to S10.
 *
 *     S2   the state that is saved with it is written and synced
 *     S3   the sinks prepare, hidden, and sync; so do the rows files of its input
 *     S4   the folders in which names have come are synced
 *     S5   COMMIT is appended and synced: from here on the batch has happened
 *     S6   sources are told
 *     S7   the sinks show it
 *     S8   what that renamed is synced: with S4 of the next batch, or at the end
 *     S9   DONE
 *     S10  what is no longer needed is removed
 *
 * What fails before S5 and may pass is done again into new files of a new epoch.  A sync is
 * never repeated. */
#ifndef FLOW_RUNTIME_EXEC_CKPT_COMMIT_H
#define FLOW_RUNTIME_EXEC_CKPT_COMMIT_H

#include "runtime/exec/checkpoint.h"

/* c->out, whose output is `outs` [sink]. */
rt_status rt_ckpt_commit(rt_checkpoint *c, rt_output *outs);

/* Has every sink show what the COMMIT says; `done`: it is known to have been shown. */
rt_status rt_ckpt_publish(rt_checkpoint *c, const rt_commit *commit, bool done);
/* The end of a run that did not fail: the last batch is durable where it is shown, and what
 * only it needed is removed. */
rt_status rt_ckpt_settle(rt_checkpoint *c);

/* Reads what a sink would be given, and says what it sums up to.  What has been read of
 * `out` counts. */
rt_status rt_ckpt_sum(rt_output *out, uint32_t *crc);

#endif
