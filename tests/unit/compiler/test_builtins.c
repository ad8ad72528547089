/* test_builtins.c - the tables of functions and aggregates: sorted, read by sig.c, and
 * each example gives its result through the folder. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "compiler/types/builtins.h"
#include "compiler/types/sig.h"
#include "tests/unit/compiler/expr_env.h"

void suite_builtins(void);

static const char prelude[] = "type Level = Debug | Info | Warn\n";

static void sorted(void) {
    for (int i = 1; i < FN_COUNT; i++)
        CU_ASSERT(strcmp(fn_at(i - 1)->spelling, fn_at(i)->spelling) <= 0);
    for (int i = 1; i < AGG_COUNT; i++)
        CU_ASSERT(strcmp(agg_at(i - 1)->spelling, agg_at(i)->spelling) < 0);
    for (int i = 0; i < FN_COUNT; i++) {
        int first = fn_named(fn_at(i)->spelling);
        CU_ASSERT(first >= 0 && first <= i);
        CU_ASSERT(!strcmp(fn_at(first)->spelling, fn_at(i)->spelling));
        CU_ASSERT(first == 0 || strcmp(fn_at(first - 1)->spelling, fn_at(i)->spelling) != 0);
    }
    CU_ASSERT(fn_named("nothing") < 0);
    CU_ASSERT(agg_named("lower") < 0);
}

static void signatures(void) {
    arena_t *a = arena_new("test");
    intern_t *names = intern_new(a);
    types_t *types = types_new(a);
    for (int i = 0; i < FN_COUNT; i++) {
        const char *why = NULL;
        sig_t *s = sig_read(a, names, types, fn_at(i)->signature, &why);
        if (!s) printf("\n%s: %s\n", fn_at(i)->id, why);
        CU_ASSERT(s != NULL && !s->next);
    }
    for (int i = 0; i < AGG_COUNT; i++) {
        const char *why = NULL;
        CU_ASSERT(sig_read(a, names, types, agg_at(i)->signature, &why) != NULL);
        if (why) printf("\n%s: %s\n", agg_at(i)->id, why);
    }
    arena_free(a);
}

static int uses(const char *example, const char *spelling) {
    const char *call = strstr(example, spelling);
    return call && call[strlen(spelling)] == '(';
}

static int gives(const char *id, const char *example, const char *result) {
    char *got = expr_value_of(prelude, example);
    int same = !strcmp(got, result);
    if (!same) printf("\n%s: %s\n  expected %s\n  got      %s\n", id, example, result, got);
    free(got);
    return same;
}

static void examples(void) {
    for (int i = 0; i < FN_COUNT; i++) {
        const fn_row_t *row = fn_at(i);
        CU_ASSERT(uses(row->example, row->spelling));
        CU_ASSERT(gives(row->id, row->example, row->result));
    }
    for (int i = 0; i < AGG_COUNT; i++) {
        const agg_row_t *row = agg_at(i);
        CU_ASSERT(uses(row->example, row->spelling));
        if (row->built) CU_ASSERT(gives(row->id, row->example, row->result));
    }
}

void suite_builtins(void) {
    CU_pSuite s = CU_add_suite("builtins", NULL, NULL);
    CU_add_test(s, "sorted", sorted);
    CU_add_test(s, "signatures", signatures);
    CU_add_test(s, "examples", examples);
}
