/* emit_revise.h - `aggregate` and `top` of windows that are shown early, or take late rows:
 * tables whose key has the window (plan_revised). */
#ifndef FLOW_EMIT_EMIT_REVISE_H
#define FLOW_EMIT_EMIT_REVISE_H

#include "compiler/emit/emit_stage.h"

/* Into the stage's close function: shows what is to be shown, forgets what can be
 * forgotten, and says what the stage waits for.
 *
 * `give` gets the table of one window, and gives all its rows, or (MODE_changes) those of
 * the touched keys to all who are shown what changed.  While it runs g->win_start and
 * win_end are those of the window. */
void emit_revise_close(gen_t *g, LLVMValueRef table, emit_mode_fn *give, void *env);
/* Is a multiple of `early` behind the batch before this one?  next: the one behind it, or
 * null. */
LLVMValueRef emit_early_now(gen_t *g, const twindow_t *w, LLVMValueRef *next);

#endif
