/* test_stage.c - keyed programs: the same bytes at any parallelism, block and batch. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "tests/unit/runtime/fake_program.h"

void suite_stage(void);

static void test_count_small(void) {
    const char *path = fake_path("words.txt");
    fake_write(path, "b a\nc b b\n", 10);
    fake_count_program("file\tformat=text\tstep=0", "stdout\tformat=text");
    fake_line("option\tsource\t0\targ\ts\t%s", path);
    fake_result r = fake_run("");
    CU_ASSERT_EQUAL(r.code, 0);
    CU_ASSERT_STRING_EQUAL(r.out, "a 1\nb 3\nc 1\n");
    CU_ASSERT_STRING_EQUAL(r.err, "");
    fake_free(&r);
}

static void test_count_cuts(void) {
    static const char *const args[] = {
        "--parallelism 1 --block_size 64KiB",
        "--parallelism 2 --block_size 8MiB",
        "--parallelism 4 --block_size 1000 --batch_size 64KiB",
        "--parallelism 3 --block_size 64 --partitions 7",
        "--parallelism 8 --memory 16777216",
    };
    char *text = malloc(2000000);
    int64_t n = 0;
    uint64_t seed = 99;
    while (n < 1900000) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        n += sprintf(text + n, "w%d%c", (int)((seed >> 40) % 5000), seed >> 61 ? ' ' : '\n');
    }
    const char *path = fake_path("many.txt");
    fake_write(path, text, n);
    free(text);
    fake_count_program("file\tformat=text\tstep=0", "stdout\tformat=text");
    fake_line("option\tsource\t0\targ\ts\t%s", path);
    fake_result first = fake_run("");
    CU_ASSERT_EQUAL(first.code, 0);
    CU_ASSERT(first.out_len > 40000);
    for (int i = 0; i < 5; i++) {
        fake_result r = fake_run(args[i]);
        CU_ASSERT_EQUAL(r.code, 0);
        CU_ASSERT_STRING_EQUAL(r.out, first.out);
        if (*r.err) fprintf(stderr, "%s", r.err);
        fake_free(&r);
    }
    fake_free(&first);
}

static int clean(void) {
    fake_remove_dir();
    return 0;
}

void suite_stage(void) {
    CU_pSuite s = CU_add_suite("stage", NULL, clean);
    CU_add_test(s, "counting words", test_count_small);
    CU_add_test(s, "counting is the same at any cut", test_count_cuts);
}
