/* test_write.c - values to csv, JSON and text; what is written reads back the same. */
#include "runtime/kernel/k_write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_csv.h"
#include "runtime/kernel/k_json.h"
#include "runtime/kernel/k_print.h"
#include "runtime/kernel/k_schema.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_schema.h"

void suite_write(void);

static void expect(const flow_buf *b, const char *want) {
    size_t n = (size_t)(b->p - b->base);
    CU_ASSERT(n == strlen(want) && !memcmp(b->base, want, n));
    if (n != strlen(want) || memcmp(b->base, want, n))
        printf("\n  gave %.*s  not  %s\n", (int)n, (const char *)b->base, want);
}

static void test_leaves(void) {
    flow_ctx *ctx = env_open();
    flow_buf *b = env_buf(ctx);
    flow_k_write_int(ctx, b, INT64_MIN);
    flow_k_write_bytes(ctx, b, (const uint8_t *)";", 1);
    flow_k_write_bool(ctx, b, 1);
    flow_k_write_bool(ctx, b, 0);
    flow_k_write_bytes(ctx, b, NULL, 0);
    flow_k_write_float(ctx, b, 1e21);
    flow_k_write_float(ctx, b, -INFINITY);
    flow_k_write_json_float(ctx, b, NAN);
    flow_k_write_json_float(ctx, b, 2.5);
    flow_k_write_decimal(ctx, b, -5, -1, 2);
    flow_k_write_row(b);
    expect(b, "-9223372036854775808;truefalse1.0e21-Infinity\"NaN\"2.5-0.05");
    CU_ASSERT(b->rows == 1);
    b->p = b->base;
    flow_k_write_time(ctx, b, 1500000, 'r');
    flow_k_write_json_time(ctx, b, 0, 'r');
    flow_k_write_json_time(ctx, b, 1500, 'm');
    flow_k_write_duration(ctx, b, 90000000, 'r');
    flow_k_write_json_duration(ctx, b, -1000, 'r');
    flow_k_write_json_duration(ctx, b, 2000000, 's');
    expect(b, "1970-01-01T00:00:01.500Z\"1970-01-01T00:00:00Z\"1.51m30s\"-1ms\"2");
    env_close(ctx);
}

static void test_csv_texts(void) {
    static const char *const cases[][2] = {
        {"x", "x"}, {"", "\"\""}, {"x y", "x y"}, {" x", "\" x\""}, {"x\t", "\"x\t\""},
        {"x,y", "\"x,y\""}, {"x\"y", "\"x\"\"y\""}, {"x\ny", "\"x\ny\""},
        {"x\ry", "\"x\ry\""}, {"\"", "\"\"\"\""}, {"x;y", "x;y"}, {"\xc3\xa9", "\xc3\xa9"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        flow_ctx *ctx = env_open();
        flow_buf *b = env_buf(ctx);
        int64_t n = (int64_t)strlen(cases[i][0]);
        flow_k_write_csv_text(ctx, b, env_block(ctx, cases[i][0], n), n, ',');
        expect(b, cases[i][1]);
        env_close(ctx);
    }
}

static void test_json_texts(void) {
    static const char *const cases[][2] = {
        {"", "\"\""}, {"x", "\"x\""}, {"\"\\/", "\"\\\"\\\\/\""},
        {"\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\""}, {"\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\""},
        {"\xe4\xb8\xad", "\"\xe4\xb8\xad\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        flow_ctx *ctx = env_open();
        flow_buf *b = env_buf(ctx);
        int64_t n = (int64_t)strlen(cases[i][0]);
        flow_k_write_json_text(ctx, b, n ? env_block(ctx, cases[i][0], n) : NULL, n);
        expect(b, cases[i][1]);
        env_close(ctx);
    }
}

/* Texts of all lengths with one byte that needs care at each place. */
static void test_places(void) {
    flow_ctx *ctx = env_open();
    flow_buf *b = env_buf(ctx);
    for (int n = 1; n < 200; n += 7)
        for (int at = 0; at < n; at++) {
            char text[256], want[256];
            memset(text, 'x', (size_t)n);
            text[at] = '"';
            uint8_t *p = env_block(ctx, text, n);
            memset(want, 'x', sizeof want);
            want[0] = '"';
            want[1 + at] = '\\';
            want[2 + at] = '"';
            want[n + 2] = '"';
            want[n + 3] = 0;
            b->p = b->base;
            flow_k_write_json_text(ctx, b, p, n);
            expect(b, want);
            want[1 + at] = '"';
            b->p = b->base;
            flow_k_write_csv_text(ctx, b, p, n, ',');
            expect(b, want);
        }
    env_close(ctx);
}

/* ---- by type code --------------------------------------------------------------- */

/* Reads JSON of a type, writes it in another form. */
typedef struct print_case {
    const char *type, *json, *text, *csv; /* null: not asked */
} print_case;

static const print_case prints[] = {
    {"i", "5", "5", "5"},
    {"?i", "null", "none", ""},
    {"f", "1.5", "1.5", "1.5"},
    {"f", "\"NaN\"", "NaN", "NaN"},
    {"s", "\"x\\\"y,\"", "x\"y,", "\"x\"\"y,\""},
    {"?s", "\"\"", "", "\"\""},
    {"b", "true", "true", "true"},
    {"t", "\"2024-05-01T00:00:00Z\"", "2024-05-01T00:00:00Z", "2024-05-01T00:00:00Z"},
    {"d", "\"1h30m\"", "1h30m", "1h30m"},
    {"y", "\"Rmxvdw==\"", "Rmxvdw==", "Rmxvdw=="},
    {"D(5.2)", "-1.50", "-1.50", "-1.50"},
    {"[i", "[]", "[]", "[]"},
    {"[i", "[1,2]", "[1,2]", "\"[1,2]\""},
    {"[?s", "[null,\"x\"]", "[null,\"x\"]", "\"[null,\"\"x\"\"]\""},
    {"<si", "{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2}", "\"{\"\"a\"\":1,\"\"b\"\":2}\""},
    {"<ib", "{\"-1\":true}", "{\"-1\":true}", NULL},
    {"<bi", "{\"false\":1,\"true\":2}", "{\"false\":1,\"true\":2}", NULL},
    {"{a:i,b:?s,c:{d:f}}", "{\"a\":1,\"b\":null,\"c\":{\"d\":2.0}}",
     "{\"a\":1,\"b\":null,\"c\":{\"d\":2.0}}", "1,,2.0"},
    {"{a:i,c:?{d:f,e:s},f:i}", "{\"a\":1,\"c\":null,\"f\":2}",
     "{\"a\":1,\"c\":null,\"f\":2}", "1,,,2"},
    {"|(Red{},Green{})", "\"Green\"", "Green", "Green"},
    {"|(Bid{p:i,q:s},Dot{})", "{\"type\":\"Bid\",\"p\":1,\"q\":\"x,\"}",
     "{\"type\":\"Bid\",\"p\":1,\"q\":\"x,\"}", "Bid,1,\"x,\""},
    {"|(Bid{p:i,q:s},Dot{})", "{\"type\":\"Dot\"}", "{\"type\":\"Dot\"}", "Dot"},
    {"{e:|(Bid{p:i},Dot{})}", "{\"e\":{\"type\":\"Bid\",\"p\":1}}", NULL,
     "\"{\"\"type\"\":\"\"Bid\"\",\"\"p\"\":1}\""},
    {"{a b:i}", "{\"a b\":1}", "{\"a b\":1}", "1"},
};

static void test_prints(void) {
    for (size_t i = 0; i < sizeof prints / sizeof *prints; i++) {
        const print_case *c = &prints[i];
        flow_ctx *ctx = env_open();
        uint8_t tc[128], schema[128];
        uint64_t words[16];
        schema_type(tc, c->type, 0);
        schema_make(schema, 0, ',', 'r', c->type);
        int64_t n = (int64_t)strlen(c->json);
        char line[256];
        snprintf(line, sizeof line, "%s\n", c->json);
        uint8_t *p = env_block(ctx, line, n + 1);
        void *d = flow_k_json_open(ctx, schema, p, p + n + 1);
        CU_ASSERT_FATAL(flow_k_json_next(ctx, d, words) == 1);
        flow_buf *b = env_buf(ctx);
        flow_k_write_json(ctx, b, words, schema, tc);
        expect(b, c->json);
        b->p = b->base;
        flow_k_write_console(ctx, b, words, tc);
        if (c->text) expect(b, c->text);
        b->p = b->base;
        flow_k_write_csv(ctx, b, words, schema, tc);
        if (c->csv) expect(b, c->csv);
        env_close(ctx);
    }
}

/* Other units, another tag, another separator. */
static void test_formats(void) {
    flow_ctx *ctx = env_open();
    flow_buf *b = env_buf(ctx);
    const uint8_t fmt[] = {0, '.', 's', 'k', 'i', 'n', 'd', 0};
    uint8_t tc[64];
    uint64_t words[4] = {1, 1500000, 0, 0};
    schema_type(tc, "|(A{},B{t:t})", 0);
    flow_k_write_json(ctx, b, words, fmt, tc);
    expect(b, "{\"kind\":\"B\",\"t\":1.5}");
    b->p = b->base;
    flow_k_write_csv(ctx, b, words, fmt, tc);
    expect(b, "B.\"1.5\"");
    env_close(ctx);
}

/* Rows of random texts and numbers: written as csv and JSON, read again, written again. */
static void test_round_trip(void) {
    uint8_t schema[128], tc[128];
    const char *type = "{a:s,b:?s,c:f,d:?i,e:[s}";
    schema_make(schema, FLOW_FMT_MULTILINE, ',', 'r', type);
    schema_type(tc, type, 0);
    static const char letters[] = "ab\"\\,\n\r\t {}[]:\x01\xc3\xa9";
    uint64_t seed = 9;
    for (int i = 0; i < 3000; i++) {
        flow_ctx *ctx = env_open();
        uint8_t text[3][120];
        int64_t len[3];
        for (int k = 0; k < 3; k++) {
            len[k] = (int64_t)((seed >> 50) % 100);
            for (int64_t at = 0; at < len[k]; at++) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                text[k][at] = (uint8_t)letters[(seed >> 40) % 15];
            }
        }
        uint64_t element[2] = {(uintptr_t)env_block(ctx, text[2], len[2]), (uint64_t)len[2]};
        uint64_t words[] = {(uintptr_t)env_block(ctx, text[0], len[0]), (uint64_t)len[0],
                            (uintptr_t)env_block(ctx, text[1], len[1]), (uint64_t)len[1], 1,
                            (seed >> 12) | 0x3FF0000000000000u, seed, (uint64_t)(i & 1),
                            (uintptr_t)element, 1};
        if (!(i & 1)) words[6] = 0;
        flow_buf *json = env_buf(ctx), *csv = env_buf(ctx);
        flow_k_write_json(ctx, json, words, schema, tc);
        flow_k_write_bytes(ctx, json, (const uint8_t *)"\n", 1);
        flow_k_write_csv(ctx, csv, words, schema, tc);
        flow_k_write_bytes(ctx, csv, (const uint8_t *)"\n", 1);
        static char out[2][4000];
        schema_decode(ctx, 0, schema, tc, json->base, json->p - json->base, out[0],
                      sizeof out[0]);
        schema_decode(ctx, 1, schema, tc, csv->base, csv->p - csv->base, out[1],
                      sizeof out[1]);
        size_t n = (size_t)(json->p - json->base);
        CU_ASSERT_FATAL(strlen(out[0]) == n && !memcmp(out[0], json->base, n));
        CU_ASSERT_FATAL(!strcmp(out[0], out[1]));
        env_close(ctx);
    }
}

void suite_write(void) {
    CU_pSuite s = CU_add_suite("write", 0, 0);
    CU_add_test(s, "leaves", test_leaves);
    CU_add_test(s, "csv texts", test_csv_texts);
    CU_add_test(s, "JSON texts", test_json_texts);
    CU_add_test(s, "places", test_places);
    CU_add_test(s, "values", test_prints);
    CU_add_test(s, "formats", test_formats);
    CU_add_test(s, "round trip", test_round_trip);
}
