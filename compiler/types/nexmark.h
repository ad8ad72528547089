/* nexmark.h - the type that `from nexmark(...)` gives its events. */
#ifndef FLOW_TYPES_NEXMARK_H
#define FLOW_TYPES_NEXMARK_H

#include "compiler/types/type.h"

/* Null if `t` declares the three kinds of event as the generator makes them, else what
 * is wrong with it. */
const char *nexmark_fault(arena_t *a, const type_t *t);
/* The declaration, for a message. */
const char *nexmark_declaration(void);

#endif
