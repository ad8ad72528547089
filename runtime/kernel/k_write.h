/* k_write.h - values to bytes, appended to a port's buffer.
 *
 * One function per leaf type and format where they differ; generated code appends what is
 * constant (separators, brackets, keys) with flow_k_write_bytes, decides about `none`
 * itself, and counts the row in buf->rows through flow_k_write_row.  Nested values go
 * through k_print.h.
 *
 * `fmt` is the head of a schema (k_schema.h): flags, separator, time unit, tag, 0. */
#ifndef FLOW_KERNEL_K_WRITE_H
#define FLOW_KERNEL_K_WRITE_H

#include "runtime/kernel/k_value.h"

void flow_k_write_bytes(flow_ctx *ctx, flow_buf *b, const uint8_t *p, int64_t len);
void flow_k_write_row(flow_buf *b); /* a row is complete */

/* Alike in csv, JSON, text and console. */
void flow_k_write_int(flow_ctx *ctx, flow_buf *b, int64_t v);
void flow_k_write_bool(flow_ctx *ctx, flow_buf *b, int32_t v);
void flow_k_write_decimal(flow_ctx *ctx, flow_buf *b, int64_t low, int64_t high,
                          int64_t scale);

/* csv, text, console: plain; JSON: NaN and the infinities in quotes. */
void flow_k_write_float(flow_ctx *ctx, flow_buf *b, double v);
void flow_k_write_json_float(flow_ctx *ctx, flow_buf *b, double v);

/* With unit 'r' as text (JSON: in quotes), else a number in that unit. */
void flow_k_write_time(flow_ctx *ctx, flow_buf *b, int64_t v, int32_t unit);
void flow_k_write_json_time(flow_ctx *ctx, flow_buf *b, int64_t v, int32_t unit);
void flow_k_write_duration(flow_ctx *ctx, flow_buf *b, int64_t v, int32_t unit);
void flow_k_write_json_duration(flow_ctx *ctx, flow_buf *b, int64_t v, int32_t unit);

/* csv: quotes where needed; JSON: quotes and escapes; bytes are base64. */
void flow_k_write_csv_text(flow_ctx *ctx, flow_buf *b, const uint8_t *p, int64_t len,
                           int32_t separator);
void flow_k_write_json_text(flow_ctx *ctx, flow_buf *b, const uint8_t *p, int64_t len);

/* ---- inside the kernel */

void k_write_grow(flow_ctx *ctx, flow_buf *b, int64_t n);

/* Room for n bytes at b->p. */
FLOW_INLINE uint8_t *k_write_room(flow_ctx *ctx, flow_buf *b, int64_t n) {
    if (FLOW_UNLIKELY(b->end - b->p < n)) k_write_grow(ctx, b, n);
    return b->p;
}

FLOW_INLINE void k_write_byte(flow_ctx *ctx, flow_buf *b, uint8_t c) {
    *k_write_room(ctx, b, 1) = c;
    b->p++;
}

/* A csv text that needs its quotes. */
void k_write_csv_quoted(flow_ctx *ctx, flow_buf *b, const uint8_t *p, int64_t len);
/* Up to 64 bytes to `to`; those that `special` marks become JSON's escapes. */
uint8_t *k_write_escapes(uint8_t *to, const uint8_t *p, int64_t n, uint64_t special);
void k_write_base64(flow_ctx *ctx, flow_buf *b, const uint8_t *p, int64_t len);
/* Begins a buffer in the arena, for text that becomes a value. */
void k_write_temp(flow_buf *b);

#endif
