/* outbox.c - see outbox.h.
 *
 * The file that a batch was prepared in stays open until the next batch begins, and is
 * trusted as long: nothing is read twice in a run.  After a start it is read through and
 * held against the record before anything is sent.
 *
 * The file of a batch is deleted only once a later record is durable (forget): as long as
 * this batch is the last that is known, its bytes are needed. */
#include "runtime/io/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/crc32c.h"
#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/io/sinks.h"

/* Read from a file at a time. */
#define PORTION (INT64_C(256) << 10)

struct rt_outbox {
    const rt_ckpt_env *ckpt;
    rt_mem *mem;
    char folder[80];  /* outbox/<folder> */
    int64_t batch, now, rows, length;
    uint32_t crc, epoch;
    rt_wire small;    /* the bytes, while they are few */
    int fd;           /* of the file, -1 without one */
    bool recorded;    /* COMMIT may name it */
    rt_dirs dirs;
    bool used;        /* its folder, in this run */
    char last[64];    /* file of the COMMIT that was read last: it may be needed again */
};

static rt_status cannot(const char *what, const rt_os_dir *d, const char *name) {
    return (rt_status)rt_fail(rt_sink_error(errno), "cannot %s %s/%s: %s", what, d->path,
                              name, strerror(errno));
}

static void file_name(char *out, size_t room, int64_t batch, uint32_t epoch) {
    snprintf(out, room, "%" PRId64 "-%" PRIu32 ".ob", batch, epoch);
}

static int open_folder(const rt_outbox *o, const char *folder, rt_os_dir *d) {
    char beneath[128];
    snprintf(beneath, sizeof beneath, "outbox/%s", folder);
    return rt_os_dir_open(d, o->ckpt->dir, beneath);
}

static void remove_file(const rt_outbox *o, const char *folder, int64_t batch,
                        uint32_t epoch) {
    rt_os_dir d;
    char name[64];
    file_name(name, sizeof name, batch, epoch);
    if (open_folder(o, folder, &d) < 0) return;
    if (rt_os_dir_unlink(&d, name) < 0 && errno != ENOENT)
        rt_log(RT_DEBUG, "cannot remove %s/%s: %s", d.path, name, strerror(errno));
    rt_os_dir_close(&d);
}

/* ---- making and ending ------------------------------------------------------------------ */

void rt_outbox_open(rt_sink *s) {
    if (!s->env->ckpt) return;
    rt_outbox *o = s->outbox = rt_alloc(sizeof *o);
    o->ckpt = s->env->ckpt;
    o->mem = s->env->mem;
    o->fd = -1;
    o->batch = -1;
    rt_sink_file_name(s, o->folder, sizeof o->folder);
}

/* What no COMMIT can name goes, the rest is left to `forget` and to the next start. */
static void drop(rt_outbox *o, bool remove) {
    if (o->fd >= 0) {
        rt_os_close(o->fd);
        if (remove) remove_file(o, o->folder, o->batch, o->epoch);
    }
    o->fd = -1;
}

void rt_outbox_close(rt_sink *s) {
    rt_outbox *o = s->outbox;
    if (!o) return;
    drop(o, !o->recorded);
    rt_wire_free(&o->small);
    rt_dirs_free(&o->dirs);
    free(o);
    s->outbox = NULL;
}

/* ---- writing ---------------------------------------------------------------------------- */

void rt_outbox_begin(rt_outbox *o, const rt_output *out) {
    drop(o, o->batch == out->batch || !o->recorded);
    o->batch = out->batch;
    o->now = out->now;
    o->rows = out->rows;
    o->length = 0;
    o->crc = 0;
    o->epoch = o->ckpt->epoch;
    o->recorded = false;
    rt_wire_clear(&o->small);
}

/* The sink's folder, which is made where it is missing. */
static rt_status make_folder(rt_outbox *o, rt_os_dir *d) {
    rt_os_dir above;
    const char *names[] = {"outbox", o->folder};
    bool there = open_folder(o, o->folder, d) >= 0, first = !o->used;
    o->used = true;
    /* It may be of a run that was killed before it synced the folder's name. */
    if (there && first) rt_dirs_add_above(&o->dirs, d->path);
    if (there) return RT_ok;
    if (errno != ENOENT) return cannot("open", d, "");
    for (int i = 0; i < 2; i++) {
        if (rt_os_dir_open(&above, o->ckpt->dir, i ? "outbox" : "") < 0)
            return cannot("open", &above, "");
        int made = rt_os_dir_mkdir(&above, names[i], 0700);
        rt_status status = made < 0 && errno != EEXIST ? cannot("make", &above, names[i]) : RT_ok;
        rt_dirs_add(&o->dirs, above.path);
        rt_os_dir_close(&above);
        RT_TRY(status);
    }
    return open_folder(o, o->folder, d) < 0 ? cannot("open", d, "") : RT_ok;
}

static rt_status create(rt_outbox *o) {
    rt_os_dir d;
    char name[64];
    RT_TRY(make_folder(o, &d));
    file_name(name, sizeof name, o->batch, o->epoch);
    o->fd = rt_os_dir_create(&d, name);
    rt_status status = o->fd < 0 ? cannot("create", &d, name) : RT_ok;
    rt_dirs_add(&o->dirs, d.path);
    rt_os_dir_close(&d);
    return status;
}

static rt_status failed(const rt_outbox *o, const char *what) {
    rt_os_dir d;
    char name[64];
    snprintf(d.path, sizeof d.path, "%s/outbox/%s", o->ckpt->dir, o->folder);
    file_name(name, sizeof name, o->batch, o->epoch);
    return cannot(what, &d, name);
}

static rt_status write_file(rt_outbox *o, const uint8_t *p, int64_t n) {
#ifdef FLOW_FAULTS
    if (rt_os_write_all(o->fd, p, n / 2, NULL) < 0) return failed(o, "write");
    RT_CRASH(C5_half, o->batch);
    p += n / 2;
    n -= n / 2;
#endif
    return rt_os_write_all(o->fd, p, n, NULL) < 0 ? failed(o, "write") : RT_ok;
}

rt_status rt_outbox_add(rt_outbox *o, const void *p, int64_t n) {
    if (!n) return RT_ok;
    o->crc = rt_crc32c(o->crc, p, n);
    o->length += n;
    if (o->fd < 0 && o->length <= RT_SIZE(RT_OUTBOX_INLINE)) {
        rt_wire_raw(&o->small, p, n);
        return RT_ok;
    }
    if (o->fd < 0) {
        RT_TRY(create(o));
        if (o->small.n) RT_TRY(write_file(o, o->small.p, o->small.n));
        rt_wire_clear(&o->small);
    }
    return write_file(o, p, n);
}

rt_status rt_outbox_fill(rt_outbox *o, rt_output *out) {
    for (;;) {
        rt_piece piece;
        RT_TRY(out->next(out, &piece));
        if (!piece.len) return RT_ok;
        RT_TRY(rt_outbox_add(o, piece.p, piece.len));
    }
}

int64_t rt_outbox_length(const rt_outbox *o) { return o->length; }

bool rt_outbox_is_own(const rt_outbox *o, int64_t batch) { return o->batch == batch; }

rt_status rt_outbox_prepare(rt_sink *s, rt_output *out) {
    if (!s->outbox) return RT_ok;
    rt_outbox_begin(s->outbox, out);
    return rt_outbox_fill(s->outbox, out);
}

rt_status rt_outbox_sync(rt_sink *s) {
    rt_outbox *o = s->outbox;
    if (o->fd < 0 || RT_MUTANT(nosync_stage)) return RT_ok;
    if (rt_os_fdatasync(o->fd) == 0) return RT_ok;
    failed(o, "sync");
    return RT_io;
}

void rt_outbox_dirs(rt_sink *s, rt_dirs *set) { rt_dirs_move(set, &s->outbox->dirs); }

void rt_outbox_record(rt_sink *s, rt_wire *w) {
    rt_outbox *o = s->outbox;
    o->recorded = true;
    rt_wire_i64(w, o->now);
    rt_wire_i64(w, o->rows);
    rt_wire_i64(w, o->length);
    rt_wire_u32(w, o->crc);
    rt_wire_u8(w, o->fd >= 0);
    if (o->fd < 0) {
        rt_wire_raw(w, o->small.p, o->small.n);
        return;
    }
    rt_wire_u32(w, o->epoch);
    rt_wire_text(w, o->folder);
}

/* ---- reading ---------------------------------------------------------------------------- */

static rt_status malformed(const rt_sink *s, int64_t batch) {
    return (rt_status)rt_fail(RT_refused,
                              "%s: the COMMIT of batch %" PRId64 " cannot be read",
                              s->decl->name, batch);
}

/* False: it is malformed. */
static bool read_boxed(int64_t batch, rt_unwire *r, rt_boxed *b) {
    *b = (rt_boxed){.batch = batch, .fd = -1};
    b->now = rt_unwire_i64(r);
    b->rows = rt_unwire_i64(r);
    b->length = rt_unwire_i64(r);
    b->crc = rt_unwire_u32(r);
    uint8_t filed = rt_unwire_u8(r);
    if (r->bad || filed > 1 || b->length < 0) return false;
    if (!filed) {
        if (b->length > r->end - r->p || rt_crc32c(0, r->p, b->length) != b->crc) return false;
        b->bytes = r->p;
        r->p += b->length;
        return true;
    }
    int64_t n;
    b->epoch = rt_unwire_u32(r);
    const uint8_t *folder = rt_unwire_bytes(r, &n);
    if (r->bad || n >= (int64_t)sizeof b->folder) return false;
    memcpy(b->folder, folder, (size_t)n);
    return rt_sink_is_file_name(b->folder);
}

rt_status rt_outbox_find(rt_sink *s, int64_t batch, rt_unwire *r, rt_boxed *b) {
    if (!read_boxed(batch, r, b)) return malformed(s, batch);
    if (!b->bytes) file_name(s->outbox->last, sizeof s->outbox->last, batch, b->epoch);
    return RT_ok;
}

bool rt_outbox_text(int64_t batch, rt_unwire *r, rt_wire *out) {
    rt_boxed b;
    char name[64];
    if (!read_boxed(batch, r, &b)) return false;
    rt_wire_print(out, "%" PRId64 " bytes, crc %08" PRIx32 ", ", b.length, b.crc);
    file_name(name, sizeof name, batch, b.epoch);
    if (b.bytes) rt_wire_print(out, "in the journal");
    else rt_wire_print(out, "in outbox/%s/%s", b.folder, name);
    return rt_unwire_done(r);
}

static rt_status damaged(const rt_os_dir *d, const char *name, const char *how) {
    return (rt_status)rt_fail(RT_refused,
                              "%s/%s %s: its batch is committed and not yet sent; restore "
                              "the checkpoint, or begin anew with --fresh",
                              d->path, name, how);
}

/* Length and sum of the file that is open. */
static rt_status check_file(const rt_boxed *b, const rt_os_dir *d, const char *name) {
    struct stat st;
    uint32_t crc;
    if (rt_os_fstat(b->fd, &st) < 0) return cannot("look at", d, name);
    if (!S_ISREG(st.st_mode)) return damaged(d, name, "is no file");
    if (st.st_mode & 022) return damaged(d, name, "could be written by others");
    if (st.st_size != b->length) return damaged(d, name, "has another length than COMMIT says");
    if (rt_sink_crc(b->fd, 0, b->length, &crc) < 0) return cannot("read", d, name);
    return crc == b->crc ? RT_ok : damaged(d, name, "is damaged");
}

rt_status rt_boxed_open(rt_sink *s, rt_boxed *b) {
    rt_outbox *o = s->outbox;
    rt_os_dir d;
    char name[64];
    if (b->bytes || b->fd >= 0) return RT_ok;
    if (o->fd >= 0 && o->batch == b->batch && o->epoch == b->epoch) {
        b->fd = o->fd;
        b->own = true;
        return RT_ok;
    }
    file_name(name, sizeof name, b->batch, b->epoch);
    if (open_folder(o, b->folder, &d) < 0)
        return errno == ENOENT ? damaged(&d, name, "is not there") : cannot("open", &d, name);
    b->fd = rt_os_dir_read(&d, name);
    rt_status status = RT_ok;
    if (b->fd >= 0) status = check_file(b, &d, name);
    else if (errno == ENOENT) status = damaged(&d, name, "is not there");
    else status = errno == ELOOP ? damaged(&d, name, "is a link") : cannot("open", &d, name);
    rt_os_dir_close(&d);
    if (status != RT_ok) rt_boxed_close(b);
    return status;
}

rt_status rt_boxed_read(const rt_boxed *b, int64_t at, void *p, int64_t n) {
    rt_assert(at >= 0 && n >= 0 && at + n <= b->length);
    if (b->bytes) {
        memcpy(p, b->bytes + at, (size_t)n);
        return RT_ok;
    }
    int64_t got = rt_os_pread_all(b->fd, p, n, at);
    if (got == n) return RT_ok;
    return (rt_status)rt_fail(RT_io, "cannot read what is to be sent of batch %" PRId64 ": %s",
                              b->batch, got < 0 ? strerror(errno) : "it ends too early");
}

void rt_boxed_close(rt_boxed *b) {
    if (b->fd >= 0 && !b->own) rt_os_close(b->fd);
    b->fd = -1;
    b->own = false;
}

/* ---- what was kept, as an output ---------------------------------------------------------- */

typedef struct stream {
    const rt_boxed *boxed;
    int64_t at;
    uint8_t *buffer; /* of a file */
    int64_t size;
} stream;

static rt_status next_kept(rt_output *out, rt_piece *piece) {
    stream *s = out->stream;
    const rt_boxed *b = s->boxed;
    *piece = (rt_piece){.len = b->length - s->at};
    if (b->bytes) {
        piece->p = b->bytes + s->at;
    } else if (piece->len) {
        piece->len = RT_MIN(piece->len, s->size);
        piece->p = s->buffer;
        RT_TRY(rt_boxed_read(b, s->at, s->buffer, piece->len));
    }
    s->at += piece->len;
    return RT_ok;
}

static void rewind_kept(rt_output *out) { ((stream *)out->stream)->at = 0; }

rt_status rt_boxed_send(rt_sink *s, rt_boxed *b, rt_status (*send)(rt_sink *, rt_output *)) {
    stream kept = {.boxed = b, .size = PORTION};
    rt_output out = {.batch = b->batch, .now = b->now, .rows = b->rows, .next = next_kept,
                     .rewind = rewind_kept, .stream = &kept};
    RT_TRY(rt_boxed_open(s, b));
    if (!b->bytes) kept.buffer = rt_mem_get(s->outbox->mem, RT_OWNER_SINK, &kept.size);
    if (!b->bytes && !kept.buffer)
        return (rt_status)rt_fail(RT_memory, "%s: no memory to send a batch", s->decl->name);
    rt_status status = send(s, &out);
    if (kept.buffer) rt_mem_put(s->outbox->mem, RT_OWNER_SINK, kept.buffer, kept.size);
    return status;
}

rt_status rt_outbox_publish(rt_sink *s, const rt_committed *c) {
    rt_boxed b;
    rt_unwire r = rt_unwire_of(c->p, c->len);
    if (c->done) return RT_ok;
    RT_TRY(rt_outbox_find(s, c->batch, &r, &b));
    rt_status status = rt_boxed_send(s, &b, s->ops->publish);
    rt_boxed_close(&b);
    return status;
}

/* ---- starts and ends ---------------------------------------------------------------------- */

rt_status rt_outbox_resume(rt_sink *s, const rt_committed *last, int64_t *ahead) {
    rt_boxed b;
    (void)ahead;
    if (!last) return RT_ok;
    rt_unwire r = rt_unwire_of(last->p, last->len);
    RT_TRY(rt_outbox_find(s, last->batch, &r, &b));
    if (!rt_unwire_done(&r)) return malformed(s, last->batch);
    if (last->done) return RT_ok;
    rt_status status = rt_boxed_open(s, &b);
    rt_boxed_close(&b);
    return status;
}

void rt_outbox_forget(rt_sink *s, const rt_committed *c) {
    rt_boxed b;
    rt_unwire r = rt_unwire_of(c->p, c->len);
    if (rt_outbox_find(s, c->batch, &r, &b) != RT_ok || b.bytes) return;
    remove_file(s->outbox, b.folder, b.batch, b.epoch);
}

/* Everything in the sink's folder but the batch that was just published: until a later
 * record is durable the next start may send it again. */
void rt_outbox_sweep(rt_sink *s) {
    const rt_outbox *o = s->outbox;
    rt_os_dir d;
    struct dirent **names;
    if (open_folder(o, o->folder, &d) < 0) return;
    int n = rt_os_scan(d.path, &names);
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name, *dot = strrchr(name, '.');
        if (dot && !strcmp(dot, ".ob") && strcmp(name, o->last) != 0)
            rt_os_dir_unlink(&d, name);
        free(names[i]);
    }
    if (n >= 0) free(names);
    rt_os_dir_close(&d);
}
