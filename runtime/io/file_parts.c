/* file_parts.c - the sink `file("name/")`: a directory of parts.
 *
 * Each batch leaves at most one part for each partition, `<sink>-<batch>-0000.<ext>`,
 * written under a hidden name in the same folder, synced, and renamed without replacing
 * anything.  Folders that are not there are made with the first batch.
 *
 * Without a checkpoint the parts of an earlier run of this sink are removed at the first
 * batch; anything else in the directory is refused, before any input is read.
 *
 * With a checkpoint COMMIT lists the batch's parts with length and checksum.  Publication
 * looks for each under its final name first: if it is there and fits it has been published,
 * if it does not fit it is not ours and nothing is done; else the hidden file must be there
 * and fit.  A new job refuses a folder with parts of this sink, because names would meet.
 * Hidden names carry the job's id: what other jobs leave in the folder is not touched, but
 * for the one whose place this job took (`--fresh`): nobody else knows of its files.
 *
 * Data chooses no path outside: partition values arrive percent-encoded, a segment that is
 * no `col=value` is refused, and the system is asked to follow no link below the root.
 * What is not published yet can be read by its owner alone. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"
#include "runtime/io/file_out.h"
#include "runtime/io/file_parts.h"
#include "runtime/io/sinks.h"

static void parts_dirs(rt_sink *s, rt_dirs *set) {
    rt_parts *f = s->impl;
    rt_dirs_move(set, &f->dirs);
}

/* ---- records ---------------------------------------------------------------------------- */

static void parts_record(rt_sink *s, rt_wire *w) {
    rt_parts *f = s->impl;
    const rt_batch_parts *b = &f->prepared;
    f->recorded = true;
    rt_wire_text(w, f->path);
    rt_wire_text(w, b->name);
    rt_wire_text(w, b->ext);
    rt_wire_u32(w, b->epoch);
    rt_wire_i64(w, b->n);
    for (int64_t i = 0; i < b->n; i++) {
        rt_wire_text(w, b->items[i].dir);
        rt_wire_i64(w, b->items[i].length);
        rt_wire_u32(w, b->items[i].crc);
    }
}

/* False where the text does not fit. */
static bool read_text(rt_unwire *r, char *out, size_t room) {
    int64_t n;
    const uint8_t *p = rt_unwire_bytes(r, &n);
    if (n >= (int64_t)room || memchr(p, 0, (size_t)n)) return false;
    memcpy(out, p, (size_t)n);
    out[n] = 0;
    return true;
}

static bool is_ext(const char *ext) {
    return strspn(ext, "abcdefghijklmnopqrstuvwxyz0123456789.") == strlen(ext);
}

static bool read_parts(rt_unwire *r, rt_batch_parts *b) {
    int64_t n = rt_unwire_count(r, 20);
    char dir[RT_OUT_PATH];
    for (int64_t i = 0; i < n; i++) {
        if (!read_text(r, dir, sizeof dir) || !rt_part_safe_path(dir)) return false;
        rt_part *p = rt_parts_add(b, dir);
        p->length = rt_unwire_i64(r);
        p->crc = rt_unwire_u32(r);
        if (p->length < 0) return false;
    }
    return rt_unwire_done(r);
}

/* `path` has RT_OUT_PATH.  Ends in clear, whatever it returns. */
static bool read_all(rt_unwire *r, int64_t batch, char *path, rt_batch_parts *b) {
    *b = (rt_batch_parts){.batch = batch};
    *path = 0;
    bool good = read_text(r, path, RT_OUT_PATH) && read_text(r, b->name, sizeof b->name) &&
                read_text(r, b->ext, sizeof b->ext);
    b->epoch = rt_unwire_u32(r);
    return good && rt_sink_is_file_name(b->name) && is_ext(b->ext) && read_parts(r, b);
}

static bool parts_record_text(int64_t batch, rt_unwire *r, rt_wire *out) {
    char path[RT_OUT_PATH], name[RT_PART_NAME];
    rt_batch_parts b;
    bool good = read_all(r, batch, path, &b);
    rt_part_final_name(&b, name);
    rt_wire_print(out, "%.400s/: %s", path, b.n ? "" : "nothing");
    for (int64_t i = 0; good && i < b.n; i++) {
        const rt_part *p = &b.items[i];
        rt_wire_print(out, "%s%.300s%s%s", i ? ", " : "", p->dir, *p->dir ? "/" : "", name);
        rt_wire_print(out, " of %" PRId64 " bytes, crc %08" PRIx32, p->length, p->crc);
    }
    rt_parts_clear(&b);
    return good;
}

/* `elsewhere`: it was for another directory.  Ends in clear. */
static rt_status read_record(const rt_parts *f, const rt_committed *c, rt_batch_parts *b,
                             bool *elsewhere) {
    rt_unwire r = rt_unwire_of(c->p, c->len);
    char path[RT_OUT_PATH];
    bool good = read_all(&r, c->batch, path, b);
    *elsewhere = strcmp(path, f->path) != 0;
    if (good && (!*elsewhere || c->done || !b->n)) return RT_ok;
    rt_parts_clear(b);
    if (!good)
        return (rt_status)rt_fail(RT_refused,
                                  "%s: the COMMIT of batch %" PRId64 " cannot be read", f->path,
                                  c->batch);
    return (rt_status)rt_fail(RT_refused,
                              "batch %" PRId64 " is committed for %s and not yet there, but "
                              "this program writes %s: let the old program end, or begin anew "
                              "with --fresh",
                              c->batch, path, f->path);
}

/* ---- publishing -------------------------------------------------------------------------- */

typedef enum found { FOUND_NONE, FOUND_FITS, FOUND_OTHER } found;

/* Is there a file of that name, and is it the part? */
static rt_status find_file(const rt_os_dir *d, const char *name, const rt_part *p, found *what) {
    struct stat st;
    uint32_t crc = 0;
    int fd = rt_os_dir_read(d, name);
    *what = fd < 0 && errno == ENOENT ? FOUND_NONE : FOUND_OTHER;
    if (fd < 0)
        return errno == ENOENT || errno == ELOOP ? RT_ok : rt_part_cannot(RT_io, "open", d, name);
    rt_status status = RT_ok;
    if (rt_os_fstat(fd, &st) < 0) status = rt_part_cannot(RT_io, "look at", d, name);
    else if (S_ISREG(st.st_mode) && st.st_size == p->length) {
        if (rt_sink_crc(fd, 0, p->length, &crc) < 0) status = rt_part_cannot(RT_io, "read", d, name);
        else if (crc == p->crc) *what = FOUND_FITS;
    }
    rt_os_close(fd);
    return status;
}

/* What is published may be read by those whom the umask lets. */
static rt_status set_mode(const rt_parts *f, const rt_os_dir *d, const char *name, rt_part *p) {
    int fd = p->fd >= 0 ? p->fd : rt_os_dir_read(d, name);
    if (fd < 0) return rt_part_cannot(rt_sink_error(errno), "open", d, name);
    rt_status status = RT_ok;
    if (rt_os_chmod(fd, f->mode) < 0) status = rt_part_cannot(RT_io, "change the mode of", d, name);
    if (fd != p->fd) rt_os_close(fd);
    return status;
}

static rt_status neither(const rt_os_dir *d, const char *name, found what) {
    return (rt_status)rt_fail(RT_refused,
                              "%s/%s %s, but its batch is committed: restore it, or begin anew "
                              "with --fresh and another directory",
                              d->path, name,
                              what == FOUND_NONE ? "is not there, nor what it is made from"
                                                 : "cannot be made: its hidden file is damaged");
}

static rt_status foreign(const rt_os_dir *d, const char *name) {
    return (rt_status)rt_fail(RT_refused,
                              "%s/%s is not what the checkpoint says was written there: "
                              "restore it, or begin anew with --fresh and another directory",
                              d->path, name);
}

/* Where a part of a COMMIT is. */
typedef enum place { PLACE_FINAL, PLACE_HIDDEN } place;

/* In a run what was prepared is known to be there. */
static rt_status find_part(const rt_parts *f, const rt_batch_parts *b, const rt_part *p,
                           const rt_os_dir *d, const rt_os_dir *hidden, place *at) {
    char name[RT_PART_NAME], final[RT_PART_NAME];
    found what;
    rt_part_final_name(b, final);
    RT_TRY(find_file(d, final, p, &what));
    *at = what == FOUND_FITS ? PLACE_FINAL : PLACE_HIDDEN;
    if (what == FOUND_FITS) return RT_ok;
    if (what == FOUND_OTHER && f->ckpt) return foreign(d, final);
    if (b->own) return RT_ok;
    rt_part_hidden_name(f, b, name);
    RT_TRY(find_file(hidden, name, p, &what));
    return what == FOUND_FITS ? RT_ok : neither(d, final, what);
}

static rt_status publish_found(rt_parts *f, const rt_batch_parts *b, rt_part *p, const rt_os_dir *d,
                               const rt_os_dir *hidden) {
    char name[RT_PART_NAME], final[RT_PART_NAME];
    place at;
    RT_TRY(find_part(f, b, p, d, hidden, &at));
    rt_part_hidden_name(f, b, name);
    rt_part_final_name(b, final);
    if (at == PLACE_HIDDEN) {
        RT_TRY(set_mode(f, hidden, name, p));
        if (rt_os_dir_rename_new(hidden, name, d, final) < 0)
            return rt_part_cannot(errno == EEXIST ? RT_refused : rt_sink_error(errno), "rename to",
                             d, final);
        RT_CRASH(C11, b->batch);
    } else {
        /* A batch that was made again, its part being there: harmless if this fails. */
        rt_os_dir_unlink(hidden, name);
    }
    rt_out_use_folder(d->path, &f->dirs, &f->known);
    return RT_ok;
}

static rt_status publish_part(rt_parts *f, const rt_batch_parts *b, rt_part *p) {
    rt_os_dir d, hidden;
    if (rt_os_dir_open(&d, f->path, p->dir) < 0)
        return errno == ENOENT ? neither(&d, "", FOUND_NONE) : rt_part_leads_out(&d);
    rt_status status = rt_part_open_hidden(f, p->dir, &hidden);
    if (status == RT_ok) {
        status = publish_found(f, b, p, &d, &hidden);
        rt_os_dir_close(&hidden);
    }
    rt_os_dir_close(&d);
    return status;
}

static rt_status publish_all(rt_parts *f, rt_batch_parts *b) {
    for (int64_t i = 0; i < b->n; i++) RT_TRY(publish_part(f, b, &b->items[i]));
    return RT_ok;
}

/* In a run what was prepared stands for what the record says: it holds the open files. */
static rt_status parts_publish_record(rt_sink *s, const rt_committed *c) {
    rt_parts *f = s->impl;
    rt_batch_parts b;
    bool elsewhere;
    if (f->prepared.batch == c->batch) {
        RT_TRY(publish_all(f, &f->prepared));
        rt_parts_drop(f, false);
        return RT_ok;
    }
    RT_TRY(read_record(f, c, &b, &elsewhere));
    rt_status status = elsewhere ? RT_ok : publish_all(f, &b);
    rt_parts_clear(&b);
    return status;
}

static void parts_forget(rt_sink *s, const rt_committed *c) { (void)s, (void)c; }

/* Without a checkpoint. */
static rt_status parts_publish(rt_sink *s, rt_output *out) {
    rt_parts *f = s->impl;
    (void)out;
    RT_TRY(rt_parts_end_open(f));
    if (!f->begun) RT_TRY(rt_parts_remove_old(f));
    f->begun = true;
    RT_TRY(publish_all(f, &f->prepared));
    RT_TRY(rt_dirs_sync(&f->dirs));
    rt_parts_clear(&f->prepared);
    return RT_ok;
}

/* ---- starts and ends --------------------------------------------------------------------- */

rt_status rt_file_parts_open(rt_sink *s, const char *path, const rt_packer *packer) {
    rt_parts *f = s->impl = rt_alloc(sizeof *f);
    f->packer = packer;
    f->ckpt = s->env->ckpt;
    f->header = s->decl->header;
    f->prepared.batch = -1;
    f->recorded = true;
    snprintf(f->path, sizeof f->path, "%s", path);
    rt_sink_file_name(s, f->name, sizeof f->name);
    mode_t mask = umask(022);
    umask(mask);
    f->mode = (int)(0666 & ~mask);
    if (f->ckpt) return rt_out_can_make(f->path);
    return rt_parts_refuse(f, false);
}

/* Whether what the last COMMIT names is there. */
static rt_status check_batch(rt_parts *f, const rt_batch_parts *b) {
    for (int64_t i = 0; i < b->n; i++) {
        rt_os_dir d, hidden;
        place at;
        if (rt_os_dir_open(&d, f->path, b->items[i].dir) < 0)
            return errno == ENOENT ? neither(&d, "", FOUND_NONE) : rt_part_leads_out(&d);
        rt_status status = rt_part_open_hidden(f, b->items[i].dir, &hidden);
        if (status == RT_ok) {
            status = find_part(f, b, &b->items[i], &d, &hidden, &at);
            rt_os_dir_close(&hidden);
        }
        rt_os_dir_close(&d);
        RT_TRY(status);
    }
    return RT_ok;
}

static rt_status parts_resume(rt_sink *s, const rt_committed *last, int64_t *ahead) {
    rt_parts *f = s->impl;
    int64_t newest = -1;
    rt_batch_parts b;
    bool elsewhere;
    if (!last) {
        if (*f->ckpt->before8) rt_parts_remove_hidden(f, f->ckpt->before8);
        return rt_parts_refuse(f, true);
    }
    RT_TRY(read_record(f, last, &b, &elsewhere));
    rt_status status = RT_ok;
    if (elsewhere) {
        status = rt_parts_refuse(f, true);
    } else {
        status = check_batch(f, &b);
        if (status == RT_ok) status = rt_parts_newest(f, &newest);
        if (status == RT_ok && newest > last->batch) *ahead = newest;
    }
    rt_parts_clear(&b);
    return status;
}

static void parts_sweep(rt_sink *s) {
    rt_parts *f = s->impl;
    rt_parts_remove_hidden(f, f->ckpt->job8);
}

static rt_status parts_finish(rt_sink *s, bool failed) {
    (void)s, (void)failed;
    return RT_ok;
}

static void parts_close(rt_sink *s) {
    rt_parts *f = s->impl;
    if (!f) return;
    rt_parts_drop(f, !f->ckpt || !f->recorded);
    rt_dirs_free(&f->dirs);
    rt_dirs_free(&f->known);
    free(f);
    s->impl = NULL;
}

const rt_sink_ops rt_file_parts = {
    .name = "file",
    .prepare = rt_parts_prepare,
    .publish = parts_publish,
    .sync = rt_parts_sync,
    .dirs = parts_dirs,
    .record = parts_record,
    .record_text = parts_record_text,
    .publish_record = parts_publish_record,
    .forget = parts_forget,
    .resume = parts_resume,
    .sweep = parts_sweep,
    .finish = parts_finish,
    .close = parts_close,
};
