/* k_map.h - maps as lists of { key, value } in order of their keys. */
#ifndef FLOW_KERNEL_K_MAP_H
#define FLOW_KERNEL_K_MAP_H

#include "runtime/kernel/k_value.h"

/* Sorts n entries of `words` words by their keys, whose type code letter is `key` (i, b
 * or s), and drops all but the last of equal keys.  Returns how many are left; they begin
 * at entries or in new memory of the arena: *out. */
int64_t k_map_sort(flow_ctx *ctx, uint64_t *entries, int64_t n, int64_t words,
                   uint8_t key, uint64_t **out);

/* -1, 0, 1. */
int32_t k_map_compare(const uint64_t *a, const uint64_t *b, uint8_t key);

/* The builtins: a map crosses as the address and number of its entries, keys and values
 * as addresses of their words. */
int32_t flow_k_fn_get(flow_ctx *ctx, uint64_t *out, const uint64_t *m, int64_t n,
                      const uint64_t *key, const uint8_t *tk, const uint8_t *tv);
int32_t flow_k_fn_put(flow_ctx *ctx, uint64_t *out, const uint64_t *m, int64_t n,
                      const uint64_t *key, const uint64_t *value, const uint8_t *tk,
                      const uint8_t *tv);
int32_t flow_k_fn_remove(flow_ctx *ctx, uint64_t *out, const uint64_t *m, int64_t n,
                         const uint64_t *key, const uint8_t *tk, const uint8_t *tv);
int32_t flow_k_fn_keys(flow_ctx *ctx, uint64_t *out, const uint64_t *m, int64_t n,
                       const uint8_t *tk, const uint8_t *tv);
int32_t flow_k_fn_values(flow_ctx *ctx, uint64_t *out, const uint64_t *m, int64_t n,
                         const uint8_t *tk, const uint8_t *tv);
int32_t flow_k_fn_to_map(flow_ctx *ctx, uint64_t *out, const uint64_t *xs, int64_t n,
                         const uint8_t *tk, const uint8_t *tv);

#endif
