/* draws.h - random numbers of the data sets: the same on every machine.
 *
 * Every record owns a stream that is seeded by its number, so any slice of a data set could be
 * made alone.  The generator is SplitMix64 (Steele, Lea, Flood 2014), whose mixing function is
 * Stafford's variant 13. */
#ifndef FLOW_BENCH_DRAWS_H
#define FLOW_BENCH_DRAWS_H

#include <stdint.h>

static const int64_t T0 = INT64_C(1436918400000); /* 2015-07-15T00:00:00Z in milliseconds */

typedef struct draws {
    uint64_t state;
} draws;

static inline uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static inline draws stream(uint64_t seed) { return (draws){mix(seed)}; }

/* Of record i of the data set that is called `tag`. */
static inline draws event_stream(uint64_t tag, uint64_t i) {
    return stream(tag ^ (i * UINT64_C(0xD1342543DE82EF95)));
}

static inline uint64_t next(draws *d) { return mix(d->state += UINT64_C(0x9E3779B97F4A7C15)); }

/* Uniform in 0 .. n-1: the high half of a 128-bit product. */
static inline int64_t below(draws *d, uint64_t n) {
    return (int64_t)((unsigned __int128)next(d) * n >> 64);
}

#endif
