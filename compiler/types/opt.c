/* opt.c - values of settings and options.
 *
 * Both come from tables with the same columns, so one reader serves them.  A word is a
 * name in the tree that is never looked up: `format = json` means the format even where a
 * constant is called json. */
#include "compiler/types/opt.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/const.h"

int opt_is_word(const opt_info *row, const char *word) {
    if (row->type == OPT_format) return format_named(word) != FORMAT_none;
    return word[0] != '<' && word_index(row->words, word) >= 0;
}

const char *opt_words_text(arena_t *a, const char *words) {
    buf_t b;
    buf_init(&b, a);
    size_t n;
    const char *p;
    for (int i = 0; (p = word_at(words, i, &n)); i++)
        if (*p != '<') buf_printf(&b, "%s%.*s", i ? ", " : "", (int)n, p);
    return buf_text(&b);
}

/* All words that may stand here, parted by |. */
static const char *words_of(check_t *c, const opt_info *row) {
    if (row->type != OPT_format) return row->words;
    buf_t b;
    buf_init(&b, c->arena);
    for (int i = FORMAT_none + 1; i < FORMAT_COUNT; i++)
        buf_printf(&b, "%s%s", b.n ? "|" : "", format_row((format_id)i)->name);
    return buf_text(&b);
}

static const char *nearest_word(check_t *c, const char *words, const char *given) {
    const char *list[32], *p;
    size_t n = 0, len;
    while (n < 32 && (p = word_at(words, (int)n, &len)))
        list[n++] = arena_strndup(c->arena, p, len);
    return diag_nearest(given, list, n);
}

/* None of the words: what it was, what there is. */
static int wrong_word(check_t *c, const opt_info *row, const node_t *e) {
    const char *words = words_of(c, row);
    const char *src = diag_source(c->diags, e->span);
    diag_t *m = diag_add(c->diags, DIAG_opt_word, e->span, row->name, src);
    diag_note(m, "it is one of %s", opt_words_text(c->arena, words));
    if (e->kind == AST_string && opt_is_word(row, AST(string, e)->value)) {
        diag_help(m, "without quotes: `%s = %s`", row->name, AST(string, e)->value);
    } else if (e->kind == AST_name) {
        const char *guess = nearest_word(c, words, AST(name, e)->name);
        if (guess) diag_help(m, "did you mean `%s`?", guess);
    }
    return 0;
}

static const char *size_text(check_t *c, int64_t n) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    int u = 0;
    while (u < 4 && n && n % 1024 == 0) {
        n /= 1024;
        u++;
    }
    return arena_printf(c->arena, "%lld%s", (long long)n, units[u]);
}

static const char *limit_text(check_t *c, const opt_info *row, int64_t n) {
    if (row->type == OPT_size) return size_text(c, n);
    uint64_t w = (uint64_t)n;
    if (row->type == OPT_duration || row->type == OPT_until)
        return const_text(c, type_basic(c->types, TY_DURATION), &w);
    return arena_printf(c->arena, "%lld", (long long)n);
}

static int in_range(check_t *c, const opt_info *row, const node_t *e, const cval_t *v) {
    if (!row->min && !row->max) return 1;
    int64_t n = (int64_t)v->w[0];
    if (n >= row->min && n <= row->max) return 1;
    int low = n < row->min;
    diag_t *m = diag_add(c->diags, DIAG_opt_range, e->span, row->name, low ? "least" : "most",
                         limit_text(c, row, low ? row->min : row->max));
    /* A negative number is a whole expression; say what it comes to. */
    if (e->kind != AST_int && e->kind != AST_duration && e->kind != AST_size)
        diag_label(m, "%s", limit_text(c, row, n));
    return 0;
}

static int check_text(check_t *c, const opt_info *row, const node_t *e, const cval_t *v) {
    const char *s = (const char *)(uintptr_t)v->w[0];
    size_t n = (size_t)v->w[1];
    if (row->type == OPT_char) {
        if (n == 1 && (unsigned char)*s < 0x80 && *s != '"' && *s != '\n' && *s != '\r' && *s)
            return 1;
        diag_t *m = diag_add(c->diags, DIAG_opt_char, e->span, row->name);
        diag_help(m, "`%s = \";\"`, or `\"\\t\"` for a tab", row->name);
        return 0;
    }
    if (!memchr(s, '\0', n)) return 1;
    diag_add(c->diags, DIAG_opt_nul, e->span, row->name);
    return 0;
}

static int check_value(check_t *c, const opt_info *row, node_t *e, type_t *t,
                       toption_t *out) {
    out->expr = e;
    if (t->kind == TY_POISON) return 0;
    if (!const_check(c, e, arena_printf(c->arena, "`%s`", row->name))) return 0;
    if (const_has_param(e)) return 1;
    cval_t *v = const_eval(c, e);
    out->value = v;
    if (!v) return 0;
    if (row->type == OPT_string || row->type == OPT_char) return check_text(c, row, e, v);
    if (row->type == OPT_value || row->type == OPT_bool) return 1;
    if (row->type == OPT_until && t->kind == TY_INT) {
        if ((int64_t)v->w[0] >= 1) return 1;
        diag_add(c->diags, DIAG_opt_range, e->span, row->name, "least", "1");
        return 0;
    }
    return in_range(c, row, e, v);
}

static type_kind kind_of(opt_type t) {
    switch (t) {
    case OPT_bool: return TY_BOOL;
    case OPT_char:
    case OPT_string: return TY_STRING;
    case OPT_duration:
    case OPT_until: return TY_DURATION;
    case OPT_int: return TY_INT;
    case OPT_size: return TY_SIZE;
    case OPT_columns:
    case OPT_format:
    case OPT_row:
    case OPT_value:
    case OPT_word: return TY_POISON;
    }
    flow_unreachable("option type");
}

/* `until`: a duration, or a number of batches. */
static int check_until(check_t *c, scope_t *s, const opt_info *row, node_t *e,
                       toption_t *out) {
    type_t *t = expr_check(c, s, e, NULL);
    if (t->kind != TY_INT && t->kind != TY_DURATION && t->kind != TY_POISON) {
        diag_t *m = diag_add(c->diags, DIAG_opt_until, e->span, row->name);
        diag_label(m, "%s", type_text(c->arena, t));
        return 0;
    }
    return check_value(c, row, e, t, out);
}

int opt_check(check_t *c, scope_t *s, const opt_info *row, node_t *e, toption_t *out) {
    out->info = row;
    out->given = 1;
    if (e->kind == AST_name && opt_is_word(row, AST(name, e)->name)) {
        out->word = AST(name, e)->name;
        return 1;
    }
    switch (row->type) {
    case OPT_word:
    case OPT_format: return wrong_word(c, row, e);
    case OPT_until:
        if (e->kind == AST_string ||
            (e->kind == AST_name && !scope_find(s, AST(name, e)->name)))
            return wrong_word(c, row, e);
        return check_until(c, s, row, e, out);
    case OPT_value: return check_value(c, row, e, expr_check(c, s, e, NULL), out);
    case OPT_bool:
    case OPT_char:
    case OPT_string:
    case OPT_duration:
    case OPT_int:
    case OPT_size:
        return check_value(c, row, e,
                           expr_check(c, s, e, type_basic(c->types, kind_of(row->type))), out);
    case OPT_columns:
    case OPT_row: break;
    }
    flow_unreachable("option type");
}

/* ---- defaults ---- */

static int64_t read_int(const char *s) {
    int64_t n = 0;
    for (; *s; s++)
        if (isdigit((unsigned char)*s)) n = n * 10 + (*s - '0');
    return n;
}

/* "64MiB", "200ms": a number and a unit, as the tables have them. */
static int64_t read_unit_number(const char *s) {
    static const struct {
        const char *unit;
        int64_t times;
    } units[] = {{"us", 1},         {"ms", 1000},      {"s", 1000000},
                 {"m", 60000000},   {"h", 3600000000}, {"B", 1},
                 {"KiB", 1 << 10},  {"MiB", 1 << 20},  {"GiB", 1 << 30}};
    size_t n = strspn(s, "0123456789");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcmp(s + n, units[i].unit)) return strtoll(s, NULL, 10) * units[i].times;
    flow_unreachable("unit of a default");
}

static cval_t *new_value(check_t *c, type_kind kind, uint64_t w0, uint64_t w1) {
    cval_t *v = ARENA_NEW(c->arena, cval_t);
    v->type = type_basic(c->types, kind);
    v->w = ARENA_ARRAY(c->arena, uint64_t, 2);
    v->w[0] = w0;
    v->w[1] = w1;
    return v;
}

void opt_default(check_t *c, const opt_info *row, toption_t *out) {
    *out = (toption_t){.info = row};
    const char *s = row->fallback;
    if (!*s || *s == '<' || !strcmp(s, "required")) return;
    if (opt_is_word(row, s)) {
        out->word = intern(c->names, s);
        return;
    }
    switch (row->type) {
    case OPT_bool: out->value = new_value(c, TY_BOOL, !strcmp(s, "true"), 0); return;
    case OPT_int: out->value = new_value(c, TY_INT, (uint64_t)read_int(s), 0); return;
    case OPT_char:
    case OPT_string:
        out->value = new_value(c, TY_STRING, (uintptr_t)s, strlen(s));
        return;
    case OPT_until:
    case OPT_duration:
        out->value = new_value(c, TY_DURATION, (uint64_t)read_unit_number(s), 0);
        return;
    case OPT_size:
        out->value = new_value(c, TY_SIZE, (uint64_t)read_unit_number(s), 0);
        return;
    case OPT_columns:
    case OPT_format:
    case OPT_row:
    case OPT_value:
    case OPT_word: return;
    }
}
