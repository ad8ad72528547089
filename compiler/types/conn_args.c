/* conn_args.c - arguments of connectors.
 *
 * The format is found first, even where `format` is misspelt, because it decides which
 * options there are.  An unknown option lists what can be given and makes one guess. */
#include "compiler/types/conn_args.h"

#include <stdio.h>
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/const.h"
#include "compiler/types/opt.h"

typedef VEC(const opt_info *) rows_t;

static void add_rows(check_t *c, const char *of, rows_t *out) {
    size_t n;
    const opt_info *rows = option_rows(&n);
    for (size_t i = 0; i < n; i++)
        if (!strcmp(rows[i].of, of)) vec_push(c->arena, out, &rows[i]);
}

static const opt_info *find_row(const rows_t *rows, const char *name) {
    for (size_t i = 0; i < rows->n; i++)
        if (!strcmp(rows->at[i]->name, name)) return rows->at[i];
    return NULL;
}

static const char *nearest_row(check_t *c, const rows_t *rows, const char *name) {
    const char **names = ARENA_ARRAY(c->arena, const char *, rows->n + 1);
    for (size_t i = 0; i < rows->n; i++) names[i] = rows->at[i]->name;
    return diag_nearest(name, names, rows->n);
}

static void add_format_rows(check_t *c, format_id format, rows_t *out) {
    add_rows(c, arena_printf(c->arena, "format_%s", format_row(format)->name), out);
    if (format_row(format)->lines) add_rows(c, "lines", out);
}

/* Does this argument mean `format`?  Misspelt counts. */
static int means_format(check_t *c, const rows_t *own, const ast_arg_t *a) {
    if (!a->name) return 0;
    const char *guess = find_row(own, a->name) ? a->name : nearest_row(c, own, a->name);
    return guess && !strcmp(guess, "format");
}

static void find_format(flowck_t *f, conn_use_t *use, const rows_t *own, tconnector_t *out) {
    out->format = use->form;
    for (size_t i = 0; i < use->args->n && !use->format_arg; i++) {
        ast_arg_t *a = AST(arg, use->args->at[i]);
        if (!means_format(f->c, own, a)) continue;
        use->format_arg = a->value;
        format_id id = FORMAT_none;
        if (a->value->kind == AST_name) id = format_named(AST(name, a->value)->name);
        if (id == FORMAT_none && a->value->kind == AST_string) {
            /* In quotes: wrong, but it is clear what is meant. */
            id = format_named(AST(string, a->value)->value);
        }
        if (id == FORMAT_none) use->format_fault = 1;
        else out->format = id;
    }
}

/* "kafka takes brokers, group, and json's tag, time, utf8" */
static const char *takes_text(check_t *c, const conn_use_t *use, const rows_t *own,
                              const rows_t *form, format_id format) {
    buf_t b;
    buf_init(&b, c->arena);
    buf_printf(&b, "%s takes ", use->name);
    for (size_t i = 0; i < own->n; i++)
        buf_printf(&b, "%s%s", i ? ", " : "", own->at[i]->name);
    if (!own->n) buf_str(&b, "no options");
    for (size_t i = 0; i < form->n; i++) {
        if (!i) buf_printf(&b, ", and %s's ", format_row(format)->name);
        buf_printf(&b, "%s%s", i ? ", " : "", form->at[i]->name);
    }
    return buf_text(&b);
}

/* Another format that has the option, or null. */
static const char *format_with(const char *name) {
    size_t n;
    const opt_info *rows = option_rows(&n);
    for (size_t i = 0; i < n; i++)
        if (!strncmp(rows[i].of, "format_", 7) && !strcmp(rows[i].name, name))
            return rows[i].of + 7;
    return NULL;
}

/* An option of formats whose rows are text, where the format is another. */
static int is_of_lines(check_t *c, format_id format, const char *name) {
    rows_t rows = {0};
    add_rows(c, "lines", &rows);
    return format != FORMAT_none && !format_row(format)->lines && find_row(&rows, name);
}

static void unknown_option(flowck_t *f, const conn_use_t *use, const rows_t *own,
                           const rows_t *form, format_id format, const ast_arg_t *a) {
    check_t *c = f->c;
    diag_t *m = diag_add(c->diags, DIAG_no_option, a->name_at, use->name, a->name);
    diag_note(m, "%s", takes_text(c, use, own, form, format));
    rows_t all = {0};
    for (size_t i = 0; i < own->n; i++) vec_push(c->arena, &all, own->at[i]);
    for (size_t i = 0; i < form->n; i++) vec_push(c->arena, &all, form->at[i]);
    const char *other = format_with(a->name), *guess = nearest_row(c, &all, a->name);
    if (other && (form->n || use->format_arg))
        diag_help(m, "`%s` belongs to %s: add `format = %s`", a->name, other, other);
    else if (is_of_lines(c, format, a->name))
        diag_help(m, "`%s` is for formats that are text: leave it out%s", a->name,
                  strcmp(a->name, "time") ? "" : "; times are in microseconds");
    else if (guess) diag_help(m, "did you mean `%s`?", guess);
}

/* `key = [user, url]`: places of columns in the row. */
static int column_list(flowck_t *f, const opt_info *row, node_t *e, toption_t *out) {
    check_t *c = f->c;
    *out = (toption_t){.info = row, .given = 1};
    if (e->kind != AST_list) {
        diag_t *m = diag_add(c->diags, DIAG_opt_columns, e->span, row->name);
        if (e->kind == AST_name) diag_help(m, "%s = [%s]", row->name, AST(name, e)->name);
        return 0;
    }
    ast_list_t *l = AST(list, e);
    int *places = ARENA_ARRAY(c->arena, int, l->elements.n + 1), good = 1;
    for (size_t i = 0; i < l->elements.n; i++) {
        node_t *n = l->elements.at[i];
        int col = n->kind == AST_name ? type_field(f->st.row, AST(name, n)->name) : -1;
        places[i] = col;
        if (col >= 0) continue;
        good = 0;
        if (n->kind == AST_name) {
            expr_unknown_name(c, f->scope, n->span, AST(name, n)->name);
        } else {
            diag_t *m = diag_add(c->diags, DIAG_opt_columns, n->span, row->name);
            diag_help(m, "make it a column first: `|> let x = …`");
        }
    }
    out->columns = places;
    out->ncolumns = l->elements.n;
    return good;
}

static void check_option(flowck_t *f, conn_use_t *use, const opt_info *row, ast_arg_t *a,
                         toption_t *out) {
    if (row->type == OPT_columns) {
        column_list(f, row, a->value, out);
    } else if (row->type == OPT_row) {
        *out = (toption_t){.info = row, .expr = a->value, .given = 1};
        expr_check(f->c, f->scope, a->value, type_basic(f->c->types, TY_STRING));
    } else if (!opt_check(f->c, f->scope, row, a->value, out)) {
        if (a->value == use->format_arg) use->format_fault = 1;
    }
    int later = !row->built;
    if (row->type == OPT_format && out->word) later = !format_row(format_named(out->word))->built;
    if (later && !use->later) use->later = a;
}

/* ---- the argument without a name ---- */

static const char *pos_what(const conn_use_t *use) {
    switch (use->pos) {
    case POS_none: return "";
    case POS_text:
        if (!strcmp(use->name, "file") || !strcmp(use->name, "watch")) return "a path";
        return !strcmp(use->name, "queue") ? "a name" : "an address";
    case POS_rate: return "the number of rows per second";
    case POS_lambda: return "a function of the row's number";
    case POS_topics: return "a topic";
    }
    flow_unreachable("argument kind");
}

static void check_pos_text(flowck_t *f, conn_use_t *use, tconnector_t *out) {
    cval_t *v = NULL;
    const char *what = arena_printf(f->c->arena, "the argument of `%s`", use->name);
    if (!check_constant(f, out->pos, TY_STRING, what, &v) || !v) return;
    out->pos_value = v;
    const char *s = (const char *)(uintptr_t)v->w[0];
    size_t n = (size_t)v->w[1];
    if (!n) diag_add(f->c->diags, DIAG_pos_empty, out->pos->span, use->name);
    else if (memchr(s, '\0', n)) diag_add(f->c->diags, DIAG_opt_nul, out->pos->span, use->name);
}

/* `fn(i) = { … }`: checked here, since it stands in no call of a function. */
static void check_pos_lambda(flowck_t *f, tconnector_t *out) {
    check_t *c = f->c;
    if (out->pos->kind != AST_lambda || AST(lambda, out->pos)->params.n != 1) {
        diag_t *m = diag_add(c->diags, DIAG_generate_fn, out->pos->span);
        diag_help(m, "generate(fn(i) = { id = i, price = float(i) * 0.5 })");
        return;
    }
    ast_lambda_t *l = AST(lambda, out->pos);
    ast_lambda_param_t *p = AST(lambda_param, l->params.at[0]);
    scope_t *s = scope_names(c->arena, f->base);
    def_t *d = scope_add(c->arena, s, DEF_LAMBDA_PARAM, p->name,
                         type_basic(c->types, TY_INT), p->name_at);
    d->node = &p->node;
    p->node.def = d;
    p->node.type = d->type;
    type_t *t = expr_check(c, s, l->body, NULL);
    if (t->kind == TY_POISON) return;
    if (t->kind != TY_RECORD) {
        diag_t *m = diag_add(c->diags, DIAG_generate_row, l->body->span);
        diag_label(m, "%s", type_text(c->arena, t));
        diag_help(m, "`{ value = %s }`", diag_source(c->diags, l->body->span));
        return;
    }
    out->record = t;
}

static void check_pos(flowck_t *f, conn_use_t *use, tconnector_t *out) {
    check_t *c = f->c;
    switch (use->pos) {
    case POS_none: return;
    case POS_text: check_pos_text(f, use, out); return;
    case POS_rate:
        check_count(f, out->pos, "the rate", &out->pos_value);
        return;
    case POS_lambda: check_pos_lambda(f, out); return;
    case POS_topics: {
        type_t *text = type_basic(c->types, TY_STRING);
        int list = out->pos->kind == AST_list;
        if (expr_check(c, f->base, out->pos, list ? type_list(c->types, text) : text)->kind !=
            TY_POISON)
            const_check(c, out->pos, "a topic");
        return;
    }
    }
}

static void take_pos(flowck_t *f, conn_use_t *use, ast_arg_t *a, tconnector_t *out) {
    if (use->pos != POS_none && !out->pos) {
        out->pos = a->value;
        check_pos(f, use, out);
        return;
    }
    diag_t *m = diag_add(f->c->diags, DIAG_pos_extra, a->node.span, use->name,
                         use->pos == POS_none ? "no argument" : "one argument");
    diag_help(m, "an option has a name: `name = value`");
}

/* ---- all of them ---- */

static toption_t *given_option(toption_t *given, size_t n, const opt_info *row) {
    for (size_t i = 0; i < n; i++)
        if (given[i].info == row) return &given[i];
    return NULL;
}

static void collect(flowck_t *f, conn_use_t *use, const rows_t *rows, toption_t *given,
                    size_t n, tconnector_t *out) {
    for (size_t i = 0; i < rows->n; i++) {
        const opt_info *row = rows->at[i];
        toption_t *o = given_option(given, n, row);
        toption_t def;
        if (!o) {
            if (!strcmp(row->fallback, "required")) {
                diag_t *m = diag_add(f->c->diags, DIAG_opt_required, use->name_at, use->name,
                                     row->name);
                diag_help(m, "%s(…, %s = …)", use->name, row->name);
            }
            opt_default(f->c, row, &def);
            o = &def;
        }
        vec_push(f->c->arena, &out->options, *o);
    }
}

void conn_args(flowck_t *f, conn_use_t *use, tconnector_t *out) {
    check_t *c = f->c;
    rows_t own = {0}, form = {0};
    add_rows(c, use->of, &own);
    add_rows(c, use->common, &own);
    find_format(f, use, &own, out);
    if (out->format != FORMAT_none) add_format_rows(c, out->format, &form);
    toption_t *given = ARENA_ARRAY(c->arena, toption_t, use->args->n + 1);
    size_t n = 0;
    int topic = 0; /* `topic = …` stands for the name of a kafka topic */
    for (size_t i = 0; i < use->args->n; i++) {
        ast_arg_t *a = AST(arg, use->args->at[i]);
        if (!a->name) {
            take_pos(f, use, a, out);
            continue;
        }
        const opt_info *row = find_row(&own, a->name);
        if (!row) row = find_row(&form, a->name);
        if (!row) {
            unknown_option(f, use, &own, &form, out->format, a);
            continue;
        }
        if (given_option(given, n, row)) {
            diag_add(c->diags, DIAG_opt_twice, a->name_at, a->name);
            continue;
        }
        topic |= row->type == OPT_row;
        check_option(f, use, row, a, &given[n]);
        given[n++].info = row;
    }
    if (use->pos != POS_none && !out->pos && !topic) {
        diag_t *m = diag_add(c->diags, DIAG_pos_missing, use->name_at, use->name,
                             pos_what(use));
        diag_help(m, use->pos == POS_rate     ? "%s(10)"
                     : use->pos == POS_lambda ? "%s(fn(i) = { id = i })"
                                              : "%s(\"…\")",
                  use->name);
    }
    collect(f, use, &own, given, n, out);
    collect(f, use, &form, given, n, out);
}

toption_t *conn_option(tconnector_t *conn, const char *name) {
    for (size_t i = 0; i < conn->options.n; i++)
        if (!strcmp(conn->options.at[i].info->name, name)) return &conn->options.at[i];
    return NULL;
}
