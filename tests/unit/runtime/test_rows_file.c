/* test_rows_file.c - the input journal: blocks come back as they were, damage is found, and
 * what is not needed goes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/Basic.h>

#include "runtime/base/crc32c.h"
#include "runtime/io/rows_file.h"
#include "tests/unit/runtime/fake_program.h"
#include "tests/unit/runtime/source_stand.h"

void suite_rows_file(void);

static rt_ckpt_env ckpt_env;

static void live_begin(stand *st, rt_source *s, rt_live *live) {
    snprintf(ckpt_env.job8, sizeof ckpt_env.job8, "12345678");
    *s = (rt_source){.decl = &st->decl, .env = &st->env, .total = -1, .impl = live};
    st->env.ckpt = &ckpt_env;
    st->program.sources = &st->decl;
    st->program.nsources = 1;
    rt_live_open(live, s, NULL);
}

/* A batch of what some streams bring. */
static void feed_batch(rt_live *live, rt_input *in, int64_t lines) {
    rt_feed feeds[3];
    for (int i = 0; i < 3; i++) rt_feed_open(&feeds[i], live, rt_live_object(live), 1000);
    for (int64_t i = 0; i < lines; i++) {
        rt_feed *f = &feeds[dice(3)];
        char text[2048];
        int64_t room, n = snprintf(text, sizeof text, "%d,row %*d\n", (int)i,
                                   (int)dice(dice(50) ? 40 : 1500), (int)i);
        for (int64_t at = 0; at < n;) {
            uint8_t *to = rt_feed_room(f, &room);
            room = room < n - at ? room : n - at;
            memcpy(to, text + at, (size_t)room);
            rt_feed_add(f, room);
            at += room;
        }
        rt_input_clear(in);
        rt_live_take(live, 0, false, in);
    }
    for (int i = 0; i < 3; i++) rt_feed_end(&feeds[i], true);
    rt_input_clear(in);
    rt_live_take(live, INT64_MAX, true, in);
}

/* What must be the same: all but the numbers of streams. */
static void describe(rt_live *live, const rt_input *in, bytes *to) {
    for (int64_t i = 0; i < in->nunits; i++) {
        const rt_block *b = in->units[i].block;
        int64_t len = 0, at[] = {b->first, b->len, b->bad_len, b->bad_code};
        const uint8_t *header = rt_live_header(live, b->object, &len);
        add(to, at, sizeof at);
        add(to, b->base, b->len + b->bad_len);
        if (header) add(to, header, len);
    }
}

static rt_status live_again(stand *st, const rt_wire *plan, bytes *to) {
    rt_source s;
    rt_live live;
    rt_input in = {0};
    rt_unwire r = of(plan);
    live_begin(st, &s, &live);
    rt_status status = rt_live_replan(&s, 5, &r, &in);
    if (to) describe(&live, &in, to);
    rt_live_done(&live);
    rt_live_close(&live);
    rt_input_free(&in);
    return status;
}

/* The plan of a file with these bytes. */
static rt_wire plan_of(const rt_wire *plan, const char *text, int64_t n) {
    enum { LEN_AT = 5, CRC_AT = 13 };
    rt_wire w = {0};
    rt_wire_raw(&w, plan->p, LEN_AT);
    rt_wire_i64(&w, n);
    rt_wire_u32(&w, rt_crc32c(0, text, n));
    CU_ASSERT_FATAL(plan->n == w.n && w.n == CRC_AT + 4);
    return w;
}

/* A file that ends at `n`, whose plan says so. */
static void cut_file(stand *st, const rt_wire *plan, const char *path, const char *text, int64_t n,
                     rt_status want) {
    rt_wire forged = plan_of(plan, text, n);
    fake_write(path, text, n);
    CU_ASSERT_EQUAL(live_again(st, &forged, NULL), want);
    rt_wire_free(&forged);
}

/* Length and checksum agree, and still a header or a block is not there. */
static void cut_between(stand *st, const rt_wire *plan, const char *path, const char *text,
                        int64_t n) {
    rt_unwire r = rt_unwire_of(text, n);
    int64_t len, bad;
    cut_file(st, plan, path, text, 0, RT_refused);
    for (int64_t heads = rt_unwire_i64(&r); heads > 0; heads--) {
        cut_file(st, plan, path, text, n - (r.end - r.p), RT_refused);
        rt_unwire_i64(&r);
        rt_unwire_bytes(&r, &len);
    }
    cut_file(st, plan, path, text, n - (r.end - r.p), RT_refused);
    for (int64_t blocks = rt_unwire_i64(&r); blocks > 0; blocks--) {
        cut_file(st, plan, path, text, n - (r.end - r.p), RT_refused);
        for (int i = 0; i < 2; i++) rt_unwire_i64(&r);
        len = rt_unwire_i64(&r);
        bad = rt_unwire_i64(&r);
        rt_unwire_u32(&r);
        cut_file(st, plan, path, text, n - (r.end - r.p), RT_refused);
        r.p += len + bad;
    }
    CU_ASSERT(r.p == r.end && !r.bad);
    cut_file(st, plan, path, text, n, RT_ok);
}

static void damage_file(stand *st, const rt_wire *plan, const char *path) {
    int64_t n;
    char *text = fake_read(path, &n);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    for (int64_t i = 0; i < n; i += 1 + n / 200) {
        fake_write(path, text, i);
        CU_ASSERT_EQUAL(live_again(st, plan, NULL), RT_refused);
        text[i] ^= 0x10;
        fake_write(path, text, n);
        CU_ASSERT_EQUAL(live_again(st, plan, NULL), RT_refused);
        text[i] ^= 0x10;
    }
    fake_write(path, text, n);
    CU_ASSERT_EQUAL(live_again(st, plan, NULL), RT_ok);
    cut_between(st, plan, path, text, n);
    free(text);
}

static void journal_once(int64_t lines, bool header) {
    rt_source s;
    rt_live live;
    rt_input in = {0};
    rt_wire plan = {0};
    rt_dirs dirs = {0};
    bytes before = {0}, after = {0};
    stand *st = stand_new("stdin", RT_CSV);
    st->decl.header = header;
    st->env.batch_bytes = INT64_C(1) << 20;
    st->env.block_bytes = 4096;
    live_begin(st, &s, &live);
    feed_batch(&live, &in, lines);
    CU_ASSERT_EQUAL(rt_live_plan(&s, 5, &in, &plan), RT_ok);
    describe(&live, &in, &before);
    CU_ASSERT_EQUAL(rt_live_sync(&s, 5, &dirs), RT_ok);
    CU_ASSERT(dirs.n == (plan.n < 100 ? 3 : 0));
    rt_dirs_free(&dirs);
    rt_live_done(&live);
    CU_ASSERT_EQUAL(live_again(st, &plan, &after), RT_ok);
    CU_ASSERT(same(&before, &after));
    char *path = strdup(fake_path("input/in/5-1.rows"));
    if (plan.n < 100) damage_file(st, &plan, path);
    rt_live_forget(&s, 4, 4);
    CU_ASSERT_EQUAL(access(path, F_OK) == 0, plan.n < 100);
    rt_live_forget(&s, 5, 5);
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
    rt_live_close(&live);
    rmdir(fake_path("input/in"));
    rmdir(fake_path("input"));
    free(path);
    free(before.p);
    free(after.p);
    rt_wire_free(&plan);
    rt_input_free(&in);
    stand_free(st);
}

static void test_journal(void) {
    char dir[128];
    int saved = hush();
    snprintf(dir, sizeof dir, "%s", fake_dir());
    ckpt_env.dir = dir;
    ckpt_env.epoch = 1;
    journal_once(20, false);
    journal_once(20, true);
    journal_once(5000, false);
    journal_once(5000, true);
    unhush(saved);
}

static int clean(void) {
    fake_remove_dir();
    return 0;
}

void suite_rows_file(void) {
    CU_pSuite s = CU_add_suite("rows_file", NULL, clean);
    CU_add_test(s, "the input journal", test_journal);
}
