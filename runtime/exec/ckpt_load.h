/* ckpt_load.h - saved state back into the tables. */
#ifndef FLOW_RUNTIME_EXEC_CKPT_LOAD_H
#define FLOW_RUNTIME_EXEC_CKPT_LOAD_H

#include "runtime/exec/checkpoint.h"

/* Loads what the files of `kept` hold, all partitions at once, and what belongs to it.
 * RT_refused with `trouble` set: a file is damaged or gone; the tables are empty again, and
 * an older state may be tried.  Any other failure (and RT_refused without trouble) has been
 * told and is final. */
rt_status rt_ckpt_load(rt_checkpoint *c, const rt_kept *kept, rt_trouble *trouble);

#endif
