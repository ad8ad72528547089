/* k_jscan.h - the tokens of JSON: blanks, texts, and values that nobody reads.
 *
 * The byte at `end` must be a line end or 0 and 64 bytes behind it must be readable, so
 * that looking at one byte, or loading a vector, needs no test.  clang only (k_vec.h). */
#ifndef FLOW_KERNEL_K_JSCAN_H
#define FLOW_KERNEL_K_JSCAN_H

#include "runtime/kernel/k_schema.h"
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

/* Past blanks. */
FLOW_INLINE void k_json_blanks(flow_json *j) {
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

/* Past a text. */
int k_json_skip_text(flow_json *j);
/* Past any value: brackets, quotes and separators are checked, scalars are not. */
int k_json_skip(flow_json *j);

/* Past the word if it stands at p. */
FLOW_INLINE int k_json_word(flow_json *j, const char *word, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (j->p[i] != (uint8_t)word[i]) return 0;
    j->p += n;
    return 1;
}

#endif
