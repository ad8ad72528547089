/* groups_simd.c - count, sum and greatest value by key as fast as we can make it by hand, on
 * one thread.
 *
 *   groups_simd FILE     lines `key,value`; prints `key,count,sum,max`, by key
 *
 * Commas and newlines of 4 KiB become a list of places, the fields between them words, and
 * eight words at once numbers.  All slots of those rows are prefetched before the first is
 * touched; a slot has 32 bytes, so a row costs one line of the cache.  Keys may be any int64,
 * which is why there is no array by key, though this data would allow it. */
#include "blocks.h"
#include "digits.h"
#include "fields.h"
#include "order.h"

enum { FIELDS = 2, ROWS = SPAN / 4 + 1 }; /* `1,2\n` is the shortest row */

typedef struct slot {
    int64_t key, count, sum, max; /* count 0: empty */
} slot;

static slot *slots;
static size_t used;
static int bits = 12; /* of the hash, its highest, say where a slot is; there are 2^bits */

static inline slot *slot_of(int64_t key) {
    return &slots[(uint64_t)key * UINT64_C(0x9E3779B97F4A7C15) >> (64 - bits)];
}

/* At s or, where that is taken, behind it; behind the last slot there is more room. */
static inline void put(slot *s, slot what) {
    while (s->count) s++;
    *s = what;
}

/* Twice as many slots, in place, from the last to the first: a slot's new place is behind
 * all that have not been moved, but for the first few, which wait for the others. */
static void grow(void) {
    size_t n = (size_t)1 << bits++, naside = 0, bytes = used * sizeof *slots;
    while (slots[n].count) n++;
    slot *aside = pages_new(bytes);
    for (size_t i = n; i-- > 0;) {
        slot moved = slots[i];
        if (!moved.count) continue;
        slots[i].count = 0;
        slot *s = slot_of(moved.key);
        if (s < &slots[i]) aside[naside++] = moved;
        else put(s, moved);
    }
    for (size_t i = 0; i < naside; i++) put(slot_of(aside[i].key), aside[i]);
    pages_free(aside, bytes);
}

static inline void take(int64_t key, int64_t value) {
    slot *s = slot_of(key);
    while (s->count && s->key != key) s++;
    if (!s->count) {
        *s = (slot){key, 1, value, value};
        if (++used * 4 > (size_t)3 << bits) grow();
        return;
    }
    s->count++;
    s->sum += value;
    s->max = value > s->max ? value : s->max;
}

/* See fields.h. */
static void stage_rows(const char *base, const uint32_t *ends, size_t n) {
    static uint64_t keys[ROWS + 8], values[ROWS + 8];
    size_t m = 0;
    for (size_t i = 0; i < n; i++, ends += 2) {
        const char *key = field_at(base, ends), *value = field_at(base, ends + 1);
        uint32_t key_length = field_length(ends), value_length = field_length(ends + 1);
        if (base[ends[1]] != ',' || base[ends[2]] != '\n') exit(1);
        if (digits_fit(key, key_length) && digits_fit(value, value_length)) {
            keys[m] = digits_word(key, key_length);
            values[m++] = digits_word(value, value_length);
        } else {
            take(digits_any(key, base + ends[1]), digits_any(value, base + ends[2]));
        }
    }
    digits_values(keys, m);
    digits_values(values, m);
    for (size_t i = 0; i < m; i++) __builtin_prefetch(slot_of((int64_t)keys[i]), 0, 2);
    for (size_t i = 0; i < m; i++) take((int64_t)keys[i], (int64_t)values[i]);
}

int main(int argc, char **argv) {
    static printer out;
    if (argc != 2) return 2;
    slots = pages_reserve();
    for (blocks b = blocks_open(argv[1]); blocks_next(&b);)
        each_row(b.p, b.end, FIELDS, stage_rows);

    entry *all = pages_new((used + 1) * sizeof *all);
    size_t n = 0;
    for (size_t i = 0; i < (size_t)1 << bits || slots[i].count; i++)
        if (slots[i].count)
            all[n++] = (entry){(uint64_t)slots[i].key ^ (uint64_t)1 << 63, &slots[i]};
    order(all, n);
    printer_start(&out);
    for (size_t i = 0; i < n; i++) {
        enum { AHEAD = 16 };
        __builtin_prefetch(all[i + AHEAD < n ? i + AHEAD : i].what);
        const slot *s = all[i].what;
        char *p = put_int(&out, printer_at(&out), s->key, ',');
        p = put_int(&out, p, s->count, ',');
        p = put_int(&out, p, s->sum, ',');
        printer_to(&out, put_int(&out, p, s->max, '\n'));
    }
    printer_flush(&out);
    return 0;
}
