/* trace.c - see base/trace.h.  A record goes out with one write, so that a kill leaves
 * whole records. */
#include "runtime/base/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int out = -1;

static void open_trace(void) {
    const char *path = getenv("FLOW_TRACE_OS");
    if (path) out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static bool on(void) {
    int kept = errno;
    pthread_once(&once, open_trace);
    errno = kept;
    return out >= 0;
}

void rt_trace_lock(void) {
    if (on()) pthread_mutex_lock(&order);
}

void rt_trace_unlock(void) {
    if (on()) pthread_mutex_unlock(&order);
}

static void put(const void *p, int64_t n, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void put(const void *p, int64_t n, const char *format, ...) {
    char line[9000];
    int kept = errno;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    struct iovec parts[] = {{line, (size_t)len}, {(void *)(uintptr_t)p, (size_t)n}};
    if (writev(out, parts, n ? 2 : 1) != len + n) abort();
    errno = kept;
}

/* The inode of a regular file that has a name, or 0. */
static uint64_t inode_of(int fd) {
    struct stat st;
    int kept = errno;
    bool good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink;
    errno = kept;
    return good ? (uint64_t)st.st_ino : 0;
}

bool rt_trace_there(int dir, const char *path) {
    struct stat st;
    return on() && fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

void rt_trace_open(int fd, const char *path, int flags, bool was_there) {
    uint64_t inode = on() ? inode_of(fd) : 0;
    if (!inode) return;
    if (!was_there) put(NULL, 0, "create %" PRIu64 " %s\n", inode, path);
    else if (flags & O_TRUNC) put(NULL, 0, "cut %" PRIu64 " 0\n", inode);
}

int64_t rt_trace_at(int fd) {
    if (!on() || !inode_of(fd)) return -1;
    int flags = fcntl(fd, F_GETFL);
    return lseek(fd, 0, flags & O_APPEND ? SEEK_END : SEEK_CUR);
}

void rt_trace_write(int fd, int64_t at, const void *p, int64_t n) {
    uint64_t inode = on() && at >= 0 && n > 0 ? inode_of(fd) : 0;
    if (inode) put(p, n, "write %" PRIu64 " %" PRId64 " %" PRId64 "\n", inode, at, n);
}

void rt_trace_cut(int fd, int64_t length) {
    uint64_t inode = on() ? inode_of(fd) : 0;
    if (inode) put(NULL, 0, "cut %" PRIu64 " %" PRId64 "\n", inode, length);
}

void rt_trace_sync(int fd) {
    uint64_t inode = on() ? inode_of(fd) : 0;
    if (inode) put(NULL, 0, "sync %" PRIu64 "\n", inode);
}

void rt_trace_syncdir(const char *path) {
    if (on()) put(NULL, 0, "syncdir %s\n", path);
}

void rt_trace_rename(const char *from, const char *to) {
    if (on()) put(NULL, 0, "rename %s %s\n", from, to);
}

void rt_trace_path(const char *what, const char *path) {
    if (on()) put(NULL, 0, "%s %s\n", what, path);
}

void rt_trace_mark(const char *point, int64_t batch) {
    if (!on()) return;
    rt_trace_lock();
    put(NULL, 0, "mark %s %" PRId64 "\n", point, batch);
    rt_trace_unlock();
}
