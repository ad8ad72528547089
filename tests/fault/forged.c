/* forged.c - journals that somebody has written: every checksum fits, and what they say does
 * not.
 *
 * A checksum is no signature, so the output of such a run may be anything.  But it ends, with
 * a documented code, and says why; and so does the start behind it. */
#include <stdio.h>

#include "tests/fault/damage.h"
#include "tests/fault/fault_drivers.h"
#include "tests/fault/forge.h"

enum { ROOM = 900 };

static bool good_end(const lab_end *e) {
    if (e->hung || e->killed_by) return false;
    if (e->code == 0) return true;
    return (e->code == 1 || e->code == 4 || e->code == 5 || e->code == 6) && *e->log;
}

static bool try_case(const lab_options *o, const left *l, int64_t i, int64_t *codes, const char *dir,
                     char *why) {
    lab_chance c = lab_chance_of((uint64_t)o->seed, (uint64_t)i + 31);
    char path[LAB_PATH], what[100] = "";
    lab_remove_tree(dir);
    lab_copy_tree(l->dir, dir);
    lab_path(path, "%s/ck/journal", dir);
    if (!forge_journal(path, &c, what, sizeof what)) return true;
    for (int again = 0; again < 2; again++) {
        char text[100];
        lab_run r = lab_run_of(&l->setup, dir);
        lab_end e = lab_go(&r);
        if (!again && e.code >= 0) codes[e.code & 7]++;
        if (good_end(&e)) continue;
        snprintf(why, ROOM, "%s, %s, every %s, killed at %s:%d, %s: %s%s: %.400s",
                 l->setup.program->name, lab_sink_names[l->setup.sink], l->setup.every, l->point,
                 l->batch, what, again ? "the start behind it, " : "",
                 lab_say_end(&e, text, sizeof text), e.log);
        return false;
    }
    return true;
}

lab_result lab_forged(const lab_options *o) {
    lab_may_go_back = true;
    static left lefts[LEFT];
    lab_result result = {0};
    int64_t codes[8] = {0};
    char dir[LAB_PATH];
    int n = 0;
    for (int i = 0; i < LEFT; i++)
        if (leave(&lefts[n], i)) n++;
    if (!n) lab_die("no program was killed");
    lab_path(dir, "%s/forged", lab_work);
    for (int64_t i = o->from; result.passed + result.failed < o->count && !lab_over(o); i++) {
        char why[ROOM] = "";
        bool good = try_case(o, &lefts[i % n], i, codes, dir, why);
        if (!lab_count(&result, good, "forged", i, dir, why) || o->only_one) break;
    }
    printf("forged: %d leavings; exit 0: %lld, 1: %lld, 4: %lld, 5: %lld, 6: %lld; seed %lld\n", n,
           (long long)codes[0], (long long)codes[1], (long long)codes[4], (long long)codes[5],
           (long long)codes[6], (long long)o->seed);
    return result;
}
