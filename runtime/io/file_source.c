/* file_source.c - a path, or a glob in byte order of its names; each file once.
 *
 * The files are one source partition, one behind the other.  A batch takes so many bytes
 * of them, wherever that cuts: ranges need no record boundary (file_read.h), so the cut
 * is a function of the files and of batch_size, whatever the length of blocks.  What is
 * compressed cannot be cut anywhere: its text comes in blocks (packed.h).  With `refresh`
 * files are looked at again: if one is new, gone or another, all are read whole, as files of
 * their own, so what points to the old ones stays valid.  Sizes are
 * taken when a file's turn comes.  Files stay open until the batch that ended them is
 * done; the page cache is asked for the next batch while this one runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/io/file_place.h"
#include "runtime/io/sources.h"

static int by_bytes(const void *a, const void *b) {
    return strcmp(((const rt_file *)a)->path, ((const rt_file *)b)->path);
}

static bool is_glob(const char *path) { return strpbrk(path, "*?[") != NULL; }

/* Adds the files that are there now. */
static rt_status expand(rt_files *fs, const char *path) {
    int64_t first = fs->nfiles;
    struct stat st;
    if (!is_glob(path) || rt_os_stat(path, &st) == 0) {
        if (rt_os_stat(path, &st) < 0)
            return (rt_status)rt_fail(RT_io, "cannot open %s: %s", path, strerror(errno));
        rt_files_add(fs, path);
        return RT_ok;
    }
    char **found;
    int64_t n = rt_os_glob(path, &found);
    if (n < 0) return (rt_status)rt_fail(RT_io, "cannot list %s: %s", path, strerror(errno));
    for (int64_t i = 0; i < n; i++) {
        bool folder = rt_os_stat(found[i], &st) == 0 && S_ISDIR(st.st_mode);
        if (!folder) rt_files_add(fs, found[i]);
        free(found[i]);
    }
    free(found);
    if (fs->nfiles == first) rt_log(RT_WARN, "no file matches %s", path);
    else qsort(fs->files + first, (size_t)(fs->nfiles - first), sizeof *fs->files, by_bytes);
    return RT_ok;
}

static rt_status open_file(const rt_source *s, rt_file *f) {
    const rt_files *fs = s->impl;
    RT_TRY(rt_file_open(f, s->decl));
    return fs->preload ? rt_file_preload(f, s->env->mem) : RT_ok;
}

static rt_status open_first(const rt_source *s, rt_file *f) {
    const rt_unpacker *ops;
    RT_TRY(rt_unpack_choose(s, f->path, &ops));
    if (!ops) return open_file(s, f);
    int fd = rt_os_open(f->path, O_RDONLY, 0);
    if (fd < 0)
        return (rt_status)rt_fail(RT_io, "cannot open %s: %s", f->path, strerror(errno));
    rt_os_close(fd);
    return RT_ok;
}

/* ---- refresh ---- */

static void forget_from(rt_files *fs, int64_t first) {
    for (int64_t i = first; i < fs->nfiles; i++) free((char *)fs->files[i].path);
    fs->nfiles = first;
}

static struct stat *stat_from(const rt_files *fs, int64_t first) {
    struct stat *seen = rt_alloc((size_t)(fs->nfiles - first + 1) * sizeof *seen);
    for (int64_t i = first; i < fs->nfiles; i++)
        if (rt_os_stat(fs->files[i].path, &seen[i - first]) < 0)
            memset(&seen[i - first], 0, sizeof *seen);
    return seen;
}

static bool same_file(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Looks whether the files are still those that were read; if not, they wait to be read. */
static void look_again(rt_source *s, int64_t now) {
    rt_files *fs = s->impl;
    int64_t first = fs->nfiles, n = first - fs->since;
    fs->look = now + fs->refresh;
    const char *path = rt_option_text(s->decl->options, "arg", "");
    struct stat st;
    /* Gone for a moment: it is being replaced. */
    if (!is_glob(path) && rt_os_stat(path, &st) < 0) return;
    if (expand(fs, path) != RT_ok) {
        forget_from(fs, first);
        return;
    }
    struct stat *seen = stat_from(fs, first);
    bool same = fs->nfiles - first == n;
    for (int64_t i = 0; same && i < n; i++)
        same = !strcmp(fs->files[first + i].path, fs->files[fs->since + i].path) &&
               same_file(&seen[i], &fs->seen[i]);
    if (same) {
        forget_from(fs, first);
        free(seen);
        return;
    }
    free(fs->seen);
    fs->seen = seen;
    fs->since = first;
    fs->again = true;
}

/* Finds the files. */
static rt_status begin(rt_source *s) {
    rt_files *fs = s->impl;
    RT_TRY(expand(fs, rt_option_text(s->decl->options, "arg", "")));
    fs->listed = true;
    s->total = 0;
    for (int64_t i = 0; i < fs->nfiles; i++) {
        struct stat st;
        const rt_unpacker *ops;
        RT_TRY(rt_unpack_choose(s, fs->files[i].path, &ops));
        if (ops) s->total = -1; /* how much text there is, nobody knows */
        if (s->total >= 0 && rt_os_stat(fs->files[i].path, &st) == 0) s->total += st.st_size;
    }
    /* A file that cannot be read is better known before the run than in its middle. */
    if (fs->nfiles) RT_TRY(open_first(s, &fs->files[0]));
    if ((s->refreshes || fs->preload) && s->total < 0)
        return (rt_status)rt_fail(RT_usage, "%s: compressed files cannot be %s", s->decl->name,
                                  s->refreshes ? "refreshed" : "preloaded");
    fs->again = s->refreshes;
    if (s->refreshes) fs->seen = stat_from(fs, 0);
    s->ended = fs->nfiles == 0 && !s->refreshes;
    return RT_ok;
}

/* Where a position will be loaded, that names the files; a source that is new in the program
 * has none, and finds its files when it is first asked for rows. */
static rt_status file_open(rt_source *s) {
    rt_files *fs = s->impl = rt_alloc(sizeof *fs);
    fs->refresh = rt_option_word(s->decl->options, "refresh", 0);
    fs->preload = rt_option_word(s->decl->options, "preload", 0) != 0;
    s->refreshes = fs->refresh > 0;
    return s->resumes ? RT_ok : begin(s);
}

static int64_t file_waiting(rt_source *s, int64_t now) {
    rt_files *fs = s->impl;
    if (!fs->listed) return -1;
    if (!fs->refresh) return s->ended ? 0 : -1;
    if (!fs->look) fs->look = now + fs->refresh;
    if (!fs->busy && fs->current == fs->nfiles && now >= fs->look) look_again(s, now);
    return fs->again ? -1 : 0;
}

static int64_t file_next(rt_source *s, int64_t now) {
    rt_files *fs = s->impl;
    return fs->refresh ? RT_MAX(fs->look, now) : -1;
}

/* Cuts [from, to) at multiples of the block length. */
static void add_units(rt_source *s, int64_t object, int64_t from, int64_t to,
                      rt_input *in) {
    int64_t block = s->env->block_bytes;
    in->bytes += to - from;
    while (from < to) {
        int64_t end = RT_MIN(to, (from / block + 1) * block);
        rt_input_add(in, (rt_unit){.object = object, .from = from, .to = end});
        from = end;
    }
}

static rt_status take_packed(rt_source *s, const rt_file *f, const rt_unpacker *ops,
                             int64_t limit, rt_input *in, bool *done) {
    rt_files *fs = s->impl;
    if (!fs->packed) fs->packed = rt_packed_new(s);
    return rt_packed_take(fs->packed, fs->current, f->path, ops, limit, in, done);
}

/* No more rows than may come. */
static rt_status take_rows(const rt_source *s, const rt_file *f, int64_t *to, rt_input *in) {
    const rt_files *fs = s->impl;
    int64_t rows = rt_source_rows_left(s, in);
    RT_TRY(rt_file_cut(f, s->decl, fs->at, to, &rows));
    in->records += rows;
    return RT_ok;
}

static rt_status file_take(rt_source *s, int64_t limit, int64_t now, bool drain,
                           rt_input *in) {
    rt_files *fs = s->impl;
    (void)now, (void)drain;
    if (!fs->listed) RT_TRY(begin(s));
    fs->busy = true;
    s->refreshed = fs->again;
    fs->again = false;
    s->once = s->decl->table || s->refreshed;
#ifdef FLOW_FAULTS
    int64_t left = rt_test_cut();
    bool cut = left > 0 && !s->decl->table && !s->refreshes;
#endif
    while (fs->current < fs->nfiles) {
        rt_file *f = &fs->files[fs->current];
        const rt_unpacker *ops;
        RT_TRY(rt_unpack_choose(s, f->path, &ops));
        if (ops) {
            bool done;
            RT_TRY(take_packed(s, f, ops, limit, in, &done));
            if (!done) return RT_ok;
            fs->current++;
            if (in->bytes >= limit && fs->current < fs->nfiles) return RT_ok;
            continue;
        }
        if (f->fd < 0) RT_TRY(open_file(s, f));
        int64_t to = RT_MIN(f->size, fs->at + limit - in->bytes);
        if (s->most_rows) RT_TRY(take_rows(s, f, &to, in));
#ifdef FLOW_FAULTS
        int64_t rows = left;
        if (cut) RT_TRY(rt_file_cut(f, s->decl, fs->at, &to, &rows));
        left -= rows;
        if (cut && !left) limit = in->bytes + to - fs->at;
#endif
        if (to > fs->at) add_units(s, fs->current, fs->at, to, in);
        fs->at = RT_MAX(to, fs->at);
        if (fs->at < f->size) {
            in->limited = rt_source_rows_left(s, in) == 0;
            if (!fs->preload) posix_fadvise(f->fd, fs->at, limit, POSIX_FADV_WILLNEED);
            return RT_ok;
        }
        fs->current++;
        fs->at = 0;
        if (in->bytes >= limit && fs->current < fs->nfiles) return RT_ok;
        if (!rt_source_rows_left(s, in) && fs->current < fs->nfiles) return RT_ok;
    }
    s->ended = !s->refreshes;
    return RT_ok;
}

static rt_status file_read(rt_source *s, const rt_unit *unit, rt_reader *r) {
    rt_files *fs = s->impl;
    return rt_file_read(&fs->files[unit->object], s->decl, unit, r);
}

static rt_status file_quotes(rt_source *s, rt_unit *unit, rt_reader *r, int64_t *count) {
    rt_files *fs = s->impl;
    *count = 0;
    if (unit->block) return RT_ok; /* begins outside of quotes */
    return rt_file_quotes(&fs->files[unit->object], unit, r, count);
}

static const char *file_object(rt_source *s, int64_t object) {
    return ((rt_files *)s->impl)->files[object].path;
}

static const uint8_t *file_header(rt_source *s, int64_t object, int64_t *len) {
    rt_files *fs = s->impl;
    rt_file *f = &fs->files[object];
    *len = f->header_len;
    if (f->header || !fs->packed) return f->header;
    return rt_live_header(&fs->packed->live, object, len);
}

static void file_done(rt_source *s, rt_input *in) {
    rt_files *fs = s->impl;
    (void)in;
    if (fs->packed) rt_live_done(&fs->packed->live);
    fs->busy = false;
    for (; fs->closed < fs->current; fs->closed++) rt_file_close(&fs->files[fs->closed]);
}

static void file_close(rt_source *s) {
    rt_files *fs = s->impl;
    if (!fs) return;
    rt_packed_free(fs->packed);
    for (int64_t i = 0; i < fs->nfiles; i++) {
        rt_file_close(&fs->files[i]);
        free((char *)fs->files[i].path);
    }
    free(fs->files);
    free(fs->seen);
    free(fs);
    s->impl = NULL;
}

const rt_source_ops rt_file_source = {
    .name = "file",
    .open = file_open,
    .waiting = file_waiting,
    .next = file_next,
    .take = file_take,
    .read = file_read,
    .quotes = file_quotes,
    .object = file_object,
    .header = file_header,
    .done = file_done,
    .close = file_close,
    .replays = true,
    .save = rt_files_save,
    .load = rt_files_load,
    .plan = rt_files_plan,
    .replan = rt_files_replan,
    .plan_text = rt_files_plan_text,
};
