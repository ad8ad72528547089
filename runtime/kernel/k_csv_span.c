/* k_csv_span.c - see k_csv_span.h.
 *
 * Numbers as in Lemire's "Number Parsing at a Gigabyte per Second" (2021), but side by side:
 * the digits of a number are shifted to the end of a word, with noughts in front, and eight
 * words become numbers by three steps that join neighbours (digits, pairs, fours). */
#include "runtime/kernel/k_csv_span.h"

#include "runtime/kernel/k_cscan.h"
#include "runtime/kernel/k_csv.h"
#include "runtime/kernel/k_float.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_num.h"
#include "runtime/kernel/k_places.h"

#define SPAN_BYTES  8192 /* with all that is made of it still in the first cache, or near */
#define SPAN_ROWS   256
#define SPAN_ENDS   2048
#define SPAN_ROOM   (SPAN_ROWS + FLOW_LANES + 8) /* the last 64 bytes may hold so many more */
#define SPAN_PAUSE  8 /* records for the decoder, after one that no span can begin with */
#define SPAN_FIELDS 64 /* at most */

/* What the numbers of a column are, as far as was seen: 1 to 8 digits, 9 to 16, or now this
 * now that, with a minus perhaps. */
enum { SPAN_short, SPAN_long, SPAN_any };

typedef uint64_t span_v8 __attribute__((vector_size(64)));
typedef uint16_t span_v32 __attribute__((vector_size(64)));
typedef uint32_t span_lens __attribute__((vector_size(32)));

typedef struct csv_span {
    const uint8_t *base; /* where the first row begins */
    const uint8_t *past; /* where the last one ended */
    int64_t rows, at;    /* how many; the next to be taken */
    int64_t pause;       /* records that the decoder reads before the next span is looked for */
    int64_t apart;       /* the decoder's scan is not where the decoder is */
    int64_t told;        /* `at` behind a row that the decoder has read; it has told where it was */
    int64_t returns;     /* lines may end with "\r\n" */
    uint64_t *numbers;   /* [column][SPAN_ROOM] */
    uint8_t forms[SPAN_FIELDS]; /* [column] */
    uint64_t high[SPAN_ROOM]; /* of one column: the digits before the last eight, */
    uint32_t lens[SPAN_ROOM]; /* and how many there are in all */
    uint64_t odd[SPAN_ROOM];  /* not 0: the decoder reads the row */
    /* From base: before the first row, then of each field. */
    uint32_t ends[1 + SPAN_ENDS + FLOW_LANES + FLOW_PLACES_MORE];
} csv_span;

FLOW_FAR void *flow_k_csv_span_open(flow_ctx *ctx, int32_t columns) {
    csv_span *s = flow_k_alloc(ctx, sizeof *s);
    s->rows = s->at = s->pause = s->apart = s->told = 0;
    __builtin_memset(s->forms, SPAN_short, sizeof s->forms);
    s->numbers = flow_k_alloc(ctx, columns * (int64_t)(SPAN_ROOM * sizeof *s->numbers));
    return s;
}

FLOW_HOT int32_t flow_k_csv_span_more(const void *span) {
    const csv_span *s = span;
    return s->at < s->rows;
}

/* ---- where fields end ---- */

/* Is record r one of `fields` fields? */
static int span_regular(const csv_span *s, int32_t fields, int64_t r, uint8_t separator) {
    const uint32_t *ends = s->ends + 1 + r * fields;
    for (int32_t i = 0; i + 1 < fields; i++)
        if (s->base[ends[i]] != separator) return 0;
    return s->base[ends[fields - 1]] == '\n';
}

FLOW_CALLED void flow_k_csv_span_find(void *decoder, void *span, int32_t fields) {
    csv_scan *scan = &((csv_decoder *)decoder)->s;
    csv_span *s = span;
    s->at = s->rows = 0;
    s->told = -1;
    if (s->pause > 0) {
        s->pause--;
        return;
    }
    const uint8_t *base = s->base = scan->p;
    const uint8_t *stop = scan->end - base > SPAN_BYTES ? base + SPAN_BYTES : scan->end;
    int64_t most = (int64_t)SPAN_ROWS * fields, lines = 0;
    uint64_t returns = 0;
    if (most > SPAN_ENDS) most = SPAN_ENDS;
    uint32_t *to = s->ends;
    *to++ = UINT32_MAX; /* the first field begins one behind, at 0 */
    for (const uint8_t *p = base; p < stop && to <= s->ends + most; p += FLOW_LANES) {
        flow_v64 v = k_vec_load(p);
        uint64_t line = k_vec_eq(v, '\n'), live = k_vec_live(p, scan->end);
        uint64_t other = (k_vec_eq(v, '"') | k_vec_high(v)) & live;
        returns |= k_vec_eq(v, '\r');
        if (FLOW_UNLIKELY(other)) {
            live &= k_low_bits(__builtin_ctzll(other));
            stop = p;
        }
        lines += __builtin_popcountll(line & live);
        to = k_places_base(to, (line | k_vec_eq(v, scan->separator)) & live, (uint32_t)(p - base));
    }
    /* Each record's last end is a line's; so all others are not if there are as many lines. */
    int64_t found = (to - s->ends - 1) / fields, good = 0;
    while (good < found && base[s->ends[(good + 1) * fields]] == '\n') good++;
    if (FLOW_UNLIKELY(good < found || lines != found))
        for (good = 0; good < found && span_regular(s, fields, good, scan->separator);) good++;
    s->rows = good;
    s->returns = returns != 0;
    s->past = base + s->ends[good * fields] + 1;
    if (FLOW_UNLIKELY(!good)) {
        s->pause = SPAN_PAUSE;
        return;
    }
    scan->p = s->past;
    s->apart = 1;
    for (int64_t i = 0; i < good; i++) s->odd[i] = 0;
}

/* A field of all rows: from ends, to the end of the last row, every `fields` words. */
typedef struct span_cut {
    const uint8_t *base;
    const uint32_t *ends;
    int64_t rows, step;
    int returns; /* it is the last field, and may have a '\r' behind it */
} span_cut;

FLOW_INLINE span_cut span_cut_of(const csv_span *s, int32_t fields, int32_t field) {
    return (span_cut){s->base + 1, s->ends + field, s->rows, fields,
                      s->returns && field + 1 == fields};
}

/* The text of row i's field.  (Before the first byte the sum wraps, to 0.) */
FLOW_INLINE const uint8_t *span_text(const span_cut *c, int64_t i, int64_t *len) {
    const uint32_t *ends = c->ends + i * c->step;
    const uint8_t *from = c->base + (int32_t)ends[0];
    int64_t n = (uint32_t)(ends[1] - ends[0] - 1);
    if (c->returns) n -= n > 0 && from[n - 1] == '\r';
    *len = n;
    return from;
}

/* ---- columns ---- */

/* The lanes of which a byte is no digit; noughts were taken from them. */
FLOW_INLINE span_v8 span_bad(span_v8 v) {
    const uint64_t top = 0x8080808080808080u;
    return (((v & ~top) + 0x7676767676767676u) | v) & top;
}

/* Eight digits each, the first in the lowest byte. */
FLOW_INLINE span_v8 span_value(span_v8 v) {
    const uint64_t pairs = 0x00FF00FF00FF00FFu, fours = 0x0000FFFF0000FFFFu;
    v = ((span_v8)((span_v32)v * 10) + (v >> 8)) & pairs;
    v = ((span_v8)((span_v32)v * 100) + (v >> 16)) & fours;
    return ((v & 0xFFFF) * 10000) + (v >> 32);
}

FLOW_INLINE span_v8 span_load(const uint64_t *p) {
    span_v8 v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}

FLOW_INLINE int span_any(span_v8 v) {
    return (v[0] | v[1] | v[2] | v[3] | v[4] | v[5] | v[6] | v[7]) != 0;
}

FLOW_INLINE void span_store(uint64_t *p, span_v8 v) { __builtin_memcpy(p, &v, sizeof v); }

/* The lengths of eight texts. */
FLOW_INLINE span_v8 span_lengths(const uint32_t *lens) {
    span_lens n;
    __builtin_memcpy(&n, lens, sizeof n);
    return __builtin_convertvector(n, span_v8);
}

/* The first bytes of each text of a field, and how many it has.  What is behind the rows in
 * `out` and `lens` becomes the number 0, for the last step of eight. */
static void span_words(const span_cut *cut, uint64_t *out, uint32_t *lens) {
    const span_cut c = *cut;
    const uint32_t *ends = c.ends;
    for (int64_t i = 0; i < c.rows; i++, ends += c.step) {
        uint32_t from = ends[0];
        out[i] = k_num_load8(c.base + (int32_t)from);
        lens[i] = ends[1] - from - 1;
    }
    for (int64_t i = c.rows; i < c.rows + 8; i++) {
        out[i] = K_NOUGHTS;
        lens[i] = 8;
    }
}

/* The last eight bytes, too: of texts of 9 to 16. */
static void span_pairs(const span_cut *cut, uint64_t *out, uint64_t *high, uint32_t *lens) {
    const span_cut c = *cut;
    const uint32_t *ends = c.ends;
    for (int64_t i = 0; i < c.rows; i++, ends += c.step) {
        uint32_t from = ends[0], to = ends[1];
        high[i] = k_num_load8(c.base + (int32_t)from);
        out[i] = k_num_load8(c.base + (int32_t)to - 9);
        lens[i] = to - from - 1;
    }
    for (int64_t i = c.rows; i < c.rows + 8; i++) {
        out[i] = high[i] = K_NOUGHTS;
        lens[i] = 16;
    }
}

/* The same where lines may end with "\r\n"; high: null for span_words. */
static void span_returns(const span_cut *c, uint64_t *out, uint64_t *high, uint32_t *lens) {
    if (high) span_pairs(c, out, high, lens);
    else span_words(c, out, lens);
    for (int64_t i = 0; i < c->rows; i++) {
        int64_t n;
        const uint8_t *p = span_text(c, i, &n);
        if (high) out[i] = k_num_load8(p + n - 8);
        lens[i] = (uint32_t)n;
    }
}

/* Numbers of 1 to 8 digits: 0 if there is one that is not.  The digits go to the end of a word,
 * noughts in front. */
FLOW_INLINE int span_read_short(const span_cut *c, uint64_t *out, uint32_t *lens) {
    if (c->returns) span_returns(c, out, 0, lens);
    else span_words(c, out, lens);
    span_v8 bad = {0}, some = {0};
    for (int64_t i = 0; i < c->rows; i += 8) {
        span_v8 n = span_lengths(lens + i);
        span_v8 v = (span_load(out + i) ^ K_NOUGHTS) << ((-8 * n) & 63);
        some |= n - 1;
        bad |= span_bad(v);
        span_store(out + i, span_value(v));
    }
    return !span_any(bad | some >> 3);
}

/* Numbers of 9 to 16 digits. */
FLOW_INLINE int span_read_long(const span_cut *c, uint64_t *out, uint64_t *high, uint32_t *lens) {
    if (c->returns) span_returns(c, out, high, lens);
    else span_pairs(c, out, high, lens);
    span_v8 bad = {0}, some = {0};
    for (int64_t i = 0; i < c->rows; i += 8) {
        span_v8 n = span_lengths(lens + i), v = span_load(out + i) ^ K_NOUGHTS;
        span_v8 h = (span_load(high + i) ^ K_NOUGHTS) << ((-8 * n) & 63);
        some |= n - 9;
        bad |= span_bad(v) | span_bad(h);
        span_store(out + i, span_value(v) + span_value(h) * 100000000);
    }
    return !span_any(bad | some >> 3);
}

/* Any numbers; what is not of 1 to 16 digits with a minus in front perhaps makes its row odd.
 * Gives the form for the spans that follow. */
static uint8_t span_read_any(const span_cut *c, uint64_t *out, uint64_t *odd) {
    uint64_t some_short = 0, some_long = 0, minus = 0;
    for (int64_t i = 0; i < c->rows; i++) {
        int64_t n, v = 0;
        const uint8_t *p = span_text(c, i, &n);
        odd[i] |= !k_num_int_short(p, p + n, &v);
        out[i] = (uint64_t)v;
        minus |= *p == '-';
        some_short |= n <= 8;
        some_long |= n > 8;
    }
    return minus || (some_short && some_long) ? SPAN_any : some_long ? SPAN_long : SPAN_short;
}

FLOW_CALLED void flow_k_csv_span_int(void *span, int32_t fields, int32_t field, int32_t column) {
    csv_span *s = span;
    uint64_t *out = s->numbers + column * (int64_t)SPAN_ROOM;
    span_cut c = span_cut_of(s, fields, field);
    uint8_t *form = &s->forms[column];
    if (FLOW_LIKELY(*form == SPAN_short) && span_read_short(&c, out, s->lens)) return;
    if (*form == SPAN_long && span_read_long(&c, out, s->high, s->lens)) return;
    *form = span_read_any(&c, out, s->odd);
}

FLOW_CALLED void flow_k_csv_span_time(void *span, int32_t fields, int32_t field, int32_t column,
                                      int32_t unit) {
    csv_span *s = span;
    flow_k_csv_span_int(span, fields, field, column);
    int64_t micros = unit == 's' ? 1000000 : unit == 'u' ? 1 : 1000;
    uint64_t *out = s->numbers + column * (int64_t)SPAN_ROOM, limit = INT64_MAX / (uint64_t)micros;
    for (int64_t i = 0; i < s->rows; i += 8) { /* what is behind the rows nobody reads */
        span_v8 v = span_load(out + i);
        span_store(s->odd + i, span_load(s->odd + i) | (span_v8)(v + limit > 2 * limit));
        span_store(out + i, v * (uint64_t)micros);
    }
}

FLOW_CALLED void flow_k_csv_span_float(void *span, int32_t fields, int32_t field, int32_t column) {
    csv_span *s = span;
    uint64_t *out = s->numbers + column * (int64_t)SPAN_ROOM;
    span_cut c = span_cut_of(s, fields, field);
    for (int64_t i = 0; i < c.rows; i++) {
        int64_t n;
        double v = 0;
        const uint8_t *p = span_text(&c, i, &n);
        s->odd[i] |= (uint64_t)flow_k_num_float(p, p + n, &v);
        __builtin_memcpy(out + i, &v, 8);
    }
}

FLOW_CALLED void flow_k_csv_span_some(void *span, int32_t fields, int32_t field) {
    csv_span *s = span;
    span_cut c = span_cut_of(s, fields, field);
    for (int64_t i = 0; i < c.rows; i++) {
        int64_t n;
        span_text(&c, i, &n);
        s->odd[i] |= n == 0;
    }
}

/* ---- rows ---- */

FLOW_HOT void flow_k_csv_span_to(void *span, int64_t row) { ((csv_span *)span)->at = row; }

FLOW_HOT int64_t flow_k_csv_span_at(const void *span) { return ((const csv_span *)span)->at; }

FLOW_CALLED int64_t flow_k_csv_span_plain(const void *span) {
    const csv_span *s = span;
    int64_t i = s->at;
    while (i + 8 <= s->rows && !span_any(span_load(s->odd + i))) i += 8;
    while (i < s->rows && !s->odd[i]) i++;
    return i;
}

uint64_t *flow_k_csv_span_numbers(const void *span, int32_t column) {
    const csv_span *s = span;
    return s->numbers + column * (int64_t)SPAN_ROOM;
}

FLOW_HOT void flow_k_csv_span_text(const void *span, int32_t fields, int32_t field, int64_t row,
                                   uint64_t *out) {
    const csv_span *s = span;
    int64_t n;
    span_cut c = span_cut_of(s, fields, field);
    out[0] = (uint64_t)(uintptr_t)span_text(&c, row, &n);
    out[1] = (uint64_t)n;
}

void flow_k_csv_span_record(flow_ctx *ctx, const void *span, int32_t fields) {
    const csv_span *s = span;
    if (s->at == s->told) return;
    const uint32_t *ends = s->ends + (s->at - 1) * fields;
    const uint8_t *from = s->base + 1 + (int32_t)ends[0], *to = s->base + ends[fields];
    k_record_set(ctx, from, to - from - (s->returns && to > from && to[-1] == '\r'));
}

/* An odd row, or the record where the decoder is.  An odd one may be more or less than the row
 * (an empty line is no record): then the rows behind it are found again. */
FLOW_CALLED int32_t flow_k_csv_span_other(flow_ctx *ctx, void *decoder, void *span,
                                          int32_t fields, uint64_t *words) {
    csv_scan *scan = &((csv_decoder *)decoder)->s;
    csv_span *s = span;
    int64_t i = s->at;
    int odd = i < s->rows;
    if (odd) scan->p = s->base + 1 + (int32_t)s->ends[i * fields];
    if (s->apart) k_csv_seek(scan, scan->p);
    s->apart = 0;
    int32_t found = flow_k_csv_next(ctx, decoder, words);
    s->told = s->at;
    if (!odd) return found;
    s->told = s->at = s->rows;
    if (scan->p == s->base + s->ends[(i + 1) * fields] + 1) {
        s->told = s->at = i + 1;
        s->apart = 1;
        scan->p = s->past;
    }
    return found;
}
