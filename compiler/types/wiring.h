/* wiring.h - the pipelines of a program before their rows are known: which steps they
 * have once the user's own steps are expanded, which flows they read, in which order
 * they can be checked.
 *
 * Everything that has rows is a pipe: a named flow, a running pipeline, a side stream
 * (an arm of `branch`, `errors into`), a pipeline in brackets.  The def of a flow's name
 * (DEF_FLOW) has the number of its pipe as index. */
#ifndef FLOW_TYPES_WIRING_H
#define FLOW_TYPES_WIRING_H

#include "compiler/types/expr.h"
#include "compiler/types/sema.h"
#include "compiler/types/stream.h"

/* One file of the program. */
typedef struct unit {
    const char *path;
    node_t *root;
    scope_t *scope;
    int is_root;      /* the file that is compiled, not an imported one */
    int busy;         /* its imports are being read */
    int plain;        /* imported without an alias somewhere */
    const char *alias; /* the first alias it is imported under, or null */
} unit_t;

/* A step as it will run: of a `step` declaration, a copy made for one use. */
typedef struct link {
    node_t *step;
    scope_t *base;    /* names that its text sees besides the columns */
    span_t used;      /* where the outermost step of one's own is used */
    int expanded;
    const char *note; /* "in `clean`, used at 9:12", or null */
} link_t;

typedef struct pipe pipe_t;

typedef struct reading {
    pipe_t *pipe;     /* what is read; null if its name is not known */
    span_t at;        /* where it is named */
} reading_t;

typedef enum pipe_kind { PIPE_named, PIPE_running, PIPE_side, PIPE_operand } pipe_kind;

struct pipe {
    pipe_kind kind;
    int index;
    unit_t *unit;
    node_t *decl;     /* decl_flow, decl_run; null for side streams and operands */
    node_t *pipeline; /* null for a side stream */
    scope_t *base;
    def_t *def;       /* of the name, or of a side stream or operand */
    const char *name; /* null without one */
    span_t at;
    VEC(link_t) links;
    VEC(reading_t) reads;
    pipe_t *owner;    /* PIPE_side: the pipe that has the step */
    const char *note; /* of the link that made it */
    int mark;         /* of the search for an order */
    int named_in_test;
    /* filled while checking */
    int fault;        /* its rows are not known */
    stream_t in;      /* PIPE_side: set by the step */
    stream_t out;
    tflow_t *flow;    /* null if it is not part of the program */
    int port_step, port;
};

typedef struct sema {
    sema_env *env;
    check_t *c;
    program_t *p;
    VEC(unit_t *) units;  /* in order of reading: the root is first */
    VEC(unit_t *) ready;  /* imported files before those that import them */
    int broken;           /* a file could not be read or parsed */
    const char *mode;     /* `set mode = …`, or null; and its place */
    span_t mode_at;
    VEC(pipe_t *) pipes;
    VEC(pipe_t *) order; /* origins before what reads them */
    int nlinks;          /* expanded so far, against bombs of steps that use steps */
} sema_t;

/* Enters a flow, a step or a running pipeline of a file.  1: it was one of these. */
int wiring_enter(sema_t *m, unit_t *u, node_t *decl);
/* Expands the pipelines of a file and enters the side streams that they name. */
void wiring_expand(sema_t *m, unit_t *u);
/* Finds what the pipelines of a file read. */
void wiring_resolve(sema_t *m, unit_t *u);
/* Adds a running pipeline to a file whose pipelines have been ordered. */
pipe_t *wiring_add(sema_t *m, unit_t *u, node_t *decl_run);
/* Puts all pipes into m->order; pipes that feed each other get their diagnostic and are
 * faulty. */
void wiring_order(sema_t *m);
/* The pipe that a flow_ref or a pipeline in brackets stands for, or null. */
pipe_t *wiring_pipe(sema_t *m, const node_t *ref);
/* Says that a name is declared twice. */
void declared_twice(check_t *c, const char *name, span_t at, const def_t *first);

#endif
