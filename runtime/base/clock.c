/* clock.c - clock_gettime goes through the vdso: some 20 ns a call. */
#include "runtime/base/clock.h"

#include <time.h>

#include "runtime/base/fault.h"
#include "runtime/base/seed.h"

static int64_t clock_us(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t rt_clock_wall(void) {
#ifdef FLOW_FAULTS
    if (rt_script_on()) return rt_script_now();
    if (rt_seed_on()) return rt_seed_wall();
    return clock_us(CLOCK_REALTIME) + rt_test_clock_off();
#else
    return clock_us(CLOCK_REALTIME);
#endif
}

void rt_clock_sleep(int64_t us) {
#ifdef FLOW_FAULTS
    if (rt_seed_on()) {
        rt_seed_sleep(us);
        return;
    }
#endif
    struct timespec t = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&t, NULL);
}

int64_t rt_clock_mono(void) {
#ifdef FLOW_FAULTS
    if (rt_seed_on()) return rt_seed_mono();
    return clock_us(CLOCK_MONOTONIC) * rt_test_speed();
#else
    return clock_us(CLOCK_MONOTONIC);
#endif
}
