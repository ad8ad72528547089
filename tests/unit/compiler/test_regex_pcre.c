/* test_regex_pcre.c - the same matches as PCRE2 finds, on 100,000 random pairs.
 *
 * PCRE2 backtracks and so is an independent oracle for leftmost-first matching.  Left out
 * is what the dialects differ in: loops around what can be empty, {0}, \v, Unicode
 * classes.  Options make `$` and `^` mean the same.  The suite is empty where CMake did
 * not find the library. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "runtime/kernel/k_regex.h"
#include "tests/unit/compiler/regex_env.h"
#include "tests/unit/compiler/regex_gen.h"
#include "tests/unit/share.h"

void suite_regex_pcre(void);

#ifdef FLOW_HAVE_PCRE2
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define PATTERNS 5000
#define TEXTS    20

typedef struct oracle {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *context;
} oracle;

static int oracle_open(oracle *o, const char *pattern, size_t n) {
    int error;
    PCRE2_SIZE at;
    o->code = pcre2_compile((PCRE2_SPTR)pattern, n,
                            PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_CIRCUMFLEX,
                            &error, &at, NULL);
    if (!o->code) return 0;
    o->data = pcre2_match_data_create_from_pattern(o->code, NULL);
    o->context = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(o->context, 100000);
    return 1;
}

static void oracle_close(oracle *o) {
    pcre2_match_context_free(o->context);
    pcre2_match_data_free(o->data);
    pcre2_code_free(o->code);
}

/* From match to match as k_regex.h says it. */
typedef struct walk {
    int64_t pos, last;
} walk;

/* 1: the next match is in the oracle's vector; 0: none; -1: it took too long. */
static int oracle_next(oracle *o, const uint8_t *s, int64_t len, walk *w) {
    const PCRE2_SIZE *v = pcre2_get_ovector_pointer(o->data);
    while (w->pos <= len) {
        int rc = pcre2_match(o->code, s, (PCRE2_SIZE)len, (PCRE2_SIZE)w->pos, 0, o->data,
                             o->context);
        if (rc == PCRE2_ERROR_NOMATCH) break;
        if (rc < 0) return -1;
        int64_t start = (int64_t)v[0], end = (int64_t)v[1];
        int counts = start != end || start != w->last;
        w->last = w->pos = end;
        if (start == end) do
                w->pos++;
            while (w->pos < len && (s[w->pos] & 0xC0) == 0x80);
        if (counts) return 1;
    }
    w->pos = len + 1;
    return 0;
}

static int same_groups(const oracle *o, const int64_t *slots, int groups) {
    const PCRE2_SIZE *v = pcre2_get_ovector_pointer(o->data);
    for (int i = 0; i < 2 * groups; i++)
        if (slots[i] != (v[i] == PCRE2_UNSET ? -1 : (int64_t)v[i])) return 0;
    return 1;
}

/* All matches of one text; -1 if the oracle gave up. */
static int agrees(oracle *o, const uint8_t *table, const uint8_t *s, int64_t len) {
    const flow_re *re = (const flow_re *)table;
    int64_t it[FLOW_RE_ITER] = {0}, slots[2 * FLOW_RE_MAX_GROUPS];
    walk w = {0, -1};
    flow_ctx *ctx = regex_ctx();
    for (;;) {
        int want = oracle_next(o, s, len, &w);
        if (want < 0) return -1;
        if (k_re_next_groups(ctx, re, k_re_text(s, len), it, slots) != want) return 0;
        if (!want) return 1;
        if (!same_groups(o, slots, re->groups)) return 0;
    }
}

static void test_random(void) {
    static regex_gen g;
    static const unsigned ways[] = {0, REGEX_NO_AUTOMATA | REGEX_NO_TAGS, REGEX_ALL_LOOKS,
                                    REGEX_NO_TAGS};
    int pairs = 0, failed = 0, given_up = 0, patterns = test_share(PATTERNS);
    g.seed = 20240517;
    for (int i = 0; i < patterns; i++) {
        oracle o;
        size_t n;
        gen_pattern(&g);
        arena_t *a = arena_new("regex");
        regex_t *re = regex_of(a, g.pattern);
        const uint8_t *usual = regex_table(re, &n);
        const uint8_t *other = regex_table_without(re, ways[i % 4], &n);
        CU_ASSERT_TRUE_FATAL(oracle_open(&o, g.pattern, g.n));
        for (int k = 0; k < TEXTS; k++) {
            gen_text(&g, k % 4 ? 16 : 120);
            uint8_t *s = malloc(g.len + !g.len);
            memcpy(s, g.text, g.len);
            int ok = agrees(&o, k % 2 ? usual : other, s, (int64_t)g.len);
            pairs++;
            given_up += ok < 0;
            if (ok == 0 && failed++ < 10)
                printf("/%s/ on \"%.*s\"\n", g.pattern, (int)g.len, g.text);
            free(s);
        }
        oracle_close(&o);
        arena_free(a);
    }
    CU_ASSERT_EQUAL(failed, 0);
    CU_ASSERT_TRUE((pairs - given_up) >= pairs / 100 * 99);
}

void suite_regex_pcre(void) {
    CU_pSuite s = CU_add_suite("regex pcre2", NULL, NULL);
    CU_add_test(s, "100,000 random pairs", test_random);
}
#else
void suite_regex_pcre(void) {}
#endif
