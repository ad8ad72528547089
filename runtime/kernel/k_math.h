/* k_math.h - the builtin functions on numbers.
 *
 * Their last bit, where it is the C library's, is kept out of the reach of LLVM, which
 * would fold calls with constants by the library of the machine that compiles. */
#ifndef FLOW_KERNEL_K_MATH_H
#define FLOW_KERNEL_K_MATH_H

#include "runtime/kernel/k_value.h"

int32_t flow_k_fn_abs(flow_ctx *ctx, uint64_t *out, int64_t x);
int32_t flow_k_fn_abs_duration(flow_ctx *ctx, uint64_t *out, int64_t x);
double flow_k_fn_abs_float(double x);
int64_t flow_k_fn_sign(int64_t x);
double flow_k_fn_sign_float(double x);

double flow_k_fn_ceil(double x);
double flow_k_fn_floor(double x);
double flow_k_fn_trunc(double x);
double flow_k_fn_round(double x, int64_t digits);
double flow_k_fn_sqrt(double x);
double flow_k_fmod(double x, double y); /* `%` on floats */

double flow_k_fn_exp(double x);
double flow_k_fn_ln(double x);
double flow_k_fn_log10(double x);
double flow_k_fn_pow(double x, double y);
double flow_k_fn_sin(double x);
double flow_k_fn_cos(double x);
double flow_k_fn_tan(double x);
double flow_k_fn_atan2(double y, double x);

int32_t flow_k_fn_is_finite(double x);
int32_t flow_k_fn_is_nan(double x);

int64_t flow_k_fn_bit_and(int64_t a, int64_t b);
int64_t flow_k_fn_bit_or(int64_t a, int64_t b);
int64_t flow_k_fn_bit_xor(int64_t a, int64_t b);
int32_t flow_k_fn_shl(flow_ctx *ctx, uint64_t *out, int64_t x, int64_t n);
int32_t flow_k_fn_shr(flow_ctx *ctx, uint64_t *out, int64_t x, int64_t n);
int64_t flow_k_fn_wrapping_add(int64_t a, int64_t b);
int64_t flow_k_fn_wrapping_mul(int64_t a, int64_t b);

#endif
