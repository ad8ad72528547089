/* k_big.c - schoolbook arithmetic; division is Knuth's algorithm D (TAOCP 2, 4.3.1).
 *
 * The compiler's 128-bit division would need libgcc, which programs do not link. */
#include "runtime/kernel/k_big.h"

static void big_trim(flow_big *b) {
    while (b->n && !b->d[b->n - 1])
        b->n--;
}

FLOW_FAR void k_big_set(flow_big *b, unsigned __int128 v) {
    for (b->n = 0; v; v >>= 32)
        b->d[b->n++] = (uint32_t)v;
}

FLOW_FAR unsigned __int128 k_big_low(const flow_big *b) {
    unsigned __int128 v = 0;
    for (int64_t i = b->n < 4 ? b->n : 4; i-- > 0;)
        v = v << 32 | b->d[i];
    return v;
}

FLOW_FAR int k_big_bits(const flow_big *b) {
    return b->n ? (int)(b->n * 32) - __builtin_clz(b->d[b->n - 1]) : 0;
}

FLOW_FAR void k_big_mul_add(flow_big *b, uint32_t factor, uint32_t add) {
    uint64_t carry = add;
    for (int64_t i = 0; i < b->n; i++) {
        carry += (uint64_t)b->d[i] * factor;
        b->d[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry && b->n < FLOW_BIG_DIGITS) b->d[b->n++] = (uint32_t)carry;
}

FLOW_FAR void k_big_mul_pow5(flow_big *b, int64_t power) {
    for (; power >= 13; power -= 13)
        k_big_mul_add(b, 1220703125, 0);
    for (; power > 0; power--)
        k_big_mul_add(b, 5, 0);
}

FLOW_FAR void k_big_mul_pow10(flow_big *b, int64_t power) {
    for (; power >= 9; power -= 9)
        k_big_mul_add(b, 1000000000, 0);
    for (; power > 0; power--)
        k_big_mul_add(b, 10, 0);
}

FLOW_FAR void k_big_shift(flow_big *b, int64_t bits) {
    int64_t whole = bits / 32, part = bits % 32, n = b->n;
    if (!n || n + whole + 1 > FLOW_BIG_DIGITS) return;
    b->d[n] = 0;
    for (int64_t i = n; i >= 0; i--) {
        uint64_t two = (uint64_t)b->d[i] << 32 | (i ? b->d[i - 1] : 0);
        b->d[i + whole] = (uint32_t)(two << part >> 32);
    }
    for (int64_t i = 0; i < whole; i++)
        b->d[i] = 0;
    b->n = n + whole + 1;
    big_trim(b);
}

FLOW_FAR int k_big_compare(const flow_big *a, const flow_big *b) {
    if (a->n != b->n) return a->n < b->n ? -1 : 1;
    for (int64_t i = a->n; i-- > 0;)
        if (a->d[i] != b->d[i]) return a->d[i] < b->d[i] ? -1 : 1;
    return 0;
}

static void big_divide_small(flow_big *a, uint32_t by, flow_big *rest) {
    uint64_t r = 0;
    for (int64_t i = a->n; i-- > 0;) {
        r = r << 32 | a->d[i];
        a->d[i] = (uint32_t)(r / by);
        r %= by;
    }
    big_trim(a);
    k_big_set(rest, r);
}

/* rest[j .. j+n] -= q * v; 1 if that went below 0. */
static int big_subtract(uint32_t *u, const uint32_t *v, int64_t n, uint64_t q) {
    uint64_t borrow = 0, carry = 0;
    for (int64_t i = 0; i <= n; i++) {
        carry += i < n ? q * v[i] : 0;
        uint64_t t = (uint64_t)u[i] - (uint32_t)carry - borrow;
        u[i] = (uint32_t)t;
        borrow = t >> 63;
        carry >>= 32;
    }
    return (int)borrow;
}

static void big_add_back(uint32_t *u, const uint32_t *v, int64_t n) {
    uint64_t carry = 0;
    for (int64_t i = 0; i <= n; i++) {
        carry += (uint64_t)u[i] + (i < n ? v[i] : 0);
        u[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

FLOW_FAR void k_big_divide(flow_big *a, const flow_big *by, flow_big *rest) {
    if (k_big_compare(a, by) < 0) {
        *rest = *a;
        a->n = 0;
        return;
    }
    if (by->n == 1) {
        big_divide_small(a, by->d[0], rest);
        return;
    }
    flow_big v = *by;
    int shift = __builtin_clz(v.d[v.n - 1]);
    int64_t n = v.n, m;
    k_big_shift(&v, shift);
    *rest = *a;
    k_big_shift(rest, shift);
    m = a->n - n;
    if (rest->n == a->n) rest->d[rest->n] = 0;
    for (int64_t j = m; j >= 0; j--) {
        uint32_t *u = rest->d + j;
        uint64_t top = (uint64_t)u[n] << 32 | u[n - 1];
        uint64_t q = top / v.d[n - 1], r = top % v.d[n - 1];
        while (q >> 32 || q * v.d[n - 2] > (r << 32 | u[n - 2])) {
            q--;
            r += v.d[n - 1];
            if (r >> 32) break;
        }
        if (big_subtract(u, v.d, n, q)) {
            q--;
            big_add_back(u, v.d, n);
        }
        a->d[j] = (uint32_t)q;
    }
    a->n = m + 1;
    big_trim(a);
    rest->n = n;
    big_trim(rest);
    if (!rest->n || !shift) return;
    for (int64_t i = 0; i < rest->n; i++) {
        uint64_t two =
            (i + 1 < rest->n ? (uint64_t)rest->d[i + 1] << 32 : 0) | rest->d[i];
        rest->d[i] = (uint32_t)(two >> shift);
    }
    big_trim(rest);
}
