/* inspect.h - a checkpoint for people and for tests: all of it as text, and whether it is
 * whole.  Nothing is changed and nothing is locked; in a folder that is in use the end of
 * the journal may be cut.
 *
 * The dump, line by line, parts of a line parted by tabs or blanks:
 *
 *     ident    job, program, partitions
 *     begin, plan, commit, sink, state, done    the records of the journal, in order;
 *              `sink` and `state` belong to the commit above them
 *     file     each state file that a commit names, and what is in it
 *     saved    the newest saved state, as one: its batch
 *     row      state, partition, key, value: all its rows, in order of state, partition, key
 *
 * Two runs that have done the same have the same `row` lines, however they got there; the
 * other lines tell batches, epochs and files. */
#ifndef FLOW_RUNTIME_CKPT_INSPECT_H
#define FLOW_RUNTIME_CKPT_INSPECT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "runtime/base/status.h"
#include "runtime/ckpt/fingerprint.h"

/* Key and value of a row as `key TAB value`, malloc; null: they are printed as bytes. */
typedef char *rt_row_text(void *arg, const rt_state_id *id, const rt_saved_op *row);

/* Prints everything.  What is damaged is said in its place ("damaged ...") and in the
 * status: RT_refused.  `row` may be null. */
rt_status rt_inspect_dump(const char *dir, FILE *out, rt_row_text *row, void *arg);
/* Reads every file that the journal names: a line for each, and what is wrong with it; then
 * files that nothing names.  RT_refused if anything is damaged. */
rt_status rt_inspect_check(const char *dir, FILE *out);
/* The states of the newest saved state in the folder; empty without one. */
rt_status rt_inspect_states(const char *dir, rt_print *out, rt_trouble *trouble);

#endif
