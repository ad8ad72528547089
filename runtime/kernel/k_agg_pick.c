/* k_agg_pick.c - aggregates that pick one value: min, max, least, greatest, first, last, arg_min,
 * arg_max.
 *
 * min and max of anything that is not one word keep its key bytes, whose order is the
 * order of values; first, last and arg_* keep it as an encoded row. */
#include "runtime/kernel/k_agg.h"
#include "runtime/kernel/k_agg_form.h"
#include "runtime/kernel/k_compare.h"
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_type.h"

/* ---- min and max: order is -1 for the least, 1 for the greatest
 * -------------------------- */

/* state: the value, whether there is one.  Without a branch: of n values in any order ln n are
 * better than those before, now and then one, which nothing foretells. */
FLOW_INLINE void best_i64(uint64_t *state, int64_t x, int order) {
    int64_t old = (int64_t)state[0];
    int better = !state[1] | (order < 0 ? x < old : x > old);
    state[0] = (uint64_t)(__builtin_unpredictable(better) ? x : old);
    state[1] = 1;
}

FLOW_INLINE __int128 best_decimal_of(const uint64_t *x) {
    return (__int128)((unsigned __int128)x[1] << 64 | x[0]);
}

FLOW_INLINE void best_decimal(uint64_t *state, const uint64_t *x, int order) {
    __int128 a = best_decimal_of(x), old = best_decimal_of(state);
    if (!state[2] || (order < 0 ? a < old : a > old)) {
        state[0] = x[0];
        state[1] = x[1];
    }
    state[2] = 1;
}

/* state: a cell, whether there is one */
FLOW_INLINE void best_text(AGG_HEAD, const uint8_t *ptr, int64_t len, int order) {
    uint64_t old[2];
    flow_k_cell_get(state, old);
    if (!state[2] ||
        flow_k_compare_text(ptr, len, (const uint8_t *)old[0], (int64_t)old[1]) == order)
        flow_k_cell_set(ctx, heap, state, ptr, len);
    state[2] = 1;
}

/* The key bytes are dead after it, unless the state lies in the arena with them. */
static void best_value(AGG_HEAD, const uint64_t *x, const uint8_t *tc, int order) {
    void *mark = flow_k_mark(ctx);
    uint8_t *key = flow_k_alloc(ctx, flow_k_key_bound(x, tc));
    int64_t len = flow_k_key_put(key, x, tc) - key;
    best_text(ctx, heap, state, key, len, order);
    if (heap) flow_k_reset(ctx, mark);
}

FLOW_INLINE void best_cell_out(const uint64_t *state, uint64_t *out) {
    flow_k_cell_get(state, out);
    out[2] = state[2];
}

static void best_value_out(flow_ctx *ctx, const uint64_t *state, uint64_t *out,
                           const uint8_t *tc) {
    int64_t n = flow_k_type_words(tc);
    uint64_t key[2];
    flow_k_cell_get(state, key);
    if (state[2] && key[1])
        flow_k_key_get(ctx, (const uint8_t *)key[0], out, tc);
    else
        __builtin_memset(out, 0, (size_t)n * 8);
    out[n] = state[2];
}

/* Floats are kept as ranks: 0.0 for both zeros, one NaN. */
FLOW_INLINE void best_float_out(const uint64_t *state, uint64_t *out) {
    out[0] = agg_bits(flow_k_unrank_f64((int64_t)state[0]));
    out[1] = state[1];
}

#define AGG_BEST_WORDS(name, order)                                                      \
    AGG_STEP(name##_i, int64_t x) {                                                      \
        best_i64(state, x, order), AGG_UNUSED;                                           \
    }                                                                                    \
    AGG_PARTIAL(name##_i) {                                                              \
        __builtin_memcpy(columns, state, 16), AGG_UNUSED;                                \
    }                                                                                    \
    AGG_MERGE(name##_i) {                                                                \
        if (columns[1]) best_i64(state, (int64_t)columns[0], order);                     \
        AGG_UNUSED;                                                                      \
    }                                                                                    \
    AGG_RESULT(name##_i) {                                                               \
        return __builtin_memcpy(out, state, 16), AGG_UNUSED, 0;                          \
    }                                                                                    \
    AGG_PLAIN(name##_i)                                                                  \
    AGG_STEP(name##_f, double x) {                                                       \
        best_i64(state, flow_k_rank_f64(x), order), AGG_UNUSED;                          \
    }                                                                                    \
    AGG_PARTIAL(name##_f) {                                                              \
        best_float_out(state, columns), AGG_UNUSED;                                      \
    }                                                                                    \
    AGG_MERGE(name##_f) {                                                                \
        if (columns[1]) best_i64(state, flow_k_rank_f64(agg_float(columns[0])), order);  \
        AGG_UNUSED;                                                                      \
    }                                                                                    \
    AGG_RESULT(name##_f) {                                                               \
        return best_float_out(state, out), AGG_UNUSED, 0;                                \
    }                                                                                    \
    AGG_PLAIN(name##_f)                                                                  \
    AGG_STEP(name##_d, const uint64_t *x) {                                              \
        best_decimal(state, x, order), AGG_UNUSED;                                       \
    }                                                                                    \
    AGG_PARTIAL(name##_d) {                                                              \
        __builtin_memcpy(columns, state, 24), AGG_UNUSED;                                \
    }                                                                                    \
    AGG_MERGE(name##_d) {                                                                \
        if (columns[2]) best_decimal(state, columns, order);                             \
        AGG_UNUSED;                                                                      \
    }                                                                                    \
    AGG_RESULT(name##_d) {                                                               \
        return __builtin_memcpy(out, state, 24), AGG_UNUSED, 0;                          \
    }                                                                                    \
    AGG_PLAIN(name##_d)

#define AGG_BEST_BYTES(name, order)                                                      \
    AGG_STEP(name##_s, const uint8_t *ptr, int64_t len) {                                \
        best_text(ctx, heap, state, ptr, len, order), AGG_UNUSED;                        \
    }                                                                                    \
    AGG_PARTIAL(name##_s) {                                                              \
        best_cell_out(state, columns), AGG_UNUSED;                                       \
    }                                                                                    \
    AGG_MERGE(name##_s) {                                                                \
        const uint8_t *ptr = (const uint8_t *)columns[0];                                \
        if (columns[2]) best_text(ctx, heap, state, ptr, (int64_t)columns[1], order);    \
        AGG_UNUSED;                                                                      \
    }                                                                                    \
    AGG_RESULT(name##_s) {                                                               \
        return best_cell_out(state, out), AGG_UNUSED, 0;                                 \
    }                                                                                    \
    AGG_DROP(name##_s) {                                                                 \
        flow_k_cell_drop(ctx, heap, state), AGG_UNUSED;                                  \
        state[2] = 0;                                                                    \
    }                                                                                    \
    AGG_STEP(name##_g, const uint64_t *x) {                                              \
        best_value(ctx, heap, state, x, tc, order);                                      \
    }                                                                                    \
    AGG_PARTIAL(name##_g) {                                                              \
        best_cell_out(state, columns), AGG_UNUSED;                                       \
    }                                                                                    \
    AGG_MERGE(name##_g) {                                                                \
        flow_k_agg_##name##_s_merge(ctx, heap, state, columns, tc);                      \
    }                                                                                    \
    AGG_RESULT(name##_g) {                                                               \
        return best_value_out(ctx, state, out, tc), AGG_UNUSED, 0;                       \
    }                                                                                    \
    AGG_DROP(name##_g) {                                                                 \
        flow_k_agg_##name##_s_drop(ctx, heap, state, tc);                                \
    }

AGG_BEST_WORDS(min, -1)
AGG_BEST_BYTES(min, -1)
AGG_BEST_WORDS(max, 1)
AGG_BEST_BYTES(max, 1)

/* ---- least and greatest ---- */

/* state: the value moved so that no unsigned number is worse than 0, that of a new entry: from the
 * least int upwards, or from the greatest downwards. */
#define FAR_FROM_LEAST    INT64_MAX
#define FAR_FROM_GREATEST INT64_MIN

FLOW_INLINE void far_i64(uint64_t *state, int64_t x, int64_t from) {
    uint64_t old = *state, new = (uint64_t)(x ^ from);
    *state = new > old ? new : old;
}

FLOW_INLINE int64_t far_out(const uint64_t *state, int64_t from) { return (int64_t)*state ^ from; }

/* Parts of floats are their ranks. */
#define AGG_FAR_PARTS(name, from)                                                        \
    AGG_PARTIAL(name) {                                                                  \
        columns[0] = (uint64_t)far_out(state, from), AGG_UNUSED;                         \
    }                                                                                    \
    AGG_MERGE(name) {                                                                    \
        far_i64(state, (int64_t)columns[0], from), AGG_UNUSED;                           \
    }                                                                                    \
    AGG_PLAIN(name)

#define AGG_FAR(name, from)                                                              \
    AGG_STEP(name##_i, int64_t x) {                                                      \
        far_i64(state, x, from), AGG_UNUSED;                                             \
    }                                                                                    \
    AGG_RESULT(name##_i) {                                                               \
        return out[0] = (uint64_t)far_out(state, from), AGG_UNUSED, 0;                   \
    }                                                                                    \
    AGG_FAR_PARTS(name##_i, from)                                                        \
    AGG_STEP(name##_f, double x) {                                                       \
        far_i64(state, flow_k_rank_f64(x), from), AGG_UNUSED;                            \
    }                                                                                    \
    AGG_RESULT(name##_f) {                                                               \
        out[0] = agg_bits(flow_k_unrank_f64(far_out(state, from)));                      \
        return AGG_UNUSED, 0;                                                            \
    }                                                                                    \
    AGG_FAR_PARTS(name##_f, from)

AGG_FAR(least, FAR_FROM_LEAST)
AGG_FAR(greatest, FAR_FROM_GREATEST)

/* ---- first and last -------------------------------------------------------------- */

/* The value of a blob as T?: none where there is none. */
static void pick_blob_out(flow_ctx *ctx, const uint64_t *blob, uint64_t *out,
                          const uint8_t *tc) {
    int64_t n = flow_k_type_words(tc);
    if (blob[0])
        flow_k_blob_get(ctx, blob, out, tc);
    else
        __builtin_memset(out, 0, (size_t)n * 8);
    out[n] = blob[0] != 0;
}

/* taken: whether the value takes the place of what is there. */
#define AGG_PLACE(name, taken)                                                           \
    AGG_STEP(name##_w, int64_t x) {                                                      \
        if (taken(state[1])) state[0] = (uint64_t)x;                                     \
        state[1] = 1;                                                                    \
        AGG_UNUSED;                                                                      \
    }                                                                                    \
    AGG_RESULT(name##_w) {                                                               \
        return __builtin_memcpy(out, state, 16), AGG_UNUSED, 0;                          \
    }                                                                                    \
    AGG_PLAIN(name##_w)                                                                  \
    AGG_STEP(name##_s, const uint8_t *ptr, int64_t len) {                                \
        if (taken(state[2])) flow_k_cell_set(ctx, heap, state, ptr, len);                \
        state[2] = 1;                                                                    \
        AGG_UNUSED;                                                                      \
    }                                                                                    \
    AGG_RESULT(name##_s) {                                                               \
        return best_cell_out(state, out), AGG_UNUSED, 0;                                 \
    }                                                                                    \
    AGG_DROP(name##_s) {                                                                 \
        flow_k_cell_drop(ctx, heap, state), AGG_UNUSED;                                  \
        state[2] = 0;                                                                    \
    }                                                                                    \
    AGG_STEP(name##_g, const uint64_t *x) {                                              \
        if (taken(state[0])) flow_k_blob_set(ctx, heap, state, x, tc);                   \
    }                                                                                    \
    AGG_RESULT(name##_g) {                                                               \
        return pick_blob_out(ctx, state, out, tc), AGG_UNUSED, 0;                        \
    }                                                                                    \
    AGG_DROP(name##_g) {                                                                 \
        flow_k_blob_drop(ctx, heap, state), AGG_UNUSED;                                  \
    }

#define PICK_IF_NONE(has) (!(has))
#define PICK_ALWAYS(has)  1
AGG_PLACE(first, PICK_IF_NONE)
AGG_PLACE(last, PICK_ALWAYS)

/* ---- the value where a key is least or greatest
 * -------------------------------------------- */

/* state: key, whether there is one, blob; class s: the key is a cell.  Of equal keys the
 * first counts. */
#define AGG_ARG(name, order)                                                             \
    AGG_STEP(name##_i, int64_t k, const uint64_t *v) {                                   \
        int64_t old = (int64_t)state[0];                                                 \
        if (state[1] && ((order) < 0 ? k >= old : k <= old)) return;                     \
        state[0] = (uint64_t)k;                                                          \
        state[1] = 1;                                                                    \
        flow_k_blob_set(ctx, heap, state + 2, v, tc);                                    \
    }                                                                                    \
    AGG_RESULT(name##_i) {                                                               \
        return pick_blob_out(ctx, state + 2, out, tc), AGG_UNUSED, 0;                    \
    }                                                                                    \
    AGG_DROP(name##_i) {                                                                 \
        flow_k_blob_drop(ctx, heap, state + 2), AGG_UNUSED;                              \
        state[0] = state[1] = 0;                                                         \
    }                                                                                    \
    AGG_STEP(name##_s, const uint8_t *k, int64_t klen, const uint64_t *v) {              \
        uint64_t old[2];                                                                 \
        flow_k_cell_get(state, old);                                                     \
        if (state[2] && flow_k_compare_text(k, klen, (const uint8_t *)old[0],            \
                                            (int64_t)old[1]) != (order))                 \
            return;                                                                      \
        flow_k_cell_set(ctx, heap, state, k, klen);                                      \
        state[2] = 1;                                                                    \
        flow_k_blob_set(ctx, heap, state + 3, v, tc);                                    \
    }                                                                                    \
    AGG_RESULT(name##_s) {                                                               \
        return pick_blob_out(ctx, state + 3, out, tc), AGG_UNUSED, 0;                    \
    }                                                                                    \
    AGG_DROP(name##_s) {                                                                 \
        flow_k_cell_drop(ctx, heap, state), AGG_UNUSED;                                  \
        flow_k_blob_drop(ctx, heap, state + 3);                                          \
        state[2] = 0;                                                                    \
    }

AGG_ARG(arg_min, -1)
AGG_ARG(arg_max, 1)

/* As arg_max, but of equal keys the last counts: last by event time. */
AGG_STEP(arg_last_i, int64_t k, const uint64_t *v) {
    if (state[1] && k < (int64_t)state[0]) return;
    state[0] = (uint64_t)k;
    state[1] = 1;
    flow_k_blob_set(ctx, heap, state + 2, v, tc);
}
AGG_RESULT(arg_last_i) {
    return flow_k_agg_arg_max_i_result(ctx, heap, state, out, tc);
}
AGG_DROP(arg_last_i) {
    flow_k_agg_arg_max_i_drop(ctx, heap, state, tc);
}
