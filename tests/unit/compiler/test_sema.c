/* test_sema.c - whole programs: order, liveness, side streams, templates, limits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "compiler/types/const.h"
#include "compiler/types/expr.h"
#include "tests/unit/compiler/sema_fixture.h"

static void test_order(void) {
    fixture_t f = fixture_check("c |> print\n"
                                "stream c = b |> where n > 1\n"
                                "stream b = a |> union side\n"
                                "stream a = from stdin(format = json) as { n: int }\n"
                                "a |> branch side where n > 5, else rest\n"
                                "rest |> to discard()\n", NULL);
    CU_ASSERT_STRING_EQUAL(fixture_said(&f), "");
    for (size_t i = 0; i < f.program->flows.n; i++) {
        tflow_t *flow = f.program->flows.at[i];
        CU_ASSERT_EQUAL(flow->index, (int)i);
        CU_ASSERT(flow->live);
        if (flow->from) CU_ASSERT(flow->from->index < flow->index);
        for (size_t k = 0; k < flow->steps.n; k++)
            CU_ASSERT_EQUAL(flow->steps.at[k]->index, (int)k);
    }
    CU_ASSERT_EQUAL(fixture_flow(&f, "a")->readers, 2);
    fixture_free(&f);
}

static void test_liveness(void) {
    fixture_t f = fixture_check("stream a = from stdin()\nstream b = a |> where true\n"
                                "a |> errors into bad |> to discard()\nbad |> print\n", NULL);
    CU_ASSERT(fixture_says(&f, "nothing reads `b`"));
    CU_ASSERT_EQUAL(diags_errors(f.diags), 0);
    CU_ASSERT(!fixture_flow(&f, "b")->live);
    CU_ASSERT(fixture_flow(&f, "a")->live);
    CU_ASSERT_STRING_EQUAL(fixture_row(&f, fixture_flow(&f, "bad")->row),
                           "at: timestamp, source: string, offset: int, step: string, "
                           "error: string, raw: bytes");
    fixture_free(&f);
    /* a module: nothing runs, and nothing is said */
    fixture_accept("const a = 1\nstream b = from stdin() |> limit a\n");
    /* tests read flows */
    fixture_accept("stream a = from stdin()\nstream b = a |> where true\na |> print\n"
                   "test \"b\" { given a = [] expect b = [] }\n");
}

static void test_templates(void) {
    fixture_t f = fixture_check(
        "param low: int = 3\n"
        "step only(least: int, most: int = 10) =\n"
        "  where n in least..most |> union (more |> where n > least)\n"
        "step twice(k: int) = only(k) |> only(most = k * 2, least = low)\n"
        "stream more = from stdin(format = json) as { n: int }\n"
        "more |> twice(4) |> print\n", NULL);
    CU_ASSERT_STRING_EQUAL(fixture_said(&f), "");
    tflow_t *r = fixture_run(&f, 0);
    CU_ASSERT_EQUAL_FATAL(r->steps.n, 5);
    CU_ASSERT(r->steps.at[0]->expanded && r->steps.at[3]->expanded && !r->steps.at[4]->expanded);
    CU_ASSERT(r->steps.at[0]->node != r->steps.at[2]->node);
    CU_ASSERT_EQUAL(r->steps.at[0]->used.start, r->steps.at[2]->used.start);
    fixture_free(&f);
}

static void test_template_arguments(void) {
    fixture_t f = fixture_check("step head(n: int) = limit n\n"
                                "from stdin() |> head(2 + 3) |> print\n", NULL);
    CU_ASSERT_STRING_EQUAL(fixture_said(&f), "");
    tstep_t *l = fixture_step(fixture_run(&f, 0), OP_limit);
    CU_ASSERT_PTR_NOT_NULL_FATAL(l->u.limit.count_value);
    CU_ASSERT_EQUAL(l->u.limit.count_value->w[0], 5);
    fixture_free(&f);
    fixture_reject("step head(n: int) = limit n\nfrom stdin() |> head(0) |> print\n",
                   "must be at least 1");
    f = fixture_check("param k: int = 4\nstep head(n: int) = limit n\n"
                      "from stdin() |> head(k + 1) |> print\n", NULL);
    CU_ASSERT_STRING_EQUAL(fixture_said(&f), "");
    CU_ASSERT_PTR_NULL(fixture_step(fixture_run(&f, 0), OP_limit)->u.limit.count_value);
    fixture_free(&f);
}

static void test_not_built_last(void) {
    fixture_reject("from kafka(\"a\") |> where nothing |> print\n", "nothing");
    fixture_reject("from kafka(\"a\") |> where line == \"\" |> print\n",
                   "`kafka` is not built yet");
}

static void test_typed_text(void) {
    fixture_t f = fixture_check("set batch = 1s\n"
                                "from stdin() |> each word in split(line, \" \")\n"
                                "|> aggregate n = count() per word |> top 3 by n desc\n"
                                "|> to stdout(mode = final, format = csv)\n", NULL);
    CU_ASSERT_STRING_EQUAL(
        fixture_typed(&f),
        "set batch = 1s\n"
        "flow 0\n"
        "  from stdin text whole\n"
        "    row line: string\n"
        "    stream bounded\n"
        "  each word in split(line, \" \")\n"
        "    row line: string, word: string\n"
        "  aggregate\n"
        "    key word = word: string\n"
        "    agg 0 count(): int\n"
        "    item n = count(): int\n"
        "    row word: string, n: int\n"
        "    table key word bounded\n"
        "  top 3 by n desc\n"
        "    table key place (unseen) bounded\n"
        "  to stdout csv mode final\n");
    fixture_free(&f);
}

/* Many flows, each reading the next: no recursion by length. */
static void test_long_chains(void) {
    enum { N = 20000 };
    char *text = malloc(N * 48 + 64), *p = text;
    for (int i = 0; i < N; i++) p += sprintf(p, "stream f%d = f%d |> where true\n", i, i + 1);
    p += sprintf(p, "stream f%d = from stdin()\nf0 |> print\n", N);
    fixture_accept(text);
    p = text + sprintf(text, "from stdin()");
    for (int i = 0; i < 5000; i++) p += sprintf(p, " |> where true");
    sprintf(p, " |> print\n");
    fixture_accept(text);
    free(text);
}

/* A step that uses a step twice, thirty levels deep, is not expanded for ever. */
static void test_expansion_bomb(void) {
    char text[4096] = "step s0() = where true\n";
    for (int i = 1; i < 30; i++)
        sprintf(text + strlen(text), "step s%d() = s%d() |> s%d()\n", i, i - 1, i - 1);
    strcat(text, "from stdin() |> s29() |> print\n");
    fixture_t f = fixture_check(text, NULL);
    CU_ASSERT(fixture_says(&f, "more than 20000 steps"));
    fixture_free(&f);
    char *deep = malloc(64000), *p = deep;
    p += sprintf(p, "step s0() = where true\n");
    for (int i = 1; i < 1000; i++) p += sprintf(p, "step s%d() = s%d()\n", i, i - 1);
    sprintf(p, "from stdin() |> s999() |> print\n");
    f = fixture_check(deep, NULL);
    CU_ASSERT(fixture_says(&f, "nested more than 200 deep"));
    fixture_free(&f);
    free(deep);
}

void suite_sema(void);
void suite_sema(void) {
    CU_pSuite s = CU_add_suite("sema", NULL, NULL);
    CU_add_test(s, "order", test_order);
    CU_add_test(s, "liveness", test_liveness);
    CU_add_test(s, "templates", test_templates);
    CU_add_test(s, "arguments of templates", test_template_arguments);
    CU_add_test(s, "what is wrong comes first", test_not_built_last);
    CU_add_test(s, "the typed program as text", test_typed_text);
    CU_add_test(s, "long chains", test_long_chains);
    CU_add_test(s, "expansion", test_expansion_bomb);
}
