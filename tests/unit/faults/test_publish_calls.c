/* test_publish_calls.c - what is tried again, how often, and how long it waits before; what is
 * put out beside the next batch, and how its failure is heard of. */
#include <CUnit/CUnit.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "runtime/base/clock.h"
#include "runtime/base/fault.h"
#include "runtime/base/wake.h"
#include "runtime/exec/publish.h"
#include "tests/unit/faults/ckpt_stand.h"
#include "tests/unit/runtime/fake_program.h"
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

/* ---- beside the next batch -------------------------------------------------------------------- */

static void publishing(ckpt_stand *st, rt_publisher **p) {
    stand_fresh();
    stand_make(st);
    CU_ASSERT_FATAL(stand_begin(st) == RT_ok);
    st->job.env.wake = rt_wake_open();
    *p = rt_publisher_new(&st->job);
}

static void unpublish(ckpt_stand *st, rt_publisher *p) {
    rt_publisher_free(p);
    rt_wake_close(st->job.env.wake);
    stand_end(st);
}

/* With a thread of its own, if there are several workers; that of the stand is one. */
static rt_status publish(ckpt_stand *st, rt_publisher *p, int64_t workers) {
    st->job.nworkers = workers;
    rt_status status = rt_publish(p);
    st->job.nworkers = 1;
    return status;
}

/* One worker, a small batch, the last one, `batch = 0s`, no rows: it is put out at once. */
static void test_at_once(void) {
    for (int k = 0; k < 6; k++) {
        ckpt_stand st;
        rt_publisher *p;
        publishing(&st, &p);
        CU_ASSERT_EQUAL(stand_take(&st, k != 4, false), RT_ok);
        st.job.alone = k == 1;
        st.job.final = k == 2;
        st.job.env.eager = k == 3;
        rt_fault_wish(k == 5 ? "thread:1:EAGAIN" : NULL);
        CU_ASSERT_EQUAL(publish(&st, p, k == 0 ? 1 : 2), RT_ok);
        rt_fault_wish(NULL);
        CU_ASSERT(stand_sinks[2].published == 0 && pthread_equal(stand_sinks[2].by, pthread_self()));
        CU_ASSERT_EQUAL(st.job.rows_out, k == 4 ? 0 : STAND_SINKS);
        unpublish(&st, p);
    }
}

/* A batch that takes its time, and fails: nothing is known while it is under way; then whoever
 * waits for input is woken, asks, and the next batch is not begun. */
static void test_beside(void) {
    ckpt_stand st;
    rt_publisher *p;
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    publishing(&st, &p);
    CU_ASSERT_EQUAL(stand_take(&st, 1, false), RT_ok);
    CU_ASSERT_EQUAL(publish(&st, p, 2), RT_ok); /* its thread is there now */
    CU_ASSERT_EQUAL(rt_publish_wait(p), RT_ok);
    CU_ASSERT(stand_sinks[2].published == 0 && !pthread_equal(stand_sinks[2].by, pthread_self()));
    stand_sinks[1].status = RT_io;
    stand_sinks[1].gate = &gate;
    pthread_mutex_lock(&gate);
    CU_ASSERT_EQUAL(stand_take(&st, 1, false), RT_ok);
    CU_ASSERT_EQUAL(publish(&st, p, 2), RT_ok);
    CU_ASSERT_EQUAL(rt_publish_look(p), RT_ok);
    int64_t began = rt_clock_mono();
    pthread_mutex_unlock(&gate);
    rt_wake_wait(st.job.env.wake, 20000000);
    CU_ASSERT(rt_clock_mono() - began < 15000000);
    CU_ASSERT_EQUAL(rt_publish_look(p), RT_io);
    CU_ASSERT_EQUAL(stand_take(&st, 1, false), RT_ok);
    CU_ASSERT_EQUAL(publish(&st, p, 2), RT_io);
    CU_ASSERT(stand_sinks[2].published == 0 && st.job.rows_out == STAND_SINKS);
    unpublish(&st, p);
    pthread_mutex_destroy(&gate);
}

static int prepare(void) {
    fake_in_memory();
    return setenv("FLOW_TEST_TMPFS", "1", 1);
}

static int clean(void) {
    fake_remove_dir();
    return 0;
}

void suite_publish_calls(void) {
    CU_pSuite s = CU_add_suite("publish_calls", prepare, clean);
    CU_add_test(s, "what it ends with", test_outcome);
    CU_add_test(s, "waits", test_waits);
    CU_add_test(s, "put out at once", test_at_once);
    CU_add_test(s, "put out beside the next batch", test_beside);
}
