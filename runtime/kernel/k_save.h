/* k_save.h - the entries of a table as rows of bytes, and back.
 *
 * A row is a key and a value, both without addresses, entry numbers or anything that
 * depends on the hash: the same logical state is the same bytes, whatever its history.
 *
 *   key    = [8 bytes end, 8 bytes start of the pane] [1 byte store] key bytes
 *            ints (and pane bounds) are 8 bytes, big endian, sign flipped; text is as the
 *            table has it.  Keys compare by memcmp, the shorter one first.
 *   value  = the items of the layout, one behind the other, each self-delimiting
 *
 * The layout is text that the emitter writes into the descriptor (data/program.h):
 *
 *   layout = ["#"] ["@" letter] { letter }
 *     #         the table has panes: keys begin with the pane
 *     @ letter  lists in the entries are saved row by row, by a store (k_store.def): keys
 *               have a byte, 0 for entries, else the store's letter
 *     letter    a row of k_save.def: the words of an entry in their order.  A number
 *               before a letter repeats it (`12w`)
 *
 * Beside it stand the forms (k_form.h) of what it keeps to be read by type: that of the
 * entries' keys, those of the store's rows, then those of each letter in turn.
 *
 * Changes are a list of ops, sorted by key and within a key in the order of their codes,
 * so that they can be applied one by one:
 *   u8 op, u32 klen, u32 vlen (little endian), key, value (of a PUT)
 *
 * Nothing here is called per row of input: all of it is cold code of the archive. */
#ifndef FLOW_KERNEL_K_SAVE_H
#define FLOW_KERNEL_K_SAVE_H

#include "runtime/kernel/k_form.h"
#include "runtime/kernel/k_track.h"

enum {
    FLOW_SAVED_DROP = 1, /* every key that begins with this one goes; empty: all */
    FLOW_SAVED_DEL = 2,
    FLOW_SAVED_PUT = 3
};
#define FLOW_SAVED_HEAD 9

/* A layout, read. */
#define FLOW_LAYOUT_ITEMS 4096
#define FLOW_STORE_FORMS  3
typedef struct flow_layout {
    const char *text;
    int32_t panes;  /* # */
    int32_t store;  /* the letter behind @, or 0 */
    int32_t words;  /* of an entry */
    int32_t nitems;
    int32_t plain;  /* nothing but plain words */
    int32_t timers; /* of an entry */
    const uint8_t *key, *rows[FLOW_STORE_FORMS]; /* forms; null: any bytes */
    struct {
        uint8_t kind;
        char letter;
        uint8_t width;
        uint16_t times;
        const uint8_t *form; /* the first of them */
    } items[FLOW_LAYOUT_ITEMS];
} flow_layout;

/* 1 if the text is a layout.  Without forms (null) everything is any bytes. */
FLOW_FAR int32_t k_layout_read(flow_layout *l, const char *text, const uint8_t *forms);

/* Bytes that grow; memory of ctx's state account. */
typedef struct flow_bytes {
    uint8_t *p;
    int64_t len, room;
    int64_t ops; /* heads of ops written (k_save_head) */
} flow_bytes;
FLOW_FAR uint8_t *k_bytes_more(flow_ctx *ctx, flow_bytes *b, int64_t n);
FLOW_FAR void k_bytes_put(flow_ctx *ctx, flow_bytes *b, const void *p, int64_t n);
FLOW_FAR void k_bytes_u32(flow_ctx *ctx, flow_bytes *b, uint32_t v);
FLOW_FAR void k_bytes_u64(flow_ctx *ctx, flow_bytes *b, uint64_t v);
FLOW_FAR void k_bytes_free(flow_ctx *ctx, flow_bytes *b);

/* Bytes that are read; what does not fit makes `bad`, and zeros from then on. */
typedef struct flow_saved_in {
    const uint8_t *p, *end;
    int32_t bad;
    const uint8_t *form; /* of the words that are loaded from them, if they have one */
} flow_saved_in;
FLOW_FAR const uint8_t *k_saved_take(flow_saved_in *in, int64_t n); /* null when bad */
/* The same, where they have to be of a form. */
FLOW_FAR const uint8_t *k_saved_formed(flow_ctx *ctx, flow_saved_in *in, int64_t n,
                                       const uint8_t *form);
FLOW_FAR uint32_t k_saved_u32(flow_saved_in *in);
FLOW_FAR uint64_t k_saved_u64(flow_saved_in *in);

/* One kind of words, saved and loaded.  save leaves the words as they are.  load finds
 * zeros; what it has taken from the heap before it sees that the bytes are bad may stay. */
#define SAVE(letter, name, words, forms, what)                                                  \
    FLOW_FAR void k_save_##name(flow_ctx *ctx, const flow_table *t, const uint64_t *w,   \
                                flow_bytes *out);                                        \
    FLOW_FAR void k_load_##name(flow_ctx *ctx, flow_table *t, uint64_t *w,               \
                                flow_saved_in *in);
#include "runtime/kernel/k_save.def"
#undef SAVE

/* The ops of a table that is saved: all of it (`full`: PUTs alone), or what its track says.
 * Marks are left as they are (k_track_forget). */
FLOW_FAR void k_save_table(flow_ctx *ctx, flow_table *t, const flow_layout *l, int32_t full,
                           flow_bytes *out);
/* Makes room for so many rows more, where it is known how many there are. */
FLOW_FAR void k_load_room(flow_ctx *ctx, flow_table *t, int64_t rows);
/* Bags (k_bag.h) of letter `e`: each element is a row of its own. */
#define FLOW_SAVED_BAGS 'b'
FLOW_FAR void k_save_bags(flow_ctx *ctx, flow_table *t, const flow_layout *l, int32_t full,
                          flow_bytes *out);
FLOW_FAR int32_t k_load_bags(flow_ctx *ctx, flow_table *t, const flow_layout *l,
                             flow_saved_in *key, flow_saved_in *value);
/* One row into the table, in the order in which they were saved: 1, or 0 if its bytes make no
 * sense.  Nobody may look for a key before k_load_end. */
FLOW_FAR int32_t k_load_row(flow_ctx *ctx, flow_table *t, const flow_layout *l,
                            const uint8_t *key, int64_t klen, const uint8_t *value,
                            int64_t vlen);
/* All rows are in: what is derived is made again (indexes, heaps of moments, queues). */
FLOW_FAR void k_load_end(flow_ctx *ctx, flow_table *t, const flow_layout *l);

/* For stores.  The head of an op, whose value's length may be filled in behind it at p + 5;
 * the entries of a table (or a pane's) with what its keys begin with. */
FLOW_FAR uint8_t *k_save_head(flow_ctx *ctx, flow_bytes *out, int32_t op, int64_t klen,
                              int64_t vlen);
FLOW_FAR void k_save_entries(flow_ctx *ctx, flow_table *t, const flow_layout *l, int32_t full,
                             const uint8_t *prefix, int64_t plen, flow_bytes *out);

#endif
