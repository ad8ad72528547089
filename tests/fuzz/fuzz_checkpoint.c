/* fuzz_checkpoint.c - libFuzzer entry: whatever bytes stand in a checkpoint, reading them ends
 * with what they say or with a refusal.
 *
 * The first byte of an input says what the rest is (`forms`); with FLOW_FUZZ_FORM=<name> all
 * are of one form.  Checksums would stop nearly every mutation, so the mutator makes them right
 * again in three cases of four.  With FLOW_FUZZ_SEEDS=<folder> the inputs to begin with are
 * written there, and that is all.  tests/suites/fuzz_checkpoint.sh builds and runs it. */
#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/crc32c.h"
#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/ckpt/commit.h"
#include "runtime/ckpt/ident.h"
#include "runtime/ckpt/journal.h"
#include "runtime/ckpt/state_form.h"
#include "runtime/ckpt/state_merge.h"
#include "runtime/exec/task.h"
#include "runtime/io/rows_file.h"
#include "runtime/kernel/k_digest.h"
#include "runtime/kernel/k_form.h"
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_type.h"
#include "tests/unit/faults/ckpt_stand.h"
#include "tests/unit/runtime/fake_program.h"
#include "tests/unit/runtime/source_stand.h"

/* A state file; a journal and the records in it; one payload; rows of a source that cannot
 * give them again, in a plan or in a file; a folder that a start recovers from: IDENT and a
 * journal with the state in it; an encoded row or key of saved state. */
typedef enum form { STATE, JOURNAL, PAYLOAD, ROWS, FOLDER, VALUE, FORMS } form;
static const char *const forms[FORMS] = {"state", "journal", "payload", "rows", "folder", "value"};

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

/* The first byte: as the plan's own bytes, or as those of a file that it names. */
static void read_rows_kept(const uint8_t *p, int64_t n) {
    static rt_ckpt_env ckpt = {.job8 = "12345678", .epoch = 1};
    static const char name[] = "input/in/5-1.rows";
    if (n < 1) return;
    stand *st = stand_new("stdin", RT_CSV);
    rt_live live;
    rt_source s = {.decl = &st->decl, .env = &st->env, .total = -1, .impl = &live};
    rt_input in = {0};
    rt_wire plan = {0};
    ckpt.dir = fake_dir();
    st->env.ckpt = &ckpt;
    st->program.sources = &st->decl;
    st->program.nsources = 1;
    rt_live_open(&live, &s, NULL);
    if (p[0] & 1) {
        mkdir(fake_path("input"), 0700);
        mkdir(fake_path("input/in"), 0700);
        fake_write(fake_path(name), (const char *)p + 1, n - 1);
        rt_wire_u8(&plan, 2);
        rt_wire_u32(&plan, ckpt.epoch);
        rt_wire_i64(&plan, n - 1);
        rt_wire_u32(&plan, rt_crc32c(0, p + 1, n - 1));
    } else {
        rt_wire_u8(&plan, 1);
        rt_wire_raw(&plan, p + 1, n - 1);
    }
    rt_unwire r = of(&plan);
    rt_status status = rt_live_replan(&s, 5, &r, &in);
    must(status == RT_ok || status == RT_refused || status == RT_memory, "rows end otherwise");
    rt_wire_free(&plan);
    rt_live_done(&live);
    rt_live_close(&live);
    rt_input_free(&in);
    stand_free(st);
}

/* IDENT's length, whether the job has begun, IDENT, the journal. */
enum { FOLDER_HEAD = 2 };

static int64_t ident_len(const uint8_t *p, int64_t n) {
    return RT_MIN((int64_t)p[0], n - FOLDER_HEAD);
}

static void read_folder(const uint8_t *p, int64_t n) {
    if (n < FOLDER_HEAD) return;
    ckpt_stand st;
    const uint8_t *ident = p + FOLDER_HEAD;
    int64_t len = ident_len(p, n);
    char path[512];
    stand_fresh();
    mkdir(stand_dir(), 0700);
    snprintf(path, sizeof path, "%s/IDENT", stand_dir());
    fake_write(path, (const char *)ident, len);
    snprintf(path, sizeof path, "%s/journal", stand_dir());
    fake_write(path, (const char *)ident + len, n - FOLDER_HEAD - len);
    if ((p[1] & 1) && len >= 24) rt_begun_make(stand_dir(), ident + 8);
    stand_make(&st);
    rt_status status = stand_begin(&st);
    must(status == RT_ok || status == RT_refused, "a folder is neither taken nor refused");
    if (status == RT_ok) {
        st.settings.checkpoint_every = 0;
        must(stand_batch(&st, 2, false) == RT_ok, "no batch comes behind what was taken");
    }
    stand_end(&st);
}

/* ---- rows and keys of state ---------------------------------------------------------------- */

/* Forms (kernel/k_form.h), and the types by which what is of them is read: a key in a row is
 * bytes there. */
static const struct {
    const char *form, *types;
    int values;
    char kind; /* K, R or L */
} kept[] = {
    {"K\3is?[b", "is?[b", 3, 'K'},
    {"K\2K\2isD\x9\2", "sD\x9\2", 2, 'K'},
    {"K\1|\2\0{\1\0s\0{\2\0[<si\0b", "|\2\0{\1\0s\0{\2\0[<si\0b", 1, 'K'},
    {"R\1\1\0{\3\0s\0?i\0[s", "{\3\0s\0?i\0[s", 1, 'R'},
    {"R\2\3\0K\2st?[[iy", "y?[[iy", 3, 'R'},
    {"R\1\1\0|\2\0{\1\0s\0{\2\0[<s?b\0b", "|\2\0{\1\0s\0{\2\0[<s?b\0b", 1, 'R'},
    {"L{\2\0s\0?s", "{\2\0s\0?s", 1, 'L'},
};
enum { KEPT = sizeof kept / sizeof *kept, WORDS = 64 };

/* All of it is looked at. */
static void see_value(flow_ctx *ctx, int i, const uint8_t *p, int64_t n) {
    const uint8_t *tc = (const uint8_t *)kept[i].types, *at = p, *w = p + 8 * kept[i].form[1];
    uint64_t words[WORDS];
    for (int v = 0; v < kept[i].values; v++, tc = flow_k_type_skip(tc)) {
        if (kept[i].kind == 'K') at = flow_k_key_get(ctx, at, words, tc);
        else if (kept[i].kind == 'L') flow_k_row_read(ctx, p, 8, words, tc);
        else flow_k_row_get(ctx, p, words, (const uint64_t *)(const void *)w, tc);
        flow_k_digest(words, tc);
        w += 8 * flow_k_type_words(tc);
    }
    must(kept[i].kind != 'K' || at == p + n, "a key has another length");
}

typedef struct valued {
    const uint8_t *p;
    int64_t n;
} valued;

/* The form, for a list how many values, the bytes. */
static int32_t value_body(flow_rt_worker *w, void *arg) {
    valued v = *(valued *)arg;
    flow_ctx *ctx = &w->ctx;
    int i = v.p[0] % KEPT;
    const uint8_t *form = (const uint8_t *)kept[i].form, *p = v.p + 2;
    int64_t n = v.n - 2;
    if (kept[i].kind != 'L') {
        uint8_t *copy = rt_alloc((size_t)n + !n); /* rows are read at multiples of 8 */
        memcpy(copy, p, (size_t)n);
        if (k_form_fits(ctx, form, p, n)) see_value(ctx, i, copy, n);
        free(copy);
        return 0;
    }
    if (!k_form_fits_list(ctx, form, p, n, v.p[1])) return 0;
    for (int64_t at = 0, size; at < n; at += size) {
        uint32_t len;
        memcpy(&len, p + at, 4);
        size = len;
        uint8_t *copy = rt_alloc((size_t)size);
        memcpy(copy, p + at, (size_t)size);
        see_value(ctx, i, copy, size);
        free(copy);
    }
    return 0;
}

static void read_value(const uint8_t *p, int64_t n) {
    static ckpt_stand st;
    valued v = {p, n};
    if (n < 2) return;
    if (!st.job.workers) {
        stand_fresh();
        stand_make(&st);
        must(stand_begin(&st) == RT_ok, "a run does not begin");
    }
    rt_task_run(&st.job.workers[0], 0, 0, NULL, value_body, &v);
    must(st.job.workers[0].failure.status == RT_ok, "a value takes more memory than there is");
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

static void repair_ident(uint8_t *p, int64_t n) {
    if (n >= 4) put_u32(p + n - 4, rt_crc32c(0, p, n - 4));
}

/* State that stands in a COMMIT, and what the COMMIT says of it. */
static void repair_inlined(uint8_t *p, int64_t n) {
    rt_commit commit;
    if (!rt_commit_read(p, n, &commit)) return;
    if (commit.inlined_len > 4 && commit.nrefs) {
        uint8_t *state = p + (commit.inlined - p);
        repair_state(state, commit.inlined_len);
        commit.refs[commit.nrefs - 1].crc = (uint32_t)get_u32(state + commit.inlined_len - 4);
        rt_wire again = {0};
        rt_commit_write(&again, &commit);
        if (again.n == n) memcpy(p, again.p, (size_t)n);
        rt_wire_free(&again);
    }
    rt_commit_free(&commit);
}

static void repair_folder(uint8_t *p, int64_t n) {
    if (n < FOLDER_HEAD) return;
    int64_t len = ident_len(p, n), rest = n - FOLDER_HEAD - len;
    uint8_t *journal = p + FOLDER_HEAD + len;
    repair_ident(p + FOLDER_HEAD, len);
    for (int64_t at = 0; at + 32 <= rest;) {
        int64_t payload = get_u32(journal + at + 4);
        if (payload > rest - at - 32) break;
        repair_inlined(journal + at + 28, payload);
        at += 32 + payload;
    }
    repair_journal(journal, rest);
}

/* ---- inputs to begin with ---------------------------------------------------------------- */

static void write_seed(form form, int number, const void *p, int64_t n) {
    char path[4096];
    uint8_t first = (uint8_t)form;
    snprintf(path, sizeof path, "%s/%s-%d", getenv("FLOW_FUZZ_SEEDS"), forms[form], number);
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

/* State files, journals and payloads that are made by hand. */
static void seed_bytes(int i) {
    rt_state_writer *w;
    rt_state_ref ref;
    int64_t n;
    const uint8_t *state = make_state(&w, i, &ref, &n);
    rt_wire payload[4] = {{0}}, journal = {0};
    rt_planned plan = {.batch = i, .now = 5, .input = (const uint8_t *)"units", .len = 5};
    rt_commit_sink sink = {.name = "to file out.csv", .rows = 3, .record = plan.input, .len = 5};
    rt_commit commit = {.batch = i,
                        .now = 5,
                        .program = "hash",
                        .sinks = &sink,
                        .nsinks = 1,
                        .state = i > 0,
                        .refs = &ref,
                        .nrefs = 1,
                        .inlined = state,
                        .inlined_len = n};
    uint8_t job[16] = "job";
    write_seed(STATE, i, state, n);
    rt_begin_write(&payload[0], job, job);
    rt_planned_write(&payload[1], &plan);
    rt_commit_write(&payload[2], &commit);
    rt_done_write(&payload[3], i);
    static const int types[] = {RT_BEGIN, RT_PLAN, RT_COMMIT, RT_DONE};
    for (int k = 0; k < 4; k++) {
        write_seed(PAYLOAD, 4 * i + k, payload[k].p, payload[k].n);
        add_record(&journal, (uint64_t)k, types[k], &payload[k]);
        rt_wire_free(&payload[k]);
    }
    repair_journal(journal.p, journal.n);
    write_seed(JOURNAL, i, journal.p, journal.n);
    /* All of it can be read. */
    read_state(state, n);
    read_journal(journal.p, journal.n);
    rt_wire_free(&journal);
    rt_state_writer_close(w);
}

/* One header and one block, in a plan and in a file. */
static void seed_rows(void) {
    static const char text[] = "a,b\n1,2\n3,4\n";
    int64_t len = (int64_t)strlen(text);
    for (int i = 0; i < 2; i++) {
        rt_wire w = {0};
        rt_wire_u8(&w, (uint8_t)i);
        rt_wire_i64(&w, 1); /* headers: object, length, text */
        rt_wire_i64(&w, 7);
        rt_wire_i64(&w, 4);
        rt_wire_raw(&w, text, 4);
        rt_wire_i64(&w, 1); /* blocks: object, first, length, length of what is bad, code */
        rt_wire_i64(&w, 7);
        rt_wire_i64(&w, 3);
        rt_wire_i64(&w, len);
        rt_wire_i64(&w, 0);
        rt_wire_u32(&w, 0);
        rt_wire_raw(&w, text, len);
        write_seed(ROWS, i, w.p, w.n);
        read_rows_kept(w.p, w.n);
        rt_wire_free(&w);
    }
}

/* The folder of a run: all state with each batch, changes only, a source with a journal. */
static void seed_folder(int i) {
    ckpt_stand st;
    rt_wire w = {0};
    char path[512];
    int64_t ident, journal;
    stand_fresh();
    stand_source.replays = i != 2;
    stand_source.units = i;
    stand_make(&st);
    st.settings.checkpoint_every = i == 1 ? INT64_C(3600) * 1000000 : 0;
    must(stand_begin(&st) == RT_ok, "a run does not begin");
    for (int batch = 0; batch < 3; batch++) {
        if (i != 1) stand_put(&st, batch, 2 + batch, 4 + batch);
        must(stand_batch(&st, batch, batch == 2) == RT_ok, "a batch is not committed");
    }
    stand_end(&st);
    snprintf(path, sizeof path, "%s/IDENT", stand_dir());
    char *one = fake_read(path, &ident);
    snprintf(path, sizeof path, "%s/journal", stand_dir());
    char *two = fake_read(path, &journal);
    must(ident < 256, "IDENT is long");
    rt_wire_u8(&w, (uint8_t)ident);
    rt_wire_u8(&w, 1);
    rt_wire_raw(&w, one, ident);
    rt_wire_raw(&w, two, journal);
    write_seed(FOLDER, i, w.p, w.n);
    read_folder(w.p, w.n);
    rt_wire_free(&w);
    free(one);
    free(two);
}

/* A row and a key of zeros, as long as each form's least. */
static void seed_values(void) {
    for (int i = 0; i < KEPT; i++) {
        uint8_t bytes[2 + 8 * WORDS] = {(uint8_t)i, 1};
        int64_t n = 8 * kept[i].form[1], words = 0;
        const uint8_t *tc = (const uint8_t *)kept[i].types;
        for (int v = 0; v < kept[i].values; v++, tc = flow_k_type_skip(tc))
            words += flow_k_type_words(tc);
        if (kept[i].kind == 'L') n = 8;
        n = kept[i].kind == 'K' ? 24 : n + 8 * words;
        if (kept[i].kind != 'K') bytes[2] = (uint8_t)n;
        write_seed(VALUE, i, bytes, 2 + n);
        read_value(bytes, 2 + n);
    }
}

/* ---- libFuzzer ---------------------------------------------------------------------------- */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

static int only = -1; /* this form */

static form form_of(uint8_t first) { return only < 0 ? first % FORMS : (form)only; }

/* Stands are of CUnit's tests; here there is no registry to count in. */
CU_BOOL CU_assertImplementation(CU_BOOL good, unsigned line, const char *what, const char *file,
                                const char *function, CU_BOOL fatal) {
    (void)line, (void)file, (void)function, (void)fatal;
    must(good, what);
    return good;
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    const char *name = getenv("FLOW_FUZZ_FORM");
    for (int i = 0; name && i < FORMS; i++)
        if (!strcmp(forms[i], name)) only = i;
    rt_log_start("fuzz", RT_ERROR);
    setenv("FLOW_TEST_TMPFS", "1", 1);
    fake_in_memory();
    atexit(fake_remove_dir);
    if (!getenv("FLOW_FUZZ_SEEDS")) return 0;
    for (int i = 0; i < 4; i++) seed_bytes(i);
    seed_rows();
    for (int i = 0; i < 3; i++) seed_folder(i);
    seed_values();
    exit(0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const read[FORMS])(const uint8_t *, int64_t) = {[STATE] = read_state,
                                                                  [JOURNAL] = read_journal,
                                                                  [PAYLOAD] = read_payload,
                                                                  [ROWS] = read_rows_kept,
                                                                  [FOLDER] = read_folder,
                                                                  [VALUE] = read_value};
    if (!size) return 0;
    /* Of exactly its length, so that a read behind it is seen. */
    int64_t n = (int64_t)size - 1;
    uint8_t *copy = rt_alloc((size_t)n + !n);
    if (n) memcpy(copy, data + 1, (size_t)n);
    read[form_of(data[0])](copy, n);
    free(copy);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed) {
    static void (*const repair[FORMS])(uint8_t *, int64_t) = {
        [STATE] = repair_state, [JOURNAL] = repair_journal, [FOLDER] = repair_folder};
    size = LLVMFuzzerMutate(data, size, max);
    if (!size || seed % 4 == 0) return size;
    form form = form_of(data[0]);
    if (repair[form]) repair[form](data + 1, (int64_t)size - 1);
    return size;
}
