/* words_simd.c - word count as fast as we can make it by hand, on one thread.
 *
 *   words_simd FILE     prints `word,count` lines, ordered by word
 *
 * A word is a run of [0-9A-Za-z_].  64 bytes at a time become a mask of word bytes; where it
 * changes, words begin and end, and those places are written to a list without a branch.  A
 * word of up to 16 bytes is one register, padded with noughts: it stands in its slot of the
 * table, and is compared at once.  The words of 4 KiB are hashed and their slots prefetched
 * before the first is counted.  Longer words have a table of their own, by pointer.  What is
 * put out is sorted by its first eight bytes as a number. */
#include "blocks.h"
#include "digits.h"
#include "order.h"
#include "simd.h"

enum { SPAN = 4096, INLINE = 16 };

/* count 0: empty.  Without `text` lo and hi are the word; else its hash and its length. */
typedef struct slot {
    uint64_t lo, hi;
    int64_t count;
    const char *text;
} slot;

typedef struct table {
    slot *slots;
    size_t used;
    int bits; /* of the hash, its highest, say where a slot is; the table has 2^bits */
} table;

typedef struct staged {
    uint64_t lo, hi, hash;
} staged;

static table words, long_words;

static inline uint64_t mix(uint64_t lo, uint64_t hi) {
    unsigned __int128 m = (unsigned __int128)(lo ^ UINT64_C(0x9E3779B97F4A7C15)) *
                          (hi ^ UINT64_C(0xD1342543DE82EF95));
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t slot_hash(const slot *s) { return s->text ? s->lo : mix(s->lo, s->hi); }

static inline slot *slot_at(const table *t, uint64_t hash) {
    return &t->slots[hash >> (64 - t->bits)];
}

/* At s or, where that is taken, behind it; behind the last slot there is more room. */
static inline void slot_put(slot *s, slot what) {
    while (s->count) s++;
    *s = what;
}

static void table_start(table *t, int bits) {
    *t = (table){.bits = bits, .slots = pages_reserve()};
}

/* Twice as many slots, in place, from the last to the first: a slot's new place is behind
 * all that have not been moved, but for the first few, which wait for the others. */
static void table_grow(table *t) {
    size_t n = (size_t)1 << t->bits++, naside = 0, bytes = t->used * sizeof(slot);
    while (t->slots[n].count) n++;
    slot *aside = pages_new(bytes);
    for (size_t i = n; i-- > 0;) {
        slot moved = t->slots[i];
        if (!moved.count) continue;
        t->slots[i] = (slot){.count = 0};
        slot *s = slot_at(t, slot_hash(&moved));
        if (s < &t->slots[i]) aside[naside++] = moved;
        else slot_put(s, moved);
    }
    for (size_t i = 0; i < naside; i++) slot_put(slot_at(t, slot_hash(&aside[i])), aside[i]);
    pages_free(aside, bytes);
}

static void table_add(table *t, slot *s, slot what) {
    *s = what;
    if (++t->used * 2 > (size_t)1 << t->bits) table_grow(t);
}

/* ---- words -------------------------------------------------------------------------------- */

static inline uint64_t word_bytes(const char *p) {
    chunk c = chunk_at(p);
    return chunk_in(chunk_or(c, chunk_of(0x20)), 'a', 'z') | chunk_in(c, '0', '9') |
           chunk_is(c, '_');
}

static const char *keep(const char *p, size_t n) {
    static char *heap;
    static size_t left;
    if (left < n) {
        left = n > 1 << 20 ? n : 1 << 20;
        heap = pages_new(left);
    }
    char *out = memcpy(heap, p, n);
    heap += n, left -= n;
    return out;
}

static void count_long(const char *p, uint64_t n) {
    uint64_t hash = n, part;
    for (uint64_t i = 0; i + 8 <= n; i += 8) {
        memcpy(&part, p + i, 8);
        hash = mix(hash, part);
    }
    memcpy(&part, p + n - 8, 8);
    hash = mix(hash, part);
    slot *s = slot_at(&long_words, hash);
    for (; s->count; s++)
        if (s->lo == hash && s->hi == n && !memcmp(s->text, p, n)) {
            s->count++;
            return;
        }
    table_add(&long_words, s, (slot){hash, n, 1, keep(p, n)});
}

static inline void count_word(const staged *w) {
    slot *s = slot_at(&words, w->hash);
    for (;; s++) {
        if (s->lo == w->lo && s->hi == w->hi) { /* no word is like an empty slot */
            s->count++;
            return;
        }
        if (!s->count) break;
    }
    table_add(&words, s, (slot){w->lo, w->hi, 1, NULL});
}

/* Words between turns[0] and turns[1], turns[2] and turns[3], ... of the text at base. */
static void count_words(const char *base, const uint32_t *turns, size_t n) {
    static const uint8_t keeps[2 * INLINE] = {255, 255, 255, 255, 255, 255, 255, 255,
                                              255, 255, 255, 255, 255, 255, 255, 255};
    static staged batch[SPAN / 2 + 1];
    staged *end = batch;
    for (size_t i = 0; i < n; i++) {
        const char *p = base + turns[2 * i];
        uint32_t length = turns[2 * i + 1] - turns[2 * i];
        if (__builtin_expect(length > INLINE, 0)) {
            count_long(p, length);
            continue;
        }
        __m128i kept = _mm_loadu_si128((const __m128i *)(keeps + INLINE - length));
        __m128i word = _mm_and_si128(_mm_loadu_si128((const __m128i *)p), kept);
        end->lo = (uint64_t)_mm_cvtsi128_si64(word);
        end->hi = (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(word, word));
        end->hash = mix(end->lo, end->hi);
        __builtin_prefetch(slot_at(&words, end->hash), 1);
        end++;
    }
    for (const staged *w = batch; w < end; w++) count_word(w);
}

static void take_block(const char *base, const char *end) {
    static uint32_t turns[SPAN + 2 * CHUNK];
    uint32_t *to = turns;
    uint64_t before = 0; /* whether the byte before this chunk is a word's */
    for (const char *p = base; p < end;) {
        const char *stop = end - p < SPAN ? end : p + SPAN;
        for (; p < stop; p += CHUNK) {
            uint64_t mask = word_bytes(p) & chunk_within(p, end);
            to = put_places(to, mask ^ (mask << 1 | before), (uint32_t)(p - base));
            before = mask >> 63;
        }
        size_t n = (size_t)(to - turns);
        count_words(base, turns, n / 2);
        turns[0] = turns[n & ~(size_t)1]; /* a word that goes on behind the span */
        to = turns + (n & 1);
    }
}

/* ---- output ------------------------------------------------------------------------------- */

/* What puts words in order that have their first eight bytes in common. */
static int by_word(const void *a, const void *b) {
    const slot *x = ((const entry *)a)->what, *y = ((const entry *)b)->what;
    size_t nx = x->text ? x->hi : strnlen((const char *)x, INLINE);
    size_t ny = y->text ? y->hi : strnlen((const char *)y, INLINE);
    int c = memcmp(x->text ? x->text : (const char *)x, y->text ? y->text : (const char *)y,
                   nx < ny ? nx : ny);
    return c ? c : (nx > ny) - (nx < ny);
}

static entry *put_entries(entry *out, const table *t) {
    for (size_t i = 0; i < (size_t)1 << t->bits || t->slots[i].count; i++) {
        const slot *s = &t->slots[i];
        if (!s->count) continue;
        uint64_t first = s->lo;
        if (s->text) memcpy(&first, s->text, 8);
        *out++ = (entry){__builtin_bswap64(first), s};
    }
    return out;
}

static void print_word(printer *out, const slot *s) {
    char *p = printer_at(out);
    if (s->text) {
        for (size_t at = 0, n; at < s->hi; at += n) {
            p = printer_at(out);
            n = s->hi - at < LONGEST_PRINT / 2 ? s->hi - at : LONGEST_PRINT / 2;
            memcpy(p, s->text + at, n);
            printer_to(out, p += n);
        }
        p = printer_at(out);
    } else {
        memcpy(p, s, INLINE);
        p += strnlen((const char *)s, INLINE);
    }
    *p++ = ',';
    printer_to(out, put_int(out, p, s->count, '\n'));
}

int main(int argc, char **argv) {
    static printer out;
    if (argc != 2) return 2;
    table_start(&words, 16);
    table_start(&long_words, 10);
    for (blocks b = blocks_open(argv[1]); blocks_next(&b);) take_block(b.p, b.end);

    size_t n = words.used + long_words.used;
    entry *all = pages_new((n + 1) * sizeof *all);
    put_entries(put_entries(all, &words), &long_words);
    order(all, n);
    for (size_t i = 0, k; i < n; i = k) {
        for (k = i + 1; k < n && all[k].key == all[i].key; k++) {}
        if (k > i + 1) qsort(all + i, k - i, sizeof *all, by_word);
    }
    printer_start(&out);
    for (size_t i = 0; i < n; i++) print_word(&out, all[i].what);
    printer_flush(&out);
    return 0;
}
