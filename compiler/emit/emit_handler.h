/* emit_handler.h - a handler of `remember` in generated code.
 *
 * The words of an entry: those of its timers (runtime/kernel/k_timer.h), then its state.  A
 * field that points nowhere stands there as it is, a text is a cell, and what else points
 * somewhere is a blob (runtime/kernel/k_heap.h).
 *
 * A handler works on copies: variables for the state, memory for what it emits.  At its end
 * the state is written, timers are set, and then the emitted rows go on; so a row error
 * undoes all by doing nothing. */
#ifndef FLOW_EMIT_EMIT_HANDLER_H
#define FLOW_EMIT_EMIT_HANDLER_H

#include "compiler/emit/emit_stage.h"

typedef struct own {
    int ntimers;
    int *timer; /* of handler i, or -1: `on row` */
    int alarm;  /* the timer of `on wake`, or -1 */
    int *word;  /* of state field i */
    int words;  /* in all */
} own_t;

own_t emit_own(emit_t *e, const tremember_t *r);
/* The words in the letters of runtime/kernel/k_save.def. */
const char *emit_own_layout(emit_t *e, const tremember_t *r);

/* What runs a handler. */
typedef struct handling {
    const tremember_t *r;
    own_t own;
    const thandler_t *handler; /* null: a row, and there is no `on row` */
    LLVMValueRef table, entry; /* entry: its number */
    LLVMValueRef words;        /* its words: nothing is put into the table meanwhile */
    LLVMValueRef known;        /* i1: the entry has state; null: it has */
    LLVMValueRef time;         /* of the row, or the moment of the timer */
    LLVMValueRef ending;       /* of a timer, i1: the end of all time, when timers set no
                                * alarm; null: of a row */
    int timed;                 /* by event time */
    const val_t *see;          /* the row that it sees, */
    const type_t *see_type;
    const val_t *cols;         /* and the one that an error shows */
    const type_t *cols_type;
} handling_t;

/* Runs it; what fails, and what has been done, goes on at `next`.  Emitted rows have
 * g->order, key and time as they are now. */
void emit_handler(gen_t *g, handling_t *h, LLVMBasicBlockRef next);

#endif
