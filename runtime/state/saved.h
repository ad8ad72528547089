/* saved.h - the state of a program as rows, for checkpoints: taken out of the tables of
 * keyed.h and put back.
 *
 * The logical state of (state, partition) is a set of rows key -> value, whose form is that
 * of kernel/k_save.h.  What is saved is a list of ops in the order of keys:
 *   DROP prefix   rows whose keys begin so are gone; the empty prefix: all
 *   DEL key       gone
 *   PUT key value
 * Applied one by one to the rows of the last saved state they give those of this one.
 *
 * All calls are for one (state, partition) and may run for different ones at once, each in
 * a task (exec/sched.h): memory comes from the budget, and the task ends where there is
 * none.  Between batches only. */
#ifndef FLOW_RUNTIME_STATE_SAVED_H
#define FLOW_RUNTIME_STATE_SAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/status.h"
#include "runtime/state/keyed.h"
#include "runtime/state/row_print.h"

/* Encoded ops; malloc, so that any thread may free it. */
typedef struct rt_saved {
    uint8_t *p;
    int64_t len, room;
    int64_t ops;
} rt_saved;

void rt_saved_free(rt_saved *s);

/* One op.  The bytes lie in the list. */
typedef enum rt_saved_kind { RT_SAVED_DROP = 1, RT_SAVED_DEL = 2, RT_SAVED_PUT = 3 } rt_saved_kind;
typedef struct rt_saved_op {
    rt_saved_kind kind;
    const uint8_t *key, *value;
    int64_t klen, vlen;
} rt_saved_op;

/* The op at *p; moves *p behind it.  False at the end, and where the bytes are no op (then
 * *p is not `end`). */
bool rt_saved_next(const uint8_t **p, const uint8_t *end, rt_saved_op *op);
/* Adds an op behind the others. */
void rt_saved_put(rt_saved *s, rt_saved_kind kind, const void *key, int64_t klen,
                  const void *value, int64_t vlen);

/* Does the state hold anything between batches?  If not, it is never saved. */
bool rt_states_kept(const rt_states *states, int64_t state);

/* Begins (or ends) to note what changes.  Called once, when state is loaded and before the
 * first batch; what is there then counts as saved. */
void rt_states_track(rt_states *states, flow_ctx *ctx, bool on);

/* What has changed since the last save, or all there is (`full`), into `out`, which is empty
 * or is emptied.  The marks are forgotten: they belong to who has the ops now. */
void rt_states_save(rt_states *states, flow_ctx *ctx, int64_t state, int64_t partition,
                    bool full, rt_saved *out);

/* Puts a row in; false if its bytes do not fit the state: `why` says so.  In the
 * order of their keys, each once.  FLOW_SLACK bytes behind the row can be read: keys are
 * looked up in whole vectors. */
bool rt_states_load(rt_states *states, flow_ctx *ctx, int64_t state, int64_t partition,
                    const uint8_t *key, int64_t klen, const uint8_t *value, int64_t vlen,
                    char *why, size_t why_size);
/* Says how many rows are about to be loaded, at most: may be left out, saves time. */
void rt_states_room(rt_states *states, flow_ctx *ctx, int64_t state, int64_t partition,
                    int64_t rows);
/* All rows of (state, partition) are in. */
void rt_states_loaded(rt_states *states, flow_ctx *ctx, int64_t state, int64_t partition);

/* Gives the memory of (state, partition) back: it is empty. */
void rt_states_drop(rt_states *states, flow_ctx *ctx, int64_t state, int64_t partition);

#endif
