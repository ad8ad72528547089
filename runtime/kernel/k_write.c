/* k_write.c - leaves to bytes.
 *
 * Buffers have 64 bytes behind their end, so a short text is stored as one vector and the
 * check for what must be quoted or escaped is made on the same vector. */
#include "runtime/kernel/k_write.h"
#include "runtime/kernel/k_base64.h"
#include "runtime/kernel/k_cold.h"
#include "runtime/kernel/k_decimal.h"
#include "runtime/kernel/k_float.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_time.h"
#include "runtime/kernel/k_vec.h"

/* A buffer in the arena: text on its way to be a value. */
#define WRITE_ARENA -1

FLOW_FAR void k_write_grow(flow_ctx *ctx, flow_buf *b, int64_t n) {
    if (b->rows != WRITE_ARENA) {
        flow_rt_buf_grow(ctx, b, n);
        return;
    }
    int64_t used = b->p - b->base, size = 2 * (b->end - b->base);
    if (size < 192) size = 192;
    while (size < used + n)
        size *= 2;
    uint8_t *base = flow_k_alloc(ctx, size + FLOW_SLACK);
    if (used) __builtin_memcpy(base, b->base, (size_t)used);
    b->base = base;
    b->p = base + used;
    b->end = base + size;
}

void k_write_temp(flow_buf *b) {
    *b = (flow_buf){NULL, NULL, NULL, WRITE_ARENA};
}

void flow_k_write_bytes(flow_ctx *ctx, flow_buf *b, const uint8_t *p, int64_t len) {
    if (!len) return; /* the text, or the buffer still, may have no address */
    uint8_t *to = k_write_room(ctx, b, len);
    __builtin_memcpy(to, p, (size_t)len);
    b->p = to + len;
}

void flow_k_write_row(flow_buf *b) {
    b->rows++;
}

FLOW_FAR void flow_k_write_int(flow_ctx *ctx, flow_buf *b, int64_t v) {
    uint8_t *p = k_write_room(ctx, b, FLOW_INT_TEXT); /* and what is behind */
    *p = '-';
    b->p += v < 0 ? 1 + k_num_put(p + 1, -(uint64_t)v) : k_num_put(p, (uint64_t)v);
}

void flow_k_write_bool(flow_ctx *ctx, flow_buf *b, int32_t v) {
    __builtin_memcpy(k_write_room(ctx, b, 8), v ? "true" : "false", v ? 4 : 5);
    b->p += v ? 4 : 5;
}

FLOW_FAR void flow_k_write_decimal(flow_ctx *ctx, flow_buf *b, int64_t low, int64_t high,
                                   int64_t scale) {
    b->p += flow_k_put_decimal(k_write_room(ctx, b, FLOW_DECIMAL_TEXT), low, high, scale);
}

FLOW_FAR void flow_k_write_float(flow_ctx *ctx, flow_buf *b, double v) {
    b->p += flow_k_put_float(k_write_room(ctx, b, FLOW_FLOAT_TEXT), v);
}

/* Puts what was written since `at` in quotes; there is room for them. */
static void write_quote(flow_buf *b, int64_t at) {
    uint8_t *from = b->base + at;
    __builtin_memmove(from + 1, from, (size_t)(b->p - from));
    from[0] = '"';
    b->p[1] = '"';
    b->p += 2;
}

FLOW_FAR void flow_k_write_json_float(flow_ctx *ctx, flow_buf *b, double v) {
    k_write_room(ctx, b, FLOW_FLOAT_TEXT + 2);
    int64_t at = b->p - b->base;
    flow_k_write_float(ctx, b, v);
    if (!__builtin_isfinite(v)) write_quote(b, at);
}

FLOW_FAR void flow_k_write_time(flow_ctx *ctx, flow_buf *b, int64_t v, int32_t unit) {
    uint8_t *p = k_write_room(ctx, b, FLOW_TIME_TEXT);
    b->p += unit == 'r' ? flow_k_put_time(p, v) : k_time_put_unit(p, v, unit);
}

FLOW_FAR void flow_k_write_json_time(flow_ctx *ctx, flow_buf *b, int64_t v,
                                     int32_t unit) {
    k_write_room(ctx, b, FLOW_TIME_TEXT + 2);
    int64_t at = b->p - b->base;
    flow_k_write_time(ctx, b, v, unit);
    if (unit == 'r') write_quote(b, at);
}

FLOW_FAR void flow_k_write_duration(flow_ctx *ctx, flow_buf *b, int64_t v, int32_t unit) {
    uint8_t *p = k_write_room(ctx, b, FLOW_DURATION_TEXT);
    b->p += unit == 'r' ? flow_k_put_duration(p, v) : k_time_put_unit(p, v, unit);
}

FLOW_FAR void flow_k_write_json_duration(flow_ctx *ctx, flow_buf *b, int64_t v,
                                         int32_t unit) {
    k_write_room(ctx, b, FLOW_DURATION_TEXT + 2);
    int64_t at = b->p - b->base;
    flow_k_write_duration(ctx, b, v, unit);
    if (unit == 'r') write_quote(b, at);
}

FLOW_FAR void k_write_base64(flow_ctx *ctx, flow_buf *b, const uint8_t *p, int64_t len) {
    uint8_t *to = k_write_room(ctx, b, FLOW_BASE64_LEN(len));
    k_base64_put(to, p, len);
    b->p = to + FLOW_BASE64_LEN(len);
}

/* ---- csv texts ------------------------------------------------------------------ */

static int write_blank(uint8_t c) {
    return c == ' ' || c == '\t';
}

static int write_csv_plain(const uint8_t *p, int64_t len, uint8_t separator) {
    if (!len || write_blank(p[0]) || write_blank(p[len - 1])) return 0;
    for (const uint8_t *end = flow_text_end(p, len); p < end; p += FLOW_LANES) {
        flow_v64 v = k_vec_some(p, end);
        uint64_t m = k_vec_eq(v, separator) | k_vec_eq(v, '"') | k_vec_eq(v, '\n') |
                     k_vec_eq(v, '\r');
        if (m & k_vec_live(p, end)) return 0;
    }
    return 1;
}

void flow_k_write_csv_text(flow_ctx *ctx, flow_buf *b, const uint8_t *p, int64_t len,
                           int32_t separator) {
    if (FLOW_LIKELY(write_csv_plain(p, len, (uint8_t)separator))) {
        flow_k_write_bytes(ctx, b, p, len);
        return;
    }
    k_write_csv_quoted(ctx, b, p, len);
}

FLOW_FAR void k_write_csv_quoted(flow_ctx *ctx, flow_buf *b, const uint8_t *p,
                                 int64_t len) {
    uint8_t *to = k_write_room(ctx, b, 2 * len + 2);
    *to++ = '"';
    for (int64_t i = 0; i < len; i++) {
        *to++ = p[i];
        if (p[i] == '"') *to++ = '"';
    }
    *to++ = '"';
    b->p = to;
}

/* ---- JSON texts ----------------------------------------------------------------- */

static uint8_t *write_escape(uint8_t *to, uint8_t c) {
    static const char letters[] = "\b\t\n\f\r\"\\", names[] = "btnfr\"\\";
    *to++ = '\\';
    for (int i = 0; letters[i]; i++) {
        if (letters[i] != (char)c) continue;
        *to++ = (uint8_t)names[i];
        return to;
    }
    to[0] = 'u';
    to[1] = to[2] = '0';
    to[3] = (uint8_t)('0' + (c >> 4));
    to[4] = (uint8_t)((c & 15) < 10 ? '0' + (c & 15) : 'a' + (c & 15) - 10);
    return to + 5;
}

FLOW_FAR uint8_t *k_write_escapes(uint8_t *to, const uint8_t *p, int64_t n,
                                  uint64_t special) {
    int64_t done = 0;
    for (; special; special &= special - 1) {
        int64_t i = __builtin_ctzll(special);
        for (; done < i; done++)
            *to++ = p[done];
        to = write_escape(to, p[done++]);
    }
    for (; done < n; done++)
        *to++ = p[done];
    return to;
}

void flow_k_write_json_text(flow_ctx *ctx, flow_buf *b, const uint8_t *p, int64_t len) {
    k_write_byte(ctx, b, '"');
    for (const uint8_t *end = flow_text_end(p, len); p < end; p += FLOW_LANES) {
        int64_t n = end - p < FLOW_LANES ? end - p : FLOW_LANES;
        flow_v64 v = k_vec_some(p, end);
        uint64_t m = k_vec_eq(v, '"') | k_vec_eq(v, '\\') | k_vec_in(v, 0, 0x1F);
        m &= k_vec_live(p, end);
        uint8_t *to = k_write_room(ctx, b, m ? 6 * FLOW_LANES : n);
        if (FLOW_LIKELY(!m)) {
            __builtin_memcpy(to, &v, sizeof v); /* beyond n: into the slack */
            b->p = to + n;
        } else {
            b->p = k_write_escapes(to, p, n, m);
        }
    }
    k_write_byte(ctx, b, '"');
}
