/* state_test.h - state saved and loaded while a program runs, in the test build of the
 * runtime (FLOW_FAULTS).
 *
 *   FLOW_TEST_STATE=1   after every batch what changed is applied to a copy of the rows, and
 *                       the copy compared with all rows: a change that was not marked, or
 *                       bytes that depend on more than the state, stop the program
 *   FLOW_TEST_RELOAD=k  after every k-th batch all state is saved, its memory given back,
 *                       and loaded again: what the program gives must not change */
#ifndef FLOW_RUNTIME_EXEC_STATE_TEST_H
#define FLOW_RUNTIME_EXEC_STATE_TEST_H

#include "runtime/exec/job.h"

#ifdef FLOW_FAULTS

/* At start, before the first batch. */
rt_status rt_state_test_begin(rt_job *job);
/* Is the state looked at when this batch has run? */
bool rt_state_test_saves(const rt_job *job);
/* Behind the stages of a batch. */
rt_status rt_state_test_batch(rt_job *job);
void rt_state_test_end(rt_job *job);

#endif

#endif
