/* diag.h - diagnostics are values: collected, with notes, one per cause.
 *
 * A message has the form
 *     file:line:col: error: reason
 *        3 | text of the line
 *          |      ^^^^ label
 *          = note: ...
 *          = help: ...
 * The id names the row of lang/diagnostics.def, whose text is the reason's format. */
#ifndef FLOW_DIAG_DIAG_H
#define FLOW_DIAG_DIAG_H

#include <stdio.h>

#include "compiler/diag/source.h"

typedef enum diag_id {
#define DIAG(id, severity, text) DIAG_##id,
#include "lang/diagnostics.def"
#undef DIAG
    DIAG_COUNT
} diag_id;

typedef struct diag diag_t;
typedef struct diags diags_t;

diags_t *diags_new(arena_t *a, sources_t *sources);
/* Adds a diagnostic; the arguments fill the text of diagnostics.def (printf format).
 * Never null: notes may be hung on it at once.  A second diagnostic of the same id at
 * the same span is dropped, as are followers beyond 100 errors.  Each diagnostic makes
 * its own line of `line | text` unless `at` is SPAN_NOWHERE. */
diag_t *diag_add(diags_t *d, diag_id id, span_t at, ...);
/* Diagnostics added from now on begin with this note; null: none.  For text that is
 * checked at another place than it stands at. */
void diags_context(diags_t *d, const char *note);
/* Takes back all errors of one id, and how many there were. */
int diags_withdraw(diags_t *d, diag_id id);
int diags_count_of(const diags_t *d, diag_id id);
/* The words behind the carets. */
void diag_label(diag_t *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A line `= note: ...`, `= help: ...` (at most one), or `= ...` (plain).  Line breaks
 * in the text are continued with matching indent. */
void diag_note(diag_t *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void diag_help(diag_t *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void diag_line(diag_t *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int diags_errors(const diags_t *d);
int diags_warnings(const diags_t *d);
/* "3:17", or "x.flow:3:17" when the span lies in another file than `from`. */
const char *diag_where(diags_t *d, span_t at, span_t from);
/* The text of a span as the program has it, for messages; line breaks and runs of blanks
 * become one blank. */
const char *diag_source(diags_t *d, span_t at);
int diag_line_of(diags_t *d, span_t at);
/* The best near match of `word` among `names` (edit distance at most a third), or null. */
const char *diag_nearest(const char *word, const char *const *names, size_t n);

/* Prints all, sorted by position.  color: ANSI escapes.  Returns the count of errors.
 * (render.c, as all below.) */
int diags_render(diags_t *d, FILE *out, int color);
/* One JSON object a line: file, line, column, end_line, end_column, severity, id,
 * message, label, notes, help. */
int diags_render_json(diags_t *d, FILE *out);
/* What diags_render prints without colours, as a text in the arena. */
const char *diags_text(diags_t *d, arena_t *a);

/* ---- for the renderer and tests ---- */
typedef enum diag_part { DIAG_NOTE, DIAG_HELP, DIAG_LINE } diag_part;

typedef struct diag_extra {
    diag_part part;
    const char *text; /* lines are parted by \n */
} diag_extra_t;

struct diag {
    diag_id id;
    int is_error;
    span_t at;
    const char *text;  /* the reason */
    const char *label; /* null without one */
    diag_extra_t *extras;
    size_t nextras, cap;
    diags_t *owner;
    uint32_t seq; /* order of finding; breaks ties of position */
};

size_t diags_count(const diags_t *d);
/* The i-th in order of position; sorts first. */
const diag_t *diags_at(diags_t *d, size_t i);
const sources_t *diags_sources(const diags_t *d);
const char *diag_id_name(diag_id id);
/* Errors past the hundredth were left out. */
int diags_truncated(const diags_t *d);

#endif
