/* k_regex_dfa.c - searching by automata.
 *
 * Walking a table costs a load per byte that waits for the one before it, about five
 * cycles.  Until the first match two other forms go faster.  SHIFT: the row of a byte
 * holds the next states of all states as 6-bit shifts in one word, so what is waited for
 * is a shift, and the loads are made ahead.  PAIR: one load for two bytes.  In both a
 * match is sticky, so that a look every 8 bytes is enough; those 8 bytes are then walked
 * again by the plain table. */
#include "runtime/kernel/k_regex_dfa.h"

#define RE_PART(re, T, at) ((const T *)((const uint8_t *)(re) + (at)))

static int32_t re_side(uint8_t b) {
    uint8_t letter = (uint8_t)((b | 32) - 'a'), digit = (uint8_t)(b - '0');
    if (letter < 26 || digit < 10 || b == '_') return FLOW_RE_SIDE_WORD;
    return b == '\n' ? FLOW_RE_SIDE_LINE : FLOW_RE_SIDE_OTHER;
}

int32_t k_re_before(re_text t, const uint8_t *p) {
    return p > t.s ? re_side(p[-1]) : FLOW_RE_SIDE_EDGE;
}

int32_t k_re_after(re_text t, const uint8_t *p) {
    return p < t.end ? re_side(*p) : FLOW_RE_SIDE_EDGE;
}

/* Where a match could begin, from p on; null if nowhere. */
FLOW_INLINE const uint8_t *re_candidate(const flow_re *re, re_text t, const uint8_t *p) {
    if (re->pre == FLOW_RE_PRE_PREFIX) return k_re_literal(re, t, p);
    p = k_re_class(re, t, p, 1);
    return p < t.end ? p : NULL;
}

/* The plain walk from `state` at p.  `wide` is a constant of each copy. */
FLOW_INLINE const uint8_t *re_walk(const flow_re *re, re_text t, const uint8_t *p,
                                   uint32_t state, const uint8_t **seen, int any,
                                   int wide) {
    const flow_re_dfa *d = RE_PART(re, flow_re_dfa, re->forward);
    const uint16_t *narrow = (const uint16_t *)(d + 1);
    const uint32_t *broad = (const uint32_t *)(d + 1);
    const uint8_t *found = NULL;
    *seen = t.end;
    uint32_t special = d->special, match = d->match, dead = d->dead;
    while (p < t.end) {
        RE_COUNT(1);
        uint32_t at = state + d->classes[*p++];
        state = wide ? broad[at] : narrow[at];
        if (FLOW_LIKELY(state < special)) continue;
        if (state == dead) {
            *seen = p;
            return found;
        }
        if (state >= match) {
            found = p - 1;
            if (any) return found;
        } else {
            /* The state is like the start state of some side, not always of this one: it
             * is only left behind together with the byte at p. */
            const uint8_t *q = re_candidate(re, t, p);
            if (!q) return found;
            if (q != p)
                state = d->start[re->flags & FLOW_RE_SIDES ? k_re_before(t, q) : 0];
            p = q;
        }
    }
    state += d->stride - 1;
    state = wide ? broad[state] : narrow[state];
    return state >= match && state != dead ? t.end : found;
}

static const uint8_t *re_walk16(const flow_re *re, re_text t, const uint8_t *p,
                                uint32_t state, const uint8_t **seen, int any) {
    return re_walk(re, t, p, state, seen, any, 0);
}

static const uint8_t *re_walk32(const flow_re *re, re_text t, const uint8_t *p,
                                uint32_t state, const uint8_t **seen, int any) {
    return re_walk(re, t, p, state, seen, any, 1);
}

/* Goes on by 8 bytes as long as nothing matches; the number of the state in *number. */
static const uint8_t *re_shift(const flow_re *re, re_text t, const uint8_t *p,
                               uint32_t *number, uint32_t limit) {
    const flow_re_shift *f = RE_PART(re, flow_re_shift, re->fast);
    uint64_t state = 6 * *number, stop = 6 * limit;
    for (; t.end - p >= 8; p += 8) {
        RE_COUNT(8);
        uint64_t x = f->row[p[0]] >> (state & 63);
        x = f->row[p[1]] >> (x & 63);
        x = f->row[p[2]] >> (x & 63);
        x = f->row[p[3]] >> (x & 63);
        x = f->row[p[4]] >> (x & 63);
        x = f->row[p[5]] >> (x & 63);
        x = f->row[p[6]] >> (x & 63);
        x = f->row[p[7]] >> (x & 63) & 63;
        if (x >= stop) break;
        state = x;
    }
    *number = (uint32_t)(state / 6);
    return p;
}

static const uint8_t *re_pair(const flow_re *re, re_text t, const uint8_t *p,
                              uint32_t *number, uint32_t limit) {
    const flow_re_pair *f = RE_PART(re, flow_re_pair, re->fast);
    const uint16_t *table = (const uint16_t *)(f + 1);
    uint64_t state = (uint64_t)*number * f->stride, stop = (uint64_t)limit * f->stride;
    for (; t.end - p >= 8; p += 8) {
        RE_COUNT(8);
        uint64_t x = table[state + f->high[p[0]] + f->low[p[1]]];
        x = table[x + f->high[p[2]] + f->low[p[3]]];
        x = table[x + f->high[p[4]] + f->low[p[5]]];
        x = table[x + f->high[p[6]] + f->low[p[7]]];
        if (x >= stop) break;
        state = x;
    }
    *number = (uint32_t)(state / f->stride);
    return p;
}

FLOW_FAR const uint8_t *k_re_forward(const flow_re *re, re_text t, const uint8_t *from,
                                     int any, const uint8_t **seen) {
    const flow_re_dfa *d = RE_PART(re, flow_re_dfa, re->forward);
    const uint8_t *p = from;
    if (re->pre == FLOW_RE_PRE_PREFIX || re->pre == FLOW_RE_PRE_FIRST) {
        p = re_candidate(re, t, p);
        if (!p) return NULL;
    }
    uint32_t state = d->start[re->flags & FLOW_RE_SIDES ? k_re_before(t, p) : 0];
    if (re->fast_kind != FLOW_RE_PLAIN) {
        uint32_t number = state / d->stride, limit = d->match / d->stride;
        p = re->fast_kind == FLOW_RE_SHIFT ? re_shift(re, t, p, &number, limit)
                                           : re_pair(re, t, p, &number, limit);
        state = number * d->stride;
    }
    return d->wide ? re_walk32(re, t, p, state, seen, any)
                   : re_walk16(re, t, p, state, seen, any);
}

FLOW_FAR const uint8_t *k_re_backward(const flow_re *re, re_text t, const uint8_t *from,
                                      const uint8_t *end) {
    const flow_re_dfa *d = RE_PART(re, flow_re_dfa, re->backward);
    const uint16_t *narrow = (const uint16_t *)(d + 1);
    const uint32_t *broad = (const uint32_t *)(d + 1);
    const uint8_t *p = end, *found = NULL;
    uint32_t state = d->start[re->flags & FLOW_RE_SIDES ? k_re_after(t, p) : 0],
             wide = d->wide;
    while (p > from) {
        RE_COUNT(1);
        uint32_t at = state + d->classes[*--p];
        state = wide ? broad[at] : narrow[at];
        if (FLOW_LIKELY(state < d->match)) continue;
        if (state == d->dead) return found;
        found = p + 1;
    }
    state += p > t.s ? d->classes[p[-1]] : d->stride - 1;
    state = wide ? broad[state] : narrow[state];
    return state >= d->match && state != d->dead ? p : found;
}
