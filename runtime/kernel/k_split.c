/* k_split.c - pieces of a text between literal separators.
 *
 * For a separator of one byte the mask of its places in a block of 64 bytes stays in the
 * iterator, so a short piece costs a count of trailing zeros; longer ones are searched
 * for piece by piece. */
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
    (void)ctx;
    split_iter *s = it;
    if (!len) p = split_empty; /* an empty text may have no address */
    s->piece = s->next = p;
    s->end = p + len;
    s->mask = 0;
}

FLOW_INLINE int32_t split_give(uint64_t *out, const uint8_t *from, const uint8_t *to) {
    out[0] = (uint64_t)(uintptr_t)from;
    out[1] = (uint64_t)(to - from);
    return 1;
}

/* The next byte `sep`, null if there is none. */
FLOW_INLINE const uint8_t *split_byte(split_iter *s, uint8_t sep) {
    while (!s->mask) {
        const uint8_t *p = s->next;
        if (p >= s->end) return NULL;
        s->mask = k_vec_eq(k_vec_some(p, s->end), sep) & k_vec_live(p, s->end);
        s->next = p + FLOW_LANES;
    }
    const uint8_t *at = s->next - FLOW_LANES + __builtin_ctzll(s->mask);
    s->mask &= s->mask - 1;
    return at;
}

int32_t flow_k_split_text_next(void *it, const uint8_t *sep, int64_t sep_len,
                               uint64_t *out) {
    split_iter *s = it;
    const uint8_t *from = s->piece, *end = s->end;
    if (FLOW_UNLIKELY(!from)) return 0;
    if (FLOW_UNLIKELY(!sep_len)) { /* the code points */
        if (from >= end) return 0;
        s->piece = from + k_utf8_len(*from);
        return split_give(out, from, s->piece);
    }
    const uint8_t *to =
        sep_len == 1 ? split_byte(s, *sep) : k_find(from, end, sep, sep_len);
    s->piece = to ? to + sep_len : NULL;
    return split_give(out, from, to ? to : end);
}
