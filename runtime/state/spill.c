/* spill.c - see spill.h. */
#define _GNU_SOURCE
#include "runtime/state/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"

struct rt_spill {
    pthread_mutex_t lock;
    int fd;       /* under lock until it is open */
    char dir[512];
    _Atomic int64_t end; /* relaxed: it hands out places */
};

rt_spill *rt_spill_new(void) {
    rt_spill *s = rt_alloc(sizeof *s);
    const char *dir = getenv("TMPDIR");
    snprintf(s->dir, sizeof s->dir, "%s", dir && *dir ? dir : "/tmp");
    pthread_mutex_init(&s->lock, NULL);
    s->fd = -1;
    return s;
}

void rt_spill_free(rt_spill *s) {
    if (!s) return;
    if (s->fd >= 0) rt_os_close(s->fd);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static int open_file(rt_spill *s) {
    pthread_mutex_lock(&s->lock);
    if (s->fd < 0) {
        s->fd = rt_os_open(s->dir, O_RDWR | O_TMPFILE, 0600);
        /* File systems without nameless files: one that loses its name at once. */
        if (s->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
            char path[600];
            snprintf(path, sizeof path, "%s/flow-spill-XXXXXX", s->dir);
            s->fd = mkostemp(path, O_CLOEXEC);
            if (s->fd >= 0) rt_os_unlink(path);
        }
        rt_log(RT_INFO, "memory is short: rows go to a file in %s", s->dir);
    }
    int fd = s->fd;
    pthread_mutex_unlock(&s->lock);
    return fd;
}

int64_t rt_spill_place(rt_spill *s, int64_t len) {
    return atomic_fetch_add_explicit(&s->end, len, memory_order_relaxed);
}

rt_status rt_spill_write(rt_spill *s, int64_t at, const void *p, int64_t len) {
    int fd = open_file(s);
    if (fd < 0 || rt_os_pwrite_all(fd, p, len, at) < 0)
        return (rt_status)rt_fail(RT_io, "cannot write temporary rows in %s: %s", s->dir,
                                  strerror(errno));
    return RT_ok;
}

rt_status rt_spill_read(rt_spill *s, int64_t at, void *p, int64_t len) {
    if (rt_os_pread_all(s->fd, p, len, at) == len) return RT_ok;
    return (rt_status)rt_fail(RT_io, "cannot read temporary rows in %s: %s", s->dir,
                              strerror(errno));
}

void rt_spill_reset(rt_spill *s) {
    if (s->fd < 0 || !atomic_load_explicit(&s->end, memory_order_relaxed)) return;
    atomic_store_explicit(&s->end, 0, memory_order_relaxed);
    if (rt_os_truncate(s->fd, 0) < 0)
        rt_log(RT_WARN, "cannot cut the temporary file in %s: %s", s->dir, strerror(errno));
}

int64_t rt_spill_used(const rt_spill *s) {
    return atomic_load_explicit(&s->end, memory_order_relaxed);
}
