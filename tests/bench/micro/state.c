/* state.c - times of the kernel's state half: tables, exact sums, sorting.
 *
 * By hand, not part of the tests:
 *   clang-19 -O2 -march=native -ffp-contract=off -fno-strict-aliasing -fno-math-errno -I. \
 *     tests/bench/micro/state.c -lm -o /tmp/state && /tmp/state
 *
 * The kernel is compiled into this unit, as generated code has it. */
#include "tests/bench/micro/cold_stand_in.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- measuring ---- */
static uint64_t seed = 88172645463325252u;
static uint64_t next(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}
static double unit(void) {
    return (double)(next() >> 11) * 0x1p-53;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void words(flow_ctx *ctx, int64_t v, int64_t n, int uniform) {
    char(*word)[16] = calloc((size_t)v, 16);
    flow_text *rows = malloc((size_t)n * sizeof *rows);
    uint8_t *text = malloc((size_t)n * 12 + 64), *p = text;
    for (int64_t i = 0; i < v; i++) {
        word[i][15] = (char)(3 + next() % 8);
        for (int k = 0; k < word[i][15]; k++)
            word[i][k] = (char)('a' + next() % 26);
    }
    for (int64_t i = 0; i < n; i++) {
        double u = unit();
        int64_t k = uniform ? (int64_t)(u * (double)v) : (int64_t)pow((double)v, u) - 1;
        memcpy(p, word[k], 12);
        rows[i] = (flow_text){p, word[k][15]};
        p += word[k][15];
        *p++ = ' ';
    }
    double best = 1e9;
    flow_table t;
    for (int rep = 0; rep < 5; rep++) {
        flow_k_table_init(&t, FLOW_TABLE_TEXT, 1);
        double from = now();
        for (int64_t i = 0; i < n; i++)
            ++*flow_k_table_text(ctx, &t, rows[i].ptr, rows[i].len);
        double ns = (now() - from) / (double)n * 1e9;
        if (ns < best) best = ns;
        if (rep < 4) flow_k_table_release(ctx, &t);
    }
    int64_t count;
    void *mark = flow_k_mark(ctx);
    double from = now();
    flow_k_table_sorted(ctx, &t, 0, &count);
    printf("words %7ld %s  %5.2f ns a row, %5.1f bytes a key, sorted in %5.1f ns a key\n",
           (long)count, uniform ? "uniform" : "zipf   ", best,
           (double)flow_k_table_bytes(&t) / (double)count,
           (now() - from) / (double)count * 1e9);
    flow_k_reset(ctx, mark);
    flow_k_table_release(ctx, &t);
    free(word);
    free(rows);
    free(text);
}

static void ints(flow_ctx *ctx, int64_t v, int64_t n) {
    int64_t *key = malloc((size_t)n * 8);
    for (int64_t i = 0; i < n; i++)
        key[i] = (int64_t)(next() % (uint64_t)v) * 1000003;
    flow_table t;
    double best = 1e9, keep = 0;
    for (int rep = 0; rep < 3; rep++) {
        flow_k_table_init(&t, FLOW_TABLE_I64, 2);
        double from = now();
        for (int64_t i = 0; i < n; i++) {
            uint64_t *w = flow_k_table_i64(ctx, &t, key[i]);
            flow_k_agg_count_n_step(ctx, &t.heap, w, 0);
            flow_k_agg_sum_i_step(ctx, &t.heap, w + 1, i, 0);
        }
        double mid = now();
        for (int64_t i = 0; i < n; i++)
            ++*flow_k_table_i64(ctx, &t, key[i]);
        double ns = (mid - from) / (double)n * 1e9;
        if (ns < best) best = ns;
        keep = (now() - mid) / (double)n * 1e9;
        if (rep < 2) flow_k_table_release(ctx, &t);
    }
    printf("ints  %8ld          %5.2f ns a row (again %5.2f), %5.1f bytes a key\n",
           (long)flow_k_table_count(&t), best, keep,
           (double)flow_k_table_bytes(&t) / (double)flow_k_table_count(&t));
    flow_k_table_release(ctx, &t);
    free(key);
}

static void sums(flow_ctx *ctx, int64_t n) {
    double *x = malloc((size_t)n * 8), s = 0;
    uint64_t state[3] = {0}, wild[3] = {0}, var[7] = {0}, out[2];
    for (int64_t i = 0; i < n; i++)
        x[i] = floor(unit() * 100000) / 100;
    double t0 = now();
    for (int64_t i = 0; i < n; i++)
        s += x[i];
    double t1 = now();
    for (int64_t i = 0; i < n; i++)
        flow_k_fsum_add(ctx, 0, state, x[i]);
    double t2 = now();
    for (int64_t i = 0; i < n; i++)
        flow_k_agg_variance_f_step(ctx, 0, var, x[i], 0);
    double t3 = now();
    for (int64_t i = 0; i < n; i++)
        x[i] = ldexp(unit() - 0.5, (int)(next() % 2000) - 1000);
    double t4 = now();
    for (int64_t i = 0; i < n; i++)
        flow_k_fsum_add(ctx, 0, wild, x[i]);
    double t5 = now();
    for (int64_t i = 0; i < 100000; i++)
        flow_k_agg_variance_f_result(ctx, 0, var, out, 0);
    double t6 = now(), per = 1e9 / (double)n;
    printf(
        "sums: plain %.2f ns, exact %.2f, variance %.2f, 1e-300..1e300 %.2f; result of a "
        "variance %.0f ns (%g %g %g)\n",
        (t1 - t0) * per, (t2 - t1) * per, (t3 - t2) * per, (t5 - t4) * per,
        (t6 - t5) * 1e4, s, flow_k_fsum_result(state), flow_k_fsum_result(wild));
    free(x);
}

static void sorts(flow_ctx *ctx, int64_t n, int kind) {
    flow_buf buf = {0};
    uint8_t key[80] = "https://example.org/";
    for (int64_t i = 0; i < n; i++) {
        int64_t len = 8;
        uint64_t v = next();
        if (kind == 1)
            len = 20 + sprintf((char *)key + 20, "%lu", (unsigned long)(v % 1000000));
        else if (kind == 2)
            len = 3 + (int64_t)(v % 8), memcpy(key, &v, 8), memcpy(key + 8, &v, 4);
        else
            memcpy(key, &v, 8);
        flow_k_frame(ctx, &buf, key, len, (uint8_t *)&i, 8);
    }
    flow_item *items = malloc((size_t)n * 2 * sizeof *items);
    double t0 = now();
    flow_k_sort_items(buf.base, buf.p, items);
    flow_k_sort(items, items + n, n);
    double t1 = now();
    printf("sort %8ld %s %5.1f ns a row\n", (long)n,
           (const char *[]){"8 random bytes", "urls", "3 to 10 bytes"}[kind],
           (t1 - t0) / (double)n * 1e9);
    free(items);
    free(buf.base);
}

int main(void) {
    flow_ctx ctx = {0};
    ctx.seed = 0x1234567890abcdef;
    for (int uniform = 0; uniform < 2; uniform++)
        for (int64_t v = 5000; v <= 1000000; v = v == 5000 ? 100000 : v * 10)
            words(&ctx, v, 10000000, uniform);
    for (int64_t v = 1000; v <= 10000000; v *= 10)
        ints(&ctx, v, v < 1000000 ? 10000000 : 2 * v);
    sums(&ctx, 5000000);
    for (int kind = 0; kind < 3; kind++)
        for (int64_t n = 1000; n <= 1000000; n *= 1000)
            sorts(&ctx, n, kind);
    return 0;
}
