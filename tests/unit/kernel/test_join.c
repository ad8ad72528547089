/* test_join.c - the rows that joins keep, against lists that are searched through. */
#include "runtime/kernel/k_join.h"

#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_row.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_values.h"

void suite_join(void);

#define KEYS 7
#define ROWS 4000

/* What the model knows of a row: it is the i-th that came. */
typedef struct kept {
    int64_t key, time, moment;
    int side, there, size;
} kept;

typedef struct lab {
    flow_ctx *ctx;
    flow_table t;
    kept rows[ROWS];
    int n;
    rnd r;
} lab;

/* A row with a number, and some bytes behind it. */
static const uint8_t *a_row(lab *l, int64_t number, int words) {
    uint64_t row[12] = {0};
    row[1] = rnd_next(&l->r); /* time or sign */
    row[2] = (uint64_t)number;
    flow_k_row_close((uint8_t *)row, 24 + 8 * words);
    return env_block(l->ctx, row, 24 + 8 * words);
}

static int64_t number_of(const uint8_t *row) {
    int64_t n;
    memcpy(&n, flow_k_join_encoded(row) + 16, 8);
    return n;
}

static void open_lab(lab *l, uint64_t seed) {
    memset(l, 0, sizeof *l);
    l->ctx = env_open();
    l->r = (rnd){seed};
    flow_k_table_init(&l->t, FLOW_TABLE_I64, FLOW_JOIN_WORDS);
}

static void close_lab(lab *l) {
    flow_k_table_release(l->ctx, &l->t);
    CU_ASSERT(env_state_bytes() == 0);
    env_close(l->ctx);
}

static void push(lab *l, int64_t near) {
    kept *k = &l->rows[l->n];
    *k = (kept){.key = rnd_below(&l->r, KEYS), .time = near + rnd_below(&l->r, 40) - 20,
                .side = (int)rnd_below(&l->r, 2), .there = 1};
    k->moment = k->time + (k->side ? 5 : 11);
    uint64_t *words = flow_k_table_i64(l->ctx, &l->t, k->key);
    uint8_t *row = flow_k_join_push(l->ctx, &l->t, words, k->side, k->time,
                                    a_row(l, l->n, (int)rnd_below(&l->r, 8)));
    flow_k_join_wait(l->ctx, &l->t, k->moment, row);
    CU_ASSERT(flow_k_join_time(row) == k->time && flow_k_join_side(row) == k->side);
    l->n++;
}

/* The rows of a key and side within the times, in order of (time, arrival). */
static void check_range(lab *l, int64_t key, int side, int64_t low, int64_t high) {
    int64_t range[2], last_time = INT64_MIN, last = -1;
    uint64_t *words = flow_k_table_find_i64(l->ctx, &l->t, key);
    flow_k_join_range(words, side, low, high, range);
    int64_t want = 0;
    for (int i = 0; i < l->n; i++)
        want += l->rows[i].there && l->rows[i].key == key && l->rows[i].side == side &&
                l->rows[i].time >= low && l->rows[i].time <= high;
    CU_ASSERT_FATAL(range[1] - range[0] == want);
    for (int64_t i = range[0]; i < range[1]; i++) {
        int64_t n = number_of(flow_k_join_row(words, side, i));
        const kept *k = &l->rows[n];
        CU_ASSERT_FATAL(k->there && k->key == key && k->side == side);
        CU_ASSERT(k->time > last_time || (k->time == last_time && n > last));
        last_time = k->time;
        last = n;
    }
}

static void check_due(lab *l, int64_t mark) {
    uint8_t *row;
    int64_t moment = INT64_MIN;
    while ((row = flow_k_join_due(&l->t, mark))) {
        kept *k = &l->rows[number_of(row)];
        CU_ASSERT_FATAL(k->there && k->moment < mark && k->moment >= moment);
        CU_ASSERT(flow_k_table_key_i64(&l->t, flow_k_join_entry(row)) == k->key);
        moment = k->moment;
        k->there = 0;
        flow_k_join_free(l->ctx, &l->t, row);
    }
    int64_t next = INT64_MAX;
    for (int i = 0; i < l->n; i++)
        if (l->rows[i].there && l->rows[i].moment < next) next = l->rows[i].moment;
    CU_ASSERT(next >= mark && flow_k_join_next(&l->t) == next);
}

static void test_time(void) {
    for (uint64_t seed = 1; seed < 6; seed++) {
        lab *l = malloc(sizeof *l);
        open_lab(l, seed);
        for (int64_t near = 0; l->n < ROWS; near++) {
            for (int i = 0; i < 8 && l->n < ROWS; i++) push(l, near);
            int64_t low = near - rnd_below(&l->r, 30);
            check_range(l, rnd_below(&l->r, KEYS), (int)rnd_below(&l->r, 2), low,
                        low + rnd_below(&l->r, 20));
            if (rnd_below(&l->r, 3) == 0) check_due(l, near - rnd_below(&l->r, 10));
            if (rnd_below(&l->r, 20) == 0) k_join_pack(l->ctx, &l->t);
        }
        check_due(l, INT64_MAX);
        CU_ASSERT(flow_k_table_count(&l->t) == 0);
        CU_ASSERT(l->t.heap.used <= 4096 * 24); /* the queue alone */
        close_lab(l);
        free(l);
    }
}

/* What time has passed is given back: a long run takes no more than a short one. */
static void test_memory(void) {
    lab *l = malloc(sizeof *l);
    open_lab(l, 9);
    int64_t early = 0;
    for (int64_t near = 0; near < 9000; near++) {
        l->n = 0;
        for (int i = 0; i < 4; i++) push(l, near);
        uint8_t *row;
        while ((row = flow_k_join_due(&l->t, near - 40)))
            flow_k_join_free(l->ctx, &l->t, row);
        if (near == 3000) early = flow_k_table_bytes(&l->t);
    }
    CU_ASSERT(flow_k_table_bytes(&l->t) <= early + early / 4);
    close_lab(l);
    free(l);
}

/* Entries that wait: by moment, then by tie; all their rows go with them. */
static void test_entries(void) {
    lab *l = malloc(sizeof *l);
    open_lab(l, 3);
    for (int64_t key = 0; key < 50; key++) {
        uint64_t *words = flow_k_table_i64(l->ctx, &l->t, key);
        for (int i = 0; i < 5; i++)
            flow_k_join_push(l->ctx, &l->t, words, i & 1, 0, a_row(l, key, i));
        flow_k_join_wait_entry(l->ctx, &l->t, key / 10, -(key % 10));
    }
    for (int64_t i = 0; i < 50; i++) {
        int64_t entry = flow_k_join_due_entry(&l->t, 5);
        CU_ASSERT_FATAL(entry >= 0);
        if (i % 7 == 0) k_join_pack(l->ctx, &l->t);
        CU_ASSERT(flow_k_table_key_i64(&l->t, entry) == i / 10 * 10 + 9 - i % 10);
        flow_k_join_drop(l->ctx, &l->t, entry);
    }
    CU_ASSERT(flow_k_join_due_entry(&l->t, INT64_MAX) == -1);
    CU_ASSERT(flow_k_table_count(&l->t) == 0);
    close_lab(l);
    free(l);
}

/* Rows of a table: by key, old and new beside each other until the batch is over. */
static void test_tables(void) {
    lab *l = malloc(sizeof *l);
    open_lab(l, 5);
    int64_t now[KEYS * 3], was[KEYS * 3], number = 1;
    memset(now, 0, sizeof now);
    for (int batch = 0; batch < 300; batch++) {
        memcpy(was, now, sizeof now);
        for (int k = 0; k < KEYS * 3; k++) {
            if (rnd_below(&l->r, 3)) continue;
            uint8_t key[2] = {(uint8_t)(k / 3), (uint8_t)k};
            const uint8_t *kp = env_block(l->ctx, key, 2);
            uint64_t *words = flow_k_table_i64(l->ctx, &l->t, k / 3);
            if (now[k])
                flow_k_join_take(l->ctx, &l->t, words, 1, kp, 2, a_row(l, now[k], 2));
            now[k] = rnd_below(&l->r, 4) ? number++ : 0;
            words = flow_k_table_i64(l->ctx, &l->t, k / 3);
            flow_k_table_touch(l->ctx, &l->t);
            if (now[k]) flow_k_join_put(l->ctx, &l->t, words, 1, kp, 2, a_row(l, now[k], 2));
        }
        if (batch % 3 == 0) k_join_pack(l->ctx, &l->t); /* before it is over: nothing is lost */
        if (batch % 2) { /* for those who only look */
            flow_k_join_settled(&l->t);
            CU_ASSERT(flow_k_table_touched(&l->t) == 0);
        }
        for (int64_t key = 0; batch % 2 && key < KEYS; key++) {
            const uint64_t *words = flow_k_table_look_i64(l->ctx, &l->t, key);
            uint64_t rows[2];
            flow_k_join_rows(words, 1, rows);
            CU_ASSERT(words || !rows[1]);
            for (int64_t i = 1; i < (int64_t)rows[1]; i++)
                CU_ASSERT(memcmp(flow_k_join_key(flow_k_join_nth(rows, i - 1)),
                                 flow_k_join_key(flow_k_join_nth(rows, i)), 2) <= 0);
        }
        for (int64_t key = 0; key < KEYS; key++) {
            uint64_t *words = flow_k_table_find_i64(l->ctx, &l->t, key);
            if (!words) continue;
            int64_t range[2], sum_was = 0, sum_is = 0, want_was = 0, want_is = 0;
            flow_k_join_all(words, 1, range);
            const uint8_t *before = NULL;
            for (int64_t i = range[0]; i < range[1]; i++) {
                const uint8_t *row = flow_k_join_row(words, 1, i);
                if (flow_k_join_was(row)) sum_was += number_of(row);
                if (flow_k_join_is(row)) sum_is += number_of(row);
                CU_ASSERT(flow_k_join_key_len(row) == 2);
                if (before)
                    CU_ASSERT(memcmp(flow_k_join_key(before), flow_k_join_key(row), 2) <= 0);
                before = row;
            }
            for (int k = 0; k < 3; k++) want_was += was[key * 3 + k], want_is += now[key * 3 + k];
            CU_ASSERT(sum_was == want_was && sum_is == want_is);
            flow_k_join_settle(l->ctx, &l->t, flow_k_table_last(&l->t), 1);
        }
    }
    close_lab(l);
    free(l);
}

/* Versions: the one that holds at a time; those that the next one has made old go. */
static void test_versions(void) {
    lab *l = malloc(sizeof *l);
    open_lab(l, 11);
    int64_t keep = 30, mark = INT64_MIN;
    for (int64_t near = 0; near < 600; near++) {
        kept *k = &l->rows[l->n];
        *k = (kept){.time = near + rnd_below(&l->r, 20) - 10, .there = 1};
        if (k->time < mark) continue; /* late */
        uint64_t *words = flow_k_table_i64(l->ctx, &l->t, 1);
        uint8_t *row = flow_k_join_push(l->ctx, &l->t, words, FLOW_JOIN_RIGHT, k->time,
                                        a_row(l, l->n, 2));
        flow_k_join_wait(l->ctx, &l->t, k->time + keep, row);
        l->n++;
        if (rnd_below(&l->r, 4) == 0) mark = near - 12;
        while ((row = flow_k_join_pop(&l->t, mark)))
            flow_k_join_forget(l->ctx, &l->t, row);
        if (near % 50 == 0) k_join_pack(l->ctx, &l->t);
        /* A row of time t, not late, asks for the version at a moment of its past. */
        int64_t t = mark == INT64_MIN ? 0 : mark + rnd_below(&l->r, 5);
        int64_t moment = t - rnd_below(&l->r, 60), want = -1, after = INT64_MAX;
        for (int i = 0; i < l->n; i++)
            if (l->rows[i].time <= moment && (want < 0 || l->rows[i].time >= l->rows[want].time))
                want = i;
        for (int i = 0; i < l->n; i++)
            if (l->rows[i].time > moment && l->rows[i].time < after) after = l->rows[i].time;
        row = flow_k_join_version(words, moment, t - keep);
        int none = want < 0 || after < t - keep;
        CU_ASSERT_FATAL(none ? !row : row && number_of(row) == want);
    }
    int64_t range[2];
    flow_k_join_all(flow_k_table_find_i64(l->ctx, &l->t, 1), FLOW_JOIN_RIGHT, range);
    CU_ASSERT(range[1] - range[0] < 80); /* of some 600 */
    close_lab(l);
    free(l);
}

/* Many rows under one key, which come in any order and change. */
static void test_many(void) {
    lab *l = malloc(sizeof *l);
    open_lab(l, 13);
    enum { MANY = 700 };
    int64_t now[MANY], number = 1;
    memset(now, 0, sizeof now);
    for (int batch = 0; batch < 40; batch++) {
        int changes = batch % 4 ? 5 : 900;
        uint64_t *words = flow_k_table_i64(l->ctx, &l->t, 0);
        for (int i = 0; i < changes; i++) {
            int k = (int)rnd_below(&l->r, MANY);
            uint8_t key[2] = {(uint8_t)(k >> 8), (uint8_t)k};
            const uint8_t *kp = env_block(l->ctx, key, 2);
            if (now[k]) flow_k_join_take(l->ctx, &l->t, words, 0, kp, 2, a_row(l, now[k], 1));
            now[k] = number++;
            flow_k_join_put(l->ctx, &l->t, words, 0, kp, 2, a_row(l, now[k], 1));
        }
        int64_t range[2], at = 0;
        flow_k_join_all(words, 0, range);
        for (int k = 0; k < MANY; k++) {
            if (!now[k]) continue;
            CU_ASSERT_FATAL(range[0] + at < range[1]);
            CU_ASSERT(number_of(flow_k_join_row(words, 0, range[0] + at)) == now[k]);
            at++;
        }
        CU_ASSERT(range[1] - range[0] == at);
    }
    close_lab(l);
    free(l);
}

void suite_join(void) {
    CU_pSuite s = CU_add_suite("join", 0, 0);
    CU_add_test(s, "rows by time, against a model", test_time);
    CU_add_test(s, "memory goes with time", test_memory);
    CU_add_test(s, "entries that wait", test_entries);
    CU_add_test(s, "rows of tables", test_tables);
    CU_add_test(s, "many rows of one key", test_many);
    CU_add_test(s, "versions", test_versions);
}
