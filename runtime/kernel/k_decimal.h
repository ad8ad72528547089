/* k_decimal.h - exact fixed point: a 128-bit integer and, in the type, a scale.
 *
 * A decimal crosses as the address of its two words, low first.  Results have at most 38
 * digits; more is FLOW_E_decimal_range.  Operands may be the result's own words. */
#ifndef FLOW_KERNEL_K_DECIMAL_H
#define FLOW_KERNEL_K_DECIMAL_H

#include "runtime/kernel/k_value.h"

#define FLOW_DECIMAL_TEXT   48 /* longest text of a decimal */
#define FLOW_DECIMAL_DIGITS 38

/* Scales sa and sb.  add, sub, rem: the larger scale; mul: their sum; div: sa + 6, at
 * most 38, half-even. */
int32_t flow_k_dec_add(uint64_t *out, const uint64_t *a, int64_t sa, const uint64_t *b,
                       int64_t sb);
int32_t flow_k_dec_sub(uint64_t *out, const uint64_t *a, int64_t sa, const uint64_t *b,
                       int64_t sb);
int32_t flow_k_dec_mul(uint64_t *out, const uint64_t *a, const uint64_t *b);
int32_t flow_k_dec_div(uint64_t *out, const uint64_t *a, int64_t sa, const uint64_t *b,
                       int64_t sb);
int32_t flow_k_dec_rem(uint64_t *out, const uint64_t *a, int64_t sa, const uint64_t *b,
                       int64_t sb);
int32_t flow_k_dec_compare(const uint64_t *a, int64_t sa, const uint64_t *b, int64_t sb);

/* To `scale` with at most `precision` digits, half-even. */
int32_t flow_k_dec_rescale(uint64_t *out, const uint64_t *a, int64_t from,
                           int64_t precision, int64_t scale);
int32_t flow_k_dec_of_int(uint64_t *out, int64_t v, int64_t precision, int64_t scale);
int32_t flow_k_dec_of_float(uint64_t *out, double v, int64_t precision, int64_t scale);

/* The nearest float; the int without the fraction, FLOW_E_int_range if it does not fit.
 */
double flow_k_dec_to_float(const uint64_t *a, int64_t scale);
int32_t flow_k_dec_to_int(uint64_t *out, const uint64_t *a, int64_t scale);

/* Text to decimal?: three words; none unless the whole text is a number that fits. Digits
 * beyond the scale must be 0. */
void flow_k_dec_parse(uint64_t *out, const uint8_t *p, int64_t len, int64_t precision,
                      int64_t scale);

/* The same with FLOW_NUM_OK, _BAD (also: digits beyond the scale), _RANGE.  `json`: by
 * JSON's grammar. */
int32_t k_dec_get(const uint8_t *p, const uint8_t *end, int json, int64_t precision,
                  int64_t scale, uint64_t *out);

/* Writes all `scale` digits after the point; returns the length. */
int64_t flow_k_put_decimal(uint8_t *p, int64_t low, int64_t high, int64_t scale);

#endif
