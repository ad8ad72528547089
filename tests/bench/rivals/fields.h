/* fields.h - rows of separated fields, for the SIMD rivals: where fields end in 4 KiB of text
 * is written to a list, and the rows that are whole are handed over at once. */
#ifndef FLOW_BENCH_FIELDS_H
#define FLOW_BENCH_FIELDS_H

#include <stddef.h>

#include "simd.h"

enum { SPAN = 4096 };

/* `rows` rows: ends[0] is where the row before ends (the first begins at 0, its ends[0] + 1),
 * behind it stand the ends of their fields. */
typedef void take_rows(const char *base, const uint32_t *ends, size_t rows);

/* The lines from base to end, of `fields` numbers each, without quotes. */
static inline void each_row(const char *base, const char *end, size_t fields, take_rows *take) {
    static uint32_t ends[SPAN + 2 * CHUNK];
    uint32_t *to = ends;
    *to++ = UINT32_MAX;
    for (const char *p = base; p < end;) {
        const char *stop = end - p < SPAN ? end : p + SPAN;
        for (; p < stop; p += CHUNK) {
            chunk c = chunk_at(p);
            uint64_t mask = chunk_is(c, ',') | chunk_is(c, '\n');
            to = put_places(to, mask & chunk_within(p, end), (uint32_t)(p - base));
        }
        size_t found = (size_t)(to - ends) - 1, rows = found / fields, left = found % fields;
        take(base, ends, rows);
        /* What there is of a row that goes on behind the span. */
        memmove(ends, ends + rows * fields, (left + 1) * sizeof *ends);
        to = ends + left + 1;
    }
}

/* Where the field begins that ends at ends[1]; the sum wraps for the first. */
static inline const char *field_at(const char *base, const uint32_t *ends) {
    return base + (uint32_t)(ends[0] + 1);
}

static inline uint32_t field_length(const uint32_t *ends) { return ends[1] - ends[0] - 1; }

#endif
