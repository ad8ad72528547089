/* fault.h - what only the archive for tests has (runtime/faults/): faults on request, kills
 * at named points, mistakes made on purpose, a cut of the input into small batches, and a
 * script that feeds a program under a clock of its own.  All of it is driven by the
 * environment; without FLOW_FAULTS there is nothing here but two empty macros. */
#ifndef FLOW_RUNTIME_BASE_FAULT_H
#define FLOW_RUNTIME_BASE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef FLOW_FAULTS

typedef enum rt_crash_point {
#define CRASH(point, text) RT_CRASH_##point,
#include "runtime/base/crash.def"
#undef CRASH
    RT_CRASH_POINTS
} rt_crash_point;

typedef enum rt_mutant_id {
#define MUTANT(id, text) RT_MUTANT_##id,
#include "runtime/base/mutant.def"
#undef MUTANT
    RT_MUTANTS
} rt_mutant_id;

/* Takes the place of FLOW_FAULT in a process that has begun; null: no call fails.  Calls are
 * counted anew. */
void rt_fault_wish(const char *text);
/* How many calls were made to fail since then. */
int64_t rt_fault_hits(void);

/* FLOW_CRASH=point:batch[,...]: kills the process here. */
void rt_crash_pass(rt_crash_point point, int64_t batch);
#define RT_CRASH(point, batch) rt_crash_pass(RT_CRASH_##point, batch)

/* FLOW_MUTANT=id: is this mistake to be made? */
bool rt_mutant_on(rt_mutant_id id);
#ifdef FLOW_COVERAGE /* mistakes are nothing to be covered */
#define RT_MUTANT(id) false
#else
#define RT_MUTANT(id) rt_mutant_on(RT_MUTANT_##id)
#endif

/* FLOW_TEST_CUT=n: a source gives a batch at most n records; 0 without it. */
int64_t rt_test_cut(void);

/* FLOW_TEST_CLOCK=seed: how far the wall clock is off just now, in microseconds; it jumps
 * by up to an hour either way. */
int64_t rt_test_clock_off(void);

/* FLOW_TEST_SPEED=n: how much faster than usual the monotonic clock goes. */
int64_t rt_test_speed(void);
/* FLOW_TEST_TMPFS=1: a checkpoint may stand where nothing survives a power loss. */
bool rt_test_tmpfs(void);

/* FLOW_TEST_SIZES=k: what is only done with much (state in a file of its own, snapshots, a
 * journal that is rewritten) is done with the k-th part. */
int64_t rt_test_size(int64_t usual);
#define RT_SIZE(usual) rt_test_size(usual)

/* FLOW_TEST_SCRIPT=file: what the sources `queue` hold, batch by batch (script.c). */
bool rt_script_on(void);
/* Goes to the next batch and sets the clock; false at the end. */
bool rt_script_next(void);
/* The batch at hand, -1 before the first; and going to one that rt_script_at gave: false if
 * there is none. */
int64_t rt_script_at(void);
bool rt_script_go(int64_t at);
/* No batch follows the one at hand. */
bool rt_script_is_last(void);
/* What a source gets in the batch at hand: whole lines, RT_SLACK readable bytes behind. */
const uint8_t *rt_script_rows(int64_t source, int64_t *len);
/* The moment of the script, or -1 without one. */
int64_t rt_script_now(void);

#else

#define RT_CRASH(point, batch) ((void)(batch))
#define RT_MUTANT(id) false
#define RT_SIZE(usual) (usual)

#endif
#endif
