/* test_folder_calls.c - the folder of a checkpoint, where calls fail: nobody takes half of it
 * for a whole one. */
#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "runtime/base/fault.h"
#include "runtime/ckpt/ident.h"
#include "tests/unit/faults/each_call.h"
#include "tests/unit/runtime/fake_program.h"
#include "tests/unit/runtime/source_stand.h"

void suite_folder_calls(void);

static bool harmless(void) {
    return strstr(calls_which(), "SHORT") || strstr(calls_which(), "EINTR");
}

/* The folder, one above it that is not there, and what is below. */
static void take(void *arg) {
    char dir[512];
    int lock, again;
    bool made;
    (void)arg;
    fake_remove_dir();
    snprintf(dir, sizeof dir, "%s", fake_path("above/ck"));
    calls_fail();
    rt_status status = rt_folder_take(dir, &lock, &made);
    if (status == RT_ok) status = rt_folder_below(dir);
    bool hit = calls_end() && !harmless();
    CU_ASSERT_EQUAL(status, hit ? RT_io : RT_ok);
    CU_ASSERT(hit || (lock >= 0 && made));
    if (lock >= 0) CU_ASSERT_EQUAL(rt_folder_take(dir, &again, &made), RT_locked);
    rt_folder_leave(lock);
    CU_ASSERT_EQUAL(rt_folder_take(dir, &lock, &made), RT_ok);
    CU_ASSERT_EQUAL(rt_folder_below(dir), RT_ok);
    rt_folder_leave(lock);
}

/* Somebody has the lock: also where it cannot be read who. */
static void taken(void *arg) {
    char dir[512];
    int lock, again = -1;
    bool made;
    (void)arg;
    fake_remove_dir();
    snprintf(dir, sizeof dir, "%s", fake_path("ck"));
    CU_ASSERT_FATAL(rt_folder_take(dir, &lock, &made) == RT_ok);
    calls_fail();
    rt_status status = rt_folder_take(dir, &again, &made);
    bool hit = calls_end() && !harmless();
    CU_ASSERT(again < 0);
    CU_ASSERT(status == RT_locked || (hit && status == RT_io));
    CU_ASSERT_EQUAL(status, hit && !calls_are("pread") && !calls_are("close") ? RT_io : RT_locked);
    rt_folder_leave(lock);
}

static void write_ident(void *arg) {
    rt_ident a, b, got;
    bool found;
    (void)arg;
    fake_remove_dir();
    CU_ASSERT_FATAL(rt_ident_new("one", 8, &a) == RT_ok && rt_ident_new("two", 9, &b) == RT_ok);
    CU_ASSERT_FATAL(rt_ident_write(fake_dir(), &a) == RT_ok);
    calls_fail();
    rt_status status = rt_ident_write(fake_dir(), &b);
    bool hit = calls_end() && !harmless();
    CU_ASSERT_EQUAL(status, hit ? RT_io : RT_ok);
    CU_ASSERT_EQUAL(rt_ident_read(fake_dir(), &got, &found), RT_ok);
    CU_ASSERT(found && (!strcmp(got.name, "two") || (hit && !strcmp(got.name, "one"))));
    CU_ASSERT(got.partitions == (strcmp(got.name, "one") ? 9 : 8));
    CU_ASSERT_EQUAL(rt_ident_write(fake_dir(), &b), RT_ok);
    calls_fail();
    status = rt_ident_read(fake_dir(), &got, &found);
    hit = calls_end() && !harmless() && !calls_are("close");
    CU_ASSERT_EQUAL(status, hit ? RT_io : RT_ok);
    CU_ASSERT(hit || !strcmp(got.name, "two"));
}

static void make_begun(void *arg) {
    static const uint8_t job[16] = "0123456789abcde", other[16] = "x123456789abcde";
    (void)arg;
    fake_remove_dir();
    CU_ASSERT(!rt_begun_is(fake_dir(), job));
    calls_fail();
    rt_status status = rt_begun_make(fake_dir(), job);
    bool hit = calls_end() && !harmless() && !calls_are("stat");
    CU_ASSERT_EQUAL(status, hit ? RT_io : RT_ok);
    CU_ASSERT_EQUAL(rt_begun_make(fake_dir(), job), RT_ok);
    CU_ASSERT(rt_begun_is(fake_dir(), job) && !rt_begun_is(fake_dir(), other));
    /* Once made it costs nothing. */
    calls_fail();
    status = rt_begun_make(fake_dir(), job);
    hit = calls_end();
    CU_ASSERT_EQUAL(status, RT_ok);
    CU_ASSERT(!hit || calls_are("stat") || calls_are("open") || calls_are("fsync") || calls_are("close"));
    calls_fail();
    rt_begun_forget(fake_dir(), other);
    rt_begun_forget(fake_dir(), job);
    hit = calls_end();
    CU_ASSERT_EQUAL(rt_begun_is(fake_dir(), job), hit && strstr(calls_which(), ":2:") != NULL);
    rt_begun_forget(fake_dir(), job);
}

/* In memory nothing survives a power loss. */
static void test_memory(void) {
    struct statfs fs;
    int lock;
    bool made;
    fake_remove_dir();
    if (statfs(fake_dir(), &fs) < 0 || fs.f_type != 0x01021994) return;
    int saved = hush();
    unsetenv("FLOW_TEST_TMPFS");
    CU_ASSERT_EQUAL(rt_folder_take(fake_dir(), &lock, &made), RT_refused);
    setenv("FLOW_TEST_TMPFS", "1", 1);
    unhush(saved);
}

/* Beside no other folder, and in the one where the process stands. */
static void test_above(void) {
    char before[512];
    rt_ident a;
    bool found;
    int saved = hush();
    CU_ASSERT_FATAL(rt_ident_new("one", 8, &a) == RT_ok && getcwd(before, sizeof before));
    fake_remove_dir();
    CU_ASSERT_FATAL(chdir(fake_dir()) == 0);
    CU_ASSERT_EQUAL(rt_ident_write(".", &a), RT_ok);
    CU_ASSERT(rt_ident_read(".", &a, &found) == RT_ok && found);
    CU_ASSERT_FATAL(chdir(before) == 0);
    int lock;
    CU_ASSERT_EQUAL(rt_folder_take("", &lock, &found), RT_usage);
    char far[RT_CKPT_PATH + 8];
    memset(far, 'x', sizeof far);
    far[RT_CKPT_PATH + 1] = 0;
    CU_ASSERT_EQUAL(rt_folder_take(far, &lock, &found), RT_usage);
    unhush(saved);
}

/* A write that fails, and the close behind it: the first is what is said, and no IDENT is there. */
static void test_two_failures(void) {
    rt_ident a;
    bool found;
    int saved = hush();
    fake_remove_dir();
    CU_ASSERT_FATAL(rt_ident_new("one", 8, &a) == RT_ok);
    fake_dir();
    rt_fault_wish("pwrite:1:EIO,close:1:EIO");
    CU_ASSERT_EQUAL(rt_ident_write(fake_dir(), &a), RT_io);
    CU_ASSERT_EQUAL(rt_fault_hits(), 2);
    rt_fault_wish(NULL);
    CU_ASSERT(rt_ident_read(fake_dir(), &a, &found) == RT_ok && !found);
    unhush(saved);
}

static void test_take(void) { each_call(take, NULL); }
static void test_taken(void) { each_call(taken, NULL); }
static void test_ident(void) { each_call(write_ident, NULL); }
static void test_begun(void) { each_call(make_begun, NULL); }

static int prepare(void) { return setenv("FLOW_TEST_TMPFS", "1", 1); }

static int clean(void) {
    fake_remove_dir();
    return 0;
}

void suite_folder_calls(void) {
    CU_pSuite s = CU_add_suite("folder_calls", prepare, clean);
    CU_add_test(s, "taken", test_take);
    CU_add_test(s, "taken by somebody else", test_taken);
    CU_add_test(s, "IDENT", test_ident);
    CU_add_test(s, "IDENT, with two failures", test_two_failures);
    CU_add_test(s, "begun", test_begun);
    CU_add_test(s, "what is above", test_above);
    CU_add_test(s, "in memory", test_memory);
}
