/* fault_main.c - faults DRIVER WORK [--count N] [--seed S] [--seconds T] [--from I]
 *                      [--case I] [--only NAME] [--pairs] [--plain] [--first]
 *
 * The last line is `DRIVER: N passed, M failed`; with --first the first failure ends it.
 * A case that fails is named by its number: `--case I` with the same seed makes it again, and
 * what it left stands in WORK/failed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fault/fault_cases.h"
#include "tests/fault/fault_drivers.h"

static const struct {
    const char *name;
    lab_driver *run;
    int64_t count; /* unless given */
} drivers[] = {
    {"live", lab_live, 100},
    {"live-power", lab_live_power, 200},
    {"kills", lab_kills, 600},  {"points", lab_points, 0}, {"calls", lab_calls, 0},
    {"power", lab_power, 2000}, {"stops", lab_stops, 50},  {"two", lab_two, 1},
    {"space", lab_space, 100},  {"seeds", lab_seeds, 300},
    {"damage", lab_damage, 600}, {"forged", lab_forged, 1000},
};

static int64_t ends_at;
static int64_t most = 20; /* failures: then it is enough */

bool lab_over(const lab_options *o) {
    if (!ends_at) ends_at = lab_now_us() + o->seconds * 1000000;
    return o->seconds && lab_now_us() > ends_at;
}

bool lab_count(lab_result *r, bool good, const char *driver, int64_t number, const char *dir,
               const char *why) {
    if (good) {
        r->passed++;
        return true;
    }
    r->failed++;
    printf("%s: case %lld: %s\n", driver, (long long)number, why);
    printf("    kept in %s\n", lab_keep(dir, driver, number));
    fflush(stdout);
    return r->failed < most;
}

int main(int argc, char **argv) {
    lab_options o = {.seed = 1};
    if (argc < 3) lab_die("faults DRIVER WORK [options]");
    size_t d = 0, n = sizeof drivers / sizeof *drivers;
    while (d < n && strcmp(drivers[d].name, argv[1])) d++;
    if (d == n) lab_die("there is no driver %s", argv[1]);
    o.count = drivers[d].count;
    for (int i = 3; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (!strcmp(argv[i], "--pairs") || !strcmp(argv[i], "--plain")) {
            if (argv[i][3] == 'a') o.pairs = true;
            else o.plain = true;
            continue;
        }
        if (!strcmp(argv[i], "--first")) {
            most = 1;
            continue;
        }
        if (!strcmp(argv[i], "--only")) o.only = value;
        else if (!strcmp(argv[i], "--count")) o.count = atoll(value);
        else if (!strcmp(argv[i], "--seed")) o.seed = atoll(value);
        else if (!strcmp(argv[i], "--seconds")) o.seconds = atoll(value);
        else if (!strcmp(argv[i], "--from")) o.from = atoll(value);
        else if (!strcmp(argv[i], "--case")) o.from = atoll(value), o.only_one = true;
        else lab_die("there is no option %s", argv[i]);
        i++;
    }
    lab_begin(argv[2]);
    lab_over(&o);
    lab_result r = drivers[d].run(&o);
    printf("%s: %lld passed, %lld failed\n", argv[1], (long long)r.passed, (long long)r.failed);
    return r.failed || !r.passed;
}
