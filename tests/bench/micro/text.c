/* text.c - times of the kernel's text half: decoders and writers.
 *
 * By hand, not part of the tests:
 *   clang-19 -O2 -march=native -mprefer-vector-width=512 -ffp-contract=off \
 *     -fno-strict-aliasing -fno-math-errno -I. tests/bench/micro/text.c \
 *     tests/unit/kernel/kernel_env.c tests/unit/kernel/kernel_schema.c -lm -o /tmp/text
 *
 * The kernel is compiled into this unit, as generated code has it. */
#include "runtime/kernel/kernel.c"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_schema.h"

#define BYTES (16 << 20)
#define ROUNDS 5

static uint64_t seed = 7;

static unsigned below(unsigned n) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)((seed >> 20) % n);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- inputs: one row each ---- */

static int csv_ints(char *p) { return sprintf(p, "%u,%u\n", below(1 << 24), below(1000)); }

static int csv_floats(char *p) {
    return sprintf(p, "%.2f,%.17g\n", below(1000000) / 100.0, below(1 << 30) / 1073741824.0);
}

static int csv_times(char *p) {
    return sprintf(p, "2024-%02u-%02uT%02u:%02u:%02u.%03uZ,abc\n", 1 + below(12),
                   1 + below(28), below(24), below(60), below(60), below(1000));
}

static int csv_quotes(char *p) {
    return sprintf(p, "\"hello, %u\",\"wor\"\"ld\",%u\n", below(100), below(100000));
}

static int json_ad(char *p) {
    static const char *const kinds[] = {"view", "click", "purchase"};
    return sprintf(p,
                   "{\"user_id\":\"%08x-2222-3333-4444-555555555555\",\"page_id\":"
                   "\"%08x-aaaa-bbbb-cccc-dddddddddddd\",\"ad_id\":\"%08x-0000-1111-2222-"
                   "333333333333\",\"ad_type\":\"banner\",\"event_type\":\"%s\","
                   "\"event_time\":\"%u\",\"ip_address\":\"1.2.3.4\"}\n",
                   below(1 << 30), below(1 << 30), below(1 << 30), kinds[below(3)],
                   below(1 << 30));
}

static int json_floats(char *p) {
    return sprintf(p, "{\"a\":%.2f,\"b\":%.17g,\"c\":\"x%u\"}\n", below(1000000) / 100.0,
                   below(1 << 30) / 1073741824.0, below(100));
}

static int json_nested(char *p) {
    return sprintf(p, "{\"a\":[%u,%u,%u],\"b\":{\"x\":\"y%u\",\"z\":true}}\n", below(100),
                   below(1000), below(100), below(100));
}

static int json_bid(char *p) {
    return sprintf(p,
                   "{\"type\":\"Bid\",\"auction\":%u,\"bidder\":%u,\"price\":%u,\"channel\":"
                   "\"Google\",\"date_time\":%u,\"extra\":\"%060u\"}\n",
                   below(1000), below(1000), below(100000), below(1 << 30), 1);
}

/* ---- decoders ---- */

static void decode(const char *name, int csv, const char *type, int row(char *)) {
    uint8_t *text = malloc(BYTES + 1024), schema[256];
    int64_t n = 0, rows = 0;
    for (; n < BYTES; rows++) n += row((char *)text + n);
    schema_make(schema, 0, ',', 'r', type);
    double best = 1e9;
    for (int i = 0; i < ROUNDS; i++) {
        flow_ctx *ctx = env_open();
        uint64_t words[64];
        double from = now();
        void *d = csv ? flow_k_csv_open(ctx, schema, text, text + n)
                      : flow_k_json_open(ctx, schema, text, text + n);
        void *mark = flow_k_mark(ctx);
        int64_t got = 0;
        while ((csv ? flow_k_csv_next(ctx, d, words) : flow_k_json_next(ctx, d, words)) > 0) {
            got++;
            flow_k_reset(ctx, mark);
        }
        double took = now() - from;
        if (took < best) best = took;
        if (got != rows) printf("%s: %s\n", name, ctx->why);
        env_close(ctx);
    }
    printf("%-24s %7.1f ns/row %6.0f MB/s\n", name, best * 1e9 / (double)rows,
           (double)n / best / 1e6);
    free(text);
}

static void lines(void) {
    uint8_t *text = malloc(BYTES + 64);
    for (int i = 0; i < BYTES; i++) text[i] = (uint8_t)('a' + below(26));
    for (int i = 4, k = 0; i < BYTES; i += 4 + (int)below(8)) text[i] = k++ % 12 ? ' ' : '\n';
    text[BYTES - 1] = '\n';
    flow_ctx *ctx = env_open();
    for (int i = 0; i < 2; i++) {
        uint64_t it[FLOW_ITER_WORDS], pieces[FLOW_ITER_WORDS], line[2], word[2];
        int64_t words = 0;
        double from = now();
        flow_k_line_open(ctx, it, text, text + BYTES, 0);
        while (flow_k_line_next(ctx, it, line) > 0) {
            flow_k_split_open(ctx, pieces, (uint8_t *)(uintptr_t)line[0], (int64_t)line[1]);
            while (flow_k_split_text_next(pieces, (const uint8_t *)" ", 1, word)) words++;
        }
        double took = now() - from;
        if (i)
            printf("%-24s %7.1f ns/word %5.0f MB/s\n", "lines and words",
                   took * 1e9 / (double)words, BYTES / took / 1e6);
    }
    env_close(ctx);
    free(text);
}

/* ---- writers ---- */

static void writers(void) {
    enum { N = 2000000 };
    flow_ctx *ctx = env_open();
    flow_buf *b = env_buf(ctx);
    const uint8_t *text = env_block(ctx, "hello world, this is", 20);
    double from = now();
    for (int i = 0; i < N; i++, b->p = b->base) flow_k_write_int(ctx, b, (int64_t)i * 3701);
    printf("%-24s %7.1f ns\n", "write int", (now() - from) * 1e9 / N);
    from = now();
    for (int i = 0; i < N; i++, b->p = b->base) flow_k_write_float(ctx, b, i * 0.37);
    printf("%-24s %7.1f ns\n", "write float", (now() - from) * 1e9 / N);
    from = now();
    for (int i = 0; i < N; i++, b->p = b->base) flow_k_write_csv_text(ctx, b, text, 11, ',');
    printf("%-24s %7.1f ns\n", "write csv text", (now() - from) * 1e9 / N);
    from = now();
    for (int i = 0; i < N; i++, b->p = b->base) flow_k_write_json_text(ctx, b, text, 20);
    printf("%-24s %7.1f ns\n", "write JSON text", (now() - from) * 1e9 / N);
    env_close(ctx);
}

int main(void) {
    lines();
    decode("csv 2 ints", 1, "{a:i,b:i}", csv_ints);
    decode("csv 2 floats", 1, "{a:f,b:f}", csv_floats);
    decode("csv timestamp, text", 1, "{a:t,b:s}", csv_times);
    decode("csv quotes", 1, "{a:s,b:s,c:i}", csv_quotes);
    decode("json 2 of 7 texts", 0,
           "{user_id:xs,page_id:xs,ad_id:s,ad_type:xs,event_type:s,event_time:xs,"
           "ip_address:xs}",
           json_ad);
    decode("json 2 floats, text", 0, "{a:f,b:f,c:s}", json_floats);
    decode("json nested", 0, "{a:[i,b:{x:s,z:b}}", json_nested);
    decode("json tagged", 0,
           "|(Person{id:i,name:s},Bid{auction:i,bidder:i,price:i,channel:s,date_time:t,"
           "extra:s})",
           json_bid);
    writers();
    return 0;
}
