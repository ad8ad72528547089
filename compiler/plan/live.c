/* live.c - which columns are needed: behind each operator, at each root and source.
 *
 * A column is needed if an expression of a step reads it or a sink writes it; a step that
 * passes it through needs it only if somebody behind does.  Expressions are all kept: they
 * are evaluated where they stand, read later or not.
 *
 * For sources this is a fact about the program (what is not read is checked for syntax
 * only), so it is found first.  For exchanges it is the rule `prune`: switched off, rows
 * carry all columns that are there.  They carry them too where a row may go on to `errors
 * into`, which shows all of it: no rule may change what is shown. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/plan/build.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/def.h"

typedef unsigned char live_t;

typedef struct reads {
    live_t *live;
    uint32_t n;
} reads_t;

static void read_node(node_t **at, void *env) {
    reads_t *r = env;
    node_t *n = *at;
    if (n->kind == AST_name && n->def && n->def->kind == DEF_COLUMN) {
        flow_assert((uint32_t)n->def->index < r->n);
        r->live[n->def->index] = 1;
    }
    ast_walk(n, read_node, env);
}

static void reads(live_t *live, uint32_t n, node_t *expr) {
    reads_t r = {live, n};
    if (expr) read_node(&expr, &r);
}

static live_t *new_live(builder_t *b, const type_t *row) {
    return ARENA_ARRAY(b->a, live_t, row->nfields + 1);
}

static live_t *op_live(builder_t *b, pop_t *op);

/* What the consumers of a place need of rows of type `row`. */
static live_t *behind(builder_t *b, const pops_t *next, const type_t *row) {
    live_t *out = new_live(b, row);
    for (size_t i = 0; i < next->n; i++) {
        live_t *in = op_live(b, next->at[i]);
        for (uint32_t c = 0; c < row->nfields; c++) out[c] |= in[c];
    }
    return out;
}

/* `select` and `let`: each item sees the row, and in `let` the items before it. */
static void select_live(pop_t *op, live_t *in) {
    tstep_t *s = op->step;
    for (size_t i = 0; i < s->u.select.n; i++)
        reads(in, op->row_in->nfields, s->u.select.items[i].expr);
}

static void let_live(builder_t *b, pop_t *op, live_t *in) {
    tstep_t *s = op->step;
    live_t *row = new_live(b, op->row_out);
    memcpy(row, op->live, op->row_out->nfields);
    for (size_t i = s->u.let.n; i-- > 0;) {
        row[s->u.let.column[i]] = 0; /* made here; what it reads is older */
        reads(row, op->row_out->nfields, s->u.let.items[i].expr);
    }
    memcpy(in, row, op->row_in->nfields);
}

/* Rows that go on have the window, late ones are as they entered: op->live and in. */
static void window_live(builder_t *b, pop_t *op, live_t *in) {
    op->live = new_live(b, op->row_out);
    for (size_t i = 0; i < op->next.n; i++) {
        live_t *need = op_live(b, op->next.at[i]);
        live_t *to = op->arm.at[i] ? in : op->live;
        uint32_t n = op->arm.at[i] ? op->row_in->nfields : op->row_out->nfields;
        for (uint32_t c = 0; c < n; c++) to[c] |= need[c];
    }
}

/* What an operator needs of the rows that enter it. */
static live_t *op_live(builder_t *b, pop_t *op) {
    tstep_t *s = op->step;
    live_t *in = new_live(b, op->row_in);
    uint32_t n = op->row_in->nfields;
    if (op->kind == POP_window && op->arm.n) window_live(b, op, in);
    else if (op->next.n || !op->live) op->live = behind(b, &op->next, op->row_out);
    switch (op->kind) {
    case POP_where:
        memcpy(in, op->live, n);
        reads(in, n, s->u.where.pred);
        break;
    case POP_select: select_live(op, in); break;
    case POP_let: let_live(b, op, in); break;
    case POP_drop:
        for (size_t i = 0; i < s->u.drop.n; i++) in[s->u.drop.from[i]] |= op->live[i];
        break;
    case POP_each:
        memcpy(in, op->live, n);
        if (s->u.each.column >= 0 && (uint32_t)s->u.each.column < n)
            in[s->u.each.column] = 0;
        reads(in, n, s->u.each.list);
        break;
    case POP_window:
        for (uint32_t c = 0; c < n; c++)
            if ((int)c != s->u.window.column) in[c] |= op->live[c];
        if (plan_enters_late(s)) memset(in, 1, n);
        break;
    case POP_event_time:
        memcpy(in, op->live, n);
        reads(in, n, s->u.event_time.time);
        break;
    case POP_union:
        for (uint32_t i = 0; i < op->row_out->nfields; i++) {
            uint32_t from = op->input ? (uint32_t)s->u.unite.from[op->input - 1][i] : i;
            in[from] |= op->live[i];
        }
        break;
    case POP_branch:
        memcpy(in, op->live, n);
        for (size_t i = 0; i < s->u.branch.n; i++)
            reads(in, n, s->u.branch.arms[i].pred);
        break;
    case POP_lookup:
        memcpy(in, op->live, n);
        plan_lookup_reads(s, in);
        break;
    case POP_partial:
    case POP_send:
    case POP_sink: memcpy(in, op->live, n); break;
    }
    return in;
}

/* ---- keyed steps: what they need of the rows that are sent to them ---- */

static void aggregate_reads(const tstep_t *s, live_t *in) {
    uint32_t n = s->row_in->nfields;
    if (plan_paned(s)) in[s->in.window_column] = 1;
    for (size_t i = 0; i < s->u.aggregate.nkeys; i++)
        reads(in, n, s->u.aggregate.keys[i].expr);
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        const agg_call_t *g = s->u.aggregate.aggs[i];
        for (size_t k = 0; k < g->nargs; k++) reads(in, n, g->args[k]);
        reads(in, n, g->when);
    }
}

static void row_step_reads(const tstep_t *s, live_t *in) {
    uint32_t n = s->row_in->nfields;
    if (plan_paned(s)) in[s->in.window_column] = 1;
    if (s->op == OP_distinct) {
        for (size_t i = 0; i < s->u.distinct.nkeys; i++)
            reads(in, n, s->u.distinct.keys[i].expr);
        if (!s->u.distinct.nkeys) memset(in, 1, n);
    }
    if (s->op == OP_sort)
        for (size_t i = 0; i < s->u.sort.n; i++) reads(in, n, s->u.sort.by[i].expr);
    if (s->op == OP_latest) {
        for (size_t i = 0; i < s->u.latest.n; i++) reads(in, n, s->u.latest.by[i].expr);
        for (size_t i = 0; i < s->u.latest.nkeys; i++)
            reads(in, n, s->u.latest.keys[i].expr);
    }
    if (s->op == OP_close) reads(in, n, s->u.close.at);
    if (s->op == OP_changes) memset(in, 1, n); /* it tells by the whole row */
    if (s->op == OP_top) {
        for (size_t i = 0; i < s->u.top.n; i++) reads(in, n, s->u.top.by[i].expr);
        for (size_t i = 0; i < s->u.top.nkeys; i++) reads(in, n, s->u.top.keys[i].expr);
    }
    for (size_t i = 0; s->op == OP_repartition && i < s->u.repartition.nkeys; i++)
        reads(in, n, s->u.repartition.keys[i].expr);
    if (s->op == OP_remember)
        for (size_t i = 0; i < s->u.remember->nkeys; i++)
            reads(in, n, s->u.remember->keys[i].expr);
}

int plan_may_be_shown(const pops_t *next) {
    for (size_t i = 0; i < next->n; i++) {
        const pop_t *op = next->at[i];
        int judges = op->kind != POP_drop && op->kind != POP_window &&
                     op->kind != POP_union && op->kind != POP_sink;
        if ((judges && op->error_port >= 0) || plan_may_be_shown(&op->next)) return 1;
    }
    return 0;
}

/* Does the root tell by the columns that it carries whether a row of a table has changed?
 * Then no rule may decide which those are. */
static int compares_rows(const pstage_t *s) {
    return s->step && (s->step->out.is_table || s->root == ROOT_changes);
}

/* The place in the root's row of the first column that it carries. */
static uint32_t first_carried(const pstage_t *s) {
    return s->root == ROOT_changes; /* `change` stands before them */
}

/* Must all columns cross, needed or not? */
static int show_all(builder_t *b, const pstage_t *stage, int all) {
    if (!all || (!plan_rule(b, RULE_prune) && !compares_rows(stage))) return all;
    if (stage->root == ROOT_join && stage->error_port >= 0 &&
        !plan_cannot_fail(stage->step->u.join.cond))
        return 1;
    for (size_t i = 0; i < stage->outs.n; i++)
        if (plan_may_be_shown(&stage->outs.at[i]->next)) return 1;
    return 0;
}

/* The columns of the row that crosses the exchange: those that the outs need, or all. */
static live_t *carried(builder_t *b, pstage_t *stage, int all) {
    tstep_t *s = stage->step;
    all = show_all(b, stage, all);
    live_t *out = new_live(b, s->row_in);
    all |= s->op == OP_changes;
    uint32_t first = first_carried(stage);
    for (uint32_t c = 0; c < s->row_in->nfields; c++) out[c] = stage->live[c + first] || all;
    return out;
}

static const type_t *root_row(const pstage_t *s) {
    switch (s->root) {
    case ROOT_source: return s->source->flow->row_in;
    case ROOT_errors: return s->step->u.errors.flow->row_in;
    default: return s->step->row_out;
    }
}

static void trace_pruned(builder_t *b, pstage_t *stage) {
    if (!b->options->trace || !plan_rule(b, RULE_prune)) return;
    const type_t *row = stage->step->row_in;
    for (uint32_t c = 0; c < row->nfields; c++)
        if (!stage->live[c])
            plan_trace(b, RULE_prune, "`%s` at %s: column `%s` does not cross",
                       op_at(stage->step->op)->spelling, plan_at(b, stage->step->at),
                       row->fields[c].name);
}

/* Does the row of the root's step cross its exchange? */
static int carries_row(const pstage_t *s) {
    return s->step && s->root != ROOT_aggregate && s->root != ROOT_errors &&
           s->root != ROOT_join;
}

/* What `on row` reads; all of the row where an error may show it. */
static void remember_live(builder_t *b, pstage_t *stage, int all) {
    const tremember_t *r = stage->step->u.remember;
    uint32_t n = stage->step->row_in->nfields;
    live_t *seen = new_live(b, r->seen);
    for (size_t i = 0; i < r->nhandlers; i++)
        if (AST(handler, r->handlers[i].node)->kind == HANDLER_ROW)
            reads(seen, r->seen->nfields, r->handlers[i].node);
    if (all && (!plan_rule(b, RULE_prune) || stage->error_port >= 0)) memset(seen, 1, n);
    stage->live = seen;
}

static void stage_live(builder_t *b, pstage_t *stage, int all) {
    const type_t *row = root_row(stage);
    stage->live = new_live(b, row);
    for (size_t i = 0; i < stage->outs.n; i++) {
        live_t *need = behind(b, &stage->outs.at[i]->next, row);
        for (uint32_t c = 0; c < row->nfields; c++) stage->live[c] |= need[c];
    }
    for (size_t i = 0; i < stage->nlates; i++)
        if (stage->lates[i].late.n)
            behind(b, &stage->lates[i].late, stage->lates[i].window->step->row_in);
    if (stage->root == ROOT_source && !all) stage->source->live = stage->live;
    if (stage->lookups.n) { /* they stand in stages behind this one */
        stage->live2 = new_live(b, stage->step->u.join.there);
        for (size_t i = 0; i < stage->lookups.n; i++)
            plan_lookup_live(b, stage, stage->lookups.at[i], all);
        return;
    }
    if (stage->root == ROOT_remember) remember_live(b, stage, all);
    else if (stage->root == ROOT_join) plan_join_live(b, stage, show_all(b, stage, all));
    else if (carries_row(stage)) stage->live = carried(b, stage, all);
}

/* Leaves: what the step or sink behind a port needs. */
static void leaf_live(builder_t *b, pop_t *op, pstage_t *behind_exchange) {
    tstep_t *s = op->step;
    op->live = new_live(b, op->row_out->nfields > op->row_in->nfields ? op->row_out
                                                                      : op->row_in);
    if (op->kind == POP_sink) {
        memset(op->live, 1, op->row_in->nfields);
    } else if (s->op == OP_join) {
        plan_join_sent(b, op, behind_exchange, op->live);
    } else if (s->op == OP_aggregate) {
        aggregate_reads(s, op->live);
    } else {
        memcpy(op->live, behind_exchange->live, op->row_in->nfields);
        row_step_reads(s, op->live);
    }
}

static void leaves(builder_t *b, pops_t *ops) {
    for (size_t i = 0; i < ops->n; i++) {
        pop_t *op = ops->at[i];
        leaves(b, &op->next);
        if (op->kind != POP_sink && op->kind != POP_send && op->kind != POP_partial)
            continue;
        pstage_t *next = op->kind == POP_sink
                             ? NULL
                             : b->plan->stages.at[op->port->exchange->consumer];
        leaf_live(b, op, next);
    }
}

/* Against the flow: the stages behind an exchange say what must cross it. */
static void look(builder_t *b, int all) {
    for (size_t i = b->plan->stages.n; i-- > 0;) {
        pstage_t *s = b->plan->stages.at[i];
        for (size_t k = 0; k < s->outs.n; k++) leaves(b, &s->outs.at[k]->next);
        for (size_t k = 0; k < s->nlates; k++) leaves(b, &s->lates[k].late);
        stage_live(b, s, all);
    }
}

/* ---- with the flow: what is there to be carried ---- */

static live_t *there_after(builder_t *b, const pop_t *op, const live_t *in) {
    const tstep_t *s = op->step;
    live_t *out = new_live(b, op->row_out);
    memset(out, 1, op->row_out->nfields); /* what the step makes */
    switch (op->kind) {
    case POP_select:
        for (size_t i = 0; i < s->u.select.n; i++) {
            node_t *n = s->u.select.items[i].expr;
            if (n->kind == AST_name && n->def && n->def->kind == DEF_COLUMN)
                out[i] = in[n->def->index];
        }
        break;
    case POP_drop:
        for (size_t i = 0; i < s->u.drop.n; i++) out[i] = in[s->u.drop.from[i]];
        break;
    case POP_union:
        for (uint32_t i = 0; i < op->row_out->nfields; i++)
            out[i] = in[op->input ? (uint32_t)s->u.unite.from[op->input - 1][i] : i];
        break;
    default:
        memcpy(out, in, op->row_in->nfields);
        if (op->kind == POP_let)
            for (size_t i = 0; i < s->u.let.n; i++) out[s->u.let.column[i]] = 1;
        if (op->kind == POP_each && s->u.each.column >= 0) out[s->u.each.column] = 1;
        if (op->kind == POP_window && s->u.window.column >= 0) out[s->u.window.column] = 1;
        if (op->kind == POP_lookup && s->u.join.column >= 0)
            for (uint32_t i = 0; i < s->u.join.there->nfields; i++)
                out[s->u.join.column] &= op->lookup->live2[i];
    }
    return out;
}

/* A row that comes from several places carries what is there in all of them. */
static void there_behind(builder_t *b, const pops_t *next, const live_t *there) {
    for (size_t i = 0; i < next->n; i++) {
        pop_t *op = next->at[i];
        if (op->kind == POP_sink || op->kind == POP_partial) continue;
        if (op->kind != POP_send) {
            const live_t *after = there_after(b, op, there);
            for (size_t k = 0; k < op->next.n; k++) {
                pops_t one = {.at = &op->next.at[k], .n = 1};
                int late = op->kind == POP_window && op->arm.n && op->arm.at[k];
                there_behind(b, &one, late ? there : after);
            }
            continue;
        }
        pstage_t *to = b->plan->stages.at[op->port->exchange->consumer];
        if (to->root == ROOT_join) plan_join_there(op, to, there);
        for (uint32_t c = 0; carries_row(to) && c < op->row_in->nfields; c++)
            to->live[c] &= there[c];
    }
}

static void stage_there(builder_t *b, pstage_t *s, const live_t *needed,
                        const live_t *needed2) {
    const type_t *row = root_row(s);
    live_t *there = new_live(b, row);
    memset(there, 1, row->nfields);
    if (s->root == ROOT_source) {
        s->live = s->source->live;
        memcpy(there, s->live, row->nfields);
    } else if (s->root == ROOT_join) {
        plan_join_carried(s, needed, needed2, there);
    } else if (carries_row(s)) {
        for (uint32_t c = 0; c < s->step->row_in->nfields; c++) {
            s->live[c] |= needed[c];
            if (s->root != ROOT_remember) there[c + first_carried(s)] = s->live[c];
        }
        trace_pruned(b, s);
    }
    for (size_t i = 0; i < s->outs.n; i++) there_behind(b, &s->outs.at[i]->next, there);
    for (size_t i = 0; i < s->nlates; i++) {
        const type_t *entered = s->lates[i].window->step->row_in;
        live_t *all = new_live(b, entered);
        memset(all, 1, entered->nfields);
        there_behind(b, &s->lates[i].late, all);
    }
}

void plan_live(builder_t *b) {
    size_t n = b->plan->stages.n;
    live_t **needed = ARENA_ARRAY(b->a, live_t *, n + 1);
    look(b, 0);
    live_t **needed2 = ARENA_ARRAY(b->a, live_t *, n + 1);
    for (size_t i = 0; i < n; i++) {
        needed[i] = b->plan->stages.at[i]->live;
        needed2[i] = b->plan->stages.at[i]->live2;
    }
    look(b, 1);
    for (size_t i = 0; i < n; i++)
        stage_there(b, b->plan->stages.at[i], needed[i], needed2[i]);
}
