/* test_places.c - the numbers of a mask's bits, by each variant that this machine runs. */
#include "runtime/kernel/k_places.h"

#include <stdlib.h>

#include <CUnit/Basic.h>

#include "tests/unit/kernel/kernel_values.h"

void suite_places(void);

typedef uint32_t *places_fn(uint32_t *to, uint64_t mask, uint32_t from);

static void check(places_fn *places, uint64_t mask, uint32_t from) {
    uint32_t *to = malloc((64 + FLOW_PLACES_MORE) * sizeof *to); /* so that sanitizers look */
    uint32_t *end = places(to, mask, from), *p = to;
    for (uint32_t i = 0; i < 64; i++)
        if (mask >> i & 1) CU_ASSERT(p < end && *p++ == from + i);
    CU_ASSERT(p == end);
    free(to);
}

static void check_all(places_fn *places) {
    rnd r = {5};
    check(places, 0, 7);
    check(places, ~(uint64_t)0, UINT32_MAX);
    for (int i = 0; i < 64; i++) {
        check(places, (uint64_t)1 << i, 0);
        check(places, ~(uint64_t)0 << i, 1u << 31);
    }
    for (int i = 0; i < 20000; i++) {
        uint64_t mask = rnd_next(&r);
        for (int k = i % 5; k > 0; k--) mask &= rnd_next(&r);
        check(places, mask, (uint32_t)rnd_next(&r));
    }
}

static void test_base(void) { check_all(k_places_base); }

static void test_vbmi2(void) {
    if (__builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512bw"))
        check_all(k_places_vbmi2);
}

void suite_places(void) {
    CU_pSuite s = CU_add_suite("places", NULL, NULL);
    CU_add_test(s, "bit by bit", test_base);
    CU_add_test(s, "packed", test_vbmi2);
}
