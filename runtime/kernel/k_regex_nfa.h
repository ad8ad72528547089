/* k_regex_nfa.h - searching by threads (Pike's machine). */
#ifndef FLOW_KERNEL_K_REGEX_NFA_H
#define FLOW_KERNEL_K_REGEX_NFA_H

#include "runtime/kernel/k_regex_look.h"

/* The leftmost-first match from `from` on, or with `here` the one that begins there:
 * fills `nslots` slots (even; offsets from t.s, -1: took no part).  0 without a match.
 * Its memory is the task arena's and is given back. */
int32_t k_re_threads(flow_ctx *ctx, const flow_re *re, re_text t, const uint8_t *from,
                     int here, int64_t *slots, int64_t nslots);
/* Is there a match at all?  Without memory. */
int32_t k_re_threads_any(const flow_re *re, re_text t, const uint8_t *from);
/* Does the assertion hold at p? */
int32_t k_re_look(const flow_re *re, re_text t, const uint8_t *p, uint8_t look);

#endif
