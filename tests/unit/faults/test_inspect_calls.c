/* test_inspect_calls.c - a checkpoint as text: what is whole, what is damaged in which way,
 * and calls that fail. */
#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/ckpt/commit.h"
#include "runtime/ckpt/ident.h"
#include "runtime/ckpt/inspect.h"
#include "runtime/ckpt/journal.h"
#include "tests/unit/faults/each_call.h"
#include "tests/unit/runtime/fake_program.h"
#include "tests/unit/runtime/source_stand.h"

void suite_inspect_calls(void);

static const rt_state_id ids[] = {{"a", 1, "w"}};
static rt_ident ident;

static rt_state_writer *write_rows(const char *at, int64_t batch, const char *value,
                                   rt_state_ref *ref) {
    rt_state_head head = {.kind = batch ? RT_STATE_DELTA : RT_STATE_SNAP, .epoch = 1,
                          .batch = batch};
    rt_state_writer *w = NULL;
    rt_saved s = {0};
    memcpy(head.job, ident.job, 16);
    CU_ASSERT_FATAL(rt_state_writer_open(at, &head, ids, 1, &w) == RT_ok);
    rt_saved_put(&s, RT_SAVED_PUT, "k\\1", 3, value, (int64_t)strlen(value));
    rt_state_writer_section(w, 0, 1 - batch);
    CU_ASSERT(rt_state_writer_ops(w, s.p, s.len, s.ops) == RT_ok);
    CU_ASSERT(rt_state_writer_end(w, "m", 1, ref) == RT_ok);
    rt_saved_free(&s);
    return w;
}

static void append(rt_journal *j, rt_record_type type, rt_wire *w) {
    CU_ASSERT(rt_journal_append(j, 1, type, w->p, w->n) == RT_ok);
    rt_wire_clear(w);
}

/* A snapshot in a file, and what changed since in the COMMIT of batch 1. */
static void make(void) {
    rt_state_ref refs[2];
    rt_journal *j = NULL;
    rt_wire w = {0};
    char at[256];
    uint8_t none[16] = {0}, opaque[300];
    fake_remove_dir();
    memset(opaque, 'x', sizeof opaque);
    opaque[30] = 1, opaque[31] = 0xff;
    CU_ASSERT_FATAL(rt_ident_new("words", 4, &ident) == RT_ok);
    rt_begin_write(&w, ident.job, none);
    rt_record first = {.epoch = 1, .type = RT_BEGIN, .payload = w.p, .len = w.n};
    CU_ASSERT_FATAL(rt_journal_begin(fake_dir(), &first, 1, 1, &j) == RT_ok);
    CU_ASSERT_FATAL(rt_ident_write(fake_dir(), &ident) == RT_ok);
    CU_ASSERT_FATAL(rt_folder_below(fake_dir()) == RT_ok);
    rt_wire_clear(&w);
    snprintf(at, sizeof at, "%s", fake_path("state"));
    rt_commit_sink sink = {"to file x", 0, 3, 77, opaque, sizeof opaque};
    for (int64_t batch = 0; batch < 2; batch++) {
        int64_t len = 0;
        rt_planned plan = {batch, 100 + batch, batch == 1, opaque, 20};
        rt_planned_write(&w, &plan);
        append(j, RT_PLAN, &w);
        rt_state_writer *s = write_rows(batch ? NULL : at, batch, batch ? "new" : "old", &refs[batch]);
        const uint8_t *inlined = batch ? rt_state_writer_bytes(s, &len) : NULL;
        rt_commit c = {.batch = batch, .now = 100 + batch, .final = batch == 1, .program = "1234",
                       .sinks = &sink, .nsinks = 1, .state = true, .refs = refs,
                       .nrefs = batch + 1, .inlined = inlined, .inlined_len = len};
        rt_commit_write(&w, &c);
        append(j, RT_COMMIT, &w);
        rt_state_writer_close(s);
        rt_done_write(&w, batch);
        append(j, RT_DONE, &w);
    }
    CU_ASSERT(rt_journal_sync(j) == RT_ok);
    rt_journal_close(j);
    rt_wire_free(&w);
}

typedef enum what { DUMP, CHECK, STATES } what;
static char *told;

static char *row_text(void *arg, const rt_state_id *id, const rt_saved_op *op) {
    (void)id;
    return op->vlen == *(int64_t *)arg ? strdup("key\tvalue") : NULL;
}

static bool with_texts, mute;

static bool plan_text(void *arg, const rt_planned *plan, rt_wire *lines) {
    (void)arg;
    rt_wire_raw(lines, "one\ntwo", plan->batch ? 7 : 4);
    return !mute;
}

static bool sink_text(void *arg, int64_t batch, const rt_commit_sink *sink, rt_wire *line) {
    (void)arg, (void)sink;
    rt_wire_raw(line, "its part", 8);
    return batch > 0;
}

static rt_status look(what w) {
    size_t n = 0;
    int64_t three = 3;
    rt_print print = {0};
    rt_trouble trouble = {""};
    free(told);
    told = NULL;
    FILE *out = open_memstream(&told, &n);
    rt_inspect_texts texts = {.row = row_text, .arg = &three};
    if (with_texts) texts.plan = plan_text, texts.sink = sink_text;
    if (mute) texts.row = NULL;
    rt_status status = w == DUMP    ? rt_inspect_dump(fake_dir(), out, &texts)
                       : w == CHECK ? rt_inspect_check(fake_dir(), out)
                                    : rt_inspect_states(fake_dir(), &print, &trouble);
    if (w == STATES) {
        fprintf(out, "%lld states; %s", (long long)print.n, trouble.text);
        rt_print_free(&print);
    }
    fclose(out);
    return status;
}

static void calls(void *arg) {
    what w = *(what *)arg;
    make();
    calls_fail();
    rt_status status = look(w);
    bool hit = calls_end() && !calls_are("close");
    if (strstr(calls_which(), "SHORT") || strstr(calls_which(), "EINTR")) hit = false;
    if (!hit) CU_ASSERT_EQUAL(status, RT_ok);
    if (hit && !calls_are("scan") && !calls_are("stat"))
        CU_ASSERT(status == RT_io || (status == RT_refused && strstr(told, "0000000000-0001.snap")) || (w == STATES && status == RT_ok));
}

static void test_calls(void) {
    for (what w = DUMP; w <= STATES; w++) each_call(calls, &w);
}

#define HAS(text) CU_ASSERT(strstr(told, text) != NULL)

static void test_text(void) {
    make();
    CU_ASSERT_EQUAL(look(DUMP), RT_ok);
    HAS("program words partitions 4");
    HAS("\nplan     1 now 101 final input 20 bytes, crc ");
    HAS("\ncommit   1 now 101 final program 1234\n");
    HAS("\nsink     to file x#0 rows 3 crc 0000004d record 300 bytes, crc ");
    HAS("xxx...\n");
    HAS("\nstate    snap batch 0 epoch 1 bytes ");
    HAS("\nstate    delta batch 1 epoch 1 bytes ");
    HAS(" inline\n");
    HAS("\nfile     0000000000-0001.snap batch 0 states 1 sections 1 ops 1 meta 1\n");
    HAS("\nfile     inline batch 1 states 1 sections 1 ops 1 meta 1\n");
    HAS("\nsaved    1\n");
    HAS("\nrow      a\t0\tkey\tvalue\n");
    HAS("\nrow      a\t1\tkey\tvalue\n");
    with_texts = mute = true;
    CU_ASSERT_EQUAL(look(DUMP), RT_ok);
    HAS("\nplan     0 now 100 input 20 bytes, crc ");
    HAS("\nrow      a\t0\tk\\x5c1\tnew\n");
    HAS("x\\x01\\xffx");
    mute = false;
    CU_ASSERT_EQUAL(look(DUMP), RT_ok);
    with_texts = false;
    HAS("\nplan     0 now 100\ninput    one\ncommit   0 ");
    HAS("\nplan     1 now 101 final\ninput    one\ninput    two\ncommit   1 ");
    HAS("crc 0000004d record 300 bytes");
    HAS("crc 0000004d record its part\n");
    CU_ASSERT_EQUAL(look(CHECK), RT_ok);
    HAS("ok       journal: 7 records\n");
    HAS("ok       state/0000000000-0001.snap\n");
    HAS("ok       the state in COMMIT 1\n");
    HAS("last     batch 1 is committed, state is saved behind 1\n");
    CU_ASSERT_EQUAL(look(STATES), RT_ok);
    CU_ASSERT_STRING_EQUAL(told, "1 states; ");
}

static void cut(const char *name, int64_t by) {
    struct stat st;
    const char *path = fake_path(name);
    CU_ASSERT_FATAL(stat(path, &st) == 0 && truncate(path, st.st_size - by) == 0);
}

/* Each look at a folder with one thing wrong. */
static void test_damaged(void) {
    int saved = hush();
    make();
    cut("journal", 1);
    CU_ASSERT_EQUAL(look(DUMP), RT_ok);
    HAS("\ntorn     journal: at byte ");
    CU_ASSERT_EQUAL(look(CHECK), RT_ok);
    HAS(", and a torn one at its end");
    unlink(fake_path("journal"));
    for (what w = DUMP; w <= STATES; w++) {
        CU_ASSERT_EQUAL(look(w), RT_refused);
        HAS("journal: is not there");
    }
    make();
    unlink(fake_path("IDENT"));
    for (what w = DUMP; w <= STATES; w++) {
        CU_ASSERT_EQUAL(look(w), RT_refused);
        HAS("IDENT: is not there");
    }
    make();
    cut("IDENT", 1);
    for (what w = DUMP; w <= STATES; w++) CU_ASSERT_EQUAL(look(w), RT_refused);
    make();
    fake_write(fake_path("state/stray"), "x", 1);
    unlink(fake_path("state/0000000000-0001.snap"));
    CU_ASSERT_EQUAL(look(DUMP), RT_refused);
    HAS("damaged ");
    CU_ASSERT(!strstr(told, "\nsaved "));
    CU_ASSERT_EQUAL(look(CHECK), RT_refused);
    HAS("damaged ");
    HAS("stray    state/stray");
    unhush(saved);
}

/* A journal of these records, behind RT_BEGIN. */
static void make_of(const rt_record *records, int n) {
    rt_journal *j = NULL;
    make();
    rt_wire w = {0};
    uint8_t none[16] = {0};
    rt_begin_write(&w, ident.job, none);
    CU_ASSERT_FATAL(rt_journal_begin(fake_dir(), NULL, 0, 0, &j) == RT_ok);
    append(j, RT_BEGIN, &w);
    for (int i = 0; i < n; i++)
        CU_ASSERT(rt_journal_append(j, 1, records[i].type, records[i].payload, records[i].len) == RT_ok);
    rt_journal_close(j);
    rt_wire_free(&w);
}

/* Whole records of which nobody can make anything. */
static void test_nonsense(void) {
    static const rt_record_type types[] = {RT_BEGIN, RT_PLAN, RT_COMMIT, RT_DONE};
    for (int i = 0; i < 4; i++) {
        rt_record two[] = {{.type = types[i], .payload = (const uint8_t *)"?", .len = 1},
                           {.type = types[i], .payload = (const uint8_t *)"?", .len = 1}};
        make_of(two, 2);
        CU_ASSERT_EQUAL(look(DUMP), RT_refused);
        HAS("damaged  journal: record 1 makes no sense\n");
        HAS("damaged  journal: record 2 makes no sense\n");
        CU_ASSERT(!strstr(told, "saved "));
        CU_ASSERT_EQUAL(look(CHECK), RT_refused);
        HAS("damaged  journal: record 1 makes no sense\n");
        CU_ASSERT_EQUAL(look(STATES), RT_refused);
        HAS("0 states; journal: record 1 makes no sense");
    }
    int64_t n;
    make();
    char *text = fake_read(fake_path("journal"), &n);
    text[60] ^= 1;
    fake_write(fake_path("journal"), text, n);
    free(text);
    for (what w = DUMP; w <= STATES; w++) {
        CU_ASSERT_EQUAL(look(w), RT_refused);
        HAS("journal: at byte 0");
    }
    fake_write(fake_path("journal"), "", 0);
    for (what w = DUMP; w <= STATES; w++) CU_ASSERT_EQUAL(look(w), RT_refused);
}

/* A COMMIT without state, one whose state should stand in another that has none, and one
 * whose snapshot is gone and no longer needed. */
static void test_commits(void) {
    rt_wire w[3] = {{0}};
    rt_record records[3];
    rt_state_ref refs[] = {{.length = 1, .kind = RT_STATE_SNAP, .epoch = 1, .batch = 0},
                           {.length = 0, .kind = RT_STATE_DELTA, .epoch = 1, .batch = 1}};
    rt_commit c[] = {{.batch = 0, .program = "1"},
                     {.batch = 1, .program = "1", .state = true, .refs = refs, .nrefs = 2}};
    for (int i = 0; i < 2; i++) {
        rt_commit_write(&w[i], &c[i]);
        records[i] = (rt_record){.type = RT_COMMIT, .payload = w[i].p, .len = w[i].n};
    }
    make_of(records, 1);
    CU_ASSERT_EQUAL(look(CHECK), RT_ok);
    HAS("last     batch 0 is committed, state is saved behind -1\n");
    CU_ASSERT_EQUAL(look(STATES), RT_ok);
    make_of(records, 2);
    for (what k = DUMP; k <= STATES; k++) {
        CU_ASSERT_EQUAL(look(k), RT_refused);
        HAS(k == STATES ? "the state in COMMIT 1 is not there" : "the state in COMMIT 0 is not there");
    }
    for (int i = 0; i < 2; i++) rt_wire_free(&w[i]);
}

/* Without a printer rows are bytes; the snapshot of an older COMMIT need not be there. */
static void test_bytes(void) {
    size_t n = 0;
    make();
    free(told);
    FILE *out = open_memstream(&told, &n);
    CU_ASSERT_EQUAL(rt_inspect_dump(fake_dir(), out, NULL), RT_ok);
    fclose(out);
    HAS("\nrow      a\t1\tk\\x5c1\told\n");
    int64_t len;
    rt_state_ref ref;
    char at[256];
    snprintf(at, sizeof at, "%s", fake_path("state"));
    unlink(fake_path("state/0000000000-0001.snap"));
    rt_state_writer_close(write_rows(at, 0, "\x7f\t\xc3", &ref));
    char *text = fake_read(fake_path("state/0000000000-0001.snap"), &len);
    CU_ASSERT(text && len == ref.length);
    int saved = hush();
    CU_ASSERT_EQUAL(look(DUMP), RT_refused);
    unhush(saved);
    HAS("damaged  ");
    free(text);
}

static int clean(void) {
    free(told);
    fake_remove_dir();
    return 0;
}

void suite_inspect_calls(void) {
    CU_pSuite s = CU_add_suite("inspect_calls", NULL, clean);
    CU_add_test(s, "calls that fail", test_calls);
    CU_add_test(s, "as text", test_text);
    CU_add_test(s, "damaged", test_damaged);
    CU_add_test(s, "records that make no sense", test_nonsense);
    CU_add_test(s, "COMMITs", test_commits);
    CU_add_test(s, "rows as bytes", test_bytes);
}
