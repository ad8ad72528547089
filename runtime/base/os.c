/* os.c - see os.h.  Nothing here logs: the caller knows what it was doing.
 *
 * EINTR is repeated everywhere although all signals are blocked: a debugger or a stop
 * and continue still interrupts some calls. */
#define _GNU_SOURCE
#include "runtime/base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/rt_check.h"

#ifdef FLOW_FAULTS
#define POINT(point, failed)                                                             \
    do {                                                                                 \
        if (rt_fault_hit(RT_OS_##point)) return failed;                                  \
    } while (0)
#else
#define POINT(point, failed) ((void)RT_OS_##point)
#endif

/* ThreadSanitizer does not see memory move: there a new mapping and a copy. */
#if defined(__SANITIZE_THREAD__)
#define CAN_REMAP 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CAN_REMAP 0
#endif
#endif
#ifndef CAN_REMAP
#define CAN_REMAP 1
#endif

#define REPEAT(result, call)                                                             \
    do                                                                                   \
        result = call;                                                                   \
    while (result < 0 && errno == EINTR)

int rt_os_openat(int dir, const char *path, int flags, int mode) {
    POINT(open, -1);
    int fd;
    REPEAT(fd, openat(dir, path, flags | O_CLOEXEC, mode));
    return fd;
}

int rt_os_open(const char *path, int flags, int mode) {
    return rt_os_openat(AT_FDCWD, path, flags, mode);
}

int rt_os_close(int fd) {
    POINT(close, -1);
    /* After EINTR the descriptor is gone on Linux: closing again could hit another. */
    return close(fd) < 0 && errno != EINTR ? -1 : 0;
}

int64_t rt_os_read(int fd, void *p, int64_t n) {
    POINT(read, -1);
    int64_t got;
    REPEAT(got, read(fd, p, (size_t)n));
    return got;
}

int64_t rt_os_pread(int fd, void *p, int64_t n, int64_t at) {
    POINT(pread, -1);
    int64_t got;
    REPEAT(got, pread(fd, p, (size_t)n, at));
    return got;
}

int64_t rt_os_pread_all(int fd, void *p, int64_t n, int64_t at) {
    int64_t have = 0;
    while (have < n) {
        int64_t got = rt_os_pread(fd, (char *)p + have, n - have, at + have);
        if (got < 0) return -1;
        if (got == 0) break;
        have += got;
    }
    return have;
}

int rt_os_write_all(int fd, const void *p, int64_t n, int64_t *done) {
    POINT(write, -1);
    int64_t have = 0;
    while (have < n) {
        int64_t put;
        REPEAT(put, write(fd, (const char *)p + have, (size_t)(n - have)));
        if (put < 0 && errno == EAGAIN) {
            /* Standard output may be shared with a program that made it non-blocking. */
            if (rt_os_wait(fd, POLLOUT, -1) < 0) break;
            continue;
        }
        if (put < 0) break;
        have += put;
    }
    if (done) *done = have;
    return have < n ? -1 : 0;
}

int rt_os_pwrite_all(int fd, const void *p, int64_t n, int64_t at) {
    POINT(pwrite, -1);
    while (n > 0) {
        int64_t put;
        REPEAT(put, pwrite(fd, p, (size_t)n, at));
        if (put < 0) return -1;
        p = (const char *)p + put;
        n -= put;
        at += put;
    }
    return 0;
}

int rt_os_fdatasync(int fd) {
    POINT(fsync, -1);
    /* Never repeated: after a failed sync the pages may count as clean. */
    return fdatasync(fd);
}

int rt_os_sync_dir(const char *path) {
    int fd = rt_os_open(path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) return -1;
    POINT(fsync, (close(fd), -1));
    int result = fsync(fd);
    int kept = errno;
    close(fd);
    errno = kept;
    return result;
}

int rt_os_truncate(int fd, int64_t length) {
    POINT(truncate, -1);
    int result;
    REPEAT(result, ftruncate(fd, length));
    return result;
}

int rt_os_rename(const char *from, const char *to) {
    POINT(rename, -1);
    return rename(from, to);
}

int rt_os_rename_new(const char *from, const char *to) {
    POINT(rename, -1);
    int result = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
    if (result == 0 || (errno != EINVAL && errno != ENOSYS)) return result;
    /* File systems without the flag: a link fails where the name exists. */
    if (link(from, to) < 0) return -1;
    return unlink(from);
}

int rt_os_unlink(const char *path) {
    POINT(unlink, -1);
    return unlink(path);
}

int rt_os_mkdir(const char *path, int mode) {
    POINT(mkdir, -1);
    return mkdir(path, (mode_t)mode);
}

int rt_os_stat(const char *path, struct stat *st) {
    POINT(stat, -1);
    return stat(path, st);
}

int rt_os_fstat(int fd, struct stat *st) {
    POINT(stat, -1);
    return fstat(fd, st);
}

void *rt_os_map(int64_t bytes) {
    POINT(mmap, NULL);
    rt_assert(bytes > 0 && bytes % 4096 == 0);
    void *p = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void *rt_os_remap(void *p, int64_t from, int64_t to) {
    POINT(mmap, NULL);
    if (CAN_REMAP) {
        void *q = mremap(p, (size_t)from, (size_t)to, MREMAP_MAYMOVE);
        return q == MAP_FAILED ? NULL : q;
    }
    void *q = rt_os_map(to);
    if (!q) return NULL;
    memcpy(q, p, (size_t)RT_MIN(from, to));
    rt_os_unmap(p, from);
    return q;
}

void rt_os_unmap(void *p, int64_t bytes) { munmap(p, (size_t)bytes); }

void rt_os_huge(void *p, int64_t bytes) { madvise(p, (size_t)bytes, MADV_HUGEPAGE); }

void rt_os_touch(void *p, int64_t bytes) {
#ifdef MADV_POPULATE_WRITE
    madvise(p, (size_t)bytes, MADV_POPULATE_WRITE);
#else
    (void)p, (void)bytes;
#endif
}

int rt_os_thread(pthread_t *thread, void *(*run)(void *), void *arg) {
    POINT(thread, EAGAIN);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(thread, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

int rt_os_socket(int domain, int type) {
    POINT(socket, -1);
    return socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int rt_os_connect(int fd, const struct sockaddr *address, socklen_t len) {
    POINT(connect, -1);
    return connect(fd, address, len);
}

int rt_os_listen(int fd, const struct sockaddr *address, socklen_t len) {
    POINT(bind, -1);
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, address, len) < 0) return -1;
    return listen(fd, 64);
}

int rt_os_accept(int fd, struct sockaddr *peer, socklen_t *len) {
    POINT(accept, -1);
    int result;
    REPEAT(result, accept4(fd, peer, len, SOCK_CLOEXEC | SOCK_NONBLOCK));
    return result;
}

int rt_os_wait(int fd, short events, int64_t timeout_ms) {
    POINT(poll, -1);
    struct pollfd one = {.fd = fd, .events = events};
    int result;
    REPEAT(result, poll(&one, 1, timeout_ms < 0 ? -1 : (int)RT_MIN(timeout_ms, 1 << 30)));
    return result;
}

int rt_os_send_all(int fd, const void *p, int64_t n, int64_t patience_ms) {
    POINT(send, -1);
    while (n > 0) {
        int64_t put;
        REPEAT(put, send(fd, p, (size_t)n, MSG_NOSIGNAL));
        if (put < 0 && errno == EAGAIN) {
            int ready = rt_os_wait(fd, POLLOUT, patience_ms);
            if (ready == 0) errno = ETIMEDOUT;
            if (ready <= 0) return -1;
            continue;
        }
        if (put < 0) return -1;
        p = (const char *)p + put;
        n -= put;
    }
    return 0;
}
