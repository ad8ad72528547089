/* signals.c - see signals.h. */
#include "runtime/start/signals.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/base/wake.h"

struct rt_signals {
    rt_stop *stop;
    int64_t grace;
    int fd;  /* signalfd */
    int end; /* wake.h */
    pthread_t thread;
    bool running;
    sigset_t before;
    struct sigaction pipe_before;
};

/* 0 when the thread is to end, -1 after the timeout. */
static int next_signal(rt_signals *s, int64_t timeout_ms) {
    struct pollfd fds[2] = {{.fd = s->fd, .events = POLLIN}, {.fd = s->end, .events = POLLIN}};
    int n;
    do
        n = poll(fds, 2, (int)RT_MIN(timeout_ms, 1 << 30));
    while (n < 0 && errno == EINTR);
    if (n == 0) return -1;
    struct signalfd_siginfo info;
    if (fds[0].revents && read(s->fd, &info, sizeof info) == sizeof info)
        return (int)info.ssi_signo;
    return 0;
}

static void *signals_main(void *arg) {
    rt_signals *s = arg;
    int first = next_signal(s, -1);
    if (first <= 0) return NULL;
    /* Release: whoever sees the number sees what came before; the wake orders it. */
    atomic_store_explicit(&s->stop->signal, first, memory_order_release);
    rt_wake(s->stop->wake);
    int second = next_signal(s, s->grace / 1000);
    if (second == 0) return NULL;
    if (second < 0) {
        rt_log(RT_ERROR, "the batch did not end within `grace`");
        second = first;
    }
    rt_os_end(128 + second);
}

static void restore(rt_signals *s) {
    sigaction(SIGPIPE, &s->pipe_before, NULL);
    pthread_sigmask(SIG_SETMASK, &s->before, NULL);
}

rt_status rt_signals_start(rt_signals **out, rt_stop *stop, int64_t grace) {
    rt_signals *s = rt_alloc(sizeof *s);
    *out = s;
    s->stop = stop;
    s->grace = grace;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, &s->before);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, &s->pipe_before);
    s->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    s->end = rt_wake_open();
    int result = s->fd < 0 || s->end < 0 ? errno : rt_os_thread(&s->thread, signals_main, s);
    if (result)
        return (rt_status)rt_fail(RT_io, "cannot wait for signals: %s", strerror(result));
    s->running = true;
    return RT_ok;
}

void rt_signals_end(rt_signals *s) {
    if (!s) return;
    if (s->running) {
        rt_wake(s->end);
        pthread_join(s->thread, NULL);
    }
    if (s->fd >= 0) rt_os_close(s->fd);
    rt_wake_close(s->end);
    restore(s);
    free(s);
}
