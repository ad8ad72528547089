/* stop_signals.c - signals at random times.
 *
 * SIGTERM and SIGINT drain: exit 0, whole batches, nothing left half done, and the next
 * start goes on behind them.  A second one ends the process at once, with 143 or 130; so
 * does SIGHUP, as it does any program; both are as safe as SIGKILL.  A stop and a
 * continuation, and a SIGPIPE, change nothing.  Some of the signals come while a start
 * recovers from a kill.  Whatever came, the next run completes the output. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/fault/fault_cases.h"
#include "tests/fault/fault_drivers.h"

enum { ROOM = 600 };

typedef struct way {
    const char *name;
    int first, second;
    int code; /* of an end by the second signal; 0 none */
} way;

static const way ways[] = {
    {"TERM", SIGTERM, 0, 0},          {"INT", SIGINT, 0, 0},
    {"HUP", SIGHUP, 0, 0},            {"PIPE", SIGPIPE, 0, 0},
    {"TSTP, CONT", SIGSTOP, SIGCONT, 0}, {"TERM, TERM", SIGTERM, SIGTERM, 143},
    {"INT, INT", SIGINT, SIGINT, 130},
};
enum { WAYS = (int)(sizeof ways / sizeof *ways) };

static const int64_t cuts[] = {7, 20, 60};

/* Microseconds of a run, of each program with each cut. */
static int64_t usual[64][3];

typedef struct tallies {
    int64_t drained, early, at_once, late, through;
    lab_tally rows;
} tallies;

typedef struct scene {
    lab_chance chance;
    lab_setup setup;
    const lab_expected *expected;
    const way *way;
    char dir[LAB_PATH];
    bool recovers;
    int cut; /* of `cuts` */
    tallies *t;
} scene;

static bool wrong(char *why, const char *what, const lab_end *e) {
    char text[100];
    snprintf(why, ROOM, "%s: %s: %.300s", what, lab_say_end(e, text, sizeof text), e->log);
    return false;
}

/* A drained program has published whole batches. */
static bool is_whole(const scene *s, char *why) {
    lab_text got = lab_output(&s->setup, s->dir, 0);
    int64_t i = 0, n = got.n;
    lab_text_free(&got);
    while (i < s->expected->nends && s->expected->ends[i] < n) i++;
    if (!n || (i < s->expected->nends && s->expected->ends[i] == n)) return true;
    snprintf(why, ROOM, "drained within a batch: %lld bytes", (long long)n);
    return false;
}

static bool good_end(scene *s, const lab_end *e, char *why) {
    const way *w = s->way;
    bool drains = w->first == SIGTERM || w->first == SIGINT;
    if (e->hung) return wrong(why, w->name, e);
    /* Before the program has said what it does with signals. */
    if (e->killed_by && (e->killed_by == w->first || e->killed_by == w->second)) {
        if (w->first == SIGHUP) return s->t->at_once++, true;
        if (drains && !lab_there(s->dir)) return false;
        return s->t->early++, true;
    }
    if (w->code && e->code == w->code) return s->t->at_once++, true;
    if (e->code != 0) return wrong(why, w->name, e);
    if (!drains) return s->t->through++, true;
    s->t->drained++;
    return is_whole(s, why);
}

static bool do_scene(scene *s, char *why) {
    int64_t *us = &usual[s->setup.program - lab_programs][s->cut];
    lab_chance *c = &s->chance;
    if (!*us) *us = 2 * s->expected->us;
    lab_run r = lab_run_of(&s->setup, s->dir);
    if (s->recovers) {
        r.signal_us = *us / 3 + lab_below(c, *us / 2);
        lab_end killed = lab_go(&r);
        if (!killed.killed_by && killed.code) return wrong(why, "before", &killed);
    }
    r.signal = s->way->first;
    r.second = s->way->second;
    r.second_us = lab_below(c, 1500);
    /* Not before a process has had time to block its signals. */
    r.signal_us = 1200 + lab_below(c, *us + *us / 8);
    lab_end e = lab_go(&r);
    if (e.us < r.signal_us) s->t->late++;
    if (!e.killed_by && !e.code && e.us < r.signal_us) *us = (*us + e.us) / 2;
    if (!good_end(s, &e, why)) return false;
    if (s->setup.sink != LAB_STDOUT &&
        !lab_check_visible(&s->setup, s->dir, s->expected, why, ROOM))
        return false;
    r = lab_run_of(&s->setup, s->dir);
    e = lab_go(&r);
    if (e.code) return wrong(why, "the run after it", &e);
    return lab_check(&s->setup, s->dir, s->expected, true, &s->t->rows, why, ROOM);
}

lab_result lab_stops(const lab_options *o) {
    static const char *const everies[] = {"0s", "10s"};
    lab_result result = {0};
    tallies t = {0};
    for (int64_t i = o->from; i < o->from + (o->only_one ? 1 : o->count) && !lab_over(o); i++) {
        char why[ROOM] = "", line[2 * ROOM];
        scene s = {.chance = lab_chance_of((uint64_t)o->seed, (uint64_t)i), .t = &t};
        lab_chance *c = &s.chance;
        s.setup.program = o->only ? lab_program_of(o->only) : &lab_programs[i % lab_nprograms];
        s.setup.sink = lab_one_in(c, 2) ? LAB_SINGLE : LAB_PARTS;
        s.setup.every = everies[lab_below(c, 2)];
        s.setup.sizes = lab_one_in(c, 2) ? 0 : 1000000;
        s.cut = (int)lab_below(c, 3);
        s.setup.cut = cuts[s.cut];
        s.setup.parallelism = 1 + (int)lab_below(c, 3);
        s.way = &ways[lab_below(c, WAYS)];
        s.recovers = lab_one_in(c, 3);
        s.expected = lab_expect(s.setup.program, s.setup.cut);
        lab_path(s.dir, "%s/stops-%lld", lab_work, (long long)i);
        lab_remove_tree(s.dir);
        lab_mkdir(s.dir);
        bool good = do_scene(&s, why);
        snprintf(line, sizeof line, "%s, %s, every %s, cut %lld, %s%s: %s",
                 s.setup.program->name, lab_sink_names[s.setup.sink], s.setup.every,
                 (long long)s.setup.cut, s.way->name, s.recovers ? " in recovery" : "", why);
        bool go_on = lab_count(&result, good, "stops", i, s.dir, line);
        lab_remove_tree(s.dir);
        if (!go_on) break;
    }
    printf("stops: %lld drained, %lld at once, %lld went through, %lld before signals were "
           "taken, %lld after the end; %lld lost, %lld doubled; seed %lld\n",
           (long long)t.drained, (long long)t.at_once, (long long)t.through, (long long)t.early,
           (long long)t.late, (long long)t.rows.lost, (long long)t.rows.doubled,
           (long long)o->seed);
    return result;
}
