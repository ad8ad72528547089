/* trace.h - a record of every call that changes files, for tests: FLOW_TRACE_OS=file.
 *
 * The file is added to, one record a call, in the order of the calls (they wait for each
 * other): a line of words, parted by spaces, and behind it the bytes that were written.
 *
 *     create <inode> <path>                a file was made
 *     cut <inode> <length>                 by ftruncate or O_TRUNC
 *     write <inode> <at> <n>\n<bytes>
 *     sync <inode>
 *     syncdir <path>
 *     rename <from> <to>
 *     unlink <path>
 *     mkdir <path>
 *     rmdir <path>
 *     mark <crash point> <batch>
 *
 * Only regular files; paths as the program gave them, without spaces in tests.  From such
 * a trace a driver makes what a disk may hold after a power loss. */
#ifndef FLOW_RUNTIME_BASE_TRACE_H
#define FLOW_RUNTIME_BASE_TRACE_H

#ifdef FLOW_FAULTS

#include <stdbool.h>
#include <stdint.h>

/* Around a call and its record; nothing without a trace.  errno is kept by all. */
void rt_trace_lock(void);
void rt_trace_unlock(void);

/* Before an open that may create: is the path there? */
bool rt_trace_there(int dir, const char *path);
void rt_trace_open(int fd, const char *path, int flags, bool was_there);
/* Where write() will put its bytes: call it before. */
int64_t rt_trace_at(int fd);
void rt_trace_write(int fd, int64_t at, const void *p, int64_t n);
void rt_trace_cut(int fd, int64_t length);
void rt_trace_sync(int fd);
void rt_trace_syncdir(const char *path);
void rt_trace_rename(const char *from, const char *to);
void rt_trace_path(const char *what, const char *path); /* unlink mkdir rmdir */
void rt_trace_mark(const char *point, int64_t batch);

#endif
#endif
