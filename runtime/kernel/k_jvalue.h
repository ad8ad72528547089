/* k_jvalue.h - any JSON value to words. */
#ifndef FLOW_KERNEL_K_JVALUE_H
#define FLOW_KERNEL_K_JVALUE_H

#include "runtime/kernel/k_value.h"

struct flow_json;
struct flow_node;
struct flow_format;

/* The value at p and past it: JSON_OK or what is wrong (k_jscan.h). */
int k_json_value(struct flow_json *j, struct flow_node *n, uint64_t *out);

/* After the value that should be all there is: nothing but blanks may follow.  `r` is
 * what decoding it gave.  Sets ctx->why, why_at (from `from` on); returns a row error. */
int32_t k_json_finish(struct flow_json *j, int r, const uint8_t *from);

/* Decodes the defaults of a tree into the arena.  A default that is not JSON of its type
 * is a fault of the compiler. */
void k_json_defaults(flow_ctx *ctx, const struct flow_format *f, struct flow_node *n);

/* The whole of a text as one value.  0, or a row error with ctx->why and why_at. */
int32_t k_json_whole(flow_ctx *ctx, const struct flow_format *f, struct flow_node *n,
                     const uint8_t *p, int64_t len, uint64_t *out);

#endif
