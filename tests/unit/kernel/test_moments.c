/* test_moments.c - variance, stddev, covar, corr: right to the last bit. */
#include "tests/unit/kernel/agg_run.h"

#include <math.h>
#include <string.h>

#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_values.h"
#include "tests/unit/kernel/oracle.h"

void suite_moments(void);

static double value_of(rnd *r, int kind) {
    double unit = (double)(rnd_next(r) >> 11) * 0x1p-53;
    switch (kind) {
    case 0: return unit;
    case 1: return 1e9 + unit; /* far from 0: plain sums cancel */
    case 2: return ldexp(unit - 0.5, (int)rnd_below(r, 400) - 200);
    case 3: return (double)(rnd_below(r, 7) - 3);
    case 4: return 1e16 + (double)rnd_below(r, 3) * 2;
    default: return ldexp(unit, -30);
    }
}

typedef struct moments {
    oracle n, x, y, xx, yy, xy;
} moments;

static void moments_add(moments *m, double a, double b) {
    oracle x = oracle_of(a), y = oracle_of(b), p = oracle_mul(&x, &x);
    m->x = oracle_add(&m->x, &x);
    m->xx = oracle_add(&m->xx, &p);
    m->y = oracle_add(&m->y, &y);
    p = oracle_mul(&y, &y);
    m->yy = oracle_add(&m->yy, &p);
    p = oracle_mul(&x, &y);
    m->xy = oracle_add(&m->xy, &p);
}

static oracle spread(const moments *m, const oracle *xy, const oracle *x,
                     const oracle *y) {
    oracle a = oracle_mul(&m->n, xy), b = oracle_mul(x, y);
    return oracle_sub(&a, &b);
}

static void test_moments(void) {
    rnd r = {73};
    for (int round = 0; round < 120; round++) {
        flow_ctx *ctx = env_open();
        static moments m;
        int n = 2 + (int)rnd_below(&r, 12);
        double x[16][2], one[16];
        memset(&m, 0, sizeof m);
        m.n = oracle_int(n);
        for (int i = 0; i < n; i++) {
            one[i] = x[i][0] = value_of(&r, round % 6);
            x[i][1] = value_of(&r, round / 6 % 6);
            moments_add(&m, x[i][0], x[i][1]);
        }
        uint64_t out[2], pairs = (uint64_t)n * (uint64_t)(n - 1);
        oracle o = spread(&m, &m.xx, &m.x, &m.x);
        double variance = oracle_round(&o, pairs);
        RUN(variance_f, one, n, "f", "?f", out);
        CU_ASSERT(out[0] == agg_run_bits(variance) && out[1] == 1);
        RUN(stddev_f, one, n, "f", "?f", out);
        CU_ASSERT(out[0] == agg_run_bits(sqrt(variance)));
        oracle xy = spread(&m, &m.xy, &m.x, &m.y), yy = spread(&m, &m.yy, &m.y, &m.y);
        RUN(covar_f, x, n, "{\2x\0fy\0f", "?f", out);
        CU_ASSERT(out[0] == agg_run_bits(oracle_round(&xy, pairs)));
        RUN(corr_f, x, n, "{\2x\0fy\0f", "?f", out);
        double want =
            oracle_round(&xy, 1) / sqrt(oracle_round(&o, 1)) / sqrt(oracle_round(&yy, 1));
        double got = BITS_OF(out[0]);
        CU_ASSERT(isnan(want) ? isnan(got)
                              : fabs(got - want) <= 4e-16 * fabs(want) + 1e-300);
        env_close(ctx);
    }
}

static void test_moments_of_ints(void) {
    rnd r = {79};
    for (int round = 0; round < 200; round++) {
        flow_ctx *ctx = env_open();
        int n = 2 + (int)rnd_below(&r, 20);
        int64_t x[32];
        oracle sum = oracle_int(0), squares = oracle_int(0), count = oracle_int(n);
        for (int i = 0; i < n; i++) {
            x[i] = round % 2 ? rnd_int(&r) : INT64_MAX - rnd_below(&r, 3);
            oracle o = oracle_int(x[i]), p = oracle_mul(&o, &o);
            sum = oracle_add(&sum, &o);
            squares = oracle_add(&squares, &p);
        }
        oracle a = oracle_mul(&count, &squares), b = oracle_mul(&sum, &sum);
        a = oracle_sub(&a, &b);
        double variance = oracle_round(&a, (uint64_t)n * (uint64_t)(n - 1));
        uint64_t out[2];
        RUN(variance_i, x, n, "i", "?f", out);
        CU_ASSERT(out[0] == agg_run_bits(variance));
        RUN(stddev_i, x, n, "i", "?f", out);
        CU_ASSERT(out[0] == agg_run_bits(sqrt(variance)));
        env_close(ctx);
    }
}

static void test_moments_at_the_edges(void) {
    flow_ctx *ctx = env_open();
    uint64_t out[2];
    double x[] = {1e200, 3e200}, y[] = {1e-200, 3e-200}, z[] = {1.0, INFINITY},
           s[] = {7, 7, 7};
    RUN(variance_f, x, 1, "f", "?f", out);
    CU_ASSERT(out[1] == 0);
    RUN(variance_f, x, 2, "f", "?f", out);
    CU_ASSERT(BITS_OF(out[0]) == INFINITY);
    RUN(stddev_f, x, 2, "f", "?f", out); /* the variance has no double, the root has */
    CU_ASSERT(fabs(BITS_OF(out[0]) - 1.4142135623730951e200) < 1e185);
    RUN(stddev_f, y, 2, "f", "?f", out);
    CU_ASSERT(fabs(BITS_OF(out[0]) - 1.4142135623730951e-200) < 1e-215);
    RUN(variance_f, z, 2, "f", "?f", out);
    CU_ASSERT(isnan(BITS_OF(out[0])) && out[1] == 1);
    RUN(stddev_f, s, 3, "f", "?f", out);
    CU_ASSERT(out[0] == 0 && out[1] == 1);
    double p[4][2] = {{1, 3}, {2, 5}, {3.5, 8}, {1e9, 2e9 + 1}},
           q[2][2] = {{1, 2}, {1, 3}};
    RUN(corr_f, p, 4, "{\2x\0fy\0f", "?f", out);
    CU_ASSERT(BITS_OF(out[0]) == 1.0);
    for (int i = 0; i < 4; i++)
        p[i][1] = -p[i][1];
    RUN(corr_f, p, 4, "{\2x\0fy\0f", "?f", out);
    CU_ASSERT(BITS_OF(out[0]) == -1.0);
    RUN(corr_f, q, 2, "{\2x\0fy\0f", "?f", out);
    CU_ASSERT(isnan(BITS_OF(out[0])));
    env_close(ctx);
}

void suite_moments(void) {
    CU_pSuite s = CU_add_suite("moments", 0, 0);
    CU_add_test(s, "variance, covar, corr", test_moments);
    CU_add_test(s, "variance of ints", test_moments_of_ints);
    CU_add_test(s, "moments at the edges", test_moments_at_the_edges);
}
