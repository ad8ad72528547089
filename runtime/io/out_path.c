/* out_path.c - see out_path.h. */
#include "runtime/io/out_path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_check.h"
#include "runtime/io/sinks.h"

rt_status rt_out_cannot(rt_status status, const char *what, const char *path) {
    return (rt_status)rt_fail(status, "cannot %s %s: %s", what, path, strerror(errno));
}

void rt_out_cut_slash(char *path) {
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--) path[n - 1] = 0;
}

void rt_out_folder_of(const char *path, char *out) {
    const char *slash = strrchr(path, '/');
    if (slash)
        snprintf(out, RT_OUT_PATH, "%.*s", (int)RT_MAX(slash - path, 1), path);
    else
        snprintf(out, RT_OUT_PATH, ".");
}

rt_status rt_out_can_make(const char *folder) {
    char at[RT_OUT_PATH];
    struct stat st;
    snprintf(at, sizeof at, "%s", folder);
    while (rt_os_stat(at, &st) < 0) {
        char above[RT_OUT_PATH];
        rt_out_folder_of(at, above);
        if (errno != ENOENT || !strcmp(above, at))
            return rt_out_cannot(RT_io, "write to", folder);
        memcpy(at, above, sizeof at);
    }
    if (!S_ISDIR(st.st_mode)) errno = ENOTDIR;
    else if (rt_os_access(at, W_OK | X_OK) == 0) return RT_ok;
    return rt_out_cannot(RT_io, "write to", at);
}

static rt_status make_dir(const char *path, rt_dirs *changed) {
    if (rt_os_mkdir(path, 0777) == 0) {
        rt_log(RT_INFO, "made the folder %s", path);
        rt_dirs_add_above(changed, path);
        return RT_ok;
    }
    if (errno == EEXIST) return RT_ok;
    return rt_out_cannot(rt_sink_error(errno), "make the folder", path);
}

rt_status rt_out_make_dirs(const char *path, rt_dirs *changed) {
    char copy[RT_OUT_PATH];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *p = copy + 1;; p++) {
        if (*p != '/' && *p) continue;
        char kept = *p;
        *p = 0;
        RT_TRY(make_dir(copy, changed));
        *p = kept;
        if (!kept) return RT_ok;
    }
}

void rt_out_use_folder(const char *folder, rt_dirs *changed, rt_dirs *known) {
    char at[RT_OUT_PATH], above[RT_OUT_PATH];
    int64_t before = known->n;
    rt_dirs_add(changed, folder);
    rt_dirs_add(known, folder);
    if (known->n == before) return;
    snprintf(at, sizeof at, "%s", folder);
    for (;;) {
        rt_out_folder_of(at, above);
        /* Where we may not write, no name is ours. */
        if (!strcmp(at, above) || rt_os_access(above, W_OK) < 0) return;
        rt_dirs_add(changed, above);
        memcpy(at, above, sizeof at);
    }
}
