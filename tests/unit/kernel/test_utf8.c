/* test_utf8.c - UTF-8 against a plain decoder, by the byte. */
#include "runtime/kernel/k_utf8.h"

#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_case.h"
#include "tests/unit/kernel/kernel_env.h"

void suite_utf8(void);

/* Length of the well-formed sequence at p, 0 if there is none (Unicode, table 3-7). */
static int sequence(const uint8_t *p, int64_t n) {
    if (p[0] < 0x80) return 1;
    if (p[0] < 0xC2 || p[0] > 0xF4) return 0;
    int len = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (n < len) return 0;
    for (int i = 1; i < len; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    if (p[0] == 0xE0 && p[1] < 0xA0) return 0;
    if (p[0] == 0xED && p[1] > 0x9F) return 0;
    if (p[0] == 0xF0 && p[1] < 0x90) return 0;
    if (p[0] == 0xF4 && p[1] > 0x8F) return 0;
    return len;
}

static int64_t first_error(const uint8_t *p, int64_t n) {
    int64_t i = 0;
    while (i < n) {
        int len = sequence(p + i, n - i);
        if (!len) break;
        i += len;
    }
    return i;
}

static void check(flow_ctx *ctx, const uint8_t *bytes, int64_t n) {
    uint8_t *p = env_block(ctx, bytes, n);
    int64_t error = first_error(p, n);
    CU_ASSERT_FATAL(flow_k_utf8_valid(p, n) == (error == n));
    CU_ASSERT_FATAL(flow_k_utf8_error(p, n) == error);
    flow_text t = flow_k_utf8_replace(ctx, p, n);
    CU_ASSERT_FATAL(first_error(t.ptr, t.len) == t.len);
    if (error < n) return;
    CU_ASSERT(t.len == n && (!n || !memcmp(t.ptr, p, (size_t)n)));
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) count += (p[i] & 0xC0) != 0x80;
    CU_ASSERT(flow_k_utf8_count(p, n) == count);
}

/* Each sequence of up to four bytes from the interesting ones, at each place of a block. */
static void test_sequences(void) {
    static const uint8_t bytes[] = {'a',  0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0,
                                    0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
                                    0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF};
    enum { N = sizeof bytes };
    uint8_t text[80];
    for (int i = 0; i < N * N; i++) {
        flow_ctx *ctx = env_open();
        for (int k = 0; k < N * N; k += 1 + i % 3) {
            int64_t at = (i + k) % 70;
            memset(text, 'x', sizeof text);
            text[at] = bytes[i % N];
            text[at + 1] = bytes[i / N];
            text[at + 2] = bytes[k % N];
            text[at + 3] = bytes[k / N];
            check(ctx, text, at + 2 + k % 4);
        }
        env_close(ctx);
    }
}

/* Long texts of valid sequences, some with one byte changed. */
static void test_random(void) {
    uint64_t seed = 11;
    for (int i = 0; i < 3000; i++) {
        uint8_t text[400];
        int64_t n = 0;
        while (n < 300) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            uint32_t c = (uint32_t)(seed >> 32) >> (11 + (seed >> 20) % 14);
            if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) c = 'y';
            n += k_utf8_put(text + n, c);
            int64_t len;
            CU_ASSERT(k_utf8_get(text + n - k_utf8_put((uint8_t[4]){0}, c), &len) == c);
        }
        if (i % 2) text[(seed >> 33) % (uint64_t)n] = (uint8_t)(seed >> 12);
        flow_ctx *ctx = env_open();
        check(ctx, text, n);
        env_close(ctx);
    }
}

static void test_replace(void) {
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"a\xff" "b", "a\xef\xbf\xbd" "b"},
        {"\xf0\x90\x80", "\xef\xbf\xbd"},
        {"\xf0\x90\x80" "a", "\xef\xbf\xbd" "a"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41",
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\x41"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        flow_ctx *ctx = env_open();
        int64_t n = (int64_t)strlen(cases[i].in);
        flow_text t = flow_k_utf8_replace(ctx, env_block(ctx, cases[i].in, n), n);
        CU_ASSERT(t.len == (int64_t)strlen(cases[i].out) &&
                  !memcmp(t.ptr, cases[i].out, (size_t)t.len));
        env_close(ctx);
    }
}

static void test_case(void) {
    static const struct {
        const char *in, *lower, *upper;
    } cases[] = {
        {"", "", ""},
        {"Flow", "flow", "FLOW"},
        {"@AZ[`az{", "@az[`az{", "@AZ[`AZ{"},
        {"\xc3\x80\x42", "\xc3\xa0\x62", "\xc3\x80\x42"},           /* A with grave */
        {"\xc3\x9f", "\xc3\x9f", "\xc3\x9f"},                       /* sharp s stays */
        {"\xc8\xba", "\xe2\xb1\xa5", "\xc8\xba"},                   /* 2 bytes to 3 */
        {"\xe2\x84\xaa", "k", "\xe2\x84\xaa"},                      /* Kelvin sign */
        {"\xc4\xb0\xc4\xb1", "i\xc4\xb1", "\xc4\xb0I"},             /* Turkish i */
        {"\xce\xa3\xcf\x82", "\xcf\x83\xcf\x82", "\xce\xa3\xce\xa3"}, /* sigmas */
        {"\xf0\x90\x90\x80", "\xf0\x90\x90\xa8", "\xf0\x90\x90\x80"}, /* Deseret */
        {"\xe4\xb8\xad\x41", "\xe4\xb8\xad\x61", "\xe4\xb8\xad\x41"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        flow_ctx *ctx = env_open();
        uint64_t w[2];
        int64_t n = (int64_t)strlen(cases[i].in);
        uint8_t *p = env_block(ctx, cases[i].in, n);
        flow_k_fn_lower(ctx, w, p, n);
        CU_ASSERT(w[1] == strlen(cases[i].lower) &&
                  !memcmp((void *)(uintptr_t)w[0], cases[i].lower, w[1]));
        flow_k_fn_upper(ctx, w, p, n);
        CU_ASSERT(w[1] == strlen(cases[i].upper) &&
                  !memcmp((void *)(uintptr_t)w[0], cases[i].upper, w[1]));
        env_close(ctx);
    }
}

/* Long texts, the letter beyond ASCII at each place: vectors and the table meet. */
static void test_case_long(void) {
    for (int at = 0; at < 200; at++) {
        char text[202];
        memset(text, 'q', 200);
        memcpy(text + at, "\xc3\xa4", 2); /* a with diaeresis */
        flow_ctx *ctx = env_open();
        uint64_t w[2];
        flow_k_fn_upper(ctx, w, env_block(ctx, text, 201), at == 199 ? 201 : 200);
        const uint8_t *got = (const uint8_t *)(uintptr_t)w[0];
        for (int i = 0; i < 199; i++)
            CU_ASSERT(got[i] == (i == at ? 0xC3 : i == at + 1 ? 0x84 : 'Q'));
        env_close(ctx);
    }
}

void suite_utf8(void) {
    CU_pSuite s = CU_add_suite("utf8", 0, 0);
    CU_add_test(s, "sequences", test_sequences);
    CU_add_test(s, "random", test_random);
    CU_add_test(s, "replace", test_replace);
    CU_add_test(s, "case", test_case);
    CU_add_test(s, "case of long texts", test_case_long);
}
