/* disk_image.h - what a disk may hold after a power loss, from a trace of calls.
 *
 * A model of a folder: what is durable, and behind it what was done since without a sync.
 * Data that was not synced may be lost, torn, zeroed, garbage or slightly wrong, file by
 * file; names that were not synced survive as a prefix of what was done to them, or as any
 * subset.  A rename within a folder is one step; across folders it is two. */
#ifndef FLOW_TESTS_FAULT_DISK_IMAGE_H
#define FLOW_TESTS_FAULT_DISK_IMAGE_H

#include "tests/fault/fault_lab.h"

typedef enum disk_kind {
    DISK_CREATE, DISK_CUT, DISK_WRITE, DISK_SYNC, DISK_SYNCDIR, DISK_RENAME, DISK_UNLINK,
    DISK_MKDIR, DISK_RMDIR, DISK_MARK, DISK_KINDS
} disk_kind;

typedef struct disk_op {
    disk_kind kind;
    uint64_t inode;
    char a[LAB_PATH / 2], b[LAB_PATH / 2]; /* paths below the folder; a mark's point */
    int64_t at, n;                         /* of a write; n of a cut; a mark's batch */
    const char *bytes;
} disk_op;

typedef struct disk_trace {
    lab_text text;
    disk_op *ops;
    int64_t n;
} disk_trace;

/* A trace made by a program that ran in `dir`. */
disk_trace disk_read_trace(const char *path, const char *dir);
void disk_trace_free(disk_trace *t);

typedef struct disk disk;

/* A folder as it stands there, all of it durable. */
disk *disk_of(const char *dir);
void disk_free(disk *d);
void disk_do(disk *d, const disk_op *op);

/* Is the folder just what the calls of the trace made of it?  Then none was missed.  Leaves
 * out what lab_go writes there. */
bool disk_fits(const disk *d, const char *dir, char *why, int room);

typedef struct disk_way {
    bool subset;      /* names: any of them, not the first so many */
    int names, data;  /* -1 nothing that was not synced survives, 1 all of it, 0 by chance */
} disk_way;

/* Makes such an image in `dir`, which must not be there.  Returns a hash of it. */
uint64_t disk_write(const disk *d, disk_way way, lab_chance *c, const char *dir);

/* What a reader could see just before: files below `folder` that are not hidden, with their
 * contents as the system showed them. */
typedef void disk_visit(void *arg, const char *name, const lab_text *content);
void disk_shown(const disk *d, disk_visit *visit, void *arg);

#endif
