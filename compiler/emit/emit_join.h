/* emit_join.h - joins: what crosses their two exchanges, and what they do with it.
 *
 * The right side's exchange is the stage's first input and the left side's the second: so
 * a row of the left meets all of the right side, and a new row of the right side what was
 * there of the left. */
#ifndef FLOW_EMIT_EMIT_JOIN_H
#define FLOW_EMIT_EMIT_JOIN_H

#include "compiler/emit/emit_stage.h"

/* What crosses from one side: key, moment of `as of`, key of a table's row, columns. */
typedef struct jside {
    const tstep_t *step;
    int right;
    const pexchange_t *x;
    type_t *record;
    int key, at, order;  /* fields of the record, or -1 */
    uint32_t columns;    /* the first column's field */
    int *carried;        /* places in row_in, or in the other side's record; -1 closes */
} jside_t;

/* A pair: the columns of the left row (null: none), the right row as a record. */
typedef struct jpair {
    val_t *left;
    const val_t *there;  /* or null */
} jpair_t;

jside_t emit_join_side(gen_t *g, pstage_t *stage, int right);
/* The columns of a left row; those that did not cross have no leaves.  The record of a
 * right row; what did not cross is zero. */
val_t *emit_join_left(gen_t *g, const jside_t *h, val_t record);
val_t emit_join_there(gen_t *g, const jside_t *h, val_t record);
/* Does the rest of the condition hold for the pair, at the root or at a lookup?  What fails goes
 * on at `next`. */
LLVMValueRef emit_join_holds(gen_t *g, jpair_t p, LLVMBasicBlockRef next);
LLVMValueRef emit_lookup_holds(gen_t *g, const pop_t *op, jpair_t p, LLVMBasicBlockRef next);
/* The row that the pair makes, to the outs of a mode; window: of a windowed join whose left
 * row is missing, else null.  At a lookup it goes to what follows. */
void emit_join_give(gen_t *g, sink_mode mode, jpair_t p, const val_t *window);
void emit_lookup_give(gen_t *g, const pop_t *op, jpair_t p);
/* The key of a left row, whose columns are seen from then on; *none (i1): a part is none. */
gkey_t emit_lookup_key(gen_t *g, const pop_t *op, val_t *cols, LLVMValueRef *none);
/* The key of an entry, as bytes for an order key. */
gkey_t emit_join_key_bytes(gen_t *g, LLVMValueRef table, LLVMValueRef entry);

void emit_join_send(gen_t *g, pop_t *op, val_t *cols);
/* One row of a side; what fails goes on at `next`. */
void emit_join_row_in(gen_t *g, int right, LLVMValueRef at, LLVMBasicBlockRef next);
void emit_join_close(gen_t *g);

/* ---- emit_join_stream.c ---- */
/* The rows by key, and what waits (runtime/kernel/k_join.h). */
LLVMValueRef emit_join_state(gen_t *g);
/* A row whose time the watermark has passed is counted, and goes on at `next`. */
void emit_join_late(gen_t *g, LLVMValueRef time, LLVMBasicBlockRef next);
/* The stage is closed again when what waits next is due. */
void emit_join_ask_again(gen_t *g, LLVMValueRef queue);
void emit_join_within_row(gen_t *g, int right, LLVMValueRef at, LLVMBasicBlockRef next);
void emit_join_within_close(gen_t *g);
void emit_join_windows_row(gen_t *g, int right, LLVMValueRef at);
void emit_join_windows_close(gen_t *g);

/* ---- emit_join_as_of.c ---- */
void emit_join_as_of_row(gen_t *g, int right, LLVMValueRef at, LLVMBasicBlockRef next);
void emit_join_as_of_close(gen_t *g);

/* ---- emit_join_table.c ---- */
void emit_join_table_row(gen_t *g, int right, LLVMValueRef at, LLVMBasicBlockRef next);
/* At the end of the batch: rows stand as those who look for them expect. */
void emit_join_table_close(gen_t *g);
/* POP_lookup */
void emit_lookup(gen_t *g, pop_t *op, val_t *cols);
void emit_join_tables_row(gen_t *g, int right, LLVMValueRef at);
void emit_join_tables_close(gen_t *g);

#endif
