/* test_key.c - key bytes: their order is that of values, they read back, they are one
 * per value, and no key is a prefix of another. */
#include "runtime/kernel/k_key.h"

#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_compare.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_type.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_values.h"

void suite_key(void);

#define PER_TYPE 24

typedef struct keyed {
    uint64_t *words;
    uint8_t *key, *desc;
    int64_t len, desc_len;
} keyed;

static int sign(int64_t x) {
    return (x > 0) - (x < 0);
}

static int bytes_order(const uint8_t *a, int64_t an, const uint8_t *b, int64_t bn) {
    int c = memcmp(a, b, (size_t)(an < bn ? an : bn));
    return c ? sign(c) : sign(an - bn);
}

static keyed make(rnd *r, flow_ctx *ctx, const uint8_t *tc) {
    keyed k;
    k.words = flow_k_alloc(ctx, flow_k_type_words(tc) * 8 + 8);
    rnd_value(r, ctx, k.words, tc);
    int64_t bound = flow_k_key_bound(k.words, tc);
    k.key = flow_k_alloc(ctx, bound);
    k.desc = flow_k_alloc(ctx, bound);
    k.len = flow_k_key_put(k.key, k.words, tc) - k.key;
    k.desc_len = flow_k_key_put_desc(k.desc, k.words, tc) - k.desc;
    CU_ASSERT(k.len <= bound && k.desc_len == k.len);
    return k;
}

static void check_reads_back(flow_ctx *ctx, const keyed *k, const uint8_t *tc) {
    uint64_t *back = flow_k_alloc(ctx, flow_k_type_words(tc) * 8 + 8);
    CU_ASSERT(flow_k_key_get(ctx, k->key, back, tc) == k->key + k->len);
    CU_ASSERT(flow_k_equal(back, k->words, tc));
    CU_ASSERT(flow_k_key_get_desc(ctx, k->desc, back, tc) == k->desc + k->desc_len);
    CU_ASSERT(flow_k_equal(back, k->words, tc));
}

/* Descending order is the opposite, but for none, which the type may have inside. */
static void check_pair(const keyed *a, const keyed *b, const uint8_t *tc, int optional) {
    int want = flow_k_compare(a->words, b->words, tc);
    CU_ASSERT(want == -flow_k_compare(b->words, a->words, tc));
    CU_ASSERT(bytes_order(a->key, a->len, b->key, b->len) == want);
    if (want && a->len != b->len) {
        int64_t n = a->len < b->len ? a->len : b->len;
        CU_ASSERT(memcmp(a->key, b->key, (size_t)n) != 0);
        CU_ASSERT(memcmp(a->desc, b->desc, (size_t)n) != 0);
    }
    int down = bytes_order(a->desc, a->desc_len, b->desc, b->desc_len);
    CU_ASSERT((down == 0) == (want == 0));
    if (!optional) CU_ASSERT(down == -want);
}

static void test_any_type(void) {
    rnd r = {11};
    uint8_t tc[TYPE_MAX];
    for (int t = 0; t < 4500; t++) {
        flow_ctx *ctx = env_open();
        int64_t n = rnd_type(&r, tc, t % 4);
        int optional = memchr(tc, '?', (size_t)n) != 0;
        keyed k[PER_TYPE];
        for (int i = 0; i < PER_TYPE; i++) {
            k[i] = make(&r, ctx, tc);
            check_reads_back(ctx, &k[i], tc);
            for (int j = 0; j < i; j++)
                check_pair(&k[i], &k[j], tc, optional);
        }
        env_close(ctx);
    }
}

static void test_none_stays_last(void) {
    const uint8_t *tc = (const uint8_t *)"?i";
    uint64_t none[2] = {0, 0}, low[2] = {(uint64_t)INT64_MIN, 1}, one[2] = {1, 1};
    uint8_t a[16], b[16], c[16];
    flow_k_key_put_desc(a, none, tc);
    flow_k_key_put_desc(b, low, tc);
    flow_k_key_put_desc(c, one, tc);
    CU_ASSERT(memcmp(c, b, 1 + 8) < 0);
    CU_ASSERT(memcmp(b, a, 1) < 0);
    flow_k_key_put(a, none, tc);
    CU_ASSERT(a[0] == 2);
}

static void test_leaves(void) {
    uint8_t p[64];
    uint64_t text[2] = {(uint64_t)"a\0b", 3};
    CU_ASSERT(flow_k_key_text(p, (const uint8_t *)text[0], 3) == p + 6);
    CU_ASSERT(!memcmp(p,
                      "a\0\xff"
                      "b\0\0",
                      6));
    CU_ASSERT(flow_k_key_i64(p, 1) == p + 8);
    CU_ASSERT(!memcmp(p, "\x80\0\0\0\0\0\0\1", 8));
    CU_ASSERT(flow_k_key_tag(p, 0x102) == p + 2 && p[0] == 1 && p[1] == 2);
    uint8_t q[8];
    flow_k_key_f64(p, -0.0);
    flow_k_key_f64(q, 0.0);
    CU_ASSERT(!memcmp(p, q, 8));
    flow_k_key_f64(p, -(0.0 / 0.0));
    flow_k_key_f64(q, 1.0 / 0.0);
    CU_ASSERT(memcmp(p, q, 8) > 0);
}

void suite_key(void) {
    CU_pSuite s = CU_add_suite("key", 0, 0);
    CU_add_test(s, "any type: order, reading back, no prefixes", test_any_type);
    CU_add_test(s, "none stays last", test_none_stays_last);
    CU_add_test(s, "leaves", test_leaves);
}
