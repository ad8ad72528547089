/* test_slice.c - windows put together from slices against windows counted row by row. */
#include "runtime/kernel/k_slice.h"

#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "tests/unit/kernel/kernel_env.h"

void suite_slice(void);

enum { ROWS = 4000, KEYS = 9 };

typedef struct rows {
    int64_t time[ROWS], key[ROWS], came[ROWS]; /* came: the batch */
    int64_t n;
} rows;

/* Word 0: how many, word 1: the greatest time + 1: no part of it can be taken out again. */
static int32_t fold(flow_ctx *ctx, flow_table *to, flow_table *from) {
    for (int64_t i = 0; i < flow_k_table_end(from); i++) {
        const uint64_t *part = flow_k_table_words(from, i);
        uint64_t *w = flow_k_table_i64(ctx, to, flow_k_table_key_i64(from, i));
        w[0] += part[0];
        if (part[1] > w[1]) w[1] = part[1];
    }
    return 0;
}

static int64_t floor_to(int64_t t, int64_t every, int64_t offset) {
    int64_t past = (t - offset) % every;
    return t - (past < 0 ? past + every : past);
}

static int64_t start_of(const flow_grid *g, int64_t end) {
    return g->grow ? floor_to(end - 1, g->size, g->offset) : end - g->size;
}

/* The window against all rows that came so far and were not late for it. */
static void compare(const rows *r, const flow_grid *g, const int64_t *mark, int64_t batch,
                    const int64_t *window, const flow_table *got) {
    uint64_t want[KEYS][2];
    int64_t keys = 0;
    memset(want, 0, sizeof want);
    CU_ASSERT(window[0] == start_of(g, window[1]));
    for (int64_t i = 0; i < r->n; i++) {
        if (r->came[i] > batch || r->time[i] < window[0] || r->time[i] >= window[1]) continue;
        if (window[1] <= mark[r->came[i]]) continue;
        want[r->key[i]][0]++;
        if ((uint64_t)(r->time[i] + 1) > want[r->key[i]][1])
            want[r->key[i]][1] = (uint64_t)(r->time[i] + 1);
    }
    for (int k = 0; k < KEYS; k++) keys += want[k][0] > 0;
    CU_ASSERT(flow_k_table_count(got) == keys && keys > 0);
    for (int64_t e = 0; e < flow_k_table_end(got); e++) {
        int64_t k = flow_k_table_key_i64(got, e);
        CU_ASSERT(!memcmp(flow_k_table_words(got, e), want[k], 16));
    }
}

/* The first window behind `after` that has rows, or none: by trying them all. */
static int64_t next_end(const rows *r, const flow_grid *g, const int64_t *mark, int64_t batch,
                        int64_t after, int64_t limit) {
    int64_t offset = g->grow ? g->offset : g->offset + g->size;
    int64_t end = floor_to(after < -9000 ? -9000 : after, g->every, offset) + g->every;
    for (; end <= (limit > 99999 ? 99999 : limit); end += g->every)
        for (int64_t i = 0; i < r->n; i++)
            if (r->came[i] <= batch && r->time[i] >= start_of(g, end) && r->time[i] < end &&
                end > mark[r->came[i]])
                return end;
    return INT64_MAX;
}

static void run(flow_grid grid, int64_t slice, int64_t spread, int64_t gap) {
    flow_ctx *ctx = env_open();
    static rows r;
    static int64_t mark[ROWS + 2];
    flow_table t;
    int64_t most = INT64_MIN, time = 0, w = INT64_MIN;
    r.n = 0;
    flow_k_table_init(&t, FLOW_TABLE_I64, 2);
    for (int64_t batch = 0; batch < 60; batch++) {
        mark[batch] = w;
        for (int i = 0; i < 12; i++) {
            time += rand() % 4 + (rand() % 60 == 0 ? gap : 0);
            int64_t at = time - rand() % spread;
            if (at < 0) continue;
            if (at > most) most = at;
            int64_t last = floor_to(at, grid.grow ? grid.size : grid.every, grid.offset) + grid.size;
            if (last <= w) continue; /* late for all */
            r.time[r.n] = at;
            r.key[r.n] = rand() % KEYS;
            r.came[r.n] = batch;
            int64_t start = floor_to(at, slice, grid.offset);
            uint64_t *words = flow_k_table_i64(
                ctx, flow_k_slice(ctx, &t, start, start + slice), r.key[r.n]);
            words[0]++;
            if ((uint64_t)(at + 1) > words[1]) words[1] = (uint64_t)(at + 1);
            r.n++;
        }
        int64_t next = batch == 59 ? INT64_MAX : most < 0 ? w : most - 10, after = w, window[2];
        if (next < w) next = w;
        for (;;) {
            flow_table *got = flow_k_slice_window(ctx, &t, &grid, after, next, fold, window);
            int64_t want = next_end(&r, &grid, mark, batch, after, next);
            CU_ASSERT((got ? window[1] : INT64_MAX) == want);
            if (!got || window[1] != want) break;
            compare(&r, &grid, mark, batch, window, got);
            after = window[1];
        }
        CU_ASSERT(flow_k_table_bytes(&t) <= env_state_bytes());
        flow_k_slice_done(ctx, &t, &grid, next);
        w = next;
    }
    CU_ASSERT(flow_k_pane_count(&t) == 0);
    flow_k_table_release(ctx, &t);
    env_close(ctx);
}

static void test_sliding(void) {
    srand(11);
    run((flow_grid){30, 10, 0, 0}, 10, 8, 0);
    run((flow_grid){30, 10, 3, 0}, 10, 60, 200);
    run((flow_grid){31, 7, -2, 0}, 1, 45, 90);
    run((flow_grid){64, 2, 0, 0}, 2, 40, 1000);
    run((flow_grid){20, 20, 0, 0}, 20, 40, 0);
}

static void test_cumulate(void) {
    srand(12);
    run((flow_grid){60, 10, 0, 1}, 10, 8, 0);
    run((flow_grid){60, 5, 7, 1}, 5, 70, 300);
}

void suite_slice(void) {
    CU_pSuite s = CU_add_suite("slice", NULL, NULL);
    CU_add_test(s, "sliding windows", test_sliding);
    CU_add_test(s, "windows that grow", test_cumulate);
}
