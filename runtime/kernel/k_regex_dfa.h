/* k_regex_dfa.h - searching by automata. */
#ifndef FLOW_KERNEL_K_REGEX_DFA_H
#define FLOW_KERNEL_K_REGEX_DFA_H

#include "runtime/kernel/k_regex_look.h"

/* Where the leftmost-first match from `from` on ends (with `any`, where some match that
 * begins there or later ends: enough to know that there is one); null without a match.
 * *seen is how far it looked. */
const uint8_t *k_re_forward(const flow_re *re, re_text t, const uint8_t *from, int any,
                            const uint8_t **seen);
/* Where the longest match that ends at `end` begins, not before `from`. */
const uint8_t *k_re_backward(const flow_re *re, re_text t, const uint8_t *from,
                             const uint8_t *end);

/* What stands before and after a place of the text (FLOW_RE_SIDE). */
int32_t k_re_before(re_text t, const uint8_t *p);
int32_t k_re_after(re_text t, const uint8_t *p);

#endif
