/* k_json.h - JSON lines to words; see k_schema.h for the protocol.
 *
 * One value a line, blank lines are skipped.  Fields are found by name in any order,
 * unknown ones are skipped, of equal names the last counts. */
#ifndef FLOW_KERNEL_K_JSON_H
#define FLOW_KERNEL_K_JSON_H

#include "runtime/kernel/k_value.h"

struct flow_json;
struct flow_node;

void *flow_k_json_open(flow_ctx *ctx, const uint8_t *schema, const uint8_t *p,
                       const uint8_t *end);
int32_t flow_k_json_next(flow_ctx *ctx, void *decoder, uint64_t *words);

/* A line with bytes beyond ASCII: 1 and its result in *r, 0 if it is decoded as others.
 */
int32_t k_json_special(struct flow_json *j, struct flow_node *root, uint64_t *words,
                       int32_t *r);

#endif
