/* k_json_plain.h - JSON lines that look like the one before: the same names in the same
 * order, in ASCII, without escapes, at most a blank behind `:` and `,`.
 *
 * What stands between two values, `", "name": "` mostly, is compared as a whole with what
 * stood there in the line before.  A text is looked through for its end, 64 bytes at a time,
 * and then for nothing else.  Where the next thing begins depends on how long the texts
 * before it were; one that was as long in all lines so far is guessed to be so again, so that
 * the processor need not wait for its end to begin with the next (`piece->length`).
 *
 * Most texts are as long in every line: ids, times, names of one kind.  So what stands
 * between values is joined with such texts to runs, up to the next value whose length nobody
 * knows, and a run is compared 64 bytes at a time: bytes between values must be those of the
 * line before, bytes of texts must be none that end a text (json_by_runs).  A line that is
 * not made of these runs is read piece by piece, which learns what varies; and one that is
 * otherwise altogether gives up, and the decoder reads it from its beginning. */
#ifndef FLOW_KERNEL_K_JSON_PLAIN_H
#define FLOW_KERNEL_K_JSON_PLAIN_H

#include "runtime/kernel/k_jrecord.h"
#include "runtime/kernel/k_record.h"

#define JSON_VARIES    -1
#define JSON_PLAIN_OFF 16 /* so many lines behind one that was not plain are not tried */
#define JSON_CHUNKS    4  /* of FLOW_LANES, in a run */
#define JSON_RUNS      12 /* in a line; there are none if it has more */
#define JSON_LEARNS    40 /* so often runs are made: lines that differ each time have none */
#define JSON_MISSES    8  /* lines in a row that are not made of the runs end them */

/* A value, and what stands before it, from the end of the text or value before. */
typedef struct json_piece {
    uint8_t between[FLOW_LANES];
    int64_t n;      /* bytes of it; 0: not known */
    int64_t member; /* as of guesses */
    int64_t text;   /* the value is in quotes: its first one is the last byte of `between` */
    int64_t length; /* of the text in all lines so far; 0: not known, or JSON_VARIES */
} json_piece;

/* Bytes that all lines have: those between values, and texts of one length. */
typedef struct json_run {
    uint8_t like[JSON_CHUNKS * FLOW_LANES];
    uint64_t between[JSON_CHUNKS], inside[JSON_CHUNKS]; /* of values, of texts */
    int64_t n, chunks;
    int64_t piece; /* the one whose value comes behind it; -1: the end of the line */
    int64_t texts; /* that are read of those inside */
} json_run;

typedef struct json_text {
    int64_t member, at, length; /* `at` from where the run begins */
} json_text;

/* The lines of a block. */
typedef struct json_form {
    json_piece pieces[FLOW_GUESSES];
    json_run runs[JSON_RUNS];
    json_text texts[FLOW_GUESSES]; /* of all runs */
    int64_t made;       /* for lines of so many values; 0: there are no runs */
    int64_t left;       /* how often runs may still be made */
    int64_t misses;     /* lines in a row that are not made of them */
    int64_t changed;    /* pieces are not what they were when runs were made */
    const uint8_t *stop; /* the end of the line at hand; null: not looked for */
    const uint8_t *end;  /* of the block */
} json_form;

/* Runs of the pieces as they are now. */
FLOW_FAR void k_json_make_runs(json_form *f, const flow_node *t);

/* Bytes that end a text or are more than they seem. */
FLOW_INLINE uint64_t json_special(flow_v64 v) {
    return k_vec_eq(v, '"') | k_vec_eq(v, '\\') | k_vec_in(v, 0, 0x1F) | k_vec_high(v);
}

/* The end of the text at `at`: its quote, or null. */
FLOW_INLINE const uint8_t *json_text_end(json_form *f, json_piece *piece, const uint8_t *at) {
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
        if (piece->length >= 0) {
            piece->length = piece->length ? JSON_VARIES : n;
            f->changed = 1;
        }
        at += n;
    }
    return FLOW_LIKELY(*at == '"') ? at : 0;
}

/* Reads what stands between the values at `at`, up to the k-th value: where that begins, or
 * null.  `quote`: the value before was a text, whose last quote is at `at`. */
FLOW_INLINE const uint8_t *json_between(const flow_node *t, json_form *f, int64_t k,
                                        const uint8_t *at, int64_t quote) {
    json_piece *piece = &f->pieces[k];
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
    f->changed = 1;
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

/* The value of a piece, at `at`: its end, which of a text is its last quote; or null. */
FLOW_INLINE const uint8_t *json_piece_value(flow_json *j, flow_node *t, json_form *f,
                                            json_piece *piece, const uint8_t *at,
                                            uint64_t *words, json_value_fn *value) {
    flow_member *m = piece->member >= 0 ? &t->members[piece->member] : 0;
    flow_member *read = m && !m->unread ? m : 0;
    if (read) {
        if (read->seen == t->stamp || (*at == 'n' && !piece->text)) return 0;
        read->seen = t->stamp;
        read->bad = 0;
    }
    if (FLOW_UNLIKELY(!piece->text)) return json_other_value(j, f, read, at, words, value);
    const uint8_t *to = json_text_end(f, piece, at);
    if (FLOW_UNLIKELY(!to) || !read) return to;
    if (read->type->kind == 's') {
        words[read->at] = (uint64_t)(uintptr_t)at;
        words[read->at + 1] = (uint64_t)(to - at);
        return to;
    }
    return json_quoted_value(j, read, at, to, words, value) ? to : 0;
}

/* Is there nothing behind the object that ends at `at`? */
FLOW_INLINE int json_line_ends(flow_json *j, const json_form *f, const uint8_t *at) {
    j->end = at;
    at += *at == '\r';
    return *at == '\n' && at < f->end;
}

/* json_plain for a line that is made of the runs. */
FLOW_INLINE int json_by_runs(flow_json *j, flow_node *t, json_form *f, const uint8_t *at,
                             uint64_t *words, json_value_fn *value) {
    const json_text *text = f->texts;
    for (const json_run *run = f->runs;; run++) {
        uint64_t wrong = 0;
        if (FLOW_UNLIKELY(f->end - at < run->n)) return 0;
        for (int64_t c = 0; c < run->chunks; c++) {
            flow_v64 v = k_vec_load(at + c * FLOW_LANES);
            uint64_t same = k_vec_mask((flow_sv64)(v == k_vec_load(run->like + c * FLOW_LANES)));
            wrong |= (~same & run->between[c]) | (json_special(v) & run->inside[c]);
        }
        if (FLOW_UNLIKELY(wrong)) return 0;
        for (const json_text *end = text + run->texts; text < end; text++) {
            const flow_member *m = &t->members[text->member];
            const uint8_t *from = at + text->at;
            if (m->type->kind == 's') {
                words[m->at] = (uint64_t)(uintptr_t)from;
                words[m->at + 1] = (uint64_t)text->length;
            } else if (!json_quoted_value(j, m, from, from + text->length, words, value)) {
                return 0;
            }
        }
        at += run->n;
        if (run->piece < 0) return json_line_ends(j, f, at);
        at = json_piece_value(j, t, f, &f->pieces[run->piece], at, words, value);
        if (FLOW_UNLIKELY(!at)) return 0;
    }
}

FLOW_INLINE int json_by_pieces(flow_json *j, flow_node *t, json_form *f, const uint8_t *at,
                               uint64_t *words, json_value_fn *value) {
    int64_t have = 0, quote = 0;
    for (int64_t k = 0; k < t->nguesses; k++) {
        json_piece *piece = &f->pieces[k];
        if (FLOW_LIKELY(json_is_between(piece, at))) at += piece->n;
        else if (!(at = json_between(t, f, k, at, quote))) return 0;
        have += piece->member >= 0 && !t->members[piece->member].unread;
        quote = piece->text;
        at = json_piece_value(j, t, f, piece, at, words, value);
        if (FLOW_UNLIKELY(!at)) return 0;
    }
    at += quote;
    return *at == '}' && have == t->wanted && json_line_ends(j, f, at + 1);
}

FLOW_INLINE void json_begin(flow_json *j, flow_node *t, json_form *f) {
    t->stamp++;
    j->depth = 1;
    f->stop = 0;
}

/* The object that is the whole line at p: 1, and j->end is its end; or 0 to give up, and
 * nothing is said. */
FLOW_INLINE int json_plain(flow_json *j, flow_node *t, json_form *f, const uint8_t *p,
                           uint64_t *words, json_value_fn *value) {
    if (FLOW_UNLIKELY(!t->nguesses)) return 0;
    json_begin(j, t, f);
    if (FLOW_LIKELY(f->made == t->nguesses && !f->changed)) {
        if (FLOW_LIKELY(json_by_runs(j, t, f, p, words, value))) {
            f->misses = 0;
            return 1;
        }
        if (++f->misses == JSON_MISSES) f->made = 0;
        json_begin(j, t, f);
    }
    if (!json_by_pieces(j, t, f, p, words, value)) return 0;
    if (FLOW_UNLIKELY(f->changed && f->left)) k_json_make_runs(f, t);
    return 1;
}

#endif
