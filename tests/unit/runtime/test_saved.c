/* Lists of ops and rows for people (runtime/state). */
#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/kernel/k_key.h"
#include "runtime/state/saved.h"

void suite_saved(void);

static void test_ops(void) {
    rt_saved s = {0};
    rt_saved_op op;
    rt_saved_put(&s, RT_SAVED_DROP, "", 0, NULL, 0);
    rt_saved_put(&s, RT_SAVED_DEL, "key", 3, NULL, 0);
    rt_saved_put(&s, RT_SAVED_PUT, "key", 3, "value", 5);
    CU_ASSERT(s.ops == 3 && s.len == 3 * 9 + 3 + 3 + 5);
    const uint8_t *p = s.p, *end = s.p + s.len;
    CU_ASSERT(rt_saved_next(&p, end, &op) && op.kind == RT_SAVED_DROP && !op.klen);
    CU_ASSERT(rt_saved_next(&p, end, &op) && op.kind == RT_SAVED_DEL && op.klen == 3);
    CU_ASSERT(rt_saved_next(&p, end, &op) && op.kind == RT_SAVED_PUT && op.vlen == 5);
    CU_ASSERT(!memcmp(op.key, "key", 3) && !memcmp(op.value, "value", 5));
    CU_ASSERT(!rt_saved_next(&p, end, &op) && p == end);
    /* Cut anywhere, it ends before the cut. */
    for (int64_t cut = 0; cut < s.len; cut++) {
        p = s.p;
        int n = 0;
        while (rt_saved_next(&p, s.p + cut, &op)) n++;
        CU_ASSERT(n < 3 && p <= s.p + cut);
    }
    rt_saved_free(&s);
    CU_ASSERT(!s.p && !s.len);
}

static void is_printed(const rt_state_decl *decl, const void *key, int64_t klen,
                       const void *value, int64_t vlen, const char *want) {
    char *got = rt_state_row_print(decl, key, klen, value, vlen);
    if (strcmp(got, want)) printf("got  %s\nwant %s\n", got, want);
    CU_ASSERT(!strcmp(got, want));
    free(got);
}

/* Rows of stores: the key of their entry, then what orders them. */
static void test_print_stores(void) {
    uint8_t key[64] = {'j'}, *p;
    uint8_t rank[4] = {0, 0, 0, 2};
    rt_state_decl join = {.name = "j", .text_key = true, .layout = "@j6z",
                          .schema = "by u: string; join"};
    p = flow_k_key_text(key + 1, (const uint8_t *)"a\0b", 3);
    *p++ = 1;
    p = flow_k_key_i64(p, 5000000);
    memcpy(p, rank, 4);
    is_printed(&join, key, p + 4 - key, "\0\x10", 2,
               "u = \"a\\x00b\" : right 1970-01-01T00:00:05Z #2  x'0010'");
    is_printed(&join, key, 1, "", 0, "from times to moments  x''");
    is_printed(&join, key, 4, "", 0, "j: x'6100ff'  x''");
    key[0] = 'J';
    p = flow_k_key_text(key + 1, (const uint8_t *)"k", 1);
    *p++ = 0;
    p = flow_k_key_text(p, (const uint8_t *)"row", 3);
    memcpy(p, rank, 4);
    join.layout = "@J6z";
    is_printed(&join, key, p + 4 - key, "", 0, "u = \"k\" : left x'726f77' #2  x''");
    rt_state_decl ints = {.name = "s", .layout = "@s2zm2z", .schema = "by n: int; window"};
    key[0] = 's';
    p = flow_k_key_i64(flow_k_key_i64(flow_k_key_i64(key + 1, -7), 0), 12);
    is_printed(&ints, key, p - key, "", 0, "n = -7 : 1970-01-01T00:00:00Z #12  x''");
    key[0] = 'q';
    p = flow_k_key_i64(flow_k_key_i64(key + 1, 1), 3);
    ints.layout = "@q2w";
    is_printed(&ints, key, p - key, "", 0, "waits : 1970-01-01T00:00:00.000001Z #3  x''");
}

static void test_print(void) {
    uint8_t key[64], *p;
    int64_t words[] = {7, -2};
    rt_state_decl ints = {.name = "a", .layout = "2w", .schema = "by n: int; count(): int"};
    flow_k_key_i64(key, -5);
    is_printed(&ints, key, 8, words, 16, "n = -5  7 | -2");
    is_printed(&ints, key, 8, words, 12, "n = -5  x'0700000000000000feffffff'");
    rt_state_decl plain = {.name = "a", .text_key = true, .layout = "c",
                           .schema = "by u: string; x"};
    is_printed(&plain, "a\"b", 3, "\3\0\0\0xyz", 7, "u = \"a\\\"b\"  \"xyz\"");
    rt_state_decl many = {.name = "a", .text_key = true, .layout = "i",
                          .schema = "by u: string, t: timestamp?, x: float; sum(int): int"};
    int64_t time[2] = {1000001, 1};
    uint64_t text[2] = {(uint64_t)(uintptr_t) "q", 1}, x;
    double half = -0.5;
    memcpy(&x, &half, 8);
    p = flow_k_key_put(key, text, (const uint8_t *)"s");
    p = flow_k_key_put(p, (uint64_t *)time, (const uint8_t *)"?t");
    p = flow_k_key_put(p, &x, (const uint8_t *)"f");
    int64_t twice = 84;
    is_printed(&many, key, p - key, &twice, 8,
               "u = \"q\", t = 1970-01-01T00:00:01.000001Z, x = -0.5  42");
    is_printed(&many, key, p - key - 1, &twice, 8,
               "x'7100000180000000000f4241401fffffffffff'  42");
    rt_state_decl panes = {.name = "a", .layout = "#w", .schema = "by n: int; count(): int"};
    flow_k_key_i64(flow_k_key_i64(flow_k_key_i64(key, 10000000), 0), 3);
    is_printed(&panes, key, 24, words, 8,
               "[1970-01-01T00:00:00Z 1970-01-01T00:00:10Z) n = 3  7");
}

void suite_saved(void) {
    CU_pSuite s = CU_add_suite("saved", NULL, NULL);
    CU_add_test(s, "ops", test_ops);
    CU_add_test(s, "rows for people", test_print);
    CU_add_test(s, "rows of stores for people", test_print_stores);
}
