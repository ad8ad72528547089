/* blocks.h - a file as blocks of whole lines, for the SIMD rivals.
 *
 * One buffer, read again and again: it stays in the second-level cache, and the kernel's copy
 * into it costs less than the page faults of a mapping.  The line that a block cuts is moved
 * to the place before the next one, so that reads always go to the same aligned place. */
#ifndef FLOW_BENCH_BLOCKS_H
#define FLOW_BENCH_BLOCKS_H

#define _GNU_SOURCE /* memrchr: include this header first */
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "pages.h"

enum { BLOCK = 256 << 10, LONGEST_LINE = 1 << 20, AROUND = 256 };

typedef struct blocks {
    const char *path;
    int fd;
    bool ended;
    char *place;          /* where reads go */
    const char *p, *end;  /* the lines of this block; each ends in a newline */
    char *read_end;       /* behind the line that is cut */
} blocks;

static void blocks_fail(const blocks *b, const char *what) {
    fprintf(stderr, "%s: %s\n", b->path, what);
    exit(1);
}

static blocks blocks_open(const char *path) {
    blocks b = {.path = path, .fd = open(path, O_RDONLY)};
    if (b.fd < 0) blocks_fail(&b, "cannot be opened");
    b.place = (char *)pages_new(LONGEST_LINE + BLOCK + 2 * AROUND) + AROUND + LONGEST_LINE;
    b.p = b.end = b.read_end = b.place;
    return b;
}

/* False: there is nothing more.  AROUND bytes before and behind a block can be read. */
static bool blocks_next(blocks *b) {
    if (b->ended) return false;
    do {
        size_t cut = (size_t)(b->read_end - b->end);
        if (cut > LONGEST_LINE) blocks_fail(b, "a line is too long");
        b->p = memmove(b->place - cut, b->end, cut);
        ssize_t got = read(b->fd, b->place, BLOCK);
        if (got < 0) blocks_fail(b, "cannot be read");
        b->read_end = b->place + got;
        b->ended = got == 0;
        if (b->ended && cut) *b->read_end++ = '\n'; /* the last line may lack its end */
        const char *last = memrchr(b->p, '\n', (size_t)(b->read_end - b->p));
        b->end = last ? last + 1 : b->p;
    } while (b->end == b->p && !b->ended);
    return b->end > b->p;
}

#endif
