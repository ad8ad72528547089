/* spill.h - what memory does not hold goes to a file and comes back.
 *
 * One nameless file for a run, in the temporary directory, made when it is first needed.
 * Tasks append runs of rows at places of their own; when a batch is done the file is cut
 * back to nothing.  It holds nothing that is needed after the process. */
#ifndef FLOW_RUNTIME_STATE_SPILL_H
#define FLOW_RUNTIME_STATE_SPILL_H

#include <stdint.h>

#include "runtime/base/status.h"

typedef struct rt_spill rt_spill;

rt_spill *rt_spill_new(void);
void rt_spill_free(rt_spill *spill);

/* A place for `len` bytes, and writing to it.  From any thread.  Logs what fails. */
int64_t rt_spill_place(rt_spill *spill, int64_t len);
rt_status rt_spill_write(rt_spill *spill, int64_t at, const void *p, int64_t len);
rt_status rt_spill_read(rt_spill *spill, int64_t at, void *p, int64_t len);

/* Nothing in it is needed any more. */
void rt_spill_reset(rt_spill *spill);
/* Bytes in it. */
int64_t rt_spill_used(const rt_spill *spill);

#endif
