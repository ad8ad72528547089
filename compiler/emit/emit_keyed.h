/* emit_keyed.h - what the files of distinct, top, sort and limit share: emit_keyed.c (what
 * crosses, distinct, limit), emit_top.c (top and sort), emit_keyed_rows.c (windows of
 * rows). */
#ifndef FLOW_EMIT_EMIT_KEYED_H
#define FLOW_EMIT_EMIT_KEYED_H

#include "compiler/emit/emit_stage.h"

typedef struct shape {
    int key, order;   /* fields of the record, or -1 */
    int window;       /* of a paned root: its field */
    int table_key;    /* over a table: the key there, or -1 */
    uint32_t columns; /* the first column's field */
    int *carried;     /* places in row_in, -1 closes */
    type_t *record;
    type_t *row;      /* its columns alone */
} shape_t;

shape_t emit_keyed_shape(gen_t *g, pstage_t *stage);
/* The columns of the step's row_out, from a record that crossed, or from one whose columns
 * begin at field `first`; what did not cross has no leaves. */
val_t *emit_columns_of(gen_t *g, const shape_t *h, val_t record);
val_t *emit_columns_from(gen_t *g, const shape_t *h, val_t record, uint32_t first);
/* Key columns that the step adds with `per name = ...`. */
void emit_add_keys(gen_t *g, gkey_t key, val_t *out);
/* The order key of the i-th row of an entry. */
void emit_rank_order(gen_t *g, gkey_t key, LLVMValueRef i);

/* ---- emit_top.c ---- */
enum { TOP_WORDS = 4 }; /* runtime/kernel/k_top.h */
int emit_top_words(const pstage_t *stage);
/* What is remembered of a row that was shown. */
type_t *emit_top_seen_type(gen_t *g);
void emit_top_row_in(gen_t *g, const shape_t *h, LLVMValueRef table, LLVMValueRef at,
                     val_t record);
/* A candidate, into words of top: an encoded row and its record. */
void emit_top_push(gen_t *g, const shape_t *h, LLVMValueRef heap, LLVMValueRef words,
                   LLVMValueRef row, val_t record);
/* The rows of such words that are in no table. */
void emit_top_give(gen_t *g, const shape_t *h, LLVMValueRef heap, LLVMValueRef words);
void emit_top_pane(gen_t *g, LLVMValueRef table, void *shape);
void emit_top_close(gen_t *g, LLVMValueRef table);
void emit_top_revise_close(gen_t *g, LLVMValueRef table); /* windows that are revised */

/* ---- emit_keyed_rows.c ---- */
void emit_keyed_rows_in(gen_t *g, const shape_t *h, LLVMValueRef table, LLVMValueRef at,
                        val_t record);
/* Tumbling windows that are not full give what they have, at the end of the input. */
void emit_keyed_rows_close(gen_t *g, LLVMValueRef table);

#endif
