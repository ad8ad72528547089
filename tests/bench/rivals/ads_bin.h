/* ads_bin.h - the advertising benchmark over rows of eight words: what the plain rival and the
 * fast one share.
 *
 * The rows are in order of time, so a window is over when one of the next comes.  Ads and
 * campaigns are small numbers, so a table is an array. */
#ifndef FLOW_BENCH_ADS_BIN_H
#define FLOW_BENCH_ADS_BIN_H

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

enum { ADS = 1 << 12, CAMPAIGNS = 1 << 10, BUFFER = 1 << 18, VIEW = 0 };

static const int64_t WINDOW = 10 * 1000000;

typedef struct event {
    int64_t at, user, page, ad, ad_type, event_type, ip, padding;
} event;

typedef struct known {
    int64_t ad, campaign;
} known;

static int32_t campaigns[ADS];        /* + 1; 0: no such ad */
static int64_t counts[CAMPAIGNS + 1]; /* by these numbers; nobody looks at the first */
static int64_t window_end = INT64_MIN;

static void close_window(void) {
    for (int i = 1; i <= CAMPAIGNS; i++)
        if (counts[i])
            printf("%lld,%d,%lld\n", (long long)((window_end - WINDOW) / 1000), i - 1,
                   (long long)counts[i]);
    memset(counts, 0, sizeof counts);
}

static inline int32_t campaign_of(int64_t ad) {
    return (uint64_t)ad < ADS ? campaigns[ad] : 0;
}

static void take_event(const event *e) {
    if (e->event_type != VIEW) return;
    if (e->at >= window_end) {
        close_window();
        window_end = e->at - e->at % WINDOW + WINDOW;
    }
    counts[campaign_of(e->ad)]++;
}

static void take_table(const void *p, size_t n) {
    for (const known *k = p, *end = k + n; k < end; k++) {
        if (k->ad < 0 || k->ad >= ADS || k->campaign < 0 || k->campaign >= CAMPAIGNS) exit(1);
        campaigns[k->ad] = (int32_t)k->campaign + 1;
    }
}

/* Gives the whole rows of the file, of `size` bytes, buffer by buffer; 1 where that cannot be
 * read. */
static int each_rows(const char *path, size_t size, void (*take)(const void *p, size_t n)) {
    static _Alignas(64) char buffer[BUFFER];
    int fd = open(path, O_RDONLY);
    size_t have = 0;
    ssize_t got;
    if (fd < 0) return 1;
    while ((got = read(fd, buffer + have, BUFFER - have)) > 0) {
        have += (size_t)got;
        take(buffer, have / size);
        memmove(buffer, buffer + have / size * size, have % size);
        have %= size;
    }
    close(fd);
    return got < 0 || have;
}

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The same for a file that is in memory as a whole before the clock starts, which is told on
 * standard error as compare.c expects it. */
static int each_row_in_memory(const char *path, size_t size, void (*take)(const void *p, size_t n)) {
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

/* All events: in memory, if a third argument says so. */
static int each_event(int argc, char **argv, void (*take)(const void *p, size_t n)) {
    return (argc == 4 ? each_row_in_memory : each_rows)(argv[1], sizeof(event), take);
}

#endif
