/* emit_codec.h - which compressed forms a program may meet. */
#ifndef FLOW_EMIT_EMIT_CODEC_H
#define FLOW_EMIT_EMIT_CODEC_H

#include "compiler/emit/emit_stage.h"

/* A row for each codec; `bit` of the sets below. */
enum { CODEC_gzip = 1, CODEC_zstd = 2 };

/* What a source may have to read: by its option, else by the path, and where only the
 * start knows that, all. */
unsigned emit_source_codecs(const psource_t *s);
/* What a sink writes, or 0; by its option, else by a path that is known. */
unsigned emit_sink_codec(const psink_t *s);
/* "gzip" of one bit. */
const char *emit_codec_name(unsigned codec);

#endif
