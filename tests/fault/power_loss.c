/* power_loss.c - the power goes: from a trace of calls, what the disk may hold is made, and
 * real recovery runs on it.
 *
 * A scene is a program, a sink, and one of three histories: one run; a run that is killed
 * and the next one (what the second saw in the page cache may not be on the disk); a run
 * that begins on an image of an earlier loss.  At random moments of the traced run images
 * are made (disk_image.h).  Of each:
 *
 *     a part that is visible is whole
 *     recovery ends with 0, and the output is that of an undisturbed run
 *     what a reader could see before the loss is there again, the same bytes
 *
 * Every second recovery cuts the input in its own way: what was committed comes out as it
 * was all the same.
 *
 * Then the mistakes of runtime/base/mutant.def are made on purpose, one by one: each must
 * be caught by at least one image. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fault/disk_image.h"
#include "tests/fault/fault_cases.h"
#include "tests/fault/fault_drivers.h"

enum { ROOM = 600, IMAGES = 24, KEPT = 4000 };

static const char *const mutants[] = {
#define MUTANT(id, text) #id,
#include "runtime/base/mutant.def"
#undef MUTANT
};
enum { MUTANTS = (int)(sizeof mutants / sizeof *mutants) };

typedef struct tallies {
    int64_t images, same, scenes; /* same: an image like an earlier one */
    lab_tally rows;
} tallies;

/* What readers saw. */
typedef struct seen {
    struct {
        char path[LAB_PATH / 2];
        lab_text content;
    } *all;
    int64_t n;
} seen;

typedef struct scene {
    lab_chance chance;
    lab_setup setup;
    const lab_expected *expected;
    const char *mutant;
    char dir[LAB_PATH], image[LAB_PATH], trace[LAB_PATH];
    seen before;  /* of the loss that the traced run began with */
    uint64_t hashes[KEPT];
    int64_t nhashes;
    int depth;    /* losses before this one */
    bool lost;    /* what failed did so behind a loss */
    tallies *t;
    int64_t number;
} scene;

/* ---- what was visible --------------------------------------------------------------------- */

static void note_seen(void *arg, const char *path, const lab_text *content) {
    seen *s = arg;
    s->all = realloc(s->all, (size_t)(s->n + 1) * sizeof *s->all);
    if (!s->all) lab_die("memory");
    snprintf(s->all[s->n].path, sizeof s->all->path, "%s", path);
    s->all[s->n].content = (lab_text){NULL, 0};
    lab_text_add(&s->all[s->n++].content, content->p, content->n);
}

static void forget(seen *s) {
    for (int64_t i = 0; i < s->n; i++) lab_text_free(&s->all[i].content);
    free(s->all);
    *s = (seen){0};
}

/* In `dir` what was seen is there: parts as they were, a single file at least so far.  With
 * `may_miss` it may be absent, or a single file anything. */
static bool still_there(const scene *s, const seen *what, const char *dir, bool may_miss,
                        char *why) {
    for (int64_t i = 0; i < what->n; i++) {
        char path[LAB_PATH];
        const lab_text *want = &what->all[i].content;
        bool part = s->setup.sink == LAB_PARTS;
        lab_path(path, "%s/%s", dir, what->all[i].path);
        if (may_miss && (!part || !lab_there(path))) continue;
        lab_text got = lab_read(path);
        bool good = got.p && (part ? got.n == want->n : got.n >= want->n) &&
                    (!want->n || !memcmp(got.p, want->p, (size_t)want->n));
        lab_text_free(&got);
        if (good) continue;
        snprintf(why, ROOM, "%s, which was visible, %s", what->all[i].path,
                 may_miss ? "is damaged after the loss" : "is another after recovery");
        return false;
    }
    return true;
}

/* ---- runs --------------------------------------------------------------------------------- */

static const char *const crashes[] = {"C2", "C4", "C5", "C6", "C7", "C8", "C9", "C11", "C12",
                                      "C12_done", "C13", "R3", "R5", "C15", "C15_renamed"};

/* A run in s->dir, perhaps killed at some point; traced if the loss is to come in it. */
static lab_end traced_run(scene *s, bool killed, bool traced) {
    lab_chance *c = &s->chance;
    lab_run r = lab_run_of(&s->setup, s->dir);
    if (s->mutant) lab_set(&r, "FLOW_MUTANT=%s", s->mutant);
    if (traced) lab_set(&r, "FLOW_TRACE_OS=%s", s->trace);
    if (killed) {
        const char *point = crashes[lab_below(c, (int64_t)(sizeof crashes / sizeof *crashes))];
        /* A COMMIT that the next run sees and the disk may not have. */
        if (lab_one_in(c, 4)) point = "C7";
        bool start = *point == 'R' || point[1] == '1';
        if (start && lab_one_in(c, 2)) lab_set(&r, "FLOW_CRASH=%s:*", point);
        else lab_set(&r, "FLOW_CRASH=%s:%lld", point, (long long)lab_below(c, 7));
    }
    return lab_go(&r);
}

/* Recovery on the image, and all that must hold then. */
static bool recover(scene *s, const seen *shown, char *why) {
    lab_setup setup = s->setup;
    bool fixed = !setup.program->any_cut || lab_one_in(&s->chance, 2);
    if (!still_there(s, shown, s->image, true, why)) return false;
    if (!fixed) setup.cut += 1 + lab_below(&s->chance, 90);
    lab_run r = lab_run_of(&setup, s->image);
    if (s->mutant) lab_set(&r, "FLOW_MUTANT=%s", s->mutant);
    lab_end e = lab_go(&r);
    if (e.code) {
        char text[100];
        snprintf(why, ROOM, "recovery: %s: %.300s", lab_say_end(&e, text, sizeof text), e.log);
        return false;
    }
    if (!still_there(s, shown, s->image, false, why) ||
        !still_there(s, &s->before, s->image, false, why))
        return false;
    /* Files that nobody needs any more are a mistake's least harm. */
    return lab_check(&setup, s->image, s->expected, fixed, &s->t->rows, why, ROOM) ||
           (s->mutant && strstr(why, "was left behind"));
}

static bool is_new(scene *s, uint64_t hash) {
    for (int64_t i = 0; i < s->nhashes; i++)
        if (s->hashes[i] == hash) return false;
    if (s->nhashes < KEPT) s->hashes[s->nhashes++] = hash;
    return true;
}

static void keep_image(scene *s, disk_way way) {
    char name[LAB_PATH];
    /* As it was before recovery: the chance is the same again. */
    lab_path(name, "%s/way", s->image);
    char text[100];
    int n = snprintf(text, sizeof text, "subset %d names %d data %d\n", way.subset, way.names,
                     way.data);
    lab_write(name, text, n);
}

static bool deeper(scene *s, const seen *shown, char *why);

/* One image of the disk as it is now. */
static bool one_image(scene *s, const disk *d, char *why) {
    static const int survive[] = {0, 0, 0, 0, -1, 1};
    lab_chance *c = &s->chance;
    disk_way way = {.subset = lab_one_in(c, 2), .names = survive[lab_below(c, 6)],
                    .data = survive[lab_below(c, 6)]};
    lab_remove_tree(s->image);
    uint64_t hash = disk_write(d, way, c, s->image);
    if (!is_new(s, hash)) {
        s->t->same++;
        return true;
    }
    seen shown = {0};
    /* A single file may be wrong at its end until it is recovered, and a loss in recovery
     * finds it so. */
    if (!s->depth || s->setup.sink == LAB_PARTS) disk_shown(d, note_seen, &shown);
    s->t->images++;
    s->lost = true;
    bool good;
    if (s->depth < 1 && lab_one_in(c, 12)) {
        good = deeper(s, &shown, why);
    } else {
        good = recover(s, &shown, why);
        if (!good) keep_image(s, way);
    }
    forget(&shown);
    return good;
}

/* Images at random moments of a trace, in their order. */
static bool look_at_trace(scene *s, disk *d, const disk_trace *trace, int64_t from, int images,
                          char *why) {
    disk_trace t = *trace; /* whose bytes the model points to */
    bool good = true;
    for (int64_t i = 0; good && i < t.n; i++) {
        disk_do(d, &t.ops[i]);
        if (i < from || t.ops[i].kind == DISK_MARK) continue;
        /* So many in all, more often than not with something written and not synced. */
        int weight = t.ops[i].kind == DISK_WRITE ? 3 : 1;
        if (lab_below(&s->chance, t.n - from) < weight * images / 2) good = one_image(s, d, why);
        if (!good) {
            char text[ROOM];
            snprintf(text, sizeof text, "behind call %lld of %lld (%.30s): %.400s", (long long)i,
                     (long long)t.n, t.ops[i].a, why);
            memcpy(why, text, sizeof text);
        }
    }
    return good;
}

/* The image is where the next loss begins: recovery itself is traced. */
static bool deeper(scene *s, const seen *shown, char *why) {
    scene *next = calloc(1, sizeof *next);
    if (!next) lab_die("memory");
    *next = *s;
    next->nhashes = 0;
    next->depth = s->depth + 1;
    next->before = *shown;
    lab_path(next->dir, "%s.deep", s->dir);
    lab_path(next->image, "%s.deep", s->image);
    lab_path(next->trace, "%s.deep", s->trace);
    lab_remove_tree(next->dir);
    remove(next->trace);
    lab_copy_tree(s->image, next->dir);
    disk *d = disk_of(next->dir);
    lab_end e = traced_run(next, lab_one_in(&next->chance, 2), true);
    bool good = e.killed_by || e.code == 0;
    if (!good) snprintf(why, ROOM, "recovery that is traced: code %d: %.300s", e.code, e.log);
    disk_trace t = disk_read_trace(next->trace, next->dir);
    good = good && look_at_trace(next, d, &t, 0, 6, why);
    if (!good) {
        /* For whoever looks. */
        lab_remove_tree(s->image);
        if (lab_there(next->image)) lab_copy_tree(next->image, s->image);
    }
    disk_free(d);
    disk_trace_free(&t);
    lab_remove_tree(next->dir);
    lab_remove_tree(next->image);
    remove(next->trace);
    s->chance = next->chance;
    free(next);
    return good;
}

/* How many calls are in a trace by now. */
static int64_t calls_in(const scene *s) {
    disk_trace t = disk_read_trace(s->trace, s->dir);
    int64_t n = t.n;
    disk_trace_free(&t);
    return n;
}

static bool play(scene *s, char *why) {
    lab_remove_tree(s->dir);
    lab_mkdir(s->dir);
    remove(s->trace);
    disk *d = disk_of(s->dir);
    bool twice = lab_one_in(&s->chance, 2);
    int64_t from = 0;
    lab_end e = traced_run(s, twice || lab_one_in(&s->chance, 3), true);
    if (twice && (e.killed_by || e.code == 0)) {
        from = calls_in(s);
        e = traced_run(s, lab_one_in(&s->chance, 4), true);
    }
    bool good = e.killed_by || e.code == 0;
    if (!good) snprintf(why, ROOM, "before any loss: code %d: %.300s", e.code, e.log);
    /* A mistake may show behind a kill alone. */
    if (!good && from) s->lost = true;
    disk_trace t = disk_read_trace(s->trace, s->dir);
    good = good && look_at_trace(s, d, &t, from, IMAGES, why);
    /* Killed, another thread may have been between a call and its record. */
    if (good && !e.killed_by && !s->mutant) good = disk_fits(d, s->dir, why, ROOM);
    disk_free(d);
    disk_trace_free(&t);
    return good;
}

/* ---- all of them ------------------------------------------------------------------------- */

static scene *make_scene(const lab_options *o, int64_t number, const char *mutant, tallies *t) {
    static const char *const everies[] = {"0s", "0s", "10s"};
    static const int64_t cuts[] = {60, 60, 100, 25};
    scene *s = calloc(1, sizeof *s);
    if (!s) lab_die("memory");
    s->chance = lab_chance_of((uint64_t)o->seed, (uint64_t)number);
    s->setup.program = &lab_programs[number % lab_nprograms];
    s->setup.sink = lab_one_in(&s->chance, 3) ? LAB_SINGLE : LAB_PARTS;
    s->setup.every = everies[lab_below(&s->chance, 3)];
    s->setup.sizes = lab_one_in(&s->chance, 2) ? 0 : lab_one_in(&s->chance, 2) ? 4000 : 1000000;
    s->setup.cut = cuts[lab_below(&s->chance, 4)];
    s->setup.parallelism = 1 + (int)lab_below(&s->chance, 2);
    s->expected = lab_expect(s->setup.program, s->setup.cut);
    s->mutant = mutant;
    s->t = t;
    s->number = number;
    lab_path(s->dir, "%s/power-%lld", lab_work, (long long)number);
    lab_path(s->image, "%s/power-%lld.image", lab_work, (long long)number);
    lab_path(s->trace, "%s/power-%lld.trace", lab_work, (long long)number);
    t->scenes++;
    return s;
}

static void end_scene(scene *s) {
    lab_remove_tree(s->dir);
    lab_remove_tree(s->image);
    remove(s->trace);
    free(s);
}

/* Until one image shows the mistake. */
static bool is_caught(const lab_options *o, const char *mutant, int64_t budget) {
    tallies t = {0};
    for (int64_t i = 0; t.images < budget; i++) {
        char why[ROOM] = "";
        scene *s = make_scene(o, i, mutant, &t);
        bool good = play(s, why), lost = s->lost;
        end_scene(s);
        if (good) continue;
        if (!lost) {
            printf("power: %s fails without a loss: %s\n", mutant, why);
            return false;
        }
        printf("power: %s caught by image %lld: %s\n", mutant, (long long)t.images, why);
        fflush(stdout);
        return true;
    }
    printf("power: %s is not caught by %lld images\n", mutant, (long long)t.images);
    return false;
}

/* Without a checkpoint: does a trace show all that changes files? */
static bool is_traced(const lab_program *p, lab_sink sink, char *why) {
    lab_setup setup = {.program = p, .sink = sink, .cut = 60, .parallelism = 2};
    char dir[LAB_PATH], trace[LAB_PATH];
    lab_path(dir, "%s/power-plain", lab_work);
    lab_path(trace, "%s.trace", dir);
    lab_remove_tree(dir);
    lab_mkdir(dir);
    remove(trace);
    lab_run r = lab_run_of(&setup, dir);
    lab_set(&r, "FLOW_TRACE_OS=%s", trace);
    disk *d = disk_of(dir);
    lab_end e = lab_go(&r);
    disk_trace t = disk_read_trace(trace, dir);
    for (int64_t i = 0; i < t.n; i++) disk_do(d, &t.ops[i]);
    bool good = e.code == 0 && t.n && disk_fits(d, dir, why, ROOM);
    disk_trace_free(&t);
    disk_free(d);
    return good;
}

static void check_traces(lab_result *r) {
    for (int i = 0; i < 2 * lab_nprograms; i++) {
        char why[ROOM] = "no trace", dir[LAB_PATH];
        lab_path(dir, "%s/power-plain", lab_work);
        bool good = is_traced(&lab_programs[i / 2], i % 2 ? LAB_PARTS : LAB_SINGLE, why);
        lab_count(r, good, "power", -1 - i, dir, why);
    }
}

lab_result lab_power(const lab_options *o) {
    lab_may_go_back = true;
    lab_result result = {0};
    tallies t = {0};
    int64_t caught = 0, tried = 0;
    if (!o->only && !o->only_one) check_traces(&result);
    for (int64_t i = o->from; !o->only && t.images < o->count && !lab_over(o); i++) {
        char why[ROOM] = "", line[2 * ROOM];
        scene *s = make_scene(o, i, NULL, &t);
        bool good = play(s, why);
        snprintf(line, sizeof line, "%s, %s, every %s, sizes / %lld, cut %lld: %s",
                 s->setup.program->name, lab_sink_names[s->setup.sink], s->setup.every,
                 (long long)s->setup.sizes, (long long)s->setup.cut, why);
        bool go_on = lab_count(&result, good, "power", i, s->image, line);
        end_scene(s);
        if (!go_on || o->only_one) break;
    }
    for (int m = 0; m < MUTANTS && !o->only_one && !o->plain; m++) {
        if (o->only && strcmp(o->only, mutants[m])) continue;
        tried++;
        bool found = is_caught(o, mutants[m], o->count / 2 + 2000);
        caught += found;
        if (found) result.passed++;
        else result.failed++;
    }
    printf("power: %lld images of %lld scenes (%lld were like earlier ones); %lld lost, %lld "
           "doubled; %lld of %lld mistakes caught; seed %lld\n",
           (long long)t.images, (long long)t.scenes, (long long)t.same, (long long)t.rows.lost,
           (long long)t.rows.doubled, (long long)caught, (long long)tried, (long long)o->seed);
    return result;
}
