/* expr_msg.c - the messages that several checks share, and the texts they are made of.
 *
 * Help lines are written with the user's own words: the source text of an expression with
 * the faulty part replaced. */
#include <stdio.h>
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/builtins.h"
#include "compiler/types/expr_parts.h"

enum { SOURCE_MOST = 72 };

const char *tx(check_t *c, const type_t *t) { return type_text(c->arena, t); }

/* ---- source text ---- */

/* The span of `e` with the brackets around it: `span` leaves them out. */
static span_t outer_span(check_t *c, const node_t *e) {
    const source_t *src = source_at(c->sources, e->span.file);
    span_t s = e->span;
    for (int i = 0; i < e->parens; i++) {
        uint32_t from = s.start, to = s.end;
        while (from > 0 && src->text[from - 1] != '(') from--;
        while (to < src->len && src->text[to] != ')') to++;
        if (from == 0 || to == src->len) return s;
        s.start = from - 1;
        s.end = to + 1;
    }
    return s;
}

/* Appends text with each run of blanks and line ends as one blank. */
static void put_flat(buf_t *b, const char *text, size_t n) {
    for (size_t i = 0; i < n; i++) {
        int blank = text[i] && strchr(" \t\r\n", text[i]) != NULL;
        if (!blank)
            buf_char(b, text[i]);
        else if (!i || !strchr(" \t\r\n", text[i - 1]))
            buf_char(b, ' ');
    }
}

static const char *shortened(check_t *c, const char *text) {
    size_t n = strlen(text);
    if (n <= SOURCE_MOST) return text;
    size_t cut = SOURCE_MOST - 12;
    while (cut > 0 && ((unsigned char)text[cut] & 0xC0) == 0x80) cut--;
    return arena_printf(c->arena, "%.*s…", (int)cut, text);
}

const char *expr_source(check_t *c, const node_t *e) {
    const source_t *src = source_at(c->sources, e->span.file);
    span_t s = outer_span(c, e);
    buf_t b;
    buf_init(&b, c->arena);
    if (s.end <= src->len && s.start <= s.end) put_flat(&b, src->text + s.start, s.end - s.start);
    return shortened(c, buf_text(&b));
}

const char *expr_source_with(check_t *c, const node_t *outer, const node_t *part,
                             const char *text) {
    const source_t *src = source_at(c->sources, outer->span.file);
    span_t all = outer->span, cut = outer_span(c, part);
    buf_t b;
    buf_init(&b, c->arena);
    if (cut.start < all.start || cut.end > all.end || all.end > src->len)
        return text;
    put_flat(&b, src->text + all.start, cut.start - all.start);
    buf_str(&b, text);
    put_flat(&b, src->text + cut.end, all.end - cut.end);
    return shortened(c, buf_text(&b));
}

const char *expr_sample(check_t *c, const type_t *t) {
    switch (t->kind) {
    case TY_INT: return "0";
    case TY_FLOAT: return "0.0";
    case TY_BOOL: return "false";
    case TY_STRING: return "\"\"";
    case TY_BYTES: return "bytes(\"\")";
    case TY_DURATION: return "0s";
    case TY_TIMESTAMP: return "@1970-01-01";
    case TY_SIZE: return "0B";
    case TY_LIST: return "[]";
    case TY_OPTION: case TY_NONE: return "none";
    case TY_DECIMAL: {
        char digits[48];
        int n = snprintf(digits, sizeof digits, "0.%0*d", t->s ? t->s : 1, 0);
        return arena_printf(c->arena, "%.*sd", n, digits);
    }
    case TY_UNION:
        if (!t->fields[0].type->nfields) return t->fields[0].name;
        return "…";
    case TY_POISON: case TY_REGEX: case TY_MAP: case TY_RECORD: return "…";
    }
    flow_unreachable("kind of type");
}

const char *expr_names_text(check_t *c, const char *const *names, size_t n, size_t max) {
    buf_t b;
    buf_init(&b, c->arena);
    for (size_t i = 0; i < n && i < max; i++)
        buf_printf(&b, "%s`%s`", !i ? "" : i + 1 == n ? " and " : ", ", names[i]);
    if (n > max) buf_printf(&b, " and %zu more", n - max);
    return buf_text(&b);
}

const char *expr_columns_text(check_t *c, const type_t *row, int max) {
    buf_t b;
    buf_init(&b, c->arena);
    for (uint32_t i = 0; i < row->nfields; i++) {
        if ((int)i == max) {
            buf_printf(&b, ", and %u more", row->nfields - i);
            break;
        }
        const type_t *t = row->fields[i].type;
        const char *name = row->fields[i].name;
        /* the window is known to everybody: its two fields would only be noise */
        int known = !strcmp(name, "window") && type_equal(t, type_window(c->types));
        buf_printf(&b, "%s%s: %s", i ? ", " : "", name, known ? "window" : tx(c, t));
    }
    return row->nfields ? buf_text(&b) : "nothing";
}

const char *expr_conversion(check_t *c, const node_t *e, const type_t *from, const type_t *to) {
    const char *fn = NULL, *src = expr_source(c, e);
    while (to->kind == TY_OPTION) to = to->elem;
    if (to->kind == TY_STRING && from->kind != TY_OPTION && from->kind != TY_REGEX &&
        from->kind != TY_BYTES && from->kind != TY_NONE)
        fn = "string";
    else if (to->kind == TY_FLOAT && from->kind == TY_INT)
        fn = "float";
    else if (to->kind == TY_INT && (from->kind == TY_FLOAT || from->kind == TY_DECIMAL))
        fn = "int";
    else if (to->kind == TY_FLOAT && from->kind == TY_DECIMAL)
        fn = "float";
    else if (to->kind == TY_DECIMAL && from->kind == TY_INT)
        fn = "decimal";
    else if (to->kind == TY_DECIMAL && (from->kind == TY_FLOAT || from->kind == TY_DECIMAL))
        return arena_printf(c->arena, "decimal(%s, %d, %d)", src, to->p, to->s);
    else if (to->kind == TY_BYTES && from->kind == TY_STRING)
        fn = "bytes";
    if (fn) return arena_printf(c->arena, "%s(%s)", fn, src);
    if (from->kind != TY_STRING) return NULL;
    if (to->kind == TY_INT) return arena_printf(c->arena, "(to_int(%s) ?? 0)", src);
    if (to->kind == TY_FLOAT) return arena_printf(c->arena, "(to_float(%s) ?? 0.0)", src);
    if (to->kind == TY_BOOL) return arena_printf(c->arena, "(to_bool(%s) ?? false)", src);
    if (to->kind == TY_TIMESTAMP)
        return arena_printf(c->arena, "(to_timestamp(%s) ?? @1970-01-01)", src);
    return NULL;
}

/* ---- notes ---- */

static int has_place(span_t at) { return at.end > at.start; }

/* Where the field that a member reads is declared, or null. */
static const field_t *field_read(const node_t *e) {
    if (e->kind != AST_member || !AST(member, e)->value->type) return NULL;
    const type_t *t = AST(member, e)->value->type;
    while (t->kind == TY_OPTION || t->kind == TY_LIST) t = t->elem;
    if (t->kind != TY_RECORD) return NULL;
    int i = type_field(t, AST(member, e)->name);
    return i >= 0 ? &t->fields[i] : NULL;
}

void note_declared(check_t *c, diag_t *m, const node_t *e) {
    const field_t *f = field_read(e);
    if (f && has_place(f->at)) {
        diag_note(m, "`%s: %s` is declared at line %d", f->name, tx(c, f->type),
                  diag_line_of(c->diags, f->at));
        return;
    }
    const def_t *d = e->kind == AST_name ? e->def : NULL;
    if (!d || !has_place(d->at) || !d->type) return;
    if (d->kind == DEF_COLUMN)
        diag_note(m, "declared `%s: %s` at line %d", d->name, tx(c, d->type),
                  diag_line_of(c->diags, d->at));
    else if (d->kind == DEF_STATE)
        diag_note(m, "state `%s: %s` is declared at %s", d->name, tx(c, d->type),
                  diag_where(c->diags, d->at, e->span));
}

void help_nearest(diag_t *m, const char *word, const char *const *names, size_t n) {
    const char *near = diag_nearest(word, names, n);
    if (near) diag_help(m, "did you mean `%s`?", near);
}

/* ---- messages ---- */

type_t *say_missing(check_t *c, const node_t *e, const node_t *outer) {
    const type_t *t = e->type;
    const char *src = expr_source(c, e);
    diag_t *m = diag_add(c->diags, DIAG_may_be_missing, e->span, src, tx(c, t));
    if (t->kind == TY_NONE) return poison(c);
    note_declared(c, m, e);
    const char *value = arena_printf(c->arena, "(%s ?? %s)", src, expr_sample(c, t->elem));
    const char *fixed = outer ? expr_source_with(c, outer, e, value) : value;
    if (e->kind == AST_name && e->def && e->def->kind == DEF_COLUMN)
        diag_help(m, "`%s`, or first `|> where %s is not none`", fixed, src);
    else
        diag_help(m, "`%s`", fixed);
    return poison(c);
}

type_t *say_mismatch(check_t *c, const node_t *e, const type_t *is, const type_t *asked) {
    if (!asked) {
        diag_add(c->diags, DIAG_type_unclear, e->span, tx(c, is));
        return poison(c);
    }
    diag_t *m = diag_add(c->diags, DIAG_type_mismatch, e->span, tx(c, is), tx(c, asked));
    note_declared(c, m, e);
    const char *call = expr_conversion(c, e, is, asked);
    if (call) diag_help(m, "%s", call);
    return poison(c);
}

static const lost_t *find_lost(const scope_t *row, const char *name) {
    for (size_t i = row->lost.n; i-- > 0;)
        if (row->lost.at[i].name == name) return &row->lost.at[i];
    return NULL;
}

static const char *row_text(check_t *c, const scope_t *row) {
    field_t *fields = ARENA_ARRAY(c->arena, field_t, row->defs.n + 1);
    type_t t = {.kind = TY_RECORD, .fields = fields, .nfields = (uint32_t)row->defs.n};
    for (size_t i = 0; i < row->defs.n; i++)
        fields[i] = (field_t){.name = row->defs.at[i]->name, .type = row->defs.at[i]->type};
    return expr_columns_text(c, &t, 16);
}

/* The name may be a field of a record column, such as the other side of a join. */
static int help_field(diag_t *m, const scope_t *row, const char *name) {
    for (size_t i = 0; i < row->defs.n; i++) {
        const def_t *d = row->defs.at[i];
        const type_t *t = type_strip(d->type);
        if (t->kind != TY_RECORD || type_field(t, name) < 0) continue;
        diag_help(m, "it is a field of `%s`: `%s%s%s`", d->name, d->name,
                  d->type->kind == TY_OPTION ? "?." : ".", name);
        return 1;
    }
    return 0;
}

void expr_unknown_name(check_t *c, scope_t *s, span_t at, const char *name) {
    scope_t *items = scope_items_of(s);
    scope_t *row = items ? scope_row_of(items->rows) : scope_row_of(s);
    const char **names;
    size_t n = scope_all(c->arena, s, NS_VALUE, &names);
    if (!row) {
        diag_t *m = diag_add(c->diags, DIAG_name_unknown, at, name);
        help_nearest(m, name, names, n);
        return;
    }
    const lost_t *lost = find_lost(row, name);
    if (lost && lost->unformed) {
        diag_t *open = diag_add(c->diags, lost->unformed == 1 ? DIAG_session_open
                                                              : DIAG_window_open, at);
        diag_help(open, "use `%s` after the `aggregate`", diag_source(c->diags, at));
        return;
    }
    diag_t *m = diag_add(c->diags, DIAG_no_column, at, name);
    diag_label(m, lost ? "lost at the %s" : "not a column", lost ? lost->step : "");
    diag_line(m, "here: %s", row_text(c, row));
    if (!lost) {
        if (!help_field(m, row, name)) help_nearest(m, name, names, n);
        return;
    }
    diag_note(m, "`%s` at %s %s", lost->step, diag_where(c->diags, lost->at, at), lost->note);
    if (lost->help) diag_help(m, "%s", lost->help);
}

int expr_is_unformed(const scope_t *s, const char *name) {
    const scope_t *items = scope_items_of(s);
    const scope_t *row = items ? scope_row_of(items->rows) : scope_row_of(s);
    const lost_t *lost = row ? find_lost(row, name) : NULL;
    return lost && lost->unformed;
}

void expr_warn_hides(check_t *c, scope_t *s, const char *name, span_t at) {
    scope_t *file = scope_file_of(s);
    def_t *d = file ? scope_find(file, name) : NULL;
    if (!d) return;
    const char *what = d->kind == DEF_CONST ? "constant" : d->kind == DEF_PARAM ? "param" : "model";
    diag_t *m = diag_add(c->diags, DIAG_hides, at, name, what,
                         arena_printf(c->arena, "%d", diag_line_of(c->diags, d->at)));
    diag_help(m, "rename one of them");
}
