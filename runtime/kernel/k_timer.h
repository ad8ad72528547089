/* k_timer.h - what waits in a partition of a `remember`: timers, and rows for their turn.
 *
 * An entry's state words begin
 *     0   bit 0: the state has been set; 1: the time of the latest row
 *     2   for each timer k two words: when it is due, and the moment queued for it
 * with a moment as its distance from INT64_MIN, so that zero means none.
 *
 * A heap of (moment, entry, timer) says what is next.  Each timer has at most one moment
 * queued that counts: moving a timer on leaves it there, and finding it too early queues
 * the timer anew; so a key whose rows go on costs one place however many rows come.  What
 * was queued for a stopped timer, an earlier moment or a removed entry is dropped when it
 * is found: the entry's words decide, so it does no harm if the number has a new owner.
 *
 * Rows that wait are copies in the table's heap, taken out by (time, arrival).
 *
 * Saved are when a timer is due, and the rows, each by itself; the heaps are made again.  The
 * next arrival is one behind the last that is left. */
#ifndef FLOW_KERNEL_K_TIMER_H
#define FLOW_KERNEL_K_TIMER_H

#include "runtime/kernel/k_table.h"

#define FLOW_TIMER_WORDS 2 /* of an entry, before those of its timers */
#define FLOW_TIMER_NONE  0 /* what flow_k_timer_next found */
#define FLOW_TIMER_ROW   1
#define FLOW_TIMER_FIRED 2

typedef struct flow_timers flow_timers;
struct flow_ranks;

/* Timer k of a living entry is due at the moment, instead of what was set before. */
void flow_k_timer_set(flow_ctx *ctx, flow_table *t, int64_t entry, int64_t k, int64_t due);
void flow_k_timer_stop(flow_ctx *ctx, flow_table *t, int64_t entry, int64_t k);
/* A row of this time waits for its turn; it is copied. */
FLOW_FAR void flow_k_timer_wait(flow_ctx *ctx, flow_table *t, int64_t time,
                                const uint8_t *row);
/* Takes the first row or timer before `limit`; at one moment rows come first.  A row (in
 * the task arena): out[0] is its address.  A timer, which is then no more set: entry, k and
 * moment. */
FLOW_FAR int32_t flow_k_timer_next(flow_ctx *ctx, flow_table *t, int64_t limit,
                                   uint64_t *out);
/* The moment of the first row or timer; INT64_MAX: nothing waits. */
FLOW_FAR int64_t flow_k_timer_first(flow_ctx *ctx, flow_table *t);

/* Gives back what is not used of the heaps, drops what was queued in vain; k_tidy.h. */
FLOW_FAR void k_timers_tidy(flow_ctx *ctx, flow_table *t);
FLOW_FAR void k_timers_renumber(flow_table *t, const struct flow_ranks *ranks);

/* The text key of an entry in the task arena, where it outlives the entry. */
void flow_k_timer_key(flow_ctx *ctx, const flow_table *t, int64_t entry, uint64_t *text);
/* A cell or blob of state in the task arena, where it is not changed with the state. */
void flow_k_hold_text(flow_ctx *ctx, const uint64_t *cell, uint64_t *text);
FLOW_FAR void flow_k_hold_blob(flow_ctx *ctx, const uint64_t *blob, uint64_t *words,
                               const uint8_t *tc);

#endif
