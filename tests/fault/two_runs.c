/* two_runs.c - two programs at one checkpoint, and checkpoints that are not where or what
 * they were: a second instance, a stale lock, a copied folder, an old backup, lost files.
 *
 * What is refused is refused with 4 (7 where another process holds the lock), names the
 * file, and leaves everything as it was. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fault/fault_cases.h"
#include "tests/fault/fault_drivers.h"

enum { ROOM = 600 };

typedef struct scene {
    lab_setup setup;
    const lab_expected *expected;
    char dir[LAB_PATH];
} scene;

static bool wrong(char *why, const char *what, const lab_end *e) {
    char text[100];
    snprintf(why, ROOM, "%s: %s: %.300s", what, lab_say_end(e, text, sizeof text), e->log);
    return false;
}

static lab_end run(const scene *s, const char *crash) {
    lab_run r = lab_run_of(&s->setup, s->dir);
    if (crash) lab_set(&r, "FLOW_CRASH=%s", crash);
    return lab_go(&r);
}

static void in_dir(const scene *s, const char *name, char *out) {
    lab_path(out, "%s/%s", s->dir, name);
}

static bool crashed(const scene *s, const char *crash, char *why) {
    lab_end e = run(s, crash);
    return e.killed_by == SIGKILL || wrong(why, crash, &e);
}

/* To the end, with the expected output. */
static bool ends_well(const scene *s, char *why) {
    lab_tally t = {0};
    lab_end e = run(s, NULL);
    if (e.code) return wrong(why, "the run after it", &e);
    return lab_check(&s->setup, s->dir, s->expected, true, &t, why, ROOM);
}

/* A run that must be refused, and change nothing that is visible. */
static bool is_refused(const scene *s, int code, const char *word, char *why) {
    lab_text before = lab_output(&s->setup, s->dir, 0);
    lab_end e = run(s, NULL);
    lab_text after = lab_output(&s->setup, s->dir, 0);
    bool same = lab_same(&before, &after);
    lab_text_free(&before);
    lab_text_free(&after);
    if (e.code != code) return wrong(why, "was to be refused", &e);
    if (!same) return snprintf(why, ROOM, "refused, but the output changed"), false;
    if (!strstr(e.log, word)) return wrong(why, "the message does not say which file", &e);
    return true;
}

/* ---- the cases -------------------------------------------------------------------------- */

static bool is_stopped(long pid) {
    char path[LAB_PATH];
    lab_path(path, "/proc/%ld/stat", pid);
    FILE *f = pid > 1 ? fopen(path, "r") : NULL;
    char state = 0;
    if (!f) return false;
    if (fscanf(f, "%*d %*s %c", &state) != 1) state = 0;
    fclose(f);
    return state == 'T';
}

/* The first is stopped in the middle, so that it holds the lock. */
static bool second_instance(scene *s, char *why) {
    char path[LAB_PATH], pid_text[32] = "";
    long holder = 0;
    lab_run r = lab_run_of(&s->setup, s->dir);
    in_dir(s, "ck/LOCK", path);
    lab_set(&r, "FLOW_STOP=C8:2");
    pid_t pid = fork();
    if (pid < 0) lab_die("fork");
    if (!pid) {
        lab_go(&r); /* from a process of its own, which waits for it */
        _exit(0);
    }
    for (int i = 0; i < 10000 && !is_stopped(holder); i++) {
        lab_text t = lab_read(path);
        if (!t.p || sscanf(t.p, "%ld", &holder) != 1) holder = 0;
        snprintf(pid_text, sizeof pid_text, "%ld", holder);
        lab_text_free(&t);
        usleep(500);
    }
    lab_end e = run(s, NULL);
    if (holder > 1) kill((pid_t)holder, SIGCONT);
    waitpid(pid, NULL, 0);
    if (e.code != 7) return wrong(why, "a second instance was not told 7", &e);
    if (!strstr(e.log, pid_text)) return wrong(why, "the holder's pid is not named", &e);
    return ends_well(s, why);
}

static bool stale_lock(scene *s, char *why) {
    return crashed(s, "C8:3", why) && ends_well(s, why);
}

static void save_checkpoint(const scene *s) {
    char from[LAB_PATH], to[LAB_PATH];
    in_dir(s, "ck", from);
    in_dir(s, "old", to);
    lab_copy_tree(from, to);
}

static void restore_checkpoint(const scene *s) {
    char from[LAB_PATH], to[LAB_PATH];
    in_dir(s, "old", from);
    in_dir(s, "ck", to);
    lab_remove_tree(to);
    if (rename(from, to) < 0) lab_die("cannot rename %s", from);
}

/* The output is ahead by more than a batch. */
static bool old_backup(scene *s, char *why) {
    if (!crashed(s, "C12:2", why)) return false;
    save_checkpoint(s);
    if (!crashed(s, "C12:6", why)) return false;
    restore_checkpoint(s);
    return is_refused(s, 4, "ahead", why);
}

/* The output is complete, the checkpoint is of its middle. */
static bool finished_backup(scene *s, char *why) {
    if (!crashed(s, "C12:2", why)) return false;
    save_checkpoint(s);
    if (!ends_well(s, why)) return false;
    restore_checkpoint(s);
    return is_refused(s, 4, "ahead", why);
}

static bool no_ident(scene *s, char *why) {
    char path[LAB_PATH];
    if (!crashed(s, "C8:3", why)) return false;
    in_dir(s, "ck/IDENT", path);
    if (remove(path) < 0) lab_die("cannot remove %s", path);
    return is_refused(s, 4, "IDENT", why);
}

static bool no_journal(scene *s, char *why) {
    char path[LAB_PATH];
    if (!crashed(s, "C8:3", why)) return false;
    in_dir(s, "ck/journal", path);
    if (remove(path) < 0) lab_die("cannot remove %s", path);
    return is_refused(s, 4, "ck", why);
}

static void last_file(void *arg, const char *root, const char *name) {
    char *out = arg;
    lab_path(out, "%s/%s", root, name);
}

static void first_file(void *arg, const char *root, const char *name) {
    if (!*(char *)arg) last_file(arg, root, name);
}

static void staged_file(void *arg, const char *root, const char *name) {
    if (!strncmp(name, ".flow-", 6)) last_file(arg, root, name);
}

static bool no_state(scene *s, char *why) {
    char dir[LAB_PATH], path[LAB_PATH] = "";
    if (!crashed(s, "C12:5", why)) return false;
    in_dir(s, "ck/state", dir);
    lab_walk(dir, last_file, path);
    if (!*path) return ends_well(s, why); /* small states live in the journal */
    if (remove(path) < 0) lab_die("cannot remove %s", path);
    lab_end e = run(s, NULL);
    lab_tally t = {0};
    if (e.code == 4) return true;
    if (e.code) return wrong(why, "a state file is gone", &e);
    return lab_check(&s->setup, s->dir, s->expected, true, &t, why, ROOM);
}

/* Committed and not published, and what was to be published is gone. */
static bool no_staging(scene *s, char *why) {
    char dir[LAB_PATH], path[LAB_PATH] = "";
    if (!crashed(s, "C8:3", why)) return false;
    in_dir(s, s->setup.sink == LAB_PARTS ? "out0" : "ck/outbox", dir);
    lab_walk(dir, s->setup.sink == LAB_PARTS ? staged_file : last_file, path);
    if (!*path) return snprintf(why, ROOM, "there is nothing staged"), false;
    if (remove(path) < 0) lab_die("cannot remove %s", path);
    return is_refused(s, 4, "out", why);
}

/* A part that was published earlier is the user's: nothing is said of it. */
static bool old_part_gone(scene *s, char *why) {
    if (s->setup.sink != LAB_PARTS) return true;
    char path[LAB_PATH] = "", dir[LAB_PATH];
    if (!crashed(s, "C12:5", why)) return false;
    in_dir(s, "out0", dir);
    lab_walk(dir, first_file, path);
    if (!*path) return snprintf(why, ROOM, "there are no parts"), false;
    if (remove(path) < 0) lab_die("cannot remove %s", path);
    lab_end e = run(s, NULL);
    return e.code == 0 || wrong(why, "without its first part", &e);
}

static void count_hidden(void *arg, const char *root, const char *name) {
    (void)root;
    *(int *)arg += !strncmp(name, ".flow-", 6);
}

static void remove_part(void *arg, const char *root, const char *name) {
    char path[LAB_PATH];
    (void)arg;
    lab_path(path, "%s/%s", root, name);
    if (*name != '.' && remove(path) < 0) lab_die("cannot remove %s", path);
}

static lab_end run_fresh(const scene *s, const char *crash) {
    lab_run r = lab_run_of(&s->setup, s->dir);
    lab_arg(&r, "--fresh");
    if (crash) lab_set(&r, "FLOW_CRASH=%s", crash);
    return lab_go(&r);
}

/* What a job has hidden goes with it, what another one has hidden stays: also where the new
 * job is refused at first, its parts having the names of the old ones, or killed. */
static bool fresh(scene *s, char *why) {
    char dir[LAB_PATH], other[LAB_PATH];
    int hidden = 0;
    if (s->setup.sink != LAB_PARTS) return true;
    if (!crashed(s, "C8:3", why)) return false;
    in_dir(s, "out0", dir);
    lab_walk(dir, count_hidden, &hidden);
    if (!hidden) return snprintf(why, ROOM, "there is nothing hidden"), false;
    lab_path(other, "%s/.flow-01234567-out0-0000000003-1-0000.tmp", dir);
    lab_write(other, "x", 1);
    lab_end e = run_fresh(s, NULL);
    if (e.code != 4) return wrong(why, "parts of the old job were to be refused", &e);
    lab_walk(dir, remove_part, NULL);
    e = run_fresh(s, "C3:0");
    if (e.killed_by != SIGKILL) return wrong(why, "the new job", &e);
    hidden = 0;
    lab_walk(dir, count_hidden, &hidden);
    if (hidden != 1 || remove(other) < 0)
        return snprintf(why, ROOM, "%d hidden files are left, and one was to stay", hidden), false;
    return ends_well(s, why);
}

static const struct {
    const char *name;
    bool (*run)(scene *s, char *why);
} cases[] = {
    {"a second instance", second_instance}, {"a stale lock", stale_lock},
    {"an old backup", old_backup},          {"an old backup behind the end", finished_backup},
    {"no IDENT", no_ident},                 {"no journal", no_journal},
    {"no state file", no_state},            {"no staged file", no_staging},
    {"an old part is gone", old_part_gone}, {"begun anew", fresh},
};
enum { CASES = (int)(sizeof cases / sizeof *cases) };

lab_result lab_two(const lab_options *o) {
    static const char *const names[] = {"map", "totals", "sliding"};
    lab_result result = {0};
    int64_t all = CASES * 3 * 2;
    for (int64_t i = o->from; i < (o->only_one ? o->from + 1 : all); i++) {
        char why[ROOM] = "", line[2 * ROOM];
        scene s = {.setup = {.every = "0s", .cut = 60, .parallelism = 1, .sizes = 1000000}};
        int64_t c = i % CASES;
        lab_may_go_back = cases[c].run == no_state;
        s.setup.program = lab_program_of(names[i / CASES % 3]);
        s.setup.sink = i / CASES / 3 ? LAB_SINGLE : LAB_PARTS;
        s.expected = lab_expect(s.setup.program, s.setup.cut);
        lab_path(s.dir, "%s/two-%lld", lab_work, (long long)i);
        lab_remove_tree(s.dir);
        lab_mkdir(s.dir);
        /* A table writes at its end: there is no output that could be ahead or staged. */
        bool no_output = !strcmp(names[i / CASES % 3], "totals");
        bool good = (no_output && (cases[c].run == old_backup || cases[c].run == no_staging ||
                                   cases[c].run == old_part_gone ||
                                   cases[c].run == fresh)) ||
                    cases[c].run(&s, why);
        snprintf(line, sizeof line, "%s, %s, %s: %s", s.setup.program->name,
                 lab_sink_names[s.setup.sink], cases[c].name, why);
        bool go_on = lab_count(&result, good, "two", i, s.dir, line);
        lab_remove_tree(s.dir);
        if (!go_on) break;
    }
    return result;
}
