/* k_jscan.h - the tokens of JSON: blanks, texts, and values that nobody reads.
 *
 * The byte at `end` must be a line end or 0 and 64 bytes behind it must be readable, so
 * that looking at one byte, or loading a vector, needs no test.  clang only (k_vec.h). */
#ifndef FLOW_KERNEL_K_JSCAN_H
#define FLOW_KERNEL_K_JSCAN_H

#include "runtime/kernel/k_num.h"
#include "runtime/kernel/k_schema.h"
#include "runtime/kernel/k_time.h"
#include "runtime/kernel/k_vec.h"

/* JSON_TYPE: the syntax may be right, but the value does not fit its type. */
enum { JSON_OK, JSON_TYPE, JSON_SYNTAX };

typedef struct flow_json {
    flow_ctx *ctx;
    const uint8_t *p, *end;
    flow_format fmt;
    int64_t depth;
    const char *why; /* of the last failure, and where it shows */
    const uint8_t *at;
} flow_json;

FLOW_INLINE int k_json_fail(flow_json *j, int kind, const char *why) {
    j->why = why;
    j->at = j->p;
    return kind;
}

void k_json_blanks_slow(flow_json *j);

/* Past blanks; many writers put one behind each `:` and `,`. */
FLOW_INLINE void k_json_blanks(flow_json *j) {
    j->p += *j->p == ' ';
    if (FLOW_UNLIKELY(*j->p <= ' ')) k_json_blanks_slow(j);
}

/* The first quote, backslash or control byte from p on. */
FLOW_INLINE const uint8_t *k_json_stop(const uint8_t *p) {
    for (;; p += FLOW_LANES) {
        flow_v64 v = k_vec_load(p);
        uint64_t m = k_vec_eq(v, '"') | k_vec_eq(v, '\\') | k_vec_in(v, 0, 0x1F);
        if (m) return p + __builtin_ctzll(m);
    }
}

/* The text at p, which stands on its quote; escapes are resolved in the arena. */
int k_json_escaped(flow_json *j, uint64_t *out);

FLOW_INLINE int k_json_text(flow_json *j, uint64_t *out) {
    const uint8_t *from = j->p + 1, *stop = k_json_stop(from);
    if (FLOW_UNLIKELY(*stop != '"')) return k_json_escaped(j, out);
    out[0] = (uint64_t)(uintptr_t)from;
    out[1] = (uint64_t)(stop - from);
    j->p = stop + 1;
    return JSON_OK;
}

FLOW_INLINE int k_json_type(flow_json *j, const char *why) {
    return k_json_fail(j, JSON_TYPE, why);
}

FLOW_INLINE int k_json_string(flow_json *j, uint64_t *out) {
    if (FLOW_UNLIKELY(*j->p != '"')) return k_json_type(j, "not a text");
    return k_json_text(j, out);
}

FLOW_INLINE int k_json_int(flow_json *j, uint64_t *out) {
    const uint8_t *p = j->p;
    int negative = *p == '-';
    p += negative;
    const uint8_t *first = p;
    uint64_t v = 0, eight = k_num_load8(p);
    int64_t n = k_num_run8(eight);
    if (FLOW_LIKELY((uint64_t)(n - 1) < 7)) { /* without a branch for each digit */
        v = k_num_of8(k_num_first8(eight, n));
        p += n;
    } else {
        for (; k_num_are8(eight); eight = k_num_load8(p)) {
            v = v * 100000000 + k_num_of8(eight);
            p += 8;
        }
        for (; k_num_digit(*p); p++)
            v = v * 10 + (*p - '0');
        n = p - first;
    }
    if (FLOW_UNLIKELY(!n || (n > 1 && *first == '0')))
        return k_json_type(j, "not an int");
    if (FLOW_UNLIKELY(*p == '.' || (*p | 32) == 'e')) return k_json_type(j, "not an int");
    if (FLOW_UNLIKELY(n > 19 || v > (uint64_t)INT64_MAX + (uint64_t)negative))
        return k_json_type(j, "the number does not fit an int");
    j->p = p;
    *out = negative ? -v : v;
    return JSON_OK;
}

/* A timestamp in the unit of the format, with quotes or without: 1.  Else 0, and nothing is
 * read: k_json_value knows better. */
FLOW_INLINE int k_json_time_short(flow_json *j, uint64_t *out) {
    int64_t v, quoted = *j->p == '"';
    const uint8_t *p = j->p + quoted;
    int64_t n = k_num_run8(k_num_load8(p));
    if (n == 8) n += k_num_run8(k_num_load8(p + 8));
    const uint8_t *end = p + n;
    if (!n || *p == '0' || (quoted ? *end != '"' : *end == '.' || (*end | 32) == 'e')) return 0;
    if (FLOW_UNLIKELY(!k_time_short(p, end, j->fmt.unit, &v))) return 0;
    *out = (uint64_t)v;
    j->p = end + quoted;
    return 1;
}

/* Past a value that is none of the simple ones below, or that is faulty: brackets, quotes
 * and separators are checked, scalars are not. */
int k_json_skip_any(flow_json *j);

/* What may end a scalar. */
FLOW_INLINE int k_json_delimiter(uint8_t c) {
    return c <= ' ' || c == ',' || c == ']' || c == '}' || c == ':' || c == '"' ||
           c == '[' || c == '{';
}

/* Past any value. */
FLOW_INLINE int k_json_skip(flow_json *j) {
    const uint8_t *p = j->p;
    if (FLOW_LIKELY(*p == '"')) {
        p = k_json_stop(p + 1);
        if (FLOW_UNLIKELY(*p != '"')) return k_json_skip_any(j);
        j->p = p + 1;
        return JSON_OK;
    }
    while (!k_json_delimiter(*p))
        p++;
    if (FLOW_UNLIKELY(p == j->p)) return k_json_skip_any(j);
    j->p = p;
    return JSON_OK;
}

/* After an element: 1 at `,` (and past it), 0 at the closing bracket, -1: neither. */
FLOW_INLINE int k_json_more(flow_json *j, uint8_t close) {
    k_json_blanks(j);
    uint8_t c = *j->p;
    if (FLOW_UNLIKELY(c != ',' && c != close)) {
        k_json_fail(j, JSON_SYNTAX, "a `,` or a bracket is missing");
        return -1;
    }
    j->p++;
    if (c == close) {
        j->depth--;
        return 0;
    }
    k_json_blanks(j);
    return 1;
}

/* Past the word if it stands at p. */
FLOW_INLINE int k_json_word(flow_json *j, const char *word, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (j->p[i] != (uint8_t)word[i]) return 0;
    j->p += n;
    return 1;
}

#endif
