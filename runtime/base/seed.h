/* seed.h - the scheduler as a seed decides it, for tests: FLOW_SEED=n.
 *
 * Workers and the publisher are strands then, all on one thread: a strand runs until it
 * passes a place where it may yield, or waits for another, and the seed says who goes on.
 * Time is virtual: it moves with every step by a little, with every sleep by as much as
 * was asked for, and the wall clock may jump by up to an hour either way.  So one seed is
 * one history, whatever the machine does, and a history that fails can be run again.
 *
 * Not simulated: live sources (their loop is a thread with sockets), signals.  No lock may
 * be held where a strand yields. */
#ifndef FLOW_RUNTIME_BASE_SEED_H
#define FLOW_RUNTIME_BASE_SEED_H

#ifdef FLOW_FAULTS

#include <stdbool.h>
#include <stdint.h>

typedef struct rt_strand rt_strand;

bool rt_seed_on(void);
/* 0 .. n - 1. */
int64_t rt_seed_pick(int64_t n);

/* A strand that will call fn(arg); it begins at somebody's next yield. */
rt_strand *rt_strand_start(void (*fn)(void *arg), void *arg);
bool rt_strand_done(const rt_strand *strand);
/* Lets the others run until it is done, and frees it. */
void rt_strand_join(rt_strand *strand);

/* Here another strand may go on; kills the process if FLOW_SEED_KILL says so of the step:
 * what was written stays, as after SIGKILL. */
void rt_seed_yield(void);
void rt_seed_sleep(int64_t us);
int64_t rt_seed_wall(void);
int64_t rt_seed_mono(void);

#define RT_YIELD() rt_seed_yield()

#else

#define RT_YIELD() ((void)0)

#endif
#endif
