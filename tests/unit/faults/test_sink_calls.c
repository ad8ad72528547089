/* test_sink_calls.c - sinks of files with a checkpoint: two batches, in one run and over a
 * restart, where a call fails; the start after it completes the output.
 *
 * The protocol is that of connector.h around one sink; `last` is what COMMIT would say. */
#include <CUnit/CUnit.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/fault.h"
#include "tests/unit/faults/each_call.h"
#include "tests/unit/faults/sink_stand.h"
#include "tests/unit/runtime/fake_program.h"

void suite_sink_calls(void);

/* ---- what is there in the end -------------------------------------------------------------- */

static void check_single(const form *f) {
    char want[1001];
    int64_t n;
    char *text = fake_read(sink_target, &n);
    CU_ASSERT_FATAL(text != NULL);
    CU_ASSERT_EQUAL(n, 2 + 2 * (int64_t)f->pieces * 1000);
    CU_ASSERT(!strncmp(text, "h\n", 2));
    for (int i = 0; i < 2 * f->pieces && n == 2 + 2 * (int64_t)f->pieces * 1000; i++) {
        piece_text(want, i / f->pieces, i % f->pieces);
        CU_ASSERT(!memcmp(text + 2 + (int64_t)i * 1000, want, 1000));
    }
    free(text);
}

static int visible(const char *dir) {
    int n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) n += e->d_name[0] != '.';
    if (d) closedir(d);
    return n;
}

static int hidden(const char *dir) {
    int n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) n += !strncmp(e->d_name, ".flow", 5);
    if (d) closedir(d);
    return n;
}

static void check_parts(const form *f) {
    int dirs = f->partition ? f->pieces : 1;
    for (int i = 0; i < dirs; i++) {
        char dir[300], name[400];
        snprintf(dir, sizeof dir, f->partition ? "%s/k=%d" : "%s", sink_target, i);
        CU_ASSERT_EQUAL(visible(dir), 2);
        CU_ASSERT_EQUAL(hidden(dir), 0);
        for (int64_t batch = 0; batch < 2; batch++) {
            int64_t n = 0;
            snprintf(name, sizeof name, "%s/out0-%010lld-0000.txt", dir, (long long)batch);
            char *text = fake_read(name, &n);
            int64_t rows = f->partition ? 1 : f->pieces;
            CU_ASSERT(text && n == 2 + rows * 1000 && !strncmp(text, "h\n", 2));
            char want[1001];
            piece_text(want, batch, i);
            CU_ASSERT(text && n > 1000 && !memcmp(text + 2, want, 1000));
            free(text);
        }
    }
}

static void check(const form *f) {
    if (strstr(f->target, ".txt")) check_single(f);
    else check_parts(f);
    CU_ASSERT(visible(fake_path("ck/outbox/out0")) <= 2);
}

/* ---- a failure, and the start after it ----------------------------------------------------- */

/* Half of the batch is in the file, or as much of something else. */
static void write_half(const form *f, bool other) {
    char text[1001];
    FILE *out = fopen(sink_target, "w");
    if (!out) return;
    fputs("h\n", out);
    for (int i = 0; i < (f->pieces + 1) / 2; i++) {
        piece_text(text, other ? 7 : 0, i);
        fputs(text, out);
    }
    fclose(out);
}

/* `before`: how far a run has come whose successor fails: 0 nothing, 1 batch 0 is
 * committed, 2 and published, 3 half of it, 4 with a bad end. */
static void one(const form *f, int before) {
    made m;
    last l = {-1, {0}};
    int64_t ahead = -1;
    fake_remove_dir();
    CU_ASSERT_FATAL(mkdir(fake_path("ck"), 0700) == 0);
    if (before) {
        CU_ASSERT_FATAL(sink_make(&m, f, 1) == RT_ok && sink_commit(&m, f, 0, &l) == RT_ok);
        if (before > 2) write_half(f, before > 3);
        if (before == 2) CU_ASSERT_FATAL(sink_publish(&m, &l) == RT_ok);
        sink_unmake(&m);
    }
    calls_fail();
    rt_status status = sink_make(&m, f, 2);
    if (status == RT_ok) status = sink_go_on(&m, f, &l, &ahead);
    if (status != RT_ok) m.sink.ops->finish(&m.sink, true);
    sink_unmake(&m);
    /* What a folder cannot be asked of is not this program's: that is what is said. */
    bool told = status == RT_ok || calls_told() || calls_are("stat");
    bool hit = calls_end();
    CU_ASSERT(told);
    if (!told)
        printf("%s, %d, says nothing of %s: %s\n", f->target, before, calls_which(), calls_log());
    CU_ASSERT(status == RT_ok || hit);
    CU_ASSERT(status == RT_ok || status == RT_io || status == RT_again_io);
    CU_ASSERT(ahead == -1);
    if (status != RT_ok) {
        status = sink_make(&m, f, 3);
        if (status == RT_ok) status = sink_go_on(&m, f, &l, &ahead);
        CU_ASSERT_EQUAL(status, RT_ok);
        sink_unmake(&m);
    }
    if (status != RT_ok) printf("%s after %s, %d\n", f->target, calls_which(), before);
    check(f);
    rt_wire_free(&l.w);
}

static void from_start(void *f) { one(f, 0); }
static void behind_commit(void *f) { one(f, 1); }
static void behind_batch(void *f) { one(f, 2); }
static void behind_half(void *f) { one(f, 3); }
static void behind_bad_end(void *f) { one(f, 4); }

static void all(form f) {
    each_call(from_start, &f);
    each_call(behind_commit, &f);
    each_call(behind_batch, &f);
}

/* ---- without a checkpoint ------------------------------------------------------------------ */

static void plain(void *arg) {
    const form *f = arg;
    made m;
    fake_remove_dir();
    if (f->partition) { /* of a run that was killed */
        CU_ASSERT_FATAL(sink_make(&m, f, 1) == RT_ok && sink_run(&m, f) == RT_ok);
        sink_unmake(&m);
        fake_write(fake_path("many/k=0/.flow-out0-0000000000-0000.tmp"), "x", 1);
        mkdir(fake_path("many/k=77"), 0700);
        fake_write(fake_path("many/k=77/.flow-out0-0000000000-0000.tmp"), "x", 1);
    }
    calls_fail();
    rt_status status = sink_make(&m, f, 1);
    if (status == RT_ok) status = sink_run(&m, f);
    sink_unmake(&m);
    bool told = status == RT_ok || calls_told() || calls_are("stat");
    bool hit = calls_end();
    CU_ASSERT(told);
    if (!told) printf("%s says nothing of %s: %s\n", f->target, calls_which(), calls_log());
    bool unseen = calls_are("stat") && status == RT_refused; /* a folder, taken for a file */
    CU_ASSERT(status == RT_ok || (hit && (status == RT_io || status == RT_again_io || unseen)));
    if (status != RT_ok) {
        status = sink_make(&m, f, 1);
        if (status == RT_ok) status = sink_run(&m, f);
        sink_unmake(&m);
    }
    CU_ASSERT_EQUAL(status, RT_ok);
    check(f);
}

static void test_plain(void) {
    each_call(plain, &(form){.target = "one.txt", .pieces = 3, .plain = true});
    each_call(plain, &(form){.target = "a/b/one.txt", .pieces = 2, .plain = true});
    each_call(plain, &(form){.target = "many/", .pieces = 3, .plain = true});
    each_call(plain, &(form){.target = "many", .partition = "k=%d/", .pieces = 2, .plain = true});
    some_calls(plain, &(form){.target = "many", .partition = "k=%d/", .pieces = 33, .plain = true});
}

static void test_single(void) {
    form f = {.target = "one.txt", .pieces = 3};
    all(f);
    each_call(behind_half, &f);
    each_call(behind_bad_end, &f);
}
static void test_outbox(void) {
    form f = {.target = "deep/er/one.txt", .pieces = 90};
    some_calls(from_start, &f);
    some_calls(behind_commit, &f);
    some_calls(behind_batch, &f);
    some_calls(behind_half, &f);
    some_calls(behind_bad_end, &f);
}
static void test_parts(void) { all((form){.target = "many/", .pieces = 3}); }
static void test_partitions(void) { all((form){.target = "many", .partition = "k=%d/", .pieces = 2}); }
static void test_deep(void) {
    form f = {.target = "many", .partition = "a=1/k=%d/", .pieces = 2};
    made m;
    last l = {-1, {0}};
    int64_t ahead = -1;
    fake_remove_dir();
    CU_ASSERT_FATAL(mkdir(fake_path("ck"), 0700) == 0);
    CU_ASSERT_FATAL(mkdir(fake_path("many"), 0700) == 0 && mkdir(fake_path("many/a=1"), 0700) == 0);
    CU_ASSERT_EQUAL(sink_make(&m, &f, 1), RT_ok);
    CU_ASSERT_EQUAL(sink_go_on(&m, &f, &l, &ahead), RT_ok);
    sink_unmake(&m);
    CU_ASSERT_EQUAL(visible(fake_path("many/a=1/k=0")), 2);
    CU_ASSERT_EQUAL(visible(fake_path("many/a=1/k=1")), 2);
    rt_wire_free(&l.w);
}

static void test_many(void) {
    form f = {.target = "many", .partition = "k=%d/", .pieces = 33};
    some_calls(from_start, &f);
    some_calls(behind_commit, &f);
}

static int clean(void) {
    fake_remove_dir();
    return 0;
}

void suite_sink_calls(void) {
    CU_pSuite s = CU_add_suite("sink_calls", NULL, clean);
    CU_add_test(s, "a file", test_single);
    CU_add_test(s, "a file, with an outbox", test_outbox);
    CU_add_test(s, "parts", test_parts);
    CU_add_test(s, "parts in partitions", test_partitions);
    CU_add_test(s, "parts in deep partitions", test_deep);
    CU_add_test(s, "more partitions than are held open", test_many);
    CU_add_test(s, "without a checkpoint", test_plain);
}
