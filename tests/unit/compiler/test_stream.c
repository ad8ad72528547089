/* test_stream.c - rows and properties from step to step. */
#include <string.h>

#include <CUnit/CUnit.h>

#include "compiler/types/expr.h"
#include "tests/unit/compiler/sema_fixture.h"

#define CLICKS                                                                           \
    "type Click = { user: string, url: string, ms: int, price: float?, tags: [string] }\n" \
    "stream clicks = from file(\"c.json\", format = json) as Click\n"

/* The columns behind the last step but the sink of the first running pipeline. */
static void expect_row(const char *steps, const char *row) {
    char text[2048];
    snprintf(text, sizeof text, CLICKS "clicks |> %s |> to discard()\n", steps);
    fixture_t f = fixture_check(text, NULL);
    CU_ASSERT_STRING_EQUAL(fixture_said(&f), "");
    if (!diags_errors(f.diags)) {
        const char *got = fixture_row(&f, fixture_run(&f, 0)->row);
        if (strcmp(got, row)) fprintf(stderr, "%s\ngave   %s\nwanted %s\n", steps, got, row);
        CU_ASSERT_STRING_EQUAL(got, row);
    }
    fixture_free(&f);
}

static void test_rows(void) {
    expect_row("where ms > 3", "user: string, url: string, ms: int, price: float?, tags: [string]");
    expect_row("select user, n = ms + 1", "user: string, n: int");
    expect_row("select *", "user: string, url: string, ms: int, price: float?, tags: [string]");
    expect_row("select n = 1, *",
               "n: int, user: string, url: string, ms: int, price: float?, tags: [string]");
    expect_row("drop url, tags |> let ms = float(ms), k = ms * 2.0",
               "user: string, ms: float, price: float?, k: float");
    expect_row("each tag, i in tags |> select tag, i", "tag: string, i: int");
    expect_row("select r = { a = ms, b = user } |> select r.*", "a: int, b: string");
    expect_row("select r = { a = ms } |> select r.a", "a: int");
    expect_row("select user |> window batch", "user: string, window: window");
    expect_row("window batch |> aggregate count() per user",
               "user: string, count: int, window: window");
    expect_row("aggregate n = count(), max(ms), mean = float(sum(ms)) / float(count())",
               "n: int, max: int, mean: float");
    expect_row("aggregate top_price = max(price) per u = lower(user)",
               "u: string, top_price: float?");
    expect_row("select user, ms |> distinct per first = slice(user, 0, 1)",
               "user: string, ms: int, first: string");
    expect_row("select user, ms |> window batch |> top 2 by ms desc per user as place",
               "user: string, ms: int, window: window, place: int");
    expect_row("select user, ms |> union (clicks |> select ms, user)", "user: string, ms: int");
}

static void test_narrowing(void) {
    expect_row("where price is not none |> select price", "price: float");
    expect_row("where not (price is none or ms < 3) |> select p = price * 2.0", "p: float");
    expect_row("select r = { p = price } |> where r.p is not none |> limit 3 |> select q = r.p",
               "q: float");
    expect_row("aggregate s = sum(price) when price is not none", "s: float");
    fixture_reject(CLICKS "clicks |> let r = { p = price } |> where r.p is not none |> "
                          "let r = { p = price } |> select q = r.p + 1.0 |> print\n",
                   "may be missing");
}

static void test_branches(void) {
    fixture_t f = fixture_check(
        "type E = A { x: int } | B { y: int } | C\n"
        "from stdin(format = json) as e: E\n"
        "|> branch a where e is A, b where e is B, else c\n"
        "a |> select e.x |> print\nb |> select e.* |> print\nc |> print\n", NULL);
    CU_ASSERT_STRING_EQUAL(fixture_said(&f), "");
    tflow_t *a = fixture_flow(&f, "a");
    CU_ASSERT_EQUAL(a->origin, ORIGIN_port);
    CU_ASSERT_EQUAL(a->port, 0);
    CU_ASSERT_EQUAL(fixture_flow(&f, "c")->port, 2);
    CU_ASSERT(a->live && a->from->live);
    CU_ASSERT_EQUAL(a->from->steps.at[a->port_step]->op, OP_branch);
    CU_ASSERT_PTR_EQUAL(a->from->steps.at[a->port_step]->u.branch.arms[0].flow, a);
    fixture_free(&f);
}

static void test_table_properties(void) {
    fixture_t f = fixture_check(
        CLICKS "table t = clicks |> aggregate n = count(), m = max(ms) per user, url\n"
               "t |> select m, who = user |> where m > 1 |> let who = upper(who) |> print\n"
               "t |> drop url |> sort by n desc |> to console(mode = complete)\n"
               "t |> top 3 by n desc per user as place |> to stdout(mode = final)\n", NULL);
    CU_ASSERT_STRING_EQUAL(fixture_said(&f), "");
    tflow_t *t = fixture_flow(&f, "t");
    CU_ASSERT(t->out.is_table && t->out.bounded);
    CU_ASSERT_EQUAL(t->out.nkeys, 2);
    CU_ASSERT_EQUAL(t->readers, 3);
    tflow_t *r = fixture_run(&f, 0);
    CU_ASSERT_EQUAL(r->steps.at[0]->out.keys[0].column, 1);
    CU_ASSERT_EQUAL(r->steps.at[0]->out.keys[1].column, -1);
    CU_ASSERT_EQUAL(r->out.keys[0].column, -1);
    CU_ASSERT_EQUAL(fixture_step(r, OP_print)->u.sink->mode, MODE_update);
    r = fixture_run(&f, 1);
    CU_ASSERT_PTR_EQUAL(r->out.sorted, r->steps.at[1]);
    CU_ASSERT_EQUAL(fixture_step(r, OP_to)->u.sink->mode, MODE_complete);
    r = fixture_run(&f, 2);
    CU_ASSERT_EQUAL(r->out.nkeys, 2);
    CU_ASSERT_EQUAL(r->out.keys[0].column, 0);
    CU_ASSERT_EQUAL(r->out.keys[1].column, 4);
    fixture_free(&f);
}

static void test_window(void) {
    fixture_t f = fixture_check(
        CLICKS "clicks |> window batch |> aggregate n = count() per user |> sort by n\n"
               "|> limit 2 |> print\n"
               "clicks |> window batch |> select user |> aggregate count() per user |> print\n"
               "clicks |> window batch |> window batch |> drop window |> limit 2 |> print\n", NULL);
    CU_ASSERT_STRING_EQUAL(fixture_said(&f), "");
    tflow_t *r = fixture_run(&f, 0);
    CU_ASSERT_EQUAL(r->out.windowed, WINDOW_batch);
    CU_ASSERT_EQUAL(r->out.window_column, 2);
    CU_ASSERT(!r->out.is_table && !r->out.limited);
    tstep_t *a = fixture_step(r, OP_aggregate);
    CU_ASSERT_EQUAL(a->u.aggregate.window_in, 5);
    CU_ASSERT_EQUAL(a->u.aggregate.window_out, 2);
    r = fixture_run(&f, 1); /* the select left the window */
    CU_ASSERT(r->out.is_table);
    r = fixture_run(&f, 2);
    CU_ASSERT_EQUAL(r->out.windowed, WINDOW_NONE);
    CU_ASSERT(r->out.limited);
    fixture_free(&f);
}

static void test_aggregate_parts(void) {
    fixture_t f = fixture_check(
        CLICKS "clicks |> aggregate n = count() when ms > 3,\n"
               "  mean = sum(ms) / count(), k = user per user |> print\n",
        NULL);
    CU_ASSERT_STRING_EQUAL(fixture_said(&f), "");
    tstep_t *a = fixture_step(fixture_run(&f, 0), OP_aggregate);
    CU_ASSERT_EQUAL_FATAL(a->u.aggregate.naggs, 3);
    CU_ASSERT_PTR_NOT_NULL(a->u.aggregate.aggs[0]->when);
    CU_ASSERT_PTR_NULL(a->u.aggregate.aggs[1]->when);
    CU_ASSERT_EQUAL_FATAL(a->u.aggregate.nitems, 3);
    CU_ASSERT_EQUAL(a->u.aggregate.nkeys, 1);
    /* the plain item sees the row of the keys */
    CU_ASSERT_EQUAL(a->u.aggregate.items[2].expr->def->index, 0);
    fixture_free(&f);
}

static void test_union_order(void) {
    fixture_t f = fixture_check(
        CLICKS "clicks |> select user, ms |> union (clicks |> select ms, user) |> print\n", NULL);
    CU_ASSERT_STRING_EQUAL(fixture_said(&f), "");
    tstep_t *u = fixture_step(fixture_run(&f, 0), OP_union);
    CU_ASSERT_EQUAL_FATAL(u->u.unite.n, 1);
    CU_ASSERT_EQUAL(u->u.unite.from[0][0], 1);
    CU_ASSERT_EQUAL(u->u.unite.from[0][1], 0);
    CU_ASSERT(u->u.unite.inputs[0]->index < fixture_run(&f, 0)->index);
    CU_ASSERT(u->u.unite.inputs[0]->live);
    fixture_free(&f);
}

static void test_wide_rows(void) {
    char text[8192] = "from stdin() |> select a0 = 1";
    for (int i = 1; i < 300; i++) snprintf(text + strlen(text), 32, ", a%d = 1", i);
    strcat(text, " |> print\n");
    fixture_reject(text, "a row of more than 255 columns");
}

void suite_stream(void);
void suite_stream(void) {
    CU_pSuite s = CU_add_suite("stream", NULL, NULL);
    CU_add_test(s, "rows", test_rows);
    CU_add_test(s, "narrowing", test_narrowing);
    CU_add_test(s, "branches", test_branches);
    CU_add_test(s, "table properties", test_table_properties);
    CU_add_test(s, "window", test_window);
    CU_add_test(s, "parts of aggregate", test_aggregate_parts);
    CU_add_test(s, "order of a union's columns", test_union_order);
    CU_add_test(s, "wide rows", test_wide_rows);
}
