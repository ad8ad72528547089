/* optimise.h - the passes of -O0 and -O2, and the sanitizers of test builds. */
#ifndef FLOW_EMIT_OPTIMISE_H
#define FLOW_EMIT_OPTIMISE_H

#include "compiler/emit/emit.h"

/* Drops what nobody reaches from `main` (or another external function): what
 * `emit --before-opt` shows. */
void optimise_prune(emit_t *e);
/* Runs the passes of the level (0 or 2); sanitize: null, "address" or "thread".  The
 * module must verify before; it is verified after. */
void optimise(emit_t *e, int level, const char *sanitize);

#endif
