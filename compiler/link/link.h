/* link.h - objects and runtime archive to an executable. */
#ifndef FLOW_LINK_LINK_H
#define FLOW_LINK_LINK_H

#include <stddef.h>

#include "compiler/base/arena.h"
#include "compiler/link/object.h"

typedef struct link_job {
    const object_t *objects; /* generated */
    size_t nobjects;
    const char *output;     /* the executable's path */
    int is_static;
    int codecs;             /* with the archives of compressed forms */
    int faults;             /* with the test build of the runtime */
    const char *sanitize;   /* null, "address" or "thread" */
    const char *abi;        /* the compiler's ABI tag */
    int keep_other;         /* refuse when `output` is something that Flow did not make */
} link_job_t;

/* Links; the executable is there whole or not at all.  Returns 1, or 0 with a message for
 * the user (several lines where the linker spoke). */
int link_program(arena_t *a, const link_job_t *job, const char **why);

/* May a build write there?  1 if there is nothing, or an executable that Flow made; else 0
 * with the reason. */
int link_may_write(arena_t *a, const char *path, const char **why);
/* The folder with the runtime archive, or null with the places that were looked at. */
const char *link_find_runtime(arena_t *a, const char **why);
/* The ABI tag of an archive, or null. */
const char *link_archive_abi(arena_t *a, const char *archive);

#endif
