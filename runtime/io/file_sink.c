/* file_sink.c - one file that only grows, or a directory of parts.
 *
 * One file.  At its first batch the output goes to `.flow-<name>-<sink>.tmp` beside it,
 * is synced, and renamed over what an earlier run left; later batches extend it by whole
 * batches, at a length that is known, so a repeated publish writes the same bytes to the
 * same place and a failed run is cut back to the last whole batch.  It is synced at the
 * end.  What is no regular file (a device, a FIFO) is written to as it is.
 *
 * A directory.  Each batch leaves at most one part for each partition,
 * `<sink>-<batch>-0000.<ext>`, written under a temporary name in the same directory,
 * synced, and renamed without replacing anything; then the directory is synced.  At the
 * first batch the parts of an earlier run of this sink are removed.  Anything else in the
 * directory is refused, before any input is read.
 *
 * Folders above the output that are not there are made with the first batch.
 *
 * Data chooses no path outside: partition values arrive percent-encoded, and a segment
 * that is no `col=value` is refused. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/io/pack.h"
#include "runtime/io/sinks.h"

enum { PATH_LEN = 4096 };

typedef struct files_out {
    char path[PATH_LEN]; /* without a slash at its end */
    char name[64]; /* of the sink, fit for a file name */
    bool directory;
    bool begun;    /* an earlier run's output is gone */
    const rt_packer *packer; /* null: what is written is plain */
    /* one file */
    int fd;        /* -1: not open */
    bool regular;
    int64_t length; /* published */
    /* a directory: the parts that prepare has left under temporary names */
    char **temps, **finals;
    int64_t nparts;
} files_out;

static rt_status cannot(rt_status status, const char *what, const char *path) {
    return (rt_status)rt_fail(status, "cannot %s %s: %s", what, path, strerror(errno));
}

/* Disk full may pass, a directory that is not there will not. */
static rt_status kind_of(int error) {
    return error == ENOSPC || error == EDQUOT || error == EMFILE || error == ENFILE
               ? RT_again_io
               : RT_io;
}

static void cut_slash(char *path) {
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--) path[n - 1] = 0;
}

/* ---- names ------------------------------------------------------------------------------ */

static bool name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_';
}

/* "to file" becomes "out", other names keep what a file name may have; the number keeps
 * the sinks of a program apart. */
static void set_name(files_out *f, const rt_sink *s) {
    size_t n = 0;
    const char *p = s->decl->name;
    if (strchr(p, ' ')) p = "out";
    for (; *p && n < sizeof f->name - 16; p++) f->name[n++] = name_char(*p) ? *p : '_';
    snprintf(f->name + n, sizeof f->name - n, "%" PRId64, s->id);
}

/* Is it `<sink>-<10 digits>-<4 digits>.<anything>`? */
static bool is_part(const files_out *f, const char *name) {
    size_t n = strlen(f->name);
    if (strncmp(name, f->name, n) || name[n] != '-') return false;
    const char *p = name + n + 1;
    if (strspn(p, "0123456789") != 10 || p[10] != '-') return false;
    return strspn(p + 11, "0123456789") == 4 && p[15] == '.';
}

static bool is_temp(const files_out *f, const char *name) {
    char prefix[96];
    int n = snprintf(prefix, sizeof prefix, ".flow-%s-", f->name);
    size_t len = strlen(name);
    return !strncmp(name, prefix, (size_t)n) && len > 4 && !strcmp(name + len - 4, ".tmp");
}

/* Is it what prepare has just written? */
static bool is_own(const files_out *f, const char *path) {
    for (int64_t i = 0; i < f->nparts; i++)
        if (f->temps[i] && !strcmp(f->temps[i], path)) return true;
    return false;
}

/* ---- directories ------------------------------------------------------------------------ */

typedef enum sweep { SWEEP_LOOK, SWEEP_REMOVE } sweep;

/* Walks the directory: refuses what is not ours, or removes what is. */
static rt_status walk(files_out *f, const char *dir, sweep what, int depth);

static rt_status walk_entry(files_out *f, const char *dir, const char *name, sweep what,
                            int depth) {
    char path[PATH_LEN];
    struct stat st;
    if (!strcmp(name, ".") || !strcmp(name, "..")) return RT_ok;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    bool folder = lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
    if (folder && strchr(name, '=') && depth < 64) {
        RT_TRY(walk(f, path, what, depth + 1));
        if (what == SWEEP_REMOVE) rmdir(path);
        return RT_ok;
    }
    if (folder || !(is_part(f, name) || is_temp(f, name))) {
        if (what == SWEEP_REMOVE) return RT_ok;
        return (rt_status)rt_fail(RT_refused,
                                  "%s is not of this program: nothing was touched; write to "
                                  "another directory",
                                  path);
    }
    if (what == SWEEP_REMOVE && !is_own(f, path) && rt_os_unlink(path) < 0)
        return cannot(kind_of(errno), "remove", path);
    return RT_ok;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static rt_status walk(files_out *f, const char *dir, sweep what, int depth) {
    struct dirent **names;
    int n = scandir(dir, &names, NULL, by_name);
    if (n < 0 && errno == ENOENT) return RT_ok;
    if (n < 0) return cannot(errno == ENOTDIR ? RT_refused : RT_io, "look into", dir);
    rt_status status = RT_ok;
    for (int i = 0; i < n; i++) {
        if (status == RT_ok) status = walk_entry(f, dir, names[i]->d_name, what, depth);
        free(names[i]);
    }
    free(names);
    return status;
}

/* The folder that holds what `path` names. */
static void folder_of(const char *path, char *out) {
    const char *slash = strrchr(path, '/');
    if (slash)
        snprintf(out, PATH_LEN, "%.*s", (int)RT_MAX(slash - path, 1), path);
    else
        snprintf(out, PATH_LEN, ".");
}

/* Makes a folder and those above it that are not there; `tell`: says so. */
static rt_status make_dir(const char *path, bool tell) {
    char above[PATH_LEN];
    if (rt_os_mkdir(path, 0777) < 0)
        return errno == EEXIST ? RT_ok : cannot(kind_of(errno), "make the folder", path);
    if (tell) rt_log(RT_INFO, "made the folder %s", path);
    folder_of(path, above);
    return rt_os_sync_dir(above) < 0 ? cannot(RT_io, "sync", above) : RT_ok;
}

static rt_status make_dirs(const char *path, bool tell) {
    char copy[PATH_LEN];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *p = copy + 1;; p++) {
        if (*p != '/' && *p) continue;
        char kept = *p;
        *p = 0;
        RT_TRY(make_dir(copy, tell));
        *p = kept;
        if (!kept) return RT_ok;
    }
}

/* Each segment is `col=value` and no way out. */
static bool safe_path(const char *path) {
    for (const char *p = path; *p;) {
        size_t n = strcspn(p, "/");
        if (n == 0 || n > 255 || !memchr(p, '=', n) || p[0] == '=' || p[0] == '.')
            return false;
        p += n + (p[n] == '/');
    }
    return true;
}

/* ---- writing ---------------------------------------------------------------------------- */

static rt_status write_bytes(int fd, const void *p, int64_t n, const char *path) {
    return rt_os_write_all(fd, p, n, NULL) < 0 ? cannot(kind_of(errno), "write", path)
                                               : RT_ok;
}

static rt_status create_file(const char *path, const char *header, int *fd) {
    *fd = rt_os_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0666);
    if (*fd < 0) return cannot(kind_of(errno), "write", path);
    return write_bytes(*fd, header, (int64_t)strlen(header), path);
}

/* A failed sync is final: the kernel may have dropped the pages. */
static rt_status sync_close(int fd, const char *path) {
    rt_status status = RT_ok;
    if (rt_os_fdatasync(fd) < 0) status = cannot(RT_io, "sync", path);
    if (rt_os_close(fd) < 0 && status == RT_ok) status = cannot(RT_io, "close", path);
    return status;
}

/* ---- one file --------------------------------------------------------------------------- */

/* Is the folder there, or one above it in which it can be made?  Told before anything is
 * read; it is made when there is something to write. */
static rt_status can_make(const char *folder) {
    char at[PATH_LEN];
    struct stat st;
    snprintf(at, sizeof at, "%s", folder);
    while (rt_os_stat(at, &st) < 0) {
        char above[PATH_LEN];
        folder_of(at, above);
        if (errno != ENOENT || !strcmp(above, at)) return cannot(RT_io, "write to", folder);
        memcpy(at, above, sizeof at);
    }
    if (!S_ISDIR(st.st_mode)) errno = ENOTDIR;
    else if (access(at, W_OK | X_OK) == 0) return RT_ok;
    return cannot(RT_io, "write to", at);
}

static rt_status check_single(files_out *f) {
    struct stat st;
    char folder[PATH_LEN];
    f->regular = true;
    if (rt_os_stat(f->path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return (rt_status)rt_fail(RT_refused,
                                      "%s is a directory; write \"%s/\" for a directory of "
                                      "parts",
                                      f->path, f->path);
        f->regular = S_ISREG(st.st_mode);
        return RT_ok;
    }
    folder_of(f->path, folder);
    return can_make(folder);
}

static rt_status open_special(files_out *f, const char *header) {
    f->fd = rt_os_open(f->path, O_WRONLY, 0);
    if (f->fd < 0) return cannot(RT_io, "open", f->path);
    return write_bytes(f->fd, header, (int64_t)strlen(header), f->path);
}

static rt_status write_all(int fd, rt_output *out, const char *path, int64_t *length) {
    rt_piece piece;
    for (;; *length += piece.len) {
        RT_TRY(out->next(out, &piece));
        if (!piece.len) return RT_ok;
        RT_TRY(write_bytes(fd, piece.p, piece.len, path));
    }
}

static rt_status write_temp(const char *temp, const char *header, rt_output *out,
                            int64_t *length) {
    int fd;
    *length = (int64_t)strlen(header);
    rt_status status = create_file(temp, header, &fd);
    if (fd < 0) return status;
    if (status == RT_ok) status = write_all(fd, out, temp, length);
    rt_status closed = sync_close(fd, temp);
    return status == RT_ok ? closed : status;
}

/* The whole first batch under another name, then in the place of the old file. */
static rt_status replace(files_out *f, const char *header, rt_output *out) {
    char folder[PATH_LEN], temp[2 * PATH_LEN + 128];
    int64_t length;
    folder_of(f->path, folder);
    RT_TRY(make_dirs(folder, true));
    const char *slash = strrchr(f->path, '/');
    snprintf(temp, sizeof temp, "%s/.flow-%s-%s.tmp", folder, slash ? slash + 1 : f->path,
             f->name);
    rt_status status = write_temp(temp, header, out, &length);
    if (status == RT_ok && rt_os_rename(temp, f->path) < 0)
        status = cannot(kind_of(errno), "rename to", f->path);
    if (status != RT_ok) {
        rt_os_unlink(temp);
        return status;
    }
    if (rt_os_sync_dir(folder) < 0) return cannot(RT_io, "sync", folder);
    f->fd = rt_os_open(f->path, O_WRONLY, 0);
    if (f->fd < 0) return cannot(RT_io, "open", f->path);
    f->length = length;
    return RT_ok;
}

/* Where a batch begins is fixed, so a repeat writes the same bytes to the same place. */
static rt_status extend_file(files_out *f, rt_output *out) {
    rt_piece piece;
    for (int64_t at = f->length;; at += piece.len) {
        RT_TRY(out->next(out, &piece));
        if (!piece.len) {
            f->length = at;
            return RT_ok;
        }
        if (rt_os_pwrite_all(f->fd, piece.p, piece.len, at) < 0)
            return cannot(kind_of(errno), "write", f->path);
    }
}

static rt_status publish_plain(files_out *f, const char *header, rt_output *out) {
    if (f->begun && f->regular) return extend_file(f, out);
    if (!f->begun)
        RT_TRY(f->regular ? replace(f, header, out) : open_special(f, header));
    f->begun = true;
    return f->regular ? RT_ok : write_all(f->fd, out, f->path, &f->length);
}

/* Compressed, each batch is an archive of its own behind those before it. */
static rt_status publish_single(rt_sink *s, rt_output *out) {
    files_out *f = s->impl;
    rt_output packed;
    const char *header = f->begun ? "" : s->decl->header;
    if (!f->packer) return publish_plain(f, header, out);
    RT_TRY(rt_pack_open(&packed, out, f->packer, s->env->mem, header, !f->begun));
    rt_status status = publish_plain(f, "", &packed);
    rt_pack_close(&packed);
    return status;
}

/* ---- a directory of parts ----------------------------------------------------------------- */

static void drop_parts(files_out *f, bool remove) {
    for (int64_t i = 0; i < f->nparts; i++) {
        if (remove && f->temps[i]) rt_os_unlink(f->temps[i]);
        free(f->temps[i]);
        free(f->finals[i]);
    }
    free(f->temps);
    free(f->finals);
    f->temps = f->finals = NULL;
    f->nparts = 0;
}

/* The names of the part for a partition, whose directory is made. */
static rt_status add_part(rt_sink *s, const rt_output *out, const char *partition) {
    files_out *f = s->impl;
    char dir[2 * PATH_LEN], path[2 * PATH_LEN + 128];
    if (partition && (!safe_path(partition) || strlen(partition) > PATH_LEN / 2 - 128))
        return (rt_status)rt_fail(RT_run, "%s: `%s` is no path of a partition", f->path,
                                  partition);
    snprintf(dir, sizeof dir, "%s%s%s", f->path, partition ? "/" : "",
             partition ? partition : "");
    cut_slash(dir);
    RT_TRY(make_dirs(f->path, true));
    RT_TRY(make_dirs(dir, false));
    size_t n = (size_t)f->nparts + 1;
    f->temps = rt_realloc(f->temps, n * sizeof *f->temps);
    f->finals = rt_realloc(f->finals, n * sizeof *f->finals);
    snprintf(path, sizeof path, "%s/.flow-%s-%010" PRId64 "-0000.tmp", dir, f->name,
             out->batch);
    f->temps[f->nparts] = strdup(path);
    snprintf(path, sizeof path, "%s/%s-%010" PRId64 "-0000.%s%s", dir, f->name, out->batch,
             s->decl->ext, !f->packer ? "" : !strcmp(s->decl->pack, "gzip") ? ".gz" : ".zst");
    f->finals[f->nparts++] = strdup(path);
    return RT_ok;
}

/* Pieces of one path follow each other: a part is open while they do. */
static rt_status write_parts(rt_sink *s, rt_output *out, int *fd) {
    files_out *f = s->impl;
    rt_piece piece;
    const char *temp = "";
    char *open_path = NULL;
    rt_status status;
    while ((status = out->next(out, &piece)) == RT_ok && piece.len) {
        bool same = *fd >= 0 && (!piece.path || !strcmp(piece.path, open_path));
        if (!same) {
            if (*fd >= 0) status = sync_close(*fd, temp);
            *fd = -1;
            if (status == RT_ok) status = add_part(s, out, piece.path);
            if (status != RT_ok) break;
            free(open_path);
            open_path = piece.path ? strdup(piece.path) : NULL;
            temp = f->temps[f->nparts - 1];
            status = create_file(temp, f->packer ? "" : s->decl->header, fd);
        }
        if (status == RT_ok) status = write_bytes(*fd, piece.p, piece.len, temp);
        if (status != RT_ok) break;
    }
    free(open_path);
    return status;
}

static rt_status prepare_parts(rt_sink *s, rt_output *out) {
    files_out *f = s->impl;
    int fd = -1;
    rt_output packed = *out;
    drop_parts(f, true);
    if (f->packer)
        RT_TRY(rt_pack_open(&packed, out, f->packer, s->env->mem, s->decl->header, false));
    rt_status status = write_parts(s, &packed, &fd);
    if (f->packer) rt_pack_close(&packed);
    if (fd < 0) return status;
    rt_status closed = sync_close(fd, f->temps[f->nparts - 1]);
    return status == RT_ok ? closed : status;
}

static rt_status publish_parts(files_out *f) {
    char folder[PATH_LEN];
    if (!f->begun) RT_TRY(walk(f, f->path, SWEEP_REMOVE, 0));
    f->begun = true;
    for (int64_t i = 0; i < f->nparts; i++) {
        if (!f->temps[i]) continue;
        if (rt_os_rename_new(f->temps[i], f->finals[i]) < 0)
            return cannot(errno == EEXIST ? RT_refused : kind_of(errno), "rename to",
                          f->finals[i]);
        free(f->temps[i]);
        f->temps[i] = NULL;
        folder_of(f->finals[i], folder);
        if (rt_os_sync_dir(folder) < 0) return cannot(RT_io, "sync", folder);
    }
    drop_parts(f, false);
    return RT_ok;
}

/* ---- the sink --------------------------------------------------------------------------- */

static rt_status file_sink_open(rt_sink *s) {
    files_out *f = s->impl = rt_alloc(sizeof *f);
    f->fd = -1;
    const char *path = rt_option_text(s->decl->options, "arg", "");
    size_t n = strlen(path);
    if (!n || n > PATH_LEN / 2)
        return (rt_status)rt_fail(RT_usage, "%s: `%s` is no path", s->decl->name, path);
    set_name(f, s);
    if (s->decl->pack) f->packer = rt_codec_find(s->env->program, s->decl->pack)->pack;
    f->directory = s->decl->partition || path[n - 1] == '/';
    strcpy(f->path, path);
    cut_slash(f->path);
    if (!f->directory) return check_single(f);
    return walk(f, f->path, SWEEP_LOOK, 0);
}

static rt_status file_sink_prepare(rt_sink *s, rt_output *out) {
    files_out *f = s->impl;
    return f->directory ? prepare_parts(s, out) : RT_ok;
}

static rt_status file_sink_publish(rt_sink *s, rt_output *out) {
    files_out *f = s->impl;
    if (f->directory) return publish_parts(f);
    return publish_single(s, out);
}

static rt_status file_sink_finish(rt_sink *s, bool failed) {
    files_out *f = s->impl;
    if (f->directory) {
        drop_parts(f, true);
        return RT_ok;
    }
    if (f->fd < 0 || !f->regular) return RT_ok;
    /* A batch that was being written when the run failed is taken off again. */
    if (failed && rt_os_truncate(f->fd, f->length) < 0)
        return cannot(RT_io, "cut", f->path);
    if (rt_os_fdatasync(f->fd) < 0) return cannot(RT_io, "sync", f->path);
    return RT_ok;
}

static void file_sink_close(rt_sink *s) {
    files_out *f = s->impl;
    if (!f) return;
    drop_parts(f, false);
    if (f->fd >= 0) rt_os_close(f->fd);
    free(f);
    s->impl = NULL;
}

const rt_sink_ops rt_file_sink = {
    .name = "file",
    .open = file_sink_open,
    .prepare = file_sink_prepare,
    .publish = file_sink_publish,
    .finish = file_sink_finish,
    .close = file_sink_close,
};
