/* test_agg.c - every row of k_agg.def: results, parts in any cut, lists, what is freed.
 */
#define _GNU_SOURCE /* qsort_r */
#include "runtime/kernel/k_agg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_compare.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_type.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_values.h"
#include "tests/unit/kernel/oracle.h"

void suite_agg(void);

typedef void agg_part(flow_ctx *, flow_heap *, const uint64_t *, uint64_t *,
                      const uint8_t *);
typedef void agg_merge(flow_ctx *, flow_heap *, uint64_t *, const uint64_t *,
                       const uint8_t *);
typedef int32_t agg_result(flow_ctx *, flow_heap *, const uint64_t *, uint64_t *,
                           const uint8_t *);
typedef void agg_drop(flow_ctx *, flow_heap *, uint64_t *, const uint8_t *);
/* Feeds value number i of the test's values. */
typedef void agg_feed(flow_ctx *, flow_heap *, uint64_t *, const uint64_t *,
                      const uint8_t *);

typedef struct agg {
    int words;
    const char *part_code;
    agg_feed *feed;
    agg_part *part;
    agg_merge *merge;
    agg_result *result;
    agg_drop *drop;
} agg;

#define FEED(id, class, ...)                                                             \
    static void feed_##id##_##class(flow_ctx * ctx, flow_heap * heap, uint64_t *state,   \
                                    const uint64_t *x, const uint8_t *tc) {              \
        (void)x;                                                                         \
        flow_k_agg_##id##_##class##_step(ctx, heap, state, __VA_ARGS__ tc);              \
    }
#define BITS_OF(w)                                                                       \
    (((union {                                                                           \
         uint64_t u;                                                                     \
         double f;                                                                       \
     }){.u = (w)})                                                                       \
         .f)
FEED(count, n, )
FEED(count_if, b, (int32_t)x[0], )
FEED(any, b, (int32_t)x[0], )
FEED(all, b, (int32_t)x[0], )
FEED(sum, i, (int64_t)x[0], )
FEED(sum, f, BITS_OF(x[0]), )
FEED(sum, d, x, )
FEED(avg, i, (int64_t)x[0], )
FEED(avg, f, BITS_OF(x[0]), )
FEED(avg, d, x, )
FEED(min, i, (int64_t)x[0], )
FEED(min, f, BITS_OF(x[0]), )
FEED(min, d, x, )
FEED(min, s, (const uint8_t *)x[0], (int64_t)x[1], )
FEED(min, g, x, )
FEED(max, i, (int64_t)x[0], )
FEED(max, f, BITS_OF(x[0]), )
FEED(max, d, x, )
FEED(max, s, (const uint8_t *)x[0], (int64_t)x[1], )
FEED(max, g, x, )
FEED(first, w, (int64_t)x[0], )
FEED(first, s, (const uint8_t *)x[0], (int64_t)x[1], )
FEED(first, g, x, )
FEED(last, w, (int64_t)x[0], )
FEED(last, s, (const uint8_t *)x[0], (int64_t)x[1], )
FEED(last, g, x, )
/* A record of key and value, as the value. */
FEED(arg_min, i, (int64_t)x[0], x, )
FEED(arg_max, i, (int64_t)x[0], x, )
FEED(arg_min, s, (const uint8_t *)x[0], (int64_t)x[1], x, )
FEED(arg_max, s, (const uint8_t *)x[0], (int64_t)x[1], x, )
FEED(count_distinct, w, (int64_t)x[0], )
FEED(count_distinct, s, (const uint8_t *)x[0], (int64_t)x[1], )
FEED(count_distinct, g, x, )
FEED(collect_set, g, x, )
FEED(collect, g, x, )
FEED(concat, s, (const uint8_t *)x[0], (int64_t)x[1], (const uint8_t *)", ", 2, )
FEED(variance, i, (int64_t)x[0], )
FEED(variance, f, BITS_OF(x[0]), )
FEED(stddev, i, (int64_t)x[0], )
FEED(stddev, f, BITS_OF(x[0]), )
FEED(covar, f, BITS_OF(x[0]), BITS_OF(x[1]), )
FEED(corr, f, BITS_OF(x[0]), BITS_OF(x[1]), )
FEED(histogram, i, (int64_t)x[0], -3, 4, 3, )
FEED(histogram, f, BITS_OF(x[0]), -3.0, 4.0, 5, )

#define EXACT_OF(id, class)                                                              \
    flow_k_agg_##id##_##class##_partial, flow_k_agg_##id##_##class##_merge,
#define ORDERED_OF(id, class) 0, 0,
#define AGGK(id, class, words, how, partial, result, args, what)                         \
    static const agg agg_##id##_##class = {words, partial, feed_##id##_##class,          \
                                           how##_OF(id, class)                           \
                                               flow_k_agg_##id##_##class##_result,       \
                                           flow_k_agg_##id##_##class##_drop};
#include "runtime/kernel/k_agg.def"
#undef AGGK

static uint64_t bits(double x) {
    return ((union {
               double f;
               uint64_t u;
           }){.f = x})
        .u;
}

/* ---- feeding --------------------------------------------------------------------- */

/* Words of the columns of a part. */
static int64_t part_words(const agg *a, const uint8_t *tc) {
    int64_t n = 0;
    for (const char *p = a->part_code; *p; p++) {
        if (*p == '?')
            n++;
        else
            n +=
                *p == 'T' ? flow_k_type_words(tc) : flow_k_type_words((const uint8_t *)p);
    }
    return n;
}

/* Feeds all values in order, or parts of them that are merged in the order they end. */
static void feed_all(rnd *r, flow_ctx *ctx, flow_heap *heap, const agg *a,
                     uint64_t *state, const uint64_t *values, int n, const uint8_t *tc,
                     int parts) {
    int64_t width = flow_k_type_words(tc);
    if (!parts || !a->merge || n < 2) {
        for (int i = 0; i < n; i++)
            a->feed(ctx, heap, state, values + i * width, tc);
        return;
    }
    int cut = (int)rnd_below(r, n + 1);
    uint64_t part[FLOW_AGG_WORDS] = {0}, columns[32];
    feed_all(r, ctx, heap, a, part, values + cut * width, n - cut, tc, parts - 1);
    feed_all(r, ctx, heap, a, state, values, cut, tc, parts - 1);
    CU_ASSERT(part_words(a, tc) <= 32);
    a->part(ctx, heap, part, columns, tc);
    a->merge(ctx, heap, state, columns, tc);
    a->drop(ctx, heap, part, tc);
}

/* The result in one pass, and the same of any parts and of a list without a heap; the
 * result's type is given to compare by. */
static int32_t run(flow_ctx *ctx, const agg *a, const uint64_t *values, int n,
                   const char *code, const char *out_code, uint64_t *out) {
    const uint8_t *tc = (const uint8_t *)code, *oc = (const uint8_t *)out_code;
    rnd r = {(uint64_t)n * 77 + 5};
    flow_heap heap = {0};
    uint64_t *again = flow_k_alloc(ctx, flow_k_type_words(oc) * 8);
    uint64_t *state = flow_k_alloc(ctx, FLOW_AGG_WORDS * 8);
    memset(state, 0, FLOW_AGG_WORDS * 8);
    feed_all(&r, ctx, 0, a, state, values, n, tc, 0);
    int32_t status = a->result(ctx, 0, state, out, tc);
    for (int i = 0; i < 4; i++) {
        uint64_t s[FLOW_AGG_WORDS] = {0};
        feed_all(&r, ctx, &heap, a, s, values, n, tc, i);
        CU_ASSERT(a->result(ctx, &heap, s, again, tc) == status);
        if (!status) CU_ASSERT(flow_k_equal(out, again, oc));
        for (int k = a->words; k < FLOW_AGG_WORDS; k++)
            CU_ASSERT(s[k] == 0);
        a->drop(ctx, &heap, s, tc);
        CU_ASSERT(heap.used == 0);
    }
    flow_k_heap_release(ctx, &heap);
    return status;
}

#define RUN(name, values, n, code, out_code, out)                                        \
    CU_ASSERT(                                                                           \
        run(ctx, &agg_##name, (const uint64_t *)(values), n, code, out_code, out) == 0)

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
    uint64_t out[4];
    int64_t big[] = {INT64_MAX, INT64_MAX, INT64_MIN,   INT64_MIN,
                     7,         1ll << 62, -(1ll << 62)};
    RUN(sum_i, big, 0, "i", "i", out);
    CU_ASSERT(out[0] == 0);
    RUN(sum_i, big, 7, "i", "i", out);
    CU_ASSERT((int64_t)out[0] == 5);
    CU_ASSERT(run(ctx, &agg_sum_i, (uint64_t *)big, 2, "i", "i", out) == FLOW_E_overflow);
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
        for (int i = 0; i < n; i++)
            sum += x[i] = rnd_int(&r);
        uint64_t out[2];
        int32_t status = run(ctx, &agg_sum_i, (uint64_t *)x, n, "i", "i", out);
        CU_ASSERT(status == (sum == (int64_t)sum ? 0 : FLOW_E_overflow));
        if (!status) CU_ASSERT((int64_t)out[0] == (int64_t)sum);
        if (n) {
            double mean;
            RUN(avg_i, x, n, "i", "?f", out);
            memcpy(&mean, out, 8);
            CU_ASSERT(mean == (double)sum / (double)n);
        }
        env_close(ctx);
    }
}

/* ---- floats and decimals --------------------------------------------------------- */

static void test_floats(void) {
    flow_ctx *ctx = env_open();
    uint64_t out[4];
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
    RUN(last_w, x, 5, "f", "?f", out);
    CU_ASSERT(out[0] == bits(-0.0));
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
    CU_ASSERT(run(ctx, &agg_sum_d, x[0], 2, code, code, out) == FLOW_E_decimal_range);
    CU_ASSERT(run(ctx, &agg_sum_d, x[2], 2, code, code, out) == FLOW_E_decimal_range);
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
    CU_ASSERT(run(ctx, &agg_arg_min_i, x[0], 4, code, some, out) == 0);
    CU_ASSERT(is_text(out + 1, v[1]) && out[3] == 1);
    CU_ASSERT(run(ctx, &agg_arg_max_i, x[0], 4, code, some, out) == 0);
    CU_ASSERT(is_text(out + 1, v[2]));
    CU_ASSERT(run(ctx, &agg_arg_max_i, x[0], 0, code, some, out) == 0);
    CU_ASSERT(out[3] == 0);
    uint64_t y[4][3];
    for (int i = 0; i < 4; i++) {
        text(ctx, y[i], v[i]);
        y[i][2] = (uint64_t)i;
    }
    memcpy(y[3], y[1], 16);
    code = "{\2k\0sv\0i";
    some = "?{\2k\0sv\0i";
    CU_ASSERT(run(ctx, &agg_arg_min_s, y[0], 4, code, some, out) == 0);
    CU_ASSERT(out[2] == 1);
    CU_ASSERT(run(ctx, &agg_arg_max_s, y[0], 4, code, some, out) == 0);
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
            CU_ASSERT(flow_k_equal((uint64_t *)out[0] + i * w, x + i * w, tc));
        RUN(collect_set_g, x, N, (char *)tc, (char *)list, out);
        int64_t distinct = 0;
        for (int i = 0; i < N; i++) {
            if (i && flow_k_equal(sorted[i], sorted[i - 1], tc)) continue;
            CU_ASSERT(flow_k_equal((uint64_t *)out[0] + distinct * w, sorted[i], tc));
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

/* ---- moments --------------------------------------------------------------------- */

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
        CU_ASSERT(out[0] == bits(variance) && out[1] == 1);
        RUN(stddev_f, one, n, "f", "?f", out);
        CU_ASSERT(out[0] == bits(sqrt(variance)));
        oracle xy = spread(&m, &m.xy, &m.x, &m.y), yy = spread(&m, &m.yy, &m.y, &m.y);
        RUN(covar_f, x, n, "{\2x\0fy\0f", "?f", out);
        CU_ASSERT(out[0] == bits(oracle_round(&xy, pairs)));
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
        CU_ASSERT(out[0] == bits(variance));
        RUN(stddev_i, x, n, "i", "?f", out);
        CU_ASSERT(out[0] == bits(sqrt(variance)));
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
    CU_add_test(s, "variance, covar, corr", test_moments);
    CU_add_test(s, "variance of ints", test_moments_of_ints);
    CU_add_test(s, "moments at the edges", test_moments_at_the_edges);
    CU_add_test(s, "histograms", test_histograms);
}
