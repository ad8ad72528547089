/* ckpt_keep.h - the saved states that may still be gone back to, their files, and the
 * journal's length. */
#ifndef FLOW_RUNTIME_EXEC_CKPT_KEEP_H
#define FLOW_RUNTIME_EXEC_CKPT_KEEP_H

#include "runtime/exec/checkpoint.h"

/* What will hold the state once `ref` is committed: the files of the newest saved state, with
 * a snapshot in the place of those it was made from, and `ref` behind them (alone, if it is
 * whole).  `inlined`: its bytes, if it is no file. */
rt_status rt_ckpt_keep_next(rt_checkpoint *c, const rt_state_ref *ref, const rt_wire *inlined,
                            rt_kept *next);
/* It is committed: takes it over; files that no kept state names are removed. */
rt_status rt_ckpt_keep(rt_checkpoint *c, rt_kept *next);
/* A copy of what a COMMIT says; `inlined` [ref] as far as known. */
void rt_ckpt_keep_add(rt_checkpoint *c, rt_kept *kept);
/* After each batch: starts a snapshot that is due, shortens a journal that is long. */
rt_status rt_ckpt_tend(rt_checkpoint *c);
/* At start: files of state/ that nothing names. */
rt_status rt_ckpt_sweep(rt_checkpoint *c);

#endif
