/* k_hash.c - hashes of keys by multiplying and folding.
 *
 * The product of two 64-bit words, its halves xor-ed, mixes all bits of both in one
 * instruction pair; words of at most 16 bytes are read with two loads that overlap, so a
 * short key costs one product and a finish.  Not cryptographic: the tables' seed is
 * random per run.  The builtin `hash`, whose values users may store, is in k_digest. */
#include "runtime/kernel/k_hash.h"

#define HASH_A 0x9E3779B97F4A7C15u
#define HASH_B 0xD1342543DE82EF95u
#define HASH_C 0xA0761D6478BD642Fu
#define HASH_D 0xE7037ED1A0B428DBu

FLOW_INLINE uint64_t hash_u64(const uint8_t *p) {
    uint64_t v;
    __builtin_memcpy(&v, p, 8);
    return v;
}

FLOW_INLINE uint64_t hash_u32(const uint8_t *p) {
    uint32_t v;
    __builtin_memcpy(&v, p, 4);
    return v;
}

FLOW_INLINE uint64_t hash_fold(uint64_t a, uint64_t b) {
    unsigned __int128 r = (unsigned __int128)a * b;
    return (uint64_t)r ^ (uint64_t)(r >> 64);
}

/* The second factor's blind: without it a key could make a factor 0 and hide the rest. */
FLOW_INLINE uint64_t hash_turn(uint64_t seed) {
    return (seed >> 32 | seed << 32) ^ HASH_A;
}

/* Keys above 16 bytes: 16 a round in one chain, 48 in three, then the last 16 again. */
static uint64_t hash_long(uint64_t seed, const uint8_t *p, int64_t len, uint64_t *a,
                          uint64_t *b) {
    const uint8_t *last = p + len - 16;
    uint64_t s1 = seed, s2 = seed, hidden = hash_turn(seed);
    while (last - p > 32) {
        seed = hash_fold(hash_u64(p) ^ hidden, hash_u64(p + 8) ^ seed);
        s1 = hash_fold(hash_u64(p + 16) ^ hidden, hash_u64(p + 24) ^ s1);
        s2 = hash_fold(hash_u64(p + 32) ^ hidden, hash_u64(p + 40) ^ s2);
        p += 48;
    }
    seed ^= s1 ^ s2;
    while (p < last) {
        seed = hash_fold(hash_u64(p) ^ hidden, hash_u64(p + 8) ^ seed);
        p += 16;
    }
    *a = hash_u64(last);
    *b = hash_u64(last + 8);
    return seed;
}

/* The last words of a key and what is before them, blinded. */
FLOW_INLINE uint64_t hash_end(uint64_t seed, uint64_t a, uint64_t b, int64_t len) {
    a ^= hash_turn(seed) ^ (uint64_t)len;
    return hash_fold(hash_fold(a, b ^ seed), HASH_B ^ seed);
}

FLOW_INLINE uint64_t hash_any(uint64_t seed, const uint8_t *p, int64_t len) {
    uint64_t a, b;
    seed ^= HASH_C;
    if (FLOW_LIKELY(len <= 16)) {
        if (len >= 8) {
            a = hash_u64(p);
            b = hash_u64(p + len - 8);
        } else if (len >= 4) {
            a = hash_u32(p);
            b = hash_u32(p + len - 4);
        } else if (len > 0) {
            a = (uint64_t)p[0] << 16 | (uint64_t)p[len >> 1] << 8 | p[len - 1];
            b = 0;
        } else {
            a = b = 0;
        }
    } else {
        seed = hash_long(seed, p, len, &a, &b);
    }
    return hash_end(seed, a, b, len);
}

FLOW_INLINE uint64_t hash_int(uint64_t seed, uint64_t key) {
    uint64_t h = hash_fold(key ^ HASH_A, seed ^ HASH_B);
    return hash_fold(h ^ seed, HASH_D);
}

uint64_t flow_k_hash_bytes(uint64_t seed, const uint8_t *p, int64_t len) {
    return hash_any(seed, p, len);
}

/* hash_long has one round there, or none. */
FLOW_HOT uint64_t flow_k_hash_wide(uint64_t seed, const uint8_t *p, int64_t len) {
    seed ^= HASH_C;
    if (len > 16) seed = hash_fold(hash_u64(p) ^ hash_turn(seed), hash_u64(p + 8) ^ seed);
    return hash_end(seed, hash_u64(p + len - 16), hash_u64(p + len - 8), len);
}

uint64_t flow_k_hash_i64(uint64_t seed, int64_t key) {
    return hash_int(seed, (uint64_t)key);
}

uint64_t flow_k_part_bytes(const uint8_t *p, int64_t len) {
    return hash_any(0, p, len);
}

uint64_t flow_k_part_i64(int64_t key) {
    return hash_int(0, (uint64_t)key);
}

int64_t flow_k_part(uint64_t hash, int64_t nparts) {
    return (int64_t)(((hash >> 32) * (uint64_t)nparts) >> 32);
}
