/* test_regex_engines.c - every way of matching finds the same.
 *
 * Random regexes over random texts: threads with slots (Pike's machine) are the measure;
 * automata, tables without parts, and the sweep must agree with them on every match and
 * every group, loops around empty matches included. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "runtime/kernel/k_regex.h"
#include "runtime/kernel/k_regex_fn.h"
#include "tests/unit/compiler/regex_env.h"
#include "tests/unit/compiler/regex_gen.h"
#include "tests/unit/share.h"

#define MAX_MATCHES 2000

typedef struct matches {
    int n;
    int64_t slots[MAX_MATCHES][8]; /* of the first four groups */
} matches;

/* The word of an iteration that counts waste: with so much of it the sweep begins. */
#define WASTE    5
#define TOO_MUCH ((int64_t)1 << 40)

static void find(const uint8_t *table, const uint8_t *s, size_t len, int sweep,
                 matches *out) {
    const flow_re *re = (const flow_re *)table;
    int64_t it[FLOW_RE_ITER] = {0}, slots[2 * FLOW_RE_MAX_GROUPS];
    if (sweep) it[WASTE] = TOO_MUCH;
    size_t kept = re->groups < 4 ? re->groups : 4;
    flow_ctx *ctx = regex_ctx();
    out->n = 0;
    memset(out->slots, 0, sizeof out->slots[0]);
    while (out->n < MAX_MATCHES &&
           k_re_next_groups(ctx, re, k_re_text(s, (int64_t)len), it, slots)) {
        memset(out->slots[out->n], 0, sizeof out->slots[0]);
        memcpy(out->slots[out->n++], slots, kept * 16);
    }
}

static int same(const matches *a, const matches *b) {
    return a->n == b->n && !memcmp(a->slots, b->slots, (size_t)a->n * sizeof a->slots[0]);
}

/* The other way from match to match, and the question whether there is one. */
static int ends_agree(const uint8_t *table, const uint8_t *s, size_t len,
                      const matches *m) {
    int64_t it[FLOW_RE_ITER] = {0};
    flow_ctx *ctx = regex_ctx();
    if (flow_k_fn_matches(s, (int64_t)len, table) != (m->n > 0)) return 0;
    for (int i = 0; i < m->n; i++) {
        if (!flow_k_re_next(ctx, table, s, (int64_t)len, it)) return 0;
        if (it[1] != m->slots[i][0] || it[2] != m->slots[i][1]) return 0;
    }
    return !flow_k_re_next(ctx, table, s, (int64_t)len, it);
}

static void compare_ways(uint64_t seed, unsigned options, int patterns, uint32_t units) {
    static const unsigned ways[] = {0,
                                    REGEX_NO_TAGS,
                                    REGEX_NO_AUTOMATA,
                                    REGEX_NO_FAST,
                                    REGEX_NO_LOOKS,
                                    REGEX_ALL_LOOKS};
    enum { WAYS = sizeof ways / sizeof *ways };
    static regex_gen g;
    static matches want, got;
    int failed = 0;
    patterns = test_share(patterns);
    g.seed = seed;
    g.options = options;
    for (int i = 0; i < patterns; i++) {
        gen_pattern(&g);
        arena_t *a = arena_new("regex");
        regex_t *re = regex_of(a, g.pattern);
        size_t n;
        const uint8_t *threads = regex_table_without(
            re, REGEX_NO_AUTOMATA | REGEX_NO_TAGS | REGEX_NO_LOOKS, &n);
        const uint8_t *table[WAYS];
        for (int w = 0; w < WAYS; w++)
            table[w] = regex_table_without(re, ways[w], &n);
        for (int k = 0; k < 6; k++) {
            gen_text(&g, k < 4 ? 16 : units);
            uint8_t *s = malloc(g.len + !g.len);
            memcpy(s, g.text, g.len);
            find(threads, s, g.len, 0, &want);
            for (int w = 0; w < WAYS; w++) {
                int ok = ends_agree(table[w], s, g.len, &want);
                for (int sweep = 0; sweep < 2; sweep++) {
                    find(table[w], s, g.len, sweep, &got);
                    ok &= same(&want, &got);
                }
                if (!ok && failed++ < 5)
                    printf("/%s/ on \"%.*s\" (way %u)\n", g.pattern, (int)g.len, g.text,
                           ways[w]);
            }
            free(s);
        }
        arena_free(a);
    }
    CU_ASSERT_EQUAL(failed, 0);
}

static void test_common(void) {
    compare_ways(1001, 0, 500, 100);
}
static void test_empty_loops(void) {
    compare_ways(2002, GEN_EMPTY_LOOPS, 500, 100);
}
static void test_unicode(void) {
    compare_ways(3003, GEN_UNICODE | GEN_EMPTY_LOOPS, 30, 60);
}
static void test_long_texts(void) {
    compare_ways(4004, GEN_EMPTY_LOOPS, 60, 600);
}

void suite_regex_engines(void);
void suite_regex_engines(void) {
    CU_pSuite s = CU_add_suite("regex engines", NULL, NULL);
    CU_add_test(s, "random regexes", test_common);
    CU_add_test(s, "loops around empty matches", test_empty_loops);
    CU_add_test(s, "Unicode classes and words", test_unicode);
    CU_add_test(s, "long texts", test_long_texts);
}
