/* k_decimal.c - decimals as sign and magnitude.
 *
 * What fits 128 bits is done there; the rest (division, and powers of ten beyond) goes
 * through k_big, since the compiler's own 128-bit division is a library call. */
#include "runtime/kernel/k_decimal.h"
#include "runtime/kernel/k_big.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_float.h"

typedef unsigned __int128 dec_mag;

typedef struct dec_value {
    dec_mag mag;
    int negative;
} dec_value;

FLOW_INLINE dec_value dec_load(const uint64_t *w) {
    dec_mag v = (dec_mag)w[1] << 64 | w[0];
    int negative = (int)(w[1] >> 63);
    return (dec_value){negative ? -v : v, negative};
}

static dec_mag dec_pow10(int64_t n) {
    dec_mag v = 1;
    for (; n >= 16; n -= 16)
        v *= 10000000000000000u;
    for (; n > 0; n--)
        v *= 10;
    return v;
}

FLOW_INLINE void dec_put(uint64_t *out, dec_mag mag, int negative) {
    dec_mag v = negative ? -mag : mag;
    out[0] = (uint64_t)v;
    out[1] = (uint64_t)(v >> 64);
}

static int32_t dec_store(uint64_t *out, dec_mag mag, int negative, int64_t precision) {
    if (mag >= dec_pow10(precision)) return FLOW_E_decimal_range;
    dec_put(out, mag, negative);
    return FLOW_OK;
}

/* mag * 10^n, or 1 if that is beyond 128 bits. */
static int dec_scale(dec_mag *mag, int64_t n) {
    if (n > FLOW_DECIMAL_DIGITS) return *mag != 0;
    return n > 0 && __builtin_mul_overflow(*mag, dec_pow10(n), mag);
}

/* The quotient of two integers, half-even, as a decimal. */
static int32_t dec_quotient(uint64_t *out, flow_big *a, const flow_big *b, int negative,
                            int64_t precision) {
    flow_big rest;
    k_big_divide(a, b, &rest);
    if (k_big_bits(a) > 127) return FLOW_E_decimal_range;
    dec_mag q = k_big_low(a);
    k_big_shift(&rest, 1);
    int c = k_big_compare(&rest, b);
    q += c > 0 || (c == 0 && (q & 1));
    return dec_store(out, q, negative, precision);
}

static int32_t dec_sum(uint64_t *out, dec_value a, int64_t sa, dec_value b, int64_t sb) {
    if (dec_scale(sa < sb ? &a.mag : &b.mag, sa < sb ? sb - sa : sa - sb))
        return FLOW_E_decimal_range;
    if (a.negative == b.negative) {
        dec_mag sum;
        if (__builtin_add_overflow(a.mag, b.mag, &sum)) return FLOW_E_decimal_range;
        return dec_store(out, sum, a.negative, FLOW_DECIMAL_DIGITS);
    }
    if (a.mag >= b.mag)
        return dec_store(out, a.mag - b.mag, a.negative, FLOW_DECIMAL_DIGITS);
    return dec_store(out, b.mag - a.mag, b.negative, FLOW_DECIMAL_DIGITS);
}

FLOW_FAR int32_t flow_k_dec_add(uint64_t *out, const uint64_t *a, int64_t sa,
                                const uint64_t *b, int64_t sb) {
    return dec_sum(out, dec_load(a), sa, dec_load(b), sb);
}

FLOW_FAR int32_t flow_k_dec_sub(uint64_t *out, const uint64_t *a, int64_t sa,
                                const uint64_t *b, int64_t sb) {
    dec_value minus = dec_load(b);
    minus.negative = !minus.negative;
    return dec_sum(out, dec_load(a), sa, minus, sb);
}

FLOW_FAR int32_t flow_k_dec_mul(uint64_t *out, const uint64_t *a, const uint64_t *b) {
    dec_value x = dec_load(a), y = dec_load(b);
    dec_mag product;
    if (__builtin_mul_overflow(x.mag, y.mag, &product)) return FLOW_E_decimal_range;
    return dec_store(out, product, x.negative != y.negative, FLOW_DECIMAL_DIGITS);
}

FLOW_FAR int32_t flow_k_dec_div(uint64_t *out, const uint64_t *a, int64_t sa,
                                const uint64_t *b, int64_t sb) {
    dec_value x = dec_load(a), y = dec_load(b);
    if (!y.mag) return FLOW_E_div_zero;
    int64_t scale = sa + 6 < FLOW_DECIMAL_DIGITS ? sa + 6 : FLOW_DECIMAL_DIGITS;
    flow_big n, d;
    k_big_set(&n, x.mag);
    k_big_set(&d, y.mag);
    k_big_mul_pow10(&n, sb - sa + scale);
    return dec_quotient(out, &n, &d, x.negative != y.negative, FLOW_DECIMAL_DIGITS);
}

FLOW_FAR int32_t flow_k_dec_rem(uint64_t *out, const uint64_t *a, int64_t sa,
                                const uint64_t *b, int64_t sb) {
    dec_value x = dec_load(a), y = dec_load(b);
    if (!y.mag) return FLOW_E_div_zero;
    flow_big n, d, rest;
    k_big_set(&n, x.mag);
    k_big_set(&d, y.mag);
    k_big_mul_pow10(sa < sb ? &n : &d, sa < sb ? sb - sa : sa - sb);
    k_big_divide(&n, &d, &rest);
    if (k_big_bits(&rest) > 127) return FLOW_E_decimal_range;
    return dec_store(out, k_big_low(&rest), x.negative, FLOW_DECIMAL_DIGITS);
}

static int dec_order(dec_mag a, dec_mag b) {
    return a < b ? -1 : a > b;
}

FLOW_FAR int32_t flow_k_dec_compare(const uint64_t *a, int64_t sa, const uint64_t *b,
                                    int64_t sb) {
    dec_value x = dec_load(a), y = dec_load(b);
    if (x.negative != y.negative) return x.negative ? -1 : 1;
    int order;
    if (sa < sb) {
        order = dec_scale(&x.mag, sb - sa) ? 1 : dec_order(x.mag, y.mag);
    } else {
        order = dec_scale(&y.mag, sa - sb) ? -1 : dec_order(x.mag, y.mag);
    }
    return x.negative ? -order : order;
}

FLOW_FAR int32_t flow_k_dec_rescale(uint64_t *out, const uint64_t *a, int64_t from,
                                    int64_t precision, int64_t scale) {
    dec_value x = dec_load(a);
    if (from <= scale) {
        if (dec_scale(&x.mag, scale - from)) return FLOW_E_decimal_range;
        return dec_store(out, x.mag, x.negative, precision);
    }
    flow_big n, d;
    k_big_set(&n, x.mag);
    k_big_set(&d, dec_pow10(from - scale));
    return dec_quotient(out, &n, &d, x.negative, precision);
}

FLOW_FAR int32_t flow_k_dec_of_int(uint64_t *out, int64_t v, int64_t precision,
                                   int64_t scale) {
    dec_mag mag = v < 0 ? -(uint64_t)v : (uint64_t)v;
    if (dec_scale(&mag, scale)) return FLOW_E_decimal_range;
    return dec_store(out, mag, v < 0, precision);
}

FLOW_FAR int32_t flow_k_dec_of_float(uint64_t *out, double v, int64_t precision,
                                     int64_t scale) {
    uint64_t bits;
    __builtin_memcpy(&bits, &v, 8);
    int64_t e = bits >> 52 & 0x7FF;
    uint64_t m = bits & (((uint64_t)1 << 52) - 1);
    if (e == 0x7FF) return FLOW_E_decimal_range;
    if (e) {
        m |= (uint64_t)1 << 52;
    } else {
        e = 1;
    }
    flow_big n, d;
    k_big_set(&n, m);
    k_big_set(&d, 1);
    k_big_mul_pow10(&n, scale);
    k_big_shift(e > 1075 ? &n : &d, e > 1075 ? e - 1075 : 1075 - e);
    return dec_quotient(out, &n, &d, (int)(bits >> 63), precision);
}

FLOW_FAR double flow_k_dec_to_float(const uint64_t *a, int64_t scale) {
    uint8_t text[FLOW_DECIMAL_TEXT];
    int64_t n = flow_k_put_decimal(text, (int64_t)a[0], (int64_t)a[1], scale);
    double v = 0;
    flow_k_num_float(text, text + n, &v);
    return v + 0.0; /* no -0.0: decimals have none */
}

FLOW_FAR int32_t flow_k_dec_to_int(uint64_t *out, const uint64_t *a, int64_t scale) {
    dec_value x = dec_load(a);
    flow_big n, d, rest;
    k_big_set(&n, x.mag);
    k_big_set(&d, dec_pow10(scale));
    k_big_divide(&n, &d, &rest);
    if (k_big_bits(&n) > 64) return FLOW_E_int_range;
    uint64_t mag = (uint64_t)k_big_low(&n);
    if (mag > (uint64_t)INT64_MAX + (uint64_t)x.negative) return FLOW_E_int_range;
    out[0] = x.negative ? -mag : mag;
    return FLOW_OK;
}

/* ---- text ----------------------------------------------------------------------- */

/* All digits of a number that has more than 19; 1 if they are too many. */
static int dec_all_digits(const flow_number *n, dec_mag *mag) {
    *mag = 0;
    for (const uint8_t *p = n->first; p < n->last; p++) {
        if (*p == '.') continue;
        if (__builtin_mul_overflow(*mag, (dec_mag)10, mag)) return 1;
        if (__builtin_add_overflow(*mag, (dec_mag)(*p - '0'), mag)) return 1;
    }
    return 0;
}

/* Divides by 10^n; 1 if something is left. */
static int dec_cut(dec_mag *mag, int64_t n) {
    if (!*mag) return 0;
    if (n > FLOW_DECIMAL_DIGITS) return 1;
    flow_big a, b, rest;
    k_big_set(&a, *mag);
    k_big_set(&b, dec_pow10(n));
    k_big_divide(&a, &b, &rest);
    *mag = k_big_low(&a);
    return rest.n != 0;
}

FLOW_FAR int32_t k_dec_get(const uint8_t *p, const uint8_t *end, int json,
                           int64_t precision, int64_t scale, uint64_t *out) {
    flow_number n;
    /* An empty text has no address, and null is how a scan says no. */
    if (p == end || k_num_scan(p, end, json, &n) != end) return FLOW_NUM_BAD;
    dec_mag mag = n.digits;
    int64_t exponent = n.exponent;
    if (n.more) {
        /* Zeros at the end of the fraction do not count against the range. */
        while (n.exponent_all < -scale && n.last[-1] == '0') {
            n.last--;
            n.exponent_all++;
        }
        if (dec_all_digits(&n, &mag)) return FLOW_NUM_RANGE;
        exponent = n.exponent_all;
    }
    if (exponent >= -scale) {
        if (dec_scale(&mag, scale + exponent)) return FLOW_NUM_RANGE;
    } else if (dec_cut(&mag, -scale - exponent)) {
        return FLOW_NUM_BAD;
    }
    return dec_store(out, mag, n.negative, precision) ? FLOW_NUM_RANGE : FLOW_NUM_OK;
}

FLOW_FAR void flow_k_dec_parse(uint64_t *out, const uint8_t *p, int64_t len,
                               int64_t precision, int64_t scale) {
    out[2] = k_dec_get(p, flow_text_end(p, len), 0, precision, scale, out) == FLOW_NUM_OK;
    if (!out[2]) out[0] = out[1] = 0;
}

/* The digits of mag, without sign; at least one. */
static int64_t dec_digits(uint8_t *p, dec_mag mag) {
    if (!(mag >> 64)) return flow_k_put_uint(p, (uint64_t)mag);
    flow_big a, b, rest;
    k_big_set(&a, mag);
    k_big_set(&b, dec_pow10(19));
    k_big_divide(&a, &b, &rest);
    int64_t n = dec_digits(p, k_big_low(&a));
    k_put_digits(p + n, (uint64_t)k_big_low(&rest), 19);
    return n + 19;
}

FLOW_FAR int64_t flow_k_put_decimal(uint8_t *p, int64_t low, int64_t high,
                                    int64_t scale) {
    uint64_t words[2] = {(uint64_t)low, (uint64_t)high};
    dec_value x = dec_load(words);
    uint8_t text[FLOW_DECIMAL_TEXT], *start = p;
    int64_t n = dec_digits(text, x.mag);
    if (x.negative) *p++ = '-';
    int64_t whole = n > scale ? n - scale : 0;
    if (!whole) *p++ = '0';
    for (int64_t i = 0; i < whole; i++)
        *p++ = text[i];
    if (!scale) return p - start;
    *p++ = '.';
    for (int64_t i = n; i < scale; i++)
        *p++ = '0';
    for (int64_t i = whole; i < n; i++)
        *p++ = text[i];
    return p - start;
}
