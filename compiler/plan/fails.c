/* fails.c - what may fail, found without evaluating.
 *
 * Names, literals, comparisons and logic of such cannot; anything else might.  The name of a
 * step's parameter stands for the argument, which is evaluated where the name is. */
#include "compiler/plan/build.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/def.h"

/* What the name stands for, if that is an expression, and no constant; or null. */
static const node_t *argument_of(const node_t *name) {
    const def_t *d = name->def;
    if (!d || d->kind != DEF_FN_PARAM || d->value) return NULL;
    return d->node && d->node->kind != AST_param ? d->node : NULL;
}

int plan_cannot_fail(const node_t *n) {
    if (!n) return 1;
    switch (n->kind) {
    case AST_name: return plan_cannot_fail(argument_of(n));
    case AST_int:
    case AST_float:
    case AST_string:
    case AST_bool:
    case AST_none:
    case AST_duration:
    case AST_timestamp: return 1;
    case AST_member: return plan_cannot_fail(((const ast_member_t *)n)->value);
    case AST_is: return plan_cannot_fail(((const ast_is_t *)n)->value);
    case AST_list: {
        const ast_list_t *l = (const ast_list_t *)n;
        for (size_t i = 0; i < l->elements.n; i++)
            if (!plan_cannot_fail(l->elements.at[i])) return 0;
        return 1;
    }
    case AST_unary: {
        const ast_unary_t *u = (const ast_unary_t *)n;
        return u->op == UNARY_NOT && plan_cannot_fail(u->operand);
    }
    case AST_binary: {
        const ast_binary_t *x = (const ast_binary_t *)n;
        int logic = x->op <= BINARY_NOT_IN || x->op == BINARY_COALESCE;
        return logic && plan_cannot_fail(x->left) && plan_cannot_fail(x->right);
    }
    default: return 0;
    }
}

static int items_may_fail(const titem_t *items, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!plan_cannot_fail(items[i].expr)) return 1;
    return 0;
}

static int orders_may_fail(const torder_t *by, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!plan_cannot_fail(by[i].expr)) return 1;
    return 0;
}

static int calls_may_fail(const tstep_t *s) {
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        const agg_call_t *c = s->u.aggregate.aggs[i];
        if (!plan_cannot_fail(c->when)) return 1;
        for (size_t k = 0; k < c->nargs; k++)
            if (!plan_cannot_fail(c->args[k])) return 1;
    }
    return 0;
}

/* What a keyed step computes before its exchange. */
static int sent_may_fail(const tstep_t *s) {
    switch (s->op) {
    case OP_aggregate:
        return items_may_fail(s->u.aggregate.keys, s->u.aggregate.nkeys) || calls_may_fail(s);
    case OP_distinct: return items_may_fail(s->u.distinct.keys, s->u.distinct.nkeys);
    case OP_top:
        return items_may_fail(s->u.top.keys, s->u.top.nkeys) ||
               orders_may_fail(s->u.top.by, s->u.top.n);
    case OP_join:
        for (size_t i = 0; i < s->u.join.nkeys; i++)
            if (!plan_cannot_fail(s->u.join.keys[i].left) ||
                !plan_cannot_fail(s->u.join.keys[i].right))
                return 1;
        return !plan_cannot_fail(s->u.join.as_of);
    case OP_sort: return orders_may_fail(s->u.sort.by, s->u.sort.n);
    case OP_repartition:
        return items_may_fail(s->u.repartition.keys, s->u.repartition.nkeys);
    case OP_latest:
        return items_may_fail(s->u.latest.keys, s->u.latest.nkeys) ||
               orders_may_fail(s->u.latest.by, s->u.latest.n);
    case OP_close: return !plan_cannot_fail(s->u.close.at);
    case OP_remember: return items_may_fail(s->u.remember->keys, s->u.remember->nkeys);
    default: return 0;
    }
}

int plan_op_may_fail(const pop_t *op) {
    const tstep_t *s = op->step;
    switch (op->kind) {
    case POP_where: return !plan_cannot_fail(s->u.where.pred);
    case POP_select: return items_may_fail(s->u.select.items, s->u.select.n);
    case POP_let: return items_may_fail(s->u.let.items, s->u.let.n);
    case POP_each: return !plan_cannot_fail(s->u.each.list);
    case POP_event_time: return !plan_cannot_fail(s->u.event_time.time);
    case POP_branch:
        for (size_t i = 0; i < s->u.branch.n; i++)
            if (!plan_cannot_fail(s->u.branch.arms[i].pred)) return 1;
        return 0;
    case POP_lookup: return sent_may_fail(s) || !plan_cannot_fail(s->u.join.cond);
    case POP_send:
    case POP_partial: return sent_may_fail(s);
    case POP_drop:
    case POP_window:
    case POP_union:
    case POP_sink: return 0;
    }
    return 1;
}
