/* test_ckpt_text.c - plans and records as text: what they say, and that bytes which say
 * anything else are refused and read nowhere else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/base/crc32c.h"
#include "runtime/exec/ckpt_text.h"
#include "runtime/io/connector.h"

void suite_ckpt_text(void);

static rt_source_decl sources[] = {
    {.name = "in", .connector = "stdin", .format = RT_TEXT, .id = "in", .schema = "s"},
    {.name = "file", .connector = "file", .format = RT_TEXT, .id = "f", .schema = "s"},
    {.name = "seen", .connector = "watch", .format = RT_TEXT, .id = "w", .schema = "s"},
    {.name = "rate", .connector = "rate", .format = RT_ROWS, .id = "r", .schema = "s"},
    {.name = "raw", .connector = "stdin", .format = RT_BINARY, .record = 2, .id = "b", .schema = "s"},
    {.name = "far", .connector = "kafka", .format = RT_TEXT, .id = "k", .schema = "s"},
    {.name = "told", .connector = "queue", .format = RT_TEXT, .id = "q", .schema = "s"},
};
static rt_sink_decl sinks[] = {
    {.name = "to f", .connector = "file"}, /* others begin like it */
    {.name = "to file", .connector = "file"},
    {.name = "to console", .connector = "console"},
    {.name = "to stdout", .connector = "stdout"},
    {.name = "to discard", .connector = "discard"},
    {.name = "to far", .connector = "kafka"},
};
static rt_program program = {.sources = sources, .nsources = 7, .sinks = sinks, .nsinks = 6};

/* ---- what sources and sinks write ---- */

static void put_range(rt_wire *w, int64_t object, int64_t from, int64_t to) {
    rt_wire_u8(w, 0);
    rt_wire_i64(w, object);
    rt_wire_i64(w, from);
    rt_wire_i64(w, to);
    rt_wire_i64(w, 4096);
    rt_wire_u8(w, 0);
}

static void put_mark(rt_wire *w) {
    for (int i = 0; i < 3; i++) rt_wire_u32(w, 7);
}

static void put_live(rt_wire *w) {
    rt_wire_u8(w, 1);
    rt_wire_i64(w, 1); /* a header */
    rt_wire_i64(w, 5);
    rt_wire_text(w, "a,b");
    rt_wire_i64(w, 2); /* blocks */
    for (int i = 0; i < 2; i++) {
        rt_wire_i64(w, 5 + i);
        rt_wire_i64(w, 10);
        rt_wire_i64(w, 4);
        rt_wire_i64(w, i);
        rt_wire_u32(w, (uint32_t)i);
        rt_wire_raw(w, "x\ny\nz", 4 + i);
    }
}

static void put_kept(rt_wire *w) {
    rt_wire_u8(w, 2);
    rt_wire_u32(w, 3);
    rt_wire_i64(w, 70000);
    rt_wire_u32(w, 0xabc);
}

static void put_file(rt_wire *w) {
    rt_wire_u8(w, 1); /* a look */
    rt_wire_i64(w, 0);
    rt_wire_i64(w, 2);
    for (int i = 0; i < 2; i++) {
        rt_wire_u8(w, (uint8_t)i);
        rt_wire_u32(w, 1);
        rt_wire_raw(w, i ? "b" : "a", 1);
        for (int k = 0; k < 5; k++) rt_wire_i64(w, k);
    }
    rt_wire_i64(w, 1); /* files */
    rt_wire_i64(w, 4);
    rt_wire_text(w, "in.txt");
    rt_wire_i64(w, 90);
    put_mark(w);
    rt_wire_u8(w, 0);
    rt_wire_text(w, "");
    rt_wire_i64(w, 2);
    put_range(w, 0, 10, 50);
    put_range(w, 0, 50, 60);
    rt_wire_i64(w, 4); /* the place */
    rt_wire_i64(w, 60);
    rt_wire_i64(w, 90);
    put_mark(w);
    rt_wire_u8(w, 0);
}

static void put_watch(rt_wire *w) {
    rt_wire_i64(w, 1);
    rt_wire_u8(w, 1);
    rt_wire_u8(w, 0);
    rt_wire_text(w, "log.txt");
    for (int i = 0; i < 4; i++) rt_wire_i64(w, 9);
    rt_wire_u32(w, 4);
    put_mark(w);
    rt_wire_i64(w, 400);
    rt_wire_i64(w, 1);
    put_range(w, 0, 0, 400);
}

static void put_rate(rt_wire *w) {
    rt_wire_i64(w, 1);
    put_range(w, 0, 100, 200);
    rt_wire_i64(w, 200);
    rt_wire_i64(w, 1000);
    rt_wire_i64(w, 10);
}

static void put_boxed(rt_wire *w, bool filed) {
    rt_wire_i64(w, 1000);
    rt_wire_i64(w, 2);
    rt_wire_i64(w, 4);
    rt_wire_u32(w, rt_crc32c(0, "a\nb\n", 4));
    rt_wire_u8(w, filed);
    if (!filed) {
        rt_wire_raw(w, "a\nb\n", 4);
        return;
    }
    rt_wire_u32(w, 3);
    rt_wire_text(w, "out0");
}

static void put_single(rt_wire *w) {
    rt_wire_text(w, "out.csv");
    rt_wire_i64(w, 12);
    put_boxed(w, false);
}

static void put_console(rt_wire *w) {
    rt_wire_u64(w, 1);
    rt_wire_u64(w, 2);
    put_boxed(w, true);
}

static void put_stdout(rt_wire *w) { put_boxed(w, false); }

static void put_parts(rt_wire *w) {
    rt_wire_text(w, "out");
    rt_wire_text(w, "out0");
    rt_wire_text(w, "csv");
    rt_wire_u32(w, 3);
    rt_wire_i64(w, 2);
    for (int i = 0; i < 2; i++) {
        rt_wire_text(w, i ? "k=1" : "");
        rt_wire_i64(w, 40);
        rt_wire_u32(w, 0xabc);
    }
}

static void put_nothing(rt_wire *w) { (void)w; }

/* ---- reading them ---- */

static rt_wire plan_of(int64_t source, const rt_wire *part) {
    rt_wire w = {0};
    rt_wire_i64(&w, 1);
    rt_wire_text(&w, sources[source].id);
    rt_wire_text(&w, sources[source].schema);
    rt_wire_u8(&w, 4 | 1); /* planned, ended */
    rt_wire_bytes(&w, part->p, part->n);
    return w;
}

static bool plan_text(const uint8_t *p, int64_t n, rt_wire *out) {
    rt_planned plan = {.batch = 42, .input = p, .len = n};
    rt_wire_clear(out);
    bool good = rt_ckpt_text_plan(&program, &plan, out);
    rt_wire_u8(out, 0);
    return good;
}

/* Every end, and every byte with other bits: an exact copy shows what is read beyond it. */
static void mangle(const rt_wire *w, void (*read)(const uint8_t *p, int64_t n, int64_t which),
                   int64_t which) {
    for (int64_t n = 0; n <= w->n; n++) {
        rt_wire copy = {0};
        rt_wire_raw(&copy, w->p, n);
        uint8_t *exact = memcpy(malloc((size_t)n + 1), copy.p ? copy.p : (uint8_t *)"", (size_t)n);
        read(exact, n, which);
        for (int bit = 0; n == w->n && bit < 8 * n; bit++) {
            exact[bit / 8] ^= (uint8_t)(1 << bit % 8);
            read(exact, n, which);
            exact[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        free(exact);
        rt_wire_free(&copy);
    }
}

static void read_plan(const uint8_t *p, int64_t n, int64_t which) {
    rt_wire out = {0};
    (void)which;
    plan_text(p, n, &out);
    rt_wire_free(&out);
}

static void check_plan(int64_t source, void (*put)(rt_wire *), const char *want) {
    rt_wire part = {0}, out = {0};
    put(&part);
    rt_wire plan = plan_of(source, &part);
    CU_ASSERT(plan_text(plan.p, plan.n, &out));
    CU_ASSERT_STRING_EQUAL((char *)out.p, want);
    mangle(&plan, read_plan, source);
    rt_wire_u8(&plan, 0);
    CU_ASSERT(!plan_text(plan.p, plan.n, &out));
    rt_wire_free(&plan);
    rt_wire_free(&part);
    rt_wire_free(&out);
}

static void test_plans(void) {
    check_plan(0, put_live,
               "in stdin ended: rows 5 bytes 9, records 10 to 12 of stream 5, records 10 to 13 of "
               "stream 6\n");
    check_plan(0, put_kept, "in stdin ended: input/in/42-3.rows of 70000 bytes, crc 00000abc\n");
    check_plan(0, put_nothing, "in stdin ended: 0 bytes\n");
    check_plan(1, put_file,
               "f file ended: a look at 2 files, in.txt bytes 10 to 50, in.txt bytes 50 to 60; "
               "then file 4 at byte 60\n");
    check_plan(2, put_watch, "w watch ended: log.txt bytes 0 to 400\n");
    check_plan(3, put_rate, "r rate ended: rows 100 to 200, next 200 of t0 1000 rate 10\n");
    check_plan(4, put_live,
               "b stdin ended: rows 5 bytes 9, records 10 to 12 of stream 5, records 10 to 13 of "
               "stream 6\n");
    /* Ones that this runtime does not have, or that say nothing of their plans. */
    rt_wire part = {0}, out = {0};
    put_rate(&part);
    for (int i = 5; i < 7; i++) {
        rt_wire plan = plan_of(i, &part);
        CU_ASSERT(plan_text(plan.p, plan.n, &out));
        CU_ASSERT_STRING_EQUAL((char *)out.p, i == 5 ? "k kafka ended: 66 bytes\n"
                                                     : "q queue ended: 66 bytes\n");
        rt_wire_free(&plan);
    }
    rt_wire_clear(&part);
    /* One that the program does not have. */
    sources[0].schema = "another";
    put_live(&part);
    rt_wire plan = plan_of(0, &part);
    sources[0].schema = "s";
    CU_ASSERT(plan_text(plan.p, plan.n, &out));
    CU_ASSERT_STRING_EQUAL((char *)out.p, "in ended: 117 bytes\n");
    rt_wire_free(&part);
    rt_wire_free(&plan);
    rt_wire_free(&out);
}

static bool sink_text(const char *name, const uint8_t *p, int64_t n, rt_wire *out) {
    rt_commit_sink sink = {.name = name, .record = p, .len = n};
    bool good = rt_ckpt_text_sink(&program, 42, &sink, out);
    rt_wire_u8(out, 0);
    return good;
}

static const char *const names[] = {"to file out.csv", "to console ", "to stdout ", "to discard "};

static void read_sink(const uint8_t *p, int64_t n, int64_t which) {
    rt_wire out = {0};
    sink_text(names[which], p, n, &out);
    rt_wire_free(&out);
}

static void check_sink(int64_t which, void (*put)(rt_wire *), const char *want) {
    rt_wire record = {0}, out = {0};
    put(&record);
    CU_ASSERT(sink_text(names[which], record.p, record.n, &out));
    CU_ASSERT_STRING_EQUAL((char *)out.p, want);
    mangle(&record, read_sink, which);
    rt_wire_free(&record);
    rt_wire_free(&out);
}

static void test_sinks(void) {
    char text[200];
    rt_wire out = {0};
    uint32_t crc = rt_crc32c(0, "a\nb\n", 4);
    snprintf(text, sizeof text, "out.csv behind byte 12: 4 bytes, crc %08x, in the journal", crc);
    check_sink(0, put_single, text);
    check_sink(0, put_parts,
               "out/: out0-0000000042-0000.csv of 40 bytes, crc 00000abc, "
               "k=1/out0-0000000042-0000.csv of 40 bytes, crc 00000abc");
    snprintf(text, sizeof text, "4 bytes, crc %08x, in outbox/out0/42-3.ob", crc);
    check_sink(1, put_console, text);
    snprintf(text, sizeof text, "4 bytes, crc %08x, in the journal", crc);
    check_sink(2, put_stdout, text);
    check_sink(3, put_nothing, "nothing");
    CU_ASSERT(!sink_text("to postgres x", NULL, 0, &out));
    CU_ASSERT(!sink_text("to far x", (const uint8_t *)"x", 1, &out));
    CU_ASSERT(!sink_text("to far x", NULL, 0, &out));
    CU_ASSERT(!sink_text("to discard ", (const uint8_t *)"x", 1, &out)); /* it has nothing to say */
    rt_wire_free(&out);
}

void suite_ckpt_text(void) {
    CU_pSuite s = CU_add_suite("ckpt_text", NULL, NULL);
    CU_add_test(s, "plans", test_plans);
    CU_add_test(s, "records of sinks", test_sinks);
}
