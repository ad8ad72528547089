/* lines.h - what the plain rivals share: a file read 1 MiB at a time, whole lines given to
 * a function; a hash of bytes a word at a time; a table by text that never shrinks. */
#ifndef FLOW_BENCH_LINES_H
#define FLOW_BENCH_LINES_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef void take_line(const char *p, const char *end);

/* Every line without its end; 0, or 1 where it cannot be read. */
static int each_line(const char *path, take_line *take) {
    int fd = open(path, O_RDONLY);
    size_t size = 1 << 20, kept = 0;
    char *buffer = malloc(2 * size + 64);
    if (fd < 0 || !buffer) return 1;
    for (;;) {
        ssize_t got = read(fd, buffer + kept, size);
        if (got < 0 || kept > size) return 1;
        char *p = buffer, *end = buffer + kept + got, *nl;
        while ((nl = memchr(p, '\n', (size_t)(end - p)))) {
            take(p, nl);
            p = nl + 1;
        }
        kept = (size_t)(end - p);
        memmove(buffer, p, kept);
        if (!got) break;
    }
    if (kept) take(buffer, buffer + kept);
    free(buffer);
    close(fd);
    return 0;
}

static inline uint64_t hash_bytes(const char *s, size_t n) {
    uint64_t h = n * 0x9E3779B97F4A7C15u, v = 0;
    for (; n >= 8; s += 8, n -= 8) {
        memcpy(&v, s, 8);
        h = (h ^ v) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    v = 0;
    for (size_t i = 0; i < n; i++) v |= (uint64_t)(unsigned char)s[i] << (8 * i);
    h = (h ^ v) * 0xff51afd7ed558ccdu;
    return h ^ (h >> 32);
}

static inline uint64_t hash_int(uint64_t v) {
    v *= 0x9E3779B97F4A7C15u;
    return v ^ (v >> 32);
}

static inline const char *read_int(const char *p, const char *end, int64_t *out) {
    int minus = p < end && *p == '-';
    int64_t v = 0;
    for (p += minus; p < end && *p >= '0' && *p <= '9'; p++) v = 10 * v + (*p - '0');
    *out = minus ? -v : v;
    return p;
}

#endif
