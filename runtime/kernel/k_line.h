/* k_line.h - records that are lines: `\n` ends one, a `\r` before it is dropped, the last
 * may lack its end.  An empty line is a record.  Bytes that are not UTF-8 are a row error
 * (FLOW_E_utf8) or, with `replace`, become U+FFFD. */
#ifndef FLOW_KERNEL_K_LINE_H
#define FLOW_KERNEL_K_LINE_H

#include "runtime/kernel/k_value.h"

typedef struct flow_lines {
    const uint8_t *p;   /* the next line */
    const uint8_t *end; /* of the block */
    int64_t replace;
} flow_lines;

/* Begins with the lines of [p, end); `it` is FLOW_ITER_WORDS words of stack. */
void flow_k_line_open(flow_ctx *ctx, void *it, const uint8_t *p, const uint8_t *end,
                      int32_t replace);

/* 1: out is the next line (pointer, length), 0: no more, else minus the row error. */
int32_t flow_k_line_next(flow_ctx *ctx, void *it, uint64_t *out);

/* A line with bytes beyond ASCII: what flow_k_line_next gives for it. */
int32_t k_line_special(flow_ctx *ctx, const flow_lines *l, uint64_t *out);

/* One past the first record in [p, end), which ends with `\n`; null if none ends there.
 */
const uint8_t *flow_k_line_end(const uint8_t *p, const uint8_t *end);

#endif
