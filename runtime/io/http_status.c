/* http_status.c - see http_status.h. */
#include "runtime/io/http_status.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/io/loop.h"
#include "runtime/io/tcp.h"

/* After the answer: for the client to take it, before the connection goes. */
#define LINGER 1000000

typedef struct client {
    rt_http *owner;
    struct client *next;
    rt_handler handler;
    int64_t since;
    rt_wire out; /* the answer; empty: the request is still coming */
    int64_t sent, have;
    char in[RT_HTTP_HEAD];
} client;

struct rt_http {
    rt_loop *loop;
    rt_handler handler; /* accepts */
    rt_http_page *page;
    void *arg;
    client *clients; /* the newest first */
    int64_t n;
};

static void drop(client *c) {
    rt_http *http = c->owner;
    client **at = &http->clients;
    while (*at != c) at = &(*at)->next;
    *at = c->next;
    http->n--;
    rt_loop_remove(http->loop, &c->handler);
    rt_os_close(c->handler.fd);
    rt_wire_free(&c->out);
    free(c);
}

/* ---- answers ---- */

static const struct {
    int status;
    const char *reason;
} reasons[] = {{200, "OK"},
               {400, "Bad Request"},
               {404, "Not Found"},
               {405, "Method Not Allowed"},
               {408, "Request Timeout"},
               {413, "Content Too Large"},
               {414, "URI Too Long"},
               {421, "Misdirected Request"},
               {431, "Request Header Fields Too Large"},
               {501, "Not Implemented"},
               {505, "HTTP Version Not Supported"}};

static const char *reason_of(int status) {
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status) return reasons[i].reason;
    rt_assert(!"a status without a reason");
    return "";
}

static void send_more(client *c) {
    while (c->sent < c->out.n) {
        int64_t n = rt_os_send(c->handler.fd, c->out.p + c->sent, c->out.n - c->sent);
        if (n < 0 && errno == EAGAIN) {
            rt_loop_events(c->owner->loop, &c->handler, EPOLLOUT);
            return;
        }
        if (n < 0) {
            drop(c);
            return;
        }
        c->sent += n;
    }
    /* What still comes is let go until the client has closed: a reset could overtake the
     * answer. */
    rt_os_shutdown(c->handler.fd);
    rt_loop_events(c->owner->loop, &c->handler, EPOLLIN);
    c->handler.at = RT_MIN(c->handler.at, rt_clock_mono() + LINGER);
}

static void answer(client *c, int status, const char *path, bool head) {
    rt_wire body = {0};
    const char *type = "text/plain; charset=utf-8";
    char text[512];
    if (status == 200 && !c->owner->page(c->owner->arg, path, &body, &type)) {
        rt_wire_clear(&body);
        status = 404;
    }
    if (status != 200) {
        int n = snprintf(text, sizeof text, "%d %s\n", status, reason_of(status));
        rt_wire_raw(&body, text, n);
    }
    int n = snprintf(text, sizeof text,
                     "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %" PRId64 "\r\n"
                     "Connection: close\r\nCache-Control: no-store\r\n"
                     "X-Content-Type-Options: nosniff\r\n"
                     "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
                     "%s\r\n",
                     status, reason_of(status), type, body.n,
                     status == 405 ? "Allow: GET, HEAD\r\n" : "");
    rt_wire_raw(&c->out, text, n);
    if (!head) rt_wire_raw(&c->out, body.p, body.n);
    rt_wire_free(&body);
    send_more(c);
}

/* ---- requests ---- */

static void on_client(rt_handler *h, uint32_t events) {
    client *c = h->owner;
    char path[RT_HTTP_HEAD + 1], rest[4096];
    bool head;
    if (c->out.n && c->sent < c->out.n) {
        send_more(c);
        return;
    }
    if (c->out.n) {
        if (rt_os_read(h->fd, rest, sizeof rest) <= 0) drop(c);
        return;
    }
    (void)events;
    int64_t n = rt_os_read(h->fd, c->in + c->have, RT_HTTP_HEAD - c->have);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        drop(c);
        return;
    }
    c->have += n;
    int status = rt_http_parse(c->in, c->have, path, &head);
    if (status) answer(c, status, path, head);
}

static void on_late(rt_handler *h) {
    client *c = h->owner;
    if (c->out.n || !c->have) {
        drop(c);
        return;
    }
    h->at = rt_clock_mono() + LINGER;
    answer(c, 408, "", false);
}

static void on_new(rt_handler *h, uint32_t events) {
    rt_http *http = h->owner;
    (void)events;
    int fd = rt_os_accept(h->fd, NULL, NULL);
    if (fd < 0) return;
    if (http->n == RT_HTTP_CLIENTS) {
        client *oldest = http->clients;
        while (oldest->next) oldest = oldest->next;
        drop(oldest);
    }
    client *c = rt_alloc(sizeof *c);
    c->owner = http;
    c->next = http->clients;
    c->have = c->sent = 0;
    c->out = (rt_wire){0};
    http->clients = c;
    http->n++;
    c->handler = (rt_handler){.fd = fd, .ready = on_client, .due = on_late, .owner = c};
    c->handler.at = rt_clock_mono() + RT_HTTP_TIME;
    rt_loop_add(http->loop, &c->handler);
    rt_loop_events(http->loop, &c->handler, EPOLLIN);
}

/* ---- opening ---- */

static bool is_loopback(const rt_address *a) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&a->storage;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&a->storage;
    if (a->storage.ss_family == AF_INET) return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    return a->storage.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

rt_status rt_http_open(const char *address, rt_http_page *page, void *arg, rt_http **out) {
    rt_address where;
    *out = NULL;
    rt_status status = rt_tcp_address(address, &where);
    if (status != RT_ok) return status == RT_again ? RT_io : status;
    if (!is_loopback(&where))
        return (rt_status)rt_fail(RT_usage,
                                  "`metrics` are shown on this machine only: `%s` is another "
                                  "address; put a proxy in front",
                                  address);
    rt_http *http = rt_alloc(sizeof *http);
    *http = (rt_http){.page = page, .arg = arg};
    http->handler = (rt_handler){.ready = on_new, .owner = http};
    http->handler.fd = rt_os_socket(where.storage.ss_family, SOCK_STREAM);
    if (http->handler.fd < 0 ||
        rt_os_listen(http->handler.fd, (struct sockaddr *)&where.storage, where.len) < 0) {
        rt_log(RT_ERROR, "cannot show `metrics` at %s: %s", address, strerror(errno));
        if (http->handler.fd >= 0) rt_os_close(http->handler.fd);
        free(http);
        return RT_io;
    }
    http->loop = rt_loop_new(-1);
    if (http->loop) {
        rt_loop_add(http->loop, &http->handler);
        status = rt_loop_events(http->loop, &http->handler, EPOLLIN);
        if (status == RT_ok) status = rt_loop_start(http->loop);
    }
    *out = http;
    return http->loop ? status : RT_io;
}

void rt_http_close(rt_http *http) {
    if (!http) return;
    if (http->loop) rt_loop_stop(http->loop);
    while (http->clients) drop(http->clients);
    if (http->loop) rt_loop_remove(http->loop, &http->handler);
    rt_os_close(http->handler.fd);
    rt_loop_free(http->loop);
    free(http);
}
