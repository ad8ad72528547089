/* test_outbox.c - what sinks say in a COMMIT, cut and damaged: refused or understood, never
 * more; a batch that is prepared again in a new epoch; what stands in COMMIT itself. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CUnit/Basic.h>

#include "runtime/base/rt_arena.h"
#include "runtime/io/outbox.h"
#include "runtime/io/sinks.h"
#include "tests/unit/runtime/fake_program.h"

void suite_outbox(void);

typedef struct made {
    rt_sink sink;
    rt_sink_decl decl;
    rt_env env;
    rt_ckpt_env ckpt;
    rt_program program;
    rt_settings settings;
    rt_option *options;
} made;

static rt_status make(made *m, const char *connector, const char *target, bool partition) {
    uint64_t words[2] = {(uint64_t)(uintptr_t)target, strlen(target)};
    *m = (made){.ckpt = {.dir = fake_path("ckpt"), .job8 = "0123abcd", .epoch = 1}};
    m->program.arena = rt_arena_new();
    m->env = (rt_env){.mem = rt_mem_new(64 << 20, 1), .program = &m->program,
                      .settings = &m->settings, .ckpt = &m->ckpt};
    rt_program_option(&m->program, &m->options, "arg", 3, 's', words);
    m->decl = (rt_sink_decl){.name = "to file", .connector = connector, .partition = partition,
                             .header = "h\n", .ext = "txt", .options = m->options};
    m->sink = (rt_sink){.ops = rt_sink_find(connector), .decl = &m->decl, .env = &m->env};
    return m->sink.ops->open(&m->sink);
}

static void unmake(made *m) {
    m->sink.ops->close(&m->sink);
    rt_mem_free(m->env.mem, false);
    rt_arena_free(m->program.arena);
}

/* `n` pieces of 1000 bytes, in partitions where that is asked for. */
typedef struct feed {
    int n, at;
    bool paths;
    char text[1001], path[16];
} feed;

static rt_status feed_next(rt_output *out, rt_piece *piece) {
    feed *f = out->stream;
    *piece = (rt_piece){0};
    if (f->at == f->n) return RT_ok;
    snprintf(f->text, sizeof f->text, "%01000d", f->at);
    f->text[999] = '\n';
    snprintf(f->path, sizeof f->path, "k=%d/", f->at++);
    *piece = (rt_piece){(const uint8_t *)f->text, 1000, f->paths ? f->path : NULL};
    return RT_ok;
}

static void feed_rewind(rt_output *out) { ((feed *)out->stream)->at = 0; }

/* Prepares batch 0 of n pieces; what COMMIT would say. */
static rt_wire prepare(made *m, int n) {
    feed f = {.n = n, .paths = m->decl.partition};
    rt_output out = {.batch = 0, .rows = n, .next = feed_next, .rewind = feed_rewind, .stream = &f};
    rt_dirs dirs = {0};
    rt_wire w = {0};
    CU_ASSERT_EQUAL(m->sink.ops->prepare(&m->sink, &out), RT_ok);
    CU_ASSERT_EQUAL(m->sink.ops->sync(&m->sink), RT_ok);
    m->sink.ops->dirs(&m->sink, &dirs);
    CU_ASSERT_EQUAL(rt_dirs_sync(&dirs), RT_ok);
    m->sink.ops->record(&m->sink, &w);
    rt_dirs_free(&dirs);
    return w;
}

/* ---- damage ------------------------------------------------------------------------------- */

/* Neither understood nor refused: how often. */
static int try_record(const char *connector, const char *target, bool partition,
                      const uint8_t *p, int64_t n) {
    made m;
    int64_t ahead = -1;
    rt_committed c = {0, p, n, false};
    int bad = make(&m, connector, target, partition) != RT_ok;
    rt_status status = m.sink.ops->resume(&m.sink, &c, &ahead);
    bad += status != RT_ok && status != RT_refused;
    m.sink.ops->forget(&m.sink, &c);
    unmake(&m);
    return bad;
}

static int damage(const char *connector, const char *target, bool partition, const rt_wire *w) {
    int bad = 0;
    uint8_t *copy = malloc((size_t)w->n + 1);
    int64_t step = 1 + w->n / 700;
    for (int64_t n = 0; n < w->n; n += step) {
        memcpy(copy, w->p, (size_t)n);
        bad += try_record(connector, target, partition, copy, n);
    }
    for (int64_t i = 0; i < w->n; i += step) {
        for (int bit = 0; bit < 8; bit += 3) {
            memcpy(copy, w->p, (size_t)w->n);
            copy[i] ^= (uint8_t)(1 << bit);
            bad += try_record(connector, target, partition, copy, w->n);
        }
    }
    free(copy);
    return bad;
}

/* In a child: what is told goes nowhere, and a crash is seen. */
static void damaged(const char *connector, const char *name, bool partition, int n) {
    char target[160];
    fake_remove_dir();
    snprintf(target, sizeof target, "%s", fake_path(name));
    mkdir(fake_path("ckpt"), 0700);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        made m;
        dup2(open("/dev/null", O_WRONLY), 2);
        if (make(&m, connector, target, partition) != RT_ok) _exit(2);
        rt_wire w = prepare(&m, n);
        m.sink.ops->close(&m.sink);
        _exit(damage(connector, target, partition, &w) ? 1 : 0);
    }
    int status;
    waitpid(pid, &status, 0);
    CU_ASSERT_EQUAL(status, 0);
}

static void test_damage(void) {
    damaged("stdout", "", false, 2);
    damaged("stdout", "", false, 100);
    damaged("console", "", false, 2);
    damaged("socket", "localhost:1", false, 2);
    damaged("file", "one.txt", false, 2);
    damaged("file", "one.txt", false, 100);
    damaged("file", "many/", false, 2);
    damaged("file", "parts", true, 5);
}

/* ---- a new epoch ---------------------------------------------------------------------------- */

static bool is_there(const char *name) { return access(fake_path(name), F_OK) == 0; }

static void test_again(void) {
    made m;
    char target[160];
    fake_remove_dir();
    mkdir(fake_path("ckpt"), 0700);
    snprintf(target, sizeof target, "%s", fake_path("one.txt"));
    CU_ASSERT_EQUAL(make(&m, "file", target, false), RT_ok);
    rt_wire first = prepare(&m, 100);
    CU_ASSERT(is_there("ckpt/outbox/out0/0-1.ob"));
    m.ckpt.epoch = 2;
    rt_wire second = prepare(&m, 100);
    CU_ASSERT(!is_there("ckpt/outbox/out0/0-1.ob"));
    CU_ASSERT(is_there("ckpt/outbox/out0/0-2.ob"));
    rt_committed c = {0, second.p, second.n, false};
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(m.sink.ops->publish_record(&m.sink, &c), RT_ok);
        int64_t n;
        free(fake_read(target, &n));
        CU_ASSERT_EQUAL(n, 2 + 100000);
    }
    m.sink.ops->forget(&m.sink, &c);
    CU_ASSERT(!is_there("ckpt/outbox/out0/0-2.ob"));
    rt_wire_free(&first);
    rt_wire_free(&second);
    unmake(&m);
    snprintf(target, sizeof target, "%s", fake_path("parts"));
    CU_ASSERT_EQUAL(make(&m, "file", target, true), RT_ok);
    first = prepare(&m, 40); /* more than are held open */
    CU_ASSERT(is_there("parts/k=39/.flow-0123abcd-out0-0000000000-1-0000.tmp"));
    m.ckpt.epoch = 2;
    second = prepare(&m, 40);
    CU_ASSERT(!is_there("parts/k=39/.flow-0123abcd-out0-0000000000-1-0000.tmp"));
    c = (rt_committed){0, second.p, second.n, false};
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(m.sink.ops->publish_record(&m.sink, &c), RT_ok);
    CU_ASSERT(is_there("parts/k=0/out0-0000000000-0000.txt"));
    CU_ASSERT(is_there("parts/k=39/out0-0000000000-0000.txt"));
    CU_ASSERT(!is_there("parts/k=39/.flow-0123abcd-out0-0000000000-2-0000.tmp"));
    rt_wire_free(&first);
    rt_wire_free(&second);
    unmake(&m);
}

/* What no COMMIT can name goes with the sink; what one may name stays. */
static void test_close(void) {
    made m;
    char target[160];
    fake_remove_dir();
    mkdir(fake_path("ckpt"), 0700);
    snprintf(target, sizeof target, "%s", fake_path("one.txt"));
    feed f = {.n = 100};
    rt_output out = {.batch = 0, .rows = 100, .next = feed_next, .rewind = feed_rewind, .stream = &f};
    CU_ASSERT_EQUAL(make(&m, "file", target, false), RT_ok);
    CU_ASSERT_EQUAL(m.sink.ops->prepare(&m.sink, &out), RT_ok);
    unmake(&m);
    CU_ASSERT(!is_there("ckpt/outbox/out0/0-1.ob"));
    CU_ASSERT_EQUAL(make(&m, "file", target, false), RT_ok);
    rt_wire w = prepare(&m, 100);
    unmake(&m);
    CU_ASSERT(is_there("ckpt/outbox/out0/0-1.ob"));
    CU_ASSERT(w.n < 300);
    rt_wire_free(&w);
    CU_ASSERT_EQUAL(make(&m, "file", target, false), RT_ok);
    m.ckpt.epoch = 2;
    w = prepare(&m, 60); /* few enough for the COMMIT itself */
    CU_ASSERT(w.n > 60000 && !is_there("ckpt/outbox/out0/0-2.ob"));
    m.sink.ops->sweep(&m.sink);
    CU_ASSERT(!is_there("ckpt/outbox/out0/0-1.ob"));
    rt_wire_free(&w);
    unmake(&m);
}

static int clean(void) {
    fake_remove_dir();
    return 0;
}

void suite_outbox(void) {
    CU_pSuite s = CU_add_suite("outbox", NULL, clean);
    CU_add_test(s, "records cut and damaged", test_damage);
    CU_add_test(s, "a batch that is prepared again", test_again);
    CU_add_test(s, "what stays at the end", test_close);
}
