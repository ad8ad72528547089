/* dirs.h - folders in which names have come or gone, each to be synced once. */
#ifndef FLOW_RUNTIME_BASE_DIRS_H
#define FLOW_RUNTIME_BASE_DIRS_H

#include <stdint.h>

#include "runtime/base/status.h"

typedef struct rt_dirs {
    char **paths;
    int64_t n, room;
} rt_dirs;

/* A folder, or the one that holds what `path` names.  Copies. */
void rt_dirs_add(rt_dirs *d, const char *dir);
void rt_dirs_add_above(rt_dirs *d, const char *path);
/* Moves all of `from`, which is empty after it. */
void rt_dirs_move(rt_dirs *d, rt_dirs *from);
/* Syncs them; RT_ok empties the set, RT_io is final (it is told). */
rt_status rt_dirs_sync(rt_dirs *d);
void rt_dirs_free(rt_dirs *d);

#endif
