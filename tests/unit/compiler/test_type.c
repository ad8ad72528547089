/* test_type.c - types: one per structure, what fits what, words, text, codes. */
#include <string.h>

#include <CUnit/CUnit.h>

#include "compiler/base/intern.h"
#include "compiler/types/type.h"

void suite_type(void);

typedef struct env {
    arena_t *a;
    types_t *t;
    type_t *i, *f, *s, *none, *oi;
} env_t;

static env_t open(void) {
    env_t e = {.a = arena_new("test")};
    e.t = types_new(e.a);
    e.i = type_basic(e.t, TY_INT);
    e.f = type_basic(e.t, TY_FLOAT);
    e.s = type_basic(e.t, TY_STRING);
    e.none = type_basic(e.t, TY_NONE);
    e.oi = type_option(e.t, e.i);
    return e;
}

static type_t *pair(env_t *e, const char *a, type_t *ta, const char *b, type_t *tb) {
    field_t f[2] = {{.name = a, .type = ta}, {.name = b, .type = tb}};
    return type_record(e->t, NULL, f, 2);
}

static void interned(void) {
    env_t e = open();
    CU_ASSERT(type_list(e.t, e.i) == type_list(e.t, e.i));
    CU_ASSERT(type_list(e.t, e.i) != type_list(e.t, e.f));
    CU_ASSERT(type_option(e.t, e.oi) == e.oi);
    CU_ASSERT(type_decimal(e.t, 12, 2) == type_decimal(e.t, 12, 2));
    type_t *ab = pair(&e, "a", e.i, "b", e.s), *ba = pair(&e, "b", e.s, "a", e.i);
    CU_ASSERT(ab == pair(&e, "a", e.i, "b", e.s));
    CU_ASSERT(ab != ba);
    CU_ASSERT(type_equal(ab, ba));
    CU_ASSERT(!type_same_layout(ab, ba));
    arena_free(e.a);
}

static void fits(void) {
    env_t e = open();
    type_t *ab = pair(&e, "a", e.i, "b", e.s), *ba = pair(&e, "b", e.s, "a", e.i);
    type_t *ob = pair(&e, "a", e.oi, "b", e.s);
    CU_ASSERT(type_fits(e.i, e.oi));
    CU_ASSERT(!type_fits(e.oi, e.i));
    CU_ASSERT(type_fits(e.none, e.oi));
    CU_ASSERT(!type_fits(e.i, e.f));
    CU_ASSERT(type_fits(ab, ba));
    CU_ASSERT(type_fits(ab, ob));
    CU_ASSERT(!type_fits(ob, ab));
    CU_ASSERT(type_fits(type_list(e.t, ab), type_list(e.t, ab)));
    CU_ASSERT(!type_fits(type_list(e.t, ab), type_list(e.t, ba)));
    CU_ASSERT(type_fits(type_decimal(e.t, 4, 2), type_decimal(e.t, 12, 2)));
    CU_ASSERT(!type_fits(type_decimal(e.t, 12, 2), type_decimal(e.t, 4, 2)));
    CU_ASSERT(!type_fits(type_decimal(e.t, 12, 3), type_decimal(e.t, 12, 2)));
    arena_free(e.a);
}

static void joins(void) {
    env_t e = open();
    CU_ASSERT(type_join(e.t, e.i, e.none) == e.oi);
    CU_ASSERT(type_join(e.t, e.none, e.i) == e.oi);
    CU_ASSERT(type_join(e.t, e.oi, e.i) == e.oi);
    CU_ASSERT(type_join(e.t, e.i, e.f) == NULL);
    CU_ASSERT(type_join(e.t, type_decimal(e.t, 3, 2), type_decimal(e.t, 9, 2)) ==
              type_decimal(e.t, 9, 2));
    type_t *x = pair(&e, "a", e.i, "b", e.none), *y = pair(&e, "a", e.none, "b", e.s);
    type_t *both = type_join(e.t, x, y);
    CU_ASSERT(both == pair(&e, "a", e.oi, "b", type_option(e.t, e.s)));
    arena_free(e.a);
}

static void unions(void) {
    env_t e = open();
    field_t none[1];
    field_t v[2] = {{.name = "Bid", .type = pair(&e, "a", e.i, "b", e.s)},
                    {.name = "Off", .type = type_record(e.t, NULL, none, 0)}};
    type_t *u = type_union(e.t, "Event", v, 2);
    CU_ASSERT(u->words == 4);
    type_t *bid = u->fields[0].type;
    CU_ASSERT(type_is_variant(bid) && bid->elem == u && bid->tag == 0);
    CU_ASSERT(type_fits(bid, u) && !type_fits(u, bid));
    CU_ASSERT(type_join(e.t, bid, u->fields[1].type) == u);
    CU_ASSERT(u != type_union(e.t, "Event", v, 2));
    CU_ASSERT(!type_is_enum(u));
    CU_ASSERT_STRING_EQUAL(type_text(e.a, u), "Event");
    CU_ASSERT_STRING_EQUAL(type_text(e.a, bid), "Bid");
    arena_free(e.a);
}

static void words(void) {
    env_t e = open();
    CU_ASSERT(e.none->words == 1 && e.i->words == 1 && e.s->words == 2 && e.oi->words == 2);
    CU_ASSERT(type_decimal(e.t, 9, 2)->words == 2);
    type_t *r = pair(&e, "a", type_option(e.t, e.s), "b", e.i);
    CU_ASSERT(r->words == 4 && type_field_word(r, 1) == 3);
    CU_ASSERT(type_window(e.t)->words == 2 && type_field(type_window(e.t), "end") == 1);
    arena_free(e.a);
}

static void texts(void) {
    env_t e = open();
    type_t *r = pair(&e, "a", e.oi, "b", type_list(e.t, e.s));
    CU_ASSERT_STRING_EQUAL(type_text(e.a, r), "{ a: int?, b: [string] }");
    CU_ASSERT_STRING_EQUAL(type_text(e.a, type_map(e.t, e.s, e.f)), "map<string, float>");
    CU_ASSERT_STRING_EQUAL(type_text(e.a, type_decimal(e.t, 12, 2)), "decimal(12, 2)");
    buf_t b;
    buf_init(&b, e.a);
    type_code(&b, r);
    CU_ASSERT(b.n == 10);
    CU_ASSERT(!memcmp(buf_text(&b), "{\2a\0?ib\0[s", b.n));
    arena_free(e.a);
}

static void order(void) {
    env_t e = open();
    CU_ASSERT(type_is_ordered(e.i) && !type_is_ordered(e.oi));
    CU_ASSERT(!type_is_ordered(type_map(e.t, e.s, e.i)));
    CU_ASSERT(type_is_comparable(type_map(e.t, e.s, e.i)));
    CU_ASSERT(!type_is_comparable(type_basic(e.t, TY_REGEX)));
    CU_ASSERT(type_is_ordered(pair(&e, "a", e.oi, "b", e.s)));
    arena_free(e.a);
}

void suite_type(void) {
    CU_pSuite s = CU_add_suite("type", NULL, NULL);
    CU_add_test(s, "interned", interned);
    CU_add_test(s, "fits", fits);
    CU_add_test(s, "joins", joins);
    CU_add_test(s, "unions", unions);
    CU_add_test(s, "words", words);
    CU_add_test(s, "texts", texts);
    CU_add_test(s, "order", order);
}
