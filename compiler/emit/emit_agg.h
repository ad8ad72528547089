/* emit_agg.h - what the files of `aggregate` share: emit_agg.c (arguments and states),
 * emit_agg_part.c (parts), emit_agg_give.c (results), emit_agg_rows.c (windows of rows),
 * emit_retract.c (over a table). */
#ifndef FLOW_EMIT_EMIT_AGG_H
#define FLOW_EMIT_EMIT_AGG_H

#include "compiler/emit/emit_aggk.h"
#include "compiler/emit/emit_stage.h"

/* Words that remember the row an entry gave last, behind those of the aggregates. */
enum { BLOB_WORDS = 2 }; /* runtime/kernel/k_heap.h */

/* The type that `T` of k_agg.def means: of x, or of v for arg_min and arg_max. */
type_t *emit_agg_value(emit_t *e, const agg_call_t *c);
/* (v, k): the key is pushed first. */
int emit_agg_is_arg(const agg_call_t *c);
/* The kernel's side of a call; of those without one the words alone. */
aggk_t emit_agg_kernel(emit_t *e, const agg_call_t *c);
/* Type codes of k_agg.def ("ffy", "?T") to types, into out; returns how many. */
size_t emit_agg_types(emit_t *e, const char *codes, type_t *t, type_t **out);
/* Calls a step, or what takes it back, with the arguments of one row. */
void emit_agg_call(gen_t *g, const agg_call_t *c, aggk_t k, int callee, LLVMValueRef heap,
                   LLVMValueRef state, val_t args);
/* The key of entry i of a table. */
gkey_t emit_agg_entry_key(gen_t *g, LLVMValueRef table, LLVMValueRef i, int int_key);
/* emit_probe for a key of the stage's own. */
LLVMValueRef emit_agg_probe(gen_t *g, LLVMValueRef table, gkey_t key);
/* What crosses the exchange of a stage; the first field of the aggregates, behind the key and the
 * window. */
type_t *emit_agg_exchange_row(gen_t *g, pstage_t *stage);
uint32_t emit_agg_first_column(const tstep_t *s);
/* A row of parts into the states of its key. */
void emit_agg_merge(gen_t *g, tstep_t *s, LLVMValueRef table, LLVMValueRef words, val_t row);
/* Words of all states; what they own goes, and they are as at first. */
int emit_agg_state_words(gen_t *g, const tstep_t *s);
void emit_agg_drop(gen_t *g, LLVMValueRef heap, LLVMValueRef words);
/* The arguments of an exchange row into the state of its key. */
void emit_agg_feed(gen_t *g, LLVMValueRef heap, LLVMValueRef words, val_t row,
                   LLVMBasicBlockRef next);
/* The row of a key: keys, items, window; then on to the outs of the mode.  MODE_changes
 * stands for all who are shown what changed. */
void emit_agg_give_row(gen_t *g, gkey_t key, LLVMValueRef heap, LLVMValueRef words, sink_mode mode,
                   LLVMBasicBlockRef next);

/* All entries, or (MODE_changes) the touched ones, to the outs of a mode. */
void emit_agg_give_all(gen_t *g, LLVMValueRef table, sink_mode mode);
/* A row of the window at hand that was shown: as one that is old (MODE_changes), or as it is. */
/* What is remembered of a row that was given: its items. */
type_t *emit_agg_items_type(gen_t *g);
void emit_agg_give_shown(gen_t *g, gkey_t key, LLVMValueRef blob, sink_mode mode);

/* i32 fold(ctx, to, from): the states of each key of a table into those of another. */
LLVMValueRef emit_agg_fold_function(gen_t *g);

/* ---- windows of rows ---- */
int emit_agg_rows_words(const pstage_t *stage, int states);
void emit_agg_rows_in(gen_t *g, LLVMValueRef table, LLVMValueRef words, LLVMValueRef at,
                      val_t row, LLVMBasicBlockRef next);
/* At the end of the input tumbling windows that are not full give what they have. */
void emit_agg_rows_close(gen_t *g, LLVMValueRef table);

/* From here on rows stand where the entry of the key stands when the batch closes. */
void emit_agg_order(gen_t *g, gkey_t key);
/* Does an entry remember the row it gave last? */
int emit_agg_remembers(const pstage_t *stage);

#endif
