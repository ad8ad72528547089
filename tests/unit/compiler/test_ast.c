/* test_ast.c - the tables behind the tree, and what works on all its kinds. */
#include <string.h>

#include <CUnit/CUnit.h>

#include "compiler/syntax/ast_check.h"
#include "compiler/syntax/ast_print.h"
#include "compiler/syntax/words.h"
#include "tests/unit/compiler/syntax_fixture.h"

static const char sample[] =
    "stream big = from file(\"x\", format = csv) as { a: int, b: string? }\n"
    "  |> where a in 1..5 and b is not none |> select *, c = f\"{a}!\" when a > 1\n"
    "test \"t\" { given big = [{ a = 0.5d, a2 = -3 }] expect big ordered = [] }\n";

static void test_shapes(void) {
    for (int k = 0; k < AST_KIND_COUNT; k++) {
        const node_shape_t *shape = ast_shape((node_kind)k);
        CU_ASSERT_PTR_NOT_NULL(shape->name);
        CU_ASSERT(shape->size >= sizeof(node_t));
        size_t n = 0;
        for (const node_field_t *f = shape->fields; f->word != FIELD_END; f++, n++) {
            CU_ASSERT(f->offset >= sizeof(node_t));
            CU_ASSERT(f->offset < shape->size);
            CU_ASSERT_EQUAL(f->word == FIELD_ENUM, f->choices != NULL);
        }
        CU_ASSERT_EQUAL(n, shape->nfields);
    }
}

static void test_choices(void) {
    CU_ASSERT_STRING_EQUAL(ast_binary_op_text(BINARY_NOT_IN), "not in");
    CU_ASSERT_STRING_EQUAL(ast_binary_op_text(BINARY_MOD), "%");
    CU_ASSERT_STRING_EQUAL(ast_unary_op_text(UNARY_NOT), "not");
    CU_ASSERT_STRING_EQUAL(ast_window_kind_text(WINDOW_BATCH), "batch");
    CU_ASSERT_STRING_EQUAL(ast_join_kind_text(JOIN_ANTI), "anti");
    CU_ASSERT_STRING_EQUAL(ast_handler_kind_text(HANDLER_WAKE), "wake");
}

static void count_nodes(node_t **child, void *env) {
    ++*(size_t *)env;
    ast_walk(*child, count_nodes, env);
}

static void test_walk_and_clone(void) {
    syntax_t s = syntax_parse(sample, strlen(sample));
    size_t n = 0, m = 0;
    ast_walk(&s.program->node, count_nodes, &n);
    CU_ASSERT(n > 40);
    node_t *copy = ast_clone(s.arena, &s.program->node);
    ast_walk(copy, count_nodes, &m);
    CU_ASSERT_EQUAL(n, m);
    CU_ASSERT(ast_equal(&s.program->node, copy));
    /* A copy shares nothing that changes. */
    AST(program, copy)->decls.at[0] = AST(program, copy)->decls.at[1];
    CU_ASSERT_FALSE(ast_equal(&s.program->node, copy));
    CU_ASSERT_EQUAL(s.program->decls.at[0]->kind, AST_decl_flow);
    syntax_free(&s);
}

static int same(const char *a, const char *b) {
    syntax_t s = syntax_parse(a, strlen(a)), t = syntax_parse(b, strlen(b));
    int out = ast_equal(&s.program->node, &t.program->node);
    syntax_free(&s);
    syntax_free(&t);
    return out;
}

static void test_equal(void) {
    CU_ASSERT(same("const a = 1 + 2", "const a=(1)+(2) # c"));
    CU_ASSERT(same("const a = 1_0", "const a = 10"));
    CU_ASSERT_FALSE(same("const a = 1 + 2", "const a = 1 - 2"));
    CU_ASSERT_FALSE(same("const a = \"x\"", "const a = \"y\""));
    CU_ASSERT_FALSE(same("const a = 0.5d", "const a = 0.50d"));
    CU_ASSERT_FALSE(same("const a = 0.5", "const a = 0.25"));
    CU_ASSERT_FALSE(same("const a = b.c", "const a = b?.c"));
    CU_ASSERT_FALSE(same("const a = f()", "const a = f(1)"));
    CU_ASSERT_FALSE(same("import \"a\"", "import \"a\" as b"));
    CU_ASSERT_FALSE(same("param a: int", "param a: int = 1"));
}

static void test_check(void) {
    syntax_t s = syntax_parse(sample, strlen(sample));
    CU_ASSERT_PTR_NULL(ast_check(s.arena, &s.program->node));
    ast_decl_flow_t *flow = AST(decl_flow, s.program->decls.at[0]);
    ast_pipeline_t *p = AST(pipeline, flow->pipeline);
    ast_step_where_t *where = AST(step_where, p->steps.at[0]);
    node_t *cond = where->cond;
    where->cond = NULL;
    CU_ASSERT_STRING_EQUAL(ast_check(s.arena, &s.program->node), "cond of step_where is missing");
    where->cond = &where->node;
    CU_ASSERT_STRING_EQUAL(ast_check(s.arena, &s.program->node), "step_where in cond of step_where");
    where->cond = cond;
    AST(binary, cond)->op = BINARY_OP_COUNT;
    CU_ASSERT_STRING_EQUAL(ast_check(s.arena, &s.program->node), "op of binary is no choice");
    AST(binary, cond)->op = BINARY_AND;
    flow->table = 2;
    CU_ASSERT_STRING_EQUAL(ast_check(s.arena, &s.program->node), "table of decl_flow is no flag");
    flow->table = 0;
    flow->name = "";
    CU_ASSERT_STRING_EQUAL(ast_check(s.arena, &s.program->node),
                           "name of decl_flow is an empty name");
    syntax_free(&s);
}

static void test_print(void) {
    const char *text = "const a = [-1, f\"x{b}\", 0.50d, @1970-01-01T00:00:01Z, c is not none]";
    syntax_t s = syntax_parse(text, strlen(text));
    buf_t b;
    buf_init(&b, s.arena);
    ast_print(&b, &s.program->node);
    CU_ASSERT_STRING_EQUAL(buf_text(&b), "program\n"
                                         "  decls:\n"
                                         "    decl_const name=a\n"
                                         "      value: list\n"
                                         "        elements:\n"
                                         "          unary -\n"
                                         "            operand: int value=1\n"
                                         "          fstring\n"
                                         "            parts:\n"
                                         "              fstring_text value=\"x\"\n"
                                         "              name name=b\n"
                                         "          decimal value=50 precision=3 scale=2\n"
                                         "          timestamp value=1000000\n"
                                         "          is negated\n"
                                         "            value: name name=c\n");
    syntax_free(&s);
}

static void test_words(void) {
    static const char *const words[] = {
#define KEYWORD(spelling, token, class) #spelling,
#include "lang/keywords.def"
#undef KEYWORD
    };
    size_t n = sizeof words / sizeof *words, reserved = 0;
    for (size_t i = 0; i < n; i++) {
        int token;
        if (i) CU_ASSERT(strcmp(words[i - 1], words[i]) < 0);
        word_class class = word_lookup(words[i], strlen(words[i]), &token);
        CU_ASSERT_NOT_EQUAL(class, WORD_NAME);
        CU_ASSERT(token > 257);
        reserved += class == WORD_RESERVED;
    }
    CU_ASSERT_EQUAL(reserved, 21);
    CU_ASSERT_EQUAL(word_lookup("wher", 4, NULL), WORD_NAME);
    CU_ASSERT_EQUAL(word_lookup("wheres", 6, NULL), WORD_NAME);
    CU_ASSERT_EQUAL(word_lookup("", 0, NULL), WORD_NAME);
}

/* Every step of operators.def begins with a word that begins a step. */
static void test_steps_are_words(void) {
    static const char *const steps[] = {
#define OP(id, spelling, ...) spelling,
#include "lang/operators.def"
#undef OP
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        size_t n = strcspn(steps[i], " ");
        word_class class = word_lookup(steps[i], n, NULL);
        CU_ASSERT(class == WORD_STEP || !strcmp(steps[i], "let") || !strcmp(steps[i], "where"));
    }
}

static void test_names(void) {
    arena_t *a = arena_new("names");
    static const char *const names[][2] = {{"user", "user"},       {"_x1", "_x1"},
                                           {"单词", "单词"},       {"from", "`from`"},
                                           {"window", "window"},   {"Date", "`Date`"},
                                           {"a b", "`a b`"},       {"1st", "`1st`"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        buf_t b;
        buf_init(&b, a);
        name_put(&b, names[i][0]);
        CU_ASSERT_STRING_EQUAL(buf_text(&b), names[i][1]);
    }
    arena_free(a);
}

void suite_ast(void);
void suite_ast(void) {
    CU_pSuite s = CU_add_suite("ast", NULL, NULL);
    CU_add_test(s, "shapes", test_shapes);
    CU_add_test(s, "choices", test_choices);
    CU_add_test(s, "walk and clone", test_walk_and_clone);
    CU_add_test(s, "equal", test_equal);
    CU_add_test(s, "check", test_check);
    CU_add_test(s, "print", test_print);
    CU_add_test(s, "words", test_words);
    CU_add_test(s, "steps are words", test_steps_are_words);
    CU_add_test(s, "names", test_names);
}
