/* test_state.c - programs that keep kernel tables: partial ones in workers, those of
 * partitions, and what happens when they outgrow the memory. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_cold.h"
#include "runtime/kernel/k_hash.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_table.h"
#include "tests/unit/runtime/fake_program.h"

void suite_state(void);

static int64_t different = 1000; /* keys */

static const uint8_t row_type[] = "{\2k\0in\0i";

/* Key i % different, counted in the worker's partial table. */
static int32_t count_range(flow_ctx *ctx, int64_t from, int64_t to, int64_t t0,
                           int64_t rate) {
    (void)t0, (void)rate;
    flow_table *t = flow_k_partial(ctx, 0);
    for (int64_t i = from; i < to; i++) {
        uint64_t *words = flow_k_table_i64(ctx, t, i * 7919 % different);
        words[0]++;
    }
    return 0;
}

/* The stage is flushed in the last batch only; what workers hold lives until then. */
static bool holds;

static int32_t count_flush(flow_ctx *ctx) {
    flow_table *t = flow_k_partial(ctx, 0);
    if (holds && !ctx->final) return 1;
    for (int64_t i = 0; i < flow_k_table_end(t); i++) {
        int64_t key = flow_k_table_key_i64(t, i);
        uint64_t row[2] = {(uint64_t)key, flow_k_table_words(t, i)[0]};
        int64_t part = flow_k_part(flow_k_part_i64(key), ctx->nparts);
        flow_k_row_send(ctx, flow_k_port(ctx, 0, part), 0, row, row_type);
    }
    flow_k_table_clear(ctx, t);
    return 0;
}

static int32_t merge_rows(flow_ctx *ctx, const uint8_t *p, const uint8_t *end) {
    flow_table *t = flow_k_state(ctx, 1);
    for (; p < end; p = flow_k_row_next(p)) {
        uint64_t row[2];
        flow_k_row_read(ctx, p, 8, row, row_type);
        flow_k_table_i64(ctx, t, (int64_t)row[0])[0] += row[1];
    }
    return 0;
}

static int32_t sum_close(flow_ctx *ctx) {
    char text[64];
    int64_t keys = 0, sum = 0;
    flow_table *t = flow_k_state(ctx, 1);
    if (!ctx->final) return 0;
    for (int64_t i = 0; i < flow_k_table_end(t); i++, keys++)
        sum += (int64_t)flow_k_table_words(t, i)[0];
    int n = snprintf(text, sizeof text, "%" PRId64 " %" PRId64 "\n", keys, sum);
    fake_put(ctx, &ctx->ports[0][0], text, n);
    return 0;
}

static void table_program(int64_t rows) {
    fake_begin("tables");
    fake_line("step\t0\ttables.flow:4:4\taggregate");
    fake_line("source\t0\tnumbers\tgenerate\tformat=rows");
    fake_line("option\tsource\t0\trows\ti\t%" PRId64, rows);
    fake_line("state\t0\taggregate\tstep=0\tkey=int\twords=1\tpartial=1");
    fake_line("state\t1\taggregate\tstep=0\tkey=int\twords=1");
    fake_line("exchange\t0");
    fake_line("sink\t0\tout\tstdout\tformat=text");
    fake_line("stage\t0\tnumbers\tsource=0\trange=%d\tflush=%d\tstates=0\tflushes=%s",
              fake_address((void *)count_range), fake_address((void *)count_flush),
              holds ? "final" : "batch");
    fake_line("stage\t1\taggregate\texchange=0\trows=%d\tclose=%d\tstates=1",
              fake_address((void *)merge_rows), fake_address((void *)sum_close));
    fake_line("port\t0\t0\texchange=0");
    fake_line("port\t1\t0\tsink=0");
}

/* Sums over all partitions. */
static void total(const char *out, int64_t *keys, int64_t *rows) {
    *keys = *rows = 0;
    for (const char *p = out; *p;) {
        char *end;
        *keys += strtoll(p, &end, 10);
        *rows += strtoll(end, &end, 10);
        p = end + 1;
    }
}

static void test_tables(void) {
    static const char *const args[] = {"--parallelism 1", "--parallelism 4",
                                       "--partitions 5 --memory 16MiB"};
    for (int i = 0; i < 6; i++) {
        holds = i >= 3;
        table_program(1200000);
        int64_t keys, rows;
        fake_result r = fake_run(args[i % 3]);
        CU_ASSERT_EQUAL(r.code, 0);
        total(r.out, &keys, &rows);
        CU_ASSERT_EQUAL(keys, 1000);
        CU_ASSERT_EQUAL(rows, 1200000);
        fake_free(&r);
    }
    holds = false;
}

static void test_outgrown(void) {
    different = 5000011;
    table_program(4000000);
    fake_result r = fake_run("--memory 32MiB --parallelism 2");
    if (r.code != 1) fprintf(stderr, "exit %d: %s", r.code, r.err);
    CU_ASSERT_EQUAL(r.code, 1);
    CU_ASSERT_EQUAL(r.out_len, 0);
    CU_ASSERT(strstr(r.err, "state has outgrown `memory`") != NULL);
    CU_ASSERT(strstr(r.err, "tables.flow:4:4: aggregate keeps") != NULL);
    fake_free(&r);
    different = 1000;
}

/* Memory of a task: arena chunks, and one that is too much. */
static int32_t arena_range(flow_ctx *ctx, int64_t from, int64_t to, int64_t t0,
                           int64_t rate) {
    (void)from, (void)t0, (void)rate;
    for (int64_t n = 1000; n < to; n *= 2) {
        uint8_t *p = flow_k_alloc(ctx, n);
        memset(p, 1, (size_t)n);
    }
    fake_put(ctx, &ctx->ports[0][0], "x\n", 2);
    return 0;
}

static void test_arena(void) {
    fake_begin("arena");
    fake_line("source\t0\tnumbers\tgenerate\tformat=rows");
    fake_line("option\tsource\t0\trows\ti\t16000");
    fake_line("sink\t0\tout\tstdout\tformat=text");
    fake_line("stage\t0\tnumbers\tsource=0\trange=%d", fake_address((void *)arena_range));
    fake_line("port\t0\t0\tsink=0");
    fake_result r = fake_run("--memory 16MiB");
    CU_ASSERT_EQUAL(r.code, 0);
    CU_ASSERT_STRING_EQUAL(r.out, "x\n");
    fake_free(&r);
}

static int32_t greedy_range(flow_ctx *ctx, int64_t from, int64_t to, int64_t t0,
                            int64_t rate) {
    (void)from, (void)to, (void)t0, (void)rate;
    for (int64_t i = 0; i < 1 << 20; i++) flow_k_alloc(ctx, 1 << 20);
    return 1;
}

static int32_t resize_range(flow_ctx *ctx, int64_t from, int64_t to, int64_t t0,
                            int64_t rate) {
    (void)from, (void)to, (void)t0, (void)rate;
    int64_t n = 100;
    uint8_t *p = flow_rt_mem_alloc(ctx, n);
    for (; n < 3000000; n = n * 3 + 1) {
        memset(p, 7, (size_t)n);
        p = flow_rt_mem_resize(ctx, p, n, n * 3 + 1);
        for (int64_t i = 0; i <= 3 * n; i++)
            if (p[i] != (i < n ? 7 : 0)) return 1;
    }
    for (; n > 100; n /= 3) {
        memset(p, 9, (size_t)n);
        p = flow_rt_mem_resize(ctx, p, n, n / 3);
        p = flow_rt_mem_resize(ctx, p, n / 3, n / 3 + 5);
        for (int64_t i = 0; i < n / 3 + 5; i++)
            if (p[i] != (i < n / 3 ? 9 : 0)) return 1;
        p = flow_rt_mem_resize(ctx, p, n / 3 + 5, n / 3);
    }
    flow_rt_mem_free(ctx, p, n);
    return 0;
}

static void test_memory(void) {
    fake_begin("greedy");
    fake_line("source\t0\tnumbers\tgenerate\tformat=rows");
    fake_line("option\tsource\t0\trows\ti\t1");
    fake_line("stage\t0\tnumbers\tsource=0\trange=%d", fake_address((void *)greedy_range));
    fake_result r = fake_run("--memory 16MiB");
    CU_ASSERT_EQUAL(r.code, 1);
    CU_ASSERT(strstr(r.err, "a batch needs more than `memory` leaves for it") != NULL);
    fake_free(&r);
    fake_begin("resize");
    fake_line("source\t0\tnumbers\tgenerate\tformat=rows");
    fake_line("option\tsource\t0\trows\ti\t1");
    fake_line("stage\t0\tnumbers\tsource=0\trange=%d", fake_address((void *)resize_range));
    r = fake_run("");
    CU_ASSERT_EQUAL(r.code, 0);
    fake_free(&r);
}

void suite_state(void) {
    CU_pSuite s = CU_add_suite("state", NULL, NULL);
    CU_add_test(s, "partial tables and those of partitions", test_tables);
    CU_add_test(s, "state that outgrows the memory", test_outgrown);
    CU_add_test(s, "the task arena", test_arena);
    CU_add_test(s, "tasks that want too much, state that moves", test_memory);
}
