/* k_session.h - sessions of a key: its rows, grouped where less than a gap lies between.
 *
 * An entry's state words are those of one timer (k_timer.h), due when the first session
 * ends, then the list of its sessions in order of time.  A session keeps its rows as they
 * crossed the exchange, with their order keys; two sessions that a row brings together
 * become one.  So it does not matter in which order rows come. */
#ifndef FLOW_KERNEL_K_SESSION_H
#define FLOW_KERNEL_K_SESSION_H

#include "runtime/kernel/k_timer.h"

#define FLOW_SESSION_WORDS (FLOW_TIMER_WORDS + 2 + 2)

typedef struct flow_session flow_session;

/* A row of this time joins the sessions of the entry that was probed last; `key` is its
 * order key, or of no length.  The session it is in now, good until the next change. */
FLOW_FAR flow_session *flow_k_session_put(flow_ctx *ctx, flow_table *t, int64_t time,
                                          int64_t gap, const uint8_t *row,
                                          const uint8_t *key, int64_t klen);
/* The next session whose last moment (end - 1) is before the limit: 1, and its address,
 * entry, start and end; else 0. */
FLOW_FAR int32_t flow_k_session_next(flow_ctx *ctx, flow_table *t, int64_t limit,
                                     int64_t gap, uint64_t *out);
/* Drops that session, the first of its entry, and waits for the one behind it. */
FLOW_FAR void flow_k_session_drop(flow_ctx *ctx, flow_table *t, int64_t entry, int64_t gap);

/* How many rows came into it. */
int64_t flow_k_session_count(const flow_session *s);
/* Its rows in the order in which they came, or in that of (time, arrival): an array in the
 * task arena, and how many there are. */
FLOW_FAR int64_t flow_k_session_rows(flow_ctx *ctx, const flow_session *s, int32_t by_time,
                                     uint64_t *list);
/* Of row i of such an array. */
const uint8_t *flow_k_session_row(const uint64_t *list, int64_t i);
const uint8_t *flow_k_session_key(const uint64_t *list, int64_t i);
int64_t flow_k_session_key_len(const uint64_t *list, int64_t i);
/* Is row i what several rows came to? */
int32_t flow_k_session_is_part(const uint64_t *list, int64_t i);
/* Its rows become one row, made of them all. */
FLOW_FAR void flow_k_session_compact(flow_ctx *ctx, flow_table *t, flow_session *s,
                                     const uint8_t *row);
/* Are there enough rows to make one of them, and will it never be late? */
int32_t flow_k_session_full(const flow_session *s, int64_t gap, int64_t mark);

/* So many rows came too late for `step` (k_event.h). */
FLOW_FAR void flow_k_rows_late(flow_ctx *ctx, int64_t step, int64_t n, int32_t aside);

#endif
