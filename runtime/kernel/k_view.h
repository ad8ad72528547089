/* k_view.h - what a loop may remember of tables of integer keys: where the entries of keys are that
 * have slots of their own.  The words of a view are in the frame of generated code, and so in
 * registers (compiler/emit/emit_view.h). */
#ifndef FLOW_KERNEL_K_VIEW_H
#define FLOW_KERNEL_K_VIEW_H

#include "runtime/kernel/k_table.h"

/* Of one table, between two probes that made no entry: four words.  Of a table that is big
 * (k_stage.h: rows that are put aside enter it behind the view's back), or whose changes are
 * noted (k_track.h), it knows nothing. */
void flow_k_table_view(const flow_table *t, uint64_t *view);
/* The state words of a key, as flow_k_table_i64; entries have `stride` bytes.  Null: ask that. */
uint64_t *flow_k_table_seen(const uint64_t *view, int64_t stride, int64_t key);

/* Of all partitions of a state in which nobody writes, for a loop over so many bytes of rows: four
 * words, the second 0 if it is not worth the work, or keys are too far apart.  In the task
 * arena.  Then flow_k_state_seen knows the words of every key, or null: there is none. */
void flow_k_state_view(flow_ctx *ctx, int64_t id, int64_t bytes, uint64_t *view);
const uint64_t *flow_k_state_seen(const uint64_t *view, int64_t key);

#endif
