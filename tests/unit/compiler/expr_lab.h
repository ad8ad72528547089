/* expr_lab.h - expressions compiled into a shared object of this process.
 *
 *     lab_t *lab = lab_new("const e0 = i + 1  const e1 = f\"{s}!\"");
 *     if (lab_build(lab, 2)) status = lab_run(lab, 0, row, out);
 *
 * The text may declare types, functions and constants; each constant `e…` is an
 * expression over the columns of lab_row.h.  Expressions with errors are left
 * out (lab_expr gives null). */
#ifndef FLOW_TESTS_EXPR_LAB_H
#define FLOW_TESTS_EXPR_LAB_H

#include <stdint.h>

#include "compiler/base/buf.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/expr.h"
#include "compiler/types/type.h"

typedef struct lab lab_t;

lab_t *lab_new(const char *text);
void lab_free(lab_t *lab);
arena_t *lab_arena(lab_t *lab);
check_t *lab_check(lab_t *lab);
type_t *lab_row_type(lab_t *lab);
size_t lab_count(const lab_t *lab);
/* Expression i, checked; null if it has errors. */
node_t *lab_expr(lab_t *lab, size_t i);
/* What the diagnostics say, to standard output. */
void lab_show_errors(lab_t *lab);

/* Generates all expressions at -O<level>, links and loads them; 0 after a message. */
int lab_build(lab_t *lab, int level);
/* Evaluates expression i on a row: the status; the words of its value in out.  What they
 * point to lives until the next lab_forget. */
int lab_run(lab_t *lab, size_t i, const uint64_t *row, uint64_t *out);
void lab_forget(lab_t *lab);

/* A row of the type LabRow from "i = 1, s = \"x\", ..." is too much to write: the words of
 * row number n of a fixed, varied set; LAB_ROWS of them. */
enum { LAB_ROWS = 24 };
const uint64_t *lab_row(lab_t *lab, int n);

/* A value as canonical text: ints, 16 hex digits of a double, quoted text, none, ... */
void lab_dump(buf_t *b, const type_t *t, const uint64_t *words);

#endif
