/* tcp.h - addresses as programs write them. */
#ifndef FLOW_RUNTIME_IO_TCP_H
#define FLOW_RUNTIME_IO_TCP_H

#include <stdbool.h>
#include <sys/socket.h>

#include "runtime/base/status.h"

typedef struct rt_address {
    struct sockaddr_storage storage;
    socklen_t len;
} rt_address;

/* `host:port`, `[v6]:port`, `:port` or `port`.  Without a host it is the loopback.  May
 * ask a name server, so it may take a while; logs what is wrong. */
rt_status rt_tcp_address(const char *text, rt_address *out);

#endif
