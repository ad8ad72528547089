/* rt_arena.h - bump memory with one lifetime: the program's, or a batch's.
 *
 * Small and few: descriptors, plans, messages.  Rows and blocks come from mem.h.  When
 * the system has no memory left the process ends: these sizes are a few KiB. */
#ifndef FLOW_RUNTIME_BASE_RT_ARENA_H
#define FLOW_RUNTIME_BASE_RT_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rt_arena rt_arena;

rt_arena *rt_arena_new(void);
void rt_arena_free(rt_arena *arena);
/* Zeroed, 16-byte aligned. */
void *rt_arena_get(rt_arena *arena, size_t bytes);
/* A terminated copy. */
char *rt_arena_text(rt_arena *arena, const char *text, size_t len);
char *rt_arena_print(rt_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* malloc and friends that do not fail; for arrays that grow. */
void *rt_alloc(size_t bytes);
void *rt_realloc(void *p, size_t bytes);
char *rt_strdup(const char *text);

#endif
