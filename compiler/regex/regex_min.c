/* regex_min.c - the smallest automaton, by Moore's refinement.
 *
 * Blocks of states that look alike are split by where they lead until nothing changes.
 * Hopcroft's method has the better bound, but for the few hundred states that a regex
 * has, rounds are few; a bound on their work keeps odd cases short, and a larger
 * automaton is still a right one. */
#include "compiler/regex/regex_min.h"

#include <string.h>

#define MAX_WORK 20000000u

typedef struct refine {
    const re_dfa *d;
    uint32_t *block, *fresh; /* [state] */
    uint32_t *slots;         /* state + 1 that stands for its new block */
    size_t mask;
} refine;

static uint64_t row_hash(const refine *r, uint32_t s) {
    const uint32_t *row = r->d->next + (size_t)s * r->d->stride;
    uint64_t h = r->block[s] + 1;
    for (uint32_t c = 0; c < r->d->stride; c++) {
        h = (h ^ r->block[row[c]]) * 0x9E3779B97F4A7C15u;
        h ^= h >> 29;
    }
    return h;
}

static int same_row(const refine *r, uint32_t s, uint32_t t) {
    const uint32_t *a = r->d->next + (size_t)s * r->d->stride;
    const uint32_t *b = r->d->next + (size_t)t * r->d->stride;
    if (r->block[s] != r->block[t]) return 0;
    for (uint32_t c = 0; c < r->d->stride; c++)
        if (r->block[a[c]] != r->block[b[c]]) return 0;
    return 1;
}

/* One round; returns the number of blocks. */
static uint32_t split_blocks(refine *r) {
    uint32_t n = 0;
    memset(r->slots, 0, (r->mask + 1) * sizeof *r->slots);
    for (uint32_t s = 0; s < r->d->states; s++) {
        size_t h = row_hash(r, s) & r->mask;
        while (r->slots[h] && !same_row(r, r->slots[h] - 1, s))
            h = (h + 1) & r->mask;
        if (!r->slots[h]) {
            r->slots[h] = s + 1;
            r->fresh[s] = n++;
        } else {
            r->fresh[s] = r->fresh[r->slots[h] - 1];
        }
    }
    uint32_t *swap = r->block;
    r->block = r->fresh;
    r->fresh = swap;
    return n;
}

static void merge_states(arena_t *a, re_dfa *d, const uint32_t *block, uint32_t n) {
    uint32_t *next = ARENA_ARRAY(a, uint32_t, (size_t)n * d->stride);
    uint8_t *match = ARENA_ARRAY(a, uint8_t, n);
    for (uint32_t s = 0; s < d->states; s++) {
        match[block[s]] = d->match[s];
        for (uint32_t c = 0; c < d->stride; c++)
            next[(size_t)block[s] * d->stride + c] =
                block[d->next[(size_t)s * d->stride + c]];
    }
    for (int i = 0; i < 4; i++)
        d->start[i] = block[d->start[i]];
    d->dead = block[d->dead];
    d->states = n;
    d->next = next;
    d->match = match;
}

static int same_column(const re_dfa *d, uint32_t a, uint32_t b) {
    for (uint32_t s = 0; s < d->states; s++)
        if (d->next[(size_t)s * d->stride + a] != d->next[(size_t)s * d->stride + b])
            return 0;
    return 1;
}

/* Merges equal columns; the last, the edge of the text, stays on its own. */
static void merge_classes(re_dfa *d) {
    uint32_t keep[257], to[257], n = 0, classes = d->stride - 1;
    for (uint32_t c = 0; c < classes; c++) {
        uint32_t k = 0;
        while (k < n && !same_column(d, keep[k], c))
            k++;
        if (k == n) keep[n++] = c;
        to[c] = k;
    }
    keep[n] = classes;
    for (uint32_t s = 0; s < d->states; s++)
        for (uint32_t k = 0; k <= n; k++)
            d->next[(size_t)s * (n + 1) + k] = d->next[(size_t)s * d->stride + keep[k]];
    for (int b = 0; b < 256; b++)
        d->classes[b] = (uint8_t)to[d->classes[b]];
    d->stride = n + 1;
}

void dfa_minimise(arena_t *a, re_dfa *d) {
    refine r = {.d = d, .mask = 63};
    while (r.mask < 2 * (size_t)d->states)
        r.mask = r.mask * 2 + 1;
    r.slots = ARENA_ARRAY(a, uint32_t, r.mask + 1);
    r.block = ARENA_ARRAY(a, uint32_t, d->states);
    r.fresh = ARENA_ARRAY(a, uint32_t, d->states);
    for (uint32_t s = 0; s < d->states; s++)
        r.block[s] = d->match[s];
    uint64_t work = 0;
    for (uint32_t blocks = 0, before = 1; blocks != before;) {
        before = blocks;
        blocks = split_blocks(&r);
        work += (uint64_t)d->states * d->stride;
        if (work > MAX_WORK) {
            blocks = before = d->states;
            for (uint32_t s = 0; s < d->states; s++)
                r.block[s] = s;
        }
        if (blocks == before) merge_states(a, d, r.block, blocks);
    }
    merge_classes(d);
}
