/* test_session.c - sessions against all times of a key, sorted and cut at the gaps. */
#include "runtime/kernel/k_session.h"

#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_mem.h"
#include "tests/unit/kernel/kernel_env.h"

void suite_session(void);

enum { KEYS = 7, ROWS = 600, GAP = 10 };

typedef struct model {
    int64_t time[KEYS][ROWS]; /* of rows that have come and not left, in order of arrival */
    int64_t number[KEYS][ROWS];
    int n[KEYS];
} model;

static uint64_t next_random(uint64_t *s) {
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s >> 11;
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* First and last time of the key's first session; 0 if it has none. */
static int first_session(const model *m, int key, int64_t *first, int64_t *last) {
    int64_t sorted[ROWS];
    if (!m->n[key]) return 0;
    memcpy(sorted, m->time[key], (size_t)m->n[key] * 8);
    qsort(sorted, (size_t)m->n[key], 8, compare);
    *first = *last = sorted[0];
    for (int i = 1; i < m->n[key] && sorted[i] < *last + GAP; i++) *last = sorted[i];
    return 1;
}

static int64_t row_number(const uint64_t *list, int64_t i) {
    return ((const int64_t *)(const void *)flow_k_session_row(list, i))[1];
}

/* The rows of the session are those of the model, in both orders; they leave it. */
static void check_rows(flow_ctx *ctx, model *m, int key, const flow_session *s, int64_t last) {
    uint64_t list, by_time;
    int64_t n = flow_k_session_rows(ctx, s, 0, &list), i = 0;
    CU_ASSERT(n == flow_k_session_rows(ctx, s, 1, &by_time));
    CU_ASSERT(n == flow_k_session_count(s));
    int left = 0;
    for (int k = 0; k < m->n[key]; k++) {
        if (m->time[key][k] > last) {
            m->time[key][left] = m->time[key][k];
            m->number[key][left++] = m->number[key][k];
            continue;
        }
        CU_ASSERT_FATAL(i < n);
        CU_ASSERT(row_number((const uint64_t *)list, i) == m->number[key][k]);
        int64_t number = m->number[key][k];
        CU_ASSERT(flow_k_session_key_len((const uint64_t *)list, i) == 3);
        CU_ASSERT(flow_k_session_key((const uint64_t *)list, i)[0] == (uint8_t)number);
        i++;
    }
    CU_ASSERT(i == n);
    m->n[key] = left;
    for (i = 1; i < n; i++) {
        const int64_t *a = (const void *)flow_k_session_row((const uint64_t *)by_time, i - 1);
        const int64_t *b = (const void *)flow_k_session_row((const uint64_t *)by_time, i);
        CU_ASSERT(a[2] < b[2] || (a[2] == b[2] && a[1] < b[1]));
    }
}

static void close_until(flow_ctx *ctx, flow_table *t, model *m, int64_t limit) {
    uint64_t out[4];
    int64_t before = INT64_MIN;
    while (flow_k_session_next(ctx, t, limit, GAP, out)) {
        int key = (int)flow_k_table_key_i64(t, (int64_t)out[1]);
        int64_t first, last;
        CU_ASSERT_FATAL(first_session(m, key, &first, &last));
        CU_ASSERT((int64_t)out[2] == first && (int64_t)out[3] == last + GAP);
        CU_ASSERT(last + GAP - 1 < limit && last >= before);
        before = last;
        check_rows(ctx, m, key, (const flow_session *)(uintptr_t)out[0], last);
        flow_k_session_drop(ctx, t, (int64_t)out[1], GAP);
    }
    for (int key = 0; key < KEYS; key++) {
        int64_t first, last;
        if (first_session(m, key, &first, &last)) CU_ASSERT(last + GAP - 1 >= limit);
    }
}

static void test_against_sorted(void) {
    flow_ctx *ctx = env_open();
    flow_table t;
    static model m;
    uint64_t seed = 1234567;
    memset(&m, 0, sizeof m);
    flow_k_table_init(&t, FLOW_TABLE_I64, FLOW_SESSION_WORDS);
    for (int64_t i = 0; i < 20000; i++) {
        int key = (int)(next_random(&seed) % KEYS);
        int64_t time = i / 5 + (int64_t)(next_random(&seed) % 120);
        if (m.n[key] < ROWS) {
            int64_t row[4] = {32, i, time, 0};
            uint8_t order[3] = {(uint8_t)i, 1, 2};
            flow_k_table_i64(ctx, &t, key);
            flow_k_session_put(ctx, &t, time, GAP, (const uint8_t *)row, order, 3);
            m.number[key][m.n[key]] = i;
            m.time[key][m.n[key]++] = time;
        }
        if (i % 97 == 0) close_until(ctx, &t, &m, i / 5 - 30);
    }
    close_until(ctx, &t, &m, INT64_MAX);
    CU_ASSERT(flow_k_table_count(&t) == 0);
    CU_ASSERT(flow_k_timer_first(ctx, &t) == INT64_MAX);
    flow_k_table_release(ctx, &t);
    CU_ASSERT(env_state_bytes() == 0);
    env_close(ctx);
}

void suite_session(void) {
    CU_pSuite s = CU_add_suite("session", NULL, NULL);
    CU_add_test(s, "against sorted times", test_against_sorted);
}
