/* test_meta_odd.c - what is saved beside the state: when stages are due, which sinks are full;
 * of this program, of another one, and of nobody. */
#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

#include "runtime/exec/ckpt_meta.h"
#include "runtime/kernel/k_event.h"
#include "tests/unit/faults/ckpt_stand.h"
#include "tests/unit/faults/quiet_suite.h"
#include "tests/unit/runtime/source_stand.h"

void suite_meta_odd(void);

/* Two stages, of which the second one is due at times of its own; sinks `a`, `a` and `c`. */
typedef struct staged {
    ckpt_stand st;
    rt_stage_decl stages[2];
    rt_exchange_decl exchange;
    rt_stage_run runs[2];
    flow_due due[STAND_PARTS];
} staged;

static void staged_begin(staged *g) {
    memset(g, 0, sizeof *g);
    stand_fresh();
    stand_sinks[1].name = "a";
    stand_make(&g->st);
    CU_ASSERT_FATAL(stand_begin(&g->st) == RT_ok);
    g->st.program.stages = g->stages;
    g->st.program.nstages = 2;
    g->st.program.exchanges = &g->exchange;
    g->st.job.runs = g->runs;
    g->runs[1].due = g->due;
    for (int k = 0; k < STAND_PARTS; k++) g->due[k] = (flow_due){100 + k, 200 - k};
    g->st.job.sink_full[1] = 1;
}

static void staged_end(staged *g) {
    g->st.job.runs = NULL;
    stand_end(&g->st);
}

static rt_wire saved(staged *g) {
    rt_wire w = {0};
    rt_ckpt_meta_save(&g->st.job, &w);
    memset(g->due, 0, sizeof g->due);
    for (int i = 0; i < STAND_SINKS; i++) g->st.job.sink_full[i] = 0;
    return w;
}

static void test_same(void) {
    staged g;
    staged_begin(&g);
    rt_wire w = saved(&g);
    CU_ASSERT_EQUAL(rt_ckpt_meta_load(&g.st.job, w.p, w.n), RT_ok);
    CU_ASSERT(g.due[0].mark == 100 && g.due[3].mark == 103 && g.due[3].clock == 197);
    CU_ASSERT(g.runs[1].soonest.mark == 100 && g.runs[1].soonest.clock == 197);
    CU_ASSERT(!g.st.job.sink_full[0] && g.st.job.sink_full[1] && !g.st.job.sink_full[2]);
    rt_wire_free(&w);
    staged_end(&g);
}

/* Of another program: all is due at once, which finds out anew; sinks are known by their names. */
static void test_other(void) {
    static const char *const hashes[] = {"1235", "12345"};
    for (int i = 0; i < 2; i++) {
        staged g;
        staged_begin(&g);
        g.st.job.sink_full[2] = 1;
        rt_wire w = saved(&g);
        g.st.program.hash = hashes[i];
        g.st.program.nstages = 2 - i;
        g.st.job.ckpt->sinks[1] = "b ";
        if (i) g.st.job.ckpt->sinks[2] = "cc ";
        CU_ASSERT_EQUAL(rt_ckpt_meta_load(&g.st.job, w.p, w.n), RT_ok);
        CU_ASSERT_EQUAL(g.due[2].mark, i ? 0 : FLOW_BEFORE_TIME);
        CU_ASSERT_EQUAL(g.runs[1].soonest.clock, i ? 0 : FLOW_BEFORE_TIME);
        CU_ASSERT(!g.st.job.sink_full[0] && !g.st.job.sink_full[1]);
        CU_ASSERT_EQUAL(g.st.job.sink_full[2], !i);
        rt_wire_free(&w);
        staged_end(&g);
    }
}

/* The program says that it is the same, and has other stages, or other partitions. */
static void test_stages(void) {
    staged g;
    staged_begin(&g);
    rt_wire w = saved(&g);
    g.st.program.nstages = 1;
    CU_ASSERT_EQUAL(rt_ckpt_meta_load(&g.st.job, w.p, w.n), RT_refused);
    g.st.program.nstages = 2;
    g.exchange.one_part = true;
    CU_ASSERT_EQUAL(rt_ckpt_meta_load(&g.st.job, w.p, w.n), RT_refused);
    g.exchange.one_part = false;
    g.runs[1].due = NULL;
    CU_ASSERT_EQUAL(rt_ckpt_meta_load(&g.st.job, w.p, w.n), RT_refused);
    g.runs[1].due = g.due;
    CU_ASSERT_EQUAL(rt_ckpt_meta_load(&g.st.job, w.p, w.n), RT_ok);
    rt_wire_free(&w);
    staged_end(&g);
}

/* Cut anywhere, longer by a byte, with other counts and versions. */
static void test_forged(void) {
    for (int other = 0; other < 2; other++) {
        staged g;
        staged_begin(&g);
        rt_wire w = saved(&g);
        if (other) g.st.program.hash = "another";
        for (int64_t n = 0; n < w.n; n++) {
            uint8_t *exact = malloc((size_t)n + !n);
            if (n) memcpy(exact, w.p, (size_t)n);
            CU_ASSERT_EQUAL(rt_ckpt_meta_load(&g.st.job, exact, n), RT_refused);
            free(exact);
        }
        for (int64_t at = 0; at < w.n; at++) { /* may be good, but reads no further */
            uint8_t kept = w.p[at];
            w.p[at] ^= 0x81;
            rt_status status = rt_ckpt_meta_load(&g.st.job, w.p, w.n);
            CU_ASSERT(status == RT_refused || (status == RT_ok && at >= 4));
            w.p[at] = kept;
        }
        rt_wire_u8(&w, 0);
        CU_ASSERT_EQUAL(rt_ckpt_meta_load(&g.st.job, w.p, w.n), RT_refused);
        w.n--;
        CU_ASSERT_EQUAL(rt_ckpt_meta_load(&g.st.job, w.p, w.n), RT_ok);
        rt_wire_free(&w);
        staged_end(&g);
    }
}

void suite_meta_odd(void) {
    CU_pSuite s = CU_add_suite("meta_odd", quiet_prepare, quiet_clean);
    CU_add_test(s, "of this program", test_same);
    CU_add_test(s, "of another program", test_other);
    CU_add_test(s, "stages that do not fit", test_stages);
    CU_add_test(s, "forged", test_forged);
}
