/* emit_session.h - what the files of sessions share: emit_session.c (forming them, giving
 * them when they close), emit_session_kept.c (with `early` or `lateness`). */
#ifndef FLOW_EMIT_EMIT_SESSION_H
#define FLOW_EMIT_EMIT_SESSION_H

#include "compiler/emit/emit_stage.h"

LLVMValueRef emit_session_gap(gen_t *g);
/* 0 if the window has none. */
LLVMValueRef emit_session_lateness(gen_t *g);
/* The sessions of the partition; the worker's table of the step itself. */
LLVMValueRef emit_session_state(gen_t *g);
LLVMValueRef emit_session_table(gen_t *g);
/* The row of partial states that the rows of a session may become; null: they may not. */
const type_t *emit_session_part(gen_t *g);
/* The rows of a session into the step's own table. */
void emit_session_feed(gen_t *g, LLVMValueRef table, LLVMValueRef session);
/* All rows of a session came too late: they are counted, and leave. */
void emit_session_late(gen_t *g, LLVMValueRef session);
/* Of sessions that are shown early, or kept: a table. */
void emit_session_kept_close(gen_t *g);

#endif
