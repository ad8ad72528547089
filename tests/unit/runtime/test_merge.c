/* test_merge.c - framed output in the order of its keys, in memory and spilled, and rows
 * that cross exchanges in order. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_hash.h"
#include "runtime/kernel/k_sort.h"
#include "tests/unit/runtime/fake_program.h"

void suite_merge(void);

static int64_t width = 8;

/* Row i has a key of i scrambled; every seventh key occurs twice. */
static int32_t scrambled(flow_ctx *ctx, int64_t from, int64_t to, int64_t t0, int64_t rate) {
    char text[1100];
    (void)t0, (void)rate;
    for (int64_t i = from; i < to; i++) {
        uint64_t k = (uint64_t)(i % 7 ? i : i / 14 * 14) * UINT64_C(2654435761) % 10000019;
        int klen = snprintf(text, sizeof text, "%08" PRIu64, k);
        int n = snprintf(text + 16, sizeof text - 16, "%08" PRIu64 " %*" PRId64 "\n", k,
                         (int)width, i);
        fake_frame(ctx, &ctx->ports[0][0], text, klen, text + 16, n);
    }
    return 0;
}

static void order_program(int64_t rows) {
    fake_begin("order");
    fake_line("source\t0\tnumbers\tgenerate\tformat=rows");
    fake_line("option\tsource\t0\trows\ti\t%" PRId64, rows);
    fake_line("sink\t0\tout\tstdout\tformat=text\torder=key");
    fake_line("stage\t0\trows\tsource=0\trange=%d", fake_address((void *)scrambled));
    fake_line("port\t0\t0\tsink=0");
}

/* Keys ascend; equal keys by their number. */
static int64_t check_order(const fake_result *r) {
    int64_t n = 0, last_i = -1;
    uint64_t last_k = 0;
    for (const char *p = r->out; *p; n++) {
        char *end;
        uint64_t k = strtoull(p, &end, 10);
        int64_t i = strtoll(end, &end, 10);
        if (*end != '\n') return -1;
        if (n && (k < last_k || (k == last_k && i <= last_i))) return -2;
        last_k = k;
        last_i = i;
        p = end + 1;
    }
    return n;
}

static void test_order(void) {
    order_program(200000);
    fake_result first = fake_run("--parallelism 1");
    CU_ASSERT_EQUAL(first.code, 0);
    CU_ASSERT_EQUAL(check_order(&first), 200000);
    fake_result r = fake_run("--parallelism 4");
    CU_ASSERT_STRING_EQUAL(first.out, r.out);
    fake_free(&r);
    fake_free(&first);
}

static void test_spill(void) {
    width = 400;
    order_program(100000);
    fake_result r = fake_run("--memory 16MiB --parallelism 2 --log info");
    CU_ASSERT_EQUAL(r.code, 0);
    CU_ASSERT_EQUAL(check_order(&r), 100000);
    CU_ASSERT(strstr(r.err, "rows go to a file") != NULL);
    if (r.code) fprintf(stderr, "%s", r.err);
    fake_free(&r);
    /* The same without keys. */
    order_program(100000);
    setenv("TMPDIR", fake_dir(), 1);
    r = fake_run("--memory 16MiB --parallelism 2 --log info");
    CU_ASSERT_EQUAL(check_order(&r), 100000);
    CU_ASSERT(strstr(r.err, fake_dir()) != NULL);
    fake_free(&r);
    setenv("TMPDIR", "/nonexistent", 1);
    r = fake_run("--memory 16MiB --parallelism 2");
    CU_ASSERT_EQUAL(r.code, 6);
    fake_free(&r);
    unsetenv("TMPDIR");
    width = 8;
}

/* To an exchange by place, dealt to one partition: rows come back in order. */
static int32_t send_frames(flow_ctx *ctx, int64_t from, int64_t to, int64_t t0,
                           int64_t rate) {
    char text[64];
    (void)t0, (void)rate;
    for (int64_t i = from; i < to; i++) {
        uint64_t place = __builtin_bswap64((uint64_t)ctx->place++);
        int n = snprintf(text, sizeof text, "%" PRId64 "\n", i);
        int64_t part = flow_k_part(flow_k_part_i64(i), ctx->nparts);
        fake_frame(ctx, &ctx->ports[0][part], &place, 8, text, n);
    }
    return 0;
}

static int32_t forward(flow_ctx *ctx, const uint8_t *p, const uint8_t *end) {
    for (; p < end; p = flow_frame_next(p))
        fake_frame(ctx, &ctx->ports[0][0], flow_frame_key(p), flow_frame_klen(p),
                   flow_frame_payload(p), flow_frame_plen(p));
    return 0;
}

static int32_t show(flow_ctx *ctx, const uint8_t *p, const uint8_t *end) {
    for (; p < end; p = flow_frame_next(p))
        fake_put(ctx, &ctx->ports[0][0], flow_frame_payload(p), flow_frame_plen(p));
    return 0;
}

static void test_exchanges(void) {
    fake_begin("cross");
    fake_line("source\t0\tnumbers\tgenerate\tformat=rows");
    fake_line("option\tsource\t0\trows\ti\t50000");
    fake_line("exchange\t0\tordered=1");
    fake_line("exchange\t1\tordered=1\tparts=one");
    fake_line("sink\t0\tout\tstdout\tformat=text");
    fake_line("stage\t0\trows\tsource=0\trange=%d", fake_address((void *)send_frames));
    fake_line("stage\t1\tforward\texchange=0\trows=%d", fake_address((void *)forward));
    fake_line("stage\t2\tshow\texchange=1\trows=%d", fake_address((void *)show));
    fake_line("port\t0\t0\texchange=0");
    fake_line("port\t1\t0\texchange=1");
    fake_line("port\t2\t0\tsink=0");
    static const char *const args[] = {"", "--parallelism 4 --partitions 3",
                                       "--memory 16MiB --parallelism 1"};
    for (int a = 0; a < 3; a++) {
        fake_result r = fake_run(args[a]);
        CU_ASSERT_EQUAL(r.code, 0);
        const char *p = r.out;
        int64_t i = 0;
        for (; *p; i++) {
            char *end;
            if (strtoll(p, &end, 10) != i) break;
            p = end + 1;
        }
        CU_ASSERT_EQUAL(i, 50000);
        fake_free(&r);
    }
}

static int clean(void) {
    fake_remove_dir();
    return 0;
}

void suite_merge(void) {
    CU_pSuite s = CU_add_suite("merge", NULL, clean);
    CU_add_test(s, "in order of keys, stable", test_order);
    CU_add_test(s, "the same through the spill file", test_spill);
    CU_add_test(s, "ordered exchanges", test_exchanges);
}
