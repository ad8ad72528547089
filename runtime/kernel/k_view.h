/* k_view.h - what a loop may remember of a table of integer keys: where the entries of keys are that
 * have slots of their own.  The words of a view are in the frame of generated code, and so in
 * registers (compiler/emit/emit_view.h). */
#ifndef FLOW_KERNEL_K_VIEW_H
#define FLOW_KERNEL_K_VIEW_H

#include "runtime/kernel/k_table.h"

/* Of one table, between two probes that made no entry: four words.  Of a table that is big
 * (k_stage.h: rows that are put aside enter it behind the view's back), or whose changes are
 * noted (k_track.h), it knows nothing. */
void flow_k_table_view(const flow_table *t, uint64_t *view);
/* Where the key's entry is, or 0: flow_k_table_i64 knows. */
uint64_t flow_k_table_seen(const uint64_t *view, int64_t key);
/* The state words there, as flow_k_table_i64; entries have `stride` bytes. */
uint64_t *flow_k_table_seen_words(const uint64_t *view, int64_t stride, uint64_t slot);

#endif
