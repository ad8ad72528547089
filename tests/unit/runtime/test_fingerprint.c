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
    expect("p/a S, p/a#2 S, p/a#3 S", "p/a S, p/a#2 S", "AAA");
    expect("p/a S, p/a#2 S", "p/a T, p/a#2 S", "AAa");
    expect("p/a S, p/a#2 S", "q/b T, p/a S", "AAa");
    expect("p/a S, p/a T", "p/a T, p/a S", "kk");
    expect("p/a S, p/a T", "p/a S, p/a T, p/a U", "akk");
    expect("p/a S, p/a T", "p/a S, p/a U", "ck");
    /* ids without a flow are of no kind */
    expect("a S", "b S", "da");
    expect("f/a S", "b S", "da");
    expect("a S", "f/a S", "da");
    expect("f/ab S", "g/a S", "da");
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

/* The list of a running program: what holds nothing is left out, params have their values. */
static void test_program(void) {
    char text[] = "ten";
    int64_t size[] = {1, 10}, name[] = {1, (int64_t)(uintptr_t)text, 3};
    rt_param params[] = {{.name = "siz", .type = "int", .words = name},
                         {.name = "size", .type = "int", .words = size},
                         {.name = "name", .type = "string", .words = name},
                         {.name = "b", .type = "bytes", .words = name}};
    rt_state_decl states[] = {{.name = "aggregate", .layout = "2w", .id = "f/aggregate",
                               .schema = "by k", .params = "size,name", .text_key = true},
                              {.name = "limit"},
                              {.name = "top", .layout = "w", .id = "f/top", .schema = "",
                               .params = "b,gone", .one_part = true}};
    rt_source_decl source = {.id = "f/from", .schema = "file a"};
    rt_time_decl time = {.id = "f/event_time"};
    rt_program p = {.states = states, .nstates = 3, .params = params, .nparams = 4,
                    .sources = &source, .nsources = 1, .times = &time, .ntimes = 1};
    int64_t index[3] = {9, 9, 9};
    rt_print a = rt_print_of_program(&p, index), b = rt_print_of_program(&p, NULL);
    CU_ASSERT_FATAL(a.n == 4 && a.nstates == 2 && b.n == 4);
    CU_ASSERT(index[0] == 0 && index[1] == 2 && index[2] == 9);
    CU_ASSERT_STRING_EQUAL(a.ids[0].layout, "by k; with size = 10; with name = ten | 2w text");
    CU_ASSERT_STRING_EQUAL(a.ids[1].layout, "; with b = ten | w one");
    CU_ASSERT_STRING_EQUAL(a.ids[2].layout, "file a");
    CU_ASSERT_STRING_EQUAL(a.ids[3].name, "f/event_time");
    size[1] = 11;
    rt_print other = rt_print_of_program(&p, NULL);
    CU_ASSERT(a.ids[0].schema == b.ids[0].schema && a.ids[0].schema != other.ids[0].schema);
    CU_ASSERT(a.ids[1].schema == other.ids[1].schema);
    bool open = false;
    rt_print_forget_params(&a, &open);
    CU_ASSERT(open);
    CU_ASSERT_STRING_EQUAL(a.ids[0].layout, "by k | 2w text");
    CU_ASSERT_STRING_EQUAL(a.ids[1].layout, " | w one");
    open = false;
    rt_print_forget_params(&a, &open);
    CU_ASSERT(!open && a.n == 4);
    rt_print_free(&a);
    rt_print_free(&b);
    rt_print_free(&other);
}

/* What params of each kind of type are worth: every word counts. */
static void test_params(void) {
    char text[] = "ten";
    const uint64_t json[] = {(uint64_t)(uintptr_t) "[1,2]", 5};
    int64_t words[6][4] = {{1, 5, 7}, {1, 5, 1}, {1, 0, 0}, {1, 5, 7, 1},
                           {1, (int64_t)(uintptr_t)text, 3, 0}, {1, 9, 9}};
    rt_param params[] = {{.name = "wide", .type = "decimal(30, 2)", .words = words[0]},
                         {.name = "some", .type = "int?", .words = words[1]},
                         {.name = "none", .type = "duration?", .words = words[2]},
                         {.name = "rate", .type = "decimal(9, 2)?", .words = words[3]},
                         {.name = "text", .type = "string?", .words = words[4]},
                         {.name = "list", .type = "[int]", .words = words[5], .as_json = json}};
    rt_state_decl state = {.name = "top", .layout = "w", .id = "top", .schema = "by k",
                           .params = "wide,some,none,rate,text,list"};
    rt_program p = {.states = &state, .nstates = 1, .params = params, .nparams = 6};
    rt_print a = rt_print_of_program(&p, NULL);
    CU_ASSERT_STRING_EQUAL(a.ids[0].layout,
                           "by k; with wide = 5:7; with some = 5; with none = none; "
                           "with rate = 5:7; with text = none; with list = [1,2] | w");
    rt_print_free(&a);
}

/* Texts that only seem to have params. */
static void test_forget(void) {
    static const rt_state_id odd[] = {{"a", 1, "x | 2w; with y"}, {"b", 2, "x; with y"}, {"c", 3, ""}};
    bool open = false;
    rt_print p = rt_print_of_ids(odd, 3);
    rt_print_forget_params(&p, &open);
    CU_ASSERT(!open && p.n == 3);
    for (int i = 0; i < 3; i++) CU_ASSERT_STRING_EQUAL(p.ids[i].layout, odd[i].layout);
    rt_print_free(&p);
}

/* Lines of a descriptor that say too little, and escapes. */
static void test_lines(void) {
    static const char lines[] = "state\t0\tx\tid=a\tlayout=w\n"
                                "state\t0\tx\tlayout=w\tschema=s\n"
                                "state\t0\tx\tid=b\tschema=s\n"
                                "state\t0\tx\tidx=1\tid=c\tlayout=\tschema=one\\ntwo\\x\tparts=1\t"
                                "key=int\n"
                                "source\t0\tin\tid=d\tschema=file a\n"
                                "source\t0\tin\tid=e\n"
                                "source\t0\tin\tschema=file b\n"
                                "time\t0\tid=t\n"
                                "time\t0\n"
                                "times\t0\tid=u\n"
                                "state\t0\n"
                                "state\tid=f\tlayout=w\tschema=end\\";
    bool open;
    rt_print p = rt_print_of_text(lines, sizeof lines - 1, &open);
    rt_print none = rt_print_of_text("", 0, &open);
    CU_ASSERT_FATAL(p.n == 4 && !none.n && !open);
    CU_ASSERT_STRING_EQUAL(p.ids[0].name, "c");
    CU_ASSERT_STRING_EQUAL(p.ids[0].layout, "one\ntwox |  one");
    CU_ASSERT_STRING_EQUAL(p.ids[1].name, "d");
    CU_ASSERT_STRING_EQUAL(p.ids[1].layout, "file a");
    CU_ASSERT_STRING_EQUAL(p.ids[2].name, "t");
    CU_ASSERT_STRING_EQUAL(p.ids[3].layout, "end\\ | w");
    rt_print_free(&p);
}

static void in_words(rt_fate fate, const char *was_name, const char *was_layout,
                     const char *is_name, const char *is_layout, const char *want) {
    rt_state_id was = {was_name, 1, was_layout}, is = {is_name, 2, is_layout};
    rt_change c = {fate, was_name ? &was : NULL, is_name ? &is : NULL};
    rt_wire w = {0};
    rt_change_text(&w, &c);
    rt_wire_u8(&w, 0);
    CU_ASSERT_STRING_EQUAL((char *)w.p, want);
    rt_wire_free(&w);
}

static void test_words(void) {
    in_words(RT_KEPT, "f/a", "x | w", "f/a", "x | w", "kept      `a` of `f`");
    in_words(RT_ADDED, NULL, NULL, "pipeline/a#2", "x | w",
             "added     `a` of a pipeline without a name (number 2): it begins empty");
    in_words(RT_ADDED, NULL, NULL, "f/from", "x",
             "added     the source of `f`: it is read from its beginning");
    in_words(RT_DROPPED, "f/from#3", "x", NULL, NULL,
             "dropped   the source of `f` (number 3): its position is forgotten");
    in_words(RT_DROPPED, "f/fromage", "x", NULL, NULL,
             "dropped   `fromage` of `f`: its state is discarded");
    in_words(RT_DROPPED, "bare", "x", NULL, NULL, "dropped   bare: its state is discarded");
    in_words(RT_CHANGED, "f/a", "x | w", "f/a", "y | w",
             "refused   `a` of `f` has changed\n  saved     x\n  program   y");
    in_words(RT_CHANGED, "f/a", "x | w", "f/a", "x | 2w",
             "refused   `a` of `f` has changed\n  saved     x | w\n  program   x | 2w");
    in_words(RT_CHANGED, "f/a", " | w", "f/a", "plain",
             "refused   `a` of `f` has changed\n  saved     rows\n  program   plain");
    in_words(RT_CHANGED, "f/a", "xy | w", "f/a", "xz | w",
             "refused   `a` of `f` has changed\n  saved     xy\n  program   xz");
    in_words(RT_CHANGED, "f/a", "x | w", "f/a", "xy | w",
             "refused   `a` of `f` has changed\n  saved     x\n  program   xy");
    in_words(RT_RENAMED, "f/a", "x | w", "g/a", "x | w",
             "refused   `a` of `f` is gone, and `a` of `g` would hold the same: a new name takes "
             "nothing along\n  both      x");
    in_words(RT_RENAMED, "f/from", "x", "g/from", "x",
             "refused   the source of `f` is gone, and the source of `g` would read the same: a new "
             "name takes nothing along\n  both      x");
    in_words(RT_AMBIGUOUS, "f/a", "x | w", "f/a#2", "x | w",
             "refused   `a` of `f` holds the same as others, and their number has changed\n"
             "  saved     x");
    in_words(RT_AMBIGUOUS, NULL, NULL, "f/from#2", "x",
             "refused   the source of `f` (number 2) reads the same as others, and their number has "
             "changed\n  program   x");
}

void suite_fingerprint(void) {
    CU_pSuite s = CU_add_suite("fingerprint", NULL, NULL);
    CU_add_test(s, "fates", test_fates);
    CU_add_test(s, "texts", test_text);
    CU_add_test(s, "of a program", test_program);
    CU_add_test(s, "values of params", test_params);
    CU_add_test(s, "without params", test_forget);
    CU_add_test(s, "lines of a descriptor", test_lines);
    CU_add_test(s, "in words", test_words);
}
