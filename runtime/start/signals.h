/* signals.h - SIGTERM and SIGINT: the first drains, the second ends at once.
 *
 * All threads block them.  A thread of its own reads them from a signalfd, so that a
 * second signal, or a drain that outlives `grace`, ends the process even while the
 * coordinator computes or is stuck in a write. */
#ifndef FLOW_RUNTIME_START_SIGNALS_H
#define FLOW_RUNTIME_START_SIGNALS_H

#include "runtime/base/status.h"
#include "runtime/exec/stop.h"

typedef struct rt_signals rt_signals;

/* Sets stop->signal and wakes stop->wake at the first signal. */
rt_status rt_signals_start(rt_signals **out, rt_stop *stop, int64_t grace);
/* Ends the thread and gives the signals back as they were. */
void rt_signals_end(rt_signals *s);

#endif
