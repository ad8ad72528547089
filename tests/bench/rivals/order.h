/* order.h - sorts by a number of 64 bits, for the SIMD rivals: a radix sort from the most
 * significant byte, bytes that are the same everywhere passed over, small parts by insertion.
 * Entries with equal keys are left side by side, in any order. */
#ifndef FLOW_BENCH_ORDER_H
#define FLOW_BENCH_ORDER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct entry {
    uint64_t key;
    const void *what;
} entry;

enum { FEW = 32 };

static void order_few(entry *e, size_t n) {
    for (size_t i = 1; i < n; i++) {
        entry moved = e[i];
        size_t k = i;
        for (; k && e[k - 1].key > moved.key; k--) e[k] = e[k - 1];
        e[k] = moved;
    }
}

/* By the bits from shift + 7 down; those above are equal.  `room` is as long as e. */
static void order_from(entry *e, entry *room, size_t n, int shift) {
    if (n <= FEW) {
        order_few(e, n);
        return;
    }
    size_t ends[256] = {0}, at = 0;
    for (size_t i = 0; i < n; i++) ends[e[i].key >> shift & 255]++;
    if (ends[e[0].key >> shift & 255] < n) {
        for (int b = 0; b < 256; b++) {
            size_t start = at;
            at += ends[b];
            ends[b] = start;
        }
        for (size_t i = 0; i < n; i++) room[ends[e[i].key >> shift & 255]++] = e[i];
        memcpy(e, room, n * sizeof *e);
    }
    if (!shift) return;
    size_t start = 0;
    for (int b = 0; b < 256; start = ends[b++])
        if (ends[b] > start) order_from(e + start, room + start, ends[b] - start, shift - 8);
}

static void order(entry *e, entry *room, size_t n) { order_from(e, room, n, 56); }

#endif
