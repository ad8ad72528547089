/* fault.c - a call that fails on request: FLOW_FAULT=point:k:error[:on][,...].
 *
 * Calls of a point are counted from 1 over all threads; `any` counts all points as one.
 * The error is a number, one of the names below, or
 *
 *     -      what os.def says of the point
 *     SHORT  a transfer that is cut in half (another call goes on like before)
 *     EINTR  an interruption, of calls that can have one, after which the call is made
 *            again; with `:on` every other call, or there would be no end
 *
 * With `:on` all later calls fail too.  FLOW_FAULT_LOG=file gets a line `point k` for each
 * call that was made to fail: a run without it was untouched. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/fault.h"
#include "runtime/base/os.h"

enum { ANY = RT_OS_POINTS, WISHES = 8, SHORT = -1, USUAL = 0 };

static const struct {
    const char *name;
    int usual;
} points[] = {
#define OS(point, error) {#point, error},
#include "runtime/base/os.def"
#undef OS
};

static const struct {
    const char *name;
    int value;
} errors[] = {{"-", USUAL},       {"SHORT", SHORT},   {"EINTR", EINTR},   {"EIO", EIO},
              {"ENOSPC", ENOSPC}, {"EMFILE", EMFILE}, {"EACCES", EACCES}, {"ENOMEM", ENOMEM},
              {"EAGAIN", EAGAIN}, {"EPIPE", EPIPE},   {"EDQUOT", EDQUOT}, {"EROFS", EROFS}};

static struct wish {
    int point; /* or ANY */
    long k;
    int error;
    bool on;
} wishes[WISHES];
static int nwishes;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic long calls[RT_OS_POINTS + 1], hits;

static int errno_of(const char *text, size_t n) {
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strlen(errors[i].name) == n && !strncmp(errors[i].name, text, n))
            return errors[i].value;
    return atoi(text);
}

static int point_of(const char *text, size_t n) {
    for (int i = 0; i < RT_OS_POINTS; i++)
        if (strlen(points[i].name) == n && !strncmp(points[i].name, text, n)) return i;
    return n == 3 && !strncmp(text, "any", n) ? ANY : -1;
}

static void read_wishes(const char *text) {
    nwishes = 0;
    while (text && *text && nwishes < WISHES) {
        struct wish w = {0};
        size_t n = strcspn(text, ":");
        w.point = point_of(text, n);
        if (!text[n]) return;
        char *end;
        w.k = strtol(text + n + 1, &end, 10);
        if (*end != ':') return;
        const char *error = end + 1;
        size_t len = strcspn(error, ":,");
        w.error = errno_of(error, len);
        w.on = !strncmp(error + len, ":on", 3);
        if (w.point >= 0) wishes[nwishes++] = w;
        text = strchr(text, ',');
        if (text) text++;
    }
}

static void read_environment(void) { read_wishes(getenv("FLOW_FAULT")); }

static void note(rt_os_point point, long call) {
    hits++;
    const char *path = getenv("FLOW_FAULT_LOG");
    char line[64];
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (fd < 0) return;
    int n = snprintf(line, sizeof line, "%s %ld\n", points[point].name, call);
    if (write(fd, line, (size_t)n) != n) abort();
    close(fd);
}

/* rt_os repeats these. */
static bool can_interrupt(rt_os_point point) {
    switch (point) {
    case RT_OS_open: case RT_OS_read: case RT_OS_pread: case RT_OS_write: case RT_OS_pwrite:
    case RT_OS_truncate: case RT_OS_lock: case RT_OS_accept: case RT_OS_send: case RT_OS_poll:
        return true;
    default: return false;
    }
}

/* The error for this call, counted once for all wishes: 0 none, SHORT, or an errno. */
static int look(rt_os_point point) {
    pthread_once(&once, read_environment);
    if (!nwishes) return 0;
    long call = ++calls[point], any = ++calls[ANY];
    for (int i = 0; i < nwishes; i++) {
        const struct wish *w = &wishes[i];
        if (w->point != ANY && w->point != (int)point) continue;
        long at = w->point == ANY ? any : call;
        if (at != w->k && !(w->on && at > w->k)) continue;
        if (w->error == EINTR && ((at - w->k) % 2 || !can_interrupt(point))) continue;
        note(point, at);
        return w->error == USUAL ? points[point].usual : w->error;
    }
    return 0;
}

bool rt_fault_hit(rt_os_point point, int64_t *n) {
    int kept = errno, error = look(point);
    if (error == SHORT && n && *n > 1) *n /= 2;
    errno = error > 0 ? error : kept;
    return error > 0;
}

void rt_fault_wish(const char *text) {
    pthread_once(&once, read_environment);
    for (int i = 0; i <= RT_OS_POINTS; i++) calls[i] = 0;
    hits = 0;
    read_wishes(text);
}

int64_t rt_fault_hits(void) { return hits; }
