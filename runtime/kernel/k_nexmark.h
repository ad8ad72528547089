/* k_nexmark.h - the events of the Nexmark benchmark, made from their numbers.
 *
 * An auction site: of fifty events one is a person who registers, three are auctions that
 * open, forty-six are bids.  Every event owns a random stream seeded by its number, so any
 * range of events can be made alone, in any order, by any worker: the data set is a function
 * of (seed, rate, number).  The public generators draw from unseeded streams; this one has
 * the same shapes and skew, and fixed bytes. */
#ifndef FLOW_KERNEL_K_NEXMARK_H
#define FLOW_KERNEL_K_NEXMARK_H

#include "runtime/kernel/k_value.h"

/* Words of the record { tag, payload }: Person, Auction, Bid, with the fields that
 * compiler/types/nexmark.c lists. */
#define FLOW_NEXMARK_WORDS 15

/* What all events have in common; made once, at start. */
typedef struct flow_nexmark {
    uint64_t seed;       /* 0: the published data set; mixed by nexmark_open */
    int64_t rate;        /* events a second of event time */
    int64_t rows;        /* -1: no end */
    int64_t group;       /* so many events are shuffled together; 0 or 1: none */
    const uint8_t *pool; /* letters that filler is cut from */
    flow_text *channel, *url;
    uint8_t *memory;     /* that they lie in */
} flow_nexmark;

/* Bytes that a flow_nexmark needs beside itself. */
int64_t flow_k_nexmark_bytes(void);
/* Fills in pool, channels and addresses; `memory` is nexmark_bytes long and outlives it. */
void flow_k_nexmark_open(flow_nexmark *n, uint8_t *memory);
/* The event at place i of the stream, as FLOW_NEXMARK_WORDS words at `out`. */
void flow_k_nexmark_event(flow_ctx *ctx, const void *nexmark, int64_t i, uint64_t *out);

#endif
