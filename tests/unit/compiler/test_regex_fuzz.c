/* test_regex_fuzz.c - broken regexes give an error with a place, never a crash.
 *
 * Seeds are cut, joined and changed at random.  What is still a regex is compiled, and
 * now and then matched; what is not must have a reason, a label, a help line and a place
 * inside the text.  Meant for builds with sanitizers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "runtime/kernel/k_regex_fn.h"
#include "tests/unit/compiler/regex_env.h"
#include "tests/unit/compiler/regex_gen.h"
#include "tests/unit/share.h"

#define ROUNDS 20000

static const char *const seeds[] = {
    "(a|b)*c",
    "[a-z0-9_]+",
    "(?P<name>\\w+)=(?P<value>[^;]*)",
    "^\\s*#.*$",
    "\\p{Lu}\\p{Ll}*",
    "(?i)error|warn",
    "\\d{1,3}(?:\\.\\d{1,3}){3}",
    "(?m)^$",
    "(?s:.*?)x",
    "\\x41\\x{1F600}\\012",
    "[[:alpha:][:^digit:]]",
    "\\Qa.b\\E+",
    "\\bword\\b|\\B",
    "a{2,}b{,3}c{4}",
    "(?u)[\\w-]+",
    "[^\\]\\\\]",
    "(((((((((a)))))))))",
    "(?-i:b)(?im-s:c)",
    "\\A\\z",
    "x*?y+?z??",
    "é中|[à-ÿ]",
    "(?=a)",
    "(?<!b)",
    "\\1",
    "(?>c)",
    "\\k<n>",
    "(?#)",
    "a**",
    "[z-a]",
    "\\y",
    "(?P<1>)",
};
static const char *const parts[] = {
    "(",     ")",    "[",
    "]",     "{",    "}",
    "*",     "+",    "?",
    "|",     "^",    "$",
    ".",     "\\",   "-",
    ",",     "1",    "1000",
    "(?",    "(?:",  "(?i",
    "(?P<",  ">",    "\\p{",
    "\\x{",  "[[:",  ":]",
    "[^",    "\\Q",  "\\E",
    "\xC3",  "\xFF", "\xE2\x82\xAC",
    "a",     "Z",    " ",
    "\\b",   "\\w",  "\\d",
    "=",     "!",    "<",
    "{2,3}", "\n",
};

#define COUNT(a) ((uint32_t)(sizeof(a) / sizeof *(a)))

typedef struct fuzz {
    uint64_t seed;
    char text[512];
    size_t n;
} fuzz;

static void insert(fuzz *f, size_t at, const char *s, size_t k) {
    if (f->n + k > sizeof f->text) return;
    memmove(f->text + at + k, f->text + at, f->n - at);
    memcpy(f->text + at, s, k);
    f->n += k;
}

static void mutate(fuzz *f) {
    size_t at = regex_random(&f->seed, (uint32_t)f->n + 1), k;
    const char *s;
    switch (regex_random(&f->seed, 6)) {
    case 0:
        s = parts[regex_random(&f->seed, COUNT(parts))];
        insert(f, at, s, strlen(s));
        break;
    case 1:
        s = seeds[regex_random(&f->seed, COUNT(seeds))];
        k = regex_random(&f->seed, (uint32_t)strlen(s) + 1);
        insert(f, at, s, k);
        break;
    case 2:
        k = regex_random(&f->seed, 4);
        if (k > f->n - at) k = f->n - at;
        memmove(f->text + at, f->text + at + k, f->n - at - k);
        f->n -= k;
        break;
    case 3:
        if (at < f->n) f->text[at] = (char)regex_random(&f->seed, 256);
        break;
    case 4:
        k = regex_random(&f->seed, (uint32_t)(f->n - at) + 1);
        if (k < 32) {
            char copy[32];
            memcpy(copy, f->text + at, k);
            insert(f, at, copy, k);
        }
        break;
    default: f->n = at; break;
    }
}

static void fresh(fuzz *f) {
    const char *s = seeds[regex_random(&f->seed, COUNT(seeds))];
    f->n = 0;
    insert(f, 0, s, strlen(s));
    for (uint32_t n = regex_random(&f->seed, 6); n > 0; n--)
        mutate(f);
}

static void check_error(const regex_error_t *e, size_t n) {
    int ok = e->reason && *e->reason && e->label && *e->label && e->help && *e->help;
    ok &= e->at <= e->end && e->end <= n;
    CU_ASSERT_TRUE(ok);
}

static void test_mutations(void) {
    static regex_gen g = {.seed = 77};
    fuzz f = {.seed = 0x2545F4914F6CDD1D};
    int good = 0, bad = 0, rounds = test_share(ROUNDS);
    for (int i = 0; i < rounds; i++) {
        fresh(&f);
        arena_t *a = arena_new("regex");
        char *text = malloc(f.n + !f.n);
        memcpy(text, f.text, f.n);
        regex_t *re;
        regex_error_t err = {0};
        if (!regex_compile(a, text, f.n, &re, &err)) {
            check_error(&err, f.n);
            bad++;
        } else if (++good % 8 == 0) {
            size_t n;
            const uint8_t *table = regex_table(re, &n);
            gen_text(&g, 30);
            regex_words(a, 'g', table, g.text, g.len);
            regex_words(a, 'a', table, g.text, g.len);
            regex_words(a, 'r', table, g.text, g.len);
        }
        free(text);
        arena_free(a);
    }
    CU_ASSERT_TRUE(good > rounds / 10 && bad > rounds / 10);
}

/* Texts that are not UTF-8, which a program never has: no crash, no endless loop. */
static void test_broken_texts(void) {
    static regex_gen g = {.seed = 99, .options = GEN_EMPTY_LOOPS};
    uint64_t seed = 4242;
    for (int i = 0; i < 300; i++) {
        size_t n;
        char text[64];
        gen_pattern(&g);
        arena_t *a = arena_new("regex");
        regex_t *re = regex_of(a, g.pattern);
        for (unsigned way = 0; way < 3; way++) {
            const uint8_t *table = regex_table_without(re, way, &n);
            size_t len = regex_random(&seed, sizeof text);
            for (size_t k = 0; k < len; k++)
                text[k] = (char)(regex_random(&seed, 2) ? regex_random(&seed, 256) : 'a');
            regex_words(a, 'a', table, text, len);
            regex_words(a, 's', table, text, len);
            regex_words(a, 'r', table, text, len);
        }
        arena_free(a);
    }
}

void suite_regex_fuzz(void);
void suite_regex_fuzz(void) {
    CU_pSuite s = CU_add_suite("regex fuzz", NULL, NULL);
    CU_add_test(s, "mutated regexes", test_mutations);
    CU_add_test(s, "broken texts", test_broken_texts);
}
