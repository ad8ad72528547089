/* regex_tdfa.h - the tagged automaton, which finds the groups of a match.  Inside
 * compiler/regex only. */
#ifndef FLOW_REGEX_REGEX_TDFA_H
#define FLOW_REGEX_REGEX_TDFA_H

#include "compiler/base/buf.h"
#include "compiler/regex/regex_prog.h"

/* Appends a flow_re_tdfa to `out`, 8-aligned, and returns its offset; 0 where it would be
 * too large. */
uint32_t write_tdfa(arena_t *a, const re_prog *p, buf_t *out);

#endif
