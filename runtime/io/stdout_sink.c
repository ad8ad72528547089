/* stdout_sink.c - plain rows for pipes, and `discard`, which only counts.
 *
 * At least once: after the commit a batch is written in order.  A write that fails is
 * tried again from where it stopped, so within one run nothing is doubled; after a crash
 * the last batch is written again, unless it is known to have been.  A reader that has
 * gone (`| head`) does not come back: that ends the program at once.
 *
 * The header belongs to the first batch, so that a crash neither loses nor repeats it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/io/outbox.h"
#include "runtime/io/sinks.h"

rt_status rt_piece_write(int fd, const rt_piece *piece, int64_t at, int64_t *done,
                         const char *what) {
    int64_t skip = RT_MIN(RT_MAX(*done - at, 0), piece->len), wrote = 0;
    if (skip == piece->len) return RT_ok;
    int result = rt_os_write_all(fd, piece->p + skip, piece->len - skip, &wrote);
    *done += wrote;
    if (result == 0) return RT_ok;
    if (errno == EPIPE)
        return (rt_status)rt_fail(RT_given_up, "%s: the reader has gone", what);
    return (rt_status)rt_fail(errno == EBADF ? RT_given_up : RT_again,
                              "cannot write to %s: %s", what, strerror(errno));
}

typedef struct out {
    bool begun;     /* a batch is out, and so is the header */
    int64_t batch;  /* being written */
    int64_t done;   /* bytes of it */
} out;

static rt_status stdout_open(rt_sink *s) {
    out *o = s->impl = rt_alloc(sizeof *o);
    o->batch = -1;
    rt_outbox_open(s);
    return RT_ok;
}

static rt_status stdout_prepare(rt_sink *s, rt_output *output) {
    const out *o = s->impl;
    const char *header = s->decl->header;
    if (!s->outbox) return RT_ok;
    rt_outbox_begin(s->outbox, output);
    if (!o->begun) RT_TRY(rt_outbox_add(s->outbox, header, (int64_t)strlen(header)));
    return rt_outbox_fill(s->outbox, output);
}

static rt_status write_header(const char *header) {
    if (rt_os_write_all(STDOUT_FILENO, header, (int64_t)strlen(header), NULL) == 0)
        return RT_ok;
    return (rt_status)rt_fail(RT_given_up, "cannot write to stdout: %s", strerror(errno));
}

static rt_status stdout_publish(rt_sink *s, rt_output *output) {
    out *o = s->impl;
    rt_piece piece;
    if (o->batch != output->batch) {
        o->batch = output->batch;
        o->done = 0;
    }
    if (!o->begun && !s->outbox) RT_TRY(write_header(s->decl->header));
    o->begun = true;
    for (int64_t at = 0;; at += piece.len) {
        RT_TRY(output->next(output, &piece));
        if (!piece.len) return RT_ok;
        RT_TRY(rt_piece_write(STDOUT_FILENO, &piece, at, &o->done, "stdout"));
    }
}

static rt_status stdout_resume(rt_sink *s, const rt_committed *last, int64_t *ahead) {
    out *o = s->impl;
    o->begun = last != NULL;
    return rt_outbox_resume(s, last, ahead);
}

static rt_status nothing_to_finish(rt_sink *s, bool failed) {
    (void)s, (void)failed;
    return RT_ok;
}

static void stdout_close(rt_sink *s) {
    rt_outbox_close(s);
    free(s->impl);
    s->impl = NULL;
}

const rt_sink_ops rt_stdout_sink = {
    .name = "stdout",
    .open = stdout_open,
    .prepare = stdout_prepare,
    .publish = stdout_publish,
    .sync = rt_outbox_sync,
    .dirs = rt_outbox_dirs,
    .record = rt_outbox_record,
    .record_text = rt_outbox_text,
    .publish_record = rt_outbox_publish,
    .forget = rt_outbox_forget,
    .resume = stdout_resume,
    .sweep = rt_outbox_sweep,
    .finish = nothing_to_finish,
    .close = stdout_close,
};

/* ---- discard ---------------------------------------------------------------------------- */

static rt_status discard_open(rt_sink *s) {
    (void)s;
    return RT_ok;
}

static rt_status discard_batch(rt_sink *s, rt_output *output) {
    (void)s, (void)output;
    return RT_ok;
}

static void discard_dirs(rt_sink *s, rt_dirs *set) { (void)s, (void)set; }

static void discard_record(rt_sink *s, rt_wire *w) { (void)s, (void)w; }

static rt_status discard_record_out(rt_sink *s, const rt_committed *c) {
    (void)s, (void)c;
    return RT_ok;
}

static void discard_forget(rt_sink *s, const rt_committed *c) { (void)s, (void)c; }

static rt_status discard_resume(rt_sink *s, const rt_committed *last, int64_t *ahead) {
    (void)s, (void)last, (void)ahead;
    return RT_ok;
}

static void discard_close(rt_sink *s) { (void)s; }

const rt_sink_ops rt_discard_sink = {
    .name = "discard",
    .open = discard_open,
    .prepare = discard_batch,
    .publish = discard_batch,
    .sync = discard_open,
    .dirs = discard_dirs,
    .record = discard_record,
    .publish_record = discard_record_out,
    .forget = discard_forget,
    .resume = discard_resume,
    .sweep = discard_close,
    .finish = nothing_to_finish,
    .close = discard_close,
};
