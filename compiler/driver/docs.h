/* docs.h - the reference, from the tables that the compiler uses. */
#ifndef FLOW_DRIVER_DOCS_H
#define FLOW_DRIVER_DOCS_H

#include <stdio.h>

#include "compiler/base/arena.h"
#include "compiler/driver/options.h"

/* The whole reference, or the entries of these names; the exit code (2 for an unknown
 * name). */
int docs_print(arena_t *a, FILE *out, const names_t *names);
/* Lines `example<TAB>result` of functions and aggregates: what the tests run. */
void docs_examples(FILE *out);

#endif
