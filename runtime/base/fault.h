/* fault.h - what only the archive for tests has (runtime/faults/): faults on request, a cut
 * of the input into small batches, and a script that feeds a program under a clock of its
 * own.  All of it is driven by the environment; without FLOW_FAULTS there is nothing here. */
#ifndef FLOW_RUNTIME_BASE_FAULT_H
#define FLOW_RUNTIME_BASE_FAULT_H

#ifdef FLOW_FAULTS

#include <stdbool.h>
#include <stdint.h>

/* FLOW_TEST_CUT=n: a source gives a batch at most n records; 0 without it. */
int64_t rt_test_cut(void);
/* Bytes of [from, to) of a file that hold *lines line ends, which are counted down. */
int64_t rt_test_cut_bytes(int fd, int64_t from, int64_t to, int64_t *lines);

/* FLOW_TEST_SCRIPT=file: what the sources `queue` hold, batch by batch (script.c). */
bool rt_script_on(void);
/* Goes to the next batch and sets the clock; false at the end. */
bool rt_script_next(void);
/* No batch follows the one at hand. */
bool rt_script_is_last(void);
/* What a source gets in the batch at hand: whole lines, RT_SLACK readable bytes behind. */
const uint8_t *rt_script_rows(int64_t source, int64_t *len);
/* The moment of the script, or -1 without one. */
int64_t rt_script_now(void);

#endif
#endif
