/* fmt_type.c - types and fields. */
#include <inttypes.h>

#include "compiler/base/check.h"
#include "compiler/syntax/fmt_out.h"

void fmt_field(fmt_t *f, const node_t *n) {
    const ast_field_t *x = AST(field, n);
    fmt_name(f, x->name);
    fmt_put(f, ": ");
    fmt_type(f, x->type);
    if (!x->value) return;
    fmt_put(f, " = ");
    fmt_expr(f, x->value);
}

void fmt_fields(fmt_t *f, const nodes_t *fields) {
    fmt_put(f, "{ ");
    fmt_list(f, fields, fmt_field, 2);
    fmt_put(f, " }");
}

static void scaled(fmt_t *f, const ast_type_scaled_t *t) {
    char numbers[64];
    fmt_ident(f, t->name);
    snprintf(numbers, sizeof numbers, "(%" PRId64 ", %" PRId64 ")", t->precision, t->scale);
    fmt_put(f, numbers);
}

static void pair(fmt_t *f, const ast_type_pair_t *t) {
    fmt_ident(f, t->name);
    fmt_put(f, "<");
    fmt_type(f, t->key);
    fmt_put(f, ", ");
    fmt_type(f, t->value);
    fmt_put(f, ">");
}

void fmt_type(fmt_t *f, const node_t *n) {
    switch ((int)n->kind) {
    case AST_type_name: fmt_type_name(f, AST(type_name, n)->name); break;
    case AST_type_scaled: scaled(f, AST(type_scaled, n)); break;
    case AST_type_pair: pair(f, AST(type_pair, n)); break;
    case AST_type_record: fmt_fields(f, &AST(type_record, n)->fields); break;
    case AST_type_list:
        fmt_put(f, "[");
        fmt_type(f, AST(type_list, n)->elem);
        fmt_put(f, "]");
        break;
    case AST_type_option:
        fmt_type(f, AST(type_option, n)->elem);
        fmt_put(f, "?");
        break;
    default: flow_unreachable("a type of no kind");
    }
}

void fmt_param(fmt_t *f, const node_t *n) {
    const ast_param_t *x = AST(param, n);
    fmt_ident(f, x->name);
    fmt_put(f, ": ");
    fmt_type(f, x->type);
    if (!x->value) return;
    fmt_put(f, " = ");
    fmt_expr(f, x->value);
}
