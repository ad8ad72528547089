/* show.h - --checkpoint-dump and --checkpoint-check: a checkpoint as the program sees it. */
#ifndef FLOW_RUNTIME_START_SHOW_H
#define FLOW_RUNTIME_START_SHOW_H

#include "runtime/base/status.h"
#include "runtime/data/program.h"

/* To standard output; form: ckpt/inspect.h.  Rows of states that are this program's are
 * shown by their types. */
rt_status rt_show_dump(const rt_program *program, const char *dir);
rt_status rt_show_check(const char *dir);

#endif
