/* share.h - how many of n random cases are run: one in FLOW_TEST_SHARE of them, at least
 * one.  tests/run.sh sets it for instrumented builds, where a case costs up to ten times
 * as much; without it all are run. */
#ifndef FLOW_TESTS_SHARE_H
#define FLOW_TESTS_SHARE_H

#include <stdlib.h>

static inline int test_share(int n) {
    const char *text = getenv("FLOW_TEST_SHARE");
    int share = text ? atoi(text) : 1;
    return share > 1 ? (n + share - 1) / share : n;
}

#endif
