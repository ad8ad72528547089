/* k_map.c - sorting the entries of a map, and the builtins on maps.
 *
 * What comes from our own writers is in order already, which one pass finds; else a merge
 * sort from the bottom up: stable, so that "the last of equal keys" can be seen. */
#include "runtime/kernel/k_map.h"
#include "runtime/kernel/k_compare.h"
#include "runtime/kernel/k_mem.h"

int32_t k_map_compare(const uint64_t *a, const uint64_t *b, uint8_t key) {
    if (key == 's')
        return flow_k_compare_text((const uint8_t *)(uintptr_t)a[0], (int64_t)a[1],
                                   (const uint8_t *)(uintptr_t)b[0], (int64_t)b[1]);
    int64_t x = (int64_t)a[0], y = (int64_t)b[0];
    return x < y ? -1 : x > y;
}

static void map_copy(uint64_t *to, const uint64_t *from, int64_t words) {
    for (int64_t i = 0; i < words; i++) to[i] = from[i];
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
        if (i + 1 < n && !k_map_compare(e + i * words, e + (i + 1) * words, key)) continue;
        if (kept != i) map_copy(e + kept * words, e + i * words, words);
        kept++;
    }
    return kept;
}

int64_t k_map_sort(flow_ctx *ctx, uint64_t *entries, int64_t n, int64_t words, uint8_t key,
                   uint64_t **out) {
    *out = entries;
    int64_t i = 1;
    while (i < n && k_map_compare(entries + (i - 1) * words, entries + i * words, key) < 0)
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
