/* test_agg.c - every row of k_agg.def: results, parts in any cut, lists, what is freed.
 */
#define _GNU_SOURCE /* qsort_r */
#include "tests/unit/kernel/agg_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_compare.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_type.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_values.h"
#include "tests/unit/kernel/oracle.h"

void suite_agg(void);

/* ---- counts, truth, ints --------------------------------------------------------- */

static void test_counts(void) {
    flow_ctx *ctx = env_open();
    uint64_t out[4], x[] = {1, 0, 1, 1}, ones[] = {1, 1}, zeros[] = {0, 0};
    RUN(count_n, x, 4, "b", "i", out);
    CU_ASSERT(out[0] == 4);
    RUN(count_if_b, x, 4, "b", "i", out);
    CU_ASSERT(out[0] == 3);
    RUN(any_b, x, 4, "b", "b", out);
    CU_ASSERT(out[0] == 1);
    RUN(any_b, zeros, 2, "b", "b", out);
    CU_ASSERT(out[0] == 0);
    RUN(any_b, x, 0, "b", "b", out);
    CU_ASSERT(out[0] == 0);
    RUN(all_b, x, 4, "b", "b", out);
    CU_ASSERT(out[0] == 0);
    RUN(all_b, ones, 2, "b", "b", out);
    CU_ASSERT(out[0] == 1);
    RUN(all_b, x, 0, "b", "b", out);
    CU_ASSERT(out[0] == 1);
    env_close(ctx);
}

static void test_ints(void) {
    flow_ctx *ctx = env_open();
    uint64_t out[4], had[4];
    int64_t big[] = {INT64_MAX, INT64_MAX, INT64_MIN,   INT64_MIN,
                     7,         1ll << 62, -(1ll << 62)};
    RUN(sum_i, big, 0, "i", "i", out);
    CU_ASSERT(out[0] == 0);
    RUN(sum_i, big, 7, "i", "i", out);
    CU_ASSERT((int64_t)out[0] == 5);
    CU_ASSERT(agg_run(ctx, &agg_sum_i, (uint64_t *)big, 2, "i", "i", out) ==
              FLOW_E_overflow);
    RUN(avg_i, big, 2, "i", "?f", out);
    CU_ASSERT(BITS_OF(out[0]) == 0x1p63 && out[1] == 1);
    RUN(avg_i, big, 0, "i", "?f", out);
    CU_ASSERT(out[1] == 0);
    RUN(avg_i, big + 4, 3, "i", "?f", out);
    CU_ASSERT(BITS_OF(out[0]) == 7.0 / 3);
    RUN(min_i, big, 7, "i", "?i", out);
    CU_ASSERT((int64_t)out[0] == INT64_MIN && out[1] == 1);
    RUN(max_i, big + 4, 1, "i", "?i", out);
    CU_ASSERT(out[0] == 7);
    RUN(max_i, big, 0, "i", "?i", out);
    CU_ASSERT(out[1] == 0);
    for (int i = 0; i < 7; i++) {
        RUN(least_i, big + i, 7 - i, "i", "i", out);
        RUN(min_i, big + i, 7 - i, "i", "?i", had);
        CU_ASSERT(out[0] == had[0]);
        RUN(greatest_i, big + i, 7 - i, "i", "i", out);
        RUN(max_i, big + i, 7 - i, "i", "?i", had);
        CU_ASSERT(out[0] == had[0]);
    }
    RUN(first_w, big, 7, "i", "?i", out);
    CU_ASSERT((int64_t)out[0] == INT64_MAX);
    RUN(last_w, big, 7, "i", "?i", out);
    CU_ASSERT((int64_t)out[0] == -(1ll << 62));
    RUN(last_w, big, 0, "i", "?i", out);
    CU_ASSERT(out[1] == 0);
    env_close(ctx);
}

/* Sums that cross 63 bits up and down, against 128 bits. */
static void test_wide_sums(void) {
    rnd r = {61};
    for (int round = 0; round < 300; round++) {
        flow_ctx *ctx = env_open();
        int64_t x[64];
        __int128 sum = 0;
        int n = (int)rnd_below(&r, 64);
        oracle exact = oracle_int(0);
        for (int i = 0; i < n; i++) {
            oracle next = oracle_int(x[i] = rnd_int(&r));
            sum += x[i];
            exact = oracle_add(&exact, &next);
        }
        uint64_t out[2];
        int32_t status = agg_run(ctx, &agg_sum_i, (uint64_t *)x, n, "i", "i", out);
        CU_ASSERT(status == (sum == (int64_t)sum ? 0 : FLOW_E_overflow));
        if (!status) CU_ASSERT((int64_t)out[0] == (int64_t)sum);
        if (n) {
            double mean;
            RUN(avg_i, x, n, "i", "?f", out);
            memcpy(&mean, out, 8);
            CU_ASSERT(mean == oracle_round(&exact, (uint64_t)n));
        }
        env_close(ctx);
    }
}

/* ---- floats and decimals --------------------------------------------------------- */

static void test_floats(void) {
    flow_ctx *ctx = env_open();
    uint64_t out[4], had[4];
    double x[] = {1e300, 1.5, -1e300, 1e-300, -0.0, NAN, INFINITY};
    RUN(sum_f, x, 5, "f", "f", out);
    CU_ASSERT(BITS_OF(out[0]) == 1.5);
    RUN(avg_f, x, 4, "f", "?f", out);
    CU_ASSERT(BITS_OF(out[0]) == 1.5 / 4);
    RUN(avg_f, x, 7, "f", "?f", out);
    CU_ASSERT(isnan(BITS_OF(out[0])));
    RUN(min_f, x, 7, "f", "?f", out);
    CU_ASSERT(BITS_OF(out[0]) == -1e300);
    RUN(max_f, x, 7, "f", "?f", out);
    CU_ASSERT(isnan(BITS_OF(out[0])));
    RUN(max_f, x + 4, 1, "f", "?f", out);
    CU_ASSERT(out[0] == 0); /* 0.0, not -0.0 */
    RUN(min_f, x, 0, "f", "?f", out);
    CU_ASSERT(out[1] == 0);
    for (int i = 0; i < 7; i++) {
        RUN(least_f, x + i, 7 - i, "f", "f", out);
        RUN(min_f, x + i, 7 - i, "f", "?f", had);
        CU_ASSERT(out[0] == had[0]);
        RUN(greatest_f, x + i, 7 - i, "f", "f", out);
        RUN(max_f, x + i, 7 - i, "f", "?f", had);
        CU_ASSERT(out[0] == had[0]);
    }
    RUN(last_w, x, 5, "f", "?f", out);
    CU_ASSERT(out[0] == agg_run_bits(-0.0));
    double y[] = {0.0, -0.0, NAN, -NAN, 1.0, 1.0};
    RUN(count_distinct_w, y, 6, "f", "i", out);
    CU_ASSERT(out[0] == 3);
    env_close(ctx);
}

static void put_decimal(uint64_t *w, __int128 v) {
    w[0] = (uint64_t)v;
    w[1] = (uint64_t)(v >> 64);
}

static __int128 get_decimal(const uint64_t *w) {
    return (__int128)((unsigned __int128)w[1] << 64 | w[0]);
}

static void test_decimals(void) {
    flow_ctx *ctx = env_open();
    const char *code = "D\x26\x02", *some = "?D\x26\x02";
    uint64_t out[4], x[5][2];
    __int128 ten18 = 1000000000000000000, top = ten18 * ten18 * 100 - 1;
    put_decimal(x[0], top);
    put_decimal(x[1], top);
    put_decimal(x[2], -top);
    put_decimal(x[3], -top);
    put_decimal(x[4], 25);
    RUN(sum_d, x, 5, code, code, out);
    CU_ASSERT(get_decimal(out) == 25);
    RUN(sum_d, x, 3, code, code, out);
    CU_ASSERT(get_decimal(out) == top);
    RUN(sum_d, x + 2, 1, code, code, out);
    CU_ASSERT(get_decimal(out) == -top);
    CU_ASSERT(agg_run(ctx, &agg_sum_d, x[0], 2, code, code, out) == FLOW_E_decimal_range);
    CU_ASSERT(agg_run(ctx, &agg_sum_d, x[2], 2, code, code, out) == FLOW_E_decimal_range);
    RUN(avg_d, x, 5, code, "?D\x26\x08", out);
    CU_ASSERT(get_decimal(out) == 5000000 && out[2] == 1);
    RUN(avg_d, x, 0, code, "?D\x26\x08", out);
    CU_ASSERT(out[2] == 0);
    RUN(min_d, x, 5, code, some, out);
    CU_ASSERT(get_decimal(out) == -top);
    RUN(max_d, x, 5, code, some, out);
    CU_ASSERT(get_decimal(out) == top);
    RUN(last_g, x, 5, code, some, out);
    CU_ASSERT(get_decimal(out) == 25);
    uint64_t y[3][2]; /* scale 38: no digits are added, so 1/2 and 5/2 are ties */
    put_decimal(y[0], 1);
    put_decimal(y[1], 0);
    put_decimal(y[2], 5);
    RUN(avg_d, y, 2, "D\x26\x26", "?D\x26\x26", out);
    CU_ASSERT(get_decimal(out) == 0);
    RUN(avg_d, y + 1, 2, "D\x26\x26", "?D\x26\x26", out);
    CU_ASSERT(get_decimal(out) == 2);
    RUN(avg_d, y, 3, "D\x26\x26", "?D\x26\x26", out);
    CU_ASSERT(get_decimal(out) == 2);
    env_close(ctx);
}

/* ---- texts and any value --------------------------------------------------------- */

static void text(flow_ctx *ctx, uint64_t *w, const char *s) {
    w[1] = strlen(s);
    w[0] = (uint64_t)env_block(ctx, s, (int64_t)w[1]);
}

static int is_text(const uint64_t *w, const char *s) {
    return w[1] == strlen(s) && !memcmp((void *)w[0], s, w[1]);
}

static void test_texts(void) {
    flow_ctx *ctx = env_open();
    uint64_t x[6][2], out[4];
    const char *s[] = {"pear",          "a longer text than a cell", "", "apple", "pear",
                       "zz top, longer"};
    for (int i = 0; i < 6; i++)
        text(ctx, x[i], s[i]);
    RUN(min_s, x, 6, "s", "?s", out);
    CU_ASSERT(is_text(out, "") && out[2] == 1);
    RUN(max_s, x, 6, "s", "?s", out);
    CU_ASSERT(is_text(out, s[5]));
    RUN(max_s, x, 2, "s", "?s", out);
    CU_ASSERT(is_text(out, "pear"));
    RUN(min_s, x, 0, "s", "?s", out);
    CU_ASSERT(out[2] == 0);
    RUN(min_g, x, 2, "s", "?s", out);
    CU_ASSERT(is_text(out, s[1]));
    RUN(first_s, x, 6, "s", "?s", out);
    CU_ASSERT(is_text(out, "pear"));
    RUN(last_s, x, 6, "s", "?s", out);
    CU_ASSERT(is_text(out, s[5]));
    RUN(first_g, x + 1, 3, "s", "?s", out);
    CU_ASSERT(is_text(out, s[1]));
    RUN(count_distinct_s, x, 6, "s", "i", out);
    CU_ASSERT(out[0] == 5);
    RUN(concat_s, x, 6, "s", "s", out);
    CU_ASSERT(
        is_text(out, "pear, a longer text than a cell, , apple, pear, zz top, longer"));
    RUN(concat_s, x, 0, "s", "s", out);
    CU_ASSERT(out[1] == 0);
    RUN(collect_set_g, x, 6, "s", "[s", out);
    CU_ASSERT(out[1] == 5 && is_text((uint64_t *)out[0], "") &&
              is_text((uint64_t *)out[0] + 2, s[1]));
    env_close(ctx);
}

static void test_args(void) {
    flow_ctx *ctx = env_open();
    uint64_t x[4][3], out[4];
    int64_t k[] = {3, -1, 9, -1};
    const char *v[] = {"three", "minus one", "nine", "minus one again"};
    for (int i = 0; i < 4; i++) {
        x[i][0] = (uint64_t)k[i];
        text(ctx, &x[i][1], v[i]);
    }
    const char *code = "{\2k\0iv\0s", *some = "?{\2k\0iv\0s";
    CU_ASSERT(agg_run(ctx, &agg_arg_min_i, x[0], 4, code, some, out) == 0);
    CU_ASSERT(is_text(out + 1, v[1]) && out[3] == 1);
    CU_ASSERT(agg_run(ctx, &agg_arg_max_i, x[0], 4, code, some, out) == 0);
    CU_ASSERT(is_text(out + 1, v[2]));
    CU_ASSERT(agg_run(ctx, &agg_arg_last_i, x[0], 2, code, some, out) == 0);
    CU_ASSERT(is_text(out + 1, v[0]) && out[3] == 1);
    x[3][0] = (uint64_t)k[2]; /* of equals the last */
    CU_ASSERT(agg_run(ctx, &agg_arg_last_i, x[0], 4, code, some, out) == 0);
    CU_ASSERT(is_text(out + 1, v[3]) && out[3] == 1);
    CU_ASSERT(agg_run(ctx, &agg_arg_max_i, x[0], 0, code, some, out) == 0);
    CU_ASSERT(out[3] == 0);
    uint64_t y[4][3];
    for (int i = 0; i < 4; i++) {
        text(ctx, y[i], v[i]);
        y[i][2] = (uint64_t)i;
    }
    memcpy(y[3], y[1], 16);
    code = "{\2k\0sv\0i";
    some = "?{\2k\0sv\0i";
    CU_ASSERT(agg_run(ctx, &agg_arg_min_s, y[0], 4, code, some, out) == 0);
    CU_ASSERT(out[2] == 1);
    CU_ASSERT(agg_run(ctx, &agg_arg_max_s, y[0], 4, code, some, out) == 0);
    CU_ASSERT(out[2] == 0);
    env_close(ctx);
}

static int order_of(const void *a, const void *b, void *tc) {
    return flow_k_compare(*(const uint64_t *const *)a, *(const uint64_t *const *)b, tc);
}

/* Sets, lists, least, greatest, first and last of values of any type. */
static void test_any_type(void) {
    enum { N = 25 };
    rnd r = {67};
    for (int round = 0; round < 400; round++) {
        flow_ctx *ctx = env_open();
        uint8_t tc[TYPE_MAX] = {0}, list[TYPE_MAX] = "[", some[TYPE_MAX] = "?";
        int64_t len = rnd_type(&r, tc, round % 4), w = flow_k_type_words(tc);
        if (tc[0] == '?') tc[0] = 'i', len = 1, w = 1; /* there is no T?? */
        memcpy(list + 1, tc, (size_t)len);
        memcpy(some + 1, tc, (size_t)len);
        uint64_t *x = flow_k_alloc(ctx, N * w * 8 + 8), *sorted[N];
        uint64_t *out = flow_k_alloc(ctx, w * 8 + 24);
        for (int i = 0; i < N; i++)
            rnd_value(&r, ctx, sorted[i] = x + i * w, tc);
        qsort_r(sorted, N, sizeof *sorted, order_of, tc);
        RUN(min_g, x, N, (char *)tc, (char *)some, out);
        CU_ASSERT(flow_k_equal(out, sorted[0], tc) && out[w] == 1);
        RUN(max_g, x, N, (char *)tc, (char *)some, out);
        CU_ASSERT(flow_k_equal(out, sorted[N - 1], tc));
        RUN(first_g, x, N, (char *)tc, (char *)some, out);
        CU_ASSERT(flow_k_equal(out, x, tc));
        RUN(last_g, x, N, (char *)tc, (char *)some, out);
        CU_ASSERT(flow_k_equal(out, x + (N - 1) * w, tc));
        RUN(last_g, x, 0, (char *)tc, (char *)some, out);
        CU_ASSERT(out[w] == 0);
        RUN(collect_g, x, N, (char *)tc, (char *)list, out);
        CU_ASSERT(out[1] == N);
        for (int i = 0; i < N; i++)
            CU_ASSERT(flow_k_equal((uint64_t *)(out[0] + (uint64_t)(i * w * 8)),
                                   x + i * w, tc));
        RUN(collect_set_g, x, N, (char *)tc, (char *)list, out);
        int64_t distinct = 0;
        for (int i = 0; i < N; i++) {
            if (i && flow_k_equal(sorted[i], sorted[i - 1], tc)) continue;
            CU_ASSERT(flow_k_equal((uint64_t *)(out[0] + (uint64_t)(distinct * w * 8)),
                                   sorted[i], tc));
            distinct++;
        }
        CU_ASSERT((int64_t)out[1] == distinct);
        RUN(count_distinct_g, x, N, (char *)tc, "i", out);
        CU_ASSERT((int64_t)out[0] == distinct);
        env_close(ctx);
    }
}

static void test_room(void) {
    flow_ctx *ctx = env_open();
    uint64_t list[3] = {0}, set[2] = {0};
    const uint8_t *tc = (const uint8_t *)"i";
    for (uint64_t i = 0; i < 10; i++) {
        CU_ASSERT(flow_k_agg_room(list, 10) == 0 && flow_k_agg_room(set, 10) == 0);
        flow_k_agg_collect_g_step(ctx, 0, list, &i, tc);
        flow_k_agg_collect_set_g_step(ctx, 0, set, &i, tc);
    }
    CU_ASSERT(flow_k_agg_room(list, 10) == FLOW_E_limit);
    CU_ASSERT(flow_k_agg_room(set, 10) == FLOW_E_limit);
    env_close(ctx);
}

static void test_sets(void) {
    rnd r = {71};
    for (int round = 0; round < 30; round++) {
        flow_ctx *ctx = env_open();
        int64_t x[500], distinct = 0;
        uint8_t seen[2000] = {0};
        int n = (int)rnd_below(&r, 500), range = 1 + (int)rnd_below(&r, 2000);
        for (int i = 0; i < n; i++) {
            x[i] = rnd_below(&r, range);
            distinct += !seen[x[i]];
            seen[x[i]] = 1;
        }
        uint64_t out[2];
        RUN(count_distinct_w, x, n, "i", "i", out);
        CU_ASSERT((int64_t)out[0] == distinct);
        env_close(ctx);
    }
}

static void test_histograms(void) {
    flow_ctx *ctx = env_open();
    uint64_t out[2];
    int64_t x[] = {-4, -3, -1, 0, 1, 2, 3, 4, 100};
    RUN(histogram_i, x, 9, "i", "[i",
        out); /* -3 ..< 4 in 3: thirds begin at -3, -0.67, 1.67 */
    int64_t *b = (int64_t *)out[0];
    CU_ASSERT(out[1] == 3 && b[0] == 2 && b[1] == 2 && b[2] == 2);
    double y[] = {-3.0, -3.1, 3.99, 4.0, 0.5, NAN};
    RUN(histogram_f, y, 6, "f", "[i", out);
    b = (int64_t *)out[0];
    CU_ASSERT(out[1] == 5 && b[0] == 1 && b[2] == 1 && b[4] == 1 && b[1] == 0 &&
              b[3] == 0);
    env_close(ctx);
}

void suite_agg(void) {
    CU_pSuite s = CU_add_suite("agg", 0, 0);
    CU_add_test(s, "counts", test_counts);
    CU_add_test(s, "ints", test_ints);
    CU_add_test(s, "sums beyond 64 bits", test_wide_sums);
    CU_add_test(s, "floats", test_floats);
    CU_add_test(s, "decimals", test_decimals);
    CU_add_test(s, "texts", test_texts);
    CU_add_test(s, "arg_min, arg_max", test_args);
    CU_add_test(s, "values of any type", test_any_type);
    CU_add_test(s, "limits", test_room);
    CU_add_test(s, "sets", test_sets);
    CU_add_test(s, "histograms", test_histograms);
}
