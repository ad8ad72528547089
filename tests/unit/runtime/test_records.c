/* What PLAN, COMMIT and DONE say: written, read, cut anywhere, flipped anywhere.  Checksums
 * stand around it (test_journal.c); here nothing may be believed that is not there. */
#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

#include "runtime/ckpt/commit.h"
#include "runtime/base/rt_arena.h"

void suite_records(void);

static void make_commit(rt_wire *w, bool inlined) {
    rt_commit_sink sinks[2] = {
        {.name = "to file out.csv", .ordinal = 0, .rows = 7, .crc = 9,
         .record = (const uint8_t *)"abc", .len = 3},
        {.name = "", .ordinal = 1, .rows = 0, .record = NULL, .len = 0}};
    rt_state_ref refs[2] = {{.length = 100, .crc = 5, .kind = RT_STATE_SNAP, .epoch = 2, .batch = 3},
                            {.length = 4, .crc = 6, .kind = RT_STATE_DELTA, .epoch = 3, .batch = 8}};
    rt_state_ref_name(refs[0].name, sizeof refs[0].name, 3, 2, RT_STATE_SNAP);
    if (!inlined) rt_state_ref_name(refs[1].name, sizeof refs[1].name, 8, 3, RT_STATE_DELTA);
    rt_commit c = {.batch = 8, .now = -5, .program = "hash", .sinks = sinks, .nsinks = 2,
                   .state = true, .refs = refs, .nrefs = 2,
                   .inlined = (const uint8_t *)(inlined ? "1234" : ""),
                   .inlined_len = inlined ? 4 : 0};
    rt_commit_write(w, &c);
}

static void test_commit(void) {
    for (int inlined = 0; inlined < 2; inlined++) {
        rt_wire w = {0};
        rt_commit c;
        make_commit(&w, inlined);
        CU_ASSERT_FATAL(rt_commit_read(w.p, w.n, &c));
        CU_ASSERT(c.batch == 8 && c.now == -5 && !c.final && c.state);
        CU_ASSERT(c.nsinks == 2 && c.nrefs == 2 && c.inlined_len == (inlined ? 4 : 0));
        CU_ASSERT_STRING_EQUAL(c.program, "hash");
        const rt_commit_sink *s = rt_commit_find(&c, "to file out.csv", 0);
        CU_ASSERT_FATAL(s != NULL);
        CU_ASSERT(s->rows == 7 && s->crc == 9 && s->len == 3 && !memcmp(s->record, "abc", 3));
        CU_ASSERT(!rt_commit_find(&c, "to file out.csv", 1) && rt_commit_find(&c, "", 1));
        rt_commit_free(&c);
        rt_wire_free(&w);
    }
}

/* From memory of exactly that length, so that a sanitizer sees a step too far. */
static bool reads(const uint8_t *p, int64_t n) {
    rt_commit c;
    uint8_t *copy = rt_alloc((size_t)n + 1);
    memcpy(copy, p, (size_t)n);
    bool good = rt_commit_read(copy, n, &c);
    if (good) rt_commit_free(&c);
    free(copy);
    return good;
}

static void test_damage(void) {
    rt_wire w = {0};
    make_commit(&w, true);
    for (int64_t n = 0; n < w.n; n++) CU_ASSERT(!reads(w.p, n));
    for (int64_t bit = 0; bit < 8 * w.n; bit++) {
        w.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
        reads(w.p, w.n);
        w.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    /* Huge lengths are never asked for. */
    for (int64_t at = 0; at + 8 <= w.n; at++) {
        uint8_t kept[8];
        memcpy(kept, w.p + at, 8);
        memset(w.p + at, 0x7f, 8);
        reads(w.p, w.n);
        memcpy(w.p + at, kept, 8);
    }
    rt_wire_u8(&w, 0);
    CU_ASSERT(!reads(w.p, w.n));
    rt_wire_free(&w);
}

/* Numbers of batches that no run comes to: there would be none behind them. */
static void test_batches(void) {
    static const int64_t all[] = {0, INT64_MAX / 2, INT64_MAX / 2 + 1, INT64_MAX, -1, INT64_MIN};
    for (int i = 0; i < 6; i++) {
        rt_wire w[3] = {{0}};
        rt_planned plan = {.batch = all[i]};
        rt_commit commit = {.batch = all[i], .program = "hash"}, read;
        int64_t batch;
        rt_planned_write(&w[0], &plan);
        rt_commit_write(&w[1], &commit);
        rt_done_write(&w[2], all[i]);
        CU_ASSERT_EQUAL(rt_planned_read(w[0].p, w[0].n, &plan), i < 2);
        CU_ASSERT_EQUAL(rt_commit_read(w[1].p, w[1].n, &read), i < 2);
        CU_ASSERT_EQUAL(rt_done_read(w[2].p, w[2].n, &batch), i < 2);
        if (i < 2) rt_commit_free(&read);
        for (int k = 0; k < 3; k++) rt_wire_free(&w[k]);
    }
}

static void test_plan(void) {
    rt_wire w = {0};
    rt_planned out, plan = {.batch = 4, .now = 77, .final = true,
                            .input = (const uint8_t *)"input", .len = 5};
    rt_planned_write(&w, &plan);
    CU_ASSERT(rt_planned_read(w.p, w.n, &out) && out.batch == 4 && out.now == 77 && out.final);
    CU_ASSERT(out.len == 5 && !memcmp(out.input, "input", 5));
    for (int64_t n = 0; n < w.n; n++) CU_ASSERT(!rt_planned_read(w.p, n, &out));
    w.p[16] = 2; /* neither true nor false */
    CU_ASSERT(!rt_planned_read(w.p, w.n, &out));
    rt_wire_clear(&w);
    int64_t batch;
    rt_done_write(&w, 12);
    CU_ASSERT(rt_done_read(w.p, w.n, &batch) && batch == 12);
    for (int64_t n = 0; n < w.n; n++) CU_ASSERT(!rt_done_read(w.p, n, &batch));
    rt_wire_free(&w);
}

void suite_records(void) {
    CU_pSuite s = CU_add_suite("records", NULL, NULL);
    CU_add_test(s, "numbers of batches", test_batches);
    CU_add_test(s, "commit", test_commit);
    CU_add_test(s, "commit, damaged", test_damage);
    CU_add_test(s, "plan and done", test_plan);
}
