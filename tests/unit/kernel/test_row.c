/* test_row.c - encoded rows read back, and have one form only. */
#include "runtime/kernel/k_row.h"

#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_compare.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_type.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_values.h"

void suite_row(void);

/* In memory of its exact size (and the slack), so that sanitizers see what goes beyond.
 */
static uint8_t *encode(flow_ctx *ctx, int64_t head, const uint64_t *words,
                       const uint8_t *tc, int fill) {
    int64_t size = flow_k_row_measure(head, words, tc);
    uint8_t *row = flow_k_alloc(ctx, size + FLOW_SLACK);
    memset(row, fill, (size_t)size + FLOW_SLACK);
    flow_k_row_write(row, head, words, tc);
    if (head == 16) memset(row + 8, 0, 8);
    CU_ASSERT(flow_k_row_size(row) == size && size % 8 == 0);
    return row;
}

static void test_any_type(void) {
    rnd r = {31};
    uint8_t tc[TYPE_MAX];
    for (int t = 0; t < 20000; t++) {
        flow_ctx *ctx = env_open();
        rnd_type(&r, tc, t % 5);
        int64_t head = t & 1 ? 8 : 16, n = flow_k_type_words(tc) * 8;
        uint64_t *words = flow_k_alloc(ctx, n), *back = flow_k_alloc(ctx, n);
        rnd_value(&r, ctx, words, tc);
        uint8_t *a = encode(ctx, head, words, tc, 0),
                *b = encode(ctx, head, words, tc, 0xff);
        int64_t size = flow_k_row_size(a);
        CU_ASSERT(!memcmp(a, b, (size_t)size));
        flow_k_row_read(ctx, a, head, back, tc);
        CU_ASSERT(flow_k_equal(words, back, tc));
        CU_ASSERT(!memcmp(a, b, (size_t)size)); /* reading changes nothing */
        uint8_t *c = encode(ctx, head, back, tc, 0x55);
        CU_ASSERT(!memcmp(a, c, (size_t)size));
        env_close(ctx);
    }
}

/* What generated code does for { a: int, b: string, c: [string] }. */
static void test_leaf_by_leaf(void) {
    flow_ctx *ctx = env_open();
    const uint8_t *tc = (const uint8_t *)"{\3a\0ib\0sc\0[s";
    uint64_t list[4] = {(uint64_t)"x", 1, (uint64_t)"yy", 2};
    uint64_t words[5] = {7, (uint64_t)"hello", 5, (uint64_t)list, 2};
    uint8_t *block = env_block(ctx, "hello", 5);
    words[1] = (uint64_t)block;
    list[0] = (uint64_t)env_block(ctx, "x", 1);
    list[2] = (uint64_t)env_block(ctx, "yy", 2);
    const uint8_t *list_code = (const uint8_t *)"[s";
    int64_t at = flow_k_row_extent(8 + 40 + 5, words + 3, list_code);
    flow_buf *buf = env_buf(ctx);
    uint8_t *row = flow_k_reserve(ctx, buf, at + 7);
    uint64_t *w = (uint64_t *)(row + 8);
    w[0] = 7;
    at = flow_k_row_text(row, 48, w + 1, block, 5);
    at = flow_k_row_put(row, at, w + 3, words + 3, list_code);
    int64_t size = flow_k_row_close(row, at);
    CU_ASSERT(!flow_k_row_marked(row));
    flow_k_row_mark(row);
    CU_ASSERT(flow_k_row_marked(row) && flow_k_row_size(row) == size);
    flow_k_row_close(row, at);
    CU_ASSERT(!flow_k_row_marked(row));
    flow_k_commit(buf, size);
    uint8_t *whole = encode(ctx, 8, words, tc, 0);
    CU_ASSERT(size == flow_k_row_size(whole) && !memcmp(whole, row, (size_t)size));
    CU_ASSERT(buf->rows == 1 && buf->p == row + size);
    env_close(ctx);
}

static void test_send(void) {
    flow_ctx *ctx = env_open();
    flow_buf *buf = env_buf(ctx);
    const uint8_t *tc = (const uint8_t *)"{\2a\0ib\0s";
    for (int64_t i = 0; i < 1000; i++) {
        uint64_t words[3] = {(uint64_t)i, (uint64_t)env_block(ctx, "abcdefghijk", 11),
                             (uint64_t)(i % 12)};
        ctx->place = 3 * i;
        CU_ASSERT(flow_k_row_send(ctx, buf, 1, words, tc) == 0);
    }
    CU_ASSERT(buf->rows == 1000);
    const uint8_t *p = buf->base;
    for (int64_t i = 0; i < 1000; i++, p = flow_k_row_next(p)) {
        uint64_t w[3];
        flow_k_row_read(ctx, p, 16, w, tc);
        CU_ASSERT((int64_t)w[0] == i && (int64_t)w[2] == i % 12);
        CU_ASSERT(!memcmp((void *)w[1], "abcdefghijk", w[2]));
        CU_ASSERT(flow_k_row_place(p) == 3 * i);
    }
    CU_ASSERT(p == buf->p);
    env_close(ctx);
}

static void test_arena(void) {
    flow_ctx *ctx = env_open();
    void *first = flow_k_alloc(ctx, 100);
    void *mark = flow_k_mark(ctx);
    for (int i = 0; i < 100; i++) {
        CU_ASSERT(flow_k_mark(ctx) == mark);
        memset(flow_k_alloc(ctx, 3000), i, 3000);
        flow_k_reset(ctx, mark);
    }
    memset(first, 1, 100);
    for (int i = 0; i < 50; i++)
        memset(flow_k_alloc(ctx, 5000), i, 5000);
    uint8_t *start = ctx->arena.start;
    flow_k_reset(ctx, mark); /* of an older chunk: the newest is all free */
    CU_ASSERT(ctx->arena.p == start);
    CU_ASSERT(((uint8_t *)first)[99] == 1);
    env_close(ctx);
}

void suite_row(void) {
    CU_pSuite s = CU_add_suite("row", 0, 0);
    CU_add_test(s, "any type", test_any_type);
    CU_add_test(s, "leaf by leaf", test_leaf_by_leaf);
    CU_add_test(s, "send", test_send);
    CU_add_test(s, "arena", test_arena);
}
