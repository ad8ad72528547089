/* k_event.h - event time as generated code sees it: what was seen, and how far it has come.
 *
 * A *clock* is one `event_time` step in one source stage: tasks note the greatest time that
 * passes.  A *mark* is the watermark of an operator.  Both are numbered by the descriptor
 * (runtime/data/program.h); the arithmetic is runtime/state/watermark.h.
 *
 * Moments are microseconds; INT64_MIN is "before all time", INT64_MAX "after". */
#ifndef FLOW_KERNEL_K_EVENT_H
#define FLOW_KERNEL_K_EVENT_H

#include "runtime/kernel/k_value.h"

#define FLOW_BEFORE_TIME INT64_MIN
#define FLOW_AFTER_TIME INT64_MAX

/* A row of this time has passed the step that declares event time. */
void flow_k_time_seen(flow_ctx *ctx, int64_t clock, int64_t time);
/* The watermark at the start of the batch: what is late is decided by it. */
int64_t flow_k_mark_now(const flow_ctx *ctx, int64_t mark);
/* The watermark at the end of the batch: what is due is decided by it.  Only while a stage
 * behind an exchange closes. */
int64_t flow_k_mark_next(const flow_ctx *ctx, int64_t mark);

/* The same as if no input had ended: how far it has come by the rows there were.  What
 * happens at most once at the end goes by it, so that the cut of batches does not show. */
int64_t flow_k_mark_reached(const flow_ctx *ctx, int64_t mark);

/* In `close`: something in this partition waits for the stage's mark, or for the time of
 * the batch, to reach the moment.  Holds until the next close of the partition. */
void flow_k_stage_due(flow_ctx *ctx, int64_t moment);
void flow_k_stage_due_clock(flow_ctx *ctx, int64_t moment);

/* The sum of two times, or the nearest that there is. */
int64_t flow_k_time_add(int64_t a, int64_t b);
/* A row came too late for `step`: counted, told with the summary.  aside: it is not lost,
 * but went to `late into`. */
void flow_k_row_late(flow_ctx *ctx, int64_t step, int32_t aside);

#endif
