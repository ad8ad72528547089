/* rt_arena.c - chunks of 16 KiB, larger ones for larger requests. */
#include "runtime/base/rt_arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_check.h"

typedef struct chunk {
    struct chunk *next;
    char *end;
    _Alignas(16) char bytes[];
} chunk;

struct rt_arena {
    chunk *chunks;
    char *at;
};

static _Noreturn void no_memory(size_t bytes) {
    rt_log(RT_ERROR, "the system has no memory left (%zu bytes)", bytes);
    rt_os_end(1);
}

void *rt_alloc(size_t bytes) {
    void *p = rt_os_alloc(bytes);
    if (!p) no_memory(bytes);
    return p;
}

void *rt_realloc(void *p, size_t bytes) {
    void *q = rt_os_realloc(p, bytes);
    if (!q) no_memory(bytes);
    return q;
}

char *rt_strdup(const char *text) {
    size_t n = strlen(text);
    return memcpy(rt_alloc(n + 1), text, n);
}

rt_arena *rt_arena_new(void) { return rt_alloc(sizeof(rt_arena)); }

void rt_arena_free(rt_arena *arena) {
    if (!arena) return;
    while (arena->chunks) {
        chunk *c = arena->chunks;
        arena->chunks = c->next;
        free(c);
    }
    free(arena);
}

void *rt_arena_get(rt_arena *arena, size_t bytes) {
    bytes = (bytes + 15) & ~(size_t)15;
    if (!arena->chunks || (size_t)(arena->chunks->end - arena->at) < bytes) {
        size_t size = RT_MAX(bytes, (size_t)16 << 10);
        chunk *c = rt_alloc(sizeof *c + size);
        c->next = arena->chunks;
        c->end = c->bytes + size;
        arena->chunks = c;
        arena->at = c->bytes;
    }
    void *p = arena->at;
    arena->at += bytes;
    return p;
}

char *rt_arena_text(rt_arena *arena, const char *text, size_t len) {
    char *copy = rt_arena_get(arena, len + 1);
    if (len) memcpy(copy, text, len);
    return copy;
}

char *rt_arena_print(rt_arena *arena, const char *format, ...) {
    char text[4096];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return rt_arena_text(arena, text, (size_t)RT_MIN(n, (int)sizeof text - 1));
}
