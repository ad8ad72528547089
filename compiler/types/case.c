/* case.c - `case`: patterns, what they bind, and that every value is handled.
 *
 * Patterns are literals, none and variants, so "handled" is a set of small things: the
 * variants, true and false, none.  Numbers and texts always need an `else`. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/expr_parts.h"

typedef struct cover {
    const type_t *type;   /* of the subject without its `?` */
    int optional;
    uint8_t *variants;    /* per variant: handled */
    int yes, no, none, rest; /* true, false, none, else */
    nodes_t seen;         /* literals handled so far */
} cover_t;

/* ---- patterns ---- */

static void again(check_t *c, const node_t *pat) {
    diag_add(c->diags, DIAG_case_twice, pat->span, expr_source(c, pat));
}

static void cover_once(check_t *c, const node_t *pat, int *flag) {
    if (*flag) again(c, pat);
    *flag = 1;
}

static void cover_literal(check_t *c, cover_t *v, node_t *pat) {
    if (pat->kind == AST_bool) {
        cover_once(c, pat, AST(bool, pat)->value ? &v->yes : &v->no);
        return;
    }
    for (size_t i = 0; i < v->seen.n; i++)
        if (ast_equal(v->seen.at[i], pat)) {
            again(c, pat);
            return;
        }
    nodes_push(c->arena, &v->seen, pat);
}

static int pattern_variant(check_t *c, scope_t *s, cover_t *v, node_t *pat) {
    ast_pat_variant_t *p = AST(pat_variant, pat);
    const type_t *u = type_is_variant(v->type) ? v->type->elem : v->type;
    if (u->kind != TY_UNION) {
        diag_add(c->diags, DIAG_case_pattern, pat->span, p->name, tx(c, v->type));
        return 0;
    }
    pat->def = expr_variant(c, s, p->name, p->name_at, u);
    if (!pat->def) return 0;
    pat->type = u->fields[pat->def->index].type;
    if (v->variants[pat->def->index]) again(c, pat);
    v->variants[pat->def->index] = 1;
    return 1;
}

static int pattern_none(check_t *c, cover_t *v, node_t *pat) {
    if (!v->optional) {
        diag_add(c->diags, DIAG_case_pattern, pat->span, "none", tx(c, v->type));
        return 0;
    }
    cover_once(c, pat, &v->none);
    pat->type = ty(c, TY_NONE);
    return 1;
}

static int pattern(check_t *c, scope_t *s, cover_t *v, node_t *pat) {
    if (v->type->kind == TY_POISON) return 1;
    if (pat->kind == AST_pat_variant) return pattern_variant(c, s, v, pat);
    if (pat->kind == AST_none) return pattern_none(c, v, pat);
    type_t *t = expr_infer(c, s, pat, (type_t *)(uintptr_t)v->type);
    if (t->kind == TY_POISON) return 0;
    if (t != v->type && !(t->kind == TY_DECIMAL && type_fits(t, v->type))) {
        diag_add(c->diags, DIAG_case_pattern, pat->span, expr_source(c, pat), tx(c, v->type));
        return 0;
    }
    cover_literal(c, v, pat);
    return 1;
}

/* ---- arms ---- */

/* What an arm knows about the subject, if that is a name or a path. */
static scope_t *arm_facts(check_t *c, scope_t *s, const node_t *subject, const cover_t *v,
                          const ast_case_arm_t *arm) {
    path_t path;
    if (!expr_path(subject, &path)) return s;
    int none = 0;
    for (size_t i = 0; i < arm->pats.n; i++) none |= arm->pats.at[i]->kind == AST_none;
    type_t *t = NULL;
    if (v->optional && !none && (arm->pats.n || v->none)) t = type_strip(subject->type);
    if (arm->pats.n == 1 && arm->pats.at[0]->kind == AST_pat_variant)
        t = arm->pats.at[0]->type;
    if (!t) return s;
    fact_t f = {.def = path.def, .npath = path.n, .type = t};
    f.path = ARENA_ARRAY(c->arena, const char *, path.n + 1);
    for (int i = 0; i < path.n; i++) f.path[i] = path.names[i];
    facts_t facts = {0};
    vec_push(c->arena, &facts, f);
    return scope_facts(c->arena, s, &facts);
}

static scope_t *arm_binds(check_t *c, scope_t *s, ast_case_arm_t *arm) {
    for (size_t i = 0; i < arm->pats.n; i++) {
        if (arm->pats.at[i]->kind != AST_pat_variant) continue;
        ast_pat_variant_t *p = AST(pat_variant, arm->pats.at[i]);
        if (!p->bind) continue;
        if (arm->pats.n > 1) {
            diag_t *m = diag_add(c->diags, DIAG_case_bind, p->bind_at, p->bind);
            diag_help(m, "write an arm for each, or leave the name out");
            continue;
        }
        s = scope_names(c->arena, s);
        type_t *t = p->node.type ? p->node.type : poison(c);
        arm->node.def = scope_add(c->arena, s, DEF_CASE_BIND, p->bind, t, p->bind_at);
    }
    return s;
}

/* ---- is everything handled? ---- */

static span_t word_of(const node_t *e, uint32_t n) {
    return (span_t){e->span.start, e->span.start + n, e->span.file};
}

static void say_unhandled(check_t *c, const node_t *e, const cover_t *v, const type_t *result) {
    const char *missing[300];
    size_t n = 0;
    const type_t *u = type_is_variant(v->type) ? v->type->elem : v->type;
    if (u->kind == TY_UNION)
        for (uint32_t i = 0; i < u->nfields && n < 256; i++)
            if (!v->variants[i]) missing[n++] = u->fields[i].name;
    if (v->type->kind == TY_BOOL && !v->yes) missing[n++] = "true";
    if (v->type->kind == TY_BOOL && !v->no) missing[n++] = "false";
    if (v->optional && !v->none) missing[n++] = "none";
    const char *sample = expr_sample(c, result);
    diag_t *m;
    if (u->kind != TY_UNION && v->type->kind != TY_BOOL) {
        m = diag_add(c->diags, DIAG_case_else, word_of(e, 4));
        diag_help(m, "add `else => %s`", sample);
        return;
    }
    if (!n) return;
    if (n == 1)
        m = diag_add(c->diags, DIAG_case_unhandled, word_of(e, 4), missing[0]);
    else
        m = diag_add(c->diags, DIAG_case_unhandled_all, word_of(e, 4),
                     expr_names_text(c, missing, n, 6));
    diag_help(m, "add `%s => %s`, or `else => …`", missing[0], sample);
}

static int can_match(const type_t *t) {
    switch (t->kind) {
    case TY_POISON: case TY_INT: case TY_FLOAT: case TY_BOOL: case TY_STRING: case TY_DECIMAL:
    case TY_UNION:
        return 1;
    case TY_RECORD: return type_is_variant(t);
    case TY_NONE: case TY_BYTES: case TY_TIMESTAMP: case TY_DURATION: case TY_SIZE:
    case TY_REGEX: case TY_OPTION: case TY_LIST: case TY_MAP:
        return 0;
    }
    flow_unreachable("kind of type");
}

static void cover_init(check_t *c, cover_t *v, const node_t *subject) {
    type_t *t = subject->type;
    v->type = type_strip(t);
    v->optional = t->kind == TY_OPTION;
    const type_t *u = type_is_variant(v->type) ? v->type->elem : v->type;
    v->variants = ARENA_ARRAY(c->arena, uint8_t, u->nfields + 1);
    if (u == v->type) return;
    /* a narrowed subject has one variant left */
    memset(v->variants, 1, u->nfields);
    v->variants[v->type->tag] = 0;
}

type_t *expr_case(check_t *c, scope_t *s, node_t *e, type_t *hint) {
    ast_case_t *k = AST(case, e);
    type_t *t = expr_infer(c, s, k->subject, NULL);
    cover_t v = {0};
    cover_init(c, &v, k->subject);
    int bad = !can_match(v.type);
    if (bad) diag_add(c->diags, DIAG_case_subject, k->subject->span, tx(c, t));
    size_t n = k->arms.n;
    scope_t **scopes = ARENA_ARRAY(c->arena, scope_t *, n + 1);
    node_t **values = ARENA_ARRAY(c->arena, node_t *, n + 1);
    int good = !bad && t->kind != TY_POISON;
    for (size_t i = 0; i < n; i++) {
        ast_case_arm_t *arm = AST(case_arm, k->arms.at[i]);
        if (v.rest) diag_add(c->diags, DIAG_case_after_else, arm->node.span);
        for (size_t j = 0; !bad && j < arm->pats.n; j++)
            good &= pattern(c, s, &v, arm->pats.at[j]);
        scopes[i] = arm_binds(c, arm_facts(c, s, k->subject, &v, arm), arm);
        v.rest |= !arm->pats.n;
        values[i] = arm->value;
    }
    type_t *result = expr_unify(c, scopes, values, n, hint, "the arms of `case`");
    for (size_t i = 0; i < n; i++) k->arms.at[i]->type = values[i]->type;
    if (good && !v.rest) say_unhandled(c, e, &v, result);
    return result;
}
