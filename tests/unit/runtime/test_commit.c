/* test_commit.c - sinks with a checkpoint: a small protocol around one sink, stopped after
 * every one of its steps, alone and in pairs; a new process goes on from what the records
 * say, and in the end the output is that of an undisturbed run.
 * The protocol is that of connector.h; the records are in a file of the test's own. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CUnit/Basic.h>

#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/sanitizer.h"
#include "runtime/io/outbox.h"
#include "runtime/io/sinks.h"
#include "tests/unit/runtime/fake_program.h"

void suite_commit(void);

enum { EACH = RT_ASAN || RT_TSAN ? 5 : 1 }; /* such a process takes long to begin */
enum { BATCHES = 4, CRASHED = 77, LONG_LINES = 1500 };

/* What is run. */
static struct {
    const char *connector, *target, *header;
    bool partition, large;
    rt_mode mode;
    bool empty_first; /* the first batch has no rows */
} plan;

/* A path in the folder of this suite: in memory where that can be, for it syncs much. */
static const char *at(const char *name) {
    static char dir[64], paths[16][128];
    static int next;
    if (!*dir) {
        strcpy(dir, "/dev/shm/flow-test-XXXXXX");
        if (access("/dev/shm", W_OK) < 0) strcpy(dir, "/tmp/flow-test-XXXXXX");
        if (!mkdtemp(dir)) abort();
    }
    char *path = paths[next++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

/* ---- the rows of a batch ------------------------------------------------------------------ */

static int64_t lines_of(int64_t batch) {
    if (plan.empty_first && batch == 0) return 0;
    if (batch == 2) return 0;
    return plan.large && batch == 1 ? LONG_LINES : 3;
}

typedef struct feed {
    int64_t batch, at;
    char line[128], path[16];
} feed;

static rt_status feed_next(rt_output *out, rt_piece *piece) {
    feed *f = out->stream;
    *piece = (rt_piece){0};
    if (f->at == lines_of(f->batch)) return RT_ok;
    int n = snprintf(f->line, sizeof f->line, "%" PRId64 " %" PRId64 " %060d\n", f->batch,
                     f->at, 7);
    snprintf(f->path, sizeof f->path, "k=%c/",
             (int)(f->at * 3 / lines_of(f->batch)) + 'a');
    *piece = (rt_piece){(const uint8_t *)f->line, n, plan.partition ? f->path : NULL};
    f->at++;
    return RT_ok;
}

static void feed_rewind(rt_output *out) { ((feed *)out->stream)->at = 0; }

/* ---- a process ---------------------------------------------------------------------------- */

typedef struct life {
    rt_sink sink;
    rt_sink_decl decl;
    rt_env env;
    rt_ckpt_env ckpt;
    rt_option *options;
    rt_wire last;        /* what the last COMMIT says */
    int64_t batch;       /* of it, or -1 */
    bool done;
    int64_t ahead;
    int left;            /* steps until the crash */
} life;

static void step(life *l) {
    if (l->left-- == 0) _exit(CRASHED);
}

static void must(rt_status status) {
    if (status != RT_ok) _exit(100 + (int)status);
}

static void log_add(int64_t kind, const rt_wire *payload, int64_t batch) {
    int fd = open(at("log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    int64_t head[3] = {kind, batch, payload ? payload->n : 0};
    if (write(fd, head, sizeof head) != sizeof head) abort();
    if (payload && write(fd, payload->p, (size_t)payload->n) != payload->n) abort();
    close(fd);
}

static void log_read(life *l) {
    int64_t n = 0;
    char *text = fake_read(at("log"), &n);
    l->batch = -1;
    for (char *p = text; p && p < text + n;) {
        int64_t head[3];
        memcpy(head, p, sizeof head);
        l->done = head[0] == 'D';
        if (head[0] == 'C') {
            rt_wire_clear(&l->last);
            rt_wire_raw(&l->last, p + sizeof head, head[2]);
            l->batch = head[1];
        }
        p += (int64_t)sizeof head + head[2];
    }
    free(text);
}

static rt_committed last_of(const life *l) {
    return (rt_committed){l->batch, l->last.p, l->last.n, l->done};
}

static void open_life(life *l, uint32_t epoch) {
    static rt_program program;
    static rt_settings settings;
    uint64_t words[2] = {(uint64_t)(uintptr_t)plan.target, strlen(plan.target)};
    *l = (life){.ckpt = {.dir = at("ckpt"), .job8 = "0123abcd", .epoch = epoch}};
    program.arena = rt_arena_new();
    l->env = (rt_env){.mem = rt_mem_new(64 << 20, 1), .program = &program,
                      .settings = &settings, .ckpt = &l->ckpt};
    rt_program_option(&program, &l->options, "arg", 3, 's', words);
    l->decl = (rt_sink_decl){.name = "to file", .connector = plan.connector,
                             .mode = plan.mode, .partition = plan.partition,
                             .header = plan.header, .ext = "txt", .options = l->options};
    l->sink = (rt_sink){.ops = rt_sink_find(plan.connector), .decl = &l->decl,
                        .env = &l->env, .id = 0};
    must(l->sink.ops->open(&l->sink));
}

static void recover(life *l) {
    rt_sink *s = &l->sink;
    log_read(l);
    rt_committed c = last_of(l);
    l->ahead = -1;
    must(s->ops->resume(s, l->batch < 0 ? NULL : &c, &l->ahead));
    step(l);
    if (l->batch >= 0) must(s->ops->publish_record(s, &c));
    step(l);
    s->ops->sweep(s);
    step(l);
}

static void run_batch(life *l, int64_t batch) {
    rt_sink *s = &l->sink;
    feed f = {.batch = batch};
    rt_output out = {.batch = batch, .now = 1000 * batch, .rows = lines_of(batch),
                     .next = feed_next, .rewind = feed_rewind, .stream = &f,
                     .given = plan.mode == RT_COMPLETE};
    rt_dirs dirs = {0};
    rt_wire before = l->last;
    rt_committed old = last_of(l);
    must(s->ops->prepare(s, &out));
    step(l);
    must(s->ops->sync(s));
    s->ops->dirs(s, &dirs);
    must(rt_dirs_sync(&dirs));
    step(l);
    l->last = (rt_wire){0};
    s->ops->record(s, &l->last);
    log_add('C', &l->last, batch);
    l->batch = batch;
    l->done = false;
    step(l);
    rt_committed c = last_of(l);
    if (old.batch >= 0) s->ops->forget(s, &old);
    step(l);
    must(s->ops->publish_record(s, &c));
    step(l);
    log_add('D', NULL, batch);
    step(l);
    rt_wire_free(&before);
    rt_dirs_free(&dirs);
}

/* A whole life in a child; `steps` negative: to the end.  Its exit code. */
static int live(int steps, uint32_t epoch) {
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        life l;
        int out = open(at("stdout"), O_WRONLY | O_CREAT | O_APPEND, 0600);
        int err = open(at("stderr"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(out, 1);
        dup2(err, 2);
        open_life(&l, epoch);
        l.left = steps;
        recover(&l);
        if (l.ahead >= 0) _exit(99);
        while (l.batch < BATCHES - 1) run_batch(&l, l.batch + 1);
        must(l.sink.ops->finish(&l.sink, false));
        l.sink.ops->close(&l.sink);
        _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
}

/* ---- what is there afterwards -------------------------------------------------------------- */

typedef struct listed {
    char *p;
    size_t n;
} listed;

static void add_text(listed *t, const char *p, size_t n) {
    t->p = realloc(t->p, t->n + n + 1);
    memcpy(t->p + t->n, p, n);
    t->n += n;
    t->p[t->n] = 0;
}

/* The files of a folder and of those in it, by name, with mode and content. */
static void list(listed *t, const char *dir, const char *shown) {
    struct dirent **names;
    int n = rt_os_scan(dir, &names);
    for (int i = 0; i < n; i++) {
        char path[512], name[512];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name);
        snprintf(name, sizeof name, "%s/%s", shown, names[i]->d_name);
        if (strcmp(names[i]->d_name, ".") && strcmp(names[i]->d_name, "..")) {
            lstat(path, &st);
            if (S_ISDIR(st.st_mode)) list(t, path, name);
            if (S_ISREG(st.st_mode)) {
                int64_t len;
                char mode[16], *content = fake_read(path, &len);
                snprintf(mode, sizeof mode, " %o\n", st.st_mode & 0777);
                add_text(t, name, strlen(name));
                add_text(t, mode, strlen(mode));
                add_text(t, content, (size_t)len);
                free(content);
            }
        }
        free(names[i]);
    }
    if (n >= 0) free(names);
}

static char *listing(const char *dir) {
    listed t = {0};
    add_text(&t, "", 0);
    list(&t, dir, "");
    return t.p;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st, (void)type;
    return ftw->level ? remove(path) : 0;
}

static void wipe(void) {
    nftw(at(""), remove_one, 16, FTW_DEPTH | FTW_PHYS);
    mkdir(at("ckpt"), 0700);
}

/* Of the sinks that are exactly once. */
static char *output(void) {
    if (!strcmp(plan.connector, "file")) return listing(at("out"));
    char *text = fake_read(at("stdout"), NULL);
    return text ? text : strdup("");
}

/* Every line in order, but the last batch may begin anew. */
static bool at_least_once(const char *text, const char *header) {
    int64_t batch = 0, at = 0;
    if (strncmp(text, header, strlen(header)) != 0) return false;
    const char *p = text + strlen(header);
    bool first = true;
    while (*p) {
        long long b, i;
        if (batch == 0 && first && *header && !strncmp(p, header, strlen(header)))
            p += strlen(header);
        if (sscanf(p, "%lld %lld", &b, &i) != 2) return false;
        while (batch < b && at == lines_of(batch)) batch++, at = 0;
        if (b != batch || (i != at && i != 0)) return false;
        at = i + 1;
        first = batch == 0;
        p = strchr(p, '\n') + 1;
        if (first && at == lines_of(0) && *header && !strncmp(p, header, strlen(header)))
            at = 0;
    }
    return batch == BATCHES - 1 && at == lines_of(batch);
}

static bool right(const char *want) {
    char *have = output();
    bool same = !strcmp(plan.connector, "file") ? !strcmp(have, want)
                                                : at_least_once(have, plan.header);
    if (!same) printf("want %.300s\nhave %.300s\n", want, have);
    free(have);
    return same;
}

/* ---- every step ---------------------------------------------------------------------------- */

static char *undisturbed(int *steps) {
    wipe();
    CU_ASSERT_EQUAL(live(-1, 1), 0);
    char *want = output();
    for (*steps = 0;; ++*steps) {
        wipe();
        if (live(*steps, 1) == 0) return want;
    }
}

static void every_step(void) {
    int steps;
    char *want = undisturbed(&steps);
    for (int a = 0; a < steps; a += EACH) {
        for (int b = -1; b < 12; b += EACH) {
            wipe();
            CU_ASSERT_EQUAL(live(a, 1), CRASHED);
            if (b >= 0) live(b, 2);
            CU_ASSERT_EQUAL(live(-1, 3), 0);
            if (!right(want)) {
                printf("%s %s: after steps %d and %d\n", plan.connector, plan.target, a, b);
                CU_FAIL("another output");
                free(want);
                return;
            }
        }
    }
    /* A finished job that starts again changes nothing. */
    CU_ASSERT(live(-1, 4) == 0 && right(want));
    free(want);
}

static void set(const char *connector, const char *target, const char *header) {
    static char kept[128];
    snprintf(kept, sizeof kept, "%s", target);
    memset(&plan, 0, sizeof plan);
    plan.connector = connector;
    plan.target = kept;
    plan.header = header;
}

static void test_parts(void) {
    set("file", at("out/"), "h\n");
    plan.large = true;
    every_step();
    CU_ASSERT(!access(at("out/out0-0000000000-0000.txt"), F_OK));
    CU_ASSERT(access(at("out/out0-0000000002-0000.txt"), F_OK));
}

static void test_partitions(void) {
    set("file", at("out/deep/er"), "");
    plan.partition = true;
    every_step();
}

static void test_single(void) {
    set("file", at("out/one.txt"), "h\n");
    every_step();
    plan.large = true;
    every_step();
    plan.empty_first = true;
    every_step();
}

static void test_streams(void) {
    set("stdout", "", "h h\n");
    every_step();
    plan.large = true;
    every_step();
}

/* ---- a single file, cut anywhere ------------------------------------------------------------ */

/* Dies after COMMIT of batch 1: 3 steps to start, 6 of batch 0, 3 of batch 1. */
static void crash_committed(void) {
    wipe();
    CU_ASSERT_EQUAL(live(3 + 6 + 2, 1), CRASHED);
}

static void put_tail(const char *path, const char *whole, int64_t keep, int64_t junk, char with) {
    char *text = malloc((size_t)(keep + junk) + 1);
    memcpy(text, whole, (size_t)keep);
    memset(text + keep, with, (size_t)junk);
    fake_write(path, text, keep + junk);
    free(text);
}

/* What publication has written by a crash: all lengths, as it is, with zeros and with other
 * bytes at its end. */
static void test_torn_single(void) {
    int64_t n, before;
    set("file", at("out/one.txt"), "h\n");
    const char *path = plan.target;
    for (int large = 0; large < 2; large++) {
        plan.large = large;
        wipe();
        CU_ASSERT_EQUAL(live(-1, 1), 0);
        char *want = output(), *whole = fake_read(path, &n);
        crash_committed();
        free(fake_read(path, &before));
        CU_ASSERT(before > 0 && before < n);
        int64_t after = strstr(whole, "\n3 0 ") + 1 - whole, step = large ? 9973 : EACH;
        for (int64_t keep = before; keep <= after; keep += step) {
            for (int junk = 0; junk < 3; junk++) {
                int64_t dirt = junk ? RT_MIN(after - keep, 50) : 0;
                crash_committed();
                put_tail(path, whole, keep, dirt, junk == 1 ? 0 : 'x');
                CU_ASSERT_EQUAL(live(-1, 2), 0);
                CU_ASSERT(right(want));
            }
        }
        free(want);
        free(whole);
    }
}

/* ---- what is refused ------------------------------------------------------------------------ */

static void expect_refused(const char *text) {
    CU_ASSERT_EQUAL(live(-1, 2), 100 + RT_refused);
    char *err = fake_read(at("stderr"), NULL);
    CU_ASSERT(err && strstr(err, text));
    free(err);
}

static void shell(const char *text_of) {
    char command[300];
    snprintf(command, sizeof command, "cd %s && %s", at(""), text_of);
    if (system(command)) abort();
}

static void test_refused_single(void) {
    set("file", at("out/one.txt"), "");
    plan.large = true;
    crash_committed();
    shell("truncate -s 3 out/one.txt");
    expect_refused("out/one.txt has 3 bytes");
    crash_committed();
    shell("rm out/one.txt");
    expect_refused("out/one.txt");
    crash_committed();
    shell("rm ckpt/outbox/out0/1-1.ob");
    expect_refused("1-1.ob is not there");
    crash_committed();
    shell("printf x | dd of=ckpt/outbox/out0/1-1.ob bs=1 seek=70000 conv=notrunc 2>/dev/null");
    expect_refused("1-1.ob is damaged");
    crash_committed();
    shell("truncate -s -1 ckpt/outbox/out0/1-1.ob");
    expect_refused("1-1.ob has another length");
    crash_committed();
    shell("mv ckpt/outbox/out0/1-1.ob x && ln -s ../../../x ckpt/outbox/out0/1-1.ob");
    expect_refused("1-1.ob is a link");
    shell("rm x");
    crash_committed();
    shell("rm ckpt/outbox/out0/1-1.ob && mkfifo -m 600 ckpt/outbox/out0/1-1.ob");
    expect_refused("1-1.ob is no file");
    /* Longer than a COMMIT says: evidence of a newer batch. */
    crash_committed();
    shell("head -c 300000 /dev/zero >> out/one.txt");
    CU_ASSERT_NOT_EQUAL(live(-1, 2), 0);
    wipe();
    CU_ASSERT_EQUAL(live(-1, 1), 0);
    shell("echo more >> out/one.txt");
    CU_ASSERT_EQUAL(live(-1, 2), 99);
}

static void test_refused_parts(void) {
    set("file", at("out/"), "");
    crash_committed();
    shell("rm out/.flow-*-0000000001-*");
    expect_refused("out0-0000000001-0000.txt is not there, nor what it is made from");
    crash_committed();
    shell("f=$(ls out/.flow-*); printf x | dd of=$f bs=1 seek=20 conv=notrunc 2>/dev/null");
    expect_refused("its hidden file is damaged");
    crash_committed();
    shell("echo mine > out/out0-0000000001-0000.txt");
    expect_refused("out0-0000000001-0000.txt is not what the checkpoint says");
    shell("echo mine | cmp -s - out/out0-0000000001-0000.txt");
    crash_committed();
    shell("echo new > out/out0-0000000007-0000.txt");
    CU_ASSERT_EQUAL(live(-1, 2), 99);
    /* A new job over old parts; other programs' files stay and do not matter. */
    wipe();
    CU_ASSERT_EQUAL(live(-1, 1), 0);
    shell("rm -r ckpt log && mkdir -m 700 ckpt");
    expect_refused("out0-0000000000-0000.txt is of an earlier job");
    wipe();
    shell("mkdir out && touch out/.flow-99999999-out0-0000000001-1-0000.tmp");
    CU_ASSERT_EQUAL(live(-1, 1), 0);
    shell("rm out/.flow-99999999-out0-0000000001-1-0000.tmp");
    wipe();
    shell("mkdir out && touch out/letter");
    expect_refused("out/letter is not of this program");
}

static void test_links(void) {
    set("file", at("out/deep/er"), "");
    plan.partition = true;
    wipe();
    shell("mkdir -p out/deep/er out/other && ln -s ../../other out/deep/er/k=b");
    CU_ASSERT_EQUAL(live(-1, 1), 100 + RT_refused);
    char *list = listing(at("out/other"));
    CU_ASSERT_STRING_EQUAL(list, "");
    free(list);
}

/* ---- the rest ------------------------------------------------------------------------------ */

static void test_extends(void) {
    set("file", at("out/one.txt"), "h\n");
    wipe();
    shell("mkdir out && echo old > out/one.txt");
    CU_ASSERT_EQUAL(live(-1, 1), 0);
    char *have = fake_read(at("out/one.txt"), NULL);
    CU_ASSERT(!strncmp(have, "old\n0 0 ", 8));
    free(have);
    /* A new job goes on behind it. */
    shell("rm -r ckpt log && mkdir -m 700 ckpt");
    CU_ASSERT_EQUAL(live(-1, 1), 0);
    have = fake_read(at("out/one.txt"), NULL);
    CU_ASSERT(strstr(have, "\n3 2 ") && strstr(strstr(have, "\n3 2 "), "\n0 0 "));
    free(have);
}

/* What is hidden can be read by its owner alone. */
static void test_modes(void) {
    struct stat st;
    set("file", at("out/"), "");
    plan.large = true;
    crash_committed();
    shell("f=$(ls out/.flow-0123abcd-out0-0000000001-1-0000.tmp) && test $(stat -c %a $f) = 600");
    CU_ASSERT_EQUAL(stat(at("out/out0-0000000000-0000.txt"), &st), 0);
    mode_t mask = umask(022);
    umask(mask);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0666 & ~mask);
    set("stdout", "", "");
    plan.large = true;
    crash_committed();
    shell("test $(stat -c %a ckpt/outbox) = 700 && test $(stat -c %a ckpt/outbox/out0/1-1.ob) = 600");
}

/* `complete`: a table that a restart finds unchanged is not shown again. */
static void test_console(void) {
    set("console", "", "");
    wipe();
    CU_ASSERT_EQUAL(live(-1, 1), 0);
    char *want = output();
    CU_ASSERT(strstr(want, "Time: 1 ms\n") && !strstr(want, "Time: 2 ms\n"));
    int steps = 3 + 6 * BATCHES;
    for (int a = 0; a < steps; a++) {
        wipe();
        CU_ASSERT_EQUAL(live(a, 1), CRASHED);
        CU_ASSERT_EQUAL(live(-1, 2), 0);
        char *have = output();
        size_t n = strlen(want);
        CU_ASSERT(strlen(have) >= n && strlen(have) <= 2 * n);
        CU_ASSERT(strstr(have, strstr(want, "Time: 3 ms\n")) != NULL);
        free(have);
    }
    free(want);
}

static int clean(void) {
    wipe();
    return rmdir(at("ckpt")) || rmdir(at(""));
}

void suite_commit(void) {
    CU_pSuite s = CU_add_suite("commit", NULL, clean);
    CU_add_test(s, "parts", test_parts);
    CU_add_test(s, "partitions", test_partitions);
    CU_add_test(s, "one file", test_single);
    CU_add_test(s, "standard output", test_streams);
    CU_add_test(s, "one file, cut anywhere", test_torn_single);
    CU_add_test(s, "one file: what is refused", test_refused_single);
    CU_add_test(s, "parts: what is refused", test_refused_parts);
    CU_add_test(s, "no way out by a link", test_links);
    CU_add_test(s, "one file goes on behind an earlier job", test_extends);
    CU_add_test(s, "who may read", test_modes);
    CU_add_test(s, "the console", test_console);
}
