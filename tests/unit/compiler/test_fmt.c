/* test_fmt.c - the formatter: one layout, every comment, the same tree. */
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "compiler/syntax/fmt.h"
#include "tests/unit/compiler/syntax_fixture.h"

static const char *format(arena_t *a, const char *text, size_t n, size_t *len) {
    sources_t *sources = sources_new(a);
    parse_env_t env = {a, intern_new(a), sources, diags_new(a, sources)};
    return fmt_file(&env, sources_add(sources, "x.flow", text, n), len);
}

static void format_is(const char *text, const char *want) {
    arena_t *a = arena_new("fmt test");
    size_t n;
    const char *got = format(a, text, strlen(text), &n);
    CU_ASSERT_PTR_NOT_NULL_FATAL(got);
    CU_ASSERT_STRING_EQUAL(got, want);
    if (strcmp(got, want)) printf("\n%s", got);
    CU_ASSERT_STRING_EQUAL(format(a, got, n, &n), want);
    arena_free(a);
}

/* fmt_file itself compares the trees and counts the comments. */
static void test_golden_programs(void) {
    arena_t *a = arena_new("fmt test");
    for (const char **path = syntax_files(a, "tests/golden/syntax"); *path; path++) {
        size_t n, len, again;
        char *text = syntax_read(a, *path, &n);
        const char *once = format(a, text, n, &len);
        CU_ASSERT_PTR_NOT_NULL_FATAL(once);
        const char *twice = format(a, once, len, &again);
        CU_ASSERT(len == again && !memcmp(once, twice, len));
        if (len != again) printf("\n%s differs when formatted twice\n", *path);
        for (const char *line = once; *line; line += strcspn(line, "\n") + 1) {
            size_t width = strcspn(line, "\n");
            CU_ASSERT(width == 0 || line[width - 1] != ' ');
        }
    }
    arena_free(a);
}

static void test_errors(void) {
    arena_t *a = arena_new("fmt test");
    size_t n;
    CU_ASSERT_PTR_NULL(format(a, "a |> wher b", 11, &n));
    arena_free(a);
}

static void test_empty(void) {
    format_is("", "");
    format_is("\n\n  \n", "");
    format_is("# only\n\n\n# comments", "# only\n\n# comments\n");
}

static void test_brackets(void) {
    format_is("const x = ((a))", "const x = a\n");
    format_is("const x = (a.b) + f((c))", "const x = a.b + f(c)\n");
    format_is("const x = (a + b) * c", "const x = (a + b) * c\n");
    format_is("const x = (a * b) + c", "const x = (a * b) + c\n");
    format_is("const x = a - (b - c)", "const x = a - (b - c)\n");
    format_is("const x = (if a then b else c).d", "const x = (if a then b else c).d\n");
    format_is("a |> where ((b)) |> print", "a |> where b |> print\n");
    format_is("const x = -(-1)", "const x = -(-1)\n");
}

static void test_spacing(void) {
    format_is("set   a=1 ,b = 2", "set a = 1, b = 2\n");
    format_is("a|>where b==c and d|>select e,f=g|>print",
              "a |> where b == c and d |> select e, f = g |> print\n");
    format_is("type A={a:int,b:[string]?,}", "type A = { a: int, b: [string]? }\n");
    format_is("const x=[1,2,]", "const x = [1, 2]\n");
    format_is("const x=y in 1 .. 2", "const x = y in 1..2\n");
    format_is("const x={a,b=1,c.*}", "const x = { a, b = 1, c.* }\n");
}

static void test_lines(void) {
    format_is("stream a = b\n|> where c\n   |> print",
              "stream a =\n  b\n  |> where c\n  |> print\n");
    format_is("a |> aggregate n = count(),\n m = max(x) per y |> print",
              "a\n|> aggregate n = count(),\n             m = max(x)\n   per y\n|> print\n");
    format_is("const a = 1\nstream b = c\n  |> print\nconst d = 2",
              "const a = 1\nstream b =\n  c\n  |> print\n\nconst d = 2\n");
}

static void test_comments(void) {
    format_is("a # one\n|> where b # two\n# three\n|> print # four",
              "a  # one\n|> where b  # two\n# three\n|> print  # four\n");
    format_is("const x = 1 + # one\n # two\n 2 # three\n",
              "const x = 1 + 2  # one\n# two\n# three\n");
    format_is("const x = f\"a # b\" # c", "const x = f\"a # b\"  # c\n");
}

void suite_fmt(void);
void suite_fmt(void) {
    CU_pSuite s = CU_add_suite("fmt", NULL, NULL);
    CU_add_test(s, "golden programs", test_golden_programs);
    CU_add_test(s, "errors", test_errors);
    CU_add_test(s, "empty", test_empty);
    CU_add_test(s, "brackets", test_brackets);
    CU_add_test(s, "spacing", test_spacing);
    CU_add_test(s, "lines", test_lines);
    CU_add_test(s, "comments", test_comments);
}
