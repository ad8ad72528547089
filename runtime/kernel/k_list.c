/* k_list.c - functions on lists. */
#include "runtime/kernel/k_list.h"
#include "runtime/kernel/k_compare.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_digest.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_type.h"

FLOW_FAR uint64_t *k_list_add(flow_ctx *ctx, flow_run_list *l) {
    if (l->n == l->room) {
        int64_t room = l->room ? 2 * l->room : 8;
        uint64_t *words = flow_k_alloc(ctx, room * l->size * 8);
        if (l->n) __builtin_memcpy(words, l->words, (size_t)(l->n * l->size * 8));
        l->words = words;
        l->room = room;
    }
    return l->words + l->n++ * l->size;
}

FLOW_INLINE void list_copy(uint64_t *to, const uint64_t *from, int64_t words) {
    for (int64_t i = 0; i < words; i++)
        to[i] = from[i];
}

FLOW_FAR int32_t flow_k_fn_append(flow_ctx *ctx, uint64_t *out, const uint64_t *xs,
                                  int64_t n, const uint64_t *x, const uint8_t *tc) {
    int64_t size = flow_k_type_words(tc);
    uint64_t *words = flow_k_alloc(ctx, (n + 1) * size * 8);
    list_copy(words, xs, n * size);
    list_copy(words + n * size, x, size);
    return k_list_out(out, words, n + 1);
}

FLOW_FAR int32_t flow_k_fn_contains_list(const uint64_t *xs, int64_t n, const uint64_t *x,
                                         const uint8_t *tc) {
    int64_t size = flow_k_type_words(tc);
    for (int64_t i = 0; i < n; i++)
        if (flow_k_equal(xs + i * size, x, tc)) return 1;
    return 0;
}

FLOW_FAR int32_t flow_k_fn_flatten(flow_ctx *ctx, uint64_t *out, const uint64_t *xs,
                                   int64_t n, const uint8_t *tc) {
    int64_t size = flow_k_type_words(tc), total = 0;
    for (int64_t i = 0; i < n; i++)
        total += (int64_t)xs[2 * i + 1];
    uint64_t *words = flow_k_alloc(ctx, total * size * 8), *to = words;
    for (int64_t i = 0; i < n; i++) {
        int64_t count = (int64_t)xs[2 * i + 1] * size;
        list_copy(to, (const uint64_t *)(uintptr_t)xs[2 * i], count);
        to += count;
    }
    return k_list_out(out, words, total);
}

FLOW_FAR int32_t flow_k_fn_reverse_list(flow_ctx *ctx, uint64_t *out, const uint64_t *xs,
                                        int64_t n, const uint8_t *tc) {
    int64_t size = flow_k_type_words(tc);
    uint64_t *words = flow_k_alloc(ctx, n * size * 8);
    for (int64_t i = 0; i < n; i++)
        list_copy(words + i * size, xs + (n - 1 - i) * size, size);
    return k_list_out(out, words, n);
}

/* Merges from[a, b) and from[b, c) into to[a, c); equal elements: the left one first. */
static void list_merge(uint64_t *to, const uint64_t *from, int64_t a, int64_t b,
                       int64_t c, int64_t size, const uint8_t *tc) {
    int64_t left = a, right = b;
    for (int64_t i = a; i < c; i++) {
        int take_left =
            right == c || (left < b && flow_k_compare(from + left * size,
                                                      from + right * size, tc) <= 0);
        list_copy(to + i * size, from + (take_left ? left++ : right++) * size, size);
    }
}

FLOW_FAR int32_t flow_k_fn_sort(flow_ctx *ctx, uint64_t *out, const uint64_t *xs,
                                int64_t n, const uint8_t *tc) {
    int64_t size = flow_k_type_words(tc);
    uint64_t *from = flow_k_alloc(ctx, n * size * 8),
             *to = flow_k_alloc(ctx, n * size * 8);
    list_copy(from, xs, n * size);
    for (int64_t run = 1; run < n; run *= 2) {
        for (int64_t a = 0; a < n; a += 2 * run) {
            int64_t b = a + run < n ? a + run : n, c = b + run < n ? b + run : n;
            list_merge(to, from, a, b, c, size, tc);
        }
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    return k_list_out(out, from, n);
}

/* Elements are looked up by their digest in a table of places, twice as long at least. */
FLOW_FAR int32_t flow_k_fn_unique(flow_ctx *ctx, uint64_t *out, const uint64_t *xs,
                                  int64_t n, const uint8_t *tc) {
    int64_t size = flow_k_type_words(tc), slots = 16, kept = 0;
    while (slots < 2 * n)
        slots *= 2;
    uint64_t *words = flow_k_alloc(ctx, n * size * 8);
    int64_t *places = flow_k_alloc(ctx, slots * 8);
    __builtin_memset(places, 0, (size_t)slots * 8);
    for (int64_t i = 0; i < n; i++) {
        const uint64_t *x = xs + i * size;
        int64_t at = (int64_t)flow_k_digest(x, tc) & (slots - 1);
        while (places[at] && !flow_k_equal(words + (places[at] - 1) * size, x, tc))
            at = (at + 1) & (slots - 1);
        if (places[at]) continue;
        list_copy(words + kept * size, x, size);
        places[at] = ++kept;
    }
    return k_list_out(out, words, kept);
}

FLOW_FAR int32_t flow_k_fn_zip(flow_ctx *ctx, uint64_t *out, const uint64_t *a,
                               int64_t an, const uint64_t *b, int64_t bn,
                               const uint8_t *ta, const uint8_t *tb) {
    int64_t n = an < bn ? an : bn, wa = flow_k_type_words(ta), wb = flow_k_type_words(tb);
    uint64_t *words = flow_k_alloc(ctx, n * (wa + wb) * 8), *to = words;
    for (int64_t i = 0; i < n; i++, to += wa + wb) {
        list_copy(to, a + i * wa, wa);
        list_copy(to + wa, b + i * wb, wb);
    }
    return k_list_out(out, words, n);
}

FLOW_FAR int32_t flow_k_fn_range(flow_ctx *ctx, uint64_t *out, int64_t first,
                                 int64_t last) {
    if (first > last) return k_list_out(out, NULL, 0);
    uint64_t n = (uint64_t)last - (uint64_t)first;
    if (n >= FLOW_RANGE_MAX) return FLOW_E_limit;
    uint64_t *words = flow_k_alloc(ctx, ((int64_t)n + 1) * 8);
    for (uint64_t i = 0; i <= n; i++)
        words[i] = (uint64_t)first + i;
    return k_list_out(out, words, (int64_t)n + 1);
}

/* ---- vectors -------------------------------------------------------------------- */

FLOW_INLINE double list_float(uint64_t word) {
    double v;
    __builtin_memcpy(&v, &word, 8);
    return v;
}

FLOW_INLINE void list_put_float(uint64_t *word, double v) {
    __builtin_memcpy(word, &v, 8);
}

FLOW_FAR int32_t flow_k_fn_add(flow_ctx *ctx, uint64_t *out, const uint64_t *a,
                               int64_t an, const uint64_t *b, int64_t bn) {
    if (an != bn) return FLOW_E_argument;
    uint64_t *words = flow_k_alloc(ctx, an * 8);
    for (int64_t i = 0; i < an; i++)
        list_put_float(words + i, list_float(a[i]) + list_float(b[i]));
    return k_list_out(out, words, an);
}

FLOW_FAR int32_t flow_k_fn_scale(flow_ctx *ctx, uint64_t *out, const uint64_t *a,
                                 int64_t n, double k) {
    uint64_t *words = flow_k_alloc(ctx, n * 8);
    for (int64_t i = 0; i < n; i++)
        list_put_float(words + i, list_float(a[i]) * k);
    return k_list_out(out, words, n);
}

FLOW_FAR int32_t flow_k_fn_dot(flow_ctx *ctx, uint64_t *out, const uint64_t *a,
                               int64_t an, const uint64_t *b, int64_t bn) {
    (void)ctx;
    if (an != bn) return FLOW_E_argument;
    double sum = 0;
    for (int64_t i = 0; i < an; i++)
        sum += list_float(a[i]) * list_float(b[i]);
    list_put_float(out, sum);
    return 0;
}

FLOW_FAR int32_t flow_k_fn_distance(flow_ctx *ctx, uint64_t *out, const uint64_t *a,
                                    int64_t an, const uint64_t *b, int64_t bn) {
    (void)ctx;
    if (an != bn) return FLOW_E_argument;
    double sum = 0;
    for (int64_t i = 0; i < an; i++) {
        double d = list_float(a[i]) - list_float(b[i]);
        sum += d * d;
    }
    list_put_float(out, __builtin_sqrt(sum));
    return 0;
}

FLOW_FAR double flow_k_fn_norm(const uint64_t *a, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += list_float(a[i]) * list_float(a[i]);
    return __builtin_sqrt(sum);
}
