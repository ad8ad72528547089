/* file_place.c - see file_place.h.
 *
 * Names of the files to come go into each position, each without what it shares with the
 * one before: a few bytes a file.  A plan names the files that its batch read.  Files read to
 * their end keep their numbers, so that numbers mean the same after a restart. */
#include "runtime/io/file_place.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"

void rt_files_add(rt_files *fs, const char *path) {
    fs->files = rt_realloc(fs->files, (size_t)(fs->nfiles + 1) * sizeof *fs->files);
    fs->files[fs->nfiles++] = (rt_file){.path = rt_strdup(path), .fd = -1};
}

static rt_packed *packed_of(rt_source *s) {
    rt_files *fs = s->impl;
    if (!fs->packed) fs->packed = rt_packed_new(s);
    return fs->packed;
}

/* ---- the list ------------------------------------------------------------------------- */

static void write_stat(rt_wire *w, const struct stat *st) {
    rt_wire_u64(w, (uint64_t)st->st_dev);
    rt_wire_u64(w, (uint64_t)st->st_ino);
    rt_wire_i64(w, st->st_size);
    rt_wire_i64(w, st->st_mtim.tv_sec);
    rt_wire_i64(w, st->st_mtim.tv_nsec);
}

static struct stat read_stat(rt_unwire *r) {
    struct stat st;
    memset(&st, 0, sizeof st);
    st.st_dev = (dev_t)rt_unwire_u64(r);
    st.st_ino = (ino_t)rt_unwire_u64(r);
    st.st_size = rt_unwire_i64(r);
    st.st_mtim.tv_sec = rt_unwire_i64(r);
    st.st_mtim.tv_nsec = rt_unwire_i64(r);
    return st;
}

/* Files from the first that may be read or compared again. */
static void write_list(const rt_source *s, rt_wire *w) {
    const rt_files *fs = s->impl;
    int64_t first = s->refreshes ? fs->since : fs->current;
    const char *before = "";
    rt_wire_i64(w, first);
    rt_wire_i64(w, fs->nfiles - first);
    for (int64_t i = first; i < fs->nfiles; i++) {
        const char *path = fs->files[i].path;
        int shared = 0;
        while (shared < 255 && path[shared] && path[shared] == before[shared]) shared++;
        rt_wire_u8(w, (uint8_t)shared);
        rt_wire_u32(w, (uint32_t)strlen(path + shared));
        rt_wire_raw(w, path + shared, (int64_t)strlen(path + shared));
        if (s->refreshes) write_stat(w, &fs->seen[i - first]);
        before = path;
    }
}

/* One name; null: it makes no sense. */
static char *read_name(rt_unwire *r, const char *before) {
    size_t shared = rt_unwire_u8(r);
    int64_t n = rt_unwire_u32(r);
    if (r->bad || n > r->end - r->p || shared > strlen(before) ||
        memchr(r->p, 0, (size_t)n))
        return NULL;
    char *path = rt_alloc(shared + (size_t)n + 1);
    memcpy(path, before, shared);
    if (n) memcpy(path + shared, r->p, (size_t)n);
    r->p += n;
    return path;
}

/* Adds the files of a list whose numbers begin behind those that are there. */
static rt_status read_list(rt_source *s, rt_unwire *r) {
    rt_files *fs = s->impl;
    int64_t first = rt_unwire_i64(r), n = rt_unwire_count(r, s->refreshes ? 45 : 5);
    const char *before = "";
    /* Numbers of files before them are not worth more than memory for them. */
    if (r->bad || first < fs->nfiles || first - fs->nfiles > (INT64_C(1) << 26))
        return rt_place_bad(s);
    if (first > fs->nfiles) {
        fs->files = rt_realloc(fs->files, (size_t)first * sizeof *fs->files);
        for (; fs->nfiles < first; fs->nfiles++)
            fs->files[fs->nfiles] = (rt_file){.fd = -1};
    }
    if (s->refreshes) {
        free(fs->seen);
        fs->seen = rt_alloc((size_t)(n + 1) * sizeof *fs->seen);
        fs->since = first;
    }
    for (int64_t i = 0; i < n; i++) {
        char *path = read_name(r, before);
        if (!path) return rt_place_bad(s);
        rt_files_add(fs, path);
        free(path);
        if (s->refreshes) fs->seen[i] = read_stat(r);
        before = fs->files[fs->nfiles - 1].path;
    }
    return r->bad ? rt_place_bad(s) : RT_ok;
}

/* ---- files ---------------------------------------------------------------------------- */

/* Opens a file that had `size` bytes when its turn came. */
static rt_status open_again(const rt_source *s, rt_file *f, int64_t size) {
    struct stat st;
    if (f->fd >= 0) return f->size == size ? RT_ok : rt_place_bad(s);
    f->fd = rt_os_open(f->path, O_RDONLY | O_NONBLOCK, 0);
    if (f->fd < 0 && errno == ENOENT) return rt_place_gone(s, f->path);
    if (f->fd < 0 || rt_os_fstat(f->fd, &st) < 0)
        return (rt_status)rt_fail(RT_io, "cannot open %s: %s", f->path, strerror(errno));
    errno = 0;
    if (!S_ISREG(st.st_mode)) return rt_place_other(s, f->path);
    if (st.st_size < size) return rt_place_short(s, f->path, size, st.st_size);
    f->size = size;
    posix_fadvise(f->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    RT_TRY(rt_file_head(f, s->decl));
    return ((rt_files *)s->impl)->preload ? rt_file_preload(f, s->env->mem) : RT_ok;
}

/* The mark of a compressed file is that of its first bytes. */
static rt_status check_packed(const rt_source *s, const char *path, int64_t size,
                              rt_unwire *r) {
    struct stat st;
    int fd = rt_os_open(path, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0 && errno == ENOENT) return rt_place_gone(s, path);
    if (fd < 0)
        return (rt_status)rt_fail(RT_io, "cannot open %s: %s", path, strerror(errno));
    rt_status status = RT_ok;
    if (rt_os_fstat(fd, &st) == 0 && st.st_size < size)
        status = rt_place_short(s, path, size, st.st_size);
    else if (!rt_mark_check(r, fd, RT_MIN(size, RT_MARK_BYTES)))
        status = r->bad ? rt_place_bad(s) : rt_place_other(s, path);
    rt_os_close(fd);
    return status;
}

/* ---- where it stands ------------------------------------------------------------------- */

static void write_place(rt_source *s, rt_wire *w) {
    const rt_files *fs = s->impl;
    bool open = fs->current < fs->nfiles && fs->files[fs->current].fd >= 0;
    rt_wire_i64(w, fs->current);
    rt_wire_i64(w, fs->at);
    rt_wire_i64(w, open ? fs->files[fs->current].size : -1);
    if (open) rt_mark_write(w, fs->files[fs->current].fd, fs->at);
    rt_packed_save(fs->packed, w);
}

static rt_status read_packed(rt_source *s, rt_unwire *r) {
    rt_files *fs = s->impl;
    rt_packed_place place;
    const rt_unpacker *ops;
    if (!rt_packed_read_place(r, &place)) return rt_place_bad(s);
    if (!place.begun)
        return fs->packed ? rt_packed_resume(fs->packed, &place, 0, NULL, NULL) : RT_ok;
    if (fs->current >= fs->nfiles) return rt_place_bad(s);
    const char *path = fs->files[fs->current].path;
    RT_TRY(rt_unpack_choose(s, path, &ops));
    if (!ops) return rt_place_bad(s);
    RT_TRY(check_packed(s, path, place.size, r));
    return rt_packed_resume(packed_of(s), &place, fs->current, path, ops);
}

static rt_status read_place(rt_source *s, rt_unwire *r) {
    rt_files *fs = s->impl;
    int64_t current = rt_unwire_i64(r), at = rt_unwire_i64(r), size = rt_unwire_i64(r);
    if (r->bad || current < 0 || current > fs->nfiles || at < 0 || size < -1 ||
        (size >= 0 ? current == fs->nfiles || at > size : at > 0) ||
        (current < fs->nfiles && !fs->files[current].path))
        return rt_place_bad(s);
    if (size >= 0) {
        rt_file *f = &fs->files[current];
        RT_TRY(open_again(s, f, size));
        if (!rt_mark_check(r, f->fd, at))
            return r->bad ? rt_place_bad(s) : rt_place_other(s, f->path);
    }
    fs->current = current;
    fs->at = at;
    RT_TRY(read_packed(s, r));
    s->ended = fs->current == fs->nfiles && !s->refreshes;
    return RT_ok;
}

/* ---- the position ---------------------------------------------------------------------- */

void rt_files_save(rt_source *s, rt_wire *w) {
    const rt_files *fs = s->impl;
    rt_place_write_arg(w, s);
    rt_wire_u8(w, s->refreshes);
    write_list(s, w);
    rt_wire_u8(w, fs->again);
    rt_wire_i64(w, s->quotes.object);
    rt_wire_u8(w, (uint8_t)s->quotes.odd);
    write_place(s, w);
}

/* Those to come are there; and how much there is of them. */
static rt_status check_files(rt_source *s) {
    rt_files *fs = s->impl;
    struct stat st;
    s->total = -fs->at;
    for (int64_t i = fs->current; i < fs->nfiles; i++) {
        rt_file *f = &fs->files[i];
        const rt_unpacker *ops;
        RT_TRY(rt_unpack_choose(s, f->path, &ops));
        if (rt_os_stat(f->path, &st) < 0) {
            if (errno == ENOENT) return rt_place_gone(s, f->path);
            return (rt_status)rt_fail(RT_io, "cannot look at %s: %s", f->path, strerror(errno));
        }
        if (f->fd >= 0 && st.st_size > f->size)
            rt_log(RT_WARN,
                   "%s has grown since its turn came: what was added is not read (`watch` "
                   "follows files)",
                   f->path);
        if (ops) s->total = INT64_MIN / 2;
        s->total += f->fd >= 0 ? f->size : st.st_size;
    }
    if (s->total < 0) s->total = -1;
    return RT_ok;
}

rt_status rt_files_load(rt_source *s, rt_unwire *r) {
    rt_files *fs = s->impl;
    RT_TRY(rt_place_read_arg(r, s));
    /* A file that is refreshed is looked at in another way: it is read anew in any case. */
    bool refreshes = rt_unwire_u8(r) == 1;
    if (refreshes != s->refreshes)
        return (rt_status)rt_fail(RT_refused,
                                  "%s: the checkpoint was made with%s `refresh`\n"
                                  "  put it back, or start anew with --fresh",
                                  s->decl->name, refreshes ? "" : "out");
    for (int64_t i = 0; i < fs->nfiles; i++) {
        rt_file_close(&fs->files[i]);
        free((char *)fs->files[i].path);
    }
    fs->nfiles = 0;
    RT_TRY(read_list(s, r));
    fs->again = rt_unwire_u8(r) == 1;
    s->quotes.object = rt_unwire_i64(r);
    s->quotes.odd = rt_unwire_u8(r) & 1;
    RT_TRY(read_place(s, r));
    if (!rt_unwire_done(r)) return rt_place_bad(s);
    fs->listed = true;
    fs->closed = fs->current;
    fs->look = 1; /* at once */
    return s->refreshes ? RT_ok : check_files(s);
}

/* ---- plans ----------------------------------------------------------------------------- */

static void write_planned(rt_source *s, int64_t object, rt_wire *w) {
    const rt_files *fs = s->impl;
    const rt_file *f = &fs->files[object];
    int64_t len = 0;
    const uint8_t *header = NULL;
    bool packed = f->fd < 0;
    if (packed) header = rt_live_header(&fs->packed->live, object, &len);
    rt_wire_i64(w, object);
    rt_wire_text(w, f->path);
    rt_wire_i64(w, packed ? -1 : f->size);
    if (!packed) rt_mark_write(w, f->fd, RT_MIN(f->size, RT_MARK_BYTES));
    rt_wire_u8(w, header != NULL);
    rt_wire_bytes(w, header, header ? len : 0);
}

rt_status rt_files_plan(rt_source *s, int64_t batch, const rt_input *in, rt_wire *w) {
    int64_t first = in->nunits ? in->units[0].object : 0, n = 0;
    int64_t last = in->nunits ? in->units[in->nunits - 1].object : -1;
    int64_t *number = rt_alloc((size_t)(last - first + 1 + 1) * sizeof *number);
    (void)batch;
    rt_wire_u8(w, s->refreshes);
    if (s->refreshes) write_list(s, w);
    for (int64_t i = 0; i < in->nunits; i++)
        if (i == 0 || in->units[i].object != in->units[i - 1].object)
            number[in->units[i].object - first] = n++;
    rt_wire_i64(w, n);
    for (int64_t i = 0; i < in->nunits; i++)
        if (i == 0 || in->units[i].object != in->units[i - 1].object)
            write_planned(s, in->units[i].object, w);
    rt_units_write(w, in, s->env->block_bytes, first, number);
    free(number);
    write_place(s, w);
    return RT_ok;
}

static rt_status read_planned(rt_source *s, rt_unwire *r, int64_t *object) {
    rt_files *fs = s->impl;
    int64_t len;
    *object = rt_unwire_i64(r);
    char *path = rt_place_read_text(r);
    int64_t size = rt_unwire_i64(r);
    bool ours = path && *object >= fs->closed && *object < fs->nfiles && size >= -1 &&
                fs->files[*object].path && !strcmp(fs->files[*object].path, path);
    free(path);
    if (!ours) return rt_place_bad(s);
    rt_file *f = &fs->files[*object];
    if (size >= 0) {
        RT_TRY(open_again(s, f, size));
        if (!rt_mark_check(r, f->fd, RT_MIN(size, RT_MARK_BYTES)))
            return r->bad ? rt_place_bad(s) : rt_place_other(s, f->path);
    }
    bool has = rt_unwire_u8(r) == 1;
    const uint8_t *header = rt_unwire_bytes(r, &len);
    if (has) rt_live_set_header(&packed_of(s)->live, *object, header, len);
    return r->bad ? rt_place_bad(s) : RT_ok;
}

static rt_status replan_item(rt_source *s, const rt_units_item *item, int64_t object,
                             rt_input *in) {
    rt_files *fs = s->impl;
    const rt_file *f = &fs->files[object];
    const rt_unpacker *ops;
    if (item->block) {
        RT_TRY(rt_unpack_choose(s, f->path, &ops));
        if (!ops) return rt_place_bad(s);
        return rt_packed_again(packed_of(s), item, object, f->path, ops, in);
    }
    if (f->fd < 0 || item->to > f->size || !rt_units_cut(in, item, object))
        return rt_place_bad(s);
    in->bytes += item->to - item->from;
    return RT_ok;
}

rt_status rt_files_replan(rt_source *s, int64_t batch, rt_unwire *r, rt_input *in) {
    rt_files *fs = s->impl;
    rt_units_item item;
    (void)batch;
    if ((rt_unwire_u8(r) == 1) != s->refreshes) return rt_place_bad(s);
    /* The list of a look is new to us, or the one that we have. */
    if (s->refreshes) {
        rt_unwire list = *r;
        int64_t first = RT_MAX(rt_unwire_i64(&list), 0);
        while (fs->nfiles > first) {
            rt_file_close(&fs->files[--fs->nfiles]);
            free((char *)fs->files[fs->nfiles].path);
        }
        RT_TRY(read_list(s, r));
        fs->again = false;
    }
    int64_t n = rt_unwire_count(r, 33);
    int64_t *objects = rt_alloc((size_t)(n + 1) * sizeof *objects);
    rt_status status = RT_ok;
    for (int64_t i = 0; status == RT_ok && i < n; i++)
        status = read_planned(s, r, &objects[i]);
    int64_t items = rt_units_count(r);
    for (int64_t i = 0; status == RT_ok && i < items; i++) {
        if (!rt_units_read(r, &item) || item.object >= n) status = rt_place_bad(s);
        else status = replan_item(s, &item, objects[item.object], in);
    }
    free(objects);
    RT_TRY(status);
    RT_TRY(read_place(s, r));
    fs->busy = true;
    return rt_unwire_done(r) ? RT_ok : rt_place_bad(s);
}

/* ---- for people ------------------------------------------------------------------------- */

/* The list of a look at a file that is refreshed: only its length is told. */
static bool list_text(rt_unwire *r, rt_wire *out) {
    char *before = NULL;
    rt_unwire_i64(r);
    int64_t n = rt_unwire_count(r, 45);
    for (int64_t i = 0; i < n; i++) {
        char *path = read_name(r, before ? before : "");
        free(before);
        before = path;
        if (!path) return false;
        read_stat(r);
    }
    free(before);
    rt_wire_print(out, "a look at %" PRId64 " file%s, ", n, n == 1 ? "" : "s");
    return !r->bad;
}

static bool skip_mark(rt_unwire *r) {
    for (int i = 0; i < 3; i++) rt_unwire_u32(r);
    return !r->bad;
}

static char *planned_name(rt_unwire *r) {
    int64_t len;
    rt_unwire_i64(r);
    char *path = rt_place_read_text(r);
    if (rt_unwire_i64(r) >= 0) skip_mark(r);
    rt_unwire_u8(r);
    rt_unwire_bytes(r, &len);
    return path;
}

static bool place_text(rt_unwire *r, rt_wire *out) {
    rt_packed_place place;
    int64_t current = rt_unwire_i64(r), at = rt_unwire_i64(r);
    if (rt_unwire_i64(r) >= 0) skip_mark(r);
    if (!rt_packed_read_place(r, &place)) return false;
    if (place.begun) skip_mark(r);
    rt_wire_print(out, "; then file %" PRId64 " at byte %" PRId64, current,
                  place.begun ? place.feed.at : at);
    return rt_unwire_done(r);
}

bool rt_files_plan_text(const rt_source *s, int64_t batch, rt_unwire *r, rt_wire *out) {
    (void)s, (void)batch;
    if (rt_unwire_u8(r) == 1 && !list_text(r, out)) return false;
    int64_t n = rt_unwire_count(r, 33);
    char **names = rt_alloc((size_t)(n + 1) * sizeof *names);
    bool good = true;
    for (int64_t i = 0; good && i < n; i++) good = (names[i] = planned_name(r)) != NULL;
    good = good && rt_units_text(r, "bytes", names, n, out) && place_text(r, out);
    for (int64_t i = 0; i < n; i++) free(names[i]);
    free(names);
    return good;
}
