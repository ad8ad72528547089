/* test_value_text.c - values as people write them on command lines. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/start/value_text.h"

void suite_value_text(void);

static void test_numbers(void) {
    int64_t n;
    double f;
    CU_ASSERT(rt_text_int("1_000", &n) && n == 1000);
    CU_ASSERT(rt_text_int("-9223372036854775808", &n) && n == INT64_MIN);
    CU_ASSERT(!rt_text_int("9223372036854775808", &n));
    CU_ASSERT(!rt_text_int("", &n) && !rt_text_int("1_", &n) && !rt_text_int("_1", &n));
    CU_ASSERT(!rt_text_int("1.0", &n) && !rt_text_int(" 1", &n) && !rt_text_int("-", &n));
    CU_ASSERT(rt_text_float("1e3", &f) && f == 1000);
    CU_ASSERT(rt_text_float("NaN", &f) && isnan(f));
    CU_ASSERT(rt_text_float("-Infinity", &f) && f == -INFINITY);
    CU_ASSERT(!rt_text_float("inf", &f) && !rt_text_float("0x1", &f) && !rt_text_float("", &f));
}

static void test_times(void) {
    int64_t n;
    char text[64];
    CU_ASSERT(rt_text_duration("1h30m", &n) && n == INT64_C(5400000000));
    CU_ASSERT(rt_text_duration("0s", &n) && n == 0);
    CU_ASSERT(rt_text_duration("-250us", &n) && n == -250);
    CU_ASSERT(rt_text_duration("2000ns", &n) && n == 2);
    CU_ASSERT(rt_text_duration("1d2h3m4s5ms6us", &n) && n == INT64_C(93784005006));
    CU_ASSERT(!rt_text_duration("1500ns", &n) && !rt_text_duration("5", &n));
    CU_ASSERT(!rt_text_duration("", &n) && !rt_text_duration("s", &n));
    CU_ASSERT(!rt_text_duration("1.5s", &n) && !rt_text_duration("1x", &n));
    CU_ASSERT(rt_text_time("1970-01-01", &n) && n == 0);
    CU_ASSERT(rt_text_time("@2024-05-01T10:00:00Z", &n) && n == INT64_C(1714557600000000));
    CU_ASSERT(rt_text_time("2024-02-29T23:59:59.5+01:30", &n) &&
              n == INT64_C(1709245799500000));
    CU_ASSERT(rt_text_time("1969-12-31T23:59:59Z", &n) && n == -1000000);
    CU_ASSERT(!rt_text_time("2024-13-01", &n) && !rt_text_time("2024-05-01T10", &n));
    CU_ASSERT(!rt_text_time("2024-05-01x", &n));
    rt_duration_text(1500000, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "1500ms");
}

static void test_sizes(void) {
    int64_t n;
    CU_ASSERT(rt_text_size("64MiB", &n) && n == 64 << 20);
    CU_ASSERT(rt_text_size("64MB", &n) && n == 64000000);
    CU_ASSERT(rt_text_size("1_000", &n) && n == 1000);
    CU_ASSERT(rt_text_size("7B", &n) && n == 7);
    CU_ASSERT(!rt_text_size("MiB", &n) && !rt_text_size("-1MB", &n));
    CU_ASSERT(!rt_text_size("99999999999TiB", &n) && !rt_text_size("1.5MB", &n));
    CU_ASSERT(rt_text_word("warn", "error|warn|info") && !rt_text_word("war", "error|warn"));
    CU_ASSERT(!rt_text_word("", "a|b"));
}

static void expect_value(const char *type, const char *text, int good, int64_t a, int64_t b) {
    rt_arena *arena = rt_arena_new();
    int64_t words[4] = {-99, -99, -99, -99};
    const char *expected = rt_text_value(arena, type, text, words);
    CU_ASSERT_EQUAL(!expected, good);
    if (good) {
        CU_ASSERT_EQUAL(words[0], a);
        if (b != -99) CU_ASSERT_EQUAL(words[1], b);
    }
    rt_arena_free(arena);
}

static void test_values(void) {
    expect_value("int", "12", 1, 12, -99);
    expect_value("int", "x", 0, 0, 0);
    expect_value("bool", "true", 1, 1, -99);
    expect_value("bool", "yes", 0, 0, 0);
    expect_value("size", "1KiB", 1, 1024, -99);
    expect_value("duration", "1s", 1, 1000000, -99);
    expect_value("decimal(6,2)", "12.5", 1, 1250, 0);
    expect_value("decimal(6,2)", "-12.50", 1, -1250, -1);
    expect_value("decimal(6,2)", "12.505", 0, 0, 0);
    expect_value("decimal(6,2)", "12.500", 1, 1250, 0);
    expect_value("decimal(6,2)", "12345", 0, 0, 0);
    expect_value("decimal(6,2)", "1.2.3", 0, 0, 0);
    expect_value("decimal(6,2)", "", 0, 0, 0);
    expect_value("enum(Low,High)", "high", 1, 1, -99);
    expect_value("enum(Low,High)", "mid", 0, 0, 0);
    expect_value("int?", "none", 1, -99, 0);
    expect_value("int?", "3", 1, 3, 1);
    expect_value("timestamp", "1970-01-02", 1, INT64_C(86400000000), -99);
    expect_value("[int]", "1", 0, 0, 0);
    rt_arena *arena = rt_arena_new();
    int64_t words[3];
    CU_ASSERT_PTR_NULL(rt_text_value(arena, "string?", "abc", words));
    CU_ASSERT_EQUAL(words[1], 3);
    CU_ASSERT_EQUAL(words[2], 1);
    CU_ASSERT(!memcmp((const char *)(intptr_t)words[0], "abc", 3));
    rt_arena_free(arena);
}

void suite_value_text(void) {
    CU_pSuite s = CU_add_suite("value_text", NULL, NULL);
    CU_add_test(s, "numbers", test_numbers);
    CU_add_test(s, "durations and times", test_times);
    CU_add_test(s, "sizes and words", test_sizes);
    CU_add_test(s, "values of parameters", test_values);
}
