/* test_merge.c - framed output in the order of its keys, in memory and spilled, and rows
 * that cross exchanges in order. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/exec/merge.h"
#include "runtime/kernel/k_hash.h"
#include "runtime/kernel/k_sort.h"
#include "runtime/state/spill.h"
#include "tests/unit/runtime/fake_program.h"
#include "tests/unit/share.h"

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

/* ---- merging alone: runs of random keys against all of them sorted ---- */

enum { RUNS = 9, MOST = 60, LONGEST = 40 };

typedef struct entry {
    uint8_t key[LONGEST];
    int32_t len, run, place;
} entry;

static uint64_t drawn = 1;

static int32_t below(int32_t n) {
    drawn = drawn * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (int32_t)((drawn >> 33) % (uint64_t)n);
}

static int by_key(const void *a, const void *b) {
    const entry *x = a, *y = b;
    int order = memcmp(x->key, y->key, (size_t)(x->len < y->len ? x->len : y->len));
    if (order) return order;
    if (x->len != y->len) return x->len - y->len;
    return x->run != y->run ? x->run - y->run : x->place - y->place;
}

/* Of few letters, zeros among them, and often the beginning or the rest of the last one. */
static void draw_key(entry *e, const entry *last) {
    static const uint8_t letters[] = {0, 0, 1, 'a', 255};
    int32_t kept = last && below(4) ? below(last->len + 1) : 0;
    e->len = kept + below(below(3) ? 3 : LONGEST - kept + 1);
    if (e->len > LONGEST) e->len = LONGEST;
    for (int32_t i = 0; i < e->len; i++)
        e->key[i] = i < kept ? last->key[i] : letters[below((int32_t)sizeof letters)];
}

static uint8_t *put_entry(uint8_t *p, const entry *e) {
    uint32_t lens[2] = {(uint32_t)e->len, 8}, where[2] = {(uint32_t)e->run, (uint32_t)e->place};
    memcpy(p, lens, 8);
    memcpy(p + 8, e->key, (size_t)e->len);
    memcpy(p + 8 + e->len, where, 8);
    return p + 16 + e->len;
}

/* n entries as a run: as they were drawn, or in order, which it says or not; or spilled. */
static rt_run new_run(rt_job *job, entry *all, int32_t n) {
    int32_t how = below(4);
    int64_t size = n * (16 + LONGEST) + 64;
    uint8_t *base = rt_mem_get(job->mem, RT_OWNER_EXCHANGE, &size), *p = base;
    if (how) qsort(all, (size_t)n, sizeof *all, by_key);
    for (int32_t i = 0; i < n; i++) p = put_entry(p, &all[i]);
    rt_run run = {base, p - base, size, n, 0, how == 1};
    if (how != 3 || !n) return run;
    run.at = rt_spill_place(job->spill, run.len);
    CU_ASSERT(rt_spill_write(job->spill, run.at, base, run.len) == RT_ok);
    rt_mem_put(job->mem, RT_OWNER_EXCHANGE, base, size);
    run.p = NULL;
    return run;
}

static void merge_random(rt_job *job) {
    static entry all[RUNS * MOST];
    rt_run items[RUNS];
    int32_t n = 0, nruns = below(RUNS + 1);
    for (int32_t r = 0; r < nruns; r++) {
        int32_t first = n, count = below(5) ? below(MOST) : 0;
        for (; n < first + count; n++) {
            draw_key(&all[n], n ? &all[n - 1] : NULL);
            all[n].run = r, all[n].place = n - first;
        }
        items[r] = new_run(job, all + first, count);
    }
    qsort(all, (size_t)n, sizeof *all, by_key);
    rt_runs runs = {items, nruns, RUNS};
    rt_merge *m = rt_merge_new(job, &runs);
    rt_status status;
    int32_t i = 0, wrong = 0;
    for (const uint8_t *frame; (frame = rt_merge_next(m, &status)); i++) {
        uint8_t want[16 + LONGEST];
        if (i < n) put_entry(want, &all[i]);
        wrong += i >= n || memcmp(frame, want, (size_t)(16 + all[i].len)) != 0;
    }
    CU_ASSERT(status == RT_ok && i == n && !wrong);
    rt_merge_free(m);
    for (int32_t r = 0; r < nruns; r++)
        if (items[r].p) rt_mem_put(job->mem, RT_OWNER_EXCHANGE, items[r].p, items[r].size);
}

static void test_merging(void) {
    rt_job *job = calloc(1, sizeof *job);
    job->mem = rt_mem_new(INT64_C(64) << 20, 1);
    job->spill = rt_spill_new();
    for (int32_t t = 0, times = test_share(3000); t < times; t++) merge_random(job);
    rt_spill_free(job->spill);
    rt_mem_free(job->mem, true);
    free(job);
}

static int clean(void) {
    fake_remove_dir();
    return 0;
}

void suite_merge(void) {
    CU_pSuite s = CU_add_suite("merge", NULL, clean);
    CU_add_test(s, "runs of random keys", test_merging);
    CU_add_test(s, "in order of keys, stable", test_order);
    CU_add_test(s, "the same through the spill file", test_spill);
    CU_add_test(s, "ordered exchanges", test_exchanges);
}
