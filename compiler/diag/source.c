/* source.c - the texts of a compile, their lines and positions.
 *
 * Line starts are found once, when a text is added; a position is a binary search. */
#include "compiler/diag/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/base/vec.h"

struct sources {
    arena_t *arena;
    VEC(source_t) files;
};

sources_t *sources_new(arena_t *a) {
    sources_t *s = ARENA_NEW(a, sources_t);
    s->arena = a;
    return s;
}

static void find_lines(arena_t *a, source_t *src) {
    size_t n = 1;
    for (const char *p = src->text; (p = memchr(p, '\n', src->len - (size_t)(p - src->text)));
         p++)
        n++;
    src->lines = ARENA_ARRAY(a, uint32_t, n);
    src->nlines = n;
    size_t line = 1;
    for (size_t i = 0; i < src->len; i++)
        if (src->text[i] == '\n') src->lines[line++] = (uint32_t)i + 1;
    flow_assert(line == n);
}

uint32_t sources_add(sources_t *s, const char *path, const char *text, size_t len) {
    flow_assert(len <= FLOW_MAX_SOURCE);
    source_t src = {.path = arena_strdup(s->arena, path), .len = len};
    src.text = arena_strndup(s->arena, text, len);
    find_lines(s->arena, &src);
    vec_push(s->arena, &s->files, src);
    return (uint32_t)(s->files.n - 1);
}

/* Reads to the end, or one byte past the limit.  Returns null if memory or reading fails;
 * errno then says why. */
static char *read_all(FILE *f, size_t *len) {
    size_t cap = 64 << 10, n = 0;
    char *text = malloc(cap);
    while (text) {
        n += fread(text + n, 1, cap - n, f);
        if (ferror(f)) break;
        if (n < cap || n > FLOW_MAX_SOURCE) {
            *len = n;
            return text;
        }
        cap *= 2;
        char *more = realloc(text, cap);
        if (!more) break;
        text = more;
    }
    free(text);
    return NULL;
}

int sources_read(sources_t *s, const char *path, uint32_t *file, const char **why) {
    int from_stdin = !strcmp(path, "-");
    errno = 0;
    FILE *f = from_stdin ? stdin : fopen(path, "rb");
    size_t len = 0;
    char *text = f ? read_all(f, &len) : NULL;
    if (!text) *why = strerror(errno ? errno : EIO);
    if (f && !from_stdin) fclose(f);
    if (!text) return 0;
    int fits = len <= FLOW_MAX_SOURCE;
    if (fits) *file = sources_add(s, from_stdin ? "<stdin>" : path, text, len);
    else *why = "a program may have at most 64 MiB";
    free(text);
    return fits;
}

const source_t *source_at(const sources_t *s, uint32_t file) {
    flow_assert(file < s->files.n);
    return &s->files.at[file];
}

size_t sources_count(const sources_t *s) {
    return s->files.n;
}

/* The number, from 0, of the line that holds the offset. */
static size_t line_index(const source_t *src, uint32_t offset) {
    size_t lo = 0, hi = src->nlines;
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        if (src->lines[mid] <= offset) lo = mid;
        else hi = mid;
    }
    return lo;
}

void source_position(const source_t *src, uint32_t offset, int *line, int *column) {
    if (offset > src->len) offset = (uint32_t)src->len;
    size_t at = line_index(src, offset);
    uint32_t start = src->lines[at];
    if (at == 0 && src->len >= 3 && !memcmp(src->text, "\xEF\xBB\xBF", 3)) start = 3;
    int col = 1;
    for (uint32_t i = start; i < offset; i++)
        if (((unsigned char)src->text[i] & 0xC0) != 0x80) col++;
    *line = (int)at + 1;
    *column = col;
}

const char *source_line(const source_t *src, int line, size_t *len) {
    flow_assert(line >= 1 && (size_t)line <= src->nlines);
    size_t start = src->lines[line - 1];
    size_t end = (size_t)line < src->nlines ? src->lines[line] - 1 : src->len;
    if (line == 1 && src->len >= 3 && !memcmp(src->text, "\xEF\xBB\xBF", 3)) start = 3;
    if (end > start && src->text[end - 1] == '\r') end--;
    *len = end - start;
    return src->text + start;
}
