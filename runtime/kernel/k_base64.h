/* k_base64.h - base64 (RFC 4648) with padding. */
#ifndef FLOW_KERNEL_K_BASE64_H
#define FLOW_KERNEL_K_BASE64_H

#include "runtime/kernel/k_value.h"

#define FLOW_BASE64_LEN(n) (((n) + 2) / 3 * 4)

/* Writes FLOW_BASE64_LEN(n) bytes. */
void k_base64_put(uint8_t *out, const uint8_t *p, int64_t n);

/* Writes at most n / 4 * 3 bytes; returns how many, -1 if that is not base64.  Padding
 * may be missing; bits beyond the last byte must be 0. */
int64_t k_base64_get(uint8_t *out, const uint8_t *p, int64_t n);

#endif
