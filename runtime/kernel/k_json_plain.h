/* k_json_plain.h - JSON lines that look like the one before: the same names in the same
 * order, in ASCII, without escapes, at most a blank behind `:` and `,`.
 *
 * What stands between two values, `", "name": "` mostly, is compared as a whole with what
 * stood there in the line before.  A text is looked through for its end, 64 bytes at a time,
 * and then for nothing else.  Where the next thing begins depends on how long the texts
 * before it were; one that was as long in all lines so far is guessed to be so again, so that
 * the processor need not wait for its end to begin with the next (`piece->length`).
 * Whatever is otherwise gives up the line, and the decoder reads it from its beginning. */
#ifndef FLOW_KERNEL_K_JSON_PLAIN_H
#define FLOW_KERNEL_K_JSON_PLAIN_H

#include "runtime/kernel/k_jrecord.h"
#include "runtime/kernel/k_record.h"

#define JSON_VARIES    -1
#define JSON_PLAIN_OFF 16 /* so many lines behind one that was not plain are not tried */

/* A value, and what stands before it, from the end of the text or value before. */
typedef struct json_piece {
    uint8_t between[FLOW_LANES];
    int64_t n;      /* bytes of it; 0: not known */
    int64_t member; /* as of guesses */
    int64_t text;   /* the value is in quotes: its first one is the last byte of `between` */
    int64_t length; /* of the text in all lines so far; 0: not known, or JSON_VARIES */
} json_piece;

/* The lines of a block. */
typedef struct json_form {
    json_piece pieces[FLOW_GUESSES];
    const uint8_t *stop; /* the end of the line at hand; null: not looked for */
    const uint8_t *end;  /* of the block */
} json_form;

/* Bytes that end a text or are more than they seem. */
FLOW_INLINE uint64_t json_special(flow_v64 v) {
    return k_vec_eq(v, '"') | k_vec_eq(v, '\\') | k_vec_in(v, 0, 0x1F) | k_vec_high(v);
}

/* The end of the text at `at`: its quote, or null. */
FLOW_INLINE const uint8_t *json_text_end(json_piece *piece, const uint8_t *at) {
    uint64_t special = json_special(k_vec_load(at));
    while (FLOW_UNLIKELY(!special)) {
        at += FLOW_LANES; /* a line end comes before the block's */
        special = json_special(k_vec_load(at));
    }
    int64_t n = __builtin_ctzll(special);
    if (n == piece->length) {
        int64_t guessed = piece->length;
        __asm__("" : "+r"(guessed)); /* not to be replaced by n */
        at += guessed;
    } else {
        if (piece->length >= 0) piece->length = piece->length ? JSON_VARIES : n;
        at += n;
    }
    return FLOW_LIKELY(*at == '"') ? at : 0;
}

/* Reads what stands between the values at `at`, up to the k-th value: where that begins, or
 * null.  `quote`: the value before was a text, whose last quote is at `at`. */
FLOW_INLINE const uint8_t *json_between(const flow_node *t, int64_t k, json_piece *piece,
                                        const uint8_t *at, int64_t quote) {
    const uint8_t *p = at + quote;
    if (*p++ != (k ? ',' : '{')) return 0;
    p += *p == ' ';
    if (!k_json_guess(t, k, p)) return 0;
    p += t->guesses[k].len;
    if (*p++ != ':') return 0;
    p += *p == ' ';
    piece->text = *p == '"';
    p += piece->text;
    piece->member = t->guesses[k].member;
    piece->n = p - at <= FLOW_LANES ? p - at : 0;
    if (piece->n) __builtin_memcpy(piece->between, at, (size_t)piece->n);
    return p;
}

/* Does what is known to stand between the values stand at `at`? */
FLOW_INLINE int json_is_between(const json_piece *piece, const uint8_t *at) {
    uint64_t same = k_vec_mask((flow_sv64)(k_vec_load(at) == k_vec_load(piece->between)));
    return piece->n && !(~same & (~(uint64_t)0 >> (64 - piece->n)));
}

/* A value that is no text, at `at`: where it ends, or null. */
FLOW_INLINE const uint8_t *json_other_value(flow_json *j, json_form *f, const flow_member *read,
                                            const uint8_t *at, uint64_t *words,
                                            json_value_fn *value) {
    uint64_t high = 0;
    if (!f->stop) {
        const uint8_t *stop = k_record_line(at, f->end, &high);
        if (high) return 0;
        f->stop = stop - (stop[-1] == '\r');
    }
    j->end = f->stop;
    j->p = at;
    if (read ? value(j, read->type, words + read->at) : k_json_skip(j)) return 0;
    return j->p;
}

/* A text that is read as something else, between the quotes before `at` and at `to`. */
FLOW_INLINE int json_quoted_value(flow_json *j, const flow_member *read, const uint8_t *at,
                                  const uint8_t *to, uint64_t *words, json_value_fn *value) {
    j->p = at - 1;
    j->end = to + 1;
    return !value(j, read->type, words + read->at) && j->p == to + 1;
}

/* The object that is the whole line at p: 1, and j->end is its end; or 0 to give up, and
 * nothing is said. */
FLOW_INLINE int json_plain(flow_json *j, flow_node *t, json_form *f, const uint8_t *p,
                           uint64_t *words, json_value_fn *value) {
    const uint8_t *at = p;
    int64_t have = 0, quote = 0;
    if (!t->nguesses) return 0;
    t->stamp++;
    j->depth = 1;
    f->stop = 0;
    for (int64_t k = 0; k < t->nguesses; k++) {
        json_piece *piece = &f->pieces[k];
        if (FLOW_LIKELY(json_is_between(piece, at))) at += piece->n;
        else if (!(at = json_between(t, k, piece, at, quote))) return 0;
        flow_member *m = piece->member >= 0 ? &t->members[piece->member] : 0;
        flow_member *read = m && !m->unread ? m : 0;
        if (read) {
            if (read->seen == t->stamp || (*at == 'n' && !piece->text)) return 0;
            read->seen = t->stamp;
            read->bad = 0;
            have++;
        }
        quote = piece->text;
        if (FLOW_UNLIKELY(!quote)) {
            if (!(at = json_other_value(j, f, read, at, words, value))) return 0;
            continue;
        }
        const uint8_t *to = json_text_end(piece, at);
        if (FLOW_UNLIKELY(!to)) return 0;
        if (read && read->type->kind == 's') {
            words[read->at] = (uint64_t)(uintptr_t)at;
            words[read->at + 1] = (uint64_t)(to - at);
        } else if (read && !json_quoted_value(j, read, at, to, words, value)) {
            return 0;
        }
        at = to;
    }
    at += quote;
    if (*at++ != '}' || have != t->wanted) return 0;
    j->end = at;
    at += *at == '\r';
    return *at == '\n' && at < f->end;
}

#endif
