/* profile.h - `--profile FILE`: where the CPU time of a run went, by stage and by line of the
 * program. */
#ifndef FLOW_RUNTIME_EXEC_PROFILE_H
#define FLOW_RUNTIME_EXEC_PROFILE_H

#include "runtime/exec/job.h"

typedef struct rt_profile rt_profile;

/* job->profile; nothing without `--profile`.  Before any thread of the job is started. */
rt_status rt_profile_open(rt_job *job);
/* When all threads have ended: writes the file.  Nothing where there is none. */
rt_status rt_profile_close(rt_job *job);

#endif
