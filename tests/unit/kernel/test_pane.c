/* test_pane.c - panes against a plain list of windows, and the arithmetic of windows. */
#include "runtime/kernel/k_pane.h"

#include <stdlib.h>

#include <CUnit/Basic.h>

#include "tests/unit/kernel/kernel_env.h"

void suite_pane(void);

enum { WINDOWS = 60, ROUNDS = 6000, KEYS = 7 };

typedef struct model {
    int64_t start[WINDOWS], end[WINDOWS];
    int64_t count[WINDOWS][KEYS]; /* of updates */
    int open[WINDOWS];
} model;

static void windows_of(model *m) {
    for (int i = 0; i < WINDOWS; i++) {
        m->start[i] = (i * 37) % 500 - 250;
        m->end[i] = m->start[i] + 10 + (i % 3) * 40;
        m->open[i] = 0;
        for (int k = 0; k < KEYS; k++) m->count[i][k] = 0;
    }
}

static int64_t model_open(const model *m) {
    int64_t n = 0;
    for (int i = 0; i < WINDOWS; i++) n += m->open[i];
    return n;
}

/* The first of the open windows, or -1. */
static int model_first(const model *m) {
    int best = -1;
    for (int i = 0; i < WINDOWS; i++) {
        if (!m->open[i]) continue;
        if (best < 0 || m->end[i] < m->end[best] ||
            (m->end[i] == m->end[best] && m->start[i] < m->start[best]))
            best = i;
    }
    return best;
}

static int same_keys(const flow_table *t, const int64_t *count) {
    int64_t keys = 0;
    for (int k = 0; k < KEYS; k++) keys += count[k] > 0;
    if (flow_k_table_count(t) != keys) return 0;
    for (int64_t e = 0; e < flow_k_table_end(t); e++)
        if ((int64_t)*flow_k_table_words(t, e) != count[flow_k_table_key_i64(t, e)]) return 0;
    return 1;
}

static void drop_first(flow_ctx *ctx, flow_table *t, model *m) {
    int i = model_first(m);
    flow_pane *p = flow_k_pane_due(t, INT64_MAX);
    CU_ASSERT_EQUAL(i < 0, p == NULL);
    if (i < 0 || !p) return;
    CU_ASSERT(flow_k_pane_start(p) == m->start[i] && flow_k_pane_end(p) == m->end[i]);
    CU_ASSERT(flow_k_pane_due(t, m->end[i] - 1) == NULL);
    CU_ASSERT(flow_k_pane_due(t, m->end[i]) == p);
    CU_ASSERT(same_keys(flow_k_pane_table(p), m->count[i]));
    flow_k_pane_drop(ctx, t);
    m->open[i] = 0;
    for (int k = 0; k < KEYS; k++) m->count[i][k] = 0;
}

static void test_panes(void) {
    flow_ctx *ctx = env_open();
    flow_table t;
    model m;
    windows_of(&m);
    flow_k_table_init(&t, FLOW_TABLE_I64, 1);
    srand(3);
    CU_ASSERT(flow_k_pane_count(&t) == 0 && !flow_k_pane_due(&t, INT64_MAX));
    for (int round = 0; round < ROUNDS; round++) {
        int i = rand() % WINDOWS, k = rand() % KEYS;
        if (rand() % 6 == 0) {
            drop_first(ctx, &t, &m);
        } else {
            flow_table *w = flow_k_pane(ctx, &t, m.start[i], m.end[i]);
            CU_ASSERT(w->kind == t.kind && w->words == t.words);
            ++*flow_k_table_i64(ctx, w, k);
            m.count[i][k]++;
            m.open[i] = 1;
        }
        i = rand() % WINDOWS;
        CU_ASSERT((flow_k_pane_find(&t, m.start[i], m.end[i]) != NULL) == m.open[i]);
        CU_ASSERT(flow_k_pane_count(&t) == model_open(&m));
    }
    int64_t before = INT64_MIN;
    for (int64_t n = 0; n < flow_k_pane_count(&t); n++) {
        CU_ASSERT(flow_k_pane_end(flow_k_pane_at(&t, n)) >= before);
        before = flow_k_pane_end(flow_k_pane_at(&t, n));
    }
    CU_ASSERT(flow_k_table_bytes(&t) > 0 && flow_k_table_bytes(&t) <= env_state_bytes());
    flow_k_pane_clear(ctx, &t);
    CU_ASSERT(flow_k_pane_count(&t) == 0);
    flow_k_pane(ctx, &t, 1, 2);
    flow_k_table_release(ctx, &t);
    env_close(ctx);
}

static void test_full(void) {
    flow_ctx *ctx = env_open();
    flow_table t;
    const uint8_t *key = env_block(ctx, "k", 1);
    flow_k_table_init(&t, FLOW_TABLE_TEXT, 2);
    t.limit = 4000;
    CU_ASSERT(!flow_k_table_full(&t));
    for (int i = 0; i < 20; i++)
        flow_k_table_text(ctx, flow_k_pane(ctx, &t, i, i + 1), key, 1);
    CU_ASSERT(flow_k_table_full(&t));
    flow_k_pane_clear(ctx, &t);
    CU_ASSERT(!flow_k_table_full(&t));
    flow_k_table_release(ctx, &t);
    CU_ASSERT(t.limit == 4000);
    env_close(ctx);
}

/* Windows 0 .. n - 1 of so many keys each, then none: the bytes that are kept. */
static int64_t kept_after(flow_ctx *ctx, flow_table *t, int n, int keys) {
    for (int i = 0; i < n; i++)
        for (int k = 0; k < keys; k++) ++*flow_k_table_i64(ctx, flow_k_pane(ctx, t, i, i + 1), k);
    flow_k_pane_clear(ctx, t);
    return flow_k_table_bytes(t);
}

/* Small windows leave their memory to the next ones; of large ones a few do, until the windows are
 * small again. */
static void test_spares(void) {
    enum { FEW = 4, LARGE = 5000 };
    flow_ctx *ctx = env_open();
    flow_table t;
    flow_k_table_init(&t, FLOW_TABLE_I64, 1);
    int64_t few = kept_after(ctx, &t, FEW, KEYS), small = kept_after(ctx, &t, 8 * FEW, KEYS);
    CU_ASSERT(small > 4 * few);
    CU_ASSERT_EQUAL(kept_after(ctx, &t, 8 * FEW, KEYS), small);
    int64_t large = kept_after(ctx, &t, FEW, LARGE);
    CU_ASSERT(large > FEW * LARGE * 16);
    CU_ASSERT(kept_after(ctx, &t, 2 * FEW, LARGE) < large + LARGE * 16);
    CU_ASSERT(kept_after(ctx, &t, 2, KEYS) < small + LARGE);
    flow_k_table_release(ctx, &t);
    env_close(ctx);
}

static void test_start(void) {
    CU_ASSERT(flow_k_window_start(0, 10, 0) == 0 && flow_k_window_start(9, 10, 0) == 0);
    CU_ASSERT(flow_k_window_start(10, 10, 0) == 10 && flow_k_window_start(-1, 10, 0) == -10);
    CU_ASSERT(flow_k_window_start(-10, 10, 0) == -10);
    CU_ASSERT(flow_k_window_start(5, 10, 7) == -3 && flow_k_window_start(7, 10, 7) == 7);
    CU_ASSERT(flow_k_window_start(5, 10, -3) == -3 && flow_k_window_start(5, 10, 27) == -3);
    CU_ASSERT(flow_k_window_start(INT64_MIN, 10, 0) == INT64_MIN);
    CU_ASSERT(flow_k_window_start(INT64_MAX, INT64_MAX, 0) == INT64_MAX);
    srand(4);
    for (int i = 0; i < 20000; i++) {
        int64_t every = 1 + rand() % 1000, offset = rand() % 5000 - 2500, t = rand() % 9999 - 5000;
        int64_t start = flow_k_window_start(t, every, offset);
        CU_ASSERT(start <= t && t < start + every && (start - offset) % every == 0);
    }
}

void suite_pane(void) {
    CU_pSuite s = CU_add_suite("pane", NULL, NULL);
    CU_add_test(s, "windows open, filled and closed", test_panes);
    CU_add_test(s, "bytes and limit count the panes", test_full);
    CU_add_test(s, "memory that waits", test_spares);
    CU_add_test(s, "where a window starts", test_start);
}
