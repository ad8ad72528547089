/* ckpt_stand.h - a job with a checkpoint and no program around it: a source and sinks that do
 * what a test tells them and note what they were asked, two states that hold nothing, and the
 * steps of a batch (exec/coord.c, exec/publish.c) without threads. */
#ifndef FLOW_TESTS_CKPT_STAND_H
#define FLOW_TESTS_CKPT_STAND_H

#include "runtime/exec/checkpoint.h"

enum { STAND_SINKS = 3, STAND_PARTS = 4 };

/* A sink. */
typedef struct told_sink {
    const char *name;
    bool bare;         /* offers only what every sink must */
    int64_t newest;    /* a start finds output of this batch; -1: of none */
    int full, down;    /* so many times there is no room for a batch, or nobody takes one */
    rt_status status;  /* of its preparations, when there is room */
    rt_status unsynced, refuses; /* of its syncs, and of a start */
    pthread_mutex_t *gate; /* they wait here, if it is set */
    uint32_t epoch;    /* of its last preparation */
    pthread_t by;      /* who made it */
    int64_t published, forgotten; /* the last batch; -1 */
    int shows, sweeps; /* how often it was asked */
} told_sink;

/* The source. */
typedef struct told_source {
    bool bare;       /* no position, no rows that it could read again */
    bool replays;
    bool once;       /* what it gives may not be there again */
    bool refreshed;
    rt_status status; /* of all that it does */
    bool unsynced;   /* its rows cannot be made durable */
    int units;       /* of each batch */
    int64_t loaded, replanned, told; /* the last position, batch, and batch that happened; -1 */
} told_source;

typedef struct ckpt_stand {
    rt_job job;
    rt_program program;
    rt_settings settings;
    rt_sink_decl sinks[STAND_SINKS];
    rt_source_decl source;
    rt_state_decl states[2]; /* one in one partition, one in all */
    rt_stage_decl stage;     /* none; for a pointer that must lead somewhere */
} ckpt_stand;

/* What stands are made of. */
extern told_sink stand_sinks[STAND_SINKS];
extern told_source stand_source;
extern int stand_nsinks, stand_nstates;

/* Begins anew: no folder; sinks `a`, `b` and `c`, two states, a source that replays. */
void stand_fresh(void);
/* The folder of the checkpoint. */
const char *stand_dir(void);

/* A start, up to the first batch.  The settings may be changed between the two; stand_end is
 * called in any case. */
void stand_make(ckpt_stand *st);
rt_status stand_begin(ckpt_stand *st);
/* A batch that brings each sink `rows` rows; and its first half, up to where it is handed
 * over to whoever publishes. */
rt_status stand_batch(ckpt_stand *st, int64_t rows, bool drain);
rt_status stand_take(ckpt_stand *st, int64_t rows, bool drain);
void stand_end(ckpt_stand *st);

/* Puts the rows from `from` to `to` - 1 into each partition of the last state, with keys that
 * are so long; and how many rows that state holds. */
void stand_put(ckpt_stand *st, int64_t from, int64_t to, int64_t len);
int64_t stand_rows(const ckpt_stand *st);

/* A whole run: a start and batches until `last`; state is saved with each batch, or never. */
rt_status stand_run(int64_t last, int64_t rows, bool save);

#endif
