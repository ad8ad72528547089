/* test_form.c - what is of a form is told from what is not: whatever the bytes, if they fit
 * they can be read by type without leaving them. */
#include "runtime/kernel/k_form.h"

#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_agg.h"
#include "runtime/kernel/k_digest.h"
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_type.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_values.h"

void suite_form(void);

/* The type without its names, as forms have it. */
static const uint8_t *plain_type(const uint8_t *tc, uint8_t **out) {
    uint8_t *p = *out;
    int fields = 0;
    switch (*p++ = *tc++) {
    case 'D': *p++ = *tc++, *p++ = *tc++; break;
    case '?':
    case '[': tc = plain_type(tc, &p); break;
    case '<': tc = plain_type(plain_type(tc, &p), &p); break;
    case '{':
    case '|':
        for (fields = *p++ = *tc++; fields > 0; fields--) {
            while (*tc) tc++;
            tc++;
            *p++ = 0;
            tc = plain_type(tc, &p);
        }
        break;
    default: break;
    }
    *out = p;
    return tc;
}

/* Does reading stay in the bytes?  The sanitizer looks at the copy: there is nothing behind. */
static void read_row(flow_ctx *ctx, const uint8_t *row, int64_t size, const uint8_t *tc) {
    uint8_t *copy = malloc((size_t)size);
    memcpy(copy, row, (size_t)size);
    uint64_t *words = flow_k_alloc(ctx, 8 * flow_k_type_words(tc) + 8);
    flow_k_row_read(ctx, copy, 8, words, tc);
    /* All of the value is looked at: it is written again, without what a none has. */
    int64_t again = flow_k_row_measure(8, words, tc);
    CU_ASSERT(again <= size);
    uint8_t *to = flow_k_alloc(ctx, again + FLOW_SLACK);
    flow_k_row_write(to, 8, words, tc);
    free(copy);
}

static void read_key(flow_ctx *ctx, const uint8_t *key, int64_t len, const uint8_t *tc) {
    uint8_t *copy = malloc((size_t)len + 1);
    memcpy(copy, key, (size_t)len);
    uint64_t *words = flow_k_alloc(ctx, 8 * flow_k_type_words(tc) + 8);
    CU_ASSERT(flow_k_key_get(ctx, copy, words, tc) == copy + len);
    free(copy);
}

typedef struct draft {
    uint8_t form[TYPE_MAX + 8], *tc;
} draft;

static int64_t random_type(rnd *r, draft *d, const char *head, int64_t n, int depth) {
    static uint8_t named[TYPE_MAX];
    rnd_type(r, named, depth);
    memcpy(d->form, head, (size_t)n);
    d->tc = d->form + n;
    uint8_t *end = d->tc;
    plain_type(named, &end);
    memset(end, '!', 2);
    CU_ASSERT(k_form_skip(d->form) == end);
    return end - d->form;
}

/* A copy in memory of its own, at an odd address. */
static int fits(flow_ctx *ctx, const uint8_t *form, const uint8_t *p, int64_t n) {
    uint8_t *copy = malloc((size_t)n + 1);
    memcpy(copy + 1, p, (size_t)n);
    int is = k_form_fits(ctx, form, copy + 1, n);
    free(copy);
    return is;
}

typedef struct counts {
    int64_t refused, taken;
} counts;

typedef void read_fn(flow_ctx *ctx, const uint8_t *p, int64_t n, const uint8_t *tc);

/* With each bit changed: what still fits is read. */
static void change_bits(flow_ctx *ctx, const draft *d, uint8_t *p, int64_t n, int64_t step,
                        read_fn *read, counts *c) {
    for (int64_t bit = 0; bit < 8 * n; bit += step) {
        p[bit / 8] ^= (uint8_t)(1 << bit % 8);
        void *mark = flow_k_mark(ctx);
        if (fits(ctx, d->form, p, n)) {
            read(ctx, p, n, d->tc);
            c->taken++;
        } else {
            c->refused++;
        }
        flow_k_reset(ctx, mark);
        p[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void test_rows(void) {
    rnd r = {77};
    draft d;
    counts c = {0, 0};
    for (int t = 0; t < 1500; t++) {
        flow_ctx *ctx = env_open();
        random_type(&r, &d, "R\1\1\0", 4, t % 4);
        uint64_t *words = flow_k_alloc(ctx, 8 * flow_k_type_words(d.tc) + 8);
        rnd_value(&r, ctx, words, d.tc);
        int64_t size = flow_k_row_measure(8, words, d.tc);
        uint8_t *row = flow_k_alloc(ctx, size + FLOW_SLACK);
        flow_k_row_write(row, 8, words, d.tc);
        CU_ASSERT(fits(ctx, d.form, row, size));
        CU_ASSERT(!fits(ctx, d.form, row, size - 8) && !fits(ctx, d.form, row, 0));
        change_bits(ctx, &d, row, size, size > 400 ? 7 : 1, read_row, &c);
        env_close(ctx);
    }
    CU_ASSERT(c.refused > 10000 && c.taken > 10000);
}

static void test_keys(void) {
    rnd r = {78};
    draft d;
    counts c = {0, 0};
    for (int t = 0; t < 3000; t++) {
        flow_ctx *ctx = env_open();
        random_type(&r, &d, "K\1", 2, t % 4);
        uint64_t *words = flow_k_alloc(ctx, 8 * flow_k_type_words(d.tc) + 8);
        rnd_value(&r, ctx, words, d.tc);
        uint8_t *key = flow_k_alloc(ctx, flow_k_key_bound(words, d.tc) + FLOW_SLACK);
        int64_t len = flow_k_key_put(key, words, d.tc) - key;
        CU_ASSERT(fits(ctx, d.form, key, len));
        if (len) CU_ASSERT(!fits(ctx, d.form, key, len - 1));
        CU_ASSERT(!fits(ctx, d.form, key, len + 1));
        change_bits(ctx, &d, key, len, 1, read_key, &c);
        env_close(ctx);
    }
    CU_ASSERT(c.refused > 10000 && c.taken > 10000);
}

/* Several values, a key in the row, a key in a key, what may be missing. */
static void test_forms(void) {
    flow_ctx *ctx = env_open();
    const uint8_t *any = (const uint8_t *)"y", *two = (const uint8_t *)"K\2is";
    uint8_t key[64], *p = flow_k_key_text(flow_k_key_i64(key, 7), (const uint8_t *)"a\0b", 3);
    CU_ASSERT(fits(ctx, any, key, 5) && fits(ctx, any, key, 0) && fits(ctx, 0, key, 5));
    CU_ASSERT(fits(ctx, two, key, p - key) && !fits(ctx, two, key, p - key - 1));
    CU_ASSERT(!fits(ctx, two, key, 0) && fits(ctx, (const uint8_t *)"?K\2is", key, 0));
    CU_ASSERT(k_form_skip(two) == two + 4 && k_form_skip(any) == any + 1);

    /* A key whose text is a key: i in 8 bytes. */
    uint8_t inner[8], outer[64];
    flow_k_key_i64(inner, 0x0100);
    uint8_t *q = flow_k_key_i64(flow_k_key_text(outer, inner, 8), 3);
    const uint8_t *nested = (const uint8_t *)"K\2K\1ii";
    CU_ASSERT(fits(ctx, nested, outer, q - outer));
    q = flow_k_key_i64(flow_k_key_text(outer, inner, 7), 3);
    CU_ASSERT(!fits(ctx, nested, outer, q - outer));
    CU_ASSERT(fits(ctx, (const uint8_t *)"K\2yi", outer, q - outer));

    /* A row of a key and of an int, from the third word on. */
    const uint8_t *row_form = (const uint8_t *)"R\3\2\0K\2isi", *tc = (const uint8_t *)"{\2a\0yb\0i";
    for (int bad = 0; bad < 2; bad++) {
        uint64_t words[3] = {(uint64_t)key, (uint64_t)(p - key - bad), 5};
        int64_t size = flow_k_row_measure(24, words, tc);
        uint8_t *row = flow_k_alloc(ctx, size + FLOW_SLACK);
        memset(row, 0, 24);
        flow_k_row_write(row, 24, words, tc);
        CU_ASSERT(fits(ctx, row_form, row, size) == !bad);
    }
    CU_ASSERT(k_form_skip(row_form) == row_form + 9);

    /* What may be none has no key then, and is none if it has none. */
    const uint8_t *maybe = (const uint8_t *)"R\1\1\0?K\1i", *bytes = (const uint8_t *)"?y";
    for (int k = 0; k < 4; k++) {
        uint64_t words[3] = {(uint64_t)key, k & 1 ? 8 : 0, k >> 1};
        uint8_t row[64] = {0};
        flow_k_row_write(row, 8, words, bytes);
        CU_ASSERT(fits(ctx, maybe, row, flow_k_row_size(row)) == (k != 2));
    }
    env_close(ctx);
}

/* What collect keeps: words, or rows one behind the other. */
static void test_lists(void) {
    flow_ctx *ctx = env_open();
    uint64_t ints[4] = {1, 2, 3, 4};
    const uint8_t *flat = (const uint8_t *)"L{\2\0i\0i", *texts = (const uint8_t *)"Ls";
    CU_ASSERT(k_form_fits_list(ctx, flat, (const uint8_t *)ints, 32, 2));
    CU_ASSERT(!k_form_fits_list(ctx, flat, (const uint8_t *)ints, 32, 3));
    CU_ASSERT(!k_form_fits_list(ctx, flat, (const uint8_t *)ints, 24, 1));
    CU_ASSERT(!k_form_fits_list(ctx, flat, (const uint8_t *)ints, 32, (uint64_t)2 + ((uint64_t)1 << 60)));
    CU_ASSERT(k_form_fits_list(ctx, (const uint8_t *)"y", (const uint8_t *)ints, 3, 99));
    uint64_t state[3] = {0, 0, 0}, word[2] = {(uint64_t)env_block(ctx, "hello", 5), 5};
    for (int i = 0; i < 3; i++)
        flow_k_agg_collect_g_step(ctx, 0, state, word, (const uint8_t *)"s");
    const uint8_t *p = (const uint8_t *)state[0];
    int64_t n = (int64_t)state[2];
    CU_ASSERT(k_form_fits_list(ctx, texts, p, n, 3));
    CU_ASSERT(!k_form_fits_list(ctx, texts, p, n, 2) && !k_form_fits_list(ctx, texts, p, n, 4));
    CU_ASSERT(!k_form_fits_list(ctx, texts, p, n - 8, 3));
    env_close(ctx);
}

void suite_form(void) {
    CU_pSuite s = CU_add_suite("form", NULL, NULL);
    CU_add_test(s, "rows, with every bit changed", test_rows);
    CU_add_test(s, "keys, with every bit changed", test_keys);
    CU_add_test(s, "forms of forms", test_forms);
    CU_add_test(s, "lists", test_lists);
}
