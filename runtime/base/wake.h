/* wake.h - waking one thread from another: an eventfd. */
#ifndef FLOW_RUNTIME_BASE_WAKE_H
#define FLOW_RUNTIME_BASE_WAKE_H

#include <stdint.h>

/* -1 if the system has none. */
int rt_wake_open(void);
void rt_wake_close(int fd);
/* From any thread; wakes are not counted. */
void rt_wake(int fd);
/* Sleeps until woken or `timeout` microseconds are over (-1: for ever); forgets wakes. */
void rt_wake_wait(int fd, int64_t timeout);
void rt_wake_clear(int fd);

#endif
