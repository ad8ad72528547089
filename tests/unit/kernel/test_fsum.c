/* test_fsum.c - exact sums: right to the last bit, in any order and any cut. */
#include "runtime/kernel/k_fsum.h"

#include <math.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_mem.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_values.h"
#include "tests/unit/kernel/oracle.h"

void suite_fsum(void);

static uint64_t bits(double x) {
    uint64_t b;
    memcpy(&b, &x, 8);
    return b;
}

/* Values of a kind that is hard for sums. */
static double hard(rnd *r, int kind) {
    double sign = rnd_below(r, 2) ? 1 : -1, unit = (double)(rnd_next(r) >> 11) * 0x1p-53;
    switch (kind) {
    case 0: return sign * unit;
    case 1:
        return sign * ldexp(unit, (int)rnd_below(r, 2000) - 1000); /* 1e-300 .. 1e300 */
    case 2: return sign * ldexp(unit, 1023);                       /* sums overflow */
    case 3: return sign * ldexp(unit, -1060);                      /* below the normal */
    case 4: return sign * (rnd_below(r, 2) ? 1e300 : 1e-300);
    case 5: return sign * (rnd_below(r, 2) ? 0x1p53 : 0.5); /* halves: ties */
    default: return sign * (double)rnd_below(r, 100);
    }
}

enum { N = 60, KINDS = 7 };

static uint64_t sum_in_order(flow_ctx *ctx, const double *x, int n) {
    flow_heap heap = {0};
    uint64_t state[FLOW_FSUM_WORDS] = {0};
    for (int i = 0; i < n; i++)
        flow_k_fsum_add(ctx, &heap, state, x[i]);
    uint64_t result = bits(flow_k_fsum_result(state));
    flow_k_fsum_drop(ctx, &heap, state);
    CU_ASSERT(heap.used == 0);
    flow_k_heap_release(ctx, &heap);
    return result;
}

/* Splits the values at random and merges the parts as a tree. */
static void sum_as_tree(rnd *r, flow_ctx *ctx, flow_heap *heap, uint64_t *state,
                        const double *x, int n) {
    if (n < 4) {
        for (int i = 0; i < n; i++)
            flow_k_fsum_add(ctx, heap, state, x[i]);
        return;
    }
    int cut = 1 + (int)rnd_below(r, n - 1);
    uint64_t right[FLOW_FSUM_WORDS] = {0}, columns[4];
    sum_as_tree(r, ctx, heap, state, x, cut);
    sum_as_tree(r, ctx, heap, right, x + cut, n - cut);
    flow_k_fsum_partial(ctx, right, columns);
    flow_k_fsum_merge(ctx, heap, state, columns);
    flow_k_fsum_drop(ctx, heap, right);
}

static void shuffle(rnd *r, double *x, int n) {
    for (int i = n - 1; i > 0; i--) {
        int k = (int)rnd_below(r, i + 1);
        double t = x[i];
        x[i] = x[k];
        x[k] = t;
    }
}

static void test_exact(void) {
    rnd r = {41};
    double x[2 * N];
    for (int round = 0; round < 40 * KINDS; round++) {
        flow_ctx *ctx = env_open();
        oracle exact = oracle_int(0);
        int n = 1 + (int)rnd_below(&r, N);
        for (int i = 0; i < n; i++) {
            x[i] = hard(&r, round % KINDS);
            oracle o = oracle_of(x[i]);
            exact = oracle_add(&exact, &o);
        }
        uint64_t want = bits(oracle_round(&exact, 1));
        CU_ASSERT(sum_in_order(ctx, x, n) == want);
        for (int i = 0; i < 4; i++) {
            shuffle(&r, x, n);
            flow_heap heap = {0};
            uint64_t state[FLOW_FSUM_WORDS] = {0};
            CU_ASSERT(sum_in_order(ctx, x, n) == want);
            sum_as_tree(&r, ctx, &heap, state, x, n);
            CU_ASSERT(bits(flow_k_fsum_result(state)) == want);
            flow_k_heap_release(ctx, &heap);
        }
        env_close(ctx);
    }
}

/* What was added and taken out again leaves nothing. */
static void test_inverse(void) {
    rnd r = {43};
    for (int round = 0; round < 30 * KINDS; round++) {
        flow_ctx *ctx = env_open();
        flow_heap heap = {0};
        uint64_t state[FLOW_FSUM_WORDS] = {0};
        double x[N], stay[N];
        for (int i = 0; i < N; i++) {
            stay[i] = hard(&r, 6);
            x[i] = i % 9 == 3 ? (double[]){NAN, INFINITY, -INFINITY}[i % 3]
                              : hard(&r, round % KINDS);
            flow_k_fsum_add(ctx, &heap, state, x[i]);
            flow_k_fsum_add(ctx, &heap, state, stay[i]);
        }
        CU_ASSERT(isnan(flow_k_fsum_result(state)));
        for (int i = N - 1; i >= 0; i--)
            flow_k_fsum_sub(ctx, &heap, state, x[i]);
        CU_ASSERT(bits(flow_k_fsum_result(state)) == sum_in_order(ctx, stay, N));
        flow_k_heap_release(ctx, &heap);
        env_close(ctx);
    }
}

static double sum_of(flow_ctx *ctx, int n, const double *x) {
    uint64_t b = sum_in_order(ctx, x, n);
    double s;
    memcpy(&s, &b, 8);
    return s;
}

static void test_special(void) {
    flow_ctx *ctx = env_open();
    CU_ASSERT(bits(sum_of(ctx, 0, 0)) == 0);
    CU_ASSERT(bits(sum_of(ctx, 2, (double[]){-0.0, -0.0})) == 0);
    CU_ASSERT(bits(sum_of(ctx, 2, (double[]){1e300, -1e300})) == 0);
    CU_ASSERT(sum_of(ctx, 3, (double[]){1, INFINITY, 1}) == INFINITY);
    CU_ASSERT(sum_of(ctx, 2, (double[]){-INFINITY, 1e308}) == -INFINITY);
    CU_ASSERT(isnan(sum_of(ctx, 2, (double[]){-INFINITY, INFINITY})));
    CU_ASSERT(isnan(sum_of(ctx, 2, (double[]){NAN, INFINITY})));
    CU_ASSERT(sum_of(ctx, 3, (double[]){0x1p1023, 0x1p1023, -0x1p1023}) == 0x1p1023);
    CU_ASSERT(sum_of(ctx, 2, (double[]){0x1p1023, 0x1p1023}) == INFINITY);
    CU_ASSERT(sum_of(ctx, 3, (double[]){1e16, 1, -1e16}) == 1);
    CU_ASSERT(sum_of(ctx, 4, (double[]){1e300, 1, 1e-300, -1e300}) == 1);
    CU_ASSERT(sum_of(ctx, 4, (double[]){1e300, 5e-324, 5e-324, -1e300}) == 1e-323);
    env_close(ctx);
}

/* Most sums never need the wide part. */
static void test_stays_small(void) {
    rnd r = {47};
    flow_ctx *ctx = env_open();
    uint64_t state[FLOW_FSUM_WORDS] = {0};
    for (int i = 0; i < 200000; i++)
        flow_k_fsum_add(ctx, 0, state, (double)rnd_below(&r, 100000) / 100.0);
    CU_ASSERT(state[2] == 0);
    env_close(ctx);
}

static void test_products(void) {
    rnd r = {53};
    for (int round = 0; round < 20 * KINDS; round++) {
        flow_ctx *ctx = env_open();
        uint64_t state[FLOW_FSUM_WORDS] = {0};
        oracle exact = oracle_int(0);
        for (int i = 0; i < 12; i++) {
            double x = hard(&r, round % KINDS), y = hard(&r, (int)rnd_below(&r, KINDS));
            oracle a = oracle_of(x), b = oracle_of(y), p = oracle_mul(&a, &b);
            exact = oracle_add(&exact, &p);
            flow_k_fsum_add_product(ctx, 0, state, x, y);
        }
        CU_ASSERT(bits(flow_k_fsum_result(state)) == bits(oracle_round(&exact, 1)));
        env_close(ctx);
    }
}

/* Means are rounded once: of sums of two doubles, of wide ones, and close to ties. */
static void test_mean(void) {
    rnd r = {59};
    for (int round = 0; round < 300 * KINDS; round++) {
        flow_ctx *ctx = env_open();
        uint64_t state[FLOW_FSUM_WORDS] = {0};
        oracle exact = oracle_int(0);
        int n = 1 + (int)rnd_below(&r, 40);
        for (int i = 0; i < n; i++) {
            double x = hard(&r, round % KINDS);
            oracle a = oracle_of(x);
            exact = oracle_add(&exact, &a);
            flow_k_fsum_add(ctx, 0, state, x);
        }
        int64_t by = rnd_below(&r, 2) ? n : 1 + (int64_t)rnd_below(&r, 1000000007);
        CU_ASSERT(bits(flow_k_fsum_mean(state, by)) == bits(oracle_round(&exact, by)));
        env_close(ctx);
    }
}

void suite_fsum(void) {
    CU_pSuite s = CU_add_suite("fsum", 0, 0);
    CU_add_test(s, "exact in any order and any tree", test_exact);
    CU_add_test(s, "means", test_mean);
    CU_add_test(s, "taking out", test_inverse);
    CU_add_test(s, "special values", test_special);
    CU_add_test(s, "usual sums stay small", test_stays_small);
    CU_add_test(s, "products", test_products);
}
