/* http_parse.c - the head of a request, by RFC 9112: see http_status.h.
 *
 * Strict where leniency is how requests are smuggled: lines end with CR LF, names of fields
 * touch their colons, nothing is folded, there is one Host and no body.  Host must name this
 * machine, so a page of somebody else cannot look through the user's browser. */
#include <string.h>
#include <strings.h>

#include "runtime/io/http_status.h"

typedef struct slice {
    const char *p;
    int64_t n;
} slice;

static bool is(slice s, const char *text) {
    return s.n == (int64_t)strlen(text) && !memcmp(s.p, text, (size_t)s.n);
}

static bool is_name(slice s, const char *text) {
    return s.n == (int64_t)strlen(text) && !strncasecmp(s.p, text, (size_t)s.n);
}

static bool is_token(slice s) {
    for (int64_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= 32 || c >= 127 || strchr("\"(),/:;<=>?@[\\]{}", c)) return false;
    }
    return s.n > 0;
}

/* The next line, without its end; false: it has not come whole, or *bad. */
static bool next_line(slice *rest, slice *line, bool *bad) {
    const char *nl = memchr(rest->p, '\n', (size_t)rest->n);
    if (!nl) return false;
    *line = (slice){rest->p, nl - rest->p};
    rest->n -= line->n + 1;
    rest->p = nl + 1;
    *bad = line->n == 0 || line->p[line->n - 1] != '\r';
    if (*bad) return false;
    line->n--;
    *bad = memchr(line->p, '\r', (size_t)line->n) || memchr(line->p, 0, (size_t)line->n);
    return !*bad;
}

/* Of `host[:port]`: is it a name of this machine? */
static bool is_here(slice host) {
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (int i = 0; i < 3; i++) {
        int64_t n = (int64_t)strlen(names[i]);
        if (host.n < n || strncasecmp(host.p, names[i], (size_t)n)) continue;
        if (host.n == n) return true;
        if (host.p[n] != ':' || host.n > n + 6) continue;
        bool digits = true;
        for (int64_t k = n + 1; k < host.n; k++)
            digits &= host.p[k] >= '0' && host.p[k] <= '9';
        return digits;
    }
    return false;
}

static bool is_host(slice s) {
    for (int64_t i = 0; i < s.n; i++)
        if (s.p[i] <= 32 || s.p[i] >= 127 || strchr("/@?#\\\"<>", s.p[i])) return false;
    return s.n > 0;
}

/* A path, or `http://host/path`, whose host counts. */
static int read_target(slice target, char *path, slice *host) {
    for (int64_t i = 0; i < target.n; i++)
        if (target.p[i] <= 32 || target.p[i] >= 127 || target.p[i] == '#') return 400;
    if (target.n > 7 && !strncasecmp(target.p, "http://", 7)) {
        const char *slash = memchr(target.p + 7, '/', (size_t)(target.n - 7));
        const char *end = target.p + target.n;
        *host = (slice){target.p + 7, (slash ? slash : end) - target.p - 7};
        if (!is_host(*host)) return 400;
        target = slash ? (slice){slash, end - slash} : (slice){"/", 1};
    }
    if (!target.n || target.p[0] != '/') return 400;
    const char *query = memchr(target.p, '?', (size_t)target.n);
    if (query) target.n = query - target.p;
    memcpy(path, target.p, (size_t)target.n);
    path[target.n] = 0;
    return 200;
}

/* Method, target, version. */
static int read_start(slice line, char *path, bool *head, bool *old, slice *host) {
    const char *a = memchr(line.p, ' ', (size_t)line.n);
    if (!a) return 400;
    slice method = {line.p, a - line.p}, rest = {a + 1, line.n - method.n - 1};
    const char *b = memchr(rest.p, ' ', (size_t)rest.n);
    if (!b || !is_token(method)) return 400;
    slice target = {rest.p, b - rest.p}, version = {b + 1, rest.n - target.n - 1};
    if (version.n != 8 || memcmp(version.p, "HTTP/", 5) || version.p[6] != '.' ||
        version.p[5] < '0' || version.p[5] > '9' || version.p[7] < '0' || version.p[7] > '9')
        return 400;
    if (version.p[5] != '1') return 505;
    *old = version.p[7] == '0';
    *head = is(method, "HEAD");
    static const char *const others[] = {"POST",    "PUT",   "DELETE", "CONNECT",
                                         "OPTIONS", "TRACE", "PATCH"};
    for (int i = 0; i < 7; i++)
        if (is(method, others[i])) return 405;
    if (!*head && !is(method, "GET")) return 501;
    return read_target(target, path, host);
}

typedef struct fields {
    slice host;
    int hosts;
    bool body;
} fields;

static int read_field(slice line, fields *f) {
    const char *colon = memchr(line.p, ':', (size_t)line.n);
    if (!colon) return 400;
    slice name = {line.p, colon - line.p}, value = {colon + 1, line.n - name.n - 1};
    if (!is_token(name)) return 400; /* folded lines and blanks before the colon, too */
    while (value.n && (*value.p == ' ' || *value.p == '\t')) value.p++, value.n--;
    while (value.n && (value.p[value.n - 1] == ' ' || value.p[value.n - 1] == '\t')) value.n--;
    for (int64_t i = 0; i < value.n; i++)
        if ((value.p[i] > 0 && value.p[i] < 32 && value.p[i] != '\t') || value.p[i] == 127)
            return 400;
    if (is_name(name, "host")) {
        f->host = value;
        f->hosts++;
        if (!is_host(value)) return 400;
    }
    if (is_name(name, "transfer-encoding")) return 400;
    if (is_name(name, "content-length")) {
        for (int64_t i = 0; i < value.n; i++) {
            if (value.p[i] < '0' || value.p[i] > '9') return 400;
            f->body |= value.p[i] != '0';
        }
        if (!value.n) return 400;
    }
    return 200;
}

int rt_http_parse(const char *p, int64_t n, char *path, bool *head) {
    slice rest = {p, n}, line, host = {0};
    fields f = {0};
    bool bad = false, old = false;
    int status = 200;
    *head = false;
    *path = 0;
    /* One empty line before a request is let pass. */
    if (rest.n >= 2 && !memcmp(rest.p, "\r\n", 2)) rest.p += 2, rest.n -= 2;
    if (!next_line(&rest, &line, &bad)) return bad ? 400 : n >= RT_HTTP_HEAD ? 414 : 0;
    status = read_start(line, path, head, &old, &host);
    if (status == 400 || status == 505) return status;
    for (;;) {
        if (!next_line(&rest, &line, &bad)) return bad ? 400 : n >= RT_HTTP_HEAD ? 431 : 0;
        if (line.n == 0) break;
        int one = read_field(line, &f);
        if (one != 200) return one;
    }
    if (f.hosts > 1 || (!f.hosts && !old)) return 400;
    if (status != 200) return status;
    if (f.body) return 413;
    if (!host.p && f.hosts) host = f.host;
    if (host.p && !is_here(host)) return 421;
    return 200;
}
