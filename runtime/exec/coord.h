/* coord.h - the coordinator: when a batch begins, what is in it, and its way out.
 *
 *     plan -> run -> prepare sinks -> COMMIT -> publish sinks -> acknowledge sources */
#ifndef FLOW_RUNTIME_EXEC_COORD_H
#define FLOW_RUNTIME_EXEC_COORD_H

#include "runtime/exec/job.h"
#include "runtime/exec/stop.h"

/* Runs batches until the input has ended, or something says stop. */
rt_status rt_coord_run(rt_job *job, rt_stop *stop);

#endif
