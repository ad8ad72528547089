/* crash_points.c - every named point of runtime/base/crash.def: killed there, restarted,
 * compared; with --pairs the restart is killed too, at each point that it passes.
 *
 * Which points a run passes, in which batches, it says itself (FLOW_CRASH_LOG): the first
 * three batches, the last one, and all that have to do with snapshots are taken.  Every
 * second restart cuts the input in another way where the program allows it: a batch that
 * was planned and not committed may come out differently, one that was committed may not. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fault/fault_cases.h"
#include "tests/fault/fault_drivers.h"

enum { ROOM = 600, POINT = 40 };

typedef struct pass {
    char point[POINT];
    long long batch;
    int kth; /* of the same point and batch */
} pass;

typedef struct passes {
    pass *all;
    int64_t n;
} passes;

typedef struct tallies {
    int64_t singles, pairs, missed; /* missed: the run ended before its point */
    lab_tally rows;
} tallies;

/* What a run said it passed. */
static passes read_passes(const char *path) {
    passes p = {NULL, 0};
    lab_text t = lab_read(path);
    for (char *line = t.p; line && *line;) {
        pass one = {.kth = 1};
        if (sscanf(line, "%39s %lld", one.point, &one.batch) != 2) break;
        for (int64_t i = 0; i < p.n; i++)
            one.kth += p.all[i].batch == one.batch && !strcmp(p.all[i].point, one.point);
        p.all = realloc(p.all, (size_t)(p.n + 1) * sizeof *p.all);
        if (!p.all) lab_die("memory");
        p.all[p.n++] = one;
        line = strchr(line, '\n');
        if (line) line++;
    }
    lab_text_free(&t);
    return p;
}

/* Is it worth a run: one of the first three passes of its point, the last one, and of each
 * no more than three in a batch? */
static bool is_chosen(const passes *p, int64_t at) {
    int64_t before = 0, behind = 0, batch = -2;
    if (p->all[at].kth > 3) return false;
    for (int64_t i = 0; i < p->n; i++) {
        if (strcmp(p->all[i].point, p->all[at].point) || p->all[i].batch == batch) continue;
        batch = p->all[i].batch;
        before += i < at && batch != p->all[at].batch;
        behind += i > at && batch != p->all[at].batch;
    }
    return before < 3 || !behind || !strncmp(p->all[at].point, "C14", 3);
}

static passes choose(passes p) {
    passes out = {malloc((size_t)(p.n + 1) * sizeof *out.all), 0};
    for (int64_t i = 0; i < p.n; i++)
        if (is_chosen(&p, i)) out.all[out.n++] = p.all[i];
    free(p.all);
    return out;
}

static void fresh(const char *dir) {
    lab_remove_tree(dir);
    lab_mkdir(dir);
}

/* A run that is killed at `at`, or (null) to the end; with `log` it says what it passes. */
static lab_end run(const lab_setup *s, const char *dir, const pass *at, const char *log) {
    lab_run r = lab_run_of(s, dir);
    if (at) lab_set(&r, "FLOW_CRASH=%s:%lld#%d", at->point, at->batch, at->kth);
    if (log) {
        remove(log);
        lab_set(&r, "FLOW_CRASH_LOG=%s", log);
    }
    return lab_go(&r);
}

typedef struct scene {
    lab_setup setup;
    const lab_expected *expected;
    char dir[LAB_PATH], log[LAB_PATH];
    int64_t number;
    int64_t said, most; /* standard output so far, and how far it had come */
    tallies *tallies;
} scene;

static bool fail(scene *c, char *why, const char *what, const lab_end *e) {
    char text[100];
    c->tallies->rows.other++;
    snprintf(why, ROOM, "%s: %s: %.300s", what, lab_say_end(e, text, sizeof text), e->log);
    return false;
}

/* What one run has written to standard output, behind what those before it have. */
static bool hear(scene *c, char *why) {
    char path[LAB_PATH];
    int64_t from = c->said;
    if (c->setup.sink != LAB_STDOUT) return true;
    lab_path(path, "%s/stdout", c->dir);
    lab_text t = lab_read(path);
    c->said = t.n;
    lab_text_free(&t);
    return lab_check_stdout(c->dir, c->expected, from, &c->most, why, ROOM);
}

/* Restarts what was killed, to the end, and compares. */
static bool finish(scene *c, bool other_cut, const char *log, char *why) {
    lab_setup s = c->setup;
    if (!hear(c, why)) return false;
    if (s.sink != LAB_STDOUT && !lab_check_visible(&s, c->dir, c->expected, why, ROOM))
        return false;
    s.parallelism = 1 + (int)(c->number % 2);
    if (other_cut) s.cut += 13;
    lab_end e = run(&s, c->dir, NULL, log);
    if (e.code) return fail(c, why, "the restart", &e);
    if (!hear(c, why)) return false;
    if (s.sink == LAB_STDOUT && c->most != c->expected->texts[0].n) {
        c->tallies->rows.lost++;
        snprintf(why, ROOM, "standard output ends early");
        return false;
    }
    return lab_check(&s, c->dir, c->expected, !other_cut, &c->tallies->rows, why, ROOM);
}

static bool try_pair(scene *c, const pass *first, const pass *second, char *why) {
    char saved[LAB_PATH];
    lab_path(saved, "%s.saved", c->dir);
    fresh(c->dir);
    lab_copy_tree(saved, c->dir);
    c->said = c->most = 0;
    if (!hear(c, why)) return false;
    lab_end e = run(&c->setup, c->dir, second, NULL);
    c->tallies->pairs++;
    if (e.killed_by != SIGKILL || e.hung) {
        if (e.code) return fail(c, why, "killed once", &e);
        c->tallies->missed++;
    }
    char text[ROOM] = "";
    bool good = finish(c, false, NULL, text);
    snprintf(why, ROOM, "%s:%lld, then %s:%lld: %.400s", first->point, first->batch,
             second->point, second->batch, text);
    return good;
}

/* The restart of a killed run, killed at each point that it passes. */
static bool try_pairs(scene *c, const pass *first, int64_t most, lab_chance *chance,
                      lab_result *result) {
    char saved[LAB_PATH], line[2 * ROOM], why[ROOM];
    passes p = choose(read_passes(c->log));
    lab_path(saved, "%s.saved", c->dir);
    bool go_on = true;
    for (int64_t i = 0; go_on && i < p.n; i++) {
        if (most && lab_below(chance, p.n) >= most) continue;
        bool good = try_pair(c, first, &p.all[i], why);
        snprintf(line, sizeof line, "%s, %s, every %s: %s", c->setup.program->name,
                 lab_sink_names[c->setup.sink], c->setup.every, why);
        go_on = lab_count(result, good, "points", c->number, c->dir, line);
    }
    lab_remove_tree(saved);
    free(p.all);
    return go_on;
}

static bool try_point(scene *c, const pass *p, bool pairs, char *why) {
    char saved[LAB_PATH];
    fresh(c->dir);
    lab_end e = run(&c->setup, c->dir, p, NULL);
    c->tallies->singles++;
    if (e.killed_by != SIGKILL || e.hung) {
        if (e.code) return fail(c, why, "the run to be killed", &e);
        c->tallies->missed++;
    }
    lab_path(saved, "%s.saved", c->dir);
    if (pairs) {
        lab_remove_tree(saved);
        lab_copy_tree(c->dir, saved);
    }
    bool other_cut = !pairs && c->number % 2 && c->setup.program->any_cut &&
                     c->setup.sink != LAB_STDOUT;
    return finish(c, other_cut, pairs ? c->log : NULL, why);
}

/* ---- all of them ------------------------------------------------------------------------- */

typedef struct job {
    lab_setup setup;
    pass point;
} job;

typedef struct jobs {
    job *all;
    int64_t n;
} jobs;

/* The last has so many batches that a snapshot is due. */
static const struct {
    const char *every;
    int64_t cut, sizes;
} ways[] = {{"0s", 60, 0}, {"10s", 60, 0}, {"0s", 60, 1000000}, {"0s", 60, 4000}, {"0s", 8, 0}};

static void add_jobs(jobs *j, const lab_setup *s) {
    char dir[LAB_PATH], log[LAB_PATH];
    lab_path(dir, "%s/points", lab_work);
    lab_path(log, "%s/points.log", lab_work);
    fresh(dir);
    lab_end e = run(s, dir, NULL, log);
    if (e.code) lab_die("%s does not run: %s", s->program->name, e.log);
    passes p = choose(read_passes(log));
    for (int64_t i = 0; i < p.n; i++) {
        /* Of many small batches only what the others do not show. */
        if (s->cut < 20 && strncmp(p.all[i].point, "C14", 3) && strncmp(p.all[i].point, "C13", 3))
            continue;
        j->all = realloc(j->all, (size_t)(j->n + 1) * sizeof *j->all);
        if (!j->all) lab_die("memory");
        j->all[j->n++] = (job){*s, p.all[i]};
    }
    free(p.all);
    lab_remove_tree(dir);
}

static jobs all_jobs(const lab_options *o) {
    jobs j = {NULL, 0};
    for (int p = 0; p < lab_nprograms; p++) {
        if (o->only && strcmp(o->only, lab_programs[p].name)) continue;
        for (int sink = 0; sink < LAB_SINKS; sink++)
            for (size_t w = 0; w < sizeof ways / sizeof *ways; w++)
                add_jobs(&j, &(lab_setup){.program = &lab_programs[p], .sink = (lab_sink)sink,
                                          .cut = ways[w].cut, .every = ways[w].every,
                                          .sizes = ways[w].sizes, .parallelism = 1});
    }
    return j;
}

static bool do_job(const lab_options *o, const job *j, int64_t number, tallies *t,
                   lab_result *result) {
    char why[ROOM] = "", line[2 * ROOM];
    scene c = {.setup = j->setup, .number = number, .tallies = t};
    lab_chance chance = lab_chance_of((uint64_t)o->seed, (uint64_t)number);
    c.expected = lab_expect(j->setup.program, j->setup.cut);
    lab_path(c.dir, "%s/points-%lld", lab_work, (long long)number);
    lab_path(c.log, "%s.log", c.dir);
    bool good = try_point(&c, &j->point, o->pairs, why);
    snprintf(line, sizeof line, "%s, %s, every %s, sizes / %lld, cut %lld, %s:%lld#%d: %s",
             j->setup.program->name, lab_sink_names[j->setup.sink], j->setup.every,
             (long long)j->setup.sizes,
             (long long)j->setup.cut, j->point.point, j->point.batch, j->point.kth, why);
    bool go_on = lab_count(result, good, "points", number, c.dir, line);
    if (go_on && good && o->pairs) go_on = try_pairs(&c, &j->point, 6, &chance, result);
    lab_remove_tree(c.dir);
    remove(c.log);
    return go_on;
}

/* With a count each so-and-so-many-th case, so that all programs have their share; pairs in
 * an order of the seed's, about six for each place, until there are so many. */
lab_result lab_points(const lab_options *o) {
    lab_result result = {0};
    tallies t = {0};
    jobs j = all_jobs(o);
    int64_t step = o->count && !o->only_one && j.n > o->count ? j.n / o->count : 1;
    if (o->pairs) step = 1;
    int64_t first = o->only_one ? o->from : o->from + o->seed % step;
    for (int64_t i = first; i < j.n && (t.singles < 20 || !lab_over(o)); i += step) {
        int64_t at = o->pairs && !o->only_one ? (i * 7919 + o->seed * 977) % j.n : i;
        if (!do_job(o, &j.all[at], at, &t, &result) || o->only_one) break;
        if (o->pairs && o->count && t.pairs >= o->count) break;
    }
    printf("points: %lld places in all; killed at %lld of them, %lld pairs; %lld runs ended "
           "before; %lld lost, %lld doubled, %lld other faults; seed %lld\n",
           (long long)j.n, (long long)t.singles, (long long)t.pairs, (long long)t.missed,
           (long long)t.rows.lost, (long long)t.rows.doubled, (long long)t.rows.other,
           (long long)o->seed);
    free(j.all);
    return result;
}
