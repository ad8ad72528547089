/* k_binary.c - see k_binary.h. */
#include "runtime/kernel/k_binary.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_record.h"

FLOW_COLD int32_t flow_k_binary_bad(flow_ctx *ctx) {
    return -k_record_bad(ctx, FLOW_E_malformed, 0, "a bool is neither 0 nor 1");
}
