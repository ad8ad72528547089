/* emit_retract.h - `aggregate` over a table: rows that are taken out again. */
#ifndef FLOW_EMIT_EMIT_RETRACT_H
#define FLOW_EMIT_EMIT_RETRACT_H

#include "compiler/emit/emit_agg.h"

enum { BAG_WORDS = 2 }; /* runtime/kernel/k_bag.h */

/* Does the aggregate keep the values of its key, to be computed from them? */
int emit_in_bag(const agg_call_t *c);
/* ...in the keys of its bag, which then has no rows? */
int emit_bag_in_key(const agg_call_t *c);
val_t emit_bag_result(gen_t *g, const agg_call_t *c, LLVMValueRef bag);

/* One row of an exchange with signs, into the words of its key; the word at `count` says
 * how many rows the key has. */
void emit_retract_row(gen_t *g, LLVMValueRef heap, LLVMValueRef words, int64_t count,
                      const val_t *args, gkey_t table_key);
#endif
