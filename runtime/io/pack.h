/* pack.h - a sink's output, compressed: an rt_output over another.
 *
 * Each path of the output is a member; without paths the whole of it is one.  The library
 * is fed in portions of one length, so the bytes depend on the text alone, not on how it
 * came in pieces. */
#ifndef FLOW_RUNTIME_IO_PACK_H
#define FLOW_RUNTIME_IO_PACK_H

#include "runtime/data/codec.h"
#include "runtime/io/connector.h"

/* What goes around `from`: each member begins with `header`; `always`: there is one even
 * if nothing is in it. */
rt_status rt_pack_open(rt_output *out, rt_output *from, const rt_packer *ops, rt_mem *mem,
                       const char *header, bool always);
void rt_pack_close(rt_output *out);

#endif
