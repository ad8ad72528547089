/* test_diff.c - see test_diff.h.
 *
 * Rows that are on both sides are taken away; what is left is shown in pairs of rows that
 * have most fields in common, with carets under the fields that differ. */
#include "compiler/driver/test_diff.h"

#include <string.h>

enum { MOST_SHOWN = 10, MOST_PAIRED = 200 };

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

/* Walks two rows with the same columns side by side: how many members are equal; with
 * `marks`, carets under those of the second row that are not. */
static int common(const char *a, const char *b, int *members, buf_t *marks) {
    int same = 0;
    size_t column = 1;
    *members = 0;
    if (*a != '{' || *b != '{') return 0;
    const char *row = b;
    for (a++, b++; *a && *b && *a != '}' && *b != '}'; ++*members) {
        const char *ae = member_end(a), *be = member_end(b);
        if (ae - a == be - b && !memcmp(a, b, (size_t)(ae - a))) {
            same++;
        } else if (marks) {
            const char *value = strstr(b, "\":");
            if (!value || value + 2 > be) value = b - 2;
            column = (size_t)(value + 2 - row);
            while (marks->n < column) buf_char(marks, ' ');
            while (marks->n < (size_t)(be - row)) buf_char(marks, '^');
        }
        a = *ae == ',' ? ae + 1 : ae;
        b = *be == ',' ? be + 1 : be;
    }
    return same;
}

/* Takes rows out of both that are in both. */
static void take_equal(lines_t *want, lines_t *got) {
    size_t left = 0;
    for (size_t i = 0; i < want->n; i++) {
        size_t k = 0;
        while (k < got->n && strcmp(want->at[i], got->at[k])) k++;
        if (k == got->n) {
            want->at[left++] = want->at[i];
            continue;
        }
        memmove(got->at + k, got->at + k + 1, (got->n - k - 1) * sizeof *got->at);
        got->n--;
    }
    want->n = left;
}

/* The row of `got` nearest to `row`, or got->n: at least half of it must be equal. */
static size_t nearest(const char *row, const lines_t *got) {
    size_t best = got->n;
    int most = 0, members;
    if (got->n > MOST_PAIRED) return best;
    for (size_t k = 0; k < got->n; k++) {
        int same = common(row, got->at[k], &members, NULL);
        if (same > most && 2 * same >= members) most = same, best = k;
    }
    return best;
}

static const char *rows(arena_t *a, size_t n) {
    return n == 1 ? "1 row" : arena_printf(a, "%zu rows", n);
}

static void say_counts(buf_t *out, const lines_t *want, const lines_t *got, size_t missing,
                       size_t extra, const char *margin) {
    arena_t *a = out->arena;
    buf_printf(out, "%s%s expected, ", margin, rows(a, want->n));
    if (want->n != got->n) buf_printf(out, "%s came", rows(a, got->n));
    else buf_printf(out, "%zu differ%s", missing, missing == 1 ? "s" : "");
    (void)extra;
    buf_str(out, " (- expected, + came):\n");
}

static void show(buf_t *out, const char *margin, char sign, const char *row) {
    buf_printf(out, "%s  %c %s\n", margin, sign, row);
}

static void say_order(buf_t *out, const lines_t *want, const lines_t *got, const char *margin) {
    size_t i = 0;
    while (!strcmp(want->at[i], got->at[i])) i++;
    buf_printf(out, "%sthe rows are right, but not in this order; row %zu:\n", margin, i + 1);
    show(out, margin, '-', want->at[i]);
    show(out, margin, '+', got->at[i]);
}

static void copy(arena_t *a, lines_t *to, const lines_t *from) {
    for (size_t i = 0; i < from->n; i++) vec_push(a, to, from->at[i]);
}

int test_diff(buf_t *out, const lines_t *want, const lines_t *got, int ordered,
              const char *margin) {
    arena_t *a = out->arena;
    lines_t missing = {0}, extra = {0};
    int same = want->n == got->n, members;
    for (size_t i = 0; same && i < want->n; i++) same = !strcmp(want->at[i], got->at[i]);
    if (same) return 1;
    copy(a, &missing, want);
    copy(a, &extra, got);
    take_equal(&missing, &extra);
    if (!missing.n && !extra.n) {
        if (ordered) say_order(out, want, got, margin);
        return !ordered;
    }
    say_counts(out, want, got, missing.n, extra.n, margin);
    size_t shown = 0, all = missing.n + extra.n;
    for (size_t i = 0; i < missing.n && shown < MOST_SHOWN; i++, shown++) {
        show(out, margin, '-', missing.at[i]);
        size_t k = nearest(missing.at[i], &extra);
        if (k == extra.n) continue;
        buf_t marks;
        buf_init(&marks, a);
        common(missing.at[i], extra.at[k], &members, &marks);
        show(out, margin, '+', extra.at[k]);
        buf_printf(out, "%s    %s\n", margin, buf_text(&marks));
        memmove(extra.at + k, extra.at + k + 1, (extra.n - k - 1) * sizeof *extra.at);
        extra.n--;
        all--;
    }
    for (size_t k = 0; k < extra.n && shown < MOST_SHOWN; k++, shown++)
        show(out, margin, '+', extra.at[k]);
    if (all > shown) buf_printf(out, "%s  ... and %zu more\n", margin, all - shown);
    return 0;
}
