/* test_diff.c - see test_diff.h.
 *
 * Rows that are on both sides are taken away; of what is left, rows that have most fields in
 * common are paired.  Rows that fit a line are shown as one table, with carets under what
 * differs; of wider ones a pair shows the fields that differ, one below the other, and of a
 * long value the part around the first difference.  A table of all columns was tried for wide
 * rows too: where the terminal wraps it nobody finds the caret's column. */
#include "compiler/driver/test_diff.h"

#include <string.h>

enum {
    MOST_SHOWN = 10,   /* rows and pairs */
    MOST_PAIRED = 200, /* rows of a side */
    WIDEST = 84,       /* a table; with its margin it fits a hundred columns */
    LONGEST = 64,      /* a value, or a part of it */
    BEFORE = 20,       /* so much of a value stands before the first difference */
};

/* A text between two addresses. */
typedef struct piece {
    const char *at;
    size_t n;
} piece_t;

typedef struct field {
    piece_t name, value;
} field_t;

typedef struct row {
    const char *text;
    size_t place; /* among those of its side, from 1 */
    VEC(field_t) fields;
} row_t;

typedef VEC(row_t *) rows_t;

/* An expected row and the one that came in its place; or only one of them. */
typedef struct pair {
    const row_t *want, *got;
} pair_t;

typedef VEC(pair_t) pairs_t;

/* ---- rows ---- */

/* The end of the member of a JSON object that begins at p. */
static const char *member_end(const char *p) {
    int depth = 0, text = 0;
    for (; *p; p++) {
        if (text) {
            if (*p == '\\' && p[1]) p++;
            else if (*p == '"') text = 0;
        } else if (*p == '"') {
            text = 1;
        } else if (*p == '{' || *p == '[') {
            depth++;
        } else if (*p == '}' || *p == ']') {
            if (!depth--) return p;
        } else if (*p == ',' && !depth) {
            return p;
        }
    }
    return p;
}

/* The member between p and end, its name without quotes. */
static field_t field_of(const char *p, const char *end) {
    const char *colon = p + 1;
    while (colon + 1 < end && !(colon[0] == '"' && colon[1] == ':'))
        colon += colon[0] == '\\' ? 2 : 1;
    if (colon + 1 >= end) return (field_t){{p, 0}, {p, (size_t)(end - p)}};
    return (field_t){{p + 1, (size_t)(colon - p - 1)}, {colon + 2, (size_t)(end - colon - 2)}};
}

static row_t *row_of(arena_t *a, const char *text, size_t place) {
    row_t *row = arena_alloc(a, sizeof *row);
    *row = (row_t){.text = text, .place = place};
    if (*text != '{') return row;
    for (const char *p = text + 1; *p && *p != '}';) {
        const char *end = member_end(p);
        vec_push(a, &row->fields, field_of(p, end));
        p = *end == ',' ? end + 1 : end;
    }
    return row;
}

static int same_piece(piece_t a, piece_t b) {
    return a.n == b.n && !memcmp(a.at, b.at, a.n);
}

static int same_columns(const row_t *a, const row_t *b) {
    if (a->fields.n != b->fields.n || !a->fields.n) return 0;
    for (size_t i = 0; i < a->fields.n; i++)
        if (!same_piece(a->fields.at[i].name, b->fields.at[i].name)) return 0;
    return 1;
}

static int differs(const pair_t *p, size_t i) {
    return !same_piece(p->want->fields.at[i].value, p->got->fields.at[i].value);
}

/* ---- pairs ---- */

static void drop(rows_t *rows, size_t i) {
    rows->n--;
    memmove(rows->at + i, rows->at + i + 1, (rows->n - i) * sizeof *rows->at);
}

/* Takes rows out of both that are in both. */
static void take_equal(rows_t *want, rows_t *got) {
    size_t left = 0;
    for (size_t i = 0; i < want->n; i++) {
        size_t k = 0;
        while (k < got->n && strcmp(want->at[i]->text, got->at[k]->text)) k++;
        if (k < got->n) drop(got, k);
        else want->at[left++] = want->at[i];
    }
    want->n = left;
}

/* The row nearest to `row`, or rows->n: at least half of its fields must be equal. */
static size_t nearest(const row_t *row, const rows_t *rows) {
    size_t best = rows->n, most = 0;
    for (size_t k = 0; k < rows->n; k++) {
        pair_t p = {row, rows->at[k]};
        if (!same_columns(p.want, p.got)) continue;
        size_t n = row->fields.n, same = 0;
        for (size_t i = 0; i < n; i++) same += !differs(&p, i);
        if (same > most && 2 * same >= n) most = same, best = k;
    }
    return best;
}

/* Expected rows in their order, with what came for them, then what came besides; how many
 * pairs there are. */
static size_t make_pairs(arena_t *a, const rows_t *missing, rows_t *extra, pairs_t *out) {
    int many = missing->n > MOST_PAIRED || extra->n > MOST_PAIRED;
    size_t paired = 0;
    for (size_t i = 0; i < missing->n; i++) {
        size_t k = many ? extra->n : nearest(missing->at[i], extra);
        pair_t p = {missing->at[i], k < extra->n ? extra->at[k] : NULL};
        vec_push(a, out, p);
        if (!p.got) continue;
        drop(extra, k);
        paired++;
    }
    for (size_t i = 0; i < extra->n; i++) vec_push(a, out, ((pair_t){NULL, extra->at[i]}));
    return paired;
}

/* ---- widths ---- */

/* Characters, not bytes. */
static size_t width(piece_t p) {
    size_t n = 0;
    for (size_t i = 0; i < p.n; i++) n += ((unsigned char)p.at[i] & 0xC0) != 0x80;
    return n;
}

static size_t most(size_t a, size_t b) {
    return a > b ? a : b;
}

/* The n characters of p from the one at `from`. */
static piece_t part(piece_t p, size_t from, size_t n) {
    size_t i = 0, end;
    for (; i < p.n && from; from--)
        for (i++; i < p.n && ((unsigned char)p.at[i] & 0xC0) == 0x80;) i++;
    for (end = i; end < p.n && n; n--)
        for (end++; end < p.n && ((unsigned char)p.at[end] & 0xC0) == 0x80;) end++;
    return (piece_t){p.at + i, end - i};
}

/* Which characters differ, from - to: of text and nested values without what both begin and
 * end with, of others all. */
static void span_of(piece_t a, piece_t b, size_t *from, size_t *to) {
    size_t least = a.n < b.n ? a.n : b.n, head = 0, tail = 0;
    *from = 0;
    *to = most(width(a), width(b));
    if (!least || a.at[0] != b.at[0] || !strchr("\"[{", a.at[0])) return;
    while (head < least && a.at[head] == b.at[head]) head++;
    while (head && ((unsigned char)a.at[head] & 0xC0) == 0x80) head--;
    while (tail < least - head && a.at[a.n - 1 - tail] == b.at[b.n - 1 - tail]) tail++;
    while (tail && ((unsigned char)a.at[a.n - tail] & 0xC0) == 0x80) tail--;
    *from = width((piece_t){a.at, head});
    size_t end = *to - width((piece_t){a.at + a.n - tail, tail});
    *to = most(end, *from + 1);
}

/* ---- a table ---- */

typedef struct table {
    size_t place;  /* width of the places */
    size_t *width; /* of each column */
    size_t n;
} table_t;

static void widen(table_t *t, const row_t *row) {
    size_t digits = 0;
    if (!row) return;
    for (size_t n = row->place; n; n /= 10) digits++;
    t->place = most(t->place, digits);
    for (size_t i = 0; i < t->n; i++)
        t->width[i] = most(t->width[i], width(row->fields.at[i].value));
}

/* 1 if the pairs fit a table. */
static int make_table(arena_t *a, const pairs_t *pairs, size_t shown, table_t *t) {
    const row_t *first = pairs->at[0].want ? pairs->at[0].want : pairs->at[0].got;
    *t = (table_t){.place = sizeof "row" - 1, .n = first->fields.n};
    t->width = arena_alloc(a, (t->n + 1) * sizeof *t->width);
    for (size_t i = 0; i < t->n; i++) t->width[i] = width(first->fields.at[i].name);
    for (size_t k = 0; k < shown; k++) {
        const pair_t *p = &pairs->at[k];
        if (p->want && !same_columns(first, p->want)) return 0;
        if (p->got && !same_columns(first, p->got)) return 0;
        widen(t, p->want);
        widen(t, p->got);
    }
    size_t all = t->place + 4;
    for (size_t i = 0; i < t->n; i++) all += t->width[i] + 2;
    return all <= WIDEST;
}

static void end_line(buf_t *out) {
    while (out->n && out->at[out->n - 1] == ' ') out->n--;
    buf_char(out, '\n');
}

/* A cell and the gap behind it. */
static void cell(buf_t *out, piece_t p, size_t room) {
    buf_put(out, p.at, p.n);
    buf_pad(out, ' ', room - width(p) + 2);
}

static void table_head(buf_t *out, const table_t *t, const row_t *row, const char *margin) {
    buf_printf(out, "%s    %*s  ", margin, (int)t->place, "row");
    for (size_t i = 0; i < t->n; i++) cell(out, row->fields.at[i].name, t->width[i]);
    end_line(out);
}

static void table_row(buf_t *out, const table_t *t, char sign, const row_t *row,
                      const char *margin) {
    buf_printf(out, "%s  %c %*zu  ", margin, sign, (int)t->place, row->place);
    for (size_t i = 0; i < t->n; i++) cell(out, row->fields.at[i].value, t->width[i]);
    end_line(out);
}

static void table_marks(buf_t *out, const table_t *t, const pair_t *p, const char *margin) {
    buf_str(out, margin);
    buf_pad(out, ' ', t->place + 6);
    for (size_t i = 0; i < t->n; i++) {
        size_t from = 0, to = 0;
        if (differs(p, i))
            span_of(p->want->fields.at[i].value, p->got->fields.at[i].value, &from, &to);
        buf_pad(out, ' ', from);
        buf_pad(out, '^', to - from);
        buf_pad(out, ' ', t->width[i] - to + 2);
    }
    end_line(out);
}

static void show_table(buf_t *out, const table_t *t, const pairs_t *pairs, size_t shown,
                       int marked, const char *margin) {
    const row_t *first = pairs->at[0].want ? pairs->at[0].want : pairs->at[0].got;
    table_head(out, t, first, margin);
    for (size_t k = 0; k < shown; k++) {
        const pair_t *p = &pairs->at[k];
        if (p->want) table_row(out, t, '-', p->want, margin);
        if (p->got) table_row(out, t, '+', p->got, margin);
        if (marked && p->want && p->got) table_marks(out, t, p, margin);
    }
}

/* ---- wide rows ---- */

/* A value, of a long one LONGEST characters from the one at `from` on. */
static void show_value(buf_t *out, piece_t v, size_t from) {
    piece_t cut = part(v, from, LONGEST);
    if (from) buf_str(out, "…");
    buf_put(out, cut.at, cut.n);
    if (cut.at + cut.n < v.at + v.n) buf_str(out, "…");
    buf_char(out, '\n');
}

static void show_field(buf_t *out, const pair_t *p, size_t i, size_t room, const char *margin) {
    piece_t name = p->want->fields.at[i].name;
    piece_t a = p->want->fields.at[i].value, b = p->got->fields.at[i].value;
    size_t from, to, begin = 0;
    span_of(a, b, &from, &to);
    if (to > LONGEST && from > BEFORE) begin = from - BEFORE;
    buf_printf(out, "%s      ", margin);
    cell(out, name, room);
    buf_str(out, "- ");
    show_value(out, a, begin);
    buf_printf(out, "%s      ", margin);
    buf_pad(out, ' ', room + 2);
    buf_str(out, "+ ");
    show_value(out, b, begin);
    if (!from) return; /* all of it differs */
    buf_printf(out, "%s      ", margin);
    size_t end = to < begin + LONGEST ? to : begin + LONGEST;
    buf_pad(out, ' ', room + 4 + from - begin + (begin > 0));
    buf_pad(out, '^', end - from);
    buf_char(out, '\n');
}

/* What is right says which row it is, as far as a line holds it. */
static void show_pair(buf_t *out, const pair_t *p, const char *margin) {
    size_t room = 0, start = out->n, said = 0;
    buf_printf(out, "%s  row %zu", margin, p->want->place);
    if (p->got->place != p->want->place) buf_printf(out, ", came as row %zu", p->got->place);
    for (size_t i = 0; i < p->want->fields.n; i++) {
        const field_t *f = &p->want->fields.at[i];
        if (differs(p, i)) {
            room = most(room, width(f->name));
            continue;
        }
        if (width(f->value) > LONGEST / 2) continue;
        if (out->n - start + f->name.n + f->value.n > WIDEST) continue;
        buf_printf(out, "%s %.*s = %.*s", said++ ? "," : ":", (int)f->name.n, f->name.at,
                   (int)f->value.n, f->value.at);
    }
    buf_char(out, '\n');
    for (size_t i = 0; i < p->want->fields.n; i++)
        if (differs(p, i)) show_field(out, p, i, room, margin);
}

static void show_wide(buf_t *out, const pairs_t *pairs, size_t shown, int marked,
                      const char *margin) {
    for (size_t k = 0; k < shown; k++) {
        const pair_t *p = &pairs->at[k];
        if (marked && p->want && p->got) {
            show_pair(out, p, margin);
            continue;
        }
        if (p->want) buf_printf(out, "%s  - row %zu: %s\n", margin, p->want->place, p->want->text);
        if (p->got) buf_printf(out, "%s  + row %zu: %s\n", margin, p->got->place, p->got->text);
    }
}

static void show(buf_t *out, const pairs_t *pairs, int marked, const char *margin) {
    table_t t;
    size_t shown = pairs->n < MOST_SHOWN ? pairs->n : MOST_SHOWN;
    if (make_table(out->arena, pairs, shown, &t)) show_table(out, &t, pairs, shown, marked, margin);
    else show_wide(out, pairs, shown, marked, margin);
    if (pairs->n > shown) buf_printf(out, "%s  ... and %zu more\n", margin, pairs->n - shown);
}

/* ---- all of it ---- */

static void say_count(buf_t *out, size_t n, const char *what, const char **gap) {
    if (!n) return;
    buf_printf(out, "%s%zu %s", *gap, n, what);
    *gap = ", ";
}

static void say_counts(buf_t *out, const lines_t *want, const lines_t *got, size_t paired,
                       size_t missing, size_t extra, const char *margin) {
    const char *gap = ": ";
    buf_printf(out, "%s%zu row%s expected, ", margin, want->n, want->n == 1 ? "" : "s");
    if (got->n) buf_printf(out, "%zu came", got->n);
    else buf_str(out, "none came");
    say_count(out, paired, paired == 1 ? "differs" : "differ", &gap);
    if (got->n) say_count(out, missing, "missing", &gap);
    if (want->n) say_count(out, extra, "not expected", &gap);
    buf_str(out, " (- expected, + came)\n");
}

static void say_order(buf_t *out, const rows_t *want, const rows_t *got, const char *margin) {
    size_t i = 0;
    pairs_t pairs = {0};
    while (!strcmp(want->at[i]->text, got->at[i]->text)) i++;
    buf_printf(out, "%sthe rows are right, but not in this order from row %zu on "
                    "(- expected, + came)\n", margin, i + 1);
    vec_push(out->arena, &pairs, ((pair_t){want->at[i], got->at[i]}));
    show(out, &pairs, 0, margin);
}

static void parse(arena_t *a, rows_t *to, const lines_t *from) {
    for (size_t i = 0; i < from->n; i++) vec_push(a, to, row_of(a, from->at[i], i + 1));
}

int test_diff(buf_t *out, const lines_t *want, const lines_t *got, int ordered,
              const char *margin) {
    arena_t *a = out->arena;
    rows_t all_want = {0}, all_got = {0}, missing = {0}, extra = {0};
    pairs_t pairs = {0};
    int same = want->n == got->n;
    for (size_t i = 0; same && i < want->n; i++) same = !strcmp(want->at[i], got->at[i]);
    if (same) return 1;
    parse(a, &all_want, want);
    parse(a, &all_got, got);
    for (size_t i = 0; i < all_want.n; i++) vec_push(a, &missing, all_want.at[i]);
    for (size_t i = 0; i < all_got.n; i++) vec_push(a, &extra, all_got.at[i]);
    take_equal(&missing, &extra);
    if (!missing.n && !extra.n) {
        if (ordered) say_order(out, &all_want, &all_got, margin);
        return !ordered;
    }
    size_t paired = make_pairs(a, &missing, &extra, &pairs);
    say_counts(out, want, got, paired, missing.n - paired, extra.n, margin);
    show(out, &pairs, 1, margin);
    return 0;
}
