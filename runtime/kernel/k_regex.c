/* k_regex.c - finding matches: which engine, and from one match to the next.
 *
 * With automata a match takes three passes: forward over the text to the match's end,
 * backward over the match to its start, and, where groups are asked for, forward over the
 * match again.  Each byte is seen a fixed number of times, and only bytes of the match
 * more than once. */
#include "runtime/kernel/k_regex.h"
#include "runtime/kernel/k_regex_dfa.h"
#include "runtime/kernel/k_regex_nfa.h"
#include "runtime/kernel/k_regex_tags.h"
#include "runtime/kernel/k_utf8.h"

static const uint8_t re_nothing[1] = {0};

re_text k_re_text(const uint8_t *s, int64_t len) {
    if (!len) s = re_nothing; /* an empty text may have no address */
    return (re_text){s, s + len};
}

int32_t k_re_any(const flow_re *re, re_text t, const uint8_t *p) {
    if (t.end - p < (int64_t)re->min_len) return 0;
    switch (re->how) {
    case FLOW_RE_LITERAL: return k_re_literal(re, t, p) != NULL;
    case FLOW_RE_RUN: return k_re_class(re, t, p, 1) < t.end;
    default:
        return re->forward ? k_re_forward(re, t, p, 1) != NULL
                           : k_re_threads_any(re, t, p);
    }
}

int32_t k_re_find(flow_ctx *ctx, const flow_re *re, re_text t, const uint8_t *p,
                  const uint8_t **start, const uint8_t **end) {
    if (t.end - p < (int64_t)re->min_len) return 0;
    switch (re->how) {
    case FLOW_RE_LITERAL:
        if (!(*start = k_re_literal(re, t, p))) return 0;
        *end = *start + re->literal.len;
        return 1;
    case FLOW_RE_RUN:
        *start = k_re_class(re, t, p, 1);
        if (*start == t.end) return 0;
        *end = re->flags & FLOW_RE_PLUS ? k_re_class(re, t, *start + 1, 0) : *start + 1;
        return 1;
    case FLOW_RE_DFA:
        if (!(*end = k_re_forward(re, t, p, 0))) return 0;
        *start =
            re->fixed_len >= 0 ? *end - re->fixed_len : k_re_backward(re, t, p, *end);
        return 1;
    default: break;
    }
    int64_t slots[2];
    if (re->forward && !k_re_forward(re, t, p, 1)) return 0;
    if (!k_re_threads(ctx, re, t, p, 0, slots, 2)) return 0;
    *start = t.s + slots[0];
    *end = t.s + slots[1];
    return 1;
}

int32_t k_re_groups(flow_ctx *ctx, const flow_re *re, re_text t, const uint8_t *p,
                    int64_t *slots) {
    const uint8_t *start, *end;
    if (re->how == FLOW_RE_NFA && !re->tagged) {
        if (t.end - p < (int64_t)re->min_len) return 0;
        return k_re_threads(ctx, re, t, p, 0, slots, 2 * re->groups);
    }
    if (!k_re_find(ctx, re, t, p, &start, &end)) return 0;
    slots[0] = start - t.s;
    slots[1] = end - t.s;
    if (re->tagged)
        k_re_tags(re, t, start, end, slots);
    else if (re->groups > 1)
        k_re_threads(ctx, re, t, start, 1, slots, 2 * re->groups);
    return 1;
}

/* ---- from match to match ---------------------------------------------------- */

/* The words of an iteration.  it[1] and it[2] are the last match or piece. */
enum {
    RE_IT_POS, /* where the next search begins; behind the text: no more */
    RE_IT_START,
    RE_IT_END,
    RE_IT_LAST,  /* the end of the last match, plus 1 */
    RE_IT_PIECE, /* where the next piece begins; -1: all were given */
};

/* Takes note of a match; 0 if it does not count: it is empty and touches the last. */
FLOW_INLINE int re_advance(re_text t, int64_t *it, int64_t start, int64_t end) {
    int counts = start != end || start + 1 != it[RE_IT_LAST];
    it[RE_IT_LAST] = end + 1;
    it[RE_IT_POS] = end;
    if (start == end) it[RE_IT_POS] += t.s + end < t.end ? k_utf8_len(t.s[end]) : 1;
    return counts;
}

/* The next match into *start and *end. */
static int re_next(flow_ctx *ctx, const flow_re *re, re_text t, int64_t *it,
                   int64_t *start, int64_t *end) {
    const uint8_t *from, *to;
    while (it[RE_IT_POS] <= t.end - t.s) {
        if (!k_re_find(ctx, re, t, t.s + it[RE_IT_POS], &from, &to)) break;
        *start = from - t.s;
        *end = to - t.s;
        if (re_advance(t, it, *start, *end)) return 1;
    }
    it[RE_IT_POS] = t.end - t.s + 1;
    return 0;
}

int32_t k_re_next_groups(flow_ctx *ctx, const flow_re *re, re_text t, int64_t *it,
                         int64_t *slots) {
    while (it[RE_IT_POS] <= t.end - t.s) {
        if (!k_re_groups(ctx, re, t, t.s + it[RE_IT_POS], slots)) break;
        if (re_advance(t, it, slots[0], slots[1])) return 1;
    }
    it[RE_IT_POS] = t.end - t.s + 1;
    return 0;
}

int32_t flow_k_re_next(flow_ctx *ctx, const uint8_t *re, const uint8_t *s, int64_t len,
                       int64_t *it) {
    return re_next(ctx, (const flow_re *)re, k_re_text(s, len), it, it + RE_IT_START,
                   it + RE_IT_END);
}

int32_t flow_k_re_piece(flow_ctx *ctx, const uint8_t *re, const uint8_t *s, int64_t len,
                        int64_t *it) {
    re_text t = k_re_text(s, len);
    int64_t start, end, piece = it[RE_IT_PIECE];
    if (piece < 0) return 0;
    it[RE_IT_START] = piece;
    while (re_next(ctx, (const flow_re *)re, t, it, &start, &end))
        if (start < end) {
            it[RE_IT_END] = start;
            it[RE_IT_PIECE] = end;
            return 1;
        }
    it[RE_IT_END] = len;
    it[RE_IT_PIECE] = -1;
    return 1;
}
