/* codec.h - compressed forms: what the runtime asks of a library.
 *
 * An implementation stands in runtime/pack/, in an archive of its own; a program refers to
 * those it may need by its descriptor (`codec` lines), so it links nothing else.  Text is
 * a row of members, each a whole archive by itself: what is appended to a file is one
 * member more. */
#ifndef FLOW_RUNTIME_DATA_CODEC_H
#define FLOW_RUNTIME_DATA_CODEC_H

#include <stdbool.h>
#include <stdint.h>

/* What a call may take and where it may put; it moves both on. */
typedef struct rt_codec_io {
    const uint8_t *in;
    int64_t in_len;
    uint8_t *out;
    int64_t room;
} rt_codec_io;

typedef enum rt_codec_end {
    RT_CODEC_MORE, /* the input is used up, or the room */
    RT_CODEC_END,  /* a member has ended; the next call begins another */
    RT_CODEC_BAD   /* *why says what is wrong */
} rt_codec_end;

/* Both are states that `open` makes (null without memory) and `close` frees. */
typedef struct rt_unpacker {
    void *(*open)(void);
    rt_codec_end (*step)(void *state, rt_codec_io *io, const char **why);
    void (*close)(void *state);
} rt_unpacker;

typedef struct rt_packer {
    void *(*open)(void);
    /* `last`: no input follows what is given; called until it says END. */
    rt_codec_end (*step)(void *state, rt_codec_io *io, bool last, const char **why);
    void (*close)(void *state);
} rt_packer;

extern const rt_unpacker flow_rt_unpack_gzip, flow_rt_unpack_zstd;
extern const rt_packer flow_rt_pack_gzip, flow_rt_pack_zstd;

#endif
