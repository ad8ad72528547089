/* arena.c - chunks that double up to 1 MiB, linked for the final free.
 *
 * Under AddressSanitizer only what was asked for can be touched: the rest of a chunk is
 * poisoned, and so is a gap behind each piece. */
#include "compiler/base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/check.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONED 1
#endif
#endif
#ifdef ARENA_POISONED
#include <sanitizer/asan_interface.h>
enum { GAP = 16 };
#define HIDE(p, n) __asan_poison_memory_region((p), (n))
#define SHOW(p, n) __asan_unpoison_memory_region((p), (n))
#else
enum { GAP = 0 };
#define HIDE(p, n) ((void)0)
#define SHOW(p, n) ((void)0)
#endif

typedef struct chunk {
    struct chunk *next;
    size_t size;
    _Alignas(16) unsigned char bytes[];
} chunk_t;

struct arena {
    const char *name;
    chunk_t *chunks;
    unsigned char *p, *end;
    size_t used, next_size;
};

enum { FIRST_CHUNK = 16 << 10, LARGEST_CHUNK = 1 << 20 };

arena_t *arena_new(const char *name) {
    arena_t *a = calloc(1, sizeof *a);
    if (!a) flow_unreachable("out of memory");
    a->name = name;
    a->next_size = FIRST_CHUNK;
    return a;
}

void arena_free(arena_t *a) {
    if (!a) return;
    for (chunk_t *c = a->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(a);
}

static void add_chunk(arena_t *a, size_t bytes) {
    size_t size = bytes > a->next_size ? bytes : a->next_size;
    chunk_t *c = calloc(1, sizeof *c + size);
    if (!c) flow_unreachable("out of memory");
    c->next = a->chunks;
    c->size = size;
    a->chunks = c;
    a->p = c->bytes;
    a->end = c->bytes + size;
    HIDE(a->p, size);
    if (a->next_size < LARGEST_CHUNK) a->next_size *= 2;
}

void *arena_alloc(arena_t *a, size_t bytes) {
    flow_assert(bytes < SIZE_MAX / 2);
    size_t taken = (bytes + 15) & ~(size_t)15;
    if ((size_t)(a->end - a->p) < taken + GAP) add_chunk(a, taken + GAP);
    void *out = a->p;
    SHOW(out, bytes);
    a->p += taken + GAP;
    a->used += taken;
    return out;
}

char *arena_strndup(arena_t *a, const char *s, size_t n) {
    char *out = arena_alloc(a, n + 1);
    if (n) memcpy(out, s, n);
    out[n] = 0;
    return out;
}

char *arena_strdup(arena_t *a, const char *s) {
    return arena_strndup(a, s, strlen(s));
}

char *arena_vprintf(arena_t *a, const char *fmt, va_list ap) {
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    flow_assert(n >= 0);
    char *out = arena_alloc(a, (size_t)n + 1);
    vsnprintf(out, (size_t)n + 1, fmt, ap);
    return out;
}

char *arena_printf(arena_t *a, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    char *out = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return out;
}

size_t arena_used(const arena_t *a) {
    return a->used;
}
