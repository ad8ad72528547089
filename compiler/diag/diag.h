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
 * the same span is dropped, as are followers beyond 100 errors. */
diag_t *diag_add(diags_t *d, diag_id id, span_t at, ...);
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
int diag_line_of(diags_t *d, span_t at);
/* The best near match of `word` among `names` (edit distance at most a third), or null. */
const char *diag_nearest(const char *word, const char *const *names, size_t n);

/* Prints all, sorted by position.  color: ANSI escapes.  Returns the count of errors. */
int diags_render(diags_t *d, FILE *out, int color);
/* One JSON object a line: file, line, column, end_line, end_column, severity, id, message, label, notes, help. */
int diags_render_json(diags_t *d, FILE *out);

#endif
