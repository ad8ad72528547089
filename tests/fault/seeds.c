/* seeds.c - histories that a seed decides (runtime/base/seed.h): workers and the publisher
 * take turns as it says, the clock is virtual and jumps, and one in three histories is
 * killed at some steps, also while it recovers.
 *
 * The output must be that of an undisturbed run, byte for byte.  A run that loses a wake-up
 * ends itself, and is a failure here.  Every hundredth history is run twice: all choices
 * must be the same, or seeds would prove nothing. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fault/fault_cases.h"
#include "tests/fault/fault_drivers.h"

enum { ROOM = 600, TWICE = 100, STEPS = 400 };

typedef struct history {
    lab_chance chance;
    lab_setup setup;
    const lab_expected *expected;
    int64_t number, kills, run;
    char dir[LAB_PATH];
} history;

typedef struct tallies {
    int64_t runs, kills, twice;
    lab_tally rows;
} tallies;

static history begin(const lab_options *o, int64_t number) {
    static const int64_t cuts[] = {7, 20, 45, 150};
    static const char *const everies[] = {"0s", "200ms", "10s"};
    history h = {.chance = lab_chance_of((uint64_t)o->seed, (uint64_t)number), .number = number};
    lab_chance *c = &h.chance;
    h.setup.program = o->only ? lab_program_of(o->only) : &lab_programs[number % lab_nprograms];
    h.setup.sink = lab_one_in(c, 2) ? LAB_SINGLE : LAB_PARTS;
    h.setup.cut = cuts[lab_below(c, 4)];
    h.kills = lab_one_in(c, 3) ? 1 + lab_below(c, 3) : 0;
    h.setup.every = h.kills || lab_one_in(c, 2) ? everies[lab_below(c, 3)] : NULL;
    h.expected = lab_expect(h.setup.program, h.setup.cut);
    lab_path(h.dir, "%s/seeds-%lld", lab_work, (long long)number);
    lab_remove_tree(h.dir);
    lab_mkdir(h.dir);
    return h;
}

static lab_end run(history *h, int64_t kill_at) {
    h->setup.parallelism = 1 + (int)lab_below(&h->chance, 4);
    lab_run r = lab_run_of(&h->setup, h->dir);
    lab_set(&r, "FLOW_SEED=%lld", (long long)(h->number * 16 + h->run++));
    lab_set(&r, "FLOW_SEED_TRACE=1");
    if (kill_at) lab_set(&r, "FLOW_SEED_KILL=%lld", (long long)kill_at);
    return lab_go(&r);
}

/* `choices` gets what the last run says of its own. */
static bool live(history *h, tallies *t, char *choices, char *why) {
    char text[100];
    int64_t steps = STEPS;
    for (int64_t i = 0; i < h->kills; i++) {
        lab_end e = run(h, 1 + lab_below(&h->chance, steps));
        t->runs++;
        if (e.killed_by == SIGKILL && !e.hung) t->kills++;
        else if (e.code == 0) break;
        else return snprintf(why, ROOM, "run %lld: %s: %.300s", (long long)i,
                             lab_say_end(&e, text, sizeof text), e.log), false;
    }
    lab_end e = run(h, 0);
    t->runs++;
    const char *said = strstr(e.log, "seed: ");
    snprintf(choices, 200, "%.*s", said ? (int)strcspn(said, "\n") : 0, said ? said : "");
    if (e.code == 0) return lab_check(&h->setup, h->dir, h->expected, true, &t->rows, why, ROOM);
    snprintf(why, ROOM, "the last run: %s: %.300s", lab_say_end(&e, text, sizeof text), e.log);
    return false;
}

static bool try_case(const lab_options *o, int64_t i, tallies *t, char *dir, char *why) {
    char first[200], second[200], what[ROOM] = "";
    history h = begin(o, i);
    bool good = live(&h, t, first, what);
    if (good && i % TWICE == 0) {
        lab_remove_tree(h.dir);
        h = begin(o, i);
        good = live(&h, t, second, what);
        t->twice++;
        if (good && strcmp(first, second))
            good = false, snprintf(what, ROOM, "the second time: %s, not %s", second, first);
    }
    snprintf(why, 2 * ROOM, "%s, %s, every %s, cut %lld, %lld kills: %s", h.setup.program->name,
             lab_sink_names[h.setup.sink],
             h.setup.every ? h.setup.every : "never", (long long)h.setup.cut,
             (long long)h.kills, what);
    lab_path(dir, "%s", h.dir);
    return good;
}

lab_result lab_seeds(const lab_options *o) {
    lab_result result = {0};
    tallies t = {0};
    for (int64_t i = o->from; result.passed + result.failed < o->count && !lab_over(o); i++) {
        char why[2 * ROOM], dir[LAB_PATH];
        bool good = try_case(o, i, &t, dir, why);
        bool go_on = lab_count(&result, good, "seeds", i, dir, why);
        lab_remove_tree(dir);
        if (!go_on || o->only_one) break;
    }
    printf("seeds: %lld runs, %lld kills, %lld histories made twice; %lld lost, %lld doubled\n",
           (long long)t.runs, (long long)t.kills, (long long)t.twice, (long long)t.rows.lost,
           (long long)t.rows.doubled);
    return result;
}
