/* intern.h - one table of names: equal names are equal pointers. */
#ifndef FLOW_BASE_INTERN_H
#define FLOW_BASE_INTERN_H

#include <stddef.h>

#include "compiler/base/arena.h"

typedef struct intern intern_t;

intern_t *intern_new(arena_t *a);
/* The one copy of the n bytes at s, NUL-terminated, alive as long as the arena. */
const char *intern_n(intern_t *t, const char *s, size_t n);
const char *intern(intern_t *t, const char *s);

#endif
