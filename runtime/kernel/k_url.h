/* k_url.h - the builtin functions on URLs. */
#ifndef FLOW_KERNEL_K_URL_H
#define FLOW_KERNEL_K_URL_H

#include "runtime/kernel/k_value.h"

int32_t flow_k_fn_url_decode(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len);
int32_t flow_k_fn_url_query(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len,
                            const uint8_t *key, int64_t key_len);

#endif
