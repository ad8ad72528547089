/* stdout_sink.c - plain rows for pipes, and `discard`, which only counts.
 *
 * At least once: after the commit a batch is written in order.  A write that fails is
 * tried again from where it stopped, so within one run nothing is doubled.  A reader
 * that has gone (`| head`) does not come back: that ends the program at once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
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
    bool begun;     /* the header is written */
    int64_t batch;  /* being written */
    int64_t done;   /* bytes of it */
} out;

static rt_status stdout_open(rt_sink *s) {
    out *o = s->impl = rt_alloc(sizeof *o);
    o->batch = -1;
    return RT_ok;
}

static rt_status nothing_to_prepare(rt_sink *s, rt_output *output) {
    (void)s, (void)output;
    return RT_ok;
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
    if (!o->begun) RT_TRY(write_header(s->decl->header));
    o->begun = true;
    for (int64_t at = 0;; at += piece.len) {
        RT_TRY(output->next(output, &piece));
        if (!piece.len) return RT_ok;
        RT_TRY(rt_piece_write(STDOUT_FILENO, &piece, at, &o->done, "stdout"));
    }
}

static rt_status nothing_to_finish(rt_sink *s, bool failed) {
    (void)s, (void)failed;
    return RT_ok;
}

static void stdout_close(rt_sink *s) {
    free(s->impl);
    s->impl = NULL;
}

const rt_sink_ops rt_stdout_sink = {
    .name = "stdout",
    .open = stdout_open,
    .prepare = nothing_to_prepare,
    .publish = stdout_publish,
    .finish = nothing_to_finish,
    .close = stdout_close,
};

static rt_status discard_open(rt_sink *s) {
    (void)s;
    return RT_ok;
}

static void discard_close(rt_sink *s) { (void)s; }

const rt_sink_ops rt_discard_sink = {
    .name = "discard",
    .open = discard_open,
    .prepare = nothing_to_prepare,
    .publish = nothing_to_prepare,
    .finish = nothing_to_finish,
    .close = discard_close,
};
