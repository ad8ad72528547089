/* test_file_source.c - files through whole programs: every record once, in order, at any
 * length of blocks and batches and any number of workers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/io/file_read.h"
#include "tests/unit/runtime/fake_program.h"

void suite_file_source(void);

static void pass_file(const char *path, const char *more) {
    char source[256];
    snprintf(source, sizeof source, "file\tformat=text\tstep=0%s", more);
    fake_pass_program(source, "stdout\tformat=text");
    fake_line("option\tsource\t0\targ\ts\t%s", path);
}

static void expect(const char *args, int code, const char *text, int64_t len) {
    fake_result r = fake_run(args);
    if (r.code != code || r.out_len != len || memcmp(r.out, text, (size_t)len))
        fprintf(stderr, "[%s] exit %d, %ld bytes of %ld; %s", args, r.code, (long)r.out_len,
                (long)len, r.err);
    CU_ASSERT_EQUAL(r.code, code);
    CU_ASSERT_EQUAL(r.out_len, len);
    CU_ASSERT(r.out_len == len && !memcmp(r.out, text, (size_t)len));
    fake_free(&r);
}

static void check_text(const char *text, const char *wanted) {
    const char *path = fake_path("in.txt");
    fake_write(path, text, (int64_t)strlen(text));
    pass_file(path, "");
    expect("", 0, wanted, (int64_t)strlen(wanted));
    expect("--block-size 64 --parallelism=2", 0, wanted, (int64_t)strlen(wanted));
}

static void test_small(void) {
    check_text("", "");
    check_text("\n", "\n");
    check_text("a", "a\n");
    check_text("a\nb\n", "a\nb\n");
    check_text("\n\na\n\nb", "\n\na\n\nb\n");
    check_text("\xef\xbb\xbf" "a\nb", "a\nb\n");
    check_text("\xef\xbb\xbf", "");
}

/* Lines of all lengths, some longer than a block. */
static char *random_text(int64_t *len) {
    int64_t room = 300000, n = 0;
    char *text = malloc((size_t)room);
    uint64_t seed = 12345;
    while (n < room - 20000) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        int64_t line = (int64_t)(seed >> 33) % (seed >> 60 ? 80 : 9000);
        for (int64_t i = 0; i < line; i++) text[n++] = (char)('a' + (i + line) % 26);
        text[n++] = '\n';
    }
    *len = n;
    return text;
}

static void test_cuts(void) {
    static const char *const blocks[] = {"64", "100", "4096", "65536", "8MiB"};
    static const char *const batches[] = {"1024", "5000", "64MiB"};
    int64_t len;
    char *text = random_text(&len);
    const char *path = fake_path("cuts.txt");
    fake_write(path, text, len);
    pass_file(path, "");
    for (int b = 0; b < 5; b++) {
        for (int c = 0; c < 3; c++) {
            char args[128];
            snprintf(args, sizeof args, "--block_size=%s --batch_size=%s --parallelism %d",
                     blocks[b], batches[c], 1 + (b + c) % 4);
            expect(args, 0, text, len);
        }
    }
    free(text);
}

static void test_glob(void) {
    fake_write(fake_path("g-2"), "two\n", 4);
    fake_write(fake_path("g-10"), "ten", 3);
    fake_write(fake_path("g-1"), "", 0);
    pass_file(fake_path("g-*"), "");
    expect("", 0, "ten\ntwo\n", 8);
    expect("--batch_size 1024 --block_size 64", 0, "ten\ntwo\n", 8);
    pass_file(fake_path("none-*"), "");
    expect("", 0, "", 0);
    pass_file(fake_path("missing"), "");
    expect("", 6, "", 0);
    pass_file(fake_dir(), "");
    expect("", 6, "", 0);
}

/* csv with line ends in quotes: the block function sees whole records, so what passes
 * through is the file, wherever it is cut. */
static int32_t check_quotes_block(flow_ctx *ctx, const uint8_t *p, const uint8_t *end) {
    int64_t quotes = 0;
    for (const uint8_t *q = p; q < end; q++) quotes += *q == '"';
    if (quotes % 2) abort();
    fake_put(ctx, &ctx->ports[0][0], p, end - p);
    return 0;
}

static void test_multiline(void) {
    int64_t n = 0;
    char *text = malloc(200000);
    for (int i = 0; n < 150000; i++) {
        n += sprintf(text + n, "%d,\"a\nb \"\"q\"\"", i);
        for (int k = 0; k < i % 97; k++) n += sprintf(text + n, k % 7 ? "x" : "\n");
        n += sprintf(text + n, "\",%s\n", i % 3 ? "y" : "\"\"");
    }
    const char *path = fake_path("multi.csv");
    fake_write(path, text, n);
    fake_begin("multi");
    fake_line("step\t0\tmulti.flow:1:1\tfrom");
    fake_line("source\t0\tlines\tfile\tformat=csv\tmultiline=1\tstep=0");
    fake_line("option\tsource\t0\targ\ts\t%s", path);
    fake_line("sink\t0\tout\tstdout\tformat=text");
    fake_line("stage\t0\tlines\tsource=0\tblock=%d",
              fake_address((void *)check_quotes_block));
    fake_line("port\t0\t0\tsink=0");
    expect("", 0, text, n);
    expect("--block_size 64 --batch_size 1024 --parallelism 3", 0, text, n);
    expect("--block_size 100 --batch_size 7777 --parallelism 2", 0, text, n);
    expect("--block_size 5000 --parallelism 1", 0, text, n);
    free(text);
}

/* The map of a file's header, as first bytes of each block's output. */
static int32_t letter_header(flow_ctx *ctx, const uint8_t *p, const uint8_t *end,
                             int64_t *map) {
    (void)ctx;
    if (p == end) return -1;
    if (*p == '!') return 2;
    map[0] = *p;
    map[1] = end - p;
    return 0;
}

static int32_t letter_block(flow_ctx *ctx, const uint8_t *p, const uint8_t *end) {
    char text[64];
    while (p < end) {
        const uint8_t *nl = memchr(p, '\n', (size_t)(end - p));
        int n = snprintf(text, sizeof text, "%c%ld:%.*s\n", (char)ctx->header[0],
                         (long)ctx->header[1], (int)(nl - p), p);
        fake_put(ctx, &ctx->ports[0][0], text, n);
        p = nl + 1;
    }
    return 0;
}

static void header_program(void) {
    fake_begin("header");
    fake_line("step\t0\theader.flow:1:1\tfrom");
    fake_line("source\t0\tlines\tfile\tformat=csv\theader=1\tcolumns=id,price\tstep=0");
    fake_line("option\tsource\t0\targ\ts\t%s", fake_path("h-*"));
    fake_line("sink\t0\tout\tstdout\tformat=text");
    fake_line("stage\t0\tlines\tsource=0\tblock=%d\theader=%d\theader_words=2",
              fake_address((void *)letter_block), fake_address((void *)letter_header));
    fake_line("port\t0\t0\tsink=0");
}

static void test_header(void) {
    fake_write(fake_path("h-1"), "abc\r\n1\n2\n", 9);
    fake_write(fake_path("h-2"), "", 0);
    fake_write(fake_path("h-3"), "\xef\xbb\xbfz,y", 6);
    fake_write(fake_path("h-4"), "q\n3", 3);
    header_program();
    const char *wanted = "a3:1\na3:2\nq1:3\n";
    expect("", 0, wanted, (int64_t)strlen(wanted));
    expect("--block_size 64 --batch_size 1024", 0, wanted, (int64_t)strlen(wanted));
    fake_write(fake_path("h-5"), "!\n9", 3);
    fake_result r = fake_run("");
    CU_ASSERT_EQUAL(r.code, 1);
    CU_ASSERT(strstr(r.err, "header.flow:1:1: ") && strstr(r.err, "no column `price`"));
    fake_free(&r);
}

static void test_too_long(void) {
    int64_t big = (17 << 20), n = 0;
    char *text = malloc((size_t)big + 100);
    memcpy(text, "first\n", 6);
    memset(text + 6, 'x', (size_t)big);
    n = 6 + big;
    memcpy(text + n, "\nlast\n", 6);
    n += 6;
    const char *path = fake_path("long.txt");
    fake_write(path, text, n);
    pass_file(path, "");
    fake_result r = fake_run("");
    CU_ASSERT_EQUAL(r.code, 1);
    CU_ASSERT(strstr(r.err, "longer than 16 MiB") && strstr(r.err, "byte 6)"));
    fake_free(&r);
    expect("--on_error skip", 0, "first\nlast\n", 11);
    expect("--on_error skip --block_size 64KiB --parallelism 2", 0, "first\nlast\n", 11);
    r = fake_run("--on_error skip");
    CU_ASSERT(strstr(r.err, "1 row skipped") != NULL);
    fake_free(&r);
    free(text);
}

static void test_binary(void) {
    const char *path = fake_path("bin");
    char text[103];
    for (int i = 0; i < 103; i++) text[i] = (char)('a' + i % 26);
    fake_write(path, text, 96);
    fake_begin("bin");
    fake_line("step\t0\tbin.flow:1:1\tfrom");
    fake_line("source\t0\trows\tfile\tformat=binary\trecord=24\tstep=0");
    fake_line("option\tsource\t0\targ\ts\t%s", path);
    fake_line("sink\t0\tout\tstdout\tformat=text");
    fake_line("stage\t0\trows\tsource=0\tblock=%d", fake_address((void *)check_quotes_block));
    fake_line("port\t0\t0\tsink=0");
    expect("--block_size 64", 0, text, 96);
    fake_write(path, text, 103);
    expect("--block_size 64 --on_error skip", 0, text, 96);
    expect("--block_size 64", 1, "", 0);
}

/* So many rows of a range, wherever it begins: those that end there. */
static void expect_rows(const rt_file *f, const rt_source_decl *decl, int64_t from, int64_t most,
                        int64_t bytes, int64_t rows) {
    int64_t n = most, to = f->size;
    CU_ASSERT_EQUAL(rt_file_cut(f, decl, from, &to, &n), RT_ok);
    CU_ASSERT_EQUAL(to, from + bytes);
    CU_ASSERT_EQUAL(n, rows);
}

static void test_rows(void) {
    const char *path = fake_path("rows");
    rt_source_decl binary = {.format = RT_BINARY, .record = 3}, lines = {.format = RT_TEXT};
    rt_file f = {.path = path, .fd = -1};
    fake_write(path, "ab\ncd\nef\ngh", 11);
    CU_ASSERT_EQUAL_FATAL(rt_file_open(&f, &binary), RT_ok);
    const rt_source_decl *const decls[] = {&binary, &lines};
    for (int i = 0; i < 2; i++) {
        expect_rows(&f, decls[i], 4, 0, 0, 0);
        expect_rows(&f, decls[i], 0, 2, 6, 2);
        expect_rows(&f, decls[i], 0, 3, 9, 3);
        expect_rows(&f, decls[i], 0, 4, 11, 3);
        expect_rows(&f, decls[i], 4, 1, 2, 1);
        expect_rows(&f, decls[i], 4, 9, 7, 2);
        expect_rows(&f, decls[i], 9, 1, 2, 0);
    }
    rt_file_close(&f);
    int64_t n = 2, to = 11;
    CU_ASSERT_EQUAL(rt_file_cut(&f, &lines, 0, &to, &n), RT_io); /* not another cut */
}

static int clean(void) {
    fake_remove_dir();
    return 0;
}

void suite_file_source(void) {
    CU_pSuite s = CU_add_suite("file_source", NULL, clean);
    CU_add_test(s, "small files", test_small);
    CU_add_test(s, "any cut gives the same rows", test_cuts);
    CU_add_test(s, "globs", test_glob);
    CU_add_test(s, "multiline csv", test_multiline);
    CU_add_test(s, "headers", test_header);
    CU_add_test(s, "a record that is too long", test_too_long);
    CU_add_test(s, "binary records", test_binary);
    CU_add_test(s, "so many rows of a range", test_rows);
}
