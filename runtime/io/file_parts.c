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
 * Hidden names carry the job's id: what other jobs leave in the folder is not touched.
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

#include "runtime/base/crc32c.h"
#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/io/file_out.h"
#include "runtime/io/out_path.h"
#include "runtime/io/pack.h"
#include "runtime/io/sinks.h"

/* Parts that are held open until they are synced; more are synced as they are closed. */
#define OPEN_MAX 32
#define NAME_LEN 160

typedef struct part {
    char *dir; /* beneath the root, "" for the root itself */
    int64_t length;
    uint32_t crc;
    int fd;    /* -1: closed, and synced */
} part;

/* The parts of a batch. */
typedef struct batch_parts {
    int64_t batch;
    uint32_t epoch;
    char name[80]; /* of the sink */
    char ext[32];
    part *items;
    int64_t n, room;
    bool own;      /* written by this run: hidden files need no look */
} batch_parts;

typedef struct parts {
    char path[RT_OUT_PATH];
    char name[80];
    const rt_packer *packer;
    const rt_ckpt_env *ckpt;
    const char *header;
    int mode;         /* of published files */
    bool begun;       /* without a checkpoint: an earlier run's parts are gone */
    bool recorded;    /* COMMIT may name what is prepared */
    int64_t nopen;
    batch_parts prepared;
    rt_dirs dirs;     /* not synced yet */
} parts;

/* ---- names ------------------------------------------------------------------------------ */

static void hidden_name(const parts *f, const batch_parts *b, char *out) {
    if (f->ckpt)
        snprintf(out, NAME_LEN, ".flow-%s-%s-%010" PRId64 "-%" PRIu32 "-0000.tmp",
                 f->ckpt->job8, b->name, b->batch, b->epoch);
    else
        snprintf(out, NAME_LEN, ".flow-%s-%010" PRId64 "-0000.tmp", b->name, b->batch);
}

static void final_name(const batch_parts *b, char *out) {
    snprintf(out, NAME_LEN, "%s-%010" PRId64 "-0000.%s", b->name, b->batch, b->ext);
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

/* A hidden file: of this job with a checkpoint, of this sink without. */
static bool is_hidden(const parts *f, const char *name) {
    char prefix[96];
    int n = snprintf(prefix, sizeof prefix, ".flow-%s-", f->ckpt ? f->ckpt->job8 : f->name);
    size_t len = strlen(name);
    return !strncmp(name, prefix, (size_t)n) && len > 4 && !strcmp(name + len - 4, ".tmp");
}

/* Each segment is `col=value` and no way out; "" is the root itself. */
static bool safe_path(const char *path) {
    if (strlen(path) > RT_OUT_PATH / 2 - 256) return false;
    for (const char *p = path; *p;) {
        size_t n = strcspn(p, "/");
        if (n == 0 || n > 255 || !memchr(p, '=', n) || p[0] == '=' || p[0] == '.')
            return false;
        p += n + (p[n] == '/');
    }
    return true;
}

static rt_status cannot_in(rt_status status, const char *what, const rt_os_dir *d,
                           const char *name) {
    return (rt_status)rt_fail(status, "cannot %s %s/%s: %s", what, d->path, name,
                              strerror(errno));
}

/* ---- walking the directory ---------------------------------------------------------------- */

typedef struct walk {
    parts *f;
    rt_status (*file)(struct walk *w, const char *dir, const char *name, bool folder);
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

static rt_status walk_all(parts *f, walk *w) {
    w->f = f;
    w->newest = -1;
    return walk_dir(w, f->path, 0);
}

/* Refuses what no program like this one has left. */
static rt_status refuse_foreign(walk *w, const char *dir, const char *name, bool folder) {
    const parts *f = w->f;
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
    if (!folder && is_hidden(w->f, name) && rt_os_unlink(path) < 0)
        rt_log(RT_DEBUG, "cannot remove %s: %s", path, strerror(errno));
    return RT_ok;
}

/* What prepare has just written stays. */
static bool is_prepared(const parts *f, const char *dir, const char *name) {
    char own[NAME_LEN];
    hidden_name(f, &f->prepared, own);
    if (strcmp(own, name) != 0) return false;
    size_t root = strlen(f->path);
    const char *beneath = dir + root + (dir[root] == '/');
    for (int64_t i = 0; i < f->prepared.n; i++)
        if (!strcmp(f->prepared.items[i].dir, beneath)) return true;
    return false;
}

static rt_status remove_old(walk *w, const char *dir, const char *name, bool folder) {
    char path[RT_OUT_PATH + 300];
    const parts *f = w->f;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    if (folder || (!is_hidden(f, name) && batch_of(name, f->name) < 0)) return RT_ok;
    if (is_prepared(f, dir, name) || rt_os_unlink(path) == 0) return RT_ok;
    return rt_out_cannot(rt_sink_error(errno), "remove", path);
}

/* ---- folders ---------------------------------------------------------------------------- */

static rt_status leads_out(const rt_os_dir *d) {
    return (rt_status)rt_fail(RT_refused, "%s leads out of the directory: %s", d->path,
                              strerror(errno));
}

/* Makes what is missing of `dir` below the root, one segment after the other. */
static rt_status make_beneath(parts *f, const char *dir) {
    char above[RT_OUT_PATH] = "";
    for (const char *p = dir; *p;) {
        char name[256];
        rt_os_dir d;
        size_t n = strcspn(p, "/");
        snprintf(name, sizeof name, "%.*s", (int)n, p);
        if (rt_os_dir_open(&d, f->path, above) < 0) return leads_out(&d);
        bool made = rt_os_dir_mkdir(&d, name, 0777) == 0;
        rt_status status = made || errno == EEXIST
                               ? RT_ok
                               : cannot_in(rt_sink_error(errno), "make", &d, name);
        if (made) rt_dirs_add(&f->dirs, d.path);
        rt_os_dir_close(&d);
        RT_TRY(status);
        p += n + (p[n] == '/');
        snprintf(above, sizeof above, "%.*s", (int)(p - dir - (p[-1] == '/')), dir);
    }
    return RT_ok;
}

/* A folder that parts go to; ends in rt_os_dir_close. */
static rt_status open_folder(parts *f, const char *dir, rt_os_dir *d) {
    if (rt_os_dir_open(d, f->path, dir) >= 0) return RT_ok;
    if (errno == ENOENT) {
        RT_TRY(rt_out_make_dirs(f->path, &f->dirs));
        RT_TRY(make_beneath(f, dir));
        if (rt_os_dir_open(d, f->path, dir) >= 0) return RT_ok;
    }
    if (errno == EXDEV || errno == ELOOP || errno == ENOTDIR) return leads_out(d);
    return rt_out_cannot(rt_sink_error(errno), "open", d->path);
}

/* Where hidden files stand: beside the final name, or a rename would move them between
 * folders, and a power loss could keep neither name. */
static rt_status open_hidden(parts *f, const char *dir, rt_os_dir *d) {
    char above[RT_OUT_PATH];
    if (!RT_MUTANT(crossdir)) return open_folder(f, dir, d);
    rt_out_folder_of(f->path, above);
    return rt_os_dir_open(d, above, "") < 0 ? rt_out_cannot(RT_io, "open", above) : RT_ok;
}

/* ---- preparing --------------------------------------------------------------------------- */

static void remove_part(parts *f, const batch_parts *b, const part *p) {
    rt_os_dir d;
    char name[NAME_LEN];
    hidden_name(f, b, name);
    if (rt_os_dir_open(&d, f->path, p->dir) < 0) return;
    rt_os_dir_unlink(&d, name);
    rt_os_dir_close(&d);
}

static void clear(batch_parts *b) {
    for (int64_t i = 0; i < b->n; i++) {
        if (b->items[i].fd >= 0) rt_os_close(b->items[i].fd);
        free(b->items[i].dir);
    }
    free(b->items);
    *b = (batch_parts){.batch = -1};
}

/* What no COMMIT can name goes, the rest is left to the next start. */
static void drop_prepared(parts *f, bool remove) {
    for (int64_t i = 0; remove && i < f->prepared.n; i++)
        remove_part(f, &f->prepared, &f->prepared.items[i]);
    clear(&f->prepared);
    f->nopen = 0;
}

static part *add_item(batch_parts *b, const char *dir) {
    if (b->n == b->room) {
        b->room = 2 * b->room + 4;
        b->items = rt_realloc(b->items, (size_t)b->room * sizeof *b->items);
    }
    part *p = &b->items[b->n++];
    *p = (part){.fd = -1};
    p->dir = rt_alloc(strlen(dir) + 1);
    strcpy(p->dir, dir);
    return p;
}

/* A failed sync is final: the kernel may have dropped the pages. */
static rt_status sync_part(const parts *f, const part *p) {
    if (RT_MUTANT(nosync_stage) || rt_os_fdatasync(p->fd) == 0) return RT_ok;
    return (rt_status)rt_fail(RT_io, "cannot sync a part of %s/%s: %s", f->path, p->dir,
                              strerror(errno));
}

static rt_status end_part(parts *f, part *p) {
    rt_status status = sync_part(f, p);
    if (rt_os_close(p->fd) < 0 && status == RT_ok)
        status = rt_out_cannot(RT_io, "close a part of", f->path);
    p->fd = -1;
    f->nopen--;
    return status;
}

static rt_status end_open(parts *f) {
    for (int64_t i = 0; i < f->prepared.n; i++)
        if (f->prepared.items[i].fd >= 0) RT_TRY(end_part(f, &f->prepared.items[i]));
    return RT_ok;
}

static rt_status create(parts *f, part *p) {
    rt_os_dir d;
    char name[NAME_LEN];
    hidden_name(f, &f->prepared, name);
    RT_TRY(open_hidden(f, p->dir, &d));
    p->fd = rt_os_dir_create(&d, name);
    if (p->fd < 0 && errno == EEXIST && !f->ckpt) { /* of a run that was killed */
        rt_os_dir_unlink(&d, name);
        p->fd = rt_os_dir_create(&d, name);
    }
    rt_status status = RT_ok;
    if (p->fd < 0) status = cannot_in(rt_sink_error(errno), "create", &d, name);
    else f->nopen++;
    rt_dirs_add(&f->dirs, d.path);
    rt_os_dir_close(&d);
    return status;
}

static rt_status write_part(parts *f, part *p, const void *bytes, int64_t n) {
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

static rt_status begin_part(parts *f, const char *dir, part **out) {
    if (!safe_path(dir))
        return (rt_status)rt_fail(RT_run, "%s: `%s` is no path of a partition", f->path, dir);
    if (f->nopen >= OPEN_MAX) RT_TRY(end_open(f));
    part *p = *out = add_item(&f->prepared, dir);
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
static rt_status write_parts(parts *f, rt_output *out) {
    rt_piece piece;
    part *at = NULL;
    char dir[RT_OUT_PATH];
    for (;;) {
        RT_TRY(out->next(out, &piece));
        if (!piece.len) return RT_ok;
        set_dir(dir, sizeof dir, piece.path);
        if (!at || strcmp(at->dir, dir) != 0) RT_TRY(begin_part(f, dir, &at));
        RT_TRY(write_part(f, at, piece.p, piece.len));
    }
}

static rt_status parts_prepare(rt_sink *s, rt_output *out) {
    parts *f = s->impl;
    batch_parts *b = &f->prepared;
    rt_output packed = *out;
    drop_prepared(f, b->batch == out->batch || !f->recorded);
    f->recorded = false;
    *b = (batch_parts){.batch = out->batch, .epoch = f->ckpt ? f->ckpt->epoch : 0, .own = true};
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

static rt_status parts_sync(rt_sink *s) {
    parts *f = s->impl;
    for (int64_t i = 0; i < f->prepared.n; i++)
        if (f->prepared.items[i].fd >= 0) RT_TRY(sync_part(f, &f->prepared.items[i]));
    return RT_ok;
}

static void parts_dirs(rt_sink *s, rt_dirs *set) {
    parts *f = s->impl;
    rt_dirs_move(set, &f->dirs);
}

/* ---- records ---------------------------------------------------------------------------- */

static void parts_record(rt_sink *s, rt_wire *w) {
    parts *f = s->impl;
    const batch_parts *b = &f->prepared;
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

static bool read_parts(rt_unwire *r, batch_parts *b) {
    int64_t n = rt_unwire_count(r, 20);
    char dir[RT_OUT_PATH];
    for (int64_t i = 0; i < n; i++) {
        if (!read_text(r, dir, sizeof dir) || !safe_path(dir)) return false;
        part *p = add_item(b, dir);
        p->length = rt_unwire_i64(r);
        p->crc = rt_unwire_u32(r);
        if (p->length < 0) return false;
    }
    return rt_unwire_done(r);
}

/* `elsewhere`: it was for another directory.  Ends in clear. */
static rt_status read_record(const parts *f, const rt_committed *c, batch_parts *b,
                             bool *elsewhere) {
    rt_unwire r = rt_unwire_of(c->p, c->len);
    char path[RT_OUT_PATH] = "";
    *b = (batch_parts){.batch = c->batch};
    bool good = read_text(&r, path, sizeof path) && read_text(&r, b->name, sizeof b->name) &&
                read_text(&r, b->ext, sizeof b->ext);
    b->epoch = rt_unwire_u32(&r);
    good = good && rt_sink_is_file_name(b->name) && is_ext(b->ext) && read_parts(&r, b);
    *elsewhere = strcmp(path, f->path) != 0;
    if (good && (!*elsewhere || c->done || !b->n)) return RT_ok;
    clear(b);
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
static rt_status find_file(const rt_os_dir *d, const char *name, const part *p, found *what) {
    struct stat st;
    uint32_t crc = 0;
    int fd = rt_os_dir_read(d, name);
    *what = fd < 0 && errno == ENOENT ? FOUND_NONE : FOUND_OTHER;
    if (fd < 0)
        return errno == ENOENT || errno == ELOOP ? RT_ok : cannot_in(RT_io, "open", d, name);
    rt_status status = RT_ok;
    if (rt_os_fstat(fd, &st) < 0) status = cannot_in(RT_io, "look at", d, name);
    else if (S_ISREG(st.st_mode) && st.st_size == p->length) {
        if (rt_sink_crc(fd, 0, p->length, &crc) < 0) status = cannot_in(RT_io, "read", d, name);
        else if (crc == p->crc) *what = FOUND_FITS;
    }
    rt_os_close(fd);
    return status;
}

/* What is published may be read by those whom the umask lets. */
static rt_status set_mode(const parts *f, const rt_os_dir *d, const char *name, part *p) {
    int fd = p->fd >= 0 ? p->fd : rt_os_dir_read(d, name);
    if (fd < 0) return cannot_in(rt_sink_error(errno), "open", d, name);
    rt_status status = RT_ok;
    if (rt_os_chmod(fd, f->mode) < 0) status = cannot_in(RT_io, "change the mode of", d, name);
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
static rt_status find_part(const parts *f, const batch_parts *b, const part *p,
                           const rt_os_dir *d, const rt_os_dir *hidden, place *at) {
    char name[NAME_LEN], final[NAME_LEN];
    found what;
    final_name(b, final);
    RT_TRY(find_file(d, final, p, &what));
    *at = what == FOUND_FITS ? PLACE_FINAL : PLACE_HIDDEN;
    if (what == FOUND_FITS) return RT_ok;
    if (what == FOUND_OTHER && f->ckpt) return foreign(d, final);
    if (b->own) return RT_ok;
    hidden_name(f, b, name);
    RT_TRY(find_file(hidden, name, p, &what));
    return what == FOUND_FITS ? RT_ok : neither(d, final, what);
}

static rt_status publish_found(parts *f, const batch_parts *b, part *p, const rt_os_dir *d,
                               const rt_os_dir *hidden) {
    char name[NAME_LEN], final[NAME_LEN];
    place at;
    RT_TRY(find_part(f, b, p, d, hidden, &at));
    hidden_name(f, b, name);
    final_name(b, final);
    if (at == PLACE_HIDDEN) {
        RT_TRY(set_mode(f, hidden, name, p));
        if (rt_os_dir_rename_new(hidden, name, d, final) < 0)
            return cannot_in(errno == EEXIST ? RT_refused : rt_sink_error(errno), "rename to",
                             d, final);
        RT_CRASH(C11, b->batch);
    }
    rt_dirs_add(&f->dirs, d->path);
    return RT_ok;
}

static rt_status publish_part(parts *f, const batch_parts *b, part *p) {
    rt_os_dir d, hidden;
    if (rt_os_dir_open(&d, f->path, p->dir) < 0) {
        if (errno == ENOENT) return neither(&d, "", FOUND_NONE);
        return errno == EMFILE || errno == ENFILE ? rt_out_cannot(RT_again_io, "open", d.path)
                                                  : leads_out(&d);
    }
    rt_status status = open_hidden(f, p->dir, &hidden);
    if (status == RT_ok) {
        status = publish_found(f, b, p, &d, &hidden);
        rt_os_dir_close(&hidden);
    }
    rt_os_dir_close(&d);
    return status;
}

static rt_status publish_all(parts *f, batch_parts *b) {
    for (int64_t i = 0; i < b->n; i++) RT_TRY(publish_part(f, b, &b->items[i]));
    return RT_ok;
}

/* In a run what was prepared stands for what the record says: it holds the open files. */
static rt_status parts_publish_record(rt_sink *s, const rt_committed *c) {
    parts *f = s->impl;
    batch_parts b;
    bool elsewhere;
    if (f->prepared.batch == c->batch) {
        RT_TRY(publish_all(f, &f->prepared));
        drop_prepared(f, false);
        return RT_ok;
    }
    RT_TRY(read_record(f, c, &b, &elsewhere));
    rt_status status = elsewhere ? RT_ok : publish_all(f, &b);
    clear(&b);
    return status;
}

static void parts_forget(rt_sink *s, const rt_committed *c) { (void)s, (void)c; }

/* Without a checkpoint. */
static rt_status parts_publish(rt_sink *s, rt_output *out) {
    parts *f = s->impl;
    walk w = {.file = remove_old, .removes = true};
    (void)out;
    RT_TRY(end_open(f));
    if (!f->begun) RT_TRY(walk_all(f, &w));
    f->begun = true;
    RT_TRY(publish_all(f, &f->prepared));
    RT_TRY(rt_dirs_sync(&f->dirs));
    clear(&f->prepared);
    return RT_ok;
}

/* ---- starts and ends --------------------------------------------------------------------- */

rt_status rt_file_parts_open(rt_sink *s, const char *path, const rt_packer *packer) {
    parts *f = s->impl = rt_alloc(sizeof *f);
    walk w = {.file = refuse_foreign};
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
    return walk_all(f, &w);
}

/* Whether what the last COMMIT names is there. */
static rt_status check_batch(parts *f, const batch_parts *b) {
    for (int64_t i = 0; i < b->n; i++) {
        rt_os_dir d;
        place at;
        if (rt_os_dir_open(&d, f->path, b->items[i].dir) < 0)
            return errno == ENOENT ? neither(&d, "", FOUND_NONE) : leads_out(&d);
        rt_status status = find_part(f, b, &b->items[i], &d, &d, &at);
        rt_os_dir_close(&d);
        RT_TRY(status);
    }
    return RT_ok;
}

static rt_status parts_resume(rt_sink *s, const rt_committed *last, int64_t *ahead) {
    parts *f = s->impl;
    walk look = {.file = find_newest}, refuse = {.file = refuse_parts};
    batch_parts b;
    bool elsewhere;
    if (!last) return walk_all(f, &refuse);
    RT_TRY(read_record(f, last, &b, &elsewhere));
    rt_status status = RT_ok;
    if (elsewhere) {
        status = walk_all(f, &refuse);
    } else {
        status = check_batch(f, &b);
        if (status == RT_ok) status = walk_all(f, &look);
        if (status == RT_ok && look.newest > last->batch) *ahead = look.newest;
    }
    clear(&b);
    return status;
}

static void parts_sweep(rt_sink *s) {
    walk w = {.file = remove_hidden};
    walk_all(s->impl, &w);
}

static rt_status parts_finish(rt_sink *s, bool failed) {
    (void)s, (void)failed;
    return RT_ok;
}

static void parts_close(rt_sink *s) {
    parts *f = s->impl;
    if (!f) return;
    drop_prepared(f, !f->ckpt || !f->recorded);
    rt_dirs_free(&f->dirs);
    free(f);
    s->impl = NULL;
}

const rt_sink_ops rt_file_parts = {
    .name = "file",
    .prepare = parts_prepare,
    .publish = parts_publish,
    .sync = parts_sync,
    .dirs = parts_dirs,
    .record = parts_record,
    .publish_record = parts_publish_record,
    .forget = parts_forget,
    .resume = parts_resume,
    .sweep = parts_sweep,
    .finish = parts_finish,
    .close = parts_close,
};
