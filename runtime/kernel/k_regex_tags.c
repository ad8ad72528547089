/* k_regex_tags.c - the groups of a match by the tagged automaton.
 *
 * The walk is that of any automaton; where a group may begin or end, an entry names moves
 * between registers, and in most states of most regexes there are none. */
#include "runtime/kernel/k_regex_tags.h"
#include "runtime/kernel/k_regex_dfa.h"

static int64_t re_tag_value(const int64_t *reg, uint8_t from, int64_t here) {
    return from == FLOW_RE_HERE ? here : from == FLOW_RE_UNSET ? -1 : reg[from];
}

/* Makes the moves of list `number` into `to`. */
static void re_tag_moves(const flow_re *re, const flow_re_tdfa *d, uint32_t number,
                         const int64_t *reg, int64_t *to, int64_t here) {
    const uint8_t *base = (const uint8_t *)re;
    const uint8_t *list = base + ((const uint32_t *)(base + d->lists))[number];
    uint32_t n = *(const uint16_t *)list;
    for (uint32_t i = 0; i < n; i++)
        to[list[2 + 2 * i]] = re_tag_value(reg, list[3 + 2 * i], here);
}

FLOW_FAR void k_re_tags(const flow_re *re, re_text t, const uint8_t *start,
                        const uint8_t *end, int64_t *slots) {
    const uint8_t *base = (const uint8_t *)re;
    const flow_re_tdfa *d = (const flow_re_tdfa *)(base + re->tagged);
    const uint32_t *table = (const uint32_t *)(base + d->table);
    const uint16_t *finish = (const uint16_t *)(base + d->finish);
    int64_t reg[FLOW_RE_REGISTERS + 1];
    uint32_t state = d->start[k_re_before(t, start)];
    for (const uint8_t *p = start; p < end; p++) {
        RE_COUNT(1);
        uint32_t e = table[state + d->classes[*p]];
        if (e >> FLOW_RE_TAG_LIST)
            re_tag_moves(re, d, e >> FLOW_RE_TAG_LIST, reg, reg, p - t.s);
        state = e & FLOW_RE_TAG_STATE;
    }
    uint32_t list = finish[state / d->stride * 4 + (uint32_t)k_re_after(t, end)];
    if (list != 0xFFFF) re_tag_moves(re, d, list, reg, slots + 2, end - t.s);
}
