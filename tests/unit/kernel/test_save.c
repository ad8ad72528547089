/* test_save.c - layouts, and what a track says: changes applied to the rows that were saved
 * give the rows that there are.  (States of aggregates: agg_run.c.) */
#include "runtime/kernel/k_save.h"

#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_values.h"

void suite_save(void);

static void test_layouts(void) {
    flow_layout l;
    CU_ASSERT(k_layout_read(&l, "w", NULL) && l.words == 1 && l.plain && !l.panes && !l.store);
    CU_ASSERT(k_layout_read(&l, "12w", NULL) && l.words == 12 && l.nitems == 1 && l.plain);
    CU_ASSERT(k_layout_read(&l, "wif2wb", NULL) && l.words == 1 + 1 + 3 + 2 + 2 && !l.plain);
    CU_ASSERT(k_layout_read(&l, "#cb2z", NULL) && l.words == 6 && l.panes);
    CU_ASSERT(k_layout_read(&l, "#tp", NULL) && l.words == 6);
    CU_ASSERT(!k_layout_read(&l, "w?", NULL));
    CU_ASSERT(!k_layout_read(&l, "3", NULL));
    CU_ASSERT(!k_layout_read(&l, "@", NULL));
}

enum { KEYS = 300 };

/* Rows as they were saved: by key number, a copy of the op's value. */
typedef struct rows {
    uint8_t *value[KEYS];
    uint32_t len[KEYS];
} rows;

typedef struct subject {
    flow_ctx *ctx;
    flow_table t;
    flow_layout l;
    flow_bytes bytes;
    rows saved, all;
} subject;

/* Keys are numbers, or text of them: short and long, each the beginning of none. */
static int64_t text_of(int k, char *p) {
    int64_t n = k % 3 ? 3 : 40;
    memset(p, 'a' + k % 26, 40);
    p[0] = (char)('0' + k / 100);
    p[1] = (char)('0' + k / 10 % 10);
    p[2] = (char)('0' + k % 10);
    return n;
}

static int key_of(const subject *s, const uint8_t *p, int64_t n) {
    if (s->t.kind == FLOW_TABLE_TEXT) return (p[0] - '0') * 100 + (p[1] - '0') * 10 + p[2] - '0';
    uint64_t v = 0;
    for (int64_t i = 0; i < n; i++) v = v << 8 | p[i];
    return (int)(int64_t)(v ^ (uint64_t)1 << 63) + 150;
}

static void forget(rows *r) {
    for (int k = 0; k < KEYS; k++) free(r->value[k]);
    memset(r, 0, sizeof *r);
}

/* Applies the ops, which must be in order. */
static void apply(subject *s, rows *to) {
    const uint8_t *before = NULL;
    for (const uint8_t *p = s->bytes.p, *end = p + s->bytes.len; p < end;) {
        uint32_t n[2];
        memcpy(n, p + 1, 8);
        const uint8_t *key = p + FLOW_SAVED_HEAD;
        if (before) {
            uint32_t klen;
            memcpy(&klen, before + 1, 4);
            uint32_t least = klen < n[0] ? klen : n[0];
            int c = memcmp(before + FLOW_SAVED_HEAD, key, least);
            if (!c) c = (klen > n[0]) - (klen < n[0]);
            CU_ASSERT(c < 0 || (!c && *before < *p));
        }
        before = p;
        if (*p == FLOW_SAVED_DROP) {
            CU_ASSERT(n[0] == 0);
            forget(to);
        } else {
            int k = key_of(s, key, n[0]);
            free(to->value[k]);
            to->value[k] = NULL;
            if (*p == FLOW_SAVED_PUT) {
                to->value[k] = malloc(n[1] + 1u);
                memcpy(to->value[k], key + n[0], n[1]);
                to->len[k] = n[1];
            }
        }
        p = key + n[0] + n[1];
    }
}

static uint64_t *probe(subject *s, int k, int make) {
    char text[64];
    if (s->t.kind == FLOW_TABLE_I64)
        return make ? flow_k_table_i64(s->ctx, &s->t, k - 150)
                    : flow_k_table_find_i64(s->ctx, &s->t, k - 150);
    const uint8_t *p = (const uint8_t *)text;
    int64_t n = text_of(k, text);
    return make ? flow_k_table_text(s->ctx, &s->t, p, n) : flow_k_table_find_text(s->ctx, &s->t, p, n);
}

static void change(subject *s, rnd *r) {
    int k = (int)rnd_below(r, KEYS);
    uint64_t what = rnd_below(r, 100), *w;
    if (what < 60) {
        w = probe(s, k, 1);
        w[0]++;
        char text[64];
        flow_k_cell_set(s->ctx, &s->t.heap, w + 1, (const uint8_t *)text, text_of(k, text));
    } else if (what < 80) {
        if (!(w = probe(s, k, 0))) return;
        flow_k_cell_drop(s->ctx, &s->t.heap, w + 1);
        flow_k_table_remove(s->ctx, &s->t, flow_k_table_last(&s->t));
    } else if (what < 99) {
        if (!(w = probe(s, k, 0))) return;
        w[0] += 100;
        flow_k_table_note(s->ctx, &s->t, flow_k_table_last(&s->t));
    } else if (rnd_below(r, 8) == 0) {
        flow_k_table_clear(s->ctx, &s->t);
    }
}

static void check(subject *s) {
    s->bytes.len = s->bytes.ops = 0;
    k_save_table(s->ctx, &s->t, &s->l, 0, &s->bytes);
    k_track_forget(s->ctx, &s->t);
    apply(s, &s->saved);
    s->bytes.len = s->bytes.ops = 0;
    k_save_table(s->ctx, &s->t, &s->l, 1, &s->bytes);
    CU_ASSERT(s->bytes.ops == flow_k_table_count(&s->t));
    apply(s, &s->all);
    for (int k = 0; k < KEYS; k++) {
        CU_ASSERT(!s->saved.value[k] == !s->all.value[k]);
        if (!s->saved.value[k] || !s->all.value[k]) continue;
        CU_ASSERT(s->saved.len[k] == s->all.len[k] &&
                  !memcmp(s->saved.value[k], s->all.value[k], s->all.len[k]));
    }
    forget(&s->all);
    /* And nothing more has changed. */
    s->bytes.len = s->bytes.ops = 0;
    k_save_table(s->ctx, &s->t, &s->l, 0, &s->bytes);
    CU_ASSERT(!s->bytes.ops && !s->bytes.len);
}

static void test_changes(void) {
    for (int kind = FLOW_TABLE_I64; kind <= FLOW_TABLE_TEXT; kind++) {
        rnd r = {77};
        subject s = {.ctx = env_open()};
        CU_ASSERT(k_layout_read(&s.l, "wc", NULL));
        flow_k_table_init(&s.t, kind, s.l.words);
        k_track_on(s.ctx, &s.t);
        for (int round = 0; round < 400; round++) {
            for (uint64_t i = rnd_below(&r, 200); i > 0; i--) change(&s, &r);
            check(&s);
        }
        forget(&s.saved);
        k_bytes_free(s.ctx, &s.bytes);
        flow_k_table_release(s.ctx, &s.t);
        env_close(s.ctx);
    }
}

/* Without a track nothing is noted, and nothing is to be saved. */
static void test_untracked(void) {
    subject s = {.ctx = env_open()};
    CU_ASSERT(k_layout_read(&s.l, "wc", NULL));
    flow_k_table_init(&s.t, FLOW_TABLE_I64, s.l.words);
    probe(&s, 7, 1)[0] = 1;
    k_save_table(s.ctx, &s.t, &s.l, 0, &s.bytes);
    CU_ASSERT(!s.bytes.ops);
    k_track_on(s.ctx, &s.t);
    CU_ASSERT(k_track_bytes(&s.t) > 0);
    k_save_table(s.ctx, &s.t, &s.l, 0, &s.bytes); /* what was there counts as saved */
    CU_ASSERT(!s.bytes.ops);
    k_track_off(s.ctx, &s.t);
    CU_ASSERT(!s.t.track && !k_track_bytes(&s.t));
    k_bytes_free(s.ctx, &s.bytes);
    flow_k_table_release(s.ctx, &s.t);
    env_close(s.ctx);
}

/* All saved rows into another table; the row `twice` comes two times (-1: none does). */
static int load(subject *s, flow_table *t, int64_t twice) {
    int good = 1;
    int64_t i = 0;
    for (const uint8_t *p = s->bytes.p, *end = p + s->bytes.len; p < end && good; i++) {
        uint32_t n[2];
        memcpy(n, p + 1, 8);
        const uint8_t *key = p + FLOW_SAVED_HEAD, *value = key + n[0];
        for (int k = 0; k < 1 + (i == twice); k++)
            good = good && k_load_row(s->ctx, t, &s->l, key, n[0], value, n[1]);
        p = value + n[1];
    }
    return good;
}

/* What was loaded is found by its keys, and takes new ones; a row that comes twice is
 * refused. */
static void test_loaded(void) {
    for (int kind = FLOW_TABLE_I64; kind <= FLOW_TABLE_TEXT; kind++) {
        subject s = {.ctx = env_open()};
        flow_table other;
        CU_ASSERT(k_layout_read(&s.l, "wc", NULL));
        flow_k_table_init(&s.t, kind, s.l.words);
        for (int k = 0; k < KEYS; k += 2) probe(&s, k, 1)[0] = (uint64_t)k + 1;
        k_save_table(s.ctx, &s.t, &s.l, 1, &s.bytes);
        for (int k = -1; k < KEYS / 2; k += 50) {
            flow_k_table_init(&other, kind, s.l.words);
            CU_ASSERT(load(&s, &other, k) == (k < 0));
            flow_k_table_release(s.ctx, &other);
        }
        flow_table from = s.t;
        flow_k_table_init(&s.t, kind, s.l.words);
        k_load_room(s.ctx, &s.t, 1000);
        CU_ASSERT(load(&s, &s.t, -1));
        k_load_end(s.ctx, &s.t, &s.l);
        CU_ASSERT(flow_k_table_count(&s.t) == KEYS / 2);
        for (int k = 0; k < KEYS; k++) {
            uint64_t *w = probe(&s, k, 0);
            CU_ASSERT(k % 2 ? !w : w && *w == (uint64_t)k + 1);
            probe(&s, k, 1)[0] += 7;
            CU_ASSERT(flow_k_table_fresh(&s.t) == k % 2);
        }
        CU_ASSERT(flow_k_table_count(&s.t) == KEYS);
        k_bytes_free(s.ctx, &s.bytes);
        flow_k_table_release(s.ctx, &from);
        flow_k_table_release(s.ctx, &s.t);
        env_close(s.ctx);
    }
}

void suite_save(void) {
    CU_pSuite s = CU_add_suite("save", NULL, NULL);
    CU_add_test(s, "layouts", test_layouts);
    CU_add_test(s, "changes", test_changes);
    CU_add_test(s, "untracked", test_untracked);
    CU_add_test(s, "loaded", test_loaded);
}
