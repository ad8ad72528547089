/* test_path.c - the folders of partitioned output. */
#include "runtime/kernel/k_path.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_error.h"
#include "tests/unit/kernel/kernel_env.h"

void suite_path(void);

static int32_t add(flow_ctx *ctx, uint64_t *path, const char *name, const char *text) {
    uint64_t words[2] = {(uint64_t)text, strlen(text)};
    return flow_k_path_add(ctx, path, (const uint8_t *)name, (int64_t)strlen(name), words,
                           (const uint8_t *)"s");
}

static void expect(const uint64_t *path, const char *want) {
    CU_ASSERT_EQUAL(path[1], strlen(want));
    if (path[1] == strlen(want)) CU_ASSERT(!memcmp((const void *)path[0], want, path[1]));
}

static void test_values(void) {
    flow_ctx *ctx = env_open();
    uint64_t path[2] = {0}, some[2] = {7, 1}, none[2] = {0, 0};
    CU_ASSERT_EQUAL(add(ctx, path, "city", "a/b"), 0);
    expect(path, "city=a%2Fb");
    CU_ASSERT_EQUAL(
        flow_k_path_add(ctx, path, (const uint8_t *)"n", 1, some, (const uint8_t *)"?i"), 0);
    CU_ASSERT_EQUAL(
        flow_k_path_add(ctx, path, (const uint8_t *)"m", 1, none, (const uint8_t *)"?i"), 0);
    expect(path, "city=a%2Fb/n=7/m=__HIVE_DEFAULT_PARTITION__");
    path[1] = 0;
    CU_ASSERT_EQUAL(add(ctx, path, "a=b", ""), 0);
    expect(path, "a%3Db=");
    CU_ASSERT_EQUAL(add(ctx, path, "k", "..\n\x7f\xc3\xa9 %"), 0);
    expect(path, "a%3Db=/k=..%0A%7F\xc3\xa9 %25");
    env_close(ctx);
}

/* What fails leaves the path as it was. */
static void test_limits(void) {
    flow_ctx *ctx = env_open();
    uint64_t path[2] = {0};
    char text[400];
    memset(text, 'x', sizeof text);
    text[253] = 0;
    CU_ASSERT_EQUAL(add(ctx, path, "k", text), 0);
    CU_ASSERT_EQUAL(path[1], 255);
    text[253] = 'x';
    text[254] = 0;
    CU_ASSERT_EQUAL(add(ctx, path, "k", text), FLOW_E_limit);
    memset(text, '/', 100); /* three bytes each */
    text[100] = 0;
    CU_ASSERT_EQUAL(add(ctx, path, "k", text), FLOW_E_limit);
    CU_ASSERT_EQUAL(path[1], 255);
    text[80] = 0;
    int folders = 1;
    while (folders < 50 && add(ctx, path, "k", text) == 0) folders++;
    CU_ASSERT(folders > 5 && folders < 10);
    CU_ASSERT(path[1] <= FLOW_PATH_ALL);
    env_close(ctx);
}

void suite_path(void) {
    CU_pSuite s = CU_add_suite("path", 0, 0);
    CU_add_test(s, "values", test_values);
    CU_add_test(s, "limits", test_limits);
}
