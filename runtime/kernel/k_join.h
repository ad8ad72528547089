/* k_join.h - the rows that a join keeps.
 *
 * An entry of the join's table is a key, and its words are two lists of rows: those of the
 * left side and those of the right.  A row is an encoded row (k_row.h) behind a head of
 * FLOW_JOIN_HEAD bytes.  How a list is ordered says who fills it:
 *   streams  by (time, arrival): join_push; join_range finds the rows between two times
 *   tables   by key bytes: join_put and join_take; the key stands behind the row
 * A row is marked when it has found a match; of tables it also carries whether it was there
 * before the batch and whether it is there now.
 *
 * What waits for a moment - a row until nothing can match it any more, a window until it
 * closes - stands in the queue of the table, a heap by (moment, tie).  Between the time of
 * a side's rows and their moments lies always the same.
 *
 * How all this is saved: k_store.h. */
#ifndef FLOW_KERNEL_K_JOIN_H
#define FLOW_KERNEL_K_JOIN_H

#include "runtime/kernel/k_table.h"

#define FLOW_JOIN_WORDS       6
#define FLOW_JOIN_HEAD        16

struct flow_ranks;

#define FLOW_JOIN_LEFT  0
#define FLOW_JOIN_RIGHT 1

/* The rows of a side whose time lies in low..high: range[0] is the first, range[1] one past
 * the last.  words may be null: none.  join_all: whatever their time. */
void flow_k_join_range(const uint64_t *words, int32_t side, int64_t low, int64_t high,
                       int64_t *range);
void flow_k_join_all(const uint64_t *words, int32_t side, int64_t *range);
/* All of them, for those who only look, by many workers at once where nobody writes: rows[0] is
 * where their addresses stand, rows[1] how many.  The table is settled.  It is after
 * flow_k_join_settled, if each entry that has changed since the last time is touched, and an
 * entry is after flow_k_join_all. */
void flow_k_join_rows(const uint64_t *words, int32_t side, uint64_t *rows);
FLOW_FAR void flow_k_join_settled(flow_table *t);
/* The i-th of such rows, as the address of its head. */
const uint8_t *flow_k_join_nth(const uint64_t *rows, int64_t i);
/* The i-th row of such a range, as the address of its head. */
uint8_t *flow_k_join_row(const uint64_t *words, int32_t side, int64_t i);
const uint8_t *flow_k_join_encoded(const uint8_t *row);
int64_t flow_k_join_time(const uint8_t *row);
int32_t flow_k_join_side(const uint8_t *row);
int64_t flow_k_join_entry(const uint8_t *row);
void flow_k_join_mark(uint8_t *row);
int32_t flow_k_join_marked(const uint8_t *row);

/* What a loop over so many bytes of rows may remember of all partitions of a settled state with
 * integer keys: three words of its frame, made in the task arena.  flow_k_join_viewed: it was worth
 * the work, and keys are close together.  Then flow_k_join_seen gives the rows of every key. */
void flow_k_join_view(flow_ctx *ctx, int64_t id, int32_t side, int64_t bytes, uint64_t *view);
int32_t flow_k_join_viewed(const uint64_t *view);
void flow_k_join_seen(const uint64_t *view, int64_t key, uint64_t *rows);

/* ---- streams ---- */

/* Keeps a row under the entry that was probed last, whose words these are. */
FLOW_FAR uint8_t *flow_k_join_push(flow_ctx *ctx, flow_table *t, uint64_t *words, int32_t side,
                                   int64_t time, const uint8_t *encoded);
/* The row waits for a moment. */
FLOW_FAR void flow_k_join_wait(flow_ctx *ctx, flow_table *t, int64_t moment, uint8_t *row);
/* The next row whose moment is below `mark`: taken out of its list, and to be freed; null
 * if there is none.  Rows of one moment: left before right, then as they came. */
FLOW_FAR uint8_t *flow_k_join_due(flow_table *t, int64_t mark);
/* Frees it, and its entry if that was its last row. */
FLOW_FAR void flow_k_join_free(flow_ctx *ctx, flow_table *t, uint8_t *row);

/* The same, but the row stays in its list: to be cut from it, or to stay. */
FLOW_FAR uint8_t *flow_k_join_pop(flow_table *t, int64_t mark);
FLOW_FAR void flow_k_join_cut(flow_table *t, uint8_t *row);
/* Versions: the right row with the greatest time up to `time`, the last to arrive of
 * equals; null if there is none, or if the next one came before `since`. */
uint8_t *flow_k_join_version(const uint64_t *words, int64_t time, int64_t since);
/* Frees the rows that stand before this one in its list. */
FLOW_FAR void flow_k_join_forget(flow_ctx *ctx, flow_table *t, uint8_t *row);

/* The entry that was probed last waits for a moment; entries of one moment go by `tie`. */
FLOW_FAR void flow_k_join_wait_entry(flow_ctx *ctx, flow_table *t, int64_t moment,
                                     int64_t tie);
/* The next entry whose moment is below `mark`, or -1; to be dropped, with its rows. */
FLOW_FAR int64_t flow_k_join_due_entry(flow_table *t, int64_t mark);
FLOW_FAR void flow_k_join_drop(flow_ctx *ctx, flow_table *t, int64_t entry);

/* The earliest moment that something waits for; INT64_MAX: nothing. */
int64_t flow_k_join_next(const flow_table *t);

/* Gives back what is not used of the queue; k_tidy.h. */
FLOW_FAR void k_join_queue_tidy(flow_ctx *ctx, flow_table *t);
/* All that lives moves to a heap of its own: rows have other addresses then. */
FLOW_FAR void k_join_pack(flow_ctx *ctx, flow_table *t);
FLOW_FAR void k_join_renumber(flow_table *t, const struct flow_ranks *ranks);

/* ---- tables ---- */

/* A row that is new: there now, and not before this batch. */
FLOW_FAR void flow_k_join_put(flow_ctx *ctx, flow_table *t, uint64_t *words, int32_t side,
                              const uint8_t *key, int64_t klen, const uint8_t *encoded);
/* A row that is old: not there any more.  It is the one of this key and these values. */
FLOW_FAR void flow_k_join_take(flow_ctx *ctx, flow_table *t, uint64_t *words, int32_t side,
                               const uint8_t *key, int64_t klen, const uint8_t *encoded);
/* After a take, where nothing is settled: the entry that was probed last goes if it has no
 * rows any more. */
FLOW_FAR void flow_k_join_tidy(flow_ctx *ctx, flow_table *t);
/* The order key of a joined row, by the keys of both; null: that side is missing. */
FLOW_FAR uint8_t *flow_k_join_order(flow_ctx *ctx, int64_t step, const uint8_t *left,
                                    const uint8_t *right, int64_t *len);
/* Was it there before the batch?  Is it there now? */
int32_t flow_k_join_was(const uint8_t *row);
int32_t flow_k_join_is(const uint8_t *row);
const uint8_t *flow_k_join_key(const uint8_t *row);
int64_t flow_k_join_key_len(const uint8_t *row);
/* Have the two rows one key? */
int32_t flow_k_join_same(const uint8_t *a, const uint8_t *b);
/* The batch is over: what is not there any more is freed, an empty entry too.  Without
 * `stay` all its rows are. */
FLOW_FAR void flow_k_join_settle(flow_ctx *ctx, flow_table *t, int64_t entry, int32_t stay);

#endif
