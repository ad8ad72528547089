/* k_row.c - encoded rows: measuring, writing, reading by type code. */
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_type.h"

FLOW_INLINE int64_t row_round(int64_t at) {
    return (at + 7) & ~(int64_t)7;
}

static const uint8_t *row_variant(const uint8_t *tc, uint64_t tag) {
    tc++;
    while (tag--)
        tc = flow_k_type_skip(flow_type_name_skip(tc));
    return flow_type_name_skip(tc);
}

/* The words of one element, whose type is that of `fields` types in a row at tc; *end is
 * one past them. */
static int64_t row_element(const uint8_t *tc, int fields, const uint8_t **end) {
    int64_t words = 0;
    while (fields--) {
        words += flow_k_type_words(tc);
        tc = flow_k_type_skip(tc);
    }
    *end = tc;
    return words;
}

static int32_t row_flat(const uint8_t *tc, int fields) {
    while (fields--) {
        if (!flow_k_type_flat(tc)) return 0;
        tc = flow_k_type_skip(tc);
    }
    return 1;
}

/* ---- measuring ------------------------------------------------------------------- */

static int64_t row_extent(int64_t at, const uint64_t *w, const uint8_t *tc);

static int64_t row_extent_list(int64_t at, const uint64_t *w, const uint8_t *tc,
                               int fields) {
    const uint8_t *end;
    int64_t words = row_element(tc, fields, &end), count = (int64_t)w[1];
    const uint64_t *e = (const uint64_t *)w[0];
    if (!count) return at;
    at = row_round(at) + count * words * 8;
    if (row_flat(tc, fields)) return at;
    for (int64_t i = 0; i < count; i++) {
        const uint8_t *t = tc;
        for (int f = 0; f < fields; f++) {
            at = row_extent(at, e, t);
            e += flow_k_type_words(t);
            t = flow_k_type_skip(t);
        }
    }
    return at;
}

static int64_t row_extent(int64_t at, const uint64_t *w, const uint8_t *tc) {
    switch (*tc++) {
    case 's':
    case 'y': return at + (int64_t)w[1];
    case '?': return w[flow_k_type_words(tc)] ? row_extent(at, w, tc) : at;
    case '[': return row_extent_list(at, w, tc, 1);
    case '<': return row_extent_list(at, w, tc, 2);
    case '{': {
        int n = *tc++;
        while (n--) {
            tc = flow_type_name_skip(tc);
            at = row_extent(at, w, tc);
            w += flow_k_type_words(tc);
            tc = flow_k_type_skip(tc);
        }
        return at;
    }
    case '|': return row_extent(at, w + 1, row_variant(tc, w[0]));
    default: return at;
    }
}

int64_t flow_k_row_extent(int64_t at, const uint64_t *words, const uint8_t *tc) {
    return row_extent(at, words, tc);
}

/* ---- writing --------------------------------------------------------------------- */

int64_t flow_k_row_text(uint8_t *row, int64_t at, uint64_t *to, const uint8_t *ptr,
                        int64_t len) {
    to[0] = len ? (uint64_t)at : 0;
    to[1] = (uint64_t)len;
    flow_k_copy(row + at, ptr, len);
    return at + len;
}

static int64_t row_put(uint8_t *row, int64_t at, uint64_t *to, const uint64_t *w,
                       const uint8_t *tc);

static int64_t row_put_list(uint8_t *row, int64_t at, uint64_t *to, const uint64_t *w,
                            const uint8_t *tc, int fields) {
    const uint8_t *end;
    int64_t words = row_element(tc, fields, &end), count = (int64_t)w[1];
    const uint64_t *e = (const uint64_t *)w[0];
    to[0] = 0;
    to[1] = (uint64_t)count;
    if (!count) return at;
    __builtin_memset(row + at, 0, 8);
    at = row_round(at);
    to[0] = (uint64_t)at;
    uint64_t *elements = (uint64_t *)(row + at);
    at += count * words * 8;
    if (row_flat(tc, fields)) {
        __builtin_memcpy(elements, e, (size_t)(count * words) * 8);
        return at;
    }
    for (int64_t i = 0; i < count; i++) {
        const uint8_t *t = tc;
        for (int f = 0; f < fields; f++) {
            int64_t n = flow_k_type_words(t);
            at = row_put(row, at, elements, e, t);
            elements += n;
            e += n;
            t = flow_k_type_skip(t);
        }
    }
    return at;
}

static int64_t row_put(uint8_t *row, int64_t at, uint64_t *to, const uint64_t *w,
                       const uint8_t *tc) {
    const uint8_t *whole = tc;
    switch (*tc++) {
    case 's':
    case 'y': return flow_k_row_text(row, at, to, (const uint8_t *)w[0], (int64_t)w[1]);
    case '?': {
        int64_t n = flow_k_type_words(tc);
        to[n] = w[n];
        if (w[n]) return row_put(row, at, to, w, tc);
        __builtin_memset(to, 0, (size_t)n * 8);
        return at;
    }
    case '[': return row_put_list(row, at, to, w, tc, 1);
    case '<': return row_put_list(row, at, to, w, tc, 2);
    case '{': {
        int n = *tc++;
        while (n--) {
            tc = flow_type_name_skip(tc);
            int64_t words = flow_k_type_words(tc);
            at = row_put(row, at, to, w, tc);
            to += words;
            w += words;
            tc = flow_k_type_skip(tc);
        }
        return at;
    }
    case '|':
        __builtin_memset(to, 0, (size_t)flow_k_type_words(whole) * 8);
        to[0] = w[0];
        return row_put(row, at, to + 1, w + 1, row_variant(tc, w[0]));
    case 'D': to[1] = w[1]; /* fall through */
    default: to[0] = w[0]; return at;
    }
}

int64_t flow_k_row_put(uint8_t *row, int64_t at, uint64_t *to, const uint64_t *words,
                       const uint8_t *tc) {
    return row_put(row, at, to, words, tc);
}

/* ---- reading --------------------------------------------------------------------- */

static void row_get(flow_ctx *ctx, const uint8_t *row, uint64_t *to, const uint64_t *w,
                    const uint8_t *tc);

static void row_get_list(flow_ctx *ctx, const uint8_t *row, uint64_t *to,
                         const uint64_t *w, const uint8_t *tc, int fields) {
    const uint8_t *end;
    int64_t words = row_element(tc, fields, &end), count = (int64_t)w[1];
    const uint64_t *e = (const uint64_t *)(row + w[0]);
    to[1] = (uint64_t)count;
    if (row_flat(tc, fields)) {
        to[0] = (uint64_t)e;
        return;
    }
    uint64_t *elements = flow_k_alloc(ctx, count * words * 8);
    to[0] = (uint64_t)elements;
    for (int64_t i = 0; i < count; i++) {
        const uint8_t *t = tc;
        for (int f = 0; f < fields; f++) {
            int64_t n = flow_k_type_words(t);
            row_get(ctx, row, elements, e, t);
            elements += n;
            e += n;
            t = flow_k_type_skip(t);
        }
    }
}

static void row_get(flow_ctx *ctx, const uint8_t *row, uint64_t *to, const uint64_t *w,
                    const uint8_t *tc) {
    const uint8_t *whole = tc;
    switch (*tc++) {
    case 's':
    case 'y':
        to[0] = (uint64_t)(row + w[0]);
        to[1] = w[1];
        return;
    case '?': {
        int64_t n = flow_k_type_words(tc);
        uint64_t has = w[n];
        if (has)
            row_get(ctx, row, to, w, tc);
        else
            __builtin_memset(to, 0, (size_t)n * 8);
        to[n] = has;
        return;
    }
    case '[': row_get_list(ctx, row, to, w, tc, 1); return;
    case '<': row_get_list(ctx, row, to, w, tc, 2); return;
    case '{': {
        int n = *tc++;
        while (n--) {
            tc = flow_type_name_skip(tc);
            int64_t words = flow_k_type_words(tc);
            row_get(ctx, row, to, w, tc);
            to += words;
            w += words;
            tc = flow_k_type_skip(tc);
        }
        return;
    }
    case '|': {
        uint64_t tag = w[0];
        __builtin_memset(to, 0, (size_t)flow_k_type_words(whole) * 8);
        to[0] = tag;
        row_get(ctx, row, to + 1, w + 1, row_variant(tc, tag));
        return;
    }
    case 'D': to[1] = w[1]; /* fall through */
    default: to[0] = w[0]; return;
    }
}

void flow_k_row_get(flow_ctx *ctx, const uint8_t *row, uint64_t *words,
                    const uint64_t *from, const uint8_t *tc) {
    row_get(ctx, row, words, from, tc);
}

/* ---- whole rows ------------------------------------------------------------------ */

int64_t flow_k_row_close(uint8_t *row, int64_t at) {
    uint64_t zero = 0;
    __builtin_memcpy(row + at, &zero, 8);
    at = row_round(at);
    *(uint64_t *)row = (uint64_t)at;
    return at;
}

int64_t flow_k_row_size(const uint8_t *row) {
    return *(const uint32_t *)row;
}
const uint8_t *flow_k_row_next(const uint8_t *row) {
    return row + flow_k_row_size(row);
}
int64_t flow_k_row_place(const uint8_t *row) {
    return ((const int64_t *)row)[1];
}

void flow_k_row_mark(uint8_t *row) { ((uint32_t *)row)[1] = 1; }
int32_t flow_k_row_marked(const uint8_t *row) { return ((const uint32_t *)row)[1] != 0; }

int64_t flow_k_row_measure(int64_t head, const uint64_t *words, const uint8_t *tc) {
    return row_round(row_extent(head + 8 * flow_k_type_words(tc), words, tc));
}

void flow_k_row_write(uint8_t *row, int64_t head, const uint64_t *words,
                      const uint8_t *tc) {
    int64_t at = head + 8 * flow_k_type_words(tc);
    flow_k_row_close(row, row_put(row, at, (uint64_t *)(row + head), words, tc));
}

void flow_k_row_read(flow_ctx *ctx, const uint8_t *row, int64_t head, uint64_t *words,
                     const uint8_t *tc) {
    row_get(ctx, row, words, (const uint64_t *)(row + head), tc);
}

int32_t flow_k_row_send(flow_ctx *ctx, flow_buf *buf, int32_t ordered,
                        const uint64_t *words, const uint8_t *tc) {
    int64_t head = ordered ? 16 : 8, size = flow_k_row_measure(head, words, tc);
    if (size > FLOW_ROW_MAX) return FLOW_E_limit;
    uint8_t *row = flow_k_reserve(ctx, buf, size);
    flow_k_row_write(row, head, words, tc);
    if (ordered) ((int64_t *)row)[1] = ctx->place;
    flow_k_commit(buf, size);
    return 0;
}
