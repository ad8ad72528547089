/* part_walk.c - names of parts, and looking through a directory of them; see
 * file_parts.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/io/file_parts.h"
#include "runtime/io/sinks.h"

/* ---- names ------------------------------------------------------------------------------ */

void rt_part_hidden_name(const rt_parts *f, const rt_batch_parts *b, char *out) {
    if (f->ckpt)
        snprintf(out, RT_PART_NAME, ".flow-%s-%s-%010" PRId64 "-%" PRIu32 "-0000.tmp",
                 f->ckpt->job8, b->name, b->batch, b->epoch);
    else
        snprintf(out, RT_PART_NAME, ".flow-%s-%010" PRId64 "-0000.tmp", b->name, b->batch);
}

void rt_part_final_name(const rt_batch_parts *b, char *out) {
    snprintf(out, RT_PART_NAME, "%s-%010" PRId64 "-0000.%s", b->name, b->batch, b->ext);
}

/* The batch of `<sink>-<10 digits>-<4 digits>.<anything>`, or -1; any sink if `sink` is
 * null. */
static int64_t batch_of(const char *name, const char *sink) {
    const char *dash = strchr(name, '-');
    if (!dash || dash == name || *name == '.') return -1;
    size_t n = (size_t)(dash - name);
    if (sink && (strlen(sink) != n || memcmp(name, sink, n) != 0)) return -1;
    if (strspn(dash + 1, "0123456789") != 10 || dash[11] != '-') return -1;
    if (strspn(dash + 12, "0123456789") != 4 || dash[16] != '.') return -1;
    return strtoll(dash + 1, NULL, 10);
}

static bool is_hidden_of(const char *of, const char *name) {
    char prefix[96];
    int n = snprintf(prefix, sizeof prefix, ".flow-%s-", of);
    size_t len = strlen(name);
    return !strncmp(name, prefix, (size_t)n) && !strcmp(name + len - 4, ".tmp");
}

/* A hidden file: of this job with a checkpoint, of this sink without. */
static bool is_hidden(const rt_parts *f, const char *name) {
    return is_hidden_of(f->ckpt ? f->ckpt->job8 : f->name, name);
}

/* Each segment is `col=value` and no way out; "" is the root itself. */
bool rt_part_safe_path(const char *path) {
    if (strlen(path) > RT_OUT_PATH / 2 - 256) return false;
    for (const char *p = path; *p;) {
        size_t n = strcspn(p, "/");
        if (n == 0 || n > 255 || !memchr(p, '=', n) || p[0] == '=' || p[0] == '.')
            return false;
        p += n + (p[n] == '/');
    }
    return true;
}

/* ---- walking the directory ---------------------------------------------------------------- */

typedef struct walk {
    rt_parts *f;
    rt_status (*file)(struct walk *w, const char *dir, const char *name, bool folder);
    const char *job8; /* remove_hidden: whose */
    bool removes;   /* partitions that are empty then go too */
    int64_t newest; /* batch of this sink */
} walk;

static rt_status walk_dir(walk *w, const char *dir, int depth);

static rt_status walk_entry(walk *w, const char *dir, const char *name, int depth) {
    char path[RT_OUT_PATH];
    struct stat st;
    if (!strcmp(name, ".") || !strcmp(name, "..")) return RT_ok;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    bool folder = rt_os_lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
    if (!folder || !strchr(name, '=') || depth >= 64) return w->file(w, dir, name, folder);
    rt_status status = walk_dir(w, path, depth + 1);
    if (w->removes) rt_os_rmdir(path);
    return status;
}

static rt_status walk_dir(walk *w, const char *dir, int depth) {
    struct dirent **names;
    int n = rt_os_scan(dir, &names);
    if (n < 0 && errno == ENOENT) return RT_ok;
    if (n < 0) return rt_out_cannot(errno == ENOTDIR ? RT_refused : RT_io, "look into", dir);
    rt_status status = RT_ok;
    for (int i = 0; i < n; i++) {
        if (status == RT_ok) status = walk_entry(w, dir, names[i]->d_name, depth);
        free(names[i]);
    }
    free(names);
    return status;
}

static rt_status walk_all(rt_parts *f, walk *w) {
    w->f = f;
    w->newest = -1;
    return walk_dir(w, f->path, 0);
}

/* Refuses what no program like this one has left. */
static rt_status refuse_foreign(walk *w, const char *dir, const char *name, bool folder) {
    const rt_parts *f = w->f;
    bool other = f->ckpt && (!strncmp(name, ".flow-", 6) || batch_of(name, NULL) >= 0);
    if (!folder && (other || is_hidden(f, name) || batch_of(name, f->name) >= 0)) return RT_ok;
    return (rt_status)rt_fail(RT_refused,
                              "%s/%s is not of this program: nothing was touched; write to "
                              "another directory",
                              dir, name);
}

static rt_status refuse_parts(walk *w, const char *dir, const char *name, bool folder) {
    if (folder || batch_of(name, w->f->name) < 0) return refuse_foreign(w, dir, name, folder);
    return (rt_status)rt_fail(RT_refused,
                              "%s/%s is of an earlier job, and new parts would get the same "
                              "names: move it away or write to another directory",
                              dir, name);
}

static rt_status find_newest(walk *w, const char *dir, const char *name, bool folder) {
    (void)dir;
    int64_t batch = folder ? -1 : batch_of(name, w->f->name);
    w->newest = RT_MAX(w->newest, batch);
    return RT_ok;
}

static rt_status remove_hidden(walk *w, const char *dir, const char *name, bool folder) {
    char path[RT_OUT_PATH + 300];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    if (!folder && is_hidden_of(w->job8, name) && rt_os_unlink(path) < 0)
        rt_log(RT_DEBUG, "cannot remove %s: %s", path, strerror(errno));
    return RT_ok;
}

/* What prepare has just written stays. */
static bool is_prepared(const rt_parts *f, const char *dir, const char *name) {
    char own[RT_PART_NAME];
    rt_part_hidden_name(f, &f->prepared, own);
    if (strcmp(own, name) != 0) return false;
    size_t root = strlen(f->path);
    const char *beneath = dir + root + (dir[root] == '/');
    for (int64_t i = 0; i < f->prepared.n; i++)
        if (!strcmp(f->prepared.items[i].dir, beneath)) return true;
    return false;
}

static rt_status remove_old(walk *w, const char *dir, const char *name, bool folder) {
    char path[RT_OUT_PATH + 300];
    const rt_parts *f = w->f;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    if (folder || (!is_hidden(f, name) && batch_of(name, f->name) < 0)) return RT_ok;
    if (is_prepared(f, dir, name) || rt_os_unlink(path) == 0) return RT_ok;
    return rt_out_cannot(rt_sink_error(errno), "remove", path);
}

/* ---- what is asked for -------------------------------------------------------------------- */

rt_status rt_parts_refuse(rt_parts *f, bool parts) {
    walk w = {.file = parts ? refuse_parts : refuse_foreign};
    return walk_all(f, &w);
}

rt_status rt_parts_newest(rt_parts *f, int64_t *batch) {
    walk w = {.file = find_newest};
    rt_status status = walk_all(f, &w);
    *batch = w.newest;
    return status;
}

void rt_parts_remove_hidden(rt_parts *f, const char *job8) {
    walk w = {.file = remove_hidden, .job8 = job8};
    walk_all(f, &w);
}

rt_status rt_parts_remove_old(rt_parts *f) {
    walk w = {.file = remove_old, .removes = true};
    return walk_all(f, &w);
}
