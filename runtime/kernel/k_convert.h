/* k_convert.h - the builtin functions that convert; string, to_json and parse_json are in
 * k_print.h, decimals in k_decimal.h. */
#ifndef FLOW_KERNEL_K_CONVERT_H
#define FLOW_KERNEL_K_CONVERT_H

#include "runtime/kernel/k_value.h"

int32_t flow_k_fn_int(flow_ctx *ctx, uint64_t *out, double x);

/* T?: the value and a flag; none unless the whole text is such a value. */
int32_t flow_k_fn_to_int(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len);
int32_t flow_k_fn_to_float(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len);
int32_t flow_k_fn_to_bool(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len);
int32_t flow_k_fn_to_timestamp(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                               int64_t len);
int32_t flow_k_fn_parse(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len,
                        const uint8_t *tc);

#endif
