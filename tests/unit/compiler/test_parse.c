/* test_parse.c - programs to trees: all kinds, values of literals, messages and recovery,
 * limits, and mutations of programs. */
#include <string.h>

#include <CUnit/CUnit.h>

#include "compiler/base/check.h"
#include "compiler/syntax/ast_check.h"
#include "tests/unit/compiler/mutate.h"
#include "tests/unit/compiler/syntax_fixture.h"

/* ---- every production ---- */

typedef struct seen {
    int kinds[AST_KIND_COUNT];
    int choices[AST_KIND_COUNT][BINARY_OP_COUNT];
} seen_t;

static void note_kind(node_t **child, void *env) {
    seen_t *seen = env;
    node_t *n = *child;
    seen->kinds[n->kind]++;
    for (const node_field_t *f = ast_shape(n->kind)->fields; f->word != FIELD_END; f++)
        if (f->word == FIELD_ENUM) seen->choices[n->kind][*(int *)((char *)n + f->offset)]++;
    ast_walk(n, note_kind, env);
}

static void test_all_kinds(void) {
    arena_t *a = arena_new("files");
    static seen_t seen;
    memset(&seen, 0, sizeof seen);
    for (const char **path = syntax_files(a, "tests/golden/syntax"); *path; path++) {
        size_t n;
        char *text = syntax_read(a, *path, &n);
        syntax_t s = syntax_parse(text, n);
        CU_ASSERT_EQUAL(diags_errors(s.env.diags), 0);
        if (diags_errors(s.env.diags)) printf("\n%s", syntax_messages(&s));
        CU_ASSERT_PTR_NULL(ast_check(s.arena, &s.program->node));
        node_t *root = &s.program->node;
        note_kind(&root, &seen);
        syntax_free(&s);
    }
    for (int k = 0; k < AST_KIND_COUNT; k++) {
        if (k == AST_poison) continue;
        CU_ASSERT(seen.kinds[k] > 0);
        if (!seen.kinds[k]) printf("\nno program has a %s\n", ast_kind_name((node_kind)k));
        for (const node_field_t *f = ast_shape((node_kind)k)->fields; f->word != FIELD_END; f++)
            for (int i = 0; f->word == FIELD_ENUM && f->choices[i]; i++) {
                int possible = seen.choices[k][i] || (k == AST_match_group && i == LINK_WITHOUT);
                CU_ASSERT(possible);
                if (!possible) printf("\nno %s is `%s`\n", ast_kind_name((node_kind)k), f->choices[i]);
            }
    }
    arena_free(a);
}

/* ---- literals ---- */

static node_t *value(syntax_t *s, const char *literal) {
    char text[256];
    snprintf(text, sizeof text, "const x = %s", literal);
    *s = syntax_parse(text, strlen(text));
    CU_ASSERT_EQUAL_FATAL(s->program->decls.n, 1);
    return AST(decl_const, s->program->decls.at[0])->value;
}

static void test_numbers(void) {
    syntax_t s;
    CU_ASSERT_EQUAL(AST(int, value(&s, "1_000_000"))->value, 1000000);
    syntax_free(&s);
    CU_ASSERT_EQUAL(AST(int, value(&s, "0xFf"))->value, 255);
    syntax_free(&s);
    ast_int_t *huge = AST(int, value(&s, "9223372036854775808"));
    CU_ASSERT(huge->huge && huge->value == INT64_MIN);
    syntax_free(&s);
    CU_ASSERT_EQUAL(AST(float, value(&s, "1_0.5e-1"))->value, 1.05);
    syntax_free(&s);
    ast_decimal_t *d = AST(decimal, value(&s, "1_000.50d"));
    CU_ASSERT(d->value == 100050 && d->precision == 6 && d->scale == 2);
    syntax_free(&s);
    CU_ASSERT_EQUAL(AST(size, value(&s, "64MiB"))->value, 64 << 20);
    syntax_free(&s);
    CU_ASSERT_EQUAL(AST(size, value(&s, "2GB"))->value, 2000000000);
    syntax_free(&s);
    CU_ASSERT_EQUAL(AST(duration, value(&s, "1w1d1h1m1s1ms1us1000ns"))->value,
                    8 * 86400000000 + 3661001002);
    syntax_free(&s);
}

static void test_times(void) {
    static const struct {
        const char *text;
        int64_t micros;
    } rows[] = {
        {"@1970-01-01", 0},
        {"@1970-01-01T00:00:00.5Z", 500000},
        {"@1969-12-31T23:59:59.999999Z", -1},
        {"@2000-03-01", 951868800000000},
        {"@2024-02-29T12:00:00Z", 1709208000000000},
        {"@2024-05-01T10:00+08:00", 1714528800000000},
        {"@2024-05-01T10:00:00-05:30", 1714577400000000},
        {"@0000-01-01", -62167219200000000},
        {"@9999-12-31T23:59:59Z", 253402300799000000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        syntax_t s;
        CU_ASSERT_EQUAL(AST(timestamp, value(&s, rows[i].text))->value, rows[i].micros);
        syntax_free(&s);
    }
}

static void test_texts(void) {
    syntax_t s;
    ast_string_t *t = AST(string, value(&s, "\"a\\n\\t\\r\\\\\\\"\\0\\u{1F600}\\u{e9}中\""));
    const char want[] = "a\n\t\r\\\"\0\xF0\x9F\x98\x80\xC3\xA9中";
    CU_ASSERT_EQUAL(t->value_n, sizeof want - 1);
    CU_ASSERT_EQUAL(memcmp(t->value, want, sizeof want), 0);
    syntax_free(&s);
    ast_fstring_t *f = AST(fstring, value(&s, "f\"{{{a}}} \\u{41}\""));
    CU_ASSERT_EQUAL_FATAL(f->parts.n, 3);
    CU_ASSERT_STRING_EQUAL(AST(fstring_text, f->parts.at[0])->value, "{");
    CU_ASSERT_EQUAL(f->parts.at[1]->kind, AST_name);
    CU_ASSERT_STRING_EQUAL(AST(fstring_text, f->parts.at[2])->value, "} A");
    syntax_free(&s);
    CU_ASSERT_STRING_EQUAL(AST(regex, value(&s, "/a\\/[/]b/"))->pattern, "a\\/[/]b");
    syntax_free(&s);
}

static void test_slash(void) {
    syntax_accept("const x = a / b / c");
    syntax_accept("const x = (a) / 2 + b[0] / 3 + { c = 1 }.c / 4");
    syntax_accept("const x = [/a/, f(/b/), if /c/ then /d/ else /e/]");
    syntax_accept("const x = 5 / last / first");
    syntax_accept("const x = split(s, //)");
}

/* ---- spans ---- */

static void test_spans(void) {
    const char *text = "clicks |> left join users as u on (a == u.b) within 5m";
    syntax_t s = syntax_parse(text, strlen(text));
    ast_pipeline_t *p = AST(pipeline, AST(decl_run, s.program->decls.at[0])->pipeline);
    ast_step_join_t *j = AST(step_join, p->steps.at[0]);
    CU_ASSERT_STRING_EQUAL(diag_source(s.env.diags, j->node.span), text + 10);
    CU_ASSERT_STRING_EQUAL(diag_source(s.env.diags, ast_word(&j->node)), "left join");
    CU_ASSERT_STRING_EQUAL(diag_source(s.env.diags, j->name_at), "u");
    CU_ASSERT_STRING_EQUAL(diag_source(s.env.diags, j->on->span), "a == u.b");
    CU_ASSERT_STRING_EQUAL(diag_source(s.env.diags, AST(binary, j->on)->op_at), "==");
    CU_ASSERT_EQUAL(j->on->parens, 1);
    CU_ASSERT_STRING_EQUAL(diag_source(s.env.diags, j->within->span), "5m");
    syntax_free(&s);
}

/* ---- messages ---- */

static void test_recovery(void) {
    syntax_reject("strem a = from stdin()\n"
                  "stream b = from stdin() |> where (line == 1 |> print\n"
                  "stream c = from stdin() |> agregate count() |> where x = 1 |> print\n"
                  "type t = { a: int }\n"
                  "fn f(a: int, b) = a\n"
                  "fn g(a: int): = a\n"
                  "set batch = 10sec, memory = \"x\n"
                  "stream d = from stdin() |> select f(1, [2, 3) |> sort per x |> print\n",
                  "1:1: error: no declaration begins with `strem`\n"
                  "2:34: error: this `(` is never closed\n"
                  "3:28: error: no step is called `agregate`\n"
                  "3:56: error: `=` gives a value; to compare write `==`\n"
                  "4:6: error: `t` does not fit here\n"
                  "5:15: error: `)` does not fit here\n"
                  "6:15: error: `=` does not fit here\n"
                  "7:13: error: no such duration: `10sec`\n"
                  "7:29: error: this string never closes\n"
                  "8:45: error: `)` does not close `[`\n"
                  "8:55: error: `per` gives a key; an order is given with `by`\n");
}

static void test_brackets(void) {
    syntax_reject("a |> union (b |> where f(x, [1 |> print\nc |> print",
                  "1:12: error: this `(` is never closed\n"
                  "1:29: error: this `[` is never closed\n");
    syntax_reject("a |> union (b |> wher x > 1 |> drop y) |> wher z\nc |> print",
                  "1:18: error: no step is called `wher`\n"
                  "1:43: error: no step is called `wher`\n");
    syntax_reject("a |> match (b then) per c within 1m |> limit |> print",
                  "1:19: error: `)` does not fit here\n"
                  "1:46: error: `|>` does not fit here\n");
    syntax_reject("from stdin() |> to stdout) |> print\n",
                  "1:26: error: nothing is open that `)` could close\n");
    syntax_reject("const x = f\"{a b}\" + g(1 2)\nconst y = 1 1",
                  "1:16: error: `b` does not fit here\n"
                  "1:26: error: `2` does not fit here\n"
                  "2:13: error: `1` does not fit here\n");
    syntax_reject("const x = f\"{a\nconst y = f\"{f\"b\nconst z = f\"c",
                  "1:11: error: this f-string never closes\n"
                  "2:14: error: this f-string never closes\n"
                  "3:11: error: this f-string never closes\n");
}

static void test_ends(void) {
    syntax_reject("from stdin()", "1:1: error: this pipeline goes nowhere\n");
    syntax_reject("from stdin() |>", "1:16: error: the program ends too early\n");
    syntax_reject("const x =\n\n", "1:10: error: the program ends too early\n");
    syntax_reject("const x = f(1, ", "1:12: error: this `(` is never closed\n");
    syntax_reject("const x = /ab", "1:11: error: this regex never closes\n");
    syntax_reject("const x = `ab", "1:11: error: this name never closes\n");
}

static void test_bytes(void) {
    syntax_t s = syntax_parse("set a = 1\0\nset b", 16);
    CU_ASSERT_PTR_NOT_NULL(strstr(syntax_messages(&s), "x.flow:1:10: error: a NUL byte"));
    syntax_free(&s);
    s = syntax_parse("set a =\n \"\xC3\"", 11);
    CU_ASSERT_PTR_NOT_NULL(strstr(syntax_messages(&s), "x.flow:2:3: error: this is not UTF-8"));
    syntax_free(&s);
    s = syntax_parse("\xFF\xFEs\0e\0t\0", 8);
    CU_ASSERT_PTR_NOT_NULL(strstr(syntax_messages(&s), "the file is UTF-16"));
    syntax_free(&s);
    s = syntax_parse("\xED\xA0\x80", 3); /* a surrogate */
    CU_ASSERT_EQUAL(diags_errors(s.env.diags), 1);
    syntax_free(&s);
}

static void test_clauses(void) {
    syntax_reject("a |> top 3 by x per y per z |> print",
                  "1:23: error: `per` is given twice\n");
    syntax_reject("a |> window batch late into b late into c |> print",
                  "1:31: error: `late into` is given twice\n");
    syntax_reject("a |> where x in 1..2 and 3..4 |> print",
                  "1:26: error: a range stands only after `in` and `within`\n");
    syntax_reject("a |> select b c |> print", "1:15: error: `c` does not fit here\n");
}

/* ---- limits ---- */

/* `open` n times, then `middle`, then `close` n times. */
static syntax_t repeated(const char *head, const char *open, size_t n, const char *middle,
                         const char *close) {
    arena_t *a = arena_new("repeated");
    buf_t b;
    buf_init(&b, a);
    buf_str(&b, head);
    for (size_t i = 0; i < n; i++) buf_str(&b, open);
    buf_str(&b, middle);
    for (size_t i = 0; i < n; i++) buf_str(&b, close);
    syntax_t s = syntax_parse(buf_text(&b), b.n);
    arena_free(a);
    return s;
}

static void nesting_is(const char *head, const char *open, const char *middle,
                       const char *close) {
    static const size_t deep[] = {600, 20000, 200000};
    syntax_t s = repeated(head, open, 100, middle, close);
    CU_ASSERT_EQUAL(diags_errors(s.env.diags), 0);
    if (diags_errors(s.env.diags)) printf("\n%s", syntax_messages(&s));
    syntax_free(&s);
    for (size_t i = 0; i < sizeof deep / sizeof *deep; i++) {
        s = repeated(head, open, deep[i], middle, close);
        CU_ASSERT_EQUAL(diags_errors(s.env.diags), 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(syntax_messages(&s), "error: this is nested more than 500 deep"));
        syntax_free(&s);
    }
}

static void test_nesting(void) {
    nesting_is("const x = ", "(", "1", ")");
    nesting_is("const x = ", "[", "1", "]");
    nesting_is("const x = ", "f(", "1", ")");
    nesting_is("const x = ", "{ a = ", "1", "}");
    nesting_is("const x = ", "not ", "y", "");
    nesting_is("const x = ", "- ", "y", "");
    nesting_is("const x = ", "y + ", "y", "");
    nesting_is("const x = y", ".a", "", "");
    nesting_is("const x = ", "if a then b else ", "c", "");
    nesting_is("const x = ", "if ", "a", " then b else c");
    nesting_is("const x = ", "let a = 1; ", "c", "");
    nesting_is("const x = ", "fn(a) = ", "c", "");
    nesting_is("const x = ", "case a { 1 => ", "c", "}");
    nesting_is("const x = ", "f\"{", "c", "}\"");
    nesting_is("param x: ", "[", "int", "]");
    nesting_is("param x: ", "map<int, ", "int", ">");
    nesting_is("type X = ", "[", "int", "]");
    nesting_is("param x: int", "? ", "", "");
    nesting_is("a |> union ", "(b |> union ", "c", ")");
    nesting_is("a |> match ", "(", "b", ")");
}

/* ---- mutations ---- */

typedef size_t mutate_fn(mutator_t *m, char *text, size_t n, size_t cap);

/* Gives how many of the texts were programs. */
static int mutations_hold(mutate_fn *fn, uint64_t count) {
    arena_t *a = arena_new("mutations");
    const char **files = syntax_files(a, "tests/golden/syntax");
    size_t nfiles = 0, failed = 0;
    int programs = 0;
    while (files[nfiles]) nfiles++;
    for (uint64_t seed = 1; seed <= count && failed < 3; seed++) {
        mutator_t m = {seed};
        size_t n, cap = 16384;
        char *text = arena_alloc(a, cap), *from;
        from = syntax_read(a, files[mutate_random(&m, nfiles)], &n);
        memcpy(text, from, n);
        n = fn(&m, text, n, cap);
        int errors;
        const char *why = parse_holds(text, n, &errors);
        CU_ASSERT_PTR_NULL(why);
        if (why) printf("\nseed %d: %s\n", (int)seed, why);
        failed += why != NULL;
        programs += errors == 0;
    }
    arena_free(a);
    return programs;
}

static void test_mutations(void) {
    CU_ASSERT(mutations_hold(mutate, 1500) > 50);
}

/* What formats: blanks, line ends and comments anywhere. */
static void test_layouts(void) {
    CU_ASSERT(mutations_hold(mutate_layout, 800) > 400);
}

void suite_parse(void);
void suite_parse(void) {
    CU_pSuite s = CU_add_suite("parse", NULL, NULL);
    CU_add_test(s, "all kinds", test_all_kinds);
    CU_add_test(s, "numbers", test_numbers);
    CU_add_test(s, "times", test_times);
    CU_add_test(s, "texts", test_texts);
    CU_add_test(s, "slash", test_slash);
    CU_add_test(s, "spans", test_spans);
    CU_add_test(s, "recovery", test_recovery);
    CU_add_test(s, "brackets", test_brackets);
    CU_add_test(s, "ends", test_ends);
    CU_add_test(s, "bytes", test_bytes);
    CU_add_test(s, "clauses", test_clauses);
    CU_add_test(s, "nesting", test_nesting);
    CU_add_test(s, "mutations", test_mutations);
    CU_add_test(s, "layouts", test_layouts);
}
