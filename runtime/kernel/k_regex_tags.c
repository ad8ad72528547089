/* k_regex_tags.c - the groups of a match by the tagged automaton. */
#include "runtime/kernel/k_regex_tags.h"

void k_re_tags(const flow_re *re, re_text t, const uint8_t *start, const uint8_t *end,
               int64_t *slots) {
    (void)re;
    (void)t;
    (void)start;
    (void)end;
    (void)slots;
}
