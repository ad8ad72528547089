/* ckpt_meta.h - what belongs to saved state beside the tables: where sources stand, how far
 * event time has come, what is due, which sinks are full. */
#ifndef FLOW_RUNTIME_EXEC_CKPT_META_H
#define FLOW_RUNTIME_EXEC_CKPT_META_H

#include "runtime/exec/job.h"

/* Between batches. */
void rt_ckpt_meta_save(rt_job *job, rt_wire *w);
/* RT_refused, told, if the bytes make no sense or a source is not there any more. */
rt_status rt_ckpt_meta_load(rt_job *job, const uint8_t *p, int64_t n);

#endif
