/* emit_fold.h - fold and reduce over rows: their state is a value of the program. */
#ifndef FLOW_EMIT_EMIT_FOLD_H
#define FLOW_EMIT_EMIT_FOLD_H

#include "compiler/emit/emit_stage.h"

/* State: a blob of runtime/kernel/k_heap.h; none yet is zeros. */
enum { FOLD_WORDS = 2 };

int emit_is_fold(const agg_call_t *c);
/* What it keeps. */
type_t *emit_fold_type(emit_t *e, const agg_call_t *c);
/* What the state becomes with one more row, as { value }?: none where the row does not
 * count.  args: as the exchange brings them.  May fail; changes nothing. */
val_t emit_fold_next(gen_t *g, const agg_call_t *c, LLVMValueRef state, val_t args);
/* Makes it the state. */
void emit_fold_keep(gen_t *g, LLVMValueRef heap, LLVMValueRef state, val_t next);
/* Of the type of the call. */
val_t emit_fold_result(gen_t *g, const agg_call_t *c, LLVMValueRef state);

#endif
