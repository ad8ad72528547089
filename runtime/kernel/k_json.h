/* k_json.h - JSON lines to words; see k_schema.h for the protocol.
 *
 * One value a line, blank lines are skipped.  Fields are found by name in any order,
 * unknown ones are skipped, of equal names the last counts. */
#ifndef FLOW_KERNEL_K_JSON_H
#define FLOW_KERNEL_K_JSON_H

#include "runtime/kernel/k_value.h"

struct flow_node;
struct flow_format;

void *flow_k_json_open(flow_ctx *ctx, const uint8_t *schema, const uint8_t *p,
                       const uint8_t *end);
int32_t flow_k_json_next(flow_ctx *ctx, void *decoder, uint64_t *words);

/* Decodes the defaults of a tree into the arena.  A default that is not JSON of its type
 * is a fault of the compiler. */
void k_json_defaults(flow_ctx *ctx, const struct flow_format *f, struct flow_node *n);

/* The whole of a text as one value.  0, or a row error with ctx->why and why_at. */
int32_t k_json_whole(flow_ctx *ctx, const struct flow_format *f, struct flow_node *n,
                     const uint8_t *p, int64_t len, uint64_t *out);

#endif
