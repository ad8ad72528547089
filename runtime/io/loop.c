/* loop.c - see loop.h.  The handlers are a handful, so lists do. */
#include "runtime/io/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/base/sampler.h"
#include "runtime/base/wake.h"

enum { EVENTS_MAX = 64 };

struct rt_loop {
    int epoll;
    int wake;       /* ends a round */
    bool own_wake;
    rt_handler *handlers;
    pthread_t thread;
    bool running;
    _Atomic bool stop; /* the wake orders it */
    struct epoll_event events[EVENTS_MAX]; /* of the current round */
    int nevents;
};

rt_loop *rt_loop_new(int wake) {
    rt_loop *loop = rt_alloc(sizeof *loop);
    loop->own_wake = wake < 0;
    loop->wake = wake < 0 ? rt_wake_open() : wake;
    loop->epoll = rt_os_epoll();
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL};
    if (loop->epoll < 0 || loop->wake < 0 ||
        epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->wake, &e) < 0) {
        rt_log(RT_ERROR, "cannot wait for input: %s", strerror(errno));
        rt_loop_free(loop);
        return NULL;
    }
    return loop;
}

void rt_loop_free(rt_loop *loop) {
    if (!loop) return;
    rt_loop_stop(loop);
    if (loop->epoll >= 0) rt_os_close(loop->epoll);
    if (loop->own_wake) rt_wake_close(loop->wake);
    free(loop);
}

void rt_loop_add(rt_loop *loop, rt_handler *h) {
    h->next = loop->handlers;
    loop->handlers = h;
}

void rt_loop_remove(rt_loop *loop, rt_handler *h) {
    rt_loop_forget(loop, h);
    for (rt_handler **p = &loop->handlers; *p; p = &(*p)->next) {
        if (*p != h) continue;
        *p = h->next;
        break;
    }
    /* Events of this round that are still to come are for nobody. */
    for (int i = 0; i < loop->nevents; i++)
        if (loop->events[i].data.ptr == h) loop->events[i].events = 0;
}

rt_status rt_loop_events(rt_loop *loop, rt_handler *h, uint32_t events) {
    rt_assert(h->fd >= 0);
    struct epoll_event e = {.events = events, .data.ptr = h};
    if (h->always || events == h->events) {
        h->events = events;
        return RT_ok;
    }
    int op = !h->events ? EPOLL_CTL_ADD : !events ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    h->events = events;
    if (epoll_ctl(loop->epoll, op, h->fd, &e) == 0) return RT_ok;
    if (errno == EPERM && op == EPOLL_CTL_ADD) {
        h->always = true;
        return RT_ok;
    }
    return (rt_status)rt_fail(RT_io, "cannot wait for input: %s", strerror(errno));
}

void rt_loop_forget(rt_loop *loop, rt_handler *h) {
    if (h->fd >= 0 && h->events && !h->always)
        epoll_ctl(loop->epoll, EPOLL_CTL_DEL, h->fd, NULL);
    h->events = 0;
    h->always = false;
}

void rt_loop_poke(rt_loop *loop, rt_handler *h) {
    atomic_store_explicit(&h->poke, true, memory_order_release);
    rt_wake(loop->wake);
}

/* Milliseconds until the next timer, at most `timeout`; 0 if a handler is always ready. */
static int wait_of(const rt_loop *loop, int64_t timeout) {
    int64_t now = rt_clock_mono();
    for (const rt_handler *h = loop->handlers; h; h = h->next) {
        if (h->always && h->events) return 0;
        if (!h->at) continue;
        int64_t left = RT_MAX(h->at - now, 0);
        if (timeout < 0 || left < timeout) timeout = left;
    }
    return timeout < 0 ? -1 : (int)RT_MIN((timeout + 999) / 1000, 1 << 30);
}

/* The list may change in any call: begin again after each. */
static void call_pokes(rt_loop *loop) {
    for (rt_handler *h = loop->handlers; h;) {
        bool poked = atomic_exchange_explicit(&h->poke, false, memory_order_acquire);
        if (poked && h->poked) {
            h->poked(h);
            h = loop->handlers;
        } else {
            h = h->next;
        }
    }
}

static void call_timers(rt_loop *loop) {
    int64_t now = rt_clock_mono();
    for (rt_handler *h = loop->handlers; h;) {
        if (h->at && h->at <= now && h->due) {
            h->at = 0;
            h->due(h);
            h = loop->handlers;
        } else {
            h = h->next;
        }
    }
}

static void call_always(rt_loop *loop) {
    for (rt_handler *h = loop->handlers; h; h = h->next) {
        if (!h->always || !h->events) continue;
        h->ready(h, h->events);
        return; /* one a round, lest the list change */
    }
}

void rt_loop_run(rt_loop *loop, int64_t timeout) {
    int n = epoll_wait(loop->epoll, loop->events, EVENTS_MAX, wait_of(loop, timeout));
    loop->nevents = RT_MAX(n, 0);
    for (int i = 0; i < loop->nevents; i++) {
        rt_handler *h = loop->events[i].data.ptr;
        uint32_t events = loop->events[i].events;
        if (!h)
            rt_wake_clear(loop->wake);
        else if (events && h->events)
            h->ready(h, events);
    }
    loop->nevents = 0;
    call_pokes(loop);
    call_timers(loop);
    call_always(loop);
}

static void *loop_main(void *arg) {
    rt_loop *loop = arg;
    rt_sampler_thread();
    while (!atomic_load_explicit(&loop->stop, memory_order_acquire)) rt_loop_run(loop, -1);
    return NULL;
}

rt_status rt_loop_start(rt_loop *loop) {
    rt_assert(loop->own_wake && !loop->running);
    int result = rt_os_thread(&loop->thread, loop_main, loop);
    if (result)
        return (rt_status)rt_fail(RT_io, "cannot start a thread: %s", strerror(result));
    loop->running = true;
    return RT_ok;
}

void rt_loop_stop(rt_loop *loop) {
    if (!loop->running) return;
    atomic_store_explicit(&loop->stop, true, memory_order_release);
    rt_wake(loop->wake);
    pthread_join(loop->thread, NULL);
    loop->running = false;
}
