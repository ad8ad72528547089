/* test_sort.c - sorting frames, merging runs, top n. */
#include "runtime/kernel/k_sort.h"

#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_heap.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_top.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_values.h"

void suite_sort(void);

/* Keys that share prefixes, end early, repeat; the payload is the place in the buffer. */
static int64_t random_key(rnd *r, uint8_t *key, int kind) {
    int64_t n;
    switch (kind) {
    case 0: /* one of few */
        n = rnd_below(r, 4);
        for (int64_t i = 0; i < n; i++)
            key[i] = (uint8_t)rnd_below(r, 2);
        return n;
    case 1: /* a long common prefix */
        memset(key, 'x', 40);
        n = 30 + rnd_below(r, 10);
        for (int64_t i = n - 3; i < n; i++)
            key[i] = (uint8_t)rnd_below(r, 3);
        return n;
    case 2: /* integers */
        for (int i = 0; i < 8; i++)
            key[i] = (uint8_t)rnd_next(r);
        return 8;
    case 3: /* zeros of any length */
        n = rnd_below(r, 30);
        memset(key, 0, (size_t)n);
        return n;
    case 4: /* one of few moments, and a number that may be left out in part */
        memset(key, 1, 27);
        key[7] = key[13] = (uint8_t)rnd_below(r, 4);
        for (int i = 25; i < 27; i++)
            key[i] = (uint8_t)rnd_next(r);
        return rnd_below(r, 3) ? 27 : 25 + rnd_below(r, 2);
    default:
        n = rnd_below(r, 20);
        for (int64_t i = 0; i < n; i++)
            key[i] = (uint8_t)rnd_next(r);
        return n;
    }
}

static flow_buf *random_frames(rnd *r, flow_ctx *ctx, int64_t n, int kind) {
    flow_buf *buf = env_buf(ctx);
    uint8_t key[64];
    for (int64_t i = 0; i < n; i++) {
        int64_t klen = random_key(r, key, kind);
        flow_k_frame(ctx, buf, env_block(ctx, key, klen), klen, env_block(ctx, &i, 8), 8);
    }
    CU_ASSERT(buf->rows == n);
    return buf;
}

static int64_t frame_place(const uint8_t *frame) {
    int64_t i;
    memcpy(&i, flow_frame_payload(frame), 8);
    return i;
}

static int naive(const void *a, const void *b) {
    const uint8_t *x = *(const uint8_t *const *)a, *y = *(const uint8_t *const *)b;
    uint32_t n = flow_frame_klen(x), m = flow_frame_klen(y);
    int c = memcmp(flow_frame_key(x), flow_frame_key(y), n < m ? n : m);
    if (c || n != m) return c ? c : (n > m) - (n < m);
    return frame_place(x) < frame_place(y) ? -1 : 1;
}

static void check_sort(rnd *r, int64_t n, int kind) {
    flow_ctx *ctx = env_open();
    flow_buf *buf = random_frames(r, ctx, n, kind);
    flow_item *items = malloc((size_t)(2 * n + 1) * sizeof *items);
    const uint8_t **want = malloc((size_t)(n + 1) * sizeof *want);
    flow_k_sort_items(buf->base, buf->p, items);
    for (int64_t i = 0; i < n; i++)
        want[i] = items[i].frame;
    flow_k_sort(items, items + n, n);
    qsort(want, (size_t)n, sizeof *want, naive);
    int same = 1;
    for (int64_t i = 0; i < n; i++) {
        flow_item fresh;
        flow_k_sort_items(want[i], want[i] + 1, &fresh);
        same &= items[i].frame == want[i] && items[i].prefix == fresh.prefix;
    }
    CU_ASSERT(same);
    free(items);
    free(want);
    env_close(ctx);
}

static void test_sort(void) {
    rnd r = {3};
    static const int64_t sizes[] = {0, 1, 2, 5, 6, 7, 11, 12, 13, 50, 96, 97, 300, 500, 5000};
    for (int kind = 0; kind < 6; kind++)
        for (int i = 0; i < 15; i++)
            check_sort(&r, sizes[i], kind);
}

static void test_merge(void) {
    rnd r = {8};
    for (int runs = 0; runs < 9; runs++) {
        flow_ctx *ctx = env_open();
        flow_run run[9];
        int32_t heap[9];
        flow_item *items[9];
        int64_t total = 0;
        for (int i = 0; i < runs; i++) {
            int64_t n = rnd_below(&r, 60);
            flow_buf *buf = random_frames(&r, ctx, n, 0);
            items[i] = malloc((size_t)(2 * n + 1) * sizeof **items);
            if (n) flow_k_sort_items(buf->base, buf->p, items[i]);
            flow_k_sort(items[i], items[i] + n, n);
            run[i] = (flow_run){items[i], items[i] + n};
            total += n;
        }
        flow_run whole[9];
        memcpy(whole, run, sizeof run);
        flow_merge m;
        flow_k_merge_begin(&m, run, heap, runs);
        const uint8_t *last = 0, *f;
        int last_run = 0;
        int64_t seen = 0;
        while ((f = flow_k_merge_next(&m))) {
            int at = 0;
            for (int i = 0; i < runs; i++)
                if (run[i].p > whole[i].p && run[i].p[-1].frame == f) at = i;
            if (last) {
                uint32_t n = flow_frame_klen(last), k = flow_frame_klen(f);
                int c = memcmp(flow_frame_key(last), flow_frame_key(f), n < k ? n : k);
                if (!c) c = (int)n - (int)k;
                CU_ASSERT(c < 0 || (c == 0 && last_run <= at));
            }
            last = f;
            last_run = at;
            seen++;
        }
        CU_ASSERT(seen == total);
        for (int i = 0; i < runs; i++)
            free(items[i]);
        env_close(ctx);
    }
}

/* Against sorting all candidates. */
static void check_top(rnd *r, int64_t rows, int64_t n, int32_t ties, int kind) {
    flow_ctx *ctx = env_open();
    flow_heap heap = {0};
    flow_buf *buf = random_frames(r, ctx, rows, kind);
    uint64_t state[FLOW_TOP_WORDS] = {0};
    const uint8_t **all = malloc((size_t)(rows + 1) * sizeof *all);
    int64_t count = 0;
    for (const uint8_t *f = buf->base; f < buf->p; f = flow_frame_next(f)) {
        flow_k_top_push(ctx, &heap, state, n, ties, flow_frame_key(f), flow_frame_klen(f),
                        flow_frame_payload(f), 8);
        all[count++] = f;
    }
    qsort(all, (size_t)count, sizeof *all, naive);
    int64_t want = count < n ? count : n;
    while (ties && want && want < count &&
           flow_frame_klen(all[want]) == flow_frame_klen(all[n - 1]) &&
           !memcmp(flow_frame_key(all[want]), flow_frame_key(all[n - 1]),
                   flow_frame_klen(all[want])))
        want++;
    CU_ASSERT(flow_k_top_finish(ctx, &heap, state, n, ties) == want);
    for (int64_t i = 0, rank = 1; i < want; i++) {
        int64_t place;
        memcpy(&place, flow_k_top_row(state, i), 8);
        CU_ASSERT(place == frame_place(all[i]));
        uint32_t k = flow_frame_klen(all[i]);
        if (i && (k != flow_frame_klen(all[i - 1]) ||
                  memcmp(flow_frame_key(all[i]), flow_frame_key(all[i - 1]), k)))
            rank = i + 1;
        CU_ASSERT(flow_k_top_rank(state, i) == rank);
    }
    flow_k_top_drop(ctx, &heap, state);
    CU_ASSERT(heap.used == 0);
    flow_k_heap_release(ctx, &heap);
    free(all);
    env_close(ctx);
}

static void test_top(void) {
    rnd r = {21};
    static const int64_t sizes[] = {0, 1, 10, 100, 3000},
                         tops[] = {0, 1, 2, 10, 400, 1 << 30};
    for (int kind = 0; kind < 5; kind++)
        for (int i = 0; i < 5; i++)
            for (int k = 0; k < 6; k++)
                for (int ties = 0; ties < 2; ties++)
                    check_top(&r, sizes[i], tops[k], ties && tops[k], kind);
}

/* What stands at each place, and what was noted there before. */
static void test_shown(void) {
    flow_ctx *ctx = env_open();
    flow_heap heap = {0};
    uint64_t shown[FLOW_TOP_SHOWN_WORDS] = {0};
    const uint8_t *tc = (const uint8_t *)"{\2a\0ib\0s";
    for (int round = 0; round < 3; round++)
        for (int64_t i = 0; i < 100; i++) {
            uint64_t row[3] = {(uint64_t)i + (round == 2 && i % 3 == 0),
                               (uint64_t)(uintptr_t) "some longer text", 16};
            int32_t want = round == 0 || (round == 2 && i % 3 == 0);
            CU_ASSERT_EQUAL(flow_k_top_changed(ctx, &heap, shown, i, row, tc), want);
        }
    flow_k_top_forget(ctx, &heap, shown, 10);
    uint64_t row[3] = {11, (uint64_t)(uintptr_t) "some longer text", 16};
    CU_ASSERT_EQUAL(flow_k_top_changed(ctx, &heap, shown, 11, row, tc), 1);
    CU_ASSERT_EQUAL(flow_k_top_changed(ctx, &heap, shown, 11, row, tc), 0);
    flow_k_top_forget(ctx, &heap, shown, 0);
    flow_k_heap_release(ctx, &heap);
    env_close(ctx);
}

/* Rows that have left keep their places; others of their entry wait in a table by (key,
 * place). */
static void test_left(void) {
    flow_ctx *ctx = env_open();
    flow_heap heap = {0};
    flow_table waiting;
    uint64_t state[FLOW_TOP_WORDS] = {0}, shown[FLOW_TOP_SHOWN_WORDS] = {0}, got;
    const uint8_t *tc = (const uint8_t *)"{\1a\0i";
    uint8_t key[11] = {'k', 0, 0};
    flow_k_table_init(&waiting, FLOW_TABLE_TEXT, 1);
    for (uint64_t i = 0; i < 3; i++) {
        uint64_t row[2] = {16, 100 + i};
        uint8_t by = (uint8_t)i;
        flow_k_top_push(ctx, &heap, state, 3, 0, &by, 1, (const uint8_t *)row, 16);
        CU_ASSERT(flow_k_top_changed(ctx, &heap, shown, (int64_t)i, &row[1], tc) == 1);
        key[10] = (uint8_t)i;
        if (i != 1) flow_k_table_text(ctx, &waiting, key, sizeof key);
    }
    CU_ASSERT(flow_k_top_finish(ctx, &heap, state, 3, 0) == 3);
    key[10] = 1;
    CU_ASSERT(flow_k_top_place(key, sizeof key) == 1);
    CU_ASSERT(flow_k_top_waits(ctx, &waiting, key, sizeof key, 3) == 1);
    CU_ASSERT(flow_k_top_waits(ctx, &waiting, key, sizeof key, 1) == 0);
    key[0] = 'l';
    CU_ASSERT(flow_k_top_waits(ctx, &waiting, key, sizeof key, 3) == 0);
    flow_k_top_leave(ctx, &heap, state, shown, 1);
    for (int64_t i = 0; i < 3; i++) {
        CU_ASSERT(flow_k_top_left(flow_k_top_row(state, i)) == (i == 1));
        CU_ASSERT(flow_k_top_shown(ctx, shown, i, &got, tc) == (i != 1));
        CU_ASSERT(flow_k_row_size(flow_k_top_row(state, i)) == 16);
    }
    CU_ASSERT(flow_k_top_places(shown) == 3);
    flow_k_top_unshow(ctx, &heap, shown);
    flow_k_top_drop(ctx, &heap, state);
    flow_k_table_release(ctx, &waiting);
    flow_k_heap_release(ctx, &heap);
    env_close(ctx);
}

void suite_sort(void) {
    CU_pSuite s = CU_add_suite("sort", 0, 0);
    CU_add_test(s, "sort", test_sort);
    CU_add_test(s, "merge", test_merge);
    CU_add_test(s, "top", test_top);
    CU_add_test(s, "what top has shown", test_shown);
    CU_add_test(s, "rows of top that have left", test_left);
}
