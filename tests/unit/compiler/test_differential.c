/* test_differential.c - random expressions: generated code at -O0 and -O2 against the
 * folder, on random rows.
 *
 * FLOW_DIFF_SEED and FLOW_DIFF_ROUNDS choose another run, FLOW_DIFF_SHOW prints the
 * expressions; a difference is printed with its expression, row and both values. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "compiler/types/const.h"
#include "tests/unit/compiler/expr_lab.h"
#include "tests/unit/compiler/lab_row.h"
#include "tests/unit/share.h"

typedef struct production {
    char type;
    const char *text;
    int leaf;
} production_t;

static const production_t productions[] = {
#define P(type, text) {type, text, 0},
#define LEAF(type, text) {type, text, 1},
#include "tests/unit/compiler/productions.def"
#undef P
#undef LEAF
};
enum { PRODUCTIONS = sizeof productions / sizeof *productions };

typedef struct gen {
    uint64_t state;
    buf_t out;
    int names;
} gen_t;

static uint64_t draw(gen_t *g) { /* xorshift64* */
    g->state ^= g->state >> 12;
    g->state ^= g->state << 25;
    g->state ^= g->state >> 27;
    return g->state * 0x2545F4914F6CDD1Du;
}

static const production_t *choose(gen_t *g, char type, int leaf) {
    const production_t *at[PRODUCTIONS];
    size_t n = 0;
    for (int i = 0; i < PRODUCTIONS; i++)
        if (productions[i].type == type && productions[i].leaf == leaf)
            at[n++] = &productions[i];
    return n ? at[draw(g) % n] : NULL;
}

static void generate(gen_t *g, char type, int depth) {
    const production_t *p = depth > 0 && draw(g) % 8 ? choose(g, type, 0) : NULL;
    if (!p) p = choose(g, type, 1);
    int name = g->names++;
    for (const char *c = p->text; *c; c++) {
        if (*c == '$') buf_printf(&g->out, "%d", name);
        else if (*c != '%' || c[1] == ' ') buf_char(&g->out, *c);
        else if (*++c == '%') buf_char(&g->out, '%');
        else generate(g, *c, depth - 1);
    }
}

static const char *dump(lab_t *lab, const type_t *t, int status, const uint64_t *words) {
    buf_t b;
    buf_init(&b, lab_arena(lab));
    if (status) buf_printf(&b, "error: %s", const_status_text(status));
    else lab_dump(&b, t, words);
    return buf_text(&b);
}

static const char *text_of(lab_t *lab, const node_t *n) {
    const source_t *s = source_at(lab_check(lab)->sources, n->span.file);
    return arena_strndup(lab_arena(lab), s->text + n->span.start, n->span.end - n->span.start);
}

/* The number of rows on which the two differ. */
static int compare(lab_t *lab, size_t i, int level) {
    node_t *n = lab_expr(lab, i);
    int differ = 0;
    for (int r = 0; r < LAB_ROWS; r++) {
        const uint64_t *row = lab_row(lab, r);
        uint64_t folded[64], made[64];
        int want = const_eval_row(lab_check(lab), n, lab_row_type(lab), row, folded);
        const char *expected = dump(lab, n->type, want, folded);
        int got = lab_run(lab, i, row, made);
        const char *given = dump(lab, n->type, got, made);
        lab_forget(lab);
        if (!strcmp(expected, given)) continue;
        if (!differ)
            printf("-O%d differs on row %d: %s\n  folder:    %s\n  generated: %s\n", level, r,
                   text_of(lab, n), expected, given);
        differ++;
    }
    return differ;
}

/* One lab of n expressions; returns how many could be compared. */
static int run_round(uint64_t seed, int n) {
    static const char types[] = "iiiffbbbsssssttdyIFSLLMMNmchHrxx";
    arena_t *a = arena_new("differential");
    gen_t g = {.state = seed};
    buf_init(&g.out, a);
    for (int i = 0; i < 16; i++) draw(&g);
    buf_str(&g.out, LAB_DECLARATIONS);
    for (int i = 0; i < n; i++) {
        buf_printf(&g.out, "const e%d = ", i);
        char type = types[draw(&g) % (sizeof types - 1)];
        generate(&g, type, 2 + (int)(draw(&g) % 3));
        buf_char(&g.out, '\n');
    }
    lab_t *lab = lab_new(buf_text(&g.out));
    if (getenv("FLOW_DIFF_SHOW")) {
        printf("%s", buf_text(&g.out));
        lab_show_errors(lab);
    }
    int compared = 0;
    for (int level = 0; level <= 2; level += 2) {
        CU_ASSERT_FATAL(lab_build(lab, level));
        compared = 0;
        for (size_t i = 0; i < lab_count(lab); i++) {
            if (!lab_expr(lab, i)) continue;
            compared++;
            if (compare(lab, i, level)) CU_FAIL("generated code differs from the folder");
        }
    }
    lab_free(lab);
    arena_free(a);
    return compared;
}

static long setting(const char *name, long otherwise) {
    const char *text = getenv(name);
    return text && *text ? strtol(text, NULL, 0) : otherwise;
}

static void test_expressions(void) {
    enum { EACH = 150 };
    long rounds = setting("FLOW_DIFF_ROUNDS", test_share(15)), seed = setting("FLOW_DIFF_SEED", 1);
    int compared = 0;
    for (long r = 0; r < rounds; r++)
        compared += run_round((uint64_t)(seed * 1000 + r) * 0x9E3779B97F4A7C15u, EACH);
    printf("differential: %d expressions on %d rows at two levels\n", compared, LAB_ROWS);
    CU_ASSERT(compared * 10 >= rounds * EACH * 9); /* the generator makes typed programs */
}

void suite_differential(void);
void suite_differential(void) {
    CU_pSuite s = CU_add_suite("differential", NULL, NULL);
    CU_add_test(s, "expressions", test_expressions);
}
