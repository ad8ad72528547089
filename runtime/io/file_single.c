/* file_single.c - the sink `file("name")`: one file that only grows.
 *
 * Without a checkpoint.  At its first batch the output goes to `.flow-<name>-<sink>.tmp`
 * beside it, is synced, and renamed over what an earlier run left; later batches extend it
 * by whole batches, at a length that is known, so a repeated publish writes the same bytes
 * to the same place and a failed run is cut back to the last whole batch.  It is synced at
 * the end.
 *
 * With a checkpoint the file is never replaced: a new job goes on behind what is there.
 * COMMIT names its length before the batch, the outbox fixes the bytes behind it.  So
 * publication can look at the file and see how far it came: a length in between is
 * continued if the bytes fit, a tail that does not fit (power loss) is cut off and written
 * again, any other length is not ours and is refused.
 *
 * What is no regular file (a device, a FIFO) is written to as it is, at least once. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/io/file_out.h"
#include "runtime/io/out_path.h"
#include "runtime/io/outbox.h"
#include "runtime/io/pack.h"
#include "runtime/io/sinks.h"

typedef struct single {
    char path[RT_OUT_PATH];
    const rt_packer *packer; /* null: what is written is plain */
    int fd;                  /* -1: not open */
    bool regular;
    bool begun;              /* a batch is out: the header is written */
    int64_t length;          /* published */
    int64_t batch, done;     /* being written, bytes of it that have been */
    int64_t ahead;           /* checkpoint: the batch that a start has found begun, or -1 */
    rt_dirs dirs;            /* checkpoint: not synced yet */
    rt_dirs known;           /* of out_path.h */
} single;

static rt_status cannot(const single *f, const char *what) {
    return rt_out_cannot(rt_sink_error(errno), what, f->path);
}

static rt_status look_at_path(single *f) {
    struct stat st;
    char folder[RT_OUT_PATH];
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
    /* What cannot be looked at may be a device, whose place no file takes. */
    if (errno != ENOENT && errno != ENOTDIR) return rt_out_cannot(RT_io, "look at", f->path);
    rt_out_folder_of(f->path, folder);
    return rt_out_can_make(folder);
}

rt_status rt_file_single_open(rt_sink *s, const char *path, const rt_packer *packer) {
    single *f = s->impl = rt_alloc(sizeof *f);
    f->fd = -1;
    f->batch = f->ahead = -1;
    f->packer = packer;
    snprintf(f->path, sizeof f->path, "%s", path);
    rt_outbox_open(s);
    return look_at_path(f);
}

/* ---- what is no regular file --------------------------------------------------------------- */

static rt_status write_special(rt_sink *s, rt_output *out) {
    single *f = s->impl;
    rt_piece piece;
    if (f->fd < 0) f->fd = rt_os_open(f->path, O_WRONLY, 0);
    if (f->fd < 0) return rt_out_cannot(RT_io, "open", f->path);
    if (f->batch != out->batch) f->done = 0;
    f->batch = out->batch;
    for (int64_t at = 0;; at += piece.len) {
        RT_TRY(out->next(out, &piece));
        if (!piece.len) return RT_ok;
        int64_t skip = RT_MIN(RT_MAX(f->done - at, 0), piece.len), wrote = 0;
        int result = rt_os_write_all(f->fd, piece.p + skip, piece.len - skip, &wrote);
        f->done += wrote;
        if (result < 0) return cannot(f, "write");
    }
}

/* ---- without a checkpoint ------------------------------------------------------------------ */

static rt_status write_all(int fd, rt_output *out, const char *path, int64_t *length) {
    rt_piece piece;
    for (;; *length += piece.len) {
        RT_TRY(out->next(out, &piece));
        if (!piece.len) return RT_ok;
        if (rt_os_write_all(fd, piece.p, piece.len, NULL) < 0)
            return rt_out_cannot(rt_sink_error(errno), "write", path);
    }
}

/* Adds to *length. */
static rt_status write_temp(const char *temp, rt_output *out, int64_t *length) {
    int fd = rt_os_open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0666);
    if (fd < 0) return rt_out_cannot(rt_sink_error(errno), "write", temp);
    rt_status status = write_all(fd, out, temp, length);
    /* A failed sync is final: the kernel may have dropped the pages. */
    if (rt_os_fdatasync(fd) < 0 && status == RT_ok)
        status = rt_out_cannot(RT_io, "sync", temp);
    if (rt_os_close(fd) < 0 && status == RT_ok) status = rt_out_cannot(RT_io, "close", temp);
    return status;
}

static rt_status make_folder(single *f) {
    char folder[RT_OUT_PATH];
    rt_out_folder_of(f->path, folder);
    rt_dirs_add(&f->dirs, folder);
    return rt_out_make_dirs(folder, &f->dirs);
}

/* The whole first batch under another name, then in the place of the old file. */
static rt_status replace(rt_sink *s, rt_output *out) {
    single *f = s->impl;
    char folder[RT_OUT_PATH], temp[2 * RT_OUT_PATH + 128], name[80];
    int64_t length = 0;
    RT_TRY(make_folder(f));
    rt_out_folder_of(f->path, folder);
    rt_sink_file_name(s, name, sizeof name);
    const char *slash = strrchr(f->path, '/');
    snprintf(temp, sizeof temp, "%s/.flow-%s-%s.tmp", folder, slash ? slash + 1 : f->path,
             name);
    rt_status status = write_temp(temp, out, &length);
    if (status == RT_ok && rt_os_rename(temp, f->path) < 0) status = cannot(f, "rename to");
    if (status != RT_ok) {
        rt_os_unlink(temp);
        return status;
    }
    RT_TRY(rt_dirs_sync(&f->dirs));
    f->fd = rt_os_open(f->path, O_WRONLY, 0);
    if (f->fd < 0) return rt_out_cannot(RT_io, "open", f->path);
    f->length = length;
    return RT_ok;
}

/* Where a batch begins is fixed, so a repeat writes the same bytes to the same place. */
static rt_status extend(single *f, rt_output *out) {
    rt_piece piece;
    for (int64_t at = f->length;; at += piece.len) {
        RT_TRY(out->next(out, &piece));
        if (!piece.len) {
            f->length = at;
            return RT_ok;
        }
        if (rt_os_pwrite_all(f->fd, piece.p, piece.len, at) < 0) return cannot(f, "write");
    }
}

/* The batch as it is written: the header stands before the first one; compressed, each
 * batch is an archive of its own behind those before it.  Ended by end_bytes. */
static rt_status begin_bytes(rt_sink *s, rt_output *out, bool first, rt_headed *headed,
                             rt_output *bytes) {
    const single *f = s->impl;
    const char *header = first ? s->decl->header : "";
    if (f->packer) return rt_pack_open(bytes, out, f->packer, s->env->mem, header, first);
    rt_headed_open(bytes, headed, out, header);
    return RT_ok;
}

static void end_bytes(const single *f, rt_output *bytes) {
    if (f->packer) rt_pack_close(bytes);
}

static rt_status single_publish(rt_sink *s, rt_output *out) {
    single *f = s->impl;
    rt_output bytes;
    rt_headed headed;
    RT_TRY(begin_bytes(s, out, !f->begun, &headed, &bytes));
    rt_status status = !f->regular ? write_special(s, &bytes)
                       : f->begun  ? extend(f, &bytes)
                                   : replace(s, &bytes);
    end_bytes(f, &bytes);
    if (status == RT_ok) f->begun = true;
    return status;
}

static rt_status single_finish(rt_sink *s, bool failed) {
    single *f = s->impl;
    if (f->fd < 0 || !f->regular || s->outbox) return RT_ok;
    /* A batch that was being written when the run failed is taken off again. */
    if (failed && rt_os_truncate(f->fd, f->length) < 0)
        return rt_out_cannot(RT_io, "cut", f->path);
    if (rt_os_fdatasync(f->fd) < 0) return rt_out_cannot(RT_io, "sync", f->path);
    return RT_ok;
}

static void single_close(rt_sink *s) {
    single *f = s->impl;
    if (!f) return;
    if (f->fd >= 0) rt_os_close(f->fd);
    rt_outbox_close(s);
    rt_dirs_free(&f->dirs);
    rt_dirs_free(&f->known);
    free(f);
    s->impl = NULL;
}

/* ---- with a checkpoint: preparing ----------------------------------------------------------- */

static rt_status single_prepare(rt_sink *s, rt_output *out) {
    single *f = s->impl;
    rt_output bytes;
    rt_headed headed;
    if (!s->outbox) return RT_ok;
    rt_outbox_begin(s->outbox, out);
    RT_TRY(begin_bytes(s, out, !f->begun && !f->length, &headed, &bytes));
    rt_status status = rt_outbox_fill(s->outbox, &bytes);
    end_bytes(f, &bytes);
    return status;
}

static void single_dirs(rt_sink *s, rt_dirs *set) {
    single *f = s->impl;
    rt_outbox_dirs(s, set);
    rt_dirs_move(set, &f->dirs);
}

static void single_record(rt_sink *s, rt_wire *w) {
    const single *f = s->impl;
    rt_wire_text(w, f->path);
    rt_wire_i64(w, f->length);
    rt_outbox_record(s, w);
}

/* ---- with a checkpoint: what a COMMIT says, and what is there ------------------------------- */

typedef struct said {
    bool elsewhere;    /* it was for another path */
    char path[256];    /* that one, for a message */
    int64_t before, after;
    rt_boxed boxed;
} said;

static rt_status read_record(rt_sink *s, const rt_committed *c, said *to) {
    const single *f = s->impl;
    rt_unwire r = rt_unwire_of(c->p, c->len);
    int64_t n;
    const uint8_t *path = rt_unwire_bytes(&r, &n);
    to->elsewhere = n != (int64_t)strlen(f->path) || memcmp(path, f->path, (size_t)n) != 0;
    snprintf(to->path, sizeof to->path, "%.*s", (int)RT_MIN(n, 255), (const char *)path);
    to->before = rt_unwire_i64(&r);
    RT_TRY(rt_outbox_find(s, c->batch, &r, &to->boxed));
    bool fits = to->before >= 0 && to->before <= INT64_MAX - to->boxed.length;
    to->after = fits ? to->before + to->boxed.length : 0;
    if (rt_unwire_done(&r) && fits) return RT_ok;
    return (rt_status)rt_fail(RT_refused,
                              "%s: the COMMIT of batch %" PRId64 " cannot be read", f->path,
                              c->batch);
}

static rt_status moved(const single *f, const said *say) {
    return (rt_status)rt_fail(RT_refused,
                              "batch %" PRId64 " is committed for %s and not yet there, but "
                              "this program writes %s: let the old program end, or begin "
                              "anew with --fresh",
                              say->boxed.batch, say->path, f->path);
}

static rt_status too_short(const single *f, const said *say, int64_t length) {
    return (rt_status)rt_fail(RT_refused,
                              "%s has %" PRId64 " bytes, but %" PRId64 " were published: "
                              "restore it, or begin anew with --fresh",
                              f->path, length, say->before);
}

static rt_status too_long(const single *f, int64_t length, int64_t most) {
    return (rt_status)rt_fail(RT_refused,
                              "%s has %" PRId64 " bytes, but should have %" PRId64 ": "
                              "something else writes to it",
                              f->path, length, most);
}

/* Opens the file if it is there; *length is -1 if not. */
static rt_status open_it(single *f, int64_t *length) {
    struct stat st;
    *length = -1;
    if (f->fd < 0) f->fd = rt_os_open(f->path, O_RDWR, 0);
    if (f->fd < 0)
        return errno == ENOENT ? RT_ok : rt_out_cannot(rt_sink_error(errno), "open", f->path);
    if (rt_os_fstat(f->fd, &st) < 0) return rt_out_cannot(RT_io, "look at", f->path);
    *length = st.st_size;
    return RT_ok;
}

/* Is the file at the path the one that is open? */
static rt_status still_there(const single *f) {
    struct stat at_path, open;
    if (rt_os_fstat(f->fd, &open) < 0) return rt_out_cannot(RT_io, "look at", f->path);
    bool found = rt_os_stat(f->path, &at_path) == 0;
    if (!found && errno != ENOENT) return rt_out_cannot(RT_io, "look at", f->path);
    if (found && at_path.st_ino == open.st_ino && at_path.st_dev == open.st_dev) return RT_ok;
    return (rt_status)rt_fail(RT_refused, "%s was removed or replaced while it is written",
                              f->path);
}

/* The bytes that are there behind `before`: are they the batch's?  *same counts them; it is
 * 0 if any of them is not. */
static rt_status compare(rt_sink *s, said *say, int64_t length, int64_t *same) {
    const single *f = s->impl;
    uint8_t have[32 << 10], want[32 << 10];
    int64_t n = length - say->before;
    RT_TRY(rt_boxed_open(s, &say->boxed));
    for (int64_t at = 0; at < n;) {
        int64_t part = RT_MIN(n - at, (int64_t)sizeof have);
        *same = 0;
        RT_TRY(rt_boxed_read(&say->boxed, at, want, part));
        if (rt_os_pread_all(f->fd, have, part, say->before + at) != part)
            return rt_out_cannot(RT_io, "read", f->path);
        if (memcmp(have, want, (size_t)part) != 0) return RT_ok;
        at += part;
    }
    *same = n;
    return RT_ok;
}

/* How much of the batch the file holds: *same bytes of it behind `before`, all that is
 * there or nothing.  What the file holds beyond the batch is not looked at. */
static rt_status look(rt_sink *s, said *say, int64_t length, int64_t *same) {
    single *f = s->impl;
    uint32_t crc;
    *same = 0;
    if (length < 0 && say->before == 0) return rt_boxed_open(s, &say->boxed);
    if (length < say->before) return too_short(f, say, RT_MAX(length, 0));
    if (length < say->after) return compare(s, say, length, same);
    if (rt_sink_crc(f->fd, say->before, say->boxed.length, &crc) < 0)
        return rt_out_cannot(RT_io, "read", f->path);
    if (crc != say->boxed.crc) return rt_boxed_open(s, &say->boxed);
    *same = say->boxed.length;
    return RT_ok;
}

/* ---- with a checkpoint: publishing --------------------------------------------------------- */

static rt_status create(single *f) {
    RT_TRY(make_folder(f));
    f->fd = rt_os_open(f->path, O_RDWR | O_CREAT | O_EXCL, 0666);
    return f->fd < 0 ? cannot(f, "create") : RT_ok;
}

/* Bytes of the batch behind those that are there. */
static rt_status append_rest(rt_sink *s, rt_output *out) {
    single *f = s->impl;
    rt_piece piece;
    for (int64_t at = 0;; at += piece.len) {
        RT_TRY(out->next(out, &piece));
        if (!piece.len) return RT_ok;
        int64_t skip = RT_MIN(RT_MAX(f->done - at, 0), piece.len);
        const uint8_t *p = piece.p + skip;
        int64_t n = piece.len - skip, to = f->length + at + skip;
#ifdef FLOW_FAULTS
        if (rt_os_pwrite_all(f->fd, p, n / 2, to) < 0) return cannot(f, "write");
        RT_CRASH(C11_half, out->batch);
        p += n / 2;
        to += n / 2;
        n -= n / 2;
#endif
        if (rt_os_pwrite_all(f->fd, p, n, to) < 0) return cannot(f, "write");
    }
}

static rt_status append(rt_sink *s, said *say, int64_t same) {
    single *f = s->impl;
    f->length = say->before;
    f->batch = say->boxed.batch;
    f->done = same;
    if (!say->boxed.length) return RT_ok;
    if (same < say->boxed.length) RT_TRY(rt_boxed_send(s, &say->boxed, append_rest));
    RT_CRASH(C11, f->batch);
    /* The next COMMIT builds on this length. */
    if (rt_os_fdatasync(f->fd) < 0) return rt_out_cannot(RT_io, "sync", f->path);
    return RT_ok;
}

/* A batch that this run has prepared and not begun to append finds the file as the batch
 * before has left it; any other may find some of itself.  In both cases more than that is
 * not ours - but for a batch of an earlier run with the next one behind it (resume). */
static rt_status check_length(rt_sink *s, const said *say, int64_t length, int64_t same) {
    const single *f = s->impl;
    int64_t batch = say->boxed.batch;
    bool own = rt_outbox_is_own(s->outbox, batch);
    bool fresh = own && batch != f->batch && batch != f->ahead;
    int64_t most = fresh ? say->before : say->after;
    if (length <= most || (!own && same == say->boxed.length)) return RT_ok;
    return too_long(f, length, most);
}

/* The next COMMIT builds on this name, which may be of a run that was killed. */
static void use_folder(single *f) {
    char folder[RT_OUT_PATH];
    rt_out_folder_of(f->path, folder);
    rt_out_use_folder(folder, &f->dirs, &f->known);
}

static rt_status publish_regular(rt_sink *s, said *say) {
    single *f = s->impl;
    int64_t length, same;
    bool was_open = f->fd >= 0;
    RT_TRY(open_it(f, &length));
    RT_TRY(look(s, say, length, &same));
    RT_TRY(check_length(s, say, length, same));
    if (length < 0) RT_TRY(create(f));
    else if (was_open) RT_TRY(still_there(f));
    else use_folder(f);
    if (length > say->before + same && length <= say->after &&
        rt_os_truncate(f->fd, say->before) < 0)
        return cannot(f, "cut");
    return append(s, say, same);
}

static rt_status publish_said(rt_sink *s, const rt_committed *c, said *say) {
    single *f = s->impl;
    if (say->elsewhere) return c->done ? RT_ok : moved(f, say);
    if (f->regular) RT_TRY(publish_regular(s, say));
    else if (!c->done) RT_TRY(rt_boxed_send(s, &say->boxed, write_special));
    f->length = say->after;
    f->begun = true;
    return RT_ok;
}

static rt_status single_publish_record(rt_sink *s, const rt_committed *c) {
    said say;
    RT_TRY(read_record(s, c, &say));
    rt_status status = publish_said(s, c, &say);
    rt_boxed_close(&say.boxed);
    return status;
}

static bool single_record_text(int64_t batch, rt_unwire *r, rt_wire *out) {
    int64_t n;
    const uint8_t *path = rt_unwire_bytes(r, &n);
    rt_wire_raw(out, path, n);
    rt_wire_print(out, " behind byte %" PRId64 ": ", rt_unwire_i64(r));
    return rt_outbox_text(batch, r, out);
}

static void single_forget(rt_sink *s, const rt_committed *c) {
    rt_committed rest = *c;
    rt_unwire r = rt_unwire_of(c->p, c->len);
    int64_t n;
    rt_unwire_bytes(&r, &n);
    rt_unwire_i64(&r);
    rest.p = r.p;
    rest.len = r.end - r.p;
    rt_outbox_forget(s, &rest);
}

/* ---- with a checkpoint: a start ------------------------------------------------------------ */

/* Goes on behind what is there. */
static rt_status begin_job(single *f) {
    int64_t length;
    if (!f->regular) return RT_ok;
    RT_TRY(open_it(f, &length));
    f->length = RT_MAX(length, 0);
    if (f->length)
        rt_log(RT_INFO, "%s is extended behind its %" PRId64 " bytes", f->path, f->length);
    if (f->fd >= 0) rt_os_close(f->fd);
    f->fd = -1;
    return RT_ok;
}

static rt_status resume_said(rt_sink *s, const rt_committed *last, said *say,
                             int64_t *ahead) {
    single *f = s->impl;
    int64_t length, same;
    if (say->elsewhere) return last->done ? begin_job(f) : moved(f, say);
    f->begun = true;
    f->length = say->after;
    if (!f->regular) return last->done ? RT_ok : rt_boxed_open(s, &say->boxed);
    RT_TRY(open_it(f, &length));
    RT_TRY(look(s, say, length, &same));
    if (length > say->after) *ahead = f->ahead = last->batch + 1;
    if (f->fd >= 0) rt_os_close(f->fd);
    f->fd = -1;
    return RT_ok;
}

static rt_status single_resume(rt_sink *s, const rt_committed *last, int64_t *ahead) {
    said say;
    if (!last) return begin_job(s->impl);
    RT_TRY(read_record(s, last, &say));
    rt_status status = resume_said(s, last, &say, ahead);
    rt_boxed_close(&say.boxed);
    return status;
}

const rt_sink_ops rt_file_single = {
    .name = "file",
    .prepare = single_prepare,
    .publish = single_publish,
    .sync = rt_outbox_sync,
    .dirs = single_dirs,
    .record = single_record,
    .record_text = single_record_text,
    .publish_record = single_publish_record,
    .forget = single_forget,
    .resume = single_resume,
    .sweep = rt_outbox_sweep,
    .finish = single_finish,
    .close = single_close,
};
