/* rows_file.h - the input journal: rows of sources that cannot give them again, kept until
 * no saved state can need them.
 *
 * The blocks that a batch takes are written as they are, before its PLAN names them: up to
 * RT_ROWS_INLINE bytes into the PLAN itself, more to
 *
 *     <checkpoint>/input/<source>/<batch>-<epoch>.rows
 *
 * A batch that is run again gets blocks with the same bytes, record numbers and headers.  A
 * file is durable before the COMMIT of its batch, so what was not committed is lost with the
 * process: the peer was never told that it had come. */
#ifndef FLOW_RUNTIME_IO_ROWS_FILE_H
#define FLOW_RUNTIME_IO_ROWS_FILE_H

#include "runtime/io/live.h"

#define RT_ROWS_INLINE (INT64_C(64) << 10)

/* Operations of rt_source_ops, for sources whose impl begins with an rt_live. */
rt_status rt_live_plan(rt_source *s, int64_t batch, const rt_input *in, rt_wire *w);
rt_status rt_live_replan(rt_source *s, int64_t batch, rt_unwire *r, rt_input *in);
rt_status rt_live_sync(rt_source *s, int64_t batch, rt_dirs *dirs);
void rt_live_forget(rt_source *s, int64_t batch, int64_t last);
bool rt_live_plan_text(const rt_source *s, int64_t batch, rt_unwire *r, rt_wire *out);

void rt_live_rows_free(struct rt_rows *rows);

#endif
