/* k_agg_list.c - aggregates that keep many values: sets, lists, joined text, histograms.
 *
 * Lists and joined text grow in one piece of memory whose size is the next power of two,
 * so the state needs no word for it. */
#include "runtime/kernel/k_agg.h"
#include "runtime/kernel/k_agg_form.h"
#include "runtime/kernel/k_compare.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_set.h"
#include "runtime/kernel/k_type.h"

int32_t flow_k_agg_room(const uint64_t *state, int64_t limit) {
    return (int64_t)(state[1] & FLOW_SET_COUNT) < limit ? 0 : FLOW_E_limit;
}

/* ---- sets ------------------------------------------------------------------------ */

FLOW_INLINE int32_t set_count_out(const uint64_t *state, uint64_t *out) {
    out[0] = (uint64_t)k_set_count(state);
    return 0;
}

#define AGG_SET(name, texts)                                                             \
    AGG_PARTIAL(name) {                                                                  \
        k_set_bytes(ctx, state, texts, columns), AGG_UNUSED;                             \
    }                                                                                    \
    AGG_MERGE(name) {                                                                    \
        k_set_merge(ctx, heap, state, texts, columns), AGG_UNUSED;                       \
    }                                                                                    \
    AGG_DROP(name) {                                                                     \
        k_set_drop(ctx, heap, state, texts), AGG_UNUSED;                                 \
    }

/* Equal floats are to be one value. */
AGG_STEP(count_distinct_w, int64_t x) {
    if (tc && *tc == 'f') x = flow_k_rank_f64(agg_float((uint64_t)x));
    k_set_add_i64(ctx, heap, state, x);
}
AGG_RESULT(count_distinct_w) {
    return AGG_UNUSED, set_count_out(state, out);
}
AGG_SET(count_distinct_w, 0)

AGG_STEP(count_distinct_s, const uint8_t *ptr, int64_t len) {
    k_set_add_text(ctx, heap, state, ptr, len), AGG_UNUSED;
}
AGG_RESULT(count_distinct_s) {
    return AGG_UNUSED, set_count_out(state, out);
}
AGG_SET(count_distinct_s, 1)

FLOW_FAR AGG_STEP(count_distinct_g, const uint64_t *x) {
    void *mark = flow_k_mark(ctx);
    uint8_t *key = flow_k_alloc(ctx, flow_k_key_bound(x, tc));
    int64_t len = flow_k_key_put(key, x, tc) - key;
    k_set_add_text(ctx, heap, state, key, len);
    if (heap) flow_k_reset(ctx, mark);
}
AGG_RESULT(count_distinct_g) {
    return AGG_UNUSED, set_count_out(state, out);
}
AGG_SET(count_distinct_g, 1)

FLOW_FAR AGG_STEP(collect_set_g, const uint64_t *x) {
    flow_k_agg_count_distinct_g_step(ctx, heap, state, x, tc);
}
FLOW_FAR AGG_RESULT(collect_set_g) {
    int64_t n = flow_k_type_words(tc), count = k_set_count(state);
    uint64_t *list = flow_k_alloc(ctx, count * n * 8), key[2];
    const uint64_t **cells = k_set_sorted(ctx, state);
    for (int64_t i = 0; i < count; i++) {
        flow_k_cell_get(cells[i], key);
        flow_k_key_get(ctx, (const uint8_t *)key[0], list + i * n, tc);
    }
    out[0] = count ? (uint64_t)list : 0;
    out[1] = (uint64_t)count;
    return AGG_UNUSED, 0;
}
AGG_SET(collect_set_g, 1)

/* ---- what grows at its end: address, count of values, bytes
 * ------------------------------- */

FLOW_INLINE int64_t list_room(int64_t bytes) {
    if (bytes <= 32) return bytes ? 32 : 0;
    return (int64_t)1 << (64 - __builtin_clzll((uint64_t)bytes - 1));
}

/* Room for more bytes behind those there are, which it counts. */
static uint8_t *list_extend(AGG_HEAD, int64_t bytes) {
    int64_t used = (int64_t)state[2], old = list_room(used),
            room = list_room(used + bytes);
    if (!old && room)
        state[0] = (uint64_t)flow_k_heap_alloc(ctx, heap, room);
    else if (room != old)
        state[0] = (uint64_t)flow_k_heap_resize(ctx, heap, (void *)state[0], old, room);
    state[2] += (uint64_t)bytes;
    return (uint8_t *)state[0] + used;
}

static void list_drop(AGG_HEAD) {
    int64_t room = list_room((int64_t)state[2]);
    if (room) flow_k_heap_free(ctx, heap, (void *)state[0], room);
    state[0] = state[1] = state[2] = 0;
}

/* Values without addresses stand word by word, others as encoded rows. */
FLOW_FAR AGG_STEP(collect_g, const uint64_t *x) {
    state[1]++;
    if (flow_k_type_flat(tc)) {
        int64_t n = flow_k_type_words(tc) * 8;
        if (n) __builtin_memcpy(list_extend(ctx, heap, state, n), x, (size_t)n);
        return;
    }
    int64_t size = flow_k_row_measure(8, x, tc);
    uint8_t *to = list_extend(ctx, heap, state, size);
    uint8_t *draft = flow_k_alloc(ctx, size + FLOW_SLACK);
    flow_k_row_write(draft, 8, x, tc);
    __builtin_memcpy(to, draft, (size_t)size);
    flow_k_reset(ctx, draft);
}

FLOW_FAR AGG_RESULT(collect_g) {
    int64_t n = flow_k_type_words(tc), count = (int64_t)state[1];
    out[0] = state[0];
    out[1] = (uint64_t)count;
    AGG_UNUSED;
    if (flow_k_type_flat(tc)) return 0;
    uint64_t *list = flow_k_alloc(ctx, count * n * 8);
    const uint8_t *row = (const uint8_t *)state[0];
    out[0] = count ? (uint64_t)list : 0;
    for (int64_t i = 0; i < count; i++, row = flow_k_row_next(row))
        flow_k_row_read(ctx, row, 8, list + i * n, tc);
    return 0;
}
AGG_DROP(collect_g) {
    list_drop(ctx, heap, state), AGG_UNUSED;
}

FLOW_FAR AGG_STEP(concat_s, const uint8_t *ptr, int64_t len, const uint8_t *sep,
                  int64_t sep_len) {
    if (!state[1]++) sep_len = 0;
    if (sep_len + len == 0) return;
    uint8_t *to = list_extend(ctx, heap, state, sep_len + len);
    if (sep_len) __builtin_memcpy(to, sep, (size_t)sep_len);
    if (len) __builtin_memcpy(to + sep_len, ptr, (size_t)len);
    AGG_UNUSED;
}
AGG_RESULT(concat_s) {
    out[0] = state[0];
    out[1] = state[2];
    return AGG_UNUSED, 0;
}
AGG_DROP(concat_s) {
    list_drop(ctx, heap, state), AGG_UNUSED;
}

/* ---- histograms: address and number of bins
 * ------------------------------------------------ */

/* A state that was loaded has as many as it says: what goes beyond them is in none. */
static uint64_t *bins_of(AGG_HEAD, int64_t bins) {
    if (!state[1]) {
        state[0] = (uint64_t)flow_k_heap_alloc(ctx, heap, bins * 8);
        state[1] = (uint64_t)bins;
        __builtin_memset((void *)state[0], 0, (size_t)bins * 8);
    }
    return (uint64_t *)state[0];
}

/* floor(a * b / c) for a < c, all positive; the product may have 128 bits. */
static uint64_t bins_ratio(uint64_t a, uint64_t b, uint64_t c) {
    unsigned __int128 p = (unsigned __int128)a * b;
    uint64_t q = 0, rest = 0;
    if (!(p >> 64)) return (uint64_t)p / c;
    for (int i = 127; i >= 0; i--) {
        uint64_t carry = rest >> 63;
        rest = rest << 1 | (uint64_t)(p >> i & 1);
        q <<= 1;
        if (carry || rest >= c) {
            rest -= c;
            q |= 1;
        }
    }
    return q;
}

FLOW_FAR AGG_STEP(histogram_i, int64_t x, int64_t lo, int64_t hi, int64_t bins) {
    uint64_t *b = bins_of(ctx, heap, state, bins);
    AGG_UNUSED;
    if (x < lo || x >= hi) return;
    uint64_t i = bins_ratio((uint64_t)x - (uint64_t)lo, (uint64_t)bins,
                            (uint64_t)hi - (uint64_t)lo);
    if (i < state[1]) b[i]++;
}

FLOW_FAR AGG_BACK(histogram_i, int64_t x, int64_t lo, int64_t hi, int64_t bins) {
    uint64_t *b = bins_of(ctx, heap, state, bins);
    AGG_UNUSED;
    if (x < lo || x >= hi) return;
    uint64_t i = bins_ratio((uint64_t)x - (uint64_t)lo, (uint64_t)bins,
                            (uint64_t)hi - (uint64_t)lo);
    if (i < state[1]) b[i]--;
}

FLOW_INLINE int64_t bins_index(double x, double lo, double hi, int64_t bins) {
    int64_t i = (int64_t)((x - lo) / (hi - lo) * (double)bins);
    return i < bins ? i : bins - 1;
}

AGG_STEP(histogram_f, double x, double lo, double hi, int64_t bins) {
    uint64_t *b = bins_of(ctx, heap, state, bins);
    AGG_UNUSED;
    if (!(x >= lo && x < hi)) return;
    int64_t i = bins_index(x, lo, hi, bins);
    if (i < (int64_t)state[1]) b[i]++;
}

AGG_BACK(histogram_f, double x, double lo, double hi, int64_t bins) {
    uint64_t *b = bins_of(ctx, heap, state, bins);
    AGG_UNUSED;
    if (!(x >= lo && x < hi)) return;
    int64_t i = bins_index(x, lo, hi, bins);
    if (i < (int64_t)state[1]) b[i]--;
}

static void bins_bytes(const uint64_t *state, uint64_t *columns) {
    columns[0] = state[0];
    columns[1] = state[1] * 8;
}

static void bins_merge(AGG_HEAD, const uint64_t *columns) {
    int64_t n = (int64_t)(columns[1] / 8);
    if (!n) return;
    uint64_t *b = bins_of(ctx, heap, state, n), more;
    for (int64_t i = 0; i < n && i < (int64_t)state[1]; i++) {
        __builtin_memcpy(&more, (const uint8_t *)columns[0] + 8 * i, 8);
        b[i] += more;
    }
}

#define AGG_BINS(name)                                                                   \
    AGG_PARTIAL(name) {                                                                  \
        bins_bytes(state, columns), AGG_UNUSED;                                          \
    }                                                                                    \
    AGG_MERGE(name) {                                                                    \
        bins_merge(ctx, heap, state, columns), AGG_UNUSED;                               \
    }                                                                                    \
    AGG_RESULT(name) {                                                                   \
        return __builtin_memcpy(out, state, 16), AGG_UNUSED, 0;                          \
    }                                                                                    \
    AGG_DROP(name) {                                                                     \
        int64_t bytes = (int64_t)state[1] * 8;                                           \
        if (bytes) flow_k_heap_free(ctx, heap, (void *)state[0], bytes);                 \
        state[0] = state[1] = 0;                                                         \
        AGG_UNUSED;                                                                      \
    }
AGG_BINS(histogram_i)
AGG_BINS(histogram_f)
