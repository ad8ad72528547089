/* k_split.h - the pieces of a text between separators, one by one, without a list:
 * `each w in split(s, ",")`.  Regexes have iterators of their own (k_regex.h).
 *
 * Every piece is given, empty ones too; a text without separator is one piece. */
#ifndef FLOW_KERNEL_K_SPLIT_H
#define FLOW_KERNEL_K_SPLIT_H

#include "runtime/kernel/k_value.h"

/* Begins with the pieces of a text; `it` is FLOW_ITER_WORDS words of stack. */
void flow_k_split_open(flow_ctx *ctx, void *it, const uint8_t *p, int64_t len);

/* 1: out is the next piece (pointer, length), 0: no more.  A separator of no bytes gives
 * the code points. */
int32_t flow_k_split_text_next(void *it, const uint8_t *sep, int64_t sep_len,
                               uint64_t *out);

#endif
