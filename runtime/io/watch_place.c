/* watch_place.c - see watch_place.h.
 *
 * Files are found again by device, inode and birth, and those that are not by name and by
 * what stands in them: a folder that was copied or restored goes on.  A plan names the files
 * that its batch read; those it cannot do without. */
#include "runtime/io/watch_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/io/place.h"

static const char *name_of(const rt_watched *f) {
    const char *slash = strrchr(f->path, '/');
    return slash ? slash + 1 : f->path;
}

/* ---- marks: of the first bytes, since a batch must not wait for more ---- */

/* Made anew only while the file is shorter than a mark. */
static void mark(rt_watched *f, int64_t taken) {
    int64_t n = RT_MIN(taken, RT_MARK_BYTES);
    if (f->marked == n) return;
    int fd = f->file.fd >= 0 ? f->file.fd : rt_os_open(f->path, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0) return;
    rt_wire w = {0};
    rt_mark_write(&w, fd, n);
    memcpy(f->mark, w.p, sizeof f->mark);
    f->marked = n;
    rt_wire_free(&w);
    if (fd != f->file.fd) rt_os_close(fd);
}

static bool fits(const rt_watched *f, const char *path, int64_t size) {
    errno = 0;
    if (size < f->seen) return false;
    int fd = rt_os_open(path, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0) return false;
    rt_unwire r = rt_unwire_of(f->mark, sizeof f->mark);
    bool ok = rt_mark_check(&r, fd, f->marked);
    rt_os_close(fd);
    return ok;
}

/* ---- files ----------------------------------------------------------------------------- */

/* Up to where batches have taken a file: what is queued was not.  *cut: a batch was closed
 * there, wherever that was. */
static int64_t taken_of(const rt_watch *w, const rt_watched *f, bool *cut) {
    for (int64_t i = 0; f->pending && i < w->nqueue; i++) {
        if (w->queue[i].object != f->number) continue;
        *cut = w->queue[i].cut;
        return w->queue[i].from;
    }
    *cut = f->cut;
    return f->seen;
}

static void write_file(const rt_source *s, rt_watched *f, rt_wire *w) {
    bool cut;
    int64_t taken = taken_of(s->impl, f, &cut);
    mark(f, taken);
    rt_wire_u8(w, cut);
    rt_wire_u8(w, cut && s->quotes.object == f->number && s->quotes.odd);
    rt_wire_text(w, name_of(f));
    rt_wire_u64(w, f->id.device);
    rt_wire_u64(w, f->id.inode);
    rt_wire_i64(w, f->id.birth);
    rt_wire_i64(w, taken);
    rt_wire_u32(w, (uint32_t)f->marked);
    rt_wire_raw(w, f->mark, sizeof f->mark);
}

#define FILE_BYTES (2 + 8 + 8 + 8 + 8 + 8 + 4 + 12)

typedef struct taken {
    int64_t at;
    bool cut, odd;
} taken;

/* A file has been taken so far, and nothing of it is queued. */
static void stand_at(rt_watched *f, taken t) {
    f->seen = t.at;
    f->cut = t.cut;
}

/* The known file that is meant, or a new one; null: it makes no sense. */
static rt_watched *read_file(rt_watch *w, rt_unwire *r, taken *t) {
    t->cut = rt_unwire_u8(r) == 1;
    t->odd = rt_unwire_u8(r) == 1;
    char *name = rt_place_read_text(r);
    rt_identity id = {rt_unwire_u64(r), 0, 0};
    id.inode = rt_unwire_u64(r);
    id.birth = rt_unwire_i64(r);
    t->at = rt_unwire_i64(r);
    int64_t marked = rt_unwire_u32(r);
    uint8_t bytes[sizeof(((rt_watched *)0)->mark)];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = rt_unwire_u8(r);
    if (r->bad || t->at < 0 || marked > RT_MARK_BYTES || !*name || strchr(name, '/')) {
        free(name);
        return NULL;
    }
    rt_watched *f = rt_watch_known(w, id);
    for (int64_t i = 0; !f && i < w->nfiles; i++)
        if (!w->files[i]->gone && w->files[i]->saved.inode == id.inode &&
            w->files[i]->saved.device == id.device && w->files[i]->saved.birth == id.birth)
            f = w->files[i];
    if (!f) {
        char *path = rt_alloc(strlen(w->dir) + strlen(name) + 2);
        strcat(strcat(strcpy(path, w->dir), "/"), name);
        f = rt_watch_add(w, id);
        f->saved = id;
        rt_watch_name(f, path);
        free(path);
    }
    memcpy(f->mark, bytes, sizeof bytes);
    f->marked = marked;
    free(name);
    return f;
}

/* ---- finding them again ----------------------------------------------------------------- */

/* `adopt`: names whose file is not known; else files by their identity. */
static void find(rt_watch *w, bool adopt) {
    char path[4096];
    struct dirent **names;
    int n = rt_os_scan(w->dir, &names);
    for (int k = 0; k < n; k++) {
        const char *name = names[k]->d_name;
        rt_identity id;
        int64_t size;
        if (!rt_watch_identify(w, name, path, sizeof path, &id, &size)) continue;
        rt_watched *f = rt_watch_known(w, id);
        if (f && !adopt) {
            rt_watch_name(f, path);
            f->size = size;
            f->present = true;
        }
        for (int64_t i = 0; !f && adopt && i < w->nfiles; i++) {
            rt_watched *g = w->files[i];
            if (g->present || g->gone || strcmp(name_of(g), name)) continue;
            if (!fits(g, path, size)) continue;
            g->id = id;
            g->size = size;
            g->present = true;
            break;
        }
    }
    for (int k = 0; k < n; k++) free(names[k]);
    if (n >= 0) free(names);
}

static void find_all(rt_watch *w) {
    for (int64_t i = 0; i < w->nfiles; i++) w->files[i]->present = false;
    find(w, false);
    find(w, true);
}

/* ---- the position ----------------------------------------------------------------------- */

void rt_watch_save(rt_source *s, rt_wire *w) {
    rt_watch *self = s->impl;
    int64_t n = 0;
    for (int64_t i = 0; i < self->nfiles; i++) n += !self->files[i]->gone;
    rt_place_write_arg(w, s);
    rt_wire_i64(w, n);
    for (int64_t i = 0; i < self->nfiles; i++)
        if (!self->files[i]->gone)
            write_file(s, self->files[i], w);
}

rt_status rt_watch_load(rt_source *s, rt_unwire *r) {
    rt_watch *w = s->impl;
    RT_TRY(rt_place_read_arg(r, s));
    int64_t n = rt_unwire_count(r, FILE_BYTES);
    taken t;
    for (int64_t i = 0; i < n; i++) {
        rt_watched *f = read_file(w, r, &t);
        if (!f) return rt_place_bad(s);
        stand_at(f, t);
        if (t.cut) s->quotes = (rt_quotes){f->number, t.odd};
    }
    if (!rt_unwire_done(r)) return rt_place_bad(s);
    find_all(w);
    return RT_ok;
}

/* ---- plans ------------------------------------------------------------------------------ */

rt_status rt_watch_plan(rt_source *s, int64_t batch, const rt_input *in, rt_wire *w) {
    rt_watch *self = s->impl;
    int64_t *number = rt_alloc((size_t)(self->nfiles + 1) * sizeof *number), n = 0;
    (void)batch;
    for (int64_t i = 0; i < self->nfiles; i++) number[i] = -1;
    for (int64_t i = 0; i < in->nunits; i++)
        if (number[in->units[i].object] < 0) number[in->units[i].object] = n++;
    rt_wire_i64(w, n);
    for (int64_t i = 0, k = 0; i < in->nunits; i++) {
        if (number[in->units[i].object] < k) continue;
        rt_watched *f = self->files[in->units[i].object];
        write_file(s, f, w);
        rt_wire_i64(w, f->file.size);
        k++;
    }
    rt_units_write(w, in, s->env->block_bytes, 0, number);
    free(number);
    return RT_ok;
}

/* Has the file open as it was: nothing behind `limit` is there. */
static rt_status open_again(rt_source *s, rt_watched *f, int64_t limit) {
    if (!f->present) return rt_place_gone(s, f->path);
    if (f->size < limit) return rt_place_short(s, f->path, limit, f->size);
    if (!fits(f, f->path, f->size)) return rt_place_other(s, f->path);
    if (rt_watch_open(f, s->decl) != RT_ok)
        return (rt_status)rt_fail(RT_io, "cannot read %s: %s", f->path, strerror(errno));
    f->file.size = limit;
    return RT_ok;
}

static rt_status read_planned(rt_source *s, rt_unwire *r, int64_t n, rt_watched **files,
                              taken *at) {
    rt_watch *w = s->impl;
    for (int64_t i = 0; i < n; i++) {
        files[i] = read_file(w, r, &at[i]);
        if (!files[i]) return rt_place_bad(s);
        files[i]->limit = rt_unwire_i64(r);
    }
    find_all(w);
    for (int64_t i = 0; i < n; i++) RT_TRY(open_again(s, files[i], files[i]->limit));
    return RT_ok;
}

static rt_status replan_items(rt_source *s, rt_unwire *r, int64_t n, rt_watched **files,
                              rt_input *in) {
    rt_units_item item;
    for (int64_t k = rt_units_count(r); k > 0; k--) {
        if (!rt_units_read(r, &item) || item.block || item.object >= n ||
            item.to > files[item.object]->limit ||
            !rt_units_cut(in, &item, files[item.object]->number))
            return rt_place_bad(s);
        in->bytes += item.to - item.from;
    }
    return rt_unwire_done(r) ? RT_ok : rt_place_bad(s);
}

rt_status rt_watch_replan(rt_source *s, int64_t batch, rt_unwire *r, rt_input *in) {
    int64_t n = rt_unwire_count(r, FILE_BYTES + 8);
    rt_watched **files = rt_alloc((size_t)(n + 1) * sizeof(rt_watched *));
    taken *at = rt_alloc((size_t)(n + 1) * sizeof *at);
    (void)batch;
    rt_status status = read_planned(s, r, n, files, at);
    if (status == RT_ok) status = replan_items(s, r, n, files, in);
    for (int64_t i = 0; status == RT_ok && i < n; i++) stand_at(files[i], at[i]);
    free(files);
    free(at);
    return status;
}

/* ---- for people -------------------------------------------------------------------------- */

/* The name of a file, which is passed over; null: it makes no sense. */
static char *file_name_of(rt_unwire *r) {
    rt_unwire_u8(r);
    rt_unwire_u8(r);
    char *name = rt_place_read_text(r);
    for (int i = 0; i < 4; i++) rt_unwire_i64(r);
    rt_unwire_u32(r);
    for (size_t i = 0; i < sizeof(((rt_watched *)0)->mark); i++) rt_unwire_u8(r);
    return name;
}

bool rt_watch_plan_text(const rt_source *s, int64_t batch, rt_unwire *r, rt_wire *out) {
    int64_t n = rt_unwire_count(r, FILE_BYTES + 8);
    char **names = rt_alloc((size_t)(n + 1) * sizeof *names);
    bool good = true;
    (void)s, (void)batch;
    for (int64_t i = 0; good && i < n; i++) {
        good = (names[i] = file_name_of(r)) != NULL;
        rt_unwire_i64(r);
    }
    good = good && rt_units_text(r, "bytes", names, n, out) && rt_unwire_done(r);
    for (int64_t i = 0; i < n; i++) free(names[i]);
    free(names);
    return good;
}
