/* k_float.h - floats from text, correctly rounded, and to text with the fewest digits
 * that read back the same. */
#ifndef FLOW_KERNEL_K_FLOAT_H
#define FLOW_KERNEL_K_FLOAT_H

#include "runtime/kernel/k_num.h"

#define FLOW_FLOAT_TEXT 32 /* longest text of a float */

/* The float nearest to a number; what is too great is infinite. */
double k_float_of(const flow_number *n);

/* The whole of [p, end): a number, or NaN, inf, Infinity in any letter case. */
int32_t flow_k_num_float(const uint8_t *p, const uint8_t *end, double *out);

/* Only the words: NaN, inf, Infinity, with a sign perhaps. */
int32_t k_float_word(const uint8_t *p, const uint8_t *end, double *out);

/* Rounded to so many digits after the point (before it, if negative), halves of the
 * decimal that flow_k_put_float prints away from zero: 1.005 at 2 digits is 1.01. */
double k_float_round(double v, int64_t digits);

/* Writes at p the text the language gives a float; returns the length. */
int64_t flow_k_put_float(uint8_t *p, double v);

#endif
