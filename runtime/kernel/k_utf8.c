/* k_utf8.c - UTF-8 by masks of 64 bytes.
 *
 * Validation compares a block with the ranges of lead and continuation bytes and works
 * on the masks: the places where continuations must stand are the leads' masks shifted,
 * and must equal the places where they do stand.  Only the second bytes after E0, ED, F0
 * and F4 are restricted further.  That is a dozen comparisons a block and needs no table
 * lookup, which generic vectors cannot express; an ASCII block costs one comparison. */
#include "runtime/kernel/k_utf8.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_vec.h"

/* What a block owes the next one: places of continuations, and of restricted ones. */
typedef struct utf8_carry {
    uint64_t need, e0, ed, f0, f4;
} utf8_carry;

FLOW_INLINE int utf8_second_ok(flow_v64 v, uint64_t cont, uint64_t live, utf8_carry *c) {
    uint64_t e0 = k_vec_eq(v, 0xE0) & live, ed = k_vec_eq(v, 0xED) & live;
    uint64_t f0 = k_vec_eq(v, 0xF0) & live, f4 = k_vec_eq(v, 0xF4) & live;
    uint64_t below_a0 = k_vec_in(v, 0x80, 0x1F), below_90 = k_vec_in(v, 0x80, 0x0F);
    uint64_t bad = (e0 << 1 | c->e0) & below_a0;
    bad |= (ed << 1 | c->ed) & ~below_a0;
    bad |= (f0 << 1 | c->f0) & below_90;
    bad |= (f4 << 1 | c->f4) & ~below_90;
    c->e0 = e0 >> 63;
    c->ed = ed >> 63;
    c->f0 = f0 >> 63;
    c->f4 = f4 >> 63;
    return !(bad & cont);
}

/* Checks one block whose bytes in `live` count. */
FLOW_INLINE int utf8_block_ok(flow_v64 v, uint64_t live, utf8_carry *c) {
    uint64_t high = k_vec_high(v) & live;
    if (FLOW_LIKELY(!(high | c->need))) return 1;
    uint64_t cont = k_vec_in(v, 0x80, 0x3F) & live;
    uint64_t l2 = k_vec_in(v, 0xC2, 0xDF - 0xC2) & live;
    uint64_t l3 = k_vec_in(v, 0xE0, 0xEF - 0xE0) & live;
    uint64_t l4 = k_vec_in(v, 0xF0, 0xF4 - 0xF0) & live;
    uint64_t l34 = l3 | l4, lead = l2 | l34;
    uint64_t need = lead << 1 | l34 << 2 | l4 << 3 | c->need;
    if ((lead | cont) != high || need != cont) return 0;
    c->need = lead >> 63 | l34 >> 62 | l4 >> 61;
    return utf8_second_ok(v, cont, live, c);
}

FLOW_FAR int32_t flow_k_utf8_valid(const uint8_t *p, int64_t len) {
    const uint8_t *end = flow_text_end(p, len);
    utf8_carry c = {0};
    for (; end - p >= FLOW_LANES; p += FLOW_LANES)
        if (!utf8_block_ok(k_vec_load(p), ~(uint64_t)0, &c)) return 0;
    if (p < end) {
        flow_v64 v = k_vec_some(p, end);
        if (!utf8_block_ok(v, k_low_bits(end - p), &c)) return 0;
        c.need = 0; /* a block with room left shows what is missing itself */
    }
    return !c.need;
}

/* Length of the longest prefix at p that some sequence could begin with; *whole says if
 * it is a whole sequence.  At least 1. */
static int64_t utf8_step(const uint8_t *p, const uint8_t *end, int *whole) {
    uint8_t lead = p[0], lo = 0x80, hi = 0xBF;
    *whole = lead < 0x80;
    if (lead < 0x80 || lead < 0xC2 || lead > 0xF4) return 1;
    if (lead == 0xE0) lo = 0xA0;
    if (lead == 0xED) hi = 0x9F;
    if (lead == 0xF0) lo = 0x90;
    if (lead == 0xF4) hi = 0x8F;
    int64_t n = k_utf8_len(lead), i = 1;
    for (; i < n; i++) {
        if (p + i >= end || p[i] < lo || p[i] > hi) return i;
        lo = 0x80;
        hi = 0xBF;
    }
    *whole = 1;
    return n;
}

FLOW_FAR int64_t flow_k_utf8_error(const uint8_t *p, int64_t len) {
    const uint8_t *q = p, *end = flow_text_end(p, len);
    while (q < end) {
        int whole;
        int64_t n = utf8_step(q, end, &whole);
        if (!whole) break;
        q += n;
    }
    return q - p;
}

FLOW_FAR flow_text flow_k_utf8_replace(flow_ctx *ctx, const uint8_t *p, int64_t len) {
    const uint8_t *end = flow_text_end(p, len);
    uint8_t *out = flow_k_alloc(ctx, len * 3), *o = out;
    while (p < end) {
        int whole;
        int64_t n = utf8_step(p, end, &whole);
        if (whole) {
            for (int64_t i = 0; i < n; i++)
                *o++ = p[i];
        } else {
            o += k_utf8_put(o, 0xFFFD);
        }
        p += n;
    }
    return (flow_text){out, o - out};
}

FLOW_FAR int64_t flow_k_utf8_count(const uint8_t *p, int64_t len) {
    int64_t n = 0, i = 0;
    for (; len - i >= FLOW_LANES; i += FLOW_LANES)
        n += FLOW_LANES - __builtin_popcountll(k_vec_in(k_vec_load(p + i), 0x80, 0x3F));
    for (; i < len; i++)
        n += (p[i] & 0xC0) != 0x80;
    return n;
}
