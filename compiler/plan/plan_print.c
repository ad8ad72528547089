/* plan_print.c - the plan as stable text, for `flowc emit --plan` and the goldens.
 *
 *   stage 0  from file("x.txt"), format text reads { line: string }
 *     each word in split(line, /\W+/)          3:4
 *     partial aggregate -> exchange 0          5:4
 *   exchange 0  key word: string, 64 parts
 *   stage 1  aggregate per word, state 0
 *     final: to stdout                         6:4
 * Expressions are shown as they stand in the program. */
#include "compiler/plan/plan.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/plan/plan_text.h"
#include "compiler/syntax/ast.h"

static void line_end(buf_t *b, sources_t *sources, span_t at, size_t from) {
    int line, column;
    source_position(source_at(sources, at.file), at.start, &line, &column);
    size_t width = b->n - from;
    buf_pad(b, ' ', width < 60 ? 60 - width : 2);
    buf_printf(b, "%d:%d\n", line, column);
}

static void print_target(buf_t *b, const pport_t *p) {
    if (p->exchange) buf_printf(b, " -> exchange %d", p->exchange->id);
    else buf_printf(b, " -> sink %d", p->sink->id);
}

static void print_ops(buf_t *b, sources_t *sources, const pops_t *ops, int depth);

static const char *arm_name(const pop_t *op, int arm) {
    if (op->kind == POP_branch) return op->step->u.branch.arms[arm].flow->name;
    return arm ? "late" : "in time";
}

static void print_op(buf_t *b, sources_t *sources, const pop_t *op, int depth) {
    size_t from = b->n;
    buf_pad(b, ' ', (size_t)depth * 2);
    if (op->kind == POP_partial) buf_str(b, "partial ");
    if (op->kind == POP_send) buf_str(b, "send ");
    if (op->kind == POP_lookup) buf_str(b, "look up ");
    plan_step_text(b, sources, op->step);
    if (op->kind == POP_lookup) buf_printf(b, " in stage %d", op->lookup->id);
    if (op->port) print_target(b, op->port);
    if (op->error_port >= 0) buf_printf(b, "  errors to port %d", op->error_port);
    line_end(b, sources, op->step->at, from);
    if (!op->arm.n) {
        print_ops(b, sources, &op->next, depth);
        return;
    }
    for (size_t i = 0; i < op->next.n; i++) {
        buf_pad(b, ' ', (size_t)depth * 2);
        buf_printf(b, "%s:\n", arm_name(op, op->arm.at[i]));
        print_op(b, sources, op->next.at[i], depth + 1);
    }
}

static void print_ops(buf_t *b, sources_t *sources, const pops_t *ops, int depth) {
    int several = ops->n > 1;
    for (size_t i = 0; i < ops->n; i++) {
        if (several) {
            buf_pad(b, ' ', (size_t)depth * 2);
            buf_printf(b, "consumer %zu:\n", i + 1);
        }
        print_op(b, sources, ops->at[i], depth + several);
    }
}

static void print_live(buf_t *b, const type_t *row, const unsigned char *live) {
    int n = 0;
    buf_str(b, "{");
    for (uint32_t i = 0; i < row->nfields; i++) {
        if (!live[i]) continue;
        buf_printf(b, "%s%s: ", n++ ? ", " : " ", row->fields[i].name);
        type_print(b, row->fields[i].type);
    }
    buf_str(b, n ? " }" : "}");
}

static void print_root(buf_t *b, sources_t *sources, const pstage_t *s) {
    if (s->root == ROOT_source) {
        plan_source_text(b, sources, s->source->conn);
        buf_str(b, " reads ");
        print_live(b, s->source->flow->row_in, s->live);
        return;
    }
    buf_printf(b, "%s%s", s->partial ? "merge " : "", op_at(s->step->op)->spelling);
    if (s->exchange->key_text && *s->exchange->key_text)
        buf_printf(b, " per %s", s->exchange->key_text);
    buf_printf(b, " of exchange %d", s->exchange->id);
    if (s->exchange2) buf_printf(b, " and %d", s->exchange2->id);
    if (s->state)
        buf_printf(b, ", state %d (%s)", s->state->id, plan_key_kind(s));
    if (s->mark >= 0) buf_printf(b, ", waits for mark %d", s->mark);
    if (s->root != ROOT_aggregate && s->root != ROOT_errors) {
        buf_str(b, ", carries ");
        print_live(b, s->step->row_in, s->live);
    }
    if (s->root != ROOT_join) return;
    buf_str(b, " and ");
    print_live(b, s->step->u.join.there, s->live2);
}

static void print_stage(buf_t *b, const pstage_t *s, sources_t *sources) {
    static const char *const modes[] = {"", "update:\n", "complete:\n", "final:\n",
                                        "changes:\n"};
    size_t from = b->n;
    buf_printf(b, "stage %d  ", s->id);
    print_root(b, sources, s);
    span_t at = s->step ? s->step->at : s->source->conn->node->span;
    line_end(b, sources, at, from);
    for (size_t i = 0; i < s->outs.n; i++) {
        const pout_t *o = s->outs.at[i];
        if (o->mode != MODE_append) buf_printf(b, "  %s", modes[o->mode]);
        print_ops(b, sources, &o->next, o->mode == MODE_append ? 1 : 2);
    }
    for (size_t i = 0; i < s->nlates; i++) {
        if (!s->lates[i].late.n) continue;
        from = b->n;
        buf_str(b, "  late:");
        if (s->nlates > 1) line_end(b, sources, s->lates[i].window->step->at, from);
        else buf_char(b, '\n');
        print_ops(b, sources, &s->lates[i].late, 2);
    }
}

void plan_print(buf_t *b, const plan_t *p, sources_t *sources) {
    for (size_t i = 0; i < p->stages.n; i++) print_stage(b, p->stages.at[i], sources);
    for (size_t i = 0; i < p->marks.n; i++) {
        const pmark_t *m = &p->marks.at[i];
        buf_printf(b, "mark %d  ", m->id);
        if (m->processing) buf_str(b, "the time of the batch");
        for (size_t k = 0; k < m->times.n; k++) {
            const ptime_t *t = &p->times.at[m->times.at[k]];
            int line, column;
            span_t at = t->step->at;
            source_position(source_at(sources, at.file), at.start, &line, &column);
            buf_printf(b, "%s%d:%d", k ? ", " : "the least event time of ", line, column);
        }
        buf_char(b, '\n');
    }
    for (size_t i = 0; i < p->exchanges.n; i++) {
        const pexchange_t *x = p->exchanges.at[i];
        buf_printf(b, "exchange %d  to stage %d", x->id, x->consumer);
        if (x->key_text && *x->key_text) buf_printf(b, ", key %s", x->key_text);
        if (x->one_part) buf_str(b, ", one part");
        if (x->framed) buf_str(b, ", in row order");
        if (x->timed) buf_str(b, ", with times");
        if (x->signs) buf_str(b, ", with signs");
        buf_char(b, '\n');
    }
    for (size_t i = 0; i < p->sinks.n; i++) {
        const psink_t *s = p->sinks.at[i];
        buf_printf(b, "sink %d  ", s->id);
        plan_sink_text(b, sources, s->conn);
        if (s->framed) buf_str(b, ", merged by order keys");
        else if (s->ordered) buf_str(b, ", in order as it comes");
        buf_char(b, '\n');
    }
}
