/* clock.h - the two clocks.  A test may replace both. */
#ifndef FLOW_RUNTIME_BASE_CLOCK_H
#define FLOW_RUNTIME_BASE_CLOCK_H

#include <stdint.h>

/* Microseconds since the epoch; may step. */
int64_t rt_clock_wall(void);

/* Microseconds since some moment; never steps. */
int64_t rt_clock_mono(void);

/* For at least so many microseconds, unless a signal comes. */
void rt_clock_sleep(int64_t us);

#endif
