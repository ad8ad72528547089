/* k_regex_sweep.h - all matches of a text in linear time, whatever the regex. */
#ifndef FLOW_KERNEL_K_REGEX_SWEEP_H
#define FLOW_KERNEL_K_REGEX_SWEEP_H

#include "runtime/kernel/k_regex_look.h"

/* Looks at the text from `from` to its end once, backwards; memory of the task arena. */
typedef struct re_sweep re_sweep;
re_sweep *k_re_sweep(flow_ctx *ctx, const flow_re *re, re_text t, const uint8_t *from);
/* The leftmost-first match from p on (not before `from`), as k_re_threads gives it.
 * Calls in order of p take time linear in the text, all together. */
int32_t k_re_sweep_next(re_sweep *w, const uint8_t *p, int64_t *slots, int64_t nslots);

#endif
