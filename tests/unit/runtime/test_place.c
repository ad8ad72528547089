/* test_place.c - positions and plans of sources: cut anywhere, a new source goes on with
 * exactly the rows that remain, and a plan gives the very same units; what does not fit is
 * refused. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CUnit/Basic.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_check.h"
#include "runtime/io/place.h"
#include "tests/unit/runtime/fake_program.h"
#include "tests/unit/runtime/source_stand.h"

void suite_place(void);

/* As exec/input.c does it. */
static void ready(rt_source *s, rt_input *in, rt_reader *r) {
    for (int64_t i = 0; s->decl->multiline && i < in->nunits; i++) {
        rt_unit *u = &in->units[i];
        int64_t count = 0;
        CU_ASSERT_EQUAL(s->ops->quotes(s, u, r, &count), RT_ok);
        if (u->object != s->quotes.object) s->quotes = (rt_quotes){u->object, 0};
        u->quotes = s->quotes.odd;
        s->quotes.odd ^= count & 1;
    }
}

/* What the units hold, with where each part begins. */
static void read_units(rt_source *s, const rt_input *in, rt_reader *r, bytes *rows,
                       bytes *units) {
    for (int64_t i = 0; i < in->nunits; i++) {
        const rt_unit *u = &in->units[i];
        if (units) {
            int64_t at[] = {u->from, u->to, u->exact, u->quotes,
                            u->block ? u->block->first : 0, u->block ? u->block->len : 0,
                            u->block ? u->block->bad_code : 0};
            const char *object = s->ops->object(s, u->object);
            add(units, at, sizeof at);
            add(units, object, (int64_t)strlen(object));
            if (u->block) add(units, u->block->base, u->block->len + u->block->bad_len);
        }
        if (u->block) {
            add(rows, u->block->base, u->block->len);
        } else if (s->ops->ranges) {
            for (int64_t k = u->from; k < u->to; k++) add(rows, &k, sizeof k);
        } else {
            CU_ASSERT_EQUAL(s->ops->read(s, u, r), RT_ok);
            add(rows, r->p, r->end - r->p);
        }
    }
}

typedef struct run {
    bytes rows;    /* all of them, in order */
    int64_t taken; /* bytes of them in batches so far */
    int64_t now, limit;
} run;

/* One batch of `limit`; false at the end. */
static bool batch(rt_source *s, rt_input *in, run *r, rt_reader *reader) {
    if (s->ended) return false;
    s->ops->waiting(s, r->now);
    rt_input_clear(in);
    CU_ASSERT_EQUAL(s->ops->take(s, 1 + dice(r->limit), r->now, false, in), RT_ok);
    r->now += 1000000;
    ready(s, in, reader);
    return in->nunits > 0 || !s->ops->live || s->ops->ranges;
}

static void all_rows(stand *st, run *r) {
    rt_source s;
    rt_input in = {0};
    rt_reader reader = {.mem = st->env.mem};
    CU_ASSERT_EQUAL_FATAL(begin(st, &s, false), RT_ok);
    while (batch(&s, &in, r, &reader)) {
        read_units(&s, &in, &reader, &r->rows, NULL);
        if (s.ops->done) s.ops->done(&s, &in);
    }
    finish(&s);
    rt_input_free(&in);
    rt_reader_free(&reader);
}

/* A new source: load, the plans of `nplans` batches again, then the rest. */
static void resume(stand *st, const rt_wire *place, const rt_wire *plans, const bytes *units,
                   int nplans, bytes *rows, run *r) {
    rt_source s;
    rt_input in = {0};
    rt_reader reader = {.mem = st->env.mem};
    rt_unwire at = of(place);
    CU_ASSERT_EQUAL_FATAL(begin(st, &s, true), RT_ok);
    CU_ASSERT_EQUAL_FATAL(s.ops->load(&s, &at), RT_ok);
    for (int i = 0; i < nplans; i++) {
        bytes again = {0};
        rt_unwire plan = of(&plans[i]);
        rt_input_clear(&in);
        CU_ASSERT_EQUAL_FATAL(s.ops->replan(&s, i, &plan, &in), RT_ok);
        ready(&s, &in, &reader);
        read_units(&s, &in, &reader, rows, &again);
        CU_ASSERT(same(&again, &units[i]));
        free(again.p);
        if (s.ops->done) s.ops->done(&s, &in);
    }
    run rest = {.now = r->now, .limit = r->limit};
    while (batch(&s, &in, &rest, &reader)) {
        read_units(&s, &in, &reader, rows, NULL);
        if (s.ops->done) s.ops->done(&s, &in);
    }
    finish(&s);
    rt_input_free(&in);
    rt_reader_free(&reader);
}

#define REPLAYED 3

/* Runs some batches, keeps the position, runs and plans a few more, and begins again. */
static void cut_once(stand *st, const bytes *wanted, run r, int before) {
    rt_source s;
    rt_input in = {0};
    rt_reader reader = {.mem = st->env.mem};
    bytes rows = {0}, scratch = {0}, units[REPLAYED] = {0};
    rt_wire place = {0}, plans[REPLAYED] = {0};
    int n = 0;
    CU_ASSERT_EQUAL_FATAL(begin(st, &s, false), RT_ok);
    for (int i = 0; i < before && batch(&s, &in, &r, &reader); i++) {
        read_units(&s, &in, &reader, &rows, NULL);
        if (s.ops->done) s.ops->done(&s, &in);
    }
    s.ops->save(&s, &place);
    for (; n < REPLAYED && batch(&s, &in, &r, &reader); n++) {
        CU_ASSERT_EQUAL(s.ops->plan(&s, n, &in, &plans[n]), RT_ok);
        read_units(&s, &in, &reader, &scratch, &units[n]);
        if (s.ops->done) s.ops->done(&s, &in);
    }
    finish(&s);
    resume(st, &place, plans, units, n, &rows, &r);
    CU_ASSERT(same(&rows, wanted));
    for (int i = 0; i < REPLAYED; i++) free(units[i].p), rt_wire_free(&plans[i]);
    rt_wire_free(&place);
    free(rows.p);
    free(scratch.p);
    rt_input_free(&in);
    rt_reader_free(&reader);
}

static void check_cuts(stand *st, int times, int64_t limit) {
    run r = {.now = 1000000, .limit = limit};
    all_rows(st, &r);
    CU_ASSERT(r.rows.n > 0);
    for (int i = 0; i < times; i++)
        cut_once(st, &r.rows, (run){.now = 1000000, .limit = limit}, (int)dice(12));
    free(r.rows.p);
    stand_free(st);
}

/* ---- inputs ---- */

static void text_file(const char *path, int64_t lines, bool quotes, bool end) {
    FILE *f = fopen(path, "w");
    for (int64_t i = 0; i < lines; i++) {
        int64_t n = dice(40);
        fprintf(f, "%s%d%s", i && quotes && dice(3) == 0 ? "\"a\nb\"," : "", (int)i,
                n % 5 ? "," : "");
        for (int64_t k = 0; k < n; k++) fputc((int)('a' + (i + k) % 26), f);
        if (end || i + 1 < lines) fputc('\n', f);
    }
    fclose(f);
}

static void packed_file(const char *path, int64_t lines) {
    char plain[160];
    snprintf(plain, sizeof plain, "%s.plain", path);
    text_file(plain, lines, false, lines % 2);
    int64_t n;
    char *text = fake_read(plain, &n);
    FILE *f = fopen(path, "w");
    fprintf(f, "<%.*s><%s>", (int)(n / 2), text, text + n / 2);
    fclose(f);
    free(text);
    unlink(plain);
}

static void test_file(void) {
    const char *path = fake_path("one.txt");
    text_file(path, 400, false, false);
    stand *st = stand_new("file", RT_TEXT);
    option(st, "arg", 's', path, 0);
    check_cuts(st, 60, 700);
    st = stand_new("file", RT_BINARY);
    option(st, "arg", 's', path, 0);
    check_cuts(st, 20, 700);
}

static void test_files(void) {
    for (int i = 0; i < 7; i++) {
        char name[16];
        snprintf(name, sizeof name, "f-%d", i * 7);
        text_file(fake_path(name), i * 13 % 40, false, i % 2);
    }
    stand *st = stand_new("file", RT_TEXT);
    option(st, "arg", 's', fake_path("f-*"), 0);
    check_cuts(st, 60, 600);
}

static void test_csv(void) {
    text_file(fake_path("q-1"), 150, true, true);
    text_file(fake_path("q-2"), 150, true, false);
    stand *st = stand_new("file", RT_CSV);
    st->decl.header = st->decl.multiline = true;
    option(st, "arg", 's', fake_path("q-*"), 0);
    check_cuts(st, 60, 900);
}

static void test_packed(void) {
    packed_file(fake_path("z-1.gz"), 150);
    text_file(fake_path("z-2"), 40, false, false);
    packed_file(fake_path("z-3.gz"), 3);
    packed_file(fake_path("z-4.gz"), 80);
    stand *st = stand_new("file", RT_CSV);
    st->decl.header = true;
    option(st, "arg", 's', fake_path("z-*"), 0);
    check_cuts(st, 60, 500);
}

static void test_generated(void) {
    static const char *const names[] = {"generate", "rate", "nexmark"};
    for (int i = 0; i < 3; i++) {
        stand *st = stand_new(names[i], RT_ROWS);
        option(st, "rows", 'i', NULL, i == 1 ? 20000 : 100000);
        option(st, i == 1 ? "arg" : "rate", 'i', NULL, i ? 10000 : 0);
        check_cuts(st, 10, 20000);
    }
}

static void test_watch(void) {
    char dir[128];
    snprintf(dir, sizeof dir, "%s", fake_path("watched"));
    mkdir(dir, 0755);
    for (int i = 0; i < 5; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/w%d.csv", dir, i);
        text_file(path, 40 * i + 1, true, true);
    }
    stand *st = stand_new("watch", RT_CSV);
    st->decl.header = st->decl.multiline = true;
    option(st, "arg", 's', dir, 0);
    check_cuts(st, 40, 800);
}

/* ---- what does not fit ---- */

typedef struct half {
    stand *st;
    rt_wire place, plan;
} half;

/* A position in the middle of a file, and the plan of the batch behind it. */
static half half_way(const char *path) {
    half h = {.st = stand_new("file", RT_TEXT)};
    rt_source s;
    rt_input in = {0};
    option(h.st, "arg", 's', path, 0);
    begin(h.st, &s, false);
    s.ops->take(&s, 5000, 0, false, &in);
    s.ops->save(&s, &h.place);
    rt_input_clear(&in);
    s.ops->take(&s, 1000, 0, false, &in);
    s.ops->plan(&s, 1, &in, &h.plan);
    finish(&s);
    rt_input_free(&in);
    return h;
}

static rt_status load_again(half *h, bool plan) {
    rt_source s;
    rt_input in = {0};
    rt_unwire r = of(&h->place);
    begin(h->st, &s, true);
    rt_status status = s.ops->load(&s, &r);
    r = of(&h->plan);
    if (plan && status == RT_ok) status = s.ops->replan(&s, 1, &r, &in);
    finish(&s);
    rt_input_free(&in);
    return status;
}

static void half_free(half *h) {
    rt_wire_free(&h->place);
    rt_wire_free(&h->plan);
    stand_free(h->st);
}

static void test_refused(void) {
    const char *path = fake_path("half.txt"), *other = fake_path("other.txt");
    int saved = hush();
    text_file(path, 600, false, true);
    half h = half_way(path);
    CU_ASSERT_EQUAL(load_again(&h, true), RT_ok);
    /* Longer: its end stays what it was. */
    FILE *f = fopen(path, "a");
    fputs("more\n", f);
    fclose(f);
    CU_ASSERT_EQUAL(load_again(&h, true), RT_ok);
    /* A copy under the same name is the file. */
    int64_t n;
    char *text = fake_read(path, &n);
    unlink(path);
    CU_ASSERT_EQUAL(load_again(&h, false), RT_refused);
    fake_write(path, text, n);
    CU_ASSERT_EQUAL(load_again(&h, true), RT_ok);
    fake_write(path, text, n / 2);
    CU_ASSERT_EQUAL(load_again(&h, false), RT_refused);
    text[4990] ^= 1;
    fake_write(path, text, n);
    CU_ASSERT_EQUAL(load_again(&h, false), RT_refused);
    text[4990] ^= 1;
    text[3] ^= 1;
    fake_write(path, text, n);
    CU_ASSERT_EQUAL(load_again(&h, false), RT_refused);
    text[3] ^= 1;
    fake_write(path, text, n);
    h.st->options[0].text = other;
    CU_ASSERT_EQUAL(load_again(&h, false), RT_refused);
    h.st->options[0].text = path;
    CU_ASSERT_EQUAL(load_again(&h, true), RT_ok);
    free(text);
    half_free(&h);
    unhush(saved);
}

/* Any byte changed, any end cut off: refused or taken, but never worse. */
static void test_damaged(void) {
    const char *path = fake_path("damaged.txt");
    int saved = hush();
    text_file(path, 600, false, true);
    half h = half_way(path);
    rt_wire *parts[] = {&h.place, &h.plan};
    for (int k = 0; k < 2; k++) {
        rt_wire *w = parts[k];
        int64_t n = w->n;
        for (w->n = 0; w->n < n; w->n++) CU_ASSERT_EQUAL(load_again(&h, true), RT_refused);
        for (int64_t i = 0; i < n; i++) {
            uint8_t before = w->p[i];
            static const uint8_t masks[] = {1, 0x80, 0xff};
            for (int m = 0; m < 3; m++) {
                w->p[i] = before ^ masks[m];
                rt_status status = load_again(&h, true);
                CU_ASSERT(status == RT_ok || status == RT_refused);
            }
            w->p[i] = before;
        }
    }
    CU_ASSERT_EQUAL(load_again(&h, true), RT_ok);
    half_free(&h);
    unhush(saved);
}

/* Of generated rows a batch takes the next, and no others, whatever byte of its plan is changed. */
static void test_generated_refused(void) {
    int saved = hush();
    half h = {.st = stand_new("generate", RT_ROWS)};
    rt_source s;
    rt_input in = {0};
    option(h.st, "rows", 'i', NULL, 100000);
    option(h.st, "rate", 'i', NULL, 0);
    begin(h.st, &s, false);
    s.ops->take(&s, 300, 0, false, &in);
    s.ops->save(&s, &h.place);
    rt_input_clear(&in);
    s.ops->take(&s, 200, 0, false, &in);
    s.ops->plan(&s, 1, &in, &h.plan);
    finish(&s);
    for (int64_t i = -1; i < 8 * h.plan.n; i++) {
        if (i >= 0) h.plan.p[i / 8] ^= (uint8_t)(1 << i % 8);
        rt_unwire place = of(&h.place), plan = of(&h.plan);
        rt_input_clear(&in);
        begin(h.st, &s, true);
        CU_ASSERT_EQUAL(s.ops->load(&s, &place), RT_ok);
        rt_status status = s.ops->replan(&s, 1, &plan, &in);
        CU_ASSERT(i < 0 ? status == RT_ok : status == RT_ok || status == RT_refused);
        if (status == RT_ok) CU_ASSERT(in.rows == 200 && in.units[0].from == 300);
        finish(&s);
        if (i >= 0) h.plan.p[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    rt_input_free(&in);
    half_free(&h);
    unhush(saved);
}

static int clean(void) {
    fake_remove_dir();
    return 0;
}

void suite_place(void) {
    CU_pSuite s = CU_add_suite("place", NULL, clean);
    CU_add_test(s, "one file", test_file);
    CU_add_test(s, "many files", test_files);
    CU_add_test(s, "csv with a header and quotes", test_csv);
    CU_add_test(s, "compressed files", test_packed);
    CU_add_test(s, "generated rows", test_generated);
    CU_add_test(s, "generated rows, plans changed", test_generated_refused);
    CU_add_test(s, "a watched folder", test_watch);
    CU_add_test(s, "files that are gone, shorter or others", test_refused);
    CU_add_test(s, "damaged positions and plans", test_damaged);
}
