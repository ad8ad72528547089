/* part_write.c - writes the parts of a batch under hidden names; see file_parts.h.
 *
 * A few stay open until they are synced all together, and published; where a batch has
 * more they are synced one by one, so that descriptors never run out. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/crc32c.h"
#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"
#include "runtime/io/file_parts.h"
#include "runtime/io/pack.h"
#include "runtime/io/sinks.h"

#define OPEN_MAX 32

rt_status rt_part_cannot(rt_status status, const char *what, const rt_os_dir *d,
                           const char *name) {
    return (rt_status)rt_fail(status, "cannot %s %s/%s: %s", what, d->path, name,
                              strerror(errno));
}

/* ---- folders ---------------------------------------------------------------------------- */

rt_status rt_part_leads_out(const rt_os_dir *d) {
    if (errno != EXDEV && errno != ELOOP && errno != ENOTDIR)
        return rt_out_cannot(rt_sink_error(errno), "open", d->path);
    return (rt_status)rt_fail(RT_refused, "%s leads out of the directory: %s", d->path,
                              strerror(errno));
}

/* Makes what is missing of `dir` below the root, one segment after the other. */
static rt_status make_beneath(rt_parts *f, const char *dir) {
    char above[RT_OUT_PATH] = "";
    for (const char *p = dir; *p;) {
        char name[256];
        rt_os_dir d;
        size_t n = strcspn(p, "/");
        snprintf(name, sizeof name, "%.*s", (int)n, p);
        if (rt_os_dir_open(&d, f->path, above) < 0) return rt_part_leads_out(&d);
        bool made = rt_os_dir_mkdir(&d, name, 0777) == 0;
        rt_status status = made || errno == EEXIST
                               ? RT_ok
                               : rt_part_cannot(rt_sink_error(errno), "make", &d, name);
        if (made) rt_dirs_add(&f->dirs, d.path);
        rt_os_dir_close(&d);
        RT_TRY(status);
        p += n + (p[n] == '/');
        snprintf(above, sizeof above, "%.*s", (int)(p - dir - (p[-1] == '/')), dir);
    }
    return RT_ok;
}

/* A folder that parts go to; ends in rt_os_dir_close. */
static rt_status open_folder(rt_parts *f, const char *dir, rt_os_dir *d) {
    if (rt_os_dir_open(d, f->path, dir) >= 0) return RT_ok;
    if (errno == ENOENT) {
        RT_TRY(rt_out_make_dirs(f->path, &f->dirs));
        RT_TRY(make_beneath(f, dir));
        if (rt_os_dir_open(d, f->path, dir) >= 0) return RT_ok;
    }
    return rt_part_leads_out(d);
}

/* Where hidden files stand: beside the final name, or a rename would move them between
 * folders, and a power loss could keep neither name. */
rt_status rt_part_open_hidden(rt_parts *f, const char *dir, rt_os_dir *d) {
    char above[RT_OUT_PATH];
    rt_status status = open_folder(f, dir, d);
    if (status != RT_ok || !RT_MUTANT(crossdir)) return status;
    rt_os_dir_close(d);
    rt_out_folder_of(f->path, above);
    return rt_os_dir_open(d, above, "") < 0 ? rt_out_cannot(RT_io, "open", above) : RT_ok;
}

/* ---- preparing --------------------------------------------------------------------------- */

static void remove_part(rt_parts *f, const rt_batch_parts *b, const rt_part *p) {
    rt_os_dir d;
    char name[RT_PART_NAME];
    rt_part_hidden_name(f, b, name);
    if (rt_os_dir_open(&d, f->path, p->dir) < 0) return;
    rt_os_dir_unlink(&d, name);
    rt_os_dir_close(&d);
}

void rt_parts_clear(rt_batch_parts *b) {
    for (int64_t i = 0; i < b->n; i++) {
        if (b->items[i].fd >= 0) rt_os_close(b->items[i].fd);
        free(b->items[i].dir);
    }
    free(b->items);
    *b = (rt_batch_parts){.batch = -1};
}

/* What no COMMIT can name goes, the rest is left to the next start. */
void rt_parts_drop(rt_parts *f, bool remove) {
    for (int64_t i = 0; remove && i < f->prepared.n; i++)
        remove_part(f, &f->prepared, &f->prepared.items[i]);
    rt_parts_clear(&f->prepared);
    f->nopen = 0;
}

rt_part *rt_parts_add(rt_batch_parts *b, const char *dir) {
    if (b->n == b->room) {
        b->room = 2 * b->room + 4;
        b->items = rt_realloc(b->items, (size_t)b->room * sizeof *b->items);
    }
    rt_part *p = &b->items[b->n++];
    *p = (rt_part){.fd = -1};
    p->dir = rt_alloc(strlen(dir) + 1);
    strcpy(p->dir, dir);
    return p;
}

/* A failed sync is final: the kernel may have dropped the pages. */
static rt_status sync_part(const rt_parts *f, const rt_part *p) {
    if (RT_MUTANT(nosync_stage) || rt_os_fdatasync(p->fd) == 0) return RT_ok;
    return (rt_status)rt_fail(RT_io, "cannot sync a part of %s/%s: %s", f->path, p->dir,
                              strerror(errno));
}

static rt_status end_part(rt_parts *f, rt_part *p) {
    rt_status status = sync_part(f, p);
    if (rt_os_close(p->fd) < 0 && status == RT_ok)
        status = rt_out_cannot(RT_io, "close a part of", f->path);
    p->fd = -1;
    f->nopen--;
    return status;
}

rt_status rt_parts_end_open(rt_parts *f) {
    for (int64_t i = 0; i < f->prepared.n; i++)
        if (f->prepared.items[i].fd >= 0) RT_TRY(end_part(f, &f->prepared.items[i]));
    return RT_ok;
}

static rt_status create(rt_parts *f, rt_part *p) {
    rt_os_dir d;
    char name[RT_PART_NAME];
    rt_part_hidden_name(f, &f->prepared, name);
    RT_TRY(rt_part_open_hidden(f, p->dir, &d));
    p->fd = rt_os_dir_create(&d, name);
    if (p->fd < 0 && errno == EEXIST && !f->ckpt) { /* of a run that was killed */
        if (rt_os_dir_unlink(&d, name) == 0) p->fd = rt_os_dir_create(&d, name);
    }
    rt_status status = RT_ok;
    if (p->fd < 0) status = rt_part_cannot(rt_sink_error(errno), "create", &d, name);
    else f->nopen++;
    rt_out_use_folder(d.path, &f->dirs, &f->known);
    rt_os_dir_close(&d);
    return status;
}

static rt_status write_part(rt_parts *f, rt_part *p, const void *bytes, int64_t n) {
    const uint8_t *from = bytes;
    p->crc = rt_crc32c(p->crc, bytes, n);
    p->length += n;
#ifdef FLOW_FAULTS
    bool failed = rt_os_write_all(p->fd, from, n / 2, NULL) < 0;
    RT_CRASH(C5_half, f->prepared.batch);
    from += n / 2;
    n -= n / 2;
    if (!failed)
#endif
        if (rt_os_write_all(p->fd, from, n, NULL) == 0) return RT_ok;
    return (rt_status)rt_fail(rt_sink_error(errno), "cannot write a part of %s/%s: %s", f->path,
                              p->dir, strerror(errno));
}

static rt_status begin_part(rt_parts *f, const char *dir, rt_part **out) {
    if (!rt_part_safe_path(dir))
        return (rt_status)rt_fail(RT_run, "%s: `%s` is no path of a partition", f->path, dir);
    if (f->nopen >= OPEN_MAX) RT_TRY(rt_parts_end_open(f));
    rt_part *p = *out = rt_parts_add(&f->prepared, dir);
    RT_TRY(create(f, p));
    return f->packer ? RT_ok : write_part(f, p, f->header, (int64_t)strlen(f->header));
}

/* Without the slash that a path ends in. */
static void set_dir(char *dir, size_t room, const char *path) {
    size_t n = path ? strlen(path) : 0;
    while (n && path[n - 1] == '/') n--;
    snprintf(dir, room, "%.*s", (int)n, path ? path : "");
}

/* Pieces of one path follow each other. */
static rt_status write_parts(rt_parts *f, rt_output *out) {
    rt_piece piece;
    rt_part *at = NULL;
    char dir[RT_OUT_PATH];
    for (;;) {
        RT_TRY(out->next(out, &piece));
        if (!piece.len) return RT_ok;
        set_dir(dir, sizeof dir, piece.path);
        if (!at || strcmp(at->dir, dir) != 0) RT_TRY(begin_part(f, dir, &at));
        RT_TRY(write_part(f, at, piece.p, piece.len));
    }
}

rt_status rt_parts_prepare(rt_sink *s, rt_output *out) {
    rt_parts *f = s->impl;
    rt_batch_parts *b = &f->prepared;
    rt_output packed = *out;
    rt_parts_drop(f, b->batch == out->batch || !f->recorded);
    f->recorded = false;
    *b = (rt_batch_parts){.batch = out->batch, .epoch = f->ckpt ? f->ckpt->epoch : 0, .own = true};
    strcpy(b->name, f->name);
    const char *pack = s->decl->pack;
    snprintf(b->ext, sizeof b->ext, "%s%s", s->decl->ext,
             !f->packer ? "" : !strcmp(pack, "gzip") ? ".gz" : ".zst");
    if (!f->packer) return write_parts(f, out);
    RT_TRY(rt_pack_open(&packed, out, f->packer, s->env->mem, f->header, false));
    rt_status status = write_parts(f, &packed);
    rt_pack_close(&packed);
    return status;
}

rt_status rt_parts_sync(rt_sink *s) {
    rt_parts *f = s->impl;
    for (int64_t i = 0; i < f->prepared.n; i++)
        if (f->prepared.items[i].fd >= 0) RT_TRY(sync_part(f, &f->prepared.items[i]));
    return RT_ok;
}
