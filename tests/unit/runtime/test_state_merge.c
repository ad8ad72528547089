/* Snapshots and deltas read as one, against plain rows; snapshots made in the background. */
#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/ckpt/compact.h"
#include "runtime/ckpt/state_merge.h"
#include "tests/unit/runtime/fake_program.h"
#include "tests/unit/runtime/saved_model.h"
#include "tests/unit/share.h"

void suite_state_merge(void);

enum { STATES = 2, PARTS = 3, FILES = 9 };
static const rt_state_id ids[STATES] = {{"a", 1, "w"}, {"b", 2, "2w"}};

typedef struct world {
    model of[STATES][PARTS];
    rt_state_writer *writers[FILES];
    rt_state_ref refs[FILES];
    rt_state_file *files[FILES];
    int64_t n;
} world;

static void world_free(world *w) {
    for (int s = 0; s < STATES; s++)
        for (int p = 0; p < PARTS; p++) model_free(&w->of[s][p]);
    for (int64_t i = 0; i < w->n; i++) {
        rt_state_file_close(w->files[i]);
        rt_state_writer_close(w->writers[i]);
    }
}

static void open_last(world *w, const char *dir) {
    rt_trouble trouble;
    int64_t len, i = w->n++;
    if (dir) {
        CU_ASSERT_FATAL(rt_state_file_open(dir, &w->refs[i], &w->files[i], &trouble) == RT_ok);
        return;
    }
    const uint8_t *bytes = rt_state_writer_bytes(w->writers[i], &len);
    CU_ASSERT_FATAL(rt_state_file_of(bytes, len, &w->refs[i], "x", &w->files[i], &trouble) ==
                    RT_ok);
}

/* One more file: changes, or all there is after them; of the first nids states. */
static void step(world *w, const char *dir, uint64_t *seed, rt_state_kind kind, int64_t nids) {
    rt_state_head head = {.kind = kind, .epoch = 1, .batch = w->n};
    rt_state_writer **out = &w->writers[w->n];
    CU_ASSERT_FATAL(rt_state_writer_open(dir, &head, ids, nids, out) == RT_ok);
    for (int s = 0; s < STATES; s++) {
        for (int p = 0; p < PARTS; p++) {
            rt_saved ops = model_changes(seed, 60);
            if (s >= nids) {
                model_free(&w->of[s][p]);
            } else {
                model_apply(&w->of[s][p], ops.p, ops.len);
                if (kind == RT_STATE_SNAP) {
                    rt_saved_free(&ops);
                    ops = model_save(&w->of[s][p]);
                }
                rt_state_writer_section(*out, s, p);
                CU_ASSERT(rt_state_writer_ops(*out, ops.p, ops.len, ops.ops) == RT_ok);
            }
            rt_saved_free(&ops);
        }
    }
    CU_ASSERT(rt_state_writer_end(*out, &w->n, sizeof w->n, &w->refs[w->n]) == RT_ok);
    open_last(w, dir);
}

static void check_rows(rt_state_file *const *files, int64_t n, const rt_state_id *id,
                       int64_t part, const model *m) {
    rt_rows *rows = rt_rows_new(files, n, id->name, id->schema, part);
    rt_trouble trouble;
    rt_saved_op op;
    rt_status status;
    rt_saved want = model_save(m);
    const uint8_t *p = want.p, *end = want.len ? want.p + want.len : want.p;
    int64_t same = 0;
    while (rt_rows_next(rows, &op, &status, &trouble)) {
        rt_saved_op row;
        if (!rt_saved_next(&p, end, &row)) break;
        same += row.klen == op.klen && row.vlen == op.vlen && op.kind == RT_SAVED_PUT &&
                !memcmp(row.key, op.key, (size_t)row.klen) &&
                !memcmp(row.value, op.value, (size_t)row.vlen);
    }
    CU_ASSERT(status == RT_ok && same == m->n && p == end);
    CU_ASSERT(!rt_rows_next(rows, &op, &status, &trouble) || same < m->n);
    rt_rows_free(rows);
    rt_saved_free(&want);
}

static void check_all(const world *w, rt_state_file *const *files, int64_t n) {
    for (int s = 0; s < STATES; s++)
        for (int p = 0; p < PARTS; p++) check_rows(files, n, &ids[s], p, &w->of[s][p]);
}

static void merge_and_check(const world *w) {
    rt_state_head head = {.kind = RT_STATE_SNAP, .batch = w->n};
    rt_state_writer *out;
    rt_state_ref ref;
    rt_trouble trouble;
    rt_state_file *snap = NULL;
    int64_t len;
    CU_ASSERT_FATAL(rt_state_writer_open(NULL, &head, ids, STATES, &out) == RT_ok);
    CU_ASSERT(rt_merge_files(w->files, w->n, ids, STATES, out, NULL, NULL, &trouble) == RT_ok);
    CU_ASSERT(rt_state_writer_end(out, NULL, 0, &ref) == RT_ok);
    const uint8_t *bytes = rt_state_writer_bytes(out, &len);
    CU_ASSERT_FATAL(rt_state_file_of(bytes, len, &ref, "snap", &snap, &trouble) == RT_ok);
    CU_ASSERT(rt_state_file_verify(snap, &trouble) == RT_ok);
    check_all(w, &snap, 1);
    rt_state_file_close(snap);
    rt_state_writer_close(out);
}

static void test_model(void) {
    for (uint64_t round = 0; round < (uint64_t)test_share(600); round++) {
        world w = {0};
        uint64_t seed = round;
        int64_t n = (int64_t)(model_random(&seed) % FILES) + 1;
        while (w.n < n) {
            uint64_t r = model_random(&seed);
            step(&w, NULL, &seed, r % 8 ? RT_STATE_DELTA : RT_STATE_SNAP, r / 8 % 12 ? 2 : 1);
        }
        check_all(&w, w.files, w.n);
        merge_and_check(&w);
        world_free(&w);
    }
}

static void test_due(void) {
    rt_state_ref refs[70] = {{.kind = RT_STATE_SNAP, .length = 10 << 20}};
    int64_t minute = 60000000;
    for (int i = 1; i < 70; i++) refs[i] = (rt_state_ref){.kind = RT_STATE_DELTA, .length = 1000};
    CU_ASSERT(!rt_snap_due(refs, 0, 0, minute));
    CU_ASSERT(!rt_snap_due(refs, 65, 0, minute));
    CU_ASSERT(rt_snap_due(refs, 66, 0, minute));
    CU_ASSERT(!rt_snap_due(refs + 1, 1, 9 * minute, minute));
    CU_ASSERT(rt_snap_due(refs + 1, 2, 9 * minute, minute));
    CU_ASSERT(!rt_snap_due(refs, 4, 9 * minute, minute));
    refs[2].length = 2 << 20;
    CU_ASSERT(rt_snap_due(refs, 4, 9 * minute, minute));
    CU_ASSERT(!rt_snap_due(refs, 4, minute / 2, minute));
    refs[2].length = 6 << 20;
    CU_ASSERT(rt_snap_due(refs, 4, 0, minute));
    refs[3].kind = RT_STATE_SNAP;
    CU_ASSERT(!rt_snap_due(refs, 5, 0, minute));
}

static rt_compacted wait_done(rt_compactor *c, rt_snap *snap) {
    rt_compacted outcome;
    CU_ASSERT(rt_compactor_busy(c));
    rt_compactor_wait(c);
    outcome = rt_compactor_done(c, snap);
    CU_ASSERT(!rt_compactor_busy(c) && rt_compactor_done(c, snap) == RT_COMPACT_NONE);
    return outcome;
}

static void test_background(void) {
    world w = {0};
    uint64_t seed = 77;
    rt_wire inlined[FILES] = {{0}};
    rt_state_head head = {.kind = RT_STATE_SNAP, .epoch = 9, .batch = 5};
    rt_snap snap;
    rt_trouble trouble;
    for (int i = 0; i < 6; i++)
        step(&w, i == 3 ? NULL : fake_dir(), &seed, RT_STATE_DELTA, STATES);
    inlined[3].p = (uint8_t *)rt_state_writer_bytes(w.writers[3], &inlined[3].n);
    rt_compactor *c = rt_compactor_new(fake_dir());
    CU_ASSERT(rt_compactor_start(c, w.refs, 6, inlined, &head, ids, STATES));
    CU_ASSERT(!rt_compactor_start(c, w.refs, 6, inlined, &head, ids, STATES));
    CU_ASSERT(wait_done(c, &snap) == RT_COMPACT_MADE && snap.replaces == 6);
    CU_ASSERT_STRING_EQUAL(snap.ref.name, "0000000005-0009.snap");
    rt_state_file *f = NULL;
    CU_ASSERT_FATAL(rt_state_file_open(fake_dir(), &snap.ref, &f, &trouble) == RT_ok);
    check_all(&w, &f, 1);
    int64_t len;
    int64_t last;
    memcpy(&last, rt_state_file_meta(f, &len), sizeof last);
    CU_ASSERT(len == 8 && last == 5);
    rt_state_file_close(f);
    /* under a name that is taken; of a file that is damaged */
    CU_ASSERT(rt_compactor_start(c, w.refs, 6, inlined, &head, ids, STATES));
    CU_ASSERT(wait_done(c, &snap) == RT_COMPACT_FAILED);
    CU_ASSERT(truncate(fake_path(w.refs[1].name), 100) == 0);
    head.batch = 6;
    CU_ASSERT(rt_compactor_start(c, w.refs, 6, inlined, &head, ids, STATES));
    CU_ASSERT(wait_done(c, &snap) == RT_COMPACT_DAMAGED);
    CU_ASSERT(access(fake_path("0000000006-0009.snap"), F_OK) < 0);
    rt_compactor_free(c);
    world_free(&w);
    fake_remove_dir();
}

/* Given up in the middle, or done and named by nobody: no file stays. */
static void test_given_up(void) {
    world w = {0};
    uint64_t seed = 78;
    rt_wire none[FILES] = {{0}};
    rt_state_head head = {.kind = RT_STATE_SNAP, .epoch = 9, .batch = 5};
    for (int i = 0; i < 3; i++) step(&w, fake_dir(), &seed, RT_STATE_DELTA, STATES);
    for (int i = 0; i < 2; i++) {
        rt_compactor *c = rt_compactor_new(fake_dir());
        CU_ASSERT(rt_compactor_start(c, w.refs, 3, none, &head, ids, STATES));
        if (i) rt_compactor_wait(c);
        rt_compactor_free(c);
        CU_ASSERT(access(fake_path("0000000005-0009.snap"), F_OK) < 0);
    }
    world_free(&w);
    fake_remove_dir();
}

static int sign(int v) { return (v > 0) - (v < 0); }

/* Byte by byte, and the shorter one first: keys that share much, of lengths around a word's. */
static void test_order(void) {
    uint64_t seed = 79;
    for (int n = 0; n < 20000; n++) {
        uint8_t keys[2][24];
        int64_t len[2], same = (int64_t)(model_random(&seed) % 20), i = 0;
        for (int k = 0; k < 2; k++) {
            len[k] = (int64_t)(model_random(&seed) % 24);
            for (int64_t b = 0; b < 24; b++)
                keys[k][b] = b < same ? 7 : (uint8_t)(model_random(&seed) % 3 * 127);
        }
        while (i < len[0] && i < len[1] && keys[0][i] == keys[1][i]) i++;
        int want = i < len[0] && i < len[1] ? keys[0][i] - keys[1][i] : (int)(len[0] - len[1]);
        CU_ASSERT_EQUAL(sign(rt_key_compare(keys[0], len[0], keys[1], len[1])), sign(want));
    }
}

void suite_state_merge(void) {
    CU_pSuite s = CU_add_suite("state_merge", NULL, NULL);
    CU_add_test(s, "the order of keys", test_order);
    CU_add_test(s, "against plain rows", test_model);
    CU_add_test(s, "when a snapshot is due", test_due);
    CU_add_test(s, "in the background", test_background);
    CU_add_test(s, "given up", test_given_up);
}
