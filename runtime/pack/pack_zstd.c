/* pack_zstd.c - text to zstd frames, with a checksum of the text. */
#include <zstd.h>

#include "runtime/data/codec.h"

static void *pack_open(void) {
    ZSTD_CCtx *z = ZSTD_createCCtx();
    if (!z) return NULL;
    ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, 3);
    ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
    return z;
}

static rt_codec_end pack_step(void *state, rt_codec_io *io, bool last, const char **why) {
    ZSTD_inBuffer in = {io->in, (size_t)io->in_len, 0};
    ZSTD_outBuffer out = {io->out, (size_t)io->room, 0};
    size_t result =
        ZSTD_compressStream2(state, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
    io->in += in.pos;
    io->in_len -= (int64_t)in.pos;
    io->out += out.pos;
    io->room -= (int64_t)out.pos;
    if (ZSTD_isError(result)) {
        *why = ZSTD_getErrorName(result);
        return RT_CODEC_BAD;
    }
    return last && result == 0 ? RT_CODEC_END : RT_CODEC_MORE;
}

static void pack_close(void *state) {
    ZSTD_freeCCtx(state);
}

const rt_packer flow_rt_pack_zstd = {pack_open, pack_step, pack_close};
