/* k_regex_tags.h - the groups of a match by the tagged automaton. */
#ifndef FLOW_KERNEL_K_REGEX_TAGS_H
#define FLOW_KERNEL_K_REGEX_TAGS_H

#include "runtime/kernel/k_regex_look.h"

/* Fills the slots from 2 on, which hold -1, of the match from start to end (offsets from
 * t.s). */
void k_re_tags(const flow_re *re, re_text t, const uint8_t *start, const uint8_t *end,
               int64_t *slots);

#endif
