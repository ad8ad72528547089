/* k_table.h - hash tables: the state of a partition, and a worker's partial results.
 *
 * Entries stand one behind the other in the order they came, each a key (8 bytes for an
 * integer, a cell for text) and the state words the emitter asked for, zero at first.
 * An index of 32-bit positions, addressed by a seeded hash, leads to them; by the key itself
 * where the keys are integers so close together that each can have a slot.  So an entry
 * has a number that does not change while it lives, iteration is the order of arrival,
 * growing rebuilds only the index, and what changed in a batch is a list of numbers.
 *
 * The address of the words is good until the next insertion.  A table begins as zeros
 * plus flow_k_table_init and owns no memory until the first insertion. */
#ifndef FLOW_KERNEL_K_TABLE_H
#define FLOW_KERNEL_K_TABLE_H

#include "runtime/kernel/k_heap.h"
#include "runtime/kernel/k_value.h"

#define FLOW_TABLE_I64  0
#define FLOW_TABLE_TEXT 1

/* Set bits of entry numbers; grows when a bit is set. */
typedef struct flow_bits {
    uint64_t *words;
    int64_t room; /* words */
} flow_bits;

typedef struct flow_table {
    uint32_t *index; /* 2^k slots: bits of the hash above `mask`, entry number + 1 */
    uint8_t *entries;
    int64_t stride;   /* bytes of an entry */
    uint32_t shift;   /* 64 - k */
    uint32_t mask;    /* 2^k - 1 */
    uint32_t end;     /* entry numbers are below it */
    uint32_t room;    /* entries that fit before something must grow */
    uint32_t last;    /* entry of the last probe */
    uint32_t fresh;   /* 1 if the last probe made it */
    uint32_t removed; /* how many numbers below `end` are not in use */
    uint32_t unused;  /* number + 1 of the one to use next; the others are chained */
    uint32_t kind;
    uint32_t words;
    uint32_t direct; /* the slot of an integer key is key - lowest, not where its hash leads */
    int64_t lowest;
    int64_t entry_room;  /* entries the memory holds, */
    int64_t entry_bytes; /* and its size */
    int64_t limit;       /* bytes at which flow_k_table_full says so; 0: never */
    int64_t most;        /* what the limit may become, where keys come again */
    int64_t fed;         /* staged rows since the table was empty */
    int64_t passing;     /* staged rows that are yet to pass it by */
    uint32_t *dirty;     /* numbers of touched entries, in order of first touch */
    int64_t dirty_count, dirty_room;
    flow_bits dirty_bits;
    flow_bits removed_bits;
    flow_heap heap;
    void *waits;              /* for a moment: of k_timer.h or k_join.h; in the heap */
    uint32_t visits;  /* of k_tidy.c */
    uint32_t joins;   /* its words are lists of rows (k_join.h), `waits` is their queue */
    uint32_t first_bits;      /* of the first index; 0: as usual */
    struct flow_panes *panes; /* k_pane.h: windows, each with a table; or null */
    struct flow_track *track; /* k_track.h: what changed since state was saved; or null */
} flow_table;

void flow_k_table_init(flow_table *t, int64_t kind, int64_t words);
/* Gives back all memory; the table is as after init. */
FLOW_FAR void flow_k_table_release(flow_ctx *ctx, flow_table *t);
/* Drops all entries and keeps the memory of entries and index, unless little of it was
 * used. */
FLOW_FAR void flow_k_table_clear(flow_ctx *ctx, flow_table *t);
/* All entries and all memory but that of panes and track, which stay. */
FLOW_FAR void k_table_give_back(flow_ctx *ctx, flow_table *t);
/* To a table without memory as much as another one of its kind and width has. */
FLOW_FAR void k_table_like(flow_ctx *ctx, flow_table *t, const flow_table *like);

/* The state words of a key, made (all zero) if there is none. */
uint64_t *flow_k_table_i64(flow_ctx *ctx, flow_table *t, int64_t key);
uint64_t *flow_k_table_text(flow_ctx *ctx, flow_table *t, const uint8_t *ptr,
                            int64_t len);
/* The same for a key of 16 to 32 bytes, whose length is best a constant: the bytes of two to four
 * numbers, of which generated code knows that they are so long. */
uint64_t *flow_k_table_wide(flow_ctx *ctx, flow_table *t, const uint8_t *ptr, int64_t len);
/* Makes room for one entry more. */
FLOW_FAR void k_table_grow(flow_ctx *ctx, flow_table *t);
/* The same, but null if there is none. */
uint64_t *flow_k_table_find_i64(flow_ctx *ctx, flow_table *t, int64_t key);
uint64_t *flow_k_table_find_text(flow_ctx *ctx, flow_table *t, const uint8_t *ptr,
                                 int64_t len);
/* The same by many workers at once, where nobody writes: no trace is left in the table. */
const uint64_t *flow_k_table_look_i64(const flow_ctx *ctx, const flow_table *t, int64_t key);
const uint64_t *flow_k_table_look_text(const flow_ctx *ctx, const flow_table *t,
                                       const uint8_t *ptr, int64_t len);
/* After a probe that gave words: 1 if it made the entry; the entry's number. */
int32_t flow_k_table_fresh(const flow_table *t);
int64_t flow_k_table_last(const flow_table *t);

/* Entries by number: 0 .. end - 1; removed ones are not live.  key_text writes address
 * and length. */
int64_t flow_k_table_count(const flow_table *t);
int64_t flow_k_table_end(const flow_table *t);
int32_t flow_k_table_live(const flow_table *t, int64_t entry);
uint64_t *flow_k_table_words(const flow_table *t, int64_t entry);
int64_t flow_k_table_key_i64(const flow_table *t, int64_t entry);
void flow_k_table_key_text(const flow_table *t, int64_t entry, uint64_t *text);
/* Removes a living entry; what its words own in the heap must have been dropped.  The
 * number may be given to a later key. */
FLOW_FAR void flow_k_table_remove(flow_ctx *ctx, flow_table *t, int64_t entry);

/* Marks the entry of the last probe as changed in this batch, or any entry. */
void flow_k_table_touch(flow_ctx *ctx, flow_table *t);
void flow_k_table_touch_entry(flow_ctx *ctx, flow_table *t, int64_t entry);
int64_t flow_k_table_touched(const flow_table *t);
/* Notes that an entry changes which no probe has given (k_track.h). */
void flow_k_table_note(flow_ctx *ctx, flow_table *t, int64_t entry);
/* Forgets the marks. */
void flow_k_table_clean(flow_table *t);
/* Notes (k_track.h) all touched entries: before they are forgotten, where touches outlive a
 * batch and so belong to state. */
FLOW_FAR void flow_k_table_note_touched(flow_ctx *ctx, flow_table *t);

/* Numbers of the living entries in the order of their keys, as an array of 32-bit
 * numbers in the task arena: all of them, or only the touched ones (`dirty` = 1).
 * flow_k_table_nth reads the array. */
FLOW_FAR uint32_t *flow_k_table_sorted(flow_ctx *ctx, const flow_table *t, int32_t dirty,
                                       int64_t *count);
int64_t flow_k_table_nth(const uint32_t *order, int64_t i);

flow_heap *flow_k_table_heap(flow_table *t);
int64_t flow_k_table_bytes(const flow_table *t);
/* Have entries and heap passed t->limit, so that a partial table is to be flushed and cleared?
 * Where enough rows met the key of an earlier one the limit is doubled instead, up to
 * t->most: the more keys are held, the more rows will.  Where too few did the next ones
 * pass it by (k_stage.h). */
int32_t flow_k_table_full(flow_table *t);

#endif
