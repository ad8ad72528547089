/* arena.h - bump memory with a named lifetime.
 *
 * A compile owns one arena; everything it makes (nodes, types, plans, texts) lives
 * until flow_arena_free.  Nothing is freed alone. */
#ifndef FLOW_BASE_ARENA_H
#define FLOW_BASE_ARENA_H

#include <stddef.h>
#include <stdarg.h>

typedef struct arena arena_t;

arena_t *arena_new(const char *name);
void arena_free(arena_t *a);
/* Zeroed, 16-byte aligned; never null (out of memory ends the process). */
void *arena_alloc(arena_t *a, size_t bytes);
char *arena_strndup(arena_t *a, const char *s, size_t n);
char *arena_strdup(arena_t *a, const char *s);
char *arena_printf(arena_t *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(arena_t *a, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
/* Bytes handed out since arena_new. */
size_t arena_used(const arena_t *a);

#define ARENA_NEW(a, T) ((T *)arena_alloc((a), sizeof(T)))
#define ARENA_ARRAY(a, T, n) ((T *)arena_alloc((a), sizeof(T) * (size_t)(n)))

#endif
