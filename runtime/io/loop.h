/* loop.h - the event loop of live sources: epoll, timers, and pokes from outside.
 *
 * With an interval it runs on a thread of its own and fills blocks while batches run; in
 * eager mode the coordinator runs it, so that a row crosses no thread on its way.  All
 * functions but rt_loop_poke belong to whoever runs the loop (and to the coordinator
 * before it starts). */
#ifndef FLOW_RUNTIME_IO_LOOP_H
#define FLOW_RUNTIME_IO_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/status.h"

typedef struct rt_handler {
    int fd;                                             /* -1: none yet */
    void (*ready)(struct rt_handler *h, uint32_t events); /* EPOLLIN, EPOLLOUT, ... */
    void (*due)(struct rt_handler *h);                  /* the timer; null: none */
    void (*poked)(struct rt_handler *h);                /* null: none */
    int64_t at;      /* mono: when `due` is called, 0: not */
    bool always;     /* the descriptor takes no epoll: `ready` in every round */
    uint32_t events; /* as set by rt_loop_events */
    _Atomic bool poke; /* the wake orders it */
    void *owner;
    struct rt_handler *next;
} rt_handler;

typedef struct rt_loop rt_loop;

/* `wake`: a descriptor of wake.h that ends a round when the coordinator runs the loop;
 * -1 if a thread does. */
rt_loop *rt_loop_new(int wake);
void rt_loop_free(rt_loop *loop);

void rt_loop_add(rt_loop *loop, rt_handler *h);
void rt_loop_remove(rt_loop *loop, rt_handler *h);
/* Sets what the handler waits for; 0: nothing.  The first call registers h->fd. */
rt_status rt_loop_events(rt_loop *loop, rt_handler *h, uint32_t events);
/* Before the descriptor is closed. */
void rt_loop_forget(rt_loop *loop, rt_handler *h);

/* Has `poked` called on the loop, from any thread. */
void rt_loop_poke(rt_loop *loop, rt_handler *h);

/* One round: waits for at most `timeout` microseconds (-1: as long as it takes). */
void rt_loop_run(rt_loop *loop, int64_t timeout);

/* Runs it on a thread of its own, until rt_loop_stop. */
rt_status rt_loop_start(rt_loop *loop);
void rt_loop_stop(rt_loop *loop);

#endif
