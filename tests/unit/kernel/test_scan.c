/* test_scan.c - lines, pieces, finding a text; hashes. */
#include "runtime/kernel/k_line.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_binary.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_hash.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_split.h"
#include "runtime/kernel/k_text.h"
#include "tests/unit/kernel/kernel_env.h"

void suite_scan(void);

/* The lines of a text joined by `|`; `!` for a refused one. */
static void lines(const char *text, int64_t n, int replace, char *out) {
    flow_ctx *ctx = env_open();
    uint64_t it[FLOW_ITER_WORDS], w[2];
    uint8_t *p = env_block(ctx, text, n);
    flow_k_line_open(ctx, it, p, p + n, replace);
    for (int32_t r; (r = flow_k_line_next(ctx, it, w));) {
        if (r > 0) {
            memcpy(out, (void *)(uintptr_t)w[0], w[1]);
            out += w[1];
        } else {
            CU_ASSERT(r == -FLOW_E_utf8);
            *out++ = '!';
        }
        *out++ = '|';
    }
    *out = 0;
    env_close(ctx);
}

static void expect_lines(const char *text, int replace, const char *want) {
    char got[1000];
    lines(text, (int64_t)strlen(text), replace, got);
    CU_ASSERT_STRING_EQUAL(got, want);
}

static void test_lines(void) {
    expect_lines("", 0, "");
    expect_lines("\n", 0, "|");
    expect_lines("a\n", 0, "a|");
    expect_lines("a\nb\n", 0, "a|b|");
    expect_lines("a\r\nb\r\n", 0, "a|b|");
    expect_lines("\n\r\n\n", 0, "|||");
    expect_lines("a\rb\n", 0, "a\rb|");
    expect_lines("a\r\r\n", 0, "a\r|");
    expect_lines("\xc3\xa9\n\xff\nb\n", 0, "\xc3\xa9|!|b|");
    expect_lines("\xc3\xa9\n\xff\nb\n", 1, "\xc3\xa9|\xef\xbf\xbd|b|");
    expect_lines("\xc3\n\xa9\n", 0, "!|!|");
}

/* Lines of every length around the width of a vector. */
static void test_line_lengths(void) {
    for (int len = 0; len < 300; len++) {
        char text[1000], got[1000], want[1000];
        memset(text, 'x', sizeof text);
        text[len] = '\n';
        text[2 * len + 1] = '\n';
        lines(text, 2 * len + 2, 0, got);
        memset(want, 'x', sizeof want);
        want[len] = want[2 * len + 1] = '|';
        want[2 * len + 2] = 0;
        CU_ASSERT_STRING_EQUAL(got, want);
    }
}

/* ---- pieces --------------------------------------------------------------------- */

static void expect_pieces(const char *text, const char *sep, const char *want) {
    char got[2000], *o = got;
    flow_ctx *ctx = env_open();
    uint64_t it[FLOW_ITER_WORDS], w[2];
    int64_t n = (int64_t)strlen(text);
    flow_k_split_open(ctx, it, n ? env_block(ctx, text, n) : NULL, n);
    while (flow_k_split_text_next(it, (const uint8_t *)sep, (int64_t)strlen(sep), w)) {
        memcpy(o, (void *)(uintptr_t)w[0], w[1]);
        o += w[1];
        *o++ = '|';
    }
    *o = 0;
    CU_ASSERT_STRING_EQUAL(got, want);
    env_close(ctx);
}

static void test_pieces(void) {
    expect_pieces("a,b", ",", "a|b|");
    expect_pieces("", ",", "|");
    expect_pieces(",", ",", "||");
    expect_pieces(",a,,b,", ",", "|a||b||");
    expect_pieces("abc", ",", "abc|");
    expect_pieces("a, b, c", ", ", "a|b|c|");
    expect_pieces("aaaa", "aa", "|||");
    expect_pieces("aaaaa", "aa", "||a|");
    expect_pieces("xabcxabc", "abc", "x|x||");
    expect_pieces("a\xc3\xa9\xf0\x9f\x98\x80", "", "a|\xc3\xa9|\xf0\x9f\x98\x80|");
    expect_pieces("", "", "");
}

/* Separators of one and of three bytes at every place of a long text. */
static void test_piece_places(void) {
    for (int at = 0; at < 200; at++) {
        char text[220], want[220];
        memset(text, 'q', 200);
        text[200] = 0;
        memcpy(want, text, 200);
        text[at] = want[at] = ';';
        want[at] = '|';
        memcpy(want + 200, "|", 2);
        expect_pieces(text, ";", want);
        if (at > 197) continue;
        memcpy(text + at, "abc", 3);
        memmove(want + at + 1, want + at + 3, (size_t)(200 - at));
        expect_pieces(text, "abc", want);
    }
}

static void test_find(void) {
    flow_ctx *ctx = env_open();
    for (int n = 1; n < 70; n++)
        for (int at = 0; at + n < 150; at++) {
            char text[160];
            memset(text, 'a', 150);
            char needle[80];
            memset(needle, 'a', sizeof needle);
            needle[n - 1] = 'b';
            memcpy(text + at, needle, (size_t)n);
            uint8_t *p = env_block(ctx, text, at + n);
            CU_ASSERT(flow_k_fn_contains(p, at + n, (uint8_t *)needle, n));
            CU_ASSERT(!flow_k_fn_contains(p, at + n - 1, (uint8_t *)needle, n));
        }
    env_close(ctx);
}

/* ---- hashes --------------------------------------------------------------------- */

/* Each bit of the key turns about half of the bits of the hash. */
static void test_avalanche(void) {
    for (int64_t len = 1; len < 80; len++) {
        uint8_t key[80];
        for (int64_t i = 0; i < len; i++) key[i] = (uint8_t)(i * 7 + len);
        uint64_t h = flow_k_hash_bytes(99, key, len);
        int64_t turned = 0, least = 64;
        for (int64_t bit = 0; bit < 8 * len; bit++) {
            key[bit / 8] ^= (uint8_t)(1 << bit % 8);
            int n = __builtin_popcountll(h ^ flow_k_hash_bytes(99, key, len));
            key[bit / 8] ^= (uint8_t)(1 << bit % 8);
            turned += n;
            if (n < least) least = n;
        }
        CU_ASSERT(least > 8 && turned / (8 * len) > 25 && turned / (8 * len) < 39);
    }
    for (int bit = 0; bit < 64; bit++) {
        int64_t key = (int64_t)((uint64_t)1 << bit);
        int n = __builtin_popcountll(flow_k_hash_i64(5, 0) ^ flow_k_hash_i64(5, key));
        CU_ASSERT(n > 8 && n < 56);
    }
}

/* Consecutive keys fill partitions evenly; the seed changes the hash, and the partition of
 * a key is the same for ever. */
static void test_spread(void) {
    int64_t count[64] = {0}, text[64] = {0};
    for (int64_t i = 0; i < 64000; i++) {
        char key[32];
        int n = snprintf(key, sizeof key, "user%d", (int)i);
        count[flow_k_part(flow_k_part_i64(i), 64)]++;
        text[flow_k_part(flow_k_part_bytes((uint8_t *)key, n), 64)]++;
    }
    for (int i = 0; i < 64; i++)
        CU_ASSERT(count[i] > 850 && count[i] < 1150 && text[i] > 850 && text[i] < 1150);
    CU_ASSERT(flow_k_hash_i64(1, 5) != flow_k_hash_i64(2, 5));
    CU_ASSERT(flow_k_part_i64(42) == UINT64_C(0xB69A82AF6A90A30F));
    CU_ASSERT(flow_k_part_bytes((const uint8_t *)"Flow", 4) == UINT64_C(0x9EE988D9958A9689));
}

static void test_words_refused(void) {
    flow_ctx *ctx = env_open();
    CU_ASSERT_EQUAL(flow_k_binary_bad(ctx), FLOW_E_malformed);
    CU_ASSERT_STRING_EQUAL(ctx->why, "a bool is neither 0 nor 1");
    env_close(ctx);
}

/* Back to a mark: from there, from its chunk, from a chunk behind it. */
static void test_reset(void) {
    flow_ctx *ctx = env_open();
    flow_k_alloc(ctx, 100);
    uint8_t *mark = flow_k_mark(ctx);
    flow_k_reset(ctx, mark);
    CU_ASSERT_PTR_EQUAL(ctx->arena.p, mark);
    flow_k_alloc(ctx, 8);
    flow_k_reset(ctx, mark);
    CU_ASSERT_PTR_EQUAL(ctx->arena.p, mark);
    const void *chunk = ctx->arena.start;
    while (ctx->arena.start == chunk) flow_k_alloc(ctx, 5000);
    flow_k_reset(ctx, mark);
    CU_ASSERT_PTR_EQUAL(ctx->arena.p, ctx->arena.start);
    env_close(ctx);
}

void suite_scan(void) {
    CU_pSuite s = CU_add_suite("scan", 0, 0);
    CU_add_test(s, "lines", test_lines);
    CU_add_test(s, "line lengths", test_line_lengths);
    CU_add_test(s, "rows of words that are refused", test_words_refused);
    CU_add_test(s, "back to a mark", test_reset);
    CU_add_test(s, "pieces", test_pieces);
    CU_add_test(s, "piece places", test_piece_places);
    CU_add_test(s, "find", test_find);
    CU_add_test(s, "avalanche", test_avalanche);
    CU_add_test(s, "spread", test_spread);
}
