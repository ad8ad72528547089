/* stop.h - what tells a running program to end: set by the thread that reads signals,
 * looked at by the coordinator between batches and while it waits. */
#ifndef FLOW_RUNTIME_EXEC_STOP_H
#define FLOW_RUNTIME_EXEC_STOP_H

#include <stdatomic.h>
#include <stdint.h>

typedef struct rt_stop {
    /* Set before `wake` is written to, which orders it: the number of the first signal. */
    _Atomic int signal;
    int wake; /* wake.h: signals and live input */
} rt_stop;

#endif
