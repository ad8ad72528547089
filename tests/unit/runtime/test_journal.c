/* The journal of a checkpoint: checksums, packed bytes, records cut and flipped anywhere. */
#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/rt_arena.h"
#include "runtime/base/crc32c.h"
#include "runtime/ckpt/journal.h"
#include "runtime/base/wire.h"
#include "tests/unit/runtime/fake_program.h"

void suite_journal(void);

static void test_crc(void) {
    /* RFC 3720, appendix B.4, and the check value of the catalogue of CRCs */
    uint8_t zeros[32] = {0}, ones[32], up[32];
    memset(ones, 0xff, 32);
    for (int i = 0; i < 32; i++) up[i] = (uint8_t)i;
    CU_ASSERT(rt_crc32c(0, zeros, 32) == 0x8a9136aa);
    CU_ASSERT(rt_crc32c(0, ones, 32) == 0x62a8ab43);
    CU_ASSERT(rt_crc32c(0, up, 32) == 0x46dd794e);
    CU_ASSERT(rt_crc32c(0, "123456789", 9) == 0xe3069283);
    uint8_t text[300];
    for (int i = 0; i < 300; i++) text[i] = (uint8_t)(i * 31 + i / 7);
    for (int n = 0; n < 300; n++) {
        uint32_t whole = rt_crc32c(0, text, n);
        CU_ASSERT(whole == rt_crc32c_portable(0, text, n));
        CU_ASSERT(whole == rt_crc32c(rt_crc32c(0, text, n / 3), text + n / 3, n - n / 3));
    }
}

static void test_pack(void) {
    rt_wire w = {0};
    rt_wire_u8(&w, 7);
    rt_wire_u32(&w, 0xdeadbeef);
    rt_wire_i64(&w, INT64_MIN);
    rt_wire_text(&w, "out/x.csv");
    rt_wire_bytes(&w, NULL, 0);
    for (int64_t cut = 0; cut <= w.n; cut++) {
        rt_unwire r = rt_unwire_of(w.p, cut);
        int64_t n, none;
        uint8_t a = rt_unwire_u8(&r);
        uint32_t b = rt_unwire_u32(&r);
        int64_t c = rt_unwire_i64(&r);
        const uint8_t *t = rt_unwire_bytes(&r, &n);
        rt_unwire_bytes(&r, &none);
        CU_ASSERT(rt_unwire_done(&r) == (cut == w.n));
        if (cut < w.n) continue;
        CU_ASSERT(a == 7 && b == 0xdeadbeef && c == INT64_MIN && none == 0);
        CU_ASSERT(n == 9 && !memcmp(t, "out/x.csv", 9));
    }
    uint8_t huge[8];
    memset(huge, 0xff, 8);
    rt_unwire r = rt_unwire_of(huge, 8);
    CU_ASSERT(rt_unwire_count(&r, 4) == 0 && r.bad);
    rt_wire_free(&w);
}

enum { RECORDS = 5 };
static const char *const texts[RECORDS] = {"plan 0", "", "a longer commit, of batch 0", "x",
                                           "the last"};

/* A journal of five records; returns the bytes of its file.  `syncs`: after each. */
static uint8_t *make(int64_t *len, bool syncs) {
    rt_journal *j = NULL;
    CU_ASSERT_FATAL(rt_journal_begin(fake_dir(), NULL, 0, 0, &j) == RT_ok);
    for (int i = 0; i < RECORDS; i++) {
        CU_ASSERT(rt_journal_append(j, 3, (rt_record_type)(i % 3 + 1), texts[i],
                                    (int64_t)strlen(texts[i])) == RT_ok);
        if (syncs) CU_ASSERT(rt_journal_sync(j) == RT_ok);
    }
    CU_ASSERT(rt_journal_next(j) == RECORDS);
    rt_journal_close(j);
    return (uint8_t *)fake_read(fake_path("journal"), len);
}

/* The records are the first n of those made. */
static void check_prefix(const rt_journal_text *t, int64_t most) {
    CU_ASSERT(t->n <= most);
    for (int64_t i = 0; i < t->n; i++) {
        const rt_record *r = &t->records[i];
        CU_ASSERT(r->seq == (uint64_t)i && r->epoch == 3 && (int)r->type == i % 3 + 1);
        CU_ASSERT(r->len == (int64_t)strlen(texts[i]));
        CU_ASSERT(!memcmp(r->payload, texts[i], (size_t)r->len));
    }
}

static rt_journal_text parse_copy(const uint8_t *bytes, int64_t len) {
    uint8_t *copy = rt_alloc((size_t)len + 1);
    memcpy(copy, bytes, (size_t)len);
    return rt_journal_parse(copy, len);
}

static void test_cut(void) {
    int64_t len;
    uint8_t *bytes = make(&len, true);
    for (int64_t cut = 0; cut <= len; cut++) {
        rt_journal_text t = parse_copy(bytes, cut);
        check_prefix(&t, RECORDS);
        CU_ASSERT(t.tail == (t.tail_at == cut ? RT_TAIL_CLEAN : RT_TAIL_TORN));
        CU_ASSERT(cut < len || t.n == RECORDS);
        rt_journal_text_free(&t);
    }
    free(bytes);
    fake_remove_dir();
}

static void test_flip(void) {
    int64_t len;
    uint8_t *bytes = make(&len, true);
    rt_journal_text whole = parse_copy(bytes, len);
    int64_t last = whole.records[RECORDS - 1].payload - whole.bytes - 36;
    for (int64_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        rt_journal_text t = parse_copy(bytes, len);
        check_prefix(&t, RECORDS - 1);
        CU_ASSERT(t.tail == (bit / 8 < last ? RT_TAIL_DAMAGED : RT_TAIL_TORN));
        rt_journal_text_free(&t);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    rt_journal_text_free(&whole);
    free(bytes);
    fake_remove_dir();
}

/* Of records that were never synced a power loss may take any: the first of them, too. */
static void test_unsynced(void) {
    int64_t len;
    uint8_t *bytes = make(&len, false);
    memset(bytes, 0, 40);
    rt_journal_text t = parse_copy(bytes, len);
    CU_ASSERT(t.n == 0 && t.tail == RT_TAIL_TORN);
    rt_journal_text_free(&t);
    free(bytes);
    fake_remove_dir();
}

/* Recovery: what is kept is written anew, and more follows with the next numbers. */
static void test_rewrite(void) {
    int64_t len;
    int found;
    free(make(&len, true));
    rt_journal_text t;
    CU_ASSERT(rt_journal_load(fake_dir(), &t, &found) == RT_ok && found && t.n == RECORDS);
    rt_journal *j = NULL;
    CU_ASSERT(rt_journal_begin(fake_dir(), t.records + 2, 2, 4, &j) == RT_ok);
    CU_ASSERT(rt_journal_append(j, 4, RT_DONE, "more", 4) == RT_ok);
    CU_ASSERT(rt_journal_sync(j) == RT_ok);
    rt_journal_close(j);
    rt_journal_text again;
    CU_ASSERT(rt_journal_load(fake_dir(), &again, &found) == RT_ok && found);
    CU_ASSERT(again.n == 3 && again.tail == RT_TAIL_CLEAN);
    CU_ASSERT(again.records[0].seq == 2 && again.records[0].epoch == 3);
    CU_ASSERT(again.records[2].seq == 4 && again.records[2].epoch == 4);
    CU_ASSERT(!memcmp(again.records[2].payload, "more", 4));
    rt_journal_text_free(&t);
    rt_journal_text_free(&again);
    fake_remove_dir();
    fake_dir();
    CU_ASSERT(rt_journal_load(fake_dir(), &t, &found) == RT_ok && !found);
    fake_remove_dir();
}

/* Records that are whole and do not follow each other: two journals, one behind the other. */
static void test_chain(void) {
    int64_t len, n = 36 + (int64_t)strlen(texts[0]);
    uint8_t *bytes = make(&len, true);
    uint8_t *both = rt_alloc((size_t)(2 * len));
    memcpy(both, bytes, (size_t)len);
    memcpy(both + len, bytes, (size_t)len);
    rt_journal_text t = parse_copy(both, 2 * len);
    CU_ASSERT(t.n == RECORDS && t.tail_at == len); /* its number is another */
    rt_journal_text_free(&t);
    both[36] ^= 1; /* another first record, as whole as the old one */
    uint32_t crc = rt_crc32c(0, both, n);
    for (int i = 0; i < 4; i++) both[n + i] = (uint8_t)(crc >> 8 * i);
    t = parse_copy(both, len);
    CU_ASSERT(t.n == 1 && t.tail == RT_TAIL_DAMAGED); /* the one before it was another */
    rt_journal_text_free(&t);
    free(both);
    free(bytes);
    fake_remove_dir();
}

/* In the place of a journal: a folder, a file that no journal is as long as, the leavings of a
 * rewrite. */
static void test_odd(void) {
    rt_journal_text t;
    rt_journal *j = NULL;
    int found;
    CU_ASSERT(mkdir(fake_path("journal"), 0700) == 0);
    CU_ASSERT(rt_journal_load(fake_dir(), &t, &found) == RT_refused && !found);
    CU_ASSERT(rmdir(fake_path("journal")) == 0);
    fake_write(fake_path("journal"), "", 0);
    CU_ASSERT(truncate(fake_path("journal"), (INT64_C(2) << 30) + 1) == 0);
    CU_ASSERT(rt_journal_load(fake_dir(), &t, &found) == RT_refused && !found);
    fake_write(fake_path("journal.tmp"), "left", 4);
    CU_ASSERT(rt_journal_begin(fake_dir(), NULL, 0, 0, &j) == RT_ok);
    CU_ASSERT(access(fake_path("journal.tmp"), F_OK) < 0);
    rt_journal_close(j);
    rt_journal_close(NULL);
    CU_ASSERT(rt_journal_load(fake_dir(), &t, &found) == RT_ok && found && !t.n);
    rt_journal_text_free(&t);
    fake_remove_dir();
}

void suite_journal(void) {
    CU_pSuite s = CU_add_suite("journal", NULL, NULL);
    CU_add_test(s, "crc32c", test_crc);
    CU_add_test(s, "packed bytes", test_pack);
    CU_add_test(s, "cut at every byte", test_cut);
    CU_add_test(s, "every bit flipped", test_flip);
    CU_add_test(s, "never synced", test_unsynced);
    CU_add_test(s, "written anew", test_rewrite);
    CU_add_test(s, "records of two journals", test_chain);
    CU_add_test(s, "odd files", test_odd);
}
