/* test_regex_steps.c - matching takes steps linear in the text, counted, not timed.
 *
 * The matcher's files are compiled here once more with a counter in their loops (their
 * names changed, as the kernel's own stand beside them).  Patterns that make a
 * backtracking matcher exponential, and those that make find_all quadratic, must stay
 * within a number of steps per byte that depends on the pattern alone. */
#include <stdint.h>

static int64_t steps;
#define RE_COUNT(n)      (steps += (n))
#define k_re_forward     counted_forward
#define k_re_backward    counted_backward
#define k_re_before      counted_before
#define k_re_after       counted_after
#define k_re_threads     counted_threads
#define k_re_threads_any counted_threads_any
#define k_re_look        counted_look
#define k_re_code        counted_code
#define k_re_sweep       counted_sweep
#define k_re_sweep_next  counted_sweep_next
#define k_re_tags        counted_tags
#define k_re_text        counted_text
#define k_re_any         counted_any
#define k_re_find        counted_find
#define k_re_groups      counted_groups
#define k_re_next_groups counted_next_groups
#define flow_k_re_next   counted_re_next
#define flow_k_re_piece  counted_re_piece
#include "runtime/kernel/k_regex_dfa.c"
#include "runtime/kernel/k_regex_nfa.c"
#include "runtime/kernel/k_regex_sweep.c"
#include "runtime/kernel/k_regex_tags.c"
#include "runtime/kernel/k_regex.c"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/unit/compiler/regex_env.h"

typedef struct hard_case {
    const char *pattern;
    const char *unit; /* the text is this, again and again */
    const char *end;  /* and this at its end */
    int per_byte;     /* steps a byte that are enough, threads apart */
} hard_case;

static const hard_case cases[] = {
    {"(a*)*b", "a", "", 3},
    {"(a*)*b", "a", "b", 4},
    {"(a|a)*b", "a", "", 3},
    {"(a|aa)+$", "a", "x", 3},
    {"(a+)+$", "a", "x", 3},
    {"(x+x+)+y", "x", "", 3},
    {"(.*)(.*)(.*)(.*)(.*)=", "a", "", 3},
    {".*.*.*.*=.*", "ab", "", 3},
    {"a{1,500}b", "a", "", 4},
    {"(a?){30}a{30}", "a", "", 8},
    {"([a-zA-Z]+)*1", "abcdefg", "", 3},
    {"^(([a-z])+.)+[A-Z]([a-z])+$", "a", "", 3},
    {"(\\w+\\s*)+:", "word ", "", 3},
    {"(?:(?:a|b)*c|d)*e", "abc", "", 3},
    {"(\"[^\"]*\"|[^,])*,$", "\"a,\"b", "", 3},
    {"\\b(\\w|\\w\\w)+\\b!", "word ", "", 3},
    {"x*x*x*x*x*x*x*x*y", "x", "", 3},
};

static char *text_of(const hard_case *c, size_t n) {
    char *s = malloc(n + strlen(c->end) + 1);
    size_t unit = strlen(c->unit);
    for (size_t i = 0; i < n; i++)
        s[i] = c->unit[i % unit];
    strcpy(s + n, c->end);
    return s;
}

/* Steps of one search with groups over a text of n bytes. */
static int64_t search_steps(const hard_case *c, const uint8_t *table, size_t n) {
    char *s = text_of(c, n);
    int64_t slots[2 * FLOW_RE_MAX_GROUPS];
    re_text t = counted_text((const uint8_t *)s, (int64_t)strlen(s));
    steps = 0;
    counted_groups(regex_ctx(), (const flow_re *)table, t, t.s, slots);
    free(s);
    return steps;
}

static void test_searches(void) {
    const int64_t n = 20000;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const hard_case *c = &cases[i];
        arena_t *a = arena_new("regex");
        regex_t *re = regex_of(a, c->pattern);
        size_t size;
        const uint8_t *table = regex_table(re, &size);
        CU_ASSERT_EQUAL(((const flow_re *)table)->how, FLOW_RE_DFA);
        int64_t got = search_steps(c, table, (size_t)n);
        if (got > c->per_byte * n)
            printf("/%s/: %lld steps\n", c->pattern, (long long)got);
        CU_ASSERT_TRUE(got <= c->per_byte * n);
        arena_free(a);
    }
}

/* Too many states for an automaton. */
static const hard_case large[] = {
    {"a{1,1000}b", "a", "", 0},
    {"[ab].{30}c", "ab", "", 0},
    {"(?u)\\b(\\w+\\s*)+:", "wort ", "", 0},
    {"(?:a{1,30}){1,30}b", "a", "", 0},
};

/* Threads: a few steps for each instruction and byte, never more. */
static void check_threads(const hard_case *c, size_t count) {
    const int64_t n = 1000;
    for (; count > 0; count--, c++) {
        arena_t *a = arena_new("regex");
        regex_t *re = regex_of(a, c->pattern);
        size_t size;
        const uint8_t *table =
            regex_table_without(re, REGEX_NO_AUTOMATA | REGEX_NO_TAGS, &size);
        const flow_re *head = (const flow_re *)table;
        int64_t ops = ((const flow_re_nfa *)(table + head->program))->ops;
        CU_ASSERT_TRUE(search_steps(c, table, (size_t)n) <= 2 * ops * (n + 2));
        char *s = text_of(c, (size_t)n);
        re_text t = counted_text((const uint8_t *)s, (int64_t)strlen(s));
        steps = 0;
        counted_any(head, t, t.s);
        CU_ASSERT_TRUE(steps <= 2 * ops * (n + 2));
        free(s);
        arena_free(a);
    }
}

static void test_threads(void) {
    check_threads(cases, sizeof cases / sizeof *cases);
    check_threads(large, sizeof large / sizeof *large);
}

/* Patterns whose searches look far beyond the match they give. */
static const hard_case wasteful[] = {
    {"a(.*b)?", "a", "", 0},         {"(a)(.*(b))?", "a", "", 0},
    {"a|a.*b", "a", "", 0},          {"(?s)a(.*b)??", "a", "", 0},
    {"\\w(\\w*!)?", "word ", "", 0}, {"a{1,3}(?:.*bc)?", "aab ", "", 0},
    {"(?:a.*b|a)", "a", "", 0},      {"(?u)\\ba(.*b)?", "a ", "", 0},
    {"(a*?)(.*c)?", "ab", "", 0},
};

static int64_t all_steps(const hard_case *c, const uint8_t *table, size_t n,
                         int64_t *matches) {
    char *s = text_of(c, n);
    int64_t slots[2 * FLOW_RE_MAX_GROUPS], it[FLOW_RE_ITER] = {0};
    re_text t = counted_text((const uint8_t *)s, (int64_t)strlen(s));
    flow_ctx *ctx = regex_ctx();
    *matches = steps = 0;
    while (counted_next_groups(ctx, (const flow_re *)table, t, it, slots))
        ++*matches;
    free(s);
    return steps;
}

/* Four times the text takes about four times the steps (quadratic: sixteen times). */
static void test_all_matches(void) {
    for (size_t i = 0; i < sizeof wasteful / sizeof *wasteful; i++) {
        const hard_case *c = &wasteful[i];
        arena_t *a = arena_new("regex");
        regex_t *re = regex_of(a, c->pattern);
        size_t size;
        int64_t few, many;
        const uint8_t *table = regex_table(re, &size);
        int64_t once = all_steps(c, table, 8000, &few);
        int64_t fourfold = all_steps(c, table, 32000, &many);
        if (fourfold > 5 * once)
            printf("/%s/: %lld, then %lld steps\n", c->pattern, (long long)once,
                   (long long)fourfold);
        CU_ASSERT_TRUE(fourfold <= 5 * once);
        CU_ASSERT_TRUE(few >= 8000 / 8 && many >= 4 * few - 4);
        arena_free(a);
    }
}

void suite_regex_steps(void);
void suite_regex_steps(void) {
    CU_pSuite s = CU_add_suite("regex steps", NULL, NULL);
    CU_add_test(s, "searches by automata", test_searches);
    CU_add_test(s, "searches by threads", test_threads);
    CU_add_test(s, "all matches", test_all_matches);
}
