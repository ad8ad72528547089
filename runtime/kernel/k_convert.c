/* k_convert.c - texts to values, floats to ints. */
#include "runtime/kernel/k_convert.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_float.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_schema.h"
#include "runtime/kernel/k_time.h"

int32_t flow_k_fn_int(flow_ctx *ctx, uint64_t *out, double x) {
    (void)ctx;
    if (!(x > -9223372036854777856.0 && x < 9223372036854775808.0))
        return FLOW_E_int_range;
    *out = (uint64_t)(int64_t)x;
    return 0;
}

/* One word and its flag: 0 and 0 if it was not one. */
static int32_t convert_out(uint64_t *out, int32_t bad, uint64_t word) {
    out[0] = bad ? 0 : word;
    out[1] = !bad;
    return 0;
}

FLOW_FAR int32_t flow_k_fn_to_int(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                  int64_t len) {
    (void)ctx;
    int64_t v = 0;
    int32_t bad = flow_k_num_int(p, flow_text_end(p, len), &v);
    return convert_out(out, bad, (uint64_t)v);
}

FLOW_FAR int32_t flow_k_fn_to_float(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                    int64_t len) {
    (void)ctx;
    double v = 0;
    int32_t bad = flow_k_num_float(p, flow_text_end(p, len), &v);
    uint64_t bits;
    __builtin_memcpy(&bits, &v, 8);
    return convert_out(out, bad, bits);
}

FLOW_FAR int32_t flow_k_fn_to_bool(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                   int64_t len) {
    (void)ctx;
    int yes = len == 4 && !__builtin_memcmp(p, "true", 4);
    int no = len == 5 && !__builtin_memcmp(p, "false", 5);
    return convert_out(out, !yes && !no, (uint64_t)yes);
}

FLOW_FAR int32_t flow_k_fn_to_timestamp(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                        int64_t len) {
    (void)ctx;
    int64_t v = 0;
    int32_t bad = k_time_get(p, flow_text_end(p, len), &v);
    return convert_out(out, bad, (uint64_t)v);
}

FLOW_FAR int32_t flow_k_fn_parse(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                 int64_t len, const uint8_t *tc) {
    int64_t v = k_node_variant(k_node_build(ctx, &tc, 0), p, len);
    return convert_out(out, v < 0, (uint64_t)v);
}
