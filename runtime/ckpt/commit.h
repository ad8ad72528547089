/* commit.h - what PLAN, COMMIT and DONE of a batch say: the payloads of the journal.
 *
 * PLAN(n) freezes what goes in: its input and its time.  COMMIT(n) freezes what comes out:
 * of each sink the checksum of its output and what is needed to make it visible; and, where
 * state was saved with the batch, the files that hold it.  Reading is strict: bytes that say
 * anything else than what these functions write are no record. */
#ifndef FLOW_RUNTIME_CKPT_COMMIT_H
#define FLOW_RUNTIME_CKPT_COMMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/wire.h"
#include "runtime/ckpt/state_file.h"

typedef struct rt_planned {
    int64_t batch, now;
    bool final;           /* it ends the input */
    const uint8_t *input; /* what the sources say of it */
    int64_t len;
} rt_planned;

void rt_planned_write(rt_wire *w, const rt_planned *plan);
/* Points into the payload. */
bool rt_planned_read(const uint8_t *p, int64_t n, rt_planned *out);

/* A sink's part of a batch.  Sinks are known by name and target, and by their number among
 * those of the same, so that another program text may have others beside them. */
typedef struct rt_commit_sink {
    const char *name; /* terminated */
    int64_t ordinal;
    int64_t rows;
    uint32_t crc;          /* of the rows, as they leave the program */
    const uint8_t *record; /* the sink's own */
    int64_t len;
} rt_commit_sink;

typedef struct rt_commit {
    int64_t batch, now;
    bool final;
    const char *program;    /* hash of its source; terminated */
    rt_commit_sink *sinks;
    int64_t nsinks;
    bool state;             /* saved with this batch: */
    rt_state_ref *refs;     /* what holds it, oldest first */
    int64_t nrefs;
    const uint8_t *inlined; /* the bytes of the last one, if its name is empty */
    int64_t inlined_len;
} rt_commit;

void rt_commit_write(rt_wire *w, const rt_commit *commit);
/* Points into the payload, but for the lists, which rt_commit_free frees. */
bool rt_commit_read(const uint8_t *p, int64_t n, rt_commit *out);
void rt_commit_free(rt_commit *commit);
/* The sink's part, or null. */
const rt_commit_sink *rt_commit_find(const rt_commit *commit, const char *name,
                                     int64_t ordinal);

void rt_done_write(rt_wire *w, int64_t batch);
bool rt_done_read(const uint8_t *p, int64_t n, int64_t *batch);

#endif
