/* ckpt_recover.h - what a start does with what the last run has left.
 *
 * R1 lock and IDENT, R2 the journal is read (rt_recover_find, before connectors are opened);
 * R3 what is relied on is made durable, R4 state is loaded and the batches since are
 * replayed, R5 the last batch is published, R6 nothing outside is newer, R7 what nothing
 * names is removed (rt_recover).  Doing it again after a crash at any point ends the same. */
#ifndef FLOW_RUNTIME_EXEC_CKPT_RECOVER_H
#define FLOW_RUNTIME_EXEC_CKPT_RECOVER_H

#include "runtime/exec/checkpoint.h"

/* Touches nothing but the lock, unless the job is new. */
rt_status rt_recover_find(rt_checkpoint *c);
/* Did the last run save state?  Then sources resume. */
bool rt_recover_resumes(const rt_checkpoint *c);
/* Connectors are open, no batch has run.  c->over: there is nothing to do. */
rt_status rt_recover(rt_checkpoint *c);
/* Takes the input of c->forced_plan for the batch at hand: job->now and job->final too. */
rt_status rt_recover_follow(rt_checkpoint *c);
/* What was read is no longer needed. */
void rt_recover_forget(rt_checkpoint *c);

#endif
