/* module.h - the files of a program: imports and the declarations of each file. */
#ifndef FLOW_TYPES_MODULE_H
#define FLOW_TYPES_MODULE_H

#include "compiler/types/wiring.h"

/* Reads the root file's imports, enters all declarations and expands all pipelines:
 * m->units (imported files before those that import them) and m->pipes.  0 if a file
 * could not be read or parsed: then nothing else should be checked. */
int module_read(sema_t *m, node_t *root, const char *path);
/* The folder of `from`, joined with `path`, without `.` and `..` where they can go. */
const char *module_path(arena_t *a, const char *from, const char *path);
/* Checks the declarations that no flow has checked yet, and lists params and consts. */
void module_finish(sema_t *m);

#endif
