/* check_fuzz.c - wrong programs in one process: through all that `flowc check` calls, and
 * for those that are right through the plan and its texts.
 *
 *   check_fuzz COUNT SEED FILE...
 *
 * Each round takes one of the programs and either mutates its bytes, or exchanges words
 * with another program, which keeps most of the grammar intact and so reaches the checker.
 * For every text the compiler must end with a program, or with messages that have a line
 * and a column in the text.  The same seed gives the same texts.  With CHECK_FUZZ_KEEP set
 * to a folder the right programs are left there, for `flowc emit` and the like. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/graph/graph.h"
#include "compiler/plan/plan.h"
#include "compiler/syntax/parse.h"
#include "compiler/types/module.h"
#include "compiler/types/sema.h"
#include "compiler/types/typed_print.h"
#include "tests/unit/compiler/mutate.h"

enum { MOST = 1000, ROOM = 1 << 16 };

typedef struct {
    char *text;
    size_t n;
} text_t;

static text_t programs[MOST];
static size_t nprograms;

static struct {
    long right, syntax, checked;
} counts;

static void read_program(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f || nprograms == MOST) exit(2);
    text_t t = {malloc(ROOM), 0};
    t.n = fread(t.text, 1, ROOM / 2, f);
    fclose(f);
    programs[nprograms++] = t;
}

/* ---- texts ---- */

static int is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_';
}

/* A word of the text at or behind a random place; 0 if there is none. */
static size_t some_word(mutator_t *m, const text_t *t, size_t *at) {
    size_t i = t->n ? (size_t)mutate_random(m, t->n) : 0;
    while (i < t->n && !is_word(t->text[i])) i++;
    while (i > 0 && is_word(t->text[i - 1])) i--;
    size_t n = 0;
    while (i + n < t->n && is_word(t->text[i + n])) n++;
    *at = i;
    return n;
}

/* Puts a word of one program in the place of a word of another. */
static size_t exchange_words(mutator_t *m, char *text, size_t n) {
    for (uint64_t k = 1 + mutate_random(m, 3); k > 0; k--) {
        text_t to = {text, n};
        const text_t *from = &programs[mutate_random(m, nprograms)];
        size_t a, b, na = some_word(m, &to, &a), nb = some_word(m, from, &b);
        if (!na || !nb || n - na + nb >= ROOM) continue;
        memmove(text + a + nb, text + a + na, n - a - na);
        memcpy(text + a, from->text + b, nb);
        n = n - na + nb;
    }
    return n;
}

/* ---- the compiler ---- */

static void fail(const char *why, const char *text, size_t n) {
    fprintf(stderr, "check_fuzz: %s, in this text:\n%.*s\n", why, (int)n, text);
    abort();
}

static void check_places(diags_t *d, const char *text, size_t n) {
    char *out = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&out, &len);
    diags_render(d, f, 0);
    fclose(f);
    /* Every message names its file, line and column. */
    if (!strstr(out, "fuzz.flow:")) fail("a message without a place", text, n);
    free(out);
}

static void keep(const char *text, size_t n) {
    const char *folder = getenv("CHECK_FUZZ_KEEP");
    if (!folder) return;
    char path[4096];
    snprintf(path, sizeof path, "%s/%ld.flow", folder, counts.right);
    FILE *f = fopen(path, "w");
    if (!f) return;
    fwrite(text, 1, n, f);
    fclose(f);
}

static void print_all(arena_t *a, program_t *p, diags_t *d, sources_t *sources) {
    buf_t b;
    buf_init(&b, a);
    typed_print(&b, p, d);
    graph_t *g = graph_build(a, p);
    graph_print(&b, g);
    graph_dot(&b, g);
    plan_t *plan = plan_build(a, g, sources, NULL);
    plan_print(&b, plan, sources);
    plan_explain(&b, plan, sources);
}

static void compile(const char *text, size_t n) {
    arena_t *a = arena_new("fuzz");
    sources_t *sources = sources_new(a);
    diags_t *d = diags_new(a, sources);
    intern_t *names = intern_new(a);
    uint32_t file = sources_add(sources, "fuzz.flow", text, n);
    parse_env_t env = {a, names, sources, d};
    comments_t comments = {0};
    ast_program_t *tree = parse_file(&env, file, &comments);
    if (diags_errors(d)) {
        counts.syntax++;
        check_places(d, text, n);
    } else {
        sema_env sema = {.arena = a, .names = names, .sources = sources, .diags = d,
                         .load = sema_load_file};
        program_t *p = sema_program(&sema, &tree->node);
        if (diags_errors(d)) {
            counts.checked++;
            check_places(d, text, n);
        } else {
            counts.right++;
            keep(text, n);
            print_all(a, p, d, sources);
        }
    }
    arena_free(a);
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: check_fuzz COUNT SEED FILE...\n");
        return 2;
    }
    long count = strtol(argv[1], NULL, 10);
    mutator_t m = {.state = strtoull(argv[2], NULL, 10)};
    for (int i = 3; i < argc; i++) read_program(argv[i]);
    char *text = malloc(2 * ROOM);
    for (long i = 0; i < count; i++) {
        const text_t *t = &programs[mutate_random(&m, nprograms)];
        size_t n = t->n;
        memcpy(text, t->text, n);
        n = i % 4 == 0 ? mutate(&m, text, n, ROOM) : exchange_words(&m, text, n);
        compile(text, n);
    }
    printf("check_fuzz: %ld texts: %ld programs, %ld refused by the grammar, %ld by the checker\n",
           count, counts.right, counts.syntax, counts.checked);
    free(text);
    for (size_t i = 0; i < nprograms; i++) free(programs[i].text);
    return 0;
}
