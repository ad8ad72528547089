/* fuzz_checkpoint.c - libFuzzer entry: whatever bytes stand in a checkpoint, reading them ends
 * with what they say or with a refusal.
 *
 * The first byte of an input says what the rest is: a state file, a journal with the records
 * in it, or one payload.  Checksums would stop nearly every mutation, so the mutator makes
 * them right again in three cases of four.  tests/suites/fuzz_checkpoint.sh builds it; with
 * -DSEEDS it is a program that writes the inputs to begin with into a folder. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/crc32c.h"
#include "runtime/base/rt_arena.h"
#include "runtime/ckpt/commit.h"
#include "runtime/ckpt/ident.h"
#include "runtime/ckpt/journal.h"
#include "runtime/ckpt/state_form.h"
#include "runtime/ckpt/state_merge.h"

enum { STATE, JOURNAL, PAYLOAD, FORMS };

/* ---- reading ----------------------------------------------------------------------------- */

static void must(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

/* Rows of all sections, of the file twice: as a snapshot and as what came after it. */
static void read_rows(rt_state_file *f) {
    rt_state_file *both[] = {f, f};
    rt_trouble trouble;
    rt_saved_op op;
    rt_status status;
    int64_t n, nids;
    const rt_state_section *s = rt_state_file_sections(f, &n);
    const rt_state_id *ids = rt_state_file_ids(f, &nids);
    for (int64_t i = 0; i < n; i++) {
        const rt_state_id *id = &ids[s[i].state];
        rt_rows *rows = rt_rows_new(both, 2, id->name, id->schema, s[i].partition);
        uint32_t crc = 0;
        while (rt_rows_next(rows, &op, &status, &trouble)) {
            crc = rt_crc32c(crc, op.key, op.klen);
            crc = rt_crc32c(crc, op.value, op.vlen);
        }
        must(status == RT_ok || status == RT_refused, "rows end otherwise");
        rt_rows_free(rows);
    }
}

static void read_state(const uint8_t *p, int64_t n) {
    rt_trouble trouble;
    rt_state_file *f;
    rt_status status = rt_state_file_of(p, n, NULL, "it", &f, &trouble);
    must(status == RT_ok || status == RT_refused, "a file is neither read nor refused");
    if (status != RT_ok) return;
    status = rt_state_file_verify(f, &trouble);
    must(status == RT_ok || status == RT_refused, "a file is neither whole nor refused");
    read_rows(f);
    rt_state_file_close(f);
}

static void read_payload(const uint8_t *p, int64_t n) {
    rt_planned plan;
    rt_commit commit;
    int64_t batch;
    uint8_t job[16], before[16];
    rt_planned_read(p, n, &plan);
    rt_done_read(p, n, &batch);
    rt_begin_read(p, n, job, before);
    if (!rt_commit_read(p, n, &commit)) return;
    /* What can be read says what it was written from. */
    rt_wire again = {0};
    rt_commit_write(&again, &commit);
    must(again.n == n && !memcmp(again.p, p, (size_t)n), "a COMMIT says more than it holds");
    if (commit.inlined_len) read_state(commit.inlined, commit.inlined_len);
    rt_wire_free(&again);
    rt_commit_free(&commit);
}

static void read_journal(const uint8_t *p, int64_t n) {
    uint8_t *copy = rt_alloc((size_t)n + 1);
    if (n) memcpy(copy, p, (size_t)n);
    rt_journal_text t = rt_journal_parse(copy, n);
    must(t.tail_at <= n && (t.tail == RT_TAIL_CLEAN) == (t.tail_at == n), "the tail is elsewhere");
    for (int64_t i = 0; i < t.n; i++) read_payload(t.records[i].payload, t.records[i].len);
    rt_journal_text_free(&t);
}

/* ---- checksums ----------------------------------------------------------------------------- */

static void put_u32(uint8_t *p, uint32_t v) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> 8 * i);
}

static int64_t get_u32(const uint8_t *p) {
    rt_unwire r = rt_unwire_of(p, 4);
    return rt_unwire_u32(&r);
}

static void repair_state(uint8_t *p, int64_t n) {
    if (n < RT_STATE_HEAD + RT_STATE_TAIL) return;
    uint8_t *tail = p + n - RT_STATE_TAIL;
    rt_unwire r = rt_unwire_of(tail, RT_STATE_TAIL);
    int64_t body = rt_unwire_i64(&r), footer = rt_unwire_i64(&r);
    int64_t rest = n - RT_STATE_HEAD - RT_STATE_TAIL;
    uint32_t head = rt_crc32c(0, p, RT_STATE_HEAD - 4);
    put_u32(p + RT_STATE_HEAD - 4, head);
    put_u32(tail + 16, head);
    if (body >= 0 && footer >= 0 && body <= rest && footer == rest - body) {
        int64_t blocks = (body + RT_STATE_BLOCK - 1) / RT_STATE_BLOCK;
        for (int64_t i = 0; 4 * blocks <= footer && i < blocks; i++) {
            int64_t at = i * RT_STATE_BLOCK, m = body - at;
            put_u32(tail - 4 * (blocks - i),
                    rt_crc32c(0, p + RT_STATE_HEAD + at, m < RT_STATE_BLOCK ? m : RT_STATE_BLOCK));
        }
        put_u32(tail + 20, rt_crc32c(0, p + RT_STATE_HEAD + body, footer));
    }
    put_u32(tail + 28, rt_crc32c(0, tail, RT_STATE_TAIL - 4));
}

/* As long as lengths lead from record to record. */
static void repair_journal(uint8_t *p, int64_t n) {
    uint32_t before = 0;
    while (n >= 32) {
        int64_t len = get_u32(p + 4);
        if (len > n - 32) return;
        put_u32(p + 16, before);
        before = rt_crc32c(0, p, 28 + len);
        put_u32(p + 28 + len, before);
        p += 32 + len;
        n -= 32 + len;
    }
}

#ifndef SEEDS
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!size) return 0;
    /* Of exactly its length, so that a read behind it is seen. */
    int64_t n = (int64_t)size - 1;
    uint8_t *copy = rt_alloc((size_t)n + !n);
    if (n) memcpy(copy, data + 1, (size_t)n);
    switch (data[0] % FORMS) {
    case STATE: read_state(copy, n); break;
    case JOURNAL: read_journal(copy, n); break;
    default: read_payload(copy, n);
    }
    free(copy);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed) {
    size = LLVMFuzzerMutate(data, size, max);
    if (!size || seed % 4 == 0) return size;
    if (data[0] % FORMS == STATE) repair_state(data + 1, (int64_t)size - 1);
    if (data[0] % FORMS == JOURNAL) repair_journal(data + 1, (int64_t)size - 1);
    return size;
}
#else

static void write_seed(const char *dir, int form, int number, const void *p, int64_t n) {
    char path[4096];
    uint8_t first = (uint8_t)form;
    snprintf(path, sizeof path, "%s/%d-%d", dir, form, number);
    FILE *f = fopen(path, "wb");
    must(f != NULL, "cannot write");
    fwrite(&first, 1, 1, f);
    fwrite(p, 1, (size_t)n, f);
    fclose(f);
}

static void add_op(rt_wire *w, int kind, const char *key, const char *value) {
    rt_wire_u8(w, (uint8_t)kind);
    rt_wire_u32(w, (uint32_t)strlen(key));
    rt_wire_u32(w, (uint32_t)strlen(value));
    rt_wire_raw(w, key, (int64_t)strlen(key));
    rt_wire_raw(w, value, (int64_t)strlen(value));
}

static const uint8_t *make_state(rt_state_writer **w, int number, rt_state_ref *ref, int64_t *n) {
    static const rt_state_id ids[] = {{"totals/aggregate", 7, "by k: string; count(): int | w"},
                                      {"pipeline/limit", 8, "rows counted | w"}};
    rt_state_head head = {.kind = RT_STATE_DELTA, .epoch = 1, .batch = number};
    rt_wire ops = {0};
    rt_state_writer_open(NULL, &head, ids, 2, w);
    rt_state_writer_section(*w, 0, 3);
    add_op(&ops, RT_SAVED_DROP, "a", "");
    add_op(&ops, RT_SAVED_PUT, "ab", "one");
    add_op(&ops, RT_SAVED_DEL, "b", "");
    add_op(&ops, RT_SAVED_PUT, "b", number % 2 ? "a longer value" : "");
    rt_state_writer_ops(*w, ops.p, ops.n, 4);
    rt_state_writer_section(*w, 1, 0);
    rt_state_writer_ops(*w, ops.p, ops.n, 4);
    rt_state_writer_end(*w, "meta", 4, ref);
    rt_wire_free(&ops);
    return rt_state_writer_bytes(*w, n);
}

static void add_record(rt_wire *w, uint64_t seq, int type, const rt_wire *payload) {
    rt_wire_u32(w, 0x4a574c46u);
    rt_wire_u32(w, (uint32_t)payload->n);
    rt_wire_u64(w, seq);
    rt_wire_u32(w, 0);
    rt_wire_u32(w, 1);
    rt_wire_u32(w, (uint32_t)type);
    rt_wire_raw(w, payload->p, payload->n);
    rt_wire_u32(w, 0);
}

int main(int argc, char **argv) {
    must(argc == 2, "fuzz_checkpoint FOLDER");
    for (int i = 0; i < 4; i++) {
        rt_state_writer *w;
        rt_state_ref ref;
        int64_t n;
        const uint8_t *state = make_state(&w, i, &ref, &n);
        rt_wire payload[4] = {{0}}, journal = {0};
        rt_planned plan = {.batch = i, .now = 5, .input = (const uint8_t *)"units", .len = 5};
        rt_commit_sink sink = {.name = "to file out.csv", .rows = 3, .record = plan.input, .len = 5};
        rt_commit commit = {.batch = i, .now = 5, .program = "hash", .sinks = &sink, .nsinks = 1,
                            .state = i > 0, .refs = &ref, .nrefs = 1, .inlined = state,
                            .inlined_len = n};
        uint8_t job[16] = "job";
        write_seed(argv[1], STATE, i, state, n);
        rt_begin_write(&payload[0], job, job);
        rt_planned_write(&payload[1], &plan);
        rt_commit_write(&payload[2], &commit);
        rt_done_write(&payload[3], i);
        static const int types[] = {RT_BEGIN, RT_PLAN, RT_COMMIT, RT_DONE};
        for (int k = 0; k < 4; k++) {
            write_seed(argv[1], PAYLOAD, 4 * i + k, payload[k].p, payload[k].n);
            add_record(&journal, (uint64_t)k, types[k], &payload[k]);
            rt_wire_free(&payload[k]);
        }
        repair_journal(journal.p, journal.n);
        repair_state(journal.p, 0);
        write_seed(argv[1], JOURNAL, i, journal.p, journal.n);
        /* All of it can be read. */
        read_state(state, n);
        read_journal(journal.p, journal.n);
        rt_wire_free(&journal);
        rt_state_writer_close(w);
    }
    return 0;
}
#endif
