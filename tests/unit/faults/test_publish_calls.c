/* test_publish_calls.c - what is tried again, how often, and how long it waits before. */
#include <CUnit/CUnit.h>

#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include "runtime/base/clock.h"
#include "runtime/exec/publish.h"
#include "tests/unit/runtime/source_stand.h"

void suite_publish_calls(void);

static void test_outcome(void) {
    rt_settings set = {.retries = 2, .retry_wait = 0};
    int saved = hush();
    for (int s = RT_ok + 1; s < RT_STATUS_COUNT; s++) {
        rt_status status = (rt_status)s;
        bool passes = status == RT_again || status == RT_again_io;
        CU_ASSERT_EQUAL(rt_publish_again(&set, "x", 7, 0, status), passes ? RT_ok : status);
        CU_ASSERT_EQUAL(rt_publish_again(&set, "x", 7, 1, status), passes ? RT_ok : status);
        rt_status end = status == RT_again ? RT_given_up : status == RT_again_io ? RT_io : status;
        CU_ASSERT_EQUAL(rt_publish_again(&set, "x", 7, 2, status), end);
    }
    unhush(saved);
}

static void wake(int number) { (void)number; }

/* How long the wait before try k is; cut short after `most`. */
static int64_t waited(int64_t wait, int64_t k, int64_t most) {
    rt_settings set = {.retries = 100, .retry_wait = wait};
    struct itimerval timer = {.it_value = {most / 1000000, most % 1000000}}, none = {0};
    int64_t began = rt_clock_mono();
    setitimer(ITIMER_REAL, &timer, NULL);
    CU_ASSERT_EQUAL(rt_publish_again(&set, "x", 7, k, RT_again), RT_ok);
    int64_t us = rt_clock_mono() - began;
    setitimer(ITIMER_REAL, &none, NULL);
    return us;
}

static void test_waits(void) {
    struct sigaction act = {.sa_handler = wake}, was;
    int saved = hush();
    sigaction(SIGALRM, &act, &was);
    CU_ASSERT(waited(0, 0, 900000) < 500000);
    int64_t first = waited(4000, 0, 900000), third = waited(4000, 3, 900000);
    CU_ASSERT(first >= 3000 && third >= 24000 && third < 500000);
    CU_ASSERT(waited(1, 40, 100000) >= 99000);           /* no more than 2^20 times */
    CU_ASSERT(waited(INT64_C(1) << 40, 2, 100000) >= 99000); /* and than half a minute */
    sigaction(SIGALRM, &was, NULL);
    unhush(saved);
    rt_publisher_free(NULL);
}

void suite_publish_calls(void) {
    CU_pSuite s = CU_add_suite("publish_calls", NULL, NULL);
    CU_add_test(s, "what it ends with", test_outcome);
    CU_add_test(s, "waits", test_waits);
}
