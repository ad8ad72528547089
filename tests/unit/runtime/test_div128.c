/* test_div128.c - 128-bit division against multiplication and the rules of C. */
#include <stdint.h>

#include <CUnit/CUnit.h>

#include "runtime/base/div128.h"

static uint64_t state = 88172645463325252u;

static uint64_t draw(void) { /* xorshift64 (Marsaglia 2003) */
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

/* Numbers of all lengths. */
static u128 draw_wide(void) {
    u128 v = (u128)draw() << 64 | draw();
    return v >> (draw() % 128);
}

static void test_unsigned(void) {
    for (int i = 0; i < 200000; i++) {
        u128 n = draw_wide(), d = draw_wide(), r;
        if (!d) d = 1;
        u128 q = __udivmodti4(n, d, &r);
        CU_ASSERT_FATAL(r < d && q * d + r == n);
        CU_ASSERT_FATAL(__udivti3(n, d) == q && __umodti3(n, d) == r);
    }
}

static void test_signed(void) {
    for (int i = 0; i < 200000; i++) {
        i128 n = (i128)draw_wide(), d = (i128)draw_wide(), r;
        if (!d || (d == -1 && n == (i128)((u128)1 << 127))) d = 3;
        i128 q = __divmodti4(n, d, &r);
        CU_ASSERT_FATAL((u128)q * (u128)d + (u128)r == (u128)n);
        CU_ASSERT_FATAL(!r || (r < 0) == (n < 0));
        CU_ASSERT_FATAL((r < 0 ? -(u128)r : (u128)r) < (d < 0 ? -(u128)d : (u128)d));
        CU_ASSERT_FATAL(__divti3(n, d) == q && __modti3(n, d) == r);
    }
}

static void test_ends(void) {
    u128 most = ~(u128)0, r;
    CU_ASSERT(__udivmodti4(most, most, &r) == 1 && r == 0);
    CU_ASSERT(__udivmodti4(most, 1, &r) == most && r == 0);
    CU_ASSERT(__udivmodti4(0, most, &r) == 0 && r == 0);
    CU_ASSERT(__udivmodti4(most - 1, most, &r) == 0 && r == most - 1);
    CU_ASSERT(__udivmodti4(most, (u128)1 << 64, &r) == UINT64_MAX && r == UINT64_MAX);
    CU_ASSERT(__divti3(-7, 2) == -3 && __modti3(-7, 2) == -1);
}

void suite_div128(void);
void suite_div128(void) {
    CU_pSuite s = CU_add_suite("div128", NULL, NULL);
    CU_add_test(s, "unsigned", test_unsigned);
    CU_add_test(s, "signed", test_signed);
    CU_add_test(s, "ends", test_ends);
}
