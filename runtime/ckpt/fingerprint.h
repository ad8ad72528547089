/* fingerprint.h - what state a program keeps, held against what another one kept.
 *
 * A state is known by its id (the flow's name and the step's word) and its schema: a text
 * that says what its rows mean, made by the compiler.  A state whose id and schema are
 * those of a saved one is kept.  A new one begins empty, one that the program no longer has
 * is dropped; both are said.  Everything else is refused: the same id with another schema,
 * a state that seems to have been renamed, and states that cannot be told apart.  Nothing
 * is guessed and nothing is converted.
 *
 * This header is also for the compiler (`flowc check --against`), which has descriptors in
 * place of running programs. */
#ifndef FLOW_RUNTIME_CKPT_FINGERPRINT_H
#define FLOW_RUNTIME_CKPT_FINGERPRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/ckpt/state_file.h"
#include "runtime/data/program.h"

/* Grows when rows of the same schema text get another form. */
#define RT_SCHEMA_VERSION 1

/* A list of states; the texts are its own (malloc). */
typedef struct rt_print {
    rt_state_id *ids; /* states, with the layout "<schema> | <layout>"; then sources and
                       * `event_time` steps, whose positions and watermarks are kept or refused
                       * in the same way */
    int64_t n, nstates;
} rt_print;

/* Of a program, after its setup: params have their values.  What holds nothing between
 * batches is left out; index[i], if given, is the number of the state that ids[i] is of. */
rt_print rt_print_of_program(const rt_program *program, int64_t *index);
/* Of a descriptor's text, whose params have no values: `open` says whether any counts. */
rt_print rt_print_of_text(const char *descriptor, int64_t len, bool *open);
/* Of a list that a state file has. */
rt_print rt_print_of_ids(const rt_state_id *ids, int64_t n);
/* As if params had no values, to be held against the list of a text; *open: there were any. */
void rt_print_forget_params(rt_print *p, bool *open);
void rt_print_free(rt_print *p);

typedef enum rt_fate {
    RT_KEPT,
    RT_ADDED,
    RT_DROPPED,
    RT_CHANGED,  /* refused: another schema */
    RT_RENAMED,  /* refused: was dropped under one name, added under another */
    RT_AMBIGUOUS /* refused: states of one kind, whose number has changed */
} rt_fate;

typedef struct rt_change {
    rt_fate fate;
    const rt_state_id *was, *is; /* null where there is none; point into the lists */
} rt_change;

typedef struct rt_diff {
    rt_change *changes; /* refused ones first, kept ones last */
    int64_t n;
    int64_t refused, added, dropped;
} rt_diff;

rt_diff rt_diff_of(const rt_print *was, const rt_print *is);
void rt_diff_free(rt_diff *d);
/* At a start: says what is dropped (warn), added and kept (info), and what is refused
 * (error), which is RT_refused.  `was` is the list of the newest saved state in `dir`.  With
 * RT_ok everything of `is` that `was` has may be loaded by name and schema. */
rt_status rt_print_accept(const rt_print *was, const rt_print *is, const char *dir);
/* One change in words, without line end at its end; may be several lines. */
void rt_change_text(rt_wire *out, const rt_change *change);
/* All of them, a line each or more, each line behind `indent`; then, if any is refused, the
 * ways out.  Terminated by a zero byte, which is not counted. */
void rt_diff_text(rt_wire *out, const rt_diff *d, const char *indent);

#endif
