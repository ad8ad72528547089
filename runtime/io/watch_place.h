/* watch_place.h - the files of a source `watch`, and where it stands in them.
 *
 * The position names every file that is there, with how much of it has been taken; a file
 * that was deleted is forgotten.  So it grows with the number of files in the folder. */
#ifndef FLOW_RUNTIME_IO_WATCH_PLACE_H
#define FLOW_RUNTIME_IO_WATCH_PLACE_H

#include <stdatomic.h>
#include <stddef.h>

#include "runtime/io/file_read.h"
#include "runtime/io/loop.h"

typedef struct rt_identity {
    uint64_t device, inode;
    int64_t birth; /* ns, 0 where the file system does not know */
} rt_identity;

typedef struct rt_watched {
    rt_identity id;
    int64_t number;   /* in rt_watch.files */
    rt_file file;     /* fd is open while ranges are queued or in a batch */
    char *path;
    bool head_done;   /* byte order mark and header have been read */
    bool present;     /* in the last look */
    int64_t seen;     /* queued up to here */
    int64_t size;     /* in the last look */
    int64_t changed;  /* mono: when the size last changed */
    int64_t pending;  /* ranges queued or in the batch */
    bool gone;        /* forgotten: kept for its number */
    rt_identity saved; /* what a checkpoint called it, where it is another now */
    bool cut;         /* `seen` stands inside a record, after a restart */
    int64_t limit;    /* of a plan that is run again: its end then */
    int64_t marked;   /* bytes that `mark` covers */
    uint8_t mark[12]; /* place.h */
} rt_watched;

/* A range of whole records; after a batch has cut it, its rest. */
typedef struct rt_watch_piece {
    int64_t object, from, to;
    bool cut;
} rt_watch_piece;

typedef struct rt_watch {
    const char *dir, *pattern;
    rt_handler handler; /* inotify */
    _Atomic bool changed; /* the wake orders it */
    rt_watched **files;
    int64_t nfiles;
    rt_watch_piece *queue;
    int64_t nqueue, room;
    int64_t bytes;      /* in the queue */
    int64_t looked;     /* mono; 0: never */
    bool drained;
} rt_watch;

/* Device, inode, birth and size of the regular file of that name, and its path. */
bool rt_watch_identify(const rt_watch *w, const char *name, char *path, size_t room,
                       rt_identity *id, int64_t *size);
rt_watched *rt_watch_known(const rt_watch *w, rt_identity id);
rt_watched *rt_watch_add(rt_watch *w, rt_identity id);
void rt_watch_name(rt_watched *f, const char *path);
rt_status rt_watch_open(rt_watched *f, const rt_source_decl *decl);

/* Operations of rt_source_ops. */
void rt_watch_save(rt_source *s, rt_wire *w);
rt_status rt_watch_load(rt_source *s, rt_unwire *r);
rt_status rt_watch_plan(rt_source *s, int64_t batch, const rt_input *in, rt_wire *w);
bool rt_watch_plan_text(const rt_source *s, int64_t batch, rt_unwire *r, rt_wire *out);
rt_status rt_watch_replan(rt_source *s, int64_t batch, rt_unwire *r, rt_input *in);

#endif
