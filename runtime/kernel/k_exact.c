/* k_exact.c - arithmetic on windows of digits. */
#include "runtime/kernel/k_exact.h"
#include "runtime/kernel/k_big.h"

/* Brings lo and hi to the first and last digit that is not 0. */
static void exact_trim(k_exact *a) {
    while (a->lo < a->hi && !a->d[a->hi - 1])
        a->hi--;
    while (a->lo < a->hi && !a->d[a->lo])
        a->lo++;
    if (a->lo == a->hi) a->lo = a->hi = 0;
}

FLOW_INLINE uint32_t exact_digit(const k_exact *a, int32_t i) {
    return i >= a->lo && i < a->hi ? a->d[i] : 0;
}

/* Makes all limbs but the last 32-bit digits; the last keeps the sign. */
static int64_t exact_carry(int64_t *limbs, int32_t n) {
    for (int32_t i = 0; i + 1 < n; i++) {
        limbs[i + 1] += limbs[i] >> 32;
        limbs[i] &= 0xffffffff;
    }
    return limbs[n - 1];
}

void k_exact_limbs(k_exact *a, int64_t *limbs, int32_t n, int32_t from) {
    a->negative = exact_carry(limbs, n) < 0;
    if (a->negative) {
        for (int32_t i = 0; i < n; i++)
            limbs[i] = -limbs[i];
        exact_carry(limbs, n);
    }
    for (int32_t i = 0; i < n; i++)
        a->d[from + i] = (uint32_t)limbs[i];
    a->d[from + n] = (uint32_t)(limbs[n - 1] >> 32);
    a->lo = from;
    a->hi = from + n + 1;
    exact_trim(a);
}

void k_exact_i128(k_exact *a, __int128 v) {
    unsigned __int128 m = v < 0 ? -(unsigned __int128)v : (unsigned __int128)v;
    a->negative = v < 0;
    a->lo = 0;
    for (a->hi = 0; a->hi < 4; m >>= 32)
        a->d[a->hi++] = (uint32_t)m;
    exact_trim(a);
}

void k_exact_mul(k_exact *out, const k_exact *a, const k_exact *b) {
    out->negative = a->negative != b->negative;
    out->lo = out->hi = 0;
    if (!a->hi || !b->hi) return;
    out->lo = a->lo + b->lo;
    out->hi = a->hi + b->hi;
    for (int32_t i = out->lo; i < out->hi; i++)
        out->d[i] = 0;
    for (int32_t i = a->lo; i < a->hi; i++) {
        uint64_t carry = 0;
        for (int32_t k = b->lo; k < b->hi; k++) {
            carry += (uint64_t)a->d[i] * b->d[k] + out->d[i + k];
            out->d[i + k] = (uint32_t)carry;
            carry >>= 32;
        }
        out->d[i + b->hi] = (uint32_t)carry;
    }
    exact_trim(out);
}

static int exact_compare(const k_exact *a, const k_exact *b) {
    int32_t i = a->hi > b->hi ? a->hi : b->hi, low = a->lo < b->lo ? a->lo : b->lo;
    while (i-- > low) {
        uint32_t x = exact_digit(a, i), y = exact_digit(b, i);
        if (x != y) return x < y ? -1 : 1;
    }
    return 0;
}

void k_exact_sub(k_exact *out, const k_exact *a, const k_exact *b) {
    int add = a->negative != b->negative;
    out->negative = a->negative;
    if (!add && exact_compare(a, b) < 0) {
        const k_exact *t = a;
        a = b;
        b = t;
        out->negative = !out->negative;
    }
    if (!a->hi) out->negative = !b->negative;
    out->lo = a->lo < b->lo ? a->lo : b->lo;
    out->hi = (a->hi > b->hi ? a->hi : b->hi) + 1;
    int64_t carry = 0;
    for (int32_t i = out->lo; i < out->hi; i++) {
        int64_t x = exact_digit(a, i), y = exact_digit(b, i);
        carry += add ? x + y : x - y;
        out->d[i] = (uint32_t)carry;
        carry >>= 32;
    }
    exact_trim(out);
}

void k_exact_scale(k_exact *a, uint64_t factor) {
    unsigned __int128 carry = 0;
    if (!a->hi) return;
    for (int32_t i = a->lo; i < a->hi; i++) {
        carry += (unsigned __int128)a->d[i] * factor;
        a->d[i] = (uint32_t)carry;
        carry >>= 32;
    }
    for (; carry; carry >>= 32)
        a->d[a->hi++] = (uint32_t)carry;
    exact_trim(a);
}

/* m * 2^exp with m's top bit set; `more`: the value is a little above that. */
static double exact_double(int negative, uint64_t m, int more, int64_t exp) {
    int64_t e = exp + 63; /* of the leading bit */
    uint64_t bits = (uint64_t)0x7ff << 52;
    if (e <= 1023) {
        int64_t shift = e >= -1022 ? 11 : 11 - 1022 - e;
        uint64_t q = shift < 64 ? m >> shift : 0;
        uint64_t half = shift <= 64 ? (uint64_t)1 << (shift - 1) : 0;
        uint64_t rest = shift < 64 ? m & ((half << 1) - 1) : m;
        if (half && (rest > half || (rest == half && (more || q & 1)))) q++;
        /* q's own top bit adds 1 to the exponent of a normal number. */
        bits = e >= -1022 ? ((uint64_t)(e + 1022) << 52) + q : q;
    }
    double x;
    bits |= (uint64_t)negative << 63;
    __builtin_memcpy(&x, &bits, 8);
    return x;
}

/* Eight digits are enough: the quotient keeps 256 - 31 - 128 bits at least, and what was
 * cut off below them only says "a little more". */
double k_exact_round(const k_exact *a, int64_t exp, unsigned __int128 divisor) {
    flow_big q, by, rest;
    int32_t from = a->hi - 8;
    if (!a->hi) return 0;
    q.n = 8;
    for (int32_t i = 0; i < 8; i++)
        q.d[i] = exact_digit(a, from + i);
    k_big_set(&by, divisor);
    k_big_divide(&q, &by, &rest);
    int more = rest.n != 0 || a->lo < from;
    int bits = k_big_bits(&q), drop = bits - 64;
    uint64_t m = 0;
    for (int i = 0; i < 3; i++) { /* 64 bits from bit `drop` on */
        int32_t at = drop / 32 + i;
        uint64_t digit = at < q.n ? q.d[at] : 0;
        int shift = 32 * i - drop % 32;
        m |= shift >= 0 ? (shift < 64 ? digit << shift : 0) : digit >> -shift;
    }
    for (int32_t i = 0; i < drop / 32; i++)
        more |= q.d[i] != 0;
    more |= (q.d[drop / 32] & (((uint32_t)1 << drop % 32) - 1)) != 0;
    return exact_double(a->negative, m, more, exp + 32 * (int64_t)from + drop);
}

int64_t k_exact_top(const k_exact *a, unsigned __int128 *m) {
    unsigned __int128 v = 0;
    for (int32_t i = a->hi - 1; i >= a->hi - 4; i--)
        v = v << 32 | exact_digit(a, i);
    int shift = __builtin_clz(a->d[a->hi - 1]);
    v <<= shift;
    if (shift) v |= exact_digit(a, a->hi - 5) >> (32 - shift);
    *m = v;
    return 32 * (int64_t)(a->hi - 4) - shift;
}
