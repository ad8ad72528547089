/* connector.h - what a source and a sink offer.
 *
 * A source: open, say what waits, put ranges of it into a batch, read one of them, be
 * told that a batch is done (acknowledge), close.  A sink: open, prepare batch n (hidden,
 * repeatable), publish batch n (after the commit; any number of times, with one effect),
 * finish.
 *
 * With a checkpoint (env->ckpt) a sink's batch is prepared into files, and published from
 * what COMMIT says of it, never from memory: so the same function publishes in a run and
 * after a crash.  In a run
 *
 *     prepare  sync  dirs  record  [COMMIT is durable]  publish_record
 *     forget   [once a later COMMIT, or DONE, is durable]
 *
 * and at a start `resume`, publish_record of the last COMMIT, `sweep`.
 *
 * Threads.  The coordinator calls everything but `read`, which workers call at the same
 * time for different units.  Live sources also run on the loop (loop.h). */
#ifndef FLOW_RUNTIME_IO_CONNECTOR_H
#define FLOW_RUNTIME_IO_CONNECTOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/dirs.h"
#include "runtime/base/mem.h"
#include "runtime/base/status.h"
#include "runtime/base/wire.h"
#include "runtime/data/block.h"
#include "runtime/data/ckpt_env.h"
#include "runtime/data/program.h"
#include "runtime/data/settings.h"

struct rt_loop;

/* What connectors are given. */
typedef struct rt_env {
    rt_mem *mem;
    const rt_settings *settings;
    const rt_program *program;
    const rt_ckpt_env *ckpt; /* null without a checkpoint */
    struct rt_loop *loop; /* live sources only; null if the program has none */
    int wake;             /* wake.h: tells the coordinator that much input waits */
    int64_t batch_bytes;  /* batch_size as the memory allows it */
    int64_t block_bytes;  /* block_size, at most RT_RECORD_MAX */
    bool eager;           /* batch = 0s: blocks close as soon as they hold a record */
} rt_env;

/* A worker's place for reading: a recycled buffer, and what the last read gave. */
typedef struct rt_reader {
    rt_mem *mem;
    uint8_t *buffer;
    int64_t size;
    const uint8_t *p, *end; /* whole records; RT_SLACK bytes behind are readable */
    int64_t offset;         /* of p: in bytes, or the number of the first record */
    bool numbered;          /* offset counts records */
    const uint8_t *bad;     /* a record behind the others that could not be taken in */
    int64_t bad_len, bad_offset;
    int32_t bad_code;       /* 0: none */
} rt_reader;

typedef struct rt_source rt_source;

typedef struct rt_source_ops {
    const char *name;
    bool live;   /* input comes by itself: batches have intervals */
    bool ranges; /* units are row numbers */
    rt_status (*open)(rt_source *s);
    /* Bytes (rows) that a batch could take at `now`; -1: more than any batch takes, or all that
     * will ever come. */
    int64_t (*waiting)(rt_source *s, int64_t now);
    /* The moment at which more will wait; null or -1: the loop tells. */
    int64_t (*next)(rt_source *s, int64_t now);
    /* Adds units for at most `limit` bytes (rows) to `in`, whole blocks of live sources;
     * sets s->ended when nothing can follow.  `drain`: what was begun is cut here. */
    rt_status (*take)(rt_source *s, int64_t limit, int64_t now, bool drain, rt_input *in);
    /* Null: the units' blocks are what is read. */
    rt_status (*read)(rt_source *s, const rt_unit *unit, rt_reader *r);
    /* csv multiline: the number of quotes in the unit's range; null where live. */
    rt_status (*quotes)(rt_source *s, rt_unit *unit, rt_reader *r, int64_t *count);
    /* Of an object: what `errors into` shows as source. */
    const char *(*object)(rt_source *s, int64_t object);
    /* csv with header: the header record of an object, without its line end; null if
     * it has none (an empty file). */
    const uint8_t *(*header)(rt_source *s, int64_t object, int64_t *len);
    /* The batch is committed and published. */
    void (*done)(rt_source *s, rt_input *in);
    void (*close)(rt_source *s);

    /* ---- with a checkpoint; null where the source has nothing to say ---- */

    bool replays; /* what was planned can be read again; else `plan` journals the rows */
    /* The position behind what has been taken (or planned again). */
    void (*save)(rt_source *s, rt_wire *w);
    /* Goes to a saved position; before the first take.  RT_refused, told, with the name of
     * what is gone or is no longer what it was. */
    rt_status (*load)(rt_source *s, rt_unwire *r);
    /* The units of `in`, just taken for batch n, as bytes for PLAN(n).  A source that does
     * not replay writes the rows to `input/` first, unless `journal = false`. */
    rt_status (*plan)(rt_source *s, int64_t batch, const rt_input *in, rt_wire *w);
    /* The same units again, in the place of `take`; the position is behind them after it.
     * s->ended and s->refreshed are set by the caller, from the plan. */
    rt_status (*replan)(rt_source *s, int64_t batch, rt_unwire *r, rt_input *in);
    /* What `plan` wrote for batches up to n becomes durable (S3); the folder goes to
     * `dirs`.  Called by whoever publishes, beside the next batch. */
    rt_status (*sync)(rt_source *s, int64_t batch, rt_dirs *dirs);
    /* Batch n is committed: a peer may be told (S6). */
    void (*acknowledge)(rt_source *s, int64_t batch);
    /* No batch up to n will ever be replayed: what `plan` wrote for them may go (S10).
     * At start, after recovery: and whatever is newer than `last`. */
    void (*forget)(rt_source *s, int64_t batch, int64_t last);
    /* For people: what `plan` wrote, as text.  Nothing is open: of `s` there are id, decl and
     * env->program.  False: it makes no sense. */
    bool (*plan_text)(const rt_source *s, int64_t batch, rt_unwire *r, rt_wire *out);
} rt_source_ops;

/* csv multiline: whether what has been planned of an object ends inside quotes. */
typedef struct rt_quotes {
    int64_t object, odd;
} rt_quotes;

struct rt_source {
    const rt_source_ops *ops;
    const rt_source_decl *decl;
    const rt_env *env;
    int64_t id;
    bool ended;    /* coordinator */
    bool refreshes; /* read anew when it has changed: it ends when the others have */
    bool refreshed; /* what the last `take` gave is all there is: older rows are gone */
    bool resumes;   /* set before `open`: a position follows, so nothing needs to be there */
    int64_t most_rows; /* a `take` gives no more (exec/pace.h); 0: as many as there are */
    bool once;      /* what the last `take` gave may not be there again: state is to be saved
                     * with its batch */
    int64_t total; /* bytes (rows) of it in all, -1 if not known: for progress */
    rt_quotes quotes; /* part of its position, not of plans: they are counted again */
    void *impl;
};

/* A piece of a batch's output. */
typedef struct rt_piece {
    const uint8_t *p;
    int64_t len;      /* 0: the end */
    const char *path; /* partitioned output: `col=value/...`, percent-encoded; else null */
} rt_piece;

/* What a batch brings to a sink, piece by piece, in order; pieces of one path follow each
 * other.  A sink that takes `lines` gets one row a piece. */
typedef struct rt_output {
    int64_t batch, now;
    int64_t rows;
    bool given; /* `complete`: this is the whole table, be there rows or not */
    /* The next piece, valid until the next call. */
    rt_status (*next)(struct rt_output *out, rt_piece *piece);
    /* Back to the start. */
    void (*rewind)(struct rt_output *out);
    void *stream; /* of exec/output.c */
} rt_output;

typedef struct rt_sink rt_sink;

/* What the COMMIT of a batch says of a sink. */
typedef struct rt_committed {
    int64_t batch;
    const uint8_t *p; /* what `record` wrote */
    int64_t len;
    bool done;        /* DONE of the batch was read: it had been published */
} rt_committed;

typedef struct rt_sink_ops {
    const char *name;
    bool lines; /* wants its rows one by one */
    rt_status (*open)(rt_sink *s);
    /* With a checkpoint: into new files, named by batch and epoch, that nobody sees; an
     * earlier preparation that was not committed is dropped.  RT_again_io: the disk is
     * full; the next try is made in a new epoch. */
    rt_status (*prepare)(rt_sink *s, rt_output *out);
    /* Without a checkpoint. */
    rt_status (*publish)(rt_sink *s, rt_output *out);

    /* ---- with a checkpoint -------------------------------------------------------- */
    /* What was prepared is durable.  A failure is final. */
    rt_status (*sync)(rt_sink *s);
    /* Moves the folders to `set` in which names have come or gone since the last call: by
     * prepare, and by the publication of the batch before. */
    void (*dirs)(rt_sink *s, rt_dirs *set);
    /* What COMMIT has to say of what was prepared. */
    void (*record)(rt_sink *s, rt_wire *w);
    /* Makes it visible; any number of times, with one effect (where a sink is at least
     * once: with no effect once c->done).  RT_refused names what does not fit. */
    rt_status (*publish_record)(rt_sink *s, const rt_committed *c);
    /* Deletes what was kept only to publish this batch.  What cannot be deleted is left
     * for the next start. */
    void (*forget)(rt_sink *s, const rt_committed *c);
    /* A start: `last` is what the last COMMIT says, null if the sink is in none.  Checks
     * that the batch can be published, or is, and touches nothing.  *ahead: the newest
     * batch of which there is output, if that is behind `last`; else it is not set. */
    rt_status (*resume)(rt_sink *s, const rt_committed *last, int64_t *ahead);
    /* A start, when all sinks are published: deletes what earlier runs of this job have
     * left unpublished. */
    void (*sweep)(rt_sink *s);

    /* For people: what `record` wrote, as text.  Nothing is open.  False: it makes no sense. */
    bool (*record_text)(int64_t batch, rt_unwire *r, rt_wire *out);

    /* The last batch is published; `failed`: the program stops with an error. */
    rt_status (*finish)(rt_sink *s, bool failed);
    void (*close)(rt_sink *s);
} rt_sink_ops;

struct rt_sink {
    const rt_sink_ops *ops;
    const rt_sink_decl *decl;
    const rt_env *env;
    int64_t id;
    _Atomic int64_t rows; /* published: counted by whoever publishes, anybody may look */
    struct rt_outbox *outbox; /* of sinks that have one, with a checkpoint */
    void *impl;
};

/* Rows that a take may still add to `in`. */
int64_t rt_source_rows_left(const rt_source *s, const rt_input *in);

/* The tables of registry.c; null for an unknown name. */
const rt_source_ops *rt_source_find(const char *connector);
const rt_sink_ops *rt_sink_find(const char *connector);

/* Makes sure that the reader's buffer holds `bytes` and the slack; what is in it is
 * kept.  False beyond the budget. */
bool rt_reader_room(rt_reader *r, int64_t bytes);
void rt_reader_free(rt_reader *r);

#endif
