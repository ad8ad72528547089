/* unpack_zstd.c - zstd frames to text. */
#include <zstd.h>

#include "runtime/data/codec.h"

static void *unpack_open(void) {
    return ZSTD_createDStream();
}

static rt_codec_end unpack_step(void *state, rt_codec_io *io, const char **why) {
    ZSTD_inBuffer in = {io->in, (size_t)io->in_len, 0};
    ZSTD_outBuffer out = {io->out, (size_t)io->room, 0};
    size_t result = ZSTD_decompressStream(state, &out, &in);
    io->in += in.pos;
    io->in_len -= (int64_t)in.pos;
    io->out += out.pos;
    io->room -= (int64_t)out.pos;
    if (ZSTD_isError(result)) {
        *why = ZSTD_getErrorName(result);
        return RT_CODEC_BAD;
    }
    return result == 0 ? RT_CODEC_END : RT_CODEC_MORE;
}

static void unpack_close(void *state) {
    ZSTD_freeDStream(state);
}

const rt_unpacker flow_rt_unpack_zstd = {unpack_open, unpack_step, unpack_close};
