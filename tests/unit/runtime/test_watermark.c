/* The arithmetic of watermarks: minimum, idle partitions, ends, silence. */
#include <CUnit/CUnit.h>

#include "runtime/kernel/k_event.h"
#include "runtime/state/watermark.h"

void suite_watermark(void);

enum { S = 1000000 };
#define BEFORE FLOW_BEFORE_TIME
#define AFTER FLOW_AFTER_TIME

static rt_time_decl times[] = {{.delay = 10 * S, .idle = -1}, {.delay = 0, .idle = 60 * S}};
/* Sources 0 and 1 feed time 0; 1 and 2 feed time 1. */
static rt_clock_decl clocks[] = {{0, 0}, {0, 1}, {1, 1}, {1, 2}};
static int64_t only0[] = {0}, only1[] = {1}, both[] = {0, 1};
static rt_mark_decl marks[] = {{.times = only0, .ntimes = 1},
                               {.times = only1, .ntimes = 1},
                               {.times = both, .ntimes = 2},
                               {.processing = true}};
static rt_program program = {.times = times, .clocks = clocks, .marks = marks, .ntimes = 2,
                             .nclocks = 4, .nmarks = 4};

static int64_t next(const rt_watermarks *w, int64_t mark) {
    return rt_watermarks_marks(w)[mark].next;
}

static int64_t reached(const rt_watermarks *w, int64_t mark) {
    return rt_watermarks_marks(w)[mark].reached;
}

static void batch(rt_watermarks *w, int64_t now, int64_t a, int64_t b, int64_t c) {
    rt_watermarks_seen(w, 0, a);
    rt_watermarks_seen(w, 1, b);
    rt_watermarks_seen(w, 2, b);
    rt_watermarks_seen(w, 3, c);
    rt_watermarks_advance(w, now, false);
}

static void test_minimum(void) {
    rt_watermarks *w = rt_watermarks_new(&program);
    CU_ASSERT_EQUAL(rt_watermarks_marks(w)[0].now, BEFORE);
    batch(w, 1000 * S, 100 * S, BEFORE, BEFORE);
    CU_ASSERT_EQUAL(next(w, 0), BEFORE); /* source 1 has had no row */
    CU_ASSERT_EQUAL(next(w, 3), 1000 * S);
    rt_watermarks_commit(w);
    batch(w, 1001 * S, 50 * S, 80 * S, 70 * S);
    CU_ASSERT_EQUAL(next(w, 0), 70 * S); /* 100 and 80, less the delay */
    CU_ASSERT_EQUAL(next(w, 1), 70 * S);
    CU_ASSERT_EQUAL(rt_watermarks_marks(w)[0].now, BEFORE);
    rt_watermarks_commit(w);
    CU_ASSERT_EQUAL(rt_watermarks_marks(w)[0].now, 70 * S);
    CU_ASSERT_EQUAL(rt_watermarks_marks(w)[3].now, 1001 * S);
    batch(w, 1002 * S, 10 * S, 10 * S, 300 * S); /* never back */
    CU_ASSERT_EQUAL(next(w, 0), 70 * S);
    CU_ASSERT_EQUAL(next(w, 1), 80 * S);
    CU_ASSERT_EQUAL(next(w, 2), 70 * S);
    rt_watermarks_commit(w);
    rt_watermarks_ended(w, 1);
    batch(w, 1003 * S, BEFORE, BEFORE, BEFORE);
    CU_ASSERT_EQUAL(next(w, 0), 90 * S); /* source 0 alone */
    CU_ASSERT_EQUAL(reached(w, 0), 90 * S);
    rt_watermarks_commit(w);
    rt_watermarks_ended(w, 0);
    batch(w, 1004 * S, BEFORE, BEFORE, BEFORE);
    CU_ASSERT_EQUAL(next(w, 0), AFTER);
    CU_ASSERT_EQUAL(next(w, 2), 300 * S);
    rt_watermarks_advance(w, 1005 * S, true);
    CU_ASSERT_EQUAL(next(w, 2), AFTER);
    CU_ASSERT_EQUAL(next(w, 3), AFTER);
    rt_watermarks_free(w);
}

static void test_silence(void) {
    rt_watermarks *w = rt_watermarks_new(&program);
    batch(w, 1000 * S, 500 * S, 500 * S, BEFORE);
    CU_ASSERT_EQUAL(next(w, 1), BEFORE);
    rt_watermarks_commit(w);
    /* Source 2 has never spoken: idle a minute after the first batch. */
    CU_ASSERT_EQUAL(rt_watermarks_when(w, 1, 500 * S), 1060 * S);
    CU_ASSERT_EQUAL(rt_watermarks_when(w, 0, 500 * S), AFTER); /* no `idle` there */
    CU_ASSERT_EQUAL(rt_watermarks_when(w, 2, 490 * S), 1060 * S);
    CU_ASSERT_EQUAL(rt_watermarks_when(w, 3, 77), 77);
    batch(w, 1030 * S, BEFORE, 510 * S, BEFORE);
    rt_watermarks_commit(w);
    CU_ASSERT_EQUAL(rt_watermarks_when(w, 1, 505 * S), 1060 * S); /* 2 idle, 1 at 510 */
    CU_ASSERT_EQUAL(rt_watermarks_when(w, 1, 512 * S), 1092 * S); /* both idle at 1090 */
    batch(w, 1060 * S, BEFORE, BEFORE, BEFORE);
    CU_ASSERT_EQUAL(next(w, 1), 510 * S);
    rt_watermarks_commit(w);
    batch(w, 1095 * S, BEFORE, BEFORE, BEFORE);
    CU_ASSERT_EQUAL(next(w, 1), 515 * S);
    CU_ASSERT_EQUAL(next(w, 0), 490 * S);
    rt_watermarks_commit(w);
    batch(w, 1096 * S, BEFORE, BEFORE, 400 * S); /* it speaks again: late, and holds W */
    CU_ASSERT_EQUAL(next(w, 1), 515 * S);
    rt_watermarks_free(w);
}

/* at, idle, holds */
static void check_clock(const rt_watermarks *w, int64_t clock, int64_t now, int64_t at, bool idle,
                        bool holds) {
    rt_clock_look look = rt_watermarks_clock(w, clock, now);
    CU_ASSERT_EQUAL(look.at, at);
    CU_ASSERT_EQUAL(look.idle, idle);
    CU_ASSERT_EQUAL(look.holds, holds);
}

static void test_look(void) {
    rt_watermarks *w = rt_watermarks_new(&program);
    check_clock(w, 3, 0, BEFORE, false, true); /* no batch yet */
    batch(w, 1000 * S, 100 * S, BEFORE, BEFORE);
    rt_watermarks_commit(w);
    check_clock(w, 0, 1000 * S, 90 * S, false, false);
    check_clock(w, 1, 1000 * S, BEFORE, false, true); /* no row yet */
    CU_ASSERT_EQUAL(rt_watermarks_time(w, 0), BEFORE);
    batch(w, 1001 * S, BEFORE, 80 * S, BEFORE);
    rt_watermarks_commit(w);
    check_clock(w, 1, 1001 * S, 70 * S, false, true); /* behind */
    check_clock(w, 2, 1001 * S, 80 * S, false, false);
    check_clock(w, 3, 1001 * S, BEFORE, false, true);
    CU_ASSERT_EQUAL(rt_watermarks_time(w, 0), 70 * S);
    batch(w, 1060 * S, BEFORE, BEFORE, BEFORE);
    rt_watermarks_commit(w);
    check_clock(w, 3, 1060 * S, BEFORE, true, false); /* silent */
    check_clock(w, 2, 1060 * S, 80 * S, false, true);
    check_clock(w, 1, 1060 * S, 70 * S, false, true); /* there is no `idle` */
    rt_watermarks_ended(w, 1);
    check_clock(w, 1, 1060 * S, 70 * S, true, false);
    check_clock(w, 0, 1060 * S, 90 * S, false, true);
    rt_watermarks_free(w);
}

static void test_edges(void) {
    CU_ASSERT_EQUAL(flow_k_time_add(INT64_MAX - 1, 5), INT64_MAX);
    CU_ASSERT_EQUAL(flow_k_time_add(INT64_MIN + 1, -5), INT64_MIN);
    rt_watermarks *w = rt_watermarks_new(&program);
    batch(w, 1000 * S, INT64_MIN + 1, INT64_MIN + 1, 0);
    CU_ASSERT_EQUAL(next(w, 0), BEFORE);
    rt_watermarks_commit(w);
    batch(w, 1001 * S, INT64_MAX, INT64_MAX, INT64_MAX);
    CU_ASSERT_EQUAL(next(w, 0), INT64_MAX - 10 * S);
    rt_watermarks_free(w);
}

void suite_watermark(void) {
    CU_pSuite s = CU_add_suite("watermark", NULL, NULL);
    CU_add_test(s, "the least of the partitions", test_minimum);
    CU_add_test(s, "idle partitions, and silence", test_silence);
    CU_add_test(s, "what a time waits for", test_look);
    CU_add_test(s, "the ends of time", test_edges);
}
