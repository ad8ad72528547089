/* cut.c - see fault.h: the same input in batches of n records. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/fault.h"
#include "runtime/base/rt_check.h"

int64_t rt_test_cut(void) {
    const char *n = getenv("FLOW_TEST_CUT");
    return n ? RT_MAX(atoll(n), 0) : 0;
}

int64_t rt_test_cut_bytes(int fd, int64_t from, int64_t to, int64_t *lines) {
    char buffer[4096];
    int64_t at = from;
    while (at < to && *lines > 0) {
        int64_t n = pread(fd, buffer, (size_t)RT_MIN((int64_t)sizeof buffer, to - at), at);
        if (n <= 0) return to - from;
        const char *p = buffer, *end = buffer + n, *nl;
        while (*lines > 0 && (nl = memchr(p, '\n', (size_t)(end - p)))) {
            p = nl + 1;
            --*lines;
        }
        at += *lines > 0 ? n : p - buffer;
    }
    return at - from;
}
