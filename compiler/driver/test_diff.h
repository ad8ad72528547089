/* test_diff.h - rows that came against rows that were expected, as JSON lines. */
#ifndef FLOW_DRIVER_TEST_DIFF_H
#define FLOW_DRIVER_TEST_DIFF_H

#include "compiler/base/buf.h"
#include "compiler/base/vec.h"

typedef VEC(const char *) lines_t;

/* 1 if they are the same rows (ordered: in the same order); else 0, with what differs
 * appended to `out`, each line behind `margin`. */
int test_diff(buf_t *out, const lines_t *want, const lines_t *got, int ordered,
              const char *margin);

#endif
