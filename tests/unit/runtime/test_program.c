/* test_program.c - the descriptor's reader: what it takes, and one sentence for the rest. */
#include <stdio.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/data/program.h"

void suite_program(void);

static int64_t words[2];
static void *const addresses[] = {words, words, words};

static rt_program *read_text(const char *text, char *error) {
    *error = 0;
    return rt_program_read(text, (int64_t)strlen(text), addresses, 3, error, 256);
}

#define HEAD "flow\t1\nprogram\tp\tabi=x\n"

static void test_good(void) {
    char error[256];
    rt_program *p = read_text(
        "flow\t1\n"
        "program\tname\thash=h\tcompiler=c\tabi=x\tevery_batch=1\tdoc=two\\nlines\n"
        "cpu\tx86-64-v3\tfeatures=avx2,bmi2\n"
        "explain\ta\\tb\\\\\nexplain\tsecond\n"
        "set\tbatch\t2s\n"
        "param\tsmall\tfloat\taddr=1\tdefault=1.0\n"
        "step\t0\tx.flow:1:2\tfrom\n"
        "source\t0\tads\tfile\tformat=csv\tstep=0\theader=1\tcolumns=a,b\tmultiline=1\n"
        "option\tsource\t0\targ\ts\tpath with = and\\ttab\n"
        "option\tsource\t0\trate\ti\t5\noption\tsource\t0\trate\ti\t6\n"
        "state\t0\tcount\tstep=0\tkey=text\twords=3\tpartial=1\n"
        "state\t1\tlimit\tstep=0\tkey=int\twords=1\tparts=one\n"
        "exchange\t0\texchange\t\n"
        "sink\t0\tout\tstdout\tformat=json\tmode=final\torder=key\theader=h\\n\n"
        "stage\t0\ts\tsource=0\tblock=1\tflush=2\tstates=0\n"
        "stage\t1\tt\texchange=0\trows=1\tclose=2\tstates=0,1\tcloses=batch\n"
        "port\t0\t0\texchange=0\nport\t1\t0\tsink=0\nport\t1\t1\tsink=0\n",
        error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_STRING_EQUAL(p->name, "name");
    CU_ASSERT_STRING_EQUAL(p->doc, "two\nlines");
    CU_ASSERT(p->every_batch);
    CU_ASSERT_EQUAL(p->nexplain, 2);
    CU_ASSERT_STRING_EQUAL(p->explain[0], "a\tb\\");
    CU_ASSERT_STRING_EQUAL(p->sets[0].value, "2s");
    CU_ASSERT_PTR_EQUAL(p->params[0].words, words);
    CU_ASSERT_STRING_EQUAL(p->steps[0].at, "x.flow:1:2");
    CU_ASSERT_EQUAL(p->sources[0].format, RT_CSV);
    CU_ASSERT(p->sources[0].header && p->sources[0].multiline);
    CU_ASSERT_EQUAL(p->sources[0].stage, 0);
    const rt_option *o = p->sources[0].options;
    CU_ASSERT_STRING_EQUAL(rt_option_text(o, "arg", ""), "path with = and\ttab");
    CU_ASSERT_EQUAL(rt_option_word(o, "rate", 0), 6);
    CU_ASSERT_EQUAL(rt_option_word(o, "rows", -7), -7);
    CU_ASSERT(p->states[0].text_key && p->states[0].partial && !p->states[0].one_part);
    CU_ASSERT(!p->states[1].text_key && p->states[1].one_part);
    CU_ASSERT(p->sinks[0].framed);
    CU_ASSERT_EQUAL(p->sinks[0].mode, RT_FINAL);
    CU_ASSERT_STRING_EQUAL(p->sinks[0].header, "h\n");
    CU_ASSERT_EQUAL(p->stages[1].nstates, 2);
    CU_ASSERT_EQUAL(p->stages[1].closes, RT_CLOSES_BATCH);
    CU_ASSERT_EQUAL(p->stages[1].nports, 2);
    CU_ASSERT(p->stages[1].ports[1].to_sink && !p->stages[0].ports[0].to_sink);
    rt_program_free(p);
}

static void test_bad(void) {
    static const char *const texts[] = {
        "flow\t2\n",
        "flow\t1\nprogram\tp\n",
        HEAD "nonsense\n",
        HEAD "step\t1\ta\tb\n",
        HEAD "step\tx\ta\tb\n",
        HEAD "setup\t3\n",
        HEAD "setup\t-1\n",
        HEAD "param\ta\tint\n",
        HEAD "source\t0\ta\tfile\tformat=yaml\n",
        HEAD "source\t0\ta\tfile\tformat=binary\n",
        HEAD "source\t0\ta\tfile\tstep=4\n",
        HEAD "option\tsink\t0\ta\ti\t1\n",
        HEAD "source\t0\ta\tfile\noption\tsource\t0\ta\tq\t1\n",
        HEAD "stage\t0\ts\n",
        HEAD "stage\t0\ts\tsource=0\tblock=1\n",
        HEAD "source\t0\ta\tfile\nstage\t0\ts\tsource=0\n",
        HEAD "source\t0\ta\tfile\nstage\t0\ts\tsource=0\tblock=1\trange=1\n",
        HEAD "source\t0\ta\tfile\nstage\t0\ts\tsource=0\tblock=1\nport\t0\t1\tsink=0\n",
        HEAD "source\t0\ta\tfile\nstage\t0\ts\tsource=0\tblock=1\nport\t0\t0\tsink=0\n",
        HEAD "exchange\t0\nstage\t0\ts\texchange=0\n",
        HEAD "exchange\t0\nstage\t0\ts\texchange=0\trows=1\tstates=0\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char error[256];
        rt_program *p = read_text(texts[i], error);
        CU_ASSERT_PTR_NULL(p);
        CU_ASSERT(strlen(error) > 20);
        if (p) fprintf(stderr, "taken: %s\n", texts[i]);
        rt_program_free(p);
    }
}

void suite_program(void) {
    CU_pSuite s = CU_add_suite("program", NULL, NULL);
    CU_add_test(s, "a descriptor", test_good);
    CU_add_test(s, "faulty descriptors", test_bad);
}
