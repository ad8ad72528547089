/* file_out.h - the two forms of the sink `file`; file_sink.c chooses. */
#ifndef FLOW_RUNTIME_IO_FILE_OUT_H
#define FLOW_RUNTIME_IO_FILE_OUT_H

#include "runtime/data/codec.h"
#include "runtime/io/connector.h"

/* What becomes of s->ops when the path is known; without `open`. */
extern const rt_sink_ops rt_file_single;
extern const rt_sink_ops rt_file_parts;

/* `path` without a slash at its end; `packer` null: what is written is plain. */
rt_status rt_file_single_open(rt_sink *s, const char *path, const rt_packer *packer);
rt_status rt_file_parts_open(rt_sink *s, const char *path, const rt_packer *packer);

#endif
