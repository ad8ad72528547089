/* test_compare.c - the order of values on its own: laws, floats, text. */
#include "runtime/kernel/k_compare.h"

#include <math.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_type.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_values.h"

void suite_compare(void);

static void test_floats(void) {
    double up[] = {-INFINITY, -1e300, -1.0,  -5e-324,  0.0,
                   5e-324,    1.0,    1e300, INFINITY, NAN};
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 10; j++) {
            CU_ASSERT(flow_k_compare_f64(up[i], up[j]) == (i > j) - (i < j));
            CU_ASSERT(flow_k_equal_f64(up[i], up[j]) == (i == j));
        }
    CU_ASSERT(flow_k_compare_f64(-0.0, 0.0) == 0 && flow_k_equal_f64(-0.0, 0.0));
    CU_ASSERT(flow_k_equal_f64(NAN, -NAN) &&
              flow_k_rank_f64(NAN) == flow_k_rank_f64(-NAN));
    rnd r = {5};
    for (int i = 0; i < 20000; i++) {
        double x = rnd_float(&r);
        CU_ASSERT(flow_k_equal_f64(flow_k_unrank_f64(flow_k_rank_f64(x)), x));
    }
}

static void test_text(void) {
    const uint8_t *a = (const uint8_t *)"ab\xff", *b = (const uint8_t *)"abc";
    CU_ASSERT(flow_k_compare_text(a, 3, b, 3) == 1);
    CU_ASSERT(flow_k_compare_text(a, 2, b, 3) == -1);
    CU_ASSERT(flow_k_compare_text(a, 2, b, 2) == 0);
    CU_ASSERT(flow_k_compare_text(0, 0, 0, 0) == 0);
    CU_ASSERT(flow_k_compare_text(0, 0, b, 1) == -1);
    CU_ASSERT(flow_k_equal_text(0, 0, 0, 0) && !flow_k_equal_text(a, 3, b, 3));
}

static void test_decimals(void) {
    const uint8_t *tc = (const uint8_t *)"D\x26\x02";
    uint64_t v[5][2] = {{0, 1ull << 63}, {~0ull, ~0ull}, {0, 0}, {~0ull, 0}, {0, 1}};
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 5; j++)
            CU_ASSERT(flow_k_compare(v[i], v[j], tc) == (i > j) - (i < j));
}

/* Three values of any type: if a <= b and b <= c then a <= c. */
static void test_transitive(void) {
    rnd r = {77};
    uint8_t tc[TYPE_MAX];
    for (int t = 0; t < 3000; t++) {
        flow_ctx *ctx = env_open();
        rnd_type(&r, tc, 3);
        int64_t n = flow_k_type_words(tc) * 8;
        uint64_t *v[3];
        for (int i = 0; i < 3; i++) {
            v[i] = flow_k_alloc(ctx, n);
            rnd_value(&r, ctx, v[i], tc);
        }
        for (int i = 0; i < 3; i++) {
            uint64_t *a = v[i], *b = v[(i + 1) % 3], *c = v[(i + 2) % 3];
            CU_ASSERT(flow_k_compare(a, a, tc) == 0);
            if (flow_k_compare(a, b, tc) <= 0 && flow_k_compare(b, c, tc) <= 0)
                CU_ASSERT(flow_k_compare(a, c, tc) <= 0);
        }
        env_close(ctx);
    }
}

static void test_types(void) {
    const uint8_t *union_code = (const uint8_t *)"|\2A\0{\0B\0{\2x\0sy\0D\5\2";
    CU_ASSERT(flow_k_type_words(union_code) == 5);
    CU_ASSERT(flow_k_type_words((const uint8_t *)"?[i") == 3);
    CU_ASSERT(flow_k_type_words((const uint8_t *)"{\0") == 0);
    CU_ASSERT(!flow_k_type_flat(union_code));
    CU_ASSERT(flow_k_type_flat((const uint8_t *)"{\2a\0?fb\0D\5\2"));
    CU_ASSERT(!flow_k_type_flat((const uint8_t *)"<ii"));
    const uint8_t *tc = (const uint8_t *)"<s{\1a\0?bi";
    CU_ASSERT(*flow_k_type_skip(tc) == 'i');
}

void suite_compare(void) {
    CU_pSuite s = CU_add_suite("compare", 0, 0);
    CU_add_test(s, "floats", test_floats);
    CU_add_test(s, "text", test_text);
    CU_add_test(s, "decimals", test_decimals);
    CU_add_test(s, "transitive", test_transitive);
    CU_add_test(s, "type codes", test_types);
}
