/* scalar.h - random expressions over the columns of a relation. */
#ifndef FLOW_TESTS_DIFF_SCALAR_H
#define FLOW_TESTS_DIFF_SCALAR_H

#include "relation.h"

/* None of these can be none. */
both_t int_of(const relation_t *r, int depth);
both_t text_of(const relation_t *r, int depth);
both_t condition(const relation_t *r, int depth);

/* Any expression, maybe an optional one. */
both_t any_of(const relation_t *r, int depth);

/* A column that has an order, or an int expression where there is none. */
both_t orderable(const relation_t *r);

both_t both(const char *flow, const char *sql);
/* Puts the texts of x and y into the formats. */
both_t mix(const char *flow, const char *sql, both_t x, both_t y);
both_t plain(const column_t *c);

#endif
