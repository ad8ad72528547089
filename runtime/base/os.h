/* os.h - every system call and allocation that can fail goes through here.
 *
 * Functions return what the call returns, with errno set on -1; interrupted calls are
 * repeated, `_all` functions loop over short transfers.  Built with FLOW_FAULTS each
 * asks rt_fault_hit at its point of os.def whether it is to fail, and what changes files
 * is recorded (trace.h); the release archive has nothing of that. */
#ifndef FLOW_RUNTIME_BASE_OS_H
#define FLOW_RUNTIME_BASE_OS_H

#include <dirent.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

typedef enum rt_os_point {
#define OS(point, error) RT_OS_##point,
#include "runtime/base/os.def"
#undef OS
    RT_OS_POINTS
} rt_os_point;

#ifdef FLOW_FAULTS
/* Of the archive for tests: true if this call is to fail, with errno set.  *n, if given, is
 * how much would be transferred, and may be cut. */
bool rt_fault_hit(rt_os_point point, int64_t *n);
#endif

/* Descriptors are close-on-exec throughout. */
int rt_os_open(const char *path, int flags, int mode);
int rt_os_openat(int dir, const char *path, int flags, int mode);
int rt_os_close(int fd);
int64_t rt_os_read(int fd, void *p, int64_t n);
int64_t rt_os_pread(int fd, void *p, int64_t n, int64_t at);
/* Until n bytes or the end of the file; returns what it got, or -1. */
int64_t rt_os_pread_all(int fd, void *p, int64_t n, int64_t at);
/* 0, or -1 with errno; `done`, if given, says how much was written before an error. */
int rt_os_write_all(int fd, const void *p, int64_t n, int64_t *done);
int rt_os_pwrite_all(int fd, const void *p, int64_t n, int64_t at);
int rt_os_fdatasync(int fd);
/* Opens, syncs and closes a directory. */
int rt_os_sync_dir(const char *path);
int rt_os_truncate(int fd, int64_t length);
int rt_os_rename(const char *from, const char *to);
/* Fails with EEXIST where `to` exists. */
int rt_os_rename_new(const char *from, const char *to);
int rt_os_unlink(const char *path);
int rt_os_mkdir(const char *path, int mode);
int rt_os_stat(const char *path, struct stat *st);
int rt_os_fstat(int fd, struct stat *st);
/* Of the name itself, not of what a link points to. */
int rt_os_lstat(const char *path, struct stat *st);
/* On what kind of file system it is. */
int rt_os_statfs(const char *path, struct statfs *fs);
int rt_os_access(const char *path, int mode);
int rt_os_rmdir(const char *path);
/* The names of a folder in order, to be freed one by one and then as a whole; their count,
 * or -1. */
int rt_os_scan(const char *path, struct dirent ***names);
/* The files that a pattern matches, in no order; freed in the same way.  0 if none. */
int64_t rt_os_glob(const char *pattern, char ***paths);
/* Permissions of a file. */
int rt_os_chmod(int fd, int mode);

/* A folder held open: names in it mean the same whatever becomes of its path, and no link
 * is followed on the way from `root` to it. */
typedef struct rt_os_dir {
    int fd;
    char path[4096]; /* for messages */
} rt_os_dir;

/* `beneath`: relative to root, "" for root itself; -1 with EXDEV or ELOOP where the way
 * leads out or over a link. */
int rt_os_dir_open(rt_os_dir *d, const char *root, const char *beneath);
void rt_os_dir_close(rt_os_dir *d);
/* A new file that only its owner may read, open for reading and writing. */
int rt_os_dir_create(const rt_os_dir *d, const char *name);
/* An existing one, no link; a FIFO does not wait. */
int rt_os_dir_read(const rt_os_dir *d, const char *name);
/* Fails with EEXIST where `to` exists. */
int rt_os_dir_rename_new(const rt_os_dir *d, const char *from, const rt_os_dir *to_dir,
                         const char *to);
int rt_os_dir_unlink(const rt_os_dir *d, const char *name);
int rt_os_dir_mkdir(const rt_os_dir *d, const char *name, int mode);

/* Locks the whole file against other processes for as long as it is open; 0, or -1 with
 * EWOULDBLOCK where another holds it. */
int rt_os_lock(int fd);

/* Ends the process as it stands, as safe as a SIGKILL: other threads may be at work, and
 * nothing that is registered for the end is done. */
_Noreturn void rt_os_end(int code);

/* malloc and friends; null when there is none. */
void *rt_os_alloc(size_t bytes); /* zeroed */
void *rt_os_realloc(void *p, size_t bytes);

/* Anonymous memory, zeroed; null when there is none.  Multiples of 4096. */
void *rt_os_map(int64_t bytes);
/* Grows or shrinks in place or by moving; contents are kept. */
void *rt_os_remap(void *p, int64_t from, int64_t to);
void rt_os_unmap(void *p, int64_t bytes);
/* Asks for large pages where the system has them. */
void rt_os_huge(void *p, int64_t bytes);
/* Has the pages made at once, where the system can: not one by one as they are written,
 * and not first as shared zeros for the reads before that. */
void rt_os_touch(void *p, int64_t bytes);

/* 0 or an errno.  All signals are blocked in the new thread. */
int rt_os_thread(pthread_t *thread, void *(*run)(void *), void *arg);
/* The calling thread gives way to all others, at the processor and at the disk, as far as
 * the system lets it. */
void rt_os_yield_to_all(void);

/* What the coordinator and the loop wait on. */
int rt_os_eventfd(void);
int rt_os_epoll(void);
int rt_os_inotify(void);

int rt_os_socket(int domain, int type);
/* 0, or a code of gai_strerror. */
struct addrinfo;
int rt_os_resolve(const char *host, const char *port, const struct addrinfo *hints,
                  struct addrinfo **found);
int rt_os_connect(int fd, const struct sockaddr *address, socklen_t len);
int rt_os_listen(int fd, const struct sockaddr *address, socklen_t len);
int rt_os_accept(int fd, struct sockaddr *peer, socklen_t *len);
/* Sends all of it on a non-blocking socket; each wait for room at most `patience_ms`,
 * then -1 with ETIMEDOUT.  Adds to *done what was sent. */
int rt_os_send_all(int fd, const void *p, int64_t n, int64_t patience_ms, int64_t *done);
/* What goes without waiting; -1 with EAGAIN if that is nothing. */
int64_t rt_os_send(int fd, const void *p, int64_t n);
/* Nothing more will be sent. */
int rt_os_shutdown(int fd);
/* Waits for POLLIN or POLLOUT on one descriptor; 1 ready, 0 timeout, -1. */
int rt_os_wait(int fd, short events, int64_t timeout_ms);

#endif
