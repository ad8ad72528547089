/* k_digest.h - digests of values: the builtins `hash` and `uuid5`. */
#ifndef FLOW_KERNEL_K_DIGEST_H
#define FLOW_KERNEL_K_DIGEST_H

#include "runtime/kernel/k_value.h"

/* SipHash-2-4, key 0, over a canonical form of the value: equal values have equal
 * digests, on all machines and in all versions. */
uint64_t flow_k_digest(const uint64_t *words, const uint8_t *tc);

int64_t flow_k_fn_hash(const uint64_t *words, const uint8_t *tc);

int32_t flow_k_fn_uuid5(flow_ctx *ctx, uint64_t *out, const uint8_t *ns, int64_t ns_len,
                        const uint8_t *p, int64_t len);

#endif
