/* fmt_out.h - the writer under the formatter: columns, measuring, comments, lists.
 *
 * Layout is decided while writing.  `fits` writes a node into nothing, flat, and stops at
 * the margin, so a decision costs at most a line.  Everything that may be broken asks it;
 * while it measures, nothing is broken.
 *
 * Comments are written at the places that ask for them (before and after declarations,
 * steps, elements of lists, statements).  One that stands anywhere else comes out at the
 * next such place.  After a comment the line is over: `must_break` makes the next word
 * begin a new one.  Internal to fmt*.c. */
#ifndef FLOW_SYNTAX_FMT_OUT_H
#define FLOW_SYNTAX_FMT_OUT_H

#include "compiler/syntax/fmt.h"

enum { FMT_WIDTH = 100 };

typedef struct fmt {
    arena_t *arena;
    const source_t *source;
    const comments_t *comments;
    size_t next;    /* the first comment not written */
    buf_t out;
    size_t col;     /* columns written on this line */
    size_t indent;  /* where lines of the construct at hand begin */
    size_t lines;   /* line breaks written */
    int must_break; /* a comment ended the line */
    int flat;       /* nothing may be broken: inside an f-string, or while measuring */
    int measuring;
    size_t budget;  /* columns left while measuring */
    int over;
} fmt_t;

typedef void fmt_fn(fmt_t *f, const node_t *n);

void fmt_put(fmt_t *f, const char *s);
void fmt_text(fmt_t *f, const char *s, size_t n);
/* The text of a literal as the program has it. */
void fmt_source(fmt_t *f, span_t at);
/* A column, field or option: any word but a reserved one stands bare. */
void fmt_name(fmt_t *f, const char *name);
/* A declared name, where no word of the language may stand bare. */
void fmt_ident(fmt_t *f, const char *name);
/* A type's or variant's name. */
void fmt_type_name(fmt_t *f, const char *name);
void fmt_newline(fmt_t *f, size_t col);

/* Would it, followed by `after` more columns, stay on this line? */
int fmt_fits(fmt_t *f, fmt_fn *fn, const node_t *n, size_t after);
int fmt_has_comments(const fmt_t *f, span_t at);
/* Does the source have a line break (an empty line) in between? */
int fmt_was_broken(const fmt_t *f, uint32_t from, uint32_t to);
int fmt_blank_before(const fmt_t *f, uint32_t offset);

/* An empty line, unless there is one. */
void fmt_blank(fmt_t *f, size_t col);
/* Is the next comment one before `offset`? */
int fmt_comment_due(const fmt_t *f, uint32_t offset);
/* The comments before `offset`, a line each, at col; the line must be empty so far.
 * blanks: empty lines of the source around them are kept, one at most. */
void fmt_comments_before(fmt_t *f, uint32_t offset, size_t col, int blanks);
/* The same for the first element of a list, if they stand inside the list. */
void fmt_comments_first(fmt_t *f, uint32_t start, size_t col);
/* The first comment in the span, or the one on its line behind it. */
void fmt_comments_after(fmt_t *f, span_t at);

/* Ends a block: the comments before `end`, a line each at col, and a new line at outer. */
void fmt_close(fmt_t *f, uint32_t end, size_t col, size_t outer);

/* `a, b, c` from here on: lines are filled and begin where the list does.  If the source
 * has every element on a line of its own, so has the output.  after: columns that must
 * fit behind the last. */
void fmt_list(fmt_t *f, const nodes_t *list, fmt_fn *fn, size_t after);
/* The same; `close` is written behind the last element, before a comment there. */
void fmt_list_to(fmt_t *f, const nodes_t *list, fmt_fn *fn, size_t after, const char *close);

/* fmt_expr.c */
void fmt_expr(fmt_t *f, const node_t *n);
void fmt_arg(fmt_t *f, const node_t *n);
/* What stands before `.` or `.*`: in brackets if it must. */
void fmt_operand(fmt_t *f, const node_t *n);
/* fmt_type.c */
void fmt_type(fmt_t *f, const node_t *n);
void fmt_field(fmt_t *f, const node_t *n);
void fmt_fields(fmt_t *f, const nodes_t *fields);
void fmt_param(fmt_t *f, const node_t *n);
/* fmt_step.c */
void fmt_step(fmt_t *f, const node_t *n);
void fmt_pipeline(fmt_t *f, const node_t *n);
/* With a line for each step. */
void fmt_pipeline_lines(fmt_t *f, const node_t *n);
/* Stands the pipeline on one line, and fits there with `after` columns more? */
int fmt_pipeline_fits(fmt_t *f, const node_t *n, size_t after);
/* Steps joined by `|>`, the first where the line is now, the others at col if broken. */
void fmt_chain(fmt_t *f, const nodes_t *steps, size_t col, int broken);

#endif
