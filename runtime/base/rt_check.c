/* rt_check.c - the end of a process whose own invariants are broken. */
#include "runtime/base/rt_check.h"

#include <stdlib.h>

#include "runtime/base/log.h"

void rt_assert_failed(const char *what, const char *file, int line) {
    rt_log(RT_ERROR, "internal error: %s does not hold (%s:%d)", what, file, line);
    abort();
}
