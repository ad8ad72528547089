/* emit_time.h - event time and windows in generated code: the steps that make them, and
 * the tables of open windows behind an exchange. */
#ifndef FLOW_EMIT_EMIT_TIME_H
#define FLOW_EMIT_EMIT_TIME_H

#include "compiler/emit/emit_stage.h"

struct cval;

void emit_event_time(gen_t *g, pop_t *op, val_t *cols);
/* A function over the rows of a source keeps what times it has seen to itself, from the first
 * call to the second. */
void emit_see_times(gen_t *g);
void emit_times_seen(gen_t *g);
void emit_window(gen_t *g, pop_t *op, val_t *cols);

/* A constant as an i64: folded, or computed by flowgen_setup, which refuses to start where
 * it is less than `least`. */
LLVMValueRef emit_constant(gen_t *g, struct node *expr, const struct cval *value,
                           int64_t least);
/* Into flowgen_setup: these constants, what windows ask of their sizes, delay and idle of
 * times (by set_option). */
void emit_constants_setup(gen_t *g);

/* The field of an exchange row that holds the window, for a paned root (plan_paned). */
field_t emit_window_field(gen_t *g);
/* The table of the window, of the table at hand. */
LLVMValueRef emit_pane(gen_t *g, LLVMValueRef table, val_t window);
/* Calls `give` with the table of each pane that is due, in order, and drops it; then the
 * stage waits for the next one.  While give runs, g->win_start and win_end are those of the
 * window, and g->time is that of the rows it makes. */
typedef void emit_give_fn(gen_t *g, LLVMValueRef table, void *env);
void emit_panes_close(gen_t *g, LLVMValueRef table, emit_give_fn *give, void *env);
/* The same for windows that are put together from slices; fold: i32 (ctx, to, from), takes
 * the entries of a table into another. */
void emit_slices_close(gen_t *g, LLVMValueRef table, LLVMValueRef fold, emit_give_fn *give,
                       void *env);
/* Calls `give` with the table of each pane (for partial tables), and drops all. */
void emit_panes_flush(gen_t *g, LLVMValueRef table, emit_give_fn *give, void *env);
/* Of a root whose windows count rows: their size, and how many rows lie between two. */
LLVMValueRef emit_rows_size(gen_t *g);
LLVMValueRef emit_rows_every(gen_t *g);
/* The greater of two times. */
LLVMValueRef emit_later(gen_t *g, LLVMValueRef a, LLVMValueRef b);
/* The window of the rows at hand, as a value of the type of windows. */
val_t emit_window_value(gen_t *g, type_t *type);
/* The order key of a row made by the window at hand: of an entry's key, and its rank among
 * the rows of that key (null: there is one). */
void emit_window_order(gen_t *g, gkey_t key, LLVMValueRef rank);

/* The same of a table whose key has a window: among the rows of the batch, by key. */
void emit_window_key_order(gen_t *g, gkey_t key, LLVMValueRef rank);

#endif
