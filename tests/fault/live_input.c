/* live_input.c - kill -9 while rows come from standard input, which cannot be read again.
 *
 * Each run is given rows of its own through a pipe, slowly; all but the last are killed.
 * What a kill may lose are the last rows of a run that were not in the input journal yet;
 * what it may not do is seen in the output: of each run the rows are a beginning of what it
 * was given, in order, none twice, and the count of each key goes up by one from row to
 * row through all runs - a row is in the state if, and only if, it is in the output. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fault/disk_image.h"
#include "tests/fault/fault_cases.h"
#include "tests/fault/fault_drivers.h"

enum { ROOM = 600, KEYS = 7, ROWS = 400, RUNS = 7 };

static const lab_program counted = {"counted", 0, 1, LAB_NONE};

typedef struct tallies {
    int64_t kills, given, kept;
} tallies;

typedef struct history {
    lab_chance chance;
    lab_setup setup;
    bool journal;
    int64_t runs; /* the last is not killed */
    char dir[LAB_PATH];
    const char *trace; /* of calls, or null */
} history;

/* Rows of a run: ids from run * ROWS on.  Ends with its pipe when the reader is gone. */
static void give(int fd, int64_t run, bool ends) {
    for (int64_t i = 0; i < ROWS; i++) {
        char row[64];
        int64_t id = run * ROWS + i;
        int n = snprintf(row, sizeof row, "%lld,k%lld\n", (long long)id, (long long)(id * 5 % KEYS));
        if (write(fd, row, (size_t)n) != n) _exit(0);
        if (i % 8 == 0) usleep(200);
    }
    if (!ends)
        for (;;) pause();
    _exit(0);
}

static lab_end run(history *h, int64_t number, int64_t kill_us) {
    int ends[2];
    lab_run r = lab_run_of(&h->setup, h->dir);
    if (!h->journal) lab_arg(&r, "--journal=false");
    if (h->trace) lab_set(&r, "FLOW_TRACE_OS=%s", h->trace);
    if (pipe2(ends, O_CLOEXEC) < 0) lab_die("pipe");
    pid_t giver = fork();
    if (giver < 0) lab_die("fork");
    if (!giver) {
        close(ends[0]);
        give(ends[1], number, number == h->runs - 1);
    }
    close(ends[1]);
    r.input = ends[0];
    r.signal_us = kill_us;
    lab_end e = lab_go(&r);
    close(ends[0]);
    kill(giver, SIGKILL);
    waitpid(giver, NULL, 0);
    return e;
}

/* Each line is key, count, id. */
static bool check(history *h, tallies *t, char *why) {
    int64_t counts[KEYS] = {0}, next[RUNS];
    lab_text all = lab_output(&h->setup, h->dir, 0);
    bool good = true;
    for (int64_t i = 0; i < RUNS; i++) next[i] = i * ROWS;
    for (char *line = all.p; good && line && *line;) {
        long long key, n, id;
        if (sscanf(line, "k%lld,%lld,%lld", &key, &n, &id) != 3 || key < 0 || key >= KEYS ||
            id < 0 || id >= RUNS * ROWS) {
            snprintf(why, ROOM, "a row makes no sense: %.60s", line);
            good = false;
        } else if (id != next[id / ROWS]) {
            snprintf(why, ROOM, "row %lld comes where %lld is expected", id,
                     (long long)next[id / ROWS]);
            good = false;
        } else if (n != ++counts[key]) {
            snprintf(why, ROOM, "row %lld: the count of key %lld is %lld, not %lld", id, key, n,
                     (long long)counts[key]);
            good = false;
        }
        if (good) next[id / ROWS]++;
        t->kept += good;
        line = strchr(line, '\n');
        if (line) line++;
    }
    if (good && next[h->runs - 1] != h->runs * ROWS) {
        snprintf(why, ROOM, "the last run ends at row %lld", (long long)next[h->runs - 1]);
        good = false;
    }
    lab_text_free(&all);
    return good;
}

static bool live(history *h, tallies *t, char *why) {
    for (int64_t i = 0; i < h->runs; i++) {
        bool last = i == h->runs - 1;
        char text[100];
        lab_end e = run(h, i, last ? -1 : 500 + lab_below(&h->chance, 25000));
        t->given += ROWS;
        if (e.killed_by == SIGKILL && !e.hung && !last) {
            t->kills++;
        } else if (e.code || !last) {
            snprintf(why, ROOM, "run %lld: %s: %.300s", (long long)i,
                     lab_say_end(&e, text, sizeof text), e.log);
            return false;
        }
    }
    return check(h, t, why);
}

static history begin(const lab_options *o, int64_t number) {
    static const char *const everies[] = {"0s", "200ms", "10s"};
    history h = {.chance = lab_chance_of((uint64_t)o->seed, (uint64_t)number)};
    lab_chance *c = &h.chance;
    h.setup = (lab_setup){.program = &counted, .cut = 40, .every = everies[lab_below(c, 3)]};
    h.setup.sink = lab_one_in(c, 2) ? LAB_SINGLE : LAB_PARTS;
    h.setup.sizes = lab_one_in(c, 2) ? 0 : 1000000;
    h.setup.parallelism = 1 + (int)lab_below(c, 2);
    h.journal = !lab_one_in(c, 4);
    h.runs = 2 + lab_below(c, RUNS - 1);
    lab_path(h.dir, "%s/live-%lld", lab_work, (long long)number);
    lab_remove_tree(h.dir);
    lab_mkdir(h.dir);
    return h;
}

lab_result lab_live(const lab_options *o) {
    lab_result result = {0};
    tallies t = {0};
    signal(SIGPIPE, SIG_DFL);
    for (int64_t i = o->from; t.kills < o->count && !lab_over(o); i++) {
        char why[ROOM] = "", line[2 * ROOM];
        history h = begin(o, i);
        bool good = live(&h, &t, why);
        snprintf(line, sizeof line, "%s, every %s, sizes / %lld%s: %s",
                 lab_sink_names[h.setup.sink], h.setup.every, (long long)h.setup.sizes,
                 h.journal ? "" : ", without a journal", why);
        bool go_on = lab_count(&result, good, "live", i, h.dir, line);
        lab_remove_tree(h.dir);
        if (!go_on || o->only_one) break;
    }
    printf("live: %lld kills; %lld of %lld rows came before them; seed %lld\n",
           (long long)t.kills, (long long)t.kept, (long long)t.given, (long long)o->seed);
    return result;
}

/* ---- power loss ------------------------------------------------------------------------ */

static void add_length(void *arg, const char *name, const lab_text *content) {
    (void)name;
    *(int64_t *)arg += content->n;
}

/* The last run on what the disk may hold; what was to be seen before is there again. */
static bool recover(const history *h, const disk *d, lab_chance *c, tallies *t, char *why) {
    history next = *h;
    int64_t shown = 0;
    lab_path(next.dir, "%s.image", h->dir);
    next.trace = NULL;
    lab_remove_tree(next.dir);
    disk_way way = {.subset = lab_one_in(c, 2), .names = (int)lab_below(c, 5) == 0,
                    .data = (int)lab_below(c, 5) == 0};
    disk_write(d, way, c, next.dir);
    disk_shown(d, add_length, &shown);
    lab_end e = run(&next, h->runs - 1, -1);
    if (e.code) {
        snprintf(why, ROOM, "recovery: code %d: %.300s", e.code, e.log);
        return false;
    }
    lab_text got = lab_output(&next.setup, next.dir, 0);
    int64_t n = got.n;
    lab_text_free(&got);
    if (n < shown) return snprintf(why, ROOM, "less is there than was to be seen"), false;
    bool good = check(&next, t, why);
    if (good) lab_remove_tree(next.dir);
    return good;
}

/* A traced run that is killed, and images of moments in it. */
static bool lose(history *h, tallies *t, int64_t *images, char *why) {
    char trace[LAB_PATH];
    lab_path(trace, "%s.trace", h->dir);
    remove(trace);
    h->trace = trace;
    h->runs = 2;
    disk *d = disk_of(h->dir);
    lab_end e = run(h, 0, 2000 + lab_below(&h->chance, 20000));
    disk_trace calls = disk_read_trace(trace, h->dir);
    bool good = e.killed_by != 0;
    if (!good) snprintf(why, ROOM, "code %d: %.300s", e.code, e.log);
    for (int64_t i = 0; good && i < calls.n; i++) {
        disk_do(d, &calls.ops[i]);
        if (calls.ops[i].kind == DISK_MARK || lab_below(&h->chance, calls.n) >= 12) continue;
        ++*images;
        good = recover(h, d, &h->chance, t, why);
    }
    disk_free(d);
    disk_trace_free(&calls);
    remove(trace);
    return good;
}

lab_result lab_live_power(const lab_options *o) {
    lab_result result = {0};
    tallies t = {0};
    int64_t images = 0;
    signal(SIGPIPE, SIG_DFL);
    for (int64_t i = o->from; images < o->count && !lab_over(o); i++) {
        char why[ROOM] = "", line[2 * ROOM], image[LAB_PATH];
        history h = begin(o, i);
        bool good = lose(&h, &t, &images, why);
        snprintf(line, sizeof line, "%s, every %s, sizes / %lld%s: %s",
                 lab_sink_names[h.setup.sink], h.setup.every, (long long)h.setup.sizes,
                 h.journal ? "" : ", without a journal", why);
        lab_path(image, "%s.image", h.dir);
        bool go_on = lab_count(&result, good, "live-power", i, image, line);
        lab_remove_tree(h.dir);
        lab_remove_tree(image);
        if (!go_on || o->only_one) break;
    }
    printf("live-power: %lld images; seed %lld\n", (long long)images, (long long)o->seed);
    return result;
}
