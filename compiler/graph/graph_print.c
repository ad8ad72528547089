/* graph_print.c - the graph as text and for Graphviz. */
#include "compiler/graph/graph.h"

#include "compiler/base/check.h"

const char *gnode_label(const gnode_t *n) {
    if (n->kind == GN_source) return source_row(n->flow->source->row)->name;
    if (n->step->op == OP_to) return sink_row(n->step->u.sink->row)->name;
    return op_at(n->step->op)->spelling;
}

static void print_head(buf_t *b, const gnode_t *n) {
    if (n->kind == GN_source) buf_str(b, "from ");
    if (n->kind == GN_sink && n->step->op == OP_to) buf_str(b, "to ");
    buf_str(b, gnode_label(n));
}

static void print_port(buf_t *b, const graph_t *g, const gedge_t *e) {
    const gnode_t *from = g->nodes.at[e->from];
    if (e->port == GP_union) buf_printf(b, " union %d", e->index);
    if (e->port == GP_join) buf_printf(b, " join");
    if (e->port == GP_error) buf_printf(b, " errors");
    if (e->port == GP_late) buf_printf(b, " late");
    if (e->port == GP_arm)
        buf_printf(b, " arm %s", from->step->u.branch.arms[e->index].flow->name);
}

void graph_print(buf_t *b, const graph_t *g) {
    for (size_t i = 0; i < g->nodes.n; i++) {
        const gnode_t *n = g->nodes.at[i];
        buf_printf(b, "%d ", n->id);
        print_head(b, n);
        if (n->flow->name) buf_printf(b, "  in %s", n->flow->name);
        buf_char(b, '\n');
        for (size_t k = 0; k < n->out.n; k++) {
            const gedge_t *e = g->edges.at[n->out.at[k]];
            buf_printf(b, "  -> %d", e->to);
            print_port(b, g, e);
            buf_printf(b, "  %s ", e->is_table ? "table" : "stream");
            type_print(b, e->row);
            buf_char(b, '\n');
        }
    }
}

void graph_dot(buf_t *b, const graph_t *g) {
    buf_str(b, "digraph flow {\n  rankdir=LR;\n  node [shape=box];\n");
    for (size_t i = 0; i < g->nodes.n; i++) {
        buf_printf(b, "  n%zu [label=\"", i);
        print_head(b, g->nodes.at[i]);
        buf_str(b, "\"];\n");
    }
    for (size_t i = 0; i < g->edges.n; i++) {
        const gedge_t *e = g->edges.at[i];
        buf_printf(b, "  n%d -> n%d [label=\"", e->from, e->to);
        print_port(b, g, e);
        buf_printf(b, "\"%s];\n", e->is_table ? ", style=dashed" : "");
    }
    buf_str(b, "}\n");
}
