/* test_http.c - requests as RFC 9112 has them and as it does not: what is asked for, or which
 * status refuses it; cut anywhere, a request is the same. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/Basic.h>

#include "runtime/io/http_status.h"

void suite_http(void);

#define HOST "Host: localhost\r\n"

static const struct {
    int status;
    const char *text;
} cases[] = {
    /* what is well formed */
    {200, "GET / HTTP/1.1\r\n" HOST "\r\n"},
    {200, "HEAD /metrics HTTP/1.1\r\nHost: 127.0.0.1:9090\r\n\r\n"},
    {200, "GET / HTTP/1.0\r\n\r\n"},
    {200, "\r\nGET / HTTP/1.1\r\n" HOST "\r\n"},
    {200, "GET http://localhost:80/metrics HTTP/1.1\r\n" HOST "\r\n"},
    {200, "GET /?q=%3Cscript%3E HTTP/1.1\r\n" HOST "\r\n"},
    {200, "GET / HTTP/1.1\r\nhOsT:\t[::1]:1 \t\r\nX:\r\n\r\n"},
    {200, "GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"},
    /* the start */
    {400, "GET / HTTP/1.1\n" HOST "\r\n"},
    {400, "GET /\r\n" HOST "\r\n"},
    {400, "GET  / HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET / HTTP/1.1 \r\n" HOST "\r\n"},
    {400, " GET / HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET metrics HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /a\tb HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /\x80 HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET / http/1.1\r\n" HOST "\r\n"},
    {400, "GET / HTTP/1.10\r\n" HOST "\r\n"},
    {505, "GET / HTTP/2.0\r\n" HOST "\r\n"},
    {400, "G(T / HTTP/1.1\r\n" HOST "\r\n"},
    {501, "get / HTTP/1.1\r\n" HOST "\r\n"},
    {501, "BREW / HTTP/1.1\r\n" HOST "\r\n"},
    {405, "POST / HTTP/1.1\r\n" HOST "\r\n"},
    {405, "OPTIONS * HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET http://user@localhost/ HTTP/1.1\r\n" HOST "\r\n"},
    {400, "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"},
    /* the fields */
    {400, "GET / HTTP/1.1\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST HOST "\r\n"},
    {400, "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "A b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST ": b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "A: b\x01\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "A: b\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
    {421, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"},
    {421, "GET / HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n"},
    {421, "GET http://evil.example/ HTTP/1.1\r\n" HOST "\r\n"},
    /* bodies, and requests hidden in them */
    {413, "GET / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello"},
    {400, "GET / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"},
    /* what has not come yet */
    {0, ""},
    {0, "GET / HTTP/1.1\r\n" HOST},
    {0, "GET / HTTP/1.1\r\n" HOST "\r"},
};

static void test_cases(void) {
    char path[RT_HTTP_HEAD + 1];
    bool head;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = cases[i].text;
        int64_t n = (int64_t)strlen(text);
        int status = rt_http_parse(text, n, path, &head);
        if (status != cases[i].status) fprintf(stderr, "%d, not %d: %s\n", status, cases[i].status, text);
        CU_ASSERT_EQUAL(status, cases[i].status);
        CU_ASSERT_EQUAL(head, !strncmp(text, "HEAD", 4));
        /* A beginning is refused for the same reason, or goes on. */
        for (int64_t k = 0; k < n; k++) {
            int part = rt_http_parse(text, k, path, &head);
            CU_ASSERT(part == 0 || part == status);
        }
    }
    rt_http_parse(cases[5].text, (int64_t)strlen(cases[5].text), path, &head);
    CU_ASSERT_STRING_EQUAL(path, "/");
    rt_http_parse(cases[4].text, (int64_t)strlen(cases[4].text), path, &head);
    CU_ASSERT_STRING_EQUAL(path, "/metrics");
    CU_ASSERT_EQUAL(rt_http_parse("GET / HTTP/1.1\r\nA: \0\r\n\r\n", 24, path, &head), 400);
}

static void test_long(void) {
    static char text[RT_HTTP_HEAD];
    char path[RT_HTTP_HEAD + 1];
    bool head;
    memset(text, 'a', sizeof text);
    CU_ASSERT_EQUAL(rt_http_parse(text, sizeof text, path, &head), 414);
    memcpy(text, "GET / HTTP/1.1\r\n" HOST "A: ", 36);
    CU_ASSERT_EQUAL(rt_http_parse(text, sizeof text, path, &head), 431);
    /* Bytes of all kinds: no worse than a refusal. */
    uint64_t seed = 7;
    for (int i = 0; i < 20000; i++) {
        int n = (int)(seed >> 40) % 200;
        memcpy(text, "GET / HTTP/1.1\r\n" HOST "\r\n", 35);
        for (int k = 0; k < 6; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            text[(seed >> 33) % (unsigned)(n + 1)] = (char)(seed >> 20);
        }
        int status = rt_http_parse(text, n, path, &head);
        CU_ASSERT(status == 0 || (status >= 200 && status <= 505));
    }
}

/* ---- the server ---- */

static bool page(void *arg, const char *path, rt_wire *out, const char **type) {
    (void)type;
    if (strcmp(path, "/")) return false;
    rt_wire_raw(out, arg, (int64_t)strlen(arg));
    return true;
}

static int connect_to(int port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&a, sizeof a)) CU_FAIL("connect");
    return fd;
}

static int free_port(void) {
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t len = sizeof a;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) || getsockname(fd, (struct sockaddr *)&a, &len))
        abort();
    close(fd);
    return ntohs(a.sin_port);
}

static void ask(int port, const char *request, const char *wanted, const char *end) {
    char text[4096];
    int fd = connect_to(port);
    int64_t have = 0, n;
    if (write(fd, request, strlen(request)) < 0) CU_FAIL("write");
    struct pollfd one = {.fd = fd, .events = POLLIN};
    while (have < 4000 && poll(&one, 1, 3000) == 1 &&
           (n = read(fd, text + have, sizeof text - 1 - (size_t)have)) > 0)
        have += n;
    text[have] = 0;
    close(fd);
    CU_ASSERT(strstr(text, wanted) == text);
    size_t len = strlen(end);
    CU_ASSERT((size_t)have >= len && !strcmp(text + (size_t)have - len, end));
}

/* More clients that say nothing than there is room for: others are answered. */
static void test_server(void) {
    rt_http *http;
    char where[32], body[] = "the page";
    int port = free_port(), silent[80];
    snprintf(where, sizeof where, ":%d", port);
    CU_ASSERT_EQUAL_FATAL(rt_http_open(where, page, body, &http), RT_ok);
    ask(port, "GET / HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 200 OK\r\n", "\r\n\r\nthe page");
    ask(port, "HEAD / HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 200 OK\r\n", "\r\n\r\n");
    ask(port, "GET /../etc/passwd HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 404 ", "404 Not Found\n");
    ask(port, "PUT / HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 405 ", "\n");
    for (int i = 0; i < 80; i++) silent[i] = connect_to(port);
    for (int i = 0; i < 80; i++) (void)!write(silent[i], "GET", 3);
    for (int i = 0; i < 5; i++)
        ask(port, "GET / HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 200 OK\r\n", "\r\n\r\nthe page");
    for (int i = 0; i < 80; i++) close(silent[i]);
    rt_http_close(http);
    CU_ASSERT_EQUAL(rt_http_open("192.0.2.1:80", page, body, &http), RT_usage);
}

void suite_http(void) {
    CU_pSuite s = CU_add_suite("http", NULL, NULL);
    CU_add_test(s, "requests", test_cases);
    CU_add_test(s, "too long, or anything", test_long);
    CU_add_test(s, "the server", test_server);
}
