/* k_tidy.h - state gives memory back when a stream has moved on.
 *
 * Removing an entry leaves its number to a later key, and freeing a piece leaves it in its
 * heap.  Where most numbers of a table are in use no more, its entries move together, in
 * their order, and get new numbers; who keeps numbers from batch to batch learns them:
 *   timers     k_timers_renumber
 *   join rows  k_join_renumber, the queue of what waits too
 *   marks      k_track_renumber
 * Whoever else comes to keep numbers is called in the same place.  No address of words or
 * number of an entry is good across this; pieces of the heap stay where they are, but for
 * those of joins: k_join_pack.
 *
 * What it costs is paid by what was removed since the last time: tables below 8 KiB are
 * left alone, and a table is made anew when at most a quarter of it lives. */
#ifndef FLOW_KERNEL_K_TIDY_H
#define FLOW_KERNEL_K_TIDY_H

#include "runtime/kernel/k_table.h"

/* New numbers: those of living entries below the old one. */
typedef struct flow_ranks {
    const uint64_t *removed; /* bits */
    const uint32_t *before;  /* [word of them] living entries below it */
} flow_ranks;

FLOW_INLINE uint32_t flow_rank(const flow_ranks *r, uint32_t entry) {
    uint64_t below = ((uint64_t)1 << (entry & 63)) - 1;
    return r->before[entry >> 6] +
           (uint32_t)__builtin_popcountll(~r->removed[entry >> 6] & below);
}

/* After a partition's work in a batch: nothing of it is in hand any more. */
void flow_k_table_tidy(flow_ctx *ctx, flow_table *t);

#endif
