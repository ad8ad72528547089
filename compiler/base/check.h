/* check.h - asserts that stay on, and the limits of the compiler with their reasons. */
#ifndef FLOW_BASE_CHECK_H
#define FLOW_BASE_CHECK_H

#include <stdio.h>
#include <stdlib.h>

/* An assert is a comment that runs: release builds keep them. */
#define flow_assert(cond)                                                                \
    ((cond) ? (void)0                                                                    \
            : (fprintf(stderr, "flowc: internal error: %s:%d: %s\n", __FILE__, __LINE__,  \
                       #cond),                                                           \
               abort()))
#define flow_unreachable(what)                                                           \
    (fprintf(stderr, "flowc: internal error: %s:%d: %s\n", __FILE__, __LINE__, what), abort())

/* Depth of nested expressions and types: the parser's stack and every recursive walk
 * stay far below an 8 MiB thread stack. */
#define FLOW_MAX_NESTING 500
/* A source file: spans are 32-bit. */
#define FLOW_MAX_SOURCE (64u << 20)

#endif
