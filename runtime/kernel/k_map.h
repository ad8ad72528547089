/* k_map.h - maps as lists of { key, value } in order of their keys. */
#ifndef FLOW_KERNEL_K_MAP_H
#define FLOW_KERNEL_K_MAP_H

#include "runtime/kernel/k_value.h"

/* Sorts n entries of `words` words by their keys, whose type code letter is `key` (i, b or
 * s), and drops all but the last of equal keys.  Returns how many are left; they begin at
 * entries or in new memory of the arena: *out. */
int64_t k_map_sort(flow_ctx *ctx, uint64_t *entries, int64_t n, int64_t words, uint8_t key,
                   uint64_t **out);

/* -1, 0, 1. */
int32_t k_map_compare(const uint64_t *a, const uint64_t *b, uint8_t key);

#endif
