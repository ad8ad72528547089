/* diag.c - collects diagnostics.
 *
 * What is dropped (a repetition, a follower past the limit) is built like any other but
 * not kept, so callers never ask whether their message counts. */
#include "compiler/diag/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compiler/base/buf.h"
#include "compiler/base/check.h"
#include "compiler/base/vec.h"

/* More errors than this help nobody; warnings share the limit among themselves. */
enum { MAX_ERRORS = 100 };

struct diags {
    arena_t *arena;
    sources_t *sources;
    VEC(diag_t *) list;
    int errors, warnings, sorted, truncated;
    const char *context; /* a note for every new diagnostic, or null */
};

static const struct {
    const char *name, *severity, *text;
} rows[] = {
#define DIAG(id, severity, text) {#id, #severity, text},
#include "lang/diagnostics.def"
#undef DIAG
};

diags_t *diags_new(arena_t *a, sources_t *sources) {
    diags_t *d = ARENA_NEW(a, diags_t);
    d->arena = a;
    d->sources = sources;
    return d;
}

static int same_span(span_t a, span_t b) {
    return a.file == b.file && a.start == b.start && a.end == b.end;
}

static int is_wanted(diags_t *d, const diag_t *m) {
    for (size_t i = 0; i < d->list.n; i++) {
        const diag_t *old = d->list.at[i];
        if (old->id == m->id && same_span(old->at, m->at) && !strcmp(old->text, m->text))
            return 0;
    }
    if ((m->is_error ? d->errors : d->warnings) < MAX_ERRORS) return 1;
    d->truncated = 1;
    return 0;
}

diag_t *diag_add(diags_t *d, diag_id id, span_t at, ...) {
    flow_assert((unsigned)id < DIAG_COUNT);
    diag_t *m = ARENA_NEW(d->arena, diag_t);
    m->id = id;
    m->is_error = rows[id].severity[0] == 'e';
    m->at = at;
    m->owner = d;
    va_list ap;
    va_start(ap, at);
    m->text = arena_vprintf(d->arena, rows[id].text, ap);
    va_end(ap);
    if (d->context) diag_note(m, "%s", d->context);
    if (!is_wanted(d, m)) return m;
    m->seq = (uint32_t)d->list.n;
    vec_push(d->arena, &d->list, m);
    d->sorted = 0;
    if (m->is_error) d->errors++;
    else d->warnings++;
    return m;
}

void diags_context(diags_t *d, const char *note) {
    d->context = note;
}

void diag_label(diag_t *m, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    m->label = arena_vprintf(m->owner->arena, fmt, ap);
    va_end(ap);
}

static void add_extra(diag_t *m, diag_part part, const char *fmt, va_list ap) {
    arena_t *a = m->owner->arena;
    if (m->nextras == m->cap)
        m->extras = vec_grow(a, m->extras, sizeof *m->extras, m->nextras, &m->cap);
    m->extras[m->nextras++] = (diag_extra_t){part, arena_vprintf(a, fmt, ap)};
}

void diag_note(diag_t *m, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    add_extra(m, DIAG_NOTE, fmt, ap);
    va_end(ap);
}

void diag_help(diag_t *m, const char *fmt, ...) {
    for (size_t i = 0; i < m->nextras; i++)
        if (m->extras[i].part == DIAG_HELP) return; /* one is enough: the first */
    va_list ap;
    va_start(ap, fmt);
    add_extra(m, DIAG_HELP, fmt, ap);
    va_end(ap);
}

void diag_line(diag_t *m, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    add_extra(m, DIAG_LINE, fmt, ap);
    va_end(ap);
}

int diags_count_of(const diags_t *d, diag_id id) {
    int n = 0;
    for (size_t i = 0; i < d->list.n; i++) n += d->list.at[i]->id == id;
    return n;
}

int diags_withdraw(diags_t *d, diag_id id) {
    size_t kept = 0;
    int gone = 0;
    for (size_t i = 0; i < d->list.n; i++) {
        if (d->list.at[i]->id == id) gone++;
        else d->list.at[kept++] = d->list.at[i];
    }
    d->list.n = kept;
    if (rows[id].severity[0] == 'e') d->errors -= gone;
    else d->warnings -= gone;
    return gone;
}

int diags_errors(const diags_t *d) {
    return d->errors;
}

int diags_warnings(const diags_t *d) {
    return d->warnings;
}

int diags_truncated(const diags_t *d) {
    return d->truncated;
}

size_t diags_count(const diags_t *d) {
    return d->list.n;
}

const sources_t *diags_sources(const diags_t *d) {
    return d->sources;
}

const char *diag_id_name(diag_id id) {
    flow_assert((unsigned)id < DIAG_COUNT);
    return rows[id].name;
}

static int by_position(const void *x, const void *y) {
    const diag_t *a = *(diag_t *const *)x, *b = *(diag_t *const *)y;
    if (a->at.file != b->at.file) return a->at.file < b->at.file ? -1 : 1;
    if (a->at.start != b->at.start) return a->at.start < b->at.start ? -1 : 1;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

const diag_t *diags_at(diags_t *d, size_t i) {
    flow_assert(i < d->list.n);
    if (!d->sorted) qsort(d->list.at, d->list.n, sizeof *d->list.at, by_position);
    d->sorted = 1;
    return d->list.at[i];
}

const char *diag_where(diags_t *d, span_t at, span_t from) {
    int line, column;
    const source_t *src = source_at(d->sources, at.file);
    source_position(src, at.start, &line, &column);
    if (at.file == from.file) return arena_printf(d->arena, "%d:%d", line, column);
    return arena_printf(d->arena, "%s:%d:%d", src->path, line, column);
}

int diag_line_of(diags_t *d, span_t at) {
    int line, column;
    source_position(source_at(d->sources, at.file), at.start, &line, &column);
    return line;
}

const char *diag_source(diags_t *d, span_t at) {
    const source_t *src = source_at(d->sources, at.file);
    buf_t b;
    buf_init(&b, d->arena);
    for (uint32_t i = at.start; i < at.end && i < src->len; i++) {
        char c = src->text[i];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') buf_char(&b, c);
        else if (b.n && b.at[b.n - 1] != ' ') buf_char(&b, ' ');
    }
    return buf_text(&b);
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Edits between two words of at most 63 bytes: insert, drop, replace, swap neighbours. */
static size_t edits(const char *a, size_t n, const char *b, size_t m) {
    size_t d[3][64];
    for (size_t j = 0; j <= m; j++) d[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = d[i % 3], *up = d[(i + 2) % 3], *two = d[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = up[j - 1] + (a[i - 1] != b[j - 1]);
            best = least(best, least(up[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = least(best, two[j - 2] + 1);
            row[j] = best;
        }
    }
    return d[n % 3][m];
}

const char *diag_nearest(const char *word, const char *const *names, size_t n) {
    size_t len = strlen(word), best_cost = len / 3 + 1;
    const char *best = NULL;
    if (len > 63) return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t m = strlen(names[i]);
        if (m > 63) continue;
        size_t cost = !strcasecmp(word, names[i]) ? 0 : edits(word, len, names[i], m);
        if (cost < best_cost) {
            best_cost = cost;
            best = names[i];
        }
    }
    return best;
}
