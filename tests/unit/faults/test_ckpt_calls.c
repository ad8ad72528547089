/* test_ckpt_calls.c - starts and batches of a checkpoint where calls fail: what is said ends
 * the run or is tried again, and the start behind it goes on where the last COMMIT was; small
 * states and such as are too large for a buffer, or for a copy. */
#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/fault.h"
#include "runtime/exec/ckpt_commit.h"
#include "tests/unit/faults/ckpt_stand.h"
#include "tests/unit/faults/each_call.h"
#include "tests/unit/faults/quiet_suite.h"
#include "tests/unit/runtime/source_stand.h"

void suite_ckpt_calls(void);

enum { LAST = 3 };

/* States are files, or stand in the journal. */
static void files(bool on) {
    if (on) setenv("FLOW_TEST_SIZES", "1000000", 1);
    else unsetenv("FLOW_TEST_SIZES");
}

/* A start, batches to the last one, and a proper end. */
static rt_status to_end(int64_t every) {
    ckpt_stand st;
    stand_make(&st);
    st.settings.checkpoint_every = every;
    st.settings.keep_checkpoints = 2;
    rt_status status = stand_begin(&st);
    while (status == RT_ok && st.job.batch < LAST) status = stand_batch(&st, !every, false);
    if (status == RT_ok) status = rt_ckpt_settle(st.job.ckpt);
    stand_end(&st);
    return status;
}

/* The run with the failure, and the one behind it. */
static void fail_once(int64_t every) {
    calls_fail();
    rt_status status = to_end(every);
    bool hit = calls_end();
    CU_ASSERT(status == RT_ok || (hit && (status == RT_io || status == RT_again_io)));
    bool shown = stand_sinks[2].published == LAST;
    CU_ASSERT(shown || status != RT_ok);
    /* Where states are files a thread makes snapshots, and may not be done in time to say so. */
    if (calls_are("fsync") && hit) CU_ASSERT(status == RT_io || getenv("FLOW_TEST_SIZES"));
    for (int i = 0; i < STAND_SINKS; i++) stand_sinks[i].shows = 0;
    CU_ASSERT_EQUAL(to_end(every), RT_ok);
    CU_ASSERT_EQUAL(stand_sinks[2].published, LAST);
    if (shown) CU_ASSERT(stand_sinks[2].shows <= 1 && stand_sinks[0].shows <= 1);
}

static void from_start(void *arg) {
    stand_fresh();
    fail_once(arg ? 0 : INT64_MAX);
}

/* Behind a run that has committed two batches and shown, perhaps, the second one. */
static void behind(void *arg) {
    stand_fresh();
    CU_ASSERT_EQUAL(stand_run(1, arg != NULL, arg != NULL), RT_ok);
    fail_once(arg ? 0 : INT64_MAX);
}

/* The same, where the mark that a batch has been committed is gone. */
static void unmarked(void *arg) {
    rt_ident ident;
    bool found;
    (void)arg;
    stand_fresh();
    CU_ASSERT_EQUAL(stand_run(1, 1, true), RT_ok);
    CU_ASSERT_FATAL(rt_ident_read(stand_dir(), &ident, &found) == RT_ok && found);
    rt_begun_forget(stand_dir(), ident.job);
    fail_once(0);
    CU_ASSERT(rt_begun_is(stand_dir(), ident.job));
}

static void test_saving(void) {
    for (int on = 0; on < 2; on++) {
        files(on);
        each_call(from_start, "every batch");
        each_call(behind, "every batch");
    }
    files(false);
    each_call(unmarked, NULL);
}

static void test_replaying(void) {
    each_call(from_start, NULL);
    each_call(behind, NULL);
}

/* ---- much state ------------------------------------------------------------------------------- */

/* A batch that saves 100 rows a partition, 400 KB each, where a call fails; then they are there. */
static void save_much(const char *fault, bool copied, int64_t retries) {
    ckpt_stand st;
    stand_fresh();
    files(!copied);
    stand_make(&st);
    CU_ASSERT_FATAL(stand_begin(&st) == RT_ok);
    stand_put(&st, 0, 100, 4000);
    rt_fault_wish(fault);
    CU_ASSERT_FATAL(stand_batch(&st, 1, true) == RT_ok);
    CU_ASSERT(!fault || rt_fault_hits() > 0);
    rt_fault_wish(NULL);
    CU_ASSERT(st.job.ckpt->kept[0].refs[0].length > STAND_PARTS * 400000);
    CU_ASSERT_EQUAL(st.job.ckpt->kept[0].refs[0].epoch, 1 + (uint32_t)retries);
    stand_end(&st);
    stand_make(&st);
    CU_ASSERT_EQUAL(stand_begin(&st), RT_ok);
    CU_ASSERT_EQUAL(stand_rows(&st), 100 * STAND_PARTS);
    stand_end(&st);
    files(false);
}

/* Behind the write of PLAN: each write of the state.  Nothing of the try before counts. */
static void test_much(void) {
    for (int copied = 0; copied < 2; copied++) {
        save_much(NULL, copied, 0);
        save_much("open:1:EMFILE", copied, 1);
        for (int k = 2; k < 8; k++) {
            char fault[40];
            snprintf(fault, sizeof fault, "pwrite:%d:ENOSPC", k);
            save_much(fault, copied, 1);
        }
        save_much("pwrite:2:ENOSPC,pwrite:5:EDQUOT,pwrite:8:ENOSPC", copied, 3);
    }
}

/* State that cannot be copied for want of memory is not saved in part. */
static void test_no_memory(void) {
    ckpt_stand st;
    stand_fresh();
    stand_make(&st);
    st.settings.memory = 6 << 20;
    CU_ASSERT_FATAL(stand_begin(&st) == RT_ok);
    stand_put(&st, 0, 100, 6000);
    CU_ASSERT_EQUAL(stand_batch(&st, 0, true), RT_memory);
    stand_end(&st);
    stand_make(&st);
    CU_ASSERT_EQUAL(stand_begin(&st), RT_ok);
    CU_ASSERT_EQUAL(stand_rows(&st), 0);
    stand_end(&st);
}

/* A sink that never finds room ends the run, too, and is asked no more often than settings say. */
static void test_no_room(void) {
    ckpt_stand st;
    stand_fresh();
    stand_make(&st);
    CU_ASSERT_FATAL(stand_begin(&st) == RT_ok);
    stand_sinks[1].full = 100;
    CU_ASSERT_EQUAL(stand_batch(&st, 1, true), RT_io);
    CU_ASSERT_EQUAL(stand_sinks[1].full, 100 - 1 - st.settings.retries);
    stand_end(&st);
    stand_sinks[1].full = 0;
    CU_ASSERT_EQUAL(stand_run(1, 1, true), RT_ok);
}

/* A disk that stays full ends the run; a start finds what was there before. */
static void test_full(void) {
    for (int copied = 0; copied < 2; copied++) {
        ckpt_stand st;
        stand_fresh();
        files(!copied);
        stand_make(&st);
        CU_ASSERT_FATAL(stand_begin(&st) == RT_ok);
        stand_put(&st, 0, 100, 4000);
        rt_fault_wish("pwrite:2:ENOSPC:on");
        CU_ASSERT_EQUAL(stand_batch(&st, 1, true), RT_io);
        CU_ASSERT_EQUAL(rt_fault_hits(), 1 + st.settings.retries);
        rt_fault_wish(NULL);
        CU_ASSERT_EQUAL(stand_sinks[0].published, -1);
        stand_end(&st);
        CU_ASSERT_EQUAL(stand_run(1, 1, true), RT_ok);
        files(false);
    }
}

/* Partitions that are no multiple of what is copied at once. */
static void test_odd_number(void) {
    for (int copied = 0; copied < 2; copied++) {
        ckpt_stand st;
        stand_fresh();
        files(!copied);
        stand_nstates = 1; /* that in one partition: in five, for this test */
        stand_make(&st);
        st.states[0].one_part = false;
        st.settings.partitions = 5;
        CU_ASSERT_FATAL(stand_begin(&st) == RT_ok);
        stand_put(&st, 0, 7, 9);
        CU_ASSERT_EQUAL(stand_batch(&st, 1, true), RT_ok);
        stand_end(&st);
        stand_make(&st);
        st.states[0].one_part = false;
        st.settings.partitions = 5;
        CU_ASSERT_EQUAL(stand_begin(&st), RT_ok);
        CU_ASSERT_EQUAL(stand_rows(&st), 35);
        stand_end(&st);
        files(false);
    }
}

void suite_ckpt_calls(void) {
    CU_pSuite s = CU_add_suite("ckpt_calls", quiet_prepare, quiet_clean);
    CU_add_test(s, "no memory", test_no_memory);
    CU_add_test(s, "no room", test_no_room);
    CU_add_test(s, "state with every batch", test_saving);
    CU_add_test(s, "batches that are repeated", test_replaying);
    CU_add_test(s, "much state", test_much);
    CU_add_test(s, "a disk that stays full", test_full);
    CU_add_test(s, "an odd number of partitions", test_odd_number);
}
