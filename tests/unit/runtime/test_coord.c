/* test_coord.c - when batches run, what is closed in them, retries, limits. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_cold.h"
#include "tests/unit/runtime/fake_program.h"

void suite_coord(void);

static int32_t number_range(flow_ctx *ctx, int64_t from, int64_t to, int64_t t0,
                            int64_t rate) {
    char line[64];
    (void)t0, (void)rate;
    for (int64_t i = from; i < to; i++) {
        int n = snprintf(line, sizeof line, "%" PRId64 "\n", i);
        fake_put(ctx, &ctx->ports[0][i % ctx->nparts], line, n);
    }
    return 0;
}

static int32_t number_line(flow_ctx *ctx, int64_t from, int64_t to, int64_t t0,
                           int64_t rate) {
    char line[64];
    (void)t0, (void)rate;
    for (int64_t i = from; i < to; i++) {
        int n = snprintf(line, sizeof line, "(%" PRId64 ")\n", i);
        fake_frame(ctx, &ctx->ports[0][0], "", 0, line, n);
    }
    return 0;
}

static int32_t no_rows(flow_ctx *ctx, const uint8_t *p, const uint8_t *end) {
    (void)ctx, (void)p, (void)end;
    return 0;
}

static int32_t show_close(flow_ctx *ctx) {
    char line[64];
    int n = snprintf(line, sizeof line, "%" PRId64 ":%" PRId64 "%s%s ", ctx->batch,
                     ctx->partition, ctx->fed ? "f" : "", ctx->final ? "!" : "");
    fake_put(ctx, &ctx->ports[0][0], line, n);
    return 0;
}

static void closes_program(const char *closes, int64_t rows) {
    fake_begin("closes");
    fake_line("source\t0\tnumbers\tgenerate\tformat=rows");
    fake_line("option\tsource\t0\trows\ti\t%" PRId64, rows);
    fake_line("exchange\t0");
    fake_line("sink\t0\tout\tstdout\tformat=text");
    fake_line("stage\t0\trows\tsource=0\trange=%d", fake_address((void *)number_range));
    fake_line("stage\t1\tkeep\texchange=0\trows=%d\tclose=%d%s",
              fake_address((void *)no_rows), fake_address((void *)show_close), closes);
    fake_line("port\t0\t0\texchange=0");
    fake_line("port\t1\t0\tsink=0");
}

static void expect(const char *args, int code, const char *out) {
    fake_result r = fake_run(args);
    CU_ASSERT_EQUAL(r.code, code);
    CU_ASSERT_STRING_EQUAL(r.out, out);
    if (r.code != code) fprintf(stderr, "exit %d: %s", r.code, r.err);
    fake_free(&r);
}

static void test_closes(void) {
    closes_program("", 1);
    expect("--partitions 3", 0, "0:0f! 0:1f! 0:2f! ");
    closes_program("", 0);
    expect("--partitions 3", 0, "0:0! 0:1! 0:2! ");
    closes_program("\tcloses=touched", 500001);
    expect("--partitions 3 --parallelism 2", 0, "0:0f 0:1f 0:2f 1:0f! 1:1f! 1:2f! ");
}

static void test_console(void) {
    fake_begin("console");
    fake_line("source\t0\tnumbers\tgenerate\tformat=rows");
    fake_line("option\tsource\t0\trows\ti\t12");
    fake_line("sink\t0\tout\tconsole\tformat=text\tframed=1");
    fake_line("option\tsink\t0\trows\ti\t2");
    fake_line("stage\t0\trows\tsource=0\trange=%d", fake_address((void *)number_line));
    fake_line("port\t0\t0\tsink=0");
    fake_result r = fake_run("");
    const char *time = strstr(r.out, "Time: ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(time);
    const char *rest = strchr(time, '\n');
    CU_ASSERT_STRING_EQUAL(
        rest, "\n-------------------------------------------\n(0)\n(1)\n...\n\n");
    CU_ASSERT_EQUAL(time - r.out, 44);
    fake_free(&r);
    fake_line("option\tsource\t0\trows\ti\t0");
    expect("", 0, "");
}

static void test_until(void) {
    closes_program("\tcloses=batch", 1000000000);
    expect("--until 2 --partitions 1", 0, "0:0f 1:0f 2:0! ");
}

static int32_t full_range(flow_ctx *ctx, int64_t from, int64_t to, int64_t t0, int64_t rate) {
    flow_rt_sink_full(ctx, 0);
    return number_range(ctx, from, to > from ? from + 1 : to, t0, rate);
}

static void test_full(void) {
    fake_begin("full");
    fake_line("source\t0\tnumbers\trate\tformat=rows");
    fake_line("option\tsource\t0\targ\ti\t100");
    fake_line("sink\t0\tout\tstdout\tformat=text");
    fake_line("stage\t0\trows\tsource=0\trange=%d", fake_address((void *)full_range));
    fake_line("port\t0\t0\tsink=0");
    expect("--batch 50ms --partitions 1", 0, "0\n");
    expect("--batch 0s --partitions 1", 0, "0\n");
}

static void test_sink_down(void) {
    fake_begin("down");
    fake_line("source\t0\tnumbers\tgenerate\tformat=rows");
    fake_line("option\tsource\t0\trows\ti\t2");
    fake_line("sink\t0\tout\tsocket\tformat=text");
    fake_line("option\tsink\t0\targ\ts\t127.0.0.1:1");
    fake_line("stage\t0\trows\tsource=0\trange=%d", fake_address((void *)number_range));
    fake_line("port\t0\t0\tsink=0");
    fake_result r = fake_run("--retries 2 --retry_wait 5ms --partitions 1");
    CU_ASSERT_EQUAL(r.code, 5);
    CU_ASSERT(strstr(r.err, "tried again (2 of 2)") != NULL);
    CU_ASSERT(strstr(r.err, "given up after 2 retries") != NULL);
    fake_free(&r);
    /* It comes up while we try. */
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&a, sizeof a)) abort();
    getsockname(fd, (struct sockaddr *)&a, &len);
    fake_line("option\tsink\t0\targ\ts\t127.0.0.1:%d", ntohs(a.sin_port));
    fake_process p = fake_start("--retries 50 --retry_wait 10ms --partitions 1", -1);
    struct timespec wait = {0, 100000000};
    nanosleep(&wait, NULL);
    if (listen(fd, 1)) abort();
    int peer = accept(fd, NULL, NULL);
    char text[16] = {0};
    int64_t have = 0, got;
    while ((got = read(peer, text + have, sizeof text - 1 - (size_t)have)) > 0) have += got;
    CU_ASSERT_STRING_EQUAL(text, "0\n1\n");
    close(peer);
    close(fd);
    r = fake_wait(p);
    CU_ASSERT_EQUAL(r.code, 0);
    fake_free(&r);
}

static void test_full_device(void) {
    fake_begin("gone");
    fake_line("source\t0\tnumbers\tgenerate\tformat=rows");
    fake_line("option\tsource\t0\trows\ti\t2");
    fake_line("sink\t0\tout\tfile\tformat=text");
    fake_line("option\tsink\t0\targ\ts\t/dev/full");
    fake_line("stage\t0\trows\tsource=0\trange=%d", fake_address((void *)number_range));
    fake_line("port\t0\t0\tsink=0");
    fake_result r = fake_run("--retries 0 --partitions 1");
    CU_ASSERT_EQUAL(r.code, 6);
    CU_ASSERT(strstr(r.err, "/dev/full: No space left") != NULL);
    fake_free(&r);
}

void suite_coord(void) {
    CU_pSuite s = CU_add_suite("coord", NULL, NULL);
    CU_add_test(s, "which partitions are closed", test_closes);
    CU_add_test(s, "the console's block", test_console);
    CU_add_test(s, "until a number of batches", test_until);
    CU_add_test(s, "limits that are full end the input", test_full);
    CU_add_test(s, "a sink that is down", test_sink_down);
    CU_add_test(s, "a full device", test_full_device);
}
