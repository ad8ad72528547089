/* docs.c - one section per table, one entry per row.
 *
 * What a table says is all there is to say: the doc column of a row is its reference
 * entry, its example is run by the tests.  Rows that are not built are marked. */
#include "compiler/driver/docs.h"

#include <string.h>

#include "compiler/diag/diag.h"
#include "compiler/driver/driver.h"
#include "compiler/types/builtins.h"
#include "compiler/types/sig.h"
#include "compiler/types/tables.h"

/* An entry as all tables can be seen. */
typedef struct entry {
    const char *section;
    const char *name;   /* what it is found by */
    const char *head;   /* its first line */
    const char *doc;
    const char *example, *result; /* or null */
    int built;
} entry_t;

typedef VEC(entry_t) entries_t;

static void add(arena_t *a, entries_t *all, entry_t x) {
    vec_push(a, all, x);
}

static void add_steps(arena_t *a, entries_t *all) {
    for (int i = 0; i < OP_COUNT; i++) {
        const op_info *o = op_at((op_id)i);
        add(a, all, (entry_t){"Steps", o->spelling, o->spelling, o->doc, o->example, NULL,
                              o->built});
    }
    for (int i = 0; i < WINDOW_COUNT; i++) {
        const op_info *w = window_at((window_id)i);
        add(a, all, (entry_t){"Windows", w->spelling, w->spelling, w->doc, w->example, NULL,
                              w->built});
    }
}

/* "round(x: float, digits: int = 0): float", one line per alternative. */
static const char *signature(arena_t *a, const char *name, const char *text) {
    const char *why;
    buf_t b;
    buf_init(&b, a);
    sig_t *s = sig_read(a, intern_new(a), types_new(a), text, &why);
    for (; s; s = s->next) {
        if (b.n) buf_char(&b, '\n');
        buf_str(&b, sig_show(a, name, s));
    }
    return b.n ? buf_text(&b) : name;
}

static void add_functions(arena_t *a, entries_t *all) {
    for (int i = 0; i < FN_COUNT; i++) {
        const fn_row_t *f = fn_at(i);
        add(a, all, (entry_t){"Functions", f->spelling, signature(a, f->spelling, f->signature),
                              f->doc, f->example, f->result, 1});
    }
    for (int i = 0; i < AGG_COUNT; i++) {
        const agg_row_t *g = agg_at(i);
        add(a, all, (entry_t){"Aggregates", g->spelling, signature(a, g->spelling, g->signature),
                              g->doc, g->example, g->result, g->built});
    }
}

/* "file: a path or a glob", then its options. */
static const char *with_options(arena_t *a, const char *doc, const char *kind,
                                const char *name) {
    const char *of = arena_printf(a, "%s_%s", kind, name);
    buf_t b;
    buf_init(&b, a);
    buf_str(&b, doc);
    size_t n;
    const opt_info *rows = option_rows(&n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].of, of) || !rows[i].built) continue;
        const char *otherwise = rows[i].fallback;
        buf_printf(&b, "\n%s%s%s: %s", rows[i].name, *otherwise ? " = " : "", otherwise,
                   rows[i].doc);
    }
    return buf_text(&b);
}

static void add_connectors(arena_t *a, entries_t *all) {
    for (int i = 0; i < SOURCE_COUNT; i++) {
        const source_info *s = source_row((source_id)i);
        add(a, all, (entry_t){"Sources", s->name, arena_printf(a, "from %s(...)", s->name),
                              with_options(a, s->doc, "source", s->name), NULL, NULL, s->built});
    }
    for (int i = 0; i < SINK_COUNT; i++) {
        const sink_info *s = sink_row((sink_id)i);
        const char *doc = arena_printf(a, "%s; %s", s->doc, s->guarantee);
        add(a, all, (entry_t){"Sinks", s->name, arena_printf(a, "to %s(...)", s->name),
                              with_options(a, doc, "sink", s->name), NULL, NULL, s->built});
    }
    for (int i = FORMAT_none + 1; i < FORMAT_COUNT; i++) {
        const format_info *f = format_row((format_id)i);
        add(a, all, (entry_t){"Formats", f->name, arena_printf(a, "format = %s", f->name),
                              with_options(a, f->doc, "format", f->name), NULL, NULL, f->built});
    }
}

static void add_settings(arena_t *a, entries_t *all) {
    for (int i = 0; i < SETTING_COUNT; i++) {
        const opt_info *s = setting_row((setting_id)i);
        const char *head = *s->fallback ? arena_printf(a, "%s = %s", s->name, s->fallback)
                                        : s->name;
        add(a, all, (entry_t){"Settings", s->name, head, s->doc, NULL, NULL, s->built});
    }
}

/* ---- printing ---- */

/* Text at an indent, broken between words; line breaks of its own stay. */
static void print_wrapped(FILE *out, const char *text) {
    enum { WIDTH = 92 };
    size_t column = 0;
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, " \n");
        if (column && column + n > WIDTH) {
            fputc('\n', out);
            column = 0;
        }
        fprintf(out, "%s%.*s", column ? " " : "    ", (int)n, p);
        column += column ? n + 1 : n + 4;
        p += n;
        if (*p == '\n') {
            fputc('\n', out);
            column = 0;
        }
        if (*p) p++;
    }
    fputc('\n', out);
}

static void print_entry(FILE *out, const entry_t *e) {
    for (const char *p = e->head; *p;) {
        size_t n = strcspn(p, "\n");
        fprintf(out, "  %.*s\n", (int)n, p);
        p += n + (p[n] != 0);
    }
    print_wrapped(out, e->doc);
    if (!e->built) fputs("    Not built yet.\n", out);
    if (e->built == BUILT_LISTS) fputs("    Over lists; over rows not built yet.\n", out);
    if (e->example && e->result) fprintf(out, "    %s  gives  %s\n", e->example, e->result);
    else if (e->example) fprintf(out, "    %s\n", e->example);
    fputc('\n', out);
}

static int print_named(arena_t *a, FILE *out, const entries_t *all, const char *name) {
    int found = 0;
    for (size_t i = 0; i < all->n; i++) {
        if (strcmp(all->at[i].name, name)) continue;
        found = 1;
        fprintf(out, "%s\n", all->at[i].section);
        print_entry(out, &all->at[i]);
    }
    if (found) return EXIT_DONE;
    names_t names = {0};
    for (size_t i = 0; i < all->n; i++) vec_push(a, &names, all->at[i].name);
    const char *guess = diag_nearest(name, names.at, names.n);
    fprintf(stderr, "flowc: nothing is called `%s`\n", name);
    if (guess) fprintf(stderr, "       did you mean `%s`?\n", guess);
    return EXIT_USAGE;
}

int docs_print(arena_t *a, FILE *out, const names_t *names) {
    entries_t all = {0};
    add_steps(a, &all);
    add_functions(a, &all);
    add_connectors(a, &all);
    add_settings(a, &all);
    int code = EXIT_DONE;
    for (size_t i = 0; i < names->n; i++)
        if (print_named(a, out, &all, names->at[i])) code = EXIT_USAGE;
    if (names->n) return code;
    const char *section = "";
    for (size_t i = 0; i < all.n; i++) {
        if (strcmp(section, all.at[i].section)) fprintf(out, "%s\n\n", all.at[i].section);
        section = all.at[i].section;
        print_entry(out, &all.at[i]);
    }
    return code;
}

void docs_examples(FILE *out) {
    for (int i = 0; i < FN_COUNT; i++)
        fprintf(out, "%s\t%s\n", fn_at(i)->example, fn_at(i)->result);
    for (int i = 0; i < AGG_COUNT; i++)
        if (agg_at(i)->built) fprintf(out, "%s\t%s\n", agg_at(i)->example, agg_at(i)->result);
}
