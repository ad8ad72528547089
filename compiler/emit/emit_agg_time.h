/* emit_agg_time.h - aggregates that go by event time: first, last, arg_min, arg_max,
 * collect, concat.  Of rows of one time the earlier arrival is the earlier. */
#ifndef FLOW_EMIT_EMIT_AGG_TIME_H
#define FLOW_EMIT_EMIT_AGG_TIME_H

#include "compiler/emit/emit_aggk.h"
#include "compiler/emit/emit_stage.h"

/* The state and the type code of the result; there are no parts.  value: what T means. */
aggk_t emit_timed_aggk(emit_t *e, const agg_call_t *c);
/* The row of g->time goes in; args as emit_agg.c has them, value: the type of T. */
void emit_timed_step(gen_t *g, const agg_call_t *c, LLVMValueRef heap, LLVMValueRef state,
                     val_t args, type_t *value);
/* Writes the result's words to out: a status. */
LLVMValueRef emit_timed_result(gen_t *g, const agg_call_t *c, LLVMValueRef heap,
                               LLVMValueRef state, LLVMValueRef out, type_t *value);

#endif
