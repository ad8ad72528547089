/* keyed.h - the tables of a program: one per state and partition, and each worker's
 * partial ones.
 *
 * The layout of a table's entries is the emitter's; what is here makes, counts and frees
 * them.  A table owns no memory until its first key, so unused partitions cost nothing. */
#ifndef FLOW_RUNTIME_STATE_KEYED_H
#define FLOW_RUNTIME_STATE_KEYED_H

#include <stdint.h>

#include "runtime/data/program.h"
#include "runtime/kernel/k_save.h"

typedef struct rt_states rt_states;

rt_states *rt_states_new(const rt_program *program, int64_t partitions, int64_t workers);
/* ctx lends its worker to the calls that give memory back. */
void rt_states_free(rt_states *states, flow_ctx *ctx);

/* [state id] -> tables of all partitions: for ctx->state. */
flow_table **rt_states_tables(const rt_states *states);
/* One of them; what they are made of. */
flow_table *rt_states_table(const rt_states *states, int64_t state, int64_t partition);
const flow_layout *rt_states_layout(const rt_states *states, int64_t state);
const rt_program *rt_states_program(const rt_states *states);
int64_t rt_states_partitions(const rt_states *states);
/* [state id]: a worker's partial tables, for ctx->partial. */
flow_table *rt_states_partial(const rt_states *states, int64_t worker);
/* Sets the size at which partial tables are to be flushed, and the one that it may become. */
void rt_states_partial_limit(rt_states *states, int64_t bytes, int64_t most);

/* ctx->partition has done its work in this batch: what state no longer needs goes back. */
void rt_states_tidy(rt_states *states, flow_ctx *ctx);
/* Nothing is to be done for a while: partial tables that hold nothing give their memory back. */
void rt_states_rest(rt_states *states, flow_ctx *ctx);

typedef struct rt_state_size {
    int64_t keys, bytes;
} rt_state_size;

rt_state_size rt_state_size_of(const rt_states *states, int64_t state);

#endif
