/* test_sketch.c - estimates against the exact answers, within the bounds of their sources. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "tests/unit/kernel/agg_run.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_values.h"

void suite_sketch(void);

enum { MANY = 60000 };

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void test_distinct(void) {
    flow_ctx *ctx = env_open();
    static const int counts[] = {0, 1, 2, 100, 1000, 1024, 1025, 5000, 50000};
    static uint64_t x[MANY];
    uint64_t out[2];
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        int n = counts[i];
        for (int k = 0; k < n; k++) x[k] = (uint64_t)k * 12345;
        /* agg_run also cuts into parts, sparse and dense ones */
        RUN(approx_distinct_g, x, n, "i", "i", out);
        double error = fabs((double)out[0] - n);
        CU_ASSERT(error <= (n <= 100 ? 1 : 4 * 0.0082 * n));
        for (int k = 0; k < n / 2; k++) x[n / 2 + k] = x[k]; /* each twice */
        RUN(approx_distinct_g, x, n / 2 * 2, "i", "i", out);
        CU_ASSERT(fabs((double)out[0] - n / 2) <= (n <= 200 ? 1 : 4 * 0.0082 * n / 2));
    }
    const char *texts[] = {"a", "b", "a", ""};
    uint64_t words[8];
    for (int k = 0; k < 4; k++) {
        words[2 * k] = (uint64_t)texts[k];
        words[2 * k + 1] = strlen(texts[k]);
    }
    RUN(approx_distinct_g, words, 4, "s", "i", out);
    CU_ASSERT(out[0] == 3);
    env_close(ctx);
}

/* The share of values below the answer is near q. */
static void near_rank(const double *sorted, int n, double answer, double q, double within) {
    int below = 0, equal = 0;
    for (int i = 0; i < n; i++) {
        below += sorted[i] < answer;
        equal += sorted[i] == answer;
    }
    double low = (double)below / n, high = (double)(below + equal) / n;
    CU_ASSERT(low - within <= q && q <= high + within);
}

static void test_quantile(void) {
    flow_ctx *ctx = env_open();
    static double x[MANY], sorted[MANY];
    uint64_t out[2];
    rnd r = {7};
    for (int shape = 0; shape < 4; shape++) {
        for (int i = 0; i < MANY; i++) {
            double u = (double)rnd_below(&r, 1000003) / 1000003;
            x[i] = shape == 0 ? u : shape == 1 ? u * u * u * 1e9 : shape == 2 ? i : i % 5;
        }
        memcpy(sorted, x, sizeof x);
        qsort(sorted, MANY, sizeof *sorted, by_value);
        RUN(quantile_f, x, MANY, "f", "?f", out);
        near_rank(sorted, MANY, BITS_OF(out[0]), 0.9, 0.005);
        RUN(median_f, x, MANY, "f", "?f", out);
        near_rank(sorted, MANY, BITS_OF(out[0]), 0.5, 0.01);
    }
    env_close(ctx);
}

static void test_few(void) {
    flow_ctx *ctx = env_open();
    uint64_t out[2];
    double odd[] = {9, 1, 2}, even[] = {4, 1, 3, 2}, one[] = {7};
    double edges[] = {1, INFINITY, -INFINITY, 2, 3}, nans[] = {NAN, 1, NAN};
    RUN(median_f, odd, 3, "f", "?f", out);
    CU_ASSERT(BITS_OF(out[0]) == 2 && out[1] == 1);
    RUN(median_f, even, 4, "f", "?f", out);
    CU_ASSERT(BITS_OF(out[0]) == 2.5);
    RUN(median_f, one, 1, "f", "?f", out);
    CU_ASSERT(BITS_OF(out[0]) == 7);
    RUN(median_f, one, 0, "f", "?f", out);
    CU_ASSERT(out[1] == 0);
    RUN(median_f, edges, 5, "f", "?f", out);
    CU_ASSERT(BITS_OF(out[0]) == 2);
    RUN(quantile_f, edges, 5, "f", "?f", out);
    CU_ASSERT(BITS_OF(out[0]) == INFINITY);
    RUN(median_f, nans, 3, "f", "?f", out);
    CU_ASSERT(isnan(BITS_OF(out[0])));
    env_close(ctx);
}

typedef struct pair {
    int64_t value, count;
} pair;

static void test_top(void) {
    flow_ctx *ctx = env_open();
    static uint64_t x[MANY];
    uint64_t out[2];
    const char *code = "i", *pairs = "[{\2value\0icount\0i";
    uint64_t few[] = {5, 3, 5, 9, 3, 1};
    RUN(top_k_g, few, 6, code, pairs, out);
    const pair *p = (const pair *)out[0];
    CU_ASSERT(out[1] == 3);
    CU_ASSERT(p[0].value == 3 && p[0].count == 2);
    CU_ASSERT(p[1].value == 5 && p[1].count == 2);
    CU_ASSERT(p[2].value == 1 && p[2].count == 1);
    RUN(top_k_g, few, 0, code, pairs, out);
    CU_ASSERT(out[1] == 0);
    /* Three values have a fifth of the rows each, the others are all different. */
    int64_t exact[3] = {0};
    for (int i = 0; i < MANY; i++) {
        int frequent = i % 5 < 3;
        x[i] = frequent ? (uint64_t)(i % 5 + 1) : (uint64_t)i + 1000;
        if (frequent && (i % 5 > 0 || i % 10 == 0)) exact[i % 5]++;
        if (frequent && i % 5 == 0 && i % 10 != 0) x[i] = 7000000 + (uint64_t)i;
    }
    RUN(top_k_g, x, MANY, code, pairs, out);
    p = (const pair *)out[0];
    CU_ASSERT(out[1] == 3);
    CU_ASSERT(p[0].value == 2 && p[1].value == 3);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT(p[i].count >= exact[p[i].value - 1]);
        CU_ASSERT(p[i].count <= exact[p[i].value - 1] + MANY / 24);
    }
    env_close(ctx);
}

void suite_sketch(void) {
    CU_pSuite s = CU_add_suite("sketch", NULL, NULL);
    CU_add_test(s, "approx_distinct", test_distinct);
    CU_add_test(s, "quantile", test_quantile);
    CU_add_test(s, "few values, infinities", test_few);
    CU_add_test(s, "top_k", test_top);
}
