/* test_file_sink.c - one file and directories of parts: what stays, what is replaced, what
 * is refused. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CUnit/Basic.h>

#include "tests/unit/runtime/fake_program.h"

void suite_file_sink(void);

static void file_program(const char *in, const char *more, const char *out) {
    char sink[256];
    snprintf(sink, sizeof sink, "file\tformat=text%s", more);
    fake_pass_program("file\tformat=text\tstep=0", sink);
    fake_line("option\tsource\t0\targ\ts\t%s", in);
    fake_line("option\tsink\t0\targ\ts\t%s", out);
}

static int run(const char *args) {
    fake_result r = fake_run(args);
    int code = r.code;
    fake_free(&r);
    return code;
}

static void expect_file(const char *path, const char *text) {
    char *have = fake_read(path, NULL);
    CU_ASSERT_PTR_NOT_NULL(have);
    if (have) CU_ASSERT_STRING_EQUAL(have, text);
    free(have);
}

static int files_in(const char *dir) {
    char command[300];
    snprintf(command, sizeof command, "ls -A '%s' 2>/dev/null | wc -l", dir);
    FILE *p = popen(command, "r");
    int n = -1;
    if (fscanf(p, "%d", &n) != 1) n = -1;
    pclose(p);
    return n;
}

static void test_single(void) {
    const char *in = fake_path("in.txt"), *out = fake_path("out.txt");
    char text[5001];
    for (int i = 0; i < 1000; i++) memcpy(text + 5 * i, "abcd\n", 6);
    fake_write(in, text, 5000);
    fake_write(out, "old", 3);
    file_program(in, "", out);
    CU_ASSERT_EQUAL(run("--batch_size 1024 --block_size 64"), 0);
    expect_file(out, text);
    fake_write(in, "", 0);
    CU_ASSERT_EQUAL(run(""), 0);
    expect_file(out, "");
    file_program(in, "\theader=a,b\\n", out);
    CU_ASSERT_EQUAL(run(""), 0);
    expect_file(out, "a,b\n");
    unlink(out);
}

static void test_refused(void) {
    const char *in = fake_path("in.txt");
    fake_write(in, "x\n", 2);
    file_program(in, "", fake_dir());
    CU_ASSERT_EQUAL(run(""), 4);
    char inside[200];
    snprintf(inside, sizeof inside, "%s/out", in);
    file_program(in, "", inside);
    CU_ASSERT_EQUAL(run(""), 6); /* a file in place of a folder */
    file_program(in, "", "/dev/full");
    CU_ASSERT_EQUAL(run("--retries 1 --retry_wait 1ms"), 6);
    char dir[200];
    snprintf(dir, sizeof dir, "%s/", fake_path("foreign"));
    mkdir(fake_path("foreign"), 0755);
    fake_write(fake_path("foreign/zzz"), "mine", 4);
    file_program(in, "\text=txt", dir);
    fake_result r = fake_run("");
    CU_ASSERT_EQUAL(r.code, 4);
    CU_ASSERT(strstr(r.err, "foreign/zzz") != NULL);
    fake_free(&r);
    expect_file(fake_path("foreign/zzz"), "mine");
}

static void test_failed_run(void) {
    /* The first batch is good, the second holds a record that is too long. */
    const char *in = fake_path("bad.txt"), *out = fake_path("bad.out");
    int64_t n = 17 << 20;
    char *text = malloc((size_t)n);
    memset(text, 'x', (size_t)n);
    text[2000] = '\n';
    fake_write(in, text, n);
    free(text);
    fake_write(out, "old", 3);
    file_program(in, "", out);
    CU_ASSERT_EQUAL(run("--batch_size 1024"), 1);
    char *have = fake_read(out, NULL);
    CU_ASSERT_EQUAL(strlen(have), 2001);
    free(have);
    fake_write(out, "old", 3);
    CU_ASSERT_EQUAL(run(""), 1);
    expect_file(out, "old");
}

static void test_parts(void) {
    const char *in = fake_path("in.txt"), *out = fake_path("parts");
    char dir[200];
    snprintf(dir, sizeof dir, "%s/", out);
    fake_write(in, "a\nb\nc\n", 6);
    file_program(in, "\text=txt", dir);
    CU_ASSERT_EQUAL(run(""), 0);
    CU_ASSERT_EQUAL(files_in(out), 1);
    expect_file(fake_path("parts/out0-0000000000-0000.txt"), "a\nb\nc\n");
    /* What a killed run of this program left goes too. */
    fake_write(fake_path("parts/.flow-out0-0000000007-0000.tmp"), "torn", 4);
    fake_write(fake_path("parts/out0-0000000007-0000.txt"), "old", 3);
    CU_ASSERT_EQUAL(run(""), 0);
    CU_ASSERT_EQUAL(files_in(out), 1);
}

/* Frames whose keys are paths. */
static int32_t path_block(flow_ctx *ctx, const uint8_t *p, const uint8_t *end) {
    while (p < end) {
        const uint8_t *nl = memchr(p, '\n', (size_t)(end - p));
        char path[32];
        int n = snprintf(path, sizeof path, *p == '!' ? "../k=%c/" : "k=%c/", *p);
        fake_frame(ctx, &ctx->ports[0][0], path, n, p, nl + 1 - p);
        p = nl + 1;
    }
    return 0;
}

static void test_partition(void) {
    const char *in = fake_path("in.txt");
    fake_write(in, "a1\nb1\na2\nc1\na3\n", 15);
    fake_begin("paths");
    fake_line("step\t0\tpaths.flow:1:1\tfrom");
    fake_line("source\t0\tlines\tfile\tformat=text\tstep=0");
    fake_line("option\tsource\t0\targ\ts\t%s", in);
    fake_line("sink\t0\tto file\tfile\tformat=text\tpartition=1\text=csv\theader=h\\n");
    fake_line("option\tsink\t0\targ\ts\t%s", fake_path("by"));
    fake_line("stage\t0\tlines\tsource=0\tblock=%d", fake_address((void *)path_block));
    fake_line("port\t0\t0\tsink=0");
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(run("--block_size 64"), 0);
        expect_file(fake_path("by/k=a/out0-0000000000-0000.csv"), "h\na1\na2\na3\n");
        expect_file(fake_path("by/k=b/out0-0000000000-0000.csv"), "h\nb1\n");
        CU_ASSERT_EQUAL(files_in(fake_path("by")), 3);
        CU_ASSERT_EQUAL(files_in(fake_path("by/k=a")), 1);
    }
    /* Batches leave a part each; a rerun with fewer removes the old ones. */
    CU_ASSERT_EQUAL(run("--batch_size 1KiB"), 0);
    fake_write(in, "!\n", 2);
    CU_ASSERT_EQUAL(run(""), 1);
}

static int clean(void) {
    fake_remove_dir();
    return 0;
}

void suite_file_sink(void) {
    CU_pSuite s = CU_add_suite("file_sink", NULL, clean);
    CU_add_test(s, "one file is replaced, then extended", test_single);
    CU_add_test(s, "what is refused", test_refused);
    CU_add_test(s, "a failed run leaves whole batches", test_failed_run);
    CU_add_test(s, "parts", test_parts);
    CU_add_test(s, "partitions", test_partition);
}
