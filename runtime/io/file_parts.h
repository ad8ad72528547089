/* file_parts.h - inside the sink of parts: what it holds, and the parts of its work.
 *
 * part_walk.c knows names and looks through the directory, part_write.c makes hidden files,
 * file_parts.c publishes them. */
#ifndef FLOW_RUNTIME_IO_FILE_PARTS_H
#define FLOW_RUNTIME_IO_FILE_PARTS_H

#include "runtime/base/os.h"
#include "runtime/data/codec.h"
#include "runtime/io/connector.h"
#include "runtime/io/out_path.h"

enum { RT_PART_NAME = 160 };

typedef struct rt_part {
    char *dir; /* beneath the root, "" for the root itself */
    int64_t length;
    uint32_t crc;
    int fd;    /* -1: closed, and synced */
} rt_part;

/* The parts of a batch. */
typedef struct rt_batch_parts {
    int64_t batch;
    uint32_t epoch;
    char name[80]; /* of the sink */
    char ext[32];
    rt_part *items;
    int64_t n, room;
    bool own;      /* written by this run: hidden files need no look */
} rt_batch_parts;

typedef struct rt_parts {
    char path[RT_OUT_PATH];
    char name[80];
    const rt_packer *packer;
    const rt_ckpt_env *ckpt;
    const char *header;
    int mode;         /* of published files */
    bool begun;       /* without a checkpoint: an earlier run's parts are gone */
    bool recorded;    /* COMMIT may name what is prepared */
    int64_t nopen;
    rt_batch_parts prepared;
    rt_dirs dirs;     /* not synced yet */
    rt_dirs known;    /* of out_path.h */
} rt_parts;

/* ---- part_walk.c: names, and what is in the directory ------------------------------- */

void rt_part_hidden_name(const rt_parts *f, const rt_batch_parts *b, char *out);
void rt_part_final_name(const rt_batch_parts *b, char *out);
/* Each segment is `col=value` and no way out; "" is the root itself. */
bool rt_part_safe_path(const char *path);

/* Refuses what no program like this one has left; `parts`: also those of this sink. */
rt_status rt_parts_refuse(rt_parts *f, bool parts);
/* The greatest batch of which this sink has parts, or -1. */
rt_status rt_parts_newest(rt_parts *f, int64_t *batch);
/* Removes hidden files of a job; what cannot be removed stays. */
void rt_parts_remove_hidden(rt_parts *f, const char *job8);
/* Removes all of this sink but what is prepared, and partitions that are empty then. */
rt_status rt_parts_remove_old(rt_parts *f);

/* ---- part_write.c: hidden files ------------------------------------------------------ */

/* "cannot WHAT FOLDER/NAME: ERRNO". */
rt_status rt_part_cannot(rt_status status, const char *what, const rt_os_dir *d,
                         const char *name);
rt_status rt_part_leads_out(const rt_os_dir *d);
/* Where the hidden files of partition `dir` stand, made if it is not there. */
rt_status rt_part_open_hidden(rt_parts *f, const char *dir, rt_os_dir *d);
rt_part *rt_parts_add(rt_batch_parts *b, const char *dir);
void rt_parts_clear(rt_batch_parts *b);
/* Ends what was prepared; `remove`: no COMMIT names it, so the files go. */
void rt_parts_drop(rt_parts *f, bool remove);
/* Syncs and closes what is open. */
rt_status rt_parts_end_open(rt_parts *f);
rt_status rt_parts_prepare(rt_sink *s, rt_output *out);
rt_status rt_parts_sync(rt_sink *s);

#endif
