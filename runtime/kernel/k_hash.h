/* k_hash.h - the hashes of keys.
 *
 * Two, on purpose: flow_k_part_* is fixed for ever, since it says to which partition a
 * key belongs; flow_k_hash_* is seeded per run, so that hostile keys cannot aim at a
 * table, and no output depends on it.  Both are the same on all machines. */
#ifndef FLOW_KERNEL_K_HASH_H
#define FLOW_KERNEL_K_HASH_H

#include "runtime/kernel/k_value.h"

uint64_t flow_k_hash_bytes(uint64_t seed, const uint8_t *p, int64_t len);
/* The same hash, of 16 to 32 bytes. */
uint64_t flow_k_hash_wide(uint64_t seed, const uint8_t *p, int64_t len);
uint64_t flow_k_hash_i64(uint64_t seed, int64_t key);

uint64_t flow_k_part_bytes(const uint8_t *p, int64_t len);
uint64_t flow_k_part_i64(int64_t key);

/* The partition, 0..nparts-1, that a flow_k_part_* hash belongs to. */
int64_t flow_k_part(uint64_t hash, int64_t nparts);

#endif
