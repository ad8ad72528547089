/* test_sig.c - signatures: read, matched, shown. */
#include <string.h>

#include <CUnit/CUnit.h>

#include "compiler/types/sig.h"

void suite_sig(void);

typedef struct env {
    arena_t *a;
    intern_t *names;
    types_t *t;
} env_t;

static env_t open(void) {
    env_t e = {.a = arena_new("test")};
    e.names = intern_new(e.a);
    e.t = types_new(e.a);
    return e;
}

static void reading(void) {
    env_t e = open();
    const char *why = NULL;
    sig_t *s = sig_read(e.a, e.names, e.t, "(x: float, digits: int = 0) float", &why);
    CU_ASSERT_FATAL(s != NULL);
    CU_ASSERT(s->n == 2 && s->required == 1 && s->nvars == 0 && !s->next);
    CU_ASSERT(s->params[1].fallback == DEFAULT_INT && s->params[1].number == 0);
    CU_ASSERT_STRING_EQUAL(sig_show(e.a, "round", s), "round(x: float, digits: int = 0): float");
    s = sig_read(e.a, e.names, e.t, "(xs: [T], f: fn(T): U) [U]", &why);
    CU_ASSERT_FATAL(s != NULL);
    CU_ASSERT(s->nvars == 2 && s->vars[0] == 'T' && s->vars[1] == 'U');
    CU_ASSERT_STRING_EQUAL(sig_show(e.a, "map", s), "map(xs: [T], f: fn(T): U): [U]");
    s = sig_read(e.a, e.names, e.t, "() int | (x: T) int", &why);
    CU_ASSERT(s && s->next && !s->n && s->next->n == 1);
    static const char *const bad[] = {"", "(x) int", "(x: nothing) int", "(x: int", "(x: int) int)",
                                      "(x: int = 1, y: int) int", "(x: [int) int"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        why = NULL;
        CU_ASSERT(sig_read(e.a, e.names, e.t, bad[i], &why) == NULL && why != NULL);
    }
    arena_free(e.a);
}

static void matching(void) {
    env_t e = open();
    type_t *i = type_basic(e.t, TY_INT), *f = type_basic(e.t, TY_FLOAT);
    type_t *s = type_basic(e.t, TY_STRING), *re = type_basic(e.t, TY_REGEX);
    sig_t *put = sig_read(e.a, e.names, e.t, "(m: map<K, V>, key: K, value: V) map<K, V>", NULL);
    CU_ASSERT_FATAL(put != NULL);
    sig_env_t env = {0};
    CU_ASSERT(sig_match(e.t, &env, put->params[0].type, type_map(e.t, s, f)) == FIT_YES);
    CU_ASSERT(sig_match(e.t, &env, put->params[1].type, i) == FIT_NO);
    CU_ASSERT(sig_match(e.t, &env, put->params[1].type, s) == FIT_YES);
    CU_ASSERT(sig_match(e.t, &env, put->params[1].type, type_option(e.t, s)) == FIT_MISSING);
    CU_ASSERT(sig_instance(e.t, &env, put->result) == type_map(e.t, s, f));
    sig_t *any = sig_read(e.a, e.names, e.t, "(x: T, o: O, xs: [T]) T?", NULL);
    CU_ASSERT_FATAL(any != NULL);
    env = (sig_env_t){0};
    CU_ASSERT(sig_match(e.t, &env, any->params[0].type, re) == FIT_NO);
    CU_ASSERT(sig_match(e.t, &env, any->params[1].type, type_map(e.t, s, f)) == FIT_NO);
    CU_ASSERT(sig_match(e.t, &env, any->params[0].type, type_option(e.t, i)) == FIT_MISSING);
    CU_ASSERT(sig_instance(e.t, &env, any->result) == NULL);
    CU_ASSERT(sig_match(e.t, &env, any->params[2].type, type_list(e.t, type_option(e.t, i))) ==
              FIT_YES);
    CU_ASSERT(sig_instance(e.t, &env, any->result) == type_option(e.t, i));
    sig_t *sum = sig_read(e.a, e.names, e.t, "(x: D) D38 | (x: D) D6", NULL);
    CU_ASSERT_FATAL(sum != NULL);
    env = (sig_env_t){0};
    CU_ASSERT(sig_match(e.t, &env, sum->params[0].type, type_decimal(e.t, 12, 2)) == FIT_YES);
    CU_ASSERT(sig_instance(e.t, &env, sum->result) == type_decimal(e.t, 38, 2));
    CU_ASSERT(sig_instance(e.t, &env, sum->next->result) == type_decimal(e.t, 38, 8));
    arena_free(e.a);
}

void suite_sig(void) {
    CU_pSuite s = CU_add_suite("sig", NULL, NULL);
    CU_add_test(s, "reading", reading);
    CU_add_test(s, "matching", matching);
}
