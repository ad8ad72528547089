/* failing_calls.c - the k-th call fails, for k = 1, 2, ... until a run is untouched.
 *
 * Each fault is tried once and for good, on a run from the start and on a run that recovers
 * from a kill.  A run with a fault ends with a documented code and a message that names
 * the file and the error, or gets over it; it never crashes and never hangs.  The run after
 * it, without a fault, completes the output: byte by byte what an undisturbed run writes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fault/fault_cases.h"
#include "tests/fault/fault_drivers.h"

enum { ROOM = 600 };

/* Points of os.def; `any` is every call in turn with its usual error. */
static const char *const faults[] = {
    "any:%lld:-",        "any:%lld:-:on",       "any:%lld:EINTR",      "pwrite:%lld:SHORT",
    "write:%lld:SHORT",  "pwrite:%lld:EIO",     "write:%lld:EIO",      "pwrite:%lld:SHORT:on",
    "open:%lld:EACCES",  "open:%lld:EACCES:on", "pwrite:%lld:EIO:on",  "write:%lld:EIO:on",
    "any:%lld:EINTR:on", "rename:%lld:ENOSPC",  "pwrite:%lld:EDQUOT",  "read:%lld:SHORT",
};
enum { FAULTS = (int)(sizeof faults / sizeof *faults) };

/* Where the run with the fault begins: at the start, or behind a kill at this point. */
static const struct {
    const char *crash, *every;
    int64_t sizes;
} scenes[] = {{NULL, "0s", 0},  {"C8:3", "0s", 0}, {"C12:4", "10s", 0}, {NULL, "0s", 1000000},
              {NULL, "10s", 0}, {"C7:2", "0s", 4000}, {"C8:3", "0s", 1000000},
              {NULL, NULL, 0}}; /* the last without a checkpoint */
enum { SCENES = (int)(sizeof scenes / sizeof *scenes) };

typedef struct tallies {
    int64_t injections, over, codes[8]; /* over: faults that a run got over */
    lab_tally rows;
} tallies;

typedef struct series {
    lab_setup setup;
    const lab_expected *expected;
    const char *fault;
    const char *crash;
    char dir[LAB_PATH], saved[LAB_PATH], log[LAB_PATH];
    tallies *t;
} series;

static bool wrong(series *s, char *why, const char *what, const lab_end *e) {
    char text[100];
    s->t->rows.other++;
    snprintf(why, ROOM, "%s: %s: %.300s", what, lab_say_end(e, text, sizeof text), e->log);
    return false;
}

/* Does the message say what failed: the error in words, and for files which? */
static bool explains(const lab_end *e, const char *point) {
    static const char *const words[] = {"No space left", "Input/output error", "Too many open",
                                        "Permission denied", "Resource temporarily", "memory",
                                        "Disk quota", "Broken pipe", "thread"};
    bool named = false;
    /* Behind the call that failed first there may be another one. */
    if (strstr(e->log, "no memory left")) return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(e->log, words[i])) named = true;
    if (!named) return false;
    static const char *const files[] = {"write", "pwrite", "fsync", "rename", "unlink", "mkdir",
                                        "truncate"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (!strncmp(point, files[i], strlen(files[i])) && point[strlen(files[i])] == ' ')
            return strstr(e->log, "ck") || strstr(e->log, "out") || strstr(e->log, "standard") ||
                   strstr(e->log, "folder .");
    return true;
}

static bool good_end(series *s, const lab_end *e, const lab_text *log, char *why) {
    if (e->hung || e->killed_by) return wrong(s, why, "with the fault", e);
    if (e->code == 0) return s->t->over++, true;
    s->t->codes[e->code & 7]++;
    if (e->code != 1 && e->code != 5 && e->code != 6)
        return wrong(s, why, "a code that is not for this", e);
    /* Where all calls fail, another thread may end the process before. */
    if (!strncmp(log->p, "fsync", 5) && e->code != 6 && !strstr(e->log, "no memory left"))
        return wrong(s, why, "a failed sync must end with 6", e);
    if (!explains(e, log->p)) return wrong(s, why, "the message names no file or no error", e);
    return true;
}

/* One fault and the run after it; *touched: did the k-th call come at all? */
static bool try_one(series *s, int64_t k, bool *touched, char *why) {
    char fault[80];
    lab_remove_tree(s->dir);
    if (s->crash) lab_copy_tree(s->saved, s->dir);
    else lab_mkdir(s->dir);
    remove(s->log);
    lab_run r = lab_run_of(&s->setup, s->dir);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(fault, sizeof fault, s->fault, (long long)k);
#pragma GCC diagnostic pop
    lab_set(&r, "FLOW_FAULT=%s", fault);
    lab_set(&r, "FLOW_FAULT_LOG=%s", s->log);
    /* Out of memory ends a process where it stands: what it holds then is no leak. */
    const char *asan = getenv("ASAN_OPTIONS");
    if (asan) lab_set(&r, "ASAN_OPTIONS=%s:detect_leaks=0", asan);
    r.limit_ms = 20000;
    lab_end e = lab_go(&r);
    lab_text log = lab_read(s->log);
    *touched = log.p != NULL;
    if (log.p) s->t->injections++;
    bool good = log.p ? good_end(s, &e, &log, why) : e.code == 0 || wrong(s, why, "untouched", &e);
    lab_text_free(&log);
    if (!good) return false;
    /* A file of a folder that cannot be opened now comes later, behind others. */
    bool fixed = s->setup.program->input != LAB_FOLDER;
    if (s->setup.sink != LAB_STDOUT && fixed &&
        !lab_check_visible(&s->setup, s->dir, s->expected, why, ROOM))
        return s->t->rows.other++, false;
    r = lab_run_of(&s->setup, s->dir);
    e = lab_go(&r);
    if (e.code) return wrong(s, why, "the run after it", &e);
    return lab_check(&s->setup, s->dir, s->expected, fixed, &s->t->rows, why, ROOM);
}

/* The folder as a kill leaves it. */
static bool make_scene(series *s) {
    lab_remove_tree(s->saved);
    if (!s->crash) return true;
    lab_mkdir(s->saved);
    lab_run r = lab_run_of(&s->setup, s->saved);
    lab_set(&r, "FLOW_CRASH=%s", s->crash);
    lab_end e = lab_go(&r);
    /* One that takes its input as it comes may have fewer batches: then it has ended. */
    return e.killed_by || e.code == 0;
}

/* All k of one fault.  `stride`: only each so-many-th, beginning with `first`. */
static bool do_series(series *s, int64_t number, int64_t first, int64_t stride,
                      lab_result *result) {
    bool touched = true, go_on = true;
    if (!make_scene(s)) {
        snprintf(s->log, sizeof s->log, "the run passed %s", s->crash);
        return lab_count(result, false, "calls", number, s->dir, s->log);
    }
    for (int64_t k = 1 + first; touched && go_on; k += stride) {
        char why[ROOM] = "", line[2 * ROOM];
        bool good = try_one(s, k, &touched, why);
        snprintf(line, sizeof line, "%s, %s, every %s, sizes / %lld, behind %s, %s, k = %lld: %s",
                 s->setup.program->name, lab_sink_names[s->setup.sink], s->setup.every ? s->setup.every : "never",
                 (long long)s->setup.sizes,
                 s->crash ? s->crash : "nothing", s->fault, (long long)k, why);
        go_on = lab_count(result, good, "calls", number, s->dir, line);
    }
    lab_remove_tree(s->dir);
    lab_remove_tree(s->saved);
    remove(s->log);
    return go_on;
}

/* Series are numbered; with a count so many injections are spread over all of them. */
lab_result lab_calls(const lab_options *o) {
    lab_may_go_back = true;
    lab_result result = {0};
    tallies t = {0};
    static const int sinks[] = {LAB_PARTS, LAB_SINGLE};
    int64_t all = (int64_t)lab_nprograms * FAULTS * SCENES * 2, n = 0;
    int64_t stride = o->count ? 1 + all * 150 / o->count : 1;
    lab_chance chance = lab_chance_of((uint64_t)o->seed, 77);
    for (int64_t i = o->from; i < all && !lab_over(o); i++) {
        /* Neighbours differ in everything, so that a part of them is a fair sample. */
        int64_t at = o->only_one ? i : i * 7919 % all;
        series s = {.t = &t};
        s.setup.program = &lab_programs[at % lab_nprograms];
        s.setup.sink = (lab_sink)sinks[at / lab_nprograms % 2];
        s.fault = faults[at / lab_nprograms / 2 % FAULTS];
        int scene = (int)(at / lab_nprograms / 2 / FAULTS);
        s.crash = scenes[scene].crash;
        s.setup.every = scenes[scene].every;
        s.setup.sizes = scenes[scene].sizes;
        s.setup.cut = 100;
        s.setup.parallelism = 1 + (int)(at % 2);
        if (o->only && strcmp(o->only, s.setup.program->name)) continue;
        s.expected = lab_expect(s.setup.program, s.setup.cut);
        lab_path(s.dir, "%s/calls-%lld", lab_work, (long long)at);
        lab_path(s.saved, "%s.saved", s.dir);
        lab_path(s.log, "%s.log", s.dir);
        n++;
        if (!do_series(&s, at, lab_below(&chance, stride), stride, &result) || o->only_one) break;
        if (o->count && t.injections >= o->count) break;
    }
    printf("calls: %lld injections in %lld series; %lld got over, exit 1: %lld, 5: %lld, 6: "
           "%lld; %lld lost, %lld doubled, %lld other faults; seed %lld\n",
           (long long)t.injections, (long long)n, (long long)t.over, (long long)t.codes[1],
           (long long)t.codes[5], (long long)t.codes[6], (long long)t.rows.lost,
           (long long)t.rows.doubled, (long long)t.rows.other, (long long)o->seed);
    return result;
}
