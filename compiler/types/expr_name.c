/* expr_name.c - names, fields, records, constructors and `is`.
 *
 * A name's type is what is known where it stands: the narrowest fact of the scopes around
 * it, else its definition's.  The same holds for a path of fields that starts at a name. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/builtins.h"
#include "compiler/types/expr_parts.h"

int expr_path(const node_t *e, path_t *out) {
    if (e->kind == AST_name) {
        out->def = e->def;
        out->n = 0;
        return e->def != NULL;
    }
    if (e->kind != AST_member || !expr_path(AST(member, e)->value, out)) return 0;
    if (out->n == PATH_FIELDS) return 0;
    out->names[out->n++] = AST(member, e)->name;
    return 1;
}

/* ---- names ---- */

static type_t *say_not_value(check_t *c, scope_t *s, const char *name, span_t at) {
    diag_t *m;
    if (fn_named(name) >= 0 || agg_named(name) >= 0 || scope_find_in(s, NS_FN, name)) {
        m = diag_add(c->diags, DIAG_not_a_value, at, name, "a function");
        diag_help(m, "call it: %s(…)", name);
    } else if (scope_find_in(s, NS_FLOW, name)) {
        diag_add(c->diags, DIAG_not_a_value, at, name, "a flow");
    } else if (scope_find_in(s, NS_MODULE, name)) {
        m = diag_add(c->diags, DIAG_not_a_value, at, name, "a module");
        diag_help(m, "name what you want of it: %s.…", name);
    } else {
        expr_unknown_name(c, s, at, name);
    }
    return poison(c);
}

/* In the items of `aggregate`: a column of the rows that is no key. */
static type_t *say_not_key(check_t *c, const char *name, span_t at) {
    diag_t *m = diag_add(c->diags, DIAG_not_a_key, at, name);
    diag_help(m, "add it to the keys (`per …, %s`) or aggregate it (`%s = last(%s)`)", name,
              name, name);
    return poison(c);
}

static type_t *use_def(check_t *c, scope_t *s, node_t *e, def_t *d) {
    decl_check(c, d);
    d->used = 1;
    e->def = d;
    if (d->kind == DEF_MODEL) {
        diag_add(c->diags, DIAG_not_a_value, e->span, d->name, "a model");
        return poison(c);
    }
    type_t *narrow = scope_narrowed(s, d, NULL, 0);
    return narrow ? narrow : d->type ? d->type : poison(c);
}

type_t *expr_name(check_t *c, scope_t *s, node_t *e, type_t *hint) {
    (void)hint;
    const char *name = AST(name, e)->name;
    def_t *d = scope_find(s, name);
    if (d) return use_def(c, s, e, d);
    scope_t *items = scope_items_of(s);
    if (items && scope_find(items->rows, name)) return say_not_key(c, name, e->span);
    return say_not_value(c, s, name, e->span);
}

/* ---- members ---- */

static type_t *module_member(check_t *c, scope_t *s, node_t *e, def_t *module) {
    ast_member_t m = *AST(member, e);
    def_t *d = scope_find_in(module->scope, NS_VALUE, m.name);
    if (!d) {
        const char **names;
        size_t n = scope_all(c->arena, module->scope, NS_VALUE, &names);
        diag_t *msg = diag_add(c->diags, DIAG_not_in_module, m.name_at, module->name, m.name);
        help_nearest(msg, m.name, names, n);
        return poison(c);
    }
    _Static_assert(sizeof(ast_name_t) <= sizeof(ast_member_t), "a member becomes a name");
    e->kind = AST_name;
    AST(name, e)->name = m.name;
    AST(name, e)->name_at = m.name_at;
    return use_def(c, s, e, d);
}

static type_t *say_no_field(check_t *c, node_t *e, const type_t *t) {
    ast_member_t *m = AST(member, e);
    diag_t *d;
    if (t->kind == TY_UNION) {
        d = diag_add(c->diags, DIAG_union_field, m->name_at, tx(c, t));
        diag_help(d, "narrow it: `if %s is %s then …`, or use `case`",
                  expr_source(c, m->value), t->fields[0].name);
        return poison(c);
    }
    if (t->kind != TY_RECORD) {
        d = diag_add(c->diags, DIAG_no_fields, m->name_at, tx(c, t));
        if (fn_named(m->name) >= 0 || agg_named(m->name) >= 0)
            diag_help(d, "%s(%s)", m->name, expr_source(c, m->value));
        else if (t->kind == TY_MAP)
            diag_help(d, "%s[\"%s\"]", expr_source(c, m->value), m->name);
        return poison(c);
    }
    d = diag_add(c->diags, DIAG_no_field, m->name_at, m->name);
    diag_line(d, "here: %s", expr_columns_text(c, t, 12));
    const char **names = ARENA_ARRAY(c->arena, const char *, t->nfields + 1);
    for (uint32_t i = 0; i < t->nfields; i++) names[i] = t->fields[i].name;
    help_nearest(d, m->name, names, t->nfields);
    return poison(c);
}

/* The field's type in a record, or in each record of a list; null after a diagnostic. */
static type_t *field_of(check_t *c, node_t *e, type_t *t) {
    const char *name = AST(member, e)->name;
    int list = t->kind == TY_LIST && t->elem->kind == TY_RECORD;
    type_t *record = list ? t->elem : t;
    int i = record->kind == TY_RECORD ? type_field(record, name) : -1;
    if (i < 0) {
        say_no_field(c, e, record);
        return NULL;
    }
    type_t *field = record->fields[i].type;
    return list ? type_list(c->types, field) : field;
}

type_t *expr_member(check_t *c, scope_t *s, node_t *e, type_t *hint) {
    (void)hint;
    ast_member_t *m = AST(member, e);
    if (m->value->kind == AST_name && !scope_find(s, AST(name, m->value)->name)) {
        def_t *module = scope_find_in(s, NS_MODULE, AST(name, m->value)->name);
        if (module) return module_member(c, s, e, module);
        if (expr_is_unformed(s, AST(name, m->value)->name)) {
            expr_unknown_name(c, s, e->span, AST(name, m->value)->name);
            return poison(c);
        }
    }
    type_t *t = expr_infer(c, s, m->value, NULL);
    if (t->kind == TY_POISON) return t;
    int maybe = t->kind == TY_OPTION;
    if (maybe && !m->safe) {
        diag_t *d = diag_add(c->diags, DIAG_may_be_missing, m->value->span,
                             expr_source(c, m->value), tx(c, t));
        note_declared(c, d, m->value);
        diag_help(d, "`%s?.%s`, which is none then", expr_source(c, m->value), m->name);
        return poison(c);
    }
    type_t *field = field_of(c, e, type_strip(t));
    if (!field) return poison(c);
    path_t path;
    if (expr_path(e, &path)) {
        type_t *narrow = scope_narrowed(s, path.def, path.names, path.n);
        if (narrow) return narrow;
    }
    return maybe ? type_option(c->types, field) : field;
}

/* ---- records ---- */

typedef struct cells {
    field_t *fields;
    uint32_t n, cap;
} cells_t;

static void add_cell(check_t *c, cells_t *cells, const char *name, type_t *t, span_t at) {
    for (uint32_t i = 0; i < cells->n; i++)
        if (cells->fields[i].name == name) {
            diag_t *m = diag_add(c->diags, DIAG_field_twice, at, name);
            diag_note(m, "first at %s", diag_where(c->diags, cells->fields[i].at, at));
            return;
        }
    if (cells->n == cells->cap) {
        field_t *old = cells->fields;
        cells->cap = cells->cap ? cells->cap * 2 : 8;
        cells->fields = ARENA_ARRAY(c->arena, field_t, cells->cap);
        if (cells->n) memcpy(cells->fields, old, sizeof *old * cells->n);
    }
    cells->fields[cells->n++] = (field_t){.name = name, .type = t, .at = at};
}

static int spread(check_t *c, scope_t *s, node_t *cell, cells_t *cells) {
    node_t *value = AST(cell_spread, cell)->value;
    type_t *t = expr_infer(c, s, value, NULL), *record = type_strip(t);
    cell->type = t;
    if (t->kind == TY_POISON) return 0;
    if (record->kind != TY_RECORD) {
        diag_t *m = diag_add(c->diags, DIAG_spread, value->span, tx(c, t));
        if (record->kind == TY_UNION)
            diag_help(m, "narrow it first: `if %s is %s then …`", expr_source(c, value),
                      record->fields[0].name);
        return 0;
    }
    for (uint32_t i = 0; i < record->nfields; i++) {
        type_t *field = record->fields[i].type;
        add_cell(c, cells, record->fields[i].name,
                 t == record ? field : type_option(c->types, field), value->span);
    }
    return 1;
}

type_t *expr_record(check_t *c, scope_t *s, node_t *e, type_t *hint) {
    nodes_t *list = &AST(record, e)->cells;
    type_t *place = hint ? type_strip(hint) : NULL;
    cells_t cells = {0};
    int good = 1;
    for (size_t i = 0; i < list->n; i++) {
        if (list->at[i]->kind == AST_cell_spread) {
            good &= spread(c, s, list->at[i], &cells);
            continue;
        }
        ast_cell_t *cell = AST(cell, list->at[i]);
        int k = place && place->kind == TY_RECORD ? type_field(place, cell->name) : -1;
        type_t *asked = k >= 0 ? place->fields[k].type : NULL;
        type_t *t = expr_check(c, s, cell->value, asked);
        cell->node.type = t;
        good &= t->kind != TY_POISON;
        add_cell(c, &cells, cell->name, t, cell->name_at);
    }
    if (cells.n > 255) {
        not_built(c, e->span, "a record of more than 255 fields");
        return poison(c);
    }
    if (!good) return poison(c);
    type_t *t = type_record(c->types, NULL, cells.fields, cells.n);
    return type_size_check(c, t, e->span) ? t : poison(c);
}

/* ---- variants ---- */

static def_t *one_of(const type_t *place, def_t **found, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (found[i]->type == place) return found[i];
    return NULL;
}

def_t *expr_variant(check_t *c, scope_t *s, const char *name, span_t at, const type_t *place) {
    def_t *found[8];
    size_t n = scope_variants(s, name, found, 8);
    for (size_t i = 0; i < n; i++) decl_check(c, found[i]);
    while (place && place->kind == TY_OPTION) place = place->elem;
    if (place && type_is_variant(place)) place = place->elem;
    if (place && place->kind == TY_UNION) {
        def_t *d = one_of(place, found, n);
        if (d) return d;
        diag_t *m = diag_add(c->diags, DIAG_no_variant, at, tx(c, place), name);
        const char **names = ARENA_ARRAY(c->arena, const char *, place->nfields + 1);
        for (uint32_t i = 0; i < place->nfields; i++) names[i] = place->fields[i].name;
        diag_line(m, "it has: %s", expr_names_text(c, names, place->nfields, 12));
        help_nearest(m, name, names, place->nfields);
        return NULL;
    }
    /* Without a place a type of the program's own goes before that of `changes`. */
    for (size_t i = 0; n > 1 && i < n; i++)
        if (found[i]->type == c->change) found[i--] = found[--n];
    if (n == 1) return found[0];
    if (n > 1) {
        diag_t *m = diag_add(c->diags, DIAG_variant_of_several, at, name, tx(c, found[0]->type),
                             tx(c, found[1]->type));
        diag_help(m, "let its place decide: compare it with, or pass it for, a value of one type");
        return NULL;
    }
    const char **names;
    size_t all = scope_all(c->arena, s, NS_VARIANT, &names);
    diag_t *m = diag_add(c->diags, DIAG_variant_unknown, at, name);
    help_nearest(m, name, names, all);
    return NULL;
}

/* Sorts the arguments of a constructor into fields and checks them; node args then are
 * the fields in order. */
static int make_args(check_t *c, scope_t *s, ast_make_t *e, const type_t *record) {
    node_t **values = ARENA_ARRAY(c->arena, node_t *, record->nfields + 1);
    int good = 1;
    for (size_t i = 0; i < e->args.n; i++) {
        ast_arg_t *a = AST(arg, e->args.at[i]);
        int k = a->name ? type_field(record, a->name) : (int)i;
        if (!a->name) {
            diag_t *m = diag_add(c->diags, DIAG_field_name_missing, a->value->span, e->name);
            if (k < (int)record->nfields)
                diag_help(m, "%s = %s", record->fields[k].name, expr_source(c, a->value));
            k = -1;
        } else if (k < 0) {
            diag_t *m = diag_add(c->diags, DIAG_no_field, a->name_at, a->name);
            diag_line(m, "%s has: %s", e->name, expr_columns_text(c, record, 12));
        } else if (values[k]) {
            diag_add(c->diags, DIAG_field_twice, a->name_at, a->name);
        }
        type_t *t = expr_check(c, s, a->value, k >= 0 ? record->fields[k].type : NULL);
        good &= k >= 0 && t->kind != TY_POISON;
        if (k >= 0) values[k] = a->value;
    }
    nodes_t args = {0};
    const char *missing = NULL;
    for (uint32_t i = 0; i < record->nfields; i++) {
        const field_t *f = &record->fields[i];
        if (!values[i] && f->def) values[i] = f->def;
        if (!values[i] && f->type->kind == TY_OPTION) {
            values[i] = ast_new_node(c->arena, AST_none, e->node.span);
            values[i]->type = f->type;
        }
        if (!values[i])
            missing = missing ? arena_printf(c->arena, "%s, %s", missing, f->name) : f->name;
        ast_arg_t *a = ast_new(c->arena, arg, e->node.span);
        a->value = values[i];
        nodes_push(c->arena, &args, &a->node);
    }
    if (missing && good) {
        diag_t *m = diag_add(c->diags, DIAG_fields_missing, e->node.span, e->name, missing);
        diag_line(m, "%s has: %s", e->name, expr_columns_text(c, record, 12));
        good = 0;
    }
    if (good) e->args = args;
    return good;
}

static type_t *make_record(check_t *c, scope_t *s, node_t *e, def_t *type) {
    ast_make_t *m = AST(make, e);
    decl_check(c, type);
    e->def = type;
    if (!type->type || type->type->kind == TY_POISON) return poison(c);
    if (type->type->kind != TY_RECORD || !m->called) {
        diag_t *d = diag_add(c->diags, DIAG_not_a_value, e->span, m->name, "a type");
        if (type->type->kind == TY_RECORD)
            diag_help(d, "give its fields: %s(…)", m->name);
        else if (type->type->kind == TY_UNION)
            diag_help(d, "give a variant: %s", type->type->fields[0].name);
        return poison(c);
    }
    return make_args(c, s, m, type->type) ? type->type : poison(c);
}

type_t *expr_make(check_t *c, scope_t *s, node_t *e, type_t *hint) {
    ast_make_t *m = AST(make, e);
    def_t *two[2];
    size_t n = scope_variants(s, m->name, two, 2);
    def_t *type = scope_find_in(s, NS_TYPE, m->name);
    if (type && (!n || (n == 1 && two[0]->type == c->change)))
        return make_record(c, s, e, type);
    const type_t *place = hint ? type_strip(hint) : NULL;
    if (place && type_is_variant(place)) place = place->elem;
    if (place && place->kind != TY_UNION) place = NULL;
    def_t *d = expr_variant(c, s, m->name, e->span, place);
    if (!d || !d->type || d->type->kind != TY_UNION) return poison(c);
    e->def = d;
    type_t *payload = d->type->fields[d->index].type;
    if (!m->called && payload->nfields) {
        diag_t *msg = diag_add(c->diags, DIAG_fields_missing, e->span, m->name,
                               expr_columns_text(c, payload, 12));
        diag_help(msg, "%s(%s = …)", m->name, payload->fields[0].name);
        return poison(c);
    }
    return make_args(c, s, m, payload) ? d->type : poison(c);
}

/* ---- is ---- */

type_t *expr_is(check_t *c, scope_t *s, node_t *e, type_t *hint) {
    (void)hint;
    ast_is_t *i = AST(is, e);
    type_t *t = expr_infer(c, s, i->value, NULL);
    if (t->kind == TY_POISON) return ty(c, TY_BOOL); /* a bool all the same */
    if (!i->variant) {
        if (t->kind != TY_OPTION && t->kind != TY_NONE) {
            diag_t *m = diag_add(c->diags, DIAG_never_missing, e->span,
                                 expr_source(c, i->value), tx(c, t));
            diag_help(m, "the answer is always %s", i->negated ? "true" : "false");
        }
        return ty(c, TY_BOOL);
    }
    type_t *u = type_strip(t);
    if (type_is_variant(u)) u = u->elem;
    if (u->kind != TY_UNION) {
        diag_t *m = diag_add(c->diags, DIAG_is_union, i->value->span, tx(c, t));
        diag_help(m, "`is` asks which variant of a type A | B a value is, or whether it is none");
        return ty(c, TY_BOOL);
    }
    e->def = expr_variant(c, s, i->variant, i->variant_at, u);
    return e->def ? ty(c, TY_BOOL) : poison(c);
}
