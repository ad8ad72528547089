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
/* The same for a part of a program: functions that are only there to be inlined are declarations
 * afterwards. */
void optimise_part(struct LLVMOpaqueModule *part, struct LLVMOpaqueTargetMachine *machine, int level,
                   const char *sanitize);
/* Bodies of functions with the linkage available_externally go. */
void optimise_drop(struct LLVMOpaqueModule *part, struct LLVMOpaqueTargetMachine *machine);

#endif
