/* test_fold.c - values of expressions by the folder, constant ones and over a row. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/unit/compiler/expr_env.h"

void suite_fold(void);

static const char decls[] =
    "type Row = { user: string, ms: int, price: float?, ts: timestamp, ok: bool, d: duration,\n"
    "  tags: [string], lines: [{ sku: string, qty: int }], m: map<string, int>, e: Event,\n"
    "  level: Level?, raw: bytes, p: { x: float, y: float? }, q: { x: float, y: float? }?,\n"
    "  nan: float, ns: [int?] }\n"
    "type Event = Login { user: string } | Bid { price: int, tip: int? } | Logout\n"
    "type Level = Debug | Info | Warn\n"
    "type Point = { x: float, y: float = 1.5, note: string? }\n"
    "const most = 10\n"
    "const rates = [{ code = \"EUR\", usd = 1.08 }, { code = \"GBP\", usd = 1.27 }]\n"
    "param small: float = 1.5\n"
    "fn twice(x: int): int = x * 2\n"
    "fn rate(code: string): float = let hit = find(rates, fn(r) = r.code == code); hit?.usd ?? 1.0\n"
    "fn area(e: Event): int = case e { Bid b => b.price + (b.tip ?? 0), else => -1 }\n"
    "const sample = Row(user = \"ann\", ms = 42, price = 2.5, ts = @2024-05-01T10:00:00Z,\n"
    "  ok = true, d = 90s, tags = [\"a\", \"bc\"], lines = [{ sku = \"x\", qty = 2 },\n"
    "  { qty = 5, sku = \"y\" }], m = to_map([{ key = \"k\", value = 7 }]),\n"
    "  e = Bid(price = 3), level = none, raw = bytes(\"hi\"), p = { x = 1, y = none },\n"
    "  q = { x = 2, y = 3 }, nan = 0.0 / 0.0, ns = [1, none, 3])\n";

typedef struct row {
    const char *expr, *value;
} row_t;

static void check(const row_t *rows, size_t n) {
    for (size_t i = 0; i < n; i++) {
        char *got = expr_value_of(decls, rows[i].expr);
        int same = !strcmp(got, rows[i].value);
        if (!same) printf("\n%s\n  expected %s\n  got      %s\n", rows[i].expr, rows[i].value, got);
        CU_ASSERT(same);
        free(got);
    }
}

#define CHECK(rows) check(rows, sizeof rows / sizeof *rows)

static void ints(void) {
    static const row_t rows[] = {
        {"7 / 2", "3"}, {"-7 / 2", "-3"}, {"7 % -3", "1"}, {"-7 % 3", "-1"},
        {"9223372036854775807 + 1", "error: integer overflow"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"-9223372036854775808 / -1", "error: integer overflow"},
        {"-9223372036854775808 % -1", "0"},
        {"-(-9223372036854775808)", "error: integer overflow"},
        {"ms / (ms - 42)", "error: division by zero"}, {"ms % (ms - 42)", "error: division by zero"},
        {"-9223372036854775808 * -1", "error: integer overflow"},
        {"0xFF + 1_000", "1255"}, {"ms * most", "420"}, {"twice(ms) + 1", "85"},
        {"wrapping_add(9223372036854775807, 1)", "-9223372036854775808"},
    };
    CHECK(rows);
}

static void floats(void) {
    static const row_t rows[] = {
        {"1.0 / 0.0", "Infinity"}, {"-1.0 / 0.0", "-Infinity"}, {"nan == nan", "true"},
        {"nan > 1.0 / 0.0", "true"}, {"nan < 1.0", "false"}, {"-0.0 == 0.0", "true"},
        {"max(nan, 1.0)", "NaN"}, {"min(nan, 1.0)", "1.0"}, {"7.5 % 2", "1.5"},
        {"-7.5 % 2", "-1.5"}, {"1 / 4 + 0.0", "0.25"}, {"small * 2", "3.0"},
        {"0.1 + 0.2", "0.30000000000000004"}, {"1e21", "1.0e21"}, {"2e-7", "2.0e-7"},
        {"nan in 0.0..1.0", "false"}, {"sum([1e300, 1.0, -1e300])", "1.0"},
    };
    CHECK(rows);
}

static void decimals(void) {
    static const row_t rows[] = {
        {"0.1d + 0.02d", "0.12"}, {"1.00d - 0.001d", "0.999"}, {"0.5d * 0.5d", "0.25"},
        {"1.0d / 3", "0.3333333"}, {"7.5d % 2", "1.5"}, {"-7.5d % 2", "-1.5"},
        {"1.0d / 0", "error: division by zero"}, {"-0.5d", "-0.5"}, {"abs(-0.5d)", "0.5"},
        {"0.10d == 0.1d", "true"}, {"0.11d > 0.1d", "true"}, {"1 < 1.5d", "true"},
        {"0.908d * decimal(ms)", "38.136"}, {"round(2.345d, 2)", "2.34"},
        {"round(2.355d, 2)", "2.36"}, {"decimal(2.5, 3, 0)", "2"}, {"float(0.25d)", "0.25"},
        {"int(-3.99d)", "-3"}, {"to_decimal(\"12.50\", 5, 1)", "12.5"},
        {"to_decimal(\"12.55\", 5, 1)", "none"}, {"decimal(1000, 3, 0)",
         "error: the number does not fit the decimal"},
        {"max(0.5d, 0.7d)", "0.7"},
        {"sum([0.10d, 0.20d])", "0.30"}, {"avg([0.10d, 0.20d])", "0.15000000"},
        {"case 0.50d { 0.50d => 1, else => 2 }", "1"}, {"0.5d in 0.1d..0.9d", "true"},
        {"(if ok then none else 0.5d) == 0.50d", "false"},
    };
    CHECK(rows);
}

static void times(void) {
    static const row_t rows[] = {
        {"ts + 90m", "2024-05-01T11:30:00Z"}, {"ts - @2024-05-01", "10h"}, {"d * 3", "4m30s"},
        {"d / 7", "12s857ms142us"}, {"-d / 7", "-12s857ms142us"}, {"-d", "-1m30s"},
        {"d / 0", "error: division by zero"}, {"ts in ts..<ts + 1us", "true"},
        {"hour(ts)", "10"}, {"now()", "1970-01-01T00:00:00Z"}, {"0s", "0s"},
    };
    CHECK(rows);
}

static void logic(void) {
    static const row_t rows[] = {
        {"ok and ms > 1", "true"}, {"not ok or ms > 50", "false"},
        {"ok or ms / 0 == 1", "true"}, {"not ok and ms / 0 == 1", "false"},
        {"ok and ms / 0 == 1", "error: division by zero"},
        {"if ok then 1 else ms / 0", "1"}, {"price ?? 1.0 / 0.0", "2.5"},
        {"case ms { 42 => 1, else => ms / 0 }", "1"},
        {"level == none", "true"}, {"level is none", "true"}, {"level != Info", "true"},
        {"Debug < Warn", "true"}, {"false < true", "true"}, {"\"a\" < \"ab\"", "true"},
        {"[1, 2] < [1, 3]", "true"}, {"[1] < [1, 0]", "true"}, {"ms in [1, 42]", "true"},
        {"ms not in 1..<42", "true"}, {"{ a = 1, b = 2 } == { b = 2, a = 1 }", "true"},
        {"p == { x = 1, y = none }", "true"}, {"q == none", "false"}, {"none == q", "false"},
        {"e == Bid(price = 3)", "true"}, {"e == Logout", "false"}, {"Logout > Bid(price = 9)", "true"},
    };
    CHECK(rows);
}

static void structure(void) {
    static const row_t rows[] = {
        {"tags[1]", "bc"}, {"tags[2]", "none"}, {"tags[-1]", "none"}, {"m[\"k\"]", "7"},
        {"m[\"z\"]", "none"}, {"p.x", "1.0"}, {"p.y", "none"}, {"q?.y", "3.0"},
        {"lines.qty", "[2,5]"}, {"lines.sku", "[\"x\",\"y\"]"}, {"lines[0]?.qty", "2"},
        {"{ user, n = ms }", "{\"user\":\"ann\",\"n\":42}"},
        {"{ p.*, z = 2.0 }", "{\"x\":1.0,\"y\":null,\"z\":2.0}"},
        {"Point(x = 2)", "{\"x\":2.0,\"y\":1.5,\"note\":null}"},
        {"[1, none, 3]", "[1,null,3]"}, {"if ok then { a = 1 } else { a = none }", "{\"a\":1}"},
        {"let a = ms, b = a + 1; a * b", "1806"}, {"e is Bid", "true"}, {"e is not Bid", "false"},
        {"if e is Bid then e.price else 0", "3"}, {"area(e)", "3"}, {"area(Logout)", "-1"},
        {"area(Bid(price = 1, tip = 4))", "5"},
        {"case e { Login => 1, Bid b => b.price * 10, Logout => 3 }", "30"},
        {"case e { Login => 1, else => 2 }", "2"},
        {"case level { none => \"no\", Debug | Info => \"low\", Warn => \"high\" }", "no"},
        {"case price { 2.5 => 1, none => 2, else => 3 }", "1"},
        {"if price is not none then price * 2 else 0", "5.0"},
        {"if q?.y is not none then q.x + q.y else 0", "5.0"},
        {"f\"{user}: {ms} {price ?? 0} {{}} {ok} {d} {tags}\"",
         "ann: 42 2.5 {} true 1m30s [\"a\",\"bc\"]"},
        {"string(e)", "{\"type\":\"Bid\",\"price\":3,\"tip\":null}"}, {"string(Warn)", "Warn"},
        {"rate(\"GBP\")", "1.27"}, {"rate(\"USD\")", "1.0"},
        {"Bid(price = 3, tip = 1)", "{\"type\":\"Bid\",\"price\":3,\"tip\":1}"},
    };
    CHECK(rows);
}

static void lists(void) {
    static const row_t rows[] = {
        {"map(tags, fn(t) = length(t))", "[1,2]"}, {"filter(ns, fn(n) = n is not none)", "[1,3]"},
        {"find(ns, fn(n) = n == 3)", "3"}, {"any(tags, fn(t) = t == \"bc\")", "true"},
        {"all(tags, fn(t) = t == \"bc\")", "false"}, {"sum(ns)", "4"}, {"count(ns)", "2"},
        {"length(ns)", "3"}, {"avg(ns)", "2.0"}, {"min(ns)", "1"}, {"last(ns)", "3"},
        {"first(filter([1], fn(x) = x > 1))", "none"}, {"sum(lines.qty)", "7"},
        {"arg_max(lines.sku, lines.qty)", "y"}, {"arg_min(lines.sku, [1])", "error: an argument is out of range"},
        {"count_distinct([1, 2, 1])", "2"}, {"collect(ns)", "[1,3]"},
        {"avg([1s, 2s])", "1s500ms"}, {"sum([1s, 2s])", "3s"}, {"any([])", "false"}, {"all([])", "true"},
        {"sum([9223372036854775807, 1, -1])", "9223372036854775807"},
        {"sum([9223372036854775807, 1])", "error: integer overflow"},
        {"variance([1.0, 2.0, 4.0])", "2.3333333333333335"}, {"variance([1.0])", "none"},
        {"stddev([2, 4])", "1.4142135623730951"}, {"count_if([true, ok])", "2"},
        {"map(map(tags, fn(t) = length(t)), fn(n) = n * ms)", "[42,84]"},
        {"fold(1, range(1, 5), fn(a, i) = a * i)", "120"},
        {"fold(0.00d, [0.50d, 0.25d], fn(a, x) = a + x)", "0.75"},
        {"reduce([0.50d, 0.25d], fn(a, x) = a - x)", "0.25"}, {"append([], 1)", "[1]"},
        {"flatten([[], [1]])", "[1]"},
        {"fold(\"\", tags, fn(a, t) = f\"{a}<{t}>\")", "<a><bc>"},
        {"fold(0.5, ns, fn(a, n) = a + float(n))", "4.5"},
        {"reduce(tags, fn(a, b) = f\"{b}{a}\")", "bca"}, {"reduce(filter(ns, fn(n) = false), fn(a, b) = a)", "none"},
    };
    CHECK(rows);
}

static void constants(void) {
    expr_env_t env;
    expr_env_open(&env, decls, "1");
    def_t *table = scope_find(scope_file_of(env.scope), intern(env.names, "rates"));
    CU_ASSERT_FATAL(table && table->value);
    CU_ASSERT_STRING_EQUAL(const_text(env.c, table->value->type, table->value->w),
                           "[{\"code\":\"EUR\",\"usd\":1.08},{\"code\":\"GBP\",\"usd\":1.27}]");
    expr_env_close(&env);

    expr_env_open(&env, decls, "small * 2");
    def_t *param = scope_find(scope_file_of(env.scope), intern(env.names, "small"));
    CU_ASSERT_FATAL(param != NULL);
    expr_check(env.c, env.scope, env.expr, NULL);
    CU_ASSERT(const_has_param(env.expr));
    uint64_t w;
    double seven = 7.0;
    memcpy(&w, &seven, 8);
    const_set_param(env.c, param, &w);
    CU_ASSERT(const_eval_words(env.c, env.expr, &w) == 0);
    double got;
    memcpy(&got, &w, 8);
    CU_ASSERT(got == 14.0);
    expr_env_close(&env);
}

static void constness(void) {
    static const struct {
        const char *expr;
        int constant, param;
    } rows[] = {
        {"10s * 2", 1, 0}, {"most + 1", 1, 0}, {"small", 1, 1}, {"ms", 0, 0},
        {"most + ms", 0, 0}, {"now()", 0, 0}, {"twice(3)", 1, 0}, {"twice(ms)", 0, 0},
        {"map([1], fn(x) = x + 1)", 1, 0}, {"map([1], fn(x) = x + ms)", 0, 0},
        {"let a = 1; a + 1", 1, 0}, {"rate(\"EUR\") + small", 1, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        expr_env_t env;
        expr_env_open(&env, decls, rows[i].expr);
        expr_check(env.c, env.scope, env.expr, NULL);
        CU_ASSERT(diags_errors(env.diags) == 0);
        CU_ASSERT(const_check(env.c, env.expr, "this") == rows[i].constant);
        if (rows[i].constant) CU_ASSERT(const_has_param(env.expr) == rows[i].param);
        expr_env_close(&env);
    }
}

void suite_fold(void) {
    CU_pSuite s = CU_add_suite("fold", NULL, NULL);
    CU_add_test(s, "ints", ints);
    CU_add_test(s, "floats", floats);
    CU_add_test(s, "decimals", decimals);
    CU_add_test(s, "times", times);
    CU_add_test(s, "logic", logic);
    CU_add_test(s, "structure", structure);
    CU_add_test(s, "lists", lists);
    CU_add_test(s, "constants", constants);
    CU_add_test(s, "constness", constness);
}
