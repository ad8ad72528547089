/* pushdown.c - filters nearer to the source.
 *
 * A `where` moves before the operators in front of it as long as they give exactly one row
 * for a row and cannot fail, and it reads only columns that they pass through unchanged.
 * Then rows that the filter drops are not worked on, and no error disappears: what moves
 * behind the filter cannot fail. */
#include "compiler/base/check.h"
#include "compiler/plan/build.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/def.h"

typedef struct reading {
    pop_t *op; /* the operator in front */
    int ok;
} reading_t;

/* Where column c of op's output comes from in its input; -1 if it is made there. */
static int passed(const pop_t *op, int c) {
    const tstep_t *s = op->step;
    switch (op->kind) {
    case POP_let:
        for (size_t i = 0; i < s->u.let.n; i++)
            if (s->u.let.column[i] == c) return -1;
        return c;
    case POP_window: return c == s->u.window.column ? -1 : c;
    case POP_drop: return s->u.drop.from[c] == c ? c : -1;
    default: return -1;
    }
}

static void check_reads(node_t **at, void *env) {
    reading_t *r = env;
    node_t *n = *at;
    if (n->kind == AST_name && n->def && n->def->kind == DEF_COLUMN &&
        passed(r->op, n->def->index) != n->def->index)
        r->ok = 0;
    ast_walk(n, check_reads, env);
}

static int op_cannot_fail(const pop_t *op) {
    if (op->kind == POP_drop) return 1;
    if (op->kind == POP_window) return !plan_late_flow(op->step); /* it shows late rows */
    if (op->kind != POP_let) return 0;
    for (size_t i = 0; i < op->step->u.let.n; i++)
        if (!plan_cannot_fail(op->step->u.let.items[i].expr)) return 0;
    return 1;
}

static int can_swap(pop_t *front, pop_t *filter) {
    if (filter->kind != POP_where || front->next.n != 1 || !op_cannot_fail(front)) return 0;
    /* A filter that narrows changes the types that it passes on: left where it stands. */
    if (filter->row_in != filter->row_out) return 0;
    if (!plan_cannot_fail(filter->step->u.where.pred) && front->error_port != filter->error_port)
        return 0;
    reading_t r = {.op = front, .ok = 1};
    check_reads(&filter->step->u.where.pred, &r);
    return r.ok;
}

static void push(builder_t *b, pops_t *ops) {
    for (size_t i = 0; i < ops->n; i++) {
        pop_t *front = ops->at[i];
        push(b, &front->next);
        while (front->next.n == 1 && can_swap(front, front->next.at[0])) {
            pop_t *filter = front->next.at[0];
            plan_trace(b, RULE_pushdown, "`where` at %s moves before `%s` at %s",
                       plan_at(b, filter->step->at), op_at(front->step->op)->spelling,
                       plan_at(b, front->step->at));
            front->next = filter->next;
            filter->next = (pops_t){0};
            vec_push(b->a, &filter->next, front);
            filter->row_in = filter->row_out = front->row_in;
            ops->at[i] = filter;
            push(b, &filter->next);
            break;
        }
    }
}

void plan_pushdown(builder_t *b) {
    for (size_t i = 0; i < b->plan->stages.n; i++) {
        pstage_t *s = b->plan->stages.at[i];
        for (size_t k = 0; k < s->outs.n; k++) push(b, &s->outs.at[k]->next);
    }
}
