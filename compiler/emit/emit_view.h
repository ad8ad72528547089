/* emit_view.h - what a loop over rows remembers of the worker's table that its rows enter.
 *
 * Most rows come to the table of the row before, and to a key that it has.  So the loop keeps
 * the table (of a window: until a row is of another), and, of one whose index leads from the
 * key itself to the entry, where index and entries are: values of the frame, which stay in
 * registers as long as nothing is called.  While the loop runs rows enter that table here, where
 * a view that gets old is made anew, and where rows are drained that were put aside
 * (emit_staging.h): they are only of tables that are big, of which a view knows nothing. */
#ifndef FLOW_EMIT_EMIT_VIEW_H
#define FLOW_EMIT_EMIT_VIEW_H

#include "compiler/emit/emit_stage.h"

/* One per function and state, however many ways lead there. */
typedef struct view {
    LLVMValueRef fn;
    const pstate_t *state;
    LLVMValueRef table, words; /* ptr; words of flow_k_table_view, or of flow_k_join_view */
    LLVMValueRef start, end;   /* of the window, of a paned state */
    int asked;                 /* somebody has, for a table */
    LLVMValueRef piece_to;     /* of piece_t, where finding the piece finds the pane; or null */
} view_t;

view_t *emit_view(gen_t *g, const pstate_t *state, int paned);
/* The table for a row of this window (paned: a value of type window). */
LLVMValueRef emit_view_table(gen_t *g, view_t *v, const val_t *window);
/* The state words of a key as the view knows them; goes to `otherwise` where it does not. */
LLVMValueRef emit_view_find(gen_t *g, view_t *v, gkey_t key, LLVMBasicBlockRef otherwise);
/* After a probe. */
void emit_view_renew(gen_t *g, view_t *v, LLVMValueRef table);

/* ---- of a state that a join only looks into (emit_join_table.c) ---- */

/* The right rows of a key there: two words, of flow_k_join_rows.  Where the function reads blocks,
 * and keys are integers close together, an array by key is made before the first row. */
LLVMValueRef emit_view_look(gen_t *g, const pstage_t *stage, gkey_t key);

#endif
