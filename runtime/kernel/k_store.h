/* k_store.h - lists in the entries of a table, saved row by row.
 *
 * A long list of a hot key is not written anew because a row was added: each of its rows is
 * a row of saved state.  Its key is
 *
 *   [letter of the store] [key of the entry, so that none begins another] [what orders rows]
 *
 * where an int key is 8 bytes and a text key is as in k_key.h.  A row knows whether it is
 * in saved state.  When it is freed and is, its key is noted (k_track_gone, FLOW_GONE_ROW);
 * when its entry is saved, rows that are not are given out.  So what a save writes is in
 * proportion to what changed.
 *
 * What is derived - heaps of moments, sessions, places in rings - is made by load and
 * load_end.  Rows are loaded in the order of their keys, entries (byte 0) before all. */
#ifndef FLOW_KERNEL_K_STORE_H
#define FLOW_KERNEL_K_STORE_H

#include "runtime/kernel/k_save.h"

/* save: appends a PUT for each row that saved state has not (full: for each row), in any
 * order, and takes them as saved.  load: one row; key and value stand behind the letter.  0
 * if its bytes make no sense.  load_end: all rows and entries are in. */
#define STORE(letter, name, bare, forms, what)                                                  \
    FLOW_FAR void k_store_save_##name(flow_ctx *ctx, flow_table *t, int32_t full,        \
                                      flow_bytes *out);                                  \
    FLOW_FAR int32_t k_store_load_##name(flow_ctx *ctx, flow_table *t,                   \
                                         const flow_layout *l, flow_saved_in *key,       \
                                         flow_saved_in *value);                          \
    FLOW_FAR void k_store_end_##name(flow_ctx *ctx, flow_table *t);
#include "runtime/kernel/k_store.def"
#undef STORE

/* The same by letter; 0 for no store: nothing. */
FLOW_FAR void k_store_save(flow_ctx *ctx, flow_table *t, int32_t store, int32_t full,
                           flow_bytes *out);
FLOW_FAR int32_t k_store_load(flow_ctx *ctx, flow_table *t, const flow_layout *l,
                              flow_saved_in *key, flow_saved_in *value);
FLOW_FAR void k_store_end(flow_ctx *ctx, flow_table *t, int32_t store);
/* Is there such a letter?  How many forms have its rows?  Are its entries not saved? */
FLOW_FAR int32_t k_store_is(int32_t letter);
FLOW_FAR int32_t k_store_forms(int32_t letter);
FLOW_FAR int32_t k_store_bare(int32_t letter);

/* Letters that are asked for by name. */
enum {
    FLOW_STORE_JOIN = 'j',
    FLOW_STORE_WINDOWS = 'v',
    FLOW_STORE_TABLES = 'J',
    FLOW_STORE_SESSIONS = 's',
    FLOW_STORE_WAITING = 'q',
    FLOW_STORE_RING = 'r'
};

/* For the stores.  The first bytes of the keys of an entry's rows, in the task arena, with
 * room for `more` behind them. */
FLOW_FAR uint8_t *k_store_key(flow_ctx *ctx, const flow_table *t, int64_t entry,
                              int32_t letter, int64_t more, int64_t *len);
/* All rows of an entry are gone. */
FLOW_FAR void k_store_gone(flow_ctx *ctx, flow_table *t, int32_t letter, int64_t entry);
/* A PUT of `vlen` bytes, to be written at the address that it gives. */
FLOW_FAR uint8_t *k_store_put(flow_ctx *ctx, flow_bytes *out, const uint8_t *key, int64_t klen,
                              int64_t vlen);
/* The entry whose key stands here, made if there is none; -1: the bytes are bad. */
FLOW_FAR int64_t k_store_entry(flow_ctx *ctx, flow_table *t, const flow_layout *l,
                               flow_saved_in *key);
/* Parts of keys, as k_key.h writes them. */
FLOW_FAR int64_t k_store_key_i64(flow_saved_in *key);
FLOW_FAR const uint8_t *k_store_key_text(flow_ctx *ctx, flow_saved_in *key, int64_t *len);
/* The encoded row that is the rest of the value, up to value->p; at any address.  Null: the
 * bytes are none, or not of the form. */
FLOW_FAR const uint8_t *k_store_row(flow_ctx *ctx, flow_saved_in *value, const uint8_t *form);

/* The entries that are to be looked at, in the order of their keys: all living ones (full),
 * or those that are marked.  -1: no more. */
typedef struct k_store_walk {
    const uint32_t *order; /* in the task arena */
    int64_t i, n;
} k_store_walk;
FLOW_FAR k_store_walk k_store_open(flow_ctx *ctx, const flow_table *t, int32_t full);
FLOW_INLINE int64_t k_store_next(k_store_walk *w) {
    return w->i < w->n ? (int64_t)w->order[w->i++] : -1;
}
/* All living entries, in any order. */
#define K_STORE_ALL(t, entry)                                                            \
    for (int64_t entry = 0; entry < flow_k_table_end(t); entry++)                        \
        if (flow_k_table_live(t, entry))

/* The timers (k_timer.h) of all entries, so many each, are queued again. */
FLOW_FAR void k_store_end_timers(flow_ctx *ctx, flow_table *t, int64_t timers);

#endif
