/* order.h - sorts by a number of 64 bits, for the SIMD rivals: a radix sort in place from the
 * most significant byte (American flag sort), bytes that are the same everywhere passed
 * over, small parts by insertion.  Entries with equal keys are left side by side, in any
 * order. */
#ifndef FLOW_BENCH_ORDER_H
#define FLOW_BENCH_ORDER_H

#include <stddef.h>
#include <stdint.h>

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

/* By the bits from shift + 7 down; those above are equal. */
static void order_from(entry *e, size_t n, int shift) {
    if (n <= FEW) {
        order_few(e, n);
        return;
    }
    size_t at[256], ends[256] = {0}, sum = 0;
    for (size_t i = 0; i < n; i++) ends[e[i].key >> shift & 255]++;
    for (int b = 0; b < 256; b++) {
        at[b] = sum;
        ends[b] = sum += ends[b];
    }
    /* An entry that is out of place is put into its own, from where the next one is taken. */
    for (int b = 0; b < 256; b++)
        while (at[b] < ends[b]) {
            entry moved = e[at[b]];
            for (int to; (to = (int)(moved.key >> shift & 255)) != b;) {
                entry *place = &e[at[to]++], next = *place;
                *place = moved;
                moved = next;
            }
            e[at[b]++] = moved;
        }
    size_t start = 0;
    for (int b = 0; shift && b < 256; start = ends[b++])
        if (ends[b] > start) order_from(e + start, ends[b] - start, shift - 8);
}

static void order(entry *e, size_t n) { order_from(e, n, 56); }

#endif
