/* test_sink_odd.c - sinks of files that find something else than they left: files that were
 * cut, grew, went or came, other names, other targets; and records that make no sense. */
#define _GNU_SOURCE
#include <CUnit/CUnit.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/fault.h"
#include "runtime/io/file_parts.h"
#include "tests/unit/faults/each_call.h"
#include "tests/unit/faults/quiet_suite.h"
#include "tests/unit/faults/sink_stand.h"
#include "tests/unit/runtime/fake_program.h"
#include "tests/unit/runtime/source_stand.h"

void suite_sink_odd(void);

static const form single = {.target = "one.txt", .pieces = 3},
                  boxed = {.target = "one.txt", .pieces = 90},
                  parts = {.target = "many/", .pieces = 3},
                  split = {.target = "many", .partition = "k=%d/", .pieces = 2};

static void fresh(void) {
    fake_remove_dir();
    CU_ASSERT_FATAL(mkdir(fake_path("ck"), 0700) == 0);
}

/* A folder in which batch 0 is committed, and (or not) shown. */
static last committed(const form *f, bool shown) {
    made m;
    last l = {-1, {0}};
    fresh();
    CU_ASSERT_FATAL(sink_make(&m, f, 1) == RT_ok && sink_commit(&m, f, 0, &l) == RT_ok);
    if (shown) CU_ASSERT_EQUAL(sink_publish(&m, &l), RT_ok);
    sink_unmake(&m);
    return l;
}

/* A start behind `l`; `done` as DONE says. */
static rt_status start(const form *f, last *l, bool done, int64_t *ahead) {
    made m;
    *ahead = -1;
    rt_status status = sink_make(&m, f, 2);
    rt_committed c = said(l);
    c.done = done;
    if (status == RT_ok) status = m.sink.ops->resume(&m.sink, &c, ahead);
    if (status == RT_ok) status = m.sink.ops->publish_record(&m.sink, &c);
    sink_unmake(&m);
    return status;
}

static void spoil(const char *name, int64_t cut, const char *more) {
    struct stat st;
    const char *path = fake_path(name);
    CU_ASSERT_FATAL(stat(path, &st) == 0);
    if (cut) CU_ASSERT(truncate(path, st.st_size - cut) == 0);
    FILE *f = fopen(path, "a");
    fputs(more, f);
    fclose(f);
}

/* ---- a single file ------------------------------------------------------------------------- */

static void test_lengths(void) {
    int64_t ahead;
    last l = committed(&single, true);
    spoil("one.txt", 0, "and what another one writes");
    CU_ASSERT_EQUAL(start(&single, &l, false, &ahead), RT_ok);
    CU_ASSERT_EQUAL(ahead, 1);
    spoil("one.txt", 27 + 1, "");
    CU_ASSERT_EQUAL(start(&single, &l, true, &ahead), RT_ok);
    spoil("one.txt", 1, "!");
    CU_ASSERT_EQUAL(start(&single, &l, false, &ahead), RT_ok); /* put right again */
    rt_wire_free(&l.w);
    /* below what was there before the batch */
    made m;
    l = committed(&single, true);
    CU_ASSERT_FATAL(sink_make(&m, &single, 2) == RT_ok);
    rt_committed c = said(&l);
    CU_ASSERT_EQUAL(m.sink.ops->resume(&m.sink, &c, &ahead), RT_ok);
    CU_ASSERT_EQUAL(sink_publish(&m, &l), RT_ok);
    CU_ASSERT_EQUAL(sink_commit(&m, &single, 1, &l), RT_ok);
    sink_unmake(&m);
    CU_ASSERT(truncate(fake_path("one.txt"), 100) == 0);
    CU_ASSERT_EQUAL(start(&single, &l, false, &ahead), RT_refused);
    unlink(fake_path("one.txt"));
    CU_ASSERT_EQUAL(start(&single, &l, false, &ahead), RT_refused);
    rt_wire_free(&l.w);
}

/* While the program runs. */
static void test_replaced(void) {
    for (int k = 0; k < 4; k++) {
        made m;
        last l = {-1, {0}};
        fresh();
        CU_ASSERT_FATAL(sink_make(&m, &single, 1) == RT_ok && sink_commit(&m, &single, 0, &l) == RT_ok);
        CU_ASSERT_EQUAL(sink_publish(&m, &l), RT_ok);
        CU_ASSERT_EQUAL(sink_commit(&m, &single, 1, &l), RT_ok);
        if (k == 0) unlink(sink_target);
        if (k == 1) {
            fake_write(fake_path("other"), "x", 1);
            rename(fake_path("other"), sink_target);
        }
        if (k == 2) spoil("one.txt", 0, "x");
        if (k == 3) rt_fault_wish("stat:3:EIO");
        CU_ASSERT_EQUAL(sink_publish(&m, &l), k == 3 ? RT_io : RT_refused);
        rt_fault_wish(NULL);
        sink_unmake(&m);
        rt_wire_free(&l.w);
    }
}

/* A record for another target: a program that was changed. */
static void test_elsewhere(void) {
    char far[300] = "far";
    memset(far + 3, 'x', 270);
    strcpy(far + 270, ".txt");
    const form there[] = {{.target = "two.txt", .pieces = 3}, {.target = "much/", .pieces = 3}};
    const form *here[] = {&single, &parts};
    int64_t ahead;
    for (int i = 0; i < 2; i++) {
        last l = committed(&there[i], false);
        CU_ASSERT_EQUAL(start(here[i], &l, false, &ahead), RT_refused);
        CU_ASSERT_EQUAL(start(here[i], &l, true, &ahead), RT_ok);
        made m;
        CU_ASSERT_FATAL(sink_make(&m, here[i], 2) == RT_ok);
        CU_ASSERT_EQUAL(sink_publish(&m, &l), RT_refused);
        sink_unmake(&m);
        rt_wire_free(&l.w);
    }
    form deep = {.target = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/"
                           "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/"
                           "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc/"
                           "dddddddddddddddddddddddddddddddddddddddddddddddd.txt",
                 .pieces = 1};
    last l = committed(&deep, false);
    CU_ASSERT_EQUAL(start(&single, &l, false, &ahead), RT_refused);
    rt_wire_free(&l.w);
    /* an empty batch is nothing that could be missing */
    form none = {.target = "much", .partition = "k=%d/", .pieces = 0};
    l = committed(&none, false);
    CU_ASSERT_EQUAL(start(&split, &l, false, &ahead), RT_ok);
    rt_wire_free(&l.w);
}

/* A record whose numbers are other ones. */
static void test_forged(void) {
    static const int64_t odd[] = {-1, INT64_MIN, INT64_MAX, INT64_MAX - 3001, 3002};
    int64_t ahead;
    last l = committed(&single, false);
    int64_t at = 8 + (int64_t)strlen(sink_target); /* of the length before */
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        for (int b = 0; b < 8; b++) l.w.p[at + b] = (uint8_t)((uint64_t)odd[i] >> 8 * b);
        CU_ASSERT_EQUAL(start(&single, &l, false, &ahead), RT_refused);
    }
    for (int b = 0; b < 8; b++) l.w.p[at + b] = 0;
    rt_wire_u8(&l.w, 0);
    CU_ASSERT_EQUAL(start(&single, &l, false, &ahead), RT_refused);
    l.w.n--;
    CU_ASSERT_EQUAL(start(&single, &l, false, &ahead), RT_ok);
    rt_wire_free(&l.w);
}

/* ---- what is no regular file ---------------------------------------------------------------- */

static char fifo[300];

static void test_fifo(void) {
    static char got[70000];
    char want[1001];
    form f = {.target = fifo, .pieces = 5, .plain = true};
    made m;
    fresh();
    snprintf(fifo, sizeof fifo, "%s", fake_path("fifo"));
    CU_ASSERT_FATAL(mkfifo(fifo, 0600) == 0);
    int fd = open(fifo, O_RDWR | O_NONBLOCK);
    /* Written as it comes; a failure in the middle is gone on behind. */
    for (int k = 0; k < 3; k++) {
        f.plain = k < 2;
        rt_fault_wish(k == 1 ? "write:3:EIO" : NULL);
        CU_ASSERT_EQUAL(sink_make(&m, &f, 1), RT_ok);
        rt_status status;
        if (f.plain) {
            status = sink_run(&m, &f);
        } else {
            last l = {-1, {0}};
            int64_t ahead = -1;
            status = sink_go_on(&m, &f, &l, &ahead);
            rt_committed c = said(&l);
            c.done = true;
            CU_ASSERT_EQUAL(m.sink.ops->publish_record(&m.sink, &c), RT_ok);
            CU_ASSERT_EQUAL(m.sink.ops->resume(&m.sink, &c, &ahead), RT_ok);
            c.done = false;
            CU_ASSERT_EQUAL(m.sink.ops->resume(&m.sink, &c, &ahead), RT_ok);
            rt_wire_free(&l.w);
        }
        rt_fault_wish(NULL);
        CU_ASSERT_EQUAL(status, k == 1 ? RT_io : RT_ok);
        sink_unmake(&m);
        ssize_t n = read(fd, got, sizeof got);
        CU_ASSERT_EQUAL(n, k == 1 ? 1002 : 10002);
        for (int i = 0; i < 10 && n == 10002; i++) {
            piece_text(want, i / 5, i % 5);
            CU_ASSERT(!memcmp(got + 2 + 1000 * i, want, 1000));
        }
    }
    /* The same batch again, behind a failure: the rest of it alone. */
    last l = {-1, {0}};
    f.plain = false;
    CU_ASSERT_EQUAL(sink_make(&m, &f, 1), RT_ok);
    CU_ASSERT_EQUAL(sink_commit(&m, &f, 0, &l), RT_ok);
    rt_fault_wish("write:1:SHORT,write:2:EIO");
    CU_ASSERT_EQUAL(sink_publish(&m, &l), RT_io);
    rt_fault_wish(NULL);
    CU_ASSERT_EQUAL(sink_publish(&m, &l), RT_ok);
    CU_ASSERT_EQUAL(read(fd, got, sizeof got), 5002);
    sink_unmake(&m);
    rt_wire_free(&l.w);
    close(fd);
}

/* A pipe with room for all that a test writes; never a device of the system, in whose place a
 * mistake would put a file. */
static int make_fifo(void) {
    fresh();
    snprintf(fifo, sizeof fifo, "%s", fake_path("fifo"));
    CU_ASSERT_FATAL(mkfifo(fifo, 0600) == 0);
    int fd = open(fifo, O_RDWR | O_NONBLOCK);
    CU_ASSERT_FATAL(fd >= 0 && fcntl(fd, F_SETPIPE_SZ, 1 << 20) >= 0);
    return fd;
}

static void pipe_once(void *arg) {
    const form *f = arg;
    made m;
    last l = {-1, {0}};
    int64_t ahead = -1;
    struct stat st;
    int fd = make_fifo();
    calls_fail();
    rt_status status = sink_make(&m, f, 1);
    if (status == RT_ok) status = f->plain ? sink_run(&m, f) : sink_go_on(&m, f, &l, &ahead);
    sink_unmake(&m);
    bool hit = calls_end();
    CU_ASSERT(status == RT_ok || (hit && (status == RT_io || status == RT_again_io)));
    CU_ASSERT(lstat(fifo, &st) == 0 && S_ISFIFO(st.st_mode));
    rt_wire_free(&l.w);
    close(fd);
}

static void test_pipe(void) {
    each_call(pipe_once, &(form){.target = fifo, .pieces = 2, .plain = true});
    some_calls(pipe_once, &(form){.target = fifo, .pieces = 90});
}

/* Pieces that cannot be had: out of memory, say. */
static void test_pieces(void) {
    form all[] = {single, boxed, parts, split, {.target = fifo, .pieces = 3}};
    for (size_t i = 0; i < 5; i++) {
        for (int at = 1; at <= 2; at++) {
            for (int plain = 0; plain < 2; plain++) {
                made m;
                last l = {-1, {0}};
                form f = all[i];
                f.fail_at = at;
                f.plain = plain;
                int fd = make_fifo();
                CU_ASSERT_EQUAL(sink_make(&m, &f, 1), RT_ok);
                CU_ASSERT_EQUAL(plain ? sink_run(&m, &f) : sink_commit(&m, &f, 0, &l), RT_memory);
                sink_unmake(&m);
                rt_wire_free(&l.w);
                close(fd);
            }
        }
    }
    made m;
    form f = single;
    f.plain = true;
    fresh();
    CU_ASSERT_EQUAL(sink_make(&m, &f, 1), RT_ok);
    CU_ASSERT_EQUAL(sink_run(&m, &f), RT_ok);
    f.fail_at = 2;
    CU_ASSERT_EQUAL(sink_run(&m, &f), RT_memory);
    sink_unmake(&m);
}

/* ---- the outbox ---------------------------------------------------------------------------- */

static void test_box(void) {
    int64_t ahead;
    char name[] = "ck/outbox/out0/0-1.ob";
    last l = committed(&boxed, false);
    CU_ASSERT(chmod(fake_path(name), 0666) == 0);
    CU_ASSERT_EQUAL(start(&boxed, &l, false, &ahead), RT_refused);
    CU_ASSERT(chmod(fake_path(name), 0600) == 0);
    spoil(name, 0, "x");
    CU_ASSERT_EQUAL(start(&boxed, &l, false, &ahead), RT_refused);
    spoil(name, 2, "y");
    CU_ASSERT_EQUAL(start(&boxed, &l, false, &ahead), RT_refused);
    CU_ASSERT(unlink(fake_path(name)) == 0 && mkdir(fake_path(name), 0700) == 0);
    CU_ASSERT_EQUAL(start(&boxed, &l, false, &ahead), RT_refused);
    CU_ASSERT(rmdir(fake_path(name)) == 0 && symlink("x", fake_path(name)) == 0);
    CU_ASSERT_EQUAL(start(&boxed, &l, false, &ahead), RT_refused);
    CU_ASSERT(unlink(fake_path(name)) == 0);
    CU_ASSERT_EQUAL(start(&boxed, &l, false, &ahead), RT_refused);
    CU_ASSERT(rmdir(fake_path("ck/outbox/out0")) == 0);
    CU_ASSERT_EQUAL(start(&boxed, &l, false, &ahead), RT_refused);
    rt_wire_free(&l.w);
    /* cut while it is open; a sink that sends what is not there */
    made m;
    rt_boxed b;
    l = committed(&boxed, false);
    CU_ASSERT_FATAL(sink_make(&m, &boxed, 2) == RT_ok);
    rt_unwire r = rt_unwire_of(l.w.p, l.w.n);
    int64_t n;
    char byte;
    rt_unwire_bytes(&r, &n);
    rt_unwire_i64(&r);
    CU_ASSERT_EQUAL(rt_outbox_find(&m.sink, 0, &r, &b), RT_ok);
    CU_ASSERT_EQUAL(rt_boxed_open(&m.sink, &b), RT_ok);
    CU_ASSERT(truncate(fake_path(name), 10) == 0);
    CU_ASSERT_EQUAL(rt_boxed_read(&b, 5, &byte, 1), RT_ok);
    CU_ASSERT_EQUAL(rt_boxed_read(&b, 11, &byte, 1), RT_io);
    rt_boxed_close(&b);
    CU_ASSERT_EQUAL(rt_boxed_send(&m.sink, &b, NULL), RT_refused);
    /* of this run, but of another batch or another try */
    CU_ASSERT_EQUAL(sink_commit(&m, &boxed, 1, &l), RT_ok);
    CU_ASSERT_EQUAL(rt_boxed_open(&m.sink, &b), RT_refused);
    m.ckpt.epoch = 3;
    CU_ASSERT_EQUAL(sink_commit(&m, &boxed, 0, &l), RT_ok);
    CU_ASSERT_EQUAL(rt_boxed_open(&m.sink, &b), RT_refused);
    sink_unmake(&m);
    rt_wire_free(&l.w);
}

/* The part of a record that is the outbox's, with one thing wrong. */
static rt_status find(made *m, int64_t length, uint8_t filed, int64_t folder_len, bool more) {
    rt_wire w = {0};
    rt_boxed b;
    char name[200];
    memset(name, 'x', sizeof name);
    rt_wire_i64(&w, 1);
    rt_wire_i64(&w, 2);
    rt_wire_i64(&w, length);
    rt_wire_u32(&w, 0);
    rt_wire_u8(&w, filed);
    if (filed) {
        rt_wire_u32(&w, 7);
        rt_wire_bytes(&w, name, folder_len);
    }
    if (more) rt_wire_u8(&w, 0);
    rt_committed c = {0, w.p, w.n, false};
    rt_unwire r = rt_unwire_of(w.p, w.n);
    rt_status status = rt_outbox_find(&m->sink, 0, &r, &b);
    if (more) {
        int64_t ahead;
        status = rt_outbox_resume(&m->sink, &c, &ahead);
    } else if (status == RT_refused) {
        CU_ASSERT_EQUAL(rt_outbox_publish(&m->sink, &c), RT_refused);
    }
    rt_wire_free(&w);
    return status;
}

static void test_find(void) {
    made m;
    fresh();
    CU_ASSERT_FATAL(sink_make(&m, &single, 1) == RT_ok);
    CU_ASSERT_EQUAL(find(&m, 0, 0, 0, false), RT_ok);
    CU_ASSERT_EQUAL(find(&m, 5, 0, 0, false), RT_refused);
    CU_ASSERT_EQUAL(find(&m, -1, 1, 3, false), RT_refused);
    CU_ASSERT_EQUAL(find(&m, 5, 2, 3, false), RT_refused);
    CU_ASSERT_EQUAL(find(&m, 5, 1, 3, false), RT_ok);
    CU_ASSERT_EQUAL(find(&m, 5, 1, 0, false), RT_refused);
    CU_ASSERT_EQUAL(find(&m, 5, 1, 79, false), RT_ok);
    CU_ASSERT_EQUAL(find(&m, 5, 1, 80, false), RT_refused);
    CU_ASSERT_EQUAL(find(&m, 0, 0, 0, true), RT_refused);
    /* other things in its folder stay */
    mkdir(fake_path("ck/outbox"), 0700);
    mkdir(fake_path("ck/outbox/out0"), 0700);
    fake_write(fake_path("ck/outbox/out0/plain"), "x", 1);
    fake_write(fake_path("ck/outbox/out0/a.obx"), "x", 1);
    fake_write(fake_path("ck/outbox/out0/9-9.ob"), "x", 1);
    m.sink.ops->sweep(&m.sink);
    CU_ASSERT(!access(fake_path("ck/outbox/out0/plain"), F_OK));
    CU_ASSERT(!access(fake_path("ck/outbox/out0/a.obx"), F_OK));
    CU_ASSERT(access(fake_path("ck/outbox/out0/9-9.ob"), F_OK));
    sink_unmake(&m);
    form f = single;
    f.plain = true;
    CU_ASSERT_FATAL(sink_make(&m, &f, 1) == RT_ok);
    rt_output none = {0};
    CU_ASSERT_EQUAL(rt_outbox_prepare(&m.sink, &none), RT_ok);
    sink_unmake(&m);
}

/* ---- a directory of parts ------------------------------------------------------------------ */

/* Whether a new job goes on where this name stands; `plain`: a run without a checkpoint. */
static void with_name(const char *name, bool folder, bool plain, rt_status want) {
    char path[512];
    made m;
    form f = split;
    int64_t ahead = -1;
    f.plain = plain;
    fresh();
    CU_ASSERT_FATAL(mkdir(fake_path("many"), 0700) == 0);
    snprintf(path, sizeof path, "%s/many/%s", fake_dir(), name);
    bool made_it = !folder || mkdir(path, 0700) == 0;
    CU_ASSERT(made_it);
    if (!folder) fake_write(path, "x", 1);
    rt_status status = sink_make(&m, &f, 1);
    if (status == RT_ok && !plain) status = m.sink.ops->resume(&m.sink, NULL, &ahead);
    CU_ASSERT_EQUAL(status, want);
    if (status != want) printf("%s\n", name);
    sink_unmake(&m);
}

static void test_walk(void) {
    static const struct {
        const char *name;
        bool folder, kept, plain; /* may it stay: with a checkpoint, without one */
    } all[] = {{"x", 0, 0, 0},
               {"a-0000000001-0000.x", 0, 1, 0},
               {"-0000000001-0000.x", 0, 0, 0},
               {".a-0000000001-0000.x", 0, 0, 0},
               {"out0-0000000001-0000.txt", 0, 0, 1},
               {"ouu0-0000000001-0000.txt", 0, 1, 0},
               {"out-0000000001-0000.txt", 0, 1, 0},
               {"out0-000000001-0000.txt", 0, 0, 0},
               {"out0-0000000001_0000.txt", 0, 0, 0},
               {"out0-0000000001-000.txt", 0, 0, 0},
               {"out0-0000000001-0000_txt", 0, 0, 0},
               {"out0-0000000001-0000.txt", 1, 0, 0},
               {".flow-out0-1.tmp", 0, 1, 1},
               {".flow-out0-1.tmq", 0, 1, 0},
               {".flow-out1-1.tmp", 0, 1, 0},
               {".flow-x", 1, 0, 0},
               {"k=1", 1, 1, 1},
               {"sub", 1, 0, 0}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        with_name(all[i].name, all[i].folder, false, all[i].kept ? RT_ok : RT_refused);
        with_name(all[i].name, all[i].folder, true, all[i].plain ? RT_ok : RT_refused);
    }
    /* folders of partitions, one below the other, as deep as nobody writes them */
    char path[1024];
    made m;
    form f = split;
    f.plain = true;
    fresh();
    int n = snprintf(path, sizeof path, "%s/many", fake_dir());
    mkdir(path, 0700);
    for (int i = 0; i < 66; i++) {
        n += snprintf(path + n, sizeof path - (size_t)n, "/k=%d", i);
        mkdir(path, 0700);
    }
    CU_ASSERT_EQUAL(sink_make(&m, &f, 1), RT_refused);
    sink_unmake(&m);
    fresh();
    fake_write(fake_path("many"), "x", 1);
    CU_ASSERT_EQUAL(sink_make(&m, &f, 1), RT_refused);
    sink_unmake(&m);
    f.target = "many/";
    f.partition = NULL;
    CU_ASSERT_NOT_EQUAL(sink_make(&m, &f, 1), RT_ok);
    sink_unmake(&m);
}

/* What stands in the folder while a run without a checkpoint begins stays, if it is not ours. */
static void test_old(void) {
    made m;
    form f = split;
    f.plain = true;
    fresh();
    CU_ASSERT_EQUAL(sink_make(&m, &f, 1), RT_ok);
    mkdir(fake_path("many"), 0700);
    mkdir(fake_path("many/sub"), 0700);
    mkdir(fake_path("many/k=9"), 0700);
    fake_write(fake_path("many/x"), "x", 1);
    fake_write(fake_path("many/out0-0000000007-0000.txt"), "x", 1);
    fake_write(fake_path("many/k=9/.flow-out0-0000000000-0000.tmp"), "x", 1);
    CU_ASSERT_EQUAL(sink_run(&m, &f), RT_ok);
    sink_unmake(&m);
    CU_ASSERT(!access(fake_path("many/x"), F_OK) && !access(fake_path("many/sub"), F_OK));
    CU_ASSERT(access(fake_path("many/out0-0000000007-0000.txt"), F_OK));
    CU_ASSERT(access(fake_path("many/k=9"), F_OK));
    CU_ASSERT(!access(fake_path("many/k=1/out0-0000000001-0000.txt"), F_OK));
}

/* Ways out of the directory, and what stands in the way of a part. */
static void test_in_the_way(void) {
    for (int k = 0; k < 6; k++) {
        made m;
        last l = {-1, {0}};
        fresh();
        CU_ASSERT_FATAL(mkdir(fake_path("many"), 0700) == 0);
        const char *at = fake_path("many/k=0");
        if (k == 0) CU_ASSERT(symlink("/tmp", at) == 0);
        if (k == 1) fake_write(at, "x", 1);
        if (k > 1) CU_ASSERT(mkdir(at, 0700) == 0);
        if (k == 2) fake_write(fake_path("many/k=0/.flow-0123abcd-out0-0000000000-1-0000.tmp"), "x", 1);
        CU_ASSERT_FATAL(sink_make(&m, &split, 1) == RT_ok);
        rt_status status = sink_commit(&m, &split, 0, &l);
        CU_ASSERT_EQUAL(status, k < 2 ? RT_refused : k == 2 ? RT_io : RT_ok);
        const char *final = fake_path("many/k=0/out0-0000000000-0000.txt");
        if (k == 3) fake_write(final, "x", 1);
        if (k == 4) CU_ASSERT(mkdir(final, 0700) == 0);
        if (k == 5) CU_ASSERT(symlink("x", final) == 0);
        if (k > 2) CU_ASSERT_EQUAL(sink_publish(&m, &l), RT_refused);
        sink_unmake(&m);
        rt_wire_free(&l.w);
    }
}

/* A committed part that is gone, with its folder or without, or is another one. */
static void test_gone(void) {
    static const char hidden[] = "many/k=1/.flow-0123abcd-out0-0000000000-1-0000.tmp";
    int64_t ahead;
    last l = committed(&split, false);
    spoil(hidden, 1, "!");
    CU_ASSERT_EQUAL(start(&split, &l, false, &ahead), RT_refused);
    spoil(hidden, 0, "!");
    CU_ASSERT_EQUAL(start(&split, &l, false, &ahead), RT_refused);
    CU_ASSERT(unlink(fake_path(hidden)) == 0);
    CU_ASSERT_EQUAL(start(&split, &l, false, &ahead), RT_refused);
    CU_ASSERT(rmdir(fake_path("many/k=1")) == 0);
    CU_ASSERT_EQUAL(start(&split, &l, false, &ahead), RT_refused);
    made m; /* in the run itself */
    CU_ASSERT_FATAL(sink_make(&m, &split, 2) == RT_ok);
    CU_ASSERT_EQUAL(sink_publish(&m, &l), RT_refused);
    l.w.n--;
    CU_ASSERT_EQUAL(sink_publish(&m, &l), RT_refused);
    sink_unmake(&m);
    rt_wire_free(&l.w);
    /* the next batch is there: its COMMIT was lost */
    l = committed(&split, true);
    fake_write(fake_path("many/k=1/out0-0000000001-0000.txt"), "x", 1);
    mkdir(fake_path("many/sub"), 0700);
    CU_ASSERT_EQUAL(start(&split, &l, true, &ahead), RT_ok);
    CU_ASSERT_EQUAL(ahead, 1);
    rt_wire_free(&l.w);
}

static void test_paths(void) {
    char far[4096];
    memset(far, 'x', sizeof far);
    CU_ASSERT(rt_part_safe_path("") && rt_part_safe_path("k=1") && rt_part_safe_path("k=1/l=2/"));
    CU_ASSERT(!rt_part_safe_path("/k=1") && !rt_part_safe_path("k=1//l=2"));
    CU_ASSERT(!rt_part_safe_path("k") && !rt_part_safe_path("=k") && !rt_part_safe_path(".k=1"));
    CU_ASSERT(!rt_part_safe_path("k=1/../l=2"));
    far[1] = '=';
    far[255] = 0;
    CU_ASSERT(rt_part_safe_path(far));
    far[255] = 'x', far[256] = 0;
    CU_ASSERT(!rt_part_safe_path(far));
    for (int i = 250; i < 4000; i += 250) far[i] = '/', far[i + 2] = '=';
    far[256] = 'x', far[4001] = 0;
    CU_ASSERT(!rt_part_safe_path(far));
}

void suite_sink_odd(void) {
    CU_pSuite s = CU_add_suite("sink_odd", quiet_prepare, quiet_clean);
    CU_add_test(s, "lengths", test_lengths);
    CU_add_test(s, "replaced while it is written", test_replaced);
    CU_add_test(s, "another target", test_elsewhere);
    CU_add_test(s, "forged records", test_forged);
    CU_add_test(s, "a pipe", test_fifo);
    CU_add_test(s, "a pipe, with calls that fail", test_pipe);
    CU_add_test(s, "pieces that cannot be had", test_pieces);
    CU_add_test(s, "the outbox", test_box);
    CU_add_test(s, "records of an outbox", test_find);
    CU_add_test(s, "names in a directory", test_walk);
    CU_add_test(s, "what an old run has left", test_old);
    CU_add_test(s, "in the way", test_in_the_way);
    CU_add_test(s, "gone", test_gone);
    CU_add_test(s, "paths of partitions", test_paths);
}
