/* k_regex.c - finding matches: which engine, and from one match to the next.
 *
 * With automata a match takes three passes: forward over the text to the match's end,
 * backward over the match to its start, and, where groups are asked for, forward over the
 * match again.  Each byte is seen a fixed number of times, and only bytes of the match
 * more than once. */
#include "runtime/kernel/k_regex.h"
#include "runtime/kernel/k_regex_dfa.h"
#include "runtime/kernel/k_regex_nfa.h"
#include "runtime/kernel/k_regex_sweep.h"
#include "runtime/kernel/k_regex_tags.h"
#include "runtime/kernel/k_utf8.h"

static const uint8_t re_nothing[1] = {0};

re_text k_re_text(const uint8_t *s, int64_t len) {
    if (!len) s = re_nothing; /* an empty text may have no address */
    return (re_text){s, s + len};
}

/* Can the text from p on hold a match at all? */
FLOW_INLINE int re_may_match(const flow_re *re, re_text t, const uint8_t *p) {
    if (t.end - p < (int64_t)re->min_len) return 0;
    return re->pre != FLOW_RE_PRE_NEEDS || k_re_literal(re, t, p) != NULL;
}

int32_t k_re_any(const flow_re *re, re_text t, const uint8_t *p) {
    if (!re_may_match(re, t, p)) return 0;
    const uint8_t *seen;
    switch (re->how) {
    case FLOW_RE_LITERAL: return k_re_literal(re, t, p) != NULL;
    case FLOW_RE_RUN: return k_re_class(re, t, p, 1) < t.end;
    default:
        return re->forward ? k_re_forward(re, t, p, 1, &seen) != NULL
                           : k_re_threads_any(re, t, p);
    }
}

/* The first match from p on; *seen is how far the search looked. */
static int32_t re_search(flow_ctx *ctx, const flow_re *re, re_text t, const uint8_t *p,
                         const uint8_t **start, const uint8_t **end,
                         const uint8_t **seen) {
    if (!re_may_match(re, t, p)) return 0;
    switch (re->how) {
    case FLOW_RE_LITERAL:
        if (!(*start = k_re_literal(re, t, p))) return 0;
        *end = *seen = *start + re->literal.len;
        return 1;
    case FLOW_RE_RUN:
        *start = k_re_class(re, t, p, 1);
        if (*start == t.end) return 0;
        *end = re->flags & FLOW_RE_PLUS ? k_re_class(re, t, *start + 1, 0) : *start + 1;
        *seen = *end;
        return 1;
    case FLOW_RE_DFA:
        if (!(*end = k_re_forward(re, t, p, 0, seen))) return 0;
        *start =
            re->fixed_len >= 0 ? *end - re->fixed_len : k_re_backward(re, t, p, *end);
        return 1;
    default: break;
    }
    int64_t slots[2];
    if (re->forward && !k_re_forward(re, t, p, 1, seen)) return 0;
    if (!k_re_threads(ctx, re, t, p, 0, slots, 2, seen)) return 0;
    *start = t.s + slots[0];
    *end = t.s + slots[1];
    return 1;
}

/* The same with groups. */
static int32_t re_search_groups(flow_ctx *ctx, const flow_re *re, re_text t,
                                const uint8_t *p, int64_t *slots, const uint8_t **seen) {
    const uint8_t *start, *end, *ignored;
    if (re->how == FLOW_RE_NFA && !re->tagged) {
        if (!re_may_match(re, t, p)) return 0;
        return k_re_threads(ctx, re, t, p, 0, slots, 2 * re->groups, seen);
    }
    if (!re_search(ctx, re, t, p, &start, &end, seen)) return 0;
    for (int64_t i = 2; i < 2 * re->groups; i++)
        slots[i] = -1;
    slots[0] = start - t.s;
    slots[1] = end - t.s;
    if (re->tagged)
        k_re_tags(re, t, start, end, slots);
    else if (re->groups > 1)
        k_re_threads(ctx, re, t, start, 1, slots, 2 * re->groups, &ignored);
    return 1;
}

FLOW_FAR int32_t k_re_find(flow_ctx *ctx, const flow_re *re, re_text t, const uint8_t *p,
                           const uint8_t **start, const uint8_t **end) {
    const uint8_t *seen;
    return re_search(ctx, re, t, p, start, end, &seen);
}

FLOW_FAR int32_t k_re_groups(flow_ctx *ctx, const flow_re *re, re_text t,
                             const uint8_t *p, int64_t *slots) {
    const uint8_t *seen;
    return re_search_groups(ctx, re, t, p, slots, &seen);
}

/* ---- from match to match ---------------------------------------------------- */

/* The words of an iteration.  it[1] and it[2] are the last match or piece. */
enum {
    RE_IT_POS, /* where the next search begins; behind the text: no more */
    RE_IT_START,
    RE_IT_END,
    RE_IT_LAST,  /* the end of the last match, plus 1 */
    RE_IT_PIECE, /* where the next piece begins; -1: all were given */
    RE_IT_WASTE, /* bytes that searches looked at beyond the match they gave */
    RE_IT_SWEEP, /* address of a re_sweep, once too many were wasted */
};

/* Wasting so many times the text is as good as linear; then the sweep takes over. */
#define RE_MAX_WASTE  4
#define RE_FREE_WASTE 4096

/* Takes note of a match; 0 if it does not count: it is empty and touches the last. */
FLOW_INLINE int re_advance(re_text t, int64_t *it, int64_t start, int64_t end) {
    int counts = start != end || start + 1 != it[RE_IT_LAST];
    it[RE_IT_LAST] = end + 1;
    it[RE_IT_POS] = end;
    if (start == end) it[RE_IT_POS] += t.s + end < t.end ? k_utf8_len(t.s[end]) : 1;
    return counts;
}

/* The match from `pos` on.  `groups`: its groups into slots, else only its ends. */
static int re_step_to(flow_ctx *ctx, const flow_re *re, re_text t, int64_t *it,
                      int64_t *slots, int groups) {
    const uint8_t *p = t.s + it[RE_IT_POS], *start, *end, *seen;
    int64_t nslots = groups ? 2 * re->groups : 2;
    if (it[RE_IT_SWEEP])
        return k_re_sweep_next((re_sweep *)(uintptr_t)it[RE_IT_SWEEP], p, slots, nslots);
    if (groups) {
        if (!re_search_groups(ctx, re, t, p, slots, &seen)) return 0;
    } else {
        if (!re_search(ctx, re, t, p, &start, &end, &seen)) return 0;
        slots[0] = start - t.s;
        slots[1] = end - t.s;
    }
    it[RE_IT_WASTE] += seen - (t.s + slots[1]);
    if (FLOW_UNLIKELY(it[RE_IT_WASTE] > RE_MAX_WASTE * (t.end - t.s) + RE_FREE_WASTE) &&
        re->program)
        it[RE_IT_SWEEP] = (int64_t)(uintptr_t)k_re_sweep(ctx, re, t, t.s + slots[1]);
    return 1;
}

/* The next match. */
static int re_next(flow_ctx *ctx, const flow_re *re, re_text t, int64_t *it,
                   int64_t *slots, int groups) {
    while (it[RE_IT_POS] <= t.end - t.s) {
        if (!re_step_to(ctx, re, t, it, slots, groups)) break;
        if (re_advance(t, it, slots[0], slots[1])) return 1;
    }
    it[RE_IT_POS] = t.end - t.s + 1;
    return 0;
}

FLOW_FAR int32_t k_re_next_groups(flow_ctx *ctx, const flow_re *re, re_text t,
                                  int64_t *it, int64_t *slots) {
    return re_next(ctx, re, t, it, slots, 1);
}

FLOW_FAR int32_t flow_k_re_next(flow_ctx *ctx, const uint8_t *re, const uint8_t *s,
                                int64_t len, int64_t *it) {
    return re_next(ctx, (const flow_re *)re, k_re_text(s, len), it, it + RE_IT_START, 0);
}

FLOW_FAR int32_t flow_k_re_piece(flow_ctx *ctx, const uint8_t *re, const uint8_t *s,
                                 int64_t len, int64_t *it) {
    re_text t = k_re_text(s, len);
    int64_t match[2], piece = it[RE_IT_PIECE];
    if (piece < 0) return 0;
    it[RE_IT_START] = piece;
    while (re_next(ctx, (const flow_re *)re, t, it, match, 0))
        if (match[0] < match[1]) {
            it[RE_IT_END] = match[0];
            it[RE_IT_PIECE] = match[1];
            return 1;
        }
    it[RE_IT_END] = len;
    it[RE_IT_PIECE] = -1;
    return 1;
}
