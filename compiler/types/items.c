/* items.c - items of `select`, `per` and `by`: which columns they make and how those are
 * called.
 *
 * `*` and `e.*` become ordinary items over name and member nodes made here, so later
 * stages know one kind of item only. */
#include "compiler/types/step_check.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/const.h"

const char *item_own_name(const node_t *value, int in_aggregate) {
    switch (value->kind) {
    case AST_name: return AST(name, value)->name;
    case AST_member: return AST(member, value)->name;
    case AST_call:
        return in_aggregate && expr_is_aggregate(value) ? AST(call, value)->fn : NULL;
    default: return NULL;
    }
}

void item_hides(flowck_t *f, const char *name, span_t at) {
    def_t *d = scope_find(f->base, name);
    if (!d) return;
    const char *what = d->kind == DEF_CONST ? "constant"
                       : d->kind == DEF_PARAM ? "param"
                       : d->kind == DEF_FN_PARAM ? "parameter"
                       : d->kind == DEF_MODEL ? "model" : NULL;
    if (!what) return;
    check_t *c = f->c;
    d->used = 1; /* one warning is enough: that nothing reads it follows */
    diag_t *m = diag_add(c->diags, DIAG_hides, at, name, what,
                         arena_printf(c->arena, "%d", diag_line_of(c->diags, d->at)));
    diag_help(m, "rename one of them");
}

/* A name that says what is computed: of a division of milliseconds, of a call, of the
 * first column in it. */
static const char *suggest_name(flowck_t *f, const node_t *value) {
    if (value->kind == AST_binary) {
        const ast_binary_t *b = AST(binary, value);
        if (b->op == BINARY_DIV && b->left->kind == AST_name && b->right->kind == AST_int &&
            AST(int, b->right)->value == 1000 && !strcmp(AST(name, b->left)->name, "ms"))
            return "secs";
    }
    if (value->kind == AST_call) {
        const char *fn = AST(call, value)->fn;
        if (type_field(f->st.row, fn) < 0) return fn;
    }
    return "value";
}

void item_unnamed(flowck_t *f, const node_t *value) {
    diag_t *m = diag_add(f->c->diags, DIAG_column_unnamed, value->span);
    diag_help(m, "give it one: `%s = %s`", suggest_name(f, value),
              diag_source(f->c->diags, value->span));
}

int item_column_type(flowck_t *f, const node_t *value, const type_t *t) {
    const char *why = column_fault(t);
    if (!why) return 1;
    diag_t *m = diag_add(f->c->diags, DIAG_no_column_type, value->span,
                         type_text(f->c->arena, t));
    diag_note(m, "%s", why);
    return 0;
}

static void add_item(flowck_t *f, titems_t *out, columns_t *cols, const char *name,
                     node_t *value, span_t at, span_t given) {
    type_t *t = item_column_type(f, value, value->type)
                    ? value->type : type_basic(f->c->types, TY_POISON);
    if (!columns_add(f->c, cols, name, t, at, given)) return;
    titem_t item = {.name = name, .expr = value, .type = t, .at = given};
    vec_push(f->c->arena, out, item);
}

static void select_all(flowck_t *f, const node_t *star, titems_t *out, columns_t *cols) {
    for (uint32_t i = 0; i < f->st.row->nfields; i++) {
        const char *name = f->st.row->fields[i].name;
        ast_name_t *n = ast_new(f->c->arena, name, star->span);
        n->name = name;
        n->name_at = star->span;
        expr_check(f->c, f->scope, &n->node, NULL);
        add_item(f, out, cols, name, &n->node, f->st.at[i], star->span);
    }
}

/* `e.*` of a record, of a T? (each field T? then), or of a narrowed variant. */
static void select_spread(flowck_t *f, ast_item_spread_t *s, titems_t *out, columns_t *cols) {
    type_t *t = expr_check(f->c, f->scope, s->value, NULL);
    if (t->kind == TY_POISON) return;
    type_t *rec = type_strip(t);
    if (rec->kind != TY_RECORD) {
        diag_t *m = diag_add(f->c->diags, DIAG_spread, s->node.span, type_text(f->c->arena, t));
        if (rec->kind == TY_UNION && rec->nfields)
            diag_help(m, "say which variant first: `|> where %s is %s`",
                      diag_source(f->c->diags, s->value->span), rec->fields[0].name);
        else diag_help(m, "only a record has fields; write the value alone");
        return;
    }
    for (uint32_t i = 0; i < rec->nfields; i++) {
        ast_member_t *n = ast_new(f->c->arena, member, s->node.span);
        n->value = ast_clone(f->c->arena, s->value);
        n->name = rec->fields[i].name;
        n->name_at = s->node.span;
        n->safe = t->kind == TY_OPTION;
        expr_check(f->c, f->scope, &n->node, NULL);
        span_t at = rec->fields[i].at;
        add_item(f, out, cols, n->name, &n->node, at.end ? at : s->node.span, s->node.span);
    }
}

static void select_item(flowck_t *f, ast_item_t *it, titems_t *out, columns_t *cols) {
    if (it->when) {
        diag_t *m = diag_add(f->c->diags, DIAG_when_place, it->when->span);
        diag_help(m, "filter with `|> where …`, or choose with `if … then … else …`");
    }
    type_t *t = expr_check(f->c, f->scope, it->value, NULL);
    const char *name = it->name ? it->name : item_own_name(it->value, 0);
    span_t at = it->name ? it->name_at : it->value->span;
    if (it->name) item_hides(f, it->name, it->name_at);
    if (!name && t->kind == TY_POISON) return; /* one error for it is enough */
    if (!name) item_unnamed(f, it->value);
    else add_item(f, out, cols, name, it->value, at, at);
}

void items_select(flowck_t *f, const nodes_t *list, titems_t *out, columns_t *cols) {
    for (size_t i = 0; i < list->n; i++) {
        node_t *n = list->at[i];
        if (n->kind == AST_item_all) select_all(f, n, out, cols);
        else if (n->kind == AST_item_spread)
            select_spread(f, AST(item_spread, n), out, cols);
        else select_item(f, AST(item, n), out, cols);
    }
}

int item_is_named(const node_t *item) {
    return item->kind == AST_item && AST(item, item)->name;
}

/* May rows be told apart by values of this type? */
static int key_type(flowck_t *f, const node_t *value, const type_t *t) {
    if (t->kind == TY_NONE) {
        diag_add(f->c->diags, DIAG_key_none, value->span);
        return 0;
    }
    return item_column_type(f, value, t);
}

static void key_item(flowck_t *f, ast_item_t *it, int named, titems_t *out) {
    if (it->when) {
        diag_t *m = diag_add(f->c->diags, DIAG_when_place, it->when->span);
        diag_help(m, "filter with `|> where …` before this step");
    }
    type_t *t = expr_check(f->c, f->scope, it->value, NULL);
    const char *name = it->name ? it->name : item_own_name(it->value, 0);
    if (it->name) item_hides(f, it->name, it->name_at);
    if (!name && named) {
        if (t->kind != TY_POISON) item_unnamed(f, it->value);
        return;
    }
    if (!key_type(f, it->value, t)) t = type_basic(f->c->types, TY_POISON);
    titem_t item = {.name = name, .expr = it->value, .type = t,
                    .at = it->name ? it->name_at : it->value->span};
    vec_push(f->c->arena, out, item);
}

/* `per e.*`: every field is a key. */
static void key_spread(flowck_t *f, ast_item_spread_t *s, titems_t *out) {
    columns_t cols = {0};
    titems_t items = {0};
    select_spread(f, s, &items, &cols);
    for (size_t i = 0; i < items.n; i++) {
        if (!key_type(f, items.at[i].expr, items.at[i].type)) continue;
        vec_push(f->c->arena, out, items.at[i]);
    }
}

void items_keys(flowck_t *f, const nodes_t *per, int named, titems_t *out) {
    for (size_t i = 0; i < per->n; i++) {
        node_t *n = per->at[i];
        if (n->kind == AST_item) {
            key_item(f, AST(item, n), named, out);
        } else if (n->kind == AST_item_spread) {
            key_spread(f, AST(item_spread, n), out);
        } else {
            diag_t *m = diag_add(f->c->diags, DIAG_key_all, n->span);
            diag_help(m, "name the columns that make the key");
        }
    }
}

torder_t *items_orders(flowck_t *f, const nodes_t *by) {
    torder_t *out = ARENA_ARRAY(f->c->arena, torder_t, by->n + 1);
    for (size_t i = 0; i < by->n; i++) {
        ast_order_t *o = AST(order, by->at[i]);
        type_t *t = expr_check(f->c, f->scope, o->key, NULL);
        out[i] = (torder_t){o->key, o->desc};
        if (t->kind == TY_POISON || type_is_ordered(type_strip(t))) continue; /* none: last */
        diag_add(f->c->diags, DIAG_order_type, o->key->span, type_text(f->c->arena, t));
    }
    return out;
}
