/* k_pow10.h - the table of k_pow10.def. */
#ifndef FLOW_KERNEL_K_POW10_H
#define FLOW_KERNEL_K_POW10_H

#include "runtime/kernel/k_value.h"

#define FLOW_POW10_MIN -342
#define FLOW_POW10_MAX 324

typedef struct flow_pow10 {
    uint64_t high, low;
} flow_pow10;

extern const flow_pow10 k_pow10[FLOW_POW10_MAX - FLOW_POW10_MIN + 1]
    __attribute__((visibility("hidden")));

#endif
