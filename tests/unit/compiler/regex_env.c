/* regex_env.c - what the tests of regexes share. */
#include "tests/unit/compiler/regex_env.h"

#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "compiler/base/buf.h"
#include "runtime/kernel/k_regex_fn.h"

#define MEMORY ((size_t)64 << 20)

flow_ctx *regex_ctx(void) {
    static flow_ctx ctx;
    static uint8_t *memory;
    if (!memory) memory = malloc(MEMORY);
    ctx = (flow_ctx){.arena = {.p = memory, .end = memory + MEMORY, .start = memory}};
    return &ctx;
}

regex_t *regex_of(arena_t *a, const char *pattern) {
    regex_t *re;
    regex_error_t err;
    int ok = regex_compile(a, pattern, strlen(pattern), &re, &err);
    if (!ok) printf("/%s/: %s\n", pattern, err.reason);
    CU_ASSERT_FATAL(ok);
    return re;
}

static void put_texts(buf_t *b, const uint64_t *list, uint64_t n) {
    for (uint64_t i = 0; i < n; i++) {
        buf_char(b, '[');
        buf_put(b, (const char *)(uintptr_t)list[2 * i], list[2 * i + 1]);
        buf_char(b, ']');
    }
}

const char *regex_words(arena_t *a, char function, const uint8_t *table, const char *text,
                        size_t len) {
    static const char to[] = "<$1$$$0>";
    flow_ctx *ctx = regex_ctx();
    uint64_t out[3] = {0};
    uint8_t *s = malloc(len + !len);
    int64_t n = (int64_t)len;
    buf_t b;
    buf_init(&b, a);
    memcpy(s, text, len);
    switch (function) {
    case 'g': flow_k_fn_groups(ctx, out, s, n, table); break;
    case 'a': flow_k_fn_find_all(ctx, out, s, n, table); break;
    case 's': flow_k_fn_split_regex(ctx, out, s, n, table); break;
    default:
        flow_k_fn_replace_regex(ctx, out, s, n, table, (const uint8_t *)to,
                                sizeof to - 1);
        buf_put(&b, (const char *)(uintptr_t)out[0], out[1]);
    }
    if (function == 'g' && !out[2])
        buf_str(&b, "none");
    else if (function != 'r')
        put_texts(&b, (const uint64_t *)(uintptr_t)out[0], out[1]);
    free(s);
    return buf_text(&b);
}

uint32_t regex_random(uint64_t *state, uint32_t n) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 20) % n;
}
