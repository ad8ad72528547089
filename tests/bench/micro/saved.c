/* saved.c - times of saving and loading state: 10,000,000 keys in 64 partitions.
 *
 * By hand, not part of the tests:
 *   clang-19 -O2 -march=native -ffp-contract=off -fno-strict-aliasing -fno-math-errno -I. \
 *     tests/bench/micro/saved.c -lm -o /tmp/saved && /tmp/saved */
#include "tests/bench/micro/cold_stand_in.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* of the one thread that works */
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

enum { PARTS = 64, KEYS = 10000000 };
static flow_table tables[PARTS];
static flow_bytes saved[PARTS];
static flow_ctx ctx = {.seed = 0x1234567890abcdef};

static uint64_t mix(uint64_t x) {
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t *probe(int text, uint64_t i) {
    uint64_t h = mix(i);
    flow_table *t = &tables[h % PARTS];
    if (!text) return flow_k_table_i64(&ctx, t, (int64_t)i);
    char key[64];
    int n = snprintf(key, sizeof key, text == 1 ? "%llu" : "user-%llu-of-many", (unsigned long long)i);
    return flow_k_table_text(&ctx, t, (const uint8_t *)key, n);
}

static void save_all(const char *what, const flow_layout *l, int full) {
    double t = now();
    int64_t bytes = 0, ops = 0;
    for (int i = 0; i < PARTS; i++) {
        saved[i].len = saved[i].ops = 0;
        k_save_table(&ctx, &tables[i], l, full, &saved[i]);
        k_track_forget(&ctx, &tables[i]);
        bytes += saved[i].len;
        ops += saved[i].ops;
    }
    t = now() - t;
    printf("  %-28s %7.3f s  %6.1f ns an op  %7.1f MB  %6.0f MB/s\n", what, t,
           ops ? t / (double)ops * 1e9 : 0, (double)bytes * 1e-6, (double)bytes * 1e-6 / t);
}

static void load_all(const flow_layout *l, int text) {
    double t = now();
    int64_t bytes = 0, ops = 0;
    for (int i = 0; i < PARTS; i++) {
        flow_k_table_release(&ctx, &tables[i]);
        flow_k_table_init(&tables[i], text ? FLOW_TABLE_TEXT : FLOW_TABLE_I64, l->words);
        k_load_room(&ctx, &tables[i], saved[i].ops);
        for (const uint8_t *p = saved[i].p, *end = p + saved[i].len; p < end;) {
            uint32_t n[2];
            memcpy(n, p + 1, 8);
            if (!k_load_row(&ctx, &tables[i], l, p + 9, n[0], p + 9 + n[0], n[1])) abort();
            p += 9 + (int64_t)n[0] + n[1];
            ops++;
        }
        k_load_end(&ctx, &tables[i], l);
        bytes += saved[i].len;
    }
    t = now() - t;
    printf("  %-28s %7.3f s  %6.1f ns an op  %7.1f MB  %6.0f MB/s\n", "load", t,
           t / (double)ops * 1e9, (double)bytes * 1e-6, (double)bytes * 1e-6 / t);
}

static void one(const char *name, int text, const char *layout) {
    flow_layout l;
    printf("%s\n", name);
    if (!k_layout_read(&l, layout, NULL)) abort();
    for (int i = 0; i < PARTS; i++)
        flow_k_table_init(&tables[i], text ? FLOW_TABLE_TEXT : FLOW_TABLE_I64, l.words);
    double t = now();
    for (uint64_t i = 0; i < KEYS; i++) probe(text, i)[0] += 2;
    t = now() - t;
    printf("  %-28s %7.3f s  %6.1f ns a key\n", "fill", t, t / KEYS * 1e9);
    save_all("all", &l, 1);
    for (int i = 0; i < PARTS; i++) k_track_on(&ctx, &tables[i]);
    t = now();
    for (uint64_t i = 0; i < KEYS / 100; i++) probe(text, mix(i) % KEYS)[0] += 2;
    printf("  %-28s %7.3f s  %6.1f ns a key\n", "touch one in a hundred", now() - t,
           (now() - t) / (KEYS / 100) * 1e9);
    save_all("what changed", &l, 0);
    save_all("nothing has changed", &l, 0);
    save_all("all, again", &l, 1);
    load_all(&l, text);
    for (int i = 0; i < PARTS; i++) {
        flow_k_table_release(&ctx, &tables[i]);
        k_bytes_free(&ctx, &saved[i]);
    }
}

int main(void) {
    one("ints, count", 0, "w");
    one("short texts, count, sum of floats", 1, "wf");
    one("long texts, count, sum of ints", 2, "wi");
    return 0;
}
