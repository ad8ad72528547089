/* test_bag.c - bags against a plain list of elements that is searched from end to end. */
#include "runtime/kernel/k_bag.h"

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

void suite_bag(void);

/* Keys and rows are single digits, so that equals are frequent. */
typedef struct item {
    uint8_t key, also, row;
    int times;
} item;

enum { ITEMS = 10 * 10 * 4 };

static item *items_new(void) {
    item *all = calloc(ITEMS, sizeof *all);
    for (int i = 0; i < ITEMS; i++)
        all[i] = (item){(uint8_t)('0' + i / 40), (uint8_t)('0' + i / 4 % 10),
                        (uint8_t)('0' + i % 4), 0};
    return all;
}

static void check_order(flow_ctx *ctx, const uint64_t *bag, const item *all, int64_t n,
                        int ties) {
    uint64_t words;
    int64_t count = flow_k_bag_list(ctx, bag, n, ties, &words), k = 0, rank = 0;
    const uint64_t *list = (const uint64_t *)words;
    int last = -1;
    for (int i = 0; i < ITEMS; i++) {
        if (all[i].times <= 0) continue;
        if (k >= n && !(ties && all[i].key == last)) break;
        if (all[i].key != last) rank = k + 1;
        last = all[i].key;
        CU_ASSERT_FATAL(k < count);
        CU_ASSERT(*flow_k_bag_row(list, k) == all[i].row);
        CU_ASSERT(flow_k_bag_rank(list, k) == rank);
        k++;
    }
    CU_ASSERT(k == count);
}

static void test_elements(void) {
    flow_ctx *ctx = env_open();
    flow_heap heap = {0};
    uint64_t bag[FLOW_BAG_WORDS] = {0};
    item *all = items_new();
    rnd r = {3};
    for (int step = 0; step < 20000; step++) {
        item *x = &all[rnd_below(&r, ITEMS)];
        /* Mostly put in, then mostly taken out. */
        int by = rnd_below(&r, 4) < (step / 4000 % 2 ? 1 : 3) ? 1 : -1;
        if (x->times + by < -2) continue;
        x->times += by;
        flow_k_bag_put(ctx, &heap, bag, by, &x->key, 1, &x->also, 1, &x->row, 1);
        if (step % 50) continue;
        int64_t count = 0;
        for (int i = 0; i < ITEMS; i++) count += all[i].times > 0;
        CU_ASSERT(flow_k_bag_count(bag) == count);
        check_order(ctx, bag, all, rnd_below(&r, 8), 0);
        check_order(ctx, bag, all, 1 + rnd_below(&r, 60), 1);
        check_order(ctx, bag, all, ITEMS, 0);
    }
    for (int i = 0; i < ITEMS; i++)
        if (all[i].times)
            flow_k_bag_put(ctx, &heap, bag, -all[i].times, &all[i].key, 1, &all[i].also, 1,
                           &all[i].row, 1);
    CU_ASSERT(flow_k_bag_count(bag) == 0 && bag[0] == 0 && heap.used == 0);
    free(all);
    flow_k_heap_release(ctx, &heap);
    env_close(ctx);
}

/* Sorted keys make no deep tree: a list would overflow the stack or last for minutes. */
static void test_sorted(void) {
    flow_ctx *ctx = env_open();
    flow_heap heap = {0};
    uint64_t bag[FLOW_BAG_WORDS] = {0}, out[2];
    for (int64_t i = 0; i < 200000; i++) {
        uint8_t key[8];
        flow_k_key_i64(key, i);
        flow_k_bag_put_value(ctx, &heap, bag, 1, key, 8, NULL, 0, (uint64_t[]){(uint64_t)i},
                             (const uint8_t *)"i");
    }
    flow_k_bag_pick(ctx, bag, 0, 0, out, (const uint8_t *)"i");
    CU_ASSERT(out[0] == 0 && out[1] == 1);
    flow_k_bag_pick(ctx, bag, 1, 1, out, (const uint8_t *)"i");
    CU_ASSERT(out[0] == 199999 && out[1] == 1);
    CU_ASSERT(flow_k_bag_values(ctx, bag, 0, 199999, out, (const uint8_t *)"i") ==
              FLOW_E_limit);
    CU_ASSERT(flow_k_bag_values(ctx, bag, 1, 200000, out, (const uint8_t *)"i") == 0);
    CU_ASSERT(out[1] == 200000);
    for (int64_t i = 0; i < 200000; i++)
        if (((int64_t *)out[0])[i] != i) CU_FAIL("order");
    flow_k_bag_drop(ctx, &heap, bag);
    CU_ASSERT(heap.used == 0);
    flow_k_bag_pick(ctx, bag, 1, 0, out, (const uint8_t *)"i");
    CU_ASSERT(out[0] == 0 && out[1] == 0);
    flow_k_heap_release(ctx, &heap);
    env_close(ctx);
}

/* Values of any type come back from keys and from rows. */
static void test_values(void) {
    rnd r = {31};
    uint8_t tc[TYPE_MAX];
    for (int t = 0; t < 200; t++) {
        flow_ctx *ctx = env_open();
        flow_heap heap = {0};
        uint64_t bag[FLOW_BAG_WORDS] = {0};
        rnd_type(&r, tc, 2);
        int64_t n = flow_k_type_words(tc);
        uint64_t *in = flow_k_alloc(ctx, n * 8), *out = flow_k_alloc(ctx, (n + 1) * 8);
        rnd_value(&r, ctx, in, tc);
        uint8_t *key = flow_k_alloc(ctx, flow_k_key_bound(in, tc));
        int64_t len = flow_k_key_put(key, in, tc) - key;
        flow_k_bag_put_value(ctx, &heap, bag, 1, key, len, (const uint8_t *)"x", 1, in, tc);
        flow_k_bag_pick(ctx, bag, 0, 0, out, tc);
        CU_ASSERT(out[n] == 1 && flow_k_equal(in, out, tc));
        flow_k_bag_pick(ctx, bag, 1, 1, out, tc);
        CU_ASSERT(out[n] == 1 && flow_k_equal(in, out, tc));
        flow_k_bag_drop(ctx, &heap, bag);
        CU_ASSERT(heap.used == 0);
        flow_k_heap_release(ctx, &heap);
        env_close(ctx);
    }
}

static void test_concat(void) {
    flow_ctx *ctx = env_open();
    flow_heap heap = {0};
    uint64_t bag[FLOW_BAG_WORDS] = {0}, out[2];
    const char *texts[] = {"b", "", "ccc"};
    for (int i = 0; i < 3; i++)
        flow_k_bag_put(ctx, &heap, bag, 1, (const uint8_t *)&"201"[i], 1, NULL, 0,
                       (const uint8_t *)texts[i], (int64_t)strlen(texts[i]));
    CU_ASSERT(!flow_k_bag_concat(ctx, bag, (const uint8_t *)", ", 2, 3, out));
    CU_ASSERT(out[1] == 8 && !memcmp((void *)out[0], ", ccc, b", 8));
    CU_ASSERT(flow_k_bag_concat(ctx, bag, (const uint8_t *)", ", 2, 2, out) == FLOW_E_limit);
    flow_k_bag_drop(ctx, &heap, bag);
    flow_k_heap_release(ctx, &heap);
    env_close(ctx);
}

void suite_bag(void) {
    CU_pSuite s = CU_add_suite("bag", 0, 0);
    CU_add_test(s, "elements", test_elements);
    CU_add_test(s, "sorted", test_sorted);
    CU_add_test(s, "values", test_values);
    CU_add_test(s, "concat", test_concat);
}
