/* k_key.h - key bytes: canonical, in order, and readable again.
 *
 * memcmp order of the bytes is the order of k_compare.h, and equal values have equal
 * bytes; no key is a prefix of another of its type, so the bytes of several values in a
 * row are the key of the record of them.
 *
 *   int timestamp duration  8 bytes, high first, sign flipped
 *   float                   8 bytes of its rank (k_compare.h), likewise
 *   bool                    1 byte
 *   decimal                 16 bytes, high first, sign flipped
 *   string bytes            the bytes, 00 written as 00 FF, then 00 00
 *   T?                      01 and T; none is 02
 *   [T], map                01 and each element, then 00
 *   record                  its fields
 *   tagged record           the tag in 2 bytes, high first, and the variant's fields
 *
 * The descending form has all bytes inverted but the flags of T?: none stays last.
 * The key of exactly one string column is not of this form but its plain bytes, and one
 * int, timestamp or duration column has no bytes at all but the integer table. */
#ifndef FLOW_KERNEL_K_KEY_H
#define FLOW_KERNEL_K_KEY_H

#include "runtime/kernel/k_value.h"

/* No more bytes than this come from the value, in either form. */
FLOW_FAR int64_t flow_k_key_bound(const uint64_t *words, const uint8_t *tc);
/* Write the key of a value at p; return one past it. */
FLOW_FAR uint8_t *flow_k_key_put(uint8_t *p, const uint64_t *words, const uint8_t *tc);
FLOW_FAR uint8_t *flow_k_key_put_desc(uint8_t *p, const uint64_t *words,
                                      const uint8_t *tc);
/* Read the value back into words (text and lists in the task arena, or in the key itself
 * where they stand there unchanged); return one past the key. */
FLOW_FAR const uint8_t *flow_k_key_get(flow_ctx *ctx, const uint8_t *p, uint64_t *words,
                                       const uint8_t *tc);
FLOW_FAR const uint8_t *flow_k_key_get_desc(flow_ctx *ctx, const uint8_t *p,
                                            uint64_t *words, const uint8_t *tc);

/* One leaf at a time, for keys of flat columns: room needed is 8, 8, 1, 16, 2, 1 and
 * 2 * len + 2 bytes.  flow_k_key_flag writes the flag of a T?: has is 1 or 0. */
uint8_t *flow_k_key_i64(uint8_t *p, int64_t v);
uint8_t *flow_k_key_f64(uint8_t *p, double v);
uint8_t *flow_k_key_bool(uint8_t *p, int32_t v);
uint8_t *flow_k_key_decimal(uint8_t *p, int64_t low, int64_t high);
uint8_t *flow_k_key_tag(uint8_t *p, int64_t tag);
uint8_t *flow_k_key_flag(uint8_t *p, int32_t has);
uint8_t *flow_k_key_text(uint8_t *p, const uint8_t *ptr, int64_t len);
/* Makes the bytes from..to descending (a leaf's: it has no flags inside). */
void flow_k_key_invert(uint8_t *from, uint8_t *to);

#endif
