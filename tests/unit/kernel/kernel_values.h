/* kernel_values.h - random types and values for the property tests of the kernel. */
#ifndef FLOW_TESTS_KERNEL_VALUES_H
#define FLOW_TESTS_KERNEL_VALUES_H

#include "runtime/kernel/k_value.h"

#define TYPE_MAX 4096

/* A repeatable source of numbers. */
typedef struct rnd {
    uint64_t s;
} rnd;
uint64_t rnd_next(rnd *r);
int64_t rnd_below(rnd *r, int64_t n);
/* An edge value, a small one or any bits. */
int64_t rnd_int(rnd *r);
double rnd_float(rnd *r);

/* A random type code, at most `depth` deep; returns its length. */
int64_t rnd_type(rnd *r, uint8_t *tc, int depth);
/* A random value of the type; what it points to comes from the task arena.  Values are
 * drawn from few, so that equal ones and common prefixes are frequent. */
void rnd_value(rnd *r, flow_ctx *ctx, uint64_t *words, const uint8_t *tc);

#endif
