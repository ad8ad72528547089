/* watermark.h - how far event time has come: the arithmetic of watermarks.
 *
 * Each `event_time` step is a *time*; each source stage that passes it brings a *clock*,
 * which is a partition in the sense of lang/spec: it has a greatest time M, the batch time
 * of its last rows, and it may have ended.  At the end of a batch of time T
 *
 *     W = max(W, min over the clocks that are not idle of (M - delay))
 *
 * where a clock that has ended counts as after all time, one without rows as before all
 * time, and one is idle when `idle` has passed since its last rows (the first batch, if
 * there were none).  When all are idle or ended event time goes on with the clock:
 *
 *     W = max(W, max over the clocks of (M - delay) + (T - the moment the last became idle))
 *
 * That moment is last rows + idle, not the batch that noticed: so it does not matter which
 * batches without rows were run.
 *
 * A *mark* is the watermark of an operator: the least W of its times, or the time of the
 * batch for what goes by processing time.  Only the coordinator calls these. */
#ifndef FLOW_RUNTIME_STATE_WATERMARK_H
#define FLOW_RUNTIME_STATE_WATERMARK_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/wire.h"
#include "runtime/data/program.h"

typedef struct rt_watermarks rt_watermarks;

/* Keeps a reference to the program. */
rt_watermarks *rt_watermarks_new(const rt_program *program);
void rt_watermarks_free(rt_watermarks *w);

/* [mark]: for ctx->marks; `next` is written by advance. */
const flow_mark *rt_watermarks_marks(const rt_watermarks *w);

/* The rows of the batch at hand that passed a clock had at most this time; any number of
 * calls in a batch.  INT64_MIN: there were none. */
void rt_watermarks_seen(rt_watermarks *w, int64_t clock, int64_t time);
/* The clocks of a source will see no more. */
void rt_watermarks_ended(rt_watermarks *w, int64_t source);

/* All rows of the batch of time T have been seen: sets `next` of all marks.  `final`: this
 * batch ends the input, and all time has passed. */
void rt_watermarks_advance(rt_watermarks *w, int64_t now, bool final);
/* The batch is over: what was `next` is `now`. */
void rt_watermarks_commit(rt_watermarks *w);

/* The first T at which the mark reaches the moment if no more rows come: INT64_MAX if it
 * never does.  Between batches. */
int64_t rt_watermarks_when(const rt_watermarks *w, int64_t mark, int64_t moment);

/* For whoever looks: the watermark of a time, and what a clock has to do with it when it is
 * T, between batches. */
typedef struct rt_clock_look {
    int64_t at; /* M - delay; FLOW_BEFORE_TIME: no row yet */
    bool idle;  /* it is silent, or has ended: nobody waits for it */
    bool holds; /* its time comes no further before it does */
} rt_clock_look;

int64_t rt_watermarks_time(const rt_watermarks *w, int64_t time);
rt_clock_look rt_watermarks_clock(const rt_watermarks *w, int64_t clock, int64_t now);

/* How far event time has come, between batches: for a checkpoint.  Clocks are known by the
 * number of their time and the name of their source; one that is not named begins anew.
 * Loading is false if the bytes make no sense. */
void rt_watermarks_save(const rt_watermarks *w, rt_wire *out);
bool rt_watermarks_load(rt_watermarks *w, rt_unwire *r);

#endif
