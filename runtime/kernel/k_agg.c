/* k_agg.c - counts, truth, sums and averages; k_agg.def lists their forms. */
#include "runtime/kernel/k_agg.h"
#include "runtime/kernel/k_agg_form.h"
#include "runtime/kernel/k_big.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_exact.h"

/* ---- counts and truth ------------------------------------------------------------ */

/* Partial, merge and result of a state that is one word, and its own partial column. */
#define AGG_WORD(name, combine)                                                          \
    AGG_PARTIAL(name) {                                                                  \
        AGG_UNUSED;                                                                      \
        columns[0] = state[0];                                                           \
    }                                                                                    \
    AGG_MERGE(name) {                                                                    \
        AGG_UNUSED;                                                                      \
        state[0] = state[0] combine columns[0];                                          \
    }                                                                                    \
    AGG_PLAIN(name)

void flow_k_agg_count_n_step(AGG_HEAD, const uint8_t *tc) {
    AGG_UNUSED;
    state[0]++;
}
void flow_k_agg_count_n_back(AGG_HEAD, const uint8_t *tc) {
    AGG_UNUSED;
    state[0]--;
}
AGG_WORD(count_n, +)
AGG_RESULT(count_n) {
    AGG_UNUSED;
    out[0] = state[0];
    return 0;
}

AGG_STEP(count_if_b, int32_t c) {
    AGG_UNUSED;
    state[0] += c != 0;
}
AGG_BACK(count_if_b, int32_t c) {
    AGG_UNUSED;
    state[0] -= c != 0;
}
AGG_WORD(count_if_b, +)
AGG_RESULT(count_if_b) {
    AGG_UNUSED;
    out[0] = state[0];
    return 0;
}

/* any counts the rows where it holds, all those where it fails: so a row can be taken out
 * again. */
AGG_STEP(any_b, int32_t c) {
    AGG_UNUSED;
    state[0] += c != 0;
}
AGG_BACK(any_b, int32_t c) {
    AGG_UNUSED;
    state[0] -= c != 0;
}
AGG_WORD(any_b, +)
AGG_RESULT(any_b) {
    AGG_UNUSED;
    out[0] = state[0] != 0;
    return 0;
}

AGG_STEP(all_b, int32_t c) {
    AGG_UNUSED;
    state[0] += c == 0;
}
AGG_BACK(all_b, int32_t c) {
    AGG_UNUSED;
    state[0] -= c == 0;
}
AGG_WORD(all_b, +)
AGG_RESULT(all_b) {
    AGG_UNUSED;
    out[0] = !state[0];
    return 0;
}

/* ---- sums of ints ---------------------------------------------------------------- */

FLOW_INLINE __int128 isum_get(uint64_t word) {
    __int128 v;
    if (!(word & 1)) return (int64_t)word >> 1;
    __builtin_memcpy(&v, (void *)(word & ~(uint64_t)1), 16);
    return v;
}

static __attribute__((noinline)) void isum_wide(AGG_HEAD, uint64_t low, uint64_t high) {
    __int128 v = isum_get(*state) + (__int128)((unsigned __int128)high << 64 | low);
    if (!(*state & 1)) *state = (uint64_t)flow_k_heap_alloc(ctx, heap, 16) | 1;
    __builtin_memcpy((void *)(*state & ~(uint64_t)1), &v, 16);
}

FLOW_INLINE void isum_add(AGG_HEAD, int64_t x) {
    int64_t twice, sum;
    if (FLOW_LIKELY(!(*state & 1) && !__builtin_add_overflow(x, x, &twice) &&
                    !__builtin_add_overflow((int64_t)*state, twice, &sum)))
        *state = (uint64_t)sum;
    else
        isum_wide(ctx, heap, state, (uint64_t)x, (uint64_t)(x >> 63));
}

FLOW_INLINE void isum_sub(AGG_HEAD, int64_t x) {
    if (FLOW_LIKELY(x != INT64_MIN))
        isum_add(ctx, heap, state, -x);
    else
        isum_wide(ctx, heap, state, (uint64_t)x, 0); /* 2^63 */
}

FLOW_INLINE void isum_columns(uint64_t word, uint64_t *columns) {
    __int128 v = isum_get(word);
    columns[0] = (uint64_t)v;
    columns[1] = (uint64_t)(v >> 64);
}

FLOW_INLINE void isum_merge(AGG_HEAD, const uint64_t *columns) {
    if ((int64_t)columns[1] == (int64_t)columns[0] >> 63)
        isum_add(ctx, heap, state, (int64_t)columns[0]);
    else
        isum_wide(ctx, heap, state, columns[0], columns[1]);
}

FLOW_INLINE void isum_drop(AGG_HEAD) {
    if (*state & 1) flow_k_heap_free(ctx, heap, (void *)(*state & ~(uint64_t)1), 16);
    *state = 0;
}

/* sum / n, rounded once. */
static double agg_i128_mean(__int128 sum, int64_t n) {
    const int64_t whole = (int64_t)1 << 53; /* both are doubles up to here */
    if (FLOW_LIKELY(sum <= whole && sum >= -whole && n <= whole))
        return (double)(int64_t)sum / (double)n;
    k_exact a;
    k_exact_i128(&a, sum);
    return k_exact_round(&a, 0, (uint64_t)n);
}

AGG_STEP(sum_i, int64_t x) {
    AGG_UNUSED;
    isum_add(ctx, heap, state, x);
}
AGG_BACK(sum_i, int64_t x) {
    AGG_UNUSED;
    isum_sub(ctx, heap, state, x);
}
AGG_PARTIAL(sum_i) {
    AGG_UNUSED;
    isum_columns(*state, columns);
}
AGG_MERGE(sum_i) {
    AGG_UNUSED;
    isum_merge(ctx, heap, state, columns);
}
AGG_RESULT(sum_i) {
    AGG_UNUSED;
    __int128 v = isum_get(*state);
    out[0] = (uint64_t)v;
    return (int64_t)v == v ? 0 : FLOW_E_overflow;
}
AGG_DROP(sum_i) {
    AGG_UNUSED;
    isum_drop(ctx, heap, state);
}

AGG_STEP(avg_i, int64_t x) {
    AGG_UNUSED;
    isum_add(ctx, heap, state, x);
    state[1]++;
}
AGG_BACK(avg_i, int64_t x) {
    AGG_UNUSED;
    isum_sub(ctx, heap, state, x);
    state[1]--;
}
AGG_PARTIAL(avg_i) {
    AGG_UNUSED;
    isum_columns(state[0], columns);
    columns[2] = state[1];
}
AGG_MERGE(avg_i) {
    AGG_UNUSED;
    isum_merge(ctx, heap, state, columns);
    state[1] += columns[2];
}
AGG_RESULT(avg_i) {
    AGG_UNUSED;
    int64_t n = (int64_t)state[1];
    __int128 sum = isum_get(state[0]);
    if (!n) out[0] = 0;
    else if (tc && *tc == 'd') out[0] = (uint64_t)(sum / n);
    else out[0] = agg_bits(agg_i128_mean(sum, n));
    out[1] = n != 0;
    return 0;
}
AGG_DROP(avg_i) {
    AGG_UNUSED;
    isum_drop(ctx, heap, state);
    state[1] = 0;
}

/* ---- sums of floats -------------------------------------------------------------- */

AGG_STEP(sum_f, double x) {
    AGG_UNUSED;
    flow_k_fsum_add(ctx, heap, state, x);
}
AGG_BACK(sum_f, double x) {
    AGG_UNUSED;
    flow_k_fsum_sub(ctx, heap, state, x);
}
AGG_PARTIAL(sum_f) {
    AGG_UNUSED;
    flow_k_fsum_partial(ctx, state, columns);
}
AGG_MERGE(sum_f) {
    AGG_UNUSED;
    flow_k_fsum_merge(ctx, heap, state, columns);
}
AGG_RESULT(sum_f) {
    AGG_UNUSED;
    out[0] = agg_bits(flow_k_fsum_result(state));
    return 0;
}
AGG_DROP(sum_f) {
    AGG_UNUSED;
    flow_k_fsum_drop(ctx, heap, state);
}

AGG_STEP(avg_f, double x) {
    AGG_UNUSED;
    flow_k_fsum_add(ctx, heap, state, x);
    state[3]++;
}
AGG_BACK(avg_f, double x) {
    AGG_UNUSED;
    flow_k_fsum_sub(ctx, heap, state, x);
    state[3]--;
}
AGG_PARTIAL(avg_f) {
    AGG_UNUSED;
    flow_k_fsum_partial(ctx, state, columns);
    columns[4] = state[3];
}
AGG_MERGE(avg_f) {
    AGG_UNUSED;
    flow_k_fsum_merge(ctx, heap, state, columns);
    state[3] += columns[4];
}
AGG_RESULT(avg_f) {
    AGG_UNUSED;
    int64_t n = (int64_t)state[3];
    out[0] = n ? agg_bits(flow_k_fsum_mean(state, n)) : 0;
    out[1] = n != 0;
    return 0;
}
AGG_DROP(avg_f) {
    AGG_UNUSED;
    flow_k_fsum_drop(ctx, heap, state);
    state[3] = 0;
}

/* ---- sums of decimals: 192 bits, low word first
 * ------------------------------------------ */

static void dsum_add(uint64_t *state, uint64_t low, uint64_t mid, uint64_t high) {
    unsigned __int128 t = (unsigned __int128)state[0] + low;
    state[0] = (uint64_t)t;
    t = (t >> 64) + state[1] + mid;
    state[1] = (uint64_t)t;
    state[2] += (uint64_t)(t >> 64) + high;
}

static void dsum_sub(uint64_t *state, const uint64_t *x) {
    unsigned __int128 low = -((unsigned __int128)x[1] << 64 | x[0]);
    int negative = (int64_t)x[1] < 0; /* then -x is positive, 2^127 too */
    dsum_add(state, (uint64_t)low, (uint64_t)(low >> 64),
             negative || !low ? 0 : ~(uint64_t)0);
}

/* The magnitude in a big number; 1 if the sum is negative. */
static int dsum_get(const uint64_t *state, flow_big *b) {
    uint64_t s[3] = {state[0], state[1], state[2]};
    int negative = (int64_t)s[2] < 0;
    if (negative) {
        s[0] = ~s[0], s[1] = ~s[1], s[2] = ~s[2];
        dsum_add(s, 1, 0, 0);
    }
    b->n = 0;
    for (int i = 0; i < 6; i++) {
        b->d[i] = (uint32_t)(s[i / 2] >> (32 * (i % 2)));
        if (b->d[i]) b->n = i + 1;
    }
    return negative;
}

/* b with its sign as a decimal of at most 38 digits. */
static int32_t dsum_out(const flow_big *b, int negative, uint64_t *out) {
    const uint64_t ten19 = 10000000000000000000u;
    unsigned __int128 v = k_big_low(b);
    if (b->n > 4 || v >= (unsigned __int128)ten19 * ten19) return FLOW_E_decimal_range;
    if (negative) v = -v;
    out[0] = (uint64_t)v;
    out[1] = (uint64_t)(v >> 64);
    return 0;
}

AGG_STEP(sum_d, const uint64_t *x) {
    AGG_UNUSED;
    dsum_add(state, x[0], x[1], (uint64_t)((int64_t)x[1] >> 63));
}
AGG_BACK(sum_d, const uint64_t *x) {
    AGG_UNUSED;
    dsum_sub(state, x);
}
AGG_PARTIAL(sum_d) {
    AGG_UNUSED;
    __builtin_memcpy(columns, state, 24);
}
AGG_MERGE(sum_d) {
    AGG_UNUSED;
    dsum_add(state, columns[0], columns[1], columns[2]);
}
FLOW_FAR AGG_RESULT(sum_d) {
    AGG_UNUSED;
    flow_big b;
    int negative = dsum_get(state, &b);
    return dsum_out(&b, negative, out);
}
AGG_PLAIN(sum_d)

AGG_STEP(avg_d, const uint64_t *x) {
    AGG_UNUSED;
    dsum_add(state, x[0], x[1], (uint64_t)((int64_t)x[1] >> 63));
    state[3]++;
}
AGG_BACK(avg_d, const uint64_t *x) {
    AGG_UNUSED;
    dsum_sub(state, x);
    state[3]--;
}
AGG_PARTIAL(avg_d) {
    AGG_UNUSED;
    __builtin_memcpy(columns, state, 32);
}
AGG_MERGE(avg_d) {
    AGG_UNUSED;
    dsum_add(state, columns[0], columns[1], columns[2]);
    state[3] += columns[3];
}
/* Six more digits, as far as 38 allow, then half-even. */
FLOW_FAR AGG_RESULT(avg_d) {
    AGG_UNUSED;
    flow_big b, by, rest;
    int64_t scale = tc[2];
    out[0] = out[1] = out[2] = 0;
    if (!state[3]) return 0;
    out[2] = 1;
    int negative = dsum_get(state, &b);
    k_big_mul_pow10(&b, scale + 6 <= 38 ? 6 : 38 - scale);
    k_big_set(&by, state[3]);
    k_big_divide(&b, &by, &rest);
    k_big_shift(&rest, 1);
    int c = k_big_compare(&rest, &by);
    if (c > 0 || (c == 0 && b.n && b.d[0] & 1)) {
        if (!b.n)
            k_big_set(&b, 1);
        else
            k_big_mul_add(&b, 1, 1);
    }
    return dsum_out(&b, negative, out);
}
AGG_PLAIN(avg_d)
