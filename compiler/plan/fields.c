/* fields.c - which fields of a record column are read behind a root.
 *
 * The other side of a join is one column, and often a few of its fields are wanted.  As
 * long as steps only read fields of it, and cannot fail - then they would show the whole
 * row - the others need not cross the exchange. */
#include <string.h>

#include "compiler/plan/build.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/def.h"

typedef struct fields {
    int column;
    const type_t *record;
    unsigned char *read;
    int whole; /* the column is read as such */
} fields_t;

static int is_column(const node_t *n, int column) {
    return n->kind == AST_name && n->def && n->def->kind == DEF_COLUMN &&
           n->def->index == column;
}

static void visit(node_t **at, void *env) {
    fields_t *f = env;
    node_t *n = *at;
    if (n->kind == AST_member && is_column(AST(member, n)->value, f->column)) {
        int i = type_field(f->record, AST(member, n)->name);
        if (i >= 0) f->read[i] = 1;
        else f->whole = 1;
        return;
    }
    if (n->kind == AST_is && is_column(AST(is, n)->value, f->column)) return; /* none? */
    if (is_column(n, f->column)) f->whole = 1;
    ast_walk(n, visit, env);
}

static int read_by(fields_t *f, node_t *expr) {
    if (expr) visit(&expr, f);
    return !f->whole;
}

static int read_by_items(fields_t *f, const titem_t *items, size_t n) {
    for (size_t i = 0; i < n; i++) read_by(f, items[i].expr);
    return !f->whole;
}

static int read_by_aggregate(fields_t *f, const tstep_t *s) {
    read_by_items(f, s->u.aggregate.keys, s->u.aggregate.nkeys);
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        const agg_call_t *g = s->u.aggregate.aggs[i];
        for (size_t k = 0; k < g->nargs; k++) read_by(f, g->args[k]);
        read_by(f, g->when);
    }
    return !f->whole;
}

static int read_behind(const pops_t *next, fields_t f);

/* 0: all of the record is needed. */
static int read_at(const pop_t *op, fields_t f) {
    const tstep_t *s = op->step;
    if (plan_op_may_fail(op)) return 0;
    switch (op->kind) {
    case POP_where: return read_by(&f, s->u.where.pred) && read_behind(&op->next, f);
    case POP_select: return read_by_items(&f, s->u.select.items, s->u.select.n);
    case POP_let:
        for (size_t i = 0; i < s->u.let.n; i++)
            if (s->u.let.column[i] == f.column) return 0;
        return read_by_items(&f, s->u.let.items, s->u.let.n) && read_behind(&op->next, f);
    case POP_drop:
        for (size_t i = 0; i < s->u.drop.n; i++) {
            if (s->u.drop.from[i] != f.column) continue;
            f.column = (int)i;
            return read_behind(&op->next, f);
        }
        return 1;
    case POP_event_time:
        return !op->arm.n && read_by(&f, s->u.event_time.time) && read_behind(&op->next, f);
    case POP_window:
        return !op->arm.n && s->u.window.column != f.column && read_behind(&op->next, f);
    case POP_branch:
        for (size_t i = 0; i < s->u.branch.n; i++) read_by(&f, s->u.branch.arms[i].pred);
        return !f.whole && read_behind(&op->next, f);
    case POP_lookup:
        for (size_t i = 0; i < s->u.join.nkeys; i++) read_by(&f, s->u.join.keys[i].left);
        return read_by(&f, s->u.join.cond) && read_behind(&op->next, f);
    case POP_send:
    case POP_partial: return s->op == OP_aggregate && read_by_aggregate(&f, s);
    case POP_each:
    case POP_union:
    case POP_sink: return 0;
    }
    return 0;
}

static int read_behind(const pops_t *next, fields_t f) {
    for (size_t i = 0; i < next->n; i++)
        if (!read_at(next->at[i], f)) return 0;
    return 1;
}

int plan_field_reads_behind(const pops_t *next, int column, const type_t *record,
                            unsigned char *read) {
    return read_behind(next, (fields_t){.column = column, .record = record, .read = read});
}

int plan_field_reads(const pstage_t *stage, int column, const type_t *record,
                     unsigned char *read) {
    fields_t f = {.column = column, .record = record, .read = read};
    for (size_t i = 0; i < stage->outs.n; i++)
        if (!read_behind(&stage->outs.at[i]->next, f)) return 0;
    return 1;
}
