/* test_row_error.c - rows that fail: stop, skip, `errors into`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_cold.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_sort.h"
#include "tests/unit/runtime/fake_program.h"

void suite_row_error(void);

static int64_t error_port = -1;

static int32_t fail(flow_ctx *ctx, int64_t step, int32_t code, const char *raw) {
    flow_text bytes = {(const uint8_t *)raw, raw ? (int64_t)strlen(raw) : 0};
    return flow_rt_row_error(ctx, step, error_port, code, &bytes, &(flow_text){0});
}

/* Lines that begin with `!` are malformed, with `/` a division by zero. */
static int32_t fail_block(flow_ctx *ctx, const uint8_t *p, const uint8_t *end) {
    while (p < end) {
        const uint8_t *nl = memchr(p, '\n', (size_t)(end - p));
        ctx->record = p;
        ctx->record_len = nl - p;
        ctx->why = "it begins with `!`";
        int32_t stop = 0;
        if (*p == '!')
            stop = fail(ctx, 0, FLOW_E_malformed, NULL);
        else if (*p == '/')
            stop = fail(ctx, 1, FLOW_E_div_zero, "{\"a\":1}");
        else
            fake_put(ctx, &ctx->ports[0][0], p, nl + 1 - p);
        if (stop) return stop;
        p = nl + 1;
    }
    return 0;
}

static const uint8_t row_type[] = "{\6at\0tsource\0soffset\0istep\0serror\0sraw\0y";

static void show_row(flow_ctx *ctx, const uint8_t *row) {
    uint64_t w[10];
    char line[512];
    flow_k_row_read(ctx, row, 8, w, row_type);
    const char *slash = strrchr((const char *)(uintptr_t)w[1], '/');
    int64_t skip = slash ? slash + 1 - (const char *)(uintptr_t)w[1] : 0;
    int n = snprintf(line, sizeof line, "E %s %.*s %ld %.*s [%.*s] [%.*s]\n",
                     w[0] == (uint64_t)ctx->now ? "now" : "?", (int)((int64_t)w[2] - skip),
                     (const char *)(uintptr_t)w[1] + skip, (long)w[3], (int)w[5],
                     (const char *)(uintptr_t)w[4], (int)w[7], (const char *)(uintptr_t)w[6],
                     (int)(w[9] > 64 ? 64 : w[9]), (const char *)(uintptr_t)w[8]);
    fake_put(ctx, &ctx->ports[0][0], line, n);
}

static int32_t error_rows(flow_ctx *ctx, const uint8_t *p, const uint8_t *end) {
    for (; p < end; p = flow_k_row_next(p)) show_row(ctx, p);
    return 0;
}

static int32_t error_frames(flow_ctx *ctx, const uint8_t *p, const uint8_t *end) {
    for (; p < end; p = flow_frame_next(p)) {
        uint64_t copy[64];
        memcpy(copy, flow_frame_payload(p), flow_frame_plen(p));
        show_row(ctx, (const uint8_t *)copy);
    }
    return 0;
}

static void fail_program(const char *path, int into, int ordered) {
    error_port = into ? 1 : -1;
    fake_begin("fail");
    fake_line("step\t0\tfail.flow:1:1\tfrom");
    fake_line("step\t1\tfail.flow:2:4\tlet");
    fake_line("source\t0\tlines\tfile\tformat=text\tstep=0%s", into ? "\terror=1" : "");
    fake_line("option\tsource\t0\targ\ts\t%s", path);
    if (into) fake_line("exchange\t0\tparts=one%s", ordered ? "\tordered=1" : "");
    fake_line("sink\t0\tout\tstdout\tformat=text");
    if (into) fake_line("sink\t1\tbad\tstdout\tformat=text");
    fake_line("stage\t0\tlines\tsource=0\tblock=%d", fake_address((void *)fail_block));
    if (into)
        fake_line("stage\t1\terrors\texchange=0\trows=%d",
                  fake_address(ordered ? (void *)error_frames : (void *)error_rows));
    fake_line("port\t0\t0\tsink=0");
    if (into) fake_line("port\t0\t1\texchange=0");
    if (into) fake_line("port\t1\t0\tsink=1");
}

static void test_stop(void) {
    const char *path = fake_path("in.txt");
    char text[3000];
    int n = 0;
    while (n < 2000) n += sprintf(text + n, "good\n");
    n += sprintf(text + n, "/first\n");
    while (n < 2900) n += sprintf(text + n, "!bad\n");
    fake_write(path, text, n);
    fail_program(path, 0, 0);
    for (int i = 0; i < 8; i++) {
        fake_result r = fake_run("--block_size 64 --parallelism 4");
        CU_ASSERT_EQUAL(r.code, 1);
        CU_ASSERT_EQUAL(r.out_len, 0);
        CU_ASSERT(strstr(r.err, "fail.flow:2:4: let: division by zero: row {\"a\":1} (") !=
                  NULL);
        CU_ASSERT(strstr(r.err, "in.txt, byte 2000)") != NULL);
        fake_free(&r);
    }
    fake_write(path, "ok\n!x\n", 6);
    fake_result r = fake_run("");
    CU_ASSERT(strstr(r.err, "malformed record: it begins with `!`: `!x` (") != NULL);
    fake_free(&r);
}

static void test_skip(void) {
    const char *path = fake_path("in.txt");
    fake_write(path, "a\n!x\n/y\nb\n!z\n", 13);
    fail_program(path, 0, 0);
    fake_result r = fake_run("--on_error=skip");
    CU_ASSERT_EQUAL(r.code, 0);
    CU_ASSERT_STRING_EQUAL(r.out, "a\nb\n");
    CU_ASSERT(strstr(r.err, "fail.flow:1:1: from: 2 rows skipped: malformed record") != NULL);
    CU_ASSERT(strstr(r.err, "fail.flow:2:4: let: 1 row skipped: division by zero") != NULL);
    fake_free(&r);
}

static void test_into(void) {
    static const char wanted[] =
        "a\nb\n"
        "E now in.txt 2 fail.flow:1:1 [malformed record: it begins with `!`] [!x]\n"
        "E now in.txt 5 fail.flow:2:4 [division by zero] [{\"a\":1}]\n"
        "E now in.txt 10 fail.flow:1:1 [malformed record: it begins with `!`] [!z]\n";
    const char *path = fake_path("in.txt");
    fake_write(path, "a\n!x\n/y\nb\n!z\n", 13);
    for (int ordered = 0; ordered < 2; ordered++) {
        fail_program(path, 1, ordered);
        fake_result r = fake_run("");
        CU_ASSERT_EQUAL(r.code, 0);
        CU_ASSERT_STRING_EQUAL(r.out, wanted);
        CU_ASSERT_STRING_EQUAL(r.err, "");
        fake_free(&r);
    }
}

/* The reader's own errors take the same way. */
static void test_long_into(void) {
    int64_t n = 17 << 20;
    char *text = malloc((size_t)n);
    memset(text, 'x', (size_t)n);
    text[0] = 'a';
    text[1] = '\n';
    const char *path = fake_path("long.txt");
    fake_write(path, text, n);
    fail_program(path, 1, 0);
    fake_result r = fake_run("--block_size 64KiB --parallelism 2");
    CU_ASSERT_EQUAL(r.code, 0);
    CU_ASSERT(strstr(r.out, "a\nE now long.txt 2 fail.flow:1:1 [the record is longer than 16 "
                            "MiB] [xxxx") == r.out);
    fake_free(&r);
    free(text);
}

static int clean(void) {
    fake_remove_dir();
    return 0;
}

void suite_row_error(void) {
    CU_pSuite s = CU_add_suite("row_error", NULL, clean);
    CU_add_test(s, "stop: the first in task order", test_stop);
    CU_add_test(s, "skip counts", test_skip);
    CU_add_test(s, "errors into", test_into);
    CU_add_test(s, "too long, into", test_long_into);
}
