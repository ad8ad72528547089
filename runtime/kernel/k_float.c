/* k_float.c - binary64 and decimal text.
 *
 * Reading follows Lemire, "Number parsing at a gigabyte per second" (2021), with the
 * proof of Mushtak and Lemire (2023) that 19 digits never need another way: the digits
 * times a 128-bit power of ten, whose upper bits decide.  Texts with more digits are
 * tried with both neighbours of what was cut off; where those differ, integers of full
 * length decide.
 *
 * Printing follows Giulietti, "The Schubfach way to render doubles" (2020): scaled by a
 * power of ten, the rounding interval of a float holds at least one and at most a few
 * integers of 16 or 17 digits, among them the shortest.
 *
 * Both use the powers of k_pow10.def.  Ryu and Dragonbox would be as fast and need tables
 * of their own. */
#include "runtime/kernel/k_float.h"
#include "runtime/kernel/k_big.h"
#include "runtime/kernel/k_pow10.h"

#define FLOAT_BITS 52
#define FLOAT_BIAS 1075 /* value = mantissa * 2^(exponent - bias), both with hidden bit  \
                         */
#define FLOAT_HIDDEN       ((uint64_t)1 << FLOAT_BITS)
#define FLOAT_INF_BITS     ((uint64_t)0x7FF << FLOAT_BITS)
#define FLOAT_EXACT_DIGITS 800 /* beyond 768 digits only "is there more" matters */

const flow_pow10 k_pow10[FLOW_POW10_MAX - FLOW_POW10_MIN + 1] = {
#define POW10(q, high, low) {high, low},
#include "runtime/kernel/k_pow10.def"
#undef POW10
};

FLOW_INLINE double float_of_bits(uint64_t bits) {
    double v;
    __builtin_memcpy(&v, &bits, 8);
    return v;
}

FLOW_INLINE uint64_t float_bits(double v) {
    uint64_t bits;
    __builtin_memcpy(&bits, &v, 8);
    return bits;
}

/* ---- reading -------------------------------------------------------------------- */

/* The upper 128 bits, as far as they decide, of digits * 10^q; digits is normalised. */
static unsigned __int128 float_product(uint64_t digits, int64_t q) {
    flow_pow10 t = k_pow10[q - FLOW_POW10_MIN];
    if (q < 0 && q >= -27) { /* these must be rounded up; none ends in 2^64-1 */
        t.low++;
    }
    unsigned __int128 z = (unsigned __int128)digits * t.high;
    if (((uint64_t)(z >> 64) & 0x1FF) == 0x1FF)
        z += (uint64_t)((unsigned __int128)digits * t.low >> 64);
    return z;
}

/* Bits of the float nearest to digits * 10^q, without sign; digits is not 0. */
static uint64_t float_nearest(uint64_t digits, int64_t q) {
    if (q < FLOW_POW10_MIN) return 0;
    if (q > 308) return FLOAT_INF_BITS;
    int zeros = __builtin_clzll(digits);
    unsigned __int128 z = float_product(digits << zeros, q);
    uint64_t high = (uint64_t)(z >> 64), low = (uint64_t)z;
    int top = (int)(high >> 63);
    int drop = top + 64 - FLOAT_BITS - 3;
    uint64_t m = high >> drop; /* mantissa and one bit more */
    int64_t e = ((217706 * q) >> 16) + 63 + top - zeros + 1023;
    if (e <= 0) { /* subnormal */
        if (e <= -63) return 0;
        m >>= 1 - e;
        m += m & 1;
        return m >> 1; /* carries into the exponent if it becomes normal */
    }
    if (low <= 1 && q >= -4 && q <= 23 && (m & 3) == 1 && m << drop == high)
        m &= ~(uint64_t)1; /* exactly between two: to the even one */
    m += m & 1;
    m >>= 1;
    if (m >= FLOAT_HIDDEN << 1) {
        m = FLOAT_HIDDEN;
        e++;
    }
    if (e >= 0x7FF) return FLOAT_INF_BITS;
    return (uint64_t)e << FLOAT_BITS | (m & (FLOAT_HIDDEN - 1));
}

/* All digits as an integer (beyond FLOAT_EXACT_DIGITS a 1 stands for "more"); returns its
 * power of ten. */
static int64_t float_all_digits(const flow_number *n, flow_big *b) {
    const uint8_t *p = n->first;
    int64_t taken = 0, left = 0;
    int rest = 0;
    b->n = 0;
    while (p < n->last && (*p == '0' || *p == '.'))
        p++;
    for (; p < n->last; p++) {
        if (*p == '.') continue;
        if (taken < FLOAT_EXACT_DIGITS) {
            if (b->n) {
                k_big_mul_add(b, 10, *p - '0');
            } else {
                k_big_set(b, *p - '0');
            }
            taken++;
        } else {
            rest |= *p != '0';
            left++;
        }
    }
    if (!rest) return n->exponent_all + left;
    k_big_mul_add(b, 10, 1);
    return n->exponent_all + left - 1;
}

/* Compares the number with the middle between the float `bits` and the next one. */
static int float_compare_middle(const flow_number *n, uint64_t bits) {
    flow_big a, b;
    int64_t q = float_all_digits(n, &a);
    int64_t e = (int64_t)(bits >> FLOAT_BITS);
    uint64_t m = bits & (FLOAT_HIDDEN - 1);
    if (e) {
        m |= FLOAT_HIDDEN;
    } else {
        e = 1;
    }
    k_big_set(&b, 2 * m + 1);
    int64_t two_a = q, two_b = e - FLOAT_BIAS - 1;
    if (q >= 0) {
        k_big_mul_pow5(&a, q);
    } else {
        k_big_mul_pow5(&b, -q);
    }
    if (two_a > two_b) {
        k_big_shift(&a, two_a - two_b);
    } else {
        k_big_shift(&b, two_b - two_a);
    }
    return k_big_compare(&a, &b);
}

static __attribute__((noinline)) uint64_t float_exact(const flow_number *n) {
    uint64_t low = float_nearest(n->digits, n->exponent);
    uint64_t high = float_nearest(n->digits + 1, n->exponent);
    if (low == high) return low;
    /* What was cut off lies between: low and high are neighbours. */
    int c = float_compare_middle(n, low);
    return c < 0 || (c == 0 && !(low & 1)) ? low : high;
}

FLOW_FAR double k_float_of(const flow_number *n) {
    static const double exact[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (FLOW_LIKELY(n->digits <= (uint64_t)1 << 53 && n->exponent >= -22 &&
                    n->exponent <= 22 && !n->more)) {
        double v = (double)(int64_t)n->digits; /* both exact: one rounding */
        v = n->exponent < 0 ? v / exact[-n->exponent] : v * exact[n->exponent];
        return n->negative ? -v : v;
    }
    uint64_t bits = 0;
    if (n->digits)
        bits = n->more ? float_exact(n) : float_nearest(n->digits, n->exponent);
    return float_of_bits(bits | (uint64_t)n->negative << 63);
}

static int float_is(const uint8_t *p, int64_t n, const char *word) {
    for (int64_t i = 0; i < n; i++)
        if (!word[i] || (p[i] | 32) != word[i]) return 0;
    return !word[n];
}

FLOW_FAR int32_t k_float_word(const uint8_t *p, const uint8_t *end, double *out) {
    int negative = p < end && *p == '-';
    p += negative || (p < end && *p == '+');
    int64_t n = end - p;
    if (float_is(p, n, "nan")) {
        *out = float_of_bits(FLOAT_INF_BITS | FLOAT_HIDDEN >> 1);
    } else if (float_is(p, n, "inf") || float_is(p, n, "infinity")) {
        *out = float_of_bits(FLOAT_INF_BITS | (uint64_t)negative << 63);
    } else {
        return FLOW_NUM_BAD;
    }
    return FLOW_NUM_OK;
}

FLOW_FAR int32_t flow_k_num_float(const uint8_t *p, const uint8_t *end, double *out) {
    flow_number n;
    if (p == end || k_num_scan(p, end, 0, &n) != end) return k_float_word(p, end, out);
    *out = k_float_of(&n);
    return FLOW_NUM_OK;
}

/* ---- printing ------------------------------------------------------------------- */

typedef struct float_decimal {
    uint64_t digits;
    int64_t exponent;
} float_decimal;

/* (g * c) / 2^128 with the lowest bit set if something was cut off: enough to compare
 * with integers and halves. */
FLOW_INLINE uint64_t float_round_odd(unsigned __int128 g, uint64_t c) {
    unsigned __int128 low = (unsigned __int128)(uint64_t)g * c;
    unsigned __int128 z =
        (unsigned __int128)(uint64_t)(g >> 64) * c + (uint64_t)(low >> 64);
    return (uint64_t)(z >> 64) | ((uint64_t)z > 1);
}

/* floor(q * log10(2)), or of 3/4 * 2^q; floor(k * log2(10)). */
FLOW_INLINE int64_t float_log10(int64_t q, int narrow) {
    return (q * 1262611 - (narrow ? 524031 : 0)) >> 22;
}
FLOW_INLINE int64_t float_log2_pow10(int64_t k) {
    return (k * 1741647) >> 19;
}

/* The shortest decimal in the rounding interval of c * 2^q, the nearest of them. */
static float_decimal float_shortest(uint64_t c, int64_t q, int narrow) {
    int64_t k = float_log10(q, narrow);
    int64_t h = q + float_log2_pow10(-k) + 1;
    flow_pow10 t = k_pow10[-k - FLOW_POW10_MIN];
    unsigned __int128 g = ((unsigned __int128)t.high << 64 | t.low) + 1;
    uint64_t odd = c & 1; /* an odd float's interval is open */
    uint64_t lower = float_round_odd(g, (4 * c - 2 + (uint64_t)narrow) << h) + odd;
    uint64_t value = float_round_odd(g, 4 * c << h);
    uint64_t upper = float_round_odd(g, (4 * c + 2) << h) - odd;
    uint64_t s = value / 4;
    if (s >= 10) { /* one digit less? */
        uint64_t s10 = s / 10;
        int down = lower <= 40 * s10, up = 40 * s10 + 40 <= upper;
        if (down != up) return (float_decimal){s10 + (uint64_t)up, k + 1};
    }
    int down = lower <= 4 * s, up = 4 * s + 4 <= upper;
    if (down != up) return (float_decimal){s + (uint64_t)up, k};
    uint64_t middle = 4 * s + 2;
    int round_up = value > middle || (value == middle && (s & 1));
    return (float_decimal){s + (uint64_t)round_up, k};
}

static float_decimal float_decimal_of(uint64_t bits) {
    uint64_t m = bits & (FLOAT_HIDDEN - 1);
    int64_t e = (int64_t)(bits >> FLOAT_BITS);
    float_decimal d;
    int64_t q = e - FLOAT_BIAS;
    if (q >= -FLOAT_BITS && q <= 0 && !((m | FLOAT_HIDDEN) & (((uint64_t)1 << -q) - 1)))
        d = (float_decimal){(m | FLOAT_HIDDEN) >> -q, 0}; /* a whole number */
    else if (e)
        d = float_shortest(m | FLOAT_HIDDEN, q, !m && e > 1);
    else
        d = float_shortest(m, 1 - FLOAT_BIAS, 0);
    while (d.digits % 10 == 0) { /* 0 never gets here */
        d.digits /= 10;
        d.exponent++;
    }
    return d;
}

/* digits with the point after the first `before` of n; before may lie outside. */
static int64_t float_plain(uint8_t *p, uint64_t digits, int64_t n, int64_t before) {
    if (before <= 0) {
        p[0] = '0';
        p[1] = '.';
        for (int64_t i = 0; i < -before; i++)
            p[2 + i] = '0';
        k_put_digits(p + 2 - before, digits, n);
        return 2 - before + n;
    }
    if (before >= n) {
        k_put_digits(p, digits, n);
        for (int64_t i = n; i < before; i++)
            p[i] = '0';
        p[before] = '.';
        p[before + 1] = '0';
        return before + 2;
    }
    k_put_digits(p + 1, digits, n);
    for (int64_t i = 0; i < before; i++)
        p[i] = p[i + 1];
    p[before] = '.';
    return n + 1;
}

static int64_t float_copy(uint8_t *p, const char *text) {
    int64_t n = 0;
    for (; text[n]; n++)
        p[n] = (uint8_t)text[n];
    return n;
}

FLOW_FAR int64_t flow_k_put_float(uint8_t *p, double v) {
    uint64_t bits = float_bits(v), sign = bits >> 63;
    bits &= ~((uint64_t)1 << 63);
    if (bits >= FLOAT_INF_BITS) {
        if (bits > FLOAT_INF_BITS) return float_copy(p, "NaN");
        return float_copy(p, sign ? "-Infinity" : "Infinity");
    }
    if (!bits) return float_copy(p, sign ? "-0.0" : "0.0");
    uint8_t *start = p, text[FLOW_INT_TEXT];
    float_decimal d = float_decimal_of(bits);
    int64_t n = flow_k_put_uint(text, d.digits);
    int64_t before = n + d.exponent; /* digits before the point */
    if (sign) *p++ = '-';
    if (before > -6 && before <= 21)
        return p + float_plain(p, d.digits, n, before) - start;
    p += float_plain(p, d.digits, n, 1);
    *p++ = 'e';
    return p + flow_k_put_int(p, before - 1) - start;
}

FLOW_FAR double k_float_round(double v, int64_t digits) {
    uint64_t bits = float_bits(v), sign = bits >> 63;
    bits &= ~((uint64_t)1 << 63);
    if (bits >= FLOAT_INF_BITS || !bits) return v;
    float_decimal d = float_decimal_of(bits);
    if (digits >= -d.exponent) return v;
    int64_t drop = -d.exponent - digits;
    if (digits < -400 || drop > 17) return sign ? -0.0 : 0.0;
    uint64_t power = 1;
    for (int64_t i = 0; i < drop; i++)
        power *= 10;
    flow_number n = {.digits = d.digits / power, .exponent = -digits};
    n.digits += d.digits % power >= power - power / 2;
    n.negative = (int32_t)sign;
    return k_float_of(&n);
}
