/* unpack.h - compressed bytes on their way to text.
 *
 * Bytes are put into `raw`, as they come, and text is taken out; members follow each
 * other without a seam. */
#ifndef FLOW_RUNTIME_IO_UNPACK_H
#define FLOW_RUNTIME_IO_UNPACK_H

#include "runtime/data/codec.h"
#include "runtime/io/connector.h"

#define RT_UNPACK_RAW (INT64_C(64) << 10)

typedef struct rt_unpack {
    const rt_unpacker *ops;
    const char *name; /* of the file, for messages */
    void *state;      /* null: not open */
    bool inside;      /* of a member */
    bool full;        /* the room was too small for all that is known */
    int64_t at, len;  /* raw[at, len) is still to be taken */
    uint8_t raw[RT_UNPACK_RAW];
} rt_unpack;

/* The library by the option `compress` and, where that is `auto`, the name; null in *ops:
 * the file is plain. */
rt_status rt_unpack_choose(const rt_source *s, const char *path, const rt_unpacker **ops);

rt_status rt_unpack_open(rt_unpack *u, const rt_unpacker *ops, const char *name);
void rt_unpack_close(rt_unpack *u);

/* Must more bytes come before there can be text? */
bool rt_unpack_is_dry(const rt_unpack *u);
/* Text of what is in `raw`, at most `room` bytes; *got may be 0. */
rt_status rt_unpack_take(rt_unpack *u, uint8_t *to, int64_t room, int64_t *got);
/* No more bytes come: RT_ok if that is the end of a member. */
rt_status rt_unpack_end(const rt_unpack *u);

#endif
