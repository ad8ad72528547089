/* source.h - the files of a compile, and from byte offsets to line and column. */
#ifndef FLOW_DIAG_SOURCE_H
#define FLOW_DIAG_SOURCE_H

#include <stdint.h>
#include <stddef.h>

#include "compiler/base/arena.h"

/* A half-open range of bytes of one file; file counts from 0 (see sources_t). */
typedef struct span {
    uint32_t start, end;
    uint32_t file;
} span_t;

typedef struct source {
    const char *path;  /* as the user named it; printed in messages */
    const char *text;  /* NUL-terminated */
    size_t len;
    uint32_t *lines;   /* offset of each line's first byte */
    size_t nlines;
} source_t;

typedef struct sources sources_t;

sources_t *sources_new(arena_t *a);
/* Adds a text; it is copied into the arena.  Returns the file number. */
uint32_t sources_add(sources_t *s, const char *path, const char *text, size_t len);
/* Reads a file ("-" is standard input).  Returns 1 and the number, or 0 and a reason. */
int sources_read(sources_t *s, const char *path, uint32_t *file, const char **why);
const source_t *source_at(const sources_t *s, uint32_t file);
size_t sources_count(const sources_t *s);
/* Line and column, both from 1; the column counts code points. */
void source_position(const source_t *src, uint32_t offset, int *line, int *column);
/* The text of a line (from 1) without its line break and without a byte order mark. */
const char *source_line(const source_t *src, int line, size_t *len);
/* A span that lies in no file, for what concerns a file as a whole. */
#define SPAN_NOWHERE ((span_t){0, 0, UINT32_MAX})
static inline span_t span_join(span_t a, span_t b) {
    return (span_t){a.start < b.start ? a.start : b.start, a.end > b.end ? a.end : b.end, a.file};
}

#endif
