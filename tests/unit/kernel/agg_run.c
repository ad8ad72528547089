/* agg_run.c - the functions of every row of k_agg.def behind one form. */
#include "tests/unit/kernel/agg_run.h"

#include <string.h>

#include "runtime/kernel/k_compare.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_save.h"
#include "runtime/kernel/k_type.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_values.h"

#define FEED(id, class, ...)                                                             \
    static void feed_##id##_##class(flow_ctx * ctx, flow_heap * heap, uint64_t *state,   \
                                    const uint64_t *x, const uint8_t *tc) {              \
        (void)x;                                                                         \
        flow_k_agg_##id##_##class##_step(ctx, heap, state, __VA_ARGS__ tc);              \
    }
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
FEED(least, i, (int64_t)x[0], )
FEED(least, f, BITS_OF(x[0]), )
FEED(greatest, i, (int64_t)x[0], )
FEED(greatest, f, BITS_OF(x[0]), )
FEED(first, w, (int64_t)x[0], )
FEED(first, s, (const uint8_t *)x[0], (int64_t)x[1], )
FEED(first, g, x, )
FEED(last, w, (int64_t)x[0], )
FEED(last, s, (const uint8_t *)x[0], (int64_t)x[1], )
FEED(last, g, x, )
/* A record of key and value, as the value. */
FEED(arg_min, i, (int64_t)x[0], x, )
FEED(arg_max, i, (int64_t)x[0], x, )
FEED(arg_last, i, (int64_t)x[0], x, )
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
FEED(approx_distinct, g, x, )
FEED(quantile, f, BITS_OF(x[0]), 0.9, )
FEED(median, f, BITS_OF(x[0]), )
FEED(top_k, g, x, 3, )
FEED(histogram, i, (int64_t)x[0], -3, 4, 3, )
FEED(histogram, f, BITS_OF(x[0]), -3.0, 4.0, 5, )

#define EXACT_OF(id, class)                                                              \
    flow_k_agg_##id##_##class##_partial, flow_k_agg_##id##_##class##_merge,
#define ORDERED_OF(id, class) 0, 0,
#define AGGK(id, class, words, layout, how, partial, result, args, what)                 \
    const agg agg_##id##_##class = {words, layout, partial, feed_##id##_##class,                 \
                                    how##_OF(id, class)                                  \
                                        flow_k_agg_##id##_##class##_result,              \
                                    flow_k_agg_##id##_##class##_drop};
#include "runtime/kernel/k_agg.def"
#undef AGGK

#define BACK(id, class, ...)                                                             \
    static void back_##id##_##class(flow_ctx * ctx, flow_heap * heap, uint64_t *state,   \
                                    const uint64_t *x, const uint8_t *tc) {              \
        (void)x;                                                                         \
        flow_k_agg_##id##_##class##_back(ctx, heap, state, __VA_ARGS__ tc);              \
    }
BACK(count, n, )
BACK(count_if, b, (int32_t)x[0], )
BACK(any, b, (int32_t)x[0], )
BACK(all, b, (int32_t)x[0], )
BACK(sum, i, (int64_t)x[0], )
BACK(sum, f, BITS_OF(x[0]), )
BACK(sum, d, x, )
BACK(avg, i, (int64_t)x[0], )
BACK(avg, f, BITS_OF(x[0]), )
BACK(avg, d, x, )
BACK(variance, i, (int64_t)x[0], )
BACK(variance, f, BITS_OF(x[0]), )
BACK(stddev, i, (int64_t)x[0], )
BACK(stddev, f, BITS_OF(x[0]), )
BACK(covar, f, BITS_OF(x[0]), BITS_OF(x[1]), )
BACK(corr, f, BITS_OF(x[0]), BITS_OF(x[1]), )
BACK(histogram, i, (int64_t)x[0], -3, 4, 3, )
BACK(histogram, f, BITS_OF(x[0]), -3.0, 4.0, 5, )

/* The back of a row of k_agg.def, or null. */
static agg_feed *back_of(const agg *a) {
#define AGGB(id, class, args)                                                            \
    if (a == &agg_##id##_##class) return back_##id##_##class;
#include "runtime/kernel/k_agg_back.def"
#undef AGGB
    return NULL;
}

uint64_t agg_run_bits(double x) {
    uint64_t b;
    memcpy(&b, &x, 8);
    return b;
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

/* Values that come and go, some of them before they came, leave no trace. */
static void check_back(flow_ctx *ctx, flow_heap *heap, const agg *a, const uint64_t *values,
                       int n, const uint8_t *tc, int32_t status, const uint64_t *out,
                       const uint8_t *oc) {
    int64_t width = flow_k_type_words(tc);
    uint64_t *again = flow_k_alloc(ctx, flow_k_type_words(oc) * 8);
    uint64_t s[FLOW_AGG_WORDS] = {0};
    for (int i = 0; i < n; i += 2) back_of(a)(ctx, heap, s, values + i * width, tc);
    for (int k = 0; k < 2; k++)
        for (int i = n; i-- > 0;) a->feed(ctx, heap, s, values + i * width, tc);
    for (int i = 1; i < n; i += 2) back_of(a)(ctx, heap, s, values + i * width, tc);
    CU_ASSERT(a->result(ctx, heap, s, again, tc) == status);
    if (!status && n) CU_ASSERT(flow_k_equal(out, again, oc));
    a->drop(ctx, heap, s, tc);
    CU_ASSERT(heap->used == 0);
}

/* ---- saving ---------------------------------------------------------------------- */

/* Saves table `from`, whose one entry is that of key 5, and loads it into `to`. */
static void save_and_load(flow_ctx *ctx, const flow_layout *l, flow_table *from, flow_table *to,
                          flow_bytes *bytes) {
    uint32_t lens[2];
    bytes->len = bytes->ops = 0;
    k_save_table(ctx, from, l, 1, bytes);
    CU_ASSERT(bytes->ops == 1 && bytes->p[0] == FLOW_SAVED_PUT);
    memcpy(lens, bytes->p + 1, 8);
    CU_ASSERT(bytes->len == FLOW_SAVED_HEAD + (int64_t)lens[0] + lens[1]);
    const uint8_t *key = bytes->p + FLOW_SAVED_HEAD, *value = key + lens[0];
    flow_k_table_init(to, FLOW_TABLE_I64, l->words);
    CU_ASSERT(k_load_row(ctx, to, l, key, lens[0], value, lens[1]));
    k_load_end(ctx, to, l);
    /* Cut short, a row is refused, not read. */
    flow_table bad;
    flow_k_table_init(&bad, FLOW_TABLE_I64, l->words);
    if (lens[1]) CU_ASSERT(!k_load_row(ctx, &bad, l, key, lens[0], value, lens[1] - 1));
    flow_k_table_release(ctx, &bad);
}

/* Saved at some place and loaded, the state goes on to the same result; and it is the same
 * bytes whichever way it came about. */
static void check_saved(rnd *r, flow_ctx *ctx, const agg *a, const uint64_t *values, int n,
                        const uint8_t *tc, int32_t status, const uint64_t *out,
                        const uint8_t *oc) {
    int64_t width = flow_k_type_words(tc);
    uint64_t *again = flow_k_alloc(ctx, flow_k_type_words(oc) * 8), *s;
    flow_layout l;
    flow_table t[4];
    flow_bytes x = {0}, y = {0};
    CU_ASSERT_FATAL(k_layout_read(&l, a->layout, NULL) && l.words == a->words);
    flow_k_table_init(&t[0], FLOW_TABLE_I64, l.words);
    int cut = n ? (int)rnd_below(r, n + 1) : 0;
    feed_all(r, ctx, &t[0].heap, a, flow_k_table_i64(ctx, &t[0], 5), values, cut, tc, 0);
    save_and_load(ctx, &l, &t[0], &t[1], &x);
    s = flow_k_table_i64(ctx, &t[1], 5);
    CU_ASSERT(!flow_k_table_fresh(&t[1]));
    feed_all(r, ctx, &t[1].heap, a, s, values + cut * width, n - cut, tc, 0);
    CU_ASSERT(a->result(ctx, &t[1].heap, s, again, tc) == status);
    if (!status) CU_ASSERT(flow_k_equal(out, again, oc));
    flow_k_table_init(&t[2], FLOW_TABLE_I64, l.words);
    feed_all(r, ctx, &t[2].heap, a, flow_k_table_i64(ctx, &t[2], 5), values, n, tc, 2);
    save_and_load(ctx, &l, &t[1], &t[3], &x);
    flow_k_table_release(ctx, &t[3]);
    save_and_load(ctx, &l, &t[2], &t[3], &y);
    CU_ASSERT(x.len == y.len && !memcmp(x.p, y.p, (size_t)x.len));
    x.len = 0;
    k_save_table(ctx, &t[3], &l, 1, &x);
    CU_ASSERT(x.len == y.len && !memcmp(x.p, y.p, (size_t)x.len));
    for (int i = 0; i < 4; i++) {
        s = flow_k_table_i64(ctx, &t[i], 5);
        a->drop(ctx, &t[i].heap, s, tc);
        CU_ASSERT(t[i].heap.used == 0);
        flow_k_table_release(ctx, &t[i]);
    }
    k_bytes_free(ctx, &x);
    k_bytes_free(ctx, &y);
}

/* The result in one pass, and the same of any parts and of a list without a heap; the
 * result's type is given to compare by. */
int32_t agg_run(flow_ctx *ctx, const agg *a, const uint64_t *values, int n,
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
    check_saved(&r, ctx, a, values, n, tc, status, out, oc);
    if (back_of(a)) check_back(ctx, &heap, a, values, n, tc, status, out, oc);
    flow_k_heap_release(ctx, &heap);
    return status;
}
