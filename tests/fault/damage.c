/* damage.c - checkpoints that were damaged while the program was down.
 *
 * A program is killed at a named point; then one thing in what it left is damaged: a file
 * of the checkpoint (or a staged part) is cut, a bit is flipped, bytes are added or zeroed,
 * a file is removed, takes the place of another, or changes places with it.  The next run
 * must end with the output of an undisturbed run, or with exit code 4 and a message that
 * names the file; and then, with the file as it was, a run must still end well: a refusal
 * touches nothing.
 *
 * Every second case cuts: all files of all leavings, byte by byte, one after the other (in
 * steps that share no divisor with their number, so that a short tier sees all of them a
 * little).  The others are by chance. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fault/damage.h"
#include "tests/fault/fault_drivers.h"

enum { ROOM = 900, CUT_MAX = 65536 };

typedef struct tallies {
    int64_t same, refused, cuts, all_cuts;
    lab_tally rows;
} tallies;

static void add_file(void *arg, const char *root, const char *name) {
    left *l = arg;
    char path[LAB_PATH];
    const char *base = strrchr(name, '/');
    if (strncmp(name, "ck/", 3) && strncmp(base ? base + 1 : name, ".flow-", 6)) return;
    if (!strcmp(name, "ck/LOCK")) return; /* made anew by every start */
    if (l->nfiles == LEFT_FILES) return;
    lab_path(path, "%s/%s", root, name);
    lab_text t = lab_read(path);
    l->sizes[l->nfiles] = t.n;
    lab_text_free(&t);
    snprintf(l->files[l->nfiles++], sizeof l->files[0], "%s", name);
}

bool leave(left *l, int number) {
    static const char *const points[] = {"C3", "C8", "C12", "C7", "C6_dirs", "C13", "C2", "C12_done"};
    static const char *const everies[] = {"0s", "10s"};
    l->setup = (lab_setup){.program = &lab_programs[number % lab_nprograms],
                           .sink = number / 2 % 2 ? LAB_PARTS : LAB_SINGLE,
                           .cut = 45,
                           .every = everies[number % 3 == 2],
                           .parallelism = 1};
    l->expected = lab_expect(l->setup.program, l->setup.cut);
    l->point = points[number % 8];
    l->batch = 2 + number % 5;
    lab_path(l->dir, "%s/left-%d", lab_work, number);
    lab_remove_tree(l->dir);
    lab_mkdir(l->dir);
    lab_run r = lab_run_of(&l->setup, l->dir);
    lab_set(&r, "FLOW_CRASH=%s:%d", l->point, l->batch);
    lab_end e = lab_go(&r);
    if (e.killed_by != SIGKILL) return false;
    l->nfiles = 0;
    lab_walk(l->dir, add_file, l);
    return l->nfiles > 0;
}

/* ---- damage --------------------------------------------------------------------------- */

typedef struct damage {
    const left *l;
    int file, other; /* other: of the leaving, or -1 */
    char what[160];
} damage;

static lab_text read_of(const left *l, const char *dir, int file) {
    char path[LAB_PATH];
    lab_path(path, "%s/%s", dir, l->files[file]);
    return lab_read(path);
}

static void write_of(const left *l, const char *dir, int file, const lab_text *t, int64_t n) {
    char path[LAB_PATH];
    lab_path(path, "%s/%s", dir, l->files[file]);
    lab_write(path, t->p ? t->p : "", n);
}

static void cut_at(damage *d, const char *dir, int64_t at) {
    lab_text t = read_of(d->l, dir, d->file);
    write_of(d->l, dir, d->file, &t, at);
    lab_text_free(&t);
    snprintf(d->what, sizeof d->what, "cut at byte %lld of %lld", (long long)at,
             (long long)d->l->sizes[d->file]);
}

static void flip(damage *d, const char *dir, lab_chance *c) {
    lab_text t = read_of(d->l, dir, d->file);
    int64_t bit = lab_below(c, 8 * t.n);
    t.p[bit / 8] ^= (char)(1 << bit % 8);
    write_of(d->l, dir, d->file, &t, t.n);
    lab_text_free(&t);
    snprintf(d->what, sizeof d->what, "bit %lld flipped", (long long)bit);
}

/* Zeros up to the end from some byte on, or other bytes behind it. */
static void spoil_end(damage *d, const char *dir, lab_chance *c) {
    lab_text t = read_of(d->l, dir, d->file);
    if (lab_one_in(c, 2)) {
        int64_t at = lab_below(c, t.n);
        memset(t.p + at, 0, (size_t)(t.n - at));
        snprintf(d->what, sizeof d->what, "zeros from byte %lld on", (long long)at);
    } else {
        char more[40];
        int64_t n = 1 + lab_below(c, sizeof more);
        for (int64_t i = 0; i < n; i++) more[i] = (char)lab_next(c);
        lab_text_add(&t, more, n);
        snprintf(d->what, sizeof d->what, "%lld bytes behind its end", (long long)n);
    }
    write_of(d->l, dir, d->file, &t, t.n);
    lab_text_free(&t);
}

static void drop(damage *d, const char *dir) {
    char path[LAB_PATH];
    lab_path(path, "%s/%s", dir, d->l->files[d->file]);
    if (remove(path)) lab_die("cannot remove %s", path);
    snprintf(d->what, sizeof d->what, "removed");
}

static void take_place(damage *d, const char *dir, bool both) {
    lab_text a = read_of(d->l, dir, d->file), b = read_of(d->l, dir, d->other);
    write_of(d->l, dir, d->other, &a, a.n);
    if (both) write_of(d->l, dir, d->file, &b, b.n);
    lab_text_free(&a);
    lab_text_free(&b);
    snprintf(d->what, sizeof d->what, "%s %.100s", both ? "changed places with" : "copied over",
             d->l->files[d->other]);
}

static void by_chance(damage *d, const char *dir, lab_chance *c) {
    const left *l = d->l;
    d->file = (int)lab_below(c, l->nfiles);
    bool empty = l->sizes[d->file] == 0;
    int64_t kind = lab_below(c, 8);
    d->other = (int)lab_below(c, l->nfiles);
    if (kind < 4 && !empty) {
        d->other = -1;
        flip(d, dir, c);
    } else if (kind == 4 && !empty) {
        d->other = -1;
        spoil_end(d, dir, c);
    } else if (kind < 7 && d->other != d->file) {
        take_place(d, dir, kind == 5);
    } else {
        d->other = -1;
        drop(d, dir);
    }
}

/* Case k of all cuts of all leavings. */
static bool cut_number(damage *d, left *lefts, int n, const char *dir, int64_t k) {
    for (int i = 0; i < n; i++) {
        for (int f = 0; f < lefts[i].nfiles; f++) {
            int64_t cuts = lefts[i].sizes[f] > CUT_MAX ? CUT_MAX : lefts[i].sizes[f];
            if (k >= cuts) {
                k -= cuts;
                continue;
            }
            d->l = &lefts[i];
            d->file = f;
            d->other = -1;
            lab_remove_tree(dir);
            lab_copy_tree(lefts[i].dir, dir);
            cut_at(d, dir, k);
            return true;
        }
    }
    return false;
}

/* ---- one case -------------------------------------------------------------------------- */

static const char *base_of(const char *name) {
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

/* Does the message name what was damaged?  The journal stands for what it holds; a part is
 * known by its final name too. */
static bool names(const damage *d, const lab_end *e) {
    if (strstr(e->log, base_of(d->l->files[d->file]))) return true;
    if (d->other >= 0 && strstr(e->log, base_of(d->l->files[d->other]))) return true;
    /* What is newer than a journal that was cut is output: then that is named. */
    if (strstr(e->log, "out0") || strstr(e->log, "out1")) return true;
    return strstr(e->log, "journal") || !strncmp(base_of(d->l->files[d->file]), ".flow-", 6);
}

static void restore(const damage *d, const char *dir) {
    for (int i = 0; i < 2; i++) {
        int file = i ? d->other : d->file;
        if (file < 0) continue;
        lab_text t = read_of(d->l, d->l->dir, file);
        write_of(d->l, dir, file, &t, t.n);
        lab_text_free(&t);
    }
}

static bool judge(damage *d, const char *dir, tallies *t, char *why) {
    const left *l = d->l;
    char text[100];
    for (int again = 0; again < 2; again++) {
        lab_run r = lab_run_of(&l->setup, dir);
        lab_end e = lab_go(&r);
        if (e.code == 0 && !e.killed_by && !e.hung) {
            bool good = lab_check(&l->setup, dir, l->expected, true, &t->rows, why, ROOM);
            t->same += good && !again;
            return good;
        }
        if (e.code != 4 || again) {
            snprintf(why, ROOM, "%s%s: %.400s", again ? "with the file as it was, " : "",
                     lab_say_end(&e, text, sizeof text), e.log);
            return false;
        }
        if (!names(d, &e)) {
            snprintf(why, ROOM, "the message does not name the file: %.400s", e.log);
            return false;
        }
        t->refused++;
        restore(d, dir);
    }
    return true;
}

static bool try_case(const lab_options *o, left *lefts, int n, int64_t i, tallies *t,
                     const char *dir, char *why) {
    lab_chance c = lab_chance_of((uint64_t)o->seed, (uint64_t)i);
    damage d = {.other = -1};
    char what[ROOM] = "";
    if (i % 2 == 0) {
        int64_t k = (i / 2 * 7919 + o->seed * 101) % t->all_cuts;
        cut_number(&d, lefts, n, dir, k);
        t->cuts++;
    } else {
        d.l = &lefts[lab_below(&c, n)];
        lab_remove_tree(dir);
        lab_copy_tree(d.l->dir, dir);
        by_chance(&d, dir, &c);
    }
    bool good = judge(&d, dir, t, what);
    snprintf(why, 2 * ROOM, "%s, %s, every %s, killed at %s:%d, %s %s: %s",
             d.l->setup.program->name, lab_sink_names[d.l->setup.sink], d.l->setup.every,
             d.l->point, d.l->batch, d.l->files[d.file], d.what, what);
    return good;
}

lab_result lab_damage(const lab_options *o) {
    lab_may_go_back = true;
    static left lefts[LEFT];
    lab_result result = {0};
    tallies t = {0};
    char dir[LAB_PATH];
    int n = 0;
    for (int i = 0; i < LEFT; i++)
        if (leave(&lefts[n], i)) n++;
    if (!n) lab_die("no program was killed");
    for (int i = 0; i < n; i++)
        for (int f = 0; f < lefts[i].nfiles; f++)
            t.all_cuts += lefts[i].sizes[f] > CUT_MAX ? CUT_MAX : lefts[i].sizes[f];
    if (t.all_cuts % 7919 == 0) t.all_cuts--;
    lab_path(dir, "%s/damaged", lab_work);
    for (int64_t i = o->from; result.passed + result.failed < o->count && !lab_over(o); i++) {
        char why[2 * ROOM];
        bool good = try_case(o, lefts, n, i, &t, dir, why);
        bool go_on = lab_count(&result, good, "damage", i, dir, why);
        if (!go_on || o->only_one) break;
    }
    printf("damage: %d leavings; %lld cuts of %lld; %lld with the same output, %lld refused; "
           "%lld lost, %lld doubled\n", n, (long long)t.cuts, (long long)t.all_cuts,
           (long long)t.same, (long long)t.refused, (long long)t.rows.lost,
           (long long)t.rows.doubled);
    return result;
}
