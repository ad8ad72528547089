/* debuginfo.h - lines of .flow files in the object: for `break x.flow:5`, backtraces,
 * perf and addr2line. */
#ifndef FLOW_EMIT_DEBUGINFO_H
#define FLOW_EMIT_DEBUGINFO_H

#include "compiler/emit/emit.h"

/* Starts the compile unit of the module; the first file of the sources is the program. */
void debug_begin(emit_t *e);
/* Completes it; nothing may be emitted afterwards. */
void debug_end(emit_t *e);
/* A subprogram for a generated function. */
LLVMMetadataRef debug_function(emit_t *e, LLVMValueRef fn, const char *name, span_t at);
/* The builder's line is that of `at`, in the current function. */
void debug_at(emit_t *e, span_t at);

#endif
