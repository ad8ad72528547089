/* packed.h - compressed files of the source `file`: read from front to back when a batch
 * is taken, and cut into blocks of whole records like a stream (live.h). */
#ifndef FLOW_RUNTIME_IO_PACKED_H
#define FLOW_RUNTIME_IO_PACKED_H

#include "runtime/io/live.h"
#include "runtime/io/place.h"
#include "runtime/io/unpack.h"

typedef struct rt_packed {
    rt_live live;
    rt_feed feed;
    rt_unpack unpack;
    int fd;       /* of the file at hand, or -1 */
    bool over;    /* all of its text is in blocks */
    int64_t text; /* bytes of its text that have been unpacked */
} rt_packed;

rt_packed *rt_packed_new(rt_source *s);
void rt_packed_free(rt_packed *p);

/* Adds blocks of the file to `in` until that has `limit` bytes; *done: all of the file is
 * in.  Files are taken one after the other. */
rt_status rt_packed_take(rt_packed *p, int64_t object, const char *path,
                         const rt_unpacker *ops, int64_t limit, rt_input *in, bool *done);

/* ---- with a checkpoint ----
 *
 * What is compressed can only be read from its front, so going to a place costs unpacking
 * all before it. */

/* The place behind what was taken of the file at hand, which may be none. */
void rt_packed_save(rt_packed *p, rt_wire *w);
/* What rt_packed_save has written. */
typedef struct rt_packed_place {
    bool begun; /* there is a file at hand */
    rt_feed_place feed;
    const uint8_t *header; /* points into what was read; null: none */
    int64_t header_len, size;
} rt_packed_place;
bool rt_packed_read_place(rt_unwire *r, rt_packed_place *place);
/* Goes there. */
rt_status rt_packed_resume(rt_packed *p, const rt_packed_place *place, int64_t object,
                           const char *path, const rt_unpacker *ops);
/* Reads a block again, as the item says, and adds it to `in`. */
rt_status rt_packed_again(rt_packed *p, const rt_units_item *item, int64_t object,
                          const char *path, const rt_unpacker *ops, rt_input *in);

#endif
