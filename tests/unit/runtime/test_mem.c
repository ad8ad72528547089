/* test_mem.c - the budget: counts, limits, growth, contents. */
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/base/mem.h"
#include "runtime/base/sanitizer.h"

void suite_mem(void);

#define MB (INT64_C(1) << 20)

static void test_counts(void) {
    rt_mem *mem = rt_mem_new(64 * MB, 1);
    int64_t a = 100, b = 3 * MB;
    uint8_t *p = rt_mem_get(mem, RT_OWNER_BLOCK, &a);
    uint8_t *q = rt_mem_get(mem, RT_OWNER_STATE, &b);
    CU_ASSERT(p && q && a >= 100 && b >= 3 * MB);
    CU_ASSERT_EQUAL(rt_mem_used(mem, RT_OWNER_BLOCK), a);
    CU_ASSERT_EQUAL(rt_mem_used(mem, RT_OWNER_STATE), b);
    for (int64_t i = 0; i < b; i++)
        if (q[i]) CU_FAIL("state is zeroed");
    CU_ASSERT(rt_mem_room(mem) <= 64 * MB - b);
    rt_mem_move(mem, RT_OWNER_BLOCK, RT_OWNER_SINK, a);
    CU_ASSERT_EQUAL(rt_mem_used(mem, RT_OWNER_BLOCK), 0);
    rt_mem_put(mem, RT_OWNER_SINK, p, a);
    rt_mem_put(mem, RT_OWNER_STATE, q, b);
    CU_ASSERT(rt_mem_peak(mem) >= 3 * MB);
    rt_mem_free(mem, true);
}

static void test_limits(void) {
    rt_mem *mem = rt_mem_new(64 * MB, 1);
    int64_t a = 50 * MB, b = 10 * MB, c = 90 * MB;
    /* State leaves the transient part its share. */
    uint8_t *p = rt_mem_get(mem, RT_OWNER_STATE, &a);
    CU_ASSERT_PTR_NOT_NULL(p);
    CU_ASSERT_PTR_NULL(rt_mem_get(mem, RT_OWNER_STATE, &b));
    CU_ASSERT_PTR_NULL(rt_mem_get(mem, RT_OWNER_BLOCK, &c));
    uint8_t *q = rt_mem_get(mem, RT_OWNER_BLOCK, &b);
    CU_ASSERT_PTR_NOT_NULL(q);
    rt_mem_put(mem, RT_OWNER_BLOCK, q, b);
    rt_mem_put(mem, RT_OWNER_STATE, p, a);
    CU_ASSERT_EQUAL(rt_mem_used(mem, RT_OWNER_STATE), 0);
    rt_mem_free(mem, true);
}

static void test_growth(void) {
    rt_mem *mem = rt_mem_new(256 * MB, 2);
    for (int owner = RT_OWNER_STATE; owner <= RT_OWNER_EXCHANGE; owner++) {
        int64_t size = 1000;
        uint8_t *p = rt_mem_get(mem, (rt_owner)owner, &size);
        memset(p, 7, (size_t)size);
        int64_t used = size;
        while (size < 40 * MB) {
            int64_t to = 2 * size;
            p = rt_mem_grow(mem, (rt_owner)owner, p, size, used, &to);
            CU_ASSERT_PTR_NOT_NULL_FATAL(p);
            CU_ASSERT(p[0] == 7 && p[used - 1] == 7);
            if (owner == RT_OWNER_STATE) CU_ASSERT(p[used] == 0 && p[to - 1] == 0);
            size = to;
        }
        rt_mem_put(mem, (rt_owner)owner, p, size);
    }
    rt_mem_free(mem, true);
}

/* A buffer grows into a piece that is there. */
static void test_growth_reuse(void) {
    rt_mem *mem = rt_mem_new(64 * MB, 1);
    int64_t large = MB / 8, size = MB / 16, to = large, rest = 32 * MB;
    uint8_t *kept = rt_mem_get(mem, RT_OWNER_EXCHANGE, &large);
    uint8_t *p = rt_mem_get(mem, RT_OWNER_EXCHANGE, &size);
    uint8_t *other = rt_mem_get(mem, RT_OWNER_BLOCK, &rest);
    CU_ASSERT_FATAL(kept && p && other);
    rt_mem_put(mem, RT_OWNER_EXCHANGE, kept, large);
    memset(p, 7, (size_t)size);
    uint8_t *q = rt_mem_grow(mem, RT_OWNER_EXCHANGE, p, size, size, &to);
    CU_ASSERT_PTR_NOT_NULL_FATAL(q);
    CU_ASSERT(RT_ASAN || q == kept);
    CU_ASSERT(to == large && q[0] == 7 && q[size - 1] == 7);
    CU_ASSERT_EQUAL(rt_mem_used(mem, RT_OWNER_EXCHANGE), to);
    rt_mem_put(mem, RT_OWNER_EXCHANGE, q, to);
    rt_mem_put(mem, RT_OWNER_BLOCK, other, rest);
    rt_mem_free(mem, true);
}

/* What is given back serves again; the rest of slabs is cut into smaller pieces. */
static void test_reuse(void) {
    rt_mem *mem = rt_mem_new(64 * MB, 1);
    uint8_t *p[400];
    int64_t size[400], peak = 0;
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 400; i++) {
            size[i] = 1 + (i * 7919) % 60000;
            p[i] = rt_mem_get(mem, RT_OWNER_EXCHANGE, &size[i]);
            CU_ASSERT_PTR_NOT_NULL_FATAL(p[i]);
            memset(p[i], i, (size_t)size[i]);
        }
        for (int i = 0; i < 400; i++) {
            CU_ASSERT(p[i][0] == (uint8_t)i && p[i][size[i] - 1] == (uint8_t)i);
            rt_mem_put(mem, RT_OWNER_EXCHANGE, p[i], size[i]);
        }
        if (round == 0) peak = rt_mem_peak(mem);
    }
    CU_ASSERT(rt_mem_peak(mem) <= peak + MB);
    rt_mem_free(mem, true);
}

void suite_mem(void) {
    CU_pSuite s = CU_add_suite("mem", NULL, NULL);
    CU_add_test(s, "what is counted", test_counts);
    CU_add_test(s, "limits", test_limits);
    CU_add_test(s, "growth", test_growth);
    CU_add_test(s, "growth into what is there", test_growth_reuse);
    CU_add_test(s, "reuse", test_reuse);
}
