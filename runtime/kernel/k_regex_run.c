/* k_regex_run.c - pieces and matches of a class of bytes, 64 bytes at a time.
 *
 * The bytes of a block become a mask of those in the class, and the mask becomes one of
 * the places where a run begins or ends (the class repeated) or where a byte stands (the
 * class once).  The mask stays in the iteration: a piece then costs two counts of
 * trailing zeros. */
#include "runtime/kernel/k_regex.h"
#include "runtime/kernel/k_vec.h"

/* The words of an iteration. */
enum {
    RE_RUN_BLOCK, /* the block the mask is of, plus 64: the next block */
    RE_RUN_START,
    RE_RUN_END,
    RE_RUN_MASK,  /* places still to be looked at */
    RE_RUN_LAST,  /* 1: the byte before the next block is in the class */
    RE_RUN_PIECE, /* where the next piece begins */
    RE_RUN_DONE,
};

/* Which of the up to 64 bytes at p are in the class. */
static __attribute__((noinline)) uint64_t re_class_mask(const flow_re *re,
                                                        const uint8_t *s,
                                                        const uint8_t *p,
                                                        const uint8_t *end) {
    re_text t = k_re_text(s, end - s);
    return k_re_class_mask(re, t, p);
}

/* The next place, as an offset; the text's length if there is none. */
FLOW_INLINE int64_t re_run_place(const flow_re *re, const uint8_t *s, int64_t len,
                                 int64_t *it) {
    uint64_t m = (uint64_t)it[RE_RUN_MASK];
    while (!m) {
        int64_t at = it[RE_RUN_BLOCK];
        if (at >= len) return len;
        uint64_t in = re_class_mask(re, s, s + at, s + len);
        it[RE_RUN_BLOCK] = at + 64;
        m = in;
        if (re->flags & FLOW_RE_PLUS) {
            m = in ^ (in << 1 | (uint64_t)it[RE_RUN_LAST]);
            if (len - at < 64) m &= ((uint64_t)1 << (len - at)) - 1;
            it[RE_RUN_LAST] = (int64_t)(in >> 63);
        }
    }
    it[RE_RUN_MASK] = (int64_t)(m & (m - 1));
    return it[RE_RUN_BLOCK] - 64 + __builtin_ctzll(m);
}

FLOW_HOT int32_t flow_k_re_run_next(const uint8_t *prog, const uint8_t *s, int64_t len,
                                    int64_t *it) {
    const flow_re *re = (const flow_re *)prog;
    int64_t start = re_run_place(re, s, len, it);
    if (start == len) return 0;
    it[RE_RUN_START] = start;
    it[RE_RUN_END] = re->flags & FLOW_RE_PLUS ? re_run_place(re, s, len, it) : start + 1;
    return 1;
}

FLOW_HOT int32_t flow_k_re_run_piece(const uint8_t *prog, const uint8_t *s, int64_t len,
                                     int64_t *it) {
    const flow_re *re = (const flow_re *)prog;
    if (it[RE_RUN_DONE]) return 0;
    int64_t end = re_run_place(re, s, len, it);
    it[RE_RUN_START] = it[RE_RUN_PIECE];
    it[RE_RUN_END] = end;
    it[RE_RUN_DONE] = end == len;
    if (end < len)
        it[RE_RUN_PIECE] =
            re->flags & FLOW_RE_PLUS ? re_run_place(re, s, len, it) : end + 1;
    return 1;
}
