/* k_track.h - which entries of a table have changed since its state was saved last.
 *
 * Without a checkpoint a table has no track, and what is here costs one predicted branch
 * for each probe.  With one, a probe that may insert or change (flow_k_table_i64, _text
 * and the staged ones) marks the entry it gives, whether or not anything is then changed;
 * probes that only look (flow_k_table_find_*) do not.  Who changes an entry by its number,
 * or after it was only found, marks it with flow_k_table_note.  Removing notes the key,
 * clearing notes that all keys are gone.
 *
 * Panes: each pane's table has a track of its own; a pane that is dropped as a whole is
 * noted in the track of the table it hangs on (k_track_gone with `prefix`).
 *
 * The marks are those since the last k_track_forget, over any number of batches, and have
 * nothing to do with flow_k_table_touch, which is about one batch. */
#ifndef FLOW_KERNEL_K_TRACK_H
#define FLOW_KERNEL_K_TRACK_H

#include "runtime/kernel/k_table.h"

typedef struct flow_track {
    flow_bits marks;      /* of entry numbers */
    uint32_t *list;       /* the same, in order of the first mark */
    int64_t count, room;
    uint8_t *gone;        /* notes: u32 length, u32 how, the key bytes */
    int64_t gone_bytes, gone_room, gone_count;
    int32_t cleared;      /* everything there was is gone */
    int32_t bare;         /* removed entries are not noted (k_store.h) */
    int32_t store;        /* a store whose rows go with their entry, or 0 */
} flow_track;

/* Begins to track (nothing is marked), or ends it.  Panes that there are, too. */
FLOW_FAR void k_track_on(flow_ctx *ctx, flow_table *t);
FLOW_FAR void k_track_off(flow_ctx *ctx, flow_table *t);
/* Forgets all marks and notes; of its panes too. */
FLOW_FAR void k_track_forget(flow_ctx *ctx, flow_table *t);

/* An entry is about to change (k_track_note, and where k_table.c knows of it); the table has
 * a track. */
FLOW_FAR void k_track_mark(flow_ctx *ctx, flow_table *t, int64_t entry);
/* Notes a key that is gone, or (FLOW_GONE_ALL) all keys that begin so.  With FLOW_GONE_ROW
 * it is the whole key of a row of a store (k_store.h), its letter first; else it is that of
 * an entry, and gets in front what entries have there. */
#define FLOW_GONE_ALL 1
#define FLOW_GONE_ROW 2
FLOW_FAR void k_track_gone(flow_ctx *ctx, flow_table *t, const uint8_t *key, int64_t klen,
                           int32_t how);
/* The entry is about to be removed; the table is about to be cleared. */
FLOW_FAR void k_track_remove(flow_ctx *ctx, flow_table *t, int64_t entry);
FLOW_FAR void k_track_clear(flow_ctx *ctx, flow_table *t);

/* Entries get new numbers (k_tidy.h); the removed ones still have their old ones. */
struct flow_ranks;
FLOW_FAR void k_track_renumber(flow_table *t, const struct flow_ranks *ranks);

/* Bytes that the track holds. */
int64_t k_track_bytes(const flow_table *t);

/* Marks an entry by its number, if the table is tracked.  Most probes of a table that is
 * worth tracking meet a marked entry: that is seen here, in a few instructions, since a call
 * for each row leaves the processor fewer rows whose memory it waits for at once. */
FLOW_INLINE void k_track_note(flow_ctx *ctx, flow_table *t, int64_t entry) {
    const flow_track *k = t->track;
    if (!k) return;
    int64_t word = entry >> 6;
    if (word < k->marks.room && k->marks.words[word] >> (entry & 63) & 1) return;
    k_track_mark(ctx, t, entry);
}

#endif
