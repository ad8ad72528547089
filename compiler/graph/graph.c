/* graph.c - typed program to graph.
 *
 * The flows of a program come in dependency order, so one pass in that order numbers
 * the nodes forward.  Each flow has a tail: the node (and port) whose rows it is; a flow
 * without steps of its own has the tail of its origin.  No name is looked up here: the
 * typed program has pointers. */
#include "compiler/graph/graph.h"

#include "compiler/base/check.h"

/* Where the rows of a flow come from: a node, and the port by which they leave it. */
typedef struct tail {
    int node;
    gport port;
    int index;
} tail_t;

typedef struct build {
    arena_t *a;
    graph_t *g;
    tail_t *tails;    /* by flow index: behind its last step */
    int **step_nodes; /* by flow index, step index: its node */
} build_t;

static gnode_t *add_node(build_t *b, gnode_kind kind, tflow_t *flow, tstep_t *step) {
    gnode_t *n = ARENA_NEW(b->a, gnode_t);
    *n = (gnode_t){.id = (int)b->g->nodes.n, .kind = kind, .flow = flow, .step = step};
    vec_push(b->a, &b->g->nodes, n);
    return n;
}

static void add_edge(build_t *b, tail_t from, gnode_t *to, gport port, int index,
                     type_t *row, int is_table) {
    graph_t *g = b->g;
    gedge_t *e = ARENA_NEW(b->a, gedge_t);
    /* What leaves by a side port keeps its name; a union names its inputs. */
    if (from.port != GP_rows) {
        port = from.port;
        index = from.index;
    }
    *e = (gedge_t){.id = (int)g->edges.n, .from = from.node, .to = to->id, .port = port,
                   .index = index, .row = row, .is_table = is_table};
    flow_assert(from.node < to->id);
    vec_push(b->a, &g->edges, e);
    vec_push(b->a, &g->nodes.at[from.node]->out, e->id);
    vec_push(b->a, &to->in, e->id);
}

static gport side_port(const tstep_t *s) {
    if (s->op == OP_errors) return GP_error;
    return s->op == OP_branch ? GP_arm : GP_late;
}

static tail_t origin_tail(build_t *b, tflow_t *f) {
    switch (f->origin) {
    case ORIGIN_source:
        return (tail_t){.node = add_node(b, GN_source, f, NULL)->id, .port = GP_rows};
    case ORIGIN_flow: return b->tails[f->from->index];
    case ORIGIN_port: {
        tstep_t *s = f->from->steps.at[f->port_step];
        return (tail_t){.node = b->step_nodes[f->from->index][f->port_step],
                        .port = side_port(s), .index = f->port};
    }
    }
    flow_unreachable("origin");
}

static void add_flow(build_t *b, tflow_t *f) {
    tail_t tail = origin_tail(b, f);
    type_t *row = f->row_in;
    int is_table = f->in.is_table;
    b->step_nodes[f->index] = ARENA_ARRAY(b->a, int, f->steps.n + 1);
    for (size_t i = 0; i < f->steps.n; i++) {
        tstep_t *s = f->steps.at[i];
        int sink = s->op == OP_to || s->op == OP_print;
        gnode_t *n = add_node(b, sink ? GN_sink : GN_step, f, s);
        b->step_nodes[f->index][i] = n->id;
        add_edge(b, tail, n, GP_rows, 0, row, is_table);
        if (s->op == OP_union)
            for (size_t k = 0; k < s->u.unite.n; k++) {
                tflow_t *other = s->u.unite.inputs[k];
                add_edge(b, b->tails[other->index], n, GP_union, (int)k + 1, other->row,
                         other->out.is_table);
            }
        if (s->op == OP_join) {
            tflow_t *other = s->u.join.right;
            add_edge(b, b->tails[other->index], n, GP_join, 0, other->row,
                     other->out.is_table);
        }
        tail = (tail_t){.node = n->id, .port = GP_rows};
        row = s->row_out;
        is_table = s->out.is_table;
    }
    b->tails[f->index] = tail;
}

graph_t *graph_build(arena_t *a, program_t *p) {
    graph_t *g = ARENA_NEW(a, graph_t);
    g->program = p;
    build_t b = {.a = a, .g = g, .tails = ARENA_ARRAY(a, tail_t, p->flows.n + 1),
                 .step_nodes = ARENA_ARRAY(a, int *, p->flows.n + 1)};
    for (size_t i = 0; i < p->flows.n; i++)
        if (p->flows.at[i]->live) add_flow(&b, p->flows.at[i]);
    return g;
}
