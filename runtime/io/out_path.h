/* out_path.h - paths of what a program writes, and the folders above them. */
#ifndef FLOW_RUNTIME_IO_OUT_PATH_H
#define FLOW_RUNTIME_IO_OUT_PATH_H

#include <stdbool.h>

#include "runtime/base/dirs.h"
#include "runtime/base/status.h"

enum { RT_OUT_PATH = 4096 };

/* "cannot WHAT PATH: ERRNO". */
rt_status rt_out_cannot(rt_status status, const char *what, const char *path);

void rt_out_cut_slash(char *path);
/* The folder that holds what `path` names; RT_OUT_PATH bytes. */
void rt_out_folder_of(const char *path, char *out);
/* Is the folder there, or one above it in which it can be made?  Told before anything is
 * read; it is made when there is something to write. */
rt_status rt_out_can_make(const char *folder);
/* Makes a folder and those above it that are not there, and says so; `changed` takes the
 * folders that are to be synced for it. */
rt_status rt_out_make_dirs(const char *path, rt_dirs *changed);
/* Names have come or gone in `folder`.  The first time in a run (`known`) those above it
 * are to be synced too: an earlier run may have made them and been killed before it synced
 * them, and now something is to be built on their names. */
void rt_out_use_folder(const char *folder, rt_dirs *changed, rt_dirs *known);

#endif
