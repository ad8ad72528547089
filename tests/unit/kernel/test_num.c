/* test_num.c - numbers to text and back; the C library is the oracle. */
#include "runtime/kernel/k_num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_decimal.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_float.h"
#include "runtime/kernel/k_math.h"
#include "runtime/kernel/k_pow10.h"
#include "tests/unit/share.h"

void suite_num(void);

static uint64_t seed = 88172645463325252u;

static uint64_t rnd(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * 0x2545F4914F6CDD1Du;
}

static double of_bits(uint64_t bits) {
    double v;
    memcpy(&v, &bits, 8);
    return v;
}

static int same(double a, double b) { return !memcmp(&a, &b, 8); }

static int32_t get_float(const char *text, double *v) {
    const uint8_t *p = (const uint8_t *)text;
    return flow_k_num_float(p, p + strlen(text), v);
}

/* ---- ints ----------------------------------------------------------------------- */

static void test_ints(void) {
    char want[32];
    uint8_t got[32];
    for (int i = 0, times = test_share(300000); i < times; i++) {
        int64_t v = (int64_t)rnd() >> (rnd() % 64);
        if (i < 57) v = (int64_t)pow(10, i / 3) + i % 3 - 1;
        else if (i < 80) v = INT64_MIN + i - 57;
        memset(got, 'x', sizeof got);
        snprintf(want, sizeof want, "%lld", (long long)v);
        int64_t n = flow_k_put_int(got, v), back = 1;
        CU_ASSERT_FATAL(n == (int64_t)strlen(want) && !memcmp(got, want, (size_t)n));
        CU_ASSERT_FATAL(got[n] == 'x');
        CU_ASSERT_FATAL(flow_k_num_int(got, got + n, &back) == FLOW_NUM_OK && back == v);
    }
    CU_ASSERT(flow_k_put_uint(got, UINT64_MAX) == 20 &&
              !memcmp(got, "18446744073709551615", 20));
}

static void test_int_texts(void) {
    static const struct {
        const char *text;
        int32_t result;
        int64_t value;
    } cases[] = {
        {"0", FLOW_NUM_OK, 0},        {"-0", FLOW_NUM_OK, 0},  {"+5", FLOW_NUM_OK, 5},
        {"007", FLOW_NUM_OK, 7},      {"", FLOW_NUM_BAD, 0},   {"-", FLOW_NUM_BAD, 0},
        {"+", FLOW_NUM_BAD, 0},       {" 1", FLOW_NUM_BAD, 0}, {"1 ", FLOW_NUM_BAD, 0},
        {"1.0", FLOW_NUM_BAD, 0},     {"1_0", FLOW_NUM_BAD, 0}, {"0x1", FLOW_NUM_BAD, 0},
        {"--1", FLOW_NUM_BAD, 0},     {"12345678", FLOW_NUM_OK, 12345678},
        {"1234567x", FLOW_NUM_BAD, 0}, {"12345678:", FLOW_NUM_BAD, 0},
        {"9223372036854775807", FLOW_NUM_OK, INT64_MAX},
        {"9223372036854775808", FLOW_NUM_RANGE, 0},
        {"-9223372036854775808", FLOW_NUM_OK, INT64_MIN},
        {"-9223372036854775809", FLOW_NUM_RANGE, 0},
        {"18446744073709551616", FLOW_NUM_RANGE, 0},
        {"99999999999999999999999999", FLOW_NUM_RANGE, 0},
        {"00000000000000000000000000000001", FLOW_NUM_OK, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t v = 0;
        const uint8_t *p = (const uint8_t *)cases[i].text;
        int32_t r = flow_k_num_int(p, p + strlen(cases[i].text), &v);
        CU_ASSERT(r == cases[i].result && (r || v == cases[i].value));
    }
}

/* ---- floats --------------------------------------------------------------------- */

/* Each row of the table again, by long arithmetic on 32-bit digits. */
typedef struct wide {
    uint32_t d[80];
} wide;

static void wide_mul(wide *w, uint32_t f) {
    uint64_t carry = 0;
    for (int i = 0; i < 80; i++) {
        carry += (uint64_t)w->d[i] * f;
        w->d[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static int wide_bits(const wide *w) {
    for (int i = 79; i >= 0; i--)
        if (w->d[i]) return 32 * i + 32 - __builtin_clz(w->d[i]);
    return 0;
}

static int wide_bit(const wide *w, int i) { return i >= 0 && (w->d[i / 32] >> (i % 32) & 1); }

/* The upper 128 bits of w. */
static void wide_top(const wide *w, uint64_t *high, uint64_t *low) {
    int n = wide_bits(w);
    *high = *low = 0;
    for (int i = 1; i <= 64; i++) *high = *high << 1 | (uint64_t)wide_bit(w, n - i);
    for (int i = 65; i <= 128; i++) *low = *low << 1 | (uint64_t)wide_bit(w, n - i);
}

/* floor(2^k / d) by subtracting bit after bit, 128 bits from the first 1 on. */
static void wide_inverse(const wide *d, uint64_t *high, uint64_t *low) {
    wide r;
    memset(&r, 0, sizeof r);
    r.d[0] = 1;
    *high = *low = 0;
    for (int got = 0; got < 128;) {
        wide_mul(&r, 2);
        int64_t borrow = 0;
        wide t;
        for (int i = 0; i < 80; i++) {
            int64_t x = (int64_t)r.d[i] - d->d[i] - borrow;
            borrow = x < 0;
            t.d[i] = (uint32_t)x;
        }
        int bit = !borrow;
        if (bit) r = t;
        if (!bit && !got) continue;
        *high = *high << 1 | *low >> 63;
        *low = *low << 1 | (uint64_t)bit;
        got++;
    }
}

static void test_pow10(void) {
    wide w;
    memset(&w, 0, sizeof w);
    w.d[0] = 1;
    for (int q = 0; q <= FLOW_POW10_MAX; q++) {
        uint64_t high, low;
        wide_top(&w, &high, &low);
        const flow_pow10 *t = &k_pow10[q - FLOW_POW10_MIN];
        CU_ASSERT(t->high == high && t->low == low);
        wide_mul(&w, 5);
    }
    memset(&w, 0, sizeof w);
    w.d[0] = 1;
    for (int q = -1; q >= FLOW_POW10_MIN; q--) {
        uint64_t high, low;
        wide_mul(&w, 5);
        wide_inverse(&w, &high, &low);
        const flow_pow10 *t = &k_pow10[q - FLOW_POW10_MIN];
        CU_ASSERT(t->high == high && t->low == low);
    }
}

/* Significant digits of a text. */
static int digits_of(const char *text, int n) {
    char d[400];
    int k = 0, first = 0;
    for (int i = 0; i < n && text[i] != 'e'; i++)
        if (text[i] >= '0' && text[i] <= '9') d[k++] = text[i];
    while (first < k - 1 && d[first] == '0') first++;
    while (k > first + 1 && d[k - 1] == '0') k--;
    return k - first;
}

/* Any bits; numbers near 1; few digits; subnormal ones; powers of two. */
static double random_float(int i) {
    uint64_t bits = rnd();
    switch (i % 5) {
    case 0: return of_bits(bits);
    case 1: return of_bits((bits & 0x800FFFFFFFFFFFFFu) | (1000 + rnd() % 50) << 52);
    case 2: return (double)(int64_t)(bits >> 40) / (double)(1 << rnd() % 20);
    case 3: return of_bits(bits & 0x800FFFFFFFFFFFFFu);
    default: return of_bits(bits & 0xFFF0000000000000u);
    }
}

static void test_round_trip(void) {
    for (int i = 0, times = test_share(1000000); i < times; i++) {
        double v = random_float(i), back = 0;
        if (isnan(v)) continue;
        char text[64], shorter[64];
        int64_t n = flow_k_put_float((uint8_t *)text, v);
        text[n] = 0;
        CU_ASSERT_FATAL(get_float(text, &back) == FLOW_NUM_OK && same(v, back));
        if (isinf(v) || v == 0) continue;
        snprintf(shorter, sizeof shorter, "%.17g", v);
        CU_ASSERT_FATAL(get_float(shorter, &back) == FLOW_NUM_OK && same(v, back));
        if (i % 10) continue;
        CU_ASSERT_FATAL(same(strtod(text, NULL), v));
        int d = digits_of(text, (int)n);
        if (d == 1) continue;
        snprintf(shorter, sizeof shorter, "%.*e", d - 2, v);
        CU_ASSERT(!same(strtod(shorter, NULL), v)); /* one digit less is another float */
    }
}

static void test_decimal_texts(void) {
    for (int i = 0, times = test_share(200000); i < times; i++) {
        char text[1100];
        int n = i % 50 ? 1 + (int)(rnd() % 25) : 20 + (int)(rnd() % 900), at = 0;
        int point = (int)(rnd() % (uint64_t)(n + 1));
        for (int k = 0; k < n; k++) {
            if (k == point) text[at++] = '.';
            text[at++] = (char)('0' + rnd() % 10);
        }
        sprintf(text + at, "e%d", (int)(rnd() % 700) - 350 - (n > 30 ? n / 2 : 0));
        double v = 0;
        CU_ASSERT_FATAL(get_float(text, &v) == FLOW_NUM_OK && same(v, strtod(text, NULL)));
    }
}

/* Exactly between two floats, and a little beside: the hard cases. */
static void test_middles(void) {
    for (int i = 0; i < 20000; i++) {
        double a = fabs(random_float(i)), b = nextafter(a, INFINITY);
        if (!(a < b) || isinf(b)) continue;
        char text[1200];
        snprintf(text, sizeof text, "%.790Le", ((long double)a + (long double)b) / 2);
        double v = 0;
        CU_ASSERT_FATAL(get_float(text, &v) == FLOW_NUM_OK && same(v, strtod(text, NULL)));
        char *e = strchr(text, 'e'), beside[1200];
        snprintf(beside, sizeof beside, "%.*s%0*d%s", (int)(e - text), text, 1 + i % 60,
                 i % 2, e);
        CU_ASSERT_FATAL(get_float(beside, &v) == FLOW_NUM_OK && same(v, strtod(beside, NULL)));
    }
}

static void test_float_texts(void) {
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.0, "0.0"}, {-0.0, "-0.0"}, {1, "1.0"}, {-1.5, "-1.5"}, {0.1, "0.1"},
        {100, "100.0"}, {1e20, "100000000000000000000.0"}, {1e21, "1.0e21"},
        {1.5e21, "1.5e21"}, {999999999999999868928.0, "999999999999999900000.0"},
        {1e-6, "0.000001"}, {9.5e-7, "9.5e-7"}, {2e-7, "2.0e-7"}, {1.25e-5, "0.0000125"},
        {123456.789, "123456.789"}, {5e-324, "5.0e-324"}, {1e23, "1.0e23"},
        {1.7976931348623157e308, "1.7976931348623157e308"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {9007199254740993.0, "9007199254740992.0"}, {4.35, "4.35"}, {1.0 / 3, "0.3333333333333333"},
        {INFINITY, "Infinity"}, {-INFINITY, "-Infinity"}, {NAN, "NaN"}, {-NAN, "NaN"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        text[flow_k_put_float((uint8_t *)text, cases[i].value)] = 0;
        CU_ASSERT_STRING_EQUAL(text, cases[i].text);
    }
    static const char *const good[] = {"1", "+1", "1.", ".5", "1e5", "1E+5", "01.50", "-.5e-1",
                                       "1e999999999999", "1e-999999999999"};
    static const char *const bad[] = {"", ".", "+", "-", "e5", "1e", "1e+", "1.5.2", "1,5",
                                      " 1", "1 ", "0x10", "nano", "infinit", "1f", "--1"};
    double v;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CU_ASSERT(!get_float(good[i], &v) && same(v, strtod(good[i], NULL)));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) CU_ASSERT(get_float(bad[i], &v));
    CU_ASSERT(!get_float("nAn", &v) && isnan(v));
    CU_ASSERT(!get_float("-INF", &v) && v == -INFINITY);
    CU_ASSERT(!get_float("+infinity", &v) && v == INFINITY);
}

static void test_rounding(void) {
    static const struct {
        double x;
        int64_t digits;
        double want;
    } cases[] = {
        {2.345, 1, 2.3}, {2.345, 2, 2.35}, {1.005, 2, 1.01}, {-1.005, 2, -1.01},
        {2.5, 0, 3},     {-2.5, 0, -3},    {0.49999999999999994, 0, 0},
        {1234, -2, 1200}, {1250, -2, 1300}, {-50, -2, -100}, {49, -2, 0}, {1e300, 5, 1e300},
        {1.5, 400, 1.5}, {1.5, -400, 0},   {5e-324, 3, 0},   {0.1, 20, 0.1},
        {INFINITY, 2, INFINITY}, {9.995, 2, 10.0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CU_ASSERT(flow_k_fn_round(cases[i].x, cases[i].digits) == cases[i].want);
    CU_ASSERT(isnan(flow_k_fn_round(NAN, 1)));
}

/* ---- decimals ------------------------------------------------------------------- */

/* A text as a decimal(38, scale), which must fit. */
static void decimal_of(uint64_t *out, const char *text, int64_t scale) {
    uint64_t w[3];
    flow_k_dec_parse(w, (const uint8_t *)text, (int64_t)strlen(text), 38, scale);
    CU_ASSERT_FATAL(w[2] == 1);
    out[0] = w[0];
    out[1] = w[1];
}

static void expect_decimal(const uint64_t *v, int64_t scale, const char *want) {
    char text[64];
    text[flow_k_put_decimal((uint8_t *)text, (int64_t)v[0], (int64_t)v[1], scale)] = 0;
    CU_ASSERT_STRING_EQUAL(text, want);
}

static void test_decimals(void) {
    static const struct {
        const char *a;
        int64_t sa;
        char op;
        const char *b;
        int64_t sb, scale;
        const char *want; /* null: out of range */
    } cases[] = {
        {"1.5", 1, '+', "2.25", 2, 2, "3.75"},
        {"1.5", 1, '-', "2.25", 2, 2, "-0.75"},
        {"0.1", 1, '+', "0.2", 1, 1, "0.3"},
        {"99999999999999999999999999999999999999", 0, '+', "1", 0, 0, NULL},
        {"99999999999999999999999999999999999999", 0, '-', "1", 0, 0,
         "99999999999999999999999999999999999998"},
        {"9999999999999999999999999999999999999", 0, '+', "0.1", 1, 1,
         "9999999999999999999999999999999999999.1"},
        {"99999999999999999999999999999999999999", 0, '+', "0.1", 1, 1, NULL},
        {"1.5", 1, '*', "-2.25", 2, 3, "-3.375"},
        {"10000000000000000000", 0, '*', "10000000000000000000", 0, 0, NULL},
        {"1234567890123456789", 0, '*', "1234567890123456789", 0, 0,
         "1524157875323883675019051998750190521"},
        {"1.00", 2, '/', "3", 0, 8, "0.33333333"},
        {"2.00", 2, '/', "3", 0, 8, "0.66666667"},
        {"-2.00", 2, '/', "3", 0, 8, "-0.66666667"},
        {"1", 0, '/', "2000000", 0, 6, "0.000000"}, /* halves to the even digit */
        {"3", 0, '/', "2000000", 0, 6, "0.000002"},
        {"1", 0, '/', "0.0000003", 7, 6, "3333333.333333"},
        {"7.5", 1, '%', "2", 0, 1, "1.5"},
        {"-7.5", 1, '%', "2", 0, 1, "-1.5"},
        {"7", 0, '%', "0.4", 1, 1, "0.2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t a[2], b[2], r[2];
        int64_t sa = cases[i].sa, sb = cases[i].sb;
        decimal_of(a, cases[i].a, sa);
        decimal_of(b, cases[i].b, sb);
        int32_t bad = cases[i].op == '+'   ? flow_k_dec_add(r, a, sa, b, sb)
                      : cases[i].op == '-' ? flow_k_dec_sub(r, a, sa, b, sb)
                      : cases[i].op == '*' ? flow_k_dec_mul(r, a, b)
                      : cases[i].op == '/' ? flow_k_dec_div(r, a, sa, b, sb)
                                           : flow_k_dec_rem(r, a, sa, b, sb);
        CU_ASSERT(bad == (cases[i].want ? 0 : FLOW_E_decimal_range));
        if (!bad && cases[i].want) expect_decimal(r, cases[i].scale, cases[i].want);
    }
    uint64_t zero[2] = {0, 0}, one[2] = {1, 0}, r[2];
    CU_ASSERT(flow_k_dec_div(r, one, 0, zero, 0) == FLOW_E_div_zero);
    CU_ASSERT(flow_k_dec_rem(r, one, 0, zero, 0) == FLOW_E_div_zero);
}

static void test_decimal_conversions(void) {
    uint64_t a[2], b[2], r[2];
    decimal_of(a, "2.5", 1);
    decimal_of(b, "2.50", 2);
    CU_ASSERT(flow_k_dec_compare(a, 1, b, 2) == 0);
    decimal_of(b, "2.51", 2);
    CU_ASSERT(flow_k_dec_compare(a, 1, b, 2) == -1 && flow_k_dec_compare(b, 2, a, 1) == 1);
    CU_ASSERT(flow_k_dec_rescale(r, a, 1, 38, 0) == 0 && r[0] == 2);
    decimal_of(a, "-3.5", 1);
    CU_ASSERT(flow_k_dec_rescale(r, a, 1, 38, 0) == 0);
    expect_decimal(r, 0, "-4");
    CU_ASSERT(flow_k_dec_rescale(r, a, 1, 3, 3) == FLOW_E_decimal_range);
    CU_ASSERT(flow_k_dec_of_int(r, INT64_MIN, 19, 0) == 0);
    expect_decimal(r, 0, "-9223372036854775808");
    CU_ASSERT(flow_k_dec_of_int(r, 1000, 5, 2) == FLOW_E_decimal_range);
    CU_ASSERT(flow_k_dec_of_float(r, 0.125, 10, 2) == 0);
    expect_decimal(r, 2, "0.12");
    CU_ASSERT(flow_k_dec_of_float(r, -1e20, 38, 2) == 0);
    expect_decimal(r, 2, "-100000000000000000000.00");
    CU_ASSERT(flow_k_dec_of_float(r, 5e-324, 38, 38) == 0 && !r[0] && !r[1]);
    CU_ASSERT(flow_k_dec_of_float(r, NAN, 38, 2) == FLOW_E_decimal_range);
    CU_ASSERT(flow_k_dec_of_float(r, 1e300, 38, 2) == FLOW_E_decimal_range);
    decimal_of(a, "123456789012345678.90", 2);
    CU_ASSERT(flow_k_dec_to_float(a, 2) == 123456789012345678.90);
    CU_ASSERT(flow_k_dec_to_int(r, a, 2) == 0 && r[0] == 123456789012345678);
    decimal_of(a, "99999999999999999999", 0);
    CU_ASSERT(flow_k_dec_to_int(r, a, 0) == FLOW_E_int_range);
    static const char *const texts[] = {"0.00", "-0.01", "1.00", "12345678901234567890.12",
                                        "-99999999999999999999999999999999999.99"};
    for (int i = 0; i < 5; i++) {
        decimal_of(a, texts[i], 2);
        expect_decimal(a, 2, texts[i]);
    }
    static const char *const bad[] = {"", "x", "1.234", "1e-3", "1e40",
                                      "100000000000000000000000000000000000000"};
    for (int i = 0; i < 6; i++) {
        uint64_t w[3];
        flow_k_dec_parse(w, (const uint8_t *)bad[i], (int64_t)strlen(bad[i]), 38, 2);
        CU_ASSERT(!w[0] && !w[1] && !w[2]);
    }
}

void suite_num(void) {
    CU_pSuite s = CU_add_suite("num", 0, 0);
    CU_add_test(s, "ints", test_ints);
    CU_add_test(s, "int texts", test_int_texts);
    CU_add_test(s, "powers of ten", test_pow10);
    CU_add_test(s, "round trip", test_round_trip);
    CU_add_test(s, "decimal texts", test_decimal_texts);
    CU_add_test(s, "middles", test_middles);
    CU_add_test(s, "float texts", test_float_texts);
    CU_add_test(s, "rounding", test_rounding);
    CU_add_test(s, "decimals", test_decimals);
    CU_add_test(s, "decimal conversions", test_decimal_conversions);
}
