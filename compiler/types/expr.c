/* expr.c - types of expressions: the dispatcher, literals, lists, records, `if`, `let`.
 *
 * Checking goes both ways.  A hint goes down: where a float is hoped for, an int literal
 * becomes one.  The type comes up.  Only int literals, none, [] and variants are "loose":
 * they wait for the others, so no unification variables are needed and every message can
 * name a type. */
#include "compiler/types/expr.h"

#include "compiler/base/check.h"
#include "compiler/regex/regex.h"
#include "compiler/types/builtins.h"
#include "compiler/types/expr_parts.h"

check_t *check_new(arena_t *a, intern_t *names, sources_t *sources, diags_t *diags) {
    check_t *c = ARENA_NEW(a, check_t);
    c->arena = a;
    c->names = names;
    c->sources = sources;
    c->diags = diags;
    c->types = types_new(a);
    c->fn_sigs = ARENA_ARRAY(a, sig_t *, FN_COUNT);
    c->agg_sigs = ARENA_ARRAY(a, sig_t *, AGG_COUNT);
    c->fn_defs = ARENA_ARRAY(a, def_t *, FN_COUNT);
    c->agg_defs = ARENA_ARRAY(a, def_t *, AGG_COUNT * 2);
    return c;
}

void not_built(check_t *c, span_t at, const char *what) {
    diag_add(c->diags, DIAG_not_built, at, what);
}

/* ---- what is loose ---- */

static int all_loose(check_t *c, const scope_t *s, const nodes_t *list) {
    for (size_t i = 0; i < list->n; i++)
        if (!expr_is_loose(c, s, list->at[i])) return 0;
    return 1;
}

static int is_arithmetic(int op) { return op >= BINARY_ADD && op <= BINARY_MOD; }

int expr_is_loose(check_t *c, const scope_t *s, const node_t *e) {
    switch (e->kind) {
    case AST_int: case AST_none: return 1;
    case AST_list: return all_loose(c, s, &AST(list, e)->elements);
    case AST_unary:
        return AST(unary, e)->op == UNARY_NEG && expr_is_loose(c, s, AST(unary, e)->operand);
    case AST_binary:
        return is_arithmetic(AST(binary, e)->op) && expr_is_loose(c, s, AST(binary, e)->left) &&
               expr_is_loose(c, s, AST(binary, e)->right);
    case AST_if:
        return expr_is_loose(c, s, AST(if, e)->yes) && expr_is_loose(c, s, AST(if, e)->no);
    case AST_case: {
        const nodes_t *arms = &AST(case, e)->arms;
        for (size_t i = 0; i < arms->n; i++)
            if (!expr_is_loose(c, s, AST(case_arm, arms->at[i])->value)) return 0;
        return arms->n > 0;
    }
    case AST_make: {
        def_t *one;
        return scope_variants(s, AST(make, e)->name, &one, 1) > 0;
    }
    default: return 0;
    }
}

int expr_wants_place(check_t *c, const scope_t *s, const node_t *e) {
    if (e->kind == AST_record || expr_is_loose(c, s, e)) return 1;
    if (e->kind != AST_list) return 0;
    const nodes_t *es = &AST(list, e)->elements;
    for (size_t i = 0; i < es->n; i++)
        if (es->at[i]->kind == AST_record) return 1;
    return 0;
}

/* ---- literals ---- */

static int digits_of(int64_t v) {
    int n = 1;
    for (uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v; u >= 10; u /= 10) n++;
    return n;
}

static type_t *literal_int(check_t *c, node_t *e, type_t *hint) {
    if (AST(int, e)->huge) { /* 2^63, and no `-` before it */
        diag_t *m = diag_add(c->diags, DIAG_int_too_large, e->span, expr_source(c, e));
        diag_help(m, "the largest int is 9223372036854775807");
        return poison(c);
    }
    type_t *place = hint ? type_strip(hint) : NULL;
    if (place && place->kind == TY_FLOAT) return place;
    if (!place || place->kind != TY_DECIMAL) return ty(c, TY_INT);
    if (digits_of(AST(int, e)->value) + place->s <= place->p) return place;
    diag_t *m = diag_add(c->diags, DIAG_type_mismatch, e->span, expr_source(c, e),
                         tx(c, place));
    diag_label(m, "more digits than %s has before its point", tx(c, place));
    return poison(c);
}

static type_t *literal_regex(check_t *c, node_t *e) {
    ast_regex_t *r = AST(regex, e);
    regex_t *re;
    regex_error_t err;
    if (regex_compile(c->arena, r->pattern, r->pattern_n, &re, &err)) return ty(c, TY_REGEX);
    diag_t *m = diag_add(c->diags, DIAG_bad_regex, e->span, err.reason);
    if (err.label) diag_label(m, "%s", err.label);
    if (err.help) diag_help(m, "%s", err.help);
    return poison(c);
}

static type_t *fstring(check_t *c, scope_t *s, node_t *e) {
    nodes_t *parts = &AST(fstring, e)->parts;
    for (size_t i = 0; i < parts->n; i++) {
        node_t *p = parts->at[i];
        if (p->kind == AST_fstring_text) continue;
        type_t *t = expr_infer(c, s, p, NULL);
        if (t->kind == TY_OPTION || t->kind == TY_NONE) {
            say_missing(c, p, NULL);
        } else if (t->kind == TY_REGEX) {
            diag_t *m = diag_add(c->diags, DIAG_regex_place, p->span);
            diag_help(m, "write its text without the slashes");
        }
    }
    return ty(c, TY_STRING);
}

/* ---- lists and branches ---- */

static type_t *say_differ(check_t *c, const node_t *e, const type_t *t, const type_t *others,
                          const node_t *first, const char *what) {
    diag_t *m = diag_add(c->diags, DIAG_types_differ, e->span, what);
    diag_label(m, "%s", tx(c, t));
    if (first) diag_note(m, "%s at %s is %s", expr_source(c, first),
                         diag_where(c->diags, first->span, e->span), tx(c, others));
    const char *call = expr_conversion(c, e, t, others);
    if (call) diag_help(m, "%s", call);
    return poison(c);
}

/* One pass of expr_unify: checks the loose or the other ones and joins their types. */
static type_t *unify_pass(check_t *c, scope_t *const *scopes, node_t *const *es, size_t n,
                          type_t *hint, const char *what, int loose, type_t *joined,
                          const node_t **first) {
    for (size_t i = 0; i < n; i++) {
        if (expr_is_loose(c, scopes[i], es[i]) != loose) continue;
        type_t *t = expr_infer(c, scopes[i], es[i], loose && joined ? joined : hint);
        type_t *both = joined ? type_join(c->types, joined, t) : t;
        if (!both) return say_differ(c, es[i], t, joined, *first, what);
        joined = both;
        if (!*first && t->kind != TY_NONE && t->kind != TY_POISON) *first = es[i];
    }
    return joined;
}

type_t *expr_unify(check_t *c, scope_t *const *scopes, node_t *const *es, size_t n,
                   type_t *hint, const char *what) {
    const node_t *first = NULL;
    type_t *t = unify_pass(c, scopes, es, n, hint, what, 0, NULL, &first);
    if (t && t->kind == TY_POISON) t = NULL;
    t = unify_pass(c, scopes, es, n, hint, what, 1, t, &first);
    if (!t || type_is_poison(t)) return t ? t : poison(c);
    for (size_t i = 0; i < n; i++) /* [] that came before what says its type */
        if (type_is_poison(es[i]->type) && expr_is_loose(c, scopes[i], es[i]))
            expr_infer(c, scopes[i], es[i], t);
    return t;
}

static type_t *list(check_t *c, scope_t *s, node_t *e, type_t *hint) {
    nodes_t *es = &AST(list, e)->elements;
    type_t *place = hint ? type_strip(hint) : NULL;
    type_t *asked = place && place->kind == TY_LIST ? place->elem : NULL;
    if (!es->n) {
        if (asked) return place;
        return type_list(c->types, poison(c));
    }
    scope_t **scopes = ARENA_ARRAY(c->arena, scope_t *, es->n);
    for (size_t i = 0; i < es->n; i++) scopes[i] = s;
    type_t *t = expr_unify(c, scopes, es->at, es->n, asked, "the elements of a list");
    if (t->kind == TY_POISON) return t;
    for (size_t i = 0; asked && i < es->n; i++)
        if (!type_fits(es->at[i]->type, asked)) asked = NULL;
    if (t->kind == TY_REGEX) {
        diag_add(c->diags, DIAG_regex_place, es->at[0]->span);
        return poison(c);
    }
    return type_list(c->types, asked && asked->kind != TY_POISON ? asked : t);
}

static type_t *if_else(check_t *c, scope_t *s, node_t *e, type_t *hint) {
    ast_if_t *i = AST(if, e);
    facts_t yes = {0}, no = {0};
    if (expr_check_condition(c, s, i->cond)) {
        expr_narrowings(c, i->cond, 1, &yes);
        expr_narrowings(c, i->cond, 0, &no);
    }
    scope_t *scopes[2] = {scope_facts(c->arena, s, &yes), scope_facts(c->arena, s, &no)};
    node_t *es[2] = {i->yes, i->no};
    return expr_unify(c, scopes, es, 2, hint, "the branches of `if`");
}

static type_t *let_in(check_t *c, scope_t *s, node_t *e, type_t *hint) {
    ast_let_t *l = AST(let, e);
    for (size_t i = 0; i < l->binds.n; i++) {
        ast_bind_t *b = AST(bind, l->binds.at[i]);
        type_t *t = expr_check(c, s, b->value, NULL);
        s = scope_names(c->arena, s);
        def_t *d = scope_add(c->arena, s, DEF_LET, b->name, t, b->name_at);
        d->node = &b->node;
        b->node.def = d;
        b->node.type = t;
    }
    return expr_infer(c, s, l->body, hint);
}

static type_t *index_of(check_t *c, scope_t *s, node_t *e) {
    ast_index_t *x = AST(index, e);
    type_t *t = expr_infer(c, s, x->value, NULL);
    if (t->kind == TY_OPTION) {
        expr_infer(c, s, x->at, NULL);
        return say_missing(c, x->value, e);
    }
    type_t *key = t->kind == TY_MAP ? t->key : t->kind == TY_LIST ? ty(c, TY_INT) : NULL;
    type_t *at = expr_check(c, s, x->at, key);
    if (t->kind == TY_POISON || at->kind == TY_POISON) return poison(c);
    if (key && t->elem->kind != TY_POISON) return type_option(c->types, t->elem);
    diag_t *m = diag_add(c->diags, DIAG_not_indexable, e->span, tx(c, t));
    if (t->kind == TY_STRING)
        diag_help(m, "slice(%s, %s, 1)", expr_source(c, x->value), expr_source(c, x->at));
    return poison(c);
}

/* ---- the dispatcher ---- */

static type_t *misplaced(check_t *c, node_t *e, diag_id id, const char *help) {
    diag_t *m = diag_add(c->diags, id, e->span);
    if (help) diag_help(m, "%s", help);
    return poison(c);
}

static type_t *infer(check_t *c, scope_t *s, node_t *e, type_t *hint) {
    switch (e->kind) {
    case AST_int: return literal_int(c, e, hint);
    case AST_float: return ty(c, TY_FLOAT);
    case AST_decimal:
        return type_decimal(c->types, (int)AST(decimal, e)->precision,
                            (int)AST(decimal, e)->scale);
    case AST_string: return ty(c, TY_STRING);
    case AST_bool: return ty(c, TY_BOOL);
    case AST_none: return hint && hint->kind == TY_OPTION ? hint : ty(c, TY_NONE);
    case AST_duration: return ty(c, TY_DURATION);
    case AST_size: return ty(c, TY_SIZE);
    case AST_timestamp: return ty(c, TY_TIMESTAMP);
    case AST_regex: return literal_regex(c, e);
    case AST_fstring: return fstring(c, s, e);
    case AST_name: return expr_name(c, s, e, hint);
    case AST_make: return expr_make(c, s, e, hint);
    case AST_call: return expr_call(c, s, e, hint);
    case AST_member: return expr_member(c, s, e, hint);
    case AST_index: return index_of(c, s, e);
    case AST_unary: return expr_unary(c, s, e, hint);
    case AST_binary: return expr_binary(c, s, e, hint);
    case AST_is: return expr_is(c, s, e, hint);
    case AST_list: return list(c, s, e, hint);
    case AST_record: return expr_record(c, s, e, hint);
    case AST_if: return if_else(c, s, e, hint);
    case AST_case: return expr_case(c, s, e, hint);
    case AST_let: return let_in(c, s, e, hint);
    case AST_range: return misplaced(c, e, DIAG_range_place, "range(a, b) gives a list");
    case AST_lambda:
        return misplaced(c, e, DIAG_lambda_place, "declare it: `fn name(x: int) = …`");
    case AST_poison: return poison(c);
    default: flow_unreachable("kind of expression");
    }
}

type_t *expr_infer(check_t *c, scope_t *s, node_t *e, type_t *hint) {
    node_t *outer = c->outer;
    if (!outer) c->outer = e;
    type_t *t = infer(c, s, e, hint);
    c->outer = outer;
    e->type = t;
    return t;
}

int expr_is_bare_list(const type_t *t) {
    while (t->kind == TY_OPTION) t = t->elem;
    if (t->kind != TY_LIST) return 0;
    return t->elem->kind == TY_POISON || expr_is_bare_list(t->elem);
}

type_t *expr_say_bare_list(check_t *c, node_t *e) {
    diag_t *m = diag_add(c->diags, DIAG_empty_list, e->span);
    diag_help(m, "say what it holds: with a declared type, or by an element");
    return e->type = poison(c);
}

type_t *expr_check(check_t *c, scope_t *s, node_t *e, type_t *expected) {
    type_t *t = expr_infer(c, s, e, expected);
    if (type_is_poison(t)) {
        if (expr_is_bare_list(t) && !(expected && type_is_poison(expected)))
            return expr_say_bare_list(c, e);
        return e->type = poison(c);
    }
    if (!expected || type_fits(t, expected)) {
        if (!expected && t->kind == TY_REGEX)
            return e->type = misplaced(c, e, DIAG_regex_place,
                                       "use it in matches(s, /…/), extract, split, replace");
        return t;
    }
    if (t->kind == TY_OPTION && type_fits(t->elem, expected))
        return e->type = say_missing(c, e, NULL);
    return e->type = say_mismatch(c, e, t, expected);
}

int expr_check_condition(check_t *c, scope_t *s, node_t *e) {
    int was = c->condition;
    if (!c->outer) c->condition = 1;
    type_t *t = expr_infer(c, s, e, NULL);
    c->condition = was;
    if (t->kind == TY_BOOL) return 1;
    if (type_is_poison(t)) return 0;
    diag_t *m;
    if (t->kind == TY_OPTION && t->elem->kind == TY_BOOL) {
        say_missing(c, e, NULL);
    } else {
        m = diag_add(c->diags, DIAG_condition_type, e->span, tx(c, t));
        if (t->kind == TY_OPTION)
            diag_help(m, "%s is not none", expr_source(c, e));
        else if (t->kind == TY_INT)
            diag_help(m, "%s != 0", expr_source(c, e));
        else if (t->kind == TY_STRING)
            diag_help(m, "%s != \"\"", expr_source(c, e));
    }
    e->type = poison(c);
    return 0;
}
