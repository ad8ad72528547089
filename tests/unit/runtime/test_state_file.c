/* State files: what is written is read; what was cut, flipped, moved or forged is refused. */
#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/base/crc32c.h"
#include "runtime/base/rt_arena.h"
#include "runtime/ckpt/state_file.h"
#include "runtime/ckpt/state_form.h"
#include "runtime/ckpt/state_ops.h"
#include "tests/unit/runtime/fake_program.h"
#include "tests/unit/runtime/saved_model.h"
#include "tests/unit/share.h"

void suite_state_file(void);

static const rt_state_id ids[] = {{"count by word", 0x1234, "2w"},
                                  {"join \xc3\xa9", 0x99, ""},
                                  {"empty", 1, "#w"}};
static const rt_state_head head = {.kind = RT_STATE_DELTA, .epoch = 7, .batch = 42,
                                   .job = "fifteen bytes ."};

enum { SECTIONS = 4 };
static const int places[SECTIONS][2] = {{0, 0}, {0, 63}, {1, 5}, {2, 1}};

typedef struct lists {
    rt_saved of[SECTIONS];
} lists;

static lists make_lists(uint64_t seed, int64_t most) {
    lists l;
    for (int i = 0; i < SECTIONS; i++) l.of[i] = model_changes(&seed, most);
    return l;
}

static void free_lists(lists *l) {
    for (int i = 0; i < SECTIONS; i++) rt_saved_free(&l->of[i]);
}

static rt_state_writer *write_lists(const char *dir, const lists *l, rt_state_ref *ref) {
    rt_state_writer *w = NULL;
    CU_ASSERT_FATAL(rt_state_writer_open(dir, &head, ids, 3, &w) == RT_ok);
    for (int i = 0; i < SECTIONS; i++) {
        rt_state_writer_section(w, places[i][0], places[i][1]);
        CU_ASSERT(rt_state_writer_ops(w, l->of[i].p, l->of[i].len, l->of[i].ops) == RT_ok);
    }
    CU_ASSERT(rt_state_writer_end(w, "meta", 4, ref) == RT_ok);
    return w;
}

static void check_lists(const rt_state_file *f, const lists *l) {
    rt_trouble trouble;
    for (int i = 0; i < SECTIONS; i++) {
        rt_wire got = {0};
        const rt_state_section *s = rt_state_file_section(f, places[i][0], places[i][1]);
        CU_ASSERT((s == NULL) == (l->of[i].ops == 0));
        CU_ASSERT(model_read(f, s, &got, &trouble) == RT_ok);
        CU_ASSERT(got.n == l->of[i].len && (!got.n || !memcmp(got.p, l->of[i].p, (size_t)got.n)));
        rt_wire_free(&got);
    }
    CU_ASSERT(rt_state_file_section(f, 0, 1) == NULL);
    rt_wire none = {0};
    CU_ASSERT(model_read(f, NULL, &none, &trouble) == RT_ok && !none.n);
    CU_ASSERT(rt_state_file_verify(f, &trouble) == RT_ok);
}

static void test_names(void) {
    char name[64];
    int64_t batch;
    uint32_t epoch;
    rt_state_kind kind;
    rt_state_ref_name(name, sizeof name, 42, 7, RT_STATE_SNAP);
    CU_ASSERT_STRING_EQUAL(name, "0000000042-0007.snap");
    CU_ASSERT(rt_state_ref_parse(name, &batch, &epoch, &kind));
    CU_ASSERT(batch == 42 && epoch == 7 && kind == RT_STATE_SNAP);
    rt_state_ref_name(name, sizeof name, INT64_MAX, UINT32_MAX, RT_STATE_DELTA);
    CU_ASSERT(rt_state_ref_parse(name, &batch, &epoch, &kind));
    CU_ASSERT(batch == INT64_MAX && epoch == UINT32_MAX && kind == RT_STATE_DELTA);
    const char *const others[] = {"", "x", "1-1.snap", "0000000042-0007", "0000000042-0007.snap~", "0000000042.snap", "0000000042-x007.snap", ":0-0007.snap",
                                  "-000000042-0007.snap", "0000000042--007.snap",
                                  "../0000000042-0007.snap"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        CU_ASSERT(!rt_state_ref_parse(others[i], &batch, &epoch, &kind));
}

static void test_ref(void) {
    rt_state_ref ref = {"0000000042-0007.snap", 1000, 0xabcdef, RT_STATE_SNAP, 7, 42};
    rt_wire w = {0};
    rt_state_ref_write(&w, &ref);
    for (int64_t cut = 0; cut <= w.n; cut++) {
        rt_unwire r = rt_unwire_of(w.p, cut);
        rt_state_ref got = rt_state_ref_read(&r);
        CU_ASSERT(r.bad == (cut < w.n));
        CU_ASSERT(r.bad || (!strcmp(got.name, ref.name) && got.length == 1000 &&
                            got.crc == ref.crc && got.epoch == 7 && got.batch == 42));
    }
    memcpy(w.p + 8, "../etc/x", 8);
    rt_unwire r = rt_unwire_of(w.p, w.n);
    rt_state_ref_read(&r);
    CU_ASSERT(r.bad);
    rt_wire_free(&w);
}

/* Each number alone may make no sense; a file without a name has none that could differ. */
static void test_odd_ref(void) {
    static const rt_state_ref odd[] = {{"", 1000, 1, RT_STATE_SNAP, 7, 42},
                                       {"", -1, 1, RT_STATE_SNAP, 7, 42},
                                       {"", 1000, 1, RT_STATE_SNAP, 7, -1},
                                       {"", 1000, 1, (rt_state_kind)9, 7, 42},
                                       {"0000000042-0007.delta", 1000, 1, RT_STATE_SNAP, 7, 42}};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        rt_wire w = {0};
        rt_state_ref_write(&w, &odd[i]);
        rt_unwire r = rt_unwire_of(w.p, w.n);
        rt_state_ref_read(&r);
        CU_ASSERT_EQUAL(r.bad, i > 0);
        rt_wire_free(&w);
    }
}

static void test_file(void) {
    for (uint64_t seed = 0; seed < 20; seed++) {
        lists l = make_lists(seed, 60);
        rt_state_ref ref, in_memory;
        rt_trouble trouble;
        int64_t len, n;
        rt_state_writer *w = write_lists(fake_dir(), &l, &ref);
        CU_ASSERT(rt_state_writer_sync(w) == RT_ok);
        rt_state_writer_close(w);
        rt_state_file *f = NULL;
        CU_ASSERT_FATAL(rt_state_file_open(fake_dir(), &ref, &f, &trouble) == RT_ok);
        check_lists(f, &l);
        CU_ASSERT(!memcmp(rt_state_file_meta(f, &n), "meta", 4) && n == 4);
        CU_ASSERT(rt_state_file_head(f).batch == 42 && rt_state_file_head(f).epoch == 7);
        CU_ASSERT(!memcmp(rt_state_file_head(f).job, head.job, 16));
        CU_ASSERT(rt_state_file_find(f, "count by word", 0x1234) == 0);
        CU_ASSERT(rt_state_file_find(f, "count by word", 0x1235) == -1);
        CU_ASSERT(rt_state_file_find(f, "empty", 1) == 2);
        rt_state_file_close(f);
        rt_state_writer *m = write_lists(NULL, &l, &in_memory);
        const uint8_t *bytes = rt_state_writer_bytes(m, &len);
        char *file = fake_read(fake_path(ref.name), &n);
        CU_ASSERT(n == len && n == ref.length && !memcmp(file, bytes, (size_t)n));
        CU_ASSERT(in_memory.crc == ref.crc && !in_memory.name[0]);
        free(file);
        CU_ASSERT(rt_state_file_of(bytes, len, &in_memory, "x", &f, &trouble) == RT_ok);
        check_lists(f, &l);
        rt_state_file_close(f);
        rt_state_writer_close(m);
        free_lists(&l);
        fake_remove_dir();
    }
}

/* Ops longer than a block, and more than the buffers hold. */
static void test_large(void) {
    rt_saved s = {0};
    uint8_t *value = rt_alloc(300000);
    for (int i = 0; i < 300000; i++) value[i] = (uint8_t)(i * 7 + i / 1000);
    for (int i = 0; i < 200; i++) {
        uint8_t key[2] = {(uint8_t)(i / 10), (uint8_t)(i % 10)};
        rt_saved_put(&s, RT_SAVED_PUT, key, 2, value, i % 9 ? i * 3 : 100000 + i * 1000);
    }
    rt_state_writer *w = NULL;
    rt_state_ref ref;
    rt_trouble trouble;
    CU_ASSERT_FATAL(rt_state_writer_open(fake_dir(), &head, ids, 3, &w) == RT_ok);
    rt_state_writer_section(w, 0, 0);
    CU_ASSERT(rt_state_writer_ops(w, s.p, s.len, s.ops) == RT_ok);
    rt_state_writer_section(w, 1, 0);
    CU_ASSERT(rt_state_writer_ops(w, s.p, s.len, s.ops) == RT_ok);
    CU_ASSERT(rt_state_writer_end(w, NULL, 0, &ref) == RT_ok);
    rt_state_writer_close(w);
    rt_state_file *f = NULL;
    CU_ASSERT_FATAL(rt_state_file_open(fake_dir(), &ref, &f, &trouble) == RT_ok);
    for (int state = 0; state < 2; state++) {
        rt_wire got = {0};
        CU_ASSERT(model_read(f, rt_state_file_section(f, state, 0), &got, &trouble) == RT_ok);
        CU_ASSERT(got.n == s.len && !memcmp(got.p, s.p, (size_t)got.n));
        rt_wire_free(&got);
    }
    rt_state_file_close(f);
    rt_saved_free(&s);
    free(value);
    fake_remove_dir();
}

/* A small image; malloc of exactly its length, so that a read beyond it is seen. */
static uint8_t *image(uint64_t seed, int64_t *len, rt_state_ref *ref) {
    lists l = make_lists(seed, 12);
    rt_state_writer *w = write_lists(NULL, &l, ref);
    const uint8_t *bytes = rt_state_writer_bytes(w, len);
    uint8_t *copy = rt_alloc((size_t)*len);
    memcpy(copy, bytes, (size_t)*len);
    rt_state_writer_close(w);
    free_lists(&l);
    return copy;
}

/* Opens and reads all of it: RT_ok or RT_refused, and nothing worse. */
static rt_status read_all(const uint8_t *bytes, int64_t len, const rt_state_ref *ref) {
    rt_trouble trouble = {""};
    rt_state_file *f = NULL;
    rt_status status = rt_state_file_of(bytes, len, ref, "here", &f, &trouble);
    CU_ASSERT((f != NULL) == (status == RT_ok));
    if (status == RT_ok) {
        status = rt_state_file_verify(f, &trouble);
        rt_state_file_close(f);
    }
    CU_ASSERT(status == RT_ok || status == RT_refused);
    CU_ASSERT(status == RT_ok || !strncmp(trouble.text, "here is ", 8));
    return status;
}

static void test_cut(void) {
    int64_t len;
    rt_state_ref ref;
    uint8_t *bytes = image(3, &len, &ref);
    for (int64_t cut = 0; cut < len; cut++) {
        uint8_t *shorter = rt_alloc((size_t)cut + !cut);
        memcpy(shorter, bytes, (size_t)cut);
        CU_ASSERT(read_all(shorter, cut, &ref) == RT_refused);
        CU_ASSERT(read_all(shorter, cut, NULL) == RT_refused);
        free(shorter);
    }
    CU_ASSERT(read_all(bytes, len, &ref) == RT_ok && read_all(bytes, len, NULL) == RT_ok);
    free(bytes);
}

static void test_flip(void) {
    int64_t len;
    rt_state_ref ref;
    uint8_t *bytes = image(4, &len, &ref);
    for (int64_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CU_ASSERT(read_all(bytes, len, NULL) == RT_refused);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    free(bytes);
}

/* Two blocks of one file that have changed places; a file under the name of another. */
static void test_moved(void) {
    rt_saved s = {0};
    uint8_t value[30] = {0};
    for (int i = 0; i < 5000; i++) {
        uint8_t key[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        rt_saved_put(&s, RT_SAVED_PUT, key, 2, value, 30);
    }
    rt_state_writer *w = NULL;
    rt_state_ref ref, other;
    int64_t len;
    CU_ASSERT_FATAL(rt_state_writer_open(NULL, &head, ids, 3, &w) == RT_ok);
    rt_state_writer_section(w, 0, 0);
    CU_ASSERT(rt_state_writer_ops(w, s.p, s.len, s.ops) == RT_ok);
    CU_ASSERT(rt_state_writer_end(w, NULL, 0, &ref) == RT_ok);
    uint8_t *bytes = (uint8_t *)rt_state_writer_bytes(w, &len), block[RT_STATE_BLOCK];
    CU_ASSERT(read_all(bytes, len, &ref) == RT_ok);
    memcpy(block, bytes + RT_STATE_HEAD, RT_STATE_BLOCK);
    memcpy(bytes + RT_STATE_HEAD, bytes + RT_STATE_HEAD + RT_STATE_BLOCK, RT_STATE_BLOCK);
    memcpy(bytes + RT_STATE_HEAD + RT_STATE_BLOCK, block, RT_STATE_BLOCK);
    CU_ASSERT(read_all(bytes, len, &ref) == RT_refused);
    rt_state_writer_close(w);
    rt_saved_free(&s);
    int64_t one, two;
    uint8_t *a = image(1, &one, &ref), *b = image(2, &two, &other);
    CU_ASSERT(read_all(a, one, &other) == RT_refused);
    other.length = one;
    CU_ASSERT(read_all(a, one, &other) == RT_refused);
    free(a);
    free(b);
}

static void set_u32(uint8_t *p, uint32_t v) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> 8 * i);
}

/* Makes all checksums right again, as far as the lengths in the tail allow. */
static void repair(uint8_t *bytes, int64_t len) {
    uint8_t *tail = bytes + len - RT_STATE_TAIL;
    rt_unwire r = rt_unwire_of(tail, RT_STATE_TAIL);
    int64_t body = rt_unwire_i64(&r), footer = rt_unwire_i64(&r);
    int64_t rest = len - RT_STATE_HEAD - RT_STATE_TAIL;
    uint32_t head_crc = rt_crc32c(0, bytes, RT_STATE_HEAD - 4);
    set_u32(bytes + RT_STATE_HEAD - 4, head_crc);
    set_u32(tail + 16, head_crc);
    if (body >= 0 && footer >= 0 && body <= rest && footer == rest - body) {
        int64_t blocks = (body + RT_STATE_BLOCK - 1) / RT_STATE_BLOCK;
        uint8_t *sums = tail - 4 * blocks;
        for (int64_t i = 0; 4 * blocks <= footer && i < blocks; i++) {
            int64_t n = body - i * RT_STATE_BLOCK;
            set_u32(sums + 4 * i, rt_crc32c(0, bytes + RT_STATE_HEAD + i * RT_STATE_BLOCK,
                                            n < RT_STATE_BLOCK ? n : RT_STATE_BLOCK));
        }
        set_u32(tail + 20, rt_crc32c(0, bytes + RT_STATE_HEAD + body, footer));
    }
    set_u32(tail + 28, rt_crc32c(0, tail, RT_STATE_TAIL - 4));
}

/* A hostile file: its checksums fit, what it says does not.  It is read or refused. */
static void test_forged(void) {
    int64_t good = 0, all = test_share(20000);
    for (uint64_t seed = 0; seed < (uint64_t)all; seed++) {
        int64_t len;
        rt_state_ref ref;
        uint64_t random = seed;
        uint8_t *bytes = image(seed % 50, &len, &ref);
        for (uint64_t k = model_random(&random) % 4 + 1; k; k--) {
            uint64_t r = model_random(&random);
            static const uint64_t odd[] = {0, 1, 0x7f, 0xff, 0x7fffffff, 0xffffffff,
                                           UINT64_C(0x7fffffffffffffff), UINT64_MAX};
            int64_t at = (int64_t)(r >> 8) % len, n = r & 8 ? 8 : 1;
            uint64_t v = r & 16 ? odd[r & 7] : model_random(&random);
            for (int64_t i = 0; i < n && at + i < len; i++)
                bytes[at + i] = (uint8_t)(v >> 8 * i);
        }
        repair(bytes, len);
        good += read_all(bytes, len, NULL) == RT_ok;
        free(bytes);
    }
    CU_ASSERT(good > 0 && good < all);
}

/* Nothing but head and tail: an index of no bytes says nothing. */
static void test_no_index(void) {
    int64_t len;
    rt_state_ref ref;
    uint8_t *bytes = image(3, &len, &ref), none[RT_STATE_HEAD + RT_STATE_TAIL];
    memcpy(none, bytes, RT_STATE_HEAD);
    memcpy(none + RT_STATE_HEAD, bytes + len - RT_STATE_TAIL, RT_STATE_TAIL);
    memset(none + RT_STATE_HEAD, 0, 16);
    repair(none, sizeof none);
    CU_ASSERT(read_all(none, sizeof none, NULL) == RT_refused);
    free(bytes);
}

static rt_state_writer *one_section(const char *dir, const rt_saved *s, rt_state_ref *ref) {
    rt_state_writer *w = NULL;
    CU_ASSERT_FATAL(rt_state_writer_open(dir, &head, ids, 3, &w) == RT_ok);
    rt_state_writer_section(w, 0, 0);
    CU_ASSERT(rt_state_writer_ops(w, s->p, s->len, s->ops) == RT_ok);
    CU_ASSERT(rt_state_writer_end(w, NULL, 0, ref) == RT_ok);
    return w;
}

/* One op: what is no kind, a value where none can be, and more than may be, are no op. */
static void test_op(void) {
    uint8_t bytes[FLOW_SAVED_HEAD + 5] = {RT_SAVED_PUT, 2, 0, 0, 0, 3, 0, 0, 0, 'k', 'k', 'v', 'v', 'v'};
    const int64_t n = sizeof bytes;
    rt_saved_op op;
    int64_t need;
    CU_ASSERT_EQUAL(rt_op_read(bytes, n, n, &op, &need), n);
    CU_ASSERT(need == n && op.klen == 2 && op.vlen == 3 && op.kind == RT_SAVED_PUT);
    CU_ASSERT_EQUAL(rt_op_read(bytes, n - 1, n, &op, &need), 0);
    CU_ASSERT_EQUAL(need, n);
    CU_ASSERT_EQUAL(rt_op_read(bytes, n, n - 1, &op, &need), -1);
    for (int kind = 0; kind < 256; kind++) {
        bytes[0] = (uint8_t)kind, bytes[5] = 0;
        int known = kind >= RT_SAVED_DROP && kind <= RT_SAVED_PUT;
        CU_ASSERT_EQUAL(rt_op_read(bytes, n, n, &op, &need), known ? n - 3 : -1);
        bytes[5] = 3;
        CU_ASSERT_EQUAL(rt_op_read(bytes, n, n, &op, &need), kind == RT_SAVED_PUT ? n : -1);
    }
}

/* Blocks that end anywhere in an op; one that ends with the last, or a byte before or behind. */
static void test_blocks(void) {
    uint8_t key[3], *value = rt_alloc(2 << 20);
    for (int i = 0; i < 2 << 20; i++) value[i] = (uint8_t)(i * 5 + i / 777);
    static const int64_t sizes[][3] = {
        {40000, 0, 40000}, {30000, 1, 7}, {1, RT_STATE_BLOCK - 12, 0}, {1, RT_STATE_BLOCK - 13, 0},
        {1, RT_STATE_BLOCK - 11, 0}, {4, 700000, 0}, {3, 300000, 9}};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        rt_saved s = {0};
        rt_state_ref ref;
        rt_state_file *f = NULL;
        rt_trouble trouble;
        int64_t len;
        rt_wire got = {0};
        for (int64_t i = 0; i < sizes[k][0]; i++) {
            key[0] = (uint8_t)(i >> 16), key[1] = (uint8_t)(i >> 8), key[2] = (uint8_t)i;
            rt_saved_put(&s, sizes[k][1] ? RT_SAVED_PUT : RT_SAVED_DEL, key, 3, value,
                         sizes[k][1] + (sizes[k][2] && sizes[k][1] ? i % sizes[k][2] : 0));
        }
        rt_state_writer *w = one_section(NULL, &s, &ref);
        const uint8_t *bytes = rt_state_writer_bytes(w, &len);
        CU_ASSERT_FATAL(rt_state_file_of(bytes, len, &ref, "x", &f, &trouble) == RT_ok);
        CU_ASSERT(rt_state_file_verify(f, &trouble) == RT_ok);
        CU_ASSERT(model_read(f, rt_state_file_section(f, 0, 0), &got, &trouble) == RT_ok);
        CU_ASSERT(got.n == s.len && !memcmp(got.p, s.p, (size_t)got.n));
        CU_ASSERT(rt_state_file_length(f) == len && rt_state_file_crc(f) == ref.crc);
        rt_wire_free(&got);
        rt_state_file_close(f);
        rt_state_writer_close(w);
        rt_saved_free(&s);
    }
    free(value);
}

/* A file that others cut while it is read, and ways to it that lead nowhere. */
static void test_while_read(void) {
    lists l = make_lists(5, 30);
    rt_state_ref ref;
    rt_trouble trouble;
    rt_state_file *f = NULL;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char path[4096];
    rt_state_writer_close(write_lists(fake_dir(), &l, &ref));
    snprintf(path, sizeof path, "%s", fake_path(ref.name));
    CU_ASSERT_FATAL(rt_state_file_open(fake_dir(), &ref, &f, &trouble) == RT_ok);
    CU_ASSERT(truncate(path, RT_STATE_HEAD + 3) == 0);
    CU_ASSERT(rt_state_file_verify(f, &trouble) == RT_refused);
    CU_ASSERT(strstr(trouble.text, "it became shorter") != NULL);
    rt_state_file_close(f);
    CU_ASSERT(rt_state_file_open(path, &ref, &f, &trouble) == RT_refused);
    CU_ASSERT(strstr(trouble.text, "is missing") != NULL);
    CU_ASSERT(unlink(path) == 0);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%.100s", path);
    CU_ASSERT(bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
    CU_ASSERT(rt_state_file_open(fake_dir(), &ref, &f, &trouble) == RT_refused);
    CU_ASSERT(strstr(trouble.text, "cannot be opened") != NULL);
    close(fd);
    CU_ASSERT(unlink(path) == 0);
    /* by its path anything may read it that can */
    rt_state_writer_close(write_lists(fake_dir(), &l, &ref));
    CU_ASSERT(chmod(path, 0666) == 0);
    CU_ASSERT(rt_state_file_open_path(path, &f, &trouble) == RT_ok);
    CU_ASSERT(rt_state_file_find(f, "empty", 0x1234) == -1);
    rt_state_file_close(f);
    rt_state_file_close(NULL);
    rt_op_reader_free(NULL);
    free_lists(&l);
    fake_remove_dir();
}

static void test_odd_files(void) {
    lists l = make_lists(5, 30);
    rt_state_ref ref;
    rt_trouble trouble;
    rt_state_file *f;
    char path[4096], other[4096];
    rt_state_writer_close(write_lists(fake_dir(), &l, &ref));
    snprintf(path, sizeof path, "%s", fake_path(ref.name));
    snprintf(other, sizeof other, "%s", fake_path("other"));
    rt_state_writer *w;
    CU_ASSERT(rt_state_writer_open(fake_dir(), &head, ids, 3, &w) == RT_io && !w);
    CU_ASSERT(chmod(path, 0666) == 0);
    CU_ASSERT(rt_state_file_open(fake_dir(), &ref, &f, &trouble) == RT_refused);
    CU_ASSERT(strstr(trouble.text, "written by others") != NULL);
    CU_ASSERT(chmod(path, 0600) == 0 && rename(path, other) == 0);
    CU_ASSERT(rt_state_file_open(fake_dir(), &ref, &f, &trouble) == RT_refused);
    CU_ASSERT(strstr(trouble.text, "is missing") && strstr(trouble.text, ref.name));
    CU_ASSERT(symlink(other, path) == 0);
    CU_ASSERT(rt_state_file_open(fake_dir(), &ref, &f, &trouble) == RT_refused);
    CU_ASSERT(unlink(path) == 0 && mkdir(path, 0700) == 0);
    CU_ASSERT(rt_state_file_open(fake_dir(), &ref, &f, &trouble) == RT_refused);
    CU_ASSERT(rmdir(path) == 0 && mkfifo(path, 0600) == 0);
    CU_ASSERT(rt_state_file_open(fake_dir(), &ref, &f, &trouble) == RT_refused);
    CU_ASSERT(unlink(path) == 0 && rename(other, path) == 0);
    CU_ASSERT(rt_state_file_open(fake_dir(), &ref, &f, &trouble) == RT_ok);
    rt_state_file_close(f);
    free_lists(&l);
    fake_remove_dir();
}

void suite_state_file(void) {
    CU_pSuite s = CU_add_suite("state_file", NULL, NULL);
    CU_add_test(s, "names", test_names);
    CU_add_test(s, "references", test_ref);
    CU_add_test(s, "files that make no sense", test_odd_ref);
    CU_add_test(s, "written and read", test_file);
    CU_add_test(s, "larger than buffers", test_large);
    CU_add_test(s, "cut at every byte", test_cut);
    CU_add_test(s, "every bit flipped", test_flip);
    CU_add_test(s, "moved", test_moved);
    CU_add_test(s, "forged", test_forged);
    CU_add_test(s, "odd files", test_odd_files);
    CU_add_test(s, "no index", test_no_index);
    CU_add_test(s, "one op", test_op);
    CU_add_test(s, "blocks", test_blocks);
    CU_add_test(s, "while it is read", test_while_read);
}
