/* regex_set.c - sets of code points.
 *
 * A set is a list of ranges.  Building appends, set_tidy sorts and joins once: classes
 * are small and are built once, so nothing cleverer pays.  The data of Unicode are rows
 * of unicode.def (made by unicode.sh): categories as runs, scripts as ranges, case
 * folding as arithmetic rows (203 of them instead of 1,400 pairs). */
#include "compiler/regex/regex_set.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/check.h"

void set_add(arena_t *a, re_set *s, uint32_t lo, uint32_t hi) {
    flow_assert(lo <= hi && hi <= RE_MAX_CHAR);
    re_span r = {lo, hi};
    vec_push(a, s, r);
}

void set_add_set(arena_t *a, re_set *s, const re_set *other) {
    for (size_t i = 0; i < other->n; i++)
        vec_push(a, s, other->at[i]);
}

static int span_order(const void *x, const void *y) {
    const re_span *a = x, *b = y;
    return a->lo < b->lo ? -1 : a->lo > b->lo;
}

void set_tidy(re_set *s) {
    if (s->n < 2) return;
    qsort(s->at, s->n, sizeof *s->at, span_order);
    size_t n = 0;
    for (size_t i = 1; i < s->n; i++) {
        if (s->at[i].lo <= s->at[n].hi + 1) {
            if (s->at[i].hi > s->at[n].hi) s->at[n].hi = s->at[i].hi;
        } else {
            s->at[++n] = s->at[i];
        }
    }
    s->n = n + 1;
}

void set_negate(arena_t *a, re_set *s) {
    re_set out = {0};
    uint32_t next = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (s->at[i].lo > next) set_add(a, &out, next, s->at[i].lo - 1);
        next = s->at[i].hi + 1;
    }
    if (next <= RE_MAX_CHAR) set_add(a, &out, next, RE_MAX_CHAR);
    *s = out;
}

int set_has(const re_set *s, uint32_t c) {
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (s->at[mid].hi < c)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < s->n && s->at[lo].lo <= c;
}

uint32_t set_count(const re_set *s) {
    uint32_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += s->at[i].hi - s->at[i].lo + 1;
    return n;
}

/* ---- case folding ----------------------------------------------------------- */

typedef struct fold_row {
    uint32_t lo, hi;
    int32_t step, diff;
} fold_row;

static const fold_row fold_rows[] = {
#define FOLD(lo, hi, step, diff) {lo, hi, step, diff},
#include "compiler/regex/unicode.def"
#undef FOLD
};
#define FOLD_ROWS (sizeof fold_rows / sizeof *fold_rows)

/* Adds fold(c) for the members c of s, or with `back` each c whose fold(c) is a member.
 * s grows while it is read: only the ranges it had before count. */
static void fold_once(arena_t *a, re_set *s, int back) {
    re_set more = {0};
    for (size_t r = 0; r < FOLD_ROWS; r++) {
        const fold_row *row = &fold_rows[r];
        for (uint32_t c = row->lo; c <= row->hi; c += (uint32_t)row->step) {
            uint32_t folded = (uint32_t)((int32_t)c + row->diff);
            if (set_has(s, back ? folded : c)) {
                uint32_t add = back ? c : folded;
                set_add(a, &more, add, add);
            }
        }
    }
    set_add_set(a, s, &more);
    set_tidy(s);
}

void set_fold(arena_t *a, re_set *s) {
    if (s->n == 1 && s->at[0].lo == 0 && s->at[0].hi == RE_MAX_CHAR) return;
    fold_once(a, s, 0);
    fold_once(a, s, 1);
}

/* ---- properties ------------------------------------------------------------- */

/* The 30 general categories, and the scripts.  Unassigned is part of C, as in Perl. */
#define CATEGORIES(X)                                                                    \
    X(Cc)                                                                                \
    X(Cf)                                                                                \
    X(Cn)                                                                                \
    X(Co) X(Cs) X(Ll) X(Lm) X(Lo) X(Lt) X(Lu) X(Mc) X(Me) X(Mn) X(Nd) X(Nl) X(No) X(Pc)  \
        X(Pd) X(Pe) X(Pf) X(Pi) X(Po) X(Ps) X(Sc) X(Sk) X(Sm) X(So) X(Zl) X(Zp) X(Zs)
enum category {
#define X(name) CAT_##name,
    CATEGORIES(X)
#undef X
        CAT_COUNT
};

enum script {
#define SCRIPT(name) SCRIPT_##name,
#include "compiler/regex/unicode.def"
#undef SCRIPT
    SCRIPT_COUNT
};

static const char *const names[] = {"Any",        "C", "L", "M", "N", "P", "S", "Z",
#define X(name) #name,
                                    CATEGORIES(X)
#undef X
#define SCRIPT(name) #name,
#include "compiler/regex/unicode.def"
#undef SCRIPT
};
enum { NAME_CATEGORY = 8, NAME_SCRIPT = NAME_CATEGORY + CAT_COUNT };

/* first << 8 | category */
static const uint32_t category_runs[] = {
#define RUN(first, category) (uint32_t)(first) << 8 | CAT_##category,
#include "compiler/regex/unicode.def"
#undef RUN
};
#define CATEGORY_RUNS (sizeof category_runs / sizeof *category_runs)

typedef struct script_run {
    uint32_t lo;
    uint32_t len : 24;
    uint32_t script : 8;
} script_run;
_Static_assert(SCRIPT_COUNT <= 256, "a script's number has 8 bits");

static const script_run script_runs[] = {
#define SCRIPT_RUN(lo, hi, script) {lo, (hi) - (lo), SCRIPT_##script},
#include "compiler/regex/unicode.def"
#undef SCRIPT_RUN
};

const char *const *set_property_names(size_t *n) {
    *n = sizeof names / sizeof *names;
    return names;
}

/* Adds the categories whose names begin with the `len` bytes at `name`. */
static void add_category(arena_t *a, re_set *s, const char *name, size_t len) {
    for (size_t i = 0; i < CATEGORY_RUNS; i++) {
        const char *category = names[NAME_CATEGORY + (category_runs[i] & 0xFF)];
        uint32_t next =
            i + 1 < CATEGORY_RUNS ? category_runs[i + 1] >> 8 : RE_MAX_CHAR + 1;
        if (!strncmp(category, name, len)) set_add(a, s, category_runs[i] >> 8, next - 1);
    }
}

int set_add_property(arena_t *a, re_set *s, const char *name, size_t len) {
    size_t n, i;
    const char *const *all = set_property_names(&n);
    for (i = 0; i < n; i++)
        if (strlen(all[i]) == len && !memcmp(all[i], name, len)) break;
    if (i == n) return 0;
    if (i == 0) {
        set_add(a, s, 0, RE_MAX_CHAR);
    } else if (i < NAME_SCRIPT) {
        add_category(a, s, name, len);
    } else {
        for (size_t k = 0; k < sizeof script_runs / sizeof *script_runs; k++)
            if (script_runs[k].script == i - NAME_SCRIPT)
                set_add(a, s, script_runs[k].lo, script_runs[k].lo + script_runs[k].len);
    }
    return 1;
}

void set_add_space(arena_t *a, re_set *s) {
#define SPACE(lo, hi) set_add(a, s, lo, hi);
#include "compiler/regex/unicode.def"
#undef SPACE
}

void set_add_digit(arena_t *a, re_set *s) {
    add_category(a, s, "Nd", 2);
}

void set_add_word(arena_t *a, re_set *s) {
    add_category(a, s, "L", 1);
    add_category(a, s, "M", 1);
    add_category(a, s, "Nd", 2);
    add_category(a, s, "Nl", 2);
    add_category(a, s, "Pc", 2);
}
