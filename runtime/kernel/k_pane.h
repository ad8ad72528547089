/* k_pane.h - windows in state: a table of its own for each window that is open.
 *
 * The panes of a table hang on it, in order of (end, start); each has a table of the same
 * form, whose keys are those of its window.  The table itself stays empty.  A pane is made
 * when it is first asked for, and goes as a whole when its window closes; its memory waits
 * for the next one.  The pane of the last question is found by one comparison. */
#ifndef FLOW_KERNEL_K_PANE_H
#define FLOW_KERNEL_K_PANE_H

#include "runtime/kernel/k_table.h"

typedef struct flow_pane {
    int64_t start, end;
    struct flow_pane *spare; /* chain of those that wait */
    flow_table table;
} flow_pane;

typedef struct flow_panes {
    flow_pane **at; /* by (end, start); the first is at[first] */
    int64_t first, end, room;
    flow_pane *last; /* of the last question, or null */
    flow_pane *spare;
    int64_t spares, large; /* large: those of them that have much memory */
    struct flow_slices *slices; /* k_slice.h, or null */
} flow_panes;

/* The table of a window, made if there is none. */
flow_table *flow_k_pane(flow_ctx *ctx, flow_table *t, int64_t start, int64_t end);
/* The same, or null. */
flow_table *flow_k_pane_find(const flow_table *t, int64_t start, int64_t end);
/* The first pane, if its end is not behind the moment; else null. */
flow_pane *flow_k_pane_due(const flow_table *t, int64_t moment);
/* Panes by number, in order. */
int64_t flow_k_pane_count(const flow_table *t);
flow_pane *flow_k_pane_at(const flow_table *t, int64_t i);
flow_table *flow_k_pane_table(flow_pane *pane);
int64_t flow_k_pane_start(const flow_pane *pane);
int64_t flow_k_pane_end(const flow_pane *pane);
/* Drops the first pane; all panes. */
FLOW_FAR void flow_k_pane_drop(flow_ctx *ctx, flow_table *t);
FLOW_FAR void flow_k_pane_clear(flow_ctx *ctx, flow_table *t);
/* In `close`: the stage waits for its first pane (flow_k_stage_due). */
void flow_k_pane_wait(flow_ctx *ctx, const flow_table *t);

/* For windows that are revised: the stage waits for the next that closes behind w, and for
 * the first to be forgotten, `lateness` after its end. */
void flow_k_pane_wait_revised(flow_ctx *ctx, const flow_table *t, int64_t w, int64_t lateness);

/* What the functions of the table itself need of its panes: bytes held and in use, keys. */
FLOW_FAR void k_panes_release(flow_ctx *ctx, flow_table *t);
/* No window is open: little is kept for the next (k_tidy.h). */
FLOW_FAR void k_panes_tidy(flow_ctx *ctx, flow_table *t);
FLOW_FAR int64_t k_panes_bytes(const flow_table *t);
FLOW_FAR int64_t k_panes_used(const flow_table *t);
FLOW_FAR int64_t k_panes_keys(const flow_table *t);

/* ---- the arithmetic of windows ---- */

/* The greatest k * every + offset that is at most t: every > 0.  Out of range: the nearest
 * that there is. */
int64_t flow_k_window_start(int64_t t, int64_t every, int64_t offset);
/* v, of which the optimiser knows nothing: what is made of it is not moved to where more rows
 * pass (out of a loop over what a row meets, say, though hardly a row needs it). */
int64_t flow_k_here(int64_t v);

#endif
