/* dirs.c - see dirs.h.  Kept sorted: a batch may leave parts in thousands of folders. */
#include "runtime/base/dirs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"

/* Where `dir` stands or belongs. */
static int64_t place_of(const rt_dirs *d, const char *dir, int *found) {
    int64_t low = 0, high = d->n;
    *found = 0;
    while (low < high) {
        int64_t mid = low + (high - low) / 2;
        int order = strcmp(d->paths[mid], dir);
        if (order == 0) *found = 1;
        if (order == 0) return mid;
        if (order < 0) low = mid + 1;
        else high = mid;
    }
    return low;
}

void rt_dirs_add(rt_dirs *d, const char *dir) {
    int found;
    int64_t at = place_of(d, dir, &found);
    if (found) return;
    if (d->n == d->room) {
        d->room = 2 * d->room + 8;
        d->paths = rt_realloc(d->paths, (size_t)d->room * sizeof *d->paths);
    }
    memmove(d->paths + at + 1, d->paths + at, (size_t)(d->n - at) * sizeof *d->paths);
    d->paths[at] = rt_alloc(strlen(dir) + 1);
    strcpy(d->paths[at], dir);
    d->n++;
}

void rt_dirs_add_above(rt_dirs *d, const char *path) {
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    char *dir = rt_alloc(n + 2);
    if (!slash) strcpy(dir, ".");
    else if (!n) strcpy(dir, "/");
    else memcpy(dir, path, n);
    rt_dirs_add(d, dir);
    free(dir);
}

void rt_dirs_move(rt_dirs *d, rt_dirs *from) {
    for (int64_t i = 0; i < from->n; i++) rt_dirs_add(d, from->paths[i]);
    rt_dirs_free(from);
}

rt_status rt_dirs_sync(rt_dirs *d) {
    for (int64_t i = 0; i < d->n; i++)
        if (rt_os_sync_dir(d->paths[i]) < 0)
            return (rt_status)rt_fail(RT_io, "cannot sync %s: %s", d->paths[i],
                                      strerror(errno));
    for (int64_t i = 0; i < d->n; i++) free(d->paths[i]);
    d->n = 0;
    return RT_ok;
}

void rt_dirs_free(rt_dirs *d) {
    for (int64_t i = 0; i < d->n; i++) free(d->paths[i]);
    free(d->paths);
    *d = (rt_dirs){0};
}
