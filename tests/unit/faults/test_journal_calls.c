/* test_journal_calls.c - a journal whose calls fail: it is the old one or the new one, and
 * takes nothing more after a failure. */
#include <CUnit/CUnit.h>

#include <string.h>

#include "runtime/base/fault.h"
#include "runtime/ckpt/journal.h"
#include "tests/unit/faults/each_call.h"
#include "tests/unit/runtime/fake_program.h"

void suite_journal_calls(void);

static int harmless(void) { return strstr(calls_which(), "SHORT") || strstr(calls_which(), "EINTR"); }

/* Three records, of which the last two are kept. */
static rt_journal *old_journal(rt_journal_text *t) {
    rt_journal *j = NULL;
    int found;
    fake_remove_dir();
    CU_ASSERT_FATAL(rt_journal_begin(fake_dir(), NULL, 0, 0, &j) == RT_ok);
    CU_ASSERT(rt_journal_append(j, 1, RT_BEGIN, "b", 1) == RT_ok);
    CU_ASSERT(rt_journal_append(j, 1, RT_PLAN, "plan", 4) == RT_ok);
    CU_ASSERT(rt_journal_append(j, 1, RT_COMMIT, "commit", 6) == RT_ok);
    CU_ASSERT(rt_journal_sync(j) == RT_ok);
    rt_journal_close(j);
    CU_ASSERT_FATAL(rt_journal_load(fake_dir(), t, &found) == RT_ok && found && t->n == 3);
    return NULL;
}

static void check_there(int64_t least, int64_t most) {
    rt_journal_text t;
    int found;
    CU_ASSERT(rt_journal_load(fake_dir(), &t, &found) == RT_ok && found);
    CU_ASSERT(t.n >= least && t.n <= most);
    CU_ASSERT(t.n && !memcmp(t.records[least == 2 && t.n < 3 ? t.n - 1 : 2].payload, "commit", 6));
    rt_journal_text_free(&t);
}

static void rewrite(void *arg) {
    rt_journal_text t;
    (void)arg;
    rt_journal *j = old_journal(&t);
    calls_fail();
    rt_status status = rt_journal_begin(fake_dir(), t.records + 1, 2, 7, &j);
    bool hit = calls_end();
    CU_ASSERT_EQUAL(status, hit && !harmless() ? RT_io : RT_ok);
    CU_ASSERT((status == RT_ok) == (j != NULL));
    if (j) {
        CU_ASSERT(rt_journal_next(j) == 7 && rt_journal_bytes(j) == 2 * 40 + 10);
        rt_journal_close(j);
    }
    check_there(2, hit ? 3 : 2);
    rt_journal_text_free(&t);
}

static void load(void *arg) {
    rt_journal_text t, again;
    int found;
    (void)arg;
    old_journal(&t);
    calls_fail();
    rt_status status = rt_journal_load(fake_dir(), &again, &found);
    bool hit = calls_end() && !harmless() && !calls_are("close");
    CU_ASSERT_EQUAL(status, hit ? RT_io : RT_ok);
    CU_ASSERT(hit ? !again.n && !found : again.n == 3 && found && again.tail == RT_TAIL_CLEAN);
    rt_journal_text_free(&again);
    rt_journal_text_free(&t);
}

/* After a failure there is no more to be had from it, and what was synced is still there. */
static void append(void *arg) {
    rt_journal_text t;
    rt_journal *j = NULL;
    int found;
    (void)arg;
    old_journal(&t);
    CU_ASSERT_FATAL(rt_journal_begin(fake_dir(), t.records, 3, 3, &j) == RT_ok);
    rt_journal_text_free(&t);
    calls_fail();
    rt_status a = rt_journal_append(j, 2, RT_DONE, "done", 4);
    rt_status b = rt_journal_sync(j);
    bool hit = calls_end() && !harmless();
    CU_ASSERT_EQUAL(a, hit && calls_are("pwrite") ? RT_io : RT_ok);
    CU_ASSERT_EQUAL(b, hit ? RT_io : RT_ok);
    CU_ASSERT_EQUAL(rt_journal_append(j, 2, RT_DONE, "more", 4), hit ? RT_io : RT_ok);
    CU_ASSERT_EQUAL(rt_journal_sync(j), hit ? RT_io : RT_ok);
    rt_journal_close(j);
    CU_ASSERT(rt_journal_load(fake_dir(), &t, &found) == RT_ok && t.n >= 3);
    CU_ASSERT(hit || (t.n == 5 && t.records[4].durable == 4));
    rt_journal_text_free(&t);
}

static void test_rewrite(void) { each_call(rewrite, NULL); }
static void test_load(void) { each_call(load, NULL); }
static void test_append(void) { each_call(append, NULL); }

static int clean(void) {
    fake_remove_dir();
    return 0;
}

void suite_journal_calls(void) {
    CU_pSuite s = CU_add_suite("journal_calls", NULL, clean);
    CU_add_test(s, "written anew", test_rewrite);
    CU_add_test(s, "read", test_load);
    CU_add_test(s, "appended to", test_append);
}
