/* test_pace.c - the rate of a source: the estimator against its formula, step by step, and the
 * bucket of rows, under a clock of the test. */
#include <math.h>

#include <CUnit/Basic.h>

#include "runtime/base/rt_check.h"
#include "runtime/exec/pace.h"

void suite_pace(void);

#define S INT64_C(1000000)

static bool near(double a, double b) { return fabs(a - b) < 1e-6 * (1 + fabs(b)); }

/* The first batch measures, later ones correct: by all of the error, and by a fifth of what
 * waits. */
static void test_formula(void) {
    rt_pid p = {0};
    rt_pid_batch b = {.time = S, .rows = 1000, .processing = S / 2, .interval = S};
    CU_ASSERT(!rt_pid_next(&p, &b));
    CU_ASSERT(near(p.rate, 2000));
    b = (rt_pid_batch){.time = 2 * S, .rows = 3000, .processing = 2 * S, .interval = S};
    CU_ASSERT(rt_pid_next(&p, &b));
    CU_ASSERT(near(p.rate, 1500)); /* 2000 - (2000 - 1500) */
    b = (rt_pid_batch){
        .time = 4 * S, .rows = 1500, .processing = S, .waiting = S / 2, .interval = S};
    CU_ASSERT(rt_pid_next(&p, &b));
    CU_ASSERT(near(p.rate, 1500 - 0.2 * 750));
    CU_ASSERT(near(p.error, 0));
    /* Batches that tell nothing change nothing. */
    rt_pid before = p;
    static const rt_pid_batch none[] = {{.time = 5 * S, .rows = 0, .processing = S, .interval = S},
                                        {.time = 5 * S, .rows = 9, .processing = 0, .interval = S},
                                        {.time = 4 * S, .rows = 9, .processing = S, .interval = S}};
    for (int i = 0; i < 3; i++) CU_ASSERT(!rt_pid_next(&p, &none[i]));
    CU_ASSERT(near(p.rate, before.rate) && p.time == before.time);
    /* Never below a hundred. */
    b = (rt_pid_batch){.time = 9 * S, .rows = 1, .processing = S, .waiting = 90 * S, .interval = S};
    CU_ASSERT(rt_pid_next(&p, &b));
    CU_ASSERT(near(p.rate, 100));
}

/* A source that brings 24 times what can be done, at a steady speed: batches come to take an
 * interval, and when the flood is over nothing is held back any more. */
static void test_overload(void) {
    rt_pace p = {.filled = -1, .interval = S, .follows = true};
    int64_t now = S, queue = 0, due = S;
    const int64_t speed = 5000, most = 100000; /* rows a second, rows of a full batch */
    for (int i = 0; i < 60; i++) {
        int64_t rows = rt_pace_rows(&p, now);
        queue = i < 40 ? most * 2 : queue;
        int64_t take = rows < queue ? rows : queue;
        if (take > most) take = most;
        rt_pace_took(&p, take);
        bool limited = take == rows && queue > take;
        queue -= take;
        rt_pid_batch b = {.rows = take, .processing = take * S / speed + 1, .interval = S};
        b.waiting = now > due ? now - due : 0;
        now += b.processing;
        b.time = now;
        rt_pace_done(&p, &b, limited);
        if (i > 3 && i < 40) CU_ASSERT(b.processing < S + S / 10);
        if (now % S) now = (now / S + 1) * S;
        due = now;
    }
    CU_ASSERT(queue == 0 || rt_pace_rate(&p) > 0);
    for (int i = 0; i < 100 && queue; i++, now += S) {
        int64_t rows = rt_pace_rows(&p, now), take = rows < queue ? rows : queue;
        rt_pace_took(&p, take);
        queue -= take;
        rt_pid_batch b = {.time = now, .rows = take, .processing = take * S / speed, .interval = S};
        rt_pace_done(&p, &b, queue > 0);
    }
    CU_ASSERT_EQUAL(queue, 0);
    CU_ASSERT(rt_pace_rate(&p) == 0);
    CU_ASSERT_EQUAL(rt_pace_rows(&p, now), RT_PACE_ANY);
}

/* Batches whose commit alone takes longer than their interval: rows come at a fifth of what can
 * be done, behind a burst, and none is held back for long. */
static void test_fixed_cost(void) {
    const int64_t ms = S / 1000, commit = 3 * ms, come = 200; /* rows a ms */
    rt_pace p = {.filled = -1, .interval = ms, .follows = true};
    int64_t now = S, due = S, queue = 100000, taken = 0;
    for (int i = 0; i < 4000; i++) {
        int64_t rows = rt_pace_rows(&p, now), take = rows < queue ? rows : queue, began = now;
        if (take > 4000) take = 4000;
        rt_pace_took(&p, take);
        queue -= take;
        taken += take;
        rt_pid_batch b = {.rows = take, .processing = commit + i % 7 * 50 + take, .interval = ms};
        b.waiting = now > due ? now - due : 0;
        now = RT_MAX(now + b.processing, due + ms);
        due = RT_MAX(due + ms, now - now % ms);
        b.time = now;
        rt_pace_done(&p, &b, queue > 0 && take == rows);
        queue += (now - began) * come / ms;
    }
    CU_ASSERT(queue < 50 * come);
    CU_ASSERT(taken > 100000 + (now - S) / ms * come - 50 * come);
}

/* However the clock is cut, so many rows a second and no more than an interval at once. */
static void test_bucket(void) {
    static const int64_t steps[] = {S, S / 10, 7, 333333};
    for (int i = 0; i < 4; i++) {
        rt_pace p = {.most = 1000, .filled = -1, .interval = S};
        int64_t now = 5 * S, sum = rt_pace_rows(&p, now), until = now + 10 * S;
        CU_ASSERT_EQUAL(sum, 1000);
        CU_ASSERT(rt_pace_is_full(&p));
        rt_pace_took(&p, sum);
        CU_ASSERT(!rt_pace_is_full(&p));
        CU_ASSERT(rt_pace_next(&p, now) > now && rt_pace_next(&p, now) <= now + 1001);
        while (now < until && i != 2) {
            now += steps[i];
            int64_t rows = rt_pace_rows(&p, now);
            rt_pace_took(&p, rows);
            sum += rows;
        }
        if (i == 2) now += 30 * S, sum += rt_pace_rows(&p, now), until = now;
        int64_t wanted = i == 2 ? 2000 : 1000 + (now - 5 * S) / 1000;
        CU_ASSERT(sum >= wanted - 1 && sum <= wanted);
    }
    rt_pace none = {.filled = -1, .interval = S};
    CU_ASSERT_EQUAL(rt_pace_rows(&none, S), RT_PACE_ANY);
    CU_ASSERT_EQUAL(rt_pace_next(&none, S), S);
}

static void test_initial(void) {
    rt_pace p = {.initial = 300, .filled = -1, .interval = S, .follows = true};
    CU_ASSERT_EQUAL(rt_pace_rows(&p, S), 300);
    rt_pace_took(&p, 300);
    rt_pid_batch b = {.time = 2 * S, .rows = 300, .processing = S / 10, .interval = S};
    rt_pace_done(&p, &b, true);
    /* In time: nothing is held back, and none of what came before counts. */
    CU_ASSERT_EQUAL(rt_pace_rows(&p, 3 * S), RT_PACE_ANY);
    p.most = 50;
    p.late = true;
    CU_ASSERT(near(rt_pace_rate(&p), 50));
}

void suite_pace(void) {
    CU_pSuite s = CU_add_suite("pace", NULL, NULL);
    CU_add_test(s, "the estimator's formula", test_formula);
    CU_add_test(s, "a flood", test_overload);
    CU_add_test(s, "batches that cost more than their interval", test_fixed_cost);
    CU_add_test(s, "the bucket", test_bucket);
    CU_add_test(s, "the first rate", test_initial);
}
