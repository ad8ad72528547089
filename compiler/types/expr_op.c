/* expr_op.c - operators.
 *
 * Nothing converts by itself, so each operator is a short list of type pairs.  A loose
 * operand (an int literal, none, a variant of several types) is checked after the other
 * one, with its type as a hint. */
#include "compiler/base/check.h"
#include "compiler/types/expr_parts.h"

/* ---- checking two operands ---- */

/* What a loose operand is hoped to be beside one of type t: an int beside a decimal is a
 * decimal of as many digits as there may be. */
static type_t *beside(check_t *c, type_t *t, int scale) {
    type_t *value = type_strip(t);
    return value->kind == TY_DECIMAL ? type_decimal(c->types, 38, scale ? value->s : 0) : t;
}

/* scale: beside a decimal, literals take its scale (comparisons), not none. */
static void infer_both(check_t *c, scope_t *s, ast_binary_t *b, type_t *hint, int scale) {
    int l = expr_wants_place(c, s, b->left), r = expr_wants_place(c, s, b->right);
    if (l && !r) {
        type_t *t = expr_infer(c, s, b->right, hint);
        expr_infer(c, s, b->left, beside(c, t, scale));
    } else {
        type_t *t = expr_infer(c, s, b->left, hint);
        expr_infer(c, s, b->right, r && !l ? beside(c, t, scale) : l ? t : hint);
    }
}

static int is_missing(const type_t *t) { return t->kind == TY_OPTION || t->kind == TY_NONE; }

/* ---- arithmetic ---- */

static type_t *say_state(check_t *c, diag_t *m, const ast_binary_t *b) {
    const node_t *e = b->left->def && b->left->def->kind == DEF_STATE ? b->left : b->right;
    const node_t *other = e == b->left ? b->right : b->left;
    def_t *d = e->def;
    diag_note(m, "state `%s: %s` is declared at %s", d->name, tx(c, d->type),
              diag_where(c->diags, d->at, e->span));
    diag_help(m, "declare `%s: %s = %s`", d->name, tx(c, other->type),
              expr_sample(c, other->type));
    return poison(c);
}

static int is_text(const type_t *t) { return t->kind == TY_STRING; }

/* An operand as a part of f"...": in braces, or the text that a literal without any is. */
static const char *text_part(check_t *c, const node_t *e) {
    const char *source = expr_source(c, e);
    size_t n = strlen(source);
    if (e->kind == AST_string && n >= 2 && source[0] == '"' && !strpbrk(source, "{}"))
        return arena_strndup(c->arena, source + 1, n - 2);
    return arena_printf(c->arena, "{%s}", source);
}

static type_t *say_operands(check_t *c, node_t *e) {
    ast_binary_t *b = AST(binary, e);
    const char *op = ast_binary_op_text(b->op);
    type_t *l = b->left->type, *r = b->right->type;
    if (b->op == BINARY_ADD && (is_text(l) || is_text(r))) {
        diag_t *m = diag_add(c->diags, DIAG_text_plus, e->span);
        diag_label(m, "%s + %s", tx(c, l), tx(c, r));
        diag_help(m, "f\"%s%s\"", text_part(c, b->left), text_part(c, b->right));
        return poison(c);
    }
    diag_t *m = diag_add(c->diags, DIAG_operands, e->span, op);
    diag_label(m, "%s %s %s", tx(c, l), op, tx(c, r));
    int mixed = type_is_number(l) && type_is_number(r);
    if (mixed && ((b->left->def && b->left->def->kind == DEF_STATE) ||
                  (b->right->def && b->right->def->kind == DEF_STATE)))
        return say_state(c, m, b);
    if (mixed) {
        diag_note(m, "Flow never converts by itself");
        /* rather the int becomes the other than the other an int */
        int from_right = r->kind == TY_INT || (l->kind != TY_INT && r->kind == TY_FLOAT);
        const char *left = from_right ? NULL : expr_conversion(c, b->left, l, r);
        const char *right = left ? NULL : expr_conversion(c, b->right, r, l);
        if (left)
            diag_help(m, "%s %s %s", left, op, expr_source(c, b->right));
        else if (right)
            diag_help(m, "%s %s %s", expr_source(c, b->left), op, right);
    } else if (l->kind == TY_TIMESTAMP || l->kind == TY_DURATION || r->kind == TY_TIMESTAMP ||
               r->kind == TY_DURATION) {
        diag_note(m, "of times there are timestamp - timestamp, timestamp ± duration, "
                     "duration ± duration, duration * int, duration / int");
        if (b->op == BINARY_MUL && l->kind == TY_INT && r->kind == TY_DURATION)
            diag_help(m, "%s * %s", expr_source(c, b->right), expr_source(c, b->left));
    }
    return poison(c);
}

/* + - % have the larger scale, * the sum, / six digits more than the left; 38 digits. */
static type_t *decimals(check_t *c, node_t *e, int op, const type_t *l, const type_t *r) {
    int s = l->s > r->s ? l->s : r->s;
    if (op == BINARY_MUL) s = l->s + r->s;
    if (op == BINARY_DIV) s = l->s + 6 > 38 ? 38 : l->s + 6;
    if (s > 38) {
        diag_t *m = diag_add(c->diags, DIAG_decimal_scale, e->span,
                             arena_printf(c->arena, "%d", s));
        diag_label(m, "%s * %s", tx(c, l), tx(c, r));
        diag_help(m, "round one of them first");
        return poison(c);
    }
    return type_decimal(c->types, 38, s);
}

/* The result of `l op r`, TY_POISON if there is none. */
static type_kind arith_kind(int op, type_kind l, type_kind r) {
    int add = op == BINARY_ADD, sub = op == BINARY_SUB;
    if (l == r && (l == TY_INT || l == TY_FLOAT)) return l;
    if (l == TY_TIMESTAMP && r == TY_DURATION && (add || sub)) return TY_TIMESTAMP;
    if (l == TY_TIMESTAMP && r == TY_TIMESTAMP && sub) return TY_DURATION;
    if (l == TY_DURATION && r == TY_DURATION && (add || sub)) return TY_DURATION;
    if (l == TY_DURATION && r == TY_INT && (op == BINARY_MUL || op == BINARY_DIV))
        return TY_DURATION;
    return TY_POISON;
}

static type_t *arithmetic(check_t *c, scope_t *s, node_t *e, type_t *hint) {
    ast_binary_t *b = AST(binary, e);
    type_t *place = hint ? type_strip(hint) : NULL;
    infer_both(c, s, b, place && type_is_number(place) ? place : NULL, 0);
    type_t *l = b->left->type, *r = b->right->type;
    if (type_is_poison(l) || type_is_poison(r)) return poison(c);
    if (is_missing(l) && !is_text(type_strip(l))) return say_missing(c, b->left, e);
    if (is_missing(r) && !is_text(type_strip(r))) return say_missing(c, b->right, e);
    if (l->kind == TY_DECIMAL && r->kind == TY_DECIMAL) return decimals(c, e, b->op, l, r);
    type_kind k = arith_kind(b->op, l->kind, r->kind);
    return k == TY_POISON ? say_operands(c, e) : ty(c, k);
}

/* ---- comparisons ---- */

static const char *described(check_t *c, const node_t *e) {
    return arena_printf(c->arena, "%s: %s", expr_source(c, e), tx(c, e->type));
}

/* `10 without quotes` for "10": the text of a number in quotes. */
static const char *unquoted(const node_t *e, const type_t *other) {
    if (e->kind != AST_string || !type_is_number(other)) return NULL;
    const ast_string_t *t = AST(string, e);
    if (!t->value_n) return NULL;
    for (size_t i = 0; i < t->value_n; i++)
        if (t->value[i] < '0' || t->value[i] > '9') return NULL;
    return t->value;
}

static void help_compare(check_t *c, diag_t *m, const ast_binary_t *b, int paths) {
    const node_t *l = b->left, *r = b->right;
    const char *op = ast_binary_op_text(b->op);
    const char *plain = unquoted(r, l->type);
    if (plain) {
        diag_help(m, "write %s without quotes, or string(%s)", plain, expr_source(c, l));
        return;
    }
    const char *right = l->type->kind == TY_INT && type_is_number(r->type)
                            ? NULL
                            : expr_conversion(c, r, r->type, l->type);
    const char *left = right ? NULL : expr_conversion(c, l, l->type, r->type);
    path_t path;
    if (right && paths && expr_path(r, &path))
        diag_help(m, "`%s %s %s`, or read `%s` as %s", expr_source(c, l), op, right,
                  path.n ? path.names[path.n - 1] : path.def->name, tx(c, l->type));
    else if (right)
        diag_help(m, "%s %s %s", expr_source(c, l), op, right);
    else if (left)
        diag_help(m, "%s %s %s", left, op, expr_source(c, r));
}

static type_t *say_compare(check_t *c, node_t *e) {
    ast_binary_t *b = AST(binary, e);
    path_t p, q;
    int paths = expr_path(b->left, &p) && expr_path(b->right, &q);
    diag_t *m = diag_add(c->diags, DIAG_cannot_compare, e->span, tx(c, b->left->type),
                         tx(c, b->right->type));
    if (paths) {
        diag_label(m, "%s, %s", described(c, b->left), described(c, b->right));
        note_declared(c, m, b->right);
    } else {
        diag_label(m, "%s on the left, %s on the right", tx(c, b->left->type),
                   tx(c, b->right->type));
    }
    help_compare(c, m, b, paths);
    return poison(c);
}

static type_t *never(check_t *c, const node_t *e, const char *answer) {
    diag_t *m = diag_add(c->diags, DIAG_never_missing, e->span, expr_source(c, e),
                         tx(c, e->type));
    diag_help(m, "the answer is always %s", answer);
    return ty(c, TY_BOOL);
}

/* Decimals of any scale compare, exactly. */
static int both_decimal(const type_t *l, const type_t *r) {
    while (l->kind == TY_OPTION) l = l->elem;
    while (r->kind == TY_OPTION) r = r->elem;
    return l->kind == TY_DECIMAL && r->kind == TY_DECIMAL;
}

static type_t *compare(check_t *c, scope_t *s, node_t *e) {
    ast_binary_t *b = AST(binary, e);
    int equality = b->op == BINARY_EQ || b->op == BINARY_NE;
    infer_both(c, s, b, NULL, 1);
    type_t *l = b->left->type, *r = b->right->type;
    if (type_is_poison(l) && l->kind != TY_LIST) return poison(c);
    if (type_is_poison(r) && r->kind != TY_LIST) return poison(c);
    if (!equality && is_missing(l)) return say_missing(c, b->left, e);
    if (!equality && is_missing(r)) return say_missing(c, b->right, e);
    if (equality && l->kind == TY_NONE && r->kind != TY_OPTION && r->kind != TY_NONE)
        return never(c, b->right, b->op == BINARY_EQ ? "false" : "true");
    if (equality && r->kind == TY_NONE && l->kind != TY_OPTION && l->kind != TY_NONE)
        return never(c, b->left, b->op == BINARY_EQ ? "false" : "true");
    if (both_decimal(l, r)) return ty(c, TY_BOOL);
    type_t *t = type_join(c->types, l, r);
    if (!t) return say_compare(c, e);
    if (equality ? type_is_comparable(t) : type_is_ordered(t)) return ty(c, TY_BOOL);
    diag_t *m = diag_add(c->diags, DIAG_no_order, e->span, tx(c, t),
                         equality ? "cannot be compared" : "have no order");
    if (!equality) diag_help(m, "compare their lengths, or single values");
    return poison(c);
}

/* ---- in ---- */

static type_t *in_range(check_t *c, scope_t *s, ast_binary_t *b) {
    ast_range_t *r = AST(range, b->right);
    node_t *es[3] = {b->left, r->lo, r->hi};
    scope_t *scopes[3] = {s, s, s};
    type_t *hint = NULL;
    for (int i = 0; i < 3 && !hint; i++)
        if (!expr_is_loose(c, s, es[i])) hint = beside(c, expr_infer(c, s, es[i], NULL), 1);
    type_t *t = expr_unify(c, scopes, es, 3, hint, "the value and the bounds of a range");
    b->right->type = t;
    if (t->kind == TY_POISON) return t;
    for (int i = 0; i < 3; i++)
        if (is_missing(es[i]->type)) return say_missing(c, es[i], &b->node);
    if (type_is_ordered(t)) return ty(c, TY_BOOL);
    diag_add(c->diags, DIAG_no_order, b->node.span, tx(c, t), "have no order");
    return poison(c);
}

static type_t *say_in(check_t *c, ast_binary_t *b, const type_t *r) {
    diag_t *m = diag_add(c->diags, DIAG_in_needs_list, b->right->span, tx(c, r));
    const char *left = expr_source(c, b->left), *right = expr_source(c, b->right);
    const char *no = b->op == BINARY_NOT_IN ? "not " : "";
    if (r->kind == TY_STRING)
        diag_help(m, "%scontains(%s, %s)", no, right, left);
    else if (r->kind == TY_MAP)
        diag_help(m, "%s[%s] is %snone", right, left, *no ? "" : "not ");
    return poison(c);
}

static type_t *in(check_t *c, scope_t *s, node_t *e) {
    ast_binary_t *b = AST(binary, e);
    if (b->right->kind == AST_range) return in_range(c, s, b);
    type_t *l, *r;
    if (expr_wants_place(c, s, b->left)) {
        r = expr_infer(c, s, b->right, NULL);
        l = expr_infer(c, s, b->left, r->kind == TY_LIST ? r->elem : NULL);
    } else {
        l = expr_infer(c, s, b->left, NULL);
        r = expr_infer(c, s, b->right, type_list(c->types, beside(c, l, 1)));
    }
    if (l->kind == TY_POISON || r->kind == TY_POISON) return poison(c);
    if (r->kind == TY_OPTION) return say_missing(c, b->right, e);
    if (r->kind != TY_LIST) return say_in(c, b, r);
    if (is_missing(l) && !is_missing(r->elem)) return say_missing(c, b->left, e);
    if (type_fits(l, r->elem) && type_is_comparable(r->elem)) return ty(c, TY_BOOL);
    diag_t *m = diag_add(c->diags, DIAG_cannot_compare, e->span, tx(c, l), tx(c, r->elem));
    diag_label(m, "%s in %s", tx(c, l), tx(c, r));
    return poison(c);
}

/* ---- ?? and the logical ones ---- */

static type_t *coalesce(check_t *c, scope_t *s, node_t *e, type_t *hint) {
    ast_binary_t *b = AST(binary, e);
    type_t *l = expr_infer(c, s, b->left, hint ? type_option(c->types, hint) : NULL);
    if (l->kind == TY_NONE) return expr_infer(c, s, b->right, hint);
    type_t *value = type_strip(l);
    type_t *r = expr_infer(c, s, b->right, value->kind == TY_POISON ? hint : value);
    if (l->kind == TY_POISON || r->kind == TY_POISON) return value;
    if (l->kind != TY_OPTION) {
        diag_t *m = diag_add(c->diags, DIAG_never_missing, b->left->span,
                             expr_source(c, b->left), tx(c, l));
        diag_help(m, "`%s` alone is enough", expr_source(c, b->left));
    }
    if (r->kind == TY_NONE) return l;
    type_t *t = type_join(c->types, value, r);
    if (t) return t;
    diag_t *m = diag_add(c->diags, DIAG_types_differ, b->right->span, "the two sides of `??`");
    diag_label(m, "%s", tx(c, r));
    diag_note(m, "%s is %s", expr_source(c, b->left), tx(c, l));
    const char *call = expr_conversion(c, b->right, r, value);
    if (call) diag_help(m, "%s ?? %s", expr_source(c, b->left), call);
    return poison(c);
}

static type_t *logical(check_t *c, scope_t *s, node_t *e) {
    ast_binary_t *b = AST(binary, e);
    facts_t facts = {0};
    if (expr_check_condition(c, s, b->left))
        expr_narrowings(c, b->left, b->op == BINARY_AND, &facts);
    expr_check_condition(c, scope_facts(c->arena, s, &facts), b->right);
    return ty(c, TY_BOOL);
}

type_t *expr_binary(check_t *c, scope_t *s, node_t *e, type_t *hint) {
    switch ((binary_op)AST(binary, e)->op) {
    case BINARY_OR: case BINARY_AND: return logical(c, s, e);
    case BINARY_EQ: case BINARY_NE: case BINARY_LT: case BINARY_LE: case BINARY_GT:
    case BINARY_GE:
        return compare(c, s, e);
    case BINARY_IN: case BINARY_NOT_IN: return in(c, s, e);
    case BINARY_COALESCE: return coalesce(c, s, e, hint);
    case BINARY_ADD: case BINARY_SUB: case BINARY_MUL: case BINARY_DIV: case BINARY_MOD:
        return arithmetic(c, s, e, hint);
    case BINARY_OP_COUNT: break;
    }
    flow_unreachable("binary operator");
}

/* ---- unary ---- */

/* `-` and an int literal are one literal, so that -2^63 has a form. */
static type_t *negative_literal(check_t *c, scope_t *s, node_t *e, type_t *hint) {
    ast_int_t lit = *AST(int, AST(unary, e)->operand);
    _Static_assert(sizeof(ast_int_t) <= sizeof(ast_unary_t), "a negation becomes a literal");
    e->kind = AST_int;
    AST(int, e)->value = lit.huge ? lit.value : -lit.value;
    AST(int, e)->huge = 0;
    return expr_infer(c, s, e, hint);
}

type_t *expr_unary(check_t *c, scope_t *s, node_t *e, type_t *hint) {
    ast_unary_t *u = AST(unary, e);
    if (u->op == UNARY_NOT) {
        expr_check_condition(c, s, u->operand);
        return ty(c, TY_BOOL);
    }
    if (u->operand->kind == AST_int) return negative_literal(c, s, e, hint);
    type_t *t = expr_infer(c, s, u->operand, hint);
    if (t->kind == TY_POISON || type_is_number(t) || t->kind == TY_DURATION) return t;
    if (is_missing(t)) return say_missing(c, u->operand, e);
    diag_add(c->diags, DIAG_negate, e->span, tx(c, t));
    return poison(c);
}
