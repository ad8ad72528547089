/* http_status.h - a small server of HTTP/1.1 for one who looks: GET and HEAD, on the loopback.
 *
 * It runs on a thread of its own and can neither stop nor slow the program: at most
 * RT_HTTP_CLIENTS connections (the one that has been silent longest makes room for a new
 * one), RT_HTTP_HEAD bytes of request, RT_HTTP_TIME for all of it, one answer to a
 * connection.  It reads no file and shows nothing of the request. */
#ifndef FLOW_RUNTIME_IO_HTTP_STATUS_H
#define FLOW_RUNTIME_IO_HTTP_STATUS_H

#include "runtime/base/status.h"
#include "runtime/base/wire.h"

#define RT_HTTP_CLIENTS 32
#define RT_HTTP_HEAD 8192
#define RT_HTTP_TIME 5000000

typedef struct rt_http rt_http;

/* Writes the page at `path` to `out` and sets its type; false: there is none.  Called on the
 * server's thread. */
typedef bool rt_http_page(void *arg, const char *path, rt_wire *out, const char **type);

/* `address`: as rt_tcp_address reads it; must be the loopback. */
rt_status rt_http_open(const char *address, rt_http_page *page, void *arg, rt_http **out);
/* Null is fine. */
void rt_http_close(rt_http *http);

/* What a request asks for: 200, or the status of what is wrong with it.  0: it goes on.
 * `path` gets its path, which is at most RT_HTTP_HEAD long; *head: only the head is wanted. */
int rt_http_parse(const char *p, int64_t n, char *path, bool *head);

#endif
