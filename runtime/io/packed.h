/* packed.h - compressed files of the source `file`: read from front to back when a batch
 * is taken, and cut into blocks of whole records like a stream (live.h). */
#ifndef FLOW_RUNTIME_IO_PACKED_H
#define FLOW_RUNTIME_IO_PACKED_H

#include "runtime/io/live.h"
#include "runtime/io/unpack.h"

typedef struct rt_packed {
    rt_live live;
    rt_feed feed;
    rt_unpack unpack;
    int fd; /* of the file at hand, or -1 */
} rt_packed;

rt_packed *rt_packed_new(rt_source *s);
void rt_packed_free(rt_packed *p);

/* Adds blocks of the file to `in` until that has `limit` bytes; *done: all of the file is
 * in.  Files are taken one after the other. */
rt_status rt_packed_take(rt_packed *p, int64_t object, const char *path,
                         const rt_unpacker *ops, int64_t limit, rt_input *in, bool *done);

#endif
