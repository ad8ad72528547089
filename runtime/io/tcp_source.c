/* tcp_source.c - rows over TCP: `socket` connects, `listen` is connected to.
 *
 * Each connection is a stream and an object of its own.  A peer that closes in order may
 * leave a last record without a line end; one that breaks off inside a record makes a row
 * error.  Neither source ever ends: `socket` connects again after `reconnect`, `listen`
 * waits for the next peer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/io/rows_file.h"
#include "runtime/io/sources.h"
#include "runtime/io/tcp.h"

typedef struct tcp tcp;

typedef struct connection {
    tcp *owner;
    struct connection *next;
    rt_handler handler;
    rt_feed feed;
} connection;

struct tcp {
    rt_live live;
    const char *where; /* host:port */
    bool listens;
    int64_t reconnect, max_line;
    rt_handler handler; /* listen: the socket that accepts; socket: the timer */
    connection *connections;
    bool told;          /* that it cannot connect */
};

static rt_loop *loop_of(const tcp *t) { return t->live.source->env->loop; }

/* ---- connections ---------------------------------------------------------------------- */

static void drop_connection(connection *c) {
    tcp *t = c->owner;
    rt_loop_remove(loop_of(t), &c->handler);
    if (c->handler.fd >= 0) rt_os_close(c->handler.fd);
    for (connection **p = &t->connections; *p; p = &(*p)->next) {
        if (*p != c) continue;
        *p = c->next;
        break;
    }
    rt_feed_drop(&c->feed);
    free(c);
}

static void connect_later(tcp *t) {
    if (!t->listens) t->handler.at = rt_clock_mono() + t->reconnect;
}

static void end_connection(connection *c, int error) {
    tcp *t = c->owner;
    rt_log(error ? RT_WARN : RT_INFO, "%s: the connection %s%s", t->where,
           error ? "broke off: " : "was closed by the peer", error ? strerror(error) : "");
    rt_feed_end(&c->feed, !error);
    drop_connection(c);
    connect_later(t);
}

static void on_data(rt_handler *h, uint32_t events) {
    connection *c = h->owner;
    int64_t room;
    (void)events;
    uint8_t *to = rt_feed_room(&c->feed, &room);
    if (!to) {
        rt_loop_events(loop_of(c->owner), h, 0);
        return;
    }
    int64_t got = rt_os_read(h->fd, to, room);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        end_connection(c, got < 0 ? errno : 0);
        return;
    }
    rt_feed_add(&c->feed, got);
    h->at = rt_feed_due(&c->feed);
}

static void on_due(rt_handler *h) {
    connection *c = h->owner;
    h->at = rt_feed_due(&c->feed);
}

static void on_room(rt_handler *gate) {
    tcp *t = ((rt_source *)gate->owner)->impl;
    for (connection *c = t->connections; c; c = c->next)
        if (!c->handler.events) rt_loop_events(loop_of(t), &c->handler, EPOLLIN);
}

static connection *add_connection(tcp *t, int fd) {
    connection *c = rt_alloc(sizeof *c);
    c->owner = t;
    c->next = t->connections;
    t->connections = c;
    c->handler = (rt_handler){.fd = fd, .ready = on_data, .due = on_due, .owner = c};
    rt_feed_open(&c->feed, &t->live, rt_live_object(&t->live), t->max_line);
    rt_loop_add(loop_of(t), &c->handler);
    return c;
}

/* ---- socket ---------------------------------------------------------------------------- */

static void cannot_connect(tcp *t, int error) {
    rt_log(t->told ? RT_DEBUG : RT_WARN, "cannot connect to %s: %s; trying again every %.1f s",
           t->where, strerror(error), (double)t->reconnect / 1e6);
    t->told = true;
    connect_later(t);
}

static void connected(connection *c) {
    tcp *t = c->owner;
    rt_log(RT_INFO, "connected to %s", t->where);
    t->told = false;
    c->handler.ready = on_data;
    rt_loop_events(loop_of(t), &c->handler, EPOLLIN);
}

/* A connection that was begun has come about, or not. */
static void on_connected(rt_handler *h, uint32_t events) {
    connection *c = h->owner;
    tcp *t = c->owner;
    int error = 0;
    socklen_t len = sizeof error;
    (void)events;
    getsockopt(h->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (!error) {
        connected(c);
        return;
    }
    drop_connection(c);
    cannot_connect(t, error);
}

static void begin_connection(rt_handler *h) {
    tcp *t = h->owner;
    rt_address address;
    if (rt_tcp_address(t->where, &address) != RT_ok) {
        connect_later(t);
        return;
    }
    int fd = rt_os_socket(address.storage.ss_family, SOCK_STREAM);
    if (fd < 0) {
        cannot_connect(t, errno);
        return;
    }
    int result = rt_os_connect(fd, (struct sockaddr *)&address.storage, address.len);
    if (result < 0 && errno != EINPROGRESS) {
        int error = errno;
        rt_os_close(fd);
        cannot_connect(t, error);
        return;
    }
    connection *c = add_connection(t, fd);
    if (result == 0) {
        connected(c);
        return;
    }
    c->handler.ready = on_connected;
    rt_loop_events(loop_of(t), &c->handler, EPOLLOUT);
}

/* ---- listen ----------------------------------------------------------------------------- */

static void on_peer(rt_handler *h, uint32_t events) {
    tcp *t = h->owner;
    (void)events;
    int fd = rt_os_accept(h->fd, NULL, NULL);
    if (fd >= 0) {
        rt_log(RT_INFO, "%s: a peer has connected", t->where);
        connection *c = add_connection(t, fd);
        rt_loop_events(loop_of(t), &c->handler, EPOLLIN);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        rt_log(RT_WARN, "%s: cannot accept: %s", t->where, strerror(errno));
        rt_loop_events(loop_of(t), h, 0);
        h->at = rt_clock_mono() + t->reconnect;
    }
}

static void accept_again(rt_handler *h) {
    rt_loop_events(loop_of(h->owner), h, EPOLLIN);
}

/* ---- the source ------------------------------------------------------------------------- */

static void open_common(rt_source *s, bool listens) {
    tcp *t = s->impl = rt_alloc(sizeof *t);
    t->listens = listens;
    t->where = rt_option_text(s->decl->options, "arg", "");
    t->reconnect = rt_option_word(s->decl->options, "reconnect", 1000000);
    t->max_line = rt_option_word(s->decl->options, "max_line", INT64_C(1) << 20);
    t->handler = (rt_handler){.fd = -1, .owner = t};
    rt_live_open(&t->live, s, on_room);
    rt_loop_add(s->env->loop, &t->handler);
}

static rt_status socket_open(rt_source *s) {
    open_common(s, false);
    tcp *t = s->impl;
    rt_address address;
    /* A name that is not known yet may be so later; what is no address never will. */
    if (rt_tcp_address(t->where, &address) == RT_usage) return RT_usage;
    t->handler.due = begin_connection;
    t->handler.at = 1;
    return RT_ok;
}

static rt_status listen_open(rt_source *s) {
    open_common(s, true);
    tcp *t = s->impl;
    rt_address address;
    rt_status status = rt_tcp_address(t->where, &address);
    if (status != RT_ok) return status == RT_again ? RT_io : status;
    int fd = rt_os_socket(address.storage.ss_family, SOCK_STREAM);
    t->handler.fd = fd;
    t->handler.ready = on_peer;
    t->handler.due = accept_again;
    if (fd < 0 || rt_os_listen(fd, (struct sockaddr *)&address.storage, address.len) < 0)
        return (rt_status)rt_fail(RT_io, "cannot listen at %s: %s", t->where,
                                  strerror(errno));
    return rt_loop_events(s->env->loop, &t->handler, EPOLLIN);
}

static int64_t tcp_waiting(rt_source *s, int64_t now) {
    (void)now;
    return rt_live_waiting(&((tcp *)s->impl)->live);
}

static rt_status tcp_take(rt_source *s, int64_t limit, int64_t now, bool drain,
                          rt_input *in) {
    tcp *t = s->impl;
    (void)now;
    for (connection *c = drain ? t->connections : NULL; c; c = c->next) rt_feed_cut(&c->feed);
    return rt_live_take(&t->live, limit, drain, in);
}

static const char *tcp_object(rt_source *s, int64_t object) {
    (void)object;
    return ((tcp *)s->impl)->where;
}

static const uint8_t *tcp_header(rt_source *s, int64_t object, int64_t *len) {
    return rt_live_header(&((tcp *)s->impl)->live, object, len);
}

static void tcp_done(rt_source *s, rt_input *in) {
    (void)in;
    rt_live_done(&((tcp *)s->impl)->live);
}

static void tcp_close(rt_source *s) {
    tcp *t = s->impl;
    if (!t) return;
    while (t->connections) drop_connection(t->connections);
    rt_loop_remove(s->env->loop, &t->handler);
    if (t->handler.fd >= 0) rt_os_close(t->handler.fd);
    rt_live_close(&t->live);
    free(t);
    s->impl = NULL;
}

const rt_source_ops rt_socket_source = {
    .name = "socket",
    .live = true,
    .open = socket_open,
    .waiting = tcp_waiting,
    .take = tcp_take,
    .object = tcp_object,
    .header = tcp_header,
    .done = tcp_done,
    .close = tcp_close,
    .plan = rt_live_plan,
    .replan = rt_live_replan,
    .plan_text = rt_live_plan_text,
    .sync = rt_live_sync,
    .forget = rt_live_forget,
};

const rt_source_ops rt_listen_source = {
    .name = "listen",
    .live = true,
    .open = listen_open,
    .waiting = tcp_waiting,
    .take = tcp_take,
    .object = tcp_object,
    .header = tcp_header,
    .done = tcp_done,
    .close = tcp_close,
    .plan = rt_live_plan,
    .replan = rt_live_replan,
    .plan_text = rt_live_plan_text,
    .sync = rt_live_sync,
    .forget = rt_live_forget,
};
