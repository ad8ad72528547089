/* checkpoint.h - a run with a checkpoint: what is remembered from batch to batch.
 *
 * The coordinator plans a batch (PLAN), runs it, and takes a copy of what changed in the
 * state where that is to be saved.  Whoever publishes writes that copy and the output,
 * makes both durable, appends COMMIT, and only then lets the sinks show the batch
 * (ckpt_commit.h).  A start finds out what the last run has left (ckpt_recover.h).
 *
 * Threads.  `going` and what is above it belong to the coordinator; what is below belongs
 * to whoever publishes, and is handed over with the batch.  The journal has a lock: a batch
 * is planned while the one before it is committed. */
#ifndef FLOW_RUNTIME_EXEC_CHECKPOINT_H
#define FLOW_RUNTIME_EXEC_CHECKPOINT_H

#include <pthread.h>

#include "runtime/ckpt/commit.h"
#include "runtime/ckpt/compact.h"
#include "runtime/ckpt/fingerprint.h"
#include "runtime/ckpt/ident.h"
#include "runtime/ckpt/journal.h"
#include "runtime/exec/job.h"
#include "runtime/state/saved.h"

/* What a batch leaves to be committed, beside its output. */
typedef struct rt_going {
    int64_t batch, now;
    bool final;
    bool saving;
    bool full;       /* `saved` is all of the state, not what has changed */
    rt_saved *saved; /* [of print * partitions + partition]; only with `saving` */
    bool written;    /* it was too much to be copied: it stands in the file `ref` */
    rt_state_ref ref;
    rt_wire meta;    /* positions, watermarks: what belongs to saved state */
} rt_going;

/* A saved state that may still be gone back to. */
typedef struct rt_kept {
    int64_t batch;
    rt_state_ref *refs; /* oldest first */
    rt_wire *inlined;   /* [ref]: its bytes, if it is not a file */
    int64_t n;
} rt_kept;

struct rt_found;

typedef struct rt_checkpoint {
    rt_job *job;
    rt_ckpt_env env;
    char dir[RT_CKPT_PATH + 1], state_dir[RT_CKPT_PATH + 16];
    int lock;
    rt_ident ident;
    uint8_t before[16]; /* the job whose place this one took, or zeros */
    struct rt_found *found; /* what the last run has left, while it is needed */
    rt_print print;   /* the states that hold something between batches, as files know them */
    int64_t *states;  /* [of print]: the number of the state */
    char **sinks;     /* [sink]: what COMMITs call it */
    bool over;        /* the input had ended: there is nothing to do */
    rt_wire forced;   /* input of a plan that the next batch must follow; empty: none */
    rt_planned forced_plan;
    int64_t saved_at; /* mono: when a batch last saved state */
    bool save_full;   /* the next saved state is a whole one */

    rt_going going;   /* the batch that the coordinator has just run */

    pthread_mutex_t journal_lock;
    rt_journal *journal;
    int64_t rotate_at; /* bytes */
    rt_going out;      /* the batch that is being committed */
    rt_kept *kept;     /* oldest first; the last one is what the newest COMMIT with state says */
    int64_t nkept;
    rt_compactor *compactor;
    int64_t snap_at;   /* mono: when a snapshot was last named */
    _Atomic bool damaged; /* a live file is: the next saved state must be a whole one */
    rt_dirs dirs;      /* folders that a publication has changed */
    rt_wire last;      /* the payload of the newest COMMIT; empty: none */
    int64_t last_batch;
} rt_checkpoint;

/* Takes the folder and reads what is there (R1, R2): before sources and sinks are opened.
 * Does nothing without the setting. */
rt_status rt_checkpoint_open(rt_job *job);
void rt_checkpoint_close(rt_job *job);

/* The number of a sink among those before it with the same name in c->sinks. */
int64_t rt_ckpt_ordinal(const rt_checkpoint *c, int64_t sink);
/* What a COMMIT says of the sink, or null. */
const rt_commit_sink *rt_ckpt_said(const rt_checkpoint *c, const rt_commit *commit,
                                   int64_t sink);

/* The input has been taken: decides whether state is saved with the batch, and appends
 * PLAN.  `drain`: no batch follows. */
rt_status rt_checkpoint_plan(rt_job *job, bool drain);
/* The stages have run: takes what is to be saved (ckpt_save.h). */
rt_status rt_checkpoint_collect(rt_job *job);
/* Hands the batch over to who publishes. */
void rt_checkpoint_hand_over(rt_checkpoint *c);
void rt_going_clear(const rt_checkpoint *c, rt_going *g);
void rt_kept_free(rt_kept *k);
/* Of states that hold something, and partitions: how many; the k-th; false if it is one
 * that the program has not. */
int64_t rt_ckpt_slots(const rt_checkpoint *c);
bool rt_ckpt_slot(const rt_checkpoint *c, int64_t k, int64_t *state, int64_t *partition);

#endif
