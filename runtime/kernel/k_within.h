/* k_within.h - `distinct … within d`: the times at which rows of a key have passed.
 *
 * An entry's state words are those of one timer (k_timer.h), then the list of these times,
 * which are more than d apart.  A time is kept until the mark is behind it by more than d:
 * then no row within d of it can come in time. */
#ifndef FLOW_KERNEL_K_WITHIN_H
#define FLOW_KERNEL_K_WITHIN_H

#include "runtime/kernel/k_timer.h"

#define FLOW_WITHIN_WORDS (FLOW_TIMER_WORDS + 2 + 2)

/* A row of the key that was probed last: 1 if it passes, as none has within d of its time. */
int32_t flow_k_within_put(flow_ctx *ctx, flow_table *t, int64_t time, int64_t d);
/* Forgets what lies more than d behind the mark. */
FLOW_FAR void flow_k_within_expire(flow_ctx *ctx, flow_table *t, int64_t mark, int64_t d);

#endif
