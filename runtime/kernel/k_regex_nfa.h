/* k_regex_nfa.h - searching by threads (Pike's machine). */
#ifndef FLOW_KERNEL_K_REGEX_NFA_H
#define FLOW_KERNEL_K_REGEX_NFA_H

#include "runtime/kernel/k_regex_look.h"

/* A program with the text it runs over. */
typedef struct re_code {
    const flow_re *re;
    const flow_re_nfa *nfa;
    const flow_re_op *ops;
    const flow_re_range *ranges;
    re_text t;
} re_code;
re_code k_re_code(const flow_re *re, re_text t);

/* Where a consuming instruction goes on byte b, or -1. */
FLOW_INLINE int32_t k_re_step(const re_code *c, uint32_t op, uint8_t b) {
    const flow_re_op *in = &c->ops[op];
    if (in->op == FLOW_RE_OP_RANGE)
        return (uint8_t)(b - in->lo) <= in->hi - in->lo ? in->x : -1;
    const flow_re_range *r = c->ranges + in->x;
    for (uint32_t i = 0; i < in->y; i++)
        if ((uint8_t)(b - r[i].lo) <= r[i].hi - r[i].lo) return r[i].next;
    return -1;
}

/* Can a match begin at p?  A text's end, or the first byte of a code point. */
FLOW_INLINE int k_re_boundary(re_text t, const uint8_t *p) {
    return p == t.end || (*p & 0xC0) != 0x80;
}

/* The leftmost-first match from `from` on, or with `here` the one that begins there:
 * fills `nslots` slots (even; offsets from t.s, -1: took no part).  *seen is how far it
 * looked.  0 without a match.
 * Its memory is the task arena's and is given back. */
int32_t k_re_threads(flow_ctx *ctx, const flow_re *re, re_text t, const uint8_t *from,
                     int here, int64_t *slots, int64_t nslots, const uint8_t **seen);
/* Is there a match at all?  Without memory. */
int32_t k_re_threads_any(const flow_re *re, re_text t, const uint8_t *from);
/* Does the assertion hold at p? */
int32_t k_re_look(const flow_re *re, re_text t, const uint8_t *p, uint8_t look);

#endif
