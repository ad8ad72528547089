/* k_fsum.c - exact sums: two doubles, and the wide number behind them.
 *
 * Adding x to (high, low): TwoSum gives the rounded sum and its error, the error goes to
 * low the same way, and only if that addition is not exact either (or something is not
 * finite, which makes the last error NaN) the slow path runs.  It puts the last error, or
 * all three numbers, into the wide one.  So high + low + wide is always the exact sum.
 *
 * The wide number is an array of signed limbs of weight 2^32 each that are not carried
 * for 2^30 additions; its unit is so small that products of two doubles fit whole. */
#include "runtime/kernel/k_fsum.h"
#include "runtime/kernel/k_mem.h"

#define WIDE_LIMBS       136
#define WIDE_CARRY_AFTER (1 << 30)
#define WIDE_HEAD        32 /* bytes before the digits of the encoded form */

typedef struct fsum_wide {
    int64_t nan, up, down; /* values that were NaN, +inf, -inf */
    int64_t pending;       /* additions since the last carry */
    int64_t limb[WIDE_LIMBS];
} fsum_wide;

typedef struct fsum_state {
    double high, low;
    fsum_wide *wide;
} fsum_state;

_Static_assert(sizeof(fsum_state) == FLOW_FSUM_WORDS * 8, "the state's words");

FLOW_INLINE uint64_t fsum_bits(double x) {
    uint64_t bits;
    __builtin_memcpy(&bits, &x, 8);
    return bits;
}

FLOW_INLINE int fsum_finite(double x) {
    return (fsum_bits(x) >> 52 & 0x7ff) != 0x7ff;
}

/* *sum + *error is exactly a + b (Knuth); NaN in *error when something overflows. */
FLOW_INLINE void fsum_two(double a, double b, double *sum, double *error) {
    double s = a + b, t = s - a;
    *sum = s;
    *error = (a - (s - t)) + (b - t);
}

/* ---- the wide number ------------------------------------------------------------- */

/* Adds m * 2^shift units to limbs that begin at number `from`. */
FLOW_INLINE void wide_put(int64_t *limb, int32_t from, unsigned __int128 m, int64_t shift,
                          int negative) {
    int64_t *l = limb + shift / 32 - from;
    int part = (int)(shift & 31);
    uint64_t first = (uint64_t)(uint32_t)(m << part);
    unsigned __int128 rest = m >> (32 - part);
    *l++ += negative ? -(int64_t)first : (int64_t)first;
    for (; rest; rest >>= 32) {
        int64_t digit = (uint32_t)rest;
        *l++ += negative ? -digit : digit;
    }
}

/* Mantissa and exponent: |x| = m * 2^(e - 1075). */
FLOW_INLINE uint64_t wide_parts(double x, int64_t *e) {
    uint64_t bits = fsum_bits(x), m = bits & (((uint64_t)1 << 52) - 1);
    *e = (int64_t)(bits >> 52 & 0x7ff);
    if (*e) return m | (uint64_t)1 << 52;
    *e = 1;
    return m;
}

#define WIDE_SHIFT (-1075 - FLOW_EXACT_UNIT)

FLOW_INLINE void wide_put_double(int64_t *limb, int32_t from, double x) {
    int64_t e;
    uint64_t m = wide_parts(x, &e);
    if (m) wide_put(limb, from, m, e + WIDE_SHIFT, x < 0);
}

static fsum_wide *wide_of(flow_ctx *ctx, flow_heap *heap, fsum_state *s) {
    if (!s->wide) {
        s->wide = flow_k_heap_alloc(ctx, heap, sizeof *s->wide);
        __builtin_memset(s->wide, 0, sizeof *s->wide);
    }
    if (++s->wide->pending >= WIDE_CARRY_AFTER) {
        int64_t *limb = s->wide->limb;
        for (int i = 0; i + 1 < WIDE_LIMBS; i++) {
            limb[i + 1] += limb[i] >> 32;
            limb[i] &= 0xffffffff;
        }
        s->wide->pending = 0;
    }
    return s->wide;
}

/* NaN and infinities: `by` is 1, or -1 to take one out. */
static void wide_count(fsum_wide *w, double x, int64_t by) {
    if (x != x)
        w->nan += by;
    else if (x > 0)
        w->up += by;
    else
        w->down += by;
}

/* ---- adding ---------------------------------------------------------------------- */

void k_fsum_slow(flow_ctx *ctx, flow_heap *heap, uint64_t *state, double x, int64_t by) {
    fsum_state *s = (fsum_state *)state;
    fsum_wide *w = wide_of(ctx, heap, s);
    double sum, e1, low, e2;
    if (!fsum_finite(x)) {
        wide_count(w, x, by);
        return;
    }
    fsum_two(s->high, x, &sum, &e1);
    fsum_two(s->low, e1, &low, &e2);
    if (fsum_finite(sum) && fsum_finite(low) && fsum_finite(e2)) {
        s->high = sum;
        s->low = low;
        wide_put_double(w->limb, 0, e2);
        return;
    }
    wide_put_double(w->limb, 0, s->high);
    wide_put_double(w->limb, 0, s->low);
    wide_put_double(w->limb, 0, x);
    s->high = s->low = 0;
}

FLOW_INLINE void fsum_add(flow_ctx *ctx, flow_heap *heap, uint64_t *state, double x,
                          double plain, int64_t by) {
    fsum_state *s = (fsum_state *)state;
    double sum, e1, low, e2;
    fsum_two(s->high, x, &sum, &e1);
    fsum_two(s->low, e1, &low, &e2);
    if (FLOW_UNLIKELY(e2 != 0)) { /* NaN too */
        k_fsum_slow(ctx, heap, state, fsum_finite(x) ? x : plain, by);
        return;
    }
    s->high = sum;
    s->low = low;
}

void flow_k_fsum_add(flow_ctx *ctx, flow_heap *heap, uint64_t *state, double x) {
    fsum_add(ctx, heap, state, x, x, 1);
}

void flow_k_fsum_sub(flow_ctx *ctx, flow_heap *heap, uint64_t *state, double x) {
    fsum_add(ctx, heap, state, -x, x, -1);
}

/* Products that a double and its error do not hold. */
void k_fsum_product_slow(flow_ctx *ctx, flow_heap *heap, uint64_t *state, double x,
                         double y) {
    fsum_wide *w = wide_of(ctx, heap, (fsum_state *)state);
    int64_t ex, ey;
    if (!fsum_finite(x) || !fsum_finite(y)) {
        wide_count(w, x * y, 1);
        return;
    }
    uint64_t mx = wide_parts(x, &ex), my = wide_parts(y, &ey);
    wide_put(w->limb, 0, (unsigned __int128)mx * my, ex + ey - 2 * 1075 - FLOW_EXACT_UNIT,
             (x < 0) != (y < 0));
}

/* p and its error are exact where neither overflows nor leaves the normal numbers. */
void flow_k_fsum_add_product(flow_ctx *ctx, flow_heap *heap, uint64_t *state, double x,
                             double y) {
    double p = x * y, size = __builtin_fabs(p);
    if (FLOW_LIKELY(size > 0x1p-900 && size < 0x1p1000)) {
        flow_k_fsum_add(ctx, heap, state, p);
        flow_k_fsum_add(ctx, heap, state, __builtin_fma(x, y, -p));
    } else if (x != 0 && y != 0) {
        k_fsum_product_slow(ctx, heap, state, x, y);
    }
}

/* ---- results --------------------------------------------------------------------- */

FLOW_INLINE int32_t fsum_limb(double x) {
    int64_t e;
    wide_parts(x, &e);
    return (int32_t)((e + WIDE_SHIFT) / 32);
}

static int fsum_special(const fsum_wide *w) {
    return w && (w->nan || w->up || w->down);
}

int k_fsum_exact(const uint64_t *state, k_exact *out) {
    const fsum_state *s = (const fsum_state *)state;
    int64_t limbs[WIDE_LIMBS];
    int32_t from = 0, n = WIDE_LIMBS;
    if (s->wide) {
        __builtin_memcpy(limbs, s->wide->limb, sizeof limbs);
    } else { /* only the limbs that the two doubles touch, and room to carry */
        int32_t a = fsum_limb(s->high), b = s->low != 0 ? fsum_limb(s->low) : a;
        from = a < b ? a : b;
        n = (a < b ? b : a) - from + 4;
        __builtin_memset(limbs, 0, (size_t)n * 8);
    }
    wide_put_double(limbs, from, s->high);
    wide_put_double(limbs, from, s->low);
    k_exact_limbs(out, limbs, n, from);
    return fsum_special(s->wide);
}

double k_fsum_result_wide(const uint64_t *state, int64_t n) {
    const fsum_wide *w = ((const fsum_state *)state)->wide;
    if (fsum_special(w)) {
        if (w->nan || (w->up && w->down)) return __builtin_nan("");
        return w->up ? __builtin_inf() : -__builtin_inf();
    }
    k_exact a;
    k_fsum_exact(state, &a);
    return k_exact_round(&a, FLOW_EXACT_UNIT, (uint64_t)n) + 0.0;
}

/* Without the wide part, one rounding; the second addition makes -0.0 to 0.0. */
double flow_k_fsum_result(const uint64_t *state) {
    const fsum_state *s = (const fsum_state *)state;
    return s->wide ? k_fsum_result_wide(state, 1) : s->high + s->low + 0.0;
}

/* The quotient and what is left of the sum, by n: correct if its error, a few parts of
 * 2^53 of the second term, does not decide the rounding; else the long way. */
double flow_k_fsum_mean(const uint64_t *state, int64_t n) {
    const fsum_state *s = (const fsum_state *)state;
    double k = (double)n, q = s->high / k, size = __builtin_fabs(q);
    if (s->wide || n >= (int64_t)1 << 53) return k_fsum_result_wide(state, n);
    if (s->high == 0 && s->low == 0) return 0.0;
    if (FLOW_LIKELY(size > 0x1p-900 && size < 0x1p1000)) {
        double rest = (__builtin_fma(-q, k, s->high) + s->low) / k;
        double mean = q + rest * (1 + 0x1p-50);
        if (FLOW_LIKELY(mean == q + rest * (1 - 0x1p-50))) return mean;
    }
    return k_fsum_result_wide(state, n);
}

/* ---- parts ----------------------------------------------------------------------- */

typedef struct fsum_columns {
    double high, low;
    const uint8_t *bytes;
    int64_t len;
} fsum_columns;

/* nan, up, down as i64 · sign as i32 · number of the first digit as i32 · digits */
void k_fsum_partial_wide(flow_ctx *ctx, const uint64_t *state, uint64_t *columns) {
    const fsum_state *s = (const fsum_state *)state;
    fsum_columns *c = (fsum_columns *)columns;
    k_exact a;
    int64_t limbs[WIDE_LIMBS];
    __builtin_memcpy(limbs, s->wide->limb, sizeof limbs);
    k_exact_limbs(&a, limbs, WIDE_LIMBS, 0);
    int64_t digits = (int64_t)(a.hi - a.lo) * 4;
    uint8_t *to = flow_k_alloc(ctx, WIDE_HEAD + digits);
    int32_t head[2] = {a.negative, a.lo};
    __builtin_memcpy(to, s->wide, 24);
    __builtin_memcpy(to + 24, head, 8);
    if (digits) __builtin_memcpy(to + WIDE_HEAD, a.d + a.lo, (size_t)digits);
    c->bytes = to;
    c->len = WIDE_HEAD + digits;
}

void flow_k_fsum_partial(flow_ctx *ctx, const uint64_t *state, uint64_t *columns) {
    const fsum_state *s = (const fsum_state *)state;
    fsum_columns *c = (fsum_columns *)columns;
    c->high = s->high;
    c->low = s->low;
    c->bytes = 0;
    c->len = 0;
    if (FLOW_UNLIKELY(s->wide != 0)) k_fsum_partial_wide(ctx, state, columns);
}

void k_fsum_merge_wide(flow_ctx *ctx, flow_heap *heap, uint64_t *state,
                       const uint64_t *columns) {
    const fsum_columns *c = (const fsum_columns *)columns;
    fsum_wide *w = wide_of(ctx, heap, (fsum_state *)state);
    int64_t counts[3];
    int32_t head[2];
    if (c->len < WIDE_HEAD) return; /* no state gives such bytes */
    __builtin_memcpy(counts, c->bytes, 24);
    __builtin_memcpy(head, c->bytes + 24, 8);
    w->nan += counts[0];
    w->up += counts[1];
    w->down += counts[2];
    if (head[1] < 0 || head[1] > WIDE_LIMBS) return;
    for (int64_t i = 0; i < (c->len - WIDE_HEAD) / 4 && i < WIDE_LIMBS - head[1]; i++) {
        uint32_t digit;
        __builtin_memcpy(&digit, c->bytes + WIDE_HEAD + 4 * i, 4);
        w->limb[head[1] + i] += head[0] ? -(int64_t)digit : (int64_t)digit;
    }
}

void flow_k_fsum_merge(flow_ctx *ctx, flow_heap *heap, uint64_t *state,
                       const uint64_t *columns) {
    const fsum_columns *c = (const fsum_columns *)columns;
    flow_k_fsum_add(ctx, heap, state, c->high);
    flow_k_fsum_add(ctx, heap, state, c->low);
    if (FLOW_UNLIKELY(c->len != 0)) k_fsum_merge_wide(ctx, heap, state, columns);
}

void flow_k_fsum_drop(flow_ctx *ctx, flow_heap *heap, uint64_t *state) {
    fsum_state *s = (fsum_state *)state;
    if (s->wide) flow_k_heap_free(ctx, heap, s->wide, sizeof *s->wide);
    __builtin_memset(s, 0, sizeof *s);
}
