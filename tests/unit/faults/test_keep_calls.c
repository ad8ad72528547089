/* test_keep_calls.c - the saved states that may be gone back to: which files stay, what a
 * snapshot takes the place of, and a journal that is made shorter; where calls fail and where
 * files are no longer what was written. */
#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/fault.h"
#include "runtime/exec/ckpt_keep.h"
#include "tests/unit/faults/each_call.h"
#include "tests/unit/faults/quiet_suite.h"
#include "tests/unit/runtime/fake_program.h"
#include "tests/unit/runtime/source_stand.h"

void suite_keep_calls(void);

static const rt_state_id ids[] = {{"a", 1, "w"}};
static rt_settings settings;
static rt_program program;
static rt_job job;

/* A checkpoint of which there is no more than is needed here; `keep` states are kept. */
static rt_checkpoint *keeper(int64_t keep) {
    rt_checkpoint *c = calloc(1, sizeof *c);
    fake_remove_dir();
    settings = (rt_settings){.keep_checkpoints = keep};
    job = (rt_job){.program = &program, .settings = &settings};
    *c = (rt_checkpoint){.job = &job, .print = rt_print_of_ids(ids, 1), .env.epoch = 9};
    c->print.nstates = 1;
    snprintf(c->dir, sizeof c->dir, "%s", fake_dir());
    snprintf(c->state_dir, sizeof c->state_dir, "%s", fake_path("state"));
    CU_ASSERT_FATAL(mkdir(c->state_dir, 0700) == 0);
    pthread_mutex_init(&c->journal_lock, NULL);
    rt_record first = {.epoch = 1, .type = RT_BEGIN, .payload = (const uint8_t *)"b", .len = 1};
    CU_ASSERT_FATAL(rt_journal_begin(c->dir, &first, 1, 1, &c->journal) == RT_ok);
    return c;
}

static void keeper_free(rt_checkpoint *c) {
    if (c->compactor) rt_compactor_free(c->compactor);
    for (int64_t i = 0; i < c->nkept; i++) rt_kept_free(&c->kept[i]);
    free(c->kept);
    rt_print_free(&c->print);
    rt_journal_close(c->journal);
    pthread_mutex_destroy(&c->journal_lock);
    free(c);
}

/* What is saved with a batch, in a file or as bytes. */
static rt_state_ref save(const rt_checkpoint *c, rt_state_kind kind, int64_t batch, rt_wire *inlined) {
    rt_state_head head = {.kind = kind, .epoch = 3, .batch = batch};
    rt_state_ref ref = {0};
    rt_state_writer *w;
    rt_saved ops = {0};
    int64_t n;
    rt_saved_put(&ops, RT_SAVED_PUT, &batch, 1, "value", 5);
    CU_ASSERT_FATAL(rt_state_writer_open(inlined ? NULL : c->state_dir, &head, ids, 1, &w) == RT_ok);
    rt_state_writer_section(w, 0, 0);
    CU_ASSERT(rt_state_writer_ops(w, ops.p, ops.len, 1) == RT_ok);
    CU_ASSERT(rt_state_writer_end(w, "meta", 4, &ref) == RT_ok);
    if (inlined) {
        const uint8_t *p = rt_state_writer_bytes(w, &n);
        rt_wire_raw(inlined, p, n);
    }
    rt_state_writer_close(w);
    rt_saved_free(&ops);
    return ref;
}

static rt_status keep_file(rt_checkpoint *c, rt_state_kind kind, int64_t batch) {
    rt_state_ref ref = save(c, kind, batch, NULL);
    rt_kept next = {0};
    rt_status status = rt_ckpt_keep_next(c, &ref, NULL, &next);
    if (status == RT_ok) status = rt_ckpt_keep(c, &next);
    rt_kept_free(&next);
    return status;
}

static void keep_bytes(rt_checkpoint *c, int64_t batch) {
    rt_wire inlined = {0};
    rt_kept next;
    rt_state_ref ref = save(c, RT_STATE_DELTA, batch, &inlined);
    CU_ASSERT_EQUAL(rt_ckpt_keep_next(c, &ref, &inlined, &next), RT_ok);
    CU_ASSERT_EQUAL(rt_ckpt_keep(c, &next), RT_ok);
    rt_wire_free(&inlined);
}

static const rt_kept *newest(const rt_checkpoint *c) { return &c->kept[c->nkept - 1]; }

static bool there(const rt_checkpoint *c, int64_t batch, uint32_t epoch, rt_state_kind kind) {
    char name[64], path[300];
    rt_state_ref_name(name, sizeof name, batch, epoch, kind);
    snprintf(path, sizeof path, "%.200s/%s", c->state_dir, name);
    return access(path, F_OK) == 0;
}

static void damage(const rt_checkpoint *c, int64_t batch) {
    char name[64], path[300];
    rt_state_ref_name(name, sizeof name, batch, 3, RT_STATE_DELTA);
    snprintf(path, sizeof path, "%.200s/%s", c->state_dir, name);
    fake_write(path, "x", 1);
}

/* ---- which files stay ---------------------------------------------------------------------- */

static void test_kept(void) {
    rt_checkpoint *c = keeper(2);
    CU_ASSERT_EQUAL(keep_file(c, RT_STATE_DELTA, 1), RT_ok); /* the first one stands alone */
    CU_ASSERT_EQUAL(keep_file(c, RT_STATE_DELTA, 2), RT_ok);
    CU_ASSERT(c->nkept == 2 && newest(c)->n == 2);
    CU_ASSERT_EQUAL(keep_file(c, RT_STATE_SNAP, 3), RT_ok);
    CU_ASSERT(c->nkept == 2 && newest(c)->n == 1);
    CU_ASSERT(there(c, 1, 3, RT_STATE_DELTA) && there(c, 2, 3, RT_STATE_DELTA));
    CU_ASSERT_EQUAL(keep_file(c, RT_STATE_DELTA, 4), RT_ok);
    CU_ASSERT(!there(c, 1, 3, RT_STATE_DELTA) && !there(c, 2, 3, RT_STATE_DELTA));
    CU_ASSERT(there(c, 3, 3, RT_STATE_SNAP) && there(c, 4, 3, RT_STATE_DELTA));
    keeper_free(c);
}

/* Files that are no longer wanted and cannot be removed, are gone, or are folders. */
static void test_removing(void) {
    for (int k = 0; k < 3; k++) {
        char path[300];
        rt_checkpoint *c = keeper(1);
        CU_ASSERT(keep_file(c, RT_STATE_DELTA, 1) == RT_ok && keep_file(c, RT_STATE_DELTA, 2) == RT_ok);
        snprintf(path, sizeof path, "%.200s/0000000001-0003.delta", c->state_dir);
        if (k) CU_ASSERT_FATAL(unlink(path) == 0);
        if (k == 2) CU_ASSERT_FATAL(mkdir(path, 0700) == 0);
        if (!k) rt_fault_wish("unlink:1:EIO");
        CU_ASSERT_EQUAL(keep_file(c, RT_STATE_SNAP, 3), !k ? RT_io : k == 1 ? RT_ok : RT_refused);
        rt_fault_wish(NULL);
        CU_ASSERT_EQUAL(there(c, 2, 3, RT_STATE_DELTA), k != 1); /* it goes no further */
        CU_ASSERT_EQUAL(rt_ckpt_sweep(c), k == 2 ? RT_refused : RT_ok);
        CU_ASSERT_EQUAL(there(c, 2, 3, RT_STATE_DELTA), k == 2);
        CU_ASSERT(there(c, 3, 3, RT_STATE_SNAP));
        keeper_free(c);
    }
}

/* ---- snapshots ------------------------------------------------------------------------------ */

/* Three files, of which a snapshot is made; `spoil`: one of them is damaged before. */
static rt_checkpoint *snapping(bool spoil, const char *fault) {
    rt_checkpoint *c = keeper(2);
    for (int64_t batch = 1; batch < 4; batch++)
        CU_ASSERT_EQUAL(keep_file(c, RT_STATE_DELTA, batch), RT_ok);
    if (spoil) damage(c, 2);
    rt_fault_wish(fault);
    CU_ASSERT_EQUAL(rt_ckpt_tend(c), RT_ok);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c->compactor);
    rt_compactor_wait(c->compactor);
    rt_fault_wish(NULL);
    return c;
}

static void test_snapshot(void) {
    rt_checkpoint *c = snapping(false, NULL);
    CU_ASSERT_EQUAL(keep_file(c, RT_STATE_DELTA, 4), RT_ok);
    CU_ASSERT(newest(c)->n == 2 && newest(c)->refs[0].kind == RT_STATE_SNAP);
    CU_ASSERT(newest(c)->refs[0].batch == 3 && newest(c)->refs[1].batch == 4);
    CU_ASSERT(!c->damaged && there(c, 3, 9, RT_STATE_SNAP) && there(c, 1, 3, RT_STATE_DELTA));
    CU_ASSERT_EQUAL(keep_file(c, RT_STATE_DELTA, 5), RT_ok);
    CU_ASSERT(newest(c)->n == 3 && !there(c, 1, 3, RT_STATE_DELTA));
    keeper_free(c);
    /* a live file is damaged: the lists stay as they are, a whole state is to be saved */
    c = snapping(true, NULL);
    CU_ASSERT_EQUAL(keep_file(c, RT_STATE_DELTA, 4), RT_ok);
    CU_ASSERT(newest(c)->n == 4 && c->damaged && !there(c, 3, 9, RT_STATE_SNAP));
    keeper_free(c);
    /* it may not be on the disk: nothing goes on */
    c = snapping(false, "fsync:1:EIO");
    CU_ASSERT_EQUAL(keep_file(c, RT_STATE_DELTA, 4), RT_io);
    CU_ASSERT(c->nkept == 2 && newest(c)->batch == 3);
    keeper_free(c);
    /* it could not be made, and is tried again */
    c = snapping(false, "open:1:EMFILE");
    CU_ASSERT_EQUAL(keep_file(c, RT_STATE_DELTA, 4), RT_ok);
    CU_ASSERT(newest(c)->n == 4 && !c->damaged);
    CU_ASSERT_EQUAL(rt_ckpt_tend(c), RT_ok);
    rt_compactor_wait(c->compactor);
    CU_ASSERT_EQUAL(keep_file(c, RT_STATE_DELTA, 5), RT_ok);
    CU_ASSERT(newest(c)->n == 2 && newest(c)->refs[0].batch == 4);
    keeper_free(c);
}

/* One more file behind the newest state, while nobody asks for the snapshot. */
static void keep_unasked(rt_checkpoint *c, int64_t batch) {
    rt_compactor *busy = c->compactor;
    c->compactor = NULL;
    CU_ASSERT_EQUAL(keep_file(c, RT_STATE_DELTA, batch), RT_ok);
    c->compactor = busy;
}

/* While a snapshot is made a whole state is saved: it counts, the snapshot does not; with fewer
 * files behind it, and with as many. */
static void test_overtaken(void) {
    for (int more = 0; more < 4; more++) {
        rt_checkpoint *c = snapping(false, NULL);
        CU_ASSERT_EQUAL(keep_file(c, RT_STATE_SNAP, 4), RT_ok);
        for (int i = 0; i < more; i++) keep_unasked(c, 5 + i);
        CU_ASSERT_EQUAL(keep_file(c, RT_STATE_DELTA, 9), RT_ok);
        CU_ASSERT_EQUAL(newest(c)->n, more + 2);
        CU_ASSERT(newest(c)->refs[0].batch == 4 && newest(c)->refs[0].epoch == 3);
        CU_ASSERT(there(c, 3, 9, RT_STATE_SNAP)); /* until the next start: */
        CU_ASSERT_EQUAL(rt_ckpt_sweep(c), RT_ok);
        CU_ASSERT(!there(c, 3, 9, RT_STATE_SNAP) && there(c, 4, 3, RT_STATE_SNAP));
        keeper_free(c);
    }
}

/* ---- the journal ----------------------------------------------------------------------------- */

/* PLAN, COMMIT and DONE of batches 1 to `n`, which begin with their number. */
static void journal_batches(rt_checkpoint *c, int64_t n) {
    for (int64_t batch = 1; batch <= n; batch++)
        for (int type = RT_PLAN; type <= RT_DONE; type++)
            CU_ASSERT_EQUAL(rt_journal_append(c->journal, 1, (rt_record_type)type, &batch, 8), RT_ok);
    CU_ASSERT_EQUAL(rt_journal_sync(c->journal), RT_ok);
}

/* What the journal holds, as "P1 C1 D1 ". */
static void expect_journal(const rt_checkpoint *c, const char *want) {
    char got[200] = "";
    rt_journal_text t;
    int found;
    CU_ASSERT_FATAL(rt_journal_load(c->dir, &t, &found) == RT_ok && found);
    CU_ASSERT(t.tail == RT_TAIL_CLEAN && t.records[0].type == RT_BEGIN);
    for (int64_t i = 1; i < t.n; i++)
        sprintf(got + strlen(got), "%c%d ", "?PCD"[t.records[i].type], t.records[i].payload[0]);
    CU_ASSERT_STRING_EQUAL(got, want);
    rt_journal_text_free(&t);
}

/* What a kept state needs stays: its own COMMIT, those that hold its bytes, all behind it. */
static void test_shorter(void) {
    rt_checkpoint *c = keeper(2);
    keep_bytes(c, 2);
    CU_ASSERT_EQUAL(keep_file(c, RT_STATE_DELTA, 4), RT_ok);
    CU_ASSERT_EQUAL(keep_file(c, RT_STATE_DELTA, 5), RT_ok);
    journal_batches(c, 6);
    uint64_t next = rt_journal_next(c->journal);
    c->rotate_at = 1;
    CU_ASSERT_EQUAL(rt_ckpt_tend(c), RT_ok);
    expect_journal(c, "C2 C4 P5 C5 D5 P6 C6 D6 ");
    CU_ASSERT(rt_journal_next(c->journal) == next && c->rotate_at > 1 << 20);
    CU_ASSERT_EQUAL(rt_journal_append(c->journal, 1, RT_DONE, &next, 8), RT_ok);
    keeper_free(c);
    /* without any state all of it stays */
    c = keeper(2);
    journal_batches(c, 2);
    c->rotate_at = 1;
    CU_ASSERT_EQUAL(rt_ckpt_tend(c), RT_ok);
    expect_journal(c, "P1 C1 D1 P2 C2 D2 ");
    keeper_free(c);
}

/* It is not what was written: another one has cut it, or taken it away. */
static void test_not_ours(void) {
    for (int k = 0; k < 2; k++) {
        rt_checkpoint *c = keeper(2);
        struct stat st;
        const char *path = fake_path("journal");
        journal_batches(c, 2);
        c->rotate_at = 1;
        CU_ASSERT_FATAL(stat(path, &st) == 0);
        int changed = k ? unlink(path) : truncate(path, st.st_size - 3);
        CU_ASSERT_FATAL(changed == 0);
        CU_ASSERT_EQUAL(rt_ckpt_tend(c), RT_io);
        CU_ASSERT_EQUAL(c->rotate_at, 1);
        keeper_free(c);
    }
}

static void shorten(void *arg) {
    (void)arg;
    rt_checkpoint *c = keeper(1);
    CU_ASSERT(keep_file(c, RT_STATE_DELTA, 1) == RT_ok && keep_file(c, RT_STATE_DELTA, 2) == RT_ok);
    journal_batches(c, 3);
    c->rotate_at = 1;
    settings.compact_every = INT64_MAX;
    calls_fail();
    rt_status status = rt_ckpt_tend(c);
    bool harmless = strstr(calls_which(), "SHORT") || strstr(calls_which(), "EINTR");
    bool hit = calls_end() && !harmless;
    CU_ASSERT(status == RT_ok || (hit && status == RT_io));
    if (!hit) expect_journal(c, "C2 P3 C3 D3 ");
    keeper_free(c);
}

static void test_shorten_calls(void) { each_call(shorten, NULL); }

void suite_keep_calls(void) {
    CU_pSuite s = CU_add_suite("keep_calls", quiet_prepare, quiet_clean);
    CU_add_test(s, "which files stay", test_kept);
    CU_add_test(s, "files that cannot be removed", test_removing);
    CU_add_test(s, "what becomes of a snapshot", test_snapshot);
    CU_add_test(s, "a whole state overtakes it", test_overtaken);
    CU_add_test(s, "a shorter journal", test_shorter);
    CU_add_test(s, "a journal that is another", test_not_ours);
    CU_add_test(s, "shortening with calls that fail", test_shorten_calls);
}
