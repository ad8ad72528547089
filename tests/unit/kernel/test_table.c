/* test_table.c - tables against a list that is searched from end to end. */
#include "runtime/kernel/k_stage.h"
#include "runtime/kernel/k_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_cell.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_row.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_values.h"

void suite_table(void);

enum { KEYS = 3000, TEXT = 40 };

/* What the table should hold: by key number. */
typedef struct model {
    int64_t count[KEYS]; /* of updates; 0: no entry */
    uint8_t touched[KEYS];
    int64_t living;
} model;

/* Key k as text of 0 to 39 bytes, zeros among them, different for each k: at its beginning, its end
 * or between. */
static int64_t key_text(int k, uint8_t *p) {
    int64_t n = 2 + (k * 7) % (TEXT - 2);
    if (k == 0) return 0;
    memset(p, 'q', (size_t)n);
    p += (n - 2) * (k % 3) / 2;
    p[0] = (uint8_t)k;
    p[1] = (uint8_t)(k >> 8);
    return n;
}

/* Integer keys: far apart, or close together with one far away perhaps. */
static const struct keys {
    int64_t first, step, odd; /* odd: the key of 1 */
} apart = {-1500 * 77777LL, 77777, INT64_MIN}, close_by = {-1500, 1, -1499},
  close_but_one = {-1500, 1, INT64_MIN}, close_and_last = {INT64_MAX - KEYS, 1, INT64_MAX},
  *keys = &apart;

static int64_t key_int(int k) { return k == 1 ? keys->odd : keys->first + k * keys->step; }

typedef struct probe {
    flow_ctx *ctx;
    flow_table *t;
    uint8_t *text[KEYS];
    int64_t len[KEYS];
} probe;

/* A view knows the words of the keys that have slots of their own, or of none. */
static void check_view(const probe *p, int k, const uint64_t *words) {
    uint64_t view[4];
    if (p->t->kind != FLOW_TABLE_I64) return;
    flow_k_table_view(p->t, view);
    uint64_t slot = flow_k_table_seen(view, key_int(k));
    const uint64_t *seen = slot ? flow_k_table_seen_words(view, p->t->stride, slot) : NULL;
    int knows = p->t->direct && !flow_k_table_big(p->t);
    CU_ASSERT_PTR_EQUAL(seen, knows ? words : NULL);
}

/* Who only looks sees the same, and leaves no trace. */
static void check_look(probe *p, int k) {
    flow_table before = *p->t;
    const uint64_t *seen =
        p->t->kind == FLOW_TABLE_I64
            ? flow_k_table_look_i64(p->ctx, p->t, key_int(k))
            : flow_k_table_look_text(p->ctx, p->t, p->text[k], p->len[k]);
    CU_ASSERT(!memcmp(&before, p->t, sizeof before));
    const uint64_t *found =
        p->t->kind == FLOW_TABLE_I64
            ? flow_k_table_find_i64(p->ctx, p->t, key_int(k))
            : flow_k_table_find_text(p->ctx, p->t, p->text[k], p->len[k]);
    CU_ASSERT(seen == found);
    check_view(p, k, found);
}

static uint64_t *get(probe *p, int k, int find) {
    if (find) check_look(p, k);
    if (p->t->kind == FLOW_TABLE_I64)
        return find ? flow_k_table_find_i64(p->ctx, p->t, key_int(k))
                    : flow_k_table_i64(p->ctx, p->t, key_int(k));
    if (!find && k % 2 && p->len[k] >= 16 && p->len[k] <= 32)
        return flow_k_table_wide(p->ctx, p->t, p->text[k], p->len[k]);
    return find ? flow_k_table_find_text(p->ctx, p->t, p->text[k], p->len[k])
                : flow_k_table_text(p->ctx, p->t, p->text[k], p->len[k]);
}

static void probe_open(probe *p, flow_table *t, int kind, int words) {
    p->ctx = env_open();
    p->t = t;
    flow_k_table_init(t, kind, words);
    for (int k = 0; k < KEYS; k++) {
        uint8_t s[TEXT];
        p->len[k] = key_text(k, s);
        p->text[k] = p->len[k] ? env_block(p->ctx, s, p->len[k]) : 0;
    }
}

static void probe_close(probe *p) {
    flow_k_table_release(p->ctx, p->t);
    CU_ASSERT(env_state_bytes() == 0);
    env_close(p->ctx);
}

static int entry_key(probe *p, int64_t entry) {
    for (int k = 0; k < KEYS; k++) {
        uint64_t text[2];
        if (p->t->kind == FLOW_TABLE_I64) {
            if (flow_k_table_key_i64(p->t, entry) == key_int(k)) return k;
            continue;
        }
        flow_k_table_key_text(p->t, entry, text);
        if ((int64_t)text[1] == p->len[k] &&
            (!p->len[k] || !memcmp((void *)text[0], p->text[k], (size_t)p->len[k])))
            return k;
    }
    return -1;
}

static int key_order(probe *p, int a, int b) {
    if (p->t->kind == FLOW_TABLE_I64) return key_int(a) < key_int(b) ? -1 : 1;
    int64_t n = p->len[a] < p->len[b] ? p->len[a] : p->len[b];
    int c = n ? memcmp(p->text[a], p->text[b], (size_t)n) : 0;
    return c ? c : p->len[a] < p->len[b] ? -1 : 1;
}

static void check_order(probe *p, model *m, int dirty) {
    int64_t n, want = 0;
    void *mark = flow_k_mark(p->ctx);
    uint32_t *order = flow_k_table_sorted(p->ctx, p->t, dirty, &n);
    for (int k = 0; k < KEYS; k++)
        want += m->count[k] && (!dirty || m->touched[k]);
    CU_ASSERT(n == want);
    for (int64_t i = 0, last = -1; i < n; i++) {
        int k = entry_key(p, flow_k_table_nth(order, i));
        CU_ASSERT_FATAL(k >= 0 && m->count[k] && (!dirty || m->touched[k]));
        CU_ASSERT(last < 0 || key_order(p, (int)last, k) < 0);
        last = k;
    }
    flow_k_reset(p->ctx, mark);
}

static void check_all(probe *p, model *m) {
    int words = (int)p->t->words;
    CU_ASSERT(flow_k_table_count(p->t) == m->living);
    for (int k = 0; k < KEYS; k++) {
        uint64_t *w = get(p, k, 1);
        CU_ASSERT((w != 0) == (m->count[k] != 0));
        if (w && words) CU_ASSERT((int64_t)w[0] == m->count[k]);
    }
    check_order(p, m, 0);
    check_order(p, m, 1);
}

static void update(probe *p, model *m, int k, int words) {
    uint64_t *w = get(p, k, 0);
    CU_ASSERT(flow_k_table_fresh(p->t) == (m->count[k] == 0));
    CU_ASSERT(flow_k_table_words(p->t, flow_k_table_last(p->t)) == w);
    for (int i = 0; i < words; i++)
        CU_ASSERT((int64_t)w[i] == m->count[k]);
    m->living += m->count[k]++ == 0;
    for (int i = 0; i < words; i++)
        w[i]++;
}

static void run(int kind, int words, uint64_t seed) {
    rnd r = {seed};
    probe p;
    flow_table t;
    static model m;
    memset(&m, 0, sizeof m);
    probe_open(&p, &t, kind, words);
    int range = 5;
    for (int step = 0; step < 60000; step++) {
        int k = (int)rnd_below(&r, range), what = (int)rnd_below(&r, 16);
        if (step % 200 == 0 && range < KEYS) range += range / 3;
        if (range > KEYS) range = KEYS;
        if (what == 0 && m.count[k]) {
            get(&p, k, 1);
            flow_k_table_remove(p.ctx, &t, flow_k_table_last(&t));
            m.count[k] = 0;
            m.touched[k] = 0; /* a touched entry that is removed is in no list */
            m.living--;
        } else if (what < 12) {
            update(&p, &m, k, words);
            if (what & 1) {
                flow_k_table_touch(p.ctx, &t);
                m.touched[k] = 1;
            } else if (flow_k_table_fresh(&t)) {
                /* The number may be one that was touched under another key. */
                m.touched[k] = t.dirty_bits.room > (t.last >> 6) &&
                               (t.dirty_bits.words[t.last >> 6] >> (t.last & 63) & 1);
            }
        }
        if (what == 15 && step % 900 == 0) {
            flow_k_table_clean(&t);
            memset(m.touched, 0, sizeof m.touched);
        }
        if (step == 100 || step == 5000 || step == 59999) check_all(&p, &m);
    }
    CU_ASSERT(flow_k_table_bytes(&t) == env_state_bytes());
    flow_k_table_clear(p.ctx, &t);
    memset(&m, 0, sizeof m);
    check_all(&p, &m);
    for (int k = 0; k < 40; k++)
        update(&p, &m, k * 31, words);
    check_all(&p, &m);
    flow_k_table_clear(p.ctx, &t); /* few entries in a large index */
    memset(&m, 0, sizeof m);
    check_all(&p, &m);
    for (int k = 0; k < KEYS; k++)
        update(&p, &m, k, words);
    check_all(&p, &m);
    probe_close(&p);
}

static void test_i64(void) {
    run(FLOW_TABLE_I64, 1, 1);
    run(FLOW_TABLE_I64, 5, 2);
}

/* Integers that are close together have their slots by number: with removals and growth, at
 * the end of the range; and are hashed once one comes that is not close. */
static void test_direct(void) {
    const struct keys *forms[] = {&close_by, &close_but_one, &close_and_last};
    for (int i = 0; i < 3; i++) {
        keys = forms[i];
        for (uint64_t seed = 6; seed < 9; seed++) run(FLOW_TABLE_I64, 2, seed);
    }
    keys = &apart;
}

/* Whether they have is seen in the table; it changes with one key, and back when it grows. */
static void test_direct_mode(void) {
    flow_ctx *ctx = env_open();
    flow_table t;
    flow_k_table_init(&t, FLOW_TABLE_I64, 1);
    for (int64_t k = 0; k < 1000; k++) *flow_k_table_i64(ctx, &t, k) = (uint64_t)k;
    CU_ASSERT(t.direct);
    CU_ASSERT(!flow_k_table_find_i64(ctx, &t, 1000) && !flow_k_table_find_i64(ctx, &t, -1));
    CU_ASSERT(!flow_k_table_find_i64(ctx, &t, INT64_MAX) && !flow_k_table_find_i64(ctx, &t, INT64_MIN));
    flow_k_table_i64(ctx, &t, 1 << 20);
    CU_ASSERT(!t.direct && !flow_k_table_find_i64(ctx, &t, 1000));
    for (int64_t k = 0; k < 1000; k++) CU_ASSERT(*flow_k_table_find_i64(ctx, &t, k) == (uint64_t)k);
    CU_ASSERT(flow_k_table_find_i64(ctx, &t, 1 << 20) != NULL);
    flow_k_table_find_i64(ctx, &t, 1 << 20);
    flow_k_table_remove(ctx, &t, flow_k_table_last(&t));
    for (int64_t k = 1000; k < 4000; k++) *flow_k_table_i64(ctx, &t, k) = (uint64_t)k;
    CU_ASSERT(t.direct);
    for (int64_t k = 0; k < 4000; k++) CU_ASSERT(*flow_k_table_find_i64(ctx, &t, k) == (uint64_t)k);
    flow_k_table_clear(ctx, &t);
    CU_ASSERT(t.direct && !flow_k_table_find_i64(ctx, &t, 7));
    flow_k_table_i64(ctx, &t, INT64_MIN); /* into an empty one */
    CU_ASSERT(!t.direct && flow_k_table_find_i64(ctx, &t, INT64_MIN));
    flow_k_table_release(ctx, &t);
    env_close(ctx);
}

static void test_text(void) {
    run(FLOW_TABLE_TEXT, 1, 3);
    run(FLOW_TABLE_TEXT, 0, 4);
    run(FLOW_TABLE_TEXT, 3, 5);
}

/* Entries are numbered as they come. */
static void test_arrival(void) {
    probe p;
    flow_table t;
    probe_open(&p, &t, FLOW_TABLE_TEXT, 1);
    for (int k = KEYS - 1; k >= 0; k--)
        get(&p, k, 0);
    CU_ASSERT(flow_k_table_end(&t) == KEYS);
    for (int k = 0; k < KEYS; k += 97)
        CU_ASSERT(entry_key(&p, KEYS - 1 - k) == k);
    probe_close(&p);
}

static void test_full(void) {
    probe p;
    flow_table t;
    probe_open(&p, &t, FLOW_TABLE_TEXT, 1);
    t.limit = 4000;
    int k = 0;
    for (; k < KEYS && !flow_k_table_full(&t); k++)
        get(&p, k, 0);
    CU_ASSERT(k > 40 && k < 170);
    flow_k_table_clear(p.ctx, &t);
    CU_ASSERT(!flow_k_table_full(&t));
    probe_close(&p);
}

/* Where few keys come again the next rows pass a full table by, then it is tried again; where
 * many do it grows. */
static void test_passing(void) {
    flow_ctx *ctx = env_open();
    flow_table t;
    flow_k_table_init(&t, FLOW_TABLE_I64, 1);
    t.limit = 1600;
    t.most = 3200;
    for (int again = 0; again < 2; again++) {
        for (int64_t k = 0; k < 100; k++) flow_k_table_i64(ctx, &t, k * 1000003);
        flow_k_stage_fed(&t, again ? 200 : 100);
        if (again) {
            CU_ASSERT(!flow_k_table_full(&t) && t.limit == 3200);
            break;
        }
        CU_ASSERT(flow_k_table_full(&t) && t.limit == 1600);
        flow_k_table_clear(ctx, &t);
        int64_t passed = 0;
        while (flow_k_stage_passes(&t, 50)) passed += 50;
        CU_ASSERT(passed == 1500);
    }
    /* As large as it may be: a third of the rows must come again. */
    for (int64_t k = 100; k < 200; k++) flow_k_table_i64(ctx, &t, k * 1000003);
    CU_ASSERT(flow_k_table_full(&t) && t.passing > 0 && t.fed == 200);
    t.passing = 0;
    flow_k_stage_fed(&t, 101);
    CU_ASSERT(flow_k_table_full(&t) && t.passing == 0);
    flow_k_table_release(ctx, &t);
    env_close(ctx);
}

/* A text at the very end of its block: what lies behind must not matter. */
static void test_behind(void) {
    flow_ctx *ctx = env_open();
    flow_table t;
    flow_k_table_init(&t, FLOW_TABLE_TEXT, 1);
    for (int n = 0; n <= 20; n++) {
        uint8_t *a = env_block(ctx, "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", n);
        uint8_t *b = env_block(ctx, "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", 28);
        uint64_t *w = flow_k_table_text(ctx, &t, a, n);
        CU_ASSERT(flow_k_table_fresh(&t));
        CU_ASSERT(flow_k_table_text(ctx, &t, b, n) == w);
        CU_ASSERT(!flow_k_table_fresh(&t));
    }
    flow_k_table_release(ctx, &t);
    env_close(ctx);
}

/* Looking ahead goes through a buffer in steps and changes nothing; a small table needs none. */
static void ahead(int kind, const char *tc, int step) {
    probe p;
    flow_table t;
    probe_open(&p, &t, kind, 1);
    flow_buf *buf = env_buf(p.ctx);
    for (int k = 0; k < KEYS; k++) {
        uint64_t words[2] = {kind == FLOW_TABLE_I64 ? (uint64_t)key_int(k) : (uint64_t)p.text[k],
                             (uint64_t)p.len[k]};
        CU_ASSERT(flow_k_row_send(p.ctx, buf, 1, words, (const uint8_t *)tc) == 0);
    }
    CU_ASSERT(flow_k_table_ahead(p.ctx, &t, buf->base, buf->p, 16) == buf->p);
    for (int k = 0; k < KEYS; k += step) get(&p, k, 0)[0] = (uint64_t)k;
    int steps = 0;
    for (const uint8_t *row = buf->base; row < buf->p; steps++)
        row = flow_k_table_ahead(p.ctx, &t, row, buf->p, 16);
    CU_ASSERT(step == 1 ? steps > KEYS / 64 : steps == 1);
    CU_ASSERT_EQUAL(flow_k_table_count(&t), (KEYS + step - 1) / step);
    for (int k = 0; k < KEYS; k += step) CU_ASSERT_EQUAL(*get(&p, k, 1), (uint64_t)k);
    probe_close(&p);
}

static void test_ahead(void) {
    ahead(FLOW_TABLE_I64, "i", 1);
    ahead(FLOW_TABLE_TEXT, "s", 1);
    ahead(FLOW_TABLE_I64, "i", 10);
    keys = &close_by;
    ahead(FLOW_TABLE_I64, "i", 1);
    keys = &apart;
}

/* Keys of numbers have the hash of any bytes, and each of their bits counts. */
static void test_wide(void) {
    uint8_t bytes[32], other[32];
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 32; i++) bytes[i] = other[i] = (uint8_t)(rand() >> 7);
        for (int64_t n = 16; n <= 32; n++) {
            CU_ASSERT(flow_k_hash_wide((uint64_t)round * 77, bytes, n) ==
                      flow_k_hash_bytes((uint64_t)round * 77, bytes, n));
            CU_ASSERT(table_same_wide(bytes, other, n));
            for (int64_t bit = 0; bit < 8 * n; bit++) {
                other[bit / 8] ^= (uint8_t)(1 << bit % 8);
                CU_ASSERT(!table_same_wide(bytes, other, n));
                other[bit / 8] = bytes[bit / 8];
            }
        }
    }
}

void suite_table(void) {
    CU_pSuite s = CU_add_suite("table", 0, 0);
    CU_add_test(s, "integer keys", test_i64);
    CU_add_test(s, "integers close together", test_direct);
    CU_add_test(s, "slots by number", test_direct_mode);
    CU_add_test(s, "text keys", test_text);
    CU_add_test(s, "keys of numbers", test_wide);
    CU_add_test(s, "order of arrival", test_arrival);
    CU_add_test(s, "full", test_full);
    CU_add_test(s, "passing", test_passing);
    CU_add_test(s, "bytes behind a text", test_behind);
    CU_add_test(s, "rows ahead", test_ahead);
}
