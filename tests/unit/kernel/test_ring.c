/* test_ring.c - the last rows of a key, against all rows that came. */
#include "runtime/kernel/k_ring.h"

#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_row.h"
#include "tests/unit/kernel/kernel_env.h"

void suite_ring(void);

enum { ROWS = 900 };

/* Row i: its number and as many more words as it says. */
static int64_t make_row(uint64_t *row, int64_t i) {
    int64_t words = 1 + i % 5;
    for (int64_t w = 1; w <= words; w++) row[w] = (uint64_t)(i * w);
    return flow_k_row_close((uint8_t *)row, 8 + 8 * words);
}

static void run(int64_t size, int64_t every, int empties) {
    flow_ctx *ctx = env_open();
    flow_table t;
    uint64_t row[8], want[8];
    flow_k_table_init(&t, FLOW_TABLE_I64, FLOW_RING_WORDS);
    uint64_t *ring = flow_k_table_i64(ctx, &t, 7);
    int64_t in = 0;
    for (int64_t i = 0; i < ROWS; i++) {
        make_row(row, i);
        int fires = flow_k_ring_push(ctx, &t, ring, size, every, (const uint8_t *)row);
        in = in < size ? in + 1 : size;
        CU_ASSERT(fires == ((i + 1) % every == 0));
        CU_ASSERT(flow_k_ring_count(ring) == in && flow_k_ring_index(ring, every) == i / every);
        for (int64_t k = 0; k < in; k++) {
            int64_t bytes = make_row(want, i + 1 - in + k);
            CU_ASSERT(!memcmp(flow_k_ring_row(ring, k), want, (size_t)bytes));
        }
        if (!fires || !empties) continue;
        flow_k_ring_empty(ctx, &t, ring);
        CU_ASSERT(flow_k_ring_count(ring) == 0);
        in = 0;
    }
    CU_ASSERT(t.heap.used < (size + 1) * 100 + 100);
    flow_k_table_release(ctx, &t);
    env_close(ctx);
}

static void test_sliding(void) {
    run(7, 3, 0);
    run(1, 1, 0);
    run(100, 100, 0);
    run(64, 1, 0);
}

static void test_tumbling(void) {
    run(5, 5, 1);
    run(1, 1, 1);
    run(333, 333, 1);
}

void suite_ring(void) {
    CU_pSuite s = CU_add_suite("ring", NULL, NULL);
    CU_add_test(s, "sliding", test_sliding);
    CU_add_test(s, "tumbling", test_tumbling);
}
