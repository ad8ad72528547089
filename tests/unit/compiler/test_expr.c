/* test_expr.c - types of expressions, and what is said about faulty ones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/unit/compiler/expr_env.h"

void suite_expr(void);

static const char decls[] =
    "type Row = { user: string, url: string, ms: int, price: float?, ts: timestamp, ok: bool,\n"
    "  d: duration, tags: [string], lines: [{ sku: string, qty: int, price: float }],\n"
    "  m: map<string, int>, event: Event, level: Level?, raw: bytes, money: decimal(12, 2),\n"
    "  p: { x: float, y: float? }, q: { x: float, y: float? }?, f: float, n: int? }\n"
    "type Event = Login { user: string, ip: string } | Bid { price: int } | Logout\n"
    "type Level = Debug | Info | Warn\n"
    "type Other = Info | Never\n"
    "type Point = { x: float, y: float = 1.5, note: string? }\n"
    "type Shape = Circle { r: float } | Rect { w: float, h: float } | Dot\n"
    "const most = 10\n"
    "param small: float = 1.0\n"
    "fn double(x: int): int = x * 2\n"
    "fn half(x: float, div: float = 2.0) = x / div\n"
    "fn who(e: Event): string = case e { Login l => l.user, else => \"?\" }\n";

typedef struct row {
    const char *expr, *expected;
} row_t;

static void check_types(const row_t *rows, size_t n) {
    for (size_t i = 0; i < n; i++) {
        char *got = expr_type_of(decls, rows[i].expr);
        int same = !strcmp(got, rows[i].expected);
        if (!same)
            printf("\n%s\n  expected %s\n  got      %s\n", rows[i].expr, rows[i].expected, got);
        CU_ASSERT(same);
        free(got);
    }
}

#define CHECK(rows) check_types(rows, sizeof rows / sizeof *rows)

static void literals(void) {
    static const row_t rows[] = {
        {"42", "int"},           {"-9223372036854775808", "int"}, {"0.5", "float"},
        {"0.908d", "decimal(4, 3)"}, {"\"x\"", "string"},        {"f\"{ms} {f}\"", "string"},
        {"true", "bool"},        {"10s", "duration"},            {"64MB", "size"},
        {"@2024-05-01", "timestamp"}, {"none", "none"},          {"[1, 2]", "[int]"},
        {"[1, 2.5]", "[float]"}, {"[1, none]", "[int?]"},        {"[none, 2.5]", "[float?]"},
        {"[[], [1]]", "[[int]]"}, {"{ user, n = 3 }", "{ user: string, n: int }"},
        {"{ p.*, z = 1.0 }", "{ x: float, y: float?, z: float }"},
        {"{ q.* }", "{ x: float?, y: float? }"},
    };
    CHECK(rows);
}

static void operators(void) {
    static const row_t rows[] = {
        {"ms + 1", "int"},          {"f * 2", "float"},          {"2 * f", "float"},
        {"f / (1 + 2)", "float"},   {"ts - ts", "duration"},     {"ts + 5m", "timestamp"},
        {"d * ms", "duration"},     {"d / 2", "duration"},       {"10m * most", "duration"},
        {"-f", "float"},            {"-d", "duration"},          {"ms == 3", "bool"},
        {"price == 2", "bool"},     {"price == none", "bool"},   {"user < url", "bool"},
        {"tags == [\"a\"]", "bool"}, {"event == Logout", "bool"}, {"level == Info", "bool"},
        {"price ?? 0.0", "float"},  {"price ?? 0", "float"},     {"n ?? none", "int?"},
        {"none ?? 1", "int"},       {"ms in 1..10", "bool"},     {"f in 1..<10", "bool"},
        {"user not in [\"a\", \"b\"]", "bool"}, {"level in [Info, Warn]", "bool"},
        {"ts in ts..ts + 1h", "bool"}, {"small * f", "float"},   {"not ok and ms > 1", "bool"},
        {"p == { y = none, x = 1 }", "bool"}, {"money < 10", "bool"},
        {"money * money", "decimal(38, 4)"}, {"money + 0.125d", "decimal(38, 3)"},
        {"money / 3", "decimal(38, 8)"},     {"money % 7", "decimal(38, 2)"},
        {"-money", "decimal(12, 2)"},        {"money > 0.125d", "bool"},
        {"0.908d * decimal(ms)", "decimal(38, 3)"}, {"round(money, 1)", "decimal(38, 1)"},
        {"max(money, 0.25d)", "decimal(12, 2)"}, {"max(0.25d, money)", "decimal(12, 2)"},
        {"to_decimal(user, 9, 2)", "decimal(9, 2)?"}, {"sum([money])", "decimal(38, 2)"},
        {"avg([money])", "decimal(38, 8)?"}, {"money in 0.00d..9.99d", "bool"},
        {"if ok then money else 0", "decimal(12, 2)"},
        {"m == m", "bool"},         {"n == ms", "bool"},
    };
    CHECK(rows);
}

static void structure(void) {
    static const row_t rows[] = {
        {"p.x", "float"},          {"p.y", "float?"},        {"q?.x", "float?"},
        {"q?.y", "float?"},        {"lines.qty", "[int]"},   {"tags[0]", "string?"},
        {"m[\"a\"]", "int?"},      {"lines[0]?.sku", "string?"},
        {"Point(x = 1)", "Point"}, {"Bid(price = 3)", "Event"}, {"Logout", "Event"},
        {"let a = ms, b = a + 1; b * 2", "int"},
        {"if ok then 1 else 2.5", "float"}, {"if ok then none else user", "string?"},
        {"if ok then Warn else Debug", "Level"},
        {"if ok then { a = 1 } else { a = none }", "{ a: int? }"},
        {"case ms { 1 => \"a\", 2 | -3 => \"b\", else => \"c\" }", "string"},
        {"case level { none => 0, Debug | Info => 1, Warn => 2 }", "int"},
        {"case event { Login l => l.ip, Bid b => string(b.price), Logout => \"\" }", "string"},
        {"case ok { true => 1, false => 0 }", "int"},
        {"case f { 1 => ms, else => 0 }", "int"},
        {"double(ms)", "int"},     {"half(3)", "float"},     {"half(div = 3.0, x = f)", "float"},
        {"ms.double()", "int"},    {"who(event)", "string"},
    };
    CHECK(rows);
}

static void narrowing(void) {
    static const row_t rows[] = {
        {"if price is not none then price * 2.0 else 0.0", "float"},
        {"price is not none and price > 1.0", "bool"},
        {"price is none or price > 1.0", "bool"},
        {"if not (price is none) then price else 0.0", "float"},
        {"if q?.y is not none then q.x + q.y else 0.0", "float"},
        {"if p.y is not none then p.y else 1.0", "float"},
        {"if event is Bid then event.price else 0", "int"},
        {"if event is not Bid then 0 else event.price", "int"},
        {"if event is Login then who(event) else \"\"", "string"},
        {"if n == 3 then n + 1 else 0", "int"},
        {"case price { none => 0.0, else => price + 1.0 }", "float"},
        {"case event { Bid => event.price, else => 0 }", "int"},
        {"if price is not none and n is not none then price * float(n) else 1.0", "float"},
    };
    CHECK(rows);
}

static void calls(void) {
    static const row_t rows[] = {
        {"length(user)", "int"},       {"length(tags)", "int"},   {"user.upper()", "string"},
        {"split(user, \",\")", "[string]"}, {"split(user, /,+/)", "[string]"},
        {"abs(-7)", "int"},            {"abs(f)", "float"},       {"abs(d)", "duration"},
        {"max(ms, 3)", "int"},         {"max(f, 3)", "float"},    {"max(2, f)", "float"},
        {"min(user, url)", "string"},  {"round(f, digits = 2)", "float"},
        {"sqrt(2)", "float"},          {"first(tags)", "string?"}, {"max(lines.qty)", "int?"},
        {"sum(lines.qty)", "int"},     {"avg(lines.price)", "float?"}, {"count(tags)", "int"},
        {"any([ok, true])", "bool"},   {"map(tags, fn(t) = length(t))", "[int]"},
        {"tags.map(fn(t) = t.length()).sum()", "int"},
        {"filter(lines, fn(l) = l.qty > 1)", "[{ sku: string, qty: int, price: float }]"},
        {"find(tags, fn(t) = t == user)", "string?"}, {"any(tags, fn(t) = t == \"x\")", "bool"},
        {"map(tags, fn(t) = to_int(t))", "[int?]"},  {"sum(map(tags, fn(t) = to_int(t)))", "int"},
        {"get(m, \"a\")", "int?"},     {"put(m, \"a\", 1)", "map<string, int>"},
        {"to_map([{ key = 1, value = f }])", "map<int, float>"},
        {"zip(tags, [1, 2])", "[{ a: string, b: int }]"}, {"append(tags, \"x\")", "[string]"},
        {"parse(Level, user)", "Level?"}, {"parse_json(Point, user)", "Point?"},
        {"parse_json([int], user)", "[int]?"}, {"hour(ts)", "int"},
        {"hour(ts, zone = \"+08:00\")", "int"}, {"floor(f)", "float"}, {"floor(ts, 1h)", "timestamp"},
        {"string(event)", "string"},   {"flatten([tags, tags])", "[string]"},
        {"arg_max(lines.sku, lines.qty)", "string?"}, {"now() - ts", "duration"},
        {"clamp(f, 0, 1)", "float"},   {"reverse(user)", "string"}, {"reverse(tags)", "[string]"},
        {"dot([1, 2], [f, f])", "float"}, {"range(1, 3)", "[int]"},
        {"extract(url, /a(b)/, 1) ?? \"\"", "string"}, {"min([price ?? 0.0, 1])", "float?"},
    };
    CHECK(rows);
}

/* ---- messages ---- */

static void check_messages(const row_t *rows, size_t n) {
    for (size_t i = 0; i < n; i++) {
        char *got = expr_type_of(decls, rows[i].expr);
        int found = strstr(got, rows[i].expected) != NULL;
        if (!found)
            printf("\n%s\n  expected %s\n  got      %s\n", rows[i].expr, rows[i].expected, got);
        CU_ASSERT(found);
        free(got);
    }
}

static void messages(void) {
    static const row_t rows[] = {
        {"usr == \"ann\"", "no column `usr` here"},
        {"usr == \"ann\"", "did you mean `user`?"},
        {"ms == \"10\"", "cannot compare int with string"},
        {"ms == \"10\"", "int on the left, string on the right"},
        {"ms == \"10\"", "help: write 10 without quotes, or string(ms)"},
        {"ms * (price ?? 0.0)", "`*` needs two numbers of one type"},
        {"ms * (price ?? 0.0)", "help: float(ms) * (price ?? 0.0)"},
        {"price > 9.5", "`price` may be missing: its type is float?"},
        {"price > 9.5",
         "help: `(price ?? 0.0) > 9.5`, or first `|> where price is not none`"},
        {"count() > 3", "an aggregate stands only in `aggregate`"},
        {"max(ms) > 3", "an aggregate stands only in `aggregate`"},
        {"user == p.x", "user: string, p.x: float"},
        {"matches(user, /(ab/)", "bad regex: "},
        {"case event { Bid => 1, Login => 2 }", "`Logout` is not handled"},
        {"case event { Bid => 1, Login => 2 }", "help: add `Logout => 0`, or `else => …`"},
        {"user + \"x\"", "`+` does not join text"},
        {"p.z", "no field `z` here"},
        {"event.price", "Event has variants"},
        {"q.x", "`q?.x`, which is none then"},
        {"user.length", "help: length(user)"},
        {"lenght(user)", "did you mean `length`?"},
        {"lower(ms)", "`lower` takes string here, this is int"},
        {"lower(user, url)", "`lower` does not take 2 arguments"},
        {"round(f, digit = 2)", "`round` has no parameter `digit`"},
        {"lower(tags[0])", "`tags[0]` may be missing: its type is string?"},
        {"sum(tags)", "`sum` does not take [string]"},
        {"if ms then 1 else 2", "a condition is a bool, this is int"},
        {"if ok then 1 else \"a\"", "the branches of `if` have different types"},
        {"[1, \"a\"]", "the elements of a list have different types"},
        {"[]", "what would this empty list hold?"},
        {"map([], fn(x) = 1)", "what would this empty list hold?"},
        {"fold([], tags, fn(a, t) = append(a, t))", "what would this empty list hold?"},
        {"count(let a = 1; [])", "what would this empty list hold?"},
        {"length([])", "what would this empty list hold?"},
        {"Info", "`Info` is a variant of "},
        {"Nothing", "no type has a variant `Nothing`"},
        {"level == Never", "Level has no variant `Never`"},
        {"Bid(prise = 3)", "no field `prise` here"},
        {"Point(y = 2.0)", "`Point` also needs x"},
        {"case ms { 1 => 2 }", "`case` over numbers or texts needs an `else`"},
        {"case ms { 1 => 2, 1 => 3, else => 4 }", "`1` is handled twice"},
        {"{ a = 1, a = 2 }", "field `a` is given twice"},
        {"ok == fn(x) = x", "stands only as an argument"},
        {"f\"{price}\"", "`price` may be missing"},
        {"double(f)", "this is float, but int is asked for"},
        {"double(f)", "help: int(f)"},
        {"double(ms, ms)", "`double` does not take 2 arguments"},
        {"m in [1]", "cannot compare map<string, int> with int"},
        {"ms in m", "after `in` comes a list or a range, this is map<string, int>"},
        {"\"a\" in user", "help: contains(user, \"a\")"},
        {"m < m", "have no order"},
        {"double", "`double` is a function, not a value"},
        {"quantile([1.0], 1.5)", "must be from 0.0 to 1.0"},
        {"decimal(ms, 39, 2)", "a decimal has 1 to 38 digits"},
        {"decimal(ms, ms, 2)", "`p` of decimal must be constant"},
        {"money * f", "`*` needs two numbers of one type"},
        {"money + ms", "help: money + decimal(ms)"},
        {"0.12345678901234567890d * 0.12345678901234567890d", "the product would have 40 digits"},
        {"2 * d", "help: d * 2"},
        {"hour(ts, zone = \"Berlin\")", "no such zone: \"Berlin\""},
        {"format_time(ts, \"%Q\")", "no such time format: \"%Q\""},
        {"parse_time(user, \"%Y-%K\")", "no such time format"},
        {"extract(user, /a(b)/, 2)", "the regex has no group 2"},
        {"parse(int, user)", "help: to_int(user)"},
        {"parse(Event, user)", "`parse` takes an enum type here, this is Event"},
        {"sort(map(lines, fn(l) = l.sku == 1))", "cannot compare string with int"},
        {"lower(if ok then 1 else 2)", "`lower` takes string here, this is int"},
        {"parse_json({ a = 1 }, user)", "the name of a type belongs here"},
    };
    check_messages(rows, sizeof rows / sizeof *rows);
}

static void warnings(void) {
    static const char *const exprs[] = {"user is none", "user ?? url", "user == none"};
    for (size_t i = 0; i < sizeof exprs / sizeof *exprs; i++) {
        expr_env_t env;
        expr_env_open(&env, decls, exprs[i]);
        expr_check(env.c, env.scope, env.expr, NULL);
        CU_ASSERT(diags_errors(env.diags) == 0);
        CU_ASSERT(strstr(expr_env_messages(&env), "`user` is never missing") != NULL);
        expr_env_close(&env);
    }
}

/* ---- declarations ---- */

static void declarations(void) {
    static const struct {
        const char *decls, *expected;
    } rows[] = {
        {"fn fact(n: int): int = if n <= 1 then 1 else n * fact(n - 1)",
         "a function may not call itself"},
        {"fn f(n: int): int = g(n)\nfn g(n: int): int = f(n)", "call each other"},
        {"type A = { b: B }\ntype B = { a: A? }", "contains itself"},
        {"const a = b\nconst b = a", "is made from itself"},
        {"const a = 1 / 0", "this constant has no value: division by zero"},
        {"const a = 1\nconst a = 2", "`a` is declared twice"},
        {"fn lower(s: string) = s", "`lower` is a function of the language"},
        {"fn f(x: integer) = x", "help: write `int`"},
        {"fn f(x: Pont) = x\ntype Point = { x: int }", "did you mean `Point`?"},
        {"param p: int = now()", "this is timestamp, but int is asked for"},
        {"param p: timestamp = now()", "must be constant"},
        {"param p: int = 3\nconst a = p + 1", "cannot read a param"},
        {"type A = X | X", "variant `X` is given twice"},
        {"type A = { x: int, x: int }", "field `x` is given twice"},
        {"fn f(x: map<float, int>) = x", "the keys of a map are"},
        {"fn f() = none", "the type of this value is not clear"},
        {"fn f(x: int): string = x", "this is int, but string is asked for"},
        {"fn f(x: int) = y", "nothing is called `y` here"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *got = expr_type_of(rows[i].decls, "1");
        int found = strstr(got, rows[i].expected) != NULL;
        if (!found) printf("\n%s\n  expected %s\n  got %s\n", rows[i].decls, rows[i].expected, got);
        CU_ASSERT(found);
        free(got);
    }
}

static void no_followers(void) {
    static const char *const exprs[] = {
        "usr + 1 == 2 and lower(usr) == usr",  "lower(usr).upper() + 1", "[usr, 1, usr]",
        "if usr then usr + 1 else usr",        "case usr { 1 => usr, else => 2 }",
        "let a = usr; a + 1 * a",              "map(usr, fn(x) = x + 1)", "{ a = usr, b = usr }",
        "usr ?? 1",                            "usr[0].x + double(usr)",  "usr in [usr]",
        "f\"{usr}\"",                          "max(usr, 1) + sum(usr)",
    };
    for (size_t i = 0; i < sizeof exprs / sizeof *exprs; i++) {
        expr_env_t env;
        expr_env_open(&env, decls, exprs[i]);
        expr_check(env.c, env.scope, env.expr, NULL);
        const char *text = expr_env_messages(&env);
        int others = 0;
        for (const char *p = text; (p = strstr(p, "error: ")); p++)
            others += strncmp(p, "error: no column `usr` here", 27) != 0;
        if (others) printf("\n%s\n%s\n", exprs[i], text);
        CU_ASSERT(!others);
        expr_env_close(&env);
    }
}

/* ---- items of `aggregate` ---- */

static void items(void) {
    static const struct {
        const char *expr, *type;
        int calls, when;
    } rows[] = {
        {"count()", "int", 1, 0},           {"sum(ms)", "int", 1, 0},
        {"avg(ms)", "float", 1, 0},         {"avg(price)", "float?", 1, 0},
        {"max(f) - min(f)", "float", 2, 0}, {"float(sum(ms)) / float(count())", "float", 2, 0},
        {"max(f)", "float?", 1, 1},         {"variance(f)", "float?", 1, 0},
        {"arg_max(user, ms)", "string", 1, 0}, {"collect(user)", "[string]", 1, 0},
        {"f\"{user}: {count()}\"", "string", 1, 0}, {"sum(length(url))", "int", 1, 0},
        {"max(ms, 3)", "!`ms` is neither a key", 0, 0}, {"url", "!`url` is neither a key", 0, 0},
        {"sum(count())", "!`sum` takes a value of each row, not another aggregate", 0, 0},
        {"count(nothing)", "!no column `nothing` here", 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        expr_env_t env;
        expr_env_open(&env, decls, rows[i].expr);
        field_t key = {.name = intern(env.names, "user"),
                       .type = type_basic(env.c->types, TY_STRING)};
        type_t *keys = type_record(env.c->types, NULL, &key, 1);
        agg_calls_t found = {0};
        scope_t *s = scope_items(env.arena, scope_row(env.arena, scope_file_of(env.scope), keys, NULL),
                                 env.scope, &found, rows[i].when);
        type_t *t = expr_check(env.c, s, env.expr, NULL);
        const char *got = diags_errors(env.diags) ? expr_env_messages(&env)
                                                  : type_text(env.arena, t);
        int same = rows[i].type[0] == '!' ? strstr(got, rows[i].type + 1) != NULL
                                          : !strcmp(got, rows[i].type);
        same &= (int)found.n == rows[i].calls;
        if (!same) printf("\n%s\n  expected %s\n  got %s (%zu)\n", rows[i].expr, rows[i].type, got, found.n);
        CU_ASSERT(same);
        expr_env_close(&env);
    }
}

void suite_expr(void) {
    CU_pSuite s = CU_add_suite("expr", NULL, NULL);
    CU_add_test(s, "literals", literals);
    CU_add_test(s, "operators", operators);
    CU_add_test(s, "structure", structure);
    CU_add_test(s, "narrowing", narrowing);
    CU_add_test(s, "calls", calls);
    CU_add_test(s, "messages", messages);
    CU_add_test(s, "warnings", warnings);
    CU_add_test(s, "declarations", declarations);
    CU_add_test(s, "no followers", no_followers);
    CU_add_test(s, "items", items);
}
