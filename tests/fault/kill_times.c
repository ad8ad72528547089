/* kill_times.c - kill -9 at random times.
 *
 * A history: a program, a sink, a setting of `checkpoint_every`, one to eight kills, each
 * run at another parallelism; then a run to the end, and one more that must find nothing
 * to do.  With fixed cuts all runs cut the input alike: what is there after each kill is a
 * beginning of the expected bytes, and at the end all of them.  With free cuts each run
 * cuts in its own way: rows, and their order for each key, are the same in the end.
 *
 * When a kill strikes is drawn from the time that a run takes; one in four comes early, to
 * strike recovery. */
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <string.h>

#include "tests/fault/fault_cases.h"
#include "tests/fault/fault_drivers.h"

enum { KILLS_MAX = 8, ROOM = 600 };

typedef struct tallies {
    int64_t histories, kills, restarts, finished; /* finished: ended before the kill */
    lab_tally rows;
} tallies;

typedef struct history {
    lab_chance chance;
    lab_setup setup;
    bool fixed;
    int64_t cut;      /* of what is expected */
    int64_t kills;
    char dir[LAB_PATH];
    const lab_expected *expected;
    int64_t said, most; /* of standard output: bytes, and how far they came */
} history;

/* Microseconds that a run of each program takes from start to end. */
static int64_t usual[64];

static const int64_t cuts[] = {7, 20, 45, 150};
static const int64_t free_cuts[] = {5, 11, 33, 70, 200, 1000};
static const char *const everies[] = {"0s", "200ms", "10s"};
static const int parallelisms[] = {1, 2, 4};
static const int64_t sizes[] = {0, 500, 5000, 1000000};

#define PICK(chance, list) list[lab_below(chance, (int64_t)(sizeof list / sizeof *list))]

static history begin(const lab_options *o, int64_t number) {
    history h = {.chance = lab_chance_of((uint64_t)o->seed, (uint64_t)number)};
    lab_chance *c = &h.chance;
    h.setup.program = o->only ? lab_program_of(o->only)
                              : &lab_programs[number % lab_nprograms];
    h.setup.sink = lab_one_in(c, 8) ? LAB_STDOUT : lab_one_in(c, 2) ? LAB_SINGLE : LAB_PARTS;
    h.setup.every = PICK(c, everies);
    h.setup.sizes = PICK(c, sizes);
    h.cut = PICK(c, cuts);
    h.fixed = !h.setup.program->any_cut || h.setup.sink == LAB_STDOUT || lab_one_in(c, 2);
    h.kills = 1 + lab_below(c, KILLS_MAX);
    h.expected = lab_expect(h.setup.program, h.cut);
    lab_path(h.dir, "%s/kills-%lld", lab_work, (long long)number);
    lab_remove_tree(h.dir);
    lab_mkdir(h.dir);
    return h;
}

static lab_end run(history *h, int64_t kill_us) {
    lab_chance *c = &h->chance;
    h->setup.cut = h->fixed ? h->cut : PICK(c, free_cuts);
    h->setup.parallelism = PICK(c, parallelisms);
    lab_run r = lab_run_of(&h->setup, h->dir);
    /* A fast clock, or 200 ms would be longer than a run. */
    lab_set(&r, "FLOW_TEST_SPEED=%d", lab_one_in(c, 2) ? 100 : 1);
    r.signal_us = kill_us;
    return lab_go(&r);
}

/* What stands there after a run. */
static bool look(history *h, char *why) {
    char path[LAB_PATH];
    int64_t from = h->said;
    if (h->fixed && !lab_check_visible(&h->setup, h->dir, h->expected, why, ROOM))
        return false;
    if (h->setup.sink != LAB_STDOUT) return true;
    lab_path(path, "%s/stdout", h->dir);
    lab_text t = lab_read(path);
    h->said = t.n;
    lab_text_free(&t);
    return lab_check_stdout(h->dir, h->expected, from, &h->most, why, ROOM);
}

static bool run_out(history *h, tallies *t, char *why) {
    for (int again = 0; again < 2; again++) {
        char text[100];
        lab_end e = run(h, -1);
        t->restarts++;
        if (e.code != 0) {
            snprintf(why, ROOM, "%s: %s: %.300s", again ? "one more start" : "the last run",
                     lab_say_end(&e, text, sizeof text), e.log);
            t->rows.other++;
            return false;
        }
        if (!look(h, why)) return false;
    }
    if (h->setup.sink == LAB_STDOUT && h->most != h->expected->texts[0].n) {
        t->rows.lost++;
        snprintf(why, ROOM, "standard output ends early, at %lld of %lld", (long long)h->most,
                 (long long)h->expected->texts[0].n);
        return false;
    }
    return lab_check(&h->setup, h->dir, h->expected, h->fixed, &t->rows, why, ROOM);
}

static bool live(history *h, tallies *t, char *why) {
    int64_t *us = &usual[h->setup.program - lab_programs];
    if (!*us) *us = 2 * h->expected->us;
    for (int64_t i = 0; i < h->kills; i++) {
        int64_t span = lab_one_in(&h->chance, 4) ? *us / 4 : *us + *us / 8;
        lab_end e = run(h, 300 + lab_below(&h->chance, span));
        t->restarts += i > 0;
        if (e.killed_by == SIGKILL && !e.hung) {
            t->kills++;
        } else if (e.code == 0) {
            t->finished++;
            *us = (7 * *us + e.us) / 8;
        } else {
            char text[100];
            snprintf(why, ROOM, "run %lld: %s: %.300s", (long long)i,
                     lab_say_end(&e, text, sizeof text), e.log);
            t->rows.other++;
            return false;
        }
        if (!look(h, why)) return t->rows.other++, false;
        if (e.code == 0) break;
    }
    return run_out(h, t, why);
}

static void describe(const history *h, const char *why, char *out, int room) {
    snprintf(out, (size_t)room, "%s, %s, every %s, sizes / %lld, %s cut %lld, %lld kills: %s",
             h->setup.program->name, lab_sink_names[h->setup.sink], h->setup.every,
             (long long)h->setup.sizes, h->fixed ? "fixed" : "free", (long long)h->cut, (long long)h->kills, why);
}

lab_result lab_kills(const lab_options *o) {
    lab_result result = {0};
    tallies t = {0};
    for (int64_t i = o->from; t.kills < o->count && !lab_over(o); i++) {
        char why[ROOM] = "", line[2 * ROOM];
        history h = begin(o, i);
        bool good = live(&h, &t, why);
        t.histories++;
        describe(&h, why, line, sizeof line);
        bool go_on = lab_count(&result, good, "kills", i, h.dir, line);
        lab_remove_tree(h.dir);
        if (!go_on || o->only_one) break;
    }
    printf("kills: %lld histories, %lld kills, %lld restarts, %lld runs that ended before "
           "their kill; %lld lost, %lld doubled, %lld other faults; seed %lld\n",
           (long long)t.histories, (long long)t.kills, (long long)t.restarts,
           (long long)t.finished, (long long)t.rows.lost, (long long)t.rows.doubled,
           (long long)t.rows.other, (long long)o->seed);
    return result;
}
