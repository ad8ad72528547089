/* const.h - the folder: evaluates typed expressions with exactly the language's
 * semantics.
 *
 * It serves constants, the rule that folds constants, and the tests, where it is the
 * oracle for generated code: so it evaluates every kind of expression on given rows.
 * Built-in functions are the archive's copies of the kernel's. */
#ifndef FLOW_TYPES_CONST_H
#define FLOW_TYPES_CONST_H

#include <stdint.h>

#include "compiler/types/expr.h"

/* A value: its type and the words of runtime/kernel/k_value.h. */
typedef struct cval {
    type_t *type;
    uint64_t *w;
} cval_t;

/* Evaluates `e` (checked) where the columns have these words: `row` holds the input
 * row's record (row_in) word for word.  Writes n(e->type) words and returns 0, or the
 * status of a row error (runtime/kernel/k_error.def). */
int const_eval_row(check_t *c, node_t *e, const type_t *row_type, const uint64_t *row,
                   uint64_t *out);
/* The same without a row: what reads no column.  Params have their defaults, or the
 * values set by const_set_param. */
int const_eval_words(check_t *c, node_t *e, uint64_t *out);
void const_set_param(check_t *c, def_t *param, const uint64_t *words);
void const_reset_params(check_t *c); /* all have their defaults again */
/* The batch time that now() gives; the epoch unless set. */
void const_set_now(check_t *c, int64_t now);

/* const_eval, as a value of `type`. */
cval_t *const_eval_as(check_t *c, node_t *e, type_t *type);

/* Makes a value of type `from` one of type `to` (T to T?, none, decimal, record order). */
void const_coerce(check_t *c, const type_t *from, const uint64_t *in, const type_t *to,
                  uint64_t *out);
/* Compares two values of one type in the language's total order: <0, 0, >0. */
int const_compare(const type_t *t, const uint64_t *a, const uint64_t *b);
/* string(x), arena text. */
const char *const_text(check_t *c, const type_t *t, const uint64_t *w);
/* to_json(x), arena text: what a sink writes with `format = json`. */
const char *const_json(check_t *c, const type_t *t, const uint64_t *w);
/* The text of a status: "integer overflow". */
const char *const_status_text(int status);

#endif
