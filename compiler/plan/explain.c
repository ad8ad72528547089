/* explain.c - the plan in words: for each stage what it reads, does, keeps, and where its
 * rows go.  A reader who has only this can write the program back. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/plan/plan.h"
#include "compiler/plan/plan_text.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/def.h"

typedef struct explain {
    buf_t *b;
    const plan_t *plan;
    sources_t *sources;
} explain_t;

static void line(explain_t *x, int depth, const char *head) {
    buf_pad(x->b, ' ', (size_t)depth * 2 + 2);
    buf_str(x->b, head);
}

static void columns(explain_t *x, const type_t *row, const unsigned char *live, int want) {
    int n = 0;
    for (uint32_t i = 0; i < row->nfields; i++) {
        if (live && !!live[i] != want) continue;
        buf_printf(x->b, "%s%s: ", n++ ? ", " : "", row->fields[i].name);
        type_print(x->b, row->fields[i].type);
    }
    if (!n) buf_str(x->b, "nothing");
}

static const char *stage_word(const pstage_t *s) {
    return s->step ? op_at(s->step->op)->spelling : "";
}

static void ops(explain_t *x, const pops_t *next, int depth);

static void where_rows_go(explain_t *x, const pop_t *op, int depth) {
    if (!op->port) return;
    line(x, depth, "");
    if (op->port->sink) {
        buf_str(x->b, "writes ");
        plan_sink_text(x->b, x->sources, op->port->sink->conn);
        buf_str(x->b, ": ");
        columns(x, op->row_in, NULL, 1);
        if (op->port->sink->framed && op->port->sink->ordered)
            buf_str(x->b, "; partitions are merged in row order");
        buf_char(x->b, '\n');
        return;
    }
    const pexchange_t *e = op->port->exchange;
    if (op->kind == POP_partial)
        buf_str(x->b, "aggregates in each worker, then ");
    buf_printf(x->b, "sends to stage %d", e->consumer);
    if (e->one_part) buf_str(x->b, ", all rows to one partition");
    else if (e->step->op == OP_changes || e->step->op == OP_close)
        buf_printf(x->b, ", by the key of the table: %s", e->key_text);
    else if (e->key_text && *e->key_text)
        buf_printf(x->b, ", by the hash of %s", e->key_text);
    else if (e->step->op == OP_repartition) buf_str(x->b, ", in turn");
    buf_char(x->b, '\n');
}

static void op(explain_t *x, const pop_t *o, int depth) {
    if (o->kind != POP_sink) {
        line(x, depth, "|> ");
        plan_step_text(x->b, x->sources, o->step);
        buf_char(x->b, '\n');
    }
    if (o->kind == POP_lookup)
        buf_printf((line(x, depth, ""), x->b), "looks in the rows that stage %d keeps\n", o->lookup->id);
    where_rows_go(x, o, depth);
    if (o->error_port >= 0 && o->kind != POP_sink) {
        line(x, depth + 1, "rows that fail here go to `errors into`\n");
    }
    if (!o->arm.n) {
        ops(x, &o->next, depth);
        return;
    }
    for (size_t i = 0; i < o->next.n; i++) {
        int arm = o->arm.at[i];
        line(x, depth + 1, "");
        if (o->kind == POP_branch)
            buf_printf(x->b, "arm %s:\n", o->step->u.branch.arms[arm].flow->name);
        else buf_str(x->b, arm ? "late rows:\n" : "the others:\n");
        op(x, o->next.at[i], depth + 2);
    }
}

static void ops(explain_t *x, const pops_t *next, int depth) {
    for (size_t i = 0; i < next->n; i++) {
        if (next->n > 1) {
            line(x, depth, "");
            buf_printf(x->b, "consumer %zu of %zu:\n", i + 1, next->n);
        }
        op(x, next->at[i], depth + (next->n > 1));
    }
}

/* What a checkpoint makes of it: lang/spec/12-checkpoints.md. */
static void promise(explain_t *x, const pstage_t *s) {
    const source_info *info = source_row((source_id)s->source->conn->row);
    line(x, 0, "with a checkpoint, after a kill: ");
    buf_str(x->b, info->replays ? "is read again, each row counts exactly once\n"
                                : "is not read again; rows of committed batches are in the "
                                  "input journal and count exactly once, others are lost\n");
}

static void source(explain_t *x, const pstage_t *s) {
    const type_t *row = s->source->flow->row_in;
    line(x, 0, "reads ");
    plan_source_text(x->b, x->sources, s->source->conn);
    buf_str(x->b, ", block by block on all workers\n");
    promise(x, s);
    int words = s->source->conn->format == FORMAT_binary; /* nothing is decoded */
    line(x, 0, words ? "loads " : "decodes ");
    columns(x, row, s->live, 1);
    buf_char(x->b, '\n');
    int unread = 0;
    for (uint32_t i = 0; i < row->nfields; i++) unread += !s->live[i];
    if (unread) {
        line(x, 0, words ? "does not look at " : "skips, checked for syntax only: ");
        columns(x, row, s->live, 0);
        buf_char(x->b, '\n');
    }
}

static const char *join_lifetime(const tstep_t *s) {
    switch (s->u.join.form) {
    case JOINS_within:
        return s->u.join.forever ? "for the whole run" : "until the watermark has passed their bound";
    case JOINS_windows: return "until their window closes";
    case JOINS_as_of: return "for as long as a row may ask for them";
    case JOINS_table:
    case JOINS_tables: break;
    }
    return "for as long as they are in the table";
}

static const char *lifetime(const pstage_t *stage) {
    const tstep_t *s = stage->step;
    if (s->op == OP_join) return join_lifetime(s);
    if (s->op == OP_distinct && s->u.distinct.within) return "until time has passed the bound";
    if (s->in.is_table && s->op == OP_sort)
        return "for as long as the rows of one look at the table are there";
    if (s->op == OP_changes) return "until the batch ends";
    if (s->in.windowed == WINDOW_batch) return "until the batch ends";
    if (plan_revised(s) && plan_shows_all(stage)) return "for the whole run";
    if (s->in.windowed != WINDOW_NONE && s->in.window->lateness)
        return "until its window takes no late rows any more";
    return s->in.windowed == WINDOW_NONE ? "for the whole run" : "until its window closes";
}

static void remembers(explain_t *x, const tremember_t *r) {
    for (size_t i = 0; i < r->nstate; i++)
        buf_printf(x->b, "%s%s", i ? ", " : "", r->state[i]->name);
    if (!r->nstate) buf_str(x->b, "nothing");
    buf_str(x->b, " per key");
    size_t timers = 0;
    for (size_t i = 0; i < r->nhandlers; i++)
        timers += AST(handler, r->handlers[i].node)->kind != HANDLER_ROW;
    if (timers) buf_printf(x->b, ", %zu timer%s", timers, timers == 1 ? "" : "s");
    if (r->by) buf_str(x->b, ", and the rows that wait for their turn");
}

static void state(explain_t *x, const pstage_t *s) {
    const tstep_t *t = s->step;
    if (s->root == ROOT_repartition) return;
    line(x, 0, "keeps, in each partition, ");
    if (s->sessions) {
        buf_printf(x->b, "the rows of each session, by key (%s), until it %s%s\n",
                   plan_key_kind(s),
                   t->in.window->lateness ? "takes no late rows any more" : "closes",
                   plan_revised(t) && plan_shows_all(s) ? "; what was shown, for the whole run" : "");
        return;
    }
    switch (s->root) {
    case ROOT_aggregate:
        buf_printf(x->b, "%zu aggregate%s per key (%s)", t->u.aggregate.naggs,
                   t->u.aggregate.naggs == 1 ? "" : "s", plan_key_kind(s));
        break;
    case ROOT_distinct: buf_str(x->b, "the keys seen"); break;
    case ROOT_top:
        buf_str(x->b, s->exchange->signs ? "all rows of each key, in order"
                                         : "the first rows of each key by the order");
        break;
    case ROOT_sort: buf_str(x->b, "all rows, to sort them"); break;
    case ROOT_limit: buf_str(x->b, "a counter"); break;
    case ROOT_remember: remembers(x, t->u.remember); break;
    case ROOT_join:
        buf_str(x->b, t->u.join.form == JOINS_table    ? "the rows of the table"
                      : t->u.join.form == JOINS_tables ? "the rows of both tables"
                      : t->u.join.form == JOINS_as_of  ? "the versions, and the rows that wait"
                                                       : "the rows of both sides");
        break;
    case ROOT_latest: buf_str(x->b, "the latest row of each key"); break;
    case ROOT_changes: buf_str(x->b, "what each key was and is"); break;
    case ROOT_close: buf_str(x->b, "the rows whose moment has not come"); break;
    case ROOT_repartition:
    case ROOT_source:
    case ROOT_errors: flow_unreachable("no state");
    }
    if (s->slice) buf_str(x->b, " and slice of time, from which windows are put together");
    buf_printf(x->b, ", %s\n", lifetime(s));
}

static void feeds(explain_t *x, const pexchange_t *e, const char *what) {
    int n = 0;
    line(x, 0, "reads ");
    buf_printf(x->b, "%srows of stage", what);
    for (size_t i = 0; i < x->plan->stages.n; i++) {
        const pstage_t *from = x->plan->stages.at[i];
        for (size_t k = 0; k < from->ports.n; k++)
            if (from->ports.at[k]->exchange == e)
                buf_printf(x->b, "%s %d", n++ ? "," : "", from->id);
    }
    if (e->one_part) buf_str(x->b, ", in one partition");
    else buf_printf(x->b, ", partition by partition, by %s",
                    e->step->op == OP_repartition && !*e->key_text ? "turn" : e->key_text);
    if (e->framed) buf_str(x->b, ", in row order");
    if (e->signs) buf_str(x->b, ", old ones and new ones");
    buf_char(x->b, '\n');
}

static void keyed(explain_t *x, const pstage_t *s) {
    feeds(x, s->exchange, s->exchange2 || s->lookups.n ? "the right side's " : "");
    if (s->exchange2) feeds(x, s->exchange2, "then the left side's ");
    if (s->root == ROOT_errors) {
        line(x, 0, "rows that failed: at, source, offset, step, error, raw\n");
        return;
    }
    line(x, 0, s->partial ? "merges into " : "|> ");
    plan_step_text(x->b, x->sources, s->step);
    buf_char(x->b, '\n');
    state(x, s);
}

static void outs(explain_t *x, const pstage_t *s) {
    static const char *const when[] = {
        "", "the keys that changed, at the end of each batch:\n",
        "all rows, at the end of each batch that has rows:\n", "all rows, when the input ends:\n",
        "what changed, old rows and new ones, at the end of each batch:\n"};
    for (size_t i = 0; i < s->outs.n; i++) {
        const pout_t *o = s->outs.at[i];
        int table = o->mode != MODE_append;
        if (table) line(x, 0, when[o->mode]);
        ops(x, &o->next, table);
    }
    for (size_t i = 0; i < s->nlates; i++) {
        if (!s->lates[i].late.n) continue;
        line(x, 0, "rows that are late for their session");
        if (s->nlates > 1) {
            buf_str(x->b, ", of `");
            plan_step_text(x->b, x->sources, s->lates[i].window->step);
            buf_char(x->b, '`');
        }
        buf_str(x->b, ":\n");
        ops(x, &s->lates[i].late, 1);
    }
}

static void settings(explain_t *x) {
    const program_t *p = x->plan->program;
    for (size_t i = 0; i < p->settings.n; i++) {
        buf_printf(x->b, "set %s = ", setting_row(p->settings.at[i].id)->name);
        plan_span_text(x->b, x->sources, p->settings.at[i].expr->span);
        buf_char(x->b, '\n');
    }
    for (size_t i = 0; i < p->params.n; i++) {
        buf_printf(x->b, "param %s: ", p->params.at[i].name);
        type_print(x->b, p->params.at[i].type);
        if (p->params.at[i].fallback) {
            buf_str(x->b, " = ");
            plan_span_text(x->b, x->sources, p->params.at[i].fallback->span);
        }
        buf_char(x->b, '\n');
    }
    if (p->settings.n + p->params.n) buf_char(x->b, '\n');
}

static void externs(explain_t *x) {
    const program_t *p = x->plan->program;
    for (size_t i = 0; i < p->externs.n; i++) {
        const def_t *d = p->externs.at[i];
        const ast_decl_extern_t *f = AST(decl_extern, d->node);
        if (!d->used) continue;
        buf_printf(x->b, "\ncalls `%s` of %s: code in C, outside what Flow promises of equal "
                         "bytes and of crashes\n", d->name, f->library);
    }
}

void plan_explain(buf_t *b, const plan_t *p, sources_t *sources) {
    explain_t x = {.b = b, .plan = p, .sources = sources};
    settings(&x);
    for (size_t i = 0; i < p->stages.n; i++) {
        const pstage_t *s = p->stages.at[i];
        buf_printf(b, "%sstage %d", i ? "\n" : "", s->id);
        if (s->step) buf_printf(b, ": %s", stage_word(s));
        else if (s->source->flow->name) buf_printf(b, ": %s", s->source->flow->name);
        buf_char(b, '\n');
        if (s->root == ROOT_source) source(&x, s);
        else keyed(&x, s);
        outs(&x, s);
    }
    externs(&x);
}
