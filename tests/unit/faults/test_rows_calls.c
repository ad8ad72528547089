/* test_rows_calls.c - the input journal where calls fail: what could not be kept is said, and
 * what was kept comes back. */
#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/crc32c.h"
#include "runtime/base/fault.h"
#include "runtime/io/rows_file.h"
#include "tests/unit/faults/each_call.h"
#include "tests/unit/runtime/fake_program.h"
#include "tests/unit/runtime/source_stand.h"

void suite_rows_calls(void);

static rt_ckpt_env ckpt_env;
static char dir[256];

static bool harmless(void) {
    return strstr(calls_which(), "SHORT") || strstr(calls_which(), "EINTR");
}

static void live_begin(stand *st, rt_source *s, rt_live *live) {
    *s = (rt_source){.decl = &st->decl, .env = &st->env, .total = -1, .impl = live};
    st->env.ckpt = &ckpt_env;
    st->program.sources = &st->decl;
    st->program.nsources = 1;
    rt_live_open(live, s, NULL);
}

/* 100 KB in blocks of 4. */
static void feed_rows(rt_live *live, rt_input *in) {
    rt_feed feed;
    int64_t room;
    rt_feed_open(&feed, live, rt_live_object(live), 5000);
    for (int i = 0; i < 1000; i++) {
        char text[128];
        int64_t n = snprintf(text, sizeof text, "%d,%90d\n", i, i);
        for (int64_t at = 0; at < n; at += room) {
            uint8_t *to = rt_feed_room(&feed, &room);
            room = room < n - at ? room : n - at;
            memcpy(to, text + at, (size_t)room);
            rt_feed_add(&feed, room);
        }
    }
    rt_feed_end(&feed, true);
    rt_input_clear(in);
    rt_live_take(live, INT64_MAX, true, in);
}

static int64_t bytes_of(const rt_input *in) {
    int64_t n = 0;
    for (int64_t i = 0; i < in->nunits; i++) n += in->units[i].block->len;
    return n;
}

static rt_status again(stand *st, const rt_wire *plan, int64_t *n) {
    rt_source s;
    rt_live live;
    rt_input in = {0};
    rt_unwire r = of(plan);
    live_begin(st, &s, &live);
    rt_status status = rt_live_replan(&s, 5, &r, &in);
    *n = bytes_of(&in);
    rt_live_done(&live);
    rt_live_close(&live);
    rt_input_free(&in);
    return status;
}

static stand *begin_stand(bool header) {
    stand *st = stand_new("stdin", RT_CSV);
    fake_remove_dir();
    snprintf(dir, sizeof dir, "%s", fake_dir());
    snprintf(ckpt_env.job8, sizeof ckpt_env.job8, "12345678");
    ckpt_env.dir = dir;
    ckpt_env.epoch = 1;
    st->decl.header = header;
    st->env.batch_bytes = INT64_C(1) << 20;
    st->env.block_bytes = 4096;
    return st;
}

static void keep(void *arg) {
    rt_source s;
    rt_live live;
    rt_input in = {0};
    rt_wire plan = {0};
    rt_dirs dirs = {0};
    int64_t n;
    stand *st = begin_stand(arg != NULL);
    live_begin(st, &s, &live);
    feed_rows(&live, &in);
    int64_t fed = bytes_of(&in);
    calls_fail();
    rt_status status = rt_live_plan(&s, 5, &in, &plan);
    bool made = access(fake_path("input/in/5-1.rows"), F_OK) == 0;
    if (status == RT_ok) status = rt_live_sync(&s, 5, &dirs);
    bool hit = calls_end() && !harmless() && !calls_are("close");
    bool full = strstr(calls_which(), "ENOSPC") || strstr(calls_which(), "EDQUOT");
    CU_ASSERT_EQUAL(status, !hit ? RT_ok : full ? RT_again_io : RT_io);
    CU_ASSERT(made || calls_are("open") || calls_are("mkdir") || calls_are("write"));
    if (!hit) CU_ASSERT(again(st, &plan, &n) == RT_ok && n == fed);
    if (!hit) CU_ASSERT(dirs.n == 3);
    rt_dirs_free(&dirs);
    rt_live_done(&live);
    rt_live_close(&live);
    rt_wire_free(&plan);
    rt_input_free(&in);
    stand_free(st);
}

/* Read again, and deleted in the end. */
static void back(void *arg) {
    rt_source s;
    rt_live live;
    rt_input in = {0};
    rt_wire plan = {0};
    rt_dirs dirs = {0};
    int64_t n, most;
    stand *st = begin_stand(arg != NULL);
    live_begin(st, &s, &live);
    feed_rows(&live, &in);
    most = bytes_of(&in);
    CU_ASSERT_FATAL(rt_live_plan(&s, 5, &in, &plan) == RT_ok);
    CU_ASSERT_FATAL(rt_live_sync(&s, 5, &dirs) == RT_ok);
    rt_dirs_free(&dirs);
    calls_fail();
    rt_status status = again(st, &plan, &n);
    bool hit = calls_end() && !harmless() && !calls_are("close");
    CU_ASSERT(hit ? status == RT_io || status == RT_refused : status == RT_ok && n == most);
    calls_fail();
    rt_live_forget(&s, 5, 5);
    hit = calls_end() && !harmless();
    bool there = access(fake_path("input/in/5-1.rows"), F_OK) == 0;
    CU_ASSERT(!there || (hit && (calls_are("unlink") || calls_are("open"))));
    rt_live_forget(&s, 5, 5);
    CU_ASSERT(access(fake_path("input/in/5-1.rows"), F_OK) != 0);
    rt_live_done(&live);
    rt_live_close(&live);
    rt_wire_free(&plan);
    rt_input_free(&in);
    stand_free(st);
}

/* What an earlier run has left: by another source object, that finds it in the folder. */
static void found(void *arg) {
    rt_source s;
    rt_live live;
    (void)arg;
    stand *st = begin_stand(false);
    mkdir(fake_path("input"), 0700);
    mkdir(fake_path("input/in"), 0700);
    static const char *const names[] = {"1-1.rows", "4-2.rows", "9-2.rows", "4-2.rowsx", "x"};
    for (int i = 0; i < 5; i++) {
        char path[64];
        snprintf(path, sizeof path, "input/in/%s", names[i]);
        fake_write(fake_path(path), "x", 1);
    }
    live_begin(st, &s, &live);
    calls_fail();
    rt_live_forget(&s, 2, 5);
    bool hit = calls_end() && !harmless() && !calls_are("close");
    CU_ASSERT(hit || access(fake_path("input/in/1-1.rows"), F_OK) != 0);
    CU_ASSERT(access(fake_path("input/in/4-2.rows"), F_OK) == 0);
    CU_ASSERT(hit || access(fake_path("input/in/9-2.rows"), F_OK) != 0);
    CU_ASSERT(access(fake_path("input/in/4-2.rowsx"), F_OK) == 0);
    CU_ASSERT(access(fake_path("input/in/x"), F_OK) == 0);
    rt_live_done(&live);
    rt_live_close(&live);
    stand_free(st);
}

static void test_keep(void) { each_call(keep, NULL); }
static void test_header(void) { each_call(keep, (void *)1); }
static void test_back(void) { each_call(back, (void *)1); }
static void test_found(void) { each_call(found, NULL); }

/* ---- names, and files that are left over -------------------------------------------------- */

static rt_status plan_batch(rt_source *s, rt_live *live, int64_t batch, rt_wire *plan) {
    rt_input in = {0};
    feed_rows(live, &in);
    rt_status status = rt_live_plan(s, batch, &in, plan);
    rt_input_free(&in);
    return status;
}

static void in_folder(rt_source_decl *decls, int64_t id, const char *folder) {
    rt_source s;
    rt_live live;
    rt_wire plan = {0};
    char path[200];
    stand *st = begin_stand(false);
    live_begin(st, &s, &live);
    s.decl = &decls[id];
    s.id = id;
    st->program.sources = decls;
    st->program.nsources = 3;
    CU_ASSERT_EQUAL(plan_batch(&s, &live, 5, &plan), RT_ok);
    snprintf(path, sizeof path, "%s/input/%s/5-1.rows", fake_dir(), folder);
    CU_ASSERT(access(path, F_OK) == 0);
    rt_live_done(&live);
    rt_live_close(&live); /* not synced */
    rt_wire_free(&plan);
    stand_free(st);
}

static void test_names(void) {
    char name[120];
    rt_source_decl decls[3] = {{.name = "aZ_09/~\xc3:@[`{"}, {.name = "b"}, {.name = "b"}};
    in_folder(decls, 0, "aZ_09%2f%7e%c3%3a%40%5b%60%7b");
    in_folder(decls, 1, "b");
    in_folder(decls, 2, "b-2");
    memset(name, 'x', sizeof name);
    name[119] = 0;
    decls[0].name = name;
    char shorter[128];
    snprintf(shorter, sizeof shorter, "%.88s", name);
    in_folder(decls, 0, shorter);
}

/* Batches one behind the other: each is synced with its own, and deleted when it may. */
static void test_order(void) {
    rt_source s;
    rt_live live;
    rt_wire plans[4] = {{0}};
    rt_dirs dirs = {0};
    int64_t n;
    stand *st = begin_stand(false);
    mkdir(fake_path("input"), 0700);
    mkdir(fake_path("input/in"), 0700);
    fake_write(fake_path("input/in/3-9.rows"), "x", 1);
    live_begin(st, &s, &live);
    for (int i = 0; i < 3; i++) CU_ASSERT_EQUAL(plan_batch(&s, &live, 3 + i, &plans[i]), RT_ok);
    rt_input none = {0};
    CU_ASSERT_EQUAL(rt_live_plan(&s, 6, &none, &plans[3]), RT_ok);
    CU_ASSERT(again(st, &plans[3], &n) == RT_ok && n == 0);
    rt_wire_u8(&plans[3], 0);
    CU_ASSERT(again(st, &plans[3], &n) == RT_refused);
    CU_ASSERT_EQUAL(rt_live_sync(&s, 3, &dirs), RT_ok);
    CU_ASSERT_EQUAL(dirs.n, 2); /* the folder was there: its own name may not be durable */
    rt_dirs_free(&dirs);
    int saved = hush();
    rt_fault_wish("fsync:1:EIO:on");
    CU_ASSERT_EQUAL(rt_live_sync(&s, 5, &dirs), RT_io);
    CU_ASSERT_EQUAL(rt_fault_hits(), 2);
    rt_fault_wish(NULL);
    unhush(saved);
    CU_ASSERT_EQUAL(rt_live_sync(&s, 5, &dirs), RT_ok);
    CU_ASSERT_EQUAL(plan_batch(&s, &live, 7, &plans[0]), RT_ok);
    rt_live_forget(&s, 4, 5);
    CU_ASSERT(access(fake_path("input/in/3-1.rows"), F_OK) && access(fake_path("input/in/4-1.rows"), F_OK));
    CU_ASSERT(access(fake_path("input/in/3-9.rows"), F_OK));
    CU_ASSERT(!access(fake_path("input/in/5-1.rows"), F_OK) && !access(fake_path("input/in/7-1.rows"), F_OK));
    rt_live_forget(&s, 7, 7); /* never synced */
    CU_ASSERT(access(fake_path("input/in/7-1.rows"), F_OK));
    rt_dirs_free(&dirs);
    rt_live_done(&live);
    rt_live_close(&live);
    for (int i = 0; i < 4; i++) rt_wire_free(&plans[i]);
    stand_free(st);
}

/* What cannot be deleted is tried again; what is gone already is forgotten. */
static void test_gone(void) {
    rt_source s;
    rt_live live;
    rt_wire plan = {0};
    stand *st = begin_stand(false);
    CU_ASSERT_FATAL(mkdir(fake_path("input"), 0700) == 0); /* of another source, say */
    live_begin(st, &s, &live);
    for (int i = 3; i < 5; i++) CU_ASSERT_EQUAL(plan_batch(&s, &live, i, &plan), RT_ok);
    CU_ASSERT_FATAL(unlink(fake_path("input/in/3-1.rows")) == 0);
    rt_fault_wish("unlink:2:EIO");
    rt_live_forget(&s, 4, 4);
    CU_ASSERT_EQUAL(rt_fault_hits(), 1);
    CU_ASSERT(!access(fake_path("input/in/4-1.rows"), F_OK));
    rt_fault_wish("unlink:2:EIO"); /* one file is left in the list */
    rt_live_forget(&s, 4, 4);
    CU_ASSERT_EQUAL(rt_fault_hits(), 0);
    rt_fault_wish(NULL);
    CU_ASSERT(access(fake_path("input/in/4-1.rows"), F_OK));
    rt_live_done(&live);
    rt_live_close(&live);
    rt_wire_free(&plan);
    stand_free(st);
}

/* More blocks than are looked back through for a header that has been written: it is written
 * again, and all of them come back. */
static void test_many_blocks(void) {
    enum { BLOCKS = 4099 };
    rt_source s;
    rt_live live;
    rt_wire plan = {0};
    rt_input in = {0}, back = {0};
    int64_t objects[2], len;
    rt_block *blocks[2];
    stand *st = begin_stand(true);
    live_begin(st, &s, &live);
    for (int i = 0; i < 2; i++) {
        objects[i] = rt_live_object(&live);
        rt_live_set_header(&live, objects[i], (const uint8_t *)(i ? "c,d" : "a,b"), 3);
        blocks[i] = rt_block_new(st->env.mem, 8);
        CU_ASSERT_FATAL(blocks[i] != NULL);
        memcpy(blocks[i]->base, i ? "3,4\n" : "1,2\n", 4);
        blocks[i]->object = objects[i];
        blocks[i]->len = 4;
    }
    for (int i = 0; i < BLOCKS; i++) {
        int which = i > 0 && i < BLOCKS - 1; /* one of the first stream at each end */
        rt_input_add(&in, (rt_unit){.object = objects[which], .block = blocks[which]});
    }
    CU_ASSERT_EQUAL(rt_live_plan(&s, 5, &in, &plan), RT_ok);
    char *file = fake_read(fake_path("input/in/5-1.rows"), NULL);
    CU_ASSERT(file && file[0] == 3 && !file[1]); /* that of the first stream twice, the other once */
    free(file);
    rt_source again_source;
    rt_live again_live;
    rt_unwire r = of(&plan);
    live_begin(st, &again_source, &again_live);
    CU_ASSERT_EQUAL(rt_live_replan(&again_source, 5, &r, &back), RT_ok);
    CU_ASSERT_EQUAL(back.nunits, BLOCKS);
    CU_ASSERT_EQUAL(back.units[0].object, back.units[BLOCKS - 1].object);
    for (int i = 0; i < back.nunits; i += BLOCKS - 1) {
        const uint8_t *text = rt_live_header(&again_live, back.units[i].object, &len);
        CU_ASSERT(text && len == 3 && !memcmp(text, "a,b", 3));
        CU_ASSERT(!memcmp(back.units[i].block->base, "1,2\n", 4));
    }
    const uint8_t *text = rt_live_header(&again_live, back.units[7].object, &len);
    CU_ASSERT(text && len == 3 && !memcmp(text, "c,d", 3));
    rt_live_done(&again_live);
    rt_live_close(&again_live);
    for (int i = 0; i < 2; i++) rt_block_free(st->env.mem, blocks[i]);
    rt_live_done(&live);
    rt_live_close(&live);
    rt_input_free(&in);
    rt_input_free(&back);
    rt_wire_free(&plan);
    stand_free(st);
}

/* ---- what was written by somebody ---------------------------------------------------------- */

static const uint64_t odd[] = {0, 1, 3, 0x7f, 0xffff, 0x10001, 0x7fffffff, 0xffffffff,
                               UINT64_C(0x7fffffffffffffff), UINT64_MAX, 64 << 20};

static void put_odd(uint8_t *p, int64_t room, uint64_t v) {
    for (int i = 0; i < 8 && i < room; i++) p[i] = (uint8_t)(v >> 8 * i);
}

/* Every number of a plan is another one. */
static void forge_plan(stand *st, const rt_wire *plan, int64_t most) {
    int64_t n;
    rt_wire copy = {0};
    for (int64_t at = 0; at < plan->n && at < most; at++) {
        for (size_t k = 0; k < sizeof odd / sizeof *odd; k++) {
            rt_wire_clear(&copy);
            rt_wire_raw(&copy, plan->p, plan->n);
            put_odd(copy.p + at, plan->n - at, odd[k]);
            rt_status status = again(st, &copy, &n);
            CU_ASSERT(status == RT_ok || status == RT_refused || status == RT_memory);
        }
        rt_wire_clear(&copy);
        rt_wire_raw(&copy, plan->p, at);
        CU_ASSERT_EQUAL(again(st, &copy, &n), RT_refused);
    }
    rt_wire_clear(&copy);
    rt_wire_raw(&copy, plan->p, plan->n);
    rt_wire_u8(&copy, 0);
    CU_ASSERT_EQUAL(again(st, &copy, &n), RT_refused);
    rt_wire_free(&copy);
}

static void forge_file(stand *st, const rt_wire *plan) {
    int64_t len, n;
    const char *path = fake_path("input/in/5-1.rows");
    char *text = fake_read(path, &len), kept[8];
    CU_ASSERT_FATAL(text != NULL);
    for (int64_t at = 0; at < 100; at++) {
        for (size_t k = 0; k < sizeof odd / sizeof *odd; k++) {
            memcpy(kept, text + at, 8);
            put_odd((uint8_t *)text + at, 8, odd[k]);
            bool same_bytes = !memcmp(kept, text + at, 8);
            fake_write(path, text, len);
            rt_status status = again(st, plan, &n);
            CU_ASSERT(same_bytes ? status == RT_ok : status == RT_refused || status == RT_memory);
            memcpy(text + at, kept, 8);
        }
    }
    free(text);
    CU_ASSERT(unlink(path) == 0 && mkdir(path, 0700) == 0);
    CU_ASSERT_EQUAL(again(st, plan, &n), RT_refused);
    CU_ASSERT(rmdir(path) == 0);
    CU_ASSERT_EQUAL(again(st, plan, &n), RT_refused);
}

static void test_forged(void) {
    int saved = hush();
    for (int header = 0; header < 2; header++) {
        rt_source s;
        rt_live live;
        rt_wire plan = {0};
        rt_dirs dirs = {0};
        rt_input in = {0};
        stand *st = begin_stand(header);
        live_begin(st, &s, &live);
        CU_ASSERT_EQUAL(plan_batch(&s, &live, 5, &plan), RT_ok);
        CU_ASSERT_EQUAL(rt_live_sync(&s, 5, &dirs), RT_ok);
        forge_plan(st, &plan, 100);
        forge_file(st, &plan);
        rt_wire_clear(&plan);
        rt_feed feed;
        int64_t room;
        rt_feed_open(&feed, &live, rt_live_object(&live), 5000);
        memcpy(rt_feed_room(&feed, &room), "a,b\n1,2\n3,4\n", 12);
        rt_feed_add(&feed, 12);
        rt_feed_end(&feed, true);
        rt_live_take(&live, INT64_MAX, true, &in);
        CU_ASSERT_EQUAL(rt_live_plan(&s, 6, &in, &plan), RT_ok);
        CU_ASSERT(plan.n > 30 && plan.n < 200);
        forge_plan(st, &plan, 200);
        rt_input_free(&in);
        rt_dirs_free(&dirs);
        rt_live_done(&live);
        rt_live_close(&live);
        rt_wire_free(&plan);
        stand_free(st);
    }
    unhush(saved);
}

/* A header longer than any program reads at once: all else of the file is right. */
static rt_status long_header(int64_t n) {
    stand *st = begin_stand(true);
    rt_wire head = {0}, plan = {0}, tail = {0};
    int64_t got;
    rt_wire_i64(&head, 1); /* a header */
    rt_wire_i64(&head, 7);
    rt_wire_i64(&head, n);
    rt_wire_i64(&tail, 0); /* no block */
    uint8_t *all = calloc(1, (size_t)(head.n + n + tail.n));
    memcpy(all, head.p, (size_t)head.n);
    mkdir(fake_path("input"), 0700);
    mkdir(fake_path("input/in"), 0700);
    fake_write(fake_path("input/in/5-1.rows"), (const char *)all, head.n + n + tail.n);
    rt_wire_u8(&plan, 2);
    rt_wire_u32(&plan, 1);
    rt_wire_i64(&plan, head.n + n + tail.n);
    rt_wire_u32(&plan, rt_crc32c(0, all, head.n + n + tail.n));
    rt_status status = again(st, &plan, &got);
    free(all);
    rt_wire_free(&head);
    rt_wire_free(&plan);
    rt_wire_free(&tail);
    stand_free(st);
    return status;
}

/* A file without a block that is cut anywhere, with a checksum that fits. */
static void test_cut(void) {
    int saved = hush();
    for (int64_t n = 0; n <= 24 + 8 + 5; n++) {
        stand *st = begin_stand(true);
        rt_wire file = {0}, plan = {0};
        int64_t got;
        rt_wire_i64(&file, 1); /* a header */
        rt_wire_i64(&file, 7);
        rt_wire_i64(&file, 5);
        rt_wire_raw(&file, "a,b,c", 5);
        rt_wire_i64(&file, 0); /* no block */
        mkdir(fake_path("input"), 0700);
        mkdir(fake_path("input/in"), 0700);
        fake_write(fake_path("input/in/5-1.rows"), (const char *)file.p, n);
        rt_wire_u8(&plan, 2);
        rt_wire_u32(&plan, 1);
        rt_wire_i64(&plan, n);
        rt_wire_u32(&plan, rt_crc32c(0, file.p, n));
        CU_ASSERT_EQUAL(again(st, &plan, &got), n == file.n ? RT_ok : RT_refused);
        rt_wire_free(&file);
        rt_wire_free(&plan);
        stand_free(st);
    }
    unhush(saved);
}

static void test_long_header(void) {
    int saved = hush();
    CU_ASSERT_EQUAL(long_header(INT64_C(64) << 20), RT_ok);
    CU_ASSERT_EQUAL(long_header((INT64_C(64) << 20) + 1), RT_refused);
    unhush(saved);
}

static int clean(void) {
    fake_remove_dir();
    return 0;
}

void suite_rows_calls(void) {
    CU_pSuite s = CU_add_suite("rows_calls", NULL, clean);
    CU_add_test(s, "kept", test_keep);
    CU_add_test(s, "kept, with a header", test_header);
    CU_add_test(s, "read again and deleted", test_back);
    CU_add_test(s, "of an earlier run", test_found);
    CU_add_test(s, "names", test_names);
    CU_add_test(s, "one behind the other", test_order);
    CU_add_test(s, "gone, and not to be deleted", test_gone);
    CU_add_test(s, "many blocks", test_many_blocks);
    CU_add_test(s, "forged", test_forged);
    CU_add_test(s, "a long header", test_long_header);
    CU_add_test(s, "cut, with a checksum that fits", test_cut);
}
