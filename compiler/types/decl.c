/* decl.c - declarations of types, consts, params and functions, and types as written.
 *
 * Declarations may stand in any order, so each is checked when it is first used, or when
 * the whole program is.  One that is met again while it is being checked contains itself,
 * which none of them may. */
#include <string.h>
#include <strings.h>

#include "compiler/base/check.h"
#include "compiler/types/builtins.h"
#include "compiler/types/const.h"
#include "compiler/types/expr_parts.h"

/* ---- entering ---- */

static void say_taken(check_t *c, const def_t *d, const def_t *old) {
    diag_t *m = diag_add(c->diags, DIAG_name_taken, d->at, d->name);
    diag_note(m, "first at %s", diag_where(c->diags, old->at, d->at));
}

static def_t *enter(check_t *c, scope_t *file, name_space ns, def_kind kind, const char *name,
                    span_t at, node_t *decl) {
    def_t *d = ARENA_NEW(c->arena, def_t);
    *d = (def_t){.kind = kind, .name = name, .at = at, .node = decl, .scope = file};
    def_t *old = scope_declare(c->arena, file, ns, d);
    if (old) say_taken(c, d, old);
    decl->def = d;
    return d;
}

static void enter_type(check_t *c, scope_t *file, node_t *decl) {
    ast_decl_type_t *t = AST(decl_type, decl);
    enter(c, file, NS_TYPE, DEF_TYPE, t->name, t->name_at, decl);
    if (t->body->kind != AST_type_union) return;
    nodes_t *variants = &AST(type_union, t->body)->variants;
    for (size_t i = 0; i < variants->n; i++) {
        ast_variant_t *v = AST(variant, variants->at[i]);
        def_t *d = ARENA_NEW(c->arena, def_t);
        *d = (def_t){.kind = DEF_VARIANT, .name = v->name, .at = v->name_at, .index = (int)i,
                     .node = decl, .scope = file};
        v->node.def = d;
        scope_declare(c->arena, file, NS_VARIANT, d);
    }
}

/* Of no file, so that imports do not bring them again. */
static void make_change(check_t *c) {
    static const char *const names[] = {"Insert", "Update", "Delete"};
    field_t variants[3];
    for (int i = 0; i < 3; i++) {
        variants[i] = (field_t){.name = intern(c->names, names[i]),
                                .type = type_record(c->types, NULL, NULL, 0)};
        def_t *d = ARENA_NEW(c->arena, def_t);
        *d = (def_t){.kind = DEF_VARIANT, .name = variants[i].name, .index = i,
                     .state = DEF_DONE};
        c->change_variants[i] = d;
    }
    c->change = type_union(c->types, intern(c->names, "Change"), variants, 3);
    for (int i = 0; i < 3; i++) c->change_variants[i]->type = c->change;
}

void decl_enter_built_in(check_t *c, scope_t *file) {
    if (!c->change) make_change(c);
    for (int i = 0; i < 3; i++)
        scope_declare(c->arena, file, NS_VARIANT, c->change_variants[i]);
}

static void enter_fn(check_t *c, scope_t *file, def_kind kind, const char *name, span_t at,
                     node_t *decl, const nodes_t *params) {
    def_t *d = enter(c, file, NS_FN, kind, name, at, decl);
    d->params = params->at;
    d->nparams = (uint32_t)params->n;
    if (fn_named(name) < 0 && agg_named(name) < 0) return;
    diag_t *m = diag_add(c->diags, DIAG_fn_taken, at, name);
    diag_help(m, "choose another name");
}

int decl_enter(check_t *c, scope_t *file, node_t *decl) {
    switch (decl->kind) {
    case AST_decl_type: enter_type(c, file, decl); return 1;
    case AST_decl_const: {
        ast_decl_const_t *d = AST(decl_const, decl);
        enter(c, file, NS_VALUE, DEF_CONST, d->name, d->name_at, decl);
        return 1;
    }
    case AST_decl_param: {
        ast_decl_param_t *d = AST(decl_param, decl);
        enter(c, file, NS_VALUE, DEF_PARAM, d->name, d->name_at, decl)->index = c->params++;
        return 1;
    }
    case AST_decl_model: {
        ast_decl_model_t *d = AST(decl_model, decl);
        enter(c, file, NS_VALUE, DEF_MODEL, d->name, d->name_at, decl);
        return 1;
    }
    case AST_decl_fn: {
        ast_decl_fn_t *d = AST(decl_fn, decl);
        enter_fn(c, file, DEF_FN, d->name, d->name_at, decl, &d->params);
        return 1;
    }
    case AST_decl_extern: {
        ast_decl_extern_t *d = AST(decl_extern, decl);
        enter_fn(c, file, DEF_EXTERN_FN, d->name, d->name_at, decl, &d->params);
        return 1;
    }
    default: return 0;
    }
}

/* ---- types as written ---- */

/* A value is copied word by word where it is moved; rows of that size are a mistake. */
enum { MOST_WORDS = 4096 };

int type_size_check(check_t *c, const type_t *t, span_t at) {
    if (t->words <= MOST_WORDS) return 1;
    diag_add(c->diags, DIAG_type_size, at, arena_printf(c->arena, "%d", MOST_WORDS));
    return 0;
}

/* What people call the types elsewhere. */
static const char *foreign_type(const char *name) {
    static const char *const words[][2] = {
        {"str", "string"},     {"text", "string"},     {"varchar", "string"}, {"char", "string"},
        {"integer", "int"},    {"long", "int"},        {"bigint", "int"},     {"i64", "int"},
        {"number", "float"},   {"double", "float"},    {"real", "float"},     {"f64", "float"},
        {"boolean", "bool"},   {"datetime", "timestamp"}, {"time", "timestamp"},
        {"date", "timestamp"}, {"instant", "timestamp"},  {"interval", "duration"},
        {"binary", "bytes"},   {"numeric", "decimal(18, 2)"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(words[i][0], name)) return words[i][1];
    return NULL;
}

static type_t *say_no_type(check_t *c, scope_t *s, const ast_type_name_t *n) {
    diag_t *m = diag_add(c->diags, DIAG_type_unknown, n->node.span, n->name);
    const char *known = foreign_type(n->name);
    if (known) {
        diag_help(m, "write `%s`", known);
        return poison(c);
    }
    if (!strcmp(n->name, "decimal")) {
        diag_help(m, "give its digits: decimal(12, 2)");
        return poison(c);
    }
    if (!strcmp(n->name, "map")) {
        diag_help(m, "say what is in it: map<string, int>");
        return poison(c);
    }
    const char **own;
    size_t nown = scope_all(c->arena, s, NS_TYPE, &own);
    VEC(const char *) names = {0};
#define TYPE(id, spelling, words, code, doc) vec_push(c->arena, &names, spelling);
#include "lang/types.def"
#undef TYPE
    for (size_t i = 0; i < nown; i++) vec_push(c->arena, &names, own[i]);
    help_nearest(m, n->name, names.at, names.n);
    return poison(c);
}

static int basic_kind(const char *name, type_kind *kind) {
    static const struct {
        const char *name;
        type_kind kind;
    } basic[] = {
#define TYPE(id, spelling, words, code, doc) {spelling, TY_##id},
#include "lang/types.def"
#undef TYPE
    };
    for (size_t i = 0; i < sizeof basic / sizeof *basic; i++)
        if (!strcmp(basic[i].name, name)) {
            *kind = basic[i].kind;
            return 1;
        }
    return 0;
}

static type_t *resolve_name(check_t *c, scope_t *s, node_t *e) {
    ast_type_name_t *n = AST(type_name, e);
    type_kind kind;
    if (basic_kind(n->name, &kind)) {
        if (kind != TY_REGEX && kind != TY_SIZE) return ty(c, kind);
        diag_add(c->diags, DIAG_type_place, e->span, n->name,
                 kind == TY_REGEX ? "as a literal among a function's arguments"
                                  : "in settings and options");
        return poison(c);
    }
    if (!strcmp(n->name, "window")) return type_window(c->types);
    def_t *d = scope_find_in(s, NS_TYPE, n->name);
    if (!d && c->change && n->name == c->change->name) return c->change;
    if (!d) return say_no_type(c, s, n);
    if (d->state == DEF_BUSY) {
        diag_t *m = diag_add(c->diags, DIAG_type_cycle, e->span, d->name);
        diag_note(m, "declared at %s", diag_where(c->diags, d->at, e->span));
        return poison(c);
    }
    decl_check(c, d);
    e->def = d;
    return d->type ? d->type : poison(c);
}

static type_t *resolve_scaled(check_t *c, node_t *e) {
    ast_type_scaled_t *d = AST(type_scaled, e);
    if (strcmp(d->name, "decimal")) {
        diag_t *m = diag_add(c->diags, DIAG_type_unknown, e->span, d->name);
        diag_help(m, "write `decimal(p, s)`");
        return poison(c);
    }
    if (d->precision >= 1 && d->precision <= 38 && d->scale >= 0 && d->scale <= d->precision)
        return type_decimal(c->types, (int)d->precision, (int)d->scale);
    diag_t *m = diag_add(c->diags, DIAG_decimal_digits, e->span);
    diag_help(m, "decimal(12, 2) has 12 digits, 2 of them after the point");
    return poison(c);
}

static type_t *resolve_pair(check_t *c, scope_t *s, node_t *e) {
    ast_type_pair_t *p = AST(type_pair, e);
    type_t *key = type_resolve(c, s, p->key), *value = type_resolve(c, s, p->value);
    if (strcmp(p->name, "map")) {
        diag_t *m = diag_add(c->diags, DIAG_type_unknown, p->name_at, p->name);
        diag_help(m, "write `map<K, V>`");
        return poison(c);
    }
    if (key->kind == TY_POISON || value->kind == TY_POISON) return poison(c);
    if (key->kind == TY_INT || key->kind == TY_STRING || key->kind == TY_BOOL)
        return type_map(c->types, key, value);
    diag_add(c->diags, DIAG_map_key, p->key->span, tx(c, key));
    return poison(c);
}

/* The fields of a record or variant; 0 if one of them is faulty. */
static int resolve_fields(check_t *c, scope_t *s, const nodes_t *list, field_t **out) {
    field_t *fields = *out = ARENA_ARRAY(c->arena, field_t, list->n + 1);
    int good = 1;
    for (size_t i = 0; i < list->n; i++) {
        ast_field_t *f = AST(field, list->at[i]);
        type_t *t = type_resolve(c, s, f->type);
        fields[i] = (field_t){.name = f->name, .type = t, .at = f->name_at};
        good &= t->kind != TY_POISON;
        for (size_t k = 0; k < i; k++)
            if (fields[k].name == f->name) {
                diag_t *m = diag_add(c->diags, DIAG_field_twice, f->name_at, f->name);
                diag_note(m, "first at %s", diag_where(c->diags, fields[k].at, f->name_at));
                good = 0;
            }
        if (!f->value) continue;
        good &= expr_check(c, scope_file_of(s), f->value, t)->kind != TY_POISON &&
                const_check(c, f->value, "a default");
        fields[i].def = f->value;
    }
    if (list->n <= 255) return good;
    not_built(c, list->at[255]->span, "a record of more than 255 fields");
    return 0;
}

static type_t *resolve_record(check_t *c, scope_t *s, node_t *e, const char *name) {
    const nodes_t *list = &AST(type_record, e)->fields;
    field_t *fields;
    if (!resolve_fields(c, s, list, &fields)) return poison(c);
    type_t *t = type_record(c->types, name, fields, (uint32_t)list->n);
    return type_size_check(c, t, e->span) ? t : poison(c);
}

type_t *type_resolve(check_t *c, scope_t *s, node_t *e) {
    type_t *t = NULL;
    switch (e->kind) {
    case AST_type_name: t = resolve_name(c, s, e); break;
    case AST_type_scaled: t = resolve_scaled(c, e); break;
    case AST_type_pair: t = resolve_pair(c, s, e); break;
    case AST_type_list:
        t = type_resolve(c, s, AST(type_list, e)->elem);
        if (t->kind != TY_POISON) t = type_list(c->types, t);
        break;
    case AST_type_option:
        t = type_option(c->types, type_resolve(c, s, AST(type_option, e)->elem));
        break;
    case AST_type_record: t = resolve_record(c, s, e, NULL); break;
    default: flow_unreachable("kind of type as written");
    }
    return e->type = t;
}

/* ---- checking ---- */

static type_t *check_union(check_t *c, def_t *d, const nodes_t *list) {
    field_t *variants = ARENA_ARRAY(c->arena, field_t, list->n + 1);
    int good = 1;
    for (size_t i = 0; i < list->n; i++) {
        ast_variant_t *v = AST(variant, list->at[i]);
        field_t *fields;
        int fine = resolve_fields(c, d->scope, &v->fields, &fields);
        good &= fine;
        type_t *payload = type_record(c->types, NULL, fields, fine ? (uint32_t)v->fields.n : 0);
        variants[i] = (field_t){.name = v->name, .type = payload, .at = v->name_at};
        for (size_t k = 0; k < i; k++)
            if (variants[k].name == v->name) {
                diag_t *m = diag_add(c->diags, DIAG_variant_twice, v->name_at, v->name);
                diag_note(m, "first at %s", diag_where(c->diags, variants[k].at, v->name_at));
                good = 0;
            }
    }
    if (list->n > 255) {
        not_built(c, list->at[255]->span, "a type of more than 255 variants");
        good = 0;
    }
    if (!good) return poison(c);
    type_t *t = type_union(c->types, d->name, variants, (uint32_t)list->n);
    return type_size_check(c, t, d->at) ? t : poison(c);
}

static void check_type(check_t *c, def_t *d) {
    node_t *body = AST(decl_type, d->node)->body;
    if (body->kind != AST_type_union) {
        d->type = body->kind == AST_type_record ? resolve_record(c, d->scope, body, d->name)
                                                : type_resolve(c, d->scope, body);
        return;
    }
    const nodes_t *list = &AST(type_union, body)->variants;
    d->type = check_union(c, d, list);
    for (size_t i = 0; i < list->n; i++) list->at[i]->def->type = d->type;
}

static void check_variant(check_t *c, def_t *d) {
    def_t *type = d->node->def;
    if (type->state == DEF_NEW) decl_check(c, type);
    d->type = type->type ? type->type : poison(c);
}

static void check_const(check_t *c, def_t *d) {
    ast_decl_const_t *k = AST(decl_const, d->node);
    type_t *asked = k->type ? type_resolve(c, d->scope, k->type) : NULL;
    int before = diags_errors(c->diags);
    type_t *t = expr_check(c, d->scope, k->value, asked);
    d->type = asked ? asked : t;
    if (diags_errors(c->diags) > before || t->kind == TY_POISON) {
        d->type = asked ? asked : poison(c);
        return;
    }
    if (t->kind == TY_NONE && !asked) {
        diag_t *m = diag_add(c->diags, DIAG_type_unclear, k->value->span, "none");
        diag_help(m, "const %s: int? = none", d->name);
        d->type = poison(c);
        return;
    }
    if (!const_check(c, k->value, "a constant")) return;
    if (const_has_param(k->value)) {
        diag_t *m = diag_add(c->diags, DIAG_const_param, k->value->span);
        diag_help(m, "make it a function: fn %s(): %s = %s", d->name, tx(c, d->type),
                  expr_source(c, k->value));
        return;
    }
    d->value = const_eval_as(c, k->value, d->type);
    if (!d->value) d->type = poison(c); /* it has its message; uses need none */
}

static void check_param(check_t *c, def_t *d) {
    ast_decl_param_t *p = AST(decl_param, d->node);
    /* A size stands only where a setting or an option takes it: a param may give it. */
    int size = p->type->kind == AST_type_name && !strcmp(AST(type_name, p->type)->name, "size");
    d->type = size ? ty(c, TY_SIZE) : type_resolve(c, d->scope, p->type);
    if (!p->value || d->type->kind == TY_POISON) return;
    if (expr_check(c, d->scope, p->value, d->type)->kind != TY_POISON)
        const_check(c, p->value, "the default of a param");
}

static scope_t *check_params(check_t *c, def_t *d) {
    scope_t *s = scope_names(c->arena, d->scope);
    for (uint32_t i = 0; i < d->nparams; i++) {
        ast_param_t *p = AST(param, d->params[i]);
        for (uint32_t k = 0; k < i; k++)
            if (AST(param, d->params[k])->name == p->name)
                diag_add(c->diags, DIAG_param_twice, p->name_at, p->name);
        type_t *t = type_resolve(c, d->scope, p->type);
        p->node.def = scope_add(c->arena, s, DEF_FN_PARAM, p->name, t, p->name_at);
        p->node.def->node = &p->node;
        p->node.type = t;
        if (p->value && expr_check(c, d->scope, p->value, t)->kind != TY_POISON)
            const_check(c, p->value, "the default of a parameter");
    }
    return s;
}

static void check_fn(check_t *c, def_t *d) {
    ast_decl_fn_t *f = AST(decl_fn, d->node);
    vec_push(c->arena, &c->calling, d);
    scope_t *s = check_params(c, d);
    type_t *asked = f->result ? type_resolve(c, d->scope, f->result) : NULL;
    if (asked) d->type = asked;
    type_t *t = expr_check(c, s, f->body, asked);
    d->type = asked ? asked : t;
    if (t->kind == TY_NONE && !asked) {
        diag_t *m = diag_add(c->diags, DIAG_type_unclear, f->body->span, "none");
        diag_help(m, "say it: fn %s(…): int? = none", d->name);
        d->type = poison(c);
    }
    c->calling.n--;
}

/* Types that have a form in C (runtime/include/flow/extern.h). */
static int crosses(const type_t *t) {
    switch ((t->kind == TY_OPTION ? t->elem : t)->kind) {
    case TY_INT: case TY_FLOAT: case TY_BOOL: case TY_STRING: case TY_BYTES:
    case TY_TIMESTAMP: case TY_DURATION: case TY_POISON: return 1;
    default: return 0;
    }
}

static void say_crosses(check_t *c, const type_t *t, span_t at) {
    diag_t *m = diag_add(c->diags, DIAG_extern_type, at, tx(c, t));
    diag_note(m, "int, float, bool, string, bytes, timestamp and duration can, and these with `?`");
}

/* Arguments and the library of a function in C. */
enum { MOST_EXTERN_PARAMS = 32 };

static void check_extern(check_t *c, def_t *d) {
    ast_decl_extern_t *f = AST(decl_extern, d->node);
    check_params(c, d);
    for (uint32_t i = 0; i < d->nparams; i++)
        if (!crosses(d->params[i]->type))
            say_crosses(c, d->params[i]->type, AST(param, d->params[i])->type->span);
    d->type = type_resolve(c, d->scope, f->result);
    if (!crosses(d->type)) {
        say_crosses(c, d->type, f->result->span);
        d->type = poison(c);
    }
    if (d->nparams > MOST_EXTERN_PARAMS)
        diag_add(c->diags, DIAG_extern_params, d->at, arena_printf(c->arena, "%d", MOST_EXTERN_PARAMS));
    int bad = !f->library_n || f->library_n > 1000 || memchr(f->library, 0, f->library_n) != NULL;
    if (!bad) return;
    diag_t *m = diag_add(c->diags, DIAG_extern_library, f->library_at);
    diag_help(m, "`from \"lib%s.so\"`: a file beside the executable, or an absolute path", d->name);
}

/* Declarations that use each other in a chain are checked one inside the other; past
 * this depth the stack would be at risk. */
enum { MOST_DEPTH = 300 };

static int is_declared(const def_t *d) {
    return d->kind == DEF_TYPE || d->kind == DEF_CONST || d->kind == DEF_FN || d->kind == DEF_PARAM;
}

void decl_check(check_t *c, def_t *d) {
    if (d->state == DEF_BUSY && d->kind == DEF_CONST) {
        diag_add(c->diags, DIAG_const_cycle, d->at, d->name);
        if (!d->type) d->type = poison(c);
    }
    if (d->state != DEF_NEW) return;
    if (is_declared(d) && c->depth == MOST_DEPTH) {
        diag_add(c->diags, DIAG_chain, d->at, d->name, arena_printf(c->arena, "%d", MOST_DEPTH));
        d->type = poison(c);
        d->state = DEF_DONE;
        return;
    }
    d->state = DEF_BUSY;
    c->depth++;
    node_t *outer = c->outer; /* of the expression that uses it, not of its own */
    int condition = c->condition;
    c->outer = NULL;
    c->condition = 0;
    switch (d->kind) {
    case DEF_TYPE: check_type(c, d); break;
    case DEF_VARIANT: check_variant(c, d); break;
    case DEF_CONST: check_const(c, d); break;
    case DEF_PARAM: check_param(c, d); break;
    case DEF_FN: check_fn(c, d); break;
    case DEF_EXTERN_FN: check_extern(c, d); break;
    case DEF_MODEL:
        not_built(c, AST(decl_model, d->node)->word, "`model`");
        d->type = poison(c);
        break;
    case DEF_COLUMN: case DEF_LET: case DEF_LAMBDA_PARAM: case DEF_FN_PARAM:
    case DEF_CASE_BIND: case DEF_BUILTIN: case DEF_AGGREGATE: case DEF_AGG_LIST:
    case DEF_STEP: case DEF_FLOW: case DEF_MODULE: case DEF_STATE:
        break;
    }
    c->outer = outer;
    c->condition = condition;
    c->depth--;
    d->state = DEF_DONE;
}
