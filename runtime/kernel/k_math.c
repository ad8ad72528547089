/* k_math.c - functions on numbers. */
#include "runtime/kernel/k_math.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_float.h"

double exp(double x);
double log(double x);
double log10(double x);
double pow(double x, double y);
double sin(double x);
double cos(double x);
double tan(double x);
double atan2(double y, double x);
double fmod(double x, double y);

/* A wrapper that neither inlines nor lets its call be folded or replaced. */
#define MATH_CALL(name) FLOW_FAR __attribute__((no_builtin(name)))

MATH_CALL("exp") double flow_k_fn_exp(double x) {
    return exp(x);
}
MATH_CALL("log") double flow_k_fn_ln(double x) {
    return log(x);
}
MATH_CALL("log10") double flow_k_fn_log10(double x) {
    return log10(x);
}
MATH_CALL("pow") double flow_k_fn_pow(double x, double y) {
    return pow(x, y);
}
MATH_CALL("sin") double flow_k_fn_sin(double x) {
    return sin(x);
}
MATH_CALL("cos") double flow_k_fn_cos(double x) {
    return cos(x);
}
MATH_CALL("tan") double flow_k_fn_tan(double x) {
    return tan(x);
}
MATH_CALL("atan2") double flow_k_fn_atan2(double y, double x) {
    return atan2(y, x);
}
MATH_CALL("fmod") double flow_k_fmod(double x, double y) {
    return fmod(x, y);
}

/* These are exact: every way to compute them gives the same bits. */
double flow_k_fn_ceil(double x) {
    return __builtin_ceil(x);
}
double flow_k_fn_floor(double x) {
    return __builtin_floor(x);
}
double flow_k_fn_trunc(double x) {
    return __builtin_trunc(x);
}
double flow_k_fn_sqrt(double x) {
    return __builtin_sqrt(x);
}
double flow_k_fn_abs_float(double x) {
    return __builtin_fabs(x);
}

int32_t flow_k_fn_abs(flow_ctx *ctx, uint64_t *out, int64_t x) {
    (void)ctx;
    if (x == INT64_MIN) return FLOW_E_overflow;
    *out = (uint64_t)(x < 0 ? -x : x);
    return 0;
}

int32_t flow_k_fn_abs_duration(flow_ctx *ctx, uint64_t *out, int64_t x) {
    return flow_k_fn_abs(ctx, out, x);
}

int64_t flow_k_fn_sign(int64_t x) {
    return (x > 0) - (x < 0);
}

double flow_k_fn_sign_float(double x) {
    return x > 0 ? 1.0 : x < 0 ? -1.0 : x == 0 ? 0.0 : x;
}

FLOW_FAR double flow_k_fn_round(double x, int64_t digits) {
    if (digits == 0) return __builtin_round(x);
    return k_float_round(x, digits);
}

int32_t flow_k_fn_is_finite(double x) {
    return __builtin_isfinite(x);
}
int32_t flow_k_fn_is_nan(double x) {
    return x != x;
}

int64_t flow_k_fn_bit_and(int64_t a, int64_t b) {
    return a & b;
}
int64_t flow_k_fn_bit_or(int64_t a, int64_t b) {
    return a | b;
}
int64_t flow_k_fn_bit_xor(int64_t a, int64_t b) {
    return a ^ b;
}

int32_t flow_k_fn_shl(flow_ctx *ctx, uint64_t *out, int64_t x, int64_t n) {
    (void)ctx;
    if ((uint64_t)n > 63) return FLOW_E_shift;
    *out = (uint64_t)x << n;
    return 0;
}

int32_t flow_k_fn_shr(flow_ctx *ctx, uint64_t *out, int64_t x, int64_t n) {
    (void)ctx;
    if ((uint64_t)n > 63) return FLOW_E_shift;
    *out = (uint64_t)(x >> n);
    return 0;
}

int64_t flow_k_fn_wrapping_add(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

int64_t flow_k_fn_wrapping_mul(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a * (uint64_t)b);
}
