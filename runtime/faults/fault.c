/* fault.c - a call that fails on request: FLOW_FAULT=point:k:errno[:on].
 *
 * Calls of a point are counted from 1 over all threads.  The errno is a number, or one of
 * the names below. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/os.h"

static const char *const points[] = {
#define OS(point) #point,
#include "runtime/base/os.def"
#undef OS
};

static const struct {
    const char *name;
    int value;
} errors[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EMFILE", EMFILE}, {"EACCES", EACCES},
              {"ENOMEM", ENOMEM}, {"EAGAIN", EAGAIN}, {"EPIPE", EPIPE}};

static int errno_of(const char *text, size_t n) {
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strlen(errors[i].name) == n && !strncmp(errors[i].name, text, n))
            return errors[i].value;
    return atoi(text);
}

bool rt_fault_hit(rt_os_point point) {
    static _Atomic long calls[RT_OS_POINTS];
    const char *wish = getenv("FLOW_FAULT");
    if (!wish) return false;
    size_t n = strcspn(wish, ":");
    if (strlen(points[point]) != n || strncmp(points[point], wish, n) || !wish[n]) return false;
    char *end;
    long k = strtol(wish + n + 1, &end, 10), call = ++calls[point];
    if (*end != ':') return false;
    const char *error = end + 1;
    size_t len = strcspn(error, ":");
    bool on = !strcmp(error + len, ":on");
    if (call != k && !(on && call > k)) return false;
    errno = errno_of(error, len);
    return true;
}
