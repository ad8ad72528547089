/* k_json_plain.h - JSON lines that look like the one before: the same names in the same
 * order, in ASCII, without escapes, at most a blank behind `:` and `,`.
 *
 * All quotes of a line are found first, 64 bytes at a time, by the pass that finds its end
 * (the idea of the first stage of simdjson, Langdale and Lemire, VLDB Journal 28, 2019).
 * Then the place of each name and each text is known without a look at what stands before
 * it, and the names that were guessed are compared, many at once as far as the processor is
 * concerned.  Whatever is otherwise gives up the line, and the decoder reads it from its
 * beginning. */
#ifndef FLOW_KERNEL_K_JSON_PLAIN_H
#define FLOW_KERNEL_K_JSON_PLAIN_H

#include "runtime/kernel/k_jrecord.h"
#include "runtime/kernel/k_record.h"

#define JSON_QUOTES   128 /* most quotes of a line that is plain */
#define JSON_PLAIN_OFF 16 /* so many lines behind one that was not plain are not tried */

/* A line: where it ends, and its quotes. */
typedef struct json_line_map {
    const uint8_t *stop;
    uint64_t high; /* as k_record_line */
    uint64_t odd;  /* not 0: escapes or control characters */
    int64_t n;
    uint32_t quotes[JSON_QUOTES + FLOW_LANES]; /* from the start of the line */
} json_line_map;

/* The first of the line's quotes that are in `mask`, at `from` on; those beyond the room
 * are not counted. */
FLOW_INLINE void json_put_quotes(json_line_map *m, uint64_t mask, int64_t from) {
    int64_t count = __builtin_popcountll(mask);
    uint32_t *to = m->quotes + m->n;
    for (int64_t i = 0; i < count; i += 8) /* eight at once: how many there are is hard to guess */
        for (int64_t k = i; k < i + 8; k++) {
            to[k] = (uint32_t)from + (uint32_t)__builtin_ctzll(mask | (uint64_t)1 << 63);
            mask &= mask - 1;
        }
    m->n += count;
}

/* Maps the line at p, as far as there is room; stop and high are always right. */
FLOW_INLINE void json_map_line(json_line_map *m, const uint8_t *p, const uint8_t *end) {
    m->n = 0;
    m->odd = m->high = 0;
    for (const uint8_t *q = p; q < end && m->n < JSON_QUOTES; q += FLOW_LANES) {
        flow_v64 v = k_vec_load(q);
        uint64_t line = k_vec_eq(v, '\n'), below = line ? (line & -line) - 1 : ~(uint64_t)0;
        uint64_t odd = k_vec_eq(v, '\\') | k_vec_in(v, 0, 0x1F);
        m->high |= k_vec_high(v) & below;
        json_put_quotes(m, k_vec_eq(v, '"') & below, q - p);
        if (!line) {
            m->odd |= odd;
            continue;
        }
        m->stop = q + __builtin_ctzll(line);
        if (FLOW_UNLIKELY(m->stop >= end)) break;
        m->odd |= odd & below & ~(m->stop > p && m->stop[-1] == '\r' ? (line & -line) >> 1 : 0);
        return;
    }
    m->odd = 1;
    m->stop = k_record_line(p, end, &m->high);
}

/* The value at j->p, and past it: 1, or 0 to give up.  *q: the quotes that were passed. */
FLOW_INLINE int json_plain_value(flow_json *j, flow_node *t, const flow_guess *g,
                                 const json_line_map *m, int64_t *q, const uint8_t *line,
                                 uint64_t *words, json_value_fn *value) {
    flow_member *field = g->member >= 0 ? &t->members[g->member] : 0;
    int read = field && !field->unread;
    if (read) {
        if (field->seen == t->stamp || *j->p == 'n') return 0;
        field->seen = t->stamp;
        field->bad = 0;
    }
    if (FLOW_LIKELY(*j->p == '"')) {
        const uint8_t *from = j->p + 1, *to = line + m->quotes[*q + 1];
        *q += 2;
        if (!read || field->type->kind == 's') {
            if (read) {
                words[field->at] = (uint64_t)(uintptr_t)from;
                words[field->at + 1] = (uint64_t)(to - from);
            }
            j->p = to + 1;
            return 1;
        }
        return !value(j, field->type, words + field->at) && j->p == to + 1;
    }
    if (read ? value(j, field->type, words + field->at) : k_json_skip(j)) return 0;
    while (*q < m->n && line + m->quotes[*q] < j->p)
        ++*q;
    return 1;
}

/* The object that is the whole line [p, m->stop): 1, or 0 to give up, and nothing is said. */
FLOW_INLINE int json_plain(flow_json *j, flow_node *t, const uint8_t *p, const json_line_map *m,
                           uint64_t *words, json_value_fn *value) {
    const uint8_t *stop = m->stop - (m->stop > p && m->stop[-1] == '\r');
    int64_t q = 0, have = 0;
    if (*p != '{' || m->odd | m->high) return 0;
    t->stamp++;
    j->depth = 1;
    j->end = stop;
    j->p = p + 1;
    for (int64_t k = 0; k < t->nguesses; k++) {
        const flow_guess *g = &t->guesses[k];
        if (q + 4 > m->n && q + 2 != m->n) return 0;
        const uint8_t *name = p + m->quotes[q], *at = j->p + (*j->p == ' ');
        if (FLOW_UNLIKELY(name != at || !k_json_guess(t, k, name))) return 0;
        q += 2;
        at = name + g->len;
        if (FLOW_UNLIKELY(*at != ':')) return 0;
        j->p = at + 1 + (at[1] == ' ');
        if (FLOW_UNLIKELY(!json_plain_value(j, t, g, m, &q, p, words, value))) return 0;
        have += g->member >= 0 && !t->members[g->member].unread;
        if (*j->p == '}') return j->p + 1 == stop && have == t->wanted;
        if (*j->p != ',') return 0;
        j->p++;
    }
    return 0;
}

#endif
