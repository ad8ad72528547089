/* state_file.h - files of saved state: changes since the last saved state, or all of it.
 *
 * A file, once whole, never changes.  It counts only if a COMMIT names it, with its length
 * and checksum.  Little-endian, without padding:
 *
 *     head     magic u32 | version u32 | kind u32 | epoch u32 | batch u64 | job 16 bytes |
 *              crc u32 of these
 *     body     the ops of the sections, one section after the other (state_ops.h)
 *     footer   states: name, schema hash, layout · sections: state u32, partition u32,
 *              bytes u64, ops u64, in order of (state, partition) · meta · crc u32 of each
 *              64 KiB of the body
 *     tail     body bytes u64 | footer bytes u64 | crc of the head u32 | crc of the
 *              footer u32 | magic u32 | crc u32 of these
 *
 * The tail covers all, so its crc stands for the file: it is what a COMMIT holds.  The
 * checksums of the body stand in the footer, not between the ops, so that a piece of
 * another file or another place never fits.
 *
 * Every state of the program that wrote the file is listed, also those without rows: a
 * state that a newer file does not list has ended there (state_merge.h).
 *
 * A small file need not be one: the same bytes can be made in memory and stand in the
 * COMMIT itself.
 *
 * Not done: compression (a change list of keys in order would shrink to about half, at a
 * fifth of the speed), and padding sections to blocks (64 partitions of small states would
 * be mostly padding; a shared block is checked twice instead). */
#ifndef FLOW_RUNTIME_CKPT_STATE_FILE_H
#define FLOW_RUNTIME_CKPT_STATE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/status.h"
#include "runtime/base/wire.h"
#include "runtime/ckpt/state_ops.h"

#define RT_STATE_BLOCK 65536
/* At most so many bytes go into the COMMIT instead of a file. */
#define RT_STATE_INLINE 65536

typedef enum rt_state_kind { RT_STATE_DELTA = 1, RT_STATE_SNAP = 2 } rt_state_kind;

typedef struct rt_state_head {
    rt_state_kind kind;
    uint32_t epoch;
    int64_t batch; /* what the state is of: behind this batch */
    uint8_t job[16];
} rt_state_head;

/* A state, as files know it: numbers of states change with the program, this does not. */
typedef struct rt_state_id {
    const char *name;   /* stable: see schema.h */
    uint64_t schema;    /* hash of what its rows mean */
    const char *layout; /* for people and the dump; never null */
} rt_state_id;

/* What a COMMIT says of a file. */
typedef struct rt_state_ref {
    char name[48]; /* below state/: <batch>-<epoch>.delta or .snap; "" if inline */
    int64_t length;
    uint32_t crc;
    rt_state_kind kind;
    uint32_t epoch;
    int64_t batch;
} rt_state_ref;

void rt_state_ref_write(rt_wire *w, const rt_state_ref *ref);
/* A name that is not one of ours makes the reader bad. */
rt_state_ref rt_state_ref_read(rt_unwire *r);
/* <batch>-<epoch>.delta or .snap */
void rt_state_ref_name(char *name, size_t size, int64_t batch, uint32_t epoch,
                       rt_state_kind kind);
/* Is this the name of a state file?  Then its parts. */
bool rt_state_ref_parse(const char *name, int64_t *batch, uint32_t *epoch,
                        rt_state_kind *kind);

/* ---- writing ----------------------------------------------------------------------- */

typedef struct rt_state_writer rt_state_writer;

/* A new file in folder `dir` (the checkpoint's `state`), which must not exist; with `dir`
 * null the bytes are made in memory.  The ids are copied. */
rt_status rt_state_writer_open(const char *dir, const rt_state_head *head,
                               const rt_state_id *ids, int64_t nids, rt_state_writer **out);
/* The sections, in ascending order of (state index, partition); one without ops may be
 * left out.  `ops` may come in any number of pieces, cut between ops. */
void rt_state_writer_section(rt_state_writer *w, int64_t state, int64_t partition);
rt_status rt_state_writer_ops(rt_state_writer *w, const void *ops, int64_t bytes,
                              int64_t count);
/* Footer and tail.  Nothing is synced. */
rt_status rt_state_writer_end(rt_state_writer *w, const void *meta, int64_t len,
                              rt_state_ref *ref);
/* Of a file: its bytes are durable (its name needs a sync of the folder). */
rt_status rt_state_writer_sync(rt_state_writer *w);
/* Of one in memory, after the end; the writer keeps them. */
const uint8_t *rt_state_writer_bytes(const rt_state_writer *w, int64_t *len);
/* Closes; a file that was not ended is removed. */
void rt_state_writer_close(rt_state_writer *w);

/* ---- reading ----------------------------------------------------------------------- */

/* What was wrong, in words, with the file's name: for messages at level error if the
 * program stops, and warn if it goes back to an older state. */
typedef struct rt_trouble {
    char text[512];
} rt_trouble;

typedef struct rt_state_file rt_state_file;

typedef struct rt_state_section {
    int64_t state; /* in the file's own list */
    int64_t partition;
    int64_t at, bytes, ops;
} rt_state_section;

/* Opens and checks head, footer and tail against `ref`, or against themselves if it is
 * null.  RT_refused: damaged, another file, or not there; RT_io: cannot be read. */
rt_status rt_state_file_open(const char *dir, const rt_state_ref *ref, rt_state_file **out,
                             rt_trouble *trouble);
/* By path, whatever it is called. */
rt_status rt_state_file_open_path(const char *path, rt_state_file **out, rt_trouble *trouble);
/* The same from memory, which must outlive it; `what` names it in messages; `ref` may be
 * null. */
rt_status rt_state_file_of(const void *bytes, int64_t len, const rt_state_ref *ref,
                           const char *what, rt_state_file **out, rt_trouble *trouble);
void rt_state_file_close(rt_state_file *f);

const char *rt_state_file_what(const rt_state_file *f);
rt_state_head rt_state_file_head(const rt_state_file *f);
int64_t rt_state_file_length(const rt_state_file *f);
uint32_t rt_state_file_crc(const rt_state_file *f);
const rt_state_id *rt_state_file_ids(const rt_state_file *f, int64_t *n);
const rt_state_section *rt_state_file_sections(const rt_state_file *f, int64_t *n);
const uint8_t *rt_state_file_meta(const rt_state_file *f, int64_t *len);
/* The state of that name and schema in the file's list, or -1. */
int64_t rt_state_file_find(const rt_state_file *f, const char *name, uint64_t schema);
/* The section, or null: no rows. */
const rt_state_section *rt_state_file_section(const rt_state_file *f, int64_t state,
                                              int64_t partition);
/* Reads all of it: every checksum, every op, their order and number.  Any thread; several
 * may read one file. */
rt_status rt_state_file_verify(const rt_state_file *f, rt_trouble *trouble);

/* The ops of one section, in order.  Checksums are checked before an op is given. */
typedef struct rt_op_reader rt_op_reader;

rt_op_reader *rt_op_reader_new(const rt_state_file *f, const rt_state_section *section);
/* False at the end, and when something was wrong: then *status is not RT_ok.  The op's
 * bytes hold until the next call. */
bool rt_op_reader_next(rt_op_reader *r, rt_saved_op *op, rt_status *status, rt_trouble *trouble);
void rt_op_reader_free(rt_op_reader *r);

#endif
