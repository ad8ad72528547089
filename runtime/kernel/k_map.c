/* k_map.c - sorting the entries of a map, and the builtins on maps.
 *
 * What comes from our own writers is in order already, which one pass finds; else a merge
 * sort from the bottom up: stable, so that "the last of equal keys" can be seen. */
#include "runtime/kernel/k_map.h"
#include "runtime/kernel/k_compare.h"
#include "runtime/kernel/k_list.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_type.h"

FLOW_FAR int32_t k_map_compare(const uint64_t *a, const uint64_t *b, uint8_t key) {
    if (key == 's')
        return flow_k_compare_text((const uint8_t *)(uintptr_t)a[0], (int64_t)a[1],
                                   (const uint8_t *)(uintptr_t)b[0], (int64_t)b[1]);
    int64_t x = (int64_t)a[0], y = (int64_t)b[0];
    return x < y ? -1 : x > y;
}

static void map_copy(uint64_t *to, const uint64_t *from, int64_t words) {
    for (int64_t i = 0; i < words; i++)
        to[i] = from[i];
}

/* Merges from[a, b) and from[b, c) into to[a, c); equal keys: the left one first. */
static void map_merge(uint64_t *to, const uint64_t *from, int64_t a, int64_t b, int64_t c,
                      int64_t words, uint8_t key) {
    int64_t left = a, right = b;
    for (int64_t i = a; i < c; i++) {
        int take_left =
            right == c || (left < b && k_map_compare(from + left * words,
                                                     from + right * words, key) <= 0);
        map_copy(to + i * words, from + (take_left ? left++ : right++) * words, words);
    }
}

static int64_t map_unique(uint64_t *e, int64_t n, int64_t words, uint8_t key) {
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        if (i + 1 < n && !k_map_compare(e + i * words, e + (i + 1) * words, key))
            continue;
        if (kept != i) map_copy(e + kept * words, e + i * words, words);
        kept++;
    }
    return kept;
}

FLOW_FAR int64_t k_map_sort(flow_ctx *ctx, uint64_t *entries, int64_t n, int64_t words,
                            uint8_t key, uint64_t **out) {
    *out = entries;
    int64_t i = 1;
    while (i < n &&
           k_map_compare(entries + (i - 1) * words, entries + i * words, key) < 0)
        i++;
    if (i >= n) return n;
    uint64_t *from = entries, *to = flow_k_alloc(ctx, n * words * 8);
    for (int64_t run = 1; run < n; run *= 2) {
        for (int64_t a = 0; a < n; a += 2 * run) {
            int64_t b = a + run < n ? a + run : n, c = b + run < n ? b + run : n;
            map_merge(to, from, a, b, c, words, key);
        }
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    *out = from;
    return map_unique(from, n, words, key);
}

/* ---- the builtins --------------------------------------------------------------- */

/* The place of a key, or where it would stand; *found says which. */
static int64_t map_find(const uint64_t *m, int64_t n, int64_t words, const uint64_t *key,
                        uint8_t kind, int *found) {
    int64_t low = 0, high = n;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (k_map_compare(m + middle * words, key, kind) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *found = low < n && !k_map_compare(m + low * words, key, kind);
    return low;
}

FLOW_FAR int32_t flow_k_fn_get(flow_ctx *ctx, uint64_t *out, const uint64_t *m, int64_t n,
                               const uint64_t *key, const uint8_t *tk,
                               const uint8_t *tv) {
    (void)ctx;
    int64_t wk = flow_k_type_words(tk), wv = flow_k_type_words(tv);
    /* V? of a value that is optional itself is V: the flag is the value's own. */
    int64_t flag = *tv == '?' ? wv - 1 : wv;
    int found;
    int64_t at = map_find(m, n, wk + wv, key, *tk, &found);
    for (int64_t i = 0; i <= flag; i++)
        out[i] = 0;
    if (!found) return 0;
    out[flag] = 1;
    map_copy(out, m + at * (wk + wv) + wk, wv);
    return 0;
}

FLOW_FAR int32_t flow_k_fn_put(flow_ctx *ctx, uint64_t *out, const uint64_t *m, int64_t n,
                               const uint64_t *key, const uint64_t *value,
                               const uint8_t *tk, const uint8_t *tv) {
    int64_t wk = flow_k_type_words(tk), wv = flow_k_type_words(tv), words = wk + wv;
    int found;
    if (!n) m = key; /* an empty map may have no address */
    int64_t at = map_find(m, n, words, key, *tk, &found), rest = at + found;
    uint64_t *to = flow_k_alloc(ctx, (n + 1) * words * 8);
    map_copy(to, m, at * words);
    map_copy(to + at * words, key, wk);
    map_copy(to + at * words + wk, value, wv);
    map_copy(to + (at + 1) * words, m + rest * words, (n - rest) * words);
    return k_list_out(out, to, n + !found);
}

FLOW_FAR int32_t flow_k_fn_remove(flow_ctx *ctx, uint64_t *out, const uint64_t *m,
                                  int64_t n, const uint64_t *key, const uint8_t *tk,
                                  const uint8_t *tv) {
    int64_t words = flow_k_type_words(tk) + flow_k_type_words(tv);
    int found;
    int64_t at = map_find(m, n, words, key, *tk, &found);
    if (!found) return k_list_out(out, m, n);
    uint64_t *to = flow_k_alloc(ctx, (n - 1) * words * 8);
    map_copy(to, m, at * words);
    map_copy(to + at * words, m + (at + 1) * words, (n - at - 1) * words);
    return k_list_out(out, to, n - 1);
}

/* `part` words of each entry, from word `from` on. */
static int32_t map_part(flow_ctx *ctx, uint64_t *out, const uint64_t *m, int64_t n,
                        int64_t words, int64_t from, int64_t part) {
    uint64_t *to = flow_k_alloc(ctx, n * part * 8);
    for (int64_t i = 0; i < n; i++)
        map_copy(to + i * part, m + i * words + from, part);
    return k_list_out(out, to, n);
}

FLOW_FAR int32_t flow_k_fn_keys(flow_ctx *ctx, uint64_t *out, const uint64_t *m,
                                int64_t n, const uint8_t *tk, const uint8_t *tv) {
    int64_t wk = flow_k_type_words(tk);
    return map_part(ctx, out, m, n, wk + flow_k_type_words(tv), 0, wk);
}

FLOW_FAR int32_t flow_k_fn_values(flow_ctx *ctx, uint64_t *out, const uint64_t *m,
                                  int64_t n, const uint8_t *tk, const uint8_t *tv) {
    int64_t wk = flow_k_type_words(tk), wv = flow_k_type_words(tv);
    return map_part(ctx, out, m, n, wk + wv, wk, wv);
}

FLOW_FAR int32_t flow_k_fn_to_map(flow_ctx *ctx, uint64_t *out, const uint64_t *xs,
                                  int64_t n, const uint8_t *tk, const uint8_t *tv) {
    int64_t words = flow_k_type_words(tk) + flow_k_type_words(tv);
    uint64_t *copy = flow_k_alloc(ctx, n * words * 8), *sorted;
    map_copy(copy, xs, n * words);
    n = k_map_sort(ctx, copy, n, words, *tk, &sorted);
    return k_list_out(out, sorted, n);
}
