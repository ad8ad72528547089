/* sema.h - the typed program: what graph, plan and emit read.
 *
 * sema_program checks a whole program: imports, declarations, flows and pipelines.  All
 * it makes lives in the compile's arena.  A program whose diags_errors is 0 is complete
 * and right: nothing behind it can fail, but for what the tables call not built.
 *
 * Expressions are nodes of the syntax tree with `type` and `def` filled in.  A name that
 * is a column has a def of kind DEF_COLUMN, whose index is the place of the column in the
 * row that the expression sees: `row_in` of the step, unless the field says otherwise.
 * Chains of `step` declarations are expanded: each use has its own copy of the nodes. */
#ifndef FLOW_TYPES_SEMA_H
#define FLOW_TYPES_SEMA_H

#include "compiler/base/arena.h"
#include "compiler/base/intern.h"
#include "compiler/base/vec.h"
#include "compiler/diag/diag.h"
#include "compiler/diag/source.h"
#include "compiler/types/scope.h"
#include "compiler/types/tables.h"
#include "compiler/types/type.h"

struct node;
struct def;
struct cval;
typedef struct tflow tflow_t;
typedef struct tstep tstep_t;

/* A column that an expression makes. */
typedef struct titem {
    const char *name;  /* interned */
    struct node *expr;
    type_t *type;      /* of the column; the expression's own type may be narrower (T for T?) */
    span_t at;
} titem_t;

typedef struct torder {
    struct node *expr;
    int desc;
} torder_t;

/* An option of a connector, given or by default. */
typedef struct toption {
    const opt_info *info;
    struct node *expr;        /* constant (may use params); null: by default, or word/columns */
    struct cval *value;       /* folded, where no param is in it; else null */
    const char *word;         /* OPT_word, OPT_format, and words of OPT_until, OPT_value */
    const int *columns;       /* OPT_columns: places in the row that enters the sink */
    size_t ncolumns;
    int given;                /* 0: the default */
} toption_t;

/* MODE_changes is no sink's: the rows that a step over a table takes, new ones and those
 * that they replace. */
typedef enum sink_mode {
    MODE_append,
    MODE_update,
    MODE_complete,
    MODE_final,
    MODE_changes
} sink_mode;

/* A source or sink in use. */
typedef struct tconnector {
    int row;                  /* source_id or sink_id */
    struct node *node;        /* its node; null for `print` */
    struct node *pos;         /* the argument without a name, or null */
    struct cval *pos_value;   /* folded, or null */
    format_id format;
    VEC(toption_t) options;   /* every built option of the connector and of its format, in
                               * table order */
    /* sources */
    int whole;                /* `as x: T`: the one column is the whole record */
    type_t *record;           /* what a record is read as: the row, or T */
    /* sinks */
    sink_mode mode;
    int nflows;
} tconnector_t;

/* What a `window` step asks for.  Expressions are constant; null where not given.  Where
 * no param is in one it is folded: a duration, or a count of rows. */
typedef struct twindow {
    window_id kind;
    tstep_t *step;            /* the `window` step */
    int by_rows;              /* size and every count rows */
    struct node *size, *every, *offset; /* session: size is the gap */
    struct cval *size_value, *every_value, *offset_value;
    int processing;           /* `on processing_time` */
    struct node *early, *lateness;      /* given: aggregates are tables */
    struct cval *early_value, *lateness_value;
    tflow_t *late;            /* `late into`, or null */
    /* Sessions that a `union` brings together: the windows by which rows came, where one of
     * them has `late into`. */
    const struct twindow **brought;
    size_t nbrought;
} twindow_t;

/* A handler of `remember`.  Its statements are walked as they stand in the tree: the def
 * of a stmt_set is the state's, that of a stmt_let the name it binds. */
typedef struct thandler {
    struct node *node;
    struct cval *idle;        /* of `on idle d`: d, or null if a param is in it */
    struct def *due;          /* what `due` stands for in it, or null (`on row`) */
} thandler_t;

typedef struct tremember {
    titem_t *keys;            /* over row_in */
    size_t nkeys;
    int *added;               /* added[i]: place of key i in `seen`, or -1: it is a column */
    struct node *by;          /* the event time, or null: rows go by as they come */
    type_t *seen;             /* the row that `on row` sees: row_in and added keys */
    type_t *key_row;          /* the row that the others see: the keys */
    struct def **state;       /* DEF_STATE: index is the field's */
    struct node **start;      /* what a field starts with, or null: none */
    size_t nstate;
    thandler_t *handlers;
    size_t nhandlers;
    type_t *emits;            /* row_out */
} tremember_t;

/* Properties of the rows that leave a step. */
typedef struct tprops {
    int is_table;
    int timed;               /* a row has an event time, seen or not */
    /* The `event_time` steps that its rows have passed: its watermark is the least of
     * theirs.  A table has no times, but the watermark of what it was made from. */
    tstep_t **times;
    size_t ntimes;
    const twindow_t *window; /* null: not windowed */
    window_id windowed;      /* WINDOW_batch: `window` is a column, unless hidden */
    int window_column;       /* its place, or -1 (not windowed, or dropped from a table) */
    int bounded;             /* the input ends by itself */
    /* Of a table: its key, in order.  column: place in the row, or -1 when the column has
     * been dropped or replaced: the key stays, unseen. */
    struct tkey {
        const char *name;
        type_t *type;
        int column;
    } *keys;
    size_t nkeys;
    /* Rows in order of a `sort` (of the window, or of the table at its sink): the step, or
     * null.  For a table the step is the last of its kind. */
    tstep_t *sorted;
    int limited;             /* stands behind a `limit` (a stream that may end early) */
} tprops_t;

/* An equality between the two sides of a join. */
typedef struct tpair {
    struct node *left;   /* over row_in */
    struct node *right;  /* over row_in and the other side's record behind it */
    type_t *type;        /* of both, without `?` */
    int optional;        /* one may be none, which equals nothing */
} tpair_t;

typedef enum tjoin_form {
    JOINS_within,  /* streams, by a bound of time or for ever */
    JOINS_windows, /* streams, both windowed alike */
    JOINS_table,   /* a stream with a table as it is */
    JOINS_as_of,   /* a stream with a table as it was */
    JOINS_tables
} tjoin_form;

struct tstep {
    op_id op;                 /* where the chain of a `step` is expanded, its steps */
    struct node *node;
    span_t at;                /* the word that begins it */
    span_t used;              /* expanded: where the outermost `step` is used; else == at */
    int expanded;             /* 1 if it comes from a `step` declaration */
    int index;                /* place in its flow */
    tflow_t *flow;
    type_t *row_in, *row_out; /* TY_RECORD; a step that ends the flow has row_out == row_in */
    tprops_t in, out;

    union {
        struct { struct node *pred; } where;   /* row_out may have narrower types, same layout
                                                * but for T? made T and a union made its variant */
        /* select: all columns of row_out in order.  let: in order, each sees those before
         * it; column = place in row_out (a replaced column keeps its place, a new one stands
         * behind the row, so places in the row it sees are places in row_out). */
        struct { titem_t *items; int *column; size_t n; } select, let;
        /* from[i]: place in row_in of column i of row_out. */
        struct { int *from; size_t n; } drop;
        struct { struct node *list; const char *name, *counter; type_t *elem; int is_map;
                 int column, counter_column; } each; /* counter: null; counter_column: -1 */
        struct { tflow_t **inputs; size_t n;         /* the others; the flow itself is first */
                 int **from; } unite;                /* from[k][i]: place in input k of column i */
        struct { window_id kind; int column; const twindow_t *spec; } window;
                                                     /* place of `window` in row_out, or -1:
                                                      * the next keyed step adds it */
        struct { struct node *time, *delay, *idle;   /* idle: or null */
                 struct cval *delay_value, *idle_value;
                 tflow_t *late; } event_time;
        /* keys over row_in; the arguments and conditions of aggs over row_in; items over
         * the row of the keys, then `window` if windowed.  In an item the call of aggs[i]
         * (the same node) stands for its result.  row_out = keys, items, window. */
        struct { titem_t *keys; size_t nkeys; agg_call_t **aggs; size_t naggs;
                 titem_t *items; size_t nitems; int window_in; int window_out; } aggregate;
        struct { struct node *count; struct cval *count_value;
                 titem_t *keys; size_t nkeys;        /* no keys: dealt in turn */
                 int *added; } repartition;
        struct { titem_t *keys; size_t nkeys;        /* no keys: the whole row */
                 struct node *within; struct cval *within_value; /* or null */
                 int *added; } distinct;             /* added[i]: place in row_out, or -1 */
        /* added[i]: place in row_out, or -1.  Without `by` the latest is the one with the
         * greatest event time, else the last to arrive.  keep: null, or how long versions
         * are kept. */
        struct { titem_t *keys; size_t nkeys; int *added; torder_t *by; size_t n;
                 struct node *keep; struct cval *keep_value; } latest;
        struct { struct node *at; } close;           /* over row_in */
        struct { torder_t *by; size_t n; } sort;
        struct { torder_t *by; size_t n; struct node *count; struct cval *count_value;
                 int ties; const char *rank; int rank_column;
                 titem_t *keys; size_t nkeys; int *added; } top;
        struct { struct node *count; struct cval *count_value; } limit;
        struct { struct tarm { struct node *pred; tflow_t *flow; } *arms; size_t n; } branch;
                                                     /* pred null: else; flow->row_in may
                                                      * be narrower than row_in */
        struct { tflow_t *flow; } errors;
        tremember_t *remember;
        tconnector_t *sink;                          /* to, print */
        /* `there` is the record of the other side; column: its place in row_out (T or
         * T?), or -1.  Keys and cond (or null) see row_in and that record behind it, at
         * place row_in->nfields.  from[i]: field i's place in the other side's row.
         * lo null: -hi.  as of: `right` ends with its `latest … keep`, and keys are its. */
        struct { int kind; tjoin_form form; tflow_t *right; type_t *there; int *from;
                 int column; tpair_t *keys; size_t nkeys; struct node *cond;
                 int forever, half_open; struct node *lo, *hi;
                 struct cval *lo_value, *hi_value; struct node *as_of; } join;
    } u;
};

typedef enum tflow_origin {
    ORIGIN_source, /* from ... */
    ORIGIN_flow,   /* another flow */
    ORIGIN_port    /* a side port: an arm of `branch`, `errors into` */
} tflow_origin;

struct tflow {
    const char *name;      /* null: a running pipeline, or the operand in a `union (...)` */
    int index;             /* place in the program's list */
    span_t at;             /* its name, else the origin */
    struct node *node;     /* the declaration, or null */
    tflow_origin origin;
    tconnector_t *source;  /* ORIGIN_source */
    tflow_t *from;         /* ORIGIN_flow: the flow it reads; ORIGIN_port: that of the port */
    int port_step;         /* ORIGIN_port: index of the step in `from` */
    int port;              /* ORIGIN_port: the arm of a branch; 0 */
    type_t *row_in;        /* of the origin */
    tprops_t in;
    VEC(tstep_t *) steps;
    type_t *row;           /* after the last step */
    tprops_t out;
    int readers;           /* flows and steps that read it */
    int shown;             /* of a test: writes what an `expect` looks at */
    int live;              /* leads to a sink: flows that are not do not run */
};

typedef struct tsetting {
    setting_id id;
    struct node *expr;     /* as written; without a type if it is a bare word */
    struct cval *value;    /* folded; null for a word, or if a param is in it */
    const char *word;      /* a bare word, or null */
    span_t at;
} tsetting_t;

typedef struct tparam {
    const char *name;      /* as the command line has it: "smallest", of a module "c.smallest" */
    struct def *def;
    type_t *type;
    struct node *fallback; /* default, or null: must be given */
    struct cval *value;    /* folded default, or null */
    int index;
} tparam_t;

/* One clause of a `test`.  type null: it has a diagnostic. */
typedef struct ttest_clause {
    enum { TEST_given, TEST_with, TEST_advance, TEST_expect } kind;
    span_t at;
    tflow_t *flow;         /* given, expect */
    struct def *param;     /* with */
    struct node *expr;
    type_t *type;          /* of the rows: a list; of the value */
    int ordered, output;   /* expect; output: which of p->outputs shows its columns */
} ttest_clause_t;

typedef struct ttest {
    const char *title;
    span_t at;
    VEC(ttest_clause_t) clauses;
} ttest_t;

/* Columns of a flow that tests look at: written to the file `<place in the list>.json`. */
typedef struct toutput {
    tflow_t *flow;
    const type_t *cols;
} toutput_t;

typedef struct program {
    arena_t *arena;
    types_t *types;
    struct check *check;       /* for const.h */
    VEC(tsetting_t) settings;  /* as given, in order of the text; a name once */
    VEC(tparam_t) params;
    VEC(tflow_t *) flows;      /* origins before what reads them; else in order of the text */
    VEC(struct def *) consts;  /* in dependency order */
    VEC(struct def *) externs; /* functions in C; used: something calls it */
    VEC(ttest_t) tests;        /* of the root file */
    VEC(toutput_t) outputs;    /* env->testing */
} program_t;

/* What a compile has in common.  `load` reads and parses an imported file: its tree, or
 * null with a reason; without a reason its diagnostics are in `diags` already.  path is
 * joined with the importing file's folder; `at` is where it is imported. */
typedef struct sema_env {
    arena_t *arena;
    intern_t *names;
    sources_t *sources;
    diags_t *diags;
    struct node *(*load)(struct sema_env *env, const char *path, span_t at, const char **why);
    void *load_data;
    /* The program is one that runs its tests: sources are fed by `given`, and what tests
     * expect is all that is written. */
    int testing;
} sema_env;

/* A `load` that reads files. */
struct node *sema_load_file(sema_env *env, const char *path, span_t at, const char **why);

/* Checks a parsed program.  Never null; look at diags_errors. */
program_t *sema_program(sema_env *env, struct node *root);

#endif
