/* k_cscan.h - the fields of csv records, by masks of what separates.
 *
 * The places of separators, quotes and line ends in a block of 64 bytes are bits of a
 * mask that goes on from field to field and record to record, so the bytes of a field
 * that nobody reads are never looked at one by one.  Quotes need no second pass: inside
 * them, only the next quote's bit matters.  clang only (k_vec.h). */
#ifndef FLOW_KERNEL_K_CSCAN_H
#define FLOW_KERNEL_K_CSCAN_H

#include "runtime/kernel/k_record.h"

typedef struct csv_scan {
    flow_ctx *ctx;
    const uint8_t *p, *end; /* next byte to read; of the block, whose last byte is '\n' */
    const uint8_t *base;    /* the 64 bytes that `mask` is about */
    uint64_t mask;          /* what separates there, from p on */
    uint64_t block_high;    /* bytes beyond ASCII there */
    uint64_t high;          /* not 0 if the record may have such bytes */
    uint8_t separator;
    int32_t multiline;
    const char *why; /* of the last fault */
} csv_scan;

/* One field as it stands in the record. */
typedef struct csv_field {
    const uint8_t *from, *to; /* without quotes */
    int32_t quoted;
    int32_t escaped; /* has doubled quotes */
    uint8_t stop;    /* what ended it: the separator or '\n' */
} csv_field;

/* Loads the 64 bytes at base. */
FLOW_INLINE void k_csv_load(csv_scan *s) {
    flow_v64 v = k_vec_load(s->base);
    s->mask = k_vec_eq(v, s->separator) | k_vec_eq(v, '"') | k_vec_eq(v, '\n');
    s->block_high = k_vec_high(v);
    s->high |= s->block_high;
    if (FLOW_UNLIKELY(s->end - s->base < FLOW_LANES))
        s->mask &= k_low_bits(s->end - s->base);
}

/* The next separator, quote or line end, which is passed; `end` if there is none. */
FLOW_INLINE const uint8_t *k_csv_stop(csv_scan *s) {
    while (FLOW_UNLIKELY(!s->mask)) {
        s->base += FLOW_LANES;
        if (s->base >= s->end) {
            s->base = s->end;
            return s->end;
        }
        k_csv_load(s);
    }
    const uint8_t *p = s->base + __builtin_ctzll(s->mask);
    s->mask &= s->mask - 1;
    return p;
}

/* `high` of a record that begins at p. */
FLOW_INLINE uint64_t k_csv_high(const csv_scan *s) {
    return s->p - s->base < FLOW_LANES ? s->block_high >> (s->p - s->base) : 0;
}

/* Reads on at p. */
void k_csv_seek(csv_scan *s, const uint8_t *p);

/* Where the record ended: before the line end at p - 1. */
FLOW_INLINE void k_csv_set_len(csv_scan *s) {
    const uint8_t *from = s->ctx->record, *to = s->p - 1;
    if (FLOW_UNLIKELY(to > s->end)) to = s->end;
    s->ctx->record_len = to - from - (to > from && to[-1] == '\r');
}

/* Notes what is wrong at `at` and passes the line that it is in; returns the code. */
int k_csv_fault(csv_scan *s, const uint8_t *at, const char *why);

/* The rest of a field whose opening quote is at s->p and was passed. */
int k_csv_quoted(csv_scan *s, csv_field *f);

/* The field at s->p, and past what ends it. */
FLOW_INLINE int k_csv_field(csv_scan *s, csv_field *f) {
    const uint8_t *stop = k_csv_stop(s), *from = s->p;
    uint8_t c = FLOW_LIKELY(stop < s->end) ? *stop : '\n';
    f->quoted = f->escaped = 0;
    f->from = from;
    f->to = stop;
    f->stop = c;
    if (FLOW_UNLIKELY(c == '"')) {
        if (stop != from) return k_csv_fault(s, stop, "a quote inside a field");
        return k_csv_quoted(s, f);
    }
    f->to -= c == '\n' && stop > from && stop[-1] == '\r' && stop < s->end;
    s->p = stop + 1;
    return 0;
}

/* The field's bytes, doubled quotes made single. */
flow_text k_csv_text(flow_ctx *ctx, const csv_field *f);

#endif
