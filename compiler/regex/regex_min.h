/* regex_min.h - makes an automaton as small as it can be.  Inside compiler/regex only. */
#ifndef FLOW_REGEX_REGEX_MIN_H
#define FLOW_REGEX_REGEX_MIN_H

#include "compiler/regex/regex_dfa.h"

/* Merges states that no text tells apart (unless that would take too long), and byte
 * classes that no state tells apart. */
void dfa_minimise(arena_t *a, re_dfa *d);

#endif
