/* test_sink_calls.c - sinks of files with a checkpoint: two batches, in one run and over a
 * restart, where a call fails; the start after it completes the output.
 *
 * The protocol is that of connector.h around one sink; `last` is what COMMIT would say. */
#include <CUnit/CUnit.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/fault.h"
#include "runtime/base/rt_arena.h"
#include "runtime/io/outbox.h"
#include "runtime/io/sinks.h"
#include "tests/unit/faults/each_call.h"
#include "tests/unit/runtime/fake_program.h"

void suite_sink_calls(void);

typedef struct made {
    rt_sink sink;
    rt_sink_decl decl;
    rt_env env;
    rt_ckpt_env ckpt;
    rt_program program;
    rt_settings settings;
    rt_option *options;
} made;

/* What is tried. */
typedef struct form {
    const char *target;
    bool partition;
    int pieces; /* of 1000 bytes a batch */
} form;

static char folder[256], target[256];

static rt_status make(made *m, const form *f, uint32_t epoch) {
    snprintf(target, sizeof target, "%s", fake_path(f->target));
    snprintf(folder, sizeof folder, "%s", fake_path("ck"));
    uint64_t words[2] = {(uint64_t)(uintptr_t)target, strlen(target)};
    *m = (made){.ckpt = {.dir = folder, .job8 = "0123abcd", .epoch = epoch}};
    m->program.arena = rt_arena_new();
    m->env = (rt_env){.mem = rt_mem_new(64 << 20, 1), .program = &m->program,
                      .settings = &m->settings, .ckpt = &m->ckpt};
    rt_program_option(&m->program, &m->options, "arg", 3, 's', words);
    m->decl = (rt_sink_decl){.name = "to file", .connector = "file", .partition = f->partition,
                             .header = "h\n", .ext = "txt", .options = m->options};
    m->sink = (rt_sink){.ops = rt_sink_find("file"), .decl = &m->decl, .env = &m->env};
    return m->sink.ops->open(&m->sink);
}

static void unmake(made *m) {
    if (m->sink.impl) m->sink.ops->close(&m->sink);
    rt_mem_free(m->env.mem, false);
    rt_arena_free(m->program.arena);
}

typedef struct feed {
    const form *form;
    int64_t batch;
    int at;
    char text[1001], path[32];
} feed;

static void piece_text(char *out, int64_t batch, int i) {
    snprintf(out, 1001, "%01000lld", (long long)(batch * 1000 + i));
    out[999] = '\n';
}

static rt_status feed_next(rt_output *out, rt_piece *piece) {
    feed *f = out->stream;
    *piece = (rt_piece){0};
    if (f->at == f->form->pieces) return RT_ok;
    piece_text(f->text, f->batch, f->at);
    snprintf(f->path, sizeof f->path, "k=%d/", f->at++);
    *piece = (rt_piece){(const uint8_t *)f->text, 1000, f->form->partition ? f->path : NULL};
    return RT_ok;
}

static void feed_rewind(rt_output *out) { ((feed *)out->stream)->at = 0; }

/* What a COMMIT of a batch says; batch -1: there is none. */
typedef struct last {
    int64_t batch;
    rt_wire w;
} last;

static rt_committed said(const last *l) {
    return (rt_committed){l->batch, l->w.p, l->w.n, false};
}

/* A batch up to its COMMIT, which takes the place of the one before. */
static rt_status commit(made *m, const form *f, int64_t batch, last *l) {
    rt_sink *s = &m->sink;
    feed from = {.form = f, .batch = batch};
    rt_output out = {.batch = batch, .rows = f->pieces, .next = feed_next,
                     .rewind = feed_rewind, .stream = &from};
    rt_dirs dirs = {0};
    rt_status status = s->ops->prepare(s, &out);
    if (status == RT_ok) status = s->ops->sync(s);
    s->ops->dirs(s, &dirs);
    if (status == RT_ok) status = rt_dirs_sync(&dirs);
    rt_dirs_free(&dirs);
    if (status != RT_ok) return status;
    rt_wire w = {0};
    s->ops->record(s, &w);
    rt_wire_free(&l->w);
    *l = (last){batch, w};
    return RT_ok;
}

static rt_status publish(made *m, const last *l) {
    rt_committed c = said(l);
    return m->sink.ops->publish_record(&m->sink, &c);
}

/* A start that goes on behind `l`, to the end of batch 1. */
static rt_status go_on(made *m, const form *f, last *l, int64_t *ahead) {
    rt_sink *s = &m->sink;
    rt_committed c = said(l);
    RT_TRY(s->ops->resume(s, l->batch >= 0 ? &c : NULL, ahead));
    if (l->batch >= 0) RT_TRY(publish(m, l));
    s->ops->sweep(s);
    for (int64_t batch = l->batch + 1; batch < 2; batch++) {
        last before = {l->batch, {0}};
        rt_wire_raw(&before.w, l->w.p, l->w.n);
        rt_status status = commit(m, f, batch, l);
        if (status == RT_ok) status = publish(m, l);
        c = said(&before);
        if (status == RT_ok && before.batch >= 0) s->ops->forget(s, &c);
        rt_wire_free(&before.w);
        RT_TRY(status);
    }
    return s->ops->finish(s, false);
}

/* ---- what is there in the end -------------------------------------------------------------- */

static void check_single(const form *f) {
    char want[1001];
    int64_t n;
    char *text = fake_read(target, &n);
    CU_ASSERT_FATAL(text != NULL);
    CU_ASSERT_EQUAL(n, 2 + 2 * (int64_t)f->pieces * 1000);
    CU_ASSERT(!strncmp(text, "h\n", 2));
    for (int i = 0; i < 2 * f->pieces && n == 2 + 2 * (int64_t)f->pieces * 1000; i++) {
        piece_text(want, i / f->pieces, i % f->pieces);
        CU_ASSERT(!memcmp(text + 2 + (int64_t)i * 1000, want, 1000));
    }
    free(text);
}

static int visible(const char *dir) {
    int n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) n += e->d_name[0] != '.';
    if (d) closedir(d);
    return n;
}

static int hidden(const char *dir) {
    int n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) n += !strncmp(e->d_name, ".flow", 5);
    if (d) closedir(d);
    return n;
}

static void check_parts(const form *f) {
    int dirs = f->partition ? f->pieces : 1;
    for (int i = 0; i < dirs; i++) {
        char dir[300], name[400];
        snprintf(dir, sizeof dir, f->partition ? "%s/k=%d" : "%s", target, i);
        CU_ASSERT_EQUAL(visible(dir), 2);
        CU_ASSERT_EQUAL(hidden(dir), 0);
        for (int64_t batch = 0; batch < 2; batch++) {
            int64_t n = 0;
            snprintf(name, sizeof name, "%s/out0-%010lld-0000.txt", dir, (long long)batch);
            char *text = fake_read(name, &n);
            int64_t rows = f->partition ? 1 : f->pieces;
            CU_ASSERT(text && n == 2 + rows * 1000 && !strncmp(text, "h\n", 2));
            char want[1001];
            piece_text(want, batch, i);
            CU_ASSERT(text && n > 1000 && !memcmp(text + 2, want, 1000));
            free(text);
        }
    }
}

static void check(const form *f) {
    if (strstr(f->target, ".txt")) check_single(f);
    else check_parts(f);
    CU_ASSERT(visible(fake_path("ck/outbox/out0")) <= 2);
}

/* ---- a failure, and the start after it ----------------------------------------------------- */

/* `before`: how far a run has come whose successor fails: 0 nothing, 1 batch 0 is
 * committed, 2 and published. */
static void one(const form *f, int before) {
    made m;
    last l = {-1, {0}};
    int64_t ahead = -1;
    fake_remove_dir();
    CU_ASSERT_FATAL(mkdir(fake_path("ck"), 0700) == 0);
    if (before) {
        CU_ASSERT_FATAL(make(&m, f, 1) == RT_ok && commit(&m, f, 0, &l) == RT_ok);
        if (before > 1) CU_ASSERT_FATAL(publish(&m, &l) == RT_ok);
        unmake(&m);
    }
    calls_fail();
    rt_status status = make(&m, f, 2);
    if (status == RT_ok) status = go_on(&m, f, &l, &ahead);
    if (status != RT_ok && m.sink.impl) m.sink.ops->finish(&m.sink, true);
    unmake(&m);
    bool hit = calls_end();
    CU_ASSERT(status == RT_ok || hit);
    CU_ASSERT(status == RT_ok || status == RT_io || status == RT_again_io);
    CU_ASSERT(ahead == -1);
    if (status != RT_ok) {
        status = make(&m, f, 3);
        if (status == RT_ok) status = go_on(&m, f, &l, &ahead);
        CU_ASSERT_EQUAL(status, RT_ok);
        unmake(&m);
    }
    if (status != RT_ok) printf("%s after %s, %d\n", f->target, calls_which(), before);
    check(f);
    rt_wire_free(&l.w);
}

static void from_start(void *f) { one(f, 0); }
static void behind_commit(void *f) { one(f, 1); }
static void behind_batch(void *f) { one(f, 2); }

static void all(form f) {
    each_call(from_start, &f);
    each_call(behind_commit, &f);
    each_call(behind_batch, &f);
}

static void test_single(void) { all((form){"one.txt", false, 3}); }
static void test_outbox(void) {
    form f = {"deep/er/one.txt", false, 90};
    some_calls(from_start, &f);
    some_calls(behind_commit, &f);
    some_calls(behind_batch, &f);
}
static void test_parts(void) { all((form){"many/", false, 3}); }
static void test_partitions(void) { all((form){"many", true, 2}); }
static void test_many(void) {
    form f = {"many", true, 33};
    some_calls(from_start, &f);
    some_calls(behind_commit, &f);
}

static int clean(void) {
    fake_remove_dir();
    return 0;
}

void suite_sink_calls(void) {
    CU_pSuite s = CU_add_suite("sink_calls", NULL, clean);
    CU_add_test(s, "a file", test_single);
    CU_add_test(s, "a file, with an outbox", test_outbox);
    CU_add_test(s, "parts", test_parts);
    CU_add_test(s, "parts in partitions", test_partitions);
    CU_add_test(s, "more partitions than are held open", test_many);
}
