/* test_timer.c - timers and waiting rows against a list that is searched from end to end. */
#include "runtime/kernel/k_timer.h"

#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_mem.h"
#include "tests/unit/kernel/kernel_env.h"

void suite_timer(void);

enum { KEYS = 40, TIMERS = 3, ROWS = 4000, WORDS = FLOW_TIMER_WORDS + 2 * TIMERS };

typedef struct model {
    int64_t due[KEYS][TIMERS]; /* INT64_MAX: not set */
    int64_t row[ROWS];         /* time of a waiting row; INT64_MAX: none */
    int64_t rows;
} model;

static uint64_t next_random(uint64_t *s) {
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s >> 11;
}

static int64_t entry_of(flow_ctx *ctx, flow_table *t, int key) {
    flow_k_table_i64(ctx, t, key);
    return flow_k_table_last(t);
}

static void model_clear(model *m, int key) {
    for (int k = 0; k < TIMERS; k++) m->due[key][k] = INT64_MAX;
}

/* The first moment in the model; row: 1 if it is that of a row. */
static int64_t model_first(const model *m, int *row) {
    int64_t first = INT64_MAX;
    *row = 0;
    for (int i = 0; i < KEYS; i++)
        for (int k = 0; k < TIMERS; k++)
            if (m->due[i][k] < first) first = m->due[i][k];
    for (int64_t i = 0; i < m->rows; i++)
        if (m->row[i] < first || (m->row[i] == first && first != INT64_MAX && !*row))
            first = m->row[i], *row = 1;
    return first;
}

static void wait_row(flow_ctx *ctx, flow_table *t, model *m, int64_t time) {
    uint64_t row[4] = {32, (uint64_t)m->rows, (uint64_t)time, 7};
    flow_k_timer_wait(ctx, t, time, (const uint8_t *)row);
    m->row[m->rows++] = time;
}

/* All that is before `limit`, one by one against the model. */
static void drain(flow_ctx *ctx, flow_table *t, model *m, int64_t limit) {
    for (;;) {
        int is_row;
        int64_t first = model_first(m, &is_row);
        CU_ASSERT(flow_k_timer_first(ctx, t) == first);
        uint64_t out[3];
        int32_t found = flow_k_timer_next(ctx, t, limit, out);
        if (first >= limit) {
            CU_ASSERT(found == FLOW_TIMER_NONE);
            return;
        }
        CU_ASSERT_FATAL(found == (is_row ? FLOW_TIMER_ROW : FLOW_TIMER_FIRED));
        if (is_row) {
            const uint64_t *row = (const uint64_t *)(uintptr_t)out[0];
            int64_t oldest = -1; /* of equal times the one that came first */
            for (int64_t i = m->rows; i-- > 0;)
                if (m->row[i] == first) oldest = i;
            CU_ASSERT((int64_t)row[1] == oldest && (int64_t)row[2] == first && row[3] == 7);
            m->row[oldest] = INT64_MAX;
            continue;
        }
        int64_t key = flow_k_table_key_i64(t, (int64_t)out[0]);
        CU_ASSERT((int64_t)out[2] == first && m->due[key][out[1]] == first);
        m->due[key][out[1]] = INT64_MAX;
    }
}

static void test_against_list(void) {
    flow_ctx *ctx = env_open();
    flow_table t;
    static model m;
    uint64_t seed = 88172645463325252u;
    flow_k_table_init(&t, FLOW_TABLE_I64, WORDS);
    m.rows = 0;
    for (int i = 0; i < KEYS; i++) model_clear(&m, i);
    CU_ASSERT(flow_k_timer_first(ctx, &t) == INT64_MAX);
    for (int step = 0; step < 20000; step++) {
        int key = (int)(next_random(&seed) % KEYS), k = (int)(next_random(&seed) % TIMERS);
        int64_t time = (int64_t)(next_random(&seed) % 500) + step / 20 - 100;
        int what = (int)(next_random(&seed) % 100);
        int64_t entry = entry_of(ctx, &t, key);
        if (what < 60) {
            flow_k_timer_set(ctx, &t, entry, k, time);
            m.due[key][k] = time;
        } else if (what < 75) {
            flow_k_timer_stop(ctx, &t, entry, k);
            m.due[key][k] = INT64_MAX;
        } else if (what < 85) {
            flow_k_table_remove(ctx, &t, entry);
            model_clear(&m, key);
        } else if (what < 92 && m.rows < ROWS) {
            wait_row(ctx, &t, &m, time);
        } else if (what > 97) {
            drain(ctx, &t, &m, step / 20 - 50);
        }
        if (step == 10000) drain(ctx, &t, &m, INT64_MAX);
    }
    drain(ctx, &t, &m, INT64_MAX);
    CU_ASSERT(flow_k_timer_first(ctx, &t) == INT64_MAX);
    flow_k_table_release(ctx, &t);
    CU_ASSERT(env_state_bytes() == 0);
    env_close(ctx);
}

/* A key whose rows go on has one place in the heap. */
static void test_moving_on(void) {
    flow_ctx *ctx = env_open();
    flow_table t;
    flow_k_table_init(&t, FLOW_TABLE_I64, WORDS);
    int64_t entry = entry_of(ctx, &t, 5);
    flow_k_timer_set(ctx, &t, entry, 0, 0);
    int64_t bytes = flow_k_table_bytes(&t);
    for (int64_t i = 1; i < 100000; i++) flow_k_timer_set(ctx, &t, entry, 0, i);
    CU_ASSERT(flow_k_table_bytes(&t) == bytes);
    CU_ASSERT(flow_k_timer_first(ctx, &t) == 99999);
    flow_k_table_release(ctx, &t);
    env_close(ctx);
}

void suite_timer(void) {
    CU_pSuite s = CU_add_suite("timer", NULL, NULL);
    CU_add_test(s, "against a list", test_against_list);
    CU_add_test(s, "a timer that moves on", test_moving_on);
}
