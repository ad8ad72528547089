/* cut.c - see fault.h: the same input in batches of n records. */
#include <stdlib.h>

#include "runtime/base/fault.h"
#include "runtime/base/rt_check.h"

int64_t rt_test_cut(void) {
    const char *n = getenv("FLOW_TEST_CUT");
    return n ? RT_MAX(atoll(n), 0) : 0;
}
