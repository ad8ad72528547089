/* test_module.c - imports, and steps of one's own from other files. */
#include <string.h>

#include <CUnit/CUnit.h>

#include "compiler/types/expr.h"
#include "compiler/types/module.h"
#include "tests/unit/compiler/sema_fixture.h"

static void test_paths(void) {
    arena_t *a = arena_new("test");
    CU_ASSERT_STRING_EQUAL(module_path(a, "t.flow", "x.flow"), "x.flow");
    CU_ASSERT_STRING_EQUAL(module_path(a, "d/t.flow", "x.flow"), "d/x.flow");
    CU_ASSERT_STRING_EQUAL(module_path(a, "d/e/t.flow", "../x.flow"), "d/x.flow");
    CU_ASSERT_STRING_EQUAL(module_path(a, "d/t.flow", "../../x.flow"), "../x.flow");
    CU_ASSERT_STRING_EQUAL(module_path(a, "/d/t.flow", "../../x.flow"), "/x.flow");
    CU_ASSERT_STRING_EQUAL(module_path(a, "d/t.flow", "./e/./x.flow"), "d/e/x.flow");
    CU_ASSERT_STRING_EQUAL(module_path(a, "d/t.flow", "/abs/x.flow"), "/abs/x.flow");
    arena_free(a);
}

static const fixture_file_t shop[] = {
    {"lib/shop.flow",
     "import \"types.flow\"\n"
     "const least = 5\n"
     "param rate: float = 1.5\n"
     "fn price(ms: int): float = float(ms) * rate\n"
     "stream orders = from stdin(format = json) as Order |> errors into bad\n"
     "step big(n: int) = where id > n |> let p = price(id)\n"
     "orders |> print\n"},
    {"lib/types.flow", "type Order = { id: int, kind: Kind }\ntype Kind = Small | Large\n"},
    {NULL, NULL},
};

static void test_plain_import(void) {
    fixture_t f = fixture_check("import \"lib/shop.flow\"\n"
                                "orders |> where kind is Large |> big(least) |> print\n"
                                "bad |> print\n",
                                shop);
    /* Types of an import's import are not this file's. */
    CU_ASSERT(fixture_says(&f, "Large"));
    fixture_free(&f);
    f = fixture_check("import \"lib/shop.flow\"\nimport \"lib/types.flow\"\n"
                      "orders |> where kind is Large |> big(least) |> print\n"
                      "bad |> print\n",
                      shop);
    CU_ASSERT_STRING_EQUAL(fixture_said(&f), "");
    CU_ASSERT_EQUAL_FATAL(f.program->params.n, 1);
    CU_ASSERT_STRING_EQUAL(f.program->params.at[0].name, "rate");
    /* its pipeline into a sink stays behind */
    for (size_t i = 0; i < f.program->flows.n; i++)
        CU_ASSERT(f.program->flows.at[i]->name || f.program->flows.at[i]->at.file == 0);
    fixture_free(&f);
}

static void test_alias(void) {
    fixture_t f = fixture_check("import \"lib/shop.flow\" as s\n"
                                "const least = 100\n"
                                "s.orders |> s.big(s.least) |> let q = s.price(id) |> print\n",
                                shop);
    CU_ASSERT(fixture_says(&f, "least` is never used"));
    CU_ASSERT_EQUAL(diags_errors(f.diags), 0);
    CU_ASSERT_EQUAL_FATAL(f.program->params.n, 1);
    CU_ASSERT_STRING_EQUAL(f.program->params.at[0].name, "s.rate");
    tstep_t *w = fixture_step(fixture_run(&f, 0), OP_where);
    CU_ASSERT_FATAL(w != NULL && w->expanded);
    CU_ASSERT_EQUAL(w->at.file != 0, 1);
    CU_ASSERT_EQUAL(w->used.file, 0);
    fixture_free(&f);
}

static void test_once(void) {
    static const fixture_file_t files[] = {
        {"a.flow", "import \"c.flow\"\nstream a = base |> where n > 1\n"},
        {"b.flow", "import \"./c.flow\"\nstream b = base |> where n > 2\n"},
        {"c.flow", "stream base = from stdin(format = json) as { n: int }\n"},
        {NULL, NULL},
    };
    fixture_t f = fixture_check("import \"a.flow\"\nimport \"b.flow\"\n"
                                "a |> union b |> print\n", files);
    CU_ASSERT_STRING_EQUAL(fixture_said(&f), "");
    CU_ASSERT_EQUAL(f.program->flows.n, 4);
    CU_ASSERT_EQUAL(fixture_flow(&f, "base")->readers, 2);
    fixture_free(&f);
}

static void test_faults(void) {
    static const fixture_file_t files[] = {
        {"ring.flow", "import \"ring2.flow\"\n"},
        {"ring2.flow", "import \"ring.flow\"\n"},
        {"bad.flow", "stream a = from stdin( |> print\n"},
        {"types.flow", "type T = { a: int }\ntype U = A | B\n"},
        {NULL, NULL},
    };
    fixture_t f = fixture_check("import \"ring.flow\"\nnothing |> print\n", files);
    CU_ASSERT(fixture_says(&f, "ring2.flow:1:8: error: `ring.flow` imports this file too"));
    CU_ASSERT_EQUAL(diags_errors(f.diags), 1);
    fixture_free(&f);
    f = fixture_check("import \"bad.flow\"\na |> print\n", files);
    CU_ASSERT(fixture_says(&f, "bad.flow:1:"));
    fixture_free(&f);
    f = fixture_check("import \"types.flow\" as t\ntype T = { b: int }\nfrom stdin() |> print\n",
                      files);
    CU_ASSERT(fixture_says(&f, "`T` is declared twice"));
    CU_ASSERT_EQUAL(diags_errors(f.diags), 1);
    fixture_free(&f);
    f = fixture_check("import \"types.flow\" as t\nimport \"types.flow\" as t\n"
                      "from stdin() |> print\n", files);
    CU_ASSERT(fixture_says(&f, "`t` is declared twice"));
    fixture_free(&f);
    f = fixture_check("import \"\"\nfrom stdin() |> print\n", files);
    CU_ASSERT(fixture_says(&f, "no path"));
    fixture_free(&f);
}

static void test_deep_imports(void) {
    fixture_file_t files[130];
    char paths[130][16], texts[130][32];
    for (int i = 0; i < 129; i++) {
        snprintf(paths[i], sizeof paths[i], "m%d.flow", i);
        snprintf(texts[i], sizeof texts[i], "import \"m%d.flow\"\n", i + 1);
        files[i] = (fixture_file_t){paths[i], texts[i]};
    }
    files[129] = (fixture_file_t){NULL, NULL};
    fixture_t f = fixture_check("import \"m0.flow\"\nfrom stdin() |> print\n", files);
    CU_ASSERT(fixture_says(&f, "nested too deep"));
    fixture_free(&f);
}

void suite_module(void);
void suite_module(void) {
    CU_pSuite s = CU_add_suite("module", NULL, NULL);
    CU_add_test(s, "paths", test_paths);
    CU_add_test(s, "import", test_plain_import);
    CU_add_test(s, "import as", test_alias);
    CU_add_test(s, "a file is read once", test_once);
    CU_add_test(s, "faults", test_faults);
    CU_add_test(s, "depth", test_deep_imports);
}
