/* os.c - see os.h.  Nothing here logs: the caller knows what it was doing.
 *
 * EINTR is repeated everywhere although all signals are blocked: a debugger or a stop
 * and continue still interrupts some calls. */
#define _GNU_SOURCE
#include "runtime/base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/openat2.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/rt_check.h"
#include "runtime/base/sanitizer.h"
#include "runtime/base/trace.h"

#ifdef FLOW_FAULTS
#define FAULT(point, n) rt_fault_hit(RT_OS_##point, n)
#define TRACE(call) rt_trace_##call
#else
#define FAULT(point, n) ((void)RT_OS_##point, false)
#define TRACE(call) ((void)0)
#endif

/* The call, unless it is to fail. */
#define ONCE(point, call) (FAULT(point, NULL) ? -1 : (call))
/* The same until it is not interrupted. */
#define REPEAT(result, point, call) REPEAT_N(result, point, NULL, call)
#define REPEAT_N(result, point, n, call)                                                 \
    do                                                                                   \
        result = FAULT(point, n) ? -1 : (call);                                          \
    while (result < 0 && errno == EINTR)

/* ---- files ------------------------------------------------------------------------------ */

/* `name` in folder `dir`; `path` is what it is called in a trace. */
static int open_in(int dir, const char *name, const char *path, int flags, int mode) {
    int fd;
    TRACE(lock());
#ifdef FLOW_FAULTS
    bool was_there = rt_trace_there(dir, name);
#else
    (void)path;
#endif
    REPEAT(fd, open, openat(dir, name, flags | O_CLOEXEC, mode));
    if (fd >= 0) TRACE(open(fd, path, flags, was_there));
    TRACE(unlock());
    return fd;
}

int rt_os_openat(int dir, const char *path, int flags, int mode) {
    return open_in(dir, path, path, flags, mode);
}

int rt_os_open(const char *path, int flags, int mode) {
    return rt_os_openat(AT_FDCWD, path, flags, mode);
}

int rt_os_close(int fd) {
    /* After EINTR the descriptor is gone on Linux: closing again could hit another.  One
     * that is to fail is gone too. */
    int result = close(fd) < 0 && errno != EINTR ? -1 : 0;
    return FAULT(close, NULL) ? -1 : result;
}

int64_t rt_os_read(int fd, void *p, int64_t n) {
    int64_t got;
    REPEAT_N(got, read, &n, read(fd, p, (size_t)n));
    return got;
}

int64_t rt_os_pread(int fd, void *p, int64_t n, int64_t at) {
    int64_t got;
    REPEAT_N(got, pread, &n, pread(fd, p, (size_t)n, at));
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

/* One transfer, as short as the system likes. */
static int64_t write_some(int fd, const void *p, int64_t n) {
    int64_t put;
    TRACE(lock());
#ifdef FLOW_FAULTS
    int64_t at = rt_trace_at(fd);
#endif
    REPEAT_N(put, write, &n, write(fd, p, (size_t)n));
    TRACE(write(fd, at, p, put));
    TRACE(unlock());
    return put;
}

int rt_os_write_all(int fd, const void *p, int64_t n, int64_t *done) {
    int64_t have = 0;
    while (have < n) {
        int64_t put = write_some(fd, (const char *)p + have, n - have);
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

static int64_t pwrite_some(int fd, const void *p, int64_t n, int64_t at) {
    int64_t put;
    TRACE(lock());
    REPEAT_N(put, pwrite, &n, pwrite(fd, p, (size_t)n, at));
    TRACE(write(fd, at, p, put));
    TRACE(unlock());
    return put;
}

int rt_os_pwrite_all(int fd, const void *p, int64_t n, int64_t at) {
    while (n > 0) {
        int64_t put = pwrite_some(fd, p, n, at);
        if (put < 0) return -1;
        p = (const char *)p + put;
        n -= put;
        at += put;
    }
    return 0;
}

int rt_os_fdatasync(int fd) {
    TRACE(lock());
    /* Never repeated: after a failed sync the pages may count as clean. */
    int result = ONCE(fsync, fdatasync(fd));
    if (result == 0) TRACE(sync(fd));
    TRACE(unlock());
    return result;
}

int rt_os_sync_dir(const char *path) {
    int fd = rt_os_open(path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) return -1;
    TRACE(lock());
    int result = ONCE(fsync, fsync(fd));
    if (result == 0) TRACE(syncdir(path));
    TRACE(unlock());
    int kept = errno;
    close(fd);
    errno = kept;
    return result;
}

int rt_os_truncate(int fd, int64_t length) {
    int result;
    TRACE(lock());
    REPEAT(result, truncate, ftruncate(fd, length));
    if (result == 0) TRACE(cut(fd, length));
    TRACE(unlock());
    return result;
}

int rt_os_rename(const char *from, const char *to) {
    TRACE(lock());
    int result = ONCE(rename, rename(from, to));
    if (result == 0) TRACE(rename(from, to));
    TRACE(unlock());
    return result;
}

static int rename_new(int dir, const char *from, int to_dir, const char *to) {
    int result = renameat2(dir, from, to_dir, to, RENAME_NOREPLACE);
    if (result == 0 || (errno != EINVAL && errno != ENOSYS)) return result;
    /* File systems without the flag: a link fails where the name exists. */
    if (linkat(dir, from, to_dir, to, 0) < 0) return -1;
    return unlinkat(dir, from, 0);
}

int rt_os_rename_new(const char *from, const char *to) {
    TRACE(lock());
    int result = ONCE(rename, rename_new(AT_FDCWD, from, AT_FDCWD, to));
    if (result == 0) TRACE(rename(from, to));
    TRACE(unlock());
    return result;
}

int rt_os_unlink(const char *path) {
    TRACE(lock());
    int result = ONCE(unlink, unlink(path));
    if (result == 0) TRACE(path("unlink", path));
    TRACE(unlock());
    return result;
}

int rt_os_rmdir(const char *path) {
    TRACE(lock());
    int result = ONCE(unlink, rmdir(path));
    if (result == 0) TRACE(path("rmdir", path));
    TRACE(unlock());
    return result;
}

int rt_os_mkdir(const char *path, int mode) {
    TRACE(lock());
    int result = ONCE(mkdir, mkdir(path, (mode_t)mode));
    if (result == 0) TRACE(path("mkdir", path));
    TRACE(unlock());
    return result;
}

int rt_os_stat(const char *path, struct stat *st) { return ONCE(stat, stat(path, st)); }

int rt_os_fstat(int fd, struct stat *st) { return ONCE(stat, fstat(fd, st)); }

int rt_os_lstat(const char *path, struct stat *st) { return ONCE(stat, lstat(path, st)); }

int rt_os_statfs(const char *path, struct statfs *fs) { return ONCE(stat, statfs(path, fs)); }

int rt_os_access(const char *path, int mode) { return ONCE(stat, access(path, mode)); }

/* By bytes, whatever the locale. */
static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

int rt_os_scan(const char *path, struct dirent ***names) {
    return ONCE(scan, scandir(path, names, NULL, by_name));
}

int64_t rt_os_glob(const char *pattern, char ***paths) {
    glob_t found;
    *paths = NULL;
    if (FAULT(scan, NULL)) return -1;
    int result = glob(pattern, GLOB_NOSORT, NULL, &found);
    if (result == GLOB_NOMATCH) return 0;
    if (result != 0) {
        errno = result == GLOB_NOSPACE ? ENOMEM : EIO;
        return -1;
    }
    int64_t n = (int64_t)found.gl_pathc;
    char **copies = rt_os_alloc((size_t)n * sizeof *copies);
    for (int64_t i = 0; copies && i < n; i++) copies[i] = strdup(found.gl_pathv[i]);
    globfree(&found);
    *paths = copies;
    return copies ? n : -1;
}

int rt_os_chmod(int fd, int mode) { return ONCE(stat, fchmod(fd, (mode_t)mode)); }

int rt_os_lock(int fd) {
    int result;
    REPEAT(result, lock, flock(fd, LOCK_EX | LOCK_NB));
    return result;
}

/* ---- folders held open ------------------------------------------------------------------ */

/* Segment by segment, for systems without openat2. */
static int walk_beneath(int root, const char *beneath, int flags) {
    char copy[4096], *rest = copy;
    int at = -1;
    if (strlen(beneath) >= sizeof copy) return errno = ENAMETOOLONG, -1;
    strcpy(copy, beneath);
    while (*rest) {
        char *name = rest;
        rest += strcspn(rest, "/");
        if (*rest) *rest++ = 0;
        if (!strcmp(name, "..")) errno = EXDEV;
        int next = !strcmp(name, "..") ? -1 : openat(at < 0 ? root : at, name, flags);
        if (at >= 0) close(at);
        if (next < 0) return -1;
        at = next;
    }
    return at;
}

static int open_beneath(int root, const char *beneath) {
    struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    long fd = syscall(SYS_openat2, root, beneath, &how, sizeof how);
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return (int)fd;
    return walk_beneath(root, beneath, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

int rt_os_dir_open(rt_os_dir *d, const char *root, const char *beneath) {
    bool deep = *beneath;
    int n = snprintf(d->path, sizeof d->path, "%s%s%s", root, deep ? "/" : "", beneath);
    d->fd = -1;
    if (n >= (int)sizeof d->path) return errno = ENAMETOOLONG, -1;
    int fd = rt_os_open(root, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0 || !deep) return d->fd = fd;
    REPEAT(d->fd, open, open_beneath(fd, beneath));
    int kept = errno;
    close(fd);
    errno = kept;
    return d->fd;
}

void rt_os_dir_close(rt_os_dir *d) {
    if (d->fd >= 0) close(d->fd);
    d->fd = -1;
}

/* What the name is called from outside. */
static const char *path_in(const rt_os_dir *d, const char *name, char *out, size_t room) {
    snprintf(out, room, "%s/%s", d->path, name);
    return out;
}

int rt_os_dir_create(const rt_os_dir *d, const char *name) {
    char path[4400];
    return open_in(d->fd, name, path_in(d, name, path, sizeof path),
                   O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
}

int rt_os_dir_read(const rt_os_dir *d, const char *name) {
    char path[4400];
    return open_in(d->fd, name, path_in(d, name, path, sizeof path),
                   O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
}

int rt_os_dir_rename_new(const rt_os_dir *d, const char *from, const rt_os_dir *to_dir,
                         const char *to) {
    char a[4400], b[4400];
    path_in(d, from, a, sizeof a);
    path_in(to_dir, to, b, sizeof b);
    TRACE(lock());
    int result = ONCE(rename, rename_new(d->fd, from, to_dir->fd, to));
    if (result == 0) TRACE(rename(a, b));
    TRACE(unlock());
    return result;
}

int rt_os_dir_unlink(const rt_os_dir *d, const char *name) {
    char path[4400];
    path_in(d, name, path, sizeof path);
    TRACE(lock());
    int result = ONCE(unlink, unlinkat(d->fd, name, 0));
    if (result == 0) TRACE(path("unlink", path));
    TRACE(unlock());
    return result;
}

int rt_os_dir_mkdir(const rt_os_dir *d, const char *name, int mode) {
    char path[4400];
    path_in(d, name, path, sizeof path);
    TRACE(lock());
    int result = ONCE(mkdir, mkdirat(d->fd, name, (mode_t)mode));
    if (result == 0) TRACE(path("mkdir", path));
    TRACE(unlock());
    return result;
}

/* ---- memory and threads ------------------------------------------------------------------ */

void *rt_os_alloc(size_t bytes) {
    return FAULT(malloc, NULL) ? NULL : calloc(1, bytes ? bytes : 1);
}

void *rt_os_realloc(void *p, size_t bytes) {
    return FAULT(malloc, NULL) ? NULL : realloc(p, bytes);
}

/* The call itself: _exit is one of those that an instrumented build gives more to do. */
void rt_os_end(int code) {
    for (;;) syscall(SYS_exit_group, code);
}

void *rt_os_map(int64_t bytes) {
    if (FAULT(mmap, NULL)) return NULL;
    rt_assert(bytes > 0 && bytes % 4096 == 0);
    void *p = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void *rt_os_remap(void *p, int64_t from, int64_t to) {
    if (FAULT(mmap, NULL)) return NULL;
    if (!RT_TSAN) { /* which does not see memory move */
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
    if (FAULT(thread, NULL)) return errno;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(thread, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

/* ---- waiting and the network -------------------------------------------------------------- */

int rt_os_eventfd(void) { return ONCE(event, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

int rt_os_epoll(void) { return ONCE(event, epoll_create1(EPOLL_CLOEXEC)); }

int rt_os_inotify(void) { return ONCE(watch, inotify_init1(IN_CLOEXEC | IN_NONBLOCK)); }

void rt_os_yield_to_all(void) {
    /* No headers of libc name the second one: (class 2, best effort) << 13 | 7, the last. */
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19);
    syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 7);
}

int rt_os_socket(int domain, int type) {
    return ONCE(socket, socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

int rt_os_resolve(const char *host, const char *port, const struct addrinfo *hints,
                  struct addrinfo **found) {
    return FAULT(resolve, NULL) ? EAI_AGAIN : getaddrinfo(host, port, hints, found);
}

int rt_os_connect(int fd, const struct sockaddr *address, socklen_t len) {
    return ONCE(connect, connect(fd, address, len));
}

int rt_os_listen(int fd, const struct sockaddr *address, socklen_t len) {
    int on = 1;
    if (FAULT(bind, NULL)) return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, address, len) < 0) return -1;
    return listen(fd, 64);
}

int rt_os_accept(int fd, struct sockaddr *peer, socklen_t *len) {
    int result;
    REPEAT(result, accept, accept4(fd, peer, len, SOCK_CLOEXEC | SOCK_NONBLOCK));
    return result;
}

int64_t rt_os_send(int fd, const void *p, int64_t n) {
    int64_t put, part = n;
    REPEAT_N(put, send, &part, send(fd, p, (size_t)part, MSG_NOSIGNAL));
    return put;
}

int rt_os_shutdown(int fd) { return shutdown(fd, SHUT_WR); }

int rt_os_wait(int fd, short events, int64_t timeout_ms) {
    struct pollfd one = {.fd = fd, .events = events};
    int result;
    REPEAT(result, poll,
           poll(&one, 1, timeout_ms < 0 ? -1 : (int)RT_MIN(timeout_ms, 1 << 30)));
    return result;
}

int rt_os_send_all(int fd, const void *p, int64_t n, int64_t patience_ms, int64_t *done) {
    while (n > 0) {
        int64_t put, part = n;
        REPEAT_N(put, send, &part, send(fd, p, (size_t)part, MSG_NOSIGNAL));
        if (put < 0 && errno == EAGAIN) {
            int ready = rt_os_wait(fd, POLLOUT, patience_ms);
            if (ready == 0) errno = ETIMEDOUT;
            if (ready <= 0) return -1;
            continue;
        }
        if (put < 0) return -1;
        p = (const char *)p + put;
        n -= put;
        *done += put;
    }
    return 0;
}
