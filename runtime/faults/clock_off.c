/* clock_off.c - see fault.h: clocks that are not those of the machine, a file system that is
 * none of a checkpoint's, sizes that are not worth a file.
 *
 * Of the wall clock the first look is right.  Then, every 16 looks on average, the clock jumps to up to an
 * hour before or after what it should show: a seed gives the same jumps again. */
#include <stdatomic.h>
#include <stdlib.h>

#include "runtime/base/fault.h"

#define HOUR INT64_C(3600000000)

static _Atomic uint64_t looks;

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

int64_t rt_test_clock_off(void) {
    const char *seed = getenv("FLOW_TEST_CLOCK");
    if (!seed) return 0;
    uint64_t look = ++looks, from = look;
    uint64_t base = mix(strtoull(seed, NULL, 10));
    /* The last jump at or before this look. */
    while (from > 1 && mix(base ^ from) % 16) from--;
    return from == 1 ? 0 : (int64_t)(mix(base + from) % (2 * HOUR)) - HOUR;
}

int64_t rt_test_speed(void) {
    const char *n = getenv("FLOW_TEST_SPEED");
    int64_t speed = n ? atoll(n) : 1;
    return speed > 0 ? speed : 1;
}

int64_t rt_test_size(int64_t usual) {
    const char *k = getenv("FLOW_TEST_SIZES");
    int64_t by = k ? atoll(k) : 1;
    return by > 1 ? usual / by : usual;
}

bool rt_test_tmpfs(void) { return getenv("FLOW_TEST_TMPFS") != NULL; }
