/* k_places.h - the numbers of a mask's bits, as places.
 *
 * With AVX-512 VBMI2 (Intel from Ice Lake, AMD from Zen 4 on) one instruction packs the
 * numbers of 64 bits: a fifth of the time of taking bit by bit.  So this function has a variant
 * (compiler/emit/kernel_mod.c). */
#ifndef FLOW_KERNEL_K_PLACES_H
#define FLOW_KERNEL_K_PLACES_H

#include "runtime/kernel/k_value.h"

/* Words that are written behind the last place, at most. */
#define FLOW_PLACES_MORE 16

/* Writes from + i for each bit i of the mask, in order; returns one past the last. */
uint32_t *k_places_base(uint32_t *to, uint64_t mask, uint32_t from);
uint32_t *k_places_vbmi2(uint32_t *to, uint64_t mask, uint32_t from);

#endif
