/* order.c - where the order of rows can be seen, and who must carry it.
 *
 * A task writes its rows in order, and buffers are read in the order of their tasks; so
 * what comes straight from sources is in order without help.  Behind an exchange rows are
 * spread over partitions: there entries carry an order key where somebody asks for order,
 * and are merged by it.  Nobody asks for it at `discard` or at directories of parts.
 * `errors into` shows order like a sink: a row that fails stands where it would have. */
#include "compiler/base/check.h"
#include "compiler/plan/build.h"
#include "compiler/types/const.h"

static const toption_t *option_of(const tconnector_t *c, const char *name) {
    for (size_t i = 0; i < c->options.n; i++) {
        const char *n = c->options.at[i].info->name;
        size_t k = 0;
        while (n[k] && n[k] == name[k]) k++;
        if (n[k] == name[k]) return &c->options.at[i];
    }
    return NULL;
}

/* A directory of parts: the path ends in a slash, or rows choose their part.  A path that
 * is known only at start counts as one file. */
static int is_directory(const tconnector_t *c) {
    const toption_t *partition = option_of(c, "partition");
    if (partition && partition->ncolumns) return 1;
    if (!c->pos_value) return 0;
    const char *path = (const char *)(uintptr_t)c->pos_value->w[0];
    uint64_t n = c->pos_value->w[1];
    return n && path[n - 1] == '/';
}

static int shows_order(const psink_t *s) {
    switch (s->conn->row) {
    case SINK_console:
    case SINK_stdout:
    case SINK_socket: return 1;
    case SINK_file: return !is_directory(s->conn);
    default: return 0;
    }
}

/* What `distinct` gives when a session of all rows closes is in the order of its keys, and
 * what is late for sessions leaves session by session. */
static int one_part(const pstage_t *s) {
    if (s->sessions && (s->root == ROOT_distinct || plan_late_leaves(s))) return 0;
    return s->exchange && s->exchange->one_part;
}

/* Do all ports to the sink come from sources, or its only one from a single partition? */
static int comes_in_order(builder_t *b, const psink_t *sink) {
    int sources = 1, single = 1;
    for (size_t i = 0; i < b->plan->stages.n; i++) {
        pstage_t *s = b->plan->stages.at[i];
        for (size_t k = 0; k < s->ports.n; k++) {
            if (s->ports.at[k]->sink != sink) continue;
            sources &= s->root == ROOT_source;
            single &= one_part(s) && sink->nports == 1;
        }
    }
    return sources || single;
}

/* Does the result of the root depend on the order in which rows enter it? */
static int order_matters(const pstage_t *s) {
    switch (s->root) {
    case ROOT_aggregate: return !s->partial && !s->exchange->signs;
    case ROOT_top: return !s->exchange->signs;
    case ROOT_repartition: /* who needs the order of its rows says so */
    case ROOT_source:
    case ROOT_changes:
    case ROOT_close: return 0;
    case ROOT_latest:
    case ROOT_distinct:
    case ROOT_sort:
    case ROOT_limit:
    case ROOT_remember:
    case ROOT_join:
    case ROOT_errors: return 1;
    }
    flow_unreachable("root");
}

/* Roots whose rows leave at once, at the place of the row that entered. */
static int gives_at_once(const pstage_t *s) {
    if (s->root == ROOT_remember) return !s->step->u.remember->by;
    if (s->sessions) return plan_late_leaves(s);
    if (s->root == ROOT_join)
        return s->step->u.join.form == JOINS_within || s->step->u.join.form == JOINS_table;
    if (s->step && plan_by_rows(s->step)) return 1; /* with the row that fills a window */
    return s->root == ROOT_distinct || s->root == ROOT_repartition ||
           s->root == ROOT_limit || s->root == ROOT_errors;
}

static int op_fails_into(const pops_t *next, int port) {
    for (size_t i = 0; i < next->n; i++) {
        const pop_t *op = next->at[i];
        if ((op->error_port == port && plan_op_may_fail(op)) || op_fails_into(&op->next, port))
            return 1;
    }
    return 0;
}

/* May a row fail in the stage and leave by this port? */
static int fails_into(const pstage_t *s, int port) {
    int judges = s->root == ROOT_aggregate || s->root == ROOT_remember;
    if (judges && s->error_port == port) return 1;
    if (s->root == ROOT_join && s->error_port == port &&
        !plan_cannot_fail(s->step->u.join.cond))
        return 1;
    for (size_t i = 0; i < s->outs.n; i++)
        if (op_fails_into(&s->outs.at[i]->next, port)) return 1;
    return 0;
}

static int is_errors(builder_t *b, const pexchange_t *x) {
    return b->plan->stages.at[x->consumer]->root == ROOT_errors;
}

static int has_framed_port(builder_t *b, const pstage_t *s) {
    for (size_t k = 0; k < s->ports.n; k++) {
        const pport_t *p = s->ports.at[k];
        if (p->sink ? p->sink->framed && p->sink->ordered /* not by folders */
                    : p->exchange->framed &&
                          (!is_errors(b, p->exchange) || fails_into(s, p->id)))
            return 1;
    }
    return 0;
}

static int fed_by_sources(builder_t *b, const pexchange_t *x) {
    for (size_t i = 0; i < b->plan->stages.n; i++) {
        pstage_t *s = b->plan->stages.at[i];
        for (size_t k = 0; k < s->ports.n; k++)
            if (s->ports.at[k]->exchange == x && s->root != ROOT_source &&
                (!is_errors(b, x) || fails_into(s, s->ports.at[k]->id)))
                return 0;
    }
    return 1;
}

void plan_order(builder_t *b) {
    plan_t *p = b->plan;
    for (size_t i = 0; i < p->sinks.n; i++) {
        psink_t *s = p->sinks.at[i];
        s->ordered = shows_order(s);
        s->framed = s->ordered && !comes_in_order(b, s);
        if (s->conn->row == SINK_file && option_of(s->conn, "partition"))
            s->framed |= option_of(s->conn, "partition")->ncolumns > 0;
    }
    /* Against the flow: what a stage must carry depends on the stages behind it. */
    for (size_t i = p->stages.n; i-- > 0;) {
        pstage_t *s = p->stages.at[i];
        if (!s->exchange) continue;
        pexchange_t *inputs[2] = {s->exchange, s->exchange2};
        for (int k = 0; k < 2 && inputs[k]; k++) {
            if (inputs[k]->signs) continue; /* rows of a table have their order in the key */
            inputs[k]->framed = (order_matters(s) && !fed_by_sources(b, inputs[k])) ||
                                (gives_at_once(s) && has_framed_port(b, s));
        }
    }
}
