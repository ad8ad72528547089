/* k_session_kept.h - sessions that are shown early, or kept for late rows: rows of a table.
 *
 * The table's key is that of the entry and the window, so a session that grows, or merges
 * with another, becomes a row of another key.  A session therefore remembers what was shown
 * of it, and of those that it is made of, until it is shown again.
 *
 * Behind the words of a session's entry (k_session.h) stand the gap, and the list of what
 * was shown of sessions that are forgotten, kept only where the whole table is asked for.
 * An entry waits for the end of its first session that has changed, or for the moment at
 * which its first session is forgotten; it may be woken in vain.
 *
 * Visits.  When a batch closes, flow_k_kept_next goes through the entries whose moment has
 * come, and, in a batch that shows early, through all touched ones.  Saved are the rows, and
 * what was shown: which sessions have changed since is derived. */
#ifndef FLOW_KERNEL_K_SESSION_KEPT_H
#define FLOW_KERNEL_K_SESSION_KEPT_H

#include "runtime/kernel/k_session.h"

#define FLOW_KEPT_WORDS (FLOW_SESSION_WORDS + 2)

/* What flow_k_kept_next found. */
#define FLOW_KEPT_NONE 0
#define FLOW_KEPT_SHOW 1 /* a session that has changed is to be shown */
#define FLOW_KEPT_LATE 2 /* all rows of a session came too late for it */

/* The words of a visit; flow_k_kept_open fills the last ones. */
typedef struct flow_visit {
    flow_session *session;
    int64_t entry, start, end; /* of the session; entry -1: none */
    int64_t index, touched;    /* in the entry's list, in the list of touched entries */
    int64_t gap, lateness;
    int64_t now, next;         /* the mark at the start and at the end of the batch */
    int64_t early, whole;      /* shown early now; the whole table is asked for */
} flow_visit;
#define FLOW_VISIT_WORDS 12

typedef struct flow_shown flow_shown;

/* As flow_k_session_put.  now: the mark at the start of the batch; what was shown of a session
 * and had ended by then is revised in this batch.  touch: the entry is touched, for a batch
 * that shows early. */
FLOW_FAR flow_session *flow_k_kept_put(flow_ctx *ctx, flow_table *t, int64_t time, int64_t gap,
                                       const uint8_t *row, const uint8_t *key, int64_t klen,
                                       int64_t now, int32_t touch);

FLOW_FAR void flow_k_kept_open(flow_visit *v, int64_t gap, int64_t lateness, int64_t now,
                               int64_t next, int32_t early, int32_t whole);
/* The next session that somebody must be told of; forgets those that are over. */
FLOW_FAR int32_t flow_k_kept_next(flow_ctx *ctx, flow_table *t, flow_visit *v);
/* Of a late session: it goes. */
FLOW_FAR void flow_k_kept_drop(flow_ctx *ctx, flow_table *t, flow_visit *v);
/* Of one that is shown: what was shown of it under other windows, as an array in the task
 * arena, and how many there are. */
FLOW_FAR int64_t flow_k_kept_olds(flow_ctx *ctx, const flow_visit *v, uint64_t *list);
/* Forgets these, and gives what was shown of the window that it has now: a blob (k_heap.h),
 * in the table's heap, for the caller to compare and set. */
FLOW_FAR uint64_t *flow_k_kept_show(flow_ctx *ctx, flow_table *t, flow_visit *v);
/* Row i of flow_k_session_rows has been in a session when it was shown. */
int32_t flow_k_session_told(const uint64_t *list, int64_t i);

/* All that is shown for an entry, in order of (start, end), as such an array; of row i of one:
 * its blob, and the bounds of its window. */
FLOW_FAR int64_t flow_k_kept_all(flow_ctx *ctx, flow_table *t, int64_t entry, uint64_t *list);
const uint64_t *flow_k_shown_row(const uint64_t *list, int64_t i);
int64_t flow_k_shown_start(const uint64_t *list, int64_t i);
int64_t flow_k_shown_end(const uint64_t *list, int64_t i);

#endif
