/* test_time.c - calendar, texts of times, formats; the C library's gmtime is the oracle. */
#include "runtime/kernel/k_time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_calendar.h"
#include "runtime/kernel/k_error.h"
#include "tests/unit/kernel/kernel_env.h"

void suite_time(void);

static int64_t time_of(const char *text) {
    int64_t t = -1;
    const uint8_t *p = (const uint8_t *)text;
    CU_ASSERT(k_time_get(p, p + strlen(text), &t) == 0);
    return t;
}

static void test_calendar(void) {
    uint64_t seed = 5;
    for (int i = 0; i < 200000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        time_t s = (time_t)((int64_t)(seed >> 8) % 253402300800 - 62135596800 + (i & 1));
        struct tm tm;
        flow_civil c;
        gmtime_r(&s, &tm);
        k_time_civil(s * FLOW_SECOND + i, &c);
        CU_ASSERT_FATAL(c.year == tm.tm_year + 1900 && c.month == tm.tm_mon + 1 &&
                        c.day == tm.tm_mday && c.hour == tm.tm_hour &&
                        c.minute == tm.tm_min && c.second == tm.tm_sec);
        CU_ASSERT_FATAL(c.yearday == tm.tm_yday + 1 && c.weekday == (tm.tm_wday + 6) % 7 + 1);
        CU_ASSERT_FATAL(k_time_days(c.year, c.month, c.day) * 86400 + c.hour * 3600 +
                            c.minute * 60 + c.second == s);
        char text[48];
        text[flow_k_put_time((uint8_t *)text, s * FLOW_SECOND + i)] = 0;
        if (c.year <= 9999 && c.year >= 0)
            CU_ASSERT_FATAL(time_of(text) == s * FLOW_SECOND + i);
    }
    for (int64_t year = 1890; year < 2110; year++)
        for (int64_t month = 1; month <= 12; month++) {
            int64_t next = month == 12 ? k_time_days(year + 1, 1, 1)
                                       : k_time_days(year, month + 1, 1);
            CU_ASSERT(k_time_month_days(year, month) == next - k_time_days(year, month, 1));
        }
}

static void test_times(void) {
    static const struct {
        const char *in, *out; /* null: refused */
    } cases[] = {
        {"2024-05-01T10:17:30Z", "2024-05-01T10:17:30Z"},
        {"2024-05-01t10:17:30z", "2024-05-01T10:17:30Z"},
        {"2024-05-01 10:17:30", "2024-05-01T10:17:30Z"},
        {"2024-05-01T10:17:30+08:00", "2024-05-01T02:17:30Z"},
        {"2024-05-01T10:17:30-00:30", "2024-05-01T10:47:30Z"},
        {"2024-05-01T10:17:30.5Z", "2024-05-01T10:17:30.500Z"},
        {"2024-05-01T10:17:30.000001Z", "2024-05-01T10:17:30.000001Z"},
        {"2024-05-01T10:17:30.1234569Z", "2024-05-01T10:17:30.123456Z"},
        {"2024-05-01T10:17:30.000Z", "2024-05-01T10:17:30Z"},
        {"2024-05-01", "2024-05-01T00:00:00Z"},
        {"2024-02-29", "2024-02-29T00:00:00Z"},
        {"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"},
        {"0000-01-01", "0000-01-01T00:00:00Z"},
        {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
        {"2023-02-29", NULL}, {"2024-13-01", NULL}, {"2024-00-01", NULL}, {"2024-01-00", NULL},
        {"2024-01-32", NULL}, {"2024-1-1", NULL}, {"24-01-01", NULL}, {"2024-01-01T", NULL},
        {"2024-01-01T10:17", NULL}, {"2024-01-01T24:00:00Z", NULL},
        {"2024-01-01T10:60:00Z", NULL}, {"2024-01-01T10:00:61Z", NULL},
        {"2024-01-01T10:00:00.Z", NULL}, {"2024-01-01T10:00:00+8:00", NULL},
        {"2024-01-01T10:00:00+0800", NULL}, {"2024-01-01T10:00:00+24:00", NULL},
        {"2024-01-01T10:00:00ZZ", NULL}, {"2024-01-01T10:00:00 ", NULL},
        {" 2024-01-01", NULL}, {"", NULL}, {"2024-01-01X10:00:00Z", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t t;
        const uint8_t *p = (const uint8_t *)cases[i].in;
        int32_t bad = k_time_get(p, p + strlen(cases[i].in), &t);
        CU_ASSERT(!bad == (cases[i].out != NULL));
        if (bad || !cases[i].out) continue;
        char text[48];
        text[flow_k_put_time((uint8_t *)text, t)] = 0;
        CU_ASSERT_STRING_EQUAL(text, cases[i].out);
    }
    char text[48];
    text[flow_k_put_time((uint8_t *)text, INT64_MAX)] = 0;
    CU_ASSERT_STRING_EQUAL(text, "294247-01-10T04:00:54.775807Z");
    text[flow_k_put_time((uint8_t *)text, INT64_MIN)] = 0;
    CU_ASSERT_STRING_EQUAL(text, "-290308-12-21T19:59:05.224192Z");
}

static void test_durations(void) {
    static const struct {
        const char *in;
        int64_t micros; /* -1: refused */
        const char *out;
    } cases[] = {
        {"0s", 0, "0s"}, {"10s", 10000000, "10s"}, {"500ms", 500000, "500ms"},
        {"1h30m", 5400000000, "1h30m"}, {"2d", 172800000000, "2d"}, {"250us", 250, "250us"},
        {"2000ns", 2, "2us"}, {"1w", 604800000000, "7d"}, {"-5m", -300000000, "-5m"},
        {"90s", 90000000, "1m30s"}, {"1d2h3m4s5ms6us", 93784005006, "1d2h3m4s5ms6us"},
        {"26h", 93600000000, "1d2h"}, {"1s1s", 2000000, "2s"},
        {"500ns500ns", 1, "1us"},
        {"1500ns", -1, NULL}, {"1", -1, NULL}, {"", -1, NULL}, {"-", -1, NULL},
        {"s", -1, NULL}, {"1.5s", -1, NULL}, {"1 s", -1, NULL}, {"1x", -1, NULL},
        {"1s ", -1, NULL}, {"10sec", -1, NULL}, {"99999999999999999999d", -1, NULL},
        {"106751992d", -1, NULL}, {"+1s", -1, NULL}, {"1msx", -1, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t d = -1;
        const uint8_t *p = (const uint8_t *)cases[i].in;
        int32_t bad = k_duration_get(p, p + strlen(cases[i].in), &d);
        CU_ASSERT(!bad == (cases[i].out != NULL));
        if (bad || !cases[i].out) continue;
        CU_ASSERT(d == cases[i].micros);
        char text[64];
        text[flow_k_put_duration((uint8_t *)text, d)] = 0;
        CU_ASSERT_STRING_EQUAL(text, cases[i].out);
    }
    char text[64];
    text[flow_k_put_duration((uint8_t *)text, INT64_MIN)] = 0;
    CU_ASSERT_STRING_EQUAL(text, "-106751991d4h54s775ms808us");
}

static void test_units(void) {
    static const struct {
        int64_t t;
        char unit;
        const char *text;
    } cases[] = {
        {1500000, 's', "1.5"}, {-1500000, 's', "-1.5"}, {1, 's', "0.000001"}, {0, 's', "0"},
        {1500, 'm', "1.5"}, {2000, 'm', "2"}, {15, 'u', "15"}, {15, 'n', "15000"}, {0, 'n', "0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[48];
        int64_t n = k_time_put_unit((uint8_t *)text, cases[i].t, cases[i].unit), t = -1;
        text[n] = 0;
        CU_ASSERT_STRING_EQUAL(text, cases[i].text);
        const uint8_t *p = (const uint8_t *)text;
        CU_ASSERT(!k_time_of_unit(p, p + n, 1, cases[i].unit, &t) && t == cases[i].t);
    }
    int64_t t;
    const uint8_t *p = (const uint8_t *)"-0.0000015";
    CU_ASSERT(!k_time_of_unit(p, p + 10, 1, 's', &t) && t == -2);
    p = (const uint8_t *)"1e30";
    CU_ASSERT(k_time_of_unit(p, p + 4, 1, 's', &t) != 0);
}

/* ---- the builtins --------------------------------------------------------------- */

static void test_parts(void) {
    int64_t t = time_of("2024-05-31T20:17:30.123456Z");
    CU_ASSERT(flow_k_fn_year(t) == 2024 && flow_k_fn_month(t) == 5 && flow_k_fn_day(t) == 31);
    CU_ASSERT(flow_k_fn_hour(t) == 20 && flow_k_fn_minute(t) == 17);
    CU_ASSERT(flow_k_fn_second(t) == 30 && flow_k_fn_weekday(t) == 5);
    uint64_t v;
    flow_ctx *ctx = env_open();
    const uint8_t *zone = (const uint8_t *)"+08:00";
    CU_ASSERT(flow_k_fn_month_zone(ctx, &v, t, zone, 6) == 0 && v == 6);
    CU_ASSERT(flow_k_fn_hour_zone(ctx, &v, t, zone, 6) == 0 && v == 4);
    CU_ASSERT(flow_k_fn_day_zone(ctx, &v, t, (const uint8_t *)"UTC", 3) == 0 && v == 31);
    CU_ASSERT(flow_k_fn_hour_zone(ctx, &v, t, (const uint8_t *)"CET", 3) == FLOW_E_argument);
    CU_ASSERT(flow_k_fn_hour_zone(ctx, &v, INT64_MAX, zone, 6) == 0);
    CU_ASSERT(flow_k_fn_floor_time(ctx, &v, t, 900 * FLOW_SECOND) == 0 &&
              (int64_t)v == time_of("2024-05-31T20:15:00Z"));
    CU_ASSERT(flow_k_fn_floor_time(ctx, &v, -1, 10) == 0 && (int64_t)v == -10);
    CU_ASSERT(flow_k_fn_floor_time(ctx, &v, t, 0) == FLOW_E_argument);
    CU_ASSERT(flow_k_fn_floor_time(ctx, &v, INT64_MIN, FLOW_DAY) == FLOW_E_overflow);
    CU_ASSERT(flow_k_fn_epoch_millis(-1) == -1 && flow_k_fn_epoch_millis(1999) == 1);
    CU_ASSERT(flow_k_fn_millis(-1999) == -1 && flow_k_fn_seconds(1500000) == 1.5);
    env_close(ctx);
}

static void expect_format(const char *t, const char *format, const char *zone,
                          const char *want) {
    flow_ctx *ctx = env_open();
    uint64_t w[2];
    int32_t r = flow_k_fn_format_time(ctx, w, time_of(t), (const uint8_t *)format,
                                      (int64_t)strlen(format), (const uint8_t *)zone,
                                      (int64_t)strlen(zone));
    CU_ASSERT(r == (want ? 0 : FLOW_E_argument));
    if (!r && want)
        CU_ASSERT(w[1] == strlen(want) &&
                  (!w[1] || !memcmp((void *)(uintptr_t)w[0], want, w[1])));
    env_close(ctx);
}

static void expect_parse(const char *text, const char *format, const char *want) {
    flow_ctx *ctx = env_open();
    uint64_t w[2];
    CU_ASSERT(!flow_k_fn_parse_time(ctx, w, (const uint8_t *)text, (int64_t)strlen(text),
                                    (const uint8_t *)format, (int64_t)strlen(format),
                                    (const uint8_t *)"UTC", 3));
    CU_ASSERT(w[1] == (want != NULL) && (int64_t)w[0] == (want ? time_of(want) : 0));
    env_close(ctx);
}

static void test_formats(void) {
    const char *t = "2024-05-01T09:07:03.004005Z";
    expect_format(t, "%Y-%m-%d %H:%M:%S.%f", "UTC", "2024-05-01 09:07:03.004005");
    expect_format(t, "%a %d %b, %j %u %%", "UTC", "Wed 01 May, 122 3 %");
    expect_format(t, "%H:%M %z", "+05:30", "14:37 +0530");
    expect_format(t, "%z", "-08:00", "-0800");
    expect_format(t, "", "UTC", "");
    expect_format(t, "%q", "UTC", NULL);
    expect_format(t, "%", "UTC", NULL);
    expect_format(t, "%Y", "Mars", NULL);
    expect_parse("01.05.2024 10:17", "%d.%m.%Y %H:%M", "2024-05-01T10:17:00Z");
    expect_parse("1 May 2024", "%d %b %Y", "2024-05-01");
    expect_parse("Wed 2024-122", "%a %Y-%j", "2024-05-01");
    expect_parse("10:00 +0230", "%H:%M %z", "1970-01-01T07:30:00Z");
    expect_parse("10:00 +02:30", "%H:%M %z", "1970-01-01T07:30:00Z");
    expect_parse("10:00Z", "%H:%M%z", "1970-01-01T10:00:00Z");
    expect_parse("00.5", "%S.%f", "1970-01-01T00:00:00.5Z");
    expect_parse("31.02.2024", "%d.%m.%Y", NULL);
    expect_parse("2023-366", "%Y-%j", NULL);
    expect_parse("2024-05-01x", "%Y-%m-%d", NULL);
    expect_parse("2024-05", "%Y-%m-%d", NULL);
    expect_parse("2024-xx-01", "%Y-%m-%d", NULL);
    expect_parse("25:00", "%H:%M", NULL);
    expect_parse("", "%Y", NULL);
}

void suite_time(void) {
    CU_pSuite s = CU_add_suite("time", 0, 0);
    CU_add_test(s, "calendar", test_calendar);
    CU_add_test(s, "times", test_times);
    CU_add_test(s, "durations", test_durations);
    CU_add_test(s, "units", test_units);
    CU_add_test(s, "parts", test_parts);
    CU_add_test(s, "formats", test_formats);
}
