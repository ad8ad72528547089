/* test_state_calls.c - files of saved state whose calls fail: no half of one is left, and
 * none is read. */
#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/fault.h"
#include "runtime/ckpt/compact.h"
#include "runtime/ckpt/state_merge.h"
#include "tests/unit/faults/each_call.h"
#include "tests/unit/runtime/fake_program.h"
#include "tests/unit/runtime/source_stand.h"

void suite_state_calls(void);

static const rt_state_id ids[] = {{"a", 1, "w"}, {"b", 2, "2w"}};
static rt_saved large; /* more than the buffers of a writer hold */

static bool harmless(void) {
    return strstr(calls_which(), "SHORT") || strstr(calls_which(), "EINTR");
}

static int prepare(void) {
    uint8_t value[5000];
    memset(value, 7, sizeof value);
    for (int i = 0; i < 100; i++) {
        uint8_t key[2] = {(uint8_t)(i >> 4), (uint8_t)i};
        rt_saved_put(&large, RT_SAVED_PUT, key, 2, value, sizeof value);
    }
    return 0;
}

static rt_status write_file(rt_state_kind kind, int64_t batch, rt_state_ref *ref) {
    rt_state_head head = {.kind = kind, .epoch = 3, .batch = batch};
    rt_state_writer *w;
    RT_TRY(rt_state_writer_open(fake_dir(), &head, ids, 2, &w));
    rt_status status = RT_ok;
    for (int part = 0; status == RT_ok && part < 3; part++) {
        rt_state_writer_section(w, 0, part);
        status = rt_state_writer_ops(w, large.p, 5011 * 10, 10);
        if (status == RT_ok)
            status = rt_state_writer_ops(w, large.p + 5011 * 10, large.len - 5011 * 10, 90);
    }
    if (status == RT_ok) status = rt_state_writer_end(w, "meta", 4, ref);
    if (status == RT_ok) status = rt_state_writer_sync(w);
    if (status != RT_ok) { /* it takes nothing more */
        CU_ASSERT_EQUAL(rt_state_writer_end(w, "meta", 4, ref), RT_io);
    }
    rt_state_writer_close(w);
    return status;
}

static void write_one(void *arg) {
    rt_state_ref ref = {0};
    fake_remove_dir();
    fake_dir();
    calls_fail();
    rt_status status = write_file(arg ? RT_STATE_SNAP : RT_STATE_DELTA, 5, &ref);
    bool hit = calls_end() && !harmless() && !calls_are("close");
    bool full = strstr(calls_which(), "EDQUOT") || strstr(calls_which(), "EMFILE");
    CU_ASSERT_EQUAL(status, !hit ? RT_ok : full ? RT_again_io : RT_io);
    rt_state_file *f = NULL;
    rt_trouble trouble;
    if (status == RT_ok) {
        CU_ASSERT_FATAL(rt_state_file_open(fake_dir(), &ref, &f, &trouble) == RT_ok);
        CU_ASSERT_EQUAL(rt_state_file_verify(f, &trouble), RT_ok);
        rt_state_file_close(f);
    } else if (!calls_are("fsync") && !calls_are("unlink")) {
        CU_ASSERT(access(fake_path(arg ? "0000000005-0003.snap" : "0000000005-0003.delta"), F_OK));
    }
}

static void read_one(void *arg) {
    rt_state_file *f = NULL;
    rt_state_ref ref;
    rt_trouble trouble = {""};
    (void)arg;
    fake_remove_dir();
    CU_ASSERT_FATAL(write_file(RT_STATE_DELTA, 5, &ref) == RT_ok);
    calls_fail();
    rt_status status = rt_state_file_open(fake_dir(), &ref, &f, &trouble);
    CU_ASSERT((f != NULL) == (status == RT_ok));
    if (f) status = rt_state_file_verify(f, &trouble);
    rt_state_file_close(f);
    bool hit = calls_end() && !harmless() && !calls_are("close");
    CU_ASSERT_EQUAL(status, hit ? RT_io : RT_ok);
    CU_ASSERT(!hit || strstr(trouble.text, "0000000005-0003.delta"));
}

/* A snapshot of three files, one of them in memory, beside everything else. */
static void merge(void *arg) {
    rt_state_ref refs[3];
    rt_wire none[3] = {{0}};
    rt_state_head head = {.kind = RT_STATE_SNAP, .epoch = 4, .batch = 7};
    rt_snap snap;
    (void)arg;
    fake_remove_dir();
    for (int i = 0; i < 3; i++)
        CU_ASSERT_FATAL(write_file(RT_STATE_DELTA, 5 + i, &refs[i]) == RT_ok);
    rt_compactor *c = rt_compactor_new(fake_dir());
    calls_fail();
    bool started = rt_compactor_start(c, refs, 3, none, &head, ids, 2);
    rt_compactor_wait(c);
    rt_compacted outcome = rt_compactor_done(c, &snap);
    bool hit = calls_end() && !harmless() && !calls_are("close");
    CU_ASSERT_EQUAL(started, !hit || !calls_are("thread"));
    bool there = access(fake_path("0000000007-0004.snap"), F_OK) == 0;
    if (!started) CU_ASSERT_EQUAL(outcome, RT_COMPACT_NONE);
    if (started && !hit) CU_ASSERT(outcome == RT_COMPACT_MADE && there && snap.replaces == 3);
    if (started && !hit) CU_ASSERT(snap.read == refs[0].length + refs[1].length + refs[2].length);
    if (started && hit && calls_are("fsync")) CU_ASSERT_EQUAL(outcome, RT_COMPACT_UNSYNCED);
    if (started && hit && !calls_are("fsync")) {
        CU_ASSERT(outcome == RT_COMPACT_FAILED || outcome == RT_COMPACT_UNSYNCED);
        CU_ASSERT(outcome == RT_COMPACT_UNSYNCED || !there);
    }
    rt_compactor_free(c);
}

static void test_delta(void) { each_call(write_one, NULL); }
static void test_snap(void) { each_call(write_one, (void *)1); }
static void test_read(void) { each_call(read_one, NULL); }
static void test_merge(void) { each_call(merge, NULL); }

/* A snapshot that is made and that nobody takes goes; where it cannot go it stays. */
static void test_left(void) {
    rt_state_ref refs[2];
    rt_wire none[2] = {{0}};
    rt_state_head head = {.kind = RT_STATE_SNAP, .epoch = 4, .batch = 6};
    fake_remove_dir();
    for (int i = 0; i < 2; i++)
        CU_ASSERT_FATAL(write_file(RT_STATE_DELTA, 5 + i, &refs[i]) == RT_ok);
    for (int failing = 1; failing >= 0; failing--) {
        rt_compactor *c = rt_compactor_new(fake_dir());
        unlink(fake_path("0000000006-0004.snap"));
        CU_ASSERT(rt_compactor_start(c, refs, 2, none, &head, ids, 2));
        rt_compactor_wait(c);
        rt_fault_wish(failing ? "unlink:1:EIO" : NULL);
        rt_compactor_free(c);
        rt_fault_wish(NULL);
        CU_ASSERT_EQUAL(access(fake_path("0000000006-0004.snap"), F_OK) == 0, failing);
    }
    rt_compactor_free(NULL);
}

/* Which errors another file, or more room, may mend; and that nothing follows a failure. */
static void test_errors(void) {
    static const struct {
        const char *fault;
        rt_status status;
    } all[] = {{"pwrite:1:ENOSPC", RT_again_io}, {"pwrite:1:EDQUOT", RT_again_io},
               {"pwrite:1:27", RT_again_io},     {"pwrite:1:EIO", RT_io},
               {"pwrite:1:EROFS", RT_io},        {"pwrite:1:EIO,unlink:1:EIO", RT_io}};
    int saved = hush();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        rt_state_head head = {.kind = RT_STATE_DELTA, .epoch = 3, .batch = 5};
        rt_state_writer *w;
        rt_state_ref ref;
        fake_remove_dir();
        CU_ASSERT_FATAL(rt_state_writer_open(fake_dir(), &head, ids, 2, &w) == RT_ok);
        rt_fault_wish(all[i].fault);
        rt_state_writer_section(w, 0, 0);
        CU_ASSERT_EQUAL(rt_state_writer_ops(w, large.p, large.len, large.ops), all[i].status);
        CU_ASSERT_EQUAL(rt_state_writer_ops(w, large.p, large.len, large.ops), RT_io);
        CU_ASSERT_EQUAL(rt_state_writer_end(w, NULL, 0, &ref), RT_io);
        rt_state_writer_close(w);
        rt_fault_wish(NULL);
        CU_ASSERT_EQUAL(access(fake_path("0000000005-0003.delta"), F_OK) == 0, i == 5);
    }
    rt_state_writer *w;
    rt_state_head head = {.kind = RT_STATE_DELTA, .epoch = 3, .batch = 6};
    static const char *const opens[] = {"open:1:EMFILE", "open:1:23", "open:1:EACCES"};
    for (int i = 0; i < 3; i++) {
        rt_fault_wish(opens[i]);
        CU_ASSERT_EQUAL(rt_state_writer_open(fake_dir(), &head, ids, 2, &w), i < 2 ? RT_again_io : RT_io);
        rt_fault_wish(NULL);
        CU_ASSERT(w == NULL);
    }
    unhush(saved);
}

/* An index larger than what is written at a time; a sync that fails, asked for twice. */
static void test_index(void) {
    rt_state_head head = {.kind = RT_STATE_DELTA, .epoch = 3, .batch = 5};
    int64_t n = 400000, len;
    uint8_t *meta = calloc(1, (size_t)n);
    int saved = hush();
    for (int k = 0; k < 3; k++) {
        rt_state_writer *w;
        rt_state_ref ref;
        rt_state_file *f;
        rt_trouble trouble;
        fake_remove_dir();
        CU_ASSERT_FATAL(rt_state_writer_open(fake_dir(), &head, ids, 2, &w) == RT_ok);
        rt_state_writer_section(w, 1, 2);
        CU_ASSERT_EQUAL(rt_state_writer_ops(w, large.p, 5011 * 20, 20), RT_ok);
        CU_ASSERT_EQUAL(rt_state_writer_ops(w, large.p + 5011 * 20, 5011 * 40, 40), RT_ok);
        rt_fault_wish(k == 1 ? "pwrite:2:EIO" : k == 2 ? "fsync:1:EIO" : NULL);
        CU_ASSERT_EQUAL(rt_state_writer_end(w, meta, n, &ref), k == 1 ? RT_io : RT_ok);
        if (k != 1) CU_ASSERT_EQUAL(rt_state_writer_sync(w), k == 2 ? RT_io : RT_ok);
        if (k != 1) CU_ASSERT_EQUAL(rt_state_writer_sync(w), k == 2 ? RT_io : RT_ok);
        rt_fault_wish(NULL);
        rt_state_writer_close(w);
        if (k) continue;
        CU_ASSERT_FATAL(rt_state_file_open(fake_dir(), &ref, &f, &trouble) == RT_ok);
        rt_state_file_meta(f, &len);
        CU_ASSERT(len == n && rt_state_file_verify(f, &trouble) == RT_ok);
        rt_state_file_close(f);
    }
    unhush(saved);
    free(meta);
}

/* Deletions, more than are read at a time, of which the second part cannot be read: merging
 * ends there, and stays ended. */
static void test_cannot_go_on(void) {
    rt_saved dels = {0};
    rt_state_head head = {.kind = RT_STATE_DELTA, .epoch = 3, .batch = 5};
    rt_state_writer *w;
    rt_state_ref ref;
    rt_state_file *f;
    rt_trouble trouble;
    rt_status status;
    rt_saved_op op;
    fake_remove_dir();
    for (int i = 0; i < 40000; i++) {
        uint8_t key[3] = {(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
        rt_saved_put(&dels, RT_SAVED_DEL, key, 3, NULL, 0);
    }
    CU_ASSERT_FATAL(rt_state_writer_open(fake_dir(), &head, ids, 2, &w) == RT_ok);
    rt_state_writer_section(w, 0, 0);
    CU_ASSERT_EQUAL(rt_state_writer_ops(w, dels.p, dels.len, dels.ops), RT_ok);
    CU_ASSERT_EQUAL(rt_state_writer_end(w, NULL, 0, &ref), RT_ok);
    rt_state_writer_close(w);
    CU_ASSERT_FATAL(rt_state_file_open(fake_dir(), &ref, &f, &trouble) == RT_ok);
    rt_rows *rows = rt_rows_new(&f, 1, "a", 1, 0);
    rt_fault_wish("pread:2:EIO");
    CU_ASSERT(!rt_rows_next(rows, &op, &status, &trouble));
    CU_ASSERT_EQUAL(status, RT_io);
    rt_fault_wish(NULL);
    CU_ASSERT(!rt_rows_next(rows, &op, &status, &trouble));
    CU_ASSERT_EQUAL(status, RT_io);
    rt_rows_free(rows);
    rt_rows_free(NULL);
    rt_state_file_close(f);
    rt_saved_free(&dels);
}

static int clean(void) {
    rt_saved_free(&large);
    fake_remove_dir();
    return 0;
}

void suite_state_calls(void) {
    CU_pSuite s = CU_add_suite("state_calls", prepare, clean);
    CU_add_test(s, "changes are written", test_delta);
    CU_add_test(s, "a snapshot is written", test_snap);
    CU_add_test(s, "read", test_read);
    CU_add_test(s, "merged", test_merge);
    CU_add_test(s, "a snapshot that nobody takes", test_left);
    CU_add_test(s, "errors", test_errors);
    CU_add_test(s, "a large index", test_index);
    CU_add_test(s, "reading that ends", test_cannot_go_on);
}
