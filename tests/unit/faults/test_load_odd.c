/* test_load_odd.c - saved state on its way back into the tables: files that are damaged, of
 * somebody else, or hold rows that make no sense; an older state takes their place. */
#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/state/saved.h"
#include "tests/unit/faults/ckpt_stand.h"
#include "tests/unit/faults/quiet_suite.h"
#include "tests/unit/runtime/fake_program.h"
#include "tests/unit/runtime/source_stand.h"

void suite_load_odd(void);

enum { OLD = 50, NEW = 90 };

static char newest[400]; /* the file of the state of batch 1 */

/* Two batches, each with a whole state of its own; both are kept. */
static void two_states(void) {
    for (int64_t batch = 0; batch < 2; batch++) {
        ckpt_stand st;
        if (!batch) stand_fresh();
        stand_make(&st);
        st.settings.keep_checkpoints = 2;
        CU_ASSERT_FATAL(stand_begin(&st) == RT_ok);
        stand_put(&st, batch ? OLD : 0, batch ? NEW : OLD, 1000);
        CU_ASSERT_FATAL(stand_batch(&st, 0, true) == RT_ok);
        CU_ASSERT_FATAL(st.job.ckpt->nkept == batch + 1);
        snprintf(newest, sizeof newest, "%.300s/state/%s", stand_dir(),
                 st.job.ckpt->kept[batch].refs[0].name);
        stand_end(&st);
    }
}

/* A start; how many rows of a partition it finds, -1: none, it is refused. */
static int64_t rows_found(void) {
    ckpt_stand st;
    stand_make(&st);
    rt_status status = stand_begin(&st);
    CU_ASSERT(status == RT_ok || status == RT_refused);
    int64_t rows = status == RT_ok ? stand_rows(&st) / STAND_PARTS : -1;
    stand_end(&st);
    return rows;
}

/* Wherever the newest state is damaged, the one before and the batch since take its place: also
 * where some of its rows were in the tables already. */
static void test_older(void) {
    int64_t n;
    two_states();
    CU_ASSERT_EQUAL(rows_found(), NEW);
    CU_ASSERT_EQUAL(stand_source.replanned, -1);
    char *text = fake_read(newest, &n);
    CU_ASSERT_FATAL(text && n > STAND_PARTS * NEW * 1000);
    for (int64_t at = 0; at < n; at += 1 + n / 40) {
        two_states();
        text[at] ^= 0x20;
        fake_write(newest, text, n);
        text[at] ^= 0x20;
        stand_source.replanned = -1;
        CU_ASSERT_EQUAL(rows_found(), OLD);
        CU_ASSERT_EQUAL(stand_source.replanned, 1);
    }
    free(text);
}

/* Which states may still be gone back to: none that is newer than the one that was loaded. */
static void test_kept(void) {
    for (int k = 0; k < 3; k++) {
        ckpt_stand st;
        two_states();
        if (k == 2) fake_write(newest, "x", 1);
        stand_make(&st);
        st.settings.keep_checkpoints = k ? 2 : 1;
        CU_ASSERT_EQUAL(stand_begin(&st), RT_ok);
        CU_ASSERT_EQUAL(st.job.ckpt->nkept, k == 1 ? 2 : 1);
        CU_ASSERT_EQUAL(st.job.ckpt->kept[0].batch, k ? 0 : 1);
        stand_end(&st);
    }
}

/* ---- files that are whole -------------------------------------------------------------------- */

static const rt_state_id ids[] = {{"total", 0, " | w text one"}, {"counts", 0, " | w text"}};

/* The newest state is another file, which the COMMIT names; of job `job`, with a row whose value
 * has `len` bytes. */
static void exchange(const uint8_t *job, int64_t len) {
    rt_state_head head = {.kind = RT_STATE_SNAP, .epoch = 2, .batch = 1};
    rt_state_writer *w;
    rt_commit commit;
    rt_journal_text t;
    rt_journal *j = NULL;
    rt_saved ops = {0};
    rt_wire payload = {0};
    char dir[400];
    int64_t i, meta_len;
    int found;
    rt_trouble trouble;
    rt_state_file *old;
    memcpy(head.job, job, sizeof head.job);
    CU_ASSERT_FATAL(rt_state_file_open_path(newest, &old, &trouble) == RT_ok);
    const rt_state_id *had = rt_state_file_ids(old, &i);
    CU_ASSERT_FATAL(i >= 2 && !strcmp(had[0].layout, ids[0].layout) && !strcmp(had[1].layout, ids[1].layout));
    snprintf(dir, sizeof dir, "%.300s/state", stand_dir());
    CU_ASSERT_FATAL(remove(newest) == 0);
    CU_ASSERT_FATAL(rt_state_writer_open(dir, &head, had, i, &w) == RT_ok);
    rt_saved_put(&ops, RT_SAVED_PUT, "key", 3, "\1\0\0\0\0\0\0\0\0", len);
    rt_state_writer_section(w, 1, 2);
    CU_ASSERT(rt_state_writer_ops(w, ops.p, ops.len, 1) == RT_ok);
    CU_ASSERT_FATAL(rt_journal_load(stand_dir(), &t, &found) == RT_ok && found);
    for (i = t.n - 1; t.records[i].type != RT_COMMIT; i--) {}
    CU_ASSERT_FATAL(rt_commit_read(t.records[i].payload, t.records[i].len, &commit));
    const uint8_t *meta = rt_state_file_meta(old, &meta_len);
    CU_ASSERT(rt_state_writer_end(w, meta, meta_len, &commit.refs[0]) == RT_ok);
    rt_commit_write(&payload, &commit);
    t.records[i].payload = payload.p;
    t.records[i].len = payload.n;
    CU_ASSERT_FATAL(rt_journal_begin(stand_dir(), t.records, t.n, 1000, &j) == RT_ok);
    rt_journal_close(j);
    rt_state_writer_close(w);
    rt_state_file_close(old);
    rt_saved_free(&ops);
    rt_journal_text_free(&t);
    rt_commit_free(&commit);
    rt_wire_free(&payload);
}

/* A row of the right form; one whose value is too short, or too long; a state of another job. */
static void test_exchanged(void) {
    for (int k = 0; k < 4; k++) {
        rt_ident ident;
        bool found;
        two_states();
        CU_ASSERT_FATAL(rt_ident_read(stand_dir(), &ident, &found) == RT_ok && found);
        if (k == 3) ident.job[5] ^= 1;
        exchange(ident.job, k == 1 ? 7 : k == 2 ? 9 : 8);
        ckpt_stand st;
        stand_make(&st);
        stand_source.replanned = -1;
        CU_ASSERT_EQUAL(stand_begin(&st), RT_ok);
        CU_ASSERT_EQUAL(stand_rows(&st), k ? OLD * STAND_PARTS : 1);
        CU_ASSERT_EQUAL(stand_source.replanned, k ? 1 : -1);
        stand_end(&st);
    }
}

/* ---- other programs ---------------------------------------------------------------------------- */

/* A state whose rows mean something else is refused at once, however many older ones there are;
 * one that is gone is forgotten. */
static void test_changed(void) {
    for (int k = 0; k < 3; k++) {
        ckpt_stand st;
        two_states();
        stand_nstates = 2 - k; /* the last one is first to go */
        stand_make(&st);
        if (k == 0) st.states[1].schema = "another";
        stand_source.replanned = -1;
        CU_ASSERT_EQUAL(stand_begin(&st), k ? RT_ok : RT_refused);
        CU_ASSERT_EQUAL(stand_source.replanned, -1);
        if (k == 1) CU_ASSERT_EQUAL(stand_rows(&st), 0);
        stand_end(&st);
    }
}

/* More state than there is memory for: no older one takes its place. */
static void test_memory(void) {
    ckpt_stand st;
    two_states();
    stand_make(&st);
    st.settings.memory = 128 << 10;
    CU_ASSERT_EQUAL(stand_begin(&st), RT_memory);
    stand_end(&st);
    CU_ASSERT_EQUAL(rows_found(), NEW);
}

void suite_load_odd(void) {
    CU_pSuite s = CU_add_suite("load_odd", quiet_prepare, quiet_clean);
    CU_add_test(s, "more than memory holds", test_memory);
    CU_add_test(s, "going back to an older state", test_older);
    CU_add_test(s, "which states are kept", test_kept);
    CU_add_test(s, "files that are whole", test_exchanged);
    CU_add_test(s, "other programs", test_changed);
}
