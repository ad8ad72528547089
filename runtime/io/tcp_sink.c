/* tcp_sink.c - rows written to a TCP peer, at least once.
 *
 * Connects at the first batch that has rows; a connection that breaks makes the batch
 * fail, and the retry connects anew and sends it again from its start: the peer may have
 * lost what it had read of it. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/io/sinks.h"
#include "runtime/io/tcp.h"

/* A peer that neither connects nor reads for so long counts as down. */
#define PATIENCE_MS 30000

typedef struct out {
    const char *where;
    int fd; /* -1: not connected */
} out;

static rt_status tcp_sink_open(rt_sink *s) {
    out *o = s->impl = rt_alloc(sizeof *o);
    rt_address address;
    o->fd = -1;
    o->where = rt_option_text(s->decl->options, "arg", "");
    return rt_tcp_address(o->where, &address) == RT_usage ? RT_usage : RT_ok;
}

static rt_status down(out *o, int error) {
    if (o->fd >= 0) rt_os_close(o->fd);
    o->fd = -1;
    return (rt_status)rt_fail(RT_again, "cannot write to %s: %s", o->where, strerror(error));
}

static rt_status connect_out(rt_sink *s) {
    out *o = s->impl;
    rt_address address;
    RT_TRY(rt_tcp_address(o->where, &address));
    o->fd = rt_os_socket(address.storage.ss_family, SOCK_STREAM);
    if (o->fd < 0) return down(o, errno);
    int result = rt_os_connect(o->fd, (struct sockaddr *)&address.storage, address.len);
    if (result < 0 && errno != EINPROGRESS) return down(o, errno);
    if (rt_os_wait(o->fd, POLLOUT, PATIENCE_MS) != 1) return down(o, ETIMEDOUT);
    int error = 0;
    socklen_t len = sizeof error;
    getsockopt(o->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error) return down(o, error);
    const char *header = s->decl->header;
    if (*header && rt_os_send_all(o->fd, header, (int64_t)strlen(header), PATIENCE_MS) < 0)
        return down(o, errno);
    return RT_ok;
}

static rt_status tcp_sink_prepare(rt_sink *s, rt_output *output) {
    (void)s, (void)output;
    return RT_ok;
}

static rt_status tcp_sink_publish(rt_sink *s, rt_output *output) {
    out *o = s->impl;
    rt_piece piece;
    if (!output->rows) return RT_ok;
    if (o->fd < 0) RT_TRY(connect_out(s));
    for (;;) {
        RT_TRY(output->next(output, &piece));
        if (!piece.len) return RT_ok;
        if (rt_os_send_all(o->fd, piece.p, piece.len, PATIENCE_MS) < 0)
            return down(o, errno);
    }
}

static rt_status tcp_sink_finish(rt_sink *s, bool failed) {
    out *o = s->impl;
    (void)failed;
    if (o->fd >= 0) shutdown(o->fd, SHUT_WR);
    return RT_ok;
}

static void tcp_sink_close(rt_sink *s) {
    out *o = s->impl;
    if (!o) return;
    if (o->fd >= 0) rt_os_close(o->fd);
    free(o);
    s->impl = NULL;
}

const rt_sink_ops rt_socket_sink = {
    .name = "socket",
    .open = tcp_sink_open,
    .prepare = tcp_sink_prepare,
    .publish = tcp_sink_publish,
    .finish = tcp_sink_finish,
    .close = tcp_sink_close,
};
