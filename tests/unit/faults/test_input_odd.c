/* test_input_odd.c - what a checkpoint keeps of its sources: plans and positions, of sources
 * that offer much or little; and bytes of them that make no sense. */
#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

#include "runtime/exec/ckpt_input.h"
#include "tests/unit/faults/ckpt_stand.h"
#include "tests/unit/faults/quiet_suite.h"
#include "tests/unit/runtime/fake_program.h"
#include "tests/unit/runtime/source_stand.h"

void suite_input_odd(void);

/* A start behind two batches without saved state: they come again, or cannot. */
static rt_status again(void) {
    stand_source.replanned = -1;
    return stand_run(2, 0, false);
}

static void test_plans(void) {
    stand_fresh();
    stand_source.units = 2;
    CU_ASSERT_EQUAL(stand_run(1, 0, false), RT_ok);
    CU_ASSERT_EQUAL(stand_source.told, 1);
    CU_ASSERT(again() == RT_ok && stand_source.replanned == 1 && stand_source.told == 2);
    stand_source.status = RT_refused;
    CU_ASSERT(again() == RT_refused && stand_source.replanned == 0);
    /* by its rows, if they are kept */
    stand_fresh();
    stand_source.units = 2;
    stand_source.replays = false;
    CU_ASSERT_EQUAL(stand_run(1, 0, false), RT_ok);
    CU_ASSERT(again() == RT_ok && stand_source.replanned == 1);
    /* a source that has nothing to say, and gives nothing */
    stand_fresh();
    stand_source.bare = true;
    CU_ASSERT_EQUAL(stand_run(1, 0, false), RT_ok);
    CU_ASSERT(again() == RT_ok && stand_source.replanned == -1);
}

/* A source whose rows are not kept: state is saved with every batch that has some, and where
 * that is lost there is no way to have the rows again. */
static void test_not_kept(void) {
    for (int units = 0; units < 2; units++) {
        for (int lost = 0; lost < 2; lost++) {
            ckpt_stand st;
            stand_fresh();
            setenv("FLOW_TEST_SIZES", "1000000", 1);
            stand_source.replays = false;
            stand_source.units = units;
            stand_make(&st);
            st.settings.journal = false;
            CU_ASSERT_FATAL(stand_begin(&st) == RT_ok);
            CU_ASSERT_EQUAL(stand_batch(&st, 0, false), RT_ok);
            CU_ASSERT_EQUAL(st.job.saving, units > 0);
            stand_end(&st);
            if (units && lost) {
                char path[400];
                snprintf(path, sizeof path, "%.300s/state/0000000000-0001.snap", stand_dir());
                fake_write(path, "x", 1);
            }
            CU_ASSERT_EQUAL(again(), units && lost ? RT_refused : RT_ok);
            CU_ASSERT_EQUAL(stand_source.loaded, units && !lost ? 101 : -1);
            unsetenv("FLOW_TEST_SIZES");
        }
    }
}

/* What a source fails to plan, to sync or to find again ends the batch or the start. */
static void test_failing(void) {
    ckpt_stand st;
    stand_fresh();
    stand_make(&st);
    CU_ASSERT_FATAL(stand_begin(&st) == RT_ok);
    stand_source.status = RT_io;
    CU_ASSERT_EQUAL(stand_batch(&st, 0, false), RT_io);
    rt_journal_text t;
    int found;
    CU_ASSERT_FATAL(rt_journal_load(stand_dir(), &t, &found) == RT_ok && found);
    CU_ASSERT_EQUAL(t.n, 1); /* there is no plan */
    rt_journal_text_free(&t);
    stand_end(&st);
    /* planned, and then its rows cannot be made durable */
    stand_source.status = RT_ok;
    stand_make(&st);
    CU_ASSERT_FATAL(stand_begin(&st) == RT_ok);
    stand_source.unsynced = true;
    CU_ASSERT_EQUAL(stand_batch(&st, 1, false), RT_io);
    CU_ASSERT(stand_sinks[0].published == -1 && stand_source.told == -1);
    stand_end(&st);
    stand_source.unsynced = false;
    CU_ASSERT_EQUAL(stand_run(1, 0, true), RT_ok);
    stand_source.status = RT_refused;
    CU_ASSERT_EQUAL(stand_run(2, 0, true), RT_refused);
    CU_ASSERT_EQUAL(stand_source.loaded, 100);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static void write_source(rt_wire *w, const char *id, const char *schema, uint8_t flags,
                         int64_t len) {
    rt_wire_text(w, id);
    rt_wire_text(w, schema);
    rt_wire_u8(w, flags);
    rt_wire_bytes(w, "\7\0\0\0\0\0\0\0", len);
}

static rt_status load(ckpt_stand *st, const rt_wire *w, int64_t n) {
    rt_unwire r = rt_unwire_of(w->p, n);
    stand_source.loaded = -1;
    return rt_ckpt_input_load(&st->job, &r);
}

/* Sources that the program no longer has are passed over; a list that is cut is refused. */
static void test_positions(void) {
    rt_wire w = {0};
    ckpt_stand st;
    stand_fresh();
    stand_make(&st);
    CU_ASSERT_FATAL(stand_begin(&st) == RT_ok);
    rt_wire_i64(&w, 4);
    write_source(&w, "in", "another", 1, 8);
    write_source(&w, "im", "told", 1, 8);
    write_source(&w, "i", "told", 1, 8);
    int64_t before = w.n;
    write_source(&w, "in", "told", 1, 8);
    CU_ASSERT(load(&st, &w, w.n) == RT_ok && stand_source.loaded == 7 && st.job.sources[0].ended);
    for (int64_t n = 0; n < w.n; n++) {
        CU_ASSERT_EQUAL(load(&st, &w, n), RT_refused);
        CU_ASSERT_EQUAL(stand_source.loaded, -1);
    }
    w.n = before;
    write_source(&w, "in", "told", 0, 0); /* at its beginning */
    CU_ASSERT(load(&st, &w, w.n) == RT_ok && stand_source.loaded == -1 && !st.job.sources[0].ended);
    stand_end(&st);
    /* a source that cannot go to a position */
    stand_source.bare = true;
    stand_make(&st);
    CU_ASSERT_FATAL(stand_begin(&st) == RT_ok);
    w.n = before;
    write_source(&w, "in", "told", 1, 8);
    CU_ASSERT(load(&st, &w, w.n) == RT_ok && stand_source.loaded == -1 && st.job.sources[0].ended);
    rt_unwire r = rt_unwire_of(w.p, w.n);
    CU_ASSERT_EQUAL(rt_ckpt_input_replan(&st.job, &r), RT_refused); /* nor be planned */
    w.n = before;
    write_source(&w, "in", "told", 2 | 4, 8);
    r = rt_unwire_of(w.p, w.n);
    CU_ASSERT_EQUAL(rt_ckpt_input_replan(&st.job, &r), RT_ok);
    CU_ASSERT(!st.job.sources[0].ended && st.job.sources[0].refreshed);
    rt_wire_u8(&w, 0);
    r = rt_unwire_of(w.p, w.n);
    CU_ASSERT_EQUAL(rt_ckpt_input_replan(&st.job, &r), RT_refused);
    stand_end(&st);
    rt_wire_free(&w);
}

/* That a table was read anew is part of the plan. */
static void test_refreshed(void) {
    ckpt_stand st;
    stand_fresh();
    stand_source.refreshed = true;
    CU_ASSERT_EQUAL(stand_run(0, 0, false), RT_ok);
    stand_source.refreshed = false;
    stand_make(&st);
    CU_ASSERT_FATAL(stand_begin(&st) == RT_ok);
    CU_ASSERT(st.job.sources[0].refreshed && stand_source.replanned == 0);
    stand_end(&st);
}

void suite_input_odd(void) {
    CU_pSuite s = CU_add_suite("input_odd", quiet_prepare, quiet_clean);
    CU_add_test(s, "plans", test_plans);
    CU_add_test(s, "rows that are not kept", test_not_kept);
    CU_add_test(s, "sources that fail", test_failing);
    CU_add_test(s, "positions", test_positions);
    CU_add_test(s, "read anew", test_refreshed);
}
