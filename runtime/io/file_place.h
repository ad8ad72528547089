/* file_place.h - the files of a source `file`, and where it stands in them.
 *
 * The position names the files that are still to be read, in the order that the first start
 * found: what comes to a glob later is not read.  Of the file at hand it keeps the size that
 * was taken when its turn came, which stays the end of it, however it grows. */
#ifndef FLOW_RUNTIME_IO_FILE_PLACE_H
#define FLOW_RUNTIME_IO_FILE_PLACE_H

#include <sys/stat.h>

#include "runtime/io/file_read.h"
#include "runtime/io/packed.h"

typedef struct rt_files {
    rt_file *files;    /* those read to their end in an earlier run have no path */
    int64_t nfiles;
    int64_t current;   /* the file that is being planned */
    int64_t at;        /* next byte of it to be planned */
    int64_t closed;    /* files below it are closed */
    rt_packed *packed; /* made for the first compressed file */
    int64_t refresh;   /* microseconds, 0: never */
    int64_t look;      /* when to look again */
    int64_t since;     /* files from here on are those of the last look */
    struct stat *seen; /* and what they were then */
    bool preload;      /* each file is read into memory when it is opened */
    bool again;        /* with `refresh`: the last files wait to be read */
    bool busy;         /* a batch reads */
    bool listed;       /* the files are known */
} rt_files;

void rt_files_add(rt_files *fs, const char *path);

/* Operations of rt_source_ops. */
void rt_files_save(rt_source *s, rt_wire *w);
rt_status rt_files_load(rt_source *s, rt_unwire *r);
rt_status rt_files_plan(rt_source *s, int64_t batch, const rt_input *in, rt_wire *w);
bool rt_files_plan_text(const rt_source *s, int64_t batch, rt_unwire *r, rt_wire *out);
rt_status rt_files_replan(rt_source *s, int64_t batch, rt_unwire *r, rt_input *in);

#endif
