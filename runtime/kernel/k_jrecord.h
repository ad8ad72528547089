/* k_jrecord.h - the loop over the fields of a JSON object.
 *
 * Fields are expected to come as in the object before: their names are compared as 16
 * bytes at the place where they should stand, and looked up only if that fails.  An index
 * of all structural bytes, as simdjson builds one, would visit the bytes of fields that
 * nobody reads.
 *
 * A field that does not fit its type does not end the record at once: another field of
 * the same name, which counts instead, may follow.  So it is skipped and remembered.
 *
 * The loop exists twice: in the decoder of lines, compiled into programs, with the
 * simplest values decoded in place, and in k_jvalue.c for all that is nested. */
#ifndef FLOW_KERNEL_K_JRECORD_H
#define FLOW_KERNEL_K_JRECORD_H

#include "runtime/kernel/k_jscan.h"

/* What a record that is a variant's payload needs to know about its tag. */
typedef struct json_tag {
    const flow_node *of; /* the tagged record; null: there is no tag */
    int64_t variant;     /* as the last tag field says; -1: none does */
} json_tag;

typedef int json_value_fn(flow_json *j, flow_node *n, uint64_t *out);

/* Looks the name at p up, which is the k-th of its object, and passes it. */
int k_json_lookup(flow_json *j, flow_node *n, const json_tag *tag, int64_t k,
                  int64_t *member);
/* Skips and notes a field that does not fit its type. */
int k_json_misfit(flow_json *j, flow_node *n, flow_member *m, const uint8_t *from,
                  int64_t depth);
/* After the last field: those that are not there, and those that did not fit. */
int k_json_rest(flow_json *j, flow_node *n, uint64_t *out);
int k_json_tag_value(flow_json *j, json_tag *tag);

FLOW_INLINE int k_json_enter(flow_json *j, const char *why, uint8_t bracket) {
    if (FLOW_UNLIKELY(*j->p != bracket)) return k_json_type(j, why);
    if (FLOW_UNLIKELY(j->depth >= FLOW_DEPTH_MAX))
        return k_json_fail(j, JSON_SYNTAX, "nested too deep");
    j->depth++;
    j->p++;
    k_json_blanks(j);
    return JSON_OK;
}

/* Does the k-th name of the last object stand at p? */
FLOW_INLINE int k_json_guess(const flow_node *n, int64_t k, const uint8_t *p) {
    if (k >= n->nguesses) return 0;
    const flow_guess *g = &n->guesses[k];
    uint64_t differ = (k_num_load8(p) ^ g->word[0]) & g->mask[0];
    differ |= (k_num_load8(p + 8) ^ g->word[1]) & g->mask[1];
    if (differ || !g->len) return 0;
    return g->len <= 16 || !__builtin_memcmp(p + 16, g->text + 16, (size_t)(g->len - 16));
}

/* The member that the name at p means, and past it. */
FLOW_INLINE int k_json_member_name(flow_json *j, flow_node *n, const json_tag *tag,
                                   int64_t *k, int64_t *member) {
    const uint8_t *p = j->p;
    if (FLOW_UNLIKELY(!k_json_guess(n, *k, p))) {
        if (!k_json_guess(n, *k + 1, p)) return k_json_lookup(j, n, tag, *k, member);
        ++*k; /* one was left out */
    }
    *member = n->guesses[*k].member;
    j->p = p + n->guesses[*k].len;
    return JSON_OK;
}

FLOW_INLINE int k_json_member(flow_json *j, flow_node *n, flow_member *m, uint64_t *out,
                              int64_t *have, json_value_fn *value) {
    const uint8_t *from = j->p;
    int64_t depth = j->depth;
    int seen = m->seen == n->stamp;
    m->bad = 0;
    if (FLOW_UNLIKELY(*from == 'n') && k_json_word(j, "null", 4)) {
        m->seen = 0; /* as if it were not there */
        *have -= seen;
        return JSON_OK;
    }
    m->seen = n->stamp;
    *have += !seen;
    int r = value(j, m->type, out + m->at);
    if (FLOW_LIKELY(!r)) return JSON_OK;
    return r == JSON_TYPE ? k_json_misfit(j, n, m, from, depth) : r;
}

/* The object at p. */
FLOW_INLINE int k_json_record(flow_json *j, flow_node *n, uint64_t *out, json_tag *tag,
                              json_value_fn *value) {
    int r = k_json_enter(j, "not an object", '{');
    if (r) return r;
    n->stamp++;
    int64_t have = 0;
    int more = *j->p != '}', bad = 0;
    if (!more) {
        j->p++;
        j->depth--;
    }
    for (int64_t k = 0; more; k++) {
        int64_t member;
        if (k_json_member_name(j, n, tag, &k, &member)) return JSON_SYNTAX;
        k_json_blanks(j);
        if (FLOW_UNLIKELY(*j->p != ':'))
            return k_json_fail(j, JSON_SYNTAX, "a `:` is missing");
        j->p++;
        k_json_blanks(j);
        if (member >= 0 && !n->members[member].unread) {
            r = k_json_member(j, n, &n->members[member], out, &have, value);
            bad |= n->members[member].bad == n->stamp;
        } else if (member == FLOW_MEMBER_TAG) {
            r = k_json_tag_value(j, tag);
        } else {
            r = k_json_skip(j);
        }
        if (FLOW_UNLIKELY(r)) return r;
        more = k_json_more(j, '}');
        if (FLOW_UNLIKELY(more < 0)) return JSON_SYNTAX;
    }
    return FLOW_LIKELY(have == n->wanted && !bad) ? JSON_OK : k_json_rest(j, n, out);
}

#endif
