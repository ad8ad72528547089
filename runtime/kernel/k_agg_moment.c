/* k_agg_moment.c - variance, standard deviation, covariance, correlation.
 *
 * The state holds exact sums of x, y, their squares and products.  With n values, the
 * sample's variance is (n * sum(x*x) - sum(x)^2) / (n * (n - 1)): both terms of the
 * difference are exact integers here, so nothing cancels, and the quotient is rounded
 * once.  Under two values there is none; over NaN or an infinity it is NaN. */
#include "runtime/kernel/k_agg.h"
#include "runtime/kernel/k_agg_form.h"
#include "runtime/kernel/k_exact.h"
#include "runtime/kernel/k_fsum.h"

/* ---- exact results --------------------------------------------------------------- */

/* n * products - a * b, the sum of the cross products of the deviations times n. */
static void moment_spread(k_exact *out, k_exact *products, int64_t n, const k_exact *a,
                          const k_exact *b) {
    k_exact ab;
    k_exact_mul(&ab, a, b);
    k_exact_scale(products, (uint64_t)n);
    k_exact_sub(out, products, &ab);
}

FLOW_INLINE unsigned __int128 moment_pairs(int64_t n) {
    return (unsigned __int128)(uint64_t)n * (uint64_t)(n - 1);
}

/* A sum of doubles in units of half the exponent, so that its square has the unit of the
 * sums of products: it has no digits below. */
static int moment_sum(const uint64_t *fsum, k_exact *out) {
    const int32_t shift = -FLOW_EXACT_UNIT / 2 / 32;
    int special = k_fsum_exact(fsum, out);
    if (!out->hi) return special;
    for (int32_t i = out->lo; i < out->hi; i++)
        out->d[i - shift] = out->d[i];
    out->lo -= shift;
    out->hi -= shift;
    return special;
}

/* spread / (n * (n - 1)), or its square root, in units of 2^unit.  The root is that of
 * the rounded variance; where the variance has no normal double, of one scaled by 2^1400.
 */
static double moment_variance(const k_exact *spread, int64_t unit, int64_t n, int root) {
    double v = k_exact_round(spread, unit, moment_pairs(n));
    if (!root) return v;
    if (v >= 0x1p-1022 && v <= 0x1.fffffffffffffp1023) return __builtin_sqrt(v);
    if (v > 1)
        return __builtin_sqrt(k_exact_round(spread, unit - 1400, moment_pairs(n))) *
               0x1p700;
    return __builtin_sqrt(k_exact_round(spread, unit + 1400, moment_pairs(n))) * 0x1p-700;
}

/* The result as float?: none under two values. */
FLOW_INLINE int32_t moment_out(uint64_t *out, int64_t n, double x) {
    out[0] = n < 2 ? 0 : agg_bits(x);
    out[1] = n >= 2;
    return 0;
}

/* ---- of floats: n, sum of x, sum of x * x
 * -------------------------------------------------- */

static void moment_f_step(AGG_HEAD, double x) {
    state[0]++;
    flow_k_fsum_add(ctx, heap, state + 1, x);
    flow_k_fsum_add_product(ctx, heap, state + 4, x, x);
}

static void moment_f_back(AGG_HEAD, double x) {
    state[0]--;
    flow_k_fsum_sub(ctx, heap, state + 1, x);
    flow_k_fsum_add_product(ctx, heap, state + 4, -x, x);
}

static int32_t moment_f_result(const uint64_t *state, uint64_t *out, int root) {
    int64_t n = (int64_t)state[0];
    k_exact sum, squares, spread;
    if (n < 2) return moment_out(out, n, 0);
    if (moment_sum(state + 1, &sum)) return moment_out(out, n, __builtin_nan(""));
    k_fsum_exact(state + 4, &squares);
    moment_spread(&spread, &squares, n, &sum, &sum);
    return moment_out(out, n, moment_variance(&spread, FLOW_EXACT_UNIT, n, root));
}

/* n, then sums of floats: partial, merge and drop of all states here that hold floats. */
static void moment_partial(flow_ctx *ctx, const uint64_t *state, uint64_t *columns,
                           int sums) {
    columns[0] = state[0];
    for (int i = 0; i < sums; i++)
        flow_k_fsum_partial(ctx, state + 1 + FLOW_FSUM_WORDS * i, columns + 1 + 4 * i);
}

static void moment_merge(AGG_HEAD, const uint64_t *columns, int sums) {
    state[0] += columns[0];
    for (int i = 0; i < sums; i++)
        flow_k_fsum_merge(ctx, heap, state + 1 + FLOW_FSUM_WORDS * i,
                          columns + 1 + 4 * i);
}

static void moment_drop(AGG_HEAD, int sums) {
    state[0] = 0;
    for (int i = 0; i < sums; i++)
        flow_k_fsum_drop(ctx, heap, state + 1 + FLOW_FSUM_WORDS * i);
}

#define AGG_SUMS(name, sums)                                                             \
    AGG_PARTIAL(name) {                                                                  \
        moment_partial(ctx, state, columns, sums), AGG_UNUSED;                           \
    }                                                                                    \
    AGG_MERGE(name) {                                                                    \
        moment_merge(ctx, heap, state, columns, sums), AGG_UNUSED;                       \
    }                                                                                    \
    AGG_DROP(name) {                                                                     \
        moment_drop(ctx, heap, state, sums), AGG_UNUSED;                                 \
    }

AGG_STEP(variance_f, double x) {
    moment_f_step(ctx, heap, state, x), AGG_UNUSED;
}
AGG_BACK(variance_f, double x) {
    moment_f_back(ctx, heap, state, x), AGG_UNUSED;
}
FLOW_FAR AGG_RESULT(variance_f) {
    return AGG_UNUSED, moment_f_result(state, out, 0);
}
AGG_SUMS(variance_f, 2)
AGG_STEP(stddev_f, double x) {
    moment_f_step(ctx, heap, state, x), AGG_UNUSED;
}
AGG_BACK(stddev_f, double x) {
    moment_f_back(ctx, heap, state, x), AGG_UNUSED;
}
FLOW_FAR AGG_RESULT(stddev_f) {
    return AGG_UNUSED, moment_f_result(state, out, 1);
}
AGG_SUMS(stddev_f, 2)

/* ---- of ints: n, sum in 128 bits, sum of squares in 192
 * ------------------------------------- */

static void moment_add192(uint64_t *to, const uint64_t *x) {
    unsigned __int128 t = (unsigned __int128)to[0] + x[0];
    to[0] = (uint64_t)t;
    t = (t >> 64) + to[1] + x[1];
    to[1] = (uint64_t)t;
    to[2] += (uint64_t)(t >> 64) + x[2];
}

static void moment_i_step(uint64_t *state, int64_t x) {
    uint64_t sum[3] = {(uint64_t)x, (uint64_t)(x >> 63), 0};
    unsigned __int128 square = (unsigned __int128)((__int128)x * x);
    uint64_t squares[3] = {(uint64_t)square, (uint64_t)(square >> 64), 0};
    unsigned __int128 t = (unsigned __int128)state[1] + sum[0];
    state[0]++;
    state[1] = (uint64_t)t;
    state[2] += (uint64_t)(t >> 64) + sum[1];
    moment_add192(state + 3, squares);
}

static void moment_i_back(uint64_t *state, int64_t x) {
    unsigned __int128 sum = (unsigned __int128)state[2] << 64 | state[1];
    unsigned __int128 square = (unsigned __int128)((__int128)x * x);
    uint64_t squares[3] = {~(uint64_t)square, ~(uint64_t)(square >> 64), ~(uint64_t)0};
    static const uint64_t one[3] = {1, 0, 0};
    sum -= (unsigned __int128)(__int128)x;
    state[0]--;
    state[1] = (uint64_t)sum;
    state[2] = (uint64_t)(sum >> 64);
    moment_add192(state + 3, squares);
    moment_add192(state + 3, one);
}

static void moment_i_merge(uint64_t *state, const uint64_t *columns) {
    unsigned __int128 t = (unsigned __int128)state[1] + columns[1];
    state[0] += columns[0];
    state[1] = (uint64_t)t;
    state[2] += (uint64_t)(t >> 64) + columns[2];
    moment_add192(state + 3, columns + 3);
}

static int32_t moment_i_result(const uint64_t *state, uint64_t *out, int root) {
    int64_t n = (int64_t)state[0], limbs[7];
    k_exact sum, squares, spread;
    if (n < 2) return moment_out(out, n, 0);
    k_exact_i128(&sum, (__int128)((unsigned __int128)state[2] << 64 | state[1]));
    for (int i = 0; i < 6; i++)
        limbs[i] = (uint32_t)(state[3 + i / 2] >> (32 * (i % 2)));
    limbs[6] = 0;
    k_exact_limbs(&squares, limbs, 7, 0);
    moment_spread(&spread, &squares, n, &sum, &sum);
    return moment_out(out, n, moment_variance(&spread, 0, n, root));
}

#define AGG_INTS(name, root)                                                             \
    AGG_STEP(name, int64_t x) {                                                          \
        moment_i_step(state, x), AGG_UNUSED;                                             \
    }                                                                                    \
    AGG_BACK(name, int64_t x) {                                                          \
        moment_i_back(state, x), AGG_UNUSED;                                             \
    }                                                                                    \
    AGG_PARTIAL(name) {                                                                  \
        __builtin_memcpy(columns, state, 48), AGG_UNUSED;                                \
    }                                                                                    \
    AGG_MERGE(name) {                                                                    \
        moment_i_merge(state, columns), AGG_UNUSED;                                      \
    }                                                                                    \
    FLOW_FAR AGG_RESULT(name) {                                                          \
        return AGG_UNUSED, moment_i_result(state, out, root);                            \
    }                                                                                    \
    AGG_PLAIN(name)
AGG_INTS(variance_i, 0)
AGG_INTS(stddev_i, 1)

/* ---- of pairs: n, sums of x, y, x * y, for corr of x * x and y * y too
 * ---------------------- */

enum { SUM_X = 1, SUM_Y = 4, SUM_XY = 7, SUM_XX = 10, SUM_YY = 13 };

static void moment_pair_step(AGG_HEAD, double x, double y) {
    state[0]++;
    flow_k_fsum_add(ctx, heap, state + SUM_X, x);
    flow_k_fsum_add(ctx, heap, state + SUM_Y, y);
    flow_k_fsum_add_product(ctx, heap, state + SUM_XY, x, y);
}

static void moment_pair_back(AGG_HEAD, double x, double y) {
    state[0]--;
    flow_k_fsum_sub(ctx, heap, state + SUM_X, x);
    flow_k_fsum_sub(ctx, heap, state + SUM_Y, y);
    flow_k_fsum_add_product(ctx, heap, state + SUM_XY, -x, y);
}

/* n * sum(products at `products`) - sum(a) * sum(b); 1 over NaN or infinities. */
static int moment_pair_spread(const uint64_t *state, int products, int a, int b,
                              k_exact *out) {
    k_exact x, y, xy;
    int special = moment_sum(state + a, &x) | moment_sum(state + b, &y);
    k_fsum_exact(state + products, &xy);
    moment_spread(out, &xy, (int64_t)state[0], &x, &y);
    return special;
}

AGG_STEP(covar_f, double x, double y) {
    moment_pair_step(ctx, heap, state, x, y), AGG_UNUSED;
}
AGG_BACK(covar_f, double x, double y) {
    moment_pair_back(ctx, heap, state, x, y), AGG_UNUSED;
}
FLOW_FAR AGG_RESULT(covar_f) {
    int64_t n = (int64_t)state[0];
    k_exact spread;
    AGG_UNUSED;
    if (n < 2) return moment_out(out, n, 0);
    if (moment_pair_spread(state, SUM_XY, SUM_X, SUM_Y, &spread))
        return moment_out(out, n, __builtin_nan(""));
    return moment_out(out, n, k_exact_round(&spread, FLOW_EXACT_UNIT, moment_pairs(n)));
}
AGG_SUMS(covar_f, 3)

/* The leading 106 bits as two doubles, in 1/2 .. 1, of x = (high + low) * 2^result. */
static int64_t moment_two(const k_exact *x, double *high, double *low) {
    unsigned __int128 m;
    int64_t e = k_exact_top(x, &m) + 128;
    *high = (double)(int64_t)(m >> 75) * 0x1p-53;
    *low = (double)(int64_t)((uint64_t)(m >> 22) & (((uint64_t)1 << 53) - 1)) * 0x1p-106;
    return e;
}

/* x * 2^e, where the result is at most 1. */
static double moment_raise(double x, int64_t e) {
    for (; e > 1000; e -= 1000)
        x *= 0x1p1000;
    for (; e < -1000; e += 1000)
        x *= 0x1p-1000;
    return x * agg_float((uint64_t)(1023 + e) << 52);
}

/* xy / sqrt(xx * yy) in pairs of doubles, so that a perfect correlation is 1.0. */
static double moment_ratio(const k_exact *xy, const k_exact *xx, const k_exact *yy) {
    double ah, al, bh, bl, ch, cl;
    if (!xy->hi) return 0;
    int64_t e = moment_two(xy, &ah, &al), f = moment_two(xx, &bh, &bl);
    f += moment_two(yy, &ch, &cl);
    double p = bh * ch, q = __builtin_fma(bh, ch, -p) + (bh * cl + bl * ch);
    if (f & 1) {
        p *= 2;
        q *= 2;
        f--;
    }
    double s = __builtin_sqrt(p), t = (__builtin_fma(-s, s, p) + q) / (2 * s);
    double r = ah / s, rest = __builtin_fma(-r, s, ah) + (al - r * t);
    r = moment_raise(r + rest / s, e - f / 2);
    if (r > 1) r = 1;
    return xy->negative ? -r : r;
}

AGG_STEP(corr_f, double x, double y) {
    moment_pair_step(ctx, heap, state, x, y), AGG_UNUSED;
    flow_k_fsum_add_product(ctx, heap, state + SUM_XX, x, x);
    flow_k_fsum_add_product(ctx, heap, state + SUM_YY, y, y);
}
AGG_BACK(corr_f, double x, double y) {
    moment_pair_back(ctx, heap, state, x, y), AGG_UNUSED;
    flow_k_fsum_add_product(ctx, heap, state + SUM_XX, -x, x);
    flow_k_fsum_add_product(ctx, heap, state + SUM_YY, -y, y);
}
/* NaN where x or y does not vary: 0 / 0. */
FLOW_FAR AGG_RESULT(corr_f) {
    int64_t n = (int64_t)state[0];
    k_exact xy, xx, yy;
    AGG_UNUSED;
    if (n < 2) return moment_out(out, n, 0);
    int special = moment_pair_spread(state, SUM_XY, SUM_X, SUM_Y, &xy) |
                  moment_pair_spread(state, SUM_XX, SUM_X, SUM_X, &xx) |
                  moment_pair_spread(state, SUM_YY, SUM_Y, SUM_Y, &yy);
    if (special || !xx.hi || !yy.hi) return moment_out(out, n, __builtin_nan(""));
    return moment_out(out, n, moment_ratio(&xy, &xx, &yy));
}
AGG_SUMS(corr_f, 5)
