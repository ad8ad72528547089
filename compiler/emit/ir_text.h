/* ir_text.h - the module as text for people. */
#ifndef FLOW_EMIT_IR_TEXT_H
#define FLOW_EMIT_IR_TEXT_H

#include "compiler/emit/emit.h"

/* The IR (arena text).  stage < 0: the whole module, as LLVM's tools read it; else only the
 * functions flowgen_stage<stage>_*.  The source line stands as a comment above what it
 * became. */
const char *ir_text(emit_t *e, int stage);
/* The same choice of functions from the target's assembly (n bytes of text). */
const char *asm_text(emit_t *e, const char *text, size_t n, int stage);

#endif
