/* k_case.h - lower and upper case by Unicode's simple mapping, without a locale. */
#ifndef FLOW_KERNEL_K_CASE_H
#define FLOW_KERNEL_K_CASE_H

#include "runtime/kernel/k_value.h"

int32_t flow_k_fn_lower(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len);
int32_t flow_k_fn_upper(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len);

uint32_t k_case_lower(uint32_t c);
uint32_t k_case_upper(uint32_t c);

#endif
