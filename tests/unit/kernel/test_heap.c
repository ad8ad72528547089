/* test_heap.c - pieces keep their bytes, freed ones come again, sizes are counted. */
#include "runtime/kernel/k_heap.h"

#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_compare.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_type.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_values.h"

void suite_heap(void);

static void test_rooms(void) {
    for (int64_t n = 0; n <= 20000; n++) {
        int64_t room = flow_k_heap_room(n);
        CU_ASSERT(room >= n && room % 8 == 0 && flow_k_heap_room(room) == room);
        if (n > 64) CU_ASSERT(room <= n + n / 4 + 8);
    }
}

static void test_pieces(void) {
    enum { N = 400 };
    flow_ctx *ctx = env_open();
    flow_heap heap = {0};
    rnd r = {9};
    uint8_t *piece[N] = {0};
    int64_t size[N] = {0}, used = 0;
    for (int step = 0; step < 60000; step++) {
        int i = (int)rnd_below(&r, N);
        int64_t want = rnd_below(&r, 40) ? rnd_below(&r, 300) : rnd_below(&r, 60000);
        if (piece[i]) {
            for (int64_t k = 0; k < size[i]; k += 7)
                CU_ASSERT_FATAL(piece[i][k] == (uint8_t)i);
            used -= flow_k_heap_room(size[i]);
        }
        if (piece[i] && rnd_below(&r, 2)) {
            flow_k_heap_free(ctx, &heap, piece[i], size[i]);
            piece[i] = 0;
            continue;
        }
        piece[i] = piece[i] ? flow_k_heap_resize(ctx, &heap, piece[i], size[i], want)
                            : flow_k_heap_alloc(ctx, &heap, want);
        CU_ASSERT((uintptr_t)piece[i] % 8 == 0);
        size[i] = want;
        used += flow_k_heap_room(want);
        memset(piece[i], i, (size_t)want);
    }
    CU_ASSERT(heap.used == used);
    CU_ASSERT(heap.bytes == env_state_bytes());
    flow_k_heap_clear(ctx, &heap);
    CU_ASSERT(heap.used == 0 && heap.bytes == env_state_bytes());
    flow_k_heap_release(ctx, &heap);
    CU_ASSERT(env_state_bytes() == 0);
    env_close(ctx);
}

/* Replacing values for ever holds the memory of the largest ones, not of all. */
static void test_no_growth(void) {
    flow_ctx *ctx = env_open();
    flow_heap heap = {0};
    rnd r = {10};
    uint64_t cell[50][2];
    memset(cell, 0, sizeof cell);
    uint8_t letters[3000];
    uint8_t *text = env_block(ctx, memset(letters, 'a', 3000), 3000);
    int64_t after = 0;
    for (int step = 0; step < 400000; step++) {
        flow_k_cell_set(ctx, &heap, cell[step % 50], text, rnd_below(&r, 3000));
        if (step == 200000) after = heap.bytes;
    }
    CU_ASSERT(heap.bytes <= after + after / 2);
    for (int i = 0; i < 50; i++)
        flow_k_cell_drop(ctx, &heap, cell[i]);
    CU_ASSERT(heap.used == 0);
    flow_k_heap_release(ctx, &heap);
    env_close(ctx);
}

/* What lives a while among what lives long, looked through again and again: the heap holds a
 * small multiple of what lives; and nothing when nothing lives. */
static void test_trim(void) {
    enum { N = 600, STEPS = 6000 };
    flow_ctx *ctx = env_open();
    flow_heap heap = {0};
    rnd r = {7};
    struct { void *piece; int64_t size; int until; } live[N] = {0};
    int64_t lives = 0, most = 0;
    for (int step = 0; step < STEPS; step++) {
        int many = step % 50 < 25 ? N : N / 8; /* it comes and goes */
        for (int i = 0; i < N; i++) {
            if (live[i].piece && live[i].until > step) continue;
            if (live[i].piece) flow_k_heap_free(ctx, &heap, live[i].piece, live[i].size);
            live[i].piece = 0;
            if (i >= many || rnd_below(&r, 4)) continue;
            live[i].size = 16 + 8 * rnd_below(&r, 12);
            live[i].until = step + 1 + (int)rnd_below(&r, i % 8 ? 5 : 60);
            live[i].piece = flow_k_heap_alloc(ctx, &heap, live[i].size);
        }
        flow_k_heap_trim(ctx, &heap);
        if (heap.used > lives) lives = heap.used;
        if (heap.bytes > most) most = heap.bytes;
    }
    CU_ASSERT(most <= 6 * lives);
    for (int i = 0; i < N; i++)
        if (live[i].piece) flow_k_heap_free(ctx, &heap, live[i].piece, live[i].size);
    flow_k_heap_trim(ctx, &heap);
    CU_ASSERT(heap.bytes == 0 && env_state_bytes() == 0);
    env_close(ctx);
}

static void test_cells(void) {
    flow_ctx *ctx = env_open();
    flow_heap heap = {0};
    uint64_t cell[2] = {0, 0}, other[2] = {0, 0}, text[2];
    uint8_t *s = env_block(ctx, "abcdefghijklmnopqrstuvwxyz", 26);
    flow_k_cell_get(cell, text);
    CU_ASSERT(text[1] == 0);
    for (int64_t n = 26; n >= 0; n--) {
        flow_k_cell_set(ctx, &heap, cell, s, n);
        flow_k_cell_get(cell, text);
        CU_ASSERT((int64_t)text[1] == n && !memcmp((void *)text[0], s, (size_t)n));
        flow_k_cell_set(ctx, &heap, other, s, n);
        if (n <= 12) CU_ASSERT(!memcmp(cell, other, 16));
    }
    CU_ASSERT(heap.used == 0);
    flow_k_heap_release(ctx, &heap);
    env_close(ctx);
}

static void test_blobs(void) {
    rnd r = {12};
    uint8_t tc[TYPE_MAX];
    for (int t = 0; t < 300; t++) {
        flow_ctx *ctx = env_open();
        flow_heap heap = {0};
        uint64_t blob[2] = {0, 0}, *in = 0, *out = 0;
        rnd_type(&r, tc, 3);
        int64_t n = flow_k_type_words(tc) * 8;
        in = flow_k_alloc(ctx, n);
        out = flow_k_alloc(ctx, n);
        for (int i = 0; i < 40; i++) {
            rnd_value(&r, ctx, in, tc);
            CU_ASSERT(flow_k_blob_set(ctx, &heap, blob, in, tc) == 0);
            flow_k_blob_get(ctx, blob, out, tc);
            CU_ASSERT(flow_k_equal(in, out, tc));
        }
        flow_k_blob_drop(ctx, &heap, blob);
        CU_ASSERT(heap.used == 0);
        flow_k_heap_release(ctx, &heap);
        env_close(ctx);
    }
}

void suite_heap(void) {
    CU_pSuite s = CU_add_suite("heap", 0, 0);
    CU_add_test(s, "rooms", test_rooms);
    CU_add_test(s, "pieces", test_pieces);
    CU_add_test(s, "no growth", test_no_growth);
    CU_add_test(s, "giving back", test_trim);
    CU_add_test(s, "cells", test_cells);
    CU_add_test(s, "blobs", test_blobs);
}
