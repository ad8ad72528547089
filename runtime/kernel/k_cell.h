/* k_cell.h - what a table looks at of a key: the cell of a text, and hashes.
 *
 * A text of up to TABLE_INLINE bytes is wholly in its cell; of a longer one the first word
 * holds the length and the first bytes, the second its address (k_table.c). */
#ifndef FLOW_KERNEL_K_CELL_H
#define FLOW_KERNEL_K_CELL_H

#include "runtime/kernel/k_hash.h"
#include "runtime/kernel/k_value.h"

#define TABLE_INLINE 12 /* longest text inside a cell */

typedef uint8_t table_v16 __attribute__((vector_size(16)));
typedef uint64_t table_v2 __attribute__((vector_size(16)));

typedef struct table_cell {
    uint64_t lo, hi;
} table_cell;

/* table_ones + 16 - n: n bytes FF, then zeros. */
static const uint8_t table_ones[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                       255, 255, 255, 255, 255, 255, 255, 255};

FLOW_INLINE uint64_t table_fold(uint64_t a, uint64_t b) {
    unsigned __int128 r = (unsigned __int128)a * b;
    return (uint64_t)r ^ (uint64_t)(r >> 64);
}

FLOW_INLINE uint64_t table_turn(uint64_t seed) {
    return (seed >> 32 | seed << 32) ^ 0xA0761D6478BD642Fu;
}

/* Positions are the high bits of a hash, the part kept in the slot its low ones.  Both
 * factors are blinded: a key that knew how to make one of them 0 would hide the other. */
FLOW_INLINE uint64_t table_hash_cell(uint64_t seed, table_cell c) {
    uint64_t h = table_fold(c.lo ^ seed, c.hi ^ table_turn(seed));
    return h * 0x9E3779B97F4A7C15u;
}

FLOW_INLINE uint64_t table_hash_i64(uint64_t seed, int64_t key) {
    return table_fold((uint64_t)key ^ seed, table_turn(seed)) * 0x9E3779B97F4A7C15u;
}

/* The cell of a text of at most TABLE_INLINE bytes: one load, one mask, one shift. */
FLOW_INLINE table_cell table_short(const uint8_t *ptr, int64_t len) {
    table_v16 x, m, zero = {0};
#ifdef FLOW_EXACT
    x = zero;
    __builtin_memcpy(&x, len ? ptr : table_ones, (size_t)len);
#else
    __builtin_memcpy(&x, len ? ptr : table_ones, 16);
#endif
    __builtin_memcpy(&m, table_ones + 16 - len, 16);
    x &= m;
    table_v2 y = (table_v2)__builtin_shufflevector(zero, x, 0, 1, 2, 3, 16, 17, 18, 19,
                                                   20, 21, 22, 23, 24, 25, 26, 27);
    table_cell c = {y[0] | (uint64_t)len, y[1]};
    return c;
}

FLOW_INLINE uint64_t table_hash_text(uint64_t seed, const uint8_t *ptr, int64_t len) {
    if (FLOW_UNLIKELY(len > TABLE_INLINE)) return flow_k_hash_bytes(seed, ptr, len);
    return table_hash_cell(seed, table_short(ptr, len));
}

FLOW_INLINE uint64_t table_differ(const uint8_t *a, const uint8_t *b) {
    uint64_t x, y;
    __builtin_memcpy(&x, a, 8);
    __builtin_memcpy(&y, b, 8);
    return x ^ y;
}

/* Are n bytes the same, 16 to 32 of them?  By words: they were just written as such, and are in
 * registers or would be waited for by a wider load. */
FLOW_INLINE int table_same_wide(const uint8_t *a, const uint8_t *b, int64_t n) {
    return !(table_differ(a, b) | table_differ(a + 8, b + 8) |
             table_differ(a + n - 16, b + n - 16) | table_differ(a + n - 8, b + n - 8));
}

/* What the cell of a longer text has in its first word. */
FLOW_INLINE uint64_t table_long(const uint8_t *ptr, int64_t len) {
    uint32_t prefix;
    __builtin_memcpy(&prefix, ptr, 4);
    return (uint32_t)len | (uint64_t)prefix << 32;
}

#endif
