/* emit_staging.h - partial aggregates whose keys are put aside, so that what a probe reads
 * can be fetched ahead.
 *
 * Where the worker's table outgrows the cache, a probe is two reads that miss, one behind
 * the other.  Rows are then put aside on the stack, a few dozen at a time; draining them
 * fetches all their entries before it probes the first.  The states are exact, so the
 * order of steps does not show. */
#ifndef FLOW_EMIT_EMIT_STAGING_H
#define FLOW_EMIT_EMIT_STAGING_H

#include "compiler/emit/emit_stage.h"

/* Should this row be: the table is big, and a text key is short?  (i1) */
LLVMValueRef emit_stage_wanted(gen_t *g, LLVMValueRef table, gkey_t key);
void emit_stage_put(gen_t *g, pop_t *op, LLVMValueRef table, gkey_t key, const val_t *args);
/* At the end of a block: all that the function put aside. */
void emit_stage_drain_all(gen_t *g);

/* emit_agg.c.  Can rows of the partial aggregate before this stage be put aside?  Their
 * arguments must point nowhere. */
int emit_agg_can_stage(gen_t *g, const pstage_t *stage);
void emit_agg_step_all(gen_t *g, tstep_t *s, LLVMValueRef table, LLVMValueRef words,
                       const val_t *args);
/* A row that passes the worker's table by: its arguments cross, marked, where parts do. */
void emit_agg_send_alone(gen_t *g, const pstate_t *state, gkey_t key, const val_t *args);

#endif
