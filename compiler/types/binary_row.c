/* binary_row.c - see binary_row.h.
 *
 * A row has one length, so a field is a value that always has 8 bytes.  Nothing is made to
 * fit: a form of our own for text, `none` or a nested record is one that no other program
 * would write.  The messages say what can stand in the field's place. */
#include "compiler/types/binary_row.h"

#include "compiler/base/check.h"

#define OR_TEXT ", or `format = csv` or `json`"

static int has_form(const type_t *t) {
    switch (t->kind) {
    case TY_INT: case TY_FLOAT: case TY_BOOL: case TY_TIMESTAMP: case TY_DURATION: return 1;
    case TY_NONE: case TY_POISON: return 1; /* have their message */
    default: return 0;
    }
}

static const char *why_not(const type_t *t) {
    switch (t->kind) {
    case TY_STRING: case TY_BYTES: return "its length differs from row to row";
    case TY_LIST: case TY_MAP: return "how many there are differs from row to row";
    case TY_DECIMAL: return "it takes 16 bytes";
    case TY_OPTION: return "8 bytes leave no place for `none`";
    case TY_RECORD: return "it is several values";
    case TY_UNION: return type_is_enum(t) ? "it is a name" : "its variants differ in length";
    default: flow_unreachable("a column without a form");
    }
}

/* What to read in the field's place. */
static const char *instead(arena_t *a, const field_t *fd) {
    const char *name = fd->name;
    switch (fd->type->kind) {
    case TY_STRING: case TY_BYTES:
        return arena_printf(a, "a number can stand for it: `%s: int`" OR_TEXT, name);
    case TY_DECIMAL:
        return arena_printf(a, "hundredths fit an int: `%s: int`" OR_TEXT, name);
    case TY_OPTION:
        if (!has_form(fd->type->elem)) break;
        return arena_printf(a, "let a value stand for none: `%s: %s`" OR_TEXT, name,
                            type_text(a, fd->type->elem));
    case TY_RECORD: return arena_printf(a, "put its fields in the place of `%s`", name);
    case TY_UNION:
        if (!type_is_enum(fd->type)) break;
        return arena_printf(a, "a number can stand for it: `%s: int`" OR_TEXT, name);
    default: break;
    }
    return "`format = json` holds it";
}

/* What to do with the column before it is written. */
static const char *before(arena_t *a, const field_t *fd) {
    const char *name = fd->name;
    switch (fd->type->kind) {
    case TY_STRING: case TY_BYTES:
        return arena_printf(a, "let a number stand for it: `|> let %s = …`" OR_TEXT, name);
    case TY_LIST: case TY_MAP:
        return arena_printf(a, "one row for each of them: `|> each x in %s`" OR_TEXT, name);
    case TY_DECIMAL: return arena_printf(a, "`|> let %s = float(%s)`" OR_TEXT, name, name);
    case TY_OPTION:
        return arena_printf(a, "let a value stand for none: `|> let %s = %s ?? …`,\n"
                               "or leave such rows out: `|> where %s is not none`",
                            name, name, name);
    case TY_RECORD:
        return arena_printf(a, "put its fields in its place: `|> select %s.*`", name);
    case TY_UNION:
        if (!type_is_enum(fd->type)) break;
        return arena_printf(a, "let a number stand for it: `|> let %s = case %s { … }`", name,
                            name);
    default: break;
    }
    return "`format = json` holds it";
}

static int inside(span_t a, span_t b) {
    return a.file == b.file && a.start >= b.start && a.end <= b.end;
}

/* "nor `raw`: bytes, `rank`: int?": the fields behind the first that do not fit. */
static void tell_others(arena_t *a, diag_t *m, const type_t *row, uint32_t first) {
    buf_t b;
    buf_init(&b, a);
    for (uint32_t i = first + 1; i < row->nfields; i++) {
        const field_t *fd = &row->fields[i];
        if (has_form(fd->type)) continue;
        buf_printf(&b, "%s`%s`: %s", b.n ? ", " : "", fd->name, type_text(a, fd->type));
    }
    if (b.n) diag_note(m, "nor can it hold %s", buf_text(&b));
}

static int check(flowck_t *f, const type_t *row, span_t at, int written) {
    check_t *c = f->c;
    uint32_t i = 0;
    while (i < row->nfields && has_form(row->fields[i].type)) i++;
    if (i == row->nfields) return 1;
    const field_t *fd = &row->fields[i];
    int here = !written && inside(fd->at, at);
    diag_t *m = diag_add(c->diags, DIAG_binary_field, here ? fd->at : at, fd->name,
                         type_text(c->arena, fd->type));
    diag_label(m, "%s", why_not(fd->type));
    if (!written && !here)
        diag_note(m, "the field is declared at %s", diag_where(c->diags, fd->at, at));
    tell_others(c->arena, m, row, i);
    diag_note(m, "a field has 8 bytes: int, float, bool, timestamp or duration");
    diag_help(m, "%s", written ? before(c->arena, fd) : instead(c->arena, fd));
    return 0;
}

int binary_row_read(flowck_t *f, const type_t *row, span_t at) { return check(f, row, at, 0); }

int binary_row_written(flowck_t *f, const type_t *row, span_t at) {
    return check(f, row, at, 1);
}
