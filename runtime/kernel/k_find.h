/* k_find.h - finding a byte or a text in a text.  clang only (k_vec.h). */
#ifndef FLOW_KERNEL_K_FIND_H
#define FLOW_KERNEL_K_FIND_H

#include "runtime/kernel/k_vec.h"

/* How far memory may be loaded around a text: to the end of the task's input block if the
 * text lies there, else to the text's own end. */
FLOW_INLINE const uint8_t *k_find_readable(const flow_ctx *ctx, const uint8_t *p,
                                           int64_t len) {
    uintptr_t from = (uintptr_t)ctx->block, to = (uintptr_t)ctx->readable;
    return (uintptr_t)p - from < to - from ? ctx->readable : p + len;
}

/* The first place of the text in [p, end), null if there is none.  n > 0. */
const uint8_t *k_find(const uint8_t *p, const uint8_t *end, const uint8_t *text, int64_t n,
                      const uint8_t *readable);

#endif
