/* journal.h - the file `journal` of a checkpoint: what was planned, committed, published.
 *
 * Records only ever come at the end; COMMIT(n), synced, is the instant at which batch n
 * happened.  A record is
 *
 *     magic u32 | len u32 | seq u64 | durable u64 | prev_crc u32 | epoch u32 | type u32
 *     payload (len bytes) | crc32c u32 of all before it
 *
 * seq grows by one from record to record and through every rewrite (which leaves records
 * out and numbers those that stay anew, so that the last keeps its number), prev_crc is the
 * crc of the record before (0 of the first in the file), epoch grows with every start.
 * Records below `durable` were on the disk when this one was written: if one of them is bad,
 * that is damage.  What is behind them may be lost in any part by a power loss, a record
 * before others too: that is a torn end.  The file is replaced by rename
 * alone: rotation and recovery write `journal.tmp`, sync it, rename it, sync the folder.
 *
 * What is read after a crash may not be on the disk yet, so recovery rewrites what it is
 * about to rely on (rt_journal_begin) before it acts on it. */
#ifndef FLOW_RUNTIME_CKPT_JOURNAL_H
#define FLOW_RUNTIME_CKPT_JOURNAL_H

#include <stdint.h>

#include "runtime/base/status.h"

/* RT_BEGIN comes first in every journal: whose it is (ident.h). */
typedef enum rt_record_type {
    RT_PLAN = 1,
    RT_COMMIT = 2,
    RT_DONE = 3,
    RT_BEGIN = 4
} rt_record_type;

typedef struct rt_record {
    uint64_t seq, durable;
    uint32_t epoch;
    rt_record_type type;
    const uint8_t *payload;
    int64_t len;
} rt_record;

/* How a journal ended when it was read. */
typedef enum rt_tail {
    RT_TAIL_CLEAN,
    RT_TAIL_TORN,   /* records that were being written: normal after a crash */
    RT_TAIL_DAMAGED /* a record is bad that was durable: damage, never cut silently */
} rt_tail;

/* A journal in memory. */
typedef struct rt_journal_text {
    uint8_t *bytes;      /* owns the payloads */
    int64_t len;
    rt_record *records;  /* good ones, in order */
    int64_t n;
    rt_tail tail;
    int64_t tail_at;     /* byte at which the first bad record begins */
} rt_journal_text;

/* Reads `bytes` (malloc; taken over).  Never fails: what is not a record ends it. */
rt_journal_text rt_journal_parse(uint8_t *bytes, int64_t len);
/* Reads the journal of folder `dir`.  *found is 0 if there is none. */
rt_status rt_journal_load(const char *dir, rt_journal_text *out, int *found);
void rt_journal_text_free(rt_journal_text *t);

typedef struct rt_journal rt_journal;

/* Makes the journal of `dir` hold exactly these records, durably, and opens it for more.
 * Records keep epoch and payload.  next_seq, at least n: of the first record appended. */
rt_status rt_journal_begin(const char *dir, const rt_record *records, int64_t n,
                           uint64_t next_seq, rt_journal **out);
/* Adds a record; not durable until the next sync.  After any failure the journal takes
 * nothing more, and its caller stops with RT_io: nothing may be built on an unknown end. */
rt_status rt_journal_append(rt_journal *j, uint32_t epoch, rt_record_type type,
                            const void *payload, int64_t len);
/* What was appended is durable.  A failed sync is never repeated. */
rt_status rt_journal_sync(rt_journal *j);
int64_t rt_journal_bytes(const rt_journal *j);
uint64_t rt_journal_next(const rt_journal *j);
void rt_journal_close(rt_journal *j);

#endif
