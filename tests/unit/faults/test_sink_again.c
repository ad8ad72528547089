/* test_sink_again.c - sinks of files where a second call fails behind the first, where a batch
 * is shown in several tries, and where what is to be shown cannot be read. */
#define _GNU_SOURCE
#include <CUnit/CUnit.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/fault.h"
#include "tests/unit/faults/quiet_suite.h"
#include "tests/unit/faults/sink_stand.h"
#include "tests/unit/runtime/fake_program.h"
#include "tests/unit/runtime/source_stand.h"

void suite_sink_again(void);

static void fresh(void) {
    fake_remove_dir();
    CU_ASSERT_FATAL(mkdir(fake_path("ck"), 0700) == 0);
}

/* The file holds the header and all of batch 0. */
static bool holds_first(const form *f) {
    char want[1001];
    int64_t n = 0;
    char *text = fake_read(sink_target, &n);
    bool good = text && n == 2 + 1000 * (int64_t)f->pieces && !memcmp(text, "h\n", 2);
    for (int i = 0; good && i < f->pieces; i++) {
        piece_text(want, 0, i);
        good = !memcmp(text + 2 + 1000 * i, want, 1000);
    }
    free(text);
    return good;
}

/* ---- a second failure ------------------------------------------------------------------------ */

/* The first failure is what is said, and nothing of the file is left. */
static void test_second(void) {
    const form f = {.target = "one.txt", .pieces = 3, .plain = true};
    for (int k = 0; k < 8; k++) {
        made m;
        char fault[60];
        fresh();
        CU_ASSERT_FATAL(sink_make(&m, &f, 1) == RT_ok);
        snprintf(fault, sizeof fault, "write:2:EDQUOT,%s:%d:EIO", k < 4 ? "fsync" : "close", 1 + k % 4);
        rt_fault_wish(fault);
        CU_ASSERT_EQUAL(sink_run(&m, &f), RT_again_io);
        rt_fault_wish(NULL);
        CU_ASSERT(access(fake_path(".flow-one.txt-out0.tmp"), F_OK) && access(sink_target, F_OK));
        CU_ASSERT_EQUAL(sink_run(&m, &f), RT_ok);
        sink_unmake(&m);
    }
    const form p = {.target = "many/", .pieces = 3, .plain = true};
    int64_t hits = 2;
    for (int k = 1; hits == 2; k++) {
        made m;
        char fault[60];
        fresh();
        CU_ASSERT_FATAL(sink_make(&m, &p, 1) == RT_ok);
        snprintf(fault, sizeof fault, "fsync:1:EIO,close:%d:EIO", k);
        rt_fault_wish(fault);
        CU_ASSERT_EQUAL(sink_run(&m, &p), RT_io);
        hits = rt_fault_hits();
        CU_ASSERT(k > 1 || hits == 2);
        rt_fault_wish(NULL);
        sink_unmake(&m);
    }
}

/* A run that fails is to be cut back to its last batch, and cannot be. */
static void test_cut_back(void) {
    const form f = {.target = "one.txt", .pieces = 2, .plain = true};
    for (int k = 0; k < 2; k++) {
        made m;
        fresh();
        CU_ASSERT_FATAL(sink_make(&m, &f, 1) == RT_ok && sink_run(&m, &f) == RT_ok);
        FILE *out = fopen(sink_target, "a");
        fputs("half of a batch", out);
        fclose(out);
        rt_fault_wish(k ? "truncate:1:EIO" : NULL);
        CU_ASSERT_EQUAL(m.sink.ops->finish(&m.sink, true), k ? RT_io : RT_ok);
        rt_fault_wish(NULL);
        struct stat st;
        CU_ASSERT(stat(sink_target, &st) == 0 && st.st_size == (k ? 4017 : 4002));
        sink_unmake(&m);
    }
}

/* ---- several tries --------------------------------------------------------------------------- */

typedef struct lines {
    int at;
    char text[1001];
} lines;

static rt_status next_line(rt_output *out, rt_piece *piece) {
    lines *l = out->stream;
    *piece = (rt_piece){0};
    if (l->at == 4) return RT_ok;
    piece_text(l->text, 0, l->at++);
    *piece = (rt_piece){(const uint8_t *)l->text, 1000, NULL};
    return RT_ok;
}

static void rewind_lines(rt_output *out) { ((lines *)out->stream)->at = 0; }

/* A pipe gets each byte once, whichever write fails: pieces that went out are passed over. */
static void test_pipe(void) {
    static char fifo[300], got[9000];
    for (int k = 1; k <= 5; k++) {
        made m;
        lines from = {0};
        rt_output out = {.rows = 4, .next = next_line, .rewind = rewind_lines, .stream = &from};
        char fault[40], want[1001];
        const form f = {.target = fifo, .pieces = 4, .plain = true};
        fresh();
        snprintf(fifo, sizeof fifo, "%s", fake_path("fifo"));
        CU_ASSERT_FATAL(mkfifo(fifo, 0600) == 0);
        int fd = open(fifo, O_RDWR | O_NONBLOCK);
        CU_ASSERT_FATAL(sink_make(&m, &f, 1) == RT_ok);
        snprintf(fault, sizeof fault, "write:%d:EIO", k);
        rt_fault_wish(fault);
        CU_ASSERT_EQUAL(m.sink.ops->publish(&m.sink, &out), RT_io);
        rt_fault_wish(NULL);
        out.rewind(&out);
        CU_ASSERT_EQUAL(m.sink.ops->publish(&m.sink, &out), RT_ok);
        CU_ASSERT_EQUAL(read(fd, got, sizeof got), 4002);
        for (int i = 0; i < 4; i++) {
            piece_text(want, 0, i);
            CU_ASSERT(!memcmp(got + 2 + 1000 * i, want, 1000));
        }
        sink_unmake(&m);
        close(fd);
    }
}

/* A file is gone on with where the try before came to, piece by piece of the outbox. */
static void test_pieces(void) {
    const form f = {.target = "one.txt", .pieces = 700};
    for (int k = 1; k <= 6; k++) {
        made m;
        last l = {-1, {0}};
        char fault[40];
        fresh();
        CU_ASSERT_FATAL(sink_make(&m, &f, 1) == RT_ok && sink_commit(&m, &f, 0, &l) == RT_ok);
        snprintf(fault, sizeof fault, "pwrite:%d:EIO", k);
        rt_fault_wish(fault);
        CU_ASSERT_EQUAL(sink_publish(&m, &l), RT_io);
        CU_ASSERT_EQUAL(rt_fault_hits(), 1);
        rt_fault_wish(NULL);
        CU_ASSERT(!holds_first(&f));
        CU_ASSERT_EQUAL(sink_publish(&m, &l), RT_ok);
        CU_ASSERT(holds_first(&f));
        sink_unmake(&m);
        rt_wire_free(&l.w);
    }
}

/* ---- what cannot be read ---------------------------------------------------------------------- */

/* The outbox of a batch of which half is there; the k-th call fails, then none does. */
static bool half_shown(const char *point, int k, const char *error) {
    const form f = {.target = "one.txt", .pieces = 90};
    made m;
    last l = {-1, {0}};
    char fault[40];
    int64_t ahead = -1;
    fresh();
    CU_ASSERT_FATAL(sink_make(&m, &f, 1) == RT_ok && sink_commit(&m, &f, 0, &l) == RT_ok);
    CU_ASSERT_EQUAL(sink_publish(&m, &l), RT_ok);
    sink_unmake(&m);
    CU_ASSERT(truncate(sink_target, 45002) == 0);
    rt_committed c = said(&l);
    snprintf(fault, sizeof fault, "%s:%d:%s", point, k, error);
    rt_fault_wish(fault);
    CU_ASSERT_FATAL(sink_make(&m, &f, 2) == RT_ok);
    rt_status status = m.sink.ops->resume(&m.sink, &c, &ahead);
    if (status == RT_ok) status = sink_publish(&m, &l);
    bool hit = rt_fault_hits() > 0;
    rt_fault_wish(NULL);
    CU_ASSERT(status == (hit ? RT_io : RT_ok) || (hit && status == RT_again_io));
    if (hit) CU_ASSERT_EQUAL(sink_publish(&m, &l), RT_ok);
    CU_ASSERT(holds_first(&f) && ahead == -1);
    sink_unmake(&m);
    rt_wire_free(&l.w);
    return hit;
}

static void test_reading(void) {
    int opens = 0, reads = 0;
    while (half_shown("open", opens + 1, "EMFILE")) opens++;
    while (half_shown("pread", reads + 1, "EIO")) reads++;
    CU_ASSERT(opens >= 4 && reads >= 4);
}

/* A record that is cut, where it counts: the batch is not shown. */
static void test_cut_record(void) {
    const form all[] = {{.target = "one.txt", .pieces = 2}, {.target = "one.txt", .pieces = 90},
                        {.target = "many/", .pieces = 2}};
    for (int i = 0; i < 3; i++) {
        made m;
        last l = {-1, {0}};
        fresh();
        CU_ASSERT_FATAL(sink_make(&m, &all[i], 1) == RT_ok && sink_commit(&m, &all[i], 0, &l) == RT_ok);
        sink_unmake(&m);
        CU_ASSERT_FATAL(sink_make(&m, &all[i], 2) == RT_ok);
        for (int64_t n = l.w.n; l.w.n > 0;) {
            l.w.n -= 1 + n / 40;
            l.w.n = l.w.n < 0 ? 0 : l.w.n;
            CU_ASSERT_EQUAL(sink_publish(&m, &l), RT_refused);
        }
        CU_ASSERT(access(fake_path("one.txt"), F_OK));
        CU_ASSERT(access(fake_path("many/out0-0000000000-0000.txt"), F_OK));
        sink_unmake(&m);
        rt_wire_free(&l.w);
    }
}

/* ---- parts ------------------------------------------------------------------------------------ */

/* Hidden files that nobody will name: one that cannot be removed is left for the next start,
 * what is no file of this job stays. */
static void test_sweep(void) {
    static const char ours[] = "many/.flow-0123abcd-out0-0000000007-1-0000.tmp";
    const form f = {.target = "many/", .pieces = 2};
    made m;
    fresh();
    CU_ASSERT_FATAL(mkdir(fake_path("many"), 0700) == 0 && sink_make(&m, &f, 2) == RT_ok);
    fake_write(fake_path(ours), "x", 1);
    mkdir(fake_path("many/.flow-0123abcd-out0-0000000008-1-0000.tmp"), 0700);
    fake_write(fake_path("many/.flow-76543210-out0-0000000007-1-0000.tmp"), "x", 1);
    rt_fault_wish("unlink:1:EIO");
    m.sink.ops->sweep(&m.sink);
    CU_ASSERT_EQUAL(rt_fault_hits(), 1);
    rt_fault_wish(NULL);
    CU_ASSERT(!access(fake_path(ours), F_OK));
    m.sink.ops->sweep(&m.sink);
    CU_ASSERT(access(fake_path(ours), F_OK));
    CU_ASSERT(!access(fake_path("many/.flow-0123abcd-out0-0000000008-1-0000.tmp"), F_OK));
    CU_ASSERT(!access(fake_path("many/.flow-76543210-out0-0000000007-1-0000.tmp"), F_OK));
    sink_unmake(&m);
}

/* Somebody else's file stands where a part belongs, in a run without a checkpoint. */
static void test_taken(void) {
    const form f = {.target = "many/", .pieces = 4, .plain = true};
    const char part[] = "many/out0-0000000001-0000.txt";
    made m;
    lines from = {0};
    rt_output out = {.rows = 4, .next = next_line, .rewind = rewind_lines, .stream = &from};
    fresh();
    CU_ASSERT_FATAL(sink_make(&m, &f, 1) == RT_ok);
    for (out.batch = 0; out.batch < 2; out.batch++) {
        out.rewind(&out);
        CU_ASSERT_EQUAL(m.sink.ops->prepare(&m.sink, &out), RT_ok);
        if (out.batch) fake_write(fake_path(part), "theirs", 6);
        CU_ASSERT_EQUAL(m.sink.ops->publish(&m.sink, &out), out.batch ? RT_refused : RT_ok);
    }
    int64_t n = 0;
    char *text = fake_read(fake_path(part), &n);
    CU_ASSERT(text && n == 6 && !memcmp(text, "theirs", 6));
    free(text);
    CU_ASSERT(!access(fake_path("many/out0-0000000000-0000.txt"), F_OK));
    sink_unmake(&m);
}

void suite_sink_again(void) {
    CU_pSuite s = CU_add_suite("sink_again", quiet_prepare, quiet_clean);
    CU_add_test(s, "a second failure", test_second);
    CU_add_test(s, "cutting back", test_cut_back);
    CU_add_test(s, "a pipe in several tries", test_pipe);
    CU_add_test(s, "a file in several tries", test_pieces);
    CU_add_test(s, "what cannot be read", test_reading);
    CU_add_test(s, "records that are cut", test_cut_record);
    CU_add_test(s, "hidden files", test_sweep);
    CU_add_test(s, "a part's place is taken", test_taken);
}
