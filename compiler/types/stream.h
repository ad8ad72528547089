/* stream.h - what is known of the rows at one place of a chain of steps.
 *
 * A stream_t stands for a stream or a table: its columns and where they were declared,
 * the columns that earlier steps took away, what conditions have shown of fields, and
 * the properties that graph and plan read (tprops_t).  Each step changes a copy. */
#ifndef FLOW_TYPES_STREAM_H
#define FLOW_TYPES_STREAM_H

#include "compiler/types/expr.h"
#include "compiler/types/sema.h"

/* A condition has shown that the field at a path below a column has a narrower type. */
typedef struct path_fact {
    const char *column;
    const char **path;
    int npath;
    type_t *type;
} path_fact_t;

typedef struct stream {
    type_t *row;     /* TY_RECORD without a name */
    span_t *at;      /* where each column is declared; zero if nowhere */
    VEC(lost_t) lost;
    VEC(path_fact_t) facts;
    tprops_t props;
    span_t table_at; /* the step that made it a table, and its words */
    const char *table_word;
    const char *table_revises; /* "early" or "lateness": of windows with that, else null */
    span_t state_at; /* the first step that keeps state, and its words */
    const char *state_word;
    int unknown;     /* the row is not known: nothing behind is checked */
} stream_t;

/* Columns of a row under construction. */
typedef struct columns {
    VEC(field_t) fields;
    VEC(span_t) at;
} columns_t;

/* A stream whose rows have these columns. */
void stream_init(check_t *c, stream_t *st, const columns_t *cols);
/* Nothing is known of its rows. */
void stream_init_unknown(check_t *c, stream_t *st);
/* A copy that can change on its own. */
stream_t stream_copy(check_t *c, const stream_t *st);

/* The names of `base` with the columns nearer, and what is known of them. */
scope_t *stream_scope(check_t *c, const stream_t *st, scope_t *base);

/* The columns of a row, to be changed. */
columns_t stream_columns(check_t *c, const stream_t *st);
/* The place of the column, or -1. */
int columns_find(const columns_t *cols, const char *name);
/* Adds a column; a second one of that name is an error (`given` is where it is named) and
 * is not added: 0. */
int columns_add(check_t *c, columns_t *cols, const char *name, type_t *type, span_t at,
                span_t given);
/* The stream has these columns now; the others are remembered as lost at `step`, for the
 * reasons given (help may be null, and then may hold one %s for the column). */
void stream_become(check_t *c, stream_t *st, const columns_t *cols, lost_t why);
/* Takes what the condition shows to be true: columns get narrower types. */
void stream_narrow(check_t *c, stream_t *st, const facts_t *facts);
/* As facts about the columns of `row`, a frame made by stream_scope. */
void stream_facts(check_t *c, const stream_t *st, scope_t *row, facts_t *out);

/* The key of a table after columns moved: place[i] is the new place of column i or -1. */
void stream_move(check_t *c, stream_t *st, const int *place);
/* Are both windowed by windows of one kind, sizes and offset? */
int windowed_alike(const tprops_t *a, const tprops_t *b);
/* Are two constants, which may be missing, the same, as far as that is known? */
int constant_alike(node_t *a, const struct cval *av, node_t *b, const struct cval *bv);
/* The times of `more` are among those of the stream as well. */
void stream_add_times(check_t *c, stream_t *st, const tprops_t *more);
/* Leaves the window; rows that were sorted in it stay so. */
void stream_unwindow(stream_t *st);
/* May values of this type be a column?  A reason, or null. */
const char *column_fault(const type_t *t);

#endif
