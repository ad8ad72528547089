/* outbox.h - what a sink is going to send, kept from before the commit until it is sent.
 *
 * prepare writes the bytes of a batch, COMMIT says how many there are and their checksum,
 * publication reads them back and sends them: in the run that wrote them and in any later
 * one.  Up to RT_OUTBOX_INLINE bytes stand in the COMMIT itself and cost no sync of their
 * own; more go to the file
 *
 *     <checkpoint>/outbox/<sink>/<batch>-<epoch>.ob
 *
 * A sink that sends a batch as a stream of bytes has nothing to do but to name the
 * functions of the second part in its rt_sink_ops: its `publish` is then given what was
 * kept in place of the batch.  It asks `done` of the record, or a mark at its target,
 * whether it has sent it before.
 *
 * Sinks that keep more than that in COMMIT write it before (or after) rt_outbox_record,
 * and read it before rt_outbox_find. */
#ifndef FLOW_RUNTIME_IO_OUTBOX_H
#define FLOW_RUNTIME_IO_OUTBOX_H

#include "runtime/io/connector.h"

#define RT_OUTBOX_INLINE (INT64_C(64) << 10)

typedef struct rt_outbox rt_outbox;

/* ---- the parts -------------------------------------------------------------------- */

/* s->outbox; null without a checkpoint. */
void rt_outbox_open(rt_sink *s);
/* What was prepared and not committed goes. */
void rt_outbox_close(rt_sink *s);

/* Begins the batch anew. */
void rt_outbox_begin(rt_outbox *o, const rt_output *out);
rt_status rt_outbox_add(rt_outbox *o, const void *p, int64_t n);
/* Adds the rest of `out`. */
rt_status rt_outbox_fill(rt_outbox *o, rt_output *out);
int64_t rt_outbox_length(const rt_outbox *o);
/* Was the batch prepared by this run? */
bool rt_outbox_is_own(const rt_outbox *o, int64_t batch);

/* What a COMMIT keeps for a batch. */
typedef struct rt_boxed {
    int64_t batch, now, rows;
    int64_t length;
    uint32_t crc;
    const uint8_t *bytes; /* in the record; null: in a file */
    uint32_t epoch;
    char folder[80];      /* the sink's, as it was called then */
    int fd;               /* -1: not open */
    bool own;             /* fd is the outbox's: written by this process */
} rt_boxed;

/* Reads the part of a record that rt_outbox_record wrote; RT_refused if it is malformed. */
rt_status rt_outbox_find(rt_sink *s, int64_t batch, rt_unwire *r, rt_boxed *b);
/* Opens the file and checks length and sum; RT_refused names what does not fit. */
rt_status rt_boxed_open(rt_sink *s, rt_boxed *b);
/* Bytes [at, at + n) of it, which are there. */
rt_status rt_boxed_read(const rt_boxed *b, int64_t at, void *p, int64_t n);
void rt_boxed_close(rt_boxed *b);
/* Opens it, and has `send` send it as an output of that batch. */
rt_status rt_boxed_send(rt_sink *s, rt_boxed *b, rt_status (*send)(rt_sink *, rt_output *));

/* ---- for rt_sink_ops --------------------------------------------------------------- */

/* All that the batch brings; nothing without a checkpoint. */
rt_status rt_outbox_prepare(rt_sink *s, rt_output *out);
rt_status rt_outbox_sync(rt_sink *s);
void rt_outbox_dirs(rt_sink *s, rt_dirs *set);
void rt_outbox_record(rt_sink *s, rt_wire *w);
/* Nothing if c->done; else s->ops->publish. */
rt_status rt_outbox_publish(rt_sink *s, const rt_committed *c);
void rt_outbox_forget(rt_sink *s, const rt_committed *c);
rt_status rt_outbox_resume(rt_sink *s, const rt_committed *last, int64_t *ahead);
void rt_outbox_sweep(rt_sink *s);
bool rt_outbox_text(int64_t batch, rt_unwire *r, rt_wire *out);

#endif
