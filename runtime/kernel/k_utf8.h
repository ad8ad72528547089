/* k_utf8.h - UTF-8: validation, repair, walking over valid text. */
#ifndef FLOW_KERNEL_K_UTF8_H
#define FLOW_KERNEL_K_UTF8_H

#include "runtime/kernel/k_value.h"

/* 1 if the text is valid UTF-8 (no surrogates, nothing overlong, at most U+10FFFF). */
int32_t flow_k_utf8_valid(const uint8_t *p, int64_t len);

/* The offset of the first byte that is not valid, len if all are. */
int64_t flow_k_utf8_error(const uint8_t *p, int64_t len);

/* A copy in the arena with U+FFFD for each longest prefix of a sequence that went wrong.
 */
flow_text flow_k_utf8_replace(flow_ctx *ctx, const uint8_t *p, int64_t len);

/* Code points of valid text. */
int64_t flow_k_utf8_count(const uint8_t *p, int64_t len);

/* Length of the sequence that a lead byte of valid text begins. */
FLOW_INLINE int64_t k_utf8_len(uint8_t lead) {
    return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/* Decodes the code point at p of valid text; *n is its length. */
FLOW_INLINE uint32_t k_utf8_get(const uint8_t *p, int64_t *n) {
    *n = k_utf8_len(p[0]);
    switch (*n) {
    case 1: return p[0];
    case 2: return (uint32_t)(p[0] & 0x1F) << 6 | (p[1] & 0x3F);
    case 3:
        return (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 |
               (p[2] & 0x3F);
    default:
        return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 |
               (uint32_t)(p[2] & 0x3F) << 6 | (p[3] & 0x3F);
    }
}

/* Writes a code point, at most 4 bytes; returns how many. */
FLOW_INLINE int64_t k_utf8_put(uint8_t *p, uint32_t c) {
    if (c < 0x80) {
        p[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        p[0] = (uint8_t)(0xC0 | c >> 6);
        p[1] = (uint8_t)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        p[0] = (uint8_t)(0xE0 | c >> 12);
        p[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        p[2] = (uint8_t)(0x80 | (c & 0x3F));
        return 3;
    }
    p[0] = (uint8_t)(0xF0 | c >> 18);
    p[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
    p[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
    p[3] = (uint8_t)(0x80 | (c & 0x3F));
    return 4;
}

#endif
