/* test_emit_expr.c - generated code for expressions, case by case, at -O0 and -O2. */
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/unit/compiler/expr_lab.h"

typedef struct expr_case {
    const char *text, *value; /* as lab_dump has it, or `error: <code of k_error.def>` */
} expr_case_t;

static const char *const errors[] = {
    "ok",
#define ERR(id, text) #id,
#include "runtime/kernel/k_error.def"
#undef ERR
};

static const expr_case_t arithmetic[] = {
    {"1 + 2", "3"},
    {"7 / 2", "3"},
    {"-7 / 2", "-3"},
    {"-7 % 3", "-1"},
    {"7 % -3", "1"},
    {"1 / (1 - 1)", "error: div_zero"},
    {"1 % (1 - 1)", "error: div_zero"},
    {"9223372036854775807 + 1", "error: overflow"},
    {"-9223372036854775808 - 1", "error: overflow"},
    {"-9223372036854775808", "-9223372036854775808"},
    {"-9223372036854775808 / -1", "error: overflow"},
    {"-(-9223372036854775808)", "error: overflow"},
    {"3037000500 * 3037000500", "error: overflow"},
    {"3037000499 * 3037000499", "9223372030926249001"},
    {"0.1 + 0.2", "0x1.3333333333334p-2"},
    {"1.0 / 0.0", "inf"},
    {"0.0 / 0.0", "NaN"},
    {"5.5 % 2.0", "0x1.8p+0"},
    {"-5.5 % 2.0", "-0x1.8p+0"},
    {"2 * 1.5", "0x1.8p+1"},
    {"1h + 30m", "5400000000us"},
    {"@2024-05-02 - @2024-05-01", "86400000000us"},
    {"@2024-05-01 + 1d == @2024-05-02", "true"},
    {"10s * 3", "30000000us"},
    {"10s / 3", "3333333us"},
    {"-10s / 3", "-3333333us"},
    {"10s / (1 - 1)", "error: div_zero"},
};

static const expr_case_t logic[] = {
    {"1 < 2 and 2 < 3", "true"},
    {"1 > 2 and 1 / (1 - 1) == 1", "false"},
    {"1 < 2 or 1 / (1 - 1) == 1", "true"},
    {"1 > 2 or 1 / (1 - 1) == 1", "error: div_zero"},
    {"not (1 < 2)", "false"},
    {"0.0 / 0.0 == 0.0 / 0.0", "true"},
    {"0.0 / 0.0 > 1.0 / 0.0", "true"},
    {"0.0 / 0.0 <= 0.0 / 0.0", "true"},
    {"0.0 == -0.0", "true"},
    {"0.0 / 0.0 < 0.0 / 0.0", "false"},
    {"\"a\" < \"b\"", "true"},
    {"\"a\" < \"\"", "false"},
    {"\"ab\" == \"ab\"", "true"},
    {"\"文\" > \"z\"", "true"},
    {"false < true", "true"},
    {"5 in 1..5", "true"},
    {"5 in 1..<5", "false"},
    {"5 not in [1, 2, 3]", "true"},
    {"\"b\" in [\"a\", \"b\"]", "true"},
    {"if 1 < 2 then 10 else 1 / (1 - 1)", "10"},
    {"case 3 { 1 | 2 => \"few\", 3 => \"three\", else => \"many\" }", "\"three\""},
    {"case \"x\" { \"y\" => 1, else => 2 }", "2"},
    {"let a = 2, b = a * 3; a + b", "8"},
    {"[1, 2] == [1, 2]", "true"},
    {"{ a = 1, b = \"x\" } == { b = \"x\", a = 1 }", "true"},
    {"{ a = 1, b = 2 } < { a = 1, b = 3 }", "true"},
};

static const expr_case_t missing[] = {
    {"[1, 2, 3][1]", "2"},
    {"[1, 2, 3][3]", "none"},
    {"[1, 2, 3][-1]", "none"},
    {"[1, 2, 3][1] ?? 7", "2"},
    {"[1, 2, 3][9] ?? 7", "7"},
    {"[1][0] is none", "false"},
    {"[1][1] is not none", "false"},
    {"[1][1] == none", "true"},
    {"[1][0] == 1", "true"},
    {"[1][0] == [2][1]", "false"},
    {"if [5][0] is not none then 1 else 2", "1"},
    {"let x = [4][0]; if x is not none then x + 1 else 0", "5"},
    {"[{ a = 1 }][0]?.a", "1"},
    {"[{ a = 1 }][1]?.a", "none"},
    {"case [3][0] { none => 0, 3 => 30, else => 1 }", "30"},
    {"[{ a = 1, b = 2 }, { a = 3, b = 4 }].b", "[2, 4]"},
};

static const expr_case_t tagged[] = {
    {"Red", "Red{}"},
    {"Red == Red", "true"},
    {"Red < Blue", "true"},
    {"Circle(r = 2.0)", "Circle{r = 0x1p+1}"},
    {"let s = Rect(w = 1.0, h = 2.0); s is Rect", "true"},
    {"let s = Rect(w = 1.0, h = 2.0); s is Circle", "false"},
    {"let s = Rect(w = 1.0, h = 2.0); if s is Rect then s.h else 0.0", "0x1p+1"},
    {"case Tag(t = \"q\") { Circle c => \"c\", Rect r => \"r\", Tag x => x.t, Dot => \"\" }",
     "\"q\""},
    {"Circle(r = 1.0) < Rect(w = 0.0, h = 0.0)", "true"},
    {"Circle(r = 1.0) == Circle(r = 2.0)", "false"},
    {"Dot == Dot", "true"},
};

static const expr_case_t functions[] = {
    {"map([1, 2], fn(x) = x * 10)", "[10, 20]"},
    {"filter([1, 2, 3, 4], fn(x) = x % 2 == 0)", "[2, 4]"},
    {"find([1, 2, 3], fn(x) = x > 1)", "2"},
    {"find([1, 2, 3], fn(x) = x > 9)", "none"},
    {"any([1, 4], fn(x) = x % 2 == 0)", "true"},
    {"all([2, 4], fn(x) = x % 2 == 0)", "true"},
    {"all([2, 5], fn(x) = x % 2 == 0)", "false"},
    {"map([1, 0], fn(x) = 1 / x)", "error: div_zero"},
    {"length([1, 2])", "2"},
    {"byte_length(\"Zoë\")", "4"},
    {"max(2, 3)", "3"},
    {"min(\"b\", \"a\")", "\"a\""},
    {"clamp(12, 0, 10)", "10"},
    {"float(3)", "0x1.8p+1"},
    {"twice(21)", "42"},
    {"deep(1)", "1024"},
    {"worst(0)", "error: div_zero"},
    {"f\"a{\"b\"}c\"", "\"abc\""},
    {"f\"\"", "\"\""},
};

static void check_case(lab_t *lab, size_t i, const expr_case_t *want) {
    node_t *n = lab_expr(lab, i);
    if (!n) {
        printf("expression `%s` has errors\n", want->text);
        CU_FAIL("an expression with errors");
        return;
    }
    uint64_t out[64];
    buf_t got;
    buf_init(&got, lab_arena(lab));
    int status = lab_run(lab, i, lab_row(lab, 0), out);
    if (status) buf_printf(&got, "error: %s", errors[status]);
    else lab_dump(&got, n->type, out);
    if (strcmp(buf_text(&got), want->value)) {
        printf("`%s` gives %s, not %s\n", want->text, buf_text(&got), want->value);
        CU_FAIL("another value");
    }
}

static void check_cases(const expr_case_t *cases, size_t n) {
    arena_t *a = arena_new("cases");
    buf_t text;
    buf_init(&text, a);
    buf_str(&text, "fn twice(x: int): int = x * 2\n"
                   "fn worst(x: int): int = 1 / x\n"
                   "fn d1(x: int): int = twice(x) + twice(x) - twice(x)\n"
                   "fn d2(x: int): int = d1(d1(x)) + d1(d1(x)) - d1(d1(x))\n"
                   "fn d3(x: int): int = d2(d2(x)) + d2(d2(x)) - d2(d2(x))\n"
                   "fn deep(x: int): int = d3(d3(x)) * 4\n");
    for (size_t i = 0; i < n; i++) buf_printf(&text, "const e%zu = %s\n", i, cases[i].text);
    lab_t *lab = lab_new(buf_text(&text));
    CU_ASSERT_EQUAL_FATAL(lab_count(lab), n);
    lab_show_errors(lab);
    for (int level = 0; level <= 2; level += 2) {
        CU_ASSERT_FATAL(lab_build(lab, level));
        for (size_t i = 0; i < n; i++) check_case(lab, i, &cases[i]);
    }
    lab_free(lab);
    arena_free(a);
}

#define CASES(name)                                                                      \
    static void test_##name(void) { check_cases(name, sizeof name / sizeof *name); }
CASES(arithmetic)
CASES(logic)
CASES(missing)
CASES(tagged)
CASES(functions)

void suite_emit_expr(void);
void suite_emit_expr(void) {
    CU_pSuite s = CU_add_suite("emit_expr", NULL, NULL);
    CU_add_test(s, "arithmetic", test_arithmetic);
    CU_add_test(s, "logic", test_logic);
    CU_add_test(s, "missing", test_missing);
    CU_add_test(s, "tagged", test_tagged);
    CU_add_test(s, "functions", test_functions);
}
