/* tests.h - `test` declarations: their clauses typed, and the program that runs them. */
#ifndef FLOW_TYPES_TESTS_H
#define FLOW_TYPES_TESTS_H

#include "compiler/types/wiring.h"

/* Checks the tests of the root file, after all its flows; fills p->tests.  With
 * env->testing it also adds a pipeline for each set of columns that an `expect` mentions,
 * `flow |> select columns |> to file("n.json")`, through `check` (sema.c). */
void tests_check(sema_t *m, void (*check)(sema_t *m, pipe_t *p));
/* With env->testing: what stands in place of a source, fed by `given`. */
tconnector_t *tests_queue(sema_t *m, const tconnector_t *source);

#endif
