/* extern.c - opens the libraries of `extern fn`.
 *
 * Only programs that have such functions call this, so others do not link dlopen.  A path
 * is absolute, or the name of a file beside the executable; FLOW_EXTERN_DIR names another
 * folder to look in (`flowc run` and `flowc test` set it to that of the program's text). */
#define _GNU_SOURCE
#include "runtime/start/extern.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"

/* The folder of this executable. */
static void own_folder(char *out, size_t room) {
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n < 0) n = 0;
    path[n] = 0;
    char *slash = strrchr(path, '/');
    if (slash) *slash = 0;
    snprintf(out, room, "%s", slash ? path : ".");
}

/* The path of a library; false if there is no such file (it is told). */
static bool find_library(const char *name, char *path, size_t room) {
    struct stat st;
    char own[PATH_MAX];
    const char *other = getenv("FLOW_EXTERN_DIR");
    if (*name == '/') {
        snprintf(path, room, "%s", name);
        if (rt_os_stat(path, &st) == 0) return true;
        rt_log(RT_ERROR, "there is no library %s", name);
        return false;
    }
    own_folder(own, sizeof own);
    snprintf(path, room, "%s/%s", own, name);
    if (rt_os_stat(path, &st) == 0) return true;
    if (other) {
        snprintf(path, room, "%s/%s", other, name);
        if (rt_os_stat(path, &st) == 0) return true;
    }
    rt_log(RT_ERROR, "there is no library %s beside the program, in %s%s%s", name, own,
           other ? ", nor in " : "", other ? other : "");
    return false;
}

int32_t flow_rt_extern(void **slot, const uint8_t *library, int64_t library_len,
                       const uint8_t *name, int64_t name_len) {
    char file[PATH_MAX], path[2 * PATH_MAX], symbol[256];
    snprintf(file, sizeof file, "%.*s", (int)library_len, (const char *)library);
    snprintf(symbol, sizeof symbol, "%.*s", (int)name_len, (const char *)name);
    if (!find_library(file, path, sizeof path)) return -1;
    /* Opened once however often it is named; never closed: code of it may run to the end. */
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        rt_log(RT_ERROR, "cannot open %s: %s", path, dlerror());
        return -1;
    }
    *slot = dlsym(handle, symbol);
    if (*slot) return 0;
    rt_log(RT_ERROR, "%s has no function `%s`", path, symbol);
    return -1;
}
