/* pack_gzip.c - text to gzip members, through zlib.  A head has neither a name nor a time,
 * so equal text gives equal bytes. */
#include <stdlib.h>
#include <zlib.h>

#include "runtime/data/codec.h"

/* The largest window, and the gzip head. */
#define GZIP (15 + 16)

static void *pack_open(void) {
    z_stream *z = calloc(1, sizeof *z);
    if (z && deflateInit2(z, 6, Z_DEFLATED, GZIP, 8, Z_DEFAULT_STRATEGY) == Z_OK) return z;
    free(z);
    return NULL;
}

static rt_codec_end pack_step(void *state, rt_codec_io *io, bool last, const char **why) {
    z_stream *z = state;
    uInt room = io->room > INT32_MAX ? INT32_MAX : (uInt)io->room;
    uInt len = io->in_len > INT32_MAX ? INT32_MAX : (uInt)io->in_len;
    z->next_in = (Bytef *)(uintptr_t)io->in;
    z->avail_in = len;
    z->next_out = io->out;
    z->avail_out = room;
    int result = deflate(z, last && len == io->in_len ? Z_FINISH : Z_NO_FLUSH);
    io->in += len - z->avail_in;
    io->in_len -= len - z->avail_in;
    io->out += room - z->avail_out;
    io->room -= room - z->avail_out;
    if (result == Z_STREAM_END) {
        deflateReset(z);
        return RT_CODEC_END;
    }
    if (result == Z_OK || result == Z_BUF_ERROR) return RT_CODEC_MORE;
    *why = z->msg ? z->msg : "no memory";
    return RT_CODEC_BAD;
}

static void pack_close(void *state) {
    deflateEnd(state);
    free(state);
}

const rt_packer flow_rt_pack_gzip = {pack_open, pack_step, pack_close};
