/* test_text.c - the builtin functions on texts, lists, maps, and the conversions.  Their
 * examples in lang/builtins.def run as programs; here are the edges. */
#include "runtime/kernel/k_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_convert.h"
#include "runtime/kernel/k_digest.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_list.h"
#include "runtime/kernel/k_map.h"
#include "runtime/kernel/k_math.h"
#include "runtime/kernel/k_print.h"
#include "runtime/kernel/k_type.h"
#include "runtime/kernel/k_url.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_schema.h"

void suite_text(void);

#define T(s) (const uint8_t *)(s), (int64_t)strlen(s)

static flow_ctx *ctx;
static uint64_t w[64];

static void expect(int32_t status, const char *want) {
    CU_ASSERT_FATAL(status == 0);
    size_t n = strlen(want);
    int same = w[1] == n && (!n || !memcmp((void *)(uintptr_t)w[0], want, n));
    CU_ASSERT(same);
    if (!same) printf("\n  gave %.*s  not  %s\n", (int)w[1], (char *)(uintptr_t)w[0], want);
}

/* The value in w, of a type, as JSON. */
static void expect_json(int32_t status, const char *type, const char *want) {
    uint8_t tc[128];
    uint64_t json[2];
    CU_ASSERT_FATAL(status == 0);
    schema_type(tc, type, 0);
    flow_k_fn_to_json(ctx, json, w, tc);
    memcpy(w, json, sizeof json);
    expect(0, want);
}

/* A value from JSON, its words and its type code. */
typedef struct value {
    uint64_t words[16];
    uint8_t tc[64];
} value;

static value *value_of(const char *type, const char *json) {
    value *v = (value *)env_block(ctx, &(value){0}, sizeof(value));
    schema_type(v->tc, type, 0);
    CU_ASSERT_FATAL(!flow_k_fn_parse_json(ctx, v->words, T(json), v->tc));
    CU_ASSERT_FATAL(v->words[flow_k_type_words(v->tc)] == 1);
    return v;
}

#define LIST(v) (const uint64_t *)(uintptr_t)(v)->words[0], (int64_t)(v)->words[1]

static void test_parts(void) {
    CU_ASSERT(flow_k_fn_length(T("")) == 0 && flow_k_fn_length(T("n\xc3\xa9")) == 2);
    CU_ASSERT(flow_k_fn_contains(T("abc"), T("")) && flow_k_fn_contains(T(""), T("")));
    CU_ASSERT(!flow_k_fn_contains(T("abc"), T("abcd")) && flow_k_fn_contains(T("abc"), T("c")));
    CU_ASSERT(flow_k_fn_starts_with(T("abc"), T("ab")) && !flow_k_fn_starts_with(T("a"), T("ab")));
    CU_ASSERT(flow_k_fn_ends_with(T("abc"), T("bc")) && !flow_k_fn_ends_with(T("c"), T("bc")));
    expect(flow_k_fn_slice(ctx, w, T("stream"), 1, 3), "tre");
    expect(flow_k_fn_slice(ctx, w, T("stream"), 4, 100), "am");
    expect(flow_k_fn_slice(ctx, w, T("stream"), 6, 1), "");
    expect(flow_k_fn_slice(ctx, w, T("stream"), 100, 1), "");
    expect(flow_k_fn_slice(ctx, w, T("stream"), -2, 3), "s");
    expect(flow_k_fn_slice(ctx, w, T("stream"), 2, -1), "");
    expect(flow_k_fn_slice(ctx, w, T("stream"), INT64_MIN, INT64_MAX), "");
    expect(flow_k_fn_slice(ctx, w, T("stream"), -1, INT64_MIN), "");
    expect(flow_k_fn_slice(ctx, w, T("\xc3\xa9\xe4\xb8\xad" "x"), 1, 1), "\xe4\xb8\xad");
    expect(flow_k_fn_trim(ctx, w, T(" \t\r\n a b \v\f")), "a b");
    expect(flow_k_fn_trim(ctx, w, T("\xe3\x80\x80x\xc2\xa0\xe2\x80\xa8")), "x");
    expect(flow_k_fn_trim(ctx, w, T("  ")), "");
    expect(flow_k_fn_trim(ctx, w, NULL, 0), "");
    expect(flow_k_fn_trim(ctx, w, T("\xe2\x80\x8bx")), "\xe2\x80\x8bx"); /* no white space */
    expect_json(flow_k_fn_split(ctx, w, T("a,,b"), T(",")), "[s", "[\"a\",\"\",\"b\"]");
    expect_json(flow_k_fn_split(ctx, w, T(""), T(",")), "[s", "[\"\"]");
    expect_json(flow_k_fn_split(ctx, w, T("\xc3\xa9x"), T("")), "[s", "[\"\xc3\xa9\",\"x\"]");
    expect_json(flow_k_fn_split(ctx, w, T("1;2;3;4;5;6;7;8;9;10"), T(";")), "[s",
                "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\"]");
}

static void test_building(void) {
    expect(flow_k_fn_repeat(ctx, w, T("ab"), 3), "ababab");
    expect(flow_k_fn_repeat(ctx, w, T("ab"), 0), "");
    expect(flow_k_fn_repeat(ctx, w, T("ab"), -5), "");
    expect(flow_k_fn_repeat(ctx, w, T(""), INT64_MAX), "");
    CU_ASSERT(flow_k_fn_repeat(ctx, w, T("ab"), 9 << 20) == FLOW_E_limit);
    CU_ASSERT(flow_k_fn_repeat(ctx, w, T("ab"), INT64_MAX) == FLOW_E_limit);
    expect(flow_k_fn_reverse(ctx, w, T("a\xc3\xa9\xf0\x9f\x98\x80")),
           "\xf0\x9f\x98\x80\xc3\xa9"
           "a");
    expect(flow_k_fn_replace(ctx, w, T("a-b-c"), T("-"), T("+")), "a+b+c");
    expect(flow_k_fn_replace(ctx, w, T("aaaa"), T("aa"), T("b")), "bb");
    expect(flow_k_fn_replace(ctx, w, T("abc"), T(""), T("x")), "abc");
    expect(flow_k_fn_replace(ctx, w, T("abc"), T("c"), T("")), "ab");
    expect(flow_k_fn_replace(ctx, w, T("x"), T("x"), T("a long replacement, longer than that")),
           "a long replacement, longer than that");
    expect(flow_k_fn_pad_left(ctx, w, T("7"), 3, T("0")), "007");
    expect(flow_k_fn_pad_left(ctx, w, T("7"), 6, T("ab")), "ababa7");
    expect(flow_k_fn_pad_right(ctx, w, T("\xc3\xa9"), 3, T("\xe4\xb8\xad")),
           "\xc3\xa9\xe4\xb8\xad\xe4\xb8\xad");
    expect(flow_k_fn_pad_right(ctx, w, T("1234"), 3, T(".")), "1234");
    expect(flow_k_fn_pad_right(ctx, w, T("1"), 3, T("")), "1");
    expect(flow_k_fn_pad_left(ctx, w, T("1"), -3, T(".")), "1");
    CU_ASSERT(flow_k_fn_pad_left(ctx, w, T("1"), INT64_MAX, T(".")) == FLOW_E_limit);
    value *v = value_of("[s", "[\"a\",\"\",\"b\"]");
    expect(flow_k_fn_join(ctx, w, LIST(v), T("--")), "a----b");
    expect(flow_k_fn_join(ctx, w, NULL, 0, T("-")), "");
    expect(flow_k_fn_hex(ctx, w, T("Flow\xff")), "466c6f77ff");
    expect(flow_k_fn_base64(ctx, w, T("Fl")), "Rmw=");
    expect(flow_k_fn_base64(ctx, w, T("")), "");
}

static void test_optionals(void) {
    static const struct {
        const char *in, *out;
    } base64[] = {{"Rmxvdw==", "Flow"}, {"Rmxvdw", "Flow"}, {"", ""},      {"Rg==", "F"},
                  {"Rh==", NULL},       {"R", NULL},        {"====", NULL}, {"Rm xv", NULL},
                  {"Rmx=vd", NULL}};
    for (size_t i = 0; i < sizeof base64 / sizeof *base64; i++) {
        CU_ASSERT(!flow_k_fn_unbase64(ctx, w, T(base64[i].in)));
        CU_ASSERT(w[2] == (base64[i].out != NULL));
        if (w[2]) expect(0, base64[i].out);
    }
    CU_ASSERT(!flow_k_fn_utf8(ctx, w, T("\xc3\xa9")) && w[2] && w[1] == 2);
    CU_ASSERT(!flow_k_fn_utf8(ctx, w, T("\xc3")) && !w[2] && !w[1] && !w[0]);
    CU_ASSERT(!flow_k_fn_to_int(ctx, w, T("-12")) && w[1] && (int64_t)w[0] == -12);
    CU_ASSERT(!flow_k_fn_to_int(ctx, w, T("12 ")) && !w[1] && !w[0]);
    CU_ASSERT(!flow_k_fn_to_float(ctx, w, T("2.5e3")) && w[1]);
    CU_ASSERT(!flow_k_fn_to_float(ctx, w, T("")) && !w[1]);
    CU_ASSERT(!flow_k_fn_to_bool(ctx, w, T("true")) && w[1] && w[0] == 1);
    CU_ASSERT(!flow_k_fn_to_bool(ctx, w, T("false")) && w[1] && w[0] == 0);
    CU_ASSERT(!flow_k_fn_to_bool(ctx, w, T("TRUE")) && !w[1]);
    CU_ASSERT(!flow_k_fn_to_timestamp(ctx, w, T("1970-01-01")) && w[1] && !w[0]);
    CU_ASSERT(!flow_k_fn_to_timestamp(ctx, w, T("5")) && !w[1]);
    uint8_t tc[64];
    schema_type(tc, "|(Info{},Warn{})", 0);
    CU_ASSERT(!flow_k_fn_parse(ctx, w, T("wARN"), tc) && w[1] && w[0] == 1);
    CU_ASSERT(!flow_k_fn_parse(ctx, w, T("Warning"), tc) && !w[1] && !w[0]);
}

static void test_urls(void) {
    expect(flow_k_fn_url_decode(ctx, w, T("a%20b+c%2B%e4%B8%ad")), "a b c+\xe4\xb8\xad");
    expect(flow_k_fn_url_decode(ctx, w, T("%,%1,%1g%zz%")), "%,%1,%1g%zz%");
    expect(flow_k_fn_url_decode(ctx, w, T("%ff")), "\xef\xbf\xbd");
    static const struct {
        const char *url, *key, *value;
    } cases[] = {
        {"http://h/p?a=1&b=x%20y", "b", "x y"}, {"http://h/p?a=1&a=2", "a", "1"},
        {"http://h/p", "a", NULL},              {"?a", "a", ""},
        {"?a=", "a", ""},                       {"?ab=1", "a", NULL},
        {"?a=1#b=2", "b", NULL},                {"?%61=1", "a", "1"},
        {"?=1", "", "1"},                       {"?x=1&&a=b=c", "a", "b=c"},
        {"#?a=1", "a", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CU_ASSERT(!flow_k_fn_url_query(ctx, w, T(cases[i].url), T(cases[i].key)));
        CU_ASSERT(w[2] == (cases[i].value != NULL));
        if (w[2]) expect(0, cases[i].value);
    }
}

static void test_lists(void) {
    value *v = value_of("[i", "[3,1,2,1]"), *x = value_of("i", "1");
    expect_json(flow_k_fn_sort(ctx, w, LIST(v), x->tc), "[i", "[1,1,2,3]");
    expect_json(flow_k_fn_unique(ctx, w, LIST(v), x->tc), "[i", "[3,1,2]");
    expect_json(flow_k_fn_reverse_list(ctx, w, LIST(v), x->tc), "[i", "[1,2,1,3]");
    expect_json(flow_k_fn_append(ctx, w, LIST(v), x->words, x->tc), "[i", "[3,1,2,1,1]");
    CU_ASSERT(flow_k_fn_contains_list(LIST(v), x->words, x->tc) == 1);
    CU_ASSERT(flow_k_fn_contains_list(NULL, 0, x->words, x->tc) == 0);
    expect_json(flow_k_fn_sort(ctx, w, NULL, 0, x->tc), "[i", "[]");
    value *s = value_of("[?s", "[\"b\",null,\"a\",\"b\",null]");
    uint8_t tc[8];
    schema_type(tc, "?s", 0);
    expect_json(flow_k_fn_sort(ctx, w, LIST(s), tc), "[?s", "[\"a\",\"b\",\"b\",null,null]");
    expect_json(flow_k_fn_unique(ctx, w, LIST(s), tc), "[?s", "[\"b\",null,\"a\"]");
    value *n = value_of("[[i", "[[1,2],[],[3]]");
    expect_json(flow_k_fn_flatten(ctx, w, LIST(n), x->tc), "[i", "[1,2,3]");
    value *z = value_of("[f", "[0.5,1.5]");
    schema_type(tc, "f", 0);
    expect_json(flow_k_fn_zip(ctx, w, LIST(v), LIST(z), x->tc, tc), "[{a:i,b:f}",
                "[{\"a\":3,\"b\":0.5},{\"a\":1,\"b\":1.5}]");
    expect_json(flow_k_fn_range(ctx, w, -1, 2), "[i", "[-1,0,1,2]");
    expect_json(flow_k_fn_range(ctx, w, 2, 1), "[i", "[]");
    CU_ASSERT(flow_k_fn_range(ctx, w, 1, 1000000) == 0 && w[1] == 1000000);
    CU_ASSERT(flow_k_fn_range(ctx, w, 0, 1000000) == FLOW_E_limit);
    CU_ASSERT(flow_k_fn_range(ctx, w, INT64_MIN, INT64_MAX) == FLOW_E_limit);
    expect_json(flow_k_fn_add(ctx, w, LIST(z), LIST(z)), "[f", "[1.0,3.0]");
    expect_json(flow_k_fn_scale(ctx, w, LIST(z), 2.0), "[f", "[1.0,3.0]");
    expect_json(flow_k_fn_dot(ctx, w, LIST(z), LIST(z)), "f", "2.5");
    expect_json(flow_k_fn_distance(ctx, w, LIST(z), LIST(z)), "f", "0.0");
    CU_ASSERT(flow_k_fn_dot(ctx, w, LIST(z), NULL, 0) == FLOW_E_argument);
    CU_ASSERT(flow_k_fn_norm(LIST(value_of("[f", "[3,4]"))) == 5.0);
}

/* Sorting is stable and agrees with a plain insertion sort. */
static void test_sort(void) {
    uint64_t seed = 3, xs[200][2];
    uint8_t tc[32];
    schema_type(tc, "{a:f,b:i}", 0);
    for (int n = 0; n < 200; n += 7) {
        for (int i = 0; i < n; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            double f = (double)(seed >> 60);
            memcpy(&xs[i][0], &f, 8);
            xs[i][1] = (uint64_t)i % 3;
        }
        CU_ASSERT(!flow_k_fn_sort(ctx, w, &xs[0][0], n, tc) && w[1] == (uint64_t)n);
        const uint64_t(*got)[2] = (const uint64_t(*)[2])(uintptr_t)w[0];
        for (int i = 0; i + 1 < n; i++) {
            double a, b;
            memcpy(&a, &got[i][0], 8);
            memcpy(&b, &got[i + 1][0], 8);
            CU_ASSERT(a < b || (a == b && got[i][1] <= got[i + 1][1]));
        }
    }
}

static void test_maps(void) {
    value *xs = value_of("[{key:s,value:i}", "[{\"key\":\"b\",\"value\":1},{\"key\":\"a\","
                                             "\"value\":2},{\"key\":\"b\",\"value\":3}]");
    const uint8_t *ts = (const uint8_t *)"s", *ti = (const uint8_t *)"i";
    value *b = value_of("s", "\"b\""), *c = value_of("s", "\"c\""), *nine = value_of("i", "9");
    CU_ASSERT(!flow_k_fn_to_map(ctx, w, LIST(xs), ts, ti));
    value *m = (value *)env_block(ctx, &(value){{w[0], w[1]}, {0}}, sizeof(value));
    expect_json(0, "<si", "{\"a\":2,\"b\":3}");
    expect_json(flow_k_fn_get(ctx, w, LIST(m), b->words, ts, ti), "?i", "3");
    expect_json(flow_k_fn_get(ctx, w, LIST(m), c->words, ts, ti), "?i", "null");
    expect_json(flow_k_fn_put(ctx, w, LIST(m), b->words, nine->words, ts, ti), "<si",
                "{\"a\":2,\"b\":9}");
    expect_json(flow_k_fn_put(ctx, w, LIST(m), c->words, nine->words, ts, ti), "<si",
                "{\"a\":2,\"b\":3,\"c\":9}");
    expect_json(flow_k_fn_put(ctx, w, NULL, 0, c->words, nine->words, ts, ti), "<si",
                "{\"c\":9}");
    expect_json(flow_k_fn_remove(ctx, w, LIST(m), b->words, ts, ti), "<si", "{\"a\":2}");
    expect_json(flow_k_fn_remove(ctx, w, LIST(m), c->words, ts, ti), "<si",
                "{\"a\":2,\"b\":3}");
    expect_json(flow_k_fn_keys(ctx, w, LIST(m), ts, ti), "[s", "[\"a\",\"b\"]");
    expect_json(flow_k_fn_values(ctx, w, LIST(m), ts, ti), "[i", "[2,3]");
    value *o = value_of("<i?i", "{\"1\":null,\"2\":5}"), *one = value_of("i", "1");
    const uint8_t *to = (const uint8_t *)"?i";
    expect_json(flow_k_fn_get(ctx, w, LIST(o), one->words, ti, to), "?i", "null");
}

static void test_numbers(void) {
    CU_ASSERT(flow_k_fn_abs(ctx, w, -7) == 0 && w[0] == 7);
    CU_ASSERT(flow_k_fn_abs(ctx, w, INT64_MIN) == FLOW_E_overflow);
    CU_ASSERT(flow_k_fn_shl(ctx, w, 1, 63) == 0 && w[0] == (uint64_t)INT64_MIN);
    CU_ASSERT(flow_k_fn_shl(ctx, w, 1, 64) == FLOW_E_shift);
    CU_ASSERT(flow_k_fn_shr(ctx, w, -16, 2) == 0 && (int64_t)w[0] == -4);
    CU_ASSERT(flow_k_fn_shr(ctx, w, 1, -1) == FLOW_E_shift);
    CU_ASSERT(flow_k_fn_int(ctx, w, -3.7) == 0 && (int64_t)w[0] == -3);
    CU_ASSERT(flow_k_fn_int(ctx, w, -9223372036854775808.0) == 0);
    CU_ASSERT(flow_k_fn_int(ctx, w, 9223372036854775808.0) == FLOW_E_int_range);
    CU_ASSERT(flow_k_fn_int(ctx, w, NAN) == FLOW_E_int_range);
    CU_ASSERT(flow_k_fn_sign(-9) == -1 && flow_k_fn_sign_float(-0.5) == -1.0);
    CU_ASSERT(isnan(flow_k_fn_sign_float(NAN)) && flow_k_fn_is_nan(NAN));
    CU_ASSERT(!flow_k_fn_is_finite(INFINITY) && flow_k_fn_is_finite(1e308));
    CU_ASSERT(flow_k_fn_wrapping_add(INT64_MAX, 1) == INT64_MIN);
    CU_ASSERT(flow_k_fn_wrapping_mul(INT64_C(1) << 62, 4) == 0);
    CU_ASSERT(flow_k_fn_pow(2, 10) == 1024 && flow_k_fn_log10(1000) == 3);
}

static void test_digests(void) {
    value *a = value_of("{x:i,y:f}", "{\"x\":1,\"y\":0.0}");
    value *b = value_of("{x:i,y:f}", "{\"x\":1,\"y\":-0.0}");
    CU_ASSERT(flow_k_digest(a->words, a->tc) == flow_k_digest(b->words, b->tc));
    value *c = value_of("[s", "[\"ab\",\"c\"]"), *d = value_of("[s", "[\"a\",\"bc\"]");
    CU_ASSERT(flow_k_digest(c->words, c->tc) != flow_k_digest(d->words, d->tc));
    value *e = value_of("[?i", "[null,5]"), *f = value_of("[?i", "[5,null]");
    CU_ASSERT(flow_k_digest(e->words, e->tc) != flow_k_digest(f->words, f->tc));
    value *s = value_of("s", "\"a\"");
    CU_ASSERT(flow_k_fn_hash(s->words, s->tc) == -1883331570259894170); /* for ever */
    expect(flow_k_fn_uuid5(ctx, w, T("dns"), T("www.example.com")),
           "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    expect(flow_k_fn_uuid5(ctx, w, T("6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
                           T("www.example.com")),
           "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    expect(flow_k_fn_uuid5(ctx, w, T("url"),
                           T("http://www.example.com/a/long/path/that/needs/a/second/block")),
           "6b2014a0-ca6e-5463-ab0f-ad5ccbaae23c");
    CU_ASSERT(flow_k_fn_uuid5(ctx, w, T("ftp"), T("x")) == FLOW_E_argument);
}

static int set_up(void) {
    ctx = env_open();
    return 0;
}

static int tear_down(void) {
    env_close(ctx);
    return 0;
}

void suite_text(void) {
    CU_pSuite s = CU_add_suite("text", set_up, tear_down);
    CU_add_test(s, "parts", test_parts);
    CU_add_test(s, "building", test_building);
    CU_add_test(s, "optionals", test_optionals);
    CU_add_test(s, "urls", test_urls);
    CU_add_test(s, "lists", test_lists);
    CU_add_test(s, "sort", test_sort);
    CU_add_test(s, "maps", test_maps);
    CU_add_test(s, "numbers", test_numbers);
    CU_add_test(s, "digests", test_digests);
}
