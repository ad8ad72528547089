/* test_recover_odd.c - starts and batches of a checkpoint that go another way than most: sinks
 * that offer little, that are gone or ahead; journals that were interrupted, exchanged or lost
 * some of their records; what is saved when, and what a second try is named. */
#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/fault.h"
#include "runtime/exec/ckpt_recover.h"
#include "tests/unit/faults/ckpt_stand.h"
#include "tests/unit/faults/quiet_suite.h"
#include "tests/unit/runtime/fake_program.h"
#include "tests/unit/runtime/source_stand.h"

void suite_recover_odd(void);

/* ---- journals made by hand ------------------------------------------------------------------ */

static rt_journal_text load_journal(void) {
    rt_journal_text t;
    int found;
    CU_ASSERT_FATAL(rt_journal_load(stand_dir(), &t, &found) == RT_ok && found);
    return t;
}

static void store_journal(const rt_record *records, int64_t n) {
    rt_journal *j = NULL;
    CU_ASSERT_FATAL(rt_journal_begin(stand_dir(), records, n, 1000, &j) == RT_ok);
    rt_journal_close(j);
}

/* The last records go. */
static void drop_last(int64_t n) {
    rt_journal_text t = load_journal();
    store_journal(t.records, t.n - n);
    rt_journal_text_free(&t);
}

static void remove_begun(void) {
    char path[400];
    rt_ident ident;
    bool found;
    CU_ASSERT_FATAL(rt_ident_read(stand_dir(), &ident, &found) == RT_ok && found);
    rt_begun_forget(stand_dir(), ident.job);
    snprintf(path, sizeof path, "%.300s", stand_dir());
    CU_ASSERT(!rt_begun_is(path, ident.job));
}

/* ---- sinks ---------------------------------------------------------------------------------- */

/* Sinks that offer only what they must: nothing of theirs is shown, compared or kept. */
static void test_bare(void) {
    stand_fresh();
    for (int i = 0; i < STAND_SINKS; i++) stand_sinks[i].bare = true;
    CU_ASSERT_EQUAL(stand_run(2, 1, false), RT_ok);
    CU_ASSERT_EQUAL(stand_run(4, 1, false), RT_ok);
    CU_ASSERT(stand_source.replanned == 2 && stand_sinks[0].shows == 0);
    /* one among others: each gets its own */
    stand_fresh();
    stand_sinks[1].bare = true;
    CU_ASSERT_EQUAL(stand_run(2, 1, true), RT_ok);
    CU_ASSERT(stand_sinks[0].published == 2 && stand_sinks[2].published == 2);
    CU_ASSERT(stand_sinks[0].forgotten == 1 && stand_sinks[2].forgotten == 1);
    CU_ASSERT_EQUAL(stand_run(2, 1, true), RT_ok);
    CU_ASSERT(stand_sinks[0].sweeps == 2 && stand_sinks[1].sweeps == 0);
}

/* What a batch gave is held against what it gives when it is repeated. */
static void test_replay(void) {
    stand_fresh();
    CU_ASSERT_EQUAL(stand_run(2, 0, false), RT_ok);
    stand_nsinks = 2; /* a sink more or less has no say in it */
    CU_ASSERT_EQUAL(stand_run(3, 0, false), RT_ok);
    stand_nsinks = 3;
    CU_ASSERT_EQUAL(stand_run(4, 0, false), RT_ok);
    CU_ASSERT(stand_source.replanned == 3 && stand_sinks[2].published == 4);
    stand_fresh();
    CU_ASSERT_EQUAL(stand_run(2, 1, false), RT_ok);
    CU_ASSERT_EQUAL(stand_run(2, 1, false), RT_refused); /* the stand's batches have no stages */
    /* the same bytes in another number of rows */
    rt_wire w = {0};
    rt_commit commit;
    stand_fresh();
    CU_ASSERT_EQUAL(stand_run(0, 0, false), RT_ok);
    rt_journal_text t = load_journal(); /* BEGIN P0 C0 D0 */
    CU_ASSERT_FATAL(t.n == 4 && rt_commit_read(t.records[2].payload, t.records[2].len, &commit));
    commit.sinks[1].rows = 1;
    rt_commit_write(&w, &commit);
    t.records[2].payload = w.p;
    t.records[2].len = w.n;
    store_journal(t.records, t.n);
    CU_ASSERT_EQUAL(stand_run(1, 0, false), RT_refused);
    rt_journal_text_free(&t);
    rt_commit_free(&commit);
    rt_wire_free(&w);
}

/* A program without one of the sinks: it must have shown its rows, if there were any. */
static void test_gone(void) {
    for (int k = 0; k < 4; k++) {
        bool rows = k & 1, done = k & 2;
        stand_fresh();
        CU_ASSERT_EQUAL(stand_run(1, rows, true), RT_ok);
        if (!done) drop_last(1);
        stand_nsinks = 2;
        CU_ASSERT_EQUAL(stand_run(2, rows, true), rows && !done ? RT_refused : RT_ok);
        CU_ASSERT_EQUAL(stand_sinks[0].published, rows && !done ? 1 : 2);
    }
}

/* A peer that is away for a moment gets the batch when it is back; one that stays away, or a sync
 * that fails, ends the run, and a start shows what was committed. */
static void test_down(void) {
    stand_fresh();
    stand_sinks[1].down = 3;
    CU_ASSERT_EQUAL(stand_run(1, 1, true), RT_ok);
    CU_ASSERT(stand_sinks[1].published == 1 && stand_sinks[1].shows == 2);
    stand_fresh();
    stand_sinks[1].down = 1000;
    CU_ASSERT_EQUAL(stand_run(1, 1, true), RT_given_up);
    CU_ASSERT_EQUAL(stand_run(1, 1, true), RT_given_up); /* at the start, too */
    CU_ASSERT(stand_sinks[0].published == 0 && stand_sinks[2].published == -1);
    stand_sinks[1].down = 0;
    CU_ASSERT_EQUAL(stand_run(0, 1, true), RT_ok);
    CU_ASSERT(stand_sinks[1].published == 0 && stand_sinks[2].published == 0);
    stand_fresh();
    stand_sinks[1].unsynced = RT_io;
    CU_ASSERT_EQUAL(stand_run(1, 1, true), RT_io);
    CU_ASSERT_EQUAL(stand_sinks[0].published, -1);
    stand_sinks[1].unsynced = RT_ok;
    stand_sinks[2].refuses = RT_refused;
    CU_ASSERT_EQUAL(stand_run(1, 1, true), RT_refused);
    CU_ASSERT(stand_sinks[0].published == -1 && stand_sinks[0].sweeps == 1); /* of the first start */
}

/* ---- output that is ahead ------------------------------------------------------------------- */

/* Begins behind a run of two batches whose last `lost` records are gone, with output of
 * batch 1; a batch that is there already comes from its plan. */
static void follow(int64_t lost, bool begun, rt_status want) {
    ckpt_stand st;
    stand_fresh();
    CU_ASSERT_EQUAL(stand_run(lost > 3 ? 0 : 1, 0, true), RT_ok);
    drop_last(lost > 3 ? 2 : lost);
    if (!begun) remove_begun();
    int64_t next = lost > 3 ? 0 : 1;
    stand_sinks[0].newest = next;
    stand_make(&st);
    CU_ASSERT_EQUAL(stand_begin(&st), want);
    if (want == RT_ok) {
        CU_ASSERT(st.job.batch == next - 1 && st.job.ckpt->forced.n > 0);
        st.job.batch++;
        CU_ASSERT_EQUAL(rt_recover_follow(st.job.ckpt), RT_ok);
        CU_ASSERT(stand_source.replanned == next && st.job.now == 1000 + next);
        CU_ASSERT(st.job.ckpt->forced.n == 0);
    }
    stand_end(&st);
}

static void test_ahead(void) {
    follow(2, true, RT_ok);       /* PLAN is there, COMMIT is lost */
    follow(3, true, RT_refused);  /* PLAN too */
    follow(5, false, RT_ok);      /* of the very first batch */
    follow(5, true, RT_refused);  /* which had happened */
    /* no farther ahead than one batch, and nothing comes behind the end of input */
    stand_fresh();
    CU_ASSERT_EQUAL(stand_run(2, 0, true), RT_ok);
    drop_last(2);
    stand_sinks[1].newest = 3;
    CU_ASSERT_EQUAL(stand_run(2, 0, true), RT_refused);
    stand_sinks[1].newest = 1; /* that is not ahead */
    CU_ASSERT_EQUAL(stand_run(2, 0, true), RT_ok);
    for (int plan = 0; plan < 2; plan++) {
        ckpt_stand st;
        stand_fresh();
        stand_make(&st);
        CU_ASSERT_FATAL(stand_begin(&st) == RT_ok);
        st.job.final = true;
        CU_ASSERT_EQUAL(stand_batch(&st, 0, false), RT_ok);
        if (plan) CU_ASSERT_EQUAL(stand_batch(&st, 0, false), RT_ok);
        stand_end(&st);
        if (plan) drop_last(2);
        stand_sinks[0].newest = plan ? 1 : -1;
        CU_ASSERT_EQUAL(stand_run(0, 0, true), plan ? RT_refused : RT_ok);
    }
}

/* ---- whose journal -------------------------------------------------------------------------- */

static rt_ident ident_there(void) {
    rt_ident ident = {0};
    bool found;
    CU_ASSERT_FATAL(rt_ident_read(stand_dir(), &ident, &found) == RT_ok && found);
    return ident;
}

static void remove_ident(void) {
    char path[400];
    snprintf(path, sizeof path, "%.300s/IDENT", stand_dir());
    CU_ASSERT_FATAL(unlink(path) == 0);
}

/* A journal whose head says so, with `more` records of an old one behind it. */
static void store_head(const uint8_t *job, const uint8_t *before, int64_t more) {
    rt_journal_text t = load_journal();
    rt_wire w = {0};
    rt_begin_write(&w, job, before);
    t.records[0].payload = w.p;
    t.records[0].len = w.n;
    store_journal(t.records, 1 + more);
    rt_journal_text_free(&t);
    rt_wire_free(&w);
}

static void add_to_journal(const char *text) {
    char path[400];
    snprintf(path, sizeof path, "%.300s/journal", stand_dir());
    FILE *f = fopen(path, "a");
    CU_ASSERT_FATAL(f != NULL);
    fputs(text, f);
    fclose(f);
}

/* Starts as they come behind a --fresh that was interrupted, and what only looks like it. */
static void test_whose(void) {
    static const struct {
        bool ident, same, before, torn;
        int64_t more;
        rt_status status;
        bool is_new;
    } all[] = {{false, true, false, false, 0, RT_ok, true},
               {false, true, false, true, 0, RT_refused, false},
               {false, true, false, false, 1, RT_refused, false},
               {true, false, true, false, 0, RT_ok, true},
               {true, false, true, false, 1, RT_refused, false},
               {true, false, false, false, 0, RT_refused, false},
               {true, true, false, false, 3, RT_ok, false}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        uint8_t other[16] = "another job", none[16] = {0};
        stand_fresh();
        CU_ASSERT_EQUAL(stand_run(1, 0, true), RT_ok);
        rt_ident ident = ident_there();
        store_head(all[i].same ? ident.job : other, all[i].before ? ident.job : none, all[i].more);
        if (all[i].torn) add_to_journal("FLWJ");
        if (!all[i].ident) remove_ident();
        CU_ASSERT_EQUAL(stand_run(2, 0, true), all[i].status);
        if (all[i].status == RT_ok)
            CU_ASSERT_EQUAL(memcmp(ident_there().job, ident.job, 16) != 0, all[i].is_new);
    }
}

/* --fresh takes the place of whatever is there, also of an IDENT that cannot be read. */
static void test_fresh(void) {
    for (int k = 0; k < 3; k++) {
        ckpt_stand st;
        char path[400];
        uint8_t none[16] = {0};
        stand_fresh();
        if (k) CU_ASSERT_EQUAL(stand_run(1, 0, true), RT_ok);
        snprintf(path, sizeof path, "%.300s/IDENT", stand_dir());
        rt_ident was = k ? ident_there() : (rt_ident){0};
        if (k == 2) fake_write(path, "x", 1);
        stand_make(&st);
        st.settings.fresh = true;
        CU_ASSERT_FATAL(stand_begin(&st) == RT_ok);
        CU_ASSERT(!memcmp(st.job.ckpt->before, k == 1 ? was.job : none, 16));
        stand_end(&st);
        stand_make(&st); /* a start behind it knows it, too, and is another epoch */
        CU_ASSERT_FATAL(stand_begin(&st) == RT_ok);
        CU_ASSERT(!memcmp(st.job.ckpt->before, k == 1 ? was.job : none, 16));
        CU_ASSERT_EQUAL(st.job.ckpt->env.epoch, 2);
        CU_ASSERT_EQUAL(stand_batch(&st, 0, false), RT_ok);
        CU_ASSERT(st.job.batch == 0);
        stand_end(&st);
        CU_ASSERT(memcmp(ident_there().job, was.job, 16));
        CU_ASSERT_EQUAL(stand_run(1, 0, true), RT_ok);
    }
}

/* ---- records that make no sense ---------------------------------------------------------------- */

/* A journal of two batches, of which one record is another. */
static rt_status with_record(int64_t i, rt_record_type type, const void *payload, int64_t len, uint32_t epoch) {
    rt_wire w = {0};
    stand_fresh();
    CU_ASSERT_EQUAL(stand_run(1, 0, true), RT_ok);
    rt_journal_text t = load_journal(); /* BEGIN P0 C0 D0 P1 C1 D1 */
    CU_ASSERT_FATAL(t.n == 7);
    rt_record *r = &t.records[i];
    if (type) r->type = type;
    if (payload) r->payload = payload;
    if (len >= 0) r->len = len;
    r->epoch = epoch;
    store_journal(t.records, t.n);
    rt_journal_text_free(&t);
    rt_wire_free(&w);
    return stand_run(2, 0, true);
}

static void test_records(void) {
    rt_wire plan = {0};
    for (int64_t i = 0; i < 7; i++) {
        CU_ASSERT_EQUAL(with_record(i, 0, NULL, -1, 1), RT_ok);
        CU_ASSERT_EQUAL(with_record(i, 0, NULL, -1, 5), RT_ok); /* epochs need not rise */
        CU_ASSERT_EQUAL(with_record(i, 0, NULL, 7, 1), RT_refused);
        for (int type = RT_PLAN; type <= RT_BEGIN; type++)
            CU_ASSERT_EQUAL(with_record(i, (rt_record_type)type, NULL, 7, 1), RT_refused);
    }
    CU_ASSERT_EQUAL(with_record(6, RT_DONE, "\0\0\0\0\0\0\0\0", 8, 1), RT_ok); /* DONE(0) again */
    CU_ASSERT_EQUAL(stand_sinks[0].shows, 3 + 1);
    rt_planned old = {.batch = 0};
    rt_planned_write(&plan, &old);
    CU_ASSERT_EQUAL(with_record(4, RT_PLAN, plan.p, plan.n, 1), RT_refused); /* behind COMMIT(0) */
    rt_wire_free(&plan);
    /* COMMITs in another order */
    stand_fresh();
    CU_ASSERT_EQUAL(stand_run(1, 0, true), RT_ok);
    rt_journal_text t = load_journal();
    rt_record first = t.records[2];
    t.records[2] = t.records[5];
    t.records[4] = first;
    store_journal(t.records, 5);
    rt_journal_text_free(&t);
    CU_ASSERT_EQUAL(stand_run(2, 0, true), RT_refused);
}

/* The journal is gone, empty, torn, or bad where it had been durable; and another program, or
 * another number of partitions. */
static void test_journals(void) {
    for (int k = 0; k < 6; k++) {
        static const rt_status want[] = {RT_refused, RT_refused, RT_ok, RT_refused, RT_refused, RT_refused};
        ckpt_stand st;
        char path[400];
        stand_fresh();
        CU_ASSERT_EQUAL(stand_run(1, 0, true), RT_ok);
        snprintf(path, sizeof path, "%.300s/journal", stand_dir());
        if (k == 0) CU_ASSERT(unlink(path) == 0);
        if (k == 1) fake_write(path, "", 0);
        if (k == 2) add_to_journal("FLWJ");
        if (k == 3) {
            int64_t n;
            char *text = fake_read(path, &n);
            text[50] ^= 1;
            fake_write(path, text, n);
            free(text);
        }
        stand_make(&st);
        if (k == 4) st.settings.name = "another";
        if (k == 5) st.settings.partitions = 8;
        CU_ASSERT_EQUAL(stand_begin(&st), want[k]);
        CU_ASSERT(want[k] == RT_ok || stand_sinks[0].sweeps == 1);
        stand_end(&st);
    }
}

/* A path is what it is without the slashes that it ends in, however short; no longer than names
 * below it leave room for. */
static void test_path(void) {
    static const char *const given[] = {"c", "c/", "c//", "./ck///"};
    static const char *const want[] = {"c", "c", "c", "./ck"};
    char far[RT_CKPT_PATH + 2], before[512];
    ckpt_stand st;
    CU_ASSERT_FATAL(getcwd(before, sizeof before) != NULL);
    for (int i = 0; i < 4; i++) {
        stand_fresh();
        CU_ASSERT_FATAL(chdir(fake_dir()) == 0);
        stand_make(&st);
        st.settings.checkpoint = given[i];
        CU_ASSERT_FATAL(stand_begin(&st) == RT_ok);
        CU_ASSERT_STRING_EQUAL(st.job.ckpt->dir, want[i]);
        CU_ASSERT_EQUAL(stand_batch(&st, 0, true), RT_ok);
        stand_end(&st);
        CU_ASSERT_FATAL(chdir(before) == 0);
    }
    memset(far, 'x', sizeof far);
    far[sizeof far - 1] = 0;
    stand_fresh();
    stand_make(&st);
    st.settings.checkpoint = far;
    CU_ASSERT_EQUAL(stand_begin(&st), RT_usage);
    stand_end(&st);
}

/* ---- saved state in the journal -------------------------------------------------------------- */

/* A COMMIT says that state stands in the one before, which is gone, or says it saved none. */
static void test_lost_bytes(void) {
    for (int gone = 0; gone < 2; gone++) {
        rt_wire w = {0};
        rt_commit commit;
        int64_t n = 1;
        stand_fresh();
        CU_ASSERT_EQUAL(stand_run(1, 0, true), RT_ok);
        rt_journal_text t = load_journal(); /* BEGIN P0 C0 D0 P1 C1 D1 */
        CU_ASSERT_FATAL(t.n == 7 && t.records[2].type == RT_COMMIT);
        CU_ASSERT_FATAL(rt_commit_read(t.records[2].payload, t.records[2].len, &commit));
        CU_ASSERT(commit.state && commit.nrefs == 1 && !*commit.refs[0].name);
        commit.state = false;
        rt_commit_write(&w, &commit);
        t.records[2].payload = w.p;
        t.records[2].len = w.n;
        for (int64_t i = 1; i < t.n; i++)
            if (!gone || i != 2) t.records[n++] = t.records[i];
        store_journal(t.records, n);
        rt_journal_text_free(&t);
        rt_commit_free(&commit);
        rt_wire_free(&w);
        CU_ASSERT_EQUAL(stand_run(2, 0, true), gone ? RT_refused : RT_ok);
        CU_ASSERT_EQUAL(stand_source.replanned, gone ? -1 : 1);
    }
}

/* ---- what is saved, and when ------------------------------------------------------------------ */

/* Is state saved with the second batch, where this one thing is so? */
static bool saves_second(bool drain, bool once, bool stateless, bool damaged, int64_t every, bool final) {
    ckpt_stand st;
    stand_fresh();
    if (stateless) stand_nstates = 0;
    stand_make(&st);
    st.settings.checkpoint_every = every;
    CU_ASSERT_FATAL(stand_begin(&st) == RT_ok);
    CU_ASSERT_EQUAL(stand_batch(&st, 0, false), RT_ok);
    st.job.ckpt->damaged = damaged;
    st.job.final = final;
    stand_source.once = once;
    CU_ASSERT_EQUAL(stand_batch(&st, 0, drain), RT_ok);
    bool saved = st.job.saving;
    CU_ASSERT_EQUAL(st.job.tally.saves, saved + (every <= 1 || stateless));
    CU_ASSERT(saved == (st.job.ckpt->nkept > 0 && st.job.ckpt->kept[0].batch == 1));
    if (damaged && every == 0 && saved) { /* else the first state is whole in any case */
        CU_ASSERT(!st.job.ckpt->damaged && st.job.ckpt->kept[0].n == 1);
        CU_ASSERT_EQUAL(st.job.ckpt->kept[0].refs[0].kind, RT_STATE_SNAP);
    }
    stand_end(&st);
    return saved;
}

static void test_when(void) {
    const int64_t hour = INT64_C(3600) * 1000000;
    CU_ASSERT(!saves_second(false, false, false, false, hour, false));
    CU_ASSERT(saves_second(true, false, false, false, hour, false));
    CU_ASSERT(saves_second(false, true, false, false, hour, false));
    CU_ASSERT(saves_second(false, false, true, false, hour, false));
    CU_ASSERT(saves_second(false, false, false, true, hour, false));
    CU_ASSERT(saves_second(false, false, false, false, 0, false));
    CU_ASSERT(saves_second(false, false, false, false, 1, false)); /* so long has passed */
    CU_ASSERT(saves_second(false, false, false, true, 0, false));
    CU_ASSERT(!saves_second(true, true, true, true, 0, true));
}

/* ---- another try ----------------------------------------------------------------------------- */

/* A disk that is full for a moment: what is written then has another name, for the first one
 * may still be there. */
static void test_again(void) {
    for (int k = 0; k < 3; k++) {
        static const char *const faults[] = {"pwrite:2:ENOSPC,unlink:1:EIO", "open:1:EMFILE", NULL};
        ckpt_stand st;
        stand_fresh();
        setenv("FLOW_TEST_SIZES", "1000000", 1); /* states are files */
        stand_sinks[1].full = k == 2 ? 2 : 0;
        stand_make(&st);
        st.settings.checkpoint_every = 0;
        CU_ASSERT_FATAL(stand_begin(&st) == RT_ok);
        uint32_t epoch = st.job.ckpt->env.epoch;
        rt_fault_wish(faults[k]);
        CU_ASSERT_FATAL(stand_batch(&st, 1, false) == RT_ok);
        if (faults[k]) CU_ASSERT(rt_fault_hits() > 0);
        rt_fault_wish(NULL);
        unsetenv("FLOW_TEST_SIZES");
        CU_ASSERT_EQUAL(st.job.tally.retries, k == 2 ? 2 : 1);
        CU_ASSERT_EQUAL(st.job.ckpt->env.epoch, epoch + (k == 2 ? 2 : 1));
        CU_ASSERT_EQUAL(st.job.ckpt->kept[0].refs[0].epoch, k == 2 ? epoch : epoch + 1);
        CU_ASSERT_EQUAL(stand_sinks[0].epoch, k == 2 ? epoch : epoch + 1);
        CU_ASSERT_EQUAL(stand_sinks[1].epoch, k == 2 ? epoch + 2 : epoch + 1);
        CU_ASSERT_EQUAL(stand_sinks[1].published, 0);
        stand_end(&st);
        CU_ASSERT_EQUAL(stand_run(1, 1, true), RT_ok); /* and what was saved can be read */
    }
}

/* A state that is no longer wanted cannot be removed: the batch has happened and is shown. */
static void test_cannot_remove(void) {
    ckpt_stand st;
    stand_fresh();
    setenv("FLOW_TEST_SIZES", "1000000", 1);
    stand_make(&st);
    st.settings.checkpoint_every = 0;
    CU_ASSERT_FATAL(stand_begin(&st) == RT_ok);
    CU_ASSERT_EQUAL(stand_batch(&st, 1, false), RT_ok);
    st.job.ckpt->save_full = true;
    rt_fault_wish("unlink:1:EIO");
    CU_ASSERT_EQUAL(stand_batch(&st, 1, false), RT_io);
    CU_ASSERT_EQUAL(rt_fault_hits(), 1);
    rt_fault_wish(NULL);
    CU_ASSERT_EQUAL(stand_sinks[2].published, 1);
    stand_end(&st);
    CU_ASSERT_EQUAL(stand_run(2, 1, true), RT_ok);
    CU_ASSERT(stand_source.replanned == -1 && stand_sinks[0].published == 2);
    unsetenv("FLOW_TEST_SIZES");
}

void suite_recover_odd(void) {
    CU_pSuite s = CU_add_suite("recover_odd", quiet_prepare, quiet_clean);
    CU_add_test(s, "sinks that offer little", test_bare);
    CU_add_test(s, "batches that are repeated", test_replay);
    CU_add_test(s, "sinks that are gone", test_gone);
    CU_add_test(s, "sinks that are down", test_down);
    CU_add_test(s, "output that is ahead", test_ahead);
    CU_add_test(s, "whose journal it is", test_whose);
    CU_add_test(s, "--fresh", test_fresh);
    CU_add_test(s, "records that make no sense", test_records);
    CU_add_test(s, "journals and settings", test_journals);
    CU_add_test(s, "paths", test_path);
    CU_add_test(s, "state that was in a COMMIT", test_lost_bytes);
    CU_add_test(s, "when state is saved", test_when);
    CU_add_test(s, "another try", test_again);
    CU_add_test(s, "what cannot be removed", test_cannot_remove);
}
