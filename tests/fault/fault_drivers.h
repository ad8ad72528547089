/* fault_drivers.h - the drivers of tests/fault; each prints its counts and returns how many
 * cases failed. */
#ifndef FLOW_TESTS_FAULT_DRIVERS_H
#define FLOW_TESTS_FAULT_DRIVERS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct lab_options {
    int64_t count;     /* kills, runs, images ...: what is aimed at; the driver says */
    int64_t seed;
    int64_t from;      /* the first case; with `only_one` the only one */
    int64_t seconds;   /* stop after so long; 0: no limit */
    bool only_one;
    bool pairs;        /* crash points: two in a row */
    bool plain;        /* power loss: no mistakes on purpose */
    const char *only;  /* a program, or a mutant */
} lab_options;

typedef struct lab_result {
    int64_t passed, failed;
} lab_result;

typedef lab_result lab_driver(const lab_options *o);

lab_driver lab_kills;   /* kill_times.c */
lab_driver lab_live, lab_live_power; /* live_input.c */
lab_driver lab_points;  /* crash_points.c */
lab_driver lab_calls;   /* failing_calls.c */
lab_driver lab_power;   /* power_loss.c */
lab_driver lab_stops;   /* stop_signals.c */
lab_driver lab_two;     /* two_runs.c */
lab_driver lab_space;   /* full_disk.c */
lab_driver lab_seeds;   /* seeds.c */
lab_driver lab_damage;  /* damage.c */
lab_driver lab_forged;  /* forged.c */

/* One more case is done; prints what failed.  False when the driver should give up. */
bool lab_count(lab_result *r, bool good, const char *driver, int64_t number, const char *dir,
               const char *why);
/* Is the time over? */
bool lab_over(const lab_options *o);

#endif
