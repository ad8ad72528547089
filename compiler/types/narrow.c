/* narrow.c - what a condition tells about the types of names.
 *
 * Values never change, so a fact holds wherever the condition is known to have been true
 * or false.  Facts are gathered for names and for paths of fields (`p.price is not none`);
 * steps keep those about whole columns. */
#include "compiler/base/check.h"
#include "compiler/types/expr_parts.h"

static void add(check_t *c, const path_t *path, type_t *type, facts_t *out) {
    fact_t f = {.def = path->def, .npath = path->n, .type = type};
    if (path->n) f.path = ARENA_ARRAY(c->arena, const char *, path->n);
    for (int i = 0; i < path->n; i++) f.path[i] = path->names[i];
    vec_push(c->arena, out, f);
}

/* `e` is not none: its own type loses the `?`, and so does every record that a `?.` on
 * the way to it went through. */
static void not_none(check_t *c, const node_t *e, facts_t *out) {
    path_t path;
    if (!e->type || !expr_path(e, &path)) return;
    for (const node_t *at = e; at->kind == AST_member;) {
        const ast_member_t *m = AST(member, at);
        if (m->safe) not_none(c, m->value, out);
        at = m->value;
    }
    if (e->type->kind == TY_OPTION) add(c, &path, e->type->elem, out);
}

static void is_variant(check_t *c, const node_t *cond, facts_t *out) {
    const node_t *value = AST(is, cond)->value;
    path_t path;
    if (!cond->def || !expr_path(value, &path)) return;
    const type_t *u = cond->def->type;
    if (u->kind != TY_UNION) return;
    not_none(c, value, out);
    add(c, &path, u->fields[cond->def->index].type, out);
}

/* `a == b` where b is never none: a is not none either. */
static void equal(check_t *c, const ast_binary_t *b, facts_t *out) {
    const type_t *l = b->left->type, *r = b->right->type;
    if (!l || !r) return;
    if (l->kind == TY_OPTION && r->kind != TY_OPTION && r->kind != TY_NONE)
        not_none(c, b->left, out);
    if (r->kind == TY_OPTION && l->kind != TY_OPTION && l->kind != TY_NONE)
        not_none(c, b->right, out);
}

static void binary(check_t *c, const ast_binary_t *b, int truth, facts_t *out) {
    if ((b->op == BINARY_AND && truth) || (b->op == BINARY_OR && !truth)) {
        expr_narrowings(c, b->left, truth, out);
        expr_narrowings(c, b->right, truth, out);
    } else if ((b->op == BINARY_EQ && truth) || (b->op == BINARY_NE && !truth)) {
        equal(c, b, out);
    }
}

void expr_narrowings(check_t *c, node_t *cond, int truth, facts_t *out) {
    if (cond->kind == AST_binary) {
        binary(c, AST(binary, cond), truth, out);
    } else if (cond->kind == AST_unary && AST(unary, cond)->op == UNARY_NOT) {
        expr_narrowings(c, AST(unary, cond)->operand, !truth, out);
    } else if (cond->kind == AST_is) {
        ast_is_t *i = AST(is, cond);
        if (truth == i->negated && !i->variant) not_none(c, i->value, out);
        if (truth != i->negated && i->variant) is_variant(c, cond, out);
    }
}
