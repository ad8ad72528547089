/* tcp.c - see tcp.h. */
#include "runtime/io/tcp.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"

rt_status rt_tcp_address(const char *text, rt_address *out) {
    char host[256] = "127.0.0.1";
    const char *port = strrchr(text, ':');
    size_t n = port ? (size_t)(port - text) : 0;
    port = port ? port + 1 : text;
    if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
        text++;
        n -= 2;
    }
    if (n >= sizeof host) return (rt_status)rt_fail(RT_usage, "`%s` is no address", text);
    if (n) {
        memcpy(host, text, n);
        host[n] = 0;
    }
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found;
    if (!*port || strspn(port, "0123456789") != strlen(port))
        return (rt_status)rt_fail(RT_usage, "`%s` is no address: host:port is needed", text);
    int result = rt_os_resolve(host, port, &hints, &found);
    if (result != 0)
        return (rt_status)rt_fail(RT_again, "cannot find %s: %s", host, gai_strerror(result));
    memcpy(&out->storage, found->ai_addr, found->ai_addrlen);
    out->len = found->ai_addrlen;
    freeaddrinfo(found);
    return RT_ok;
}
