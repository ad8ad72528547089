/* k_text.h - the builtin functions on strings and bytes (lang/builtins.def). */
#ifndef FLOW_KERNEL_K_TEXT_H
#define FLOW_KERNEL_K_TEXT_H

#include "runtime/kernel/k_value.h"

#define FLOW_TEXT_MAX (16 << 20) /* what repeat and pad may make */

int64_t flow_k_fn_length(const uint8_t *p, int64_t len);
int32_t flow_k_fn_contains(const uint8_t *p, int64_t len, const uint8_t *part, int64_t n);
int32_t flow_k_fn_starts_with(const uint8_t *p, int64_t len, const uint8_t *part,
                              int64_t n);
int32_t flow_k_fn_ends_with(const uint8_t *p, int64_t len, const uint8_t *part,
                            int64_t n);

int32_t flow_k_fn_slice(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len,
                        int64_t from, int64_t count);
int32_t flow_k_fn_trim(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len);
int32_t flow_k_fn_repeat(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len,
                         int64_t n);
int32_t flow_k_fn_reverse(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len);
int32_t flow_k_fn_replace(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len,
                          const uint8_t *from, int64_t from_len, const uint8_t *to,
                          int64_t to_len);
int32_t flow_k_fn_pad_left(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len,
                           int64_t width, const uint8_t *with, int64_t with_len);
int32_t flow_k_fn_pad_right(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len,
                            int64_t width, const uint8_t *with, int64_t with_len);
int32_t flow_k_fn_join(flow_ctx *ctx, uint64_t *out, const uint64_t *texts, int64_t n,
                       const uint8_t *sep, int64_t sep_len);
int32_t flow_k_fn_split(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len,
                        const uint8_t *sep, int64_t sep_len);

int32_t flow_k_fn_hex(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len);
int32_t flow_k_fn_base64(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len);
int32_t flow_k_fn_unbase64(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len);
int32_t flow_k_fn_utf8(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len);

/* Copies the text (address and length at `in`) that a function in C gave; an error if it is
 * no text, or should be a string and is not UTF-8. */
int32_t flow_k_extern_text(flow_ctx *ctx, uint64_t *out, const uint64_t *in, int32_t string);

/* A text as a value. */
FLOW_INLINE int32_t k_text_out(uint64_t *out, const uint8_t *p, int64_t len) {
    out[0] = (uint64_t)(uintptr_t)p;
    out[1] = (uint64_t)len;
    return 0;
}

#endif
