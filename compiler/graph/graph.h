/* graph.h - the dataflow graph: every live step once, edges where rows go.
 *
 * A flow that is used twice is one node with two consumers; flows that lead to no sink
 * are left out.  Nodes and edges are addressed by number; node 0.. come in an order in
 * which every edge goes forward.  The graph keeps pointers into the typed program. */
#ifndef FLOW_GRAPH_GRAPH_H
#define FLOW_GRAPH_GRAPH_H

#include "compiler/base/buf.h"
#include "compiler/base/vec.h"
#include "compiler/types/sema.h"

typedef enum gnode_kind {
    GN_source, /* reads a connector and decodes its records */
    GN_step,   /* a step with rows in and out */
    GN_sink    /* `to`, `print` */
} gnode_kind;

/* How the rows of an edge enter its target. */
typedef enum gport {
    GP_rows,  /* as the main input */
    GP_union, /* as another input of a `union` */
    GP_join,  /* as the other side of a `join` */
    GP_arm,   /* out of an arm of a `branch` */
    GP_error, /* out of `errors into`: rows about failed rows */
    GP_late   /* out of `late into`: rows behind the watermark */
} gport;

typedef struct gedge {
    int id, from, to;
    gport port;
    int index;    /* GP_union: which input (1, 2, ...); GP_arm: which arm */
    type_t *row;
    int is_table; /* carries changes of a table, not rows of a stream */
} gedge_t;

typedef struct gnode {
    int id;
    gnode_kind kind;
    tflow_t *flow;
    tstep_t *step; /* null for GN_source */
    VEC(int) in, out; /* edges */
} gnode_t;

typedef struct graph {
    program_t *program;
    VEC(gnode_t *) nodes;
    VEC(gedge_t *) edges;
} graph_t;

graph_t *graph_build(arena_t *a, program_t *p);

/* Stable text: a line a node, with its rows and where they go. */
void graph_print(buf_t *b, const graph_t *g);
/* The same for Graphviz. */
void graph_dot(buf_t *b, const graph_t *g);
/* What a node is called: "from file", "where", "to stdout". */
const char *gnode_label(const gnode_t *n);

#endif
