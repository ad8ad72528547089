/* k_print.h - any value as text, by its type code.
 *
 * `fmt` is the head of a schema (k_schema.h); null stands for RFC 3339 and the tag
 * "type". */
#ifndef FLOW_KERNEL_K_PRINT_H
#define FLOW_KERNEL_K_PRINT_H

#include "runtime/kernel/k_value.h"

/* csv: a record as its fields, a none record as as many empty ones; lists, maps and
 * tagged records inside as JSON in one field; a tagged record alone as its tag and its
 * fields. */
void flow_k_write_csv(flow_ctx *ctx, flow_buf *b, const uint64_t *words,
                      const uint8_t *fmt, const uint8_t *tc);
void flow_k_write_json(flow_ctx *ctx, flow_buf *b, const uint64_t *words,
                       const uint8_t *fmt, const uint8_t *tc);

/* As string(x) gives it: texts as they are, an enum's name, the rest as JSON.  none is
 * `none`, as on the console. */
void flow_k_write_text(flow_ctx *ctx, flow_buf *b, const uint64_t *words,
                       const uint8_t *tc);
void flow_k_write_console(flow_ctx *ctx, flow_buf *b, const uint64_t *words,
                          const uint8_t *tc);

int32_t flow_k_fn_to_json(flow_ctx *ctx, uint64_t *out, const uint64_t *words,
                          const uint8_t *tc);
int32_t flow_k_fn_string(flow_ctx *ctx, uint64_t *out, const uint64_t *words,
                         const uint8_t *tc);
/* T? that the whole text holds as JSON. */
int32_t flow_k_fn_parse_json(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len,
                             const uint8_t *tc);

#endif
