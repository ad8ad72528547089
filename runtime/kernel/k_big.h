/* k_big.h - unsigned integers of bounded size, for what must be exact and is rare: the
 * last digit of long float texts, decimal division.  Little-endian 32-bit digits. */
#ifndef FLOW_KERNEL_K_BIG_H
#define FLOW_KERNEL_K_BIG_H

#include "runtime/kernel/k_value.h"

#define FLOW_BIG_DIGITS 168 /* 5376 bits: 800 decimal digits and a float's exponent */

typedef struct flow_big {
    int64_t n; /* digits in use; the highest is not 0 */
    uint32_t d[FLOW_BIG_DIGITS];
} flow_big;

void k_big_set(flow_big *b, unsigned __int128 v);
unsigned __int128 k_big_low(const flow_big *b); /* modulo 2^128 */
int k_big_bits(const flow_big *b);
void k_big_mul_add(flow_big *b, uint32_t factor, uint32_t add);
void k_big_mul_pow5(flow_big *b, int64_t power);
void k_big_mul_pow10(flow_big *b, int64_t power);
void k_big_shift(flow_big *b, int64_t bits); /* left */
int k_big_compare(const flow_big *a, const flow_big *b);

/* a becomes the quotient, rest the remainder; by is not 0. */
void k_big_divide(flow_big *a, const flow_big *by, flow_big *rest);

#endif
