/* ckpt_save.h - state on its way from the tables to a file (S2).
 *
 * What has changed is copied, so that the next batch may run while it is written.  Beyond a
 * share of the memory it is not: then it is written there and then, a few partitions at a
 * time, and the next batch waits. */
#ifndef FLOW_RUNTIME_EXEC_CKPT_SAVE_H
#define FLOW_RUNTIME_EXEC_CKPT_SAVE_H

#include "runtime/exec/checkpoint.h"

/* The coordinator's part: c->going. */
rt_status rt_ckpt_take(rt_checkpoint *c);
/* One try of who publishes: c->out into a file, or into `inlined` for the COMMIT. */
rt_status rt_ckpt_write(rt_checkpoint *c, rt_wire *inlined, rt_state_ref *ref);

#endif
