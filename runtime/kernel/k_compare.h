/* k_compare.h - the order of values and their equality.
 *
 * Total for every type: NaN is equal to itself and above all floats, -0.0 equals 0.0;
 * none is equal to none and above all values; text goes by bytes; records and lists go
 * element by element, a prefix before what it begins; tagged records by variant, then
 * fields.  This order is the one of key bytes (k_key.h). */
#ifndef FLOW_KERNEL_K_COMPARE_H
#define FLOW_KERNEL_K_COMPARE_H

#include "runtime/kernel/k_value.h"

/* Below, equal, above: -1, 0, 1. */
FLOW_FAR int32_t flow_k_compare(const uint64_t *a, const uint64_t *b, const uint8_t *tc);
int32_t flow_k_equal(const uint64_t *a, const uint64_t *b, const uint8_t *tc);

int32_t flow_k_compare_text(const uint8_t *a, int64_t an, const uint8_t *b, int64_t bn);
int32_t flow_k_equal_text(const uint8_t *a, int64_t an, const uint8_t *b, int64_t bn);
int32_t flow_k_compare_f64(double a, double b);
int32_t flow_k_equal_f64(double a, double b);
/* An int64 in the same order as the floats; one value for both zeros, one for all NaN. */
int64_t flow_k_rank_f64(double x);
/* The float of a rank. */
double flow_k_unrank_f64(int64_t rank);

#endif
