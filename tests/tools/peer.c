/* peer.c - the other end of a socket, for tests.
 *
 *   peer port                        prints a port that is free
 *   peer serve PORTFILE FILE [options]   listens, sends the lines of FILE
 *   peer send PORT FILE [options]        connects (trying for 10 s), sends them
 *   peer receive PORTFILE OUT [options]  listens, writes what comes to OUT
 *
 *   peer ask PORT FILE               connects, sends FILE, prints what comes back
 *
 *   -r N   lines per second (default: as fast as they go)
 *   -c N   serve: in N connections one after another, equal shares of the lines;
 *          receive: so many connections
 *   -b N   receive: close a connection that is not the last after N bytes
 *   -w N   receive: wait N ms before the first read
 *   -u     receive: close a connection that is not the last without reading, after 0.5 s
 *   -x     reset the last connection in place of closing it
 *
 * PORTFILE gets the number of the port, or gives it if it holds one.  Loopback only. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct options {
    long rate, connections, bytes, wait;
    int reset, unread;
} options;

static void die(const char *what) {
    fprintf(stderr, "peer: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void nap(long us) {
    struct timespec t = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&t, NULL);
}

static struct sockaddr_in loopback(int port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

static int bound(int port, int *out) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in a = loopback(port);
    socklen_t len = sizeof a;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    /* The port of before may be that of somebody's connection for a moment. */
    for (int i = 0; bind(fd, (struct sockaddr *)&a, sizeof a); i++) {
        if (errno != EADDRINUSE || i == 100) die("bind");
        nap(100000);
    }
    getsockname(fd, (struct sockaddr *)&a, &len);
    *out = ntohs(a.sin_port);
    return fd;
}

static int listener(const char *path) {
    int port = 0;
    FILE *f = fopen(path, "r");
    if (f) {
        if (fscanf(f, "%d", &port) != 1) port = 0;
        fclose(f);
    }
    int fd = bound(port, &port);
    if (listen(fd, 8)) die("listen");
    char temp[4096];
    snprintf(temp, sizeof temp, "%s.new", path);
    f = fopen(temp, "w");
    if (!f) die(temp);
    fprintf(f, "%d\n", port);
    fclose(f);
    if (rename(temp, path)) die(path);
    return fd;
}

static int connected(int port) {
    for (int tries = 0; tries < 200; tries++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        struct sockaddr_in a = loopback(port);
        if (!connect(fd, (struct sockaddr *)&a, sizeof a)) return fd;
        close(fd);
        nap(50000);
    }
    die("connect");
    return -1;
}

static void send_all(int fd, const char *p, size_t n) {
    while (n) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) die("send");
        p += k, n -= (size_t)k;
    }
}

static char *read_whole(const char *path, size_t *len) {
    FILE *f = fopen(path, "r");
    if (!f) die(path);
    fseek(f, 0, SEEK_END);
    *len = (size_t)ftell(f);
    rewind(f);
    char *text = malloc(*len + 1);
    if (fread(text, 1, *len, f) != *len) die(path);
    fclose(f);
    return text;
}

/* `lines` lines of what is left (all of it if negative), at most `rate` a second: a
 * share every 10 ms. */
static size_t send_lines(int fd, const char *p, size_t len, long lines, long rate) {
    size_t done = 0;
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (long sent = 0; done < len && sent != lines;) {
        long due = lines < 0 || rate ? 1L << 62 : lines;
        if (rate) {
            clock_gettime(CLOCK_MONOTONIC, &now);
            double t = (double)(now.tv_sec - begin.tv_sec) +
                       (double)(now.tv_nsec - begin.tv_nsec) / 1e9;
            due = (long)(t * (double)rate) + 1;
        }
        if (lines >= 0 && due > lines) due = lines;
        size_t from = done;
        while (sent < due && done < len) {
            const char *e = memchr(p + done, '\n', len - done);
            done = e ? (size_t)(e - p) + 1 : len;
            sent++;
        }
        send_all(fd, p + from, done - from);
        if (rate) nap(10000);
    }
    return done;
}

static void end(int fd, int reset) {
    struct linger now = {1, 0};
    if (reset) {
        nap(300000); /* what was sent is read before the reset drops it */
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    close(fd);
}

static void serve(const char *portfile, const char *path, options o) {
    size_t len, done = 0;
    char *text = read_whole(path, &len);
    long lines = 0;
    for (size_t i = 0; i < len; i++) lines += text[i] == '\n';
    int fd = listener(portfile);
    for (long c = 1; c <= o.connections; c++) {
        int to = accept(fd, NULL, NULL);
        if (to < 0) die("accept");
        long share = c == o.connections ? -1 : lines / o.connections;
        done += send_lines(to, text + done, len - done, share, o.rate);
        end(to, o.reset && c == o.connections);
    }
    close(fd);
}

static void receive(const char *portfile, const char *path, options o) {
    int fd = listener(portfile);
    FILE *out = fopen(path, "w");
    if (!out) die(path);
    for (long c = 1; c <= o.connections; c++) {
        int from = accept(fd, NULL, NULL);
        if (from < 0) die("accept");
        char block[65536];
        long left = c < o.connections && o.bytes ? o.bytes : 1L << 62;
        ssize_t n;
        if (c == 1) nap(o.wait * 1000);
        if (o.unread && c < o.connections) nap(500000), left = 0;
        while (left > 0 && (n = read(from, block, sizeof block)) > 0) {
            fwrite(block, 1, (size_t)n, out);
            fflush(out);
            left -= n;
        }
        close(from);
    }
    fclose(out);
    close(fd);
}

int main(int argc, char **argv) {
    options o = {.connections = 1};
    for (int i = 4; i < argc; i++) {
        long n = i + 1 < argc ? atol(argv[i + 1]) : 0;
        if (!strcmp(argv[i], "-r")) o.rate = n, i++;
        else if (!strcmp(argv[i], "-c")) o.connections = n, i++;
        else if (!strcmp(argv[i], "-b")) o.bytes = n, i++;
        else if (!strcmp(argv[i], "-w")) o.wait = n, i++;
        else if (!strcmp(argv[i], "-x")) o.reset = 1;
        else if (!strcmp(argv[i], "-u")) o.unread = 1;
    }
    if (argc == 2 && !strcmp(argv[1], "port")) {
        int port;
        close(bound(0, &port));
        printf("%d\n", port);
    } else if (argc >= 4 && !strcmp(argv[1], "serve")) {
        serve(argv[2], argv[3], o);
    } else if (argc >= 4 && !strcmp(argv[1], "send")) {
        size_t len;
        char *text = read_whole(argv[3], &len);
        int fd = connected(atoi(argv[2]));
        send_lines(fd, text, len, -1, o.rate);
        end(fd, o.reset);
        free(text);
    } else if (argc == 4 && !strcmp(argv[1], "ask")) {
        size_t len;
        char *text = read_whole(argv[3], &len), block[65536];
        int fd = connected(atoi(argv[2]));
        ssize_t n;
        send_all(fd, text, len);
        while ((n = read(fd, block, sizeof block)) > 0) fwrite(block, 1, (size_t)n, stdout);
        free(text);
        close(fd);
    } else if (argc >= 4 && !strcmp(argv[1], "receive")) {
        receive(argv[2], argv[3], o);
    } else {
        fprintf(stderr, "usage: peer port | serve | send | receive (see the source)\n");
        return 2;
    }
    return 0;
}
