/* k_split.h - the pieces of a text, one by one, without a list: `each w in split(s, …)`.
 *
 * Every piece is given, empty ones too; a text without separator is one piece.  Two kinds
 * of separator are found here: a byte class (regexes such as /\W+/ and /[,;]/) and a
 * literal text.  Other regexes have automata.
 *
 * A class is a constant byte string:
 *   0..31   bitmap: bit (b & 7) of byte b >> 3 is set if b separates
 *   32      1: a run of such bytes is one separator (`+`); 2: the ranges say which bytes
 *           do not separate
 *   33      number of ranges, at most 8; 0: only the bitmap says it
 *   34..    the ranges: lowest byte, highest byte
 * A class that holds some but not all bytes from 0x80 is no byte class. */
#ifndef FLOW_KERNEL_K_SPLIT_H
#define FLOW_KERNEL_K_SPLIT_H

#include "runtime/kernel/k_value.h"

#define FLOW_CLASS_RUNS 1
#define FLOW_CLASS_COMPLEMENT 2
#define FLOW_CLASS_RANGES 8

/* Begins with the pieces of a text; `it` is FLOW_ITER_WORDS words of stack. */
void flow_k_split_open(flow_ctx *ctx, void *it, const uint8_t *p, int64_t len);

/* 1: out is the next piece (pointer, length), 0: no more. */
int32_t flow_k_split_class_next(void *it, const uint8_t *cls, uint64_t *out);
int32_t flow_k_split_text_next(void *it, const uint8_t *sep, int64_t sep_len,
                               uint64_t *out); /* "": the code points, one by one */

#endif
