/* crash.c - see fault.h: kills at named points, and mistakes made on purpose.
 *
 * FLOW_CRASH is a list of `point:batch`, parted by commas; the batch may be `*`.  With
 * `#k` behind it the k-th pass of that point and batch kills, else the first.  FLOW_STOP
 * stops the process (SIGSTOP) in the same way.
 * FLOW_CRASH_LOG=file gets a line `point batch` for each point passed: what a driver can
 * then kill at. */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/fault.h"
#include "runtime/base/trace.h"

enum { WISHES = 32 };

static const char *const points[] = {
#define CRASH(point, text) #point,
#include "runtime/base/crash.def"
#undef CRASH
};

static const char *const mutants[] = {
#define MUTANT(id, text) #id,
#include "runtime/base/mutant.def"
#undef MUTANT
};

static void note(const char *point, int64_t batch) {
    const char *path = getenv("FLOW_CRASH_LOG");
    char line[64];
    if (!path) return;
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int n = snprintf(line, sizeof line, "%s %" PRId64 "\n", point, batch);
    if (fd < 0 || write(fd, line, (size_t)n) != n) abort();
    close(fd);
}

/* One wish of the list: is it this point, and how many passes are let go by? */
static bool is_wish(const char *wish, const char *point, int64_t batch, long *kth) {
    size_t n = strlen(point);
    if (strncmp(wish, point, n) || wish[n] != ':') return false;
    const char *p = wish + n + 1;
    char *end = (char *)p + 1;
    if (*p != '*' && strtoll(p, &end, 10) != batch) return false;
    *kth = *end == '#' ? strtol(end + 1, NULL, 10) : 1;
    return true;
}

/* Is this pass wished for?  `passes` counts those of each wish. */
static bool is_wished(const char *list, _Atomic long *passes, const char *point,
                      int64_t batch) {
    for (int i = 0; list && i < WISHES; i++) {
        long kth;
        if (is_wish(list, point, batch, &kth) && ++passes[i] == kth) return true;
        list = strchr(list, ',');
        if (list) list++;
    }
    return false;
}

void rt_crash_pass(rt_crash_point point, int64_t batch) {
    static _Atomic long kills[WISHES], stops[WISHES];
    note(points[point], batch);
    rt_trace_mark(points[point], batch);
    if (is_wished(getenv("FLOW_STOP"), stops, points[point], batch)) raise(SIGSTOP);
    if (is_wished(getenv("FLOW_CRASH"), kills, points[point], batch)) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
}

bool rt_mutant_on(rt_mutant_id id) {
    const char *wish = getenv("FLOW_MUTANT");
    return wish && !strcmp(wish, mutants[id]);
}
