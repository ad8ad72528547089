/* spawn.h - other programs: found on the path, run with their words caught. */
#ifndef FLOW_LINK_SPAWN_H
#define FLOW_LINK_SPAWN_H

#include "compiler/base/arena.h"

/* The full path of a program (a name with a slash is taken as it is), or null. */
const char *spawn_find(arena_t *a, const char *name);
/* Runs it and waits.  Returns its exit code (128 + signal if one ended it), or -1 if it
 * could not start; *said is what it wrote to standard error, or the reason. */
int spawn_wait(arena_t *a, const char *const *argv, const char **said);

/* Stopped because it took too long. */
enum { SPAWN_LATE = -2 };
/* As spawn_wait, in a folder, for at most so many seconds, with FLOW_TEST_SCRIPT and
 * FLOW_EXTERN_DIR (`externs`) as the only FLOW_ variables; *said is what it wrote to standard output and error. */
int spawn_scripted(arena_t *a, const char *const *argv, const char *folder,
                   const char *script, const char *externs, int seconds, const char **said);

#endif
