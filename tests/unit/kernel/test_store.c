/* test_store.c - stores saved and loaded: a table that goes on, and one that is made from its
 * saved state now and then, say the same to the same operations.
 *
 * What has changed is applied to rows that are kept here, as a checkpoint does; they must be
 * those of all that the table holds, and the other table is loaded from them.  Now and then
 * the two change places, so that changes of a loaded table are looked at, too. */
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_event.h"
#include "runtime/kernel/k_join.h"
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_pane.h"
#include "runtime/kernel/k_ring.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_save.h"
#include "runtime/kernel/k_session_kept.h"
#include "runtime/kernel/k_timer.h"
#include "runtime/kernel/k_within.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_values.h"

void suite_store(void);

enum { KEYS = 9, MOST = 20000 };

/* ---- saved rows -------------------------------------------------------------------- */

typedef struct row {
    uint8_t *bytes; /* key, value */
    int64_t klen, vlen;
} row;

typedef struct lab {
    flow_ctx *ctx;
    flow_table a, b;
    flow_layout layout;
    row *rows; /* in order of their keys */
    int64_t n;
    rnd r;
    int64_t number; /* of the next row */
} lab;

static int key_compare(const uint8_t *a, int64_t na, const uint8_t *b, int64_t nb) {
    int c = memcmp(a, b, (size_t)(na < nb ? na : nb));
    return c ? c : (na > nb) - (na < nb);
}

static int64_t row_place(const lab *l, const uint8_t *key, int64_t klen) {
    int64_t lo = 0, hi = l->n;
    while (lo < hi) {
        int64_t mid = (lo + hi) / 2;
        if (key_compare(l->rows[mid].bytes, l->rows[mid].klen, key, klen) < 0) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

static void row_remove(lab *l, int64_t i) {
    free(l->rows[i].bytes);
    memmove(&l->rows[i], &l->rows[i + 1], (size_t)(l->n - i - 1) * sizeof(row));
    l->n--;
}

static void apply_op(lab *l, int op, const uint8_t *key, int64_t klen, int64_t vlen) {
    int64_t i = row_place(l, key, klen);
    if (op == FLOW_SAVED_DROP) {
        while (i < l->n && l->rows[i].klen >= klen && !memcmp(l->rows[i].bytes, key, (size_t)klen))
            row_remove(l, i);
        return;
    }
    int there = i < l->n && !key_compare(l->rows[i].bytes, l->rows[i].klen, key, klen);
    if (there) row_remove(l, i);
    if (op != FLOW_SAVED_PUT) return;
    CU_ASSERT_FATAL(l->n < MOST);
    memmove(&l->rows[i + 1], &l->rows[i], (size_t)(l->n - i) * sizeof(row));
    l->rows[i] = (row){malloc((size_t)(klen + vlen) + 1), klen, vlen};
    memcpy(l->rows[i].bytes, key, (size_t)(klen + vlen));
    l->n++;
}

/* Reads one op; its key, behind which the value stands. */
static const uint8_t *next_op(const uint8_t **p, int *op, int64_t *klen, int64_t *vlen) {
    uint32_t lens[2];
    *op = **p;
    memcpy(lens, *p + 1, 8);
    *klen = lens[0];
    *vlen = lens[1];
    const uint8_t *key = *p + FLOW_SAVED_HEAD;
    *p = key + *klen + *vlen;
    return key;
}

static void take_changes(lab *l) {
    flow_bytes ops = {0};
    k_save_table(l->ctx, &l->a, &l->layout, 0, &ops);
    k_track_forget(l->ctx, &l->a);
    const uint8_t *before = NULL;
    int64_t nbefore = 0, klen, vlen, count = 0;
    for (const uint8_t *p = ops.p, *end = p ? p + ops.len : p; p < end;) {
        int op;
        const uint8_t *key = next_op(&p, &op, &klen, &vlen);
        CU_ASSERT(!before || key_compare(before, nbefore, key, klen) <= 0);
        before = key;
        nbefore = klen;
        count++;
        apply_op(l, op, key, klen, vlen);
    }
    CU_ASSERT(count == ops.ops);
    k_bytes_free(l->ctx, &ops);
}

static void check_full(lab *l, flow_table *t) {
    flow_bytes ops = {0};
    k_save_table(l->ctx, t, &l->layout, 1, &ops);
    int64_t klen, vlen, i = 0;
    for (const uint8_t *p = ops.p, *end = p ? p + ops.len : p; p < end; i++) {
        int op;
        const uint8_t *key = next_op(&p, &op, &klen, &vlen);
        CU_ASSERT_FATAL(op == FLOW_SAVED_PUT && i < l->n);
        CU_ASSERT_FATAL(klen == l->rows[i].klen && vlen == l->rows[i].vlen);
        CU_ASSERT_FATAL(!memcmp(key, l->rows[i].bytes, (size_t)(klen + vlen)));
    }
    CU_ASSERT(i == l->n);
    k_bytes_free(l->ctx, &ops);
}

static void load_other(lab *l) {
    int64_t kind = l->b.kind, words = l->b.words;
    flow_k_table_release(l->ctx, &l->b);
    flow_k_table_init(&l->b, kind, words);
    for (int64_t i = 0; i < l->n; i++) {
        const row *r = &l->rows[i];
        CU_ASSERT_FATAL(k_load_row(l->ctx, &l->b, &l->layout, r->bytes, r->klen,
                                   r->bytes + r->klen, r->vlen));
    }
    k_load_end(l->ctx, &l->b, &l->layout);
    check_full(l, &l->b);
}

/* Rows with other bytes are refused or make another state, but nothing breaks. */
static void load_damaged(lab *l) {
    flow_table t;
    flow_k_table_init(&t, l->b.kind, l->b.words);
    for (int64_t i = 0; i < l->n; i++) {
        row r = l->rows[i];
        int64_t n = r.klen + r.vlen, cut = rnd_below(&l->r, 20) ? 0 : rnd_below(&l->r, n + 1);
        uint8_t *bytes = malloc((size_t)n + 1);
        memcpy(bytes, r.bytes, (size_t)n);
        if (n && !rnd_below(&l->r, 3)) bytes[rnd_below(&l->r, n)] ^= (uint8_t)(1 << rnd_below(&l->r, 8));
        if (cut > r.vlen) r.klen -= cut - r.vlen, r.vlen = 0;
        else r.vlen -= cut;
        k_load_row(l->ctx, &t, &l->layout, bytes, r.klen, bytes + r.klen, r.vlen);
        free(bytes);
    }
    k_load_end(l->ctx, &t, &l->layout);
    flow_bytes ops = {0};
    k_save_table(l->ctx, &t, &l->layout, 1, &ops);
    k_bytes_free(l->ctx, &ops);
    flow_k_table_release(l->ctx, &t);
}

static void checkpoint(lab *l) {
    take_changes(l);
    check_full(l, &l->a);
    load_damaged(l);
    load_other(l);
    if (rnd_below(&l->r, 2)) return;
    flow_table a = l->a;
    l->a = l->b;
    l->b = a;
    k_track_off(l->ctx, &l->b);
    k_track_on(l->ctx, &l->a);
}

/* ---- operations -------------------------------------------------------------------- */

static int64_t below(lab *l, int64_t n) {
    return rnd_below(&l->r, n);
}

/* What an operation says, in the order in which it says it. */
static uint64_t said(uint64_t h, int64_t v) {
    h = (h ^ (uint64_t)v) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 29;
}

/* Keys of all sorts: with zeros, long, one the beginning of another. */
static const char texts[KEYS][40] = {"", "a", "ab", "a longer key that has no place in a cell",
                                     "b\0c", "b", "\xff\xff", "zzzzzzzzzzzzzzzzzzzz", "z"};
static const int64_t lengths[KEYS] = {0, 1, 2, 39, 3, 1, 2, 20, 1};

static uint64_t *probe(lab *l, flow_table *t, int64_t key) {
    if (t->kind == FLOW_TABLE_I64) return flow_k_table_i64(l->ctx, t, key - 4);
    const uint8_t *text = env_block(l->ctx, texts[key], lengths[key]);
    return flow_k_table_text(l->ctx, t, text, lengths[key]);
}

/* A row with a number, and some bytes behind it. */
static const uint8_t *make_row(lab *l, int64_t number) {
    uint64_t bytes[12] = {0, 5, (uint64_t)number, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    int64_t size = 24 + 8 * (number % 7);
    flow_k_row_close((uint8_t *)bytes, size);
    return env_block(l->ctx, bytes, size);
}

static int64_t number_of(const uint8_t *encoded) {
    int64_t n;
    memcpy(&n, encoded + 16, 8);
    return n;
}

/* An operation: the same on both tables; `seed` says the rest.  What it says. */
typedef uint64_t op_fn(lab *l, flow_table *t, int64_t now, rnd seed);

static void run(const char *layout, int64_t kind, int64_t words, op_fn *op, int64_t steps) {
    for (uint64_t seed = 1; seed < 5; seed++) {
        lab *l = calloc(1, sizeof *l);
        l->ctx = env_open();
        l->r = (rnd){seed * 77};
        l->rows = calloc(MOST, sizeof *l->rows);
        CU_ASSERT_FATAL(k_layout_read(&l->layout, layout, NULL));
        CU_ASSERT(l->layout.words == words);
        flow_k_table_init(&l->a, kind, words);
        flow_k_table_init(&l->b, kind, words);
        k_track_on(l->ctx, &l->a);
        for (int64_t now = 0; now < steps; now++) {
            rnd same = {rnd_next(&l->r)};
            uint64_t a = op(l, &l->a, now, same), b = op(l, &l->b, now, same);
            l->number++;
            CU_ASSERT_FATAL(a == b);
            if (!below(l, 13)) checkpoint(l);
        }
        checkpoint(l);
        flow_k_table_release(l->ctx, &l->a);
        flow_k_table_release(l->ctx, &l->b);
        while (l->n) row_remove(l, l->n - 1);
        free(l->rows);
        CU_ASSERT(env_state_bytes() == 0);
        env_close(l->ctx);
        free(l);
    }
}

/* ---- joins ------------------------------------------------------------------------- */

static uint64_t said_range(const uint64_t *words, int side, int64_t low, int64_t high) {
    int64_t range[2];
    uint64_t h = 0;
    flow_k_join_range(words, side, low, high, range);
    for (int64_t i = range[0]; i < range[1]; i++) {
        const uint8_t *r = flow_k_join_row(words, side, i);
        h = said(h, number_of(flow_k_join_encoded(r)) * 2 + flow_k_join_marked(r));
    }
    return h;
}

/* Rows of one moment may come in any order of keys. */
static uint64_t op_join(lab *l, flow_table *t, int64_t now, rnd r) {
    int64_t key = rnd_below(&r, KEYS), time = now + rnd_below(&r, 12) - 4;
    int side = (int)rnd_below(&r, 2);
    uint64_t *words = probe(l, t, key), h = 0;
    uint8_t *kept = flow_k_join_push(l->ctx, t, words, side, time, make_row(l, l->number));
    flow_k_join_wait(l->ctx, t, time + (side ? 5 : 9), kept);
    int64_t range[2];
    flow_k_join_range(words, !side, time - 6, time + 6, range);
    for (int64_t i = range[0]; i < range[1]; i += 2)
        flow_k_join_mark(flow_k_join_row(words, !side, i));
    for (key = 0; key < KEYS; key++) {
        words = probe(l, t, key);
        h = said(h, (int64_t)said_range(words, 0, now - 9, now + 2));
        h = said(h, (int64_t)said_range(words, 1, now - 3, now));
        flow_k_join_tidy(l->ctx, t);
    }
    for (uint8_t *due; (due = flow_k_join_due(t, now - 8));) {
        int64_t n = number_of(flow_k_join_encoded(due));
        h += said(said(0, n), flow_k_join_time(due) * 2 + flow_k_join_marked(due));
        flow_k_join_free(l->ctx, t, due);
    }
    return said(h, flow_k_join_next(t)) + (uint64_t)flow_k_table_count(t);
}

static uint64_t op_as_of(lab *l, flow_table *t, int64_t now, rnd r) {
    int64_t key = rnd_below(&r, KEYS), time = now + rnd_below(&r, 9) - 3;
    int side = (int)rnd_below(&r, 2);
    uint64_t h = 0;
    uint8_t *kept = flow_k_join_push(l->ctx, t, probe(l, t, key), side, time,
                                     make_row(l, l->number));
    flow_k_join_wait(l->ctx, t, side ? time + 6 : time, kept);
    if (now % 5) return 0;
    for (uint8_t *due; (due = flow_k_join_pop(t, now - 4));) {
        if (flow_k_join_side(due)) {
            flow_k_join_forget(l->ctx, t, due);
            continue;
        }
        const uint64_t *words = flow_k_table_words(t, flow_k_join_entry(due));
        const uint8_t *version = flow_k_join_version(words, flow_k_join_time(due), now - 12);
        int64_t n = version ? number_of(flow_k_join_encoded(version)) : -1;
        h += said(said(0, n), number_of(flow_k_join_encoded(due)));
        flow_k_join_cut(t, due);
        flow_k_join_free(l->ctx, t, due);
    }
    return h;
}

static uint64_t op_windows(lab *l, flow_table *t, int64_t now, rnd r) {
    int64_t start = (now + rnd_below(&r, 9) - 3) / 7 * 7, end = start + 7;
    uint8_t key[80];
    uint8_t *p = flow_k_key_i64(flow_k_key_i64(key, end), start);
    int64_t k = rnd_below(&r, KEYS);
    p = flow_k_key_text(p, (const uint8_t *)texts[k], lengths[k]);
    const uint8_t *text = env_block(l->ctx, key, p - key);
    if (end > now - 6) {
        uint64_t *words = flow_k_table_text(l->ctx, t, text, p - key);
        int32_t fresh = flow_k_table_fresh(t);
        flow_k_join_push(l->ctx, t, words, (int)rnd_below(&r, 2), now / 3, make_row(l, l->number));
        if (fresh) flow_k_join_wait_entry(l->ctx, t, end - 1, start);
    }
    uint64_t h = 0;
    for (int64_t entry; (entry = flow_k_join_due_entry(t, now - 6)) >= 0;) {
        const uint64_t *words = flow_k_table_words(t, entry);
        uint64_t one = said(said_range(words, 0, INT64_MIN, INT64_MAX), 1);
        h += said(one, (int64_t)said_range(words, 1, INT64_MIN, INT64_MAX));
        flow_k_join_drop(l->ctx, t, entry);
    }
    return said(h, flow_k_join_next(t));
}

/* Rows by key: a few new ones, one that goes, one that is as it was; settled or not. */
static uint64_t tables_step(lab *l, flow_table *t, rnd r, int settles) {
    int64_t key = rnd_below(&r, KEYS), range[2];
    int side = (int)rnd_below(&r, 2);
    uint64_t h = 0, *words = probe(l, t, key);
    flow_k_join_all(words, side, range);
    int64_t old = range[1] > range[0] ? rnd_below(&r, range[1] - range[0]) : -1;
    if (old >= 0) {
        const uint8_t *at = flow_k_join_row(words, side, range[0] + old);
        const uint8_t *copy = env_block(l->ctx, flow_k_join_encoded(at), 24);
        const uint8_t *name = env_block(l->ctx, flow_k_join_key(at), flow_k_join_key_len(at));
        int64_t n = flow_k_join_key_len(at);
        uint64_t whole[12];
        memcpy(whole, flow_k_join_encoded(at), (size_t)flow_k_row_size(copy));
        memset((uint8_t *)whole + 4, 0, 4);
        flow_k_join_take(l->ctx, t, words, side, name, n, (const uint8_t *)whole);
        if (rnd_below(&r, 3) == 0)
            flow_k_join_put(l->ctx, t, words, side, name, n, (const uint8_t *)whole);
    }
    int64_t k = rnd_below(&r, KEYS);
    if (range[1] - range[0] < 12)
        flow_k_join_put(l->ctx, t, words, side, (const uint8_t *)texts[k], lengths[k],
                        make_row(l, l->number));
    if (settles) flow_k_join_settle(l->ctx, t, flow_k_table_last(t), 1);
    else flow_k_join_tidy(l->ctx, t);
    for (key = 0; key < KEYS; key++) {
        words = probe(l, t, key);
        for (side = 0; side < 2; side++) {
            flow_k_join_all(words, side, range);
            for (int64_t i = range[0]; i < range[1]; i++) {
                const uint8_t *at = flow_k_join_row(words, side, i);
                h += said(said(key * 2 + side, number_of(flow_k_join_encoded(at))),
                          flow_k_join_was(at) * 2 + flow_k_join_is(at));
            }
        }
        flow_k_join_tidy(l->ctx, t);
    }
    return h;
}

static uint64_t op_tables(lab *l, flow_table *t, int64_t now, rnd r) {
    (void)now;
    return tables_step(l, t, r, 1);
}

static uint64_t op_table(lab *l, flow_table *t, int64_t now, rnd r) {
    (void)now;
    return tables_step(l, t, r, 0);
}

static void test_joins(void) {
    run("@j6z", FLOW_TABLE_I64, FLOW_JOIN_WORDS, op_join, 900);
    run("@j6z", FLOW_TABLE_TEXT, FLOW_JOIN_WORDS, op_join, 900);
    run("@j6z", FLOW_TABLE_TEXT, FLOW_JOIN_WORDS, op_as_of, 900);
    run("@v6z", FLOW_TABLE_TEXT, FLOW_JOIN_WORDS, op_windows, 900);
    run("@J6z", FLOW_TABLE_I64, FLOW_JOIN_WORDS, op_tables, 900);
    run("@J6z", FLOW_TABLE_TEXT, FLOW_JOIN_WORDS, op_table, 900);
}

/* ---- sessions ---------------------------------------------------------------------- */

enum { GAP = 5 };

static uint64_t said_session(lab *l, const flow_session *s) {
    uint64_t list, h = said(0, flow_k_session_count(s));
    for (int32_t by_time = 0; by_time < 2; by_time++) {
        int64_t n = flow_k_session_rows(l->ctx, s, by_time, &list);
        const uint64_t *rows = (const uint64_t *)(uintptr_t)list;
        for (int64_t i = 0; i < n; i++) {
            h = said(h, number_of(flow_k_session_row(rows, i)));
            if (!flow_k_session_is_part(rows, i))
                for (int64_t k = flow_k_session_key_len(rows, i); k > 0; k--)
                    h = said(h, flow_k_session_key(rows, i)[k - 1]);
        }
    }
    return h;
}

static uint64_t op_sessions(lab *l, flow_table *t, int64_t now, rnd r) {
    uint64_t out[4], h = 0;
    int64_t key = rnd_below(&r, KEYS), time = now + rnd_below(&r, 30) - 10;
    if (now / 300 % 2) key = 3; /* a hot one */
    probe(l, t, key);
    flow_session *s = flow_k_session_put(l->ctx, t, time, GAP, make_row(l, l->number),
                                         (const uint8_t *)"order", l->number % 6);
    if (flow_k_session_full(s, GAP, now - 15))
        flow_k_session_compact(l->ctx, t, s, make_row(l, l->number));
    while (flow_k_session_next(l->ctx, t, now - 12, GAP, out)) {
        const flow_session *due = (const flow_session *)(uintptr_t)out[0];
        uint64_t one = said(said_session(l, due), (int64_t)out[2]);
        h += said(one, (int64_t)out[3]);
        flow_k_session_drop(l->ctx, t, (int64_t)out[1], GAP);
    }
    return said(h, flow_k_timer_first(l->ctx, t));
}

/* What was shown, in any order: the number of the row that was shown last, and the window. */
static uint64_t said_shown(lab *l, uint64_t at, int64_t n) {
    const uint64_t *list = (const uint64_t *)(uintptr_t)at;
    uint64_t h = 0, number;
    for (int64_t i = 0; i < n; i++) {
        flow_k_blob_get(l->ctx, flow_k_shown_row(list, i), &number, (const uint8_t *)"i");
        h += said(said(number, flow_k_shown_start(list, i)), flow_k_shown_end(list, i));
    }
    return h;
}

/* A row comes, and the batch closes; now and then it shows early.  Some rows fail: of these
 * there is no row to show. */
static uint64_t kept_batch(lab *l, flow_table *t, int64_t now, rnd r, int32_t whole) {
    uint64_t h = 0, list;
    int64_t key = rnd_below(&r, KEYS), time = now + rnd_below(&r, 40) - 25;
    int32_t early = now % 9 == 0, found;
    flow_visit v;
    if (now / 300 % 2) key = 3;
    probe(l, t, key);
    flow_session *s = flow_k_kept_put(l->ctx, t, time, GAP, make_row(l, l->number),
                                      (const uint8_t *)"order", l->number % 6, now - 13, 1);
    if (flow_k_session_full(s, GAP + 11, now - 13))
        flow_k_session_compact(l->ctx, t, s, make_row(l, l->number));
    flow_k_kept_open(&v, GAP, 11, now - 13, now - 12, early, whole);
    while ((found = flow_k_kept_next(l->ctx, t, &v))) {
        uint64_t one = said(said(said_session(l, v.session), v.start), v.end);
        h += said(one, found);
        if (found == FLOW_KEPT_LATE) {
            flow_k_kept_drop(l->ctx, t, &v);
            continue;
        }
        int64_t n = flow_k_kept_olds(l->ctx, &v, &list);
        h += said_shown(l, list, n);
        uint64_t number = (uint64_t)flow_k_session_count(v.session), *blob;
        blob = flow_k_kept_show(l->ctx, t, &v);
        if (number % 11)
            flow_k_blob_set(l->ctx, &t->heap, blob, &number, (const uint8_t *)"i");
    }
    for (int64_t i = 0; now % 20 == 0 && i < flow_k_table_end(t); i++) {
        if (!flow_k_table_live(t, i)) continue;
        int64_t n = flow_k_kept_all(l->ctx, t, i, &list);
        h += said_shown(l, list, n);
    }
    return said(h, flow_k_timer_first(l->ctx, t));
}

static uint64_t op_kept(lab *l, flow_table *t, int64_t now, rnd r) {
    return kept_batch(l, t, now, r, 0);
}

static uint64_t op_whole(lab *l, flow_table *t, int64_t now, rnd r) {
    return kept_batch(l, t, now, r, 1);
}

static void test_sessions(void) {
    run("@s2zm2zwzx", FLOW_TABLE_I64, FLOW_KEPT_WORDS, op_kept, 1500);
    run("@s2zm2zwzx", FLOW_TABLE_TEXT, FLOW_KEPT_WORDS, op_kept, 1500);
    run("@s2zm2zwzx", FLOW_TABLE_TEXT, FLOW_KEPT_WORDS, op_whole, 900);
    run("@s2zm2z", FLOW_TABLE_I64, FLOW_SESSION_WORDS, op_sessions, 1500);
    run("@s2zm2z", FLOW_TABLE_TEXT, FLOW_SESSION_WORDS, op_sessions, 1500);
}

/* ---- remember, distinct within ------------------------------------------------------ */

static uint64_t op_remember(lab *l, flow_table *t, int64_t now, rnd r) {
    uint64_t out[3], h = 0, *words = probe(l, t, rnd_below(&r, KEYS));
    int64_t entry = flow_k_table_last(t);
    words[0] = 1;
    words[1] = (uint64_t)now;
    words[6] = (uint64_t)l->number;
    flow_k_timer_set(l->ctx, t, entry, rnd_below(&r, 2), now + rnd_below(&r, 40));
    if (!rnd_below(&r, 5)) flow_k_timer_stop(l->ctx, t, entry, rnd_below(&r, 2));
    flow_k_timer_wait(l->ctx, t, now + rnd_below(&r, 25), make_row(l, l->number));
    if (now % 7) return 0;
    for (int32_t what; (what = flow_k_timer_next(l->ctx, t, now, out));) {
        if (what == FLOW_TIMER_ROW) {
            h = said(h, number_of((const uint8_t *)(uintptr_t)out[0]));
            continue;
        }
        words = flow_k_table_words(t, (int64_t)out[0]);
        h += said(said(0, (int64_t)(words[1] + words[6])), (int64_t)(out[1] + out[2] * 2));
        words[6]++;
        if (words[6] % 3 == 0) flow_k_table_remove(l->ctx, t, (int64_t)out[0]);
    }
    return said(h, flow_k_timer_first(l->ctx, t));
}

static uint64_t op_within(lab *l, flow_table *t, int64_t now, rnd r) {
    probe(l, t, rnd_below(&r, KEYS));
    int32_t passes = flow_k_within_put(l->ctx, t, now + rnd_below(&r, 20) - 10, 4);
    if (now % 3 == 0) flow_k_within_expire(l->ctx, t, now - 10, 4);
    return said((uint64_t)passes, flow_k_timer_first(l->ctx, t)) +
           (uint64_t)flow_k_table_count(t);
}

static void test_timers(void) {
    run("@q2w2mw", FLOW_TABLE_I64, 7, op_remember, 1500);
    run("@q2w2mw", FLOW_TABLE_TEXT, 7, op_remember, 1500);
    run("2zmW", FLOW_TABLE_I64, FLOW_WITHIN_WORDS, op_within, 1500);
    run("2zmW", FLOW_TABLE_TEXT, FLOW_WITHIN_WORDS, op_within, 1500);
}

/* ---- windows of rows, and of time --------------------------------------------------- */

static uint64_t ring_step(lab *l, flow_table *t, rnd r, int64_t size, int64_t every, int empties) {
    int64_t key = rnd_below(&r, KEYS);
    uint64_t h = 0, *ring = probe(l, t, key);
    int fires = flow_k_ring_push(l->ctx, t, ring, size, every, make_row(l, l->number));
    for (int64_t i = 0; i < flow_k_ring_count(ring); i++)
        h = said(h, number_of(flow_k_ring_row(ring, i)));
    if (fires && empties) flow_k_ring_empty(l->ctx, t, ring);
    return said(h, flow_k_ring_index(ring, every) * 2 + fires);
}

static uint64_t op_sliding(lab *l, flow_table *t, int64_t now, rnd r) {
    (void)now;
    return ring_step(l, t, r, 11, 3, 0);
}

static uint64_t op_tumbling(lab *l, flow_table *t, int64_t now, rnd r) {
    (void)now;
    return ring_step(l, t, r, 6, 6, 1);
}

/* The entries of panes; those touched since the last time they were shown. */
static uint64_t op_panes(lab *l, flow_table *t, int64_t now, rnd r) {
    int64_t start = (now + rnd_below(&r, 30) - 10) / 10 * 10;
    flow_table *pane = flow_k_pane(l->ctx, t, start, start + 10 + rnd_below(&r, 2) * 5);
    *probe(l, pane, rnd_below(&r, KEYS)) += (uint64_t)l->number;
    flow_k_table_touch(l->ctx, pane);
    uint64_t h = 0;
    for (int64_t i = 0; now % 9 == 0 && i < flow_k_pane_count(t); i++) {
        int64_t n;
        flow_table *p = flow_k_pane_table(flow_k_pane_at(t, i));
        const uint32_t *order = flow_k_table_sorted(l->ctx, p, 1, &n);
        for (int64_t k = 0; k < n; k++)
            h = said(h, (int64_t)*flow_k_table_words(p, flow_k_table_nth(order, k)));
        if (now % 2) continue;
        flow_k_table_note_touched(l->ctx, p);
        flow_k_table_clean(p);
    }
    for (flow_pane *p; (p = flow_k_pane_due(t, now - 20));) {
        h = said(h, flow_k_pane_start(p) + flow_k_table_count(flow_k_pane_table(p)));
        flow_k_pane_drop(l->ctx, t);
    }
    return h;
}

static void test_windows(void) {
    run("@r2z2w", FLOW_TABLE_I64, FLOW_RING_WORDS, op_sliding, 900);
    run("@r2z2w", FLOW_TABLE_TEXT, FLOW_RING_WORDS, op_sliding, 900);
    run("@r2z2w", FLOW_TABLE_TEXT, FLOW_RING_WORDS, op_tumbling, 900);
    run("#wx", FLOW_TABLE_I64, 1, op_panes, 1200);
    run("#wx", FLOW_TABLE_TEXT, 1, op_panes, 1200);
}

void suite_store(void) {
    CU_pSuite s = CU_add_suite("store", NULL, NULL);
    CU_add_test(s, "joins", test_joins);
    CU_add_test(s, "sessions", test_sessions);
    CU_add_test(s, "timers", test_timers);
    CU_add_test(s, "windows", test_windows);
}
