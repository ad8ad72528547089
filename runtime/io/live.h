/* live.h - what live sources share: cutting a stream of bytes into blocks of whole
 * records, and the queue in which blocks wait for a batch.
 *
 * A feed belongs to one stream (standard input, a connection) and to the loop; the queue
 * belongs to the source, and the coordinator takes from it.  A block closes when it is
 * full, when it has stood open for the setting `block`, when its stream ends, and at once
 * in eager mode; it gets its place in the batch when it closes.  When the queue holds two
 * batches, or memory runs short, streams are not read until a batch has been taken. */
#ifndef FLOW_RUNTIME_IO_LIVE_H
#define FLOW_RUNTIME_IO_LIVE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/io/connector.h"
#include "runtime/io/loop.h"

/* The header record of a stream, without its line end. */
typedef struct rt_head {
    struct rt_head *next;
    int64_t object, len;
    uint8_t *text; /* malloc */
} rt_head;

/* The queue of a source. */
typedef struct rt_live {
    rt_source *source;
    pthread_mutex_t lock;
    rt_block *first, **last; /* under lock: closed blocks */
    int64_t bytes;           /* under lock: in them */
    bool over;               /* under lock: nothing more can come */
    rt_status failed;        /* under lock: the source cannot go on */
    bool full;               /* under lock: a stream waits for room */
    int64_t starved;         /* loop: mono since when there is no memory, 0: there is */
    rt_head *heads;          /* under lock: added before the stream's first block */
    rt_handler gate;         /* poked when there is room again: no descriptor */
    rt_block *taken;         /* coordinator: blocks of the running batch */
    _Atomic int64_t objects; /* streams so far: nothing is ordered by it */
    struct rt_rows *rows;    /* the input journal (rows_file.h), or null */
} rt_live;

/* `resumed` is called on the loop, with the gate, when streams may go on; null: there is
 * no loop, the source feeds by itself when a batch is taken. */
void rt_live_open(rt_live *live, rt_source *s, void (*resumed)(rt_handler *gate));
/* After the loop has stopped. */
void rt_live_close(rt_live *live);

/* The number of a new stream. */
int64_t rt_live_object(rt_live *live);

/* For rt_source_ops. */
int64_t rt_live_waiting(rt_live *live);
rt_status rt_live_take(rt_live *live, int64_t limit, bool all, rt_input *in);
const uint8_t *rt_live_header(rt_live *live, int64_t object, int64_t *len);
void rt_live_done(rt_live *live);

/* The first `rows` records of a block as a block of their own, the rest stays in it; null
 * beyond the budget. */
rt_block *rt_live_split(rt_live *live, rt_block *b, int64_t rows);
/* Into the batch at hand: a block that was read again. */
void rt_live_again(rt_live *live, rt_block *block, rt_input *in);
/* The header of a stream that goes on behind it. */
void rt_live_set_header(rt_live *live, int64_t object, const uint8_t *text, int64_t len);

/* From the loop: no stream will come any more; RT_ok, or why. */
void rt_live_over(rt_live *live, rt_status status);

/* One stream on its way into blocks. */
typedef struct rt_feed {
    rt_live *live;
    int64_t object;
    int64_t max_record;
    rt_block *block;   /* open, or null */
    int64_t used;      /* bytes in it */
    int64_t whole;     /* of them in whole records */
    int64_t scanned;   /* record ends have been looked for up to here */
    int64_t quotes;    /* csv multiline: 1 if `scanned` lies inside quotes */
    int64_t records;   /* line ends before the block */
    int64_t opened;    /* mono: when the block got its first byte */
    bool skip;         /* inside a record that was too long */
    bool begun;        /* the byte order mark has been looked for */
    bool head_done;    /* the header, if there is one, has been taken */
    int64_t at;        /* bytes of the stream before the open block */
} rt_feed;

/* Where a stream goes on behind all blocks that were taken of it. */
typedef struct rt_feed_place {
    int64_t at, records;
    bool skip, begun, head_done;
} rt_feed_place;

rt_feed_place rt_feed_where(const rt_feed *f);
/* Of a feed that was just opened. */
void rt_feed_resume(rt_feed *f, rt_feed_place place);

void rt_feed_open(rt_feed *f, rt_live *live, int64_t object, int64_t max_record);
void rt_feed_drop(rt_feed *f);

/* Where the next bytes go, and how many fit; null when the queue is full or memory
 * short: then the stream is to wait until its handler is poked. */
uint8_t *rt_feed_room(rt_feed *f, int64_t *room);
/* `n` bytes have been put there. */
void rt_feed_add(rt_feed *f, int64_t n);
/* Closes the open block if it holds a record and has stood for `block`; returns when it
 * will be due (mono), 0 if there is nothing to wait for. */
int64_t rt_feed_due(rt_feed *f);
/* Closes the open block if it holds a record: at a drain, when the loop has stopped. */
void rt_feed_cut(rt_feed *f);
/* The stream has ended.  In order: a last record without a line end counts; else it is a
 * row error. */
void rt_feed_end(rt_feed *f, bool in_order);

#endif
