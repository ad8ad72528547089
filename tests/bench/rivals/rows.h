/* rows.h - files of rows that are all of one size: read buffer by buffer, or in memory as a whole.
 *
 * Include this header first. */
#ifndef FLOW_BENCH_ROWS_H
#define FLOW_BENCH_ROWS_H

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ROWS_BUFFER = 1 << 18 };

/* Gives the whole rows of the file, of `size` bytes, buffer by buffer; 1 where that cannot be
 * read. */
static inline int each_rows(const char *path, size_t size, void (*take)(const void *p, size_t n)) {
    static _Alignas(64) char buffer[ROWS_BUFFER];
    int fd = open(path, O_RDONLY);
    size_t have = 0;
    ssize_t got;
    if (fd < 0) return 1;
    while ((got = read(fd, buffer + have, ROWS_BUFFER - have)) > 0) {
        have += (size_t)got;
        take(buffer, have / size);
        memmove(buffer, buffer + have / size * size, have % size);
        have %= size;
    }
    close(fd);
    return got < 0 || have;
}

static inline double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The same for a file that is in memory as a whole before the clock starts, which is told on
 * standard error as compare.c expects it. */
static inline int each_row_in_memory(const char *path, size_t size, void (*take)(const void *p, size_t n)) {
    struct stat st;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st)) return 1;
    size_t bytes = (size_t)st.st_size, have = 0;
    char *rows = mmap(NULL, bytes + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (rows == MAP_FAILED) return 1;
    madvise(rows, bytes, MADV_HUGEPAGE);
    for (ssize_t got; have < bytes; have += (size_t)got)
        if ((got = read(fd, rows + have, bytes - have)) <= 0) return 1;
    close(fd);
    double began = seconds();
    take(rows, bytes / size);
    fprintf(stderr, "%zu rows in %.6f s\n", bytes / size, seconds() - began);
    return bytes % size != 0;
}

#endif
