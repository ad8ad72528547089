/* unpack_gzip.c - gzip members to text, through zlib. */
#include <stdlib.h>
#include <zlib.h>

#include "runtime/data/codec.h"

/* The largest window, and the gzip head. */
#define GZIP (15 + 16)

static void *unpack_open(void) {
    z_stream *z = calloc(1, sizeof *z);
    if (!z || inflateInit2(z, GZIP) == Z_OK) return z;
    free(z);
    return NULL;
}

static rt_codec_end unpack_step(void *state, rt_codec_io *io, const char **why) {
    z_stream *z = state;
    uInt room = io->room > INT32_MAX ? INT32_MAX : (uInt)io->room;
    uInt len = io->in_len > INT32_MAX ? INT32_MAX : (uInt)io->in_len;
    z->next_in = (Bytef *)(uintptr_t)io->in;
    z->avail_in = len;
    z->next_out = io->out;
    z->avail_out = room;
    int result = inflate(z, Z_NO_FLUSH);
    io->in += len - z->avail_in;
    io->in_len -= len - z->avail_in;
    io->out += room - z->avail_out;
    io->room -= room - z->avail_out;
    if (result == Z_STREAM_END) {
        inflateReset(z);
        return RT_CODEC_END;
    }
    if (result == Z_OK || result == Z_BUF_ERROR) return RT_CODEC_MORE;
    *why = z->msg ? z->msg : result == Z_MEM_ERROR ? "no memory" : "no gzip data";
    return RT_CODEC_BAD;
}

static void unpack_close(void *state) {
    inflateEnd(state);
    free(state);
}

const rt_unpacker flow_rt_unpack_gzip = {unpack_open, unpack_step, unpack_close};
