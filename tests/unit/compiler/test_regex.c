/* test_regex.c - regular expressions: what they match, what is said of wrong ones, and
 * what the compiler asks of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_regex.h"
#include "runtime/kernel/k_regex_fn.h"
#include "tests/unit/compiler/regex_env.h"

/* ---- what they match -------------------------------------------------------- */

typedef struct match_case {
    char function;
    const char *pattern, *text;
    size_t len;
    const char *expected;
} match_case;

static const match_case cases[] = {
#define CASE(function, pattern, text, expected)                                          \
    {function, pattern, text, sizeof(text) - 1, expected},
#include "tests/unit/compiler/regex_cases.def"
#undef CASE
};
#define CASES (sizeof cases / sizeof *cases)

/* Every case by every way of matching it. */
static void test_cases(void) {
    static const unsigned ways[] = {0,
                                    REGEX_NO_AUTOMATA,
                                    REGEX_NO_TAGS,
                                    REGEX_NO_AUTOMATA | REGEX_NO_TAGS,
                                    REGEX_NO_FAST | REGEX_NO_LOOKS,
                                    REGEX_NO_LOOKS,
                                    REGEX_ALL_LOOKS};
    for (size_t i = 0; i < CASES; i++) {
        const match_case *c = &cases[i];
        arena_t *a = arena_new("regex");
        regex_t *re = regex_of(a, c->pattern);
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            size_t n;
            const uint8_t *table = regex_table_without(re, ways[w], &n);
            const char *got = regex_words(a, c->function, table, c->text, c->len);
            if (strcmp(got, c->expected))
                printf("%c /%s/ on \"%s\" (way %u): %s, not %s\n", c->function,
                       c->pattern, c->text, ways[w], got, c->expected);
            CU_ASSERT_STRING_EQUAL(got, c->expected);
        }
        arena_free(a);
    }
}

/* matches(s, re) agrees with groups(s, re). */
static void test_matches(void) {
    for (size_t i = 0; i < CASES; i++) {
        const match_case *c = &cases[i];
        if (c->function != 'g') continue;
        arena_t *a = arena_new("regex");
        regex_t *re = regex_of(a, c->pattern);
        for (unsigned way = 0; way <= REGEX_NO_AUTOMATA; way++) {
            size_t n;
            const uint8_t *table = regex_table_without(re, way, &n);
            int32_t found =
                flow_k_fn_matches((const uint8_t *)c->text, (int64_t)c->len, table);
            CU_ASSERT_EQUAL(found, strcmp(c->expected, "none") != 0);
        }
        arena_free(a);
    }
}

static const char *extracted(const char *pattern, const char *text, int64_t group) {
    static char got[256];
    arena_t *a = arena_new("regex");
    size_t n;
    uint64_t out[3];
    const uint8_t *table = regex_table(regex_of(a, pattern), &n);
    int32_t status = flow_k_fn_extract(regex_ctx(), out, (const uint8_t *)text,
                                       (int64_t)strlen(text), table, group);
    if (status)
        snprintf(got, sizeof got, "error %d", status == FLOW_E_argument);
    else if (!out[2])
        snprintf(got, sizeof got, "none");
    else
        snprintf(got, sizeof got, "[%.*s]", (int)out[1], (const char *)(uintptr_t)out[0]);
    arena_free(a);
    return got;
}

static void test_extract(void) {
    CU_ASSERT_STRING_EQUAL(extracted("id=(\\d+)", "x id=42;", 1), "[42]");
    CU_ASSERT_STRING_EQUAL(extracted("id=(\\d+)", "x id=42;", 0), "[id=42]");
    CU_ASSERT_STRING_EQUAL(extracted("id=(\\d+)", "x", 1), "none");
    CU_ASSERT_STRING_EQUAL(extracted("id=(\\d+)", "x", 0), "none");
    CU_ASSERT_STRING_EQUAL(extracted("(a)|(b)", "b", 1), "[]");
    CU_ASSERT_STRING_EQUAL(extracted("(a)|(b)", "b", 2), "[b]");
    CU_ASSERT_STRING_EQUAL(extracted("id=(\\d+)", "id=1", 2), "error 1");
    CU_ASSERT_STRING_EQUAL(extracted("id=(\\d+)", "id=1", -1), "error 1");
    CU_ASSERT_STRING_EQUAL(
        extracted("(&|^)channel_id=([^&]*)", "a=1&channel_id=apple&b", 2), "[apple]");
}

static const char *replaced(const char *pattern, const char *text, const char *to) {
    static char got[256];
    arena_t *a = arena_new("regex");
    size_t n;
    uint64_t out[2];
    const uint8_t *table = regex_table(regex_of(a, pattern), &n);
    flow_k_fn_replace_regex(regex_ctx(), out, (const uint8_t *)text,
                            (int64_t)strlen(text), table, (const uint8_t *)to,
                            (int64_t)strlen(to));
    snprintf(got, sizeof got, "%.*s", (int)out[1], (const char *)(uintptr_t)out[0]);
    arena_free(a);
    return got;
}

static void test_replace(void) {
    CU_ASSERT_STRING_EQUAL(replaced("(\\d+)-(\\d+)", "2024-05", "$2/$1"), "05/2024");
    CU_ASSERT_STRING_EQUAL(replaced("a", "banana", ""), "bnn");
    CU_ASSERT_STRING_EQUAL(replaced("a", "banana", "$"), "b$n$n$");
    CU_ASSERT_STRING_EQUAL(replaced("a", "banana", "$$"), "b$n$n$");
    CU_ASSERT_STRING_EQUAL(replaced("a", "banana", "$x"), "b$xn$xn$x");
    CU_ASSERT_STRING_EQUAL(replaced("a", "banana", "$$0"), "b$0n$0n$0");
    CU_ASSERT_STRING_EQUAL(replaced("a", "banana", "$$$0"), "b$an$an$a");
    CU_ASSERT_STRING_EQUAL(replaced("a", "banana", "$00"), "ba0na0na0");
    CU_ASSERT_STRING_EQUAL(replaced("a", "banana", "[$3]"), "b[]n[]n[]");
    CU_ASSERT_STRING_EQUAL(replaced("(a)|n", "an", "<$1>"), "<a><>");
    CU_ASSERT_STRING_EQUAL(replaced("(.)", "é中", "$1$1"), "éé中中");
    CU_ASSERT_STRING_EQUAL(replaced("x", "", "y"), "");
    CU_ASSERT_STRING_EQUAL(replaced("x*", "", "y"), "y");
    CU_ASSERT_STRING_EQUAL(replaced("z", "abc", "y"), "abc");
    CU_ASSERT_STRING_EQUAL(
        replaced("(1)(2)(3)(4)(5)(6)(7)(8)(9)(A)", "123456789A", "$9$10"), "910");
}

/* ---- what is wrong with them ------------------------------------------------ */

typedef struct error_case {
    const char *pattern;
    size_t at, end;
    const char *reason;
    const char *help; /* part of it; null: any */
} error_case;

static const error_case errors[] = {
    {"(ab", 0, 1, "a `(` is never closed", "write `\\(` for a bracket as text"},
    {"a(b(c)", 1, 2, "a `(` is never closed", NULL},
    {"(?:ab", 0, 1, "a `(` is never closed", NULL},
    {"(?P<x>a", 0, 1, "a `(` is never closed", NULL},
    {"(?i", 0, 1, "a `(` is never closed", NULL},
    {"ab)", 2, 3, "a `)` closes nothing", "write `\\)`"},
    {"a|b)c", 3, 4, "a `)` closes nothing", NULL},
    {"[ab", 0, 1, "a `[` is never closed", "write `\\[`"},
    {"x[]", 1, 2, "a `[` is never closed", NULL},
    {"[^]", 0, 1, "a `[` is never closed", NULL},
    {"[[:alpha:]", 0, 1, "a `[` is never closed", NULL},
    {"*a", 0, 1, "nothing stands before `*` that it could repeat", "write `\\*`"},
    {"a|+", 2, 3, "nothing stands before `+` that it could repeat", NULL},
    {"(?)", 0, 3, "no flag is called `)`", NULL},
    {"(?", 0, 1, "a `(` is never closed", NULL},
    {"(?:+)", 3, 4, "nothing stands before `+` that it could repeat", NULL},
    {"{2}", 0, 3, "nothing stands before `{2}` that it could repeat", "write `\\{`"},
    {"(?i)*", 4, 5, "nothing stands before `*` that it could repeat", NULL},
    {"a**", 1, 3, "`**` repeats a repetition", "(?:x+)*"},
    {"a{2}{3}", 1, 7, "`{2}{3}` repeats a repetition", NULL},
    {"a+?*", 1, 4, "`+?*` repeats a repetition", NULL},
    {"a*+", 1, 3, "possessive repetition `*+` does not exist here", NULL},
    {"a++", 1, 3, "possessive repetition `++` does not exist here", NULL},
    {"a{1001}", 1, 7, "`{1001}` repeats more than 1000 times", NULL},
    {"a{2,1001}", 1, 9, "`{2,1001}` repeats more than 1000 times", NULL},
    {"a{3,2}", 1, 6, "`{3,2}` asks for at least 3 and at most 2", "write `{2,3}`"},
    {"(a)\\1", 3, 5, "a back-reference `\\1` is not supported", "groups(s, re)"},
    {"\\12", 0, 3, "a back-reference `\\12` is not supported", NULL},
    {"(?P<n>a)\\k<n>", 8, 10, "a back-reference `\\k` is not supported", NULL},
    {"(?P<n>a)(?P=n)", 8, 12, "back-reference `(?P=` is not supported", NULL},
    {"a(?=b)", 1, 4, "look-ahead `(?=` is not supported", "take a group"},
    {"a(?!b)", 1, 4, "negative look-ahead `(?!` is not supported", NULL},
    {"(?<=a)b", 0, 4, "look-behind `(?<=` is not supported", NULL},
    {"(?<!a)b", 0, 4, "negative look-behind `(?<!` is not supported", NULL},
    {"(?>a)", 0, 3, "atomic group `(?>` is not supported", NULL},
    {"(?#x)", 0, 3, "comment `(?#` is not supported", NULL},
    {"(?R)", 0, 3, "recursion `(?R` is not supported", NULL},
    {"(?(1)a|b)", 0, 3, "condition `(?(` is not supported", NULL},
    {"(?|a)", 0, 3, "branch reset `(?|` is not supported", NULL},
    {"(?x)a", 0, 3, "no flag is called `x`", "i, m, s and u"},
    {"(?U)a", 0, 3, "no flag is called `U`", NULL},
    {"(?i-)a", 0, 5, "no flag is called `)`", NULL},
    {"(?1)", 0, 3, "no flag is called `1`", NULL},
    {"(?é)", 0, 4, "no flag is called `é`", NULL},
    {"(?P<>a)", 0, 4, "a group's name is not well formed", NULL},
    {"(?P<1>a)", 0, 5, "a group's name is not well formed", NULL},
    {"(?P<a b>a)", 0, 5, "a group's name is not well formed", NULL},
    {"(?P<x>a)(?P<x>b)", 8, 14, "two groups are called `x`", NULL},
    {"\\y", 0, 2, "`\\y` means nothing in a regex", "write `\\\\`"},
    {"\\é", 0, 3, "`\\é` means nothing in a regex", NULL},
    {"\\u0041", 0, 2, "`\\u` means nothing in a regex", "\\x{1F600}"},
    {"a\\Z", 1, 3, "`\\Z` means nothing in a regex", "\\z"},
    {"\\C", 0, 2, "`\\C` means nothing in a regex", NULL},
    {"\\E", 0, 2, "`\\E` means nothing in a regex", NULL},
    {"[\\b]", 1, 3, "`\\b` stands for a place, not for a character", NULL},
    {"ab\\", 2, 3, "a `\\` stands at the end", NULL},
    {"\\x4", 0, 3, "`\\x4` is not a character's number", NULL},
    {"\\x{}", 0, 3, "`\\x{` is not a character's number", NULL},
    {"\\x{12", 0, 5, "`\\x{12` is not a character's number", NULL},
    {"\\x{110000}", 0, 10, "no character has the number `\\x{110000}`", NULL},
    {"\\x{d800}", 0, 8, "no character has the number `\\x{d800}`", NULL},
    {"[z-a]", 1, 4, "the range `z-a` is the wrong way round", NULL},
    {"[a-\\d]", 1, 5, "a range cannot end in `\\d`", "write `\\-`"},
    {"[[:foo:]]", 1, 8, "no class is called `[:foo:]`", "alnum"},
    {"\\p{Foo}", 0, 7, "no class of characters is called `Foo`", NULL},
    {"\\p{Grek}", 0, 8, "no class of characters is called `Grek`",
     "did you mean `Greek`?"},
    {"\\pX", 0, 3, "no class of characters is called `X`", NULL},
    {"\\p{L", 0, 4, "`\\p{L` is not well formed", NULL},
    {"\\p", 0, 2, "`\\p` is not well formed", NULL},
    {"a\xFF", 1, 2, "the regex is not valid UTF-8", NULL},
    {"\xC3", 0, 1, "the regex is not valid UTF-8", NULL},
    {"[\xE0\x80\x80]", 1, 2, "the regex is not valid UTF-8", NULL},
    {"(?:(?:x{1000}){100}){100}", 0, 25, "written out it has more than 32768 parts",
     "ask for less"},
    {"(?u)(?:\\w{100}){100}", 0, 20, "written out it has more than 32768 parts", NULL},
};

static void test_errors(void) {
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        const error_case *c = &errors[i];
        arena_t *a = arena_new("regex");
        regex_t *re;
        regex_error_t err = {0};
        int ok = regex_compile(a, c->pattern, strlen(c->pattern), &re, &err);
        CU_ASSERT_FALSE(ok);
        if (!ok &&
            (strcmp(err.reason, c->reason) || err.at != c->at || err.end != c->end))
            printf("/%s/: %zu-%zu %s\n", c->pattern, err.at, err.end, err.reason);
        CU_ASSERT_TRUE(!ok && !strcmp(err.reason, c->reason));
        CU_ASSERT_TRUE(!ok && err.at == c->at && err.end == c->end);
        CU_ASSERT_TRUE(!ok && err.help && (!c->help || strstr(err.help, c->help)));
        arena_free(a);
    }
}

static const char *label_of(const char *pattern) {
    static char label[128];
    arena_t *a = arena_new("regex");
    regex_t *re;
    regex_error_t err = {0};
    CU_ASSERT_FALSE_FATAL(regex_compile(a, pattern, strlen(pattern), &re, &err));
    snprintf(label, sizeof label, "%s", err.label);
    arena_free(a);
    return label;
}

static void test_labels(void) {
    CU_ASSERT_STRING_EQUAL(label_of("(ab"), "at the 1st character of the regex");
    CU_ASSERT_STRING_EQUAL(label_of("a(b"), "at the 2nd character of the regex");
    CU_ASSERT_STRING_EQUAL(label_of("é中(b"), "at the 3rd character of the regex");
    CU_ASSERT_STRING_EQUAL(label_of("aaaa("), "at the 5th character of the regex");
    CU_ASSERT_STRING_EQUAL(label_of("aaaaaaaaaa("), "at the 11th character of the regex");
    CU_ASSERT_STRING_EQUAL(label_of("aaaaaaaaaaa("),
                           "at the 12th character of the regex");
    CU_ASSERT_STRING_EQUAL(label_of("aaaaaaaaaaaaaaaaaaaa("),
                           "at the 21st character of the regex");
}

static void test_nesting(void) {
    char deep[1024];
    regex_t *re;
    regex_error_t err;
    for (int depth = 100; depth <= 300; depth += 100) {
        arena_t *a = arena_new("regex");
        memset(deep, '(', (size_t)depth);
        memset(deep + depth, ')', (size_t)depth);
        int ok = regex_compile(a, deep, 2 * (size_t)depth, &re, &err);
        CU_ASSERT_EQUAL(ok, depth <= 200);
        arena_free(a);
    }
}

/* ---- what the compiler asks ------------------------------------------------- */

static int class_run(const char *pattern, const char *members) {
    arena_t *a = arena_new("regex");
    uint8_t bits[32] = {0};
    int kind = regex_as_class_run(regex_of(a, pattern), bits);
    for (int b = 0; kind && b < 128; b++)
        CU_ASSERT_EQUAL(bits[b >> 3] >> (b & 7) & 1, b && strchr(members, b) != NULL);
    for (int b = 0x81; kind && b < 256; b++)
        CU_ASSERT_EQUAL(bits[b >> 3] >> (b & 7) & 1, bits[16] & 1);
    arena_free(a);
    return kind;
}

static void test_class_runs(void) {
    CU_ASSERT_EQUAL(class_run("[ ,;]+", " ,;"), 2);
    CU_ASSERT_EQUAL(class_run("(?:[ ,;])+", " ,;"), 2);
    CU_ASSERT_EQUAL(class_run("\\d+", "0123456789"), 2);
    CU_ASSERT_EQUAL(class_run("\\s+", "\t\n\f\r "), 2);
    CU_ASSERT_EQUAL(class_run("a|b", "ab"), 1);
    CU_ASSERT_EQUAL(class_run(",", ","), 1);
    CU_ASSERT_EQUAL(class_run("\\|", "|"), 1);
    CU_ASSERT_EQUAL(class_run("[,]", ","), 1);
    arena_t *a = arena_new("regex");
    uint8_t bits[32];
    CU_ASSERT_EQUAL(regex_as_class_run(regex_of(a, "\\W+"), bits), 2);
    CU_ASSERT_EQUAL(bits[31], 0xFF);
    CU_ASSERT_EQUAL(bits['a' >> 3] >> ('a' & 7) & 1, 0);
    CU_ASSERT_EQUAL(regex_as_class_run(regex_of(a, "\\w+"), bits), 2);
    CU_ASSERT_EQUAL(bits[31], 0);
    static const char *const none[] = {"\\W", "[^a]",  ".",     "é+",   "[a-é]+",   "a*",
                                       "a+?", "(a+)",  "a+b",   "a{2}", "(?u)\\w+", "\\b",
                                       "",    "[aé]+", "(?i)k", "^a+"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CU_ASSERT_EQUAL(regex_as_class_run(regex_of(a, none[i]), bits), 0);
    arena_free(a);
}

static int is_literal(const char *pattern, const char *expected) {
    arena_t *a = arena_new("regex");
    const char *text;
    size_t n;
    int yes = regex_as_literal(regex_of(a, pattern), &text, &n);
    if (yes) CU_ASSERT_TRUE(strlen(expected) == n && !memcmp(text, expected, n));
    arena_free(a);
    return yes;
}

static void test_literals(void) {
    CU_ASSERT_TRUE(is_literal("abc", "abc"));
    CU_ASSERT_TRUE(is_literal("a\\.b\\/c", "a.b/c"));
    CU_ASSERT_TRUE(is_literal("é中", "é中"));
    CU_ASSERT_TRUE(is_literal("(?:ab){2}c", "ababc"));
    CU_ASSERT_TRUE(is_literal("\\Qa+b\\E", "a+b"));
    CU_ASSERT_TRUE(is_literal("(ab)c", "abc"));
    CU_ASSERT_FALSE(is_literal("", ""));
    CU_ASSERT_FALSE(is_literal("ab|cd", ""));
    CU_ASSERT_FALSE(is_literal("(?i)ab", ""));
    CU_ASSERT_FALSE(is_literal("^ab", ""));
    CU_ASSERT_FALSE(is_literal("ab+", ""));
    CU_ASSERT_FALSE(is_literal("a.b", ""));
}

static void test_properties(void) {
    arena_t *a = arena_new("regex");
    regex_t *re = regex_of(a, "(?P<year>\\d+)-(\\d+)(?P<day>-\\d+)?");
    CU_ASSERT_EQUAL(regex_groups(re), 4);
    CU_ASSERT_PTR_NULL(regex_group_name(re, 0));
    CU_ASSERT_STRING_EQUAL(regex_group_name(re, 1), "year");
    CU_ASSERT_PTR_NULL(regex_group_name(re, 2));
    CU_ASSERT_STRING_EQUAL(regex_group_name(re, 3), "day");
    CU_ASSERT_FALSE(regex_can_match_empty(re));
    CU_ASSERT_TRUE(regex_can_match_empty(regex_of(a, "a*")));
    CU_ASSERT_TRUE(regex_can_match_empty(regex_of(a, "\\b")));
    CU_ASSERT_TRUE(regex_can_match_empty(regex_of(a, "(a|)(b*)")));
    CU_ASSERT_FALSE(regex_can_match_empty(regex_of(a, "(a|)b")));
    CU_ASSERT_EQUAL(regex_groups(regex_of(a, "(?:a)")), 1);
    arena_free(a);
}

/* Which way is taken, in words. */
static void test_describe(void) {
    static const char *const ways[][2] = {
        {"abc", "literal"},
        {"(?i)abc", "literal"},
        {"\\w+", "class of bytes"},
        {"a+b", "automaton of"},
        {"(a+)b", "groups by tags"},
        {"(?u)\\bx+\\b", "threads over"},
        {"[ab][^c]{400}x", "threads over"},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        arena_t *a = arena_new("regex");
        const char *words = regex_describe(regex_of(a, ways[i][0]));
        CU_ASSERT_PTR_NOT_NULL(strstr(words, ways[i][1]));
        if (!strstr(words, ways[i][1])) printf("/%s/: %s\n", ways[i][0], words);
        arena_free(a);
    }
}

/* The same text gives the same bytes. */
static void test_repeatable(void) {
    arena_t *a = arena_new("regex"), *b = arena_new("regex");
    for (size_t i = 0; i < CASES; i += 7) {
        size_t n, m;
        const uint8_t *x = regex_table(regex_of(a, cases[i].pattern), &n);
        const uint8_t *y = regex_table(regex_of(b, cases[i].pattern), &m);
        CU_ASSERT_TRUE(n == m && n % 8 == 0 && !memcmp(x, y, n));
        CU_ASSERT_EQUAL(((const flow_re *)x)->size, n);
    }
    arena_free(a);
    arena_free(b);
}

/* ---- the iterations of classes ---------------------------------------------- */

/* Pieces and matches by masks and by the general way are the same, at all lengths. */
static void test_run_iterations(void) {
    static const char *const patterns[] = {
        "\\W+", "\\w+", "[ ,]+", ",", "[,x]", "[^a]+", "[acegikmo]+", "[acegikmoqsuwy]"};
    static const char bytes[] = "a,b x _.1\nZ";
    uint64_t seed = 88172645463325252u;
    for (size_t k = 0; k < sizeof patterns / sizeof *patterns; k++) {
        arena_t *a = arena_new("regex");
        size_t n;
        const uint8_t *re = regex_table(regex_of(a, patterns[k]), &n);
        CU_ASSERT_EQUAL(((const flow_re *)re)->how, FLOW_RE_RUN);
        for (int64_t len = 0; len < 400; len++) {
            uint8_t *s = malloc((size_t)len + !len);
            uint32_t runs = regex_random(&seed, 30) + 1;
            for (int64_t i = 0; i < len; i++)
                s[i] = i && regex_random(&seed, runs)
                           ? s[i - 1]
                           : (uint8_t)bytes[regex_random(&seed, 11)];
            int64_t fast[FLOW_RE_ITER] = {0}, slow[FLOW_RE_ITER] = {0};
            int64_t fast2[FLOW_RE_ITER] = {0}, slow2[FLOW_RE_ITER] = {0};
            for (int more = 1; more;) {
                more = flow_k_re_run_piece(re, s, len, fast);
                CU_ASSERT_EQUAL(flow_k_re_piece(regex_ctx(), re, s, len, slow), more);
                CU_ASSERT_TRUE(!more || (fast[1] == slow[1] && fast[2] == slow[2]));
            }
            for (int more = 1; more;) {
                more = flow_k_re_run_next(re, s, len, fast2);
                CU_ASSERT_EQUAL(flow_k_re_next(regex_ctx(), re, s, len, slow2), more);
                CU_ASSERT_TRUE(!more || (fast2[1] == slow2[1] && fast2[2] == slow2[2]));
            }
            free(s);
        }
        arena_free(a);
    }
}

void suite_regex(void);
void suite_regex(void) {
    CU_pSuite s = CU_add_suite("regex", NULL, NULL);
    CU_add_test(s, "what they match", test_cases);
    CU_add_test(s, "matches", test_matches);
    CU_add_test(s, "extract", test_extract);
    CU_add_test(s, "replace", test_replace);
    CU_add_test(s, "errors", test_errors);
    CU_add_test(s, "labels of errors", test_labels);
    CU_add_test(s, "nesting", test_nesting);
    CU_add_test(s, "classes of bytes", test_class_runs);
    CU_add_test(s, "literals", test_literals);
    CU_add_test(s, "properties", test_properties);
    CU_add_test(s, "ways of matching", test_describe);
    CU_add_test(s, "the same bytes each time", test_repeatable);
    CU_add_test(s, "iterations of classes", test_run_iterations);
}
