/* k_split.c - pieces of a text between separators.
 *
 * The text is looked at in blocks of 64 bytes; the mask of a block's separators stays in
 * the iterator, so a short piece costs a count of trailing zeros. */
#include "runtime/kernel/k_split.h"
#include "runtime/kernel/k_find.h"
#include "runtime/kernel/k_utf8.h"
#include "runtime/kernel/k_vec.h"

typedef struct split_iter {
    const uint8_t *piece; /* where the next piece begins; null: all were given */
    const uint8_t *end;   /* of the text */
    const uint8_t *next;  /* the block after the one that `mask` describes */
    uint64_t mask;        /* separators of that block, from `piece` on */
} split_iter;

_Static_assert(sizeof(split_iter) <= FLOW_ITER_WORDS * 8, "iterator memory");

static const uint8_t split_empty[1] = {0};

void flow_k_split_open(flow_ctx *ctx, void *it, const uint8_t *p, int64_t len) {
    split_iter *s = it;
    if (!len) p = split_empty; /* an empty text may have no address */
    s->piece = s->next = p;
    s->end = p + len;
    s->mask = 0;
    (void)ctx;
}

FLOW_INLINE int32_t split_give(uint64_t *out, const uint8_t *from, const uint8_t *to) {
    out[0] = (uint64_t)(uintptr_t)from;
    out[1] = (uint64_t)(to - from);
    return 1;
}

/* Classes without ranges are rare: byte by byte. */
static uint64_t split_bitmap(const uint8_t *p, int64_t n, const uint8_t *cls) {
    uint64_t m = 0;
    for (int64_t i = 0; i < n; i++)
        m |= (uint64_t)(cls[p[i] >> 3] >> (p[i] & 7) & 1) << i;
    return m;
}

/* The separators of the next block, which is left behind; next < end. */
FLOW_INLINE uint64_t split_block(split_iter *s, const uint8_t *cls) {
    const uint8_t *p = s->next;
    int64_t left = s->end - p, n = cls[33];
    uint64_t live = left < FLOW_LANES ? k_low_bits(left) : ~(uint64_t)0;
    s->next = p + FLOW_LANES;
    if (FLOW_UNLIKELY(!n)) return split_bitmap(p, left < FLOW_LANES ? left : FLOW_LANES, cls);
    flow_v64 v = k_vec_some(p, s->end);
    uint64_t m = 0;
    for (int64_t i = 0; i < n; i++) {
        const uint8_t *r = cls + 34 + 2 * i;
        m |= k_vec_in(v, r[0], (uint8_t)(r[1] - r[0]));
    }
    if (cls[32] & FLOW_CLASS_COMPLEMENT) m = ~m;
    return m & live;
}

/* A run of separators reaches the end of its block: the piece begins in a later one. */
static void split_run(split_iter *s, const uint8_t *cls) {
    while (s->next < s->end) {
        s->mask = split_block(s, cls);
        if (!~s->mask) continue;
        int64_t n = __builtin_ctzll(~s->mask);
        s->mask &= ~k_low_bits(n);
        s->piece = s->next - FLOW_LANES + n;
        return;
    }
    s->mask = 0;
    s->piece = s->end;
}

int32_t flow_k_split_class_next(void *it, const uint8_t *cls, uint64_t *out) {
    split_iter *s = it;
    const uint8_t *from = s->piece;
    if (FLOW_UNLIKELY(!from)) return 0;
    while (!s->mask) {
        if (s->next >= s->end) {
            s->piece = NULL;
            return split_give(out, from, s->end);
        }
        s->mask = split_block(s, cls);
    }
    int64_t n = __builtin_ctzll(s->mask);
    const uint8_t *to = s->next - FLOW_LANES + n;
    split_give(out, from, to);
    uint64_t after = ~(s->mask >> n);
    if (!(cls[32] & FLOW_CLASS_RUNS)) {
        s->mask &= s->mask - 1;
        s->piece = to + 1;
    } else if (FLOW_LIKELY(after && n + __builtin_ctzll(after) < FLOW_LANES)) {
        int64_t run = __builtin_ctzll(after);
        s->mask &= ~k_low_bits(n + run);
        s->piece = to + run;
    } else {
        split_run(s, cls);
    }
    return 1;
}

int32_t flow_k_split_text_next(void *it, const uint8_t *sep, int64_t sep_len,
                               uint64_t *out) {
    split_iter *s = it;
    const uint8_t *from = s->piece, *end = s->end;
    if (FLOW_UNLIKELY(!from)) return 0;
    if (!sep_len) { /* the code points */
        if (from >= end) return 0;
        s->piece = from + k_utf8_len(*from);
        return split_give(out, from, s->piece);
    }
    const uint8_t *to = k_find(from, end, sep, sep_len);
    s->piece = to ? to + sep_len : NULL;
    return split_give(out, from, to ? to : end);
}
