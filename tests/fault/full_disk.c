/* full_disk.c - the disk is full: a small tmpfs for the checkpoint, or for the output, from
 * 4 KiB on in steps of 4 KiB (as root), else a limit on the length of files.
 *
 * A run ends with 6 and a message that names the file and the error, or gets through;
 * there is nothing wrong to be seen in between, and once there is space the next run
 * completes the output. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/fault/fault_cases.h"
#include "tests/fault/fault_drivers.h"

enum { ROOM = 600 };

typedef struct tallies {
    int64_t full, through;
    lab_tally rows;
} tallies;

typedef struct scene {
    lab_setup setup;
    const lab_expected *expected;
    char dir[LAB_PATH], mount[LAB_PATH]; /* mount: what is small */
    bool root;
    tallies *t;
} scene;

static bool wrong(scene *s, char *why, const char *what, const lab_end *e) {
    char text[100];
    s->t->rows.other++;
    snprintf(why, ROOM, "%s: %s: %.300s", what, lab_say_end(e, text, sizeof text), e->log);
    return false;
}

static void make_small(const scene *s, int64_t bytes, unsigned long flags) {
    char size[64];
    snprintf(size, sizeof size, "size=%lld,mode=0700", (long long)bytes);
    if (mount("tmpfs", s->mount, "tmpfs", flags, size) < 0)
        lab_die("cannot mount at %s", s->mount);
}

static bool try_size(scene *s, int64_t bytes, char *why) {
    lab_remove_tree(s->dir);
    lab_mkdir(s->dir);
    lab_run r = lab_run_of(&s->setup, s->dir);
    lab_arg(&r, "--retries=1");
    r.log_dir = lab_work;
    if (s->root) {
        lab_mkdir(s->mount);
        make_small(s, bytes, 0);
    } else {
        r.file_limit = bytes;
    }
    lab_end e = lab_go(&r);
    bool good = true;
    if (e.code == 0) {
        s->t->through++;
    } else if (e.code != 6) {
        good = wrong(s, why, "full", &e);
    } else {
        s->t->full++;
        bool says = strstr(e.log, "No space left") || strstr(e.log, "File too large");
        if (!says || (!strstr(e.log, "ck") && !strstr(e.log, "out")))
            good = wrong(s, why, "the message names no file or no error", &e);
    }
    good = good && lab_check_visible(&s->setup, s->dir, s->expected, why, ROOM);
    if (good) {
        if (s->root) make_small(s, 64 << 20, MS_REMOUNT);
        r = lab_run_of(&s->setup, s->dir);
        e = lab_go(&r);
        good = e.code ? wrong(s, why, "with space again", &e)
                      : lab_check(&s->setup, s->dir, s->expected, true, &s->t->rows, why, ROOM);
    }
    return good;
}

/* Root in a container may not be allowed to. */
static bool can_mount(void) {
    char dir[LAB_PATH];
    lab_path(dir, "%s/mount", lab_work);
    lab_mkdir(dir);
    bool can = geteuid() == 0 && mount("tmpfs", dir, "tmpfs", 0, "size=64k") == 0;
    if (can && umount2(dir, MNT_DETACH) < 0) lab_die("cannot unmount %s", dir);
    return can;
}

lab_result lab_space(const lab_options *o) {
    static const char *const names[] = {"map", "totals", "sliding", "remember", "sinks"};
    lab_result result = {0};
    tallies t = {0};
    bool root = can_mount();
    for (int64_t i = o->from; i < o->from + (o->only_one ? 1 : o->count) && !lab_over(o); i++) {
        char why[ROOM] = "", line[2 * ROOM];
        scene s = {.setup = {.every = i % 3 ? "0s" : "10s", .cut = 60, .parallelism = 1}, .t = &t};
        int64_t bytes = 4096 * (1 + i / 20);
        s.setup.sizes = i / 5 % 3 ? 0 : 1000000;
        s.root = root;
        s.setup.program = lab_program_of(names[i % 5]);
        s.setup.sink = i / 5 % 2 ? LAB_SINGLE : LAB_PARTS;
        s.expected = lab_expect(s.setup.program, s.setup.cut);
        lab_path(s.dir, "%s/space-%lld", lab_work, (long long)i);
        /* The checkpoint, or a folder of parts, or everything. */
        bool target = i / 10 % 2;
        if (target && s.setup.sink == LAB_PARTS) lab_path(s.mount, "%s/out0", s.dir);
        else if (target) lab_path(s.mount, "%s", s.dir);
        else lab_path(s.mount, "%s/ck", s.dir);
        bool good = try_size(&s, bytes, why);
        snprintf(line, sizeof line, "%s, %s, every %s, %lld bytes for %s: %s",
                 s.setup.program->name, lab_sink_names[s.setup.sink], s.setup.every,
                 (long long)bytes, target ? "the output" : "the checkpoint", why);
        bool go_on = lab_count(&result, good, "space", i, s.dir, line);
        if (root && umount2(s.mount, MNT_DETACH) < 0 && errno != EINVAL)
            lab_die("cannot unmount %s", s.mount);
        lab_remove_tree(s.dir);
        if (!go_on) break;
    }
    printf("space: %lld runs ended for want of space, %lld got through; %s; %lld lost, %lld "
           "doubled, %lld other faults\n", (long long)t.full, (long long)t.through,
           root ? "small file systems" : "limits on files", (long long)t.rows.lost,
           (long long)t.rows.doubled, (long long)t.rows.other);
    return result;
}
