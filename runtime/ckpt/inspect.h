/* inspect.h - a checkpoint for people and for tests: all of it as text, and whether it is
 * whole.  Nothing is changed and nothing is locked; in a folder that is in use the end of
 * the journal may be cut.
 *
 * The dump, line by line, parts of a line parted by tabs or blanks:
 *
 *     ident    job, program, partitions
 *     begin, plan, input, commit, sink, state, done    the records of the journal, in
 *              order; `input` (a source's) belongs to the plan above it, `sink` and `state`
 *              to the commit; of ranges the last is the first that is not in
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
#include "runtime/ckpt/commit.h"
#include "runtime/ckpt/fingerprint.h"

/* What only the program can read, as text.  Without a function, and where one returns null or
 * false, it is printed as bytes. */
typedef struct rt_inspect_texts {
    /* Key and value of a row as `key TAB value`, malloc. */
    char *(*row)(void *arg, const rt_state_id *id, const rt_saved_op *row);
    /* The input of a plan, a line for each source. */
    bool (*plan)(void *arg, const rt_planned *plan, rt_wire *lines);
    /* A sink's own part of a COMMIT, a line without its end. */
    bool (*sink)(void *arg, int64_t batch, const rt_commit_sink *sink, rt_wire *line);
    void *arg;
} rt_inspect_texts;

/* Prints everything.  What is damaged is said in its place ("damaged ...") and in the
 * status: RT_refused.  `texts` may be null. */
rt_status rt_inspect_dump(const char *dir, FILE *out, const rt_inspect_texts *texts);
/* Reads every file that the journal names: a line for each, and what is wrong with it; then
 * files that nothing names.  RT_refused if anything is damaged. */
rt_status rt_inspect_check(const char *dir, FILE *out);
/* The states of the newest saved state in the folder; empty without one. */
rt_status rt_inspect_states(const char *dir, rt_print *out, rt_trouble *trouble);

#endif
