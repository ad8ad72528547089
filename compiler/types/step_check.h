/* step_check.h - what the check functions of the steps share.
 *
 * There is one function op_<id>_type for each row of lang/operators.def.  It finds the
 * rows that enter in f->st and changes that into what leaves; f->scope has the names that
 * the step's expressions see (the columns nearest); f->step gets the resolved parts.  A
 * step whose rows cannot be known sets f->st.unknown after a diagnostic. */
#ifndef FLOW_TYPES_STEP_CHECK_H
#define FLOW_TYPES_STEP_CHECK_H

#include "compiler/types/expr.h"
#include "compiler/types/sema.h"
#include "compiler/types/stream.h"
#include "compiler/types/wiring.h"

typedef struct flowck {
    sema_t *m;
    check_t *c;
    pipe_t *pipe;
    tflow_t *flow;
    const link_t *link;
    tstep_t *step;
    scope_t *base;  /* without the columns */
    scope_t *scope; /* with them */
    stream_t st;
} flowck_t;

typedef void op_type_fn(flowck_t *f);
#define OP(id, spelling, built, doc, example) op_type_fn op_##id##_type;
#include "lang/operators.def"
#undef OP

/* The row of operators.def of a step node; a step of one's own has none (OP_COUNT). */
op_id step_op(const node_t *step);

/* A stream is asked for: 0 after a diagnostic that says what made a table. */
int need_stream(flowck_t *f, const char *help);
/* The rows are a table from here on, because of this step. */
void become_table(flowck_t *f, const char *word);
/* "`aggregate` at 3:11 makes it a table"; hung on m. */
void note_table(flowck_t *f, diag_t *m);
/* A table is asked for: 0 after a diagnostic. */
int need_table(flowck_t *f);
/* The rows of a side stream are those of st; nothing but its row is kept. */
tflow_t *side_flow(flowck_t *f, const node_t *maker, const stream_t *st, int port);
/* Is it a constant of this type?  0 after a diagnostic.  `what` begins the message. */
int check_constant(flowck_t *f, node_t *e, type_kind kind, const char *what,
                   struct cval **value);
/* The same for counts: at least 1. */
int check_count(flowck_t *f, node_t *e, const char *what, struct cval **value);

/* ---- step_time.c ---- */

/* The type of `window` in a windowed flow, whether it is a column yet or not. */
type_t *window_type(const flowck_t *f);
/* Sessions and windows of rows are formed by this keyed step: `window` becomes a column
 * of what leaves, the last of cols. */
void form_window(flowck_t *f, columns_t *cols);
/* Has the window `early` or `lateness`: does an `aggregate` in it make a table? */
int makes_revisions(const flowck_t *f);
/* Says so if it has, of a step that cannot revise its rows; late: it may take late rows. */
void need_unrevised(flowck_t *f, int late);
/* Says so if the window is not formed yet: 0 then. */
int need_formed(flowck_t *f);
/* The rows behind this step are made when its window closes, or are those of a table:
 * what that means for their times. */
void rows_are_made(flowck_t *f);
/* After each step: remembers the first that keeps state. */
void note_state(flowck_t *f);

/* ---- step_keyed.c, step_table.c ---- */

typedef VEC(titem_t) titems_t;
/* Named keys become columns of the row; [i] is the place, or -1. */
int *step_add_keys(flowck_t *f, const nodes_t *per, const titems_t *keys, columns_t *cols);
/* The key of the table that the step makes: columns of the row, or those it adds.  There
 * is room for one more. */
void step_table_keys(flowck_t *f, const titems_t *keys, const int *added);
/* Aggregates over a table: each must be able to take a row out again. */
void step_retracts(flowck_t *f, const agg_calls_t *calls);

/* ---- table_clock.c ---- */

/* `now()` cannot stand where rows of a table are taken out again. */
void check_table_clocks(sema_t *m);

/* ---- lint_state.c ---- */

/* Warns of state that grows for ever, unless `unbounded` is set. */
void lint_state(sema_t *m);

/* ---- items.c ---- */

/* The name of the column that an expression makes by itself, or null. */
const char *item_own_name(const node_t *value, int in_aggregate);
/* A name that a program gives to a column: warns if it hides a declaration (E34). */
void item_hides(flowck_t *f, const char *name, span_t at);
/* "this column has no name", with a name to take. */
void item_unnamed(flowck_t *f, const node_t *value);
/* May it be a column?  0 after a diagnostic. */
int item_column_type(flowck_t *f, const node_t *value, const type_t *t);

/* The items of a `select`: their columns in cols, and an item for each. */
void items_select(flowck_t *f, const nodes_t *list, titems_t *out, columns_t *cols);
/* The items of a `per`; named: each must have a name.  An item with `=` has its name in
 * `name`, one without where named is 0 has its own name or null. */
void items_keys(flowck_t *f, const nodes_t *per, int named, titems_t *out);
/* Was the name of this item written, with `=`? */
int item_is_named(const node_t *item);
/* The orders of a `by`. */
torder_t *items_orders(flowck_t *f, const nodes_t *by);

/* ---- connector.c ---- */

/* The rows of a `from`: fills f->flow and f->st. */
void source_check(flowck_t *f, ast_from_t *from);
/* The sink of a `to` or `print`. */
void sink_check(flowck_t *f, const char *name, span_t name_at, const nodes_t *args);

#endif
