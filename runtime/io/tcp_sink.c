/* tcp_sink.c - rows written to a TCP peer, at least once.
 *
 * Connects at the first batch that has rows; a connection that breaks makes the batch
 * fail, and the retry connects anew and sends it again from its start: the peer may have
 * lost what it had read of it.
 *
 * TCP tells what has reached the peer's machine, not what the peer has read.  So the bytes
 * of the last batch are kept, and go out again on a new connection unless the old one was
 * closed in order: then the peer had read them (a close with unread bytes is a reset).
 * A peer that has closed its side may still be reading, or be gone: after that each batch
 * waits until its bytes are acknowledged or refused.
 *
 * A peer that does not read is waited for as long as its machine answers: that is no
 * failure, and the sources are held up meanwhile.
 *
 * With a checkpoint the batch that a crash has broken off goes out again as a whole. */
#include <errno.h>
#include <inttypes.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/io/outbox.h"
#include "runtime/io/sinks.h"
#include "runtime/io/tcp.h"

/* A peer that does not connect for so long is down; one that does not read for so long is
 * asked about. */
#define PATIENCE_MS 30000
/* Questions of the kernel (probes, repeated segments) that the peer's machine may leave
 * unanswered: they come at doubling intervals. */
#define UNANSWERED 3

/* Batches that come to less are kept beside the last one. */
#define SMALL (INT64_C(64) << 10)

typedef struct out {
    const char *where;
    int fd;         /* -1: not connected */
    bool half;      /* the peer has closed its side */
    rt_mem *mem;
    uint8_t *kept;  /* what the peer may not have read, */
    int64_t len;    /* [0, sent): of batches before; then of the one being sent */
    int64_t sent, size;
    bool unkept;    /* no memory for all of the batch being sent */
} out;

/* ---- what is kept ----------------------------------------------------------------------- */

static void forget(out *o) {
    rt_mem_put(o->mem, RT_OWNER_SINK, o->kept, o->size);
    o->kept = NULL;
    o->len = o->sent = o->size = 0;
    o->unkept = false;
}

/* Without memory the batch is not kept: it is there only until it is sent. */
static void keep(out *o, const rt_piece *piece) {
    if (o->unkept) return;
    if (o->len + piece->len > o->size) {
        int64_t size = RT_MAX(o->len + piece->len, 2 * o->size);
        uint8_t *p = o->kept ? rt_mem_grow(o->mem, RT_OWNER_SINK, o->kept, o->size, o->len, &size)
                             : rt_mem_get(o->mem, RT_OWNER_SINK, &size);
        if (!p) {
            o->unkept = true;
            o->len = o->sent;
            return;
        }
        o->kept = p;
        o->size = size;
    }
    memcpy(o->kept + o->len, piece->p, (size_t)piece->len);
    o->len += piece->len;
}

/* The batch is sent as a whole: those before it need not be kept. */
static void settle(out *o) {
    if (o->unkept) forget(o);
    if (o->len > SMALL) {
        memmove(o->kept, o->kept + o->sent, (size_t)(o->len - o->sent));
        o->len -= o->sent;
    }
    o->sent = o->len;
}

static rt_status tcp_sink_open(rt_sink *s) {
    out *o = s->impl = rt_alloc(sizeof *o);
    rt_address address;
    o->fd = -1;
    o->mem = s->env->mem;
    o->where = rt_option_text(s->decl->options, "arg", "");
    rt_outbox_open(s);
    return rt_tcp_address(o->where, &address) == RT_usage ? RT_usage : RT_ok;
}

static rt_status down(out *o, int error) {
    if (o->fd >= 0) rt_os_close(o->fd);
    o->fd = -1;
    o->len = o->sent;
    o->unkept = false;
    return (rt_status)rt_fail(RT_again, "cannot write to %s: %s", o->where, strerror(error));
}

/* Nothing was acknowledged for a while: does the peer's machine still answer? */
static bool is_there(const out *o) {
    struct tcp_info info = {0};
    socklen_t len = sizeof info;
    if (getsockopt(o->fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0) return false;
    bool up = info.tcpi_state == TCP_ESTABLISHED || info.tcpi_state == TCP_CLOSE_WAIT;
    return up && info.tcpi_probes < UNANSWERED &&
           info.tcpi_retransmits < UNANSWERED;
}

/* 0, or -1 with errno. */
static int send_bytes(out *o, const void *bytes, int64_t n) {
    bool told = false;
    for (int64_t done = 0;;) {
        const char *rest = (const char *)bytes + done;
        if (rt_os_send_all(o->fd, rest, n - done, PATIENCE_MS, &done) == 0) {
            if (told) rt_log(RT_WARN, "%s reads again", o->where);
            return 0;
        }
        if (errno != ETIMEDOUT || !is_there(o)) return -1;
        if (!told) rt_log(RT_WARN, "%s does not read; waiting for it", o->where);
        told = true;
    }
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
    o->half = false;
    const char *header = s->decl->header;
    if (*header && send_bytes(o, header, (int64_t)strlen(header)) < 0)
        return down(o, errno);
    return RT_ok;
}

static int unacknowledged(const out *o) {
    int n = 0;
    return ioctl(o->fd, SIOCOUTQ, &n) == 0 ? n : 0;
}

/* The error of the connection, or 0.  What the peer says is read and dropped. */
static int look(out *o) {
    char said[4096];
    int error = 0;
    socklen_t len = sizeof error;
    int64_t n = -1;
    while (!o->half && (n = rt_os_read(o->fd, said, sizeof said)) > 0) continue;
    if (n < 0 && !o->half && errno != EAGAIN) return errno;
    getsockopt(o->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error || o->half || n < 0) return error;
    o->half = true;
    if (!unacknowledged(o)) forget(o);
    return 0;
}

/* Waits until all is acknowledged; 0, or what the peer answers instead. */
static int acknowledged(out *o) {
    for (int64_t waited = 0; unacknowledged(o); waited += 10) {
        int error = rt_os_wait(o->fd, 0, 10) > 0 ? look(o) : 0;
        if (error) return error;
        if (waited >= PATIENCE_MS && !is_there(o)) return ETIMEDOUT;
    }
    return look(o);
}

/* A connection, with what the peer may not have read from the one before. */
static rt_status connected(rt_sink *s) {
    out *o = s->impl;
    int error = o->fd >= 0 ? look(o) : 0;
    if (error) {
        rt_os_close(o->fd);
        o->fd = -1;
    }
    if (o->fd >= 0) return RT_ok;
    RT_TRY(connect_out(s));
    if (!o->sent) return RT_ok;
    rt_log(RT_WARN, "%s: %" PRId64 " bytes that the peer may not have read are sent again",
           o->where, o->sent);
    if (send_bytes(o, o->kept, o->sent) < 0) return down(o, errno);
    return RT_ok;
}

static rt_status tcp_sink_publish(rt_sink *s, rt_output *output) {
    out *o = s->impl;
    rt_piece piece;
    if (!output->rows) return RT_ok;
    RT_TRY(connected(s));
    for (;;) {
        RT_TRY(output->next(output, &piece));
        if (!piece.len) break;
        if (send_bytes(o, piece.p, piece.len) < 0)
            return down(o, errno);
        keep(o, &piece);
    }
    int error = o->half ? acknowledged(o) : 0;
    if (error) return down(o, error);
    settle(o);
    return RT_ok;
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
    forget(o);
    rt_outbox_close(s);
    free(o);
    s->impl = NULL;
}

const rt_sink_ops rt_socket_sink = {
    .name = "socket",
    .open = tcp_sink_open,
    .prepare = rt_outbox_prepare,
    .publish = tcp_sink_publish,
    .sync = rt_outbox_sync,
    .dirs = rt_outbox_dirs,
    .record = rt_outbox_record,
    .record_text = rt_outbox_text,
    .publish_record = rt_outbox_publish,
    .forget = rt_outbox_forget,
    .resume = rt_outbox_resume,
    .sweep = rt_outbox_sweep,
    .finish = tcp_sink_finish,
    .close = tcp_sink_close,
};
