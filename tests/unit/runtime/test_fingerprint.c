/* What a changed program does with the state of the old one: lists of states, compared. */
#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

#include "runtime/base/rt_arena.h"
#include "runtime/ckpt/fingerprint.h"

void suite_fingerprint(void);

/* "a/x S1, b/y S2": ids and schemas. */
static rt_print list(const char *text) {
    rt_wire d = {0};
    rt_print p;
    bool open;
    char *copy = rt_alloc(strlen(text) + 1), *rest = NULL;
    strcpy(copy, text);
    for (char *id = strtok_r(copy, " ,", &rest); id; id = strtok_r(NULL, " ,", &rest)) {
        const char *parts[] = {"state\t0\taggregate\tkey=text\tid=", id, "\tlayout=w\tschema=",
                               strtok_r(NULL, " ,", &rest), "\n"};
        for (int i = 0; i < 5; i++) rt_wire_raw(&d, parts[i], (int64_t)strlen(parts[i]));
    }
    p = rt_print_of_text((const char *)d.p, d.n, &open);
    rt_wire_free(&d);
    free(copy);
    return p;
}

/* "kept 1 added 0 ...": how often each fate. */
static void expect(const char *was_text, const char *is_text, const char *fates) {
    static const char letters[] = "kadcra"; /* of rt_fate; the last is an A */
    rt_print was = list(was_text), is = list(is_text);
    rt_diff d = rt_diff_of(&was, &is);
    char got[64] = "";
    for (int64_t i = 0; i < d.n && i < 60; i++) {
        char c = d.changes[i].fate == RT_AMBIGUOUS ? 'A' : letters[d.changes[i].fate];
        got[i] = c;
        got[i + 1] = 0;
    }
    CU_ASSERT_STRING_EQUAL(got, fates);
    if (strcmp(got, fates)) printf("%s -> %s: %s, not %s\n", was_text, is_text, got, fates);
    rt_wire text = {0};
    rt_diff_text(&text, &d, "> ");
    CU_ASSERT((d.refused > 0) == (strstr((const char *)text.p, "ways out") != NULL));
    CU_ASSERT((rt_print_accept(&was, &is, "here") == RT_refused) == (d.refused > 0));
    rt_wire_free(&text);
    rt_diff_free(&d);
    rt_print_free(&was);
    rt_print_free(&is);
}

static void test_fates(void) {
    expect("", "", "");
    expect("f/a S", "f/a S", "k");
    expect("f/a S, g/b T", "g/b T, f/a S", "kk");
    expect("f/a S", "f/a S, g/b T", "ak");
    expect("f/a S, g/b T", "g/b T", "dk");
    expect("f/a S", "f/a T", "c");
    expect("f/a S", "g/a S", "r");
    expect("f/a S", "g/a T", "da");
    expect("f/a S", "g/b S", "da");
    expect("f/a S, g/a T", "f/a T, g/a S", "cc");
    /* the number of a kind */
    expect("p/a S, p/a#2 S", "p/a S, p/a#2 S", "kk");
    expect("p/a S", "p/a S, p/a#2 S", "AA");
    expect("p/a S, p/a#2 S", "p/a S", "AA");
    expect("p/a S, p/a T", "p/a T, p/a S", "kk");
    expect("p/a S, p/a T", "p/a S, p/a T, p/a U", "akk");
    expect("p/a S, p/a T", "p/a S, p/a U", "ck");
}

/* Layout and key are part of a schema; texts come through whole. */
static void test_text(void) {
    static const char one[] =
        "flow\t1\nprogram\tx\nstate\t0\taggregate\tstep=1\tkey=text\twords=2\tlayout=2w\t"
        "id=f/aggregate\tschema=by k: string; a\\\\b\\tc\tparams=size\n"
        "state\t1\tlimit\tstep=2\tkey=int\twords=1\nport\tstate\tid=\n";
    static const char two[] = "state\t0\taggregate\tkey=int\tlayout=2w\tid=f/aggregate\t"
                              "schema=by k: string; a\\\\b\\tc";
    bool open, shut;
    rt_print a = rt_print_of_text(one, sizeof one - 1, &open);
    rt_print b = rt_print_of_text(two, sizeof two - 1, &shut);
    CU_ASSERT(open && !shut && a.n == 1 && b.n == 1);
    CU_ASSERT_STRING_EQUAL(a.ids[0].name, "f/aggregate");
    CU_ASSERT_STRING_EQUAL(a.ids[0].layout, "by k: string; a\\b\tc | 2w text");
    CU_ASSERT_STRING_EQUAL(b.ids[0].layout, "by k: string; a\\b\tc | 2w");
    CU_ASSERT(a.ids[0].schema != b.ids[0].schema);
    rt_print c = rt_print_of_ids(a.ids, a.n);
    CU_ASSERT(c.n == 1 && c.ids[0].schema == a.ids[0].schema);
    rt_diff d = rt_diff_of(&a, &b);
    rt_wire text = {0};
    rt_diff_text(&text, &d, "");
    CU_ASSERT(strstr((const char *)text.p, "\n  saved     by k: string; a\\b\tc | 2w text\n") != NULL);
    CU_ASSERT(strstr((const char *)text.p, "\n  program   by k: string; a\\b\tc | 2w\n") != NULL);
    rt_wire_free(&text);
    rt_diff_free(&d);
    rt_print_free(&a);
    rt_print_free(&b);
    rt_print_free(&c);
}

void suite_fingerprint(void) {
    CU_pSuite s = CU_add_suite("fingerprint", NULL, NULL);
    CU_add_test(s, "fates", test_fates);
    CU_add_test(s, "texts", test_text);
}
